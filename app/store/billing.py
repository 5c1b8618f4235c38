"""A billing run as one INSERT … SELECT for each fee item."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import Session

from app.domain.errors import conflict, not_found
from app.store import db
from app.store.charges import ItemPeriod, amounts
from app.store.figures import day
from app.store.tables import bill, billing_run, fee_item, reversal

COLUMNS = (
    "community_id",
    "unit_id",
    "fee_item_id",
    "period_from_on",
    "period_to_on",
    "issue",
    "principal_fen",
    "costs_fen",
    "issued_on",
    "due_on",
    "plan_id",
    "grace_mode",
    "grace_days",
    "cap_fen",
    "quantity_e3",
    "price_e4",
    "months",
    "run_id",
)


def preview(session: Session, wanted: ItemPeriod) -> tuple[int, int, int]:
    """Return (bills to make, bills that exist, fen to bill) of one item and period; nothing is written."""
    made = amounts(wanted).subquery("made")
    is_there = _is_there(wanted, made.c.unit_id)
    row = session.execute(
        sa.select(
            sa.func.coalesce(sa.func.sum(sa.case((is_there, 0), else_=1)), 0),
            sa.func.coalesce(sa.func.sum(sa.case((is_there, 1), else_=0)), 0),
            sa.func.coalesce(sa.func.sum(sa.case((is_there, 0), else_=made.c.principal_fen)), 0),
        ).select_from(made)
    ).one()
    return int(row[0]), int(row[1]), int(row[2])


def _is_there(wanted: ItemPeriod, unit_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Tell whether a unit has its bill: one that was taken back counts unless the run bills anew."""
    there = sa.select(sa.literal(1)).where(*_same_period(wanted, unit_id))
    if wanted.is_rebilling:
        there = there.where(~_is_reversed(bill.c.id))
    return sa.exists(there)


def _same_period(wanted: ItemPeriod, unit_id: ColumnElement[int]) -> list[ColumnElement[bool]]:
    return [
        bill.c.unit_id == unit_id,
        bill.c.fee_item_id == wanted.item["id"],
        bill.c.period_from_on == day(wanted.from_on),
    ]


def _is_reversed(bill_id: ColumnElement[int]) -> ColumnElement[bool]:
    return sa.exists(sa.select(sa.literal(1)).where(reversal.c.target_kind == "bill", reversal.c.target_id == bill_id))


def insert(session: Session, wanted: ItemPeriod, run_id: int) -> int:
    """Write the bills of one item and period that are not there yet; return how many."""
    made = amounts(wanted).subquery("made")
    item = wanted.item
    cap: ColumnElement[Any] = sa.null()
    if wanted.cap_e4 is not None:
        cap = db.half_up(made.c.principal_fen * wanted.cap_e4, 10_000)
    zero = sa.literal(0, sa.BigInteger)
    earlier = sa.select(sa.func.max(bill.c.issue) + 1).where(*_same_period(wanted, made.c.unit_id)).scalar_subquery()
    query = sa.select(
        sa.literal(item["community_id"], sa.BigInteger),
        made.c.unit_id,
        sa.literal(item["id"], sa.BigInteger),
        day(wanted.from_on),
        day(wanted.to_on),
        sa.func.coalesce(earlier, 0),
        made.c.principal_fen,
        zero,
        day(wanted.from_on),
        day(wanted.due_on),
        sa.literal(item["plan_id"], sa.BigInteger),
        sa.literal(wanted.grace_mode),
        sa.literal(wanted.grace_days, sa.Integer),
        sa.cast(cap, sa.BigInteger),
        made.c.quantity_e3,
        made.c.price_e4,
        sa.literal(wanted.months, sa.Integer),
        sa.literal(run_id, sa.BigInteger),
    ).where(~_is_there(wanted, made.c.unit_id))
    return db.insert_from(session, bill, COLUMNS, query)


def start_run(
    session: Session, *, community_id: int, period: str, posted_by: int | None, posted_at: dt.datetime
) -> int:
    """Write the head of a run and return its id; ``finish_run`` fills in what it came to."""
    row = {
        "community_id": community_id,
        "period": period,
        "posted_by": posted_by,
        "posted_at": posted_at,
        "bills": 0,
        "amount_fen": 0,
    }
    return int(session.execute(sa.insert(billing_run).values(**row).returning(billing_run.c.id)).scalar_one())


def finish_run(session: Session, run_id: int) -> tuple[int, int]:
    """Record and return (bills, fen) of a run."""
    count, amount = session.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(bill.c.principal_fen), 0)).where(
            bill.c.run_id == run_id
        )
    ).one()
    session.execute(
        sa.update(billing_run).where(billing_run.c.id == run_id).values(bills=count, amount_fen=int(amount))
    )
    return int(count), int(amount)


def bills_of_run(run_id: int) -> Select[tuple[int]]:
    """Return the selection of a run's bills, for ``ledger.adopt_bills``."""
    return sa.select(bill.c.id).where(bill.c.run_id == run_id)


def runs(session: Session, community_id: int, limit: int = 24) -> list[sa.Row[Any]]:
    """Return the newest runs of a community."""
    return list(
        session.execute(
            sa.select(billing_run)
            .where(billing_run.c.community_id == community_id)
            .order_by(billing_run.c.id.desc())
            .limit(limit)
        )
    )


def items_due(session: Session, community_id: int) -> list[Mapping[str, Any]]:
    """Return the active fee items that runs bill (one-off items are posted by hand)."""
    rows = session.execute(
        sa.select(fee_item)
        .where(fee_item.c.community_id == community_id, fee_item.c.is_active, fee_item.c.basis != "one_off")
        .order_by(fee_item.c.id)
    ).mappings()
    return [dict(row) for row in rows]


def bill_row(session: Session, bill_id: int) -> sa.Row[Any]:
    """Return one bill.

    Raises:
        Refusal: ``bill.unknown``.

    """
    row = session.execute(sa.select(bill).where(bill.c.id == bill_id)).one_or_none()
    if row is None:
        raise not_found("bill.unknown")
    return row


def next_issue(session: Session, *, unit_id: int, fee_item_id: int, from_on: dt.date) -> int:
    """Return the number for one more bill of this unit, item and period: allowed once the earlier ones are reversed.

    Raises:
        Refusal: ``bill.exists``.

    """
    rows = session.execute(
        sa.select(bill.c.issue, reversal.c.id)
        .outerjoin(reversal, sa.and_(reversal.c.target_kind == "bill", reversal.c.target_id == bill.c.id))
        .where(bill.c.unit_id == unit_id, bill.c.fee_item_id == fee_item_id, bill.c.period_from_on == day(from_on))
    ).all()
    if any(reversed_by is None for _, reversed_by in rows):
        raise conflict("bill.exists", field="from_on")
    return max((issue for issue, _ in rows), default=-1) + 1


def billed_through(session: Session, fee_item_id: int) -> dt.date | None:
    """Return the last day any bill of this item covers."""
    return session.execute(
        sa.select(sa.func.max(bill.c.period_to_on)).where(bill.c.fee_item_id == fee_item_id)
    ).scalar_one_or_none()
