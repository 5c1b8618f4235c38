"""The statement case of the calculators: its JSON read into an account, and the statement written back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction

from app.domain import calendar
from app.domain.allocation import Across, AllocationPolicy, Credit, Tie, Within
from app.domain.case_reading import Fields, Value
from app.domain.errors import Refusal
from app.domain.events import ConditionalWaiver, Discount, Event, Hold, LateChargeWaiver, Payment, Reversal
from app.domain.ledger import Account, Bill, BillStatement, Grace, GraceMode, Segment, Statement, Terms, statement
from app.domain.money import format_yuan, half_up, half_up_fraction
from app.domain.rates import ONE_PER_MILLE, Rate, RateIndex

Json = dict[str, object]

MAX_BILLS = 500
MAX_EVENTS = 2000
MAX_RATE_CHANGES = 200
MAX_NAMES = 5000
MAX_SEGMENTS = 100_000
"""Bills times events and rate changes: what could have to be printed."""
MAX_WORK = 600_000
"""Bills times events times changes of what is known: some seconds of work."""
MAX_GRACE_DAYS = 3660
_DECIMALS = 10
_STEPS_A_FEN = 10 ** (_DECIMALS - 2)


class EventType(StrEnum):
    """What an event of the case may be."""

    PAYMENT = "payment"
    PAYMENT_REVERSAL = "payment_reversal"
    DISCOUNT = "discount"
    LATE_CHARGE_WAIVER = "late_charge_waiver"
    CONDITIONAL_WAIVER = "conditional_waiver"
    HOLD = "hold"


@dataclass(slots=True)
class _Policy:
    allocation: AllocationPolicy
    grace: Grace
    roll_due: bool
    rate_changes: list[tuple[date, Rate]]


@dataclass(slots=True)
class Spelling:
    """How the case puts things, so that the answer puts them in the same way; and the years that had no calendar."""

    rates: dict[Rate, object] = field(default_factory=dict)
    payments: dict[str, str] = field(default_factory=dict)
    unknown_years: set[int] = field(default_factory=set)

    def rate(self, value: Value) -> Rate:
        """Read a rate and remember a yearly one as it was written."""
        rate = value.rate()
        if isinstance(value.raw, dict) and "per_year" in value.raw:
            self.rates.setdefault(rate, {"per_year": value.raw["per_year"], "basis": value.raw.get("basis", 365)})
        return rate

    def written(self, rate: Rate) -> object:
        """Return the rate in a form in which it can be given again."""
        if rate not in self.rates:
            self.rates[rate] = decimal_text(rate.fraction, least=0, most=_DECIMALS + 2)
        return self.rates[rate]


def answer(case: Value) -> Json:
    """Answer a statement case.

    Raises:
        Refusal: for anything that cannot stand, pointing at the key.

    """
    account, as_of, spelling = read_account(case)
    try:
        found = statement(account, as_of)
    except Refusal as refusal:
        raise _located(refusal) from None
    return described(found, payments=spelling.payments, spelling=spelling)


def read_account(case: Value) -> tuple[Account, date, Spelling]:
    """Read a statement case; its events are known to the account by their path in the case.

    Raises:
        Refusal: for anything that is not such a case.

    """
    fields = case.fields("as_of bills", "id policy events")
    as_of = fields["as_of"].day()
    spelling = Spelling()
    policy = _policy(fields.read("policy", lambda value: value, Value({}, "policy")), spelling)
    bills = _bills(fields["bills"], policy, spelling)
    items: list[Value] = fields["events"].items(MAX_EVENTS) if "events" in fields else []
    events = _events(items, spelling)
    _check_work(len(bills), len(policy.rate_changes), events)
    return Account(tuple(bills), events, policy.allocation), as_of, spelling


def described(found: Statement, *, payments: Mapping[str, str], spelling: Spelling | None = None) -> Json:
    """Write a statement as JSON; ``payments`` gives the name under which the reader knows each payment."""
    spelling = spelling or Spelling()
    return {
        "as_of": found.as_of.isoformat(),
        "bills": {bill.bill.id: _bill_answer(bill, spelling) for bill in found.bills},
        "total_due": format_yuan(found.total_due_fen),
        "credit": format_yuan(found.credit_fen),
        "allocations": [
            {
                "payment": payments[allocation.payment_id],
                "on": allocation.on.isoformat(),
                "bill": allocation.bill_id,
                "component": allocation.component.value,
                "amount": format_yuan(allocation.amount_fen),
            }
            for allocation in found.allocations
        ],
        "warnings": [{"code": "calendar.year_unknown", "year": year} for year in sorted(spelling.unknown_years)],
    }


def decimal_text(value: Fraction, *, least: int, most: int) -> str:
    """Write a fraction with at least ``least`` decimals and as many as it needs up to ``most`` (then half up)."""
    return _point(half_up(value.numerator * 10**most, value.denominator), least, most)


def _point(scaled: int, least: int, most: int) -> str:
    """Write a whole number of the last of ``most`` decimals without the zeros past the first ``least``."""
    whole, rest = divmod(scaled, 10**most)
    decimals = f"{rest:0{most}d}".rstrip("0").ljust(least, "0")
    return f"{whole}.{decimals}" if decimals else str(whole)


# --- reading ---------------------------------------------------------------------------------------

_ANY = "type id on amount bills bill payment retroactive ratio pay_by from to"


def _policy(value: Value, spelling: Spelling) -> _Policy:
    fields = value.fields("", "within across tie roll_due credit grace rate_changes")
    return _Policy(
        AllocationPolicy(
            within=fields.read("within", lambda item: item.choice(Within), Within.PRINCIPAL_FIRST),
            across=fields.read("across", lambda item: item.choice(Across), Across.OLDEST_FIRST),
            tie=fields.read("tie", lambda item: item.choice(Tie), Tie.BY_ID),
            credit=fields.read("credit", lambda item: item.choice(Credit), Credit.KEEP),
        ),
        fields.read("grace", _grace, Grace()),
        fields.read("roll_due", Value.flag, default=False),
        fields.read("rate_changes", lambda item: _rate_changes(item, spelling), []),
    )


def _grace(value: Value) -> Grace:
    fields = value.fields("", "mode days")
    return Grace(
        fields.read("mode", lambda item: item.choice(GraceMode), GraceMode.NONE),
        fields.read("days", lambda item: item.whole(0, MAX_GRACE_DAYS), 0),
    )


def _rate_changes(value: Value, spelling: Spelling) -> list[tuple[date, Rate]]:
    changes: dict[date, Rate] = {}
    for item in value.items(MAX_RATE_CHANGES):
        fields = item.fields("from rate")
        from_on = fields["from"].day()
        if from_on in changes:
            fields["from"].refuse("rate.two_on_one_day", on=from_on.isoformat())
        changes[from_on] = spelling.rate(fields["rate"])
    return list(changes.items())


def _bills(value: Value, policy: _Policy, spelling: Spelling) -> list[Bill]:
    bills: dict[str, Bill] = {}
    for item in value.items(MAX_BILLS):
        bill = _bill(item, policy, spelling)
        if bill.id in bills:
            raise Refusal("bill.duplicate_id", field=f"{item.path}.id", bill=bill.id)
        bills[bill.id] = bill
    return list(bills.values())


def _bill(value: Value, policy: _Policy, spelling: Spelling) -> Bill:
    fields = value.fields("id principal due_on", "issued_on rate cap_ratio costs")
    due_on = fields["due_on"].day()
    if policy.roll_due:
        given = due_on
        due_on, known = calendar.roll(given)
        if not known:
            spelling.unknown_years.update({given.year, due_on.year} - calendar.years_known())
    own_rate = fields.read("rate", spelling.rate, ONE_PER_MILLE)
    return Bill(
        id=fields["id"].text(),
        principal_fen=fields["principal"].fen_not_negative(),
        due_on=due_on,
        issued_on=fields.read("issued_on", Value.day, due_on),
        terms=Terms(
            rates=RateIndex.constant(own_rate, policy.rate_changes),
            grace=policy.grace,
            cap_ratio=fields.read("cap_ratio", Value.ratio, None),
            own_rate=own_rate,
        ),
        costs_fen=fields.read("costs", Value.fen_not_negative, 0),
    )


def _events(items: list[Value], spelling: Spelling) -> tuple[Event, ...]:
    places: dict[str, str] = {}
    for item in items:
        fields = item.fields("type", _ANY)
        if fields["type"].choice(EventType) is EventType.PAYMENT:
            name = item.fields("type id", _ANY)["id"].text()
            if name in places:
                fields["id"].refuse("payment.duplicate_id", payment=name)
            places[name] = item.path
    spelling.payments.update({path: name for name, path in places.items()})
    return tuple(_event(item, places) for item in items)


def _event(item: Value, payments: dict[str, str]) -> Event:
    match item.fields("type", _ANY)["type"].choice(EventType):
        case EventType.PAYMENT:
            fields = item.fields("type id on amount", "bills")
            return Payment(item.path, fields["on"].day(), fields["amount"].fen(), _names(fields))
        case EventType.PAYMENT_REVERSAL:
            fields = item.fields("type on payment")
            name = fields["payment"].text()
            if name not in payments:
                fields["payment"].refuse("reversal.unknown_target")
            return Reversal(item.path, fields["on"].day(), payments[name])
        case EventType.DISCOUNT:
            fields = item.fields("type on bill amount", "retroactive")
            retroactive = fields.read("retroactive", Value.flag, default=False)
            return Discount(item.path, fields["on"].day(), fields["bill"].text(), fields["amount"].fen(), retroactive)
        case EventType.LATE_CHARGE_WAIVER:
            fields = item.fields("type on bill", "amount ratio")
            amount, ratio = fields.read("amount", Value.fen, None), fields.read("ratio", Value.ratio, None)
            return LateChargeWaiver(item.path, fields["on"].day(), fields["bill"].text(), amount, ratio)
        case EventType.CONDITIONAL_WAIVER:
            fields = item.fields("type on bills pay_by")
            return ConditionalWaiver(item.path, fields["on"].day(), _names(fields), fields["pay_by"].day())
        case EventType.HOLD:  # pragma: no branch - mypy sees that every kind is named
            fields = item.fields("type from to", "bills")
            names = _names(fields)
            if "bills" in fields and not names:
                fields["bills"].refuse("hold.no_bills")
            return Hold(item.path, fields["from"].day(), fields["to"].day(), names)


def _names(fields: Fields) -> tuple[str, ...]:
    return fields.read("bills", lambda value: value.texts(MAX_BILLS), ())


def _check_work(bills: int, rate_changes: int, events: tuple[Event, ...]) -> None:
    names = sum(len(event.bill_ids) for event in events if isinstance(event, Payment | ConditionalWaiver | Hold))
    changes = {
        event.on
        for event in events
        if isinstance(event, Reversal) or (isinstance(event, Discount) and event.retroactive)
    }
    segments = bills * (len(events) + rate_changes + 1)
    if names > MAX_NAMES or segments > MAX_SEGMENTS or segments * (len(changes) + 1) > MAX_WORK:
        raise Refusal("case.too_large", field="events")


def _located(refusal: Refusal) -> Refusal:
    """Return the refusal pointing into the case, at the event that the ledger named."""
    name = "payment" if refusal.field == "target" else refusal.field
    return refusal.at(f"{refusal.facts['event']}.{name}")


# --- writing ---------------------------------------------------------------------------------------


def _bill_answer(bill: BillStatement, spelling: Spelling) -> Json:
    amounts = _printed([segment.amount for segment in bill.segments])
    return {
        "principal": format_yuan(bill.principal_fen),
        "late_charge": format_yuan(bill.late_charge_fen),
        "costs": format_yuan(bill.costs_fen),
        "late_charge_accrued": format_yuan(bill.accrued_fen),
        "late_charge_paid": format_yuan(bill.late_paid_fen),
        "late_charge_waived": format_yuan(bill.late_waived_fen),
        "days_overdue": bill.days_overdue,
        "segments": [
            _segment_answer(segment, amount, spelling) for segment, amount in zip(bill.segments, amounts, strict=True)
        ],
    }


def _segment_answer(segment: Segment, amount: str, spelling: Spelling) -> Json:
    return {
        "from": segment.from_on.isoformat(),
        "to": segment.to_on.isoformat(),
        "days": segment.days,
        "principal": format_yuan(segment.principal_fen),
        "rate": spelling.written(segment.rate),
        "amount": amount,
    }


def _printed(amounts: list[Fraction]) -> list[str]:
    """Write exact fen as yuan; where ten decimals cannot hold them, see that they still foot to the same fen."""
    steps = [half_up(amount.numerator * _STEPS_A_FEN, amount.denominator) for amount in amounts]
    if any(_STEPS_A_FEN % amount.denominator for amount in amounts):
        total = sum(amounts, Fraction(0))
        if half_up(sum(steps), _STEPS_A_FEN) != half_up_fraction(total):
            steps[-1] += half_up_fraction(total * _STEPS_A_FEN) - sum(steps)
    return [_point(step, 2, _DECIMALS) for step in steps]
