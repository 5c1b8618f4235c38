"""Cells to days and periods: every way offices write them, and nothing guessed."""

from __future__ import annotations

import calendar
import datetime as dt
import re
import unicodedata
from functools import lru_cache

from app.domain.errors import Refusal
from app.sheets import words
from app.sheets.cells import text
from app.sheets.reading import Cell

FIRST_YEAR = 1990
LAST_YEAR = 2099
_SERIAL_ZERO = dt.date(1899, 12, 30)
_SERIAL_FROM = (dt.date(FIRST_YEAR, 1, 1) - _SERIAL_ZERO).days
_SERIAL_TO = (dt.date(LAST_YEAR, 12, 31) - _SERIAL_ZERO).days

_DAY = re.compile(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})", re.ASCII)
_TIME = re.compile(r"(?:\s+|T|(?<=\D))\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*$", re.ASCII)
_TILDES = re.compile("~{2,}")
_TORN = re.compile(r"\d\s+\d", re.ASCII)
_DIGITS_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_MONTH = re.compile(r"(\d{4}|\d{2})[-./]?(\d{1,2})", re.ASCII)
_MONTH_SPLIT = re.compile(r"(\d{4}|\d{2})[-./](\d{1,2})", re.ASCII)
_MONTH_DIGITS = re.compile(r"((?:19|20)\d{2})(0[1-9]|1[0-2])", re.ASCII)
_YEAR = re.compile(r"((?:19|20)\d{2})", re.ASCII)
_BARE_MONTH = re.compile(r"(\d{1,2})", re.ASCII)

Span = tuple[dt.date, dt.date]


def day(value: Cell) -> dt.date:
    """Read a day from a real date, a serial number or text; refuses ``import.bad_date``."""
    if isinstance(value, dt.datetime):
        found: dt.date | None = value.date()
    elif isinstance(value, dt.date):
        found = value
    elif isinstance(value, bool | dt.time | dt.timedelta):
        found = None
    elif isinstance(value, float | int):
        found = _serial_day(value)
    else:
        found = _text_day(text(value))
    if found is None or not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise Refusal("import.bad_date", value=str(value)[:40])
    return found


def _serial_day(value: float) -> dt.date | None:
    if _SERIAL_FROM <= value <= _SERIAL_TO + 1:
        return _SERIAL_ZERO + dt.timedelta(days=int(value))
    if float(value).is_integer():
        return _text_day(str(int(value)))
    return None


@lru_cache(maxsize=4096)
def _text_day(shown: str) -> dt.date | None:
    # The time goes before the blanks do: ``3/1 12:30`` must never become the eleventh.
    bare = _TIME.sub("", unicodedata.normalize("NFKC", shown))
    if _TORN.search(bare):
        return None
    folded = words.fold(bare)
    for mark in (words.YEAR_MARK, *words.MONTH_MARKS):
        folded = folded.replace(mark, "-")
    for mark in words.DAY_MARKS:
        folded = folded.removesuffix(mark)
    match = _DAY.fullmatch(folded) or _DIGITS_DAY.fullmatch(folded)
    if match is None:
        number = _number(folded)
        return _serial_day(number) if number is not None and _SERIAL_FROM <= number <= _SERIAL_TO else None
    try:
        return dt.date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None


def _number(folded: str) -> float | None:
    return float(folded) if len(folded) == 5 and folded.isascii() and folded.isdecimal() else None


def period(value: Cell, *, is_typed: bool = True) -> Span:
    """Read a period as its first and last day; refuses ``import.bad_period`` and ``import.period_number``.

    A number such as 2025.1 may be January or October, since a spreadsheet drops the last zero: it is
    refused, while the same digits as text are January. In a text file nothing tells the two apart.
    """
    if isinstance(value, dt.datetime | dt.date):
        return month_span(value.year, value.month)
    if isinstance(value, bool | dt.time | dt.timedelta):
        raise Refusal("import.bad_period", value=str(value)[:40])
    shown = text(value)
    if isinstance(value, float | int):
        if float(value).is_integer() and _MONTH_DIGITS.fullmatch(shown):
            return _period(shown)
        if float(value).is_integer() and _YEAR.fullmatch(shown):
            return _period(shown)
        found = _numbered_month(value)
        if found is None:
            raise Refusal("import.period_number", value=shown[:40])
        return found
    if not is_typed and re.fullmatch(r"\d{4}\.1", words.fold(shown)):
        raise Refusal("import.period_number", value=shown[:40])
    return _period(shown)


@lru_cache(maxsize=8192)
def _period(shown: str) -> Span:
    span = None if _TORN.search(shown) else _span(shown)
    if span is not None and span[0] == span[1]:
        # One day in a column of periods is what Excel makes of a month; any other day says nothing.
        span = month_span(span[0].year, span[0].month) if span[0].day == 1 else None
    if span is None or span[0] > span[1] or span[0].year < FIRST_YEAR or span[1].year > LAST_YEAR:
        raise Refusal("import.bad_period", value=shown[:40])
    return span


