"""Levels of the procedure follow the facts of the day."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.domain.levels import Overdue, Reached, Step, newly_reached, stands_at

STEPS = (Step(1, 1), Step(2, 31), Step(3, 91, min_amount_fen=50_000))
DUE = date(2026, 1, 10)


def test_the_day_after_the_due_day_is_day_one() -> None:
    assert Overdue(DUE, 1).days(date(2026, 1, 11)) == 1
    assert newly_reached(STEPS, (), Overdue(DUE, 1), date(2026, 1, 11)) == (1,)


def test_nothing_overdue_is_no_level() -> None:
    assert newly_reached(STEPS, (), None, DUE) == ()
    assert stands_at([Reached(1, DUE)], None, DUE) == 0


def test_a_level_is_reached_once() -> None:
    history = [Reached(1, date(2026, 1, 11))]
    assert newly_reached(STEPS, history, Overdue(DUE, 1), date(2026, 1, 12)) == ()
    assert newly_reached(STEPS, history, Overdue(DUE, 1), date(2026, 2, 10)) == (2,)


def test_a_level_asks_for_its_amount() -> None:
    on = DUE + timedelta(days=91)
    assert newly_reached(STEPS, [Reached(2, on)], Overdue(DUE, 49_999), on) == ()
    assert newly_reached(STEPS, [Reached(2, on)], Overdue(DUE, 50_000), on) == (3,)


def test_old_arrears_reach_every_level_at_once() -> None:
    assert newly_reached(STEPS, (), Overdue(date(2022, 1, 10), 90_000), DUE) == (1, 2, 3)


def test_a_newer_debt_starts_over_and_an_older_one_that_comes_back_does_not() -> None:
    history = [Reached(1, date(2026, 1, 11)), Reached(2, date(2026, 2, 10))]
    on = date(2026, 3, 15)
    assert stands_at(history, Overdue(DUE, 1), on) == 2
    assert stands_at(history, Overdue(date(2026, 3, 10), 1), on) == 0
    assert newly_reached(STEPS, history, Overdue(date(2026, 3, 10), 1), on) == (1,)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(1, 100_000), st.integers(0, 200))
def test_visiting_every_day_reaches_each_level_on_its_own_day(due: date, fen: int, days: int) -> None:
    history: list[Reached] = []
    for day in range(days + 1):
        on = due + timedelta(days=day)
        overdue = Overdue(due, fen) if day else None
        history += [Reached(level, on) for level in newly_reached(STEPS, history, overdue, on)]
    wanted = [step for step in STEPS if step.min_days <= days and step.min_amount_fen <= fen]
    assert history == [Reached(step.level, due + timedelta(days=step.min_days)) for step in wanted]
