"""The replay of one account, day by day in the order of the day, under one state of knowledge."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Protocol

from app.domain.account import Account
from app.domain.allocation import Component, Credit, ranked, settle
from app.domain.errors import Refusal
from app.domain.events import ConditionalWaiver, Discount, Event, Hold, LateChargeWaiver, Payment, Reversal
from app.domain.money import half_up_fraction
from app.domain.running import RunningBill, held_windows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Allocation:
    """One share of a payment: what it paid, and when (for stored credit, the day it moved)."""

    payment_id: str
    on: date
    bill_id: str
    component: Component
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Met:
    """A conditional waiver whose condition was fulfilled on ``on``."""

    on: date
    waived: dict[str, int]


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known: the events and bills taken back, by how much bills count as issued lower, what is too much."""

    reversed_ids: frozenset[str] = frozenset()
    lowered: dict[str, int] = field(default_factory=dict)
    excess: dict[str, Refusal] = field(default_factory=dict)


class Recorder(Protocol):
    """Someone who wants to see the bills at the end of each day on which something happened."""

    def day_end(self, day: int, replay: Replay, touched: Iterable[RunningBill]) -> None:
        """Look at the bills that may have changed."""


class Replay:
    """The account's days, once through."""

    def __init__(self, account: Account, knowledge: Knowledge) -> None:
        """Make every bill that counts ready to run."""
        self._policy = account.policy
        self._alive = [event for event in account.events if event.id not in knowledge.reversed_ids]
        holds = [event for event in self._alive if isinstance(event, Hold)]
        self.bills = {
            bill.id: RunningBill(bill, place, knowledge.lowered.get(bill.id, 0), held_windows(bill.id, holds))
            for place, bill in enumerate(account.bills)
            if bill.id not in knowledge.reversed_ids
        }
        self._groups = ranked(self.bills.values(), account.policy)
        self.credits: list[tuple[str, int]] = []
        self.allocations: list[Allocation] = []
        self.met: dict[str, Met] = {}
        self._pending: list[ConditionalWaiver] = []
        self._touched: dict[str, RunningBill] = {}
        self.excess = dict(knowledge.excess)

    def run(self, through: date, *, recorder: Recorder | None = None, record_from: int = 0) -> Replay:
        """Live through every day up to ``through``; ``recorder`` sees the days from ``record_from`` on.

        A relief above what there is to forgive counts for what there is, and is noted in ``excess``.
        """
        by_day: dict[int, list[Event]] = {}
        for event in sorted((event for event in self._alive if event.on <= through), key=lambda event: event.on):
            by_day.setdefault(event.on.toordinal(), []).append(event)
        issues: dict[int, list[RunningBill]] = {}
        if self._policy.credit is Credit.APPLY_WHEN_DUE:
            for bill in self.bills.values():
                if bill.bill.issued_on <= through:
                    issues.setdefault(bill.issued, []).append(bill)
        days = by_day.keys() | issues.keys()
        if recorder is not None:
            days |= {record_from}
        for day in sorted(days):
            if day in issues and self.credits:
                self._apply_credit(issues[day])
            for event in by_day.get(day, ()):
                self._happen(event, day)
            if self._pending:
                self._test_conditions(day)
            if recorder is not None and day >= record_from:
                recorder.day_end(day, self, self._touched.values())
            self._touched.clear()
        return self

    @property
    def credit_fen(self) -> int:
        """Money received and not yet booked on any bill."""
        return sum(fen for _, fen in self.credits)

    def _happen(self, event: Event, day: int) -> None:
        match event:
            case Payment():
                self._pay(event, day)
            case Discount():
                if not event.retroactive:
                    self._discount(event, day)
            case LateChargeWaiver():
                self._waive(event, day)
            case ConditionalWaiver():
                self._pending.append(event)
            case Hold() | Reversal():  # pragma: no branch - mypy sees that every kind is named
                pass

    def _pay(self, payment: Payment, day: int) -> None:
        named = [self.bills[name] for name in dict.fromkeys(payment.bill_ids) if name in self.bills]
        left = self._book(payment.amount_fen, day, self._groups, named, [(payment.id, payment.amount_fen)])
        if left:
            self.credits.append((payment.id, left))

    def _apply_credit(self, issued: list[RunningBill]) -> None:
        day, places = issued[0].issued, {bill.place for bill in issued}
        groups = [tuple(bill for bill in group if bill.place in places) for group in self._groups]
        sources, self.credits = self.credits, []
        left = self._book(sum(fen for _, fen in sources), day, groups, (), sources)
        for payment_id, fen in reversed(sources):
            kept = min(fen, left)
            left -= kept
            if kept:
                self.credits.insert(0, (payment_id, kept))

    def _book(
        self,
        fen: int,
        day: int,
        groups: Sequence[Sequence[RunningBill]],
        named: Sequence[RunningBill],
        sources: Sequence[tuple[str, int]],
    ) -> int:
        """Settle ``fen`` on the named bills, then on what is issued by ``day``; return the rest.

        A payer may name a bill before it is issued; nobody else may book money on it.
        """
        eligible = [[bill for bill in group if bill.issued <= day and not bill.closed] for group in groups]
        takes, left = settle(fen, [group for group in eligible if group], self._policy.within, day, named=named)
        queue = list(sources)
        for bill, component, share in takes:
            self._touched[bill.bill.id] = bill
            on = type(bill.bill.due_on).fromordinal(day)
            rest = share
            while rest:
                payment_id, available = queue[0]
                part = min(rest, available)
                self.allocations.append(Allocation(payment_id, on, bill.bill.id, component, part))
                rest -= part
                queue[0] = (payment_id, available - part)
                if part == available:
                    queue.pop(0)
        for bill, _, _ in takes:
            # What is settled stays settled: without principal nothing accrues any more.
            bill.closed = not bill.is_open(day)
        return left

    def _discount(self, discount: Discount, day: int) -> None:
        bill = self.bills.get(discount.bill_id)
        if bill is None:
            return
        if discount.amount_fen > bill.principal:
            self.excess[discount.id] = _too_large(discount, bill.principal)
        bill.lower_principal(min(discount.amount_fen, bill.principal), day)
        self._touched[bill.bill.id] = bill

    def _waive(self, waiver: LateChargeWaiver, day: int) -> None:
        bill = self.bills.get(waiver.bill_id)
        if bill is None:
            return
        outstanding = bill.late_charge(day)
        fen = waiver.amount_fen
        if fen is None:
            fen = half_up_fraction(outstanding * waiver.ratio) if waiver.ratio else 0
        if fen > outstanding:
            self.excess[waiver.id] = Refusal(
                "waiver.exceeds_outstanding",
                field="amount",
                event=waiver.id,
                bill=waiver.bill_id,
                outstanding_fen=outstanding,
            )
        bill.waived += min(fen, outstanding)
        self._touched[bill.bill.id] = bill

    def _test_conditions(self, day: int) -> None:
        pending, self._pending = self._pending, []
        for waiver in pending:
            bills = [self.bills[name] for name in dict.fromkeys(waiver.bill_ids) if name in self.bills]
            if day > waiver.pay_by.toordinal():
                continue
            if any(bill.principal for bill in bills):
                self._pending.append(waiver)
                continue
            waived = {bill.bill.id: bill.late_charge(day) for bill in bills}
            for bill in bills:
                bill.waived += waived[bill.bill.id]
                self._touched[bill.bill.id] = bill
            self.met[waiver.id] = Met(type(waiver.on).fromordinal(day), waived)


