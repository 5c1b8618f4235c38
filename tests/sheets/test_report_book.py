"""A report as a workbook: numbers as numbers, texts as texts, a foot, and a sheet that says what each figure means."""

from __future__ import annotations

import datetime as dt
from io import BytesIO

import openpyxl
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sheets import report_book
from app.sheets.report_book import Head, Kind, Sheet

HEADS = (
    Head("房号"),
    Head("金额", Kind.MONEY),
    Head("户数", Kind.NUMBER),
    Head("率", Kind.SHARE),
    Head("日", Kind.DATE),
)


def read(*sheets: Sheet, notes: tuple[tuple[str, str], ...] = (("率", "收÷应"),)) -> openpyxl.Workbook:
    body = report_book.workbook(sheets=sheets, notes_name="口径", notes=notes, footer="A & B")
    return openpyxl.load_workbook(BytesIO(body))


def test_each_kind_of_value_is_what_excel_calculates_with() -> None:
    row = ("1-101", 123_456, 7, 8_181, dt.date(2026, 11, 23))
    sheet = read(Sheet("表", "题", HEADS, (row,), ("合计", 123_456, 7, 8_181, None)))["表"]
    assert sheet["A1"].value == "题"
    assert [cell.value for cell in sheet[2]] == ["房号", "金额", "户数", "率", "日"]
    assert [cell.value for cell in sheet[3]] == ["1-101", 1234.56, 7, 0.8181, dt.datetime(2026, 11, 23)]
    assert [cell.number_format for cell in sheet[3]][1:4] == ["#,##0.00", "0", "0.00%"]
    assert sheet["A4"].value == "合计"
    assert sheet["B4"].font.b
    assert not sheet["B3"].font.b


def test_a_share_of_nothing_is_an_empty_cell() -> None:
    sheet = read(Sheet("表", "题", HEADS, (("x", 0, 0, None, None),)))["表"]
    assert [cell.value for cell in sheet[3]] == ["x", 0, 0, None, None]


def test_every_table_has_its_sheet_and_the_last_says_what_the_figures_mean() -> None:
    book = read(Sheet("按方式", "题", HEADS, ()), Sheet("按方式", "题", HEADS, ()), notes=(("收缴率", "=实收/应收"),))
    assert len(book.sheetnames) == 3
    assert len(set(book.sheetnames)) == 3
    last = book["口径"]
    assert [last["A1"].value, last["B1"].value] == ["收缴率", "=实收/应收"]
    assert last["B1"].data_type == "s"


@given(text=st.text(max_size=40), fen=st.integers(-(10**12), 10**12))
@settings(max_examples=25, deadline=None)
def test_no_text_becomes_a_formula_and_no_fen_is_lost(text: str, fen: int) -> None:
    sheet = read(Sheet("表", "题", HEADS, ((text, fen, 1, 1, None),)))["表"]
    assert sheet["A3"].data_type != "f"
    assert round(sheet["B3"].value * 100) == fen
