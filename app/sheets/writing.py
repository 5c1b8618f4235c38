"""What every workbook written here has in common: real numbers and dates, text that never becomes a formula."""

from __future__ import annotations

import datetime as dt
import re
from io import BytesIO
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from app.sheets.reading import Cell

NAME_LIMIT = 31
TEXT_LIMIT = 32_000

_OPTIONS: dict[str, Any] = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": True,
    "default_date_format": "yyyy-mm-dd",
    "in_memory": True,
}
_BAD_NAME = re.compile(r"[\[\]:*?/\\]|^'|'$")
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def open_workbook(target: BytesIO, **options: Any) -> xlsxwriter.Workbook:  # noqa: ANN401 - the library's own options
    """Start a workbook in which a text that begins with ``=`` stays a text."""
    return xlsxwriter.Workbook(target, {**_OPTIONS, **options})


def sheet_name(wanted: str, taken: set[str]) -> str:
    """Return a name Excel accepts and this workbook does not have yet, and take it."""
    plain = _BAD_NAME.sub(" ", wanted).strip()[:NAME_LIMIT] or "Sheet"
    name, number = plain, 1
    while name.lower() in taken:
        number += 1
        name = f"{plain[: NAME_LIMIT - 5]} ({number})"
    taken.add(name.lower())
    return name


def write_cell(sheet: Worksheet, row: int, column: int, value: Cell | None, style: Any = None) -> None:  # noqa: ANN401 - the library's format
    """Write one value as what it is."""
    match value:
        case None | "":
            if style is not None:
                sheet.write_blank(row, column, None, style)
        case bool():
            sheet.write_boolean(row, column, value, style)
        case float() | int():
            sheet.write_number(row, column, value, style)
        case dt.datetime():
            sheet.write_datetime(row, column, value.replace(tzinfo=None), style)
        case dt.date():
            sheet.write_datetime(row, column, dt.datetime.combine(value, dt.time()), style)
        case dt.time() | dt.timedelta():
            sheet.write_datetime(row, column, value, style)
        case str():
            sheet.write_string(row, column, _UNWRITABLE.sub("", value)[:TEXT_LIMIT], style)
