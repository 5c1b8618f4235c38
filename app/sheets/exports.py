"""A list on screen as a workbook or text file: real numbers and dates, text that stays text, ready to print."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO, StringIO

from app.domain.money import format_yuan
from app.sheets import writing

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
_PER_YUAN = 100
_PER_SQUARE_METRE = 1000

Value = str | int | dt.date | None


class ColumnKind(StrEnum):
    """What a column holds: money in fen, areas in thousandths of a square metre, everything else as it is."""

    TEXT = "text"
    MONEY = "money"
    AREA = "area"
    NUMBER = "number"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a list."""

    title: str
    kind: ColumnKind = ColumnKind.TEXT
    width: int = 14


_FORMATS = {
    ColumnKind.TEXT: {"num_format": "@"},
    ColumnKind.MONEY: {"num_format": "#,##0.00"},
    ColumnKind.AREA: {"num_format": "0.00#"},
    ColumnKind.NUMBER: {"num_format": "0"},
    ColumnKind.DATE: {"num_format": "yyyy-mm-dd", "align": "center"},
}


def workbook(
    *,
    name: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Value]],
    title: str = "",
    footer: str = "",
    notes: Sequence[str] = (),
) -> bytes:
    """Return an xlsx with a frozen, filtered header, A4 landscape, the title above and the footer on every page.

    The notes (as of when, filters, totals) stand between the title and the header. Rows are written as they come.
    """
    target = BytesIO()
    with writing.open_workbook(target, constant_memory=True) as book:
        sheet = book.add_worksheet(writing.sheet_name(name, set()))
        head = book.add_format({"bold": True, "bg_color": "#EEF1F5", "bottom": 1, "align": "center"})
        styles = {kind: book.add_format(given) for kind, given in _FORMATS.items()}
        for position, column in enumerate(columns):
            sheet.set_column(position, position, column.width)
        top = 1 if title else 0
        if title:
            sheet.write_string(0, 0, title, book.add_format({"bold": True, "font_size": 14}))
        for place, note in enumerate(notes, start=top):
            sheet.write_string(place, 0, note)
        top += len(notes)
        for position, column in enumerate(columns):
            sheet.write_string(top, position, column.title, head)
        number = top
        for number, row in enumerate(rows, start=top + 1):
            for position, (column, value) in enumerate(zip(columns, row, strict=True)):
                writing.write_cell(sheet, number, position, _number(column.kind, value), styles[column.kind])
        sheet.freeze_panes(top + 1, 0)
        sheet.autofilter(top, 0, max(number, top), len(columns) - 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(top)
        sheet.set_footer(f"&L{footer.replace('&', '&&')[:180]}&R&P / &N")
    return target.getvalue()


def text_file(*, columns: Sequence[Column], rows: Iterable[Sequence[Value]]) -> bytes:
    """Return a CSV that Excel opens in the right encoding; a text that looks like a formula is defused."""
    target = StringIO(newline="")
    writer = csv.writer(target)
    writer.writerow([_defused(column.title) for column in columns])
    for row in rows:
        writer.writerow([_text(column.kind, value) for column, value in zip(columns, row, strict=True)])
    return target.getvalue().encode("utf-8-sig")


def _number(kind: ColumnKind, value: Value) -> str | float | dt.date | None:
    """Fen and thousandths become what Excel calculates with; both divisions are exact to the digits shown."""
    if isinstance(value, int) and kind is ColumnKind.MONEY:
        return value / _PER_YUAN
    if isinstance(value, int) and kind is ColumnKind.AREA:
        return value / _PER_SQUARE_METRE
    return value


def _text(kind: ColumnKind, value: Value) -> str:
    match value:
        case None:
            return ""
        case str():
            return _defused(value)
        case int() if kind is ColumnKind.MONEY:
            return format_yuan(value)
        case int() if kind is ColumnKind.AREA:
            return f"{value // _PER_SQUARE_METRE}.{value % _PER_SQUARE_METRE:03d}"
        case _:
            return str(value)


def _defused(text: str) -> str:
    return f"'{text}" if text.startswith(_DANGEROUS) else text
