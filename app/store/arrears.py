"""What is owed on a day: every list and total is one statement over the running state."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import Session

from app.domain.calendar import add_months
from app.store import db
from app.store.tables import bill, bill_hold, bill_state, fee_item, rate_plan, rate_segment, unit
from app.store.tables_office import unit_level
from app.store.types import CivilDate

BUCKETS = ("1-30", "31-60", "61-90", "91-365", "1-2y", "2-3y", "3y+")
SORTS = ("room", "principal", "late_charge", "total", "oldest")


@dataclass(frozen=True, slots=True)
class Filter:
    """What narrows a list of arrears; an empty field does not narrow."""

    community_id: int | None = None
    search: str = ""
    building: str = ""
    min_days: int = 0
    min_total_fen: int = 0
    bucket: str = ""
    level: int | None = None
    unit_ids: Sequence[int] | None = None


@dataclass(frozen=True, slots=True)
class UnitArrears:
    """What one unit owes that is overdue."""

    unit_id: int
    code: str
    label: str
    community_id: int
    bills: int
    principal_fen: int
    late_charge_fen: int
    costs_fen: int
    oldest_due_on: dt.date
    level: int

    @property
    def total_fen(self) -> int:
        """Everything that is overdue."""
        return self.principal_fen + self.late_charge_fen + self.costs_fen


@dataclass(frozen=True, slots=True)
class Totals:
    """The foot of a list: it always equals the sum of the rows the same filter finds."""

    units: int
    bills: int
    principal_fen: int
    late_charge_fen: int
    costs_fen: int

    @property
    def total_fen(self) -> int:
        """Everything that is overdue."""
        return self.principal_fen + self.late_charge_fen + self.costs_fen


@dataclass(frozen=True, slots=True)
class Bucket:
    """One age of arrears."""

    bucket: str
    units: int
    bills: int
    principal_fen: int
    late_charge_fen: int


@dataclass(frozen=True, slots=True)
class BillFigure:
    """One bill as it stands on a day."""

    bill_id: int
    unit_id: int
    item: str
    period_from_on: dt.date
    period_to_on: dt.date
    issued_on: dt.date
    due_on: dt.date
    original_fen: int
    principal_fen: int
    late_charge_fen: int
    late_paid_fen: int
    late_waived_fen: int
    costs_fen: int
    quantity_e3: int | None
    price_e4: int | None
    months: int | None

    @property
    def total_fen(self) -> int:
        """What is outstanding on it."""
        return self.principal_fen + self.late_charge_fen + self.costs_fen


def day(value: dt.date) -> ColumnElement[Any]:
    """Return a date as a typed literal."""
    return sa.literal(value, CivilDate())


def days_between(later: ColumnElement[Any], earlier: ColumnElement[Any]) -> ColumnElement[int]:
    """Return whole days from ``earlier`` to ``later`` (both engines subtract civil dates into an integer)."""
    return later.op("-", return_type=sa.Integer())(earlier)


def rate_on(as_of: dt.date) -> sa.Subquery:
    """Return plan id, denominator and R(as_of) of every plan."""
    r = rate_segment.c.cum + rate_segment.c.num * days_between(day(as_of), rate_segment.c.from_on)
    return (
        sa.select(rate_segment.c.plan_id, rate_plan.c.den, r.label("r"))
        .join(rate_plan, rate_plan.c.id == rate_segment.c.plan_id)
        .where(rate_segment.c.from_on <= day(as_of), rate_segment.c.until_on > day(as_of))
        .subquery("rate_on")
    )


def late_charge(state: sa.FromClause, rates: sa.Subquery, as_of: dt.date) -> ColumnElement[int]:
    """Return the outstanding late charge of a state version in fen, exact for any day inside the version.

    accrued = anchor + principal * max(0, R - R(anchor) - held), rounded once, half up; then the cap, then what was
    paid and waived. See docs/decisions/0002.
    """
    c, r, den = state.c, rates.c.r, rates.c.den
    held = (
        sa.select(
            sa.func.coalesce(
                sa.func.sum(
                    db.greatest(
                        db.least(r, bill_hold.c.r_to) - db.greatest(bill_hold.c.r_before, c.anchor_r),
                        0,
                    )
                ),
                0,
            )
        )
        .where(bill_hold.c.bill_id == c.bill_id)
        .correlate(state, rates)
        .scalar_subquery()
    )
    run = sa.case((c.has_holds, r - c.anchor_r - sa.cast(held, sa.BigInteger)), else_=r - c.anchor_r)
    numerator = c.anchor_num + c.principal_fen * db.greatest(run, 0)
    accrued = db.least(db.half_up(numerator, den), c.cap_fen)
    outstanding = db.greatest(accrued - c.late_paid_fen - c.late_waived_fen, 0)
    return sa.case((c.silent_until_on >= day(as_of), 0), else_=outstanding)


def figures(as_of: dt.date, *, overdue_only: bool = True) -> Select[Any]:
    """Return one row for each open bill on ``as_of``: ids, due date and the three outstanding components."""
    rates = rate_on(as_of)
    s = bill_state
    query = (
        sa.select(
            s.c.bill_id,
            s.c.unit_id,
            s.c.community_id,
            s.c.due_on,
            s.c.principal_fen,
            s.c.costs_fen,
            late_charge(s, rates, as_of).label("late_charge_fen"),
        )
        .join(rates, rates.c.plan_id == s.c.plan_id)
        .where(s.c.settled_on.is_(None), s.c.since_on <= day(as_of), s.c.until_on > day(as_of))
    )
    return query.where(s.c.due_on < day(as_of)) if overdue_only else query


def unit_rows(as_of: dt.date, wanted: Filter) -> Select[Any]:
    """Return one row for each unit with something overdue on ``as_of`` that passes the filter."""
    owed = figures(as_of)
    if wanted.community_id is not None:
        owed = owed.where(bill_state.c.community_id == wanted.community_id)
    if wanted.unit_ids is not None:
        owed = owed.where(bill_state.c.unit_id.in_(list(wanted.unit_ids)))
    f = owed.subquery("owed")
    total = sa.func.sum(f.c.principal_fen + f.c.late_charge_fen + f.c.costs_fen)
    oldest = sa.func.min(f.c.due_on)
    sums = (
        sa.select(
            f.c.unit_id,
            sa.func.count().label("bills"),
            sa.cast(sa.func.sum(f.c.principal_fen), sa.BigInteger).label("principal_fen"),
            sa.cast(sa.func.sum(f.c.late_charge_fen), sa.BigInteger).label("late_charge_fen"),
            sa.cast(sa.func.sum(f.c.costs_fen), sa.BigInteger).label("costs_fen"),
            sa.cast(total, sa.BigInteger).label("total_fen"),
            oldest.label("oldest_due_on"),
        )
        .where(f.c.principal_fen + f.c.late_charge_fen + f.c.costs_fen > 0)
        .group_by(f.c.unit_id)
        .having(total >= max(wanted.min_total_fen, 1))
    )
    if wanted.min_days > 0:
        sums = sums.having(oldest <= day(as_of - dt.timedelta(days=wanted.min_days)))
    if wanted.bucket:
        youngest, eldest = bucket_bounds(as_of, wanted.bucket)
        sums = sums.having(oldest <= day(youngest), oldest > day(eldest))
    s = sums.subquery("sums")
    levels = _levels(as_of)
    level = sa.func.coalesce(levels.c.level, 0).label("level")
    query = (
        sa.select(s, unit.c.code, unit.c.label, unit.c.community_id, unit.c.sort_key, level)
        .join(unit, unit.c.id == s.c.unit_id)
        .outerjoin(levels, levels.c.unit_id == s.c.unit_id)
    )
    return _narrow(query, wanted, level)


def _levels(as_of: dt.date) -> sa.Subquery:
    return (
        sa.select(unit_level.c.unit_id, sa.func.max(unit_level.c.level).label("level"))
        .where(unit_level.c.reached_on <= day(as_of))
        .group_by(unit_level.c.unit_id)
        .subquery("levels")
    )


def _narrow(query: Select[Any], wanted: Filter, level: ColumnElement[int]) -> Select[Any]:
    if wanted.building:
        query = query.where(unit.c.building == wanted.building)
    for word in wanted.search.lower().split():
        query = query.where(unit.c.search_key.contains(word, autoescape=True))
    if wanted.level is not None:
        query = query.where(level == wanted.level)
    return query


def bucket_bounds(as_of: dt.date, bucket: str) -> tuple[dt.date, dt.date]:
    """Return (latest, earliest exclusive) due dates of a bucket."""
    edges = [
        as_of - dt.timedelta(days=1),
        as_of - dt.timedelta(days=31),
        as_of - dt.timedelta(days=61),
        as_of - dt.timedelta(days=91),
        add_months(as_of, -12),
        add_months(as_of, -24),
        add_months(as_of, -36),
        dt.date.min,
    ]
    place = BUCKETS.index(bucket)
    return edges[place], edges[place + 1] if place + 1 < len(BUCKETS) else dt.date(1800, 1, 1)


def list_units(
    session: Session, *, as_of: dt.date, wanted: Filter, sort: str = "room", limit: int | None = None, offset: int = 0
) -> list[UnitArrears]:
    """Return the units of a list, sorted (``-total`` is descending) and paged."""
    query = unit_rows(as_of, wanted)
    column = {
        "room": unit.c.sort_key,
        "principal": sa.literal_column("principal_fen"),
        "late_charge": sa.literal_column("late_charge_fen"),
        "total": sa.literal_column("total_fen"),
        "oldest": sa.literal_column("oldest_due_on"),
    }[sort.lstrip("-")]
    query = query.order_by(column.desc() if sort.startswith("-") else column, unit.c.sort_key, unit.c.id)
    rows = session.execute(query.limit(limit).offset(offset) if limit is not None else query).all()
    return [
        UnitArrears(
            unit_id=row.unit_id,
            code=row.code,
            label=row.label,
            community_id=row.community_id,
            bills=row.bills,
            principal_fen=int(row.principal_fen),
            late_charge_fen=int(row.late_charge_fen),
            costs_fen=int(row.costs_fen),
            oldest_due_on=row.oldest_due_on,
            level=row.level,
        )
        for row in rows
    ]


def totals(session: Session, *, as_of: dt.date, wanted: Filter) -> Totals:
    """Return the foot of the list ``list_units`` gives for the same filter."""
    rows = unit_rows(as_of, wanted).subquery("rows")

    def total(name: str) -> ColumnElement[int]:
        return sa.func.coalesce(sa.cast(sa.func.sum(rows.c[name]), sa.BigInteger), 0)

    row = session.execute(
        sa.select(sa.func.count(), total("bills"), *(total(f"{n}_fen") for n in ("principal", "late_charge", "costs")))
    ).one()
    return Totals(*(int(value) for value in row))


def aging(session: Session, *, as_of: dt.date, community_id: int | None = None) -> list[Bucket]:
    """Return the portfolio by age, oldest last: accrual and aging of every bill in one statement."""
    owed = figures(as_of)
    if community_id is not None:
        owed = owed.where(bill_state.c.community_id == community_id)
    f = owed.subquery("owed")
    bounds = [(bucket_bounds(as_of, name)[1], name) for name in BUCKETS]
    which = sa.case(*((f.c.due_on > day(edge), place) for place, (edge, _) in enumerate(bounds))).label("bucket")
    per_unit = (
        sa.select(
            which,
            f.c.unit_id,
            sa.func.count().label("bills"),
            sa.func.sum(f.c.principal_fen).label("principal"),
            sa.func.sum(f.c.late_charge_fen).label("late"),
        )
        .where(f.c.principal_fen + f.c.late_charge_fen + f.c.costs_fen > 0)
        .group_by(which, f.c.unit_id)
        .subquery("per_unit")
    )
    found = {
        row.bucket: row
        for row in session.execute(
            sa.select(
                per_unit.c.bucket,
                sa.func.count().label("units"),
                sa.func.sum(per_unit.c.bills).label("bills"),
                sa.func.sum(per_unit.c.principal).label("principal"),
                sa.func.sum(per_unit.c.late).label("late"),
            ).group_by(per_unit.c.bucket)
        )
    }
    return [
        Bucket(name, int(row.units), int(row.bills), int(row.principal), int(row.late))
        if (row := found.get(place))
        else Bucket(name, 0, 0, 0, 0)
        for place, name in enumerate(BUCKETS)
    ]


def bills_on(
    session: Session, *, as_of: dt.date, unit_ids: Sequence[int], overdue_only: bool = False
) -> list[BillFigure]:
    """Return every open bill of the units as it stands on ``as_of``, oldest first, in one statement."""
    f = figures(as_of, overdue_only=overdue_only).where(bill_state.c.unit_id.in_(list(unit_ids))).subquery("owed")
    rows = session.execute(
        sa.select(
            f,
            bill.c.period_from_on,
            bill.c.period_to_on,
            bill.c.issued_on,
            bill.c.principal_fen.label("original_fen"),
            bill.c.quantity_e3,
            bill.c.price_e4,
            bill.c.months,
            fee_item.c.name.label("item"),
            bill_state.c.late_paid_fen,
            bill_state.c.late_waived_fen,
        )
        .join(bill, bill.c.id == f.c.bill_id)
        .join(fee_item, fee_item.c.id == bill.c.fee_item_id)
        .join(
            bill_state,
            sa.and_(
                bill_state.c.bill_id == f.c.bill_id,
                bill_state.c.since_on <= day(as_of),
                bill_state.c.until_on > day(as_of),
            ),
        )
        .order_by(f.c.unit_id, f.c.due_on, f.c.bill_id)
    ).mappings()
    return [BillFigure(**{name: row[name] for name in BillFigure.__slots__}) for row in rows]
