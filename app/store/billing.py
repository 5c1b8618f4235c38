"""A billing run as one INSERT … SELECT for each fee item."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import Session

from app.domain.calendar import add_months
from app.domain.errors import conflict, not_found
from app.store import db
from app.store.arrears import day, days_between
from app.store.tables import bill, billing_run, fee_item, reversal, tariff, unit, unit_fee, vacancy

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


@dataclass(frozen=True, slots=True)
class ItemPeriod:
    """One fee item for one period: everything of a bill that does not depend on the unit."""

    item: Mapping[str, Any]
    from_on: dt.date
    to_on: dt.date
    due_on: dt.date
    months: int
    grace_mode: str
    grace_days: int
    cap_e4: int | None
    vacancy: Sequence[tuple[int, int]]
    """For each month of the period: (months of vacancy needed, share charged in 1/10000); (0, 10000) means no rule."""


def amounts(wanted: ItemPeriod) -> Select[Any]:
    """Return unit, principal, quantity and price of every bill of this item and period, zero amounts left out."""
    item = wanted.item
    price = sa.func.coalesce(unit_fee.c.price_e4, tariff.c.price_e4)
    quantity = _quantity(item["basis"])
    monthly = quantity * price + tariff.c.addition_e4 * 1000
    parts = [_month(wanted, place, monthly) for place in range(wanted.months)]
    specific = sa.exists(
        sa.select(sa.literal(1))
        .select_from(tariff_of := tariff.alias("specific"))
        .where(tariff_of.c.fee_item_id == item["id"], tariff_of.c.usage_type == unit.c.usage_type)
    )
    at_unit = sa.and_(
        unit_fee.c.unit_id == unit.c.id,
        unit_fee.c.fee_item_id == item["id"],
        unit_fee.c.from_on <= day(wanted.to_on),
        unit_fee.c.until_on > day(wanted.from_on),
    )
    total = sa.cast(sa.func.sum(reduce(add, parts)), sa.BigInteger)
    return (
        sa.select(
            unit.c.id.label("unit_id"),
            total.label("principal_fen"),
            sa.func.max(quantity).label("quantity_e3"),
            sa.func.max(price).label("price_e4"),
        )
        .select_from(unit)
        .join(
            tariff,
            sa.and_(
                tariff.c.fee_item_id == item["id"],
                tariff.c.from_on <= day(wanted.to_on),
                tariff.c.until_on > day(wanted.from_on),
                sa.or_(
                    sa.and_(tariff.c.usage_type == unit.c.usage_type, tariff.c.usage_type != ""),
                    sa.and_(tariff.c.usage_type == "", ~specific),
                ),
            ),
        )
        .join(unit_fee, at_unit, isouter=item["applies_to"] == "all")
        .where(unit.c.community_id == item["community_id"])
        .group_by(unit.c.id)
        .having(total > 0)
    )


def _quantity(basis: str) -> ColumnElement[int]:
    if basis == "by_area":
        return unit.c.area_e3
    if basis == "by_quantity":
        return sa.func.coalesce(unit_fee.c.quantity_e3, 1000)
    return sa.literal(1000, sa.BigInteger)


def _month(wanted: ItemPeriod, place: int, monthly: ColumnElement[int]) -> ColumnElement[int]:
    """Return what one month adds: whole months half up, part months by days, each price and vacancy by itself."""
    first = add_months(wanted.from_on, place)
    length = calendar.monthrange(first.year, first.month)[1]
    after = first + dt.timedelta(days=length)
    handed = sa.func.coalesce(unit.c.handed_over_on, day(first))
    start = _later(_later(tariff.c.from_on, day(first)), handed)
    end = sa.case((tariff.c.until_on < day(after), tariff.c.until_on), else_=day(after))
    days = db.greatest(days_between(end, start), 0)
    months_vacant, share = wanted.vacancy[place]
    whole = db.half_up(monthly, 100_000)
    part = db.half_up(monthly * days, 100_000 * length)
    amount = sa.case((days == length, whole), (days == 0, 0), else_=part)
    if share == 10_000:
        return amount
    is_vacant = sa.exists(
        sa.select(sa.literal(1)).where(
            vacancy.c.unit_id == unit.c.id,
            vacancy.c.from_on <= day(add_months(first, -months_vacant)),
            vacancy.c.until_on >= day(after),
        )
    )
    return sa.case((is_vacant, db.half_up(amount * share, 10_000)), else_=amount)


def _later(left: ColumnElement[Any], right: ColumnElement[Any]) -> ColumnElement[Any]:
    return sa.case((left > right, left), else_=right)


def preview(session: Session, wanted: ItemPeriod) -> tuple[int, int, int]:
    """Return (bills to make, bills that exist, fen to bill) of one item and period; nothing is written."""
    made = amounts(wanted).subquery("made")
    there = sa.and_(
        bill.c.unit_id == made.c.unit_id,
        bill.c.fee_item_id == wanted.item["id"],
        bill.c.period_from_on == day(wanted.from_on),
        bill.c.issue == 0,
    )
    is_new = bill.c.id.is_(None)
    row = session.execute(
        sa.select(
            sa.func.coalesce(sa.func.sum(sa.case((is_new, 1), else_=0)), 0),
            sa.func.coalesce(sa.func.sum(sa.case((is_new, 0), else_=1)), 0),
            sa.func.coalesce(sa.func.sum(sa.case((is_new, made.c.principal_fen), else_=0)), 0),
        ).select_from(made.outerjoin(bill, there))
    ).one()
    return int(row[0]), int(row[1]), int(row[2])


def insert(session: Session, wanted: ItemPeriod, run_id: int) -> int:
    """Write the bills of one item and period that are not there yet; return how many."""
    made = amounts(wanted).subquery("made")
    item = wanted.item
    cap: ColumnElement[Any] = sa.null()
    if wanted.cap_e4 is not None:
        cap = db.half_up(made.c.principal_fen * wanted.cap_e4, 10_000)
    zero = sa.literal(0, sa.BigInteger)
    query = sa.select(
        sa.literal(item["community_id"], sa.BigInteger),
        made.c.unit_id,
        sa.literal(item["id"], sa.BigInteger),
        day(wanted.from_on),
        day(wanted.to_on),
        zero,
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
    ).where(sa.true())
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
