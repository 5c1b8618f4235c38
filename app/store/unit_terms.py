"""On what a unit is charged: items, prices in force with their clauses, late-charge rules, and vacancy rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.ledger import Grace
from app.domain.rates import Rate
from app.store import plans, upkeep
from app.store.figures import day
from app.store.tables import bill, fee_item, rate_plan, reversal, tariff, unit, vacancy_rule


@dataclass(frozen=True, slots=True)
class Term:
    """One fee item as it applies to a unit on a day; no price means nothing is charged for it."""

    fee_item_id: int
    item: str
    basis: str
    cycle_months: int
    is_active: bool
    applies: bool
    quantity_e3: int
    price_e4: int | None
    is_own_price: bool
    price_from_on: dt.date | None
    price_clause: str
    plan: str
    rate: Rate | None
    grace: Grace | None
    late_clause: str
    billed_through_on: dt.date | None


def of_unit(session: Session, unit_id: int, *, on: dt.date) -> list[Term]:
    """Return every fee item of the unit's community as it applies to the unit, in a fixed number of statements."""
    place = session.execute(sa.select(unit).where(unit.c.id == unit_id)).one()
    items = session.execute(
        sa.select(fee_item, rate_plan.c.name.label("plan"))
        .join(rate_plan, rate_plan.c.id == fee_item.c.plan_id)
        .where(fee_item.c.community_id == place.community_id)
        .order_by(fee_item.c.is_active.desc(), fee_item.c.id)
    ).all()
    prices = _prices(session, [row.id for row in items], place.usage_type, on)
    own = {
        row["fee_item_id"]: row for row in upkeep.unit_fees(session, unit_id) if row["from_on"] <= on < row["until_on"]
    }
    loaded = plans.load(session, sorted({row.plan_id for row in items})) if items else {}
    through = _billed_through(session, unit_id)
    found = []
    for row in items:
        mine, price = own.get(row.id), prices.get(row.id)
        own_price = mine["price_e4"] if mine else None
        policy = loaded[row.plan_id].policy_on(on) if row.plan_id in loaded else None
        found.append(
            Term(
                fee_item_id=row.id,
                item=row.name,
                basis=row.basis,
                cycle_months=row.cycle_months,
                is_active=row.is_active,
                applies=row.basis != "one_off" and (row.applies_to == "all" or mine is not None),
                quantity_e3=place.area_e3 if row.basis == "by_area" else (mine["quantity_e3"] if mine else 1000),
                price_e4=own_price if own_price is not None else (price.price_e4 if price else None),
                is_own_price=own_price is not None,
                price_from_on=mine["from_on"] if mine and own_price is not None else (price and price.from_on),
                price_clause=price.source_clause if price else "",
                plan=row.plan,
                rate=policy.rate if policy else None,
                grace=policy.grace if policy else None,
                late_clause=policy.source_clause if policy else "",
                billed_through_on=through.get(row.id),
            )
        )
    return found


def vacancy_rule_on(session: Session, community_id: int, *, on: dt.date) -> sa.Row[Any] | None:
    """Return the vacancy rule of a community in force on a day, if there is one."""
    return session.execute(
        sa.select(vacancy_rule)
        .where(vacancy_rule.c.community_id == community_id, vacancy_rule.c.from_on <= day(on))
        .order_by(vacancy_rule.c.from_on.desc())
        .limit(1)
    ).one_or_none()


def _prices(session: Session, items: Sequence[int], usage: str, on: dt.date) -> dict[int, sa.Row[Any]]:
    """Return the price in force of each item: that of the unit's usage, else the one for every usage."""
    rows = session.execute(
        sa.select(tariff)
        .where(
            tariff.c.fee_item_id.in_(list(items)),
            tariff.c.usage_type.in_([usage, ""]),
            tariff.c.from_on <= day(on),
            tariff.c.until_on > day(on),
        )
        .order_by(tariff.c.usage_type)
    )
    return {row.fee_item_id: row for row in rows}


def _billed_through(session: Session, unit_id: int) -> dict[int, dt.date]:
    gone = sa.select(reversal.c.target_id).where(reversal.c.target_kind == "bill", reversal.c.unit_id == unit_id)
    through = sa.func.max(bill.c.period_to_on, type_=bill.c.period_to_on.type)
    rows = session.execute(
        sa.select(bill.c.fee_item_id, through)
        .where(bill.c.unit_id == unit_id, bill.c.id.not_in(gone))
        .group_by(bill.c.fee_item_id)
    )
    return {row[0]: row[1] for row in rows}
