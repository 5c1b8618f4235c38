"""Whole workbooks as offices have them: the sample office's own, look-alikes of another system's, and the real ones."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from app.sheets import parsing
from app.sheets.records import ArrearsRow, OwnerRow, ParsedBook, ReceiptRow, Relation, SheetKind, TariffRow, UnitRow
from tests.sheets import workbooks
from tests.sheets.workbooks import OFFICE, REAL_OTHER_SYSTEM, day

TRUTH = json.loads((OFFICE / "truth.json").read_text(encoding="utf-8"))


def read(path: Path) -> ParsedBook:
    return parsing.parse(path.name, path.read_bytes())


def yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def test_the_offices_register_is_read_to_the_last_unit() -> None:
    book = read(OFFICE / "register.xlsx")
    sheet = book.sheets[0]
    assert book.community == "锦绣花园（一期）"
    assert len(sheet.records) == TRUTH["units"]
    assert [(fault.row, fault.refusal.code) for fault in sheet.faults] == [
        (row["row"], f"import.{row['why']}") for row in TRUTH["rejected_rows"] if row["sheet"] == sheet.name
    ]
    assert sheet.warnings == ()
    assert {record.price_e4 for record in sheet.records if isinstance(record, UnitRow)} == {23500}
    assert all(person.phone for record in sheet.records if isinstance(record, UnitRow) for person in record.people)


def test_the_offices_arrears_foot_to_their_own_total() -> None:
    sheet = read(OFFICE / "arrears_by_month.xlsx").sheets[0]
    owed: Counter[str] = Counter()
    for record in sheet.records:
        assert isinstance(record, ArrearsRow)
        owed[record.unit.code] += record.amount_fen
    assert {code: yuan(fen) for code, fen in owed.items()} == TRUTH["arrears_by_unit"]
    assert (len(sheet.records), yuan(sheet.amount_fen or 0)) == (TRUTH["arrears_bills"], TRUTH["arrears_total"])
    assert sheet.stated_fen == sheet.amount_fen
    assert (sheet.faults, sheet.warnings) == ((), ())


def test_the_offices_receipts_are_read_in_five_ways_to_write_a_date() -> None:
    sheet = read(OFFICE / "receipts.xlsx").sheets[0]
    assert sheet.kind is SheetKind.RECEIPTS
    assert [(fault.row, fault.refusal.code) for fault in sheet.faults] == [(42, "import.bad_date")]
    assert len(sheet.records) == TRUTH["payments"] + 1  # the unknown unit is found against the database
    assert {record.received_on.year for record in sheet.records if isinstance(record, ReceiptRow)} == {2026}


def check_other_system_book(book: ParsedBook, *, unknown_from: int) -> None:
    kinds = {sheet.name: sheet for sheet in book.sheets}
    assert {name: sheet.kind.value for name, sheet in kinds.items()} == {
        "楼栋单元": "ignored", "业主信息": "owners", "费用设置": "tariffs", "房屋信息": "units", "车位信息": "ignored",
    }  # fmt: skip
    assert not any(sheet.faults for sheet in book.sheets)
    owners = [record for record in kinds["业主信息"].records if isinstance(record, OwnerRow)]
    assert [owner.ref for owner in owners] == ["1", "2", "3", "4", "5"]
    assert owners[0].person.phone == ""
    assert [record.ref for record in kinds["费用设置"].records if isinstance(record, TariffRow)] == ["1", "2"]
    units = [record for record in kinds["房屋信息"].records if isinstance(record, UnitRow)]
    assert len(units) == 8
    assert units[0].unit.code == "1-1-1011"
    assert [fee.ref for fee in units[0].fees] == ["1", "2"]
    assert units[0].fees[0].from_on != units[0].fees[1].from_on
    assert [unit.row for unit in units if int(unit.owner_ref) > len(owners)] == [
        unknown_from,
        *range(unknown_from + 1, 10),
    ]


def check_history(book: ParsedBook) -> None:
    receipts = [record for record in book.sheets[0].records if isinstance(record, ReceiptRow)]
    assert [(r.bill.from_on, r.bill.to_on) for r in receipts if r.bill][:3] == [
        (day("2016-01-01"), day("2016-12-31")),
        (day("2017-01-01"), day("2017-12-31")),
        (day("2018-01-01"), day("2018-12-31")),
    ]
    assert {receipt.received_on for receipt in receipts} == {day("2017-01-01")}


def test_a_look_alike_of_another_systems_book_is_read_without_its_explanations() -> None:
    check_other_system_book(parsing.parse("hc.xlsx", workbooks.other_system_book()), unknown_from=7)


def test_a_look_alike_history_has_exclusive_ends() -> None:
    check_history(parsing.parse("history.xlsx", workbooks.payment_history()))


def test_families_and_tenants_repeat_the_room_and_are_no_second_unit() -> None:
    sheet = parsing.parse("rooms.xlsx", workbooks.rooms_and_owners()).sheets[0]
    units = [record for record in sheet.records if isinstance(record, UnitRow)]
    assert (sheet.rows, len(units), sheet.faults) == (5, 3, ())
    assert [(person.name, person.relation) for person in units[0].people] == [
        ("华清扬", Relation.OWNER), ("华小扬", Relation.FAMILY), ("祝租客", Relation.TENANT),
    ]  # fmt: skip
    assert [person.name for person in units[1].people] == ["盖天行", "盖天明"]
    assert (units[1].usage, units[2].people) == ("office", ())


@pytest.mark.skipif(
    not REAL_OTHER_SYSTEM.is_dir(), reason="another project's books are beside the repository only at times"
)
def test_the_real_books_of_the_other_system_are_read_unchanged() -> None:
    check_other_system_book(read(REAL_OTHER_SYSTEM / "hc.xlsx"), unknown_from=7)
    check_history(read(REAL_OTHER_SYSTEM / "importFeeDetail.xlsx"))
    rooms = read(REAL_OTHER_SYSTEM / "importRoom.xlsx").sheets[0]
    assert [record.unit.code for record in rooms.records if isinstance(record, UnitRow)] == ["1-1-1001"]


def test_a_workbook_in_the_old_format_is_read_the_same_way() -> None:
    book = read(workbooks.ROOT / "tests/samples/old_format.xls")
    units = [record for record in book.sheets[0].records if isinstance(record, UnitRow)]
    assert book.community == "翠竹苑"
    assert [(unit.unit.code, unit.area_e3, unit.handed_over_on) for unit in units] == [
        ("1-1-101", 88500, day("2024-06-01")), ("1-1-102", 90250, day("2024-06-02")),
    ]  # fmt: skip
