"""Where the header row is and what each column means, found by synonyms and never by position."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache, lru_cache

from app.sheets import cells, dates, words
from app.sheets.dates import Span
from app.sheets.reading import Cell, Row, Sheet
from app.sheets.records import SheetKind

SEARCHED_ROWS = 15
_LEAST_KNOWN = 2

_BRACKETS = re.compile(r"[(\[{<][^)\]}>]*[)\]}>]")
_PUNCTUATION = re.compile(r"[*:_'\"\u3001\u3002\u00b7]+")
_YEAR = re.compile(r"(?:19|20)\d{2}")
_UNITS = re.compile("(?:元|M2)$")


@dataclass(frozen=True, slots=True)
class Header:
    """A header row (zero-based) and its columns: field to position, months to position, and every title."""

    row: int
    fields: dict[str, int]
    months: tuple[tuple[int, Span], ...] = ()
    titles: tuple[str, ...] = ()
    width: int = 0
    unclear_months: tuple[int, ...] = ()
    """Columns headed by a number such as 2024.1, which may be January or October."""

    def column(self, position: int) -> str:
        """The column as people find it: letter and title."""
        title = self.titles[position] if position < len(self.titles) else ""
        return f"{letter(position)} {title}".rstrip()


@dataclass(slots=True)
class _Candidate:
    fields: dict[str, int] = field(default_factory=dict)
    months: list[tuple[int, Span]] = field(default_factory=list)
    unused: int = 0
    width: int = 0
    unclear: list[int] = field(default_factory=list)

    @property
    def score(self) -> int:
        known = sum(name not in {"status_mark", "problem_mark"} for name in self.fields)
        return known + len(self.months) + len(self.unclear) + self.unused


def find(sheet: Sheet) -> Header | None:
    """Return the header among the first rows, or None where fewer than two columns are known."""
    best: tuple[int, _Candidate] | None = None
    for number, row in enumerate(sheet.rows[:SEARCHED_ROWS]):
        candidate = _read(row, above(sheet, number))
        if candidate.score >= _LEAST_KNOWN and (best is None or candidate.score > best[1].score):
            best = (number, candidate)
    if best is None:
        return None
    return _header(sheet, *best)


def at(sheet: Sheet, number: int) -> Header:
    """Return the header a row (zero-based) would be, however little of it is known."""
    return _header(sheet, number, _read(sheet.rows[number], above(sheet, number)))


def _header(sheet: Sheet, number: int, candidate: _Candidate) -> Header:
    titles = tuple(_title(value) for value in sheet.rows[number][: candidate.width])
    unclear = tuple(candidate.unclear)
    return Header(number, candidate.fields, tuple(candidate.months), titles, candidate.width, unclear)


def kind_of(header: Header) -> SheetKind:
    """Tell what the rows are about from the columns that are there."""
    has = header.fields.keys()
    has_unit = "room" in has
    has_received = bool(has & {"paid", "amount", "due"})
    has_money = has_received or "owed" in has
    signs = (
        (SheetKind.IGNORED, "parking_space" in has and not has_unit),
        (SheetKind.ARREARS, has_unit and bool(header.months or header.unclear_months)),
        (SheetKind.RECEIPTS, has_unit and "received_on" in has and has_received),
        (SheetKind.ARREARS, has_unit and has_money and bool(has & {"period", "period_from", "period_to", "due_on"})),
        (SheetKind.UNITS, has_unit and "area" in has),
        (SheetKind.TARIFFS, not has_unit and bool(has & {"item", "fee_ref"}) and bool(has & {"price", "fixed"})),
        (SheetKind.OWNERS, "owner" in has and bool(has & {"owner_ref", "phone", "id_number"})),
    )
    return next((kind for kind, is_so in signs if is_so), SheetKind.IGNORED)


def community_of(sheet: Sheet, header: Header) -> str:
    """The community a title row names: what stands before the first word about the document."""
    for row in sheet.rows[: header.row]:
        filled = [value for value in row if value != ""]
        if len(filled) != 1 or not isinstance(filled[0], str) or len(filled[0]) > cells.TEXT_LIMIT:
            continue
        title = "".join(mark for mark in filled[0] if mark.isprintable()).strip()
        places = [place for word in words.DOCUMENT_WORDS if (place := title.find(word)) >= 0]
        if places and (year := _YEAR.search(title)) is not None:
            places.append(year.start())
        name = title[: min(places)].strip() if places else ""
        if len(name) > 1 and not name[0].isdecimal():
            return name[:120]
    return ""


@cache
def letter(position: int) -> str:
    """Excel's letters of a zero-based column."""
    letters = ""
    number = position + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


@lru_cache(maxsize=1024)
def field_of(title: str) -> str | None:
    """The field a header names, or None; ``unused`` for one that is known and not needed."""
    folded = _PUNCTUATION.sub("", words.fold(title))
    bare = _BRACKETS.sub("", folded)
    for form in (bare, folded, _UNITS.sub("", bare), _UNITS.sub("", folded)):
        if form in _synonyms():
            return _synonyms()[form]
    for prefix in _prefixes():
        if bare.startswith(prefix) and bare.removeprefix(prefix) in _synonyms():
            return _synonyms()[bare.removeprefix(prefix)]
    return None


@cache
def _synonyms() -> dict[str, str]:
    return {
        _PUNCTUATION.sub("", words.fold(word)): name
        for name, synonyms in words.HEADERS["fields"].items()
        for word in synonyms
    }


@cache
def _prefixes() -> tuple[str, ...]:
    return tuple(words.fold(word) for word in words.HEADERS["prefixes"]["words"])


@cache
def _aside() -> frozenset[str]:
    return frozenset(words.fold(word) for word in words.HEADERS["aside"]["words"])


def _read(row: Row, over: Row) -> _Candidate:
    found = _Candidate()
    for position, value in enumerate(row):
        if value == "":
            continue
        if isinstance(value, str) and _PUNCTUATION.sub("", words.fold(value)) in _aside():
            break
        found.width = position + 1
        month = month_of(value, over[position])
        if month is not None:
            found.months.append((position, month))
        elif dates.is_unclear_month(value):
            found.unclear.append(position)
        elif isinstance(value, str) and len(value) < 60:  # a header is short
            name = field_of(value)
            if name == "unused":
                found.unused += 1
            elif name is not None and name not in found.fields:
                found.fields[name] = position
    if len({span for _, span in found.months}) != len(found.months):
        found.months.clear()
    return found


def month_of(value: Cell, over: Cell) -> Span | None:
    """The month a header cell names, by itself or below its year."""
    return dates.header_month(value) or _month_below_year(value, over)


def _month_below_year(value: Cell, above: Cell) -> Span | None:
    month = dates.bare_month(value)
    if month is None or not isinstance(above, str | float):
        return None
    return dates.header_month(f"{_title(above).removesuffix(words.YEAR_MARK)}-{month}")


def above(sheet: Sheet, number: int) -> Row:
    """The row above, with its merged cells spread over their columns."""
    if number == 0:
        return [""] * len(sheet.rows[0])
    row = list(sheet.rows[number - 1])
    for top, left, _, right in sheet.merges:
        if top == number - 1 and left < len(row):
            last = min(right, len(row) - 1)
            row[left : last + 1] = [row[left]] * (last - left + 1)
    return row


def _title(value: Cell) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return " ".join(str(value).split())[:40]
