"""The versions of each bill's running state: for any day, past or future, one row says what was owed as known then."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

from app.domain.account import FOREVER, Account, Bill, check_account
from app.domain.allocation import Credit
from app.domain.events import Hold, Reversal
from app.domain.replay import Allocation, Replay, conditions, replay_each
from app.domain.running import Windows, held_windows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from app.domain.running import RunningBill

_FIRST_DAY = 1


@dataclass(frozen=True, slots=True)
class BillVersion:
    """The state of one bill for the days ``since_on`` <= t < ``until_on`` (``date.max``: until something happens).

    The exact charge at the end of t, in fen, is
    ``(accrued_num + principal_fen * max(0, R(t) - R(anchor_on) - R over held days in (anchor_on, t])) / den``
    with R and den of the bill's rate index; round it once half up, take at most ``cap_fen``, take zero while
    t <= ``silent_until_on(bill)``, and subtract what was paid and waived (never below zero).
    """

    bill_id: str
    since_on: date
    until_on: date
    principal_fen: int
    costs_fen: int
    late_paid_fen: int
    late_waived_fen: int
    cap_fen: int | None
    anchor_on: date
    accrued_num: int
    den: int

    @property
    def accrued(self) -> Fraction:
        """The exact charge in fen at the end of ``anchor_on``."""
        return Fraction(self.accrued_num, self.den)


@dataclass(frozen=True, slots=True)
class History:
    """Everything a store remembers about an account beside its events, as known on ``through``."""

    through: date
    versions: tuple[BillVersion, ...]
    holds: tuple[tuple[str, date, date], ...]
    allocations: tuple[Allocation, ...]
    credit_by_payment: dict[str, int]
    conditional: dict[str, tuple[str, date, dict[str, int]]]
    next_credit_on: date | None

    @property
    def credit_fen(self) -> int:
        """Money received and not yet booked on any bill."""
        return sum(self.credit_by_payment.values())


def history(account: Account, through: date) -> History:
    """Replay the account to ``through``; each version agrees with ``statement(account, t)`` for every day t it covers.

    A reversal or a retroactive discount changes what is known from its own day on: earlier days keep the figures that
    were known then. Events after ``through`` do not count, except that holds may lie ahead.

    Raises:
        Refusal: as ``statement``.

    """
    check_account(account)
    recorder = _Versions(account)
    replay = replay_each(account, through, recorder)
    final = recorder.windows_on(through)
    credit_by_payment: dict[str, int] = dict(replay.credits)
    return History(
        through=through,
        versions=tuple(recorder.versions(through)),
        holds=tuple(
            (bill_id, date.fromordinal(first), date.fromordinal(last))
            for bill_id, windows in final.items()
            for first, last in windows
        ),
        allocations=tuple(replay.allocations),
        credit_by_payment=credit_by_payment,
        conditional=conditions(account, replay, through),
        next_credit_on=_next_credit_on(account, replay, through),
    )


def _next_credit_on(account: Account, replay: Replay, through: date) -> date | None:
    """Return the next day on which something moves by itself: credit meets a bill, or a reversal dated ahead counts."""
    days = [event.on for event in account.events if isinstance(event, Reversal) and event.on > through]
    if account.policy.credit is Credit.APPLY_WHEN_DUE and replay.credits:
        days += [running.bill.issued_on for running in replay.bills.values() if running.bill.issued_on > through]
    return min(days, default=None)


class _Versions:
    """A recorder that keeps a state of each bill for each day on which it changed."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._bills = {bill.id: bill for bill in account.bills}
        self._states: dict[str, list[BillVersion]] = {bill.id: [] for bill in account.bills}
        self._gone_on = {
            event.target_id: event.on
            for event in account.events
            if isinstance(event, Reversal) and event.target_id in self._bills
        }
        self._last_replay: Replay | None = None

    def day_end(self, day: int, replay: Replay, touched: Iterable[RunningBill]) -> None:
        """Keep the bills that changed; on the first day of new knowledge, any bill may have."""
        before, self._last_replay = self._last_replay, replay
        if replay is before:
            for running in touched:
                self._keep(_state(running, day))
            return
        for bill_id, running in replay.bills.items():
            if before is None or not _is_continued_by(before.bills[bill_id], running, day):
                self._keep(_state(running, day))

    def _keep(self, state: BillVersion) -> None:
        self._states[state.bill_id].append(state)

    def windows_on(self, day: date) -> dict[str, Windows]:
        """Return the held days of each bill as known on ``day``, those still ahead included."""
        gone = {event.target_id for event in self._account.events if isinstance(event, Reversal) and event.on <= day}
        holds = [event for event in self._account.events if isinstance(event, Hold) and event.id not in gone]
        return {bill_id: held_windows(bill_id, holds) for bill_id in self._bills}

    def versions(self, through: date) -> Iterator[BillVersion]:
        """Yield the versions of each bill in order, from the day it was issued."""
        final = self.windows_on(through)
        reversals = (event.on for event in self._account.events if isinstance(event, Reversal))
        changes = sorted({on for on in reversals if on <= through})
        known = {change: self.windows_on(change) for change in changes}
        first = self.windows_on(date.min)
        for bill_id, states in self._states.items():
            bill = self._bills[bill_id]
            gone_on = self._gone_on.get(bill_id, FOREVER)
            end = gone_on if gone_on <= through else FOREVER
            for version in _spans(states, bill.issued_on, end):
                change = max((change for change in changes if change <= version.since_on), default=None)
                held = (first if change is None else known[change])[bill_id]
                if held == final[bill_id] or not version.principal_fen:
                    yield version
                else:
                    yield from _cut_at_holds(version, held, bill)


