"""Reads the rest days and working weekends of a year as people copy them from the State Council's notice."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta

from app.domain.errors import Refusal

_SATURDAY = 5
_MOST_DAYS = 31
_ONE_DAY = timedelta(days=1)
_DATE = r"(?:(\d{4})[-/.年])?(\d{1,2})[-/.月](\d{1,2})日?"
_PART = re.compile(rf"{_DATE}(?:(?:~|至|到|—|–|\.\.)(?:{_DATE}|(\d{{1,2}})日?))?", re.ASCII)


def read_days(text: str, *, year: int, field: str) -> frozenset[date]:
    """Read dates and ranges (``10-01~10-07``, ``10月1日至7日``, ``2027-01-01``) parted by blanks, commas or lines.

    Raises:
        Refusal: ``calendar.unreadable_day`` naming the part, ``calendar.day_of_other_year``.

    """
    plain = unicodedata.normalize("NFKC", text).replace("\u301c", "~")
    found: set[date] = set()
    for part in re.split(r"[\s,;、]+", plain):
        if not part:
            continue
        days = _days(part, year, field)
        other = next((day for day in days if day.year != year), None)
        if other is not None:
            raise Refusal("calendar.day_of_other_year", field=field, on=other.isoformat(), year=year)
        found.update(days)
    return frozenset(found)


def exceptions(*, rest: frozenset[date], work: frozenset[date]) -> dict[date, bool]:
    """Return only the days that differ from "weekends are off"; a weekday marked as worked is a slip.

    Raises:
        Refusal: ``calendar.both_ways`` for a day in both lists, ``calendar.day_changes_nothing``.

    """
    if twice := sorted(rest & work):
        raise Refusal("calendar.both_ways", field="work", on=twice[0].isoformat())
    if weekday := sorted(day for day in work if day.weekday() < _SATURDAY):
        raise Refusal("calendar.day_changes_nothing", field="work", on=weekday[0].isoformat())
    return {day: False for day in rest if day.weekday() < _SATURDAY} | dict.fromkeys(work, True)


def _days(part: str, year: int, field: str) -> list[date]:
    match = _PART.fullmatch(part)
    if match is None:
        raise Refusal("calendar.unreadable_day", field=field, part=part[:40])
    first_year, month, day, last_year, last_month, last_day, short_day = match.groups()
    try:
        first = date(int(first_year or year), int(month), int(day))
        if last_month:
            last = date(int(last_year or first.year), int(last_month), int(last_day))
        else:
            last = first.replace(day=int(short_day)) if short_day else first
    except ValueError as error:
        raise Refusal("calendar.unreadable_day", field=field, part=part[:40]) from error
    if not 0 <= (last - first).days < _MOST_DAYS:
        raise Refusal("calendar.unreadable_day", field=field, part=part[:40])
    return [first + _ONE_DAY * number for number in range((last - first).days + 1)]
