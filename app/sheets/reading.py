"""Bytes to sheets of plain cells: python-calamine for workbooks, the csv module for text."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO, StringIO
from typing import Final

import python_calamine

from app.domain.errors import Refusal
from app.sheets import guard, parts
from app.sheets.guard import Format, Limits
from app.sheets.parts import SheetFacts

Cell = str | float | bool | dt.date | dt.datetime | dt.time | dt.timedelta
Row = list[Cell]


class Uncalculated(str):
    """The value of a formula cell that has no stored result; shown as nothing, refused when it is needed."""

    __slots__ = ()


NO_FACTS: Final = SheetFacts()
UNCALCULATED: Final = Uncalculated("")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet as it stands: ``rows[0]`` is Excel's row 1, every row equally long.

    ``merges`` are zero-based (top, left, bottom, right), closed. ``is_typed`` is False for text files,
    where a number and a text cannot be told apart.
    """

    name: str
    rows: list[Row]
    merges: tuple[tuple[int, int, int, int], ...] = ()
    is_hidden: bool = False
    is_typed: bool = True
    facts: SheetFacts = NO_FACTS


def read(file_name: str, data: bytes, limits: Limits = guard.STANDARD) -> tuple[Sheet, ...]:
    """Return every sheet of a workbook or text file; refuse what the guard refuses."""
    match guard.check(file_name, data, limits):
        case Format.CSV:
            return (_read_text(file_name, data, limits),)
        case Format.XLSX:
            return _read_workbook(data, parts.inspect(data, limits), limits)
        case Format.XLS:
            return _read_workbook(data, {}, limits)


def fill_merges(sheet: Sheet, from_row: int) -> list[Row]:
    """The rows with every merge below ``from_row`` (zero-based) copied over its whole block.

    Titles and headers are left alone: only data merged over several rows stands for each of them.
    """
    rows = sheet.rows
    width = len(rows[0]) if rows else 0
    budget = len(rows) * width
    for top, left, last_row, last_column in sheet.merges:
        if top < from_row or top >= len(rows) or left >= width:
            continue
        bottom, right = min(last_row, len(rows) - 1), min(last_column, width - 1)
        budget -= (bottom - top + 1) * (right - left + 1)
        if budget < 0:
            raise Refusal("sheet.damaged")
        value = rows[top][left]
        for row in rows[top : bottom + 1]:
            row[left : right + 1] = [value] * (right - left + 1)
    return rows


def _read_workbook(data: bytes, facts: dict[str, SheetFacts], limits: Limits) -> tuple[Sheet, ...]:
    sheets = []
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(BytesIO(data))
        for meta in book.sheets_metadata:
            if meta.typ == python_calamine.SheetTypeEnum.WorkSheet:
                is_hidden = meta.visible != python_calamine.SheetVisibleEnum.Visible
                sheets.append(_sheet_of(book, meta.name, is_hidden=is_hidden, facts=facts, limits=limits))
    except python_calamine.PasswordError as error:
        raise Refusal("sheet.has_password") from error
    except (python_calamine.CalamineError, OSError, ValueError, OverflowError) as error:
        raise Refusal("sheet.has_password" if "assword" in str(error) else "sheet.damaged") from error
    except BaseException as error:
        # A panic in the parser is no Exception; anything else must pass through.
        if type(error).__name__ != "PanicException":
            raise
        raise Refusal("sheet.damaged") from error
    return tuple(sheets)


def _sheet_of(
    book: python_calamine.CalamineWorkbook,
    name: str,
    *,
    is_hidden: bool,
    facts: dict[str, SheetFacts],
    limits: Limits,
) -> Sheet:
    sheet = book.get_sheet_by_name(name)
    if sheet.total_height > limits.rows:
        raise Refusal("sheet.too_many_rows", rows=sheet.total_height, limit=limits.rows)
    if sheet.total_width > limits.columns:
        raise Refusal("sheet.too_many_columns", columns=sheet.total_width, limit=limits.columns)
    if sheet.total_height * sheet.total_width > 2 * limits.cells:
        raise Refusal("sheet.too_many_cells")
    rows: list[Row] = sheet.to_python(skip_empty_area=False)
    known = facts.get(name, NO_FACTS)
    for row, column in known.uncalculated:
        if row < len(rows) and column < len(rows[row]):
            rows[row][column] = UNCALCULATED
    merges = tuple((top, left, bottom, right) for (top, left), (bottom, right) in sheet.merged_cell_ranges or ())
    return Sheet(name, rows, merges, is_hidden=is_hidden, facts=known)


def _read_text(file_name: str, data: bytes, limits: Limits) -> Sheet:
    text = _decoded(data)
    rows: list[Row] = []
    width = 0
    try:
        for fields in csv.reader(StringIO(text, newline=""), delimiter=_delimiter(text), strict=True):
            width = max(width, len(fields))
            rows.append(list[Cell](fields))
            if len(rows) > limits.rows:
                raise Refusal("sheet.too_many_rows", rows=len(rows), limit=limits.rows)
            if width > limits.columns:
                raise Refusal("sheet.too_many_columns", columns=width, limit=limits.columns)
    except csv.Error as error:
        raise Refusal("sheet.damaged") from error
    for row in rows:
        row.extend([""] * (width - len(row)))
    return Sheet(file_name.rpartition(".")[0] or file_name, rows, is_typed=False)


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: Iterable[str] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refusal("sheet.encoding_unknown")


_FIRST_LINES = re.compile(r"(?:[^\n]*\n){0,15}")


def _delimiter(text: str) -> str:
    head = (_FIRST_LINES.match(text) or [text])[0] or text
    return max(",\t;", key=head.count)
