"""The calendar of a year as people copy it from the announcement."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import announced
from app.domain.calendar import OFFICIAL
from app.domain.calendar_years import YEARS
from app.domain.errors import Refusal

D = dt.date


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2027-01-01", {D(2027, 1, 1)}),
        ("1月1日", {D(2027, 1, 1)}),
        ("1.1-3", None),
        ("1月1日至3日", {D(2027, 1, 1), D(2027, 1, 2), D(2027, 1, 3)}),
        ("01-30~02-01", {D(2027, 1, 30), D(2027, 1, 31), D(2027, 2, 1)}),
        ("2027年10月1日～2027年10月2日", {D(2027, 10, 1), D(2027, 10, 2)}),
        ("10/1..10/2, 5/1、6/1", {D(2027, 10, 1), D(2027, 10, 2), D(2027, 5, 1), D(2027, 6, 1)}),
        ("", set()),
    ],
)
def test_dates_and_ranges_are_read_as_people_write_them(text: str, days: set[D] | None) -> None:
    if days is None:
        with pytest.raises(Refusal, match=r"calendar\.unreadable_day"):
            announced.read_days(text, year=2027, field="rest")
    else:
        assert announced.read_days(text, year=2027, field="rest") == days


@pytest.mark.parametrize("text", ["元旦", "13-01", "02-30", "01-05~01-01", "01-01~03-01", "1月30日至32日"])
def test_what_is_no_day_is_named(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        announced.read_days(text, year=2027, field="rest")
    assert caught.value.code == "calendar.unreadable_day"
    assert caught.value.facts["part"] == text


def test_a_day_of_another_year_is_refused() -> None:
    with pytest.raises(Refusal, match=r"calendar\.day_of_other_year"):
        announced.read_days("2026-12-31~2027-01-02", year=2027, field="rest")


def test_weekends_in_a_holiday_are_no_exceptions() -> None:
    rest = announced.read_days("10-01~10-07", year=2027, field="rest")
    work = announced.read_days("09-26 10-09", year=2027, field="work")
    found = announced.exceptions(rest=rest, work=work)
    assert {day for day, works in found.items() if works} == work
    assert D(2027, 10, 2) not in found  # a Saturday is off without being told


def test_a_weekday_is_not_worked_by_announcement() -> None:
    with pytest.raises(Refusal, match=r"calendar\.day_changes_nothing"):
        announced.exceptions(rest=frozenset(), work=frozenset({D(2027, 9, 27)}))


def test_a_day_cannot_be_both() -> None:
    day = frozenset({D(2027, 9, 26)})
    with pytest.raises(Refusal, match=r"calendar\.both_ways"):
        announced.exceptions(rest=day, work=day)


@given(st.sampled_from(sorted(YEARS)))
def test_the_years_shipped_can_be_typed_in_again(year: int) -> None:
    rest, work = (
        " ".join(day.isoformat() for day in sorted(days) if day.year == year)
        for days in (OFFICIAL.rest_on, OFFICIAL.work_on)
    )
    found = announced.exceptions(
        rest=announced.read_days(rest, year=year, field="rest"), work=announced.read_days(work, year=year, field="work")
    )
    assert {day for day, works in found.items() if not works} == {day for day in OFFICIAL.rest_on if day.year == year}
    assert {day for day, works in found.items() if works} == {day for day in OFFICIAL.work_on if day.year == year}


@given(st.text(max_size=40))
def test_any_text_gives_days_or_a_refusal(text: str) -> None:
    code, days = "calendar.", frozenset[dt.date]()
    try:
        days = announced.read_days(text, year=2027, field="rest")
    except Refusal as refusal:
        code = refusal.code
    assert code.startswith("calendar.")
    assert all(day.year == 2027 for day in days)
