"""Rest days, working days and months."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.calendar import OFFICIAL, add_months, is_working_day, read_days, roll, years_known

days = st.dates(date(2004, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2025, 9, 28), True),  # a Sunday worked in exchange
        (date(2025, 10, 1), False),
        (date(2025, 10, 8), False),
        (date(2025, 10, 9), True),
        (date(2025, 10, 11), True),  # a Saturday worked in exchange
        (date(2025, 10, 12), False),
        (date(2020, 1, 31), False),  # the Spring Festival prolonged
        (date(2015, 9, 3), False),
        (date(2026, 2, 16), False),
        (date(2026, 2, 14), True),
        (date(2030, 5, 1), True),  # not announced: a plain Wednesday
    ],
)
def test_a_day_is_what_was_announced(day, working):
    assert is_working_day(day) is working


def test_a_rest_day_rolls_to_the_next_working_day():
    assert roll(date(2025, 10, 1)) == (date(2025, 10, 9), True)
    assert roll(date(2025, 10, 9)) == (date(2025, 10, 9), True)


def test_a_year_not_announced_rolls_over_weekends_only_and_says_so():
    assert roll(date(2027, 5, 1)) == (date(2027, 5, 3), False)
    assert roll(date(2003, 10, 1)) == (date(2003, 10, 1), False)


@given(days)
def test_the_day_rolled_to_is_the_first_working_day(day):
    rolled, known = roll(day)
    assert is_working_day(rolled)
    assert known
    assert not any(is_working_day(day + timedelta(days=step)) for step in range((rolled - day).days))


def test_the_years_from_2004_to_2026_are_known():
    assert years_known() == frozenset(range(2004, 2027))


def test_every_announced_exception_is_one():
    assert all(day.weekday() < 5 for day in OFFICIAL.rest_on)
    assert all(day.weekday() >= 5 for day in OFFICIAL.work_on)


def test_a_year_can_be_added_and_corrected():
    grown = OFFICIAL.with_year(2027, rest_on=frozenset({date(2027, 1, 1)}), work_on=frozenset({date(2027, 1, 3)}))
    assert roll(date(2027, 1, 1), grown) == (date(2027, 1, 3), True)
    assert 2027 in years_known(grown)
    assert not is_working_day(date(2025, 10, 1), grown)
    corrected = grown.with_year(2027, rest_on=frozenset(), work_on=frozenset())
    assert is_working_day(date(2027, 1, 1), corrected)


def test_runs_of_days_are_read_as_written():
    assert read_days(2025, "01-01 01-28..30") == {date(2025, 1, 1), *(date(2025, 1, day) for day in (28, 29, 30))}


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2020, 2, 29), 36, date(2023, 2, 28)),
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2025, 3, 31), -1, date(2025, 2, 28)),
        (date(2025, 11, 15), 2, date(2026, 1, 15)),
        (date(2025, 1, 15), -1, date(2024, 12, 15)),
        (date(2025, 6, 10), 0, date(2025, 6, 10)),
    ],
)
def test_months_later_is_the_same_day_or_the_last_of_the_month(day, months, expected):
    assert add_months(day, months) == expected
