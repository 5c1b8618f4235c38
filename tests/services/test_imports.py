"""Workbooks into the books: previewed, written once, retried where it helps, taken back as a whole; on both engines."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, event

from app.domain.errors import Refusal
from app.domain.registry import parse_unit
from app.services import imports
from app.services import ownership as ownership_service
from app.sheets import error_workbook, parsing
from app.sheets.records import ParsedBook
from app.store import arrears, db, estate, estate_marks, import_undo, persons, sealing, unit_search, verify
from app.store.tables import (
    bill,
    community,
    contact,
    fee_item,
    ownership,
    payment,
    person,
    tariff,
    unit,
    unit_fee,
    vacancy,
)
from tests.making import make_estate
from tests.sheets import workbooks
from tests.sheets.workbooks import OFFICE, REAL_OTHER_SYSTEM, day, xlsx

TODAY = dt.date(2026, 11, 23)
NOW = dt.datetime(2026, 11, 23, 2, tzinfo=dt.UTC)
TRUTH = json.loads((OFFICE / "truth.json").read_text(encoding="utf-8"))
ALL = ("receipts.xlsx", "arrears_by_month.xlsx", "register.xlsx")
"""In the wrong order on purpose."""

Answer = dict[str, Any]
Import = Callable[..., Answer]


def office(*names: str) -> list[ParsedBook]:
    return [parsing.parse(name, (OFFICE / name).read_bytes()) for name in names]


def book(name: str = "a.xlsx", /, **sheets: Any) -> ParsedBook:
    return parsing.parse(name, xlsx(sheets))


@pytest.fixture
def engine(engine: Engine) -> Engine:
    sealing.attach(engine, b"k" * 32)
    return engine


@pytest.fixture
def bring(engine: Engine) -> Import:
    """Return what imports parsed files and answers as the command line does."""

    def act(books: list[ParsedBook], **options: Any) -> Answer:
        with db.transaction(engine) as session:
            told = imports.commit(
                session,
                books=books,
                options=imports.Options(**options),
                today=TODAY,
                now=NOW,
                actor_id=None,
                actor="测试",
            )
        return imports.answer(told)

    return act


def undo(engine: Engine, batch: int) -> imports.Undone:
    with db.transaction(engine) as session:
        return imports.undo(session, batch_id=batch, today=TODAY, now=NOW, actor_id=None, actor="测试")


def rejected(answer: Answer) -> list[tuple[str, int, str]]:
    return [
        (sheet["sheet"], fault["row"], fault["code"].removeprefix("import."))
        for file in answer["files"]
        for sheet in file["sheets"]
        for fault in sheet["rejected"]
    ]


def warned(answer: Answer) -> list[tuple[int, str]]:
    return [
        (said["row"], said["code"].removeprefix("import."))
        for file in answer["files"]
        for sheet in file["sheets"]
        for said in sheet["warnings"]
    ]


def count(engine: Engine, table: sa.Table) -> int:
    with db.reading(engine) as session:
        return int(session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def principal(engine: Engine, as_of: dt.date = TODAY) -> int:
    with db.reading(engine) as session:
        found = session.execute(sa.select(unit.c.id)).scalars().all()
        return sum(row.principal_fen for row in arrears.bills_on(session, as_of=as_of, unit_ids=found))


def in_order(engine: Engine) -> bool:
    with db.reading(engine) as session:
        return not verify.ledger_report(session).problems


# --- the sample office ------------------------------------------------------------------------------


def test_the_offices_three_books_come_in_as_the_truth_says(engine: Engine, bring: Import) -> None:
    answer = bring(office(*ALL))
    assert answer["created"] == {
        "units": TRUTH["units"], "owners": TRUTH["units"], "bills": TRUTH["arrears_bills"], "payments": TRUTH["payments"],
    }  # fmt: skip
    assert answer["amounts"] == {"bills": TRUTH["arrears_total"], "payments": TRUTH["payments_total"]}
    assert sorted(rejected(answer)) == sorted((row["sheet"], row["row"], row["why"]) for row in TRUTH["rejected_rows"])
    assert warned(answer) == TRUTH["warnings"]
    assert answer["community"] == "锦绣花园（一期）"
    assert principal(engine) == 14982553 - 4747778
    assert in_order(engine)


def test_opening_arrears_keep_their_periods_and_due_dates(engine: Engine, bring: Import) -> None:
    bring(office(*ALL), due_day=31)
    with db.reading(engine) as session:
        home = estate.unit_by_code(session, "1-1-202")
        rows = session.execute(sa.select(bill).where(bill.c.unit_id == home.id).order_by(bill.c.due_on)).all()
        assert [(row.period_from_on, row.period_to_on, row.due_on, row.principal_fen) for row in rows] == [
            (day("2025-11-01"), day("2025-11-30"), day("2025-11-30"), 33671),
            (day("2025-12-01"), day("2025-12-31"), day("2025-12-31"), 33671),
        ]
        assert session.execute(sa.select(fee_item.c.starts_on)).scalar_one() == day("2026-01-01")
        assert session.execute(sa.select(tariff.c.price_e4)).scalar_one() == 23500


def test_a_preview_says_the_same_and_writes_nothing(engine: Engine, bring: Import) -> None:
    with db.reading(engine) as session:
        told = imports.preview(session, books=office(*ALL), options=imports.Options(), today=TODAY)
    assert count(engine, community) == count(engine, unit) == 0
    written = bring(office(*ALL))
    seen = imports.answer(told)
    assert [file["sheets"] for file in seen["files"]] == [file["sheets"] for file in written["files"]]
    assert seen["created"] == written["created"]


def test_the_same_files_twice_add_nothing(engine: Engine, bring: Import) -> None:
    bring(office(*ALL))
    before = [count(engine, table) for table in (unit, person, ownership, bill, payment)]
    again = bring(office(*ALL))
    assert [file["already_imported"] for file in again["files"]] == [True, True, True]
    assert again["created"] == {"units": 0, "owners": 0, "bills": 0, "payments": 0}
    assert [count(engine, table) for table in (unit, person, ownership, bill, payment)] == before


def test_the_marked_copy_is_another_file_and_adds_nothing_either(engine: Engine, bring: Import) -> None:
    files = [(name, (OFFICE / name).read_bytes()) for name in ALL]
    with db.transaction(engine) as session:
        told = imports.commit(
            session, books=office(*ALL), options=imports.Options(), today=TODAY, now=NOW, actor_id=None, actor="测试"
        )
    marked = error_workbook.build(files, [tally for file in told.files for tally in file.tallies])
    again = bring([parsing.parse("marked.xlsx", marked)])
    assert again["created"] == {"units": 0, "owners": 0, "bills": 0, "payments": 0}
    assert sorted(rejected(again)) == sorted((row["sheet"], row["row"], row["why"]) for row in TRUTH["rejected_rows"])
    assert warned(again) == []


def test_one_file_after_the_other_comes_to_the_same(engine: Engine, bring: Import) -> None:
    for name in reversed(ALL):
        bring(office(name))
    assert (count(engine, unit), count(engine, bill), count(engine, payment)) == (264, 632, 40)
    assert principal(engine) == 14982553 - 4747778


def test_a_file_that_came_too_early_is_tried_again(engine: Engine, bring: Import) -> None:
    early = bring(office("receipts.xlsx"), community="锦绣花园（一期）")
    assert len(rejected(early)) == 42
    assert count(engine, payment) == 0
    bring(office("register.xlsx"))
    assert bring(office("receipts.xlsx"))["created"]["payments"] == 40
    last = bring(office("receipts.xlsx"))
    assert last["files"][0]["already_imported"]
    assert last["created"]["payments"] == 0


def test_the_number_of_queries_does_not_grow_with_the_rows(engine: Engine, bring: Import) -> None:
    seen: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda c, cu, text, p, ctx, many: seen.append(text.split()[0]))
    bring(office(*ALL))
    assert len(seen) < 120


def test_owners_are_found_by_initials_and_their_numbers_are_sealed(engine: Engine, bring: Import) -> None:
    bring(office("register.xlsx"))
    with db.reading(engine) as session:
        found = unit_search.search(session, text="sy", community_ids=None, on=TODAY)
        assert "1幢1单元203室" in {row.label for row in found}
        row = session.execute(sa.select(person).where(person.c.name == "单英")).first()
        assert row is not None
        assert b"13591054221" not in row.phone_sealed
        assert persons.reveal_phone(session, row.id) == "+8613591054221"
        assert row.phone_mask == "135****4221"


# --- the other system's books -----------------------------------------------------------------------


def other_books() -> list[ParsedBook]:
    return [
        parsing.parse("history.xlsx", workbooks.payment_history()),
        parsing.parse("hc.xlsx", workbooks.other_system_book()),
        parsing.parse("rooms.xlsx", workbooks.rooms_and_owners()),
    ]


def test_units_come_in_although_some_owners_do_not_exist(engine: Engine, bring: Import) -> None:
    answer = bring(other_books(), community="丁香苑")
    assert answer["created"] == {"units": 11, "owners": 10, "bills": 3, "payments": 3}
    assert warned(answer) == [(4, "bad_id_number"), (7, "unknown_owner"), (8, "unknown_owner"), (9, "unknown_owner")]
    assert rejected(answer) == [("房屋缴费历史", 5, "unknown_unit")]
    with db.reading(engine) as session:
        items = {row.name: row for row in session.execute(sa.select(fee_item, tariff.c.price_e4, tariff.c.addition_e4)
                                                          .join(tariff, tariff.c.fee_item_id == fee_item.c.id))}  # fmt: skip
        assert (items["住宅物业服务费"].price_e4, items["住宅物业服务费"].addition_e4) == (18500, 150000)
        assert (items["公共能耗费"].basis, items["公共能耗费"].price_e4) == ("fixed", 300000)
        assert {row.applies_to for row in items.values()} == {"listed"}
        assert session.execute(sa.select(sa.func.count()).select_from(unit_fee)).scalar_one() == 11
        relations = session.execute(sa.select(contact.c.relation).order_by(contact.c.relation)).scalars().all()
        assert relations == ["family", "tenant"]
    assert in_order(engine)


def test_a_history_pays_the_very_bill_it_names_and_was_never_late(engine: Engine, bring: Import) -> None:
    bring(other_books(), community="丁香苑")
    with db.reading(engine) as session:
        home = estate.unit_by_code(session, "1-1-1011")
        open_ = [row for row in arrears.bills_on(session, as_of=day("2017-01-01"), unit_ids=[home.id]) if row.total_fen]
        bills = session.execute(sa.select(bill).where(bill.c.unit_id == home.id).order_by(bill.c.id)).all()
        assert [row.due_on for row in bills] == [day("2017-01-01"), day("2017-12-10"), day("2018-12-10")]
        assert [(row.principal_fen, row.late_charge_fen) for row in open_] == [(50000, 0)]


@pytest.mark.skipif(
    not REAL_OTHER_SYSTEM.is_dir(), reason="another project's books are beside the repository only at times"
)
def test_the_real_books_of_the_other_system_come_in(engine: Engine, bring: Import) -> None:
    names = ("importFeeDetail.xlsx", "hc.xlsx", "importRoom.xlsx")
    answer = bring([parsing.parse(name, (REAL_OTHER_SYSTEM / name).read_bytes()) for name in names], community="甲")
    assert answer["created"] == {"units": 9, "owners": 6, "bills": 3, "payments": 3}
    assert [row for row, code in warned(answer) if code == "unknown_owner"] == [7, 8, 9]
    assert in_order(engine)


# --- against what stands ----------------------------------------------------------------------------

UNITS: list[list[Any]] = [
    ["楼栋", "单元", "房号", "业主姓名", "联系电话", "建筑面积"],
    ["1", "1", "101", "张三", "13800138000", 80],
]


def test_a_changed_register_updates_area_phone_and_empty_owners_only(engine: Engine, bring: Import) -> None:
    bring([book(表=[*UNITS, ["1", "1", "102", "", "", 70], ["1", "1", "103", "王五", "", 60]])], community="甲")
    rows = [
        UNITS[0], ["1", "1", "101", "张三", "13900139000", 81], ["1", "1", "102", "李四", "", 70],
        ["1", "1", "103", "赵六", "", 60],
    ]  # fmt: skip
    answer = bring([book(表=rows)])
    sheet = answer["files"][0]["sheets"][0]
    assert (sheet["created"], sheet["updated"], sheet["unchanged"]) == (0, 2, 1)
    assert warned(answer) == [(2, "area_changed"), (4, "owner_differs")]
    with db.reading(engine) as session:
        found = {row.label: row for row in unit_search.search(session, text="101", community_ids=None, on=TODAY)}
        assert "1幢1单元101室" in found
        assert [row.label for row in unit_search.search(session, text="9000", community_ids=None, on=TODAY)] == [
            "1幢1单元101室"
        ]
        assert [row.label for row in unit_search.search(session, text="ls", community_ids=None, on=TODAY)] == [
            "1幢1单元102室"
        ]
        assert unit_search.search(session, text="zl", community_ids=None, on=TODAY) == []
        zhang = session.execute(sa.select(person.c.id).where(person.c.name == "张三")).scalar_one()
        assert persons.reveal_phone(session, zhang) == "+8613900139000"


def test_one_person_with_one_phone_may_own_several_units_and_equal_names_are_several_people(
    engine: Engine, bring: Import
) -> None:
    rows = [
        *UNITS, ["1", "1", "102", "张三", "13800138000", 70], ["1", "1", "103", "张三", "", 60],
        ["1", "1", "104", "张三", "", 60],
    ]  # fmt: skip
    assert bring([book(表=rows)])["created"] == {"units": 4, "owners": 3, "bills": 0, "payments": 0}
    assert count(engine, ownership) == 4


def test_a_bill_that_stands_is_neither_doubled_nor_rewritten(engine: Engine, bring: Import) -> None:
    head = ["房号", "业主", "2025年1月", "2025年2月"]
    bring([book(表=UNITS, 欠费=[head, ["1-1-101", "张三", 100, 100]])])
    answer = bring([book(欠费=[head, ["1-1-101", "张三", 100, 90]])])
    assert rejected(answer) == [("欠费", 2, "bill_differs")]
    assert (count(engine, bill), principal(engine)) == (2, 20000)


def test_periods_of_one_item_never_overlap(engine: Engine, bring: Import) -> None:
    month = book(表=UNITS, 欠费=[["房号", "业主", "2025年1月", "2025年2月"], ["1-1-101", "张三", 100, 100]])
    bring([month])
    line = [["房号", "户名", "收费项目", "欠费期间", "欠费金额"], ["1-1-101", "张三", "物业费", "2025.1-2025.12", 1200],
            ["1-1-101", "张三", "水费", "2025.1-2025.12", 12]]  # fmt: skip
    answer = bring([book(欠费=line)])
    assert rejected(answer) == [("欠费", 2, "period_overlaps")]
    assert count(engine, bill) == 3


def test_the_same_payment_in_a_longer_list_is_known_and_equal_ones_without_a_number_are_counted(
    engine: Engine, bring: Import
) -> None:
    head = ["日期", "房号", "金额", "收款方式", "票据号"]
    first = [head, ["2026-02-19", "1-1-101", 50, "微信", "S1"], ["2026-02-19", "1-1-101", 20, "现金", None],
             ["2026-02-19", "1-1-101", 20, "现金", None]]  # fmt: skip
    bring([book(表=UNITS, 收款=first)])
    answer = bring([book(收款=[*first, ["2026-02-20", "1-1-101", 50, "微信", "S2"],
                             ["2027-02-20", "1-1-101", 50, "微信", "S3"]])])  # fmt: skip
    sheet = answer["files"][0]["sheets"][0]
    assert (sheet["created"], sheet["unchanged"]) == (1, 3)
    assert rejected(answer) == [("收款", 6, "date_in_future")]
    with db.reading(engine) as session:
        row = session.execute(sa.select(payment).order_by(payment.c.id)).first()
        assert row is not None
        assert (row.method, row.reference, row.received_on) == ("wechat", "S1", day("2026-02-19"))


def test_a_price_beside_each_unit_becomes_a_tariff_and_own_prices(engine: Engine, bring: Import) -> None:
    head: list[Any] = [*UNITS[0], "收费标准"]
    rows = [["1", "1", str(100 + n), "", "", 80, 2.35 if n < 3 else 1.8] for n in range(4)]
    bring([book(表=[head, *rows])])
    with db.reading(engine) as session:
        assert session.execute(sa.select(tariff.c.price_e4)).scalars().all() == [23500]
        assert session.execute(sa.select(unit_fee.c.price_e4)).scalars().all() == [18000]


def test_an_existing_fee_item_keeps_its_late_charge_policy(engine: Engine, bring: Import) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session, name="丁香苑", area_e3=80000)
        session.execute(sa.update(fee_item).values(name="物业费"))
    answer = bring([book(欠费=[["房号", "业主", "2025年1月"], ["1-1-101", "", 100]])], due_day=15)
    assert answer["created"]["bills"] == 1
    with db.reading(engine) as session:
        row = session.execute(sa.select(bill)).one()
        assert (row.plan_id, row.due_on) == (made.plan_id, day("2025-01-15"))


def test_one_sheet_of_units_and_debts_is_enough(engine: Engine, bring: Import) -> None:
    rows = [["楼号", "房号", "业主姓名", "面积", "欠费期间", "欠费金额"], ["1#", "101", "张三", 88.5, "2025.1-2025.6", 600],
            ["1#", "101", "张三", 88.5, "2025.7-2025.12", 600]]  # fmt: skip
    assert bring([book(欠费=rows)])["created"] == {"units": 1, "owners": 1, "bills": 2, "payments": 0}
    assert principal(engine) == 120000


# --- which community --------------------------------------------------------------------------------


def test_files_of_two_communities_are_refused_together(bring: Import) -> None:
    books = [book(表=[[f"{name}业主台账"], *UNITS]) for name in ("东苑", "西苑")]
    with pytest.raises(Refusal, match=r"import\.communities_differ"):
        bring(books)
    bring(books[:1])
    bring(books[1:])
    with pytest.raises(Refusal, match=r"import\.community_unclear"):
        bring([book(表=[*UNITS, ["1", "1", "102", "", "", 70]])])
    with pytest.raises(Refusal, match=r"import\.bad_due_day"):
        bring(books, due_day=32)


# --- taking it back ---------------------------------------------------------------------------------


def test_an_import_is_taken_back_as_a_whole_and_can_come_again(engine: Engine, bring: Import) -> None:
    batches = {file["file"]: file["batch"] for file in bring(office(*ALL))["files"]}
    for name in ("register.xlsx", "arrears_by_month.xlsx"):
        with pytest.raises(Refusal, match=r"import\.undo_has_later_events"):
            undo(engine, batches[name])
    assert undo(engine, batches["receipts.xlsx"]).payments == 40
    assert principal(engine) == 14982553
    assert undo(engine, batches["arrears_by_month.xlsx"]).bills == 632
    assert principal(engine) == 0
    done = undo(engine, batches["register.xlsx"])
    assert (done.units, done.units_kept) == (184, 80)
    assert in_order(engine)
    with pytest.raises(Refusal, match=r"import\.undone_already"):
        undo(engine, batches["register.xlsx"])
    assert bring(office(*ALL))["created"] == {"units": 184, "owners": 184, "bills": 632, "payments": 40}
    assert principal(engine) == 14982553 - 4747778
    assert in_order(engine)


def test_units_nobody_used_are_gone_with_their_people(engine: Engine, bring: Import) -> None:
    batch = bring([book(表=UNITS)])["files"][0]["batch"]
    assert undo(engine, batch).units == 1
    assert [count(engine, table) for table in (unit, person, ownership)] == [0, 0, 0]
    with pytest.raises(Refusal, match=r"import\.unknown"):
        undo(engine, 999)


def test_an_update_is_taken_back_to_what_stood_before(engine: Engine, bring: Import) -> None:
    bring([book(表=UNITS)])
    rows = [UNITS[0], [*UNITS[1][:5], 88]]
    batch = bring([book(表=rows)])["files"][0]["batch"]
    undo(engine, batch)
    with db.reading(engine) as session:
        assert estate.unit_by_code(session, parse_unit("1-1-101").code).area_e3 == 80000
        assert [row.state for row in import_undo.batches(session)] == ["undone", "committed"]


def test_a_unit_with_papers_or_a_vacancy_is_no_longer_taken_back(engine: Engine, bring: Import) -> None:
    rows = [*UNITS, ["1", "1", "102", "李四", "", 70]]
    batch = bring([book(表=rows)])["files"][0]["batch"]
    with db.transaction(engine) as session:
        home = estate.unit_by_code(session, "1-1-102")
        days = {"from_on": TODAY, "until_on": day("2027-01-01"), "reported_on": TODAY}
        session.execute(sa.insert(vacancy).values(unit_id=home.id, **days))
    with pytest.raises(Refusal, match=r"import\.undo_has_later_events") as caught:
        undo(engine, batch)
    assert caught.value.facts == {"unit": "1幢1单元102室", "count": 1}


def test_a_unit_that_was_marked_or_corrected_is_no_longer_taken_back(engine: Engine, bring: Import) -> None:
    batch = bring([book(表=UNITS)])["files"][0]["batch"]
    with db.transaction(engine) as session:
        home = estate.unit_by_code(session, "1-1-101")
        estate_marks.add(session, {"unit_id": home.id, "kind": "elderly", "marked_at": NOW})
    with pytest.raises(Refusal, match=r"import\.undo_has_later_events"):
        undo(engine, batch)


def test_a_new_owner_is_found_and_the_old_one_still(engine: Engine, bring: Import) -> None:
    bring([book(表=UNITS)])
    with db.transaction(engine) as session:
        home = estate.unit_by_code(session, "1-1-101")
        ownership_service.transfer(
            session, unit_id=home.id, transfer_on=TODAY, as_of=TODAY, owners=[ownership_service.NewOwner("单雨桐", "+8613900139000")],
            source="买卖", now=NOW, actor="测试",
        )  # fmt: skip
        for text in ("syt", "9000", "zs", "8000"):
            assert [row.label for row in unit_search.search(session, text=text, community_ids=None, on=TODAY)] == [
                "1幢1单元101室"
            ]
