"""What is owed on a day: every list and total is one statement over the running state."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import Session

from app.store import arrears_columns as columns
from app.store import arrears_filter
from app.store.arrears_filter import BUCKETS, FLAGS, UNNAMED, Filter, bucket_bounds
from app.store.figures import day, days_between, figures, is_owed
from app.store.tables import bill, bill_state, fee_item, unit
from app.store.tables_claims import bill_clock
from app.store.tables_office import unit_level

__all__ = ["BUCKETS", "FLAGS", "UNNAMED", "Filter", "bucket_bounds", "day", "days_between", "figures", "is_owed"]

SORTS = {
    "room": unit.c.sort_key,
    "area": unit.c.area_e3,
    **{
        name: sa.literal_column(f"{name}_fen", sa.BigInteger) for name in ("principal", "late_charge", "costs", "total")
    },
    "bills": sa.literal_column("bills"),
    "level": sa.literal_column("level"),
    "oldest": sa.literal_column("oldest_due_on"),
    "days": sa.literal_column("oldest_due_on"),
    **columns.SORTS,
}


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
    building: str = ""
    usage_type: str = ""
    area_e3: int = 0

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


NOTHING = Totals(0, 0, 0, 0, 0)


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
    if wanted.expiring_days > 0:
        sums = sums.select_from(f.outerjoin(bill_clock, bill_clock.c.bill_id == f.c.bill_id))
    if conditions := arrears_filter.having(wanted, as_of, f):
        sums = sums.having(*conditions)
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
        unit.c.building,
        unit.c.usage_type,
        unit.c.area_e3,
        level.label("level"),
    ).join(unit, unit.c.id == s.c.unit_id)
    query = query.where(total >= max(wanted.min_total_fen, 1))
    if wanted.max_total_fen is not None:
        query = query.where(total <= wanted.max_total_fen)
    return arrears_filter.narrow(query, wanted, as_of, level)


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


def _sorted(query: Select[Any], sort: str, as_of: dt.date) -> Select[Any]:
    """Sort by a column (``-total`` is descending); where two are equal, in walking order."""
    name = sort.lstrip("-")
    column = columns.of(name, as_of) if name in columns.SORTS else SORTS[name]
    # the longest overdue is the one that fell due first
    order = column.desc() if sort.startswith("-") != (name == "days") else column.asc()
    return query.order_by(order.nulls_last() if name in columns.SORTS else order, unit.c.sort_key, unit.c.id)


def list_units(
    session: Session, *, as_of: dt.date, wanted: Filter, sort: str = "room", limit: int | None = None, offset: int = 0
) -> list[UnitArrears]:
    """Return the units of a list, sorted (``-total`` is descending) and paged."""
    query = _sorted(unit_rows(session, as_of, wanted), sort, as_of)
    rows = session.execute(query.limit(limit).offset(offset) if limit is not None else query)
    return [_unit(row) for row in rows]


def streamed(session: Session, *, as_of: dt.date, wanted: Filter, sort: str, size: int) -> Iterator[list[UnitArrears]]:
    """Yield the whole list in parts: nobody holds it all at once."""
    query = _sorted(unit_rows(session, as_of, wanted), sort, as_of)
    for part in session.execute(query, execution_options={"yield_per": size}).partitions():
        yield [_unit(row) for row in part]


def _unit(row: Any) -> UnitArrears:  # noqa: ANN401 - a row
    return UnitArrears(
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
        building=row.building,
        usage_type=row.usage_type,
        area_e3=row.area_e3,
    )


def page_of(
    session: Session, *, as_of: dt.date, wanted: Filter, sort: str, limit: int, page: int
) -> tuple[Totals, list[UnitArrears], int]:
    """Return the foot of the whole list, one page of it and that page's number, in one scan of the bills.

    A page beyond the last one is the last one, which takes two more.
    """
    listed = unit_rows(session, as_of, wanted)
    parts = ("bills", "principal_fen", "late_charge_fen", "costs_fen")
    sums = [
        sa.cast(sa.func.sum(listed.selected_columns[name]).over(), sa.BigInteger).label(f"all_{name}") for name in parts
    ]
    query = _sorted(listed.add_columns(sa.func.count().over().label("all_units"), *sums), sort, as_of)
    found = session.execute(query.limit(limit).offset((page - 1) * limit)).all()
    if found:
        foot = Totals(int(found[0].all_units), *(int(getattr(found[0], f"all_{name}")) for name in parts))
        return foot, [_unit(row) for row in found], page
    foot = totals(session, as_of=as_of, wanted=wanted) if page > 1 else NOTHING
    last = max(1, -(-foot.units // limit))
    rows = list_units(session, as_of=as_of, wanted=wanted, sort=sort, limit=limit, offset=(last - 1) * limit)
    return foot, rows if foot.units else [], last


def totals(session: Session, *, as_of: dt.date, wanted: Filter) -> Totals:
    """Return the foot of the list ``list_units`` gives for the same filter."""
    return totals_of(session, as_of=as_of, wanted=[wanted])[0]


def totals_of(session: Session, *, as_of: dt.date, wanted: Sequence[Filter]) -> list[Totals]:
    """Return the foot of several lists in one statement, in the order given."""
    if not wanted:
        return []
    feet = []
    for place, one in enumerate(wanted):
        rows = unit_rows(session, as_of, one).subquery(f"rows_{place}")
        sums = (
            sa.func.coalesce(sa.cast(sa.func.sum(rows.c[name]), sa.BigInteger), 0).label(name)
            for name in ("bills", "principal_fen", "late_charge_fen", "costs_fen")
        )
        feet.append(
            sa.select(sa.literal(place).label("place"), sa.func.count().label("units"), *sums).select_from(rows)
        )
    found = session.execute(sa.union_all(*feet) if len(feet) > 1 else feet[0]).all()
    return [Totals(*(int(value) for value in row[1:])) for row in sorted(found, key=lambda row: int(row.place))]


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
