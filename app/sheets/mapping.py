"""What a clerk says about a sheet: what it is, where its header stands, what each column means; known again later."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.domain.errors import Refusal
from app.sheets import cells, guard, headers, parsing, reading, words
from app.sheets.guard import Limits
from app.sheets.headers import SEARCHED_ROWS, Header, letter
from app.sheets.reading import Row, Sheet
from app.sheets.records import ParsedBook, ParsedSheet, SheetKind

SAMPLES = 3
MONTH = "month"
MARKS = frozenset({"status_mark", "problem_mark"})
_LEAST_TITLES = 2
_TITLE_LIMIT = 60
_LONG = re.compile(r"\d{8,}", re.ASCII)
"""Telephone and identity numbers: a sample need not show them whole."""

# What rows of a kind cannot do without: one field of each group.
NEEDS: Mapping[SheetKind, tuple[tuple[str, ...], ...]] = {
    SheetKind.UNITS: (("room",), ("area",)),
    SheetKind.OWNERS: (("owner",), ("owner_ref", "phone", "id_number")),
    SheetKind.TARIFFS: (("item", "fee_ref"), ("price", "fixed")),
    SheetKind.ARREARS: (
        ("room",),
        (MONTH, "period", "period_from", "period_to", "due_on"),
        (MONTH, "owed", "amount", "due"),
    ),
    SheetKind.RECEIPTS: (("room",), ("received_on",), ("amount", "paid", "due")),
}

FIELDS: tuple[str, ...] = (
    *(name for name in words.HEADERS["fields"] if name not in {*MARKS, "unused", "parking_space"}),
    MONTH,
)
"""What a column may be said to be, in the order of the word list."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What was said of one sheet: ``fields`` by the key of a title, ``row`` as Excel counts it (0: find it again)."""

    kind: SheetKind
    row: int
    fields: Mapping[str, str]
    is_remembered: bool = False


@dataclass(frozen=True, slots=True)
class ColumnView:
    """A column as the clerk sees it: letter, title, what it was taken for, and what stands in it."""

    position: int
    key: str
    title: str
    field: str
    samples: tuple[str, ...]

    @property
    def letter(self) -> str:
        """Excel's letters of the column."""
        return letter(self.position)


@dataclass(frozen=True, slots=True)
class SheetView:
    """A sheet as it was understood; ``missing`` are groups of fields of which one is needed."""

    name: str
    kind: SheetKind
    row: int
    columns: tuple[ColumnView, ...]
    fingerprint: str
    rows: int
    is_chosen: bool = False
    is_remembered: bool = False
    missing: tuple[tuple[str, ...], ...] = ()

    @property
    def unknown(self) -> tuple[ColumnView, ...]:
        """Columns nothing was made of though something stands in them."""
        return tuple(column for column in self.columns if not column.field and column.samples)

    def choice(self) -> Choice:
        """Return what the sheet was taken for as if somebody had said so."""
        return Choice(self.kind, self.row, {column.key: column.field for column in self.columns if column.field})


@dataclass(frozen=True, slots=True)
class Understood:
    """A file read, with how each of its sheets was understood."""

    book: ParsedBook
    views: tuple[SheetView, ...]
    choices: Mapping[str, Choice] = field(default_factory=dict)


def read(
    file_name: str,
    data: bytes,
    *,
    choices: Mapping[str, Choice] | None = None,
    remembered: Mapping[str, Choice] | None = None,
    limits: Limits = guard.STANDARD,
) -> Understood:
    """Read a file as the clerk said, or as one with the same header was read before, or as it speaks for itself.

    ``choices`` go by the name of the sheet, ``remembered`` by the fingerprint of the header row.
    """
    sheets = reading.read(file_name, data, limits)
    used: dict[str, Choice] = {}
    views: list[SheetView] = []
    parsed: list[ParsedSheet] = []
    for sheet in sheets:
        choice = (choices or {}).get(sheet.name) or _known(sheet, remembered or {})
        if choice is not None:
            used[sheet.name] = choice
        # Reading fills merged cells in, so the sheet is looked at before.
        views.append(describe(sheet, choice))
        header = None if choice is None else header_of(sheet, choice)
        told = None if choice is None or header is None else (choice.kind, header)
        parsed.append(parsing.parse_sheet(sheet, told=told))
    book = ParsedBook(file_name, hashlib.sha256(data).hexdigest(), tuple(parsed))
    return Understood(book, tuple(views), used)


def describe(sheet: Sheet, choice: Choice | None = None) -> SheetView:
    """Tell how a sheet is understood, with what stands in each column."""
    header = headers.find(sheet) if choice is None else header_of(sheet, choice)
    row = header.row if header is not None else _likely_header(sheet)
    if row is None:
        return SheetView(sheet.name, SheetKind.IGNORED, 0, (), "", len(sheet.rows))
    by_itself = SheetKind.IGNORED if header is None else headers.kind_of(header)
    kind = by_itself if choice is None else choice.kind
    taken = _taken(header)
    columns = tuple(
        ColumnView(
            position, key, _shown(sheet.rows[row][position]), taken.get(position, ""), _samples(sheet, row, position)
        )
        for position, key in keys_of(sheet.rows[row])
    )
    columns = tuple(column for column in columns if column.key or column.samples)
    known = {column.field for column in columns}
    missing = tuple(group for group in NEEDS.get(kind, ()) if not known & set(group))
    return SheetView(
        sheet.name,
        kind,
        row + 1,
        columns,
        fingerprint(sheet.rows[row]),
        max(0, len(sheet.rows) - row - 1),
        is_chosen=choice is not None,
        is_remembered=choice is not None and choice.is_remembered,
        missing=missing,
    )


