"""Workbooks written here: the marked copy of a faulty one, lists on screen, and the template to fill in."""

from __future__ import annotations

import datetime as dt
from io import BytesIO

import openpyxl

from app.domain.errors import Refusal
from app.sheets import error_workbook, exports, matching, parsing, templates, writing
from app.sheets.exports import Column, ColumnKind, Value
from app.sheets.plan import Plan, Snapshot, Terms
from app.sheets.records import ParsedBook, SheetKind
from tests.sheets.workbooks import OFFICE, other_system_book, xlsx


def matched(books: list[ParsedBook]) -> Plan:
    terms = Terms(dt.date(2026, 11, 23), lambda day: day, lambda text: text.encode())
    return matching.match(list(enumerate(books)), Snapshot(), terms)


def test_the_marked_copy_shows_each_fault_where_it_is() -> None:
    files = [(name, (OFFICE / name).read_bytes()) for name in ("register.xlsx", "receipts.xlsx")]
    plan = matched([parsing.parse(name, data) for name, data in files])
    marked = openpyxl.load_workbook(BytesIO(error_workbook.build(files, plan.tallies)))
    assert marked.sheetnames == ["业主台账", "收款流水"]
    sheet = marked["业主台账"]
    assert [sheet.cell(3, column).value for column in (1, 2, 3, 4)] == ["行状态", "问题", "序号", "楼栋"]
    assert sheet["A4"].value == "正常"
    assert sheet["A273"].value == "未导入"
    assert "面积不详" in sheet["B273"].value
    assert sheet["I273"].value == "面积不详"
    assert sheet["I273"].fill.start_color.rgb.endswith("FFF2A8")
    assert "面积" in sheet["I273"].comment.text
    assert sheet["C1"].value == "锦绣花园（一期）业主信息台账"


def test_the_marked_copy_reads_back_like_the_original_and_marks_anew() -> None:
    name, data = "register.xlsx", (OFFICE / "register.xlsx").read_bytes()
    original = parsing.parse(name, data)
    once = error_workbook.build([(name, data)], matched([original]).tallies)
    again = parsing.parse(name, once)
    assert again.community == original.community
    assert [(r.row, r) for r in again.sheets[0].records] == [(r.row, r) for r in original.sheets[0].records]
    assert [(f.row, f.refusal.code) for f in again.sheets[0].faults] == [
        (f.row, f.refusal.code) for f in original.sheets[0].faults
    ]
    twice = error_workbook.build([(name, once)], matched([again]).tallies)
    first, second = (openpyxl.load_workbook(BytesIO(book)).active for book in (once, twice))
    assert [cell.value for cell in second[3]] == [cell.value for cell in first[3]]


def test_sheets_that_were_not_read_are_copied_as_they_are() -> None:
    data = other_system_book()
    plan = matched([parsing.parse("a.xlsx", data)])
    marked = openpyxl.load_workbook(BytesIO(error_workbook.build([("a.xlsx", data)], plan.tallies)))
    assert marked["楼栋单元"]["A1"].value == "楼栋号"
    assert marked["房屋信息"]["A7"].value == "请核对"
    assert "业主编号 6" in marked["房屋信息"]["B7"].value


def test_a_text_that_looks_like_a_formula_stays_a_text() -> None:
    data = xlsx({"表": [["房号", "业主", "建筑面积"], ["1-1-1", "'=1+1", "x"]]})
    rows: list[list[Value]] = [["=HYPERLINK(1)", 12345, 94560, 7, dt.date(2026, 1, 2)], [None, None, None, None, None]]
    columns = [
        Column("说明"), Column("金额", ColumnKind.MONEY), Column("面积", ColumnKind.AREA),
        Column("户数", ColumnKind.NUMBER), Column("日期", ColumnKind.DATE),
    ]  # fmt: skip
    made = openpyxl.load_workbook(
        BytesIO(exports.workbook(name="欠费清单", columns=columns, rows=rows, title="欠费清单", footer="制表 & 口径"))
    )
    sheet = made["欠费清单"]
    assert sheet["A3"].data_type == "s"
    assert [sheet.cell(3, column).value for column in range(1, 6)] == [
        "=HYPERLINK(1)", 123.45, 94.56, 7, dt.datetime(2026, 1, 2),
    ]  # fmt: skip
    assert sheet.freeze_panes == "A3"
    assert sheet.auto_filter.ref == "A2:E4"
    text = exports.text_file(columns=columns, rows=rows).decode("utf-8-sig").splitlines()
    assert text[1] == "'=HYPERLINK(1),123.45,94.560,7,2026-01-02"
    assert text[2] == ",,,,"
    assert parsing.parse("a.xlsx", data).sheets[0].faults


def test_sheet_names_are_made_fit_and_told_apart() -> None:
    taken: set[str] = set()
    assert writing.sheet_name("a/b:c", taken) == "a b c"
    assert writing.sheet_name("A B C", taken) == "A B C (2)"
    assert len(writing.sheet_name("名" * 40, taken)) == writing.NAME_LIMIT
    assert writing.sheet_name("", taken) == "Sheet"


def test_the_template_reads_back_as_what_it_is_for_and_brings_no_example_in() -> None:
    book = parsing.parse(templates.file_name(), templates.build())
    assert [sheet.kind for sheet in book.sheets] == [
        SheetKind.UNITS, SheetKind.ARREARS, SheetKind.RECEIPTS, SheetKind.IGNORED,
    ]  # fmt: skip
    assert not any(sheet.records or sheet.faults for sheet in book.sheets)
    assert [sheet.skipped for sheet in book.sheets[:3]] == [(2,), (2,), (2,)]


def test_every_sentence_of_a_fault_can_be_said() -> None:
    from app.i18n import zh_cn
    from app.i18n.errors_sheets import SENTENCES

    for code in SENTENCES:
        assert "{" not in zh_cn.sentence(Refusal(code))
