"""Unit codes: every way of writing one flat leads to one code, and codes sort the way people walk."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import Refusal
from app.domain.registry import UnitCode, Usage, parse_unit, read_usage, unit_of

PART = st.text("0123456789ABZ", min_size=1, max_size=4).filter(lambda text: text.lstrip("0"))


@pytest.mark.parametrize(
    "text",
    [
        "1-1-202", "1幢1单元202室", "1栋1单元202", "1号楼1单元202", "１－１－２０２", " 1 幢 1 单元 202 室 ",
        "一号楼一单元202", "01-01-202", "1座1门202号", "1—1—202", "1幢-1单元-202",
    ],
)  # fmt: skip
def test_every_way_to_write_a_flat_is_the_same_flat(text: str) -> None:
    assert parse_unit(text).code == "1-1-202"
    assert parse_unit(text).label == "1幢1单元202室"


@pytest.mark.parametrize(
    ("text", "code", "label"),
    [
        ("1-0-商铺3", "1-0-商铺3", "1幢商铺3"),
        ("1幢商铺3", "1-0-商铺3", "1幢商铺3"),
        ("2幢门面1", "2-0-门面1", "2幢门面1"),
        ("A座1502", "A-0-1502", "A幢1502室"),
        ("3#201", "3-0-201", "3幢201室"),
        ("十二幢二单元301", "12-2-301", "12幢2单元301室"),
        ("三十幢1单元101", "30-1-101", "30幢1单元101室"),
        ("二〇幢101", "二〇-0-101", "二〇幢101室"),
        ("一二幢101", "12-0-101", "12幢101室"),
        ("十十幢101", "十十-0-101", "十十幢101室"),
        ("1-1-202-1", "1-1-202-1", "1幢1单元202-1室"),
    ],
)
def test_shops_towers_and_numerals_are_understood(text: str, code: str, label: str) -> None:
    unit = parse_unit(text)
    assert (unit.code, unit.label) == (code, label)
    assert parse_unit(unit.label) == unit


@pytest.mark.parametrize("text", ["", "-", "202", "abc", "1-1-<x>", "1-1-" + "9" * 17, "😀-1-1"])
def test_what_names_no_unit_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match=r"unit\.unreadable"):
        parse_unit(text)


def test_three_cells_make_the_same_unit_as_one() -> None:
    assert unit_of("1幢", "1单元", "202室") == parse_unit("1-1-202")
    assert unit_of("1", "", "商铺3").code == "1-0-商铺3"
    assert unit_of("室", "", "号").code == "室-0-号"


def test_units_sort_in_walking_order() -> None:
    wanted = ["1-1-101", "1-1-101A", "1-1-202", "1-1-1001", "1-2-101", "2-1-101", "10-1-101", "10-1-商铺2", "A-0-101"]
    units = [parse_unit(text) for text in reversed(wanted)]
    assert [unit.code for unit in sorted(units, key=lambda unit: unit.sort_key)] == wanted


def test_the_floor_is_told_by_a_plain_room_number() -> None:
    assert [UnitCode("1", "1", room).floor for room in ("202", "1103", "1011", "商铺3", "12", "12345")] == [
        2, 11, 10, None, None, None,
    ]  # fmt: skip


def test_the_usage_is_read_from_words_and_codes() -> None:
    assert read_usage("住宅") is Usage.RESIDENTIAL
    assert read_usage("110") is Usage.RESIDENTIAL
    assert read_usage(" 办公室 ") is Usage.OFFICE
    assert read_usage("119") is Usage.DORMITORY
    assert read_usage("商铺") is Usage.SHOP
    assert read_usage("什么") is None


@given(PART, PART, PART)
def test_a_code_reads_back_as_itself_and_its_key_is_digits(building: str, entrance: str, room: str) -> None:
    unit = unit_of(building, entrance, room)
    assert parse_unit(unit.code) == unit
    assert unit.sort_key.isdecimal()
    assert len(unit.sort_key) <= 120


@given(st.text(max_size=60))
def test_any_text_is_a_unit_or_a_refusal(text: str) -> None:
    try:
        unit = parse_unit(text)
    except Refusal as refusal:
        assert refusal.code == "unit.unreadable"
    else:
        assert len(unit.code) <= 60
        assert len(unit.label) <= 80