def replay_to(account: Account, through: date) -> Replay:
    """Replay the account as it is known on ``through``.

    Raises:
        Refusal: ``discount.exceeds_principal`` or ``waiver.exceeds_outstanding``.

    """
    replay = Replay(account, _knowledge(account, through)).run(through)
    _judge(account, replay, through)
    return replay


def replay_each(account: Account, through: date, recorder: Recorder) -> Replay:
    """Replay once for each change of what is known, so that every day is recorded as it was known; return the last.

    Raises:
        Refusal: as ``replay_to``.

    """
    replay = Replay(account, Knowledge())
    record_from = 0
    for change in _changes(account, through):
        replay.run(change - timedelta(days=1), recorder=recorder, record_from=record_from)
        replay, record_from = Replay(account, _knowledge(account, change)), change.toordinal()
    replay.run(through, recorder=recorder, record_from=record_from)
    _judge(account, replay, through)
    return replay


def _judge(account: Account, replay: Replay, through: date) -> None:
    """Refuse a relief that is too large both by what is known now and by what was known on its own day.

    By what was known then, since nobody can foresee a reversal or a discount in retrospect; by what is known now,
    since a relief may have been recorded late, when it was known already.
    """
    days = {event.id: event.on for event in account.events}
    doubtful = [name for name in replay.excess if account.judged_ids is None or name in account.judged_ids]
    changes = _changes(account, through)
    then: dict[date, Replay] = {}
    for name in doubtful:
        start = max((change for change in changes if change <= days[name]), default=date.min)
        if start not in then:
            end = min((change - timedelta(days=1) for change in changes if change > start), default=through)
            then[start] = Replay(account, _knowledge(account, start)).run(end)
        if name in then[start].excess:
            raise replay.excess[name]


