"""The office's own sheets again with the faults marked, ready to be corrected and uploaded as they are."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from io import BytesIO
from typing import Any

import xlsxwriter

from app.domain.errors import Refusal
from app.i18n import zh_cn
from app.sheets import guard, reading, words, writing
from app.sheets.guard import Limits
from app.sheets.plan import Tally
from app.sheets.reading import Sheet

MARKS = 2
"""Columns put in front: the state of the row, and what is wrong with it."""


class RowStatus(StrEnum):
    """What became of a row."""

    REJECTED = "rejected"
    WARNED = "warned"
    IMPORTED = "imported"


def build(files: Sequence[tuple[str, bytes]], tallies: Sequence[Tally], limits: Limits = guard.STANDARD) -> bytes:
    """Return a workbook with every sheet of the files, faulty cells yellow with a note.

    ``tallies`` carry the number of their file; sheets without one are copied as they are. Merged data cells are
    written out row by row, so that the marked sheet reads exactly like the original.
    """
    target = BytesIO()
    with writing.open_workbook(target) as book:
        taken: set[str] = set()
        styles = _styles(book)
        for number, (file_name, data) in enumerate(files):
            by_name = {tally.sheet.name: tally for tally in tallies if tally.file == number}
            for sheet in reading.read(file_name, data, limits):
                _write_sheet(book, sheet, by_name.get(sheet.name), styles, taken)
    return target.getvalue()


def _styles(book: xlsxwriter.Workbook) -> dict[str, Any]:
    return {
        "fault": book.add_format({"bg_color": "#FFF2A8", "border": 1, "border_color": "#D9A400"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "head": book.add_format({"bold": True, "bg_color": "#EEF1F5"}),
        "rejected": book.add_format({"font_color": "#B42318", "bold": True}),
        "warned": book.add_format({"font_color": "#93540A"}),
        "imported": book.add_format({"font_color": "#4A5565"}),
    }


def _write_sheet(
    book: xlsxwriter.Workbook, sheet: Sheet, tally: Tally | None, styles: dict[str, Any], taken: set[str]
) -> None:
    written = book.add_worksheet(writing.sheet_name(sheet.name, taken))
    header = tally.sheet.header_row if tally is not None and tally.sheet.rows else 0
    rows = reading.fill_merges(sheet, header) if header else sheet.rows
    has_marks = bool(tally) and any(name == "status_mark" for _, name in tally.sheet.columns) if tally else False
    shift = MARKS if header and not has_marks else 0
    problems, faulty = _problems(tally)
    for number, row in enumerate(rows, start=1):
        for position, value in enumerate(row):
            is_old_mark = has_marks and position < MARKS
            note = faulty.get((number, position))
            style = styles["fault"] if note else None
            if not is_old_mark:
                writing.write_cell(written, number - 1, position + shift, value, style)
            if note:
                written.write_comment(number - 1, position + shift, note, {"x_scale": 2})
    if header and tally is not None:
        _write_marks(written, tally, header, problems, styles)
        written.set_column(0, 0, 9)
        written.set_column(1, 1, 46)
        written.freeze_panes(header, MARKS)


def _problems(tally: Tally | None) -> tuple[dict[int, tuple[RowStatus, list[str]]], dict[tuple[int, int], str]]:
    """What to say of each row, and the note of each faulty cell by row (from 1) and column (from 0)."""
    said: dict[int, tuple[RowStatus, list[str]]] = {}
    notes: dict[tuple[int, int], str] = {}
    if tally is None:
        return said, notes
    for fault in tally.faults:
        said.setdefault(fault.row, (RowStatus.REJECTED, []))[1].append(zh_cn.sentence(fault.refusal))
        notes[fault.row, _position(fault.column)] = zh_cn.sentence(fault.refusal)
    for warned in tally.warnings:
        refusal = Refusal(warned.code)
        refusal.facts.update(warned.facts)
        if warned.row:
            said.setdefault(warned.row, (RowStatus.WARNED, []))[1].append(zh_cn.sentence(refusal))
            notes.setdefault((warned.row, _position(warned.column)), zh_cn.sentence(refusal))
    return said, notes


def _write_marks(
    written: Any,  # noqa: ANN401 - the library's worksheet
    tally: Tally,
    header: int,
    problems: dict[int, tuple[RowStatus, list[str]]],
    styles: dict[str, Any],
) -> None:
    titles = [words.HEADERS["fields"][name][0] for name in ("status_mark", "problem_mark")]
    for column, title in enumerate(titles):
        written.write_string(header - 1, column, title, styles["head"])
    good = {record.row for record in tally.sheet.records}
    for row in sorted(good | problems.keys()):
        status, sentences = problems.get(row, (RowStatus.IMPORTED, []))
        written.write_string(row - 1, 0, zh_cn.label(status), styles[status.value])
        if sentences:
            written.write_string(row - 1, 1, "\n".join(sentences))


def _position(column: str) -> int:
    """The zero-based position of a column such as ``AA 2024``; -1 where the whole row is meant."""
    number = 0
    for mark in column.partition(" ")[0]:
        number = number * 26 + ord(mark) - 64
    return number - 1
