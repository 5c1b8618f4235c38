"""What one account owes on any day, explained; and the versions of each bill that a database can read any day from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from app.domain.account import (
    FOREVER,
    NO_GRACE,
    Account,
    Bill,
    Grace,
    GraceMode,
    Terms,
    charged_after,
    check_account,
    silent_until_on,
)
from app.domain.allocation import Across, AllocationPolicy, Component, Credit, Tie, Within
from app.domain.history import BillVersion, History, history
from app.domain.rates import Rate
from app.domain.replay import Allocation, replay_to

if TYPE_CHECKING:
    from app.domain.running import RunningBill

__all__ = [
    "FOREVER", "NO_GRACE", "Account", "Across", "Allocation", "AllocationPolicy", "Bill", "BillStatement",
    "BillVersion", "Component", "Credit", "Grace", "GraceMode", "History", "Segment", "Statement", "Terms", "Tie",
    "Within", "charged_after", "history", "silent_until_on", "statement",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of days (both ends count) of one principal and one rate; ``amount`` is the exact charge in fen."""

    from_on: date
    to_on: date
    days: int
    principal_fen: int
    rate: Rate
    amount: Fraction


@dataclass(frozen=True, slots=True)
class BillStatement:
    """One bill on one day: ``principal_fen``, ``late_charge_fen`` and ``costs_fen`` are outstanding."""

    bill: Bill
    principal_fen: int
    late_charge_fen: int
    costs_fen: int
    accrued_fen: int
    late_paid_fen: int
    late_waived_fen: int
    cap_fen: int | None
    days_overdue: int
    segments: tuple[Segment, ...]

    @property
    def total_fen(self) -> int:
        """All that is outstanding on the bill."""
        return self.principal_fen + self.late_charge_fen + self.costs_fen


@dataclass(frozen=True, slots=True)
class Statement:
    """The account on one day."""

    as_of: date
    bills: tuple[BillStatement, ...]
    allocations: tuple[Allocation, ...]
    credit_fen: int

    @property
    def total_due_fen(self) -> int:
        """All that is outstanding on all bills; credit is not set off."""
        return sum(bill.total_fen for bill in self.bills)


def statement(account: Account, as_of: date) -> Statement:
    """Return what the account owes at the end of ``as_of``; later events do not count.

    Raises:
        Refusal: for events that cannot stand (``discount.exceeds_principal``, ``payment.unknown_bill``, …).

    """
    check_account(account)
    replay = replay_to(account, as_of)
    return Statement(
        as_of=as_of,
        bills=tuple(_bill_statement(running, as_of.toordinal()) for running in replay.bills.values()),
        allocations=tuple(replay.allocations),
        credit_fen=replay.credit_fen,
    )


def _bill_statement(running: RunningBill, day: int) -> BillStatement:
    return BillStatement(
        bill=running.bill,
        principal_fen=running.principal,
        late_charge_fen=running.late_charge(day),
        costs_fen=running.costs,
        accrued_fen=running.accrued(day),
        late_paid_fen=running.paid,
        late_waived_fen=running.waived,
        cap_fen=running.cap_fen,
        days_overdue=_days_overdue(running, day),
        segments=_segments(running, day),
    )


def _days_overdue(running: RunningBill, day: int) -> int:
    """Return the days from the due date to ``day``, or to the day the principal was cleared (至实际清偿之日)."""
    if not running.principal:
        day = min(day, running.principals[-1][0])
    return max(0, day - running.due)


def _segments(running: RunningBill, day: int) -> tuple[Segment, ...]:
    """Return the runs of days, joined where neither principal nor rate changed and no day lies between."""
    if day <= running.silent or not (running.principal or running.num_at(day)):
        return ()
    joined: list[tuple[int, int, int, int]] = []
    runs = [*running.principals, (day, 0)]
    for (after, principal), (through, _) in pairwise(runs):
        if principal:
            for first, last, slope in running.stretches(after, through):
                if joined and joined[-1][1:] == (first - 1, principal, slope):
                    joined[-1] = (joined[-1][0], last, principal, slope)
                else:
                    joined.append((first, last, principal, slope))
    rates = {slope: Rate(slope, running.den) for slope in {slope for _, _, _, slope in joined}}
    return tuple(
        Segment(
            date.fromordinal(first),
            date.fromordinal(last),
            last - first + 1,
            principal,
            rates[slope],
            Fraction(principal * slope * (last - first + 1), running.den),
        )
        for first, last, principal, slope in joined
    )
