"""Changes of owner as they were recorded: who left, who came, what was settled, and taking a wrong one back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import not_found
from app.store import db
from app.store.figures import day
from app.store.tables import account, bill, fee_item, ledger_entry, ownership, person, reversal, unit
from app.store.tables_estate import estate_withdrawal, ownership_transfer
from app.store.tables_office import app_user, document, notice

Row = sa.Row[Any]


def insert(session: Session, row: Mapping[str, Any]) -> int:
    """Write a transfer and return its id."""
    db.check_text(ownership_transfer, row)
    made = sa.insert(ownership_transfer).values(**row).returning(ownership_transfer.c.id)
    return int(session.execute(made).scalar_one())


def locked(session: Session, transfer_id: int) -> Row:
    """Return one transfer, locked until the commit.

    Raises:
        Refusal: ``transfer.unknown``.

    """
    query = sa.select(ownership_transfer).where(ownership_transfer.c.id == transfer_id)
    row = session.execute(db.lock_row(session, query)).one_or_none()
    if row is None:
        raise not_found("transfer.unknown")
    return row


def by_id(session: Session, transfer_id: int) -> Mapping[str, Any]:
    """Return one transfer with the unit's label and the names of who recorded and who took it back.

    Raises:
        Refusal: ``transfer.unknown``.

    """
    row = session.execute(_named().where(ownership_transfer.c.id == transfer_id)).mappings().one_or_none()
    if row is None:
        raise not_found("transfer.unknown")
    return dict(row)


def of_unit(session: Session, unit_id: int) -> list[Mapping[str, Any]]:
    """Return every transfer of a unit, the newest first."""
    query = _named().where(ownership_transfer.c.unit_id == unit_id).order_by(ownership_transfer.c.id.desc())
    return [dict(row) for row in session.execute(query).mappings()]


def _named() -> sa.Select[Any]:
    maker, undoer = app_user.alias("maker"), app_user.alias("undoer")
    return (
        sa.select(
            ownership_transfer,
            unit.c.label,
            maker.c.name.label("made_by_name"),
            undoer.c.name.label("reversed_by_name"),
        )
        .join(unit, unit.c.id == ownership_transfer.c.unit_id)
        .outerjoin(maker, maker.c.id == ownership_transfer.c.made_by)
        .outerjoin(undoer, undoer.c.id == ownership_transfer.c.reversed_by)
    )


def lock_unit(session: Session, unit_id: int) -> None:
    """Hold a unit until the commit: two changes of its owners go one after the other."""
    session.execute(db.lock_row(session, sa.select(unit.c.id).where(unit.c.id == unit_id))).all()


def owners(session: Session, unit_id: int) -> list[Row]:
    """Return every ownership of a unit with the person's name, oldest first."""
    return list(
        session.execute(
            sa.select(ownership, person.c.name, person.c.phone_mask)
            .join(person, person.c.id == ownership.c.person_id)
            .where(ownership.c.unit_id == unit_id)
            .order_by(ownership.c.from_on, ownership.c.id)
        )
    )


def to_refund() -> sa.ColumnElement[bool]:
    """Say of a transfer beside its unit's account that stored credit was to be paid out and still stands."""
    return sa.and_(
        ownership_transfer.c.credit == "refund", ownership_transfer.c.reversed_at.is_(None), account.c.credit_fen > 0
    )


def refunds(session: Session, *, community_id: int, limit: int = 200) -> list[Row]:
    """Return the transfers whose credit was to be paid out and still stands, the oldest first, with that credit."""
    query = (
        sa.select(ownership_transfer, unit.c.label, account.c.credit_fen, app_user.c.name.label("made_by_name"))
        .join(unit, unit.c.id == ownership_transfer.c.unit_id)
        .join(account, account.c.unit_id == ownership_transfer.c.unit_id)
        .outerjoin(app_user, app_user.c.id == ownership_transfer.c.made_by)
        .where(ownership_transfer.c.community_id == community_id, to_refund())
        .order_by(ownership_transfer.c.transfer_on, ownership_transfer.c.id)
    )
    return list(session.execute(query.limit(limit)))


def head_seq(session: Session, unit_id: int) -> int:
    """Return how many entries the unit's ledger has."""
    return int(session.execute(sa.select(account.c.head_seq).where(account.c.unit_id == unit_id)).scalar() or 0)


