"""The workbook offices download to fill in: one sheet a kind, an example row, lists to choose from, instructions."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Any

from app.sheets import writing

PREPARED_ROWS = 2000
"""Rows that get their text format and lists in advance."""


@cache
def _content() -> dict[str, Any]:
    return tomllib.loads(files("app.sheets").joinpath("templates.toml").read_text(encoding="utf-8"))


def file_name() -> str:
    """The name to offer the download under."""
    return str(_content()["file_name"])


@cache
def build() -> bytes:
    """Return the import template; its example rows are left out when it is read back."""
    content = _content()
    target = BytesIO()
    with writing.open_workbook(target) as book:
        head = book.add_format({"bold": True, "bg_color": "#EEF1F5", "bottom": 1})
        grey = book.add_format({"font_color": "#667085", "italic": True, "num_format": "@"})
        plain = book.add_format({"num_format": "@"})
        for given in content["sheets"]:
            sheet = book.add_worksheet(given["name"])
            for position, column in enumerate(given["columns"]):
                sheet.set_column(position, position, column["width"], plain)
                sheet.write_string(0, position, column["title"], head)
                sheet.write_string(1, position, column.get("example", ""), grey)
                if choices := column.get("choices"):
                    rule = {"validate": "list", "source": choices}
                    sheet.data_validation(2, position, PREPARED_ROWS, position, rule)
            sheet.freeze_panes(1, 0)
        _write_help(book, content, head)
    return target.getvalue()


def _write_help(book: Any, content: dict[str, Any], head: Any) -> None:  # noqa: ANN401 - the library's own types
    sheet = book.add_worksheet(content["help_title"])
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 1, 22)
    sheet.set_column(2, 2, 80)
    row = 0
    for given in content["sheets"]:
        for column in given["columns"]:
            if "help" in column:
                for place, text in enumerate((given["name"], column["title"], column["help"])):
                    sheet.write_string(row, place, text, head if place == 0 else None)
                row += 1
    sheet.write_string(row + 1, 25, content["version"])
    sheet.set_column(25, 25, None, None, {"hidden": True})
