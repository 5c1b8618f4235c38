"""What a period charges each unit, as one SELECT: area times price, part months, versions of prices, vacancy."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, FromClause, Select

from app.domain.calendar import add_months
from app.store import db, own_terms
from app.store.figures import day, days_between
from app.store.tables import tariff, unit, unit_fee, vacancy

NO_RULE = (0, 10_000)


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a price as a run reads it: half-open days, 1/10000 yuan."""

    usage_type: str
    from_on: dt.date
    until_on: dt.date
    price_e4: int
    addition_e4: int


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
    buildings: tuple[str, ...] = ()
    """Only these buildings; none named means all."""
    unit_id: int | None = None
    is_rebilling: bool = False
    """Bill anew what was billed and taken back."""
    prices: tuple[Version, ...] | None = None
    """Prices to reckon with instead of those in force: a trial."""


def amounts(wanted: ItemPeriod) -> Select[Any]:
    """Return unit, principal, quantity and price of every bill of this item and period, zero amounts left out."""
    parts, quantity, price, _, _, joined = _pieces(wanted)
    total = sa.cast(sa.func.sum(reduce(add, parts)), sa.BigInteger)
    return (
        sa.select(
            unit.c.id.label("unit_id"),
            total.label("principal_fen"),
            sa.func.max(quantity).label("quantity_e3"),
            sa.func.max(price).label("price_e4"),
        )
        .select_from(joined)
        .where(*in_scope(wanted))
        .group_by(unit.c.id)
        .having(total > 0)
    )


def working(wanted: ItemPeriod) -> Select[Any]:
    """Return how each amount comes about: a row a unit, month and version of the price that counts days in it."""
    parts, quantity, price, source, own, joined = _pieces(wanted)
    months = []
    for place, part in enumerate(parts):
        first = add_months(wanted.from_on, place)
        days, length = _days(source, own, first)
        months.append(
            sa.select(
                unit.c.id.label("unit_id"),
                unit.c.label.label("label"),
                unit.c.sort_key.label("sort_key"),
                day(first).label("month_on"),
                source.c.from_on.label("version_on"),
                source.c.usage_type.label("version_usage"),
                quantity.label("quantity_e3"),
                price.label("price_e4"),
                source.c.addition_e4.label("addition_e4"),
                days.label("days"),
                sa.literal(length, sa.Integer).label("of_days"),
                sa.cast(sa.case((_is_vacant(wanted, place), wanted.vacancy[place][1]), else_=10_000), sa.Integer).label(
                    "share_e4"
                ),
                part.label("amount_fen"),
            )
            .select_from(joined)
            .where(*in_scope(wanted), days > 0)
        )
    found = sa.union_all(*months).subquery("working")
    return sa.select(found).order_by(found.c.sort_key, found.c.month_on, found.c.version_on)


def in_scope(wanted: ItemPeriod) -> list[ColumnElement[bool]]:
    """Return the conditions on a unit to be in the run at all."""
    conditions = [unit.c.community_id == wanted.item["community_id"]]
    if wanted.buildings:
        conditions.append(unit.c.building.in_(wanted.buildings))
    if wanted.unit_id is not None:
        conditions.append(unit.c.id == wanted.unit_id)
    return conditions


def has_price(wanted: ItemPeriod) -> ColumnElement[bool]:
    """Tell of a unit whether any version of the price counts for it in the period."""
    source = prices_of(wanted)
    return sa.exists(sa.select(sa.literal(1)).select_from(source).where(_counts(wanted, source)).correlate(unit))


def is_listed(wanted: ItemPeriod) -> ColumnElement[bool]:
    """Tell of a unit whether the item applies to it in the period."""
    if wanted.item["applies_to"] == "all":
        return sa.true()
    return sa.exists(sa.select(sa.literal(1)).where(_at_unit(wanted, unit_fee)).correlate(unit))


def is_eased(wanted: ItemPeriod) -> ColumnElement[bool]:
    """Tell of a unit whether a vacancy lowers any month of the period."""
    months = [_is_vacant(wanted, place) for place, rule in enumerate(wanted.vacancy) if rule[1] != NO_RULE[1]]
    return sa.or_(*months) if months else sa.false()


def prices_of(wanted: ItemPeriod) -> FromClause:
    """Return the versions to reckon with: those in force, or those of a trial."""
    if wanted.prices is None:
        return tariff
    columns = [
        sa.select(
            sa.literal(wanted.item["id"], sa.BigInteger).label("fee_item_id"),
            sa.literal(version.usage_type, sa.String).label("usage_type"),
            day(version.from_on).label("from_on"),
            day(version.until_on).label("until_on"),
            sa.literal(version.price_e4, sa.BigInteger).label("price_e4"),
            sa.literal(version.addition_e4, sa.BigInteger).label("addition_e4"),
        )
        for version in wanted.prices
    ]
    if not columns:
        return sa.select(tariff).where(sa.false()).subquery("prices")
    return sa.union_all(*columns).subquery("prices") if len(columns) > 1 else columns[0].subquery("prices")


