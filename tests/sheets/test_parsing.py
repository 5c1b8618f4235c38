"""Sheets to records: headers found by synonyms, every row accounted for, totals compared."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sheets import headers, matching, parsing, report
from app.sheets.plan import Snapshot, Terms
from app.sheets.reading import Sheet
from app.sheets.records import (
    ArrearsRow,
    OwnerRow,
    ParsedBook,
    ParsedSheet,
    ReceiptRow,
    Relation,
    SheetKind,
    TariffRow,
    UnitRow,
)
from tests.sheets.test_cells import ANY_CELL
from tests.sheets.workbooks import day, xlsx


def parsed(rows: Any, merges: list[str] | None = None) -> ParsedSheet:
    return parsing.parse("a.xlsx", xlsx({"表": rows}, {"表": merges or []})).sheets[0]


def faults(sheet: ParsedSheet) -> list[tuple[int, str, str]]:
    return [(fault.row, fault.letter, fault.refusal.code.removeprefix("import.")) for fault in sheet.faults]


def warnings(sheet: ParsedSheet) -> list[tuple[int, str]]:
    return [(warned.row, warned.code.removeprefix("import.")) for warned in sheet.warnings]


@pytest.mark.parametrize(
    ("title", "field"),
    [
        ("楼 栋", "building"), ("*楼号", "building"), ("幢号", "building"), ("单元号", "entrance"), ("室号", "room"),
        ("房屋编号", "room"), ("业主姓名 *", "owner"), ("产权人", "owner"), ("手机号码", "phone"),
        ("建筑面积（平方米）", "area"), ("收费标准(元/㎡·月)", "price"), ("欠费金额（元）", "owed"), ("金额元", "amount"),
        ("实收金额", "paid"), ("缴费时间", "received_on"), ("票据号", "reference"), ("性别", "unused"), ("天气", None),
    ],
)  # fmt: skip
def test_a_header_is_known_by_many_names(title: str, field: str | None) -> None:
    assert headers.field_of(title) == field


def test_letters_count_as_excel_does() -> None:
    assert [headers.letter(position) for position in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


def test_the_header_is_found_below_titles_whatever_the_order_of_columns() -> None:
    sheet = parsed(
        [["阳光小区业主花名册"], ["制表：客服部"], [], ["建筑面积", "姓名", "室号", "幢"], [88.5, "张三", "101", "3幢"]]
    )
    assert (sheet.kind, sheet.header_row, sheet.community) == (SheetKind.UNITS, 4, "阳光小区")
    record = sheet.records[0]
    assert isinstance(record, UnitRow)
    assert (record.unit.code, record.area_e3, record.people[0].name) == ("3-0-101", 88500, "张三")


def test_the_day_of_handing_over_is_kept() -> None:
    sheet = parsed(
        [
            ["房号", "业主", "建筑面积", "交房日期"],
            ["1-1-101", "张三", 80, "2024年6月1日"],
            ["1-1-102", "", 80, "2024.6.31"],
        ]
    )
    record = sheet.records[0]
    assert isinstance(record, UnitRow)
    assert record.handed_over_on == day("2024-06-01")
    assert faults(sheet) == [(3, "D", "bad_date")]


def test_data_merged_over_rows_counts_for_each_of_them_but_a_title_does_not() -> None:
    rows = [
        ["绿地小区业主台账"],
        ["楼栋", "单元", "房号", "建筑面积"],
        ["1幢", "1单元", 101, 80],
        [None, None, 102, 81],
    ]
    sheet = parsed(rows, ["A1:D1", "A3:A4", "B3:B4"])
    assert [record.unit.code for record in sheet.records if isinstance(record, UnitRow)] == ["1-1-101", "1-1-102"]


def test_what_is_missing_or_wrong_is_named_by_row_and_column() -> None:
    head = ["楼栋", "单元", "房号", "业主姓名", "建筑面积"]
    rows = [
        head, ["1", "1", "101", "张三", 80], [None, "1", "102", "李四", 80], ["1", None, "103", "王五", 80],
        ["1", "1", None, "赵六", 80], ["1", "1", "104", "孙七", None], ["1", "1", "105", "周八", "大"],
        ["1", "1", "101", "吴九", 80], ["1", "1", "<b>", "郑十", 80], [None, None, "2-1-106", "冯一", 70],
        ["3", None, "3-2-107", "陈二", 70], ["3", None, "2-108", "褚三", 70], ["3", None, "商铺1", "卫四", 70],
        ["3", None, "208-1", "蒋五", 70],
    ]  # fmt: skip
    sheet = parsed(rows)
    assert faults(sheet) == [
        (3, "A", "missing_building"), (4, "B", "missing_entrance"), (5, "C", "missing_room"), (6, "E", "missing_area"),
        (7, "E", "bad_area"), (8, "C", "duplicate_unit"), (9, "C", "bad_unit"),
    ]  # fmt: skip
    codes = [record.unit.code for record in sheet.records if isinstance(record, UnitRow)]
    assert codes == ["1-1-101", "2-1-106", "3-2-107", "3-2-108", "3-0-商铺1", "3-0-208-1"]


def test_totals_notes_examples_and_repeated_headers_are_no_data() -> None:
    head = ["序号", "房号", "业主", "建筑面积"]
    rows = [
        head, ["示例", "1-1-999", "示例", 1], [1, "1-1-101", "张三", 80], ["小计", None, None, 80], head,
        [2, "1-1-102", "单英", 81], ["合 计：", None, "2户", 161], ["说明：面积以产证为准", "见附件", None, None],
        [3, None, None, None], ["制表人：王", "审核：李", None, None],
    ]  # fmt: skip
    sheet = parsed(rows)
    assert len(sheet.records) == 2
    assert sheet.skipped == (2, 4, 5, 7, 8, 10)
    assert faults(sheet) == []
    assert warnings(sheet) == []


def test_a_total_that_does_not_agree_is_said_first() -> None:
    rows = [
        ["房号", "业主", "联系电话", "建筑面积"], ["1-1-101", "张三", "123", 80], ["1-1-102", "李四", None, 81],
        ["小计", None, None, 100], ["合计", "3户", None, 200],
    ]  # fmt: skip
    sheet = parsed(rows)
    assert warnings(sheet) == [
        (5, "total_differs"),
        (5, "households_differ"),
        (4, "subtotal_differs"),
        (2, "bad_phone"),
    ]
    assert sheet.warnings[0].facts == {"stated": "200.000", "ours": "161.000"}


def test_a_subtotal_may_close_the_last_entrance_only() -> None:
    rows = [
        ["楼栋", "单元", "房号", "建筑面积"], ["1", "1", "101", 80], ["1", "2", "101", 70], ["小计", None, None, 70],
        ["2", "1", "101", 60], ["2", "2", "101", 50], ["小计", None, None, 110],
    ]  # fmt: skip
    assert warnings(parsed(rows)) == []


def test_months_side_by_side_become_one_bill_each() -> None:
    rows = [
        ["房号", "业主", "2024年12月", dt.date(2025, 1, 1), "25.2", "合计"],
        ["1-1-101", "张三", "￥100.50", "已缴", 20, 120.5],
        ["1-1-102", "李四", "-", None, "待核", 0],
        ["1-1-103", "王五", 10, 10, 10, 31],
        ["1-1-101", "张三", 1, None, None, 1],
        ["合计", "4户", 111.5, 10, 30, 151.5],
    ]
    sheet = parsed(rows)
    assert (sheet.kind, sheet.amount_fen, sheet.stated_fen) == (SheetKind.ARREARS, 15050, 15150)
    bills = [(r.unit.room, r.from_on, r.to_on, r.amount_fen) for r in sheet.records if isinstance(r, ArrearsRow)]
    assert bills[:2] == [
        ("101", day("2024-12-01"), day("2024-12-31"), 10050),
        ("101", day("2025-02-01"), day("2025-02-28"), 2000),
    ]
    assert faults(sheet) == [(3, "E", "bad_amount"), (5, "A", "duplicate_arrears")]
    assert warnings(sheet) == [(4, "row_total_differs")]


def test_a_month_headed_by_a_number_takes_no_amount() -> None:
    rows = [["房号", "业主", "2024年9月", 2024.1], ["1-1-101", "张三", 5, 7], ["1-1-102", "李四", 5, "-"]]
    sheet = parsed(rows)
    assert faults(sheet) == [(2, "D", "month_header_number")]
    assert [record.row for record in sheet.records] == [3]


def test_a_year_above_its_months_counts_for_each() -> None:
    rows = [["房号", "2024年", None, "2025年"], [None, "11月", "12月", "1月"], ["1-1-101", 1, 2, 3]]
    rows[1][0] = "房号"
    sheet = parsed(rows, ["B1:C1"])
    assert [r.from_on for r in sheet.records if isinstance(r, ArrearsRow)] == [
        day("2024-11-01"), day("2024-12-01"), day("2025-01-01"),
    ]  # fmt: skip


def test_arrears_line_by_line_keep_period_item_and_due_date() -> None:
    rows = [
        ["房号", "户名", "收费项目", "欠费期间", "应缴金额", "已缴金额", "到期日"],
        ["1-1-101", "张三", "物业费", "2025.1-2025.12", 1200, 200, "2025-03-31"],
        ["1-1-101", "张三", "公摊电费", "2025年1月", 30, None, None],
        ["1-1-102", "李四", None, 2025.1, 30, None, None],
        ["1-1-103", "王五", None, "2025年1月", 30, 31, None],
        ["1-1-104", "赵六", None, "2025年1月", 30, 30, None],
        ["1-1-101", "张三", "物业费", "2025年1月", 30, None, None],
        ["1-1-105", "孙七", None, None, 30, None, None],
        ["1-1-106", "周八", None, "2025年1月", None, None, None],
    ]
    sheet = parsed(rows)
    assert faults(sheet) == [
        (4, "D", "period_number"), (5, "F", "paid_more_than_due"), (7, "A", "duplicate_arrears"),
        (8, "D", "missing_period"), (9, "E", "missing_amount"),
    ]  # fmt: skip
    first, second = (record for record in sheet.records if isinstance(record, ArrearsRow))
    assert (first.amount_fen, first.due_on, first.item) == (100000, day("2025-03-31"), "物业费")
    assert (second.item, second.due_on) == ("公摊电费", None)
    assert sheet.amount_fen == 103000


def test_start_and_end_columns_may_run_backwards_only_to_be_refused() -> None:
    rows = [
        ["房号", "开始时间", "结束时间", "欠费金额"], ["1-1-101", "2025-01-01", "2025-12-31", 5],
        ["1-1-102", "2025-02-01", "2025-01-01", 5], ["1-1-103", "2025-02-30", "2025-03-01", 5],
    ]  # fmt: skip
    assert faults(parsed(rows)) == [(3, "C", "period_reversed"), (4, "B", "bad_date")]


def test_receipts_keep_day_method_and_reference() -> None:
    rows = [
        ["收款日期", "房号", "收款金额", "收款方式", "票据号", "付款人", "备注"],
        ["2026-02-19", "1-1-101", "￥200", "微信", "S1", "张三", "代缴"],
        ["2026-02-19", "1-1-101", 200, "微信", "S1", "张三", None],
        ["2026-02-19", "1-1-101", 200, "现金", None, None, None],
        ["2026-02-19", "1-1-101", 200, "现金", None, None, None],
        ["2026-02-30", "1-1-101", 0, "现金", None, None, None],
        [None, "1-1-101", 5, "现金", None, None, None],
        ["2026-02-19", "1-1-101", None, "现金", None, None, "字" * 201],
    ]
    sheet = parsed(rows)
    assert sheet.kind is SheetKind.RECEIPTS
    assert faults(sheet) == [
        (3, "E", "duplicate_receipt"), (6, "C", "amount_not_positive"), (6, "A", "bad_date"), (7, "A", "missing_date"),
        (8, "C", "missing_amount"), (8, "G", "too_long"),
    ]  # fmt: skip
    first = sheet.records[0]
    assert isinstance(first, ReceiptRow)
    assert (first.method, first.reference, first.payer, first.note) == ("wechat", "S1", "张三", "代缴")
    assert (len(sheet.records), sheet.amount_fen) == (3, 60000)


def test_a_history_row_without_a_payment_is_arrears() -> None:
    rows = [
        ["房屋", "收费项目", "开始时间", "结束时间", "缴费时间", "应缴金额", "实缴金额"],
        ["1-1-101", "物业费", "2025-01-01", "2025-02-01", "2025-01-05", 100, 60],
        ["1-1-101", "物业费", "2025-02-01", "2025-03-01", None, 100, None],
    ]
    paid, unpaid = parsed(rows).records
    assert isinstance(paid, ReceiptRow)
    assert paid.bill is not None
    assert (paid.amount_fen, paid.bill.amount_fen, paid.bill.to_on) == (6000, 10000, day("2025-01-31"))
    assert isinstance(unpaid, ArrearsRow)
    assert (unpaid.from_on, unpaid.amount_fen) == (day("2025-02-01"), 10000)


def test_fee_settings_say_formula_price_and_cycle() -> None:
    rows = [
        [
            "费用编号",
            "收费项目",
            "费用标识",
            "缴费周期",
            "计算公式",
            "计费单价",
            "固定费用",
            "计费起始时间",
            "计费结束时间",
        ],
        [1, "物业费", "周期性费用", 1, 1001, 2.35, 5, "2020-6-10", "2037-1-1"],
        [2, "垃圾费", "周期性费用", 12, 2002, 0, 60, "2020-6-10", "2030-1-1"],
        [3, "装修费", "一次性费用", 1, 2002, 0, 500, "2020-6-10", None],
        [4, "物业费", "周期性费用", 2, 9999, 1, 1, None, None],
        [5, None, "周期性费用", 1, 1001, 1, 1, "2020-6-10", None],
        [6, "垃圾费", "周期性费用", 1, "固定费用", 0, 60, "2020-6-10", None],
    ]
    sheet = parsed(rows)
    assert sheet.kind is SheetKind.TARIFFS
    area, fixed, once = (record for record in sheet.records if isinstance(record, TariffRow))
    assert (area.basis, area.price_e4, area.fixed_fen, area.until_on) == ("by_area", 23500, 500, None)
    assert (fixed.basis, fixed.price_e4, fixed.fixed_fen, fixed.until_on) == ("fixed", 0, 6000, day("2030-01-01"))
    assert once.basis == "one_off"
    assert faults(sheet) == [
        (5, "D", "bad_cycle"), (5, "H", "missing_date"), (5, "E", "unknown_formula"), (6, "B", "missing_item"),
        (7, "B", "duplicate_item"),
    ]  # fmt: skip


def test_owners_have_numbers_of_their_own_and_family_shares_them() -> None:
    rows = [
        ["业主编号", "业主名称", "手机号", "业主类型"], ["1", "张三", "13800138000", "1001"], ["1", "张小三", None, "1002"],
        ["1", "李四", None, "1001"], ["2", None, None, "1001"],
    ]  # fmt: skip
    sheet = parsed(rows)
    assert [(r.ref, r.person.name, r.person.relation) for r in sheet.records if isinstance(r, OwnerRow)] == [
        ("1", "张三", Relation.OWNER), ("1", "张小三", Relation.FAMILY),
    ]  # fmt: skip
    assert faults(sheet) == [(4, "A", "duplicate_owner"), (5, "B", "missing_owner")]


def test_a_sheet_that_tells_areas_and_debts_brings_both() -> None:
    head = ["楼号", "房号", "业主姓名", "面积", "欠费起止时间", "欠费月数", "物业费欠费金额"]
    rows = [
        ["阳光里2025年物业费欠费明细表"], head, ["1#", "101", "张三", 88.5, "2025.1.1-2025.6.30", 6, 600],
        ["1#", "101", "张三", 88.5, "2025年7月—2025年12月", 6, 600], ["1#", "102", "李四", 80, "不详", 6, 600],
        ["合计", None, None, None, None, None, 1800],
    ]  # fmt: skip
    sheet = parsed(rows)
    assert (sheet.kind, sheet.community) == (SheetKind.ARREARS, "阳光里")
    assert [record.unit.code for record in sheet.records if isinstance(record, UnitRow)] == ["1-0-101", "1-0-102"]
    assert [record.from_on for record in sheet.records if isinstance(record, ArrearsRow)] == [
        day("2025-01-01"), day("2025-07-01"),
    ]  # fmt: skip
    assert faults(sheet) == [(5, "E", "bad_period")]
    assert (sheet.amount_fen, sheet.stated_fen, warnings(sheet)) == (120000, 180000, [])


def test_debts_without_a_period_are_pointed_out_and_the_units_come_in() -> None:
    sheet = parsed([["房号", "业主", "面积", "欠费金额"], ["1-1-101", "张三", 80, 100]])
    assert sheet.kind is SheetKind.UNITS
    assert [warned.code for warned in sheet.warnings] == ["import.owed_without_period"]


def test_months_of_payments_are_not_taken_for_debts() -> None:
    rows: list[list[Any]] = [
        ["某某小区2025年物业费收费台账"],
        ["房号", "户名", "2025年1月", "2025年2月"],
        ["1-1-101", "张三", 10, 10],
    ]
    assert parsed(rows).reason == "ignored.paid_by_month"
    insisted = parsing.parse("a.xlsx", xlsx({"表": rows}), kind=SheetKind.ARREARS)
    assert len(insisted.sheets[0].records) == 2
    rows[0] = ["某某小区2025年物业费收费及欠费台账"]
    assert parsed(rows).kind is SheetKind.ARREARS


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([["今天", "天气"], ["好", "晴"]], "ignored.no_header"),
        ([], "ignored.no_header"),
        ([["楼栋", "单元", "总层数"], [1, 1, 33]], "ignored.buildings"),
        ([["车位编号", "面积", "业主编号"], ["C1", 12, 1]], "ignored.parking"),
        ([["备注", "性别"], ["x", "男"]], "ignored.unknown"),
    ],
)
def test_a_sheet_that_is_none_of_ours_is_left_alone_with_its_reason(rows: Any, reason: str) -> None:
    sheet = parsed(rows)
    assert (sheet.kind, sheet.reason) == (SheetKind.IGNORED, reason)


@settings(max_examples=60)
@given(st.lists(st.lists(ANY_CELL, min_size=9, max_size=9), max_size=6), st.integers(0, 5))
def test_any_cells_below_any_header_make_records_or_faults(rows: list[list[Any]], which: int) -> None:
    head = [
        ["楼栋", "单元", "房号", "业主", "电话", "身份证号", "建筑面积", "收费标准", "业主类型"],
        ["房号", "业主", "2024年1月", "2024年2月", "2024年3月", "合计", "收费项目", "备注", "序号"],
        ["日期", "摘要", "房号", "收款方式", "金额", "收款人", "票据号", "付款人", "备注"],
        ["房屋", "收费项目", "缴费周期", "开始时间", "结束时间", "缴费时间", "应缴金额", "实缴金额", "备注"],
        [
            "费用编号",
            "收费项目",
            "费用标识",
            "缴费周期",
            "计算公式",
            "计费单价",
            "固定费用",
            "计费起始时间",
            "计费结束时间",
        ],
        ["房号", "户名", "收费项目", "欠费期间", "应缴金额", "已缴金额", "到期日", "欠费金额", "备注"],
    ][which]
    sheet = Sheet("表", [list(head), *rows])
    result = parsing.parse_sheet(sheet)
    terms = Terms(dt.date(2026, 11, 23), lambda on: on, lambda text: text.encode())
    plan = matching.match([(0, ParsedBook("a.xlsx", "0", (result,)))], Snapshot(), terms)
    assert all(bill.amount_fen > 0 and bill.from_on <= bill.to_on for bill in plan.bills)
    assert all(report.sheet_answer(tally) for tally in plan.tallies)
    assert result.kind is not SheetKind.IGNORED
    refused = {fault.row for fault in result.faults}
    assert refused.isdisjoint(record.row for record in result.records)
    assert all(0 < row <= len(rows) + 1 for row in refused)
