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
from app.store.figures import day, days_between, figures, is_owed
from app.store.tables import bill, bill_state, fee_item, unit
from app.store.tables_office import unit_level

__all__ = ["day", "days_between", "figures", "is_owed"]

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


def unit_rows(session: Session, as_of: dt.date, wanted: Filter) -> Select[Any]:
    """Return one row for each unit with something overdue on ``as_of`` that passes the filter."""
    narrow = []
    if wanted.community_id is not None:
        narrow.append(bill_state.c.community_id == wanted.community_id)
    if wanted.unit_ids is not None:
        narrow.append(bill_state.c.unit_id.in_(list(wanted.unit_ids)))
    f = figures(session, as_of, *narrow)
    oldest = sa.func.min(f.c.due_on)
    sums = (
        sa.select(
            f.c.unit_id,
            sa.func.count().label("bills"),
            sa.cast(sa.func.sum(f.c.principal_fen), sa.BigInteger).label("principal_fen"),
            sa.cast(sa.func.sum(f.c.late_charge_fen), sa.BigInteger).label("late_charge_fen"),
            sa.cast(sa.func.sum(f.c.costs_fen), sa.BigInteger).label("costs_fen"),
            oldest.label("oldest_due_on"),
        )
        .where(is_owed(f))
        # In the order of the index, although the unit alone would do.
        .group_by(f.c.community_id, f.c.unit_id)
    )
    if wanted.min_days > 0:
        sums = sums.having(oldest <= day(as_of - dt.timedelta(days=wanted.min_days)))
    if wanted.bucket:
        youngest, eldest = bucket_bounds(as_of, wanted.bucket)
        sums = sums.having(oldest <= day(youngest), oldest > day(eldest))
    s = sums.subquery("sums")
    total = s.c.principal_fen + s.c.late_charge_fen + s.c.costs_fen
    level = _level(s, as_of)
    query = sa.select(
        s,
        total.label("total_fen"),
        unit.c.code,
        unit.c.label,
        unit.c.community_id,
        unit.c.sort_key,
        level.label("level"),
    ).join(unit, unit.c.id == s.c.unit_id)
    return _narrow(query.where(total >= max(wanted.min_total_fen, 1)), wanted, level)


def _level(sums: sa.Subquery, as_of: dt.date) -> ColumnElement[int]:
    """Return the level a unit stands at: one reached before the oldest debt was overdue counts no longer."""
    highest = (
        sa.select(sa.func.max(unit_level.c.level))
        .where(
            unit_level.c.unit_id == sums.c.unit_id,
            unit_level.c.reached_on <= day(as_of),
            unit_level.c.reached_on > sums.c.oldest_due_on,
        )
        .correlate(sums)
        .scalar_subquery()
    )
    return sa.func.coalesce(highest, 0)


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
    query = unit_rows(session, as_of, wanted)
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
    rows = unit_rows(session, as_of, wanted).subquery("rows")

    def total(name: str) -> ColumnElement[int]:
        return sa.func.coalesce(sa.cast(sa.func.sum(rows.c[name]), sa.BigInteger), 0)

    row = session.execute(
        sa.select(sa.func.count(), total("bills"), *(total(f"{n}_fen") for n in ("principal", "late_charge", "costs")))
    ).one()
    return Totals(*(int(value) for value in row))


def aging(session: Session, *, as_of: dt.date, community_id: int | None = None) -> list[Bucket]:
    """Return the portfolio by age, oldest last: accrual and aging of every bill in one statement.

    Units stream by in the order of the index and each adds to all ages at once: grouping by age would sort every bill.
    """
    narrow = () if community_id is None else (bill_state.c.community_id == community_id,)
    f = figures(session, as_of, *narrow)
    sums: list[ColumnElement[Any]] = []
    for place, name in enumerate(BUCKETS):
        youngest, eldest = bucket_bounds(as_of, name)
        is_so_old = f.c.due_on > day(eldest)
        if place:
            is_so_old = sa.and_(is_so_old, f.c.due_on <= day(youngest))
        sums += [
            sa.func.sum(f.c.principal_fen).filter(is_so_old).label(f"principal_{place}"),
            sa.func.sum(f.c.late_charge_fen).filter(is_so_old).label(f"late_{place}"),
        ]
    per_unit = sa.select(*sums).where(is_owed(f)).group_by(f.c.community_id, f.c.unit_id).subquery("per_unit")
    row = session.execute(
        sa.select(
            *(
                total
                for place in range(len(BUCKETS))
                for total in (
                    sa.func.count(per_unit.c[f"principal_{place}"]),
                    sa.func.coalesce(sa.func.sum(per_unit.c[f"principal_{place}"]), 0),
                    sa.func.coalesce(sa.func.sum(per_unit.c[f"late_{place}"]), 0),
                )
            )
        )
    ).one()
    return [
        Bucket(name, *(int(value) for value in row[3 * place : 3 * place + 3])) for place, name in enumerate(BUCKETS)
    ]


def bills_on(
    session: Session, *, as_of: dt.date, unit_ids: Sequence[int], overdue_only: bool = False
) -> list[BillFigure]:
    """Return every open bill of the units as it stands on ``as_of``, oldest first, in one statement."""
    f = figures(session, as_of, bill_state.c.unit_id.in_(list(unit_ids)), overdue_only=overdue_only)
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
        )
        .join(bill, bill.c.id == f.c.bill_id)
        .join(fee_item, fee_item.c.id == bill.c.fee_item_id)
        .order_by(f.c.unit_id, f.c.due_on, f.c.bill_id)
    ).mappings()
    return [BillFigure(**{name: row[name] for name in BillFigure.__slots__}) for row in rows]
