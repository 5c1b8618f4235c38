"""Walking a sheet's data rows: what is data, what is a total or a note, and every fault with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

from app.domain.errors import Fact, Refusal
from app.domain.registry import NO_ENTRANCE, UnitCode
from app.sheets import cells, words
from app.sheets.headers import Header
from app.sheets.reading import Cell, Row, Sheet, fill_merges
from app.sheets.records import Fault, Warned

T = TypeVar("T")

_NOT_DATA = frozenset({"serial", "status_mark", "problem_mark", "cashier"})
_MARK_COLUMNS = 6
_LONGEST_MARK = 14
_STARTS = frozenset(
    word[0] for group in (words.TOTALS, words.SUBTOTALS, words.EXAMPLES, words.NOTES) for word in group if word
)
_HOUSEHOLDS = re.compile(r"(\d{1,6})(?:" + "|".join(words.HOUSEHOLD_MARKS) + ")")


class RowReader:
    """Iterate over the data rows; inside the loop read cells of the row at hand by field name.

    A cell that cannot be read becomes a fault of the row; the loop asks ``is_good`` before it keeps a record.
    Totals rows are checked against what the loop has added up so far with ``add``.
    """

    def __init__(self, sheet: Sheet, header: Header) -> None:
        self.sheet = sheet
        self.header = header
        self.rows = fill_merges(sheet, header.row + 1)
        self.number = 0
        self.count = 0
        self.faults: list[Fault] = []
        self.warnings: list[Warned] = []
        self.skipped: list[int] = []
        self.stated: int | None = None
        self.total = 0
        self._segment = 0
        self._groups: dict[int, tuple[tuple[str, ...], int]] = {}
        self._sum_at: int | None = None
        self._sum_reader: Callable[[Cell], int] = cells.signed_fen
        self._column_sums: dict[int, int] = {}
        self._row: Row = []
        self._good_before = 0
        self._data = tuple(
            {position for name, position in header.fields.items() if name not in _NOT_DATA}
            | {position for position, _ in header.months}
            | set(header.unclear_months)
        )

    def sum_column(self, *names: str, reader: Callable[[Cell], int] = cells.signed_fen) -> None:
        """Say in which column totals rows repeat what the loop adds up (the first name that is there)."""
        self._sum_at = next((self.header.fields[name] for name in names if name in self.header.fields), None)
        self._sum_reader = reader

    def __iter__(self) -> Iterator[int]:
        """Yield the Excel number of each data row."""
        titles = self.header.titles
        key = self._data[0] if self._data else 0
        for number in range(self.header.row + 1, len(self.rows)):
            row = self.rows[number]
            self.number, self._row = number + 1, row
            if not self._holds_data(row):
                continue
            mark = self._mark(row)
            if mark or (key < len(titles) and row[key] == titles[key]):
                self.skipped.append(self.number)
                self._check_total(row, mark)
                continue
            self.count += 1
            self._good_before = len(self.faults)
            yield self.number

    @property
    def is_good(self) -> bool:
        """True while nothing was refused in the row at hand."""
        return len(self.faults) == self._good_before

    def has(self, name: str) -> bool:
        """True when the sheet has a column for the field."""
        return name in self.header.fields

    def value(self, name: str) -> Cell:
        """The cell of a field in the row at hand, an empty text where there is none."""
        position = self.header.fields.get(name)
        return "" if position is None else self._row[position]

    def cell(self, position: int) -> Cell:
        """The cell at a position in the row at hand."""
        return self._row[position]

    def read(self, name: str, reader: Callable[[Cell], T], *, missing: str = "") -> T | None:
        """Read a field; a cell that is wrong, or empty though ``missing`` names a code, becomes a fault."""
        value = self.value(name)
        if is_blank(value):
            if missing:
                self.fault(missing, name)
            return None
        try:
            return reader(value)
        except Refusal as refusal:
            self.faults.append(Fault(self.number, self._column(name), refusal))
            return None

    def read_or_warn(self, name: str, reader: Callable[[Cell], T], default: T) -> T:
        """Read a field that the record can do without: a wrong cell is only a warning."""
        value = self.value(name)
        if is_blank(value):
            return default
        try:
            return reader(value)
        except Refusal as refusal:
            self.warn(refusal.code, name, **refusal.facts)
            return default

    def read_at(self, position: int, reader: Callable[[Cell], T], default: T) -> T:
        """Read the cell at a position; a wrong one becomes a fault."""
        value = self._row[position]
        if is_blank(value):
            return default
        try:
            return reader(value)
        except Refusal as refusal:
            self.faults.append(Fault(self.number, self.header.column(position), refusal))
            return default

    def text(self, name: str) -> str:
        """Read a field as text; too long a text becomes a fault."""
        return self.read(name, cells.text) or ""

    def fault(self, code: str, name: str = "", **facts: Fact) -> None:
        """Refuse the row at hand because of one of its fields."""
        refusal = Refusal(code)
        refusal.facts.update(facts)
        self.faults.append(Fault(self.number, self._column(name), refusal))

    def warn(self, code: str, name: str = "", **facts: Fact) -> None:
        """Point something out about the row at hand."""
        self.warnings.append(Warned(code, self.number, self._column(name), dict(facts)))

    def add(self, amount: int, unit: UnitCode | None = None) -> None:
        """Count an amount towards the totals, whether or not its row is good.

        A subtotal may close the rows since the one before it, or those of the last building or entrance.
        """
        self.total += amount
        self._segment += amount
        if unit is not None:
            for group in ((unit.building,), (unit.building, unit.entrance)):
                known, added = self._groups.get(len(group), (group, 0))
                self._groups[len(group)] = (group, (added if known == group else 0) + amount)

    def add_at(self, position: int, amount: int) -> None:
        """Count an amount towards its own column's total as well."""
        self._column_sums[position] = self._column_sums.get(position, 0) + amount

    def unit(self) -> UnitCode | None:
        """Read the unit from one, two or three columns; what is missing or unreadable becomes a fault."""
        room = self.value("room")
        if is_blank(room):
            self.fault("import.missing_room", "room")
            return None
        building = self.value("building")
        try:
            if is_blank(building):
                return self._unit_alone(room)
            return self._unit_in(building, room)
        except Refusal as refusal:
            self.faults.append(Fault(self.number, self._column("room"), refusal))
            return None

    def _unit_alone(self, room: Cell) -> UnitCode | None:
        if not self.has("building"):
            return cells.unit(room)
        try:
            return cells.unit(room)
        except Refusal:
            self.fault("import.missing_building", "building")
            return None

    def _unit_in(self, building: Cell, room: Cell) -> UnitCode | None:
        entrance = self.value("entrance")
        if not is_blank(entrance):
            return cells.unit_from(building, entrance, room)
        alone = cells.unit_from(building, "", room)
        if "-" in alone.room:
            return _with_entrance_in_room(alone, room)
        if self.has("entrance") and alone.room.isdecimal():
            self.fault("import.missing_entrance", "entrance")
            return None
        return alone

    def _column(self, name: str) -> str:
        position = self.header.fields.get(name)
        return "" if position is None else self.header.column(position)

    def _holds_data(self, row: Row) -> bool:
        return any(not is_blank(row[position]) for position in self._data)

    def _mark(self, row: Row) -> str:
        """Return ``total``, ``subtotal`` or ``note`` for a row that is no data, else an empty text."""
        for position in range(min(_MARK_COLUMNS, self.header.width)):
            value = row[position]
            if type(value) is not str or not value:
                continue
            folded = words.fold(value) if value[0] in _STARTS or value[0].isspace() else ""
            if not folded:
                continue
            bare = folded.split(":")[0].split("(")[0]
            if bare in words.TOTALS:
                return "total"
            if bare in words.SUBTOTALS or (len(bare) < _LONGEST_MARK and bare.endswith(tuple(words.SUBTOTALS))):
                return "subtotal"
            if bare in words.EXAMPLES or (":" in folded and bare in words.NOTES) or folded in words.NOTES:
                return "note"
        return ""

    def _check_total(self, row: Row, mark: str) -> None:
        if mark not in {"total", "subtotal"}:
            return
        ours = {self.total} if mark == "total" else {self._segment, *(added for _, added in self._groups.values())}
        shown = self.total if mark == "total" else self._segment
        self._segment = 0
        if mark == "total":
            self._check_households(row)
            for position, added in self._column_sums.items():
                self._compare(row, position, {added}, added, "import.total_differs")
        if self._sum_at is not None:
            code = "import.total_differs" if mark == "total" else "import.subtotal_differs"
            stated = self._compare(row, self._sum_at, ours, shown, code)
            self.stated = stated if mark == "total" and stated is not None else self.stated

    def _compare(self, row: Row, position: int, ours: set[int], shown: int, code: str) -> int | None:
        if is_blank(row[position]):
            return None
        reader = self._sum_reader if position == self._sum_at else cells.signed_fen
        try:
            stated = reader(row[position])
        except Refusal:
            return None
        if stated not in ours:
            digits = 1000 if reader is cells.area_e3 else 100
            facts: dict[str, Fact] = {"stated": _decimal(stated, digits), "ours": _decimal(shown, digits)}
            self.warnings.append(Warned(code, self.number, self.header.column(position), facts))
        return stated

    def _check_households(self, row: Row) -> None:
        for value in row[: self.header.width]:
            is_short = type(value) is str and len(value) < _LONGEST_MARK
            match = _HOUSEHOLDS.fullmatch(words.fold(str(value))) if is_short else None
            if match is not None and int(match[1]) != self.count:
                self.warn("import.households_differ", stated=int(match[1]), ours=self.count)


def is_blank(value: Cell) -> bool:
    """True for an empty cell or one of blanks; a formula without a result is not blank but unreadable."""
    return type(value) is str and (value == "" or not value.strip())


def _with_entrance_in_room(alone: UnitCode, room: Cell) -> UnitCode:
    """A building column beside a room such as ``1-202`` or ``3-1-202``: the room cell says the entrance too."""
    parts = alone.room.split("-")
    if len(parts) > 2 and parts[0] == alone.building:
        return cells.unit(room)
    if len(parts[0]) <= 2 and parts[0] != NO_ENTRANCE:  # longer ones are rooms such as 202-1
        return UnitCode(alone.building, parts[0], "-".join(parts[1:]))
    return alone


def _decimal(value: int, per_whole: int) -> str:
    sign = "-" if value < 0 else ""
    whole, rest = divmod(abs(value), per_whole)
    return f"{sign}{whole}.{str(rest).zfill(len(str(per_whole)) - 1)}"
