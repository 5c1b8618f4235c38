"""The bills of one account, their terms, and the checks on what may be said about them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from app.domain.allocation import AGREED, AllocationPolicy
from app.domain.errors import Refusal
from app.domain.events import ConditionalWaiver, Discount, Event, Hold, LateChargeWaiver, Payment, Reversal
from app.domain.rates import Rate, RateIndex

FOREVER = date.max


class GraceMode(StrEnum):
    """Whether days of grace move the start of charging, or forgive it altogether if used."""

    NONE = "none"
    SHIFT = "shift"
    THRESHOLD = "threshold"


@dataclass(frozen=True, slots=True)
class Grace:
    """Days of grace after the due date."""

    mode: GraceMode = GraceMode.NONE
    days: int = 0


NO_GRACE = Grace()


@dataclass(frozen=True, slots=True)
class Terms:
    """What a late charge runs on; ``own_rate`` (default: the rate before any change) ranks burdens (Civil Code 560)."""

    rates: RateIndex
    grace: Grace = NO_GRACE
    cap_ratio: Fraction | None = None
    own_rate: Rate | None = None

    @property
    def burden(self) -> Fraction:
        """How heavily this bill weighs beside others."""
        return (self.own_rate or self.rates.first_rate).fraction


@dataclass(frozen=True, slots=True)
class Bill:
    """One debt of its own; ``due_on`` is the last day on time, already rolled where the contract rolls."""

    id: str
    principal_fen: int
    due_on: date
    issued_on: date
    terms: Terms
    costs_fen: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """The bills of one payer in the order given, and what happened to them in recording order.

    ``judged_ids`` are the discounts and waivers that are refused if they are too large; None means all. What was
    accepted once counts for as much as there is to forgive, whatever becomes known later.
    """

    bills: tuple[Bill, ...]
    events: tuple[Event, ...] = ()
    policy: AllocationPolicy = AGREED
    judged_ids: frozenset[str] | None = None

    def adding(self, *events: Event) -> Account:
        """Return the account with more events, which alone are judged: what stands, stands."""
        return replace(self, events=(*self.events, *events), judged_ids=frozenset(event.id for event in events))


def charged_after(bill: Bill) -> date:
    """Return the last day that is free of charge: the due date, or the end of shifted grace."""
    if bill.terms.grace.mode is GraceMode.SHIFT:
        return bill.due_on + timedelta(days=bill.terms.grace.days)
    return bill.due_on


def silent_until_on(bill: Bill) -> date | None:
    """Return the last day on which the late charge shows as zero under threshold grace, else None."""
    if bill.terms.grace.mode is GraceMode.THRESHOLD:
        return bill.due_on + timedelta(days=bill.terms.grace.days)
    return None


def check_account(account: Account) -> None:
    """Refuse what cannot be right whatever the figures are; ``event`` among the facts names the culprit.

    Raises:
        Refusal: ``*.unknown_bill``, ``*.amount_not_positive``, ``reversal.*``, ``*.duplicate_id`` and the like.

    """
    bills: set[str] = set()
    for bill in account.bills:
        if bill.id in bills:
            raise Refusal("bill.duplicate_id", field="id", bill=bill.id)
        if bill.principal_fen < 0 or bill.costs_fen < 0:
            raise Refusal("bill.negative", field="principal", bill=bill.id)
        bills.add(bill.id)
    # Bills and events share their names, since a reversal may name either.
    names = set(bills)
    for event in account.events:
        _require(event.id not in names, event, "event.duplicate_id", "id")
        names.add(event.id)
    for event in account.events:
        _check_event(event, bills)
    _check_reversals(account)


def _check_event(event: Event, bills: set[str]) -> None:
    match event:
        case Payment():
            _require(event.amount_fen > 0, event, "payment.amount_not_positive", "amount")
            _require(bills.issuperset(event.bill_ids), event, "payment.unknown_bill", "bills")
        case Discount():
            _require(event.bill_id in bills, event, "discount.unknown_bill", "bill")
            _require(event.amount_fen > 0, event, "discount.amount_not_positive", "amount")
        case LateChargeWaiver():
            _require(event.bill_id in bills, event, "waiver.unknown_bill", "bill")
            _require((event.amount_fen is None) != (event.ratio is None), event, "waiver.amount_or_ratio", "amount")
            _require(event.amount_fen is None or event.amount_fen > 0, event, "waiver.amount_not_positive", "amount")
            _require(event.ratio is None or 0 < event.ratio <= 1, event, "waiver.ratio_out_of_range", "ratio")
        case ConditionalWaiver():
            _require(bool(event.bill_ids), event, "conditional_waiver.no_bills", "bills")
            _require(bills.issuperset(event.bill_ids), event, "conditional_waiver.unknown_bill", "bills")
            _require(event.pay_by >= event.on, event, "conditional_waiver.pay_by_before_on", "pay_by")
        case Hold():
            _require(bills.issuperset(event.bill_ids), event, "hold.unknown_bill", "bills")
            _require(event.to_on >= event.from_on, event, "hold.to_before_from", "to")
        case Reversal():  # pragma: no branch - mypy sees that every kind is named
            pass


def _check_reversals(account: Account) -> None:
    since = {bill.id: date.min for bill in account.bills}
    since |= {event.id: date.min if isinstance(event, Hold) else event.on for event in account.events}
    reversals = [event for event in account.events if isinstance(event, Reversal)]
    own_ids = {reversal.id for reversal in reversals}
    gone: set[str] = set()
    for reversal in reversals:
        target = reversal.target_id
        _require(target in since, reversal, "reversal.unknown_target", "target")
        _require(target not in own_ids, reversal, "reversal.of_a_reversal", "target")
        _require(target not in gone, reversal, "reversal.already_reversed", "target")
        _require(reversal.on >= since[target], reversal, "reversal.before_target", "on")
        gone.add(target)


def _require(condition: bool, event: Event, code: str, field: str) -> None:  # noqa: FBT001 - reads as a sentence at its calls
    if not condition:
        raise Refusal(code, field=field, event=event.id)
