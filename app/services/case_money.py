"""The money of a case: what was decided, what was agreed, what it cost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.domain.cases import PREPARING, CostKind, DateKind, Stage
from app.domain.deeds import By
from app.domain.errors import Refusal, conflict, not_found
from app.store import case_log, cases, once


@dataclass(frozen=True, slots=True)
class Judgment:
    """What was decided: the paper, its day, the amounts awarded and the last day to perform."""

    kind: str
    number: str
    issued_on: dt.date
    principal_fen: int
    late_charge_fen: int
    costs_fen: int
    perform_by_on: dt.date | None
    note: str = ""


def add_judgment(session: Session, *, case_id: int, judgment: Judgment, by: By, key: str) -> int:
    """Record what was decided and return its id; a later row takes the place of an earlier one.

    Raises:
        Refusal: ``case.unknown``, ``case.closed``, ``case.not_before_court``, ``case.step_ahead``,
            ``case.perform_before_judgment``, ``case.more_than_claimed``, ``form.key_reused``.

    """
    row = cases.locked(session, case_id)
    asked = {"case": case_id, "actor": by.actor_id, "judgment": judgment}
    if (answered := once.claim(session, key=key, scope="case_judgment", request=asked, now=by.now)) is not None:
        return int(answered["id"])
    _open(row)
    if Stage(row["stage"]) in PREPARING:
        raise conflict("case.not_before_court")
    if judgment.issued_on > by.today:
        raise Refusal("case.step_ahead", field="issued_on")
    if judgment.perform_by_on is not None and judgment.perform_by_on < judgment.issued_on:
        raise Refusal("case.perform_before_judgment", field="perform_by_on")
    if judgment.principal_fen > row["principal_fen"]:
        raise Refusal("case.more_than_claimed", field="principal")
    new = {name: getattr(judgment, name) for name in Judgment.__slots__}
    made = cases.add(
        session, "judgment", [{"case_id": case_id, **new, "recorded_by": by.actor_id, "recorded_at": by.now}]
    )[0]
    case_log.log(session, row, "case.judgment_recorded", by, judgment=made)
    facts = {"number": judgment.number, "issued_on": judgment.issued_on.isoformat()}
    case_log.tell(session, row, "case.judgment", by, **facts, principal_fen=judgment.principal_fen)
    once.settle(session, key=key, scope="case_judgment", result={"id": made})
    return made


def add_plan(
    session: Session,
    *,
    case_id: int,
    kind: str,
    agreed_on: dt.date,
    parts: Sequence[tuple[dt.date, int]],
    note: str,
    by: By,
    key: str,
) -> int:
    """Record a settlement or instalments and return its id; whether it is kept is read from the ledger.

    Raises:
        Refusal: ``case.unknown``, ``case.closed``, ``case_plan.empty``, ``case_plan.not_in_order``,
            ``case_plan.before_agreed``, ``case.step_ahead``, ``form.key_reused``.

    """
    row = cases.locked(session, case_id)
    asked = {"case": case_id, "actor": by.actor_id, "kind": kind, "on": agreed_on, "parts": list(parts)}
    if (answered := once.claim(session, key=key, scope="case_plan", request=asked, now=by.now)) is not None:
        return int(answered["id"])
    _open(row)
    if not parts:
        raise Refusal("case_plan.empty", field="parts")
    if agreed_on > by.today:
        raise Refusal("case.step_ahead", field="agreed_on")
    days = [on for on, _ in parts]
    if days != sorted(days):
        raise Refusal("case_plan.not_in_order", field="parts")
    if days[0] < agreed_on:
        raise Refusal("case_plan.before_agreed", field="parts")
    total = sum(fen for _, fen in parts)
    plan = {"case_id": case_id, "kind": kind, "agreed_on": agreed_on, "total_fen": total, "note": note}
    made = cases.add(session, "plan", [plan | {"recorded_by": by.actor_id, "recorded_at": by.now}])[0]
    lines = [
        {"plan_id": made, "nth": nth, "due_on": on, "amount_fen": fen} for nth, (on, fen) in enumerate(parts, start=1)
    ]
    cases.add(session, "instalment", lines)
    case_log.log(session, row, "case.plan_recorded", by, plan=made, parts=len(lines))
    case_log.tell(session, row, "case.plan", by, agreed_on=agreed_on.isoformat(), total_fen=total)
    once.settle(session, key=key, scope="case_plan", result={"id": made})
    return made


def add_cost(
    session: Session,
    *,
    case_id: int,
    kind: CostKind,
    amount_fen: int,
    paid_on: dt.date,
    borne_by: str,
    note: str,
    by: By,
    key: str,
) -> int:
    """Record what was paid for a case and return its id; it is no part of the owner's ledger.

    Raises:
        Refusal: ``case.unknown``, ``case.step_ahead``, ``money.not_positive``, ``form.key_reused``.

    """
    row = cases.locked(session, case_id)
    asked = {"case": case_id, "actor": by.actor_id, "kind": kind, "fen": amount_fen, "on": paid_on, "by": borne_by}
    if (answered := once.claim(session, key=key, scope="case_cost", request=asked, now=by.now)) is not None:
        return int(answered["id"])
    if paid_on > by.today:
        raise Refusal("case.step_ahead", field="paid_on")
    cost = {"kind": kind.value, "amount_fen": amount_fen, "paid_on": paid_on, "borne_by": borne_by, "note": note}
    made = cases.add(
        session, "cost", [{"case_id": case_id, **cost, "recorded_by": by.actor_id, "recorded_at": by.now}]
    )[0]
    if kind is CostKind.COURT_FEE:
        kinds = [DateKind.FEE_PAYMENT.value]
        cases.finish_dates(session, case_id=case_id, kinds=kinds, by=by.actor_id, at=by.now)
    case_log.log(session, row, "case.cost_recorded", by, cost=made)
    once.settle(session, key=key, scope="case_cost", result={"id": made})
    return made


def take_back_cost(session: Session, *, case_id: int, cost_id: int, by: By) -> None:
    """Take back a cost entered by mistake: a row of the opposite sign names it.

    Raises:
        Refusal: ``case.unknown``, ``case_cost.unknown``, ``case_cost.taken_back``.

    """
    row = cases.locked(session, case_id)
    wrong = next((one for one in cases.costs(session, case_id) if one["id"] == cost_id), None)
    if wrong is None:
        raise not_found("case_cost.unknown")
    if wrong["is_void"]:
        raise conflict("case_cost.taken_back")
    names = ("case_id", "kind", "paid_on", "borne_by", "note")
    back = {name: wrong[name] for name in names} | {"amount_fen": -wrong["amount_fen"], "takes_back_id": cost_id}
    cases.add(session, "cost", [back | {"recorded_by": by.actor_id, "recorded_at": by.now}])
    case_log.log(session, row, "case.cost_taken_back", by, cost=cost_id)


# --- private ----------------------------------------------------------------------------------------


def _open(row: Mapping[str, Any]) -> None:
    if row["stage"] == Stage.CLOSED.value:
        raise conflict("case.closed")
