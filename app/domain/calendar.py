"""Rest days, working days and periods of months: Civil Code 200 to 203."""

from __future__ import annotations

import calendar as gregorian
from dataclasses import dataclass
from datetime import date, timedelta

from app.domain.calendar_years import YEARS

_SATURDAY = 5
_ONE_DAY = timedelta(days=1)
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Calendar:
    """The announced calendars: exceptions to "weekends are rest days", for each known year."""

    years_known: frozenset[int]
    rest_on: frozenset[date]
    work_on: frozenset[date]

    def with_year(self, year: int, *, rest_on: frozenset[date], work_on: frozenset[date]) -> Calendar:
        """Return the calendar with one year added or corrected: its weekdays off and its working weekend days."""
        return Calendar(
            self.years_known | {year},
            frozenset(day for day in self.rest_on if day.year != year) | rest_on,
            frozenset(day for day in self.work_on if day.year != year) | work_on,
        )

    def is_working_day(self, day: date) -> bool:
        """Tell whether people work that day; in a year not announced yet, weekends alone are off."""
        if day in self.work_on:
            return True
        return day.weekday() < _SATURDAY and day not in self.rest_on

    def roll(self, day: date) -> tuple[date, bool]:
        """Return the first working day from ``day`` on (203), and whether the calendar of every year met is known."""
        known = day.year in self.years_known
        while not self.is_working_day(day):
            day += _ONE_DAY
            known = known and day.year in self.years_known
        return day, known


def is_working_day(day: date, calendar: Calendar | None = None) -> bool:
    """Tell whether people work that day (by the product's own calendar unless another is given)."""
    return (calendar or OFFICIAL).is_working_day(day)


def roll(day: date, calendar: Calendar | None = None) -> tuple[date, bool]:
    """Return the first working day from ``day`` on, and whether the official calendar is known that far."""
    return (calendar or OFFICIAL).roll(day)


def years_known(calendar: Calendar | None = None) -> frozenset[int]:
    """Return the years whose official calendar is known."""
    return (calendar or OFFICIAL).years_known


def add_months(day: date, months: int) -> date:
    """Return the same day ``months`` later (or earlier), or the last day of that month if it has none (202)."""
    year, month = divmod(day.year * _MONTHS + day.month - 1 + months, _MONTHS)
    return date(year, month + 1, min(day.day, days_in_month(year, month + 1)))


def days_in_month(year: int, month: int) -> int:
    """Return how many days the month has."""
    return gregorian.monthrange(year, month)[1]


def _seeded() -> Calendar:
    rest_on = frozenset(day for year, (rests, _) in YEARS.items() for day in read_days(year, rests))
    work_on = frozenset(day for year, (_, works) in YEARS.items() for day in read_days(year, works))
    return Calendar(frozenset(YEARS), rest_on, work_on)


def read_days(year: int, text: str) -> frozenset[date]:
    """Read ``01-01 01-28..31`` as days of ``year``; the way the plain data is written."""
    days: set[date] = set()
    for part in text.split():
        first, _, last = part.partition("..")
        month, day = (int(number) for number in first.split("-"))
        days.update(date(year, month, number) for number in range(day, int(last or day) + 1))
    return frozenset(days)


OFFICIAL = _seeded()
"""The calendars shipped with the product."""
