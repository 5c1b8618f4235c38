"""Amounts: what is read, what is refused, and the one way to round."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import Refusal
from app.domain.money import MAX_FEN, format_yuan, half_up, half_up_fraction, parse_yuan, read_yuan
from app.domain.quoting import is_printable, quoted

fens = st.integers(-MAX_FEN, MAX_FEN)


@given(fens)
def test_a_written_amount_reads_back(fen):
    assert parse_yuan(format_yuan(fen)) == fen
    assert read_yuan(format_yuan(fen), allow_negative=True) == fen


@given(fens)
def test_what_people_write_reads_back(fen):
    grouped = f"{abs(fen) // 100:,}.{abs(fen) % 100:02d}"
    assert read_yuan(f"￥{grouped} 元") == abs(fen)
    assert read_yuan(f"（{grouped}）", allow_negative=True) == -abs(fen)


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6))
def test_half_up_is_the_nearest_whole_number_and_halves_go_away_from_zero(numerator, denominator):
    exact, found = Fraction(numerator, denominator), half_up(numerator, denominator)
    assert abs(exact - found) <= Fraction(1, 2)
    if abs(exact - found) == Fraction(1, 2):
        assert abs(found) > abs(exact)
    assert half_up_fraction(exact) == found


def test_rounding_by_nothing_is_a_mistake_of_the_programmer():
    with pytest.raises(ValueError, match="positive"):
        half_up(1, 0)


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("0", 0),
        ("0.5", 50),
        ("2400", 240_000),
        ("2400.00", 240_000),
        ("-5", -500),
        ("007.10", 710),
        ("10000000000", MAX_FEN),
    ],
)
def test_an_amount_of_another_program_is_read(text, fen):
    assert parse_yuan(text) == fen


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1e3", "money.exponent"),
        ("1E+3", "money.exponent"),
        ("12.345", "money.too_many_decimals"),
        ("12.000", "money.too_many_decimals"),
        ("10000000000.01", "money.too_large"),
        ("9" * 70, "money.too_large"),
        ("NaN", "money.not_a_number"),
        ("", "money.not_a_number"),
        ("+5", "money.not_a_number"),
        ("1,200.00", "money.not_a_number"),
        (" 5", "money.not_a_number"),
        ("5.", "money.not_a_number"),
        (".5", "money.not_a_number"),
        ("１２", "money.not_a_number"),
        ("٣", "money.not_a_number"),
        ("12元", "money.not_a_number"),
        (True, "money.not_text"),
        (12, "money.not_text"),
        (12.5, "money.not_text"),
        (None, "money.not_text"),
    ],
)
def test_an_amount_of_another_program_that_leaves_a_doubt_is_refused(text, code):
    with pytest.raises(Refusal) as refused:
        parse_yuan(text)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("１，２３４．５０元", 123_450),
        ("￥222.22", 22_222),
        ("¥ 1,234", 123_400),
        ("RMB 12", 1_200),
        ("CNY12.5", 1_250),
        ("12.", 1_200),
        (".5", 50),
        ("12.000", 1_200),
        ("  7\u3000", 700),
        ("0", 0),
        ("-0", 0),
        ("(0.00)", 0),
        ("1234,567", None),
    ],
)
def test_an_amount_as_people_write_it_is_read(text, fen):
    if fen is None:
        with pytest.raises(Refusal):
            read_yuan(text)
    else:
        assert read_yuan(text) == fen


@pytest.mark.parametrize(
    ("text", "fen"), [("-5", -500), ("－５", -500), ("−5", -500), ("¥-5", -500), ("-¥5", -500), ("（12.00）", -1200)]
)
def test_a_negative_amount_is_read_where_it_may_stand(text, fen):
    assert read_yuan(text, allow_negative=True) == fen


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "money.empty"),
        ("  ", "money.empty"),
        ("1e3", "money.exponent"),
        ("12.345", "money.too_many_decimals"),
        ("-5", "money.negative"),
        ("（12.00）", "money.negative"),
        ("99999999999999", "money.too_large"),
        ("1" * 65, "money.too_large"),
        ("元", "money.not_a_number"),
        (".", "money.not_a_number"),
        ("--5", "money.not_a_number"),
        ("(-3)", "money.not_a_number"),
        ("1.2.3", "money.not_a_number"),
        ("一百", "money.not_a_number"),
        ("NaN", "money.not_a_number"),
        ("True", "money.not_a_number"),
        (5, "money.not_text"),
    ],
)
def test_an_amount_as_people_write_it_is_refused_rather_than_guessed(text, code):
    with pytest.raises(Refusal) as refused:
        read_yuan(text)
    assert refused.value.code == code


@given(st.text(max_size=80))
def test_no_text_breaks_the_readers(text):
    for read in (parse_yuan, read_yuan):
        try:
            assert abs(read(text)) <= MAX_FEN
        except Refusal as refused:
            assert is_printable(str(refused.facts))


def test_a_refused_text_is_quoted_short_and_printable():
    assert quoted("x" * 30) == "x" * 24 + "…"
    assert quoted("\ud800") == "?"
    assert not is_printable("\ud800")
    assert is_printable("好")