def _pieces(
    wanted: ItemPeriod,
) -> tuple[list[ColumnElement[int]], ColumnElement[int], ColumnElement[int], FromClause, FromClause, FromClause]:
    """Return what each month adds, quantity, price, versions, the units' own terms, and the rows it stands on."""
    item, source, own = wanted.item, prices_of(wanted), own_terms.of_item(wanted.item)
    price = sa.func.coalesce(own.c.price_e4, source.c.price_e4)
    quantity = _quantity(item["basis"], own)
    monthly = quantity * price + source.c.addition_e4 * 1000
    parts = [_month(wanted, source, own, place, monthly) for place in range(wanted.months)]
    joined = unit.join(source, _counts(wanted, source)).join(
        own, _at_unit(wanted, own), isouter=item["applies_to"] == "all"
    )
    return parts, quantity, price, source, own, joined


def _counts(wanted: ItemPeriod, source: FromClause) -> ColumnElement[bool]:
    """Say when a version counts for a unit: that of its usage, before it begins the one for every usage."""
    return sa.and_(
        source.c.fee_item_id == wanted.item["id"],
        source.c.from_on <= day(wanted.to_on),
        _until(source) > day(wanted.from_on),
        source.c.from_on < _until(source),
        sa.or_(source.c.usage_type == unit.c.usage_type, source.c.usage_type == ""),
    )


def _until(source: FromClause) -> ColumnElement[Any]:
    """Return when a version ends for a unit: that for every usage gives way on the day the unit's own gets a price."""
    own_usage = source.alias("own_usage")
    begins = (
        sa.select(sa.func.min(own_usage.c.from_on, type_=own_usage.c.from_on.type))
        .where(
            own_usage.c.fee_item_id == source.c.fee_item_id,
            own_usage.c.usage_type == unit.c.usage_type,
            own_usage.c.usage_type != "",
        )
        .correlate(unit, source)
        .scalar_subquery()
    )
    gives_way = sa.and_(source.c.usage_type == "", begins < source.c.until_on)
    return sa.case((gives_way, begins), else_=source.c.until_on)


def _at_unit(wanted: ItemPeriod, own: FromClause) -> ColumnElement[bool]:
    touches = sa.and_(
        own.c.unit_id == unit.c.id,
        own.c.from_on <= day(wanted.to_on),
        own.c.until_on > day(wanted.from_on),
        own.c.from_on < own.c.until_on,
    )
    return sa.and_(own.c.fee_item_id == wanted.item["id"], touches) if "fee_item_id" in own.c else touches


def _quantity(basis: str, own: FromClause) -> ColumnElement[int]:
    if basis == "by_area":
        return unit.c.area_e3
    if basis == "by_quantity":
        return sa.func.coalesce(own.c.quantity_e3, 1000)
    return sa.literal(1000, sa.BigInteger)


def _month(
    wanted: ItemPeriod, source: FromClause, own: FromClause, place: int, monthly: ColumnElement[int]
) -> ColumnElement[int]:
    """Return what one month adds: whole months half up, part months by days, each price and vacancy by itself."""
    days, length = _days(source, own, add_months(wanted.from_on, place))
    whole = db.half_up(monthly, 100_000)
    part = db.half_up(monthly * days, 100_000 * length)
    amount = sa.case((days == length, whole), (days == 0, 0), else_=part)
    share = wanted.vacancy[place][1]
    return sa.case((_is_vacant(wanted, place), db.half_up(amount * share, 10_000)), else_=amount)


def _days(source: FromClause, own: FromClause, first: dt.date) -> tuple[ColumnElement[int], int]:
    """Return how many days of the month a version, the unit's own terms and its handover are in force, of how many."""
    length = calendar.monthrange(first.year, first.month)[1]
    after = first + dt.timedelta(days=length)
    handed = sa.func.coalesce(unit.c.handed_over_on, day(first))
    start = _later(_later(_later(source.c.from_on, day(first)), handed), sa.func.coalesce(own.c.from_on, day(first)))
    end = _sooner(_sooner(_until(source), day(after)), sa.func.coalesce(own.c.until_on, day(after)))
    return db.greatest(days_between(end, start), 0), length


def _is_vacant(wanted: ItemPeriod, place: int) -> ColumnElement[bool]:
    first = add_months(wanted.from_on, place)
    after = add_months(first, 1)
    return sa.exists(
        sa.select(sa.literal(1)).where(
            vacancy.c.unit_id == unit.c.id,
            vacancy.c.from_on <= day(add_months(first, -wanted.vacancy[place][0])),
            vacancy.c.until_on >= day(after),
        )
    )


def _later(left: ColumnElement[Any], right: ColumnElement[Any]) -> ColumnElement[Any]:
    return sa.case((left > right, left), else_=right)


def _sooner(left: ColumnElement[Any], right: ColumnElement[Any]) -> ColumnElement[Any]:
    return sa.case((left < right, left), else_=right)
