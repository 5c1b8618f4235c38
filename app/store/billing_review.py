"""What a run would bill each unit beside what the period before billed it, and what deserves a second look."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.calendar import add_months
from app.store import charges
from app.store.charges import ItemPeriod
from app.store.figures import day
from app.store.tables import bill, ownership, reversal, unit


@dataclass(frozen=True, slots=True)
class Line:
    """One unit in a run; ``existing_fen`` is None where the period has no bill that stands."""

    unit_id: int
    label: str
    building: str
    principal_fen: int
    quantity_e3: int | None
    price_e4: int | None
    existing_fen: int | None
    last_fen: int | None
    was_taken_back: bool
    has_area: bool
    has_owner: bool
    has_price: bool
    is_handed_over: bool
    is_eased: bool
    is_listed: bool


def lines(session: Session, wanted: ItemPeriod) -> list[Line]:
    """Return every unit in scope in walking order, in one query."""
    made = charges.amounts(wanted).subquery("made")
    before = add_months(wanted.from_on, -wanted.months)
    owned = sa.exists(
        sa.select(sa.literal(1)).where(
            ownership.c.unit_id == unit.c.id,
            ownership.c.from_on <= day(wanted.to_on),
            ownership.c.until_on > day(wanted.from_on),
        )
    )
    handed = sa.or_(unit.c.handed_over_on.is_(None), unit.c.handed_over_on <= day(wanted.to_on))
    query = (
        sa.select(
            unit.c.id,
            unit.c.label,
            unit.c.building,
            sa.func.coalesce(made.c.principal_fen, 0),
            made.c.quantity_e3,
            made.c.price_e4,
            _billed(wanted, wanted.from_on),
            _billed(wanted, before),
            _taken_back(wanted),
            unit.c.area_e3 > 0,
            owned,
            charges.has_price(wanted),
            handed,
            charges.is_eased(wanted),
            charges.is_listed(wanted),
        )
        .select_from(unit.outerjoin(made, made.c.unit_id == unit.c.id))
        .where(*charges.in_scope(wanted))
        .order_by(unit.c.sort_key, unit.c.id)
    )
    found = [_line(tuple(row), wanted.item["basis"]) for row in session.execute(query)]
    return [line for line in found if line.is_listed or line.last_fen or line.existing_fen is not None]


def _line(row: tuple[object, ...], basis: str) -> Line:
    number, label, building, principal, quantity, price, existing, last, back, *flags = row
    area, owner, has_price, handed, eased, listed = (bool(flag) for flag in flags)
    return Line(
        unit_id=_whole(number),
        label=str(label),
        building=str(building),
        principal_fen=_whole(principal),
        quantity_e3=None if quantity is None else _whole(quantity),
        price_e4=None if price is None else _whole(price),
        existing_fen=None if existing is None else _whole(existing),
        last_fen=None if last is None else _whole(last),
        was_taken_back=bool(back),
        has_area=area or basis != "by_area",
        has_owner=owner,
        has_price=has_price,
        is_handed_over=handed,
        is_eased=eased,
        is_listed=listed,
    )


def _whole(value: object) -> int:
    return int(str(value))


def _billed(wanted: ItemPeriod, from_on: dt.date) -> sa.ScalarSelect[int]:
    """Select what stands billed of a period; through the unique key of a bill, one look-up a unit."""
    back = sa.exists(
        sa.select(sa.literal(1)).where(reversal.c.target_kind == "bill", reversal.c.target_id == bill.c.id)
    )
    return (
        sa.select(sa.func.sum(bill.c.principal_fen))
        .where(
            bill.c.unit_id == unit.c.id,
            bill.c.fee_item_id == wanted.item["id"],
            bill.c.period_from_on == day(from_on),
            ~back,
        )
        .correlate(unit)
        .scalar_subquery()
    )


def _taken_back(wanted: ItemPeriod) -> sa.ColumnElement[bool]:
    return sa.exists(
        sa.select(sa.literal(1))
        .select_from(bill.join(reversal, sa.and_(reversal.c.target_kind == "bill", reversal.c.target_id == bill.c.id)))
        .where(
            bill.c.unit_id == unit.c.id,
            bill.c.fee_item_id == wanted.item["id"],
            bill.c.period_from_on == day(wanted.from_on),
        )
        .correlate(unit)
    )


def buildings(session: Session, community_id: int) -> list[str]:
    """Return the buildings of a community in walking order."""
    query = (
        sa.select(unit.c.building)
        .where(unit.c.community_id == community_id)
        .group_by(unit.c.building)
        .order_by(sa.func.min(unit.c.sort_key))
    )
    return list(session.execute(query).scalars())
