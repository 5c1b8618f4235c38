"""One bill posted by hand: a one-off charge, costs, a correction; with the clause it rests on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.domain.errors import Refusal
from app.store import audit, billing, billing_drafts, estate, ledger, once, plans

MAX_SPAN_DAYS = 1100


@dataclass(frozen=True, slots=True)
class Single:
    """A bill somebody wants to post; ``costs_fen`` are costs of going after a debt, which no late charge runs on."""

    unit_id: int
    fee_item_id: int
    from_on: dt.date
    to_on: dt.date
    due_on: dt.date
    issued_on: dt.date
    principal_fen: int
    costs_fen: int = 0


@dataclass(frozen=True, slots=True)
class SinglePreview:
    """What would be posted."""

    wish: Single
    label: str
    item: str
    issue: int
    cap_fen: int | None
    late_charge_clause: str


def preview_single(session: Session, *, wish: Single, community_id: int) -> SinglePreview:
    """Return what posting the bill would write; nothing is written.

    Raises:
        Refusal: ``bill.amount_not_positive``, ``bill.period_reversed``, ``bill.period_long``, ``bill.exists``,
            ``bill.due_before_issue``, ``unit.unknown``, ``fee_item.unknown``.

    """
    unit, item, issue, policy = _checked(session, wish)
    if unit.community_id != community_id:
        raise Refusal("unit.unknown", field="unit", unit=str(wish.unit_id))
    return SinglePreview(wish, unit.label, item.name, issue, policy.cap_fen(wish.principal_fen), policy.source_clause)


def post_by_hand(
    session: Session,
    *,
    wish: Single,
    clause: str,
    note: str,
    today: dt.date,
    now: dt.datetime,
    actor_id: int,
    actor: str,
    key: str,
) -> int:
    """Post one bill with the clause it rests on, once for each ``key``; return its id.

    Raises:
        Refusal: as ``preview_single``; ``bill.clause_missing``, ``form.key_reused``.

    """
    if not clause.strip():
        raise Refusal("bill.clause_missing", field="clause")
    asked = {"wish": wish, "clause": clause, "note": note}
    done = once.claim(session, key=key, scope="bill.single", request=asked, now=now)
    if done is not None:
        return int(done["bill_id"])
    bill_id = _post(session, wish, today)
    billing_drafts.keep_basis(
        session,
        {
            "bill_id": bill_id,
            "clause": clause.strip(),
            "note": note.strip(),
            "recorded_by": actor_id,
            "recorded_at": now,
        },
    )
    unit = estate.unit_row(session, wish.unit_id)
    audit.record(
        session, at=now, actor=actor, action="bill.posted", subject=f"bill:{bill_id}", community_id=unit.community_id
    )
    once.settle(session, key=key, scope="bill.single", result={"bill_id": bill_id})
    return bill_id


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
    costs_fen: int = 0,
) -> int:
    """Post one bill (a one-off charge, a correction) and return its id.

    Raises:
        Refusal: as ``preview_single``.

    """
    wish = Single(unit_id, fee_item_id, from_on, to_on, due_on, issued_on, principal_fen, costs_fen)
    return _post(session, wish, today)


def _checked(session: Session, wish: Single) -> tuple[Any, Any, int, plans.Policy]:
    if wish.principal_fen < 0 or wish.costs_fen < 0 or wish.principal_fen + wish.costs_fen <= 0:
        raise Refusal("bill.amount_not_positive", field="amount")
    if wish.from_on > wish.to_on:
        raise Refusal("bill.period_reversed", field="to_on")
    if (wish.to_on - wish.from_on).days > MAX_SPAN_DAYS:
        raise Refusal("bill.period_long", field="to_on", years=3)
    if wish.due_on < wish.issued_on:
        raise Refusal("bill.due_before_issue", field="due_on", issued=wish.issued_on.isoformat())
    unit = estate.unit_row(session, wish.unit_id)
    item = estate.fee_item_row(session, wish.fee_item_id, community_id=unit.community_id)
    policy = plans.load(session, [item.plan_id])[item.plan_id].policy_on(wish.due_on)
    issue = billing.next_issue(session, unit_id=wish.unit_id, fee_item_id=wish.fee_item_id, from_on=wish.from_on)
    return unit, item, issue, policy


def _post(session: Session, wish: Single, today: dt.date) -> int:
    unit, item, issue, policy = _checked(session, wish)
    row = {
        "community_id": unit.community_id,
        "fee_item_id": wish.fee_item_id,
        "period_from_on": wish.from_on,
        "period_to_on": wish.to_on,
        "issue": issue,
        "principal_fen": wish.principal_fen,
        "costs_fen": wish.costs_fen,
        "issued_on": wish.issued_on,
        "due_on": wish.due_on,
        "plan_id": item.plan_id,
        "grace_mode": policy.grace.mode.value,
        "grace_days": policy.grace.days,
        "cap_fen": policy.cap_fen(wish.principal_fen),
    }
    return ledger.post(session, ledger.Posting(wish.unit_id, "bill", row), through=today)
