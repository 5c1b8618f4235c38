"""What the reports say of many bills: where they stand on a day, how they moved, and what share was collected."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import TYPE_CHECKING

from app.domain.calendar import add_months
from app.domain.money import half_up

if TYPE_CHECKING:
    from collections.abc import Iterable

WHOLE = 10_000
"""A share of one, in the ten-thousandths shares are counted in."""

MONTHS_SHOWN = 12
EFFECT_DAYS = 30


@dataclass(frozen=True, slots=True)
class Standing:
    """Bills as they stood at the end of a day and were known then; all in fen but the number of bills.

    The difference of two standings of the same bills is what happened between the two days.
    """

    bills: int = 0
    billed_fen: int = 0
    costs_billed_fen: int = 0
    discount_fen: int = 0
    principal_fen: int = 0
    costs_fen: int = 0
    late_fen: int = 0
    late_paid_fen: int = 0
    late_waived_fen: int = 0

    @property
    def net_fen(self) -> int:
        """Principal asked for: billed less what was discounted."""
        return self.billed_fen - self.discount_fen

    @property
    def paid_fen(self) -> int:
        """Principal paid."""
        return self.net_fen - self.principal_fen

    @property
    def costs_paid_fen(self) -> int:
        """Costs paid."""
        return self.costs_billed_fen - self.costs_fen

    @property
    def accrued_fen(self) -> int:
        """Late charge accrued: what is open, was paid and was waived of it."""
        return self.late_fen + self.late_paid_fen + self.late_waived_fen

    @property
    def open_fen(self) -> int:
        """Everything outstanding."""
        return self.principal_fen + self.costs_fen + self.late_fen

    @property
    def received_fen(self) -> int:
        """Everything money was booked on."""
        return self.paid_fen + self.costs_paid_fen + self.late_paid_fen

    @property
    def given_fen(self) -> int:
        """Everything given away: discounts and waivers."""
        return self.discount_fen + self.late_waived_fen

    def __add__(self, other: Standing) -> Standing:
        """Return both together."""
        return Standing(*(getattr(self, name) + getattr(other, name) for name in _NAMES))

    def __sub__(self, other: Standing) -> Standing:
        """Return what happened from ``other``, the earlier one, to this."""
        return Standing(*(getattr(self, name) - getattr(other, name) for name in _NAMES))


_NAMES = tuple(field.name for field in fields(Standing))


@dataclass(frozen=True, slots=True)
class Households:
    """How many units were asked and how many of them owe nothing of it any more."""

    current: int = 0
    current_clear: int = 0
    prior: int = 0
    prior_clear: int = 0
    either: int = 0
    either_clear: int = 0


@dataclass(frozen=True, slots=True)
class Collection:
    """The rate of collection of one period: its own bills, the arrears from before it, and both.

    ``current`` holds the bills that fall due in the period, as they stand at the end of ``as_of``; ``opening`` and
    ``closing`` those that fell due before it, the day before it began and at the end of ``as_of``.
    """

    current: Standing = Standing()
    opening: Standing = Standing()
    closing: Standing = Standing()
    households: Households = Households()

    @property
    def prior(self) -> Standing:
        """What happened to the arrears from before the period."""
        return self.closing - self.opening

    @property
    def prior_due_fen(self) -> int:
        """Arrears at the start, with bills of older dues posted or taken back since."""
        return self.opening.principal_fen + self.prior.billed_fen

    @property
    def due_fen(self) -> int:
        """What was to be collected in all."""
        return self.current.net_fen + self.prior_due_fen

    @property
    def paid_fen(self) -> int:
        """What was collected in all."""
        return self.current.paid_fen + self.prior.paid_fen

    @property
    def open_fen(self) -> int:
        """Principal still outstanding in all."""
        return self.current.principal_fen + self.closing.principal_fen


def share(part: int, whole: int) -> int | None:
    """Return ``part`` of ``whole`` in ten-thousandths, half up; None where there was nothing to share."""
    return None if whole <= 0 else half_up(part * WHOLE, whole)


def total(standings: Iterable[Standing]) -> Standing:
    """Return all of them together."""
    whole = Standing()
    for one in standings:
        whole = whole + one
    return whole


def month_of(day: date) -> tuple[date, date]:
    """Return the first and the last day of a month."""
    first = day.replace(day=1)
    return first, add_months(first, 1) - timedelta(days=1)


def months_to(day: date, count: int = MONTHS_SHOWN) -> list[tuple[date, date]]:
    """Return the months up to that of ``day``, oldest first, each with its first and last day."""
    first = day.replace(day=1)
    return [month_of(add_months(first, -back)) for back in range(count - 1, -1, -1)]


def latest_due(act_by_on: date, months: int = 36) -> date:
    """Return the latest due date whose period of ``months`` ends on or before ``act_by_on``.

    The last day of February stands for 29 February in years without one, so going back is not going there.
    """
    day = add_months(act_by_on, -months)
    while add_months(day + timedelta(days=1), months) <= act_by_on:
        day += timedelta(days=1)
    return day