def since(session: Session, *, unit_id: int, seq: int, at: dt.datetime) -> tuple[int, int]:
    """Return how many bills and notices a unit got after that entry of its ledger and that instant."""
    bills = sa.select(sa.func.count()).where(
        ledger_entry.c.unit_id == unit_id, ledger_entry.c.seq > seq, ledger_entry.c.kind == "bill"
    )
    notices = (
        sa.select(sa.func.count())
        .select_from(notice.join(document, document.c.id == notice.c.document_id))
        .where(notice.c.unit_id == unit_id, document.c.created_at > at)
    )
    return int(session.execute(bills).scalar_one()), int(session.execute(notices).scalar_one())


def credit_of(session: Session, unit_id: int) -> int:
    """Return the stored credit of a unit."""
    return int(session.execute(sa.select(account.c.credit_fen).where(account.c.unit_id == unit_id)).scalar() or 0)


def bills_across(session: Session, *, unit_id: int, on: dt.date) -> list[Row]:
    """Return the bills whose period has days on both sides of ``on``; one that was taken back is none."""
    gone = sa.select(reversal.c.target_id).where(reversal.c.target_kind == "bill", reversal.c.unit_id == unit_id)
    return list(
        session.execute(
            sa.select(bill, fee_item.c.name.label("item"))
            .join(fee_item, fee_item.c.id == bill.c.fee_item_id)
            .where(
                bill.c.unit_id == unit_id,
                bill.c.period_from_on < day(on),
                bill.c.period_to_on >= day(on),
                bill.c.id.not_in(gone),
            )
            .order_by(bill.c.due_on, bill.c.id)
        )
    )


def billed_through(session: Session, unit_id: int) -> list[Row]:
    """Return the last day each fee item was billed to a unit (``item``, ``through_on``), without reversed bills."""
    gone = sa.select(reversal.c.target_id).where(reversal.c.target_kind == "bill", reversal.c.unit_id == unit_id)
    through = sa.func.max(bill.c.period_to_on, type_=bill.c.period_to_on.type).label("through_on")
    return list(
        session.execute(
            sa.select(fee_item.c.id, fee_item.c.name.label("item"), through)
            .join(fee_item, fee_item.c.id == bill.c.fee_item_id)
            .where(bill.c.unit_id == unit_id, bill.c.id.not_in(gone), fee_item.c.basis != "one_off")
            .group_by(fee_item.c.id, fee_item.c.name)
            .order_by(fee_item.c.id)
        )
    )


def take_back(
    session: Session, *, unit_id: int, transfer_on: dt.date, reason: str, at: dt.datetime, by: int | None
) -> int:
    """Move the ownerships from the day of a transfer on to the withdrawn ones; return how many.

    Those who joined the new owners since go with them: they never owned with the earlier ones.
    """
    began = sa.and_(ownership.c.unit_id == unit_id, ownership.c.from_on >= transfer_on)
    rows = session.execute(sa.select(ownership).where(began)).all()
    if rows:
        session.execute(
            sa.insert(estate_withdrawal),
            [
                {
                    "unit_id": row.unit_id,
                    "noun": "owner",
                    "person_id": row.person_id,
                    "detail": row.source,
                    "from_on": row.from_on,
                    "until_on": row.until_on,
                    "reason": reason,
                    "withdrawn_at": at,
                    "withdrawn_by": by,
                }
                for row in rows
            ],
        )
        session.execute(sa.delete(ownership).where(ownership.c.id.in_([row.id for row in rows])))
    return len(rows)


def reopen(session: Session, ended: Sequence[tuple[int, dt.date]]) -> None:
    """Give ownerships back the day they ended on before."""
    session.connection().execute(
        sa.update(ownership).where(ownership.c.id == sa.bindparam("b_id")).values(until_on=sa.bindparam("b_until")),
        [{"b_id": number, "b_until": until_on} for number, until_on in ended],
    )


def close(session: Session, transfer_id: int, *, at: dt.datetime, by: int | None, reason: str) -> None:
    """Note that a transfer was taken back."""
    session.execute(
        sa.update(ownership_transfer)
        .where(ownership_transfer.c.id == transfer_id)
        .values(reversed_at=at, reversed_by=by, reversed_reason=reason)
    )
