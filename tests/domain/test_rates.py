"""Exact rates and the additive index."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import Refusal
from app.domain.rates import ALWAYS, ONE_PER_MILLE, Rate, RateIndex, parse_rate

rates = st.builds(Rate, st.integers(0, 50), st.sampled_from([1000, 9125, 36_500, 240_000]))
some_days = st.integers(0, 3000).map(lambda step: date(2020, 1, 1) + timedelta(days=step))
steps = st.dictionaries(some_days, rates, min_size=1, max_size=5).map(lambda found: tuple(sorted(found.items())))


@pytest.mark.parametrize(
    ("given_rate", "fraction"),
    [
        ("0.001", Fraction(1, 1000)),
        ("0", Fraction(0)),
        ("1", Fraction(1)),
        ({"per_day": "0.0005"}, Fraction(1, 2000)),
        ({"per_year": "0.24", "basis": 365}, Fraction(24, 36_500)),
        ({"per_year": "0.24"}, Fraction(24, 36_500)),
        ({"per_year": "0.0465", "basis": 360}, Fraction(465, 3_600_000)),
    ],
)
def test_a_rate_is_read_exactly(given_rate, fraction):
    assert parse_rate(given_rate).fraction == fraction


@pytest.mark.parametrize(
    ("given_rate", "code"),
    [
        ("-0.001", "rate.not_readable"),
        ("1e-3", "rate.not_readable"),
        ("0.1%", "rate.not_readable"),
        (".1", "rate.not_readable"),
        ("", "rate.not_readable"),
        (0.001, "rate.not_readable"),
        (True, "rate.not_readable"),
        (None, "rate.not_readable"),
        ([], "rate.not_readable"),
        ({}, "rate.not_readable"),
        ({"per_day": 1}, "rate.not_readable"),
        ({"per_day": "0.001", "basis": 365}, "rate.not_readable"),
        ({"per_year": "0.24", "per_day": "0.001"}, "rate.not_readable"),
        ({"per_year": "0.24", "basis": 364}, "rate.unknown_basis"),
        ({"per_year": "0.24", "basis": True}, "rate.unknown_basis"),
        ({"per_year": "0.24", "basis": "365"}, "rate.unknown_basis"),
        ("1.1", "rate.too_large"),
        ({"per_year": "9999", "basis": 365}, "rate.too_large"),
    ],
)
def test_a_rate_that_leaves_a_doubt_is_refused(given_rate, code):
    with pytest.raises(Refusal) as refused:
        parse_rate(given_rate)
    assert refused.value.code == code


def test_equal_rates_are_equal_values():
    assert Rate(2, 2000) == ONE_PER_MILLE == Rate.of(Fraction(1, 1000))


@pytest.mark.parametrize(("num", "den"), [(1, 0), (-1, 5)])
def test_a_rate_that_is_none_is_a_mistake_of_the_programmer(num, den):
    with pytest.raises(ValueError, match="rate"):
        Rate(num, den)


@pytest.mark.parametrize(
    "found",
    [
        (),
        ((date(2025, 1, 1), ONE_PER_MILLE),) * 2,
        ((date(2025, 1, 2), ONE_PER_MILLE), (date(2025, 1, 1), ONE_PER_MILLE)),
    ],
)
def test_the_steps_of_an_index_are_in_order(found):
    with pytest.raises(ValueError, match="order"):
        RateIndex(found)


@given(steps, some_days)
def test_the_index_grows_each_day_by_the_rate_of_that_day(found, day):
    index = RateIndex(found)
    grown = Fraction(index.at(day) - index.at(day - timedelta(days=1)), index.den)
    expected = next((rate for from_on, rate in reversed(found) if from_on <= day), Rate(0, 1))
    assert grown == expected.fraction
    assert index.rate_on(day) == expected


@given(steps, some_days)
def test_the_segments_give_the_index_as_a_query_works_it_out(found, day):
    index = RateIndex(found)
    begun = [segment for segment in index.segments if segment.from_on <= day]
    total = begun[-1].cum + begun[-1].num * (day - begun[-1].from_on).days if begun else 0
    assert total == index.at(day)


@given(steps, some_days)
def test_the_slopes_from_a_day_are_those_of_the_index(found, day):
    index = RateIndex(found)
    slopes = index.slopes_from(day.toordinal())
    assert slopes[0][0] == day.toordinal()
    for start, slope in slopes:
        on = date.fromordinal(start)
        assert slope == index.at(on) - index.at(on - timedelta(days=1))


def test_a_constant_rate_may_change_later_in_any_order():
    index = RateIndex.constant(ONE_PER_MILLE, [(date(2025, 2, 1), Rate(0, 1)), (date(2025, 1, 1), Rate(1, 2000))])
    assert index.first_rate == ONE_PER_MILLE == index.rate_on(date(2024, 12, 31))
    assert index.rate_on(date(2025, 1, 1)) == Rate(1, 2000)
    assert index.steps[0][0] == ALWAYS
    assert index.rate_on(ALWAYS - timedelta(days=1)) == Rate(0, 1)


def test_an_index_that_a_database_can_carry_is_let_through():
    plan = RateIndex(
        ((date(2020, 1, 1), ONE_PER_MILLE), (date(2024, 1, 1), parse_rate({"per_year": "0.24", "basis": 365})))
    )
    assert plan.check_fits_database() is plan


def test_an_index_too_fine_for_a_database_is_refused():
    with pytest.raises(Refusal) as refused:
        RateIndex(((date(2020, 1, 1), parse_rate("0.000333333333")),)).check_fits_database()
    assert refused.value.code == "rate.too_fine"
