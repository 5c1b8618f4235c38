"""A report as a workbook: its tables on sheets of their own, numbers as numbers, and what each figure means."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from typing import Any

from app.sheets import writing

_PER_YUAN = 100
_WHOLE = 10_000
_WIDE = 60

Value = str | int | dt.date | None


class Kind(StrEnum):
    """What a column holds: money in fen, shares in ten-thousandths, everything else as it is."""

    TEXT = "text"
    MONEY = "money"
    NUMBER = "number"
    SHARE = "share"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column."""

    title: str
    kind: Kind = Kind.TEXT
    width: int = 14


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table; ``foot`` is its last row, in bold."""

    name: str
    title: str
    heads: tuple[Head, ...]
    rows: tuple[tuple[Value, ...], ...]
    foot: tuple[Value, ...] = ()


_FORMATS: dict[Kind, dict[str, Any]] = {
    Kind.TEXT: {"num_format": "@"},
    Kind.MONEY: {"num_format": "#,##0.00"},
    Kind.NUMBER: {"num_format": "0"},
    Kind.SHARE: {"num_format": "0.00%"},
    Kind.DATE: {"num_format": "yyyy-mm-dd", "align": "center"},
}


def workbook(*, sheets: Sequence[Sheet], notes_name: str, notes: Sequence[tuple[str, str]], footer: str = "") -> bytes:
    """Return an xlsx of the sheets and a last one with what each figure means; no cell is a formula."""
    target, taken = BytesIO(), set[str]()
    with writing.open_workbook(target) as book:
        for sheet in sheets:
            _write(book, book.add_worksheet(writing.sheet_name(sheet.name, taken)), sheet, footer)
        page = book.add_worksheet(writing.sheet_name(notes_name, taken))
        page.set_column(0, 0, 24)
        page.set_column(1, 1, 100)
        plain, bold = book.add_format({"text_wrap": True, "valign": "top"}), book.add_format({"bold": True})
        for number, (name, text) in enumerate(notes):
            page.write_string(number, 0, name, bold)
            page.write_string(number, 1, text, plain)
    return target.getvalue()


def _write(book: Any, page: Any, sheet: Sheet, footer: str) -> None:  # noqa: ANN401 - XlsxWriter is untyped
    head = book.add_format({"bold": True, "bg_color": "#EEF1F5", "bottom": 1, "align": "center", "text_wrap": True})
    page.write_string(0, 0, sheet.title, book.add_format({"bold": True, "font_size": 14}))
    for place, column in enumerate(sheet.heads):
        page.set_column(place, place, min(column.width, _WIDE))
        page.write_string(1, place, column.title, head)
    for bold, rows, start in ((False, sheet.rows, 2), (True, (sheet.foot,) if sheet.foot else (), 2 + len(sheet.rows))):
        styles = {kind: book.add_format({**given, "bold": bold}) for kind, given in _FORMATS.items()}
        for number, row in enumerate(rows, start=start):
            for place, (column, value) in enumerate(zip(sheet.heads, row, strict=True)):
                style = styles[Kind.TEXT if isinstance(value, str) else column.kind]
                writing.write_cell(page, number, place, _number(column.kind, value), style)
    page.freeze_panes(2, 1)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(1)
    page.set_footer(f"&L{footer.replace('&', '&&')[:180]}&R&P / &N")


def _number(kind: Kind, value: Value) -> str | float | dt.date | None:
    """Fen and ten-thousandths become what Excel calculates with, exact to the digits shown."""
    if isinstance(value, int) and kind is Kind.MONEY:
        return value / _PER_YUAN
    if isinstance(value, int) and kind is Kind.SHARE:
        return value / _WHOLE
    return value
