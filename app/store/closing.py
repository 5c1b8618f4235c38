"""Closed days and months: the one guard every posting passes, and what a close writes down."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import conflict
from app.store import db
from app.store.figures import day
from app.store.tables import (
    account,
    adjustment,
    allocation,
    bill,
    community,
    fee_item,
    ledger_entry,
    payment,
    reversal,
    unit,
)
from app.store.tables_counter import deposit, deposit_entry, period_close, unclaimed, unclaimed_entry
from app.store.tables_office import app_user, document


def guard(session: Session, wanted: Iterable[tuple[int, dt.date]]) -> None:
    """Refuse a posting whose value date lies in a closed day or month of its community.

    The community's row is held until the commit, so that no close can slip in between this look and the writing.

    Raises:
        Refusal: ``period.closed``.

    """
    dates = set(wanted)
    if not dates:
        return
    communities = sorted({community_id for community_id, _ in dates})
    locked = sa.select(community.c.id).where(community.c.id.in_(communities)).order_by(community.c.id)
    if not db.is_sqlite(session):
        locked = locked.with_for_update(read=True, key_share=True)
    session.execute(locked).all()
    first, last = min(on for _, on in dates), max(on for _, on in dates)
    closed = session.execute(
        sa.select(newest.c.community_id, newest.c.first_on, newest.c.last_on).where(
            newest.c.is_closed,
            newest.c.community_id.in_(communities),
            newest.c.last_on >= day(first),
            newest.c.first_on <= day(last),
        )
    ).all()
    for row in closed:
        for community_id, on in sorted(dates):
            if community_id == row.community_id and row.first_on <= on <= row.last_on:
                raise conflict(
                    "period.closed", on=on.isoformat(), first=row.first_on.isoformat(), last=row.last_on.isoformat()
                )


def _newest() -> sa.Subquery:
    later = period_close.alias("later")
    same = sa.and_(
        later.c.community_id == period_close.c.community_id,
        later.c.span == period_close.c.span,
        later.c.first_on == period_close.c.first_on,
        later.c.version > period_close.c.version,
    )
    return sa.select(period_close).where(~sa.exists().where(same)).subquery("newest")


newest = _newest()


def closed_through(session: Session, community_id: int) -> dt.date | None:
    """Return the last day of a community that is closed, or None."""
    query = sa.select(sa.func.max(newest.c.last_on, type_=newest.c.last_on.type))
    return session.execute(query.where(newest.c.community_id == community_id, newest.c.is_closed)).scalar()


def first_open(session: Session, community_id: int, *, on: dt.date) -> dt.date:
    """Return ``on``, or where that day is closed the first day after it that is not."""
    closed = session.execute(
        sa.select(newest.c.first_on, newest.c.last_on)
        .where(newest.c.community_id == community_id, newest.c.is_closed, newest.c.last_on >= day(on))
        .order_by(newest.c.first_on, newest.c.last_on)
    ).all()
    for row in closed:
        if row.first_on <= on <= row.last_on:
            on = row.last_on + dt.timedelta(days=1)
    return on


def hold(session: Session, community_id: int) -> None:
    """Wait for every posting under way in a community, and let the next ones wait for us."""
    query = sa.select(community.c.id).where(community.c.id == community_id)
    session.execute(db.lock_row(session, query)).all()


def standing(session: Session, *, community_id: int, span: str, first_on: dt.date) -> sa.Row[Any] | None:
    """Return the newest version of one day or month, None where it was never closed."""
    return session.execute(
        sa.select(newest).where(
            newest.c.community_id == community_id, newest.c.span == span, newest.c.first_on == day(first_on)
        )
    ).one_or_none()


def insert(session: Session, row: Mapping[str, Any]) -> int:
    """Write one version."""
    return int(session.execute(sa.insert(period_close).values(**row).returning(period_close.c.id)).scalar_one())


def history(session: Session, *, community_id: int, limit: int = 120) -> list[sa.Row[Any]]:
    """Return closes and reopenings, the newest first, with who did it and the report's number."""
    query = (
        sa.select(period_close, app_user.c.name.label("by"), document.c.number)
        .join(app_user, app_user.c.id == period_close.c.recorded_by)
        .outerjoin(document, document.c.id == period_close.c.document_id)
        .where(period_close.c.community_id == community_id)
        .order_by(period_close.c.id.desc())
        .limit(limit)
    )
    return list(session.execute(query))


