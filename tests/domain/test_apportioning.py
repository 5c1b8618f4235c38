"""A bill divided by days: nothing is lost, and each side has its days."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from app.domain.apportioning import by_days

DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1))


@given(st.integers(0, 10**9), DAYS, st.integers(0, 400), DAYS)
def test_the_parts_are_the_whole(principal_fen: int, from_on: dt.date, length: int, on: dt.date) -> None:
    to_on = from_on + dt.timedelta(days=length)
    parts = by_days(principal_fen, from_on=from_on, to_on=to_on, on=on)
    assert parts.before_fen + parts.after_fen == principal_fen
    assert parts.days_before + parts.days_after == length + 1
    assert parts.before_fen >= 0
    assert parts.after_fen >= 0


def test_a_quarter_is_divided_at_its_fifth_day() -> None:
    parts = by_days(92_000, from_on=dt.date(2026, 10, 1), to_on=dt.date(2026, 12, 31), on=dt.date(2026, 10, 5))
    assert (parts.days_before, parts.days_after, parts.before_fen, parts.after_fen) == (4, 88, 4_000, 88_000)
