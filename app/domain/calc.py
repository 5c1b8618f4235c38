"""The calculators as a tool: one JSON case in, one answer out; the same rules as the product, nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from enum import StrEnum

from app.domain import calc_statement
from app.domain.case_reading import Fields, Value
from app.domain.claim import claim_panel
from app.domain.court_fees import court_fees
from app.domain.errors import Refusal
from app.domain.limitation import LONG_STOP_YEARS, Interrupted, Interruption, Rules, Suspended, clock, period
from app.domain.lpr import KNOWN_FROM_ON, KNOWN_THROUGH_ON
from app.domain.money import format_yuan
from app.domain.quoting import quoted
from app.domain.rates import ONE_PER_MILLE

Json = dict[str, object]

MAX_EVENTS = 2000
MAX_PERIOD_DAYS = 36_500
_BASES = (360, 365, 366)


class Kind(StrEnum):
    """What can be asked."""

    STATEMENT = "statement"
    LIMITATION = "limitation"
    PERIOD = "period"
    COURT_FEE = "court-fee"
    CLAIM = "claim"


class Change(StrEnum):
    """The events of a limitation case."""

    DEMAND = "demand"
    PART_PAYMENT = "part_payment"
    PROMISE = "promise"
    DEMAND_CO_OWNER = "demand_co_owner"
    PROMISE_AFTER_EXPIRY = "promise_after_expiry"
    PROCEEDING = "proceeding"
    SUSPENSION = "suspension"


def run(kind: str, case: object) -> Json:
    """Answer one case.

    Raises:
        Refusal: for anything that is not a case of this kind that can stand; never anything else.

    """
    answer = _ANSWERS.get(kind)
    if answer is None:
        raise Refusal("calc.unknown_kind", kind_given=quoted(kind), choices=" | ".join(Kind))
    return {"id": case_id(case)} | answer(Value(case))


def case_id(case: object) -> str | int | None:
    """Return what to call the case by in its answer.

    Raises:
        Refusal: ``case.bad_id``.

    """
    given = case.get("id") if isinstance(case, dict) else None
    if given is None or (isinstance(given, int) and not isinstance(given, bool) and abs(given) < _ID_BOUND):
        return given
    if not isinstance(given, str):
        raise Refusal("case.bad_id", field="id")
    return Value(given, "id").text()


_ID_BOUND = 2**63


def _limitation(case: Value) -> Json:
    fields = case.fields("due_on", "id years transition_2017 filed_on as_of events")
    due_on = fields["due_on"].day()
    rules = Rules(
        fields.read("years", lambda value: value.whole(1, LONG_STOP_YEARS), Rules().years),
        fields.read("transition_2017", Value.flag, default=False),
    )
    events = [_change(item) for item in fields["events"].items(MAX_EVENTS)] if "events" in fields else []
    as_of = fields.read("as_of", Value.day, None)
    filed_on = fields.read("filed_on", Value.day, None)
    if as_of is not None:
        events = [event for event in events if event.on <= as_of]
    found = clock(due_on, events, rules)
    answer: Json = {"act_by_on": _iso(found.act_by_on), "expires_on": _iso(found.expires_on)}
    if as_of is not None:
        answer["status"] = found.status(as_of).value
    if filed_on is not None:
        before = [event for event in events if event.on <= filed_on]
        answer["filed_in_time"] = clock(due_on, before, rules).in_time(filed_on)
    return answer


def _change(item: Value) -> Interrupted | Suspended:
    kind = item.fields("type", "on ended_on removed_on")["type"].choice(Change)
    match kind:
        case Change.SUSPENSION:
            fields = item.fields("type on", "removed_on")
            on = fields["on"].day()
            return Suspended(on, fields.read("removed_on", lambda value: _not_before(on, value), None))
        case Change.PROCEEDING:
            fields = item.fields("type on", "ended_on")
            on = fields["on"].day()
            ended_on = fields.read("ended_on", lambda value: _not_before(on, value), None)
            return Interrupted(Interruption.PROCEEDING, on, ended_on)
        case _:
            return Interrupted(Interruption(kind.value), item.fields("type on")["on"].day())


def _not_before(first: date, value: Value) -> date:
    day = value.day()
    if day < first:
        value.refuse("date.before_start", first=first.isoformat())
    return day


def _period(case: Value) -> Json:
    fields = case.fields("start_on days", "id")
    found = period(fields["start_on"].day(), fields["days"].whole(0, MAX_PERIOD_DAYS))
    return {"act_by_on": _iso(found.act_by_on), "expires_on": _iso(found.expires_on)}


def _court_fee(case: Value) -> Json:
    fees = court_fees(case.fields("amount", "id")["amount"].fen())
    return {
        "ordinary": format_yuan(fees.ordinary_fen),
        "halved": format_yuan(fees.halved_fen),
        "payment_order": format_yuan(fees.payment_order_fen),
        "execution": format_yuan(fees.execution_fen),
        "preservation": format_yuan(fees.preservation_fen),
    }


def _claim(case: Value) -> Json:
    fields = case.fields("principal due_on as_of", "id basis rate")
    panel = claim_panel(
        principal_fen=fields["principal"].fen_not_negative(),
        due_on=fields["due_on"].day(),
        as_of=fields["as_of"].day(),
        rate=fields.read("rate", Value.rate, ONE_PER_MILLE),
        basis=_basis(fields),
    )
    facts = {"known_from": KNOWN_FROM_ON.isoformat(), "known_through": KNOWN_THROUGH_ON.isoformat()}
    return {
        "days": panel.days,
        "contract": format_yuan(panel.contract_fen),
        "fixed": {name: _yuan_or_null(fen) for name, fen in panel.fixed_fen.items()},
        "floating": {name: _yuan_or_null(fen) for name, fen in panel.floating_fen.items()},
        "warnings": [
            {"code": warn.value} | (facts if warn.value.startswith("lpr.") else {}) for warn in panel.warnings
        ],
    }


def _basis(fields: Fields) -> int:
    basis = fields.read("basis", lambda value: value.whole(min(_BASES), max(_BASES)), 365)
    if basis not in _BASES:
        fields["basis"].refuse("rate.unknown_basis")
    return basis


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _yuan_or_null(fen: int | None) -> str | None:
    return None if fen is None else format_yuan(fen)


_ANSWERS: dict[str, Callable[[Value], Json]] = {
    Kind.STATEMENT: calc_statement.answer,
    Kind.LIMITATION: _limitation,
    Kind.PERIOD: _period,
    Kind.COURT_FEE: _court_fee,
    Kind.CLAIM: _claim,
}
