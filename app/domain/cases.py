"""A case on its way: the stages and which may follow which, the periods each begins, and what to check beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from app.domain.calendar import OFFICIAL, Calendar, add_months
from app.domain.case_paths import Path

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Stage(StrEnum):
    """Where a case stands."""

    DRAFT = "draft"
    READY = "ready"
    FILED = "filed"
    ACCEPTED = "accepted"
    HEARING = "hearing"
    JUDGMENT = "judgment"
    SETTLEMENT = "settlement"
    WITHDRAWN = "withdrawn"
    DISMISSED = "dismissed"
    EFFECTIVE = "effective"
    ENFORCEMENT = "enforcement"
    CLOSED = "closed"


class Capacity(StrEnum):
    """As what somebody is a party."""

    COMPANY = "company"
    OWNER = "owner"
    CO_OWNER = "co_owner"
    HEIR = "heir"
    SPOUSE = "spouse"
    DEVELOPER = "developer"
    USER = "user"


class DateKind(StrEnum):
    """What a day in the calendar of a case is for."""

    HEARING = "hearing"
    FEE_PAYMENT = "fee_payment"
    EVIDENCE = "evidence"
    ORDER_ISSUE = "order_issue"
    ORDER_SERVICE = "order_service"
    OBJECTION = "objection"
    TRIAL_LIMIT = "trial_limit"
    APPEAL = "appeal"
    CONFIRMATION = "confirmation"
    PERFORM = "perform"
    ENFORCEMENT = "enforcement"
    OTHER = "other"


class CostKind(StrEnum):
    """What a case costs."""

    COURT_FEE = "court_fee"
    PRESERVATION = "preservation"
    ENFORCEMENT = "enforcement"
    LAWYER = "lawyer"
    OTHER = "other"


_S = Stage
_OUTCOMES = (_S.SETTLEMENT, _S.WITHDRAWN, _S.DISMISSED)
MOVES: dict[Stage, tuple[Stage, ...]] = {
    _S.DRAFT: (_S.READY, _S.CLOSED),
    _S.READY: (_S.FILED, _S.DRAFT, _S.CLOSED),
    _S.FILED: (_S.ACCEPTED, *_OUTCOMES),
    _S.ACCEPTED: (_S.HEARING, _S.JUDGMENT, *_OUTCOMES),
    _S.HEARING: (_S.JUDGMENT, *_OUTCOMES),
    _S.JUDGMENT: (_S.EFFECTIVE, _S.HEARING, _S.ACCEPTED, _S.SETTLEMENT),
    _S.SETTLEMENT: (_S.EFFECTIVE, _S.HEARING, _S.WITHDRAWN, _S.CLOSED),
    _S.WITHDRAWN: (_S.CLOSED,),
    _S.DISMISSED: (_S.CLOSED,),
    _S.EFFECTIVE: (_S.ENFORCEMENT, _S.CLOSED),
    _S.ENFORCEMENT: (_S.CLOSED,),
    _S.CLOSED: (),
}

PENDING = frozenset({_S.FILED, _S.ACCEPTED, _S.HEARING, _S.JUDGMENT, _S.SETTLEMENT})
"""Before a court: the limitation of every bill in the case stands still."""
ENDED = frozenset({_S.WITHDRAWN, _S.DISMISSED, _S.EFFECTIVE, _S.ENFORCEMENT, _S.CLOSED})
PREPARING = frozenset({_S.DRAFT, _S.READY})


def moves(stage: Stage, path: Path) -> tuple[Stage, ...]:
    """Return the stages that may follow; only a payment order goes back to being accepted (as a suit)."""
    found = MOVES[stage]
    if stage is _S.JUDGMENT and path is not Path.PAYMENT_ORDER:
        found = tuple(one for one in found if one is not _S.ACCEPTED)
    if path in {Path.PAYMENT_ORDER, Path.MEDIATION}:
        found = tuple(one for one in found if one is not _S.HEARING)
    return found


def begins(before: Stage, after: Stage) -> bool:
    """Say whether a proceeding begins with this step: from here on limitation stands still."""
    return before in PREPARING and after is _S.FILED


def ends(before: Stage, after: Stage) -> bool:
    """Say whether the proceeding ends with this step: from here on limitation runs anew."""
    return before in PENDING and after in ENDED


def can_be_undone(before: Stage, after: Stage) -> bool:
    """Say whether a step may be taken back: the end of a proceeding started clocks anew, that one stays."""
    return not ends(before, after) and after is not _S.CLOSED


# --- periods ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Deadline:
    """A day to keep: the last day rolled past rest days; ``is_known`` is false past the last official calendar."""

    kind: DateKind
    due_on: date
    article: str
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class _Term:
    kind: DateKind
    article: str
    days: int = 0
    months: int = 0


_ACCEPTED_TERMS: dict[Path, tuple[_Term, ...]] = {
    Path.PAYMENT_ORDER: (
        _Term(DateKind.ORDER_ISSUE, "civil_procedure.order_issue", days=15),
        _Term(DateKind.FEE_PAYMENT, "court_fee_rules.pay_in_seven_days", days=7),
    ),
    Path.SMALL_CLAIMS: (
        _Term(DateKind.FEE_PAYMENT, "court_fee_rules.pay_in_seven_days", days=7),
        _Term(DateKind.EVIDENCE, "procedure_interpretation.small_evidence", days=7),
        _Term(DateKind.TRIAL_LIMIT, "civil_procedure.small_claims_limit", months=2),
    ),
    Path.SIMPLIFIED: (
        _Term(DateKind.FEE_PAYMENT, "court_fee_rules.pay_in_seven_days", days=7),
        _Term(DateKind.EVIDENCE, "evidence_rules.evidence_term", days=15),
        _Term(DateKind.TRIAL_LIMIT, "civil_procedure.simplified_limit", months=3),
    ),
    Path.ORDINARY: (
        _Term(DateKind.FEE_PAYMENT, "court_fee_rules.pay_in_seven_days", days=7),
        _Term(DateKind.EVIDENCE, "evidence_rules.evidence_term", days=15),
    ),
}
_APPEALABLE = frozenset({Path.SIMPLIFIED, Path.ORDINARY})
_ENFORCEMENT_MONTHS = 24


def deadlines(
    stage: Stage, path: Path, on: date, *, perform_by_on: date | None = None, calendar: Calendar = OFFICIAL
) -> tuple[Deadline, ...]:
    """Return the periods a step begins; the day itself is not counted (Civil Code 201).

    ``on`` is the day the paper that begins the period reached us; the court's own date replaces any of these.
    """
    match stage:
        case Stage.ACCEPTED:
            terms = _ACCEPTED_TERMS.get(path, ())
        case Stage.JUDGMENT if path is Path.PAYMENT_ORDER:
            terms = (
                _Term(DateKind.OBJECTION, "civil_procedure.order_objection", days=15),
                _Term(DateKind.ORDER_SERVICE, "procedure_interpretation.order_service", days=30),
            )
        case Stage.JUDGMENT if path in _APPEALABLE:
            terms = (_Term(DateKind.APPEAL, "civil_procedure.appeal", days=15),)
        case Stage.SETTLEMENT if path is Path.MEDIATION:
            terms = (_Term(DateKind.CONFIRMATION, "civil_procedure.confirmation", days=30),)
        case Stage.EFFECTIVE:
            return _after_judgment(on, perform_by_on, calendar)
        case _:
            terms = ()
    return tuple(_deadline(term, on, calendar) for term in terms)


def enforcement_until(perform_by_on: date | None, effective_on: date, calendar: Calendar = OFFICIAL) -> Deadline:
    """Return the last day to apply for enforcement: two years from the last day to perform, else from the effect."""
    start = perform_by_on or effective_on
    term = _Term(DateKind.ENFORCEMENT, "civil_procedure.enforcement_period", months=_ENFORCEMENT_MONTHS)
    return _deadline(term, start, calendar)


def _after_judgment(on: date, perform_by_on: date | None, calendar: Calendar) -> tuple[Deadline, ...]:
    last = enforcement_until(perform_by_on, on, calendar)
    if perform_by_on is None:
        return (last,)
    return Deadline(DateKind.PERFORM, perform_by_on, "civil_procedure.must_perform"), last


def _deadline(term: _Term, on: date, calendar: Calendar) -> Deadline:
    end = add_months(on, term.months) if term.months else on + timedelta(days=term.days)
    rolled, known = calendar.roll(end)
    return Deadline(term.kind, rolled, term.article, known)


# --- checks before a case is opened -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a unit the day a case is to be opened."""

    bills: int
    owners: int
    principal_fen: int
    bills_in_other_case: int = 0
    open_objections: int = 0
    open_holds: int = 0
    open_requests: int = 0
    bills_without_proof: int = 0
    bills_expired: int = 0
    bills_soon: int = 0
    owners_without_id: int = 0
    owners_at_due_differ: bool = False
    has_company: bool = True
    has_contract: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: ``blocks`` can not be overridden, ``asks`` needs a reason, the rest is for information."""

    code: str
    weight: str
    count: int = 0


BLOCKS, ASKS, TELLS = "blocks", "asks", "tells"


def findings(found: Standing) -> tuple[Finding, ...]:
    """Return what stands against opening a case, the gravest first."""
    checks = (
        (found.bills == 0 or found.principal_fen <= 0, "case_finding.nothing_owed", BLOCKS, 0),
        (found.owners == 0, "case_finding.no_owner", BLOCKS, 0),
        (found.bills_in_other_case > 0, "case_finding.in_other_case", BLOCKS, found.bills_in_other_case),
        (found.open_objections > 0, "case_finding.objection", ASKS, found.open_objections),
        (found.open_holds > 0, "case_finding.hold", ASKS, found.open_holds),
        (found.open_requests > 0, "case_finding.request", ASKS, found.open_requests),
        (found.bills_expired > 0, "case_finding.expired", ASKS, found.bills_expired),
        (found.bills_without_proof > 0, "case_finding.no_proof", ASKS, found.bills_without_proof),
        (not found.has_company, "case_finding.company", ASKS, 0),
        (found.owners_at_due_differ, "case_finding.owners_differ", TELLS, 0),
        (found.bills_soon > 0, "case_finding.soon", TELLS, found.bills_soon),
        (found.owners_without_id > 0, "case_finding.no_id", TELLS, found.owners_without_id),
        (not found.has_contract, "case_finding.contract", TELLS, 0),
    )
    return tuple(Finding(code, weight, count) for is_met, code, weight, count in checks if is_met)


def weights(found: Iterable[Finding]) -> frozenset[str]:
    """Return which weights occur."""
    return frozenset(one.weight for one in found)


# --- instalments ----------------------------------------------------------------------------------------


class Kept(StrEnum):
    """What became of an instalment."""

    PAID = "paid"
    PAID_LATE = "paid_late"
    MISSED = "missed"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Instalment:
    """One instalment and what became of it; ``paid_fen`` of it are paid."""

    nth: int
    due_on: date
    amount_fen: int
    paid_fen: int
    state: Kept


def instalments(
    plan: Sequence[tuple[int, date, int]], payments: Iterable[tuple[date, int]], as_of: date
) -> tuple[Instalment, ...]:
    """Say of each (number, due day, amount) whether it was kept: payments fill the oldest instalment first."""
    received = sorted((on, fen) for on, fen in payments if on <= as_of)
    found, before = [], 0
    for nth, due_on, amount_fen in plan:
        upto = before + amount_fen
        in_time = sum(fen for on, fen in received if on <= due_on)
        total = sum(fen for _, fen in received)
        paid = max(0, min(total - before, amount_fen))
        if paid >= amount_fen:
            state = Kept.PAID if in_time >= upto else Kept.PAID_LATE
        else:
            state = Kept.MISSED if due_on < as_of else Kept.OPEN
        found.append(Instalment(nth, due_on, amount_fen, paid, state))
        before = upto
    return tuple(found)
