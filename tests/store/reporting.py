"""A hand-made estate for the reports: two buildings, bills of three years, money that came and went again."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.store import ledger
from app.store.tables_office import document, notice, notice_batch, notice_bill
from app.store.types import canonical
from tests.making import NOW, TODAY, Estate, add_bill, add_user, make_estate

JAN, FEB, OLD = dt.date(2026, 1, 10), dt.date(2026, 2, 10), dt.date(2023, 3, 10)


@dataclass(frozen=True, slots=True)
class Books:
    """Ids of what was made; ``first`` and ``second`` are units of the buildings 1 and 2."""

    made: Estate
    first: int
    second: int
    january: int
    february: int
    other: int
    old: int
    cashier: int


def pay(
    session: Session,
    books: Books,
    unit_id: int,
    on: dt.date,
    fen: int,
    *,
    bills: tuple[int, ...] = (),
    method: str = "cash",
    by: int | None = None,
) -> int:
    row = {
        "community_id": books.made.community_id,
        "received_on": on,
        "amount_fen": fen,
        "method": method,
        "designated": canonical(list(bills)),
        "recorded_at": NOW,
        "recorded_by": by,
    }
    return ledger.post(session, ledger.Posting(unit_id, "payment", row), through=TODAY)


def take_back(session: Session, unit_id: int, kind: str, number: int, on: dt.date) -> None:
    row = {"target_kind": kind, "target_id": number, "value_on": on, "reason": "x", "recorded_at": NOW}
    ledger.post(session, ledger.Posting(unit_id, "reversal", row), through=TODAY)


def adjust(session: Session, unit_id: int, kind: str, on: dt.date, bills: list[int], **columns: object) -> int:
    row = {"kind": kind, "value_on": on, "bill_ids": canonical(bills), "recorded_at": NOW, **columns}
    return ledger.post(session, ledger.Posting(unit_id, "adjustment", row), through=TODAY)


def make(session: Session, *, name: str = "锦绣花园") -> Books:
    """Bill January and February 2026 and March 2023 to one unit, January to another in the next building."""
    made = make_estate(session, units=("1-1-101", "2-1-101"), name=name)
    first, second = made.units
    return Books(
        made=made,
        first=first,
        second=second,
        january=add_bill(session, made, JAN, 24_000, unit_id=first),
        february=add_bill(session, made, FEB, 24_000, unit_id=first),
        other=add_bill(session, made, JAN, 10_000, unit_id=second),
        old=add_bill(session, made, OLD, 5_000, unit_id=first),
        cashier=add_user(session, f"cashier-{made.community_id}", role="cashier"),
    )


def notify(session: Session, books: Books, unit_id: int, on: dt.date, bills: dict[int, int], *, level: int = 1) -> int:
    """Write a notice that lists bills with what they owe of principal."""
    community_id = books.made.community_id
    number = f"N{unit_id}{on:%y%m%d}{level}"

    def insert(table: sa.Table, **columns: object) -> int:
        return int(session.execute(sa.insert(table).values(**columns).returning(table.c.id)).scalar_one())

    batch_id = insert(
        notice_batch, community_id=community_id, level=level, tone="reminder", as_of=on, deadline_on=on, created_at=NOW
    )
    document_id = insert(
        document, community_id=community_id, unit_id=unit_id, kind="notice", number=number, facts="{}", facts_hash="",
        created_at=NOW,
    )  # fmt: skip
    notice_id = insert(
        notice, batch_id=batch_id, community_id=community_id, unit_id=unit_id, document_id=document_id, number=number,
        level=level, nth=1, as_of=on, deadline_on=on, principal_fen=sum(bills.values()), late_charge_fen=0,
    )  # fmt: skip
    for bill_id, fen in bills.items():
        insert(notice_bill, notice_id=notice_id, bill_id=bill_id, principal_fen=fen, late_charge_fen=0)
    return notice_id
