"""Figures are written as Chinese documents write them, and capitals can be read back."""

from __future__ import annotations

import datetime as dt
import re
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.i18n import numerals

VALUE = {digit: place for place, digit in enumerate(numerals.DIGITS)}
PLACE = {"拾": 10, "佰": 100, "仟": 1000}


def read(capitals: str) -> int:
    """Read capitals back to fen, by another way than they are written."""
    found = re.fullmatch(r"(?:(.+)元)?整?零?(?:(.)角)?(?:(.)分)?", capitals)
    assert found, capitals
    whole, jiao, fen = found.groups()
    return read_whole(whole or "") * 100 + VALUE.get(jiao, 0) * 10 + VALUE.get(fen, 0)


def read_whole(text: str) -> int:
    for mark, size in (("亿", 10**8), ("万", 10**4)):
        above, found, below = text.rpartition(mark)
        if found:
            return read_whole(above) * size + read_whole(below)
    total, digit = 0, 0
    for sign in text:
        if sign in PLACE:
            total, digit = total + digit * PLACE[sign], 0
        else:
            digit = VALUE[sign]
    return total + digit


@pytest.mark.parametrize(
    ("fen", "capitals"),
    [
        (140950, "壹仟肆佰零玖元伍角"),
        (600714, "陆仟零柒元壹角肆分"),
        (168032, "壹仟陆佰捌拾元叁角贰分"),
        (10700053, "壹拾万零柒仟元伍角叁分"),
        (1640902, "壹万陆仟肆佰零玖元零贰分"),
        (32504, "叁佰贰拾伍元零肆分"),
        (0, "零元整"),
        (5, "伍分"),
        (30, "叁角"),
        (1000000000, "壹仟万元整"),
        (2000000000300, "贰佰亿零叁元整"),
        (90789, "玖佰零柒元捌角玖分"),
    ],
)
def test_capitals_follow_the_published_examples(fen: int, capitals: str) -> None:
    assert numerals.capitals(fen) == capitals


@given(st.integers(min_value=0, max_value=10**14 - 1))
@example(10**12 + 1)
@example(100_010_001_000)
def test_capitals_read_back_to_the_same_amount(fen: int) -> None:
    text = numerals.capitals(fen)
    assert read(text) == fen
    assert "零零" not in text
    assert "零元" not in text or fen == 0


@pytest.mark.parametrize("fen", [-1, 10**14])
def test_what_is_no_amount_has_no_capitals(fen: int) -> None:
    with pytest.raises(ValueError, match="capitals"):
        numerals.capitals(fen)


def test_amounts_carry_their_sign_before_everything() -> None:
    assert [numerals.amount(fen) for fen in (0, 5, 123450, -123450)] == ["0.00", "0.05", "1,234.50", "-1,234.50"]
    assert [numerals.yuan(fen) for fen in (123450, -5)] == ["￥1,234.50", "-￥0.05"]


def test_days_are_written_in_sentences_and_in_columns() -> None:
    on = dt.date(2026, 3, 1)
    assert (numerals.day(on), numerals.short_day(on)) == ("2026年3月1日", "2026-03-01")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (8, "八"),
        (10, "十"),
        (12, "十二"),
        (64, "六十四"),
        (110, "一百一十"),
        (225, "二百二十五"),
        (944, "九百四十四"),
        (1012, "一千零一十二"),
        (1260, "一千二百六十"),
    ],
)
def test_articles_are_numbered_in_words(value: int, text: str) -> None:
    assert numerals.number(value) == text


@pytest.mark.parametrize("value", [0, -1, 10_000])
def test_no_article_has_such_a_number(value: int) -> None:
    with pytest.raises(ValueError, match="article"):
        numerals.number(value)


def test_areas_and_prices_lose_only_what_says_nothing() -> None:
    assert [numerals.thousandths(value) for value in (143280, 100000, 1, 65740)] == ["143.28", "100", "0.001", "65.74"]
    assert [numerals.price(value) for value in (23500, 4833, 30000, 1)] == ["2.35", "0.4833", "3.00", "0.0001"]


@pytest.mark.parametrize(
    ("fen", "text"),
    [
        (Fraction(0), "0.00"),
        (Fraction(15449 * 194, 1000), "29.97106"),
        (Fraction(1, 7), "0.0014285714…"),
        (Fraction(150), "1.50"),
    ],
)
def test_exact_amounts_keep_every_decimal(fen: Fraction, text: str) -> None:
    assert numerals.exact_yuan(fen) == text


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (Fraction(1, 1000), "0.1%"),
        (Fraction(3, 10000), "0.03%"),
        (Fraction(24, 100 * 365), "24%÷365"),
        (Fraction(1385, 10000 * 360), "13.85%÷360"),
        (Fraction(1, 7 * 11), "1/77"),
        (Fraction(0), "0%"),
    ],
)
def test_rates_are_written_as_the_contract_says_them(rate: Fraction, text: str) -> None:
    assert numerals.daily_rate(rate) == text
