"""How near the end of its limitation a bill is said to be."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.calendar import OFFICIAL
from app.domain.limitation_states import State, cuts

MONDAY = date(2026, 11, 23)
days = st.dates(date(2024, 1, 1), date(2026, 12, 1))


@pytest.mark.parametrize(
    ("left", "state"),
    [
        (-3, State.EXPIRED),
        (-2, State.CRITICAL),  # ended on the Saturday, so it lives through this Monday
        (0, State.CRITICAL),
        (13, State.CRITICAL),
        (14, State.SOON),
        (59, State.SOON),
        (60, State.WATCH),
        (179, State.WATCH),
        (180, State.SAFE),
    ],
)
def test_a_state_follows_from_the_days_left(left, state):
    assert cuts(MONDAY, OFFICIAL).state(MONDAY + timedelta(days=left)) is state


def test_a_clock_that_stands_still_is_pending():
    assert cuts(MONDAY, OFFICIAL).state(None) is State.PENDING


@given(days, st.integers(-30, 200))
def test_a_clock_has_run_out_exactly_when_its_rolled_day_is_over(as_of, left):
    last = as_of + timedelta(days=left)
    expired = cuts(as_of, OFFICIAL).state(last) is State.EXPIRED
    assert expired == (OFFICIAL.roll(last)[0] < as_of)
