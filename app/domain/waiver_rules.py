"""What speaks for and against a waiver by the office's own rules: numbered, each with its facts; a person decides."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from app.domain.waivers import WaiverKind, WaiverReason

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_IN_24_MONTHS = 2
ON_TIME_LEAST = 80
"""Bills cleared by their day, in per cent, that a first slip takes."""
_FOR_PRINCIPAL = frozenset(
    {
        WaiverReason.SERVICE_FAULT,
        WaiverReason.BILLING_FAULT,
        WaiverReason.HARDSHIP,
        WaiverReason.ILLNESS,
        WaiverReason.BEREAVEMENT,
        WaiverReason.VACANCY,
        WaiverReason.SETTLEMENT,
        WaiverReason.OTHER,
    }
)


class Outcome(StrEnum):
    """What a rule says: met, worth a second look, or a bar that the product itself keeps."""

    MET = "met"
    LOOK = "look"
    BARRED = "barred"


@dataclass(frozen=True, slots=True)
class Case:
    """What the rules are asked about; amounts in fen, None for a limit or budget that does not apply."""

    kind: WaiverKind
    reason: WaiverReason
    effect_fen: int
    is_own_request: bool
    is_expired: bool
    has_evidence: bool
    limit_fen: int | None
    budget_left_fen: int | None
    may_exceed_budget: bool
    waivers_24_months: int
    bills_due: int
    bills_on_time: int
    open_disputes: int

    @property
    def on_time_percent(self) -> int | None:
        """Bills cleared by their day, in whole per cent, down; None where nothing was due yet."""
        return None if not self.bills_due else self.bills_on_time * 100 // self.bills_due


@dataclass(frozen=True, slots=True)
class Check:
    """One rule with its number, what it says and the facts it went by (``_fen`` for money)."""

    number: int
    rule: str
    outcome: Outcome
    facts: Mapping[str, int | str]


def check(case: Case) -> tuple[Check, ...]:
    """Return every rule that applies, in order of its number."""
    found = [
        _bar(1, "second_person", not case.is_own_request),
        _bar(2, "in_time", not case.is_expired),
    ]
    if case.limit_fen is not None:
        facts = {"limit_fen": case.limit_fen, "effect_fen": case.effect_fen}
        found.append(_bar(3, "limit", case.effect_fen <= case.limit_fen, **facts))
    if case.budget_left_fen is not None:
        fits = case.effect_fen <= case.budget_left_fen
        outcome = Outcome.MET if fits else Outcome.LOOK if case.may_exceed_budget else Outcome.BARRED
        left = {"left_fen": case.budget_left_fen, "effect_fen": case.effect_fen}
        found.append(Check(4, "budget", outcome, left))
    found.append(_look(5, "evidence", case.has_evidence or case.reason is WaiverReason.FIRST_TIME))
    if case.reason is WaiverReason.FIRST_TIME:
        percent = case.on_time_percent
        is_first = case.waivers_24_months == 0 and percent is not None and percent >= ON_TIME_LEAST
        found.append(_look(6, "first_time", is_first, percent=percent or 0, waivers=case.waivers_24_months))
    repeated = case.waivers_24_months >= MOST_IN_24_MONTHS
    found.append(_look(7, "not_repeated", not repeated, waivers=case.waivers_24_months))
    found.append(_look(8, "no_dispute", case.open_disputes == 0, disputes=case.open_disputes))
    if case.kind is WaiverKind.DISCOUNT:
        found.append(_look(9, "kind_fits", case.reason in _FOR_PRINCIPAL))
    return tuple(found)


def _bar(number: int, rule: str, is_met: bool, **facts: int) -> Check:  # noqa: FBT001 - the outcome itself
    return Check(number, rule, Outcome.MET if is_met else Outcome.BARRED, facts)


def _look(number: int, rule: str, is_met: bool, **facts: int) -> Check:  # noqa: FBT001 - the outcome itself
    return Check(number, rule, Outcome.MET if is_met else Outcome.LOOK, facts)