def _span(shown: str) -> Span | None:
    folded = words.fold(shown).strip("()[]")
    for mark in words.RANGE_MARKS:
        folded = folded.replace(mark, "~")
    folded = _TILDES.sub("~", folded)
    one = _point(folded, None)
    if one is not None:
        return one
    first, sign, last = folded.partition("~")
    if not sign:
        first, sign, last = _split_at_dash(folded)
    start = _point(first, None)
    if start is None:
        return None
    end = _point(last, start[0].year)
    return None if end is None else (start[0], end[1])


def _split_at_dash(folded: str) -> tuple[str, str, str]:
    """Split ``2025.1-2025.12`` or ``2025-01-01-2025-12-31`` in its middle."""
    dashes = [place for place, mark in enumerate(folded) if mark == "-"]
    if not dashes:
        return folded, "", ""
    middle = dashes[len(dashes) // 2]
    return folded[:middle], "-", folded[middle + 1 :]


def _point(folded: str, year: int | None) -> Span | None:
    """The first and last day of what is written: a day, a month, a year, or (after a start) a bare month."""
    marked = folded
    is_month = False
    for mark in words.MONTH_MARKS:
        if marked.endswith(mark):
            marked, is_month = marked.removesuffix(mark), True
            break
    if not is_month:
        for mark in words.YEAR_ONLY:
            if marked.endswith(mark) and _YEAR.fullmatch(marked.removesuffix(mark)):
                marked = marked.removesuffix(mark)
                break
        found = _text_day(marked) if not _MONTH_DIGITS.fullmatch(marked) else None
        if found is not None and not marked.isdecimal():
            return found, found
        if found is not None and _DIGITS_DAY.fullmatch(marked):
            return found, found
    split = marked.replace(words.YEAR_MARK, "-")
    match = _MONTH_SPLIT.fullmatch(split) or _MONTH_DIGITS.fullmatch(split)
    if match is not None:
        return _month(int(match[1]), int(match[2]))
    if year is not None and (match := _BARE_MONTH.fullmatch(split)) is not None:
        return _month(year, int(match[1]))
    if not is_month and (match := _YEAR.fullmatch(split)) is not None:
        return dt.date(int(match[1]), 1, 1), dt.date(int(match[1]), 12, 31)
    return None


def _month(year: int, month: int) -> Span | None:
    year = year + 2000 if year < 100 else year
    return month_span(year, month) if 1 <= month <= 12 and FIRST_YEAR <= year <= LAST_YEAR else None


def month_span(year: int, month: int) -> Span:
    """The first and last day of a month."""
    return dt.date(year, month, 1), dt.date(year, month, calendar.monthrange(year, month)[1])


def header_month(value: Cell) -> Span | None:
    """The month a column header names, or None; a number such as 2024.1 names none for sure."""
    match value:
        case dt.date():
            return month_span(value.year, value.month)
        case bool() | dt.time() | dt.timedelta():
            return None
        case float() | int():
            return _numbered_month(value)
        case str():
            folded = words.fold(value)
            is_short = len(folded) <= _LONGEST_HEADER and folded[:1].isdecimal()
            span = _point(folded, None) if is_short else None
            return span if span is not None and span == month_span(span[0].year, span[0].month) else None


_LONGEST_HEADER = 12


def _numbered_month(value: float) -> Span | None:
    shown = str(int(value)) if float(value).is_integer() else ""
    if _MONTH_DIGITS.fullmatch(shown):
        return _span(shown)
    if shown and _SERIAL_FROM <= value <= _SERIAL_TO:
        on = _SERIAL_ZERO + dt.timedelta(days=int(value))
        return month_span(on.year, on.month)
    return None


def is_unclear_month(value: Cell) -> bool:
    """True for a number such as 2024.1: a spreadsheet drops the zero of 2024.10, so it names no month for sure."""
    if not isinstance(value, float) or not FIRST_YEAR <= value < LAST_YEAR + 1 or value.is_integer():
        return False
    return bool(_MONTH_SPLIT.fullmatch(f"{value:.15g}"))


def bare_month(value: Cell) -> int | None:
    """The month of a header that leaves its year to the merged cell above it (``1月``)."""
    folded = words.fold(value) if isinstance(value, str) else ""
    for mark in words.MONTH_MARKS:
        if folded.endswith(mark) and (match := _BARE_MONTH.fullmatch(folded.removesuffix(mark))) is not None:
            return int(match[1]) if 1 <= int(match[1]) <= 12 else None
    return None


def between(start: dt.date, end: dt.date) -> Span:
    """The closed period of a start and an end column.

    An end on the same day of the month as the start is the next period's start (2016-01-01 to 2017-01-01):
    such a sheet counts half-open, and the last day is the one before. Refuses ``import.period_reversed``.
    """
    if end > start and end.day == start.day:
        end -= dt.timedelta(days=1)
    if end < start:
        raise Refusal("import.period_reversed", start=start.isoformat(), end=end.isoformat())
    return start, end