def conditions(account: Account, replay: Replay, through: date) -> dict[str, tuple[str, date, dict[str, int]]]:
    """Return for each conditional waiver (pending | met | lapsed, the day that decides it, fen waived by bill)."""
    known = _knowledge(account, through)
    result: dict[str, tuple[str, date, dict[str, int]]] = {}
    for event in account.events:
        if not isinstance(event, ConditionalWaiver) or event.on > through or event.id in known.reversed_ids:
            continue
        if met := replay.met.get(event.id):
            result[event.id] = ("met", met.on, met.waived)
        elif through > event.pay_by:
            result[event.id] = ("lapsed", event.pay_by + timedelta(days=1), {})
        else:
            result[event.id] = ("pending", event.pay_by, {})
    return result


def _too_large(discount: Discount, principal_fen: int) -> Refusal:
    return Refusal(
        "discount.exceeds_principal",
        field="amount",
        event=discount.id,
        bill=discount.bill_id,
        outstanding_fen=principal_fen,
    )


def _changes(account: Account, through: date) -> list[date]:
    """Return the days on which it becomes known that the past was otherwise."""
    changes = (
        event.on
        for event in account.events
        if isinstance(event, Reversal) or (isinstance(event, Discount) and event.retroactive)
    )
    return sorted({on for on in changes if on <= through})


def _knowledge(account: Account, on: date) -> Knowledge:
    """Return what is known on ``on``; the discounts of a bill together never exceed its principal."""
    gone = frozenset(event.target_id for event in account.events if isinstance(event, Reversal) and event.on <= on)
    left = {bill.id: bill.principal_fen for bill in account.bills}
    lowered: dict[str, int] = {}
    excess: dict[str, Refusal] = {}
    discounts = [event for event in account.events if isinstance(event, Discount) and event.id not in gone]
    for event in sorted(discounts, key=lambda event: event.on):
        if event.retroactive and event.on <= on:
            if event.amount_fen > left[event.bill_id]:
                excess[event.id] = _too_large(event, left[event.bill_id])
            fen = min(event.amount_fen, left[event.bill_id])
            lowered[event.bill_id] = lowered.get(event.bill_id, 0) + fen
        left[event.bill_id] = max(0, left[event.bill_id] - event.amount_fen)
    return Knowledge(gone, lowered, excess)
