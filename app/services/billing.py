"""Billing runs: what a period would bill, and posting it once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.domain.billing import DueIn, DueRule, due_on, period_of, read_month
from app.domain.calendar import add_months
from app.domain.errors import Refusal
from app.store import billing, calendars, estate, ledger, plans


@dataclass(frozen=True, slots=True)
class ItemPreview:
    """One fee item of a run."""

    item: str
    from_on: dt.date
    to_on: dt.date
    due_on: dt.date
    created: int
    existing: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run made; ``existing`` bills were there already and were left alone."""

    run_id: int | None
    created: int
    existing: int
    amount_fen: int
    items: tuple[ItemPreview, ...]


MONTHS_BACK, MONTHS_AHEAD = 36, 12
"""How far from today a run may lie; farther is a slip of the pen, and posted bills are never deleted."""


def preview(session: Session, *, community_id: int, period: str, today: dt.date) -> RunResult:
    """Return what posting the run of ``period`` (``2026-01``) would do; nothing is written.

    Raises:
        Refusal: ``period.not_a_month``, ``billing.period_far``, ``billing.no_items``.

    """
    items = tuple(
        _preview_item(session, one) for one in _wanted(session, community_id=community_id, period=period, today=today)
    )
    return _result(None, items)


def post(
    session: Session, *, community_id: int, period: str, today: dt.date, now: dt.datetime, actor_id: int | None
) -> RunResult:
    """Post the run of ``period``: bills that exist stay as they are, the rest is written; safe to repeat.

    Raises:
        Refusal: as ``preview``.

    """
    wanted = _wanted(session, community_id=community_id, period=period, today=today)
    items = tuple(_preview_item(session, one) for one in wanted)
    if not any(item.created for item in items):
        return _result(None, items)
    run_id = billing.start_run(session, community_id=community_id, period=period, posted_by=actor_id, posted_at=now)
    for one in wanted:
        billing.insert(session, one, run_id)
    created, amount = billing.finish_run(session, run_id)
    adopted = ledger.adopt_bills(session, billing.bills_of_run(run_id), through=today)
    if adopted != created:
        msg = "a run and its ledger entries differ in number"
        raise AssertionError(msg)
    return RunResult(run_id, created, sum(item.existing for item in items), amount, items)


def post_single(
    session: Session,
    *,
    unit_id: int,
    fee_item_id: int,
    from_on: dt.date,
    to_on: dt.date,
    due_on: dt.date,
    issued_on: dt.date,
    principal_fen: int,
    today: dt.date,
) -> int:
    """Post one bill (a one-off charge, a correction) and return its id.

    Raises:
        Refusal: ``bill.amount_not_positive``, ``bill.period_reversed``, ``bill.exists``, ``unit.unknown``.

    """
    if principal_fen <= 0:
        raise Refusal("bill.amount_not_positive", field="amount")
    if from_on > to_on:
        raise Refusal("bill.period_reversed", field="to_on")
    unit = estate.unit_row(session, unit_id)
    item = estate.fee_item_row(session, fee_item_id, community_id=unit.community_id)
    policy = plans.load(session, [item.plan_id])[item.plan_id].policy_on(due_on)
    issue = billing.next_issue(session, unit_id=unit_id, fee_item_id=fee_item_id, from_on=from_on)
    row = {
        "community_id": unit.community_id,
        "fee_item_id": fee_item_id,
        "period_from_on": from_on,
        "period_to_on": to_on,
        "issue": issue,
        "principal_fen": principal_fen,
        "issued_on": issued_on,
        "due_on": due_on,
        "plan_id": item.plan_id,
        "grace_mode": policy.grace.mode.value,
        "grace_days": policy.grace.days,
        "cap_fen": policy.cap_fen(principal_fen),
    }
    return ledger.post(session, ledger.Posting(unit_id, "bill", row), through=today)


def reverse_bill(
    session: Session, *, bill_id: int, on: dt.date, reason: str, today: dt.date, now: dt.datetime, actor_id: int | None
) -> int:
    """Take a bill back from ``on`` (红冲): what was paid on it is booked anew by the default order.

    Raises:
        Refusal: ``bill.unknown``, ``reversal.twice``, ``reversal.reason_missing``, ``date.in_future``.

    """
    if not reason.strip():
        raise Refusal("reversal.reason_missing", field="reason")
    if on > today:
        raise Refusal("date.in_future", field="on", on=on.isoformat())
    found = billing.bill_row(session, bill_id)
    row = {
        "target_kind": "bill",
        "target_id": bill_id,
        "value_on": max(on, found.issued_on),
        "reason": reason.strip(),
        "recorded_at": now,
        "recorded_by": actor_id,
    }
    return ledger.post(session, ledger.Posting(found.unit_id, "reversal", row), through=today)


def _wanted(session: Session, *, community_id: int, period: str, today: dt.date) -> list[billing.ItemPeriod]:
    month = read_month(period)
    this_month = today.replace(day=1)
    if not add_months(this_month, -MONTHS_BACK) <= month <= add_months(this_month, MONTHS_AHEAD):
        raise Refusal("billing.period_far", field="period", back=MONTHS_BACK, ahead=MONTHS_AHEAD)
    community = estate.community_row(session, community_id)
    items = billing.items_due(session, community_id)
    if not items:
        raise Refusal("billing.no_items")
    rules = estate.vacancy_rules(session, community_id)
    loaded = plans.load(session, [item["plan_id"] for item in items])
    calendar = calendars.load(session)
    wanted: list[billing.ItemPeriod] = []
    for item in items:
        span = period_of(month, item["cycle_months"], first_month=item["starts_on"].month)
        if span.from_on != month or item["starts_on"] > span.to_on:
            continue
        rule = DueRule(day=item["due_day"], month=DueIn(item["due_in"]), roll=community.roll_due)
        due, _ = due_on(span, rule, calendar)
        policy = loaded[item["plan_id"]].policy_on(due)
        wanted.append(
            billing.ItemPeriod(
                item=item,
                from_on=span.from_on,
                to_on=span.to_on,
                due_on=due,
                months=item["cycle_months"],
                grace_mode=policy.grace.mode.value,
                grace_days=policy.grace.days,
                cap_e4=policy.cap_e4,
                vacancy=_vacancy(rules, span.from_on, item["cycle_months"]),
            )
        )
    return wanted


def _vacancy(rules: list[Any], from_on: dt.date, months: int) -> list[tuple[int, int]]:
    """Return for each month the rule in force on its first day."""
    found: list[tuple[int, int]] = []
    for place in range(months):
        first = add_months(from_on, place)
        rule = next((rule for rule in reversed(rules) if rule.from_on <= first), None)
        found.append((rule.months, rule.ratio_e4) if rule else (0, 10_000))
    return found


def _preview_item(session: Session, wanted: billing.ItemPeriod) -> ItemPreview:
    created, existing, amount = billing.preview(session, wanted)
    item: Mapping[str, Any] = wanted.item
    return ItemPreview(item["name"], wanted.from_on, wanted.to_on, wanted.due_on, created, existing, amount)


def _result(run_id: int | None, items: tuple[ItemPreview, ...]) -> RunResult:
    return RunResult(
        run_id=run_id,
        created=sum(item.created for item in items),
        existing=sum(item.existing for item in items),
        amount_fen=sum(item.amount_fen for item in items),
        items=items,
    )
