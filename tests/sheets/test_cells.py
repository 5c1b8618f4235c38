"""One cell to one value: what offices write is understood, the rest is refused, and nothing else ever happens."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import Refusal
from app.sheets import cells, dates

D = dt.date


def refusal(reader: Any, value: Any) -> str:
    with pytest.raises(Refusal) as caught:
        reader(value)
    return caught.value.code


@pytest.mark.parametrize(
    ("value", "fen"),
    [
        (222.22, 22222), (1000.0, 100000), (0.30000000000000004, 30), ("￥222.22", 22222), ("222.22元", 22222),
        ("１，２３４．５０元", 123450), ("1,234.5", 123450), ("0", 0), ("1.2万", 1200000), ("1.23456万元", 1234560),
        ("1.234567万", 1234567), ("2万", 2000000), (" 5 ", 500), (7, 700),
    ],
)  # fmt: skip
def test_money_is_read_as_offices_write_it(value: Any, fen: int) -> None:
    assert cells.fen(value) == fen


@pytest.mark.parametrize(
    "value",
    ["1e3", 1e20, 1e-7, "-5", "99999999999999", "12.345", 12.345, "12,34", "", "abc", True, D(2025, 1, 1), dt.time(1),
     float("nan"), float("inf"), "1.2345678万", "99999999万", "万"],
)  # fmt: skip
def test_money_that_cannot_be_meant_is_refused(value: Any) -> None:
    assert refusal(cells.fen, value) == "import.bad_amount"


def test_a_total_may_be_negative() -> None:
    assert cells.signed_fen("（12.00）") == -1200


@pytest.mark.parametrize("value", ["", "-", "--", "已缴", "已 交", "无", "0", 0.0, "/"])
def test_nothing_owed_is_written_in_many_ways(value: Any) -> None:
    assert cells.owed_fen(value) == 0


def test_an_amount_owed_is_an_amount() -> None:
    assert (cells.owed_fen("￥1.5"), cells.owed_fen(2.5)) == (150, 250)
    assert refusal(cells.owed_fen, "部分") == "import.bad_amount"


@pytest.mark.parametrize(
    ("value", "area"),
    [(94.56, 94560), ("143.28㎡", 143280), ("７６．９", 76900), (" 128.6 ", 128600), ("94.560 平方米", 94560),
     ("88m²", 88000), (90.0, 90000)],
)  # fmt: skip
def test_areas_are_read_to_the_thousandth(value: Any, area: int) -> None:
    assert cells.area_e3(value) == area


@pytest.mark.parametrize("value", ["面积不详", 0.0, "-1", 1e12, "94.5678", "", True, D(2025, 1, 1), "1e2"])
def test_an_area_that_cannot_be_is_refused(value: Any) -> None:
    assert refusal(cells.area_e3, value) == "import.bad_area"


def test_a_unit_price_has_four_decimals() -> None:
    assert [cells.price_e4(value) for value in (2.35, "2.35元/㎡·月", "1.2345", 0.0)] == [23500, 23500, 12345, 0]
    assert refusal(cells.price_e4, "面议") == "import.bad_price"
    assert refusal(cells.price_e4, True) == "import.bad_price"


@pytest.mark.parametrize(
    ("value", "numbers"),
    [
        (15769079081.0, ("+8615769079081",)),
        ("１５６５０７０５６９４", ("+8615650705694",)),
        ("156-5740-5272", ("+8615657405272",)),
        ("15156180956 ", ("+8615156180956",)),
        ("+86 138 0013 8000", ("+8613800138000",)),
        ("（0571）88886666", ("+8657188886666",)),
        ("400-800-8888", ("+864008008888",)),
        ("13800138000/13900139000", ("+8613800138000", "+8613900139000")),
        ("13800138000，13800138000", ("+8613800138000",)),
        (18999999999.0, ()), ("18999999999", ()), ("", ()), ("无", ()),
    ],
)  # fmt: skip
def test_phones_become_one_form(value: Any, numbers: tuple[str, ...]) -> None:
    assert cells.phones(value) == numbers


@pytest.mark.parametrize("value", ["123", "abc", 1.5e300, True, D(2025, 1, 1), "138001380001", "12345678901"])
def test_a_phone_that_cannot_be_called_is_refused(value: Any) -> None:
    assert refusal(cells.phones, value) == "import.bad_phone"


def test_identity_numbers_are_checked() -> None:
    assert cells.id_number("11010519491231002X") == "11010519491231002X"
    assert cells.id_number("11010519491231002x") == "11010519491231002X"
    assert cells.id_number("H12345678") == "H12345678"
    assert cells.id_number("111111111111111111") == ""
    assert cells.id_number("") == ""
    for wrong in ("110105194912310021", 1.10105194912310e17, "12345", "中文号码六个字", True):
        assert refusal(cells.id_number, wrong) == "import.bad_id_number"


def test_a_refused_identity_number_is_not_repeated() -> None:
    with pytest.raises(Refusal) as caught:
        cells.id_number("110105194912310021")
    assert caught.value.facts["value"] == "110*************21"


def test_names_are_kept_and_co_owners_told_apart() -> None:
    assert cells.names("张 三") == ("张三",)
    assert cells.names("张三、李四") == ("张三", "李四")
    assert cells.names("张三，李四") == ("张三", "李四")
    assert cells.names("John Smith") == ("John Smith",)
    assert cells.names("空置") == ()
    assert cells.names("-") == ()


def test_text_loses_what_nobody_sees() -> None:
    assert cells.text(" a\u200b\x07 \n b ") == "a b"
    assert cells.text(1001.0) == "1001"
    assert cells.text(dt.datetime(2026, 1, 2)) == "2026-01-02"
    assert cells.text(dt.datetime(2026, 1, 2, 3, 4)) == "2026-01-02 03:04:00"
    assert cells.text(True) == "True"
    assert refusal(cells.text, "字" * 201) == "import.too_long"
    assert refusal(cells.text, "a\ud800") == "import.bad_character"


def test_a_unit_that_a_spreadsheet_turned_into_a_date_is_refused() -> None:
    assert refusal(cells.unit, D(2001, 1, 2)) == "import.bad_unit"
    assert refusal(cells.unit, 101.0) == "import.bad_unit"
    assert cells.unit("1-1-2").code == "1-1-2"


def test_whole_numbers_have_bounds() -> None:
    assert cells.whole("６", least=1, most=12) == 6
    assert refusal(lambda value: cells.whole(value, least=1, most=12), "13") == "import.bad_number"
    assert refusal(lambda value: cells.whole(value, least=1, most=12), 1.5) == "import.bad_number"


def test_ways_of_payment_have_codes() -> None:
    assert [cells.method(text) for text in ("微信", "POS", "银行转账", "贝壳")] == ["wechat", "pos", "bank", "other"]


# --- days and periods ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "on"),
    [
        (dt.datetime(2026, 6, 9), D(2026, 6, 9)), (D(2026, 6, 9), D(2026, 6, 9)), ("2026-02-19", D(2026, 2, 19)),
        ("2026.1.18", D(2026, 1, 18)), ("2026年2月23日", D(2026, 2, 23)), (46189.0, D(2026, 6, 16)),
        ("46189", D(2026, 6, 16)), ("20260218", D(2026, 2, 18)), (20260218.0, D(2026, 2, 18)),
        ("２０２６／３／１", D(2026, 3, 1)), ("2026/3/1 12:30", D(2026, 3, 1)), ("2026-03-01T08:00:00", D(2026, 3, 1)),
        ("2026年3月1日08:05", D(2026, 3, 1)), ("2024-02-29", D(2024, 2, 29)),
    ],
)  # fmt: skip
def test_a_day_is_read_in_every_way_offices_write_it(value: Any, on: dt.date) -> None:
    assert dates.day(value) == on


@pytest.mark.parametrize(
    "value",
    ["2026-02-30", "2026.13.40", "2025.1", 2025.1, 1.0, "26.1.5", "", True, dt.time(1), dt.timedelta(3), "2023-02-29",
     "1899-01-01", "2126-01-01", "明天", float("nan"), float("inf"), "2026-03-1 2", 9e99],
)  # fmt: skip
def test_a_day_that_does_not_exist_is_refused(value: Any) -> None:
    assert refusal(dates.day, value) == "import.bad_date"


@pytest.mark.parametrize(
    ("value", "first", "last"),
    [
        ("2025.1", D(2025, 1, 1), D(2025, 1, 31)), ("2025.10", D(2025, 10, 1), D(2025, 10, 31)),
        ("2025-01", D(2025, 1, 1), D(2025, 1, 31)), ("2025年1月", D(2025, 1, 1), D(2025, 1, 31)),
        ("2025年01月份", D(2025, 1, 1), D(2025, 1, 31)), (202501.0, D(2025, 1, 1), D(2025, 1, 31)),
        ("24.1", D(2024, 1, 1), D(2024, 1, 31)), ("2025年", D(2025, 1, 1), D(2025, 12, 31)),
        ("2025年度", D(2025, 1, 1), D(2025, 12, 31)), (2025.0, D(2025, 1, 1), D(2025, 12, 31)),
        (D(2025, 3, 1), D(2025, 3, 1), D(2025, 3, 31)), (45717.0, D(2025, 3, 1), D(2025, 3, 31)),
        ("2025-03-01", D(2025, 3, 1), D(2025, 3, 31)),
        ("2025.1-2025.12", D(2025, 1, 1), D(2025, 12, 31)), ("2025年01月至06月", D(2025, 1, 1), D(2025, 6, 30)),
        ("2025年1-6月", D(2025, 1, 1), D(2025, 6, 30)), ("2025-01至2025-06", D(2025, 1, 1), D(2025, 6, 30)),
        ("202501-202506", D(2025, 1, 1), D(2025, 6, 30)), ("2024年11月～2025年2月", D(2024, 11, 1), D(2025, 2, 28)),
        ("2025-01-15至2025-03-14", D(2025, 1, 15), D(2025, 3, 14)),
        ("2025.01.01-2025.12.31", D(2025, 1, 1), D(2025, 12, 31)),
        ("2025-01-01-2025-12-31", D(2025, 1, 1), D(2025, 12, 31)),
    ],
)  # fmt: skip
def test_a_period_is_read_in_every_way_offices_write_it(value: Any, first: dt.date, last: dt.date) -> None:
    assert dates.period(value) == (first, last)


def test_a_number_that_may_be_january_or_october_is_never_guessed() -> None:
    assert refusal(dates.period, 2025.1) == "import.period_number"
    assert refusal(lambda value: dates.period(value, is_typed=False), "2025.1") == "import.period_number"
    assert dates.period("2025.12", is_typed=False)[0] == D(2025, 12, 1)


@pytest.mark.parametrize(
    "value", ["", "x", "1月", "2025年13月", "2025.12-2025.1", "2025-01-15", True, dt.time(2), "1980年1月", "2025 1 1"]
)
def test_a_period_that_says_nothing_is_refused(value: Any) -> None:
    assert refusal(dates.period, value) == "import.bad_period"


@pytest.mark.parametrize(
    "value",
    ["2024年1月", "2024-01", "24.1", "24年1月", "2024.1", dt.datetime(2024, 1, 1), 202401.0, 45292.0],
)
def test_a_month_column_is_known_by_its_header(value: Any) -> None:
    assert dates.header_month(value) == (D(2024, 1, 1), D(2024, 1, 31))


@pytest.mark.parametrize("value", ["房号", "1月", "2024", 2024.1, "101", "1001", "2024-01-15", True, dt.time(1), ""])
def test_other_headers_are_no_months(value: Any) -> None:
    assert dates.header_month(value) is None


def test_an_end_on_the_day_of_the_start_is_the_next_periods_start() -> None:
    assert dates.between(D(2016, 1, 1), D(2017, 1, 1)) == (D(2016, 1, 1), D(2016, 12, 31))
    assert dates.between(D(2020, 6, 10), D(2020, 7, 10)) == (D(2020, 6, 10), D(2020, 7, 9))
    assert dates.between(D(2025, 1, 1), D(2025, 12, 31)) == (D(2025, 1, 1), D(2025, 12, 31))
    assert dates.between(D(2025, 1, 1), D(2025, 1, 1)) == (D(2025, 1, 1), D(2025, 1, 1))
    with pytest.raises(Refusal, match=r"import\.period_reversed"):
        dates.between(D(2025, 2, 1), D(2025, 1, 1))


# --- anything --------------------------------------------------------------------------------------

ANY_CELL = st.one_of(
    st.text(max_size=40),
    st.text("0123456789.-/年月日至元万￥,() 　０９㎡", max_size=20),
    st.floats(),
    st.integers(-(2**63), 2**63),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
)
READERS = [
    cells.text, cells.name, cells.names, cells.fen, cells.signed_fen, cells.owed_fen, cells.area_e3, cells.price_e4,
    cells.phones, cells.id_number, cells.unit, cells.usage, cells.method, dates.day, dates.period, dates.header_month,
    dates.bare_month, lambda value: cells.whole(value, least=0, most=9),
    lambda value: cells.unit_from(value, value, value),
]  # fmt: skip


@given(ANY_CELL)
def test_any_value_is_read_or_refused(value: Any) -> None:
    for reader in READERS:
        try:
            reader(value)
        except Refusal as refusal:
            assert refusal.code.startswith("import.")