def by_id(session: Session, close_id: int) -> sa.Row[Any] | None:
    """Return one version."""
    return session.execute(sa.select(period_close).where(period_close.c.id == close_id)).one_or_none()


def money_days(session: Session, *, community_id: int, from_on: dt.date, to_on: dt.date) -> dict[dt.date, int]:
    """Return what came in on each day of a stretch, what was taken back left in; days without a payment are absent."""
    rows = session.execute(
        sa.select(payment.c.received_on, sa.func.sum(payment.c.amount_fen))
        .where(
            payment.c.community_id == community_id,
            payment.c.received_on >= day(from_on),
            payment.c.received_on <= day(to_on),
        )
        .group_by(payment.c.received_on)
    )
    return {on: int(fen) for on, fen in rows}


def money_months(
    session: Session, *, community_id: int, from_on: dt.date, to_on: dt.date
) -> dict[tuple[int, int], int]:
    """Return what came in in each month (year, month) of a stretch, what was taken back left in."""
    found: dict[tuple[int, int], int] = {}
    for on, fen in money_days(session, community_id=community_id, from_on=from_on, to_on=to_on).items():
        found[on.year, on.month] = found.get((on.year, on.month), 0) + fen
    return found


def newest_of(session: Session, *, community_id: int) -> dict[tuple[str, dt.date], sa.Row[Any]]:
    """Return the newest version of every day and month that was ever closed, by span and first day."""
    rows = session.execute(sa.select(newest).where(newest.c.community_id == community_id))
    return {(row.span, row.first_on): row for row in rows}


def heads_digest(session: Session, community_id: int) -> tuple[str, int]:
    """Return one hash over the head of every account of a community, and how many accounts that is."""
    rows = session.execute(
        sa.select(account.c.unit_id, account.c.head_seq, account.c.head_hash)
        .where(account.c.community_id == community_id)
        .order_by(account.c.unit_id)
    ).all()
    text = "\n".join(f"{row.unit_id}:{row.head_seq}:{row.head_hash}" for row in rows)
    return hashlib.sha256(text.encode()).hexdigest(), len(rows)


@dataclass(frozen=True, slots=True)
class Line:
    """One sum of a period: what kind of row, by which method."""

    kind: str
    method: str
    count: int
    amount_fen: int