def header_of(sheet: Sheet, choice: Choice) -> Header | None:
    """Return the header as it was said to be; None where the row is not there."""
    if not 0 < choice.row <= len(sheet.rows):
        return None
    number = choice.row - 1
    if not choice.fields:
        return headers.at(sheet, number)
    row, above = sheet.rows[number], headers.above(sheet, number)
    fields: dict[str, int] = {}
    months, unclear, width = [], [], 0
    for position, key in keys_of(row):
        said = choice.fields.get(key, "") if key else ""
        if key:
            width = position + 1
        if said == MONTH:
            span = headers.month_of(row[position], above[position])
            if span is None:
                unclear.append(position)
            else:
                months.append((position, span))
        elif said:
            fields.setdefault(said, position)
    for name, position in _marks(row).items():
        fields.setdefault(name, position)
    titles = tuple(_shown(value) for value in row[:width])
    return Header(number, fields, tuple(months), titles, width, tuple(unclear))


def keys_of(row: Row) -> list[tuple[int, str]]:
    """Return each position with the key of its title: the folded words, and a number where they come again."""
    seen: dict[str, int] = {}
    found = []
    for position, value in enumerate(row):
        title = words.fold(_shown(value))
        if not title:
            found.append((position, ""))
            continue
        seen[title] = seen.get(title, 0) + 1
        found.append((position, title if seen[title] == 1 else f"{title}#{seen[title]}"))
    return found


def fingerprint(row: Row) -> str:
    """Return what a header is known by again: its titles in order, without the marks of an error workbook."""
    titles = [key for position, key in keys_of(row) if key and position not in _marks(row).values()]
    return hashlib.sha256("\n".join(titles).encode()).hexdigest() if len(titles) >= _LEAST_TITLES else ""


def write(choices: Mapping[str, Choice]) -> dict[str, Any]:
    """Return choices as a form or a row of the store carries them."""
    return {name: written(choice) for name, choice in choices.items()}


def written(choice: Choice) -> dict[str, Any]:
    """Return one choice as plain data."""
    return {
        "kind": choice.kind.value,
        "row": choice.row,
        "fields": dict(choice.fields),
        "remembered": choice.is_remembered,
    }


def said(kept: object) -> Choice:
    """Read one choice back; what is not one is refused (``import.bad_mapping``)."""
    try:
        data: Any = kept
        fields = {str(key)[: _TITLE_LIMIT * 2]: str(name) for key, name in dict(data["fields"]).items()}
        if not set(fields.values()) <= set(FIELDS):
            raise Refusal("import.bad_mapping")
        row = int(data["row"])
        if not 0 < row <= SEARCHED_ROWS * 4:
            raise Refusal("import.bad_mapping")
        return Choice(SheetKind(data["kind"]), row, fields, bool(data.get("remembered")))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Refusal("import.bad_mapping") from error


def _known(sheet: Sheet, remembered: Mapping[str, Choice]) -> Choice | None:
    if not remembered:
        return None
    for number, row in enumerate(sheet.rows[: SEARCHED_ROWS * 2]):
        found = remembered.get(fingerprint(row))
        if found is not None:
            return Choice(found.kind, number + 1, found.fields, is_remembered=True)
    return None


def _taken(header: Header | None) -> dict[int, str]:
    if header is None:
        return {}
    taken = {position: name for name, position in header.fields.items()}
    taken |= dict.fromkeys([*(position for position, _ in header.months), *header.unclear_months], MONTH)
    return taken


def _likely_header(sheet: Sheet) -> int | None:
    """Return the row that looks most like titles: the first with the most short texts."""
    best, most = None, _LEAST_TITLES - 1
    for number, row in enumerate(sheet.rows[:SEARCHED_ROWS]):
        count = sum(isinstance(value, str) and 0 < len(value.strip()) < _TITLE_LIMIT for value in row)
        if count > most:
            best, most = number, count
    return best


def _marks(row: Row) -> dict[str, int]:
    found: dict[str, int] = {}
    for position, value in enumerate(row):
        name = headers.field_of(value) if isinstance(value, str) and value else None
        if name in MARKS:
            found.setdefault(name, position)
    return found


def _samples(sheet: Sheet, row: int, position: int) -> tuple[str, ...]:
    found: list[str] = []
    for below in sheet.rows[row + 1 : row + 40]:
        shown = _LONG.sub(lambda match: f"{match[0][:3]}****{match[0][-2:]}", _shown(below[position]))
        if shown and shown not in found:
            found.append(shown)
        if len(found) == SAMPLES:
            break
    return tuple(found)


def _shown(value: object) -> str:
    """Return a cell as it is seen, short; what cannot be read as text is nothing."""
    try:
        return " ".join(cells.text(value).split())[:_TITLE_LIMIT]  # type: ignore[arg-type]
    except Refusal:
        return ""


def of_books(understood: Sequence[Understood]) -> list[ParsedBook]:
    """Return the books alone."""
    return [one.book for one in understood]
