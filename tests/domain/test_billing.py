"""Periods, amounts and due dates."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.billing import (
    DueIn,
    DueRule,
    Period,
    Vacancy,
    due_on,
    fixed_fen,
    is_plain_product,
    monthly_fen,
    part_month_fen,
    period_fen,
    period_of,
    read_month,
    vacant_month_fen,
)
from app.domain.errors import Refusal

areas, prices = st.integers(0, 5_000_000), st.integers(0, 1_000_000)
starts = st.dates(date(2000, 1, 1), date(2090, 1, 1))


def test_a_month_is_area_times_price_half_up():
    assert monthly_fen(144_960, 15_000) == 21_744  # 144.96 m2 at 1.50
    assert monthly_fen(89_550, 18_500) == 16_567  # 165.6675 is 165.67


@given(areas, prices, starts, st.sampled_from([1, 3, 6, 12]))
def test_a_period_of_whole_months_is_that_many_times_the_month(area, price, start, months):
    period = Period.starting(start, months)
    assert period.months == months
    assert period_fen(area_e3=area, price_e4=price, period=period) == months * monthly_fen(area, price)


def test_a_part_month_is_by_days_and_rounded_once():
    assert part_month_fen(100_000, 20_000, 10, 31) == 6_452  # 200 * 10 / 31 = 64.516
    march = Period.starting(date(2026, 3, 1), 3)
    amount = period_fen(
        area_e3=100_000, price_e4=20_000, period=march, from_on=date(2026, 3, 22), to_on=date(2026, 4, 30)
    )
    assert amount == 6_452 + 20_000
    assert fixed_fen(month_fen=20_000, period=march, from_on=date(2026, 3, 22), to_on=date(2026, 4, 30)) == amount
    assert fixed_fen(month_fen=5_000, period=march) == 15_000
    assert period_fen(area_e3=100_000, price_e4=20_000, period=march, from_on=date(2026, 7, 1)) == 0


@given(areas, prices, starts, st.integers(1, 27))
def test_two_owners_of_one_month_together_pay_the_month_within_a_fen(area, price, start, day):
    month = Period.starting(start, 1)
    change = month.from_on.replace(day=day)
    first = period_fen(area_e3=area, price_e4=price, period=month, to_on=change)
    second = period_fen(area_e3=area, price_e4=price, period=month, from_on=change.replace(day=day + 1))
    assert abs(first + second - monthly_fen(area, price)) <= 1


def test_a_vacant_home_pays_its_share_once_the_months_of_waiting_are_over():
    rule = Vacancy(6, Fraction(7, 10))
    month = date(2026, 7, 1)
    assert vacant_month_fen(21_744, month, None, rule) == 21_744
    assert vacant_month_fen(21_744, month, date(2026, 1, 2), rule) == 21_744
    assert vacant_month_fen(21_744, month, date(2026, 1, 1), rule) == 15_221  # 152.208


@pytest.mark.parametrize(
    ("day", "cycle", "key"),
    [
        (date(2026, 5, 3), 1, "2026-05"),
        (date(2026, 5, 3), 3, "2026-04..2026-06"),
        (date(2026, 5, 3), 6, "2026-01..2026-06"),
        (date(2026, 5, 3), 12, "2026-01..2026-12"),
    ],
)
def test_a_day_lies_in_one_period_of_the_cycle(day, cycle, key):
    found = period_of(day, cycle)
    assert found.key == key
    assert found.from_on <= day <= found.to_on


def test_a_cycle_may_begin_in_another_month():
    assert period_of(date(2026, 1, 31), 3, first_month=12).key == "2025-12..2026-02"


def test_the_next_period_begins_the_day_after():
    assert Period.starting(date(2026, 10, 5), 3).following().key == "2027-01..2027-03"


def test_a_cycle_nobody_has_is_refused():
    with pytest.raises(Refusal) as refused:
        period_of(date(2026, 1, 1), 2)
    assert refused.value.code == "period.unknown_cycle"


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 1, 2), date(2026, 1, 31)),
        (date(2026, 1, 1), date(2026, 1, 30)),
        (date(2026, 2, 1), date(2026, 1, 31)),
    ],
)
def test_a_period_is_whole_months(first, last):
    with pytest.raises(ValueError, match="whole"):
        Period(first, last)


def test_a_month_is_read_as_it_is_written():
    assert read_month("2026-01") == date(2026, 1, 1)


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "2026.1", "202601", "2026-01-01", "", "二〇二六"])
def test_another_way_to_write_a_month_is_refused(text):
    with pytest.raises(Refusal) as refused:
        read_month(text)
    assert refused.value.code == "period.not_a_month"


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (DueRule(10), date(2025, 10, 10)),
        (DueRule(10, DueIn.LAST_MONTH), date(2025, 12, 10)),
        (DueRule(31, DueIn.MONTH_BEFORE), date(2025, 9, 30)),
        (DueRule(10, DueIn.MONTH_AFTER), date(2026, 1, 10)),
        (DueRule(1), date(2025, 10, 1)),
        (DueRule(1, roll=True), date(2025, 10, 9)),
    ],
)
def test_a_due_day_lies_in_the_month_its_rule_says(rule, expected):
    assert due_on(Period.starting(date(2025, 10, 1), 3), rule) == (expected, True)


def test_a_due_day_rolled_in_a_year_without_a_calendar_says_so():
    assert due_on(Period.starting(date(2027, 5, 1), 1), DueRule(1, roll=True)) == (date(2027, 5, 3), False)


@pytest.mark.parametrize(
    ("principal_fen", "quantity_e3", "price_e4", "months", "is_plain"),
    [
        (24_000, 100_000, 24_000, 1, True),
        (72_000, 100_000, 24_000, 3, True),
        (10_000, None, 1_000_000, 1, True),
        (24_001, 100_000, 24_000, 1, False),
        (24_000, 100_000, None, 1, False),
        (24_000, 100_000, 24_000, None, False),
    ],
)
def test_a_product_is_shown_only_where_it_is_the_working(
    principal_fen: int, quantity_e3: int | None, price_e4: int | None, months: int | None, is_plain: bool
) -> None:
    assert is_plain_product(principal_fen, quantity_e3, price_e4, months) is is_plain
