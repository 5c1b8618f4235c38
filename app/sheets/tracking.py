"""Results of deliveries as post offices hand them back: columns recognised, every row either read or named."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from app.domain.delivery import EventKind
from app.domain.errors import Refusal
from app.sheets import dates, guard, reading
from app.sheets.cells import text
from app.sheets.reading import Cell, Sheet

_FILE = Path(__file__).with_name("tracking.toml")
_BLANK = re.compile(r"[\s:：*（）()]+")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
FIRST_ROWS = 15
TRANSIT = "transit"
SHANGHAI = dt.timezone(dt.timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Result:
    """One row of the file that tells something: of which item, what, and when."""

    row: int
    post_number: str
    notice_number: str
    kind: EventKind
    on: dt.date
    at: dt.datetime | None
    receiver: str
    relation: str
    reason: str
    words: str

    @property
    def item(self) -> str:
        """What the item is called in the file."""
        return self.post_number or self.notice_number


@dataclass(frozen=True, slots=True)
class Fault:
    """A row nothing was made of, and why."""

    row: int
    item: str
    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """A whole file: what it says, and what of it says nothing."""

    sha256: str
    rows: int
    results: tuple[Result, ...]
    faults: tuple[Fault, ...]


def parse(file_name: str, data: bytes) -> Read:
    """Read a workbook or text file, in UTF-8 or GB18030; refuse only what cannot be opened or has no such columns.

    Raises:
        Refusal: ``tracking.no_columns``; as ``sheets.reading.read``.

    """
    results: list[Result] = []
    faults: list[Fault] = []
    found_any, rows = False, 0
    for sheet in reading.read(file_name, data, guard.STANDARD):
        head = _header(sheet)
        if head is None:
            continue
        found_any = True
        top, columns = head
        for number, row in enumerate(sheet.rows[top + 1 :], start=top + 2):
            cells = {name: _value(row[place]) for name, place in columns.items()}
            if not any(text(cell) for cell in cells.values()):
                continue
            rows += 1
            made = _result(number, cells)
            if isinstance(made, Result):
                results.append(made)
            else:
                faults.append(made)
    if not found_any:
        raise Refusal("tracking.no_columns", field="file")
    return Read(hashlib.sha256(data).hexdigest(), rows, tuple(results), tuple(faults))


def _header(sheet: Sheet) -> tuple[int, dict[str, int]] | None:
    """Return the row of the headings and which column holds what; a number, a status and a time must be there."""
    for number, row in enumerate(sheet.rows[:FIRST_ROWS]):
        found: dict[str, int] = {}
        for name, titles in _words()["columns"].items():
            for place, cell in enumerate(row):
                if _plain(cell) in titles and place not in found.values():
                    found[name] = place
                    break
        if {"status", "time"} <= found.keys() and found.keys() & {"post_number", "notice_number"}:
            return number, found
    return None


def _result(number: int, cells: Mapping[str, Cell]) -> Result | Fault:
    post = _number(cells.get("post_number", ""))
    ours = _number(cells.get("notice_number", ""))
    status, reason = text(cells["status"]), text(cells.get("reason", ""))
    item = post or ours
    if not item:
        return Fault(number, "", "tracking.no_number", status[:60])
    kind = _kind(status)
    if kind is None:
        return Fault(number, item, "tracking.unknown_status", status[:60])
    if kind == TRANSIT:
        return Fault(number, item, "tracking.in_transit", status[:60])
    try:
        on, at = _moment(cells["time"])
    except Refusal:
        return Fault(number, item, "tracking.no_time", text(cells["time"])[:40])
    receiver = text(cells.get("receiver", ""))[:40]
    said = f"{status} {reason} {receiver}"
    why = _first("reasons", said) or ("other" if kind == EventKind.RETURNED else "")
    relation = _first("relations", said) if kind == EventKind.DELIVERED else ""
    return Result(number, post, ours, EventKind(kind), on, at, receiver, relation, why, f"{status} {reason}".strip())


def _kind(status: str) -> str | None:
    return next((row["kind"] for row in _words()["status"] if any(word in status for word in row["words"])), None)


def _first(table: str, said: str) -> str:
    return next((name for name, words in _words()[table].items() if any(word in said for word in words)), "")


def _moment(value: Cell) -> tuple[dt.date, dt.datetime | None]:
    """Read when it happened; the time of day is kept where the file has one."""
    if isinstance(value, dt.datetime):
        clock = value.time()
        on = value.date()
        return on, dt.datetime.combine(on, clock, SHANGHAI) if clock != dt.time() else None
    on = dates.day(value)
    found = _CLOCK.search(value) if isinstance(value, str) else None
    if found is None:
        return on, None
    hour, minute, second = (int(part or 0) for part in found.groups())
    try:
        return on, dt.datetime.combine(on, dt.time(hour, minute, second), SHANGHAI)
    except ValueError:
        return on, None


def _value(cell: Cell) -> Cell:
    """Return a cell; a formula nobody ever calculated tells nothing."""
    return "" if cell is reading.UNCALCULATED else cell


def _number(value: Cell) -> str:
    plain = text(value).replace(" ", "").lstrip("'").upper()
    return plain[:40]


def _plain(value: Cell) -> str:
    return _BLANK.sub("", text(value))


@lru_cache(maxsize=1)
def _words() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text("utf-8"))


def sequence(results: Sequence[Result]) -> list[Result]:
    """Return results in the order things happened to each item, whatever the order of the rows."""
    order = list(EventKind)
    return sorted(results, key=lambda one: (one.item, one.on, one.at or _LAST, order.index(one.kind)))


_LAST = dt.datetime(9999, 12, 31, tzinfo=dt.UTC)