def lines(session: Session, *, community_id: int, from_on: dt.date, to_on: dt.date) -> list[Line]:
    """Return what came in and went out over closed dates, by kind of row and method, straight from the rows."""

    def within(column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        return sa.and_(column >= day(from_on), column <= day(to_on))

    here = community_id
    taken_back = sa.and_(reversal.c.target_kind == "payment", reversal.c.target_id == payment.c.id)
    # A deduction, and one that was taken back, moves no money.
    is_still = deposit_entry.c.till_fen == 0
    entry_kind = sa.case((is_still, "deposit_deduct"), else_=sa.literal("deposit_", sa.String) + deposit_entry.c.kind)
    found_kind = sa.literal("unclaimed_", sa.String) + unclaimed_entry.c.kind
    parts = sa.union_all(
        sa.select(sa.literal("payment").label("kind"), payment.c.method, payment.c.amount_fen.label("fen")).where(
            payment.c.community_id == here, within(payment.c.received_on)
        ),
        sa.select(sa.literal("reversal"), payment.c.method, -payment.c.amount_fen)
        .join(reversal, taken_back)
        .where(payment.c.community_id == here, within(reversal.c.value_on)),
        sa.select(entry_kind, deposit_entry.c.method, deposit_entry.c.amount_fen)
        .join(deposit, deposit.c.id == deposit_entry.c.deposit_id)
        .where(deposit.c.community_id == here, within(deposit_entry.c.value_on)),
        sa.select(sa.literal("unclaimed"), unclaimed.c.method, unclaimed.c.amount_fen).where(
            unclaimed.c.community_id == here, within(unclaimed.c.received_on)
        ),
        sa.select(found_kind, unclaimed_entry.c.method, unclaimed_entry.c.amount_fen)
        .join(unclaimed, unclaimed.c.id == unclaimed_entry.c.unclaimed_id)
        .where(unclaimed.c.community_id == here, within(unclaimed_entry.c.value_on)),
    ).subquery("money")
    amount = sa.cast(sa.func.sum(parts.c.fen), sa.BigInteger)
    rows = session.execute(
        sa.select(parts.c.kind, parts.c.method, sa.func.count(), amount)
        .group_by(parts.c.kind, parts.c.method)
        .order_by(parts.c.kind, parts.c.method)
    )
    return [Line(kind, method, int(count), int(fen)) for kind, method, count, fen in rows]


def shares(session: Session, *, community_id: int, from_on: dt.date, to_on: dt.date) -> list[tuple[str, str, int]]:
    """Return where the payments of a period stand: fee item, component, fen."""
    amount = sa.cast(sa.func.sum(allocation.c.amount_fen), sa.BigInteger)
    rows = session.execute(
        sa.select(fee_item.c.name, allocation.c.component, amount)
        .join(payment, payment.c.id == allocation.c.payment_id)
        .join(bill, bill.c.id == allocation.c.bill_id)
        .join(fee_item, fee_item.c.id == bill.c.fee_item_id)
        .where(
            payment.c.community_id == community_id,
            payment.c.received_on >= day(from_on),
            payment.c.received_on <= day(to_on),
        )
        .group_by(fee_item.c.name, allocation.c.component)
        .having(amount != 0)
        .order_by(fee_item.c.name, allocation.c.component.desc())
    )
    return [(name, component, int(fen)) for name, component, fen in rows]


def billed(session: Session, *, community_id: int, from_on: dt.date, to_on: dt.date) -> dict[str, int]:
    """Return bills issued, bills taken back and principal or late charge forgiven over closed dates, in fen."""

    def total(query: sa.Select[Any]) -> int:
        return int(session.execute(query).scalar_one())

    taken_back = sa.and_(reversal.c.target_kind == "bill", reversal.c.target_id == bill.c.id)
    issued = sa.select(sa.func.coalesce(sa.func.sum(bill.c.principal_fen), 0)).where(
        bill.c.community_id == community_id
    )
    given = (
        sa.select(sa.func.coalesce(sa.func.sum(adjustment.c.amount_fen), 0))
        .join(unit, unit.c.id == adjustment.c.unit_id)
        .where(
            unit.c.community_id == community_id,
            adjustment.c.kind.in_(("discount", "late_charge_waiver")),
            adjustment.c.value_on >= day(from_on),
            adjustment.c.value_on <= day(to_on),
        )
    )
    return {
        "issued_fen": total(issued.where(bill.c.issued_on >= day(from_on), bill.c.issued_on <= day(to_on))),
        "taken_back_fen": total(
            issued.join(reversal, taken_back).where(
                reversal.c.value_on >= day(from_on), reversal.c.value_on <= day(to_on)
            )
        ),
        "forgiven_fen": total(given),
    }


def outside_the_chain(session: Session, *, community_id: int, from_on: dt.date, to_on: dt.date) -> int:
    """Return how many payments of a period have no entry in the chain: none, or something is badly wrong."""
    entry = sa.exists().where(
        ledger_entry.c.unit_id == payment.c.unit_id,
        ledger_entry.c.kind == "payment",
        ledger_entry.c.row_id == payment.c.id,
    )
    query = sa.select(sa.func.count()).where(
        payment.c.community_id == community_id,
        payment.c.received_on >= day(from_on),
        payment.c.received_on <= day(to_on),
        ~entry,
    )
    return int(session.execute(query).scalar_one())


def failing_accounts(session: Session, community_id: int) -> int:
    """Return how many accounts of a community the nightly run could not bring up to date."""
    query = sa.select(sa.func.count()).where(
        account.c.community_id == community_id, account.c.problem_code.is_not(None)
    )
    return int(session.execute(query.select_from(account)).scalar_one())
