"""A sheet whose titles are unknown words is read as a clerk says, and known again by its header."""

from __future__ import annotations

import io

import openpyxl
import pytest

from app.domain.errors import Refusal
from app.sheets import error_workbook, mapping
from app.sheets.mapping import Choice
from app.sheets.plan import Tally
from app.sheets.records import ArrearsRow, SheetKind, UnitRow

ODD = [
    ["滨江苑内部台账"],
    ["门牌全称", "户主大名", "平米", "联络"],
    ["7-1-101", "钱多", 88.5, "13900001111"],
    ["7-1-102", "孙少", "九十", "13900002222"],
]
FIELDS = {"门牌全称": "room", "户主大名": "owner", "平米": "area", "联络": "phone"}
SAID = Choice(SheetKind.UNITS, 2, FIELDS)


def workbook(rows: list[list[object]], title: str = "台账") -> bytes:
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def test_a_sheet_of_unknown_words_is_shown_with_its_titles_and_samples_and_not_read() -> None:
    found = mapping.read("a.xlsx", workbook(ODD))
    [view] = found.views
    assert (view.kind, view.row, view.rows) == (SheetKind.IGNORED, 2, 2)
    assert [(one.letter, one.title, one.field) for one in view.columns] == [
        ("A", "门牌全称", ""),
        ("B", "户主大名", ""),
        ("C", "平米", ""),
        ("D", "联络", ""),
    ]
    assert view.columns[0].samples == ("7-1-101", "7-1-102")
    assert view.columns[3].samples[0] == "139****11", "a sample does not show a whole telephone number"
    assert found.book.sheets[0].kind is SheetKind.IGNORED


def test_it_is_read_as_the_clerk_says_with_faults_at_their_columns() -> None:
    found = mapping.read("a.xlsx", workbook(ODD), choices={"台账": SAID})
    [sheet] = found.book.sheets
    assert sheet.kind is SheetKind.UNITS
    [good] = [record for record in sheet.records if isinstance(record, UnitRow)]
    assert (good.unit.code, good.area_e3, good.people[0].name) == ("7-1-101", 88_500, "钱多")
    [fault] = sheet.faults
    assert (fault.row, fault.column, fault.refusal.code) == (4, "C 平米", "import.bad_area")
    assert found.views[0].is_chosen
    assert found.views[0].missing == ()


def test_what_was_said_is_known_again_wherever_the_header_stands_and_whatever_the_sheet_is_called() -> None:
    first = mapping.read("a.xlsx", workbook(ODD), choices={"台账": SAID})
    memory = {first.views[0].fingerprint: SAID}
    moved = [["另一份"], [], *ODD]
    later = mapping.read("b.xlsx", workbook(moved, "十二月"), remembered=memory)
    assert later.views[0].is_remembered
    assert later.views[0].row == 4
    assert len(later.book.sheets[0].records) == 1
    other = [row if number != 1 else ["门牌全称", "户主大名", "平米"] for number, row in enumerate(ODD)]
    assert not mapping.read("c.xlsx", workbook(other), remembered=memory).views[0].is_remembered


def test_the_error_workbook_of_such_a_sheet_is_read_back_by_the_same_memory() -> None:
    content = workbook(ODD)
    first = mapping.read("a.xlsx", content, choices={"台账": SAID})
    tally = Tally(0, first.book.sheets[0])
    tally.faults.extend(first.book.sheets[0].faults)
    marked = error_workbook.build([("a.xlsx", content)], [tally])
    again = mapping.read("错误.xlsx", marked, remembered={first.views[0].fingerprint: SAID})
    assert again.views[0].is_remembered, "the marks in front do not count"
    assert [record.unit.code for record in again.book.sheets[0].records if isinstance(record, UnitRow)] == ["7-1-101"]
    assert [fault.refusal.code for fault in again.book.sheets[0].faults] == ["import.bad_area"]


def test_a_column_said_to_be_a_month_carries_its_month_or_says_it_cannot_tell() -> None:
    rows = [["门牌全称", "2025年1月", "2025年2月", "某月"], ["7-1-101", 100, 200, 1]]
    said = Choice(SheetKind.ARREARS, 1, {"门牌全称": "room", "2025年1月": "month", "2025年2月": "month"})
    [sheet] = mapping.read("a.xlsx", workbook(rows), choices={"台账": said}).book.sheets
    assert [record.amount_fen for record in sheet.records if isinstance(record, ArrearsRow)] == [10_000, 20_000]
    unclear = Choice(SheetKind.ARREARS, 1, {"门牌全称": "room", "某月": "month"})
    [sheet] = mapping.read("a.xlsx", workbook(rows), choices={"台账": unclear}).book.sheets
    assert sheet.records == ()
    assert sheet.faults


def test_a_sheet_may_be_left_out_and_another_row_be_its_header() -> None:
    left = mapping.read("a.xlsx", workbook(ODD), choices={"台账": Choice(SheetKind.IGNORED, 2, {})})
    assert left.book.sheets[0].reason == "ignored.by_choice"
    rows = [["说明", "见下"], ["房号", "建筑面积", "业主姓名"], ["1-1-101", 90, "王伟"]]
    anew = mapping.read("b.xlsx", workbook(rows), choices={"台账": Choice(SheetKind.UNITS, 2, {})})
    assert {one.field for one in anew.views[0].columns} == {"room", "area", "owner"}, "its words are looked up anew"
    gone = mapping.read("b.xlsx", workbook(rows), choices={"台账": Choice(SheetKind.UNITS, 50, {})})
    assert gone.book.sheets[0].kind is SheetKind.UNITS, "a row that is not there leaves the sheet to itself"


def test_titles_that_come_twice_are_told_apart() -> None:
    keys = [key for _, key in mapping.keys_of(["金额", "备注", "金额", ""])]
    assert keys == ["金额", "备注", "金额#2", ""]
    assert mapping.fingerprint(["金额", "备注"]) != mapping.fingerprint(["备注", "金额"])
    assert mapping.fingerprint(["金额", ""]) == "", "one title is no header to go by"


def test_a_choice_survives_being_written_and_what_is_none_is_refused() -> None:
    assert mapping.said(mapping.written(SAID)) == SAID
    for bad in (None, [], {}, {"kind": "units", "row": 0, "fields": {}}, {"kind": "x", "row": 1, "fields": {}}):
        with pytest.raises(Refusal, match=r"import\.bad_mapping"):
            mapping.said(bad)
    with pytest.raises(Refusal, match=r"import\.bad_mapping"):
        mapping.said({"kind": "units", "row": 1, "fields": {"a": "password"}})


def test_sheets_that_speak_for_themselves_are_read_as_before(repository: object) -> None:
    from pathlib import Path

    from app.sheets import parsing

    for path in sorted((Path(str(repository)) / "tests" / "samples" / "office").glob("*.xlsx")):
        data = path.read_bytes()
        read, plain = mapping.read(path.name, data).book, parsing.parse(path.name, data)
        for one, other in zip(read.sheets, plain.sheets, strict=True):
            assert (one.kind, one.records, one.columns) == (other.kind, other.records, other.columns), path.name
            assert [str(fault.refusal) for fault in one.faults] == [str(fault.refusal) for fault in other.faults]
        views = mapping.read(path.name, data).views
        assert all(view.kind is SheetKind.IGNORED or not view.missing for view in views), path.name
        same = mapping.read(path.name, data, choices={view.name: view.choice() for view in views if view.row})
        for told, sheet in zip(same.book.sheets, plain.sheets, strict=True):
            if sheet.kind is not SheetKind.IGNORED:
                assert told.records == sheet.records, (path.name, sheet.name)
