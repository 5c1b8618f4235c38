"""What a period costs and when it falls due: area times price, whole and part months, vacancy (rules §9)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING

from app.domain.calendar import OFFICIAL, Calendar, add_months, days_in_month
from app.domain.errors import Refusal
from app.domain.money import half_up, half_up_fraction
from app.domain.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

CYCLES = (1, 3, 6, 12)
# thousandths of a square metre times ten-thousandths of a yuan: 10^7 to the yuan, 10^5 to the fen
_PER_FEN = 10**5
_MONTHS = 12
_MONTH = re.compile(r"((?:19|20)[0-9]{2})-(0[1-9]|1[0-2])", re.ASCII)
_ONE_DAY = timedelta(days=1)


def is_plain_product(principal_fen: int, quantity_e3: int | None, price_e4: int | None, months: int | None) -> bool:
    """Tell whether a bill is quantity times price, rounded each month, times whole months, and nothing besides.

    It is not where a price changed on the way, a month was cut, a dwelling stood empty or something was added: then
    the product must not be shown as its working.
    """
    if price_e4 is None or months is None:
        return False
    return half_up((1000 if quantity_e3 is None else quantity_e3) * price_e4, _PER_FEN) * months == principal_fen


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Whole calendar months, from the first day of one to the last day of another."""

    from_on: date
    to_on: date

    def __post_init__(self) -> None:
        """Insist on whole months in order."""
        whole = self.from_on.day == 1 and (self.to_on + _ONE_DAY).day == 1
        if not whole or self.to_on < self.from_on:
            message = "a period is whole months"
            raise ValueError(message)

    @staticmethod
    def starting(first_on: date, months: int) -> Period:
        """Return the period of ``months`` months from the month of ``first_on``."""
        start = first_on.replace(day=1)
        return Period(start, add_months(start, months) - _ONE_DAY)

    @property
    def months(self) -> int:
        """How many months it has."""
        return (self.to_on.year - self.from_on.year) * _MONTHS + self.to_on.month - self.from_on.month + 1

    @property
    def key(self) -> str:
        """The period as the command line and file names write it: ``2026-01`` or ``2026-01..2026-03``."""
        first = f"{self.from_on:%Y-%m}"
        return first if self.months == 1 else f"{first}..{self.to_on:%Y-%m}"

    def following(self) -> Period:
        """Return the next period of the same length."""
        return Period.starting(self.to_on + _ONE_DAY, self.months)

    def each_month(self) -> Iterator[Period]:
        """Yield its months."""
        for step in range(self.months):
            yield Period.starting(add_months(self.from_on, step), 1)


def read_month(text: str) -> date:
    """Read ``2026-01`` as the first day of that month.

    Raises:
        Refusal: ``period.not_a_month``.

    """
    match = _MONTH.fullmatch(text)
    if match is None:
        raise Refusal("period.not_a_month", given=quoted(text))
    return date(int(match[1]), int(match[2]), 1)


def period_of(day: date, cycle_months: int, *, first_month: int = 1) -> Period:
    """Return the period of the cycle in which ``day`` lies; cycles count from ``first_month`` of a year.

    Raises:
        Refusal: ``period.unknown_cycle``.

    """
    if cycle_months not in CYCLES:
        raise Refusal("period.unknown_cycle", months=cycle_months)
    into_cycle = (day.month - first_month) % cycle_months
    return Period.starting(add_months(day.replace(day=1), -into_cycle), cycle_months)


def monthly_fen(area_e3: int, price_e4: int) -> int:
    """Return one month's amount: area (thousandths of m²) times price (ten-thousandths of a yuan), half up."""
    return half_up(area_e3 * price_e4, _PER_FEN)


def part_month_fen(area_e3: int, price_e4: int, days: int, days_of_month: int) -> int:
    """Return the amount for ``days`` of a month: area times price times days over days of the month, rounded once."""
    return half_up(area_e3 * price_e4 * days, _PER_FEN * days_of_month)


def period_fen(
    *, area_e3: int, price_e4: int, period: Period, from_on: date | None = None, to_on: date | None = None
) -> int:
    """Return the amount for a period: a whole month at the monthly amount, one begun or left midway by days.

    ``from_on`` and ``to_on`` (both count) are when the tariff or ownership was in force; None means throughout.
    """
    return sum(
        part_month_fen(area_e3, price_e4, days, of_month) for days, of_month in days_in_force(period, from_on, to_on)
    )


def fixed_fen(*, month_fen: int, period: Period, from_on: date | None = None, to_on: date | None = None) -> int:
    """Return the amount for a period of a fee fixed by the month, part months by days."""
    return sum(half_up(month_fen * days, of_month) for days, of_month in days_in_force(period, from_on, to_on))


def days_in_force(period: Period, from_on: date | None, to_on: date | None) -> Iterator[tuple[int, int]]:
    """Yield (days in force, days of the month) for each month of the period; a month out of force gives 0 days."""
    for month in period.each_month():
        first = max(month.from_on, from_on or month.from_on)
        last = min(month.to_on, to_on or month.to_on)
        yield max(0, (last - first).days + 1), month.to_on.day


@dataclass(frozen=True, slots=True)
class Vacancy:
    """After ``after_months`` whole months empty, only ``ratio`` of the fee is charged."""

    after_months: int
    ratio: Fraction


def vacant_month_fen(month_fen: int, month_on: date, vacant_since_on: date | None, rule: Vacancy) -> int:
    """Return a month's fee; the rule applies once the months of waiting were over when the month began."""
    if vacant_since_on is None or add_months(vacant_since_on, rule.after_months) > month_on.replace(day=1):
        return month_fen
    return half_up_fraction(month_fen * rule.ratio)


class DueIn(StrEnum):
    """The month in which a period's due day lies."""

    FIRST_MONTH = "first_month"
    LAST_MONTH = "last_month"
    MONTH_BEFORE = "month_before"
    MONTH_AFTER = "month_after"


@dataclass(frozen=True, slots=True)
class DueRule:
    """The last day on time: day ``day`` of a month (or its last day), rolled past rest days or not."""

    day: int
    month: DueIn = DueIn.FIRST_MONTH
    roll: bool = False


def due_on(period: Period, rule: DueRule, calendar: Calendar = OFFICIAL) -> tuple[date, bool]:
    """Return the due date of a period, and whether the official calendar needed to roll it is known."""
    match rule.month:
        case DueIn.FIRST_MONTH:
            month_on = period.from_on
        case DueIn.LAST_MONTH:
            month_on = period.to_on
        case DueIn.MONTH_BEFORE:
            month_on = add_months(period.from_on, -1)
        case DueIn.MONTH_AFTER:  # pragma: no branch - mypy sees that every kind is named
            month_on = period.to_on + _ONE_DAY
    day = month_on.replace(day=min(rule.day, days_in_month(month_on.year, month_on.month)))
    return calendar.roll(day) if rule.roll else (day, True)
