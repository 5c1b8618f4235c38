"""What a run of a month bills: the items whose cycle begins, their periods, due dates and terms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.domain.billing import DueIn, DueRule, due_on, period_of, read_month
from app.domain.calendar import add_months
from app.domain.errors import Refusal
from app.store import billing, calendars, charges, estate, plans

MONTHS_BACK, MONTHS_AHEAD = 36, 12
"""How far from today a run may lie; farther is a slip of the pen, and posted bills are never deleted."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What of a community a run bills; nothing named means all of it."""

    buildings: tuple[str, ...] = ()
    item_ids: tuple[int, ...] = ()
    is_rebilling: bool = False


ALL = Scope()


def wanted(
    session: Session, *, community_id: int, period: str, today: dt.date, scope: Scope = ALL
) -> list[charges.ItemPeriod]:
    """Return what the run of ``period`` (``2026-01``) bills, item by item.

    Raises:
        Refusal: ``period.not_a_month``, ``billing.period_far``, ``billing.no_items``.

    """
    month = read_month(period)
    this_month = today.replace(day=1)
    if not add_months(this_month, -MONTHS_BACK) <= month <= add_months(this_month, MONTHS_AHEAD):
        raise Refusal("billing.period_far", field="period", back=MONTHS_BACK, ahead=MONTHS_AHEAD)
    items = billing.items_due(session, community_id)
    if scope.item_ids:
        items = [item for item in items if item["id"] in scope.item_ids]
    if not items:
        raise Refusal("billing.no_items")
    return [
        one for one in periods(session, items, month, scope) if one.from_on == month and _has_begun(one.item, one.to_on)
    ]


def periods(
    session: Session, items: list[Mapping[str, Any]], month: dt.date, scope: Scope = ALL
) -> list[charges.ItemPeriod]:
    """Return the period of each item's cycle in which ``month`` lies, with due date and terms; items of one community.

    However many items there are, this takes five queries.
    """
    community_id = items[0]["community_id"]
    community = estate.community_row(session, community_id)
    rules = estate.vacancy_rules(session, community_id)
    loaded = plans.load(session, [item["plan_id"] for item in items])
    calendar = calendars.load(session)
    found: list[charges.ItemPeriod] = []
    for item in items:
        span = period_of(month, item["cycle_months"], first_month=item["starts_on"].month)
        rule = DueRule(day=item["due_day"], month=DueIn(item["due_in"]), roll=community.roll_due)
        due, _ = due_on(span, rule, calendar)
        policy = loaded[item["plan_id"]].policy_on(due)
        found.append(
            charges.ItemPeriod(
                item=item,
                from_on=span.from_on,
                to_on=span.to_on,
                due_on=due,
                months=item["cycle_months"],
                grace_mode=policy.grace.mode.value,
                grace_days=policy.grace.days,
                cap_e4=policy.cap_e4,
                vacancy=_vacancy(rules, span.from_on, item["cycle_months"]),
                buildings=scope.buildings,
                is_rebilling=scope.is_rebilling,
            )
        )
    return found


def _has_begun(item: Mapping[str, Any], to_on: dt.date) -> bool:
    return bool(item["starts_on"] <= to_on)


def _vacancy(rules: list[Any], from_on: dt.date, months: int) -> list[tuple[int, int]]:
    """Return for each month the rule in force on its first day."""
    found: list[tuple[int, int]] = []
    for place in range(months):
        first = add_months(from_on, place)
        rule = next((rule for rule in reversed(rules) if rule.from_on <= first), None)
        found.append((rule.months, rule.ratio_e4) if rule else charges.NO_RULE)
    return found
