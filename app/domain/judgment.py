"""What is owed after a judgment: the doubled interest of a late performance and what a payment goes to first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

from app.domain.money import half_up_fraction

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DAILY = Fraction(175, 1_000_000)
"""日万分之一点七五 (迟延履行利息解释 1)."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch with one amount unpaid: the days after ``after_on`` through ``to_on`` that count."""

    after_on: date
    to_on: date
    days: int
    unpaid_fen: int


@dataclass(frozen=True, slots=True)
class Owed:
    """Where a judgment debt stands: paid parts, what is left, the doubled interest, and anything beyond."""

    debt_paid_fen: int
    debt_left_fen: int
    interest_fen: int
    interest_paid_fen: int
    over_fen: int
    segments: tuple[Segment, ...]

    @property
    def interest_left_fen(self) -> int:
        """The doubled interest still to be paid."""
        return self.interest_fen - self.interest_paid_fen

    @property
    def total_left_fen(self) -> int:
        """Everything still to be paid."""
        return self.debt_left_fen + self.interest_left_fen


def owed(
    *,
    debt_fen: int,
    perform_by_on: date,
    payments: Iterable[tuple[date, int]],
    as_of: date,
    general_interest_fen: int = 0,
    pauses: Sequence[tuple[date, date]] = (),
) -> Owed:
    """Return what is owed at the end of ``as_of``.

    ``debt_fen`` is the whole money debt of the judgment, ``general_interest_fen`` the part of it that bears no doubled
    interest (解释 1). Interest runs on the days after ``perform_by_on``, the day of a payment included (解释 2, 3), but
    not on the closed stretches of ``pauses``. A payment settles the judgment first, then the doubled interest (解释 4);
    within the judgment what bears interest goes first, which never charges the debtor too much. Rounded once.
    """
    base, general = debt_fen - general_interest_fen, general_interest_fen
    assert base >= 0 <= general
    accrued, at, paid, beyond = Fraction(0), perform_by_on, 0, 0
    segments: list[Segment] = []

    def run_to(day: date) -> None:
        nonlocal accrued, at
        if day <= at:
            return
        days = _days(at, day, pauses)
        if base > 0 and days > 0:
            segments.append(Segment(at, day, days, base))
            accrued += base * days * DAILY
        at = day

    for on, fen in sorted(payments):
        if on > as_of:
            break
        run_to(on)
        to_base = min(base, fen)
        to_general = min(general, fen - to_base)
        base, general = base - to_base, general - to_general
        paid += to_base + to_general
        beyond += fen - to_base - to_general
    run_to(as_of)
    # What goes beyond the judgment came when nothing bore interest any more, so the interest is final by then.
    interest = half_up_fraction(accrued)
    to_interest = min(interest, beyond)
    return Owed(paid, base + general, interest, to_interest, beyond - to_interest, tuple(segments))


def _days(after_on: date, to_on: date, pauses: Sequence[tuple[date, date]]) -> int:
    first, last = after_on.toordinal() + 1, to_on.toordinal()
    resting = {
        day
        for from_on, until_on in pauses
        for day in range(max(first, from_on.toordinal()), min(last, until_on.toordinal()) + 1)
    }
    return last - first + 1 - len(resting)
