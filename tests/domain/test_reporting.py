"""What the reports calculate: shares, months, sums of standings, and the last due date of a period."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.calendar import add_months
from app.domain.reporting import (
    Collection,
    Standing,
    latest_due,
    month_of,
    months_to,
    share,
    total,
)

FEN = st.integers(0, 10**9)
STANDINGS = st.builds(Standing, *([FEN] * 9))


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (1, 3, 3333),
        (2, 3, 6667),
        (1, 1, 10_000),
        (0, 5, 0),
        (3, 2, 15_000),
        (-1, 4, -2500),
        (5, 0, None),
        (1, -1, None),
    ],
)
def test_a_share_is_counted_in_ten_thousandths_half_up(part: int, whole: int, said: int | None) -> None:
    assert share(part, whole) == said


@given(one=STANDINGS, other=STANDINGS)
def test_what_happened_is_the_difference_and_adds_up_again(one: Standing, other: Standing) -> None:
    assert (one - other) + other == one
    assert total([one, other]) == one + other
    assert (one + other).open_fen == one.open_fen + other.open_fen
    assert (one + other).received_fen == one.received_fen + other.received_fen


@given(one=STANDINGS)
def test_what_was_asked_for_is_paid_or_open(one: Standing) -> None:
    assert one.paid_fen + one.principal_fen + one.discount_fen == one.billed_fen
    assert one.costs_paid_fen + one.costs_fen == one.costs_billed_fen
    assert one.late_fen + one.late_paid_fen + one.late_waived_fen == one.accrued_fen
    assert one.given_fen == one.discount_fen + one.late_waived_fen
    asked = one.billed_fen + one.costs_billed_fen + one.accrued_fen
    assert one.open_fen + one.received_fen + one.given_fen == asked


def test_nothing_added_up_is_nothing() -> None:
    assert total([]) == Standing()


@given(current=STANDINGS, opening=STANDINGS, closing=STANDINGS)
def test_the_rate_of_both_is_made_of_both(current: Standing, opening: Standing, closing: Standing) -> None:
    both = Collection(current, opening, closing)
    assert both.due_fen == current.net_fen + opening.principal_fen + closing.billed_fen - opening.billed_fen
    assert both.paid_fen == current.paid_fen + both.prior.paid_fen
    assert both.open_fen == current.principal_fen + closing.principal_fen
    # opening + posted since - discounted - collected = closing
    assert both.prior_due_fen - both.prior.discount_fen - both.prior.paid_fen == closing.principal_fen


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        ("2026-11-23", "2026-11-01", "2026-11-30"),
        ("2024-02-01", "2024-02-01", "2024-02-29"),
        ("2026-12-31", "2026-12-01", "2026-12-31"),
    ],
)
def test_a_month_has_its_first_and_last_day(day: str, first: str, last: str) -> None:
    on, begins, ends = (dt.date.fromisoformat(text) for text in (day, first, last))
    assert month_of(on) == (begins, ends)


def test_twelve_months_end_with_this_one_and_leave_no_gap() -> None:
    months = months_to(dt.date(2026, 2, 3))
    assert len(months) == 12
    assert months[0] == (dt.date(2025, 3, 1), dt.date(2025, 3, 31))
    assert months[-1] == (dt.date(2026, 2, 1), dt.date(2026, 2, 28))
    assert all(one[1] + dt.timedelta(days=1) == other[0] for one, other in itertools.pairwise(months))


@given(act_by=st.dates(dt.date(2015, 1, 1), dt.date(2040, 12, 31)))
def test_the_latest_due_date_is_the_last_whose_three_years_end_by_then(act_by: dt.date) -> None:
    latest = latest_due(act_by)
    assert add_months(latest, 36) <= act_by < add_months(latest + dt.timedelta(days=1), 36)


def test_the_leap_day_ends_three_years_later_on_the_28th() -> None:
    assert latest_due(dt.date(2027, 2, 28)) == dt.date(2024, 2, 29)
    assert latest_due(dt.date(2027, 2, 27)) == dt.date(2024, 2, 27)