def _state(running: RunningBill, day: int) -> BillVersion:
    anchor = max(day, running.anchor)
    return BillVersion(
        bill_id=running.bill.id,
        since_on=date.fromordinal(max(day, _FIRST_DAY)),
        until_on=FOREVER,
        principal_fen=running.principal,
        costs_fen=running.costs,
        late_paid_fen=running.paid,
        late_waived_fen=running.waived,
        cap_fen=running.cap_fen,
        anchor_on=date.fromordinal(anchor),
        accrued_num=running.num_at(anchor),
        den=running.den,
    )


def _is_continued_by(before: RunningBill, after: RunningBill, day: int) -> bool:
    """Tell whether new knowledge, known from ``day``, leaves the bill's figures from that day on as they were."""
    return (
        (before.principal, before.costs, before.paid, before.waived, before.cap_fen, before.held)
        == (after.principal, after.costs, after.paid, after.waived, after.cap_fen, after.held)
    ) and before.num_at(day) == after.num_at(day)


def _spans(states: list[BillVersion], issued_on: date, end_on: date) -> Iterator[BillVersion]:
    """Yield each state with the days it covers, from the issue of the bill until it was taken back."""
    untils = [*(state.since_on for state in states[1:]), FOREVER]
    for state, until in zip(states, untils, strict=True):
        since_on, until_on = max(state.since_on, issued_on), min(until, end_on)
        if since_on < until_on:
            yield replace(state, since_on=since_on, until_on=until_on)


def _cut_at_holds(version: BillVersion, held: Windows, bill: Bill) -> Iterator[BillVersion]:
    """Yield the version in pieces that need no held days: each hold, since taken back, becomes a later anchor."""
    rates = bill.terms.rates
    for first, last in held:
        anchor = version.anchor_on.toordinal()
        if last <= anchor:
            continue
        first_on, last_on = date.fromordinal(first), date.fromordinal(last)
        if first_on >= version.until_on:
            break
        if first <= anchor:
            version = replace(version, anchor_on=last_on)
            continue
        num = version.accrued_num + version.principal_fen * (rates.at_ordinal(first - 1) - rates.at_ordinal(anchor))
        if first_on > version.since_on:
            yield replace(version, until_on=first_on)
        version = replace(version, since_on=max(version.since_on, first_on), accrued_num=num, anchor_on=last_on)
    yield version
