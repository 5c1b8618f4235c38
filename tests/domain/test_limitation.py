"""One limitation clock for each bill."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.calendar import add_months
from app.domain.limitation import Interrupted, Interruption, Rules, Status, Suspended, clock, period, trace

DUE = date(2022, 6, 10)
PLAIN_END = date(2025, 6, 10)


def interrupted(kind, on, ended_on=None):
    return Interrupted(Interruption(kind), on, ended_on)


@pytest.mark.parametrize("kind", ["demand", "part_payment", "promise", "demand_co_owner", "promise_after_expiry"])
def test_an_interruption_in_time_starts_three_new_years_from_its_day(kind):
    assert clock(DUE, [interrupted(kind, date(2023, 8, 1))]).act_by_on == date(2026, 8, 1)


@pytest.mark.parametrize("kind", ["demand", "part_payment", "promise", "demand_co_owner"])
def test_an_event_after_expiry_changes_nothing(kind):
    assert clock(DUE, [interrupted(kind, date(2025, 6, 11))]).act_by_on == PLAIN_END


def test_a_proceeding_begun_after_expiry_changes_nothing():
    assert clock(DUE, [interrupted("proceeding", date(2025, 6, 11), date(2025, 9, 1))]).act_by_on == PLAIN_END


def test_a_demand_on_the_working_day_after_a_last_day_at_rest_is_in_time():
    saturday_end = date(2022, 5, 10)
    assert clock(saturday_end, [interrupted("demand", date(2025, 5, 12))]).act_by_on == date(2028, 5, 12)
    assert clock(saturday_end, [interrupted("demand", date(2025, 5, 13))]).act_by_on == date(2025, 5, 10)


def test_a_debtor_who_agrees_to_perform_after_expiry_owes_for_three_new_years():
    events = [interrupted("demand", date(2025, 7, 1)), interrupted("promise_after_expiry", date(2025, 8, 1))]
    assert clock(DUE, events).act_by_on == date(2028, 8, 1)


def test_a_demand_before_the_due_date_starts_nothing():
    assert clock(DUE, [interrupted("demand", date(2022, 6, 1))]).act_by_on == PLAIN_END


def test_a_proceeding_restarts_the_clock_when_it_ends_whatever_happens_meanwhile():
    events = [interrupted("demand", date(2024, 3, 1)), interrupted("proceeding", date(2024, 2, 20), date(2024, 4, 15))]
    assert clock(DUE, events).act_by_on == date(2027, 4, 15)


def test_the_clock_stands_while_a_proceeding_is_pending():
    found = clock(DUE, [interrupted("proceeding", date(2024, 2, 20)), interrupted("demand", date(2024, 3, 1))])
    assert (found.act_by_on, found.expires_on) == (None, None)
    assert found.status(date(2090, 1, 1)) is Status.RUNNING
    assert found.in_time(date(2090, 1, 1))


def test_an_obstacle_in_the_last_six_months_adds_six_months_after_it_is_gone():
    assert clock(DUE, [Suspended(date(2025, 5, 1), date(2025, 5, 20))]).act_by_on == date(2025, 11, 20)


def test_an_obstacle_that_reaches_into_the_last_six_months_counts_too():
    assert clock(DUE, [Suspended(date(2024, 1, 1), date(2024, 12, 20))]).act_by_on == date(2025, 6, 20)


@pytest.mark.parametrize(
    "obstacle",
    [
        Suspended(date(2024, 1, 1), date(2024, 11, 20)),
        Suspended(date(2024, 1, 1), date(2024, 12, 10)),
        Suspended(date(2025, 6, 11), date(2025, 8, 1)),
    ],
)
def test_an_obstacle_outside_the_last_six_months_changes_nothing(obstacle):
    assert clock(DUE, [obstacle]).act_by_on == PLAIN_END


def test_the_clock_stands_while_an_obstacle_lasts_and_a_demand_still_restarts_it():
    lasting = Suspended(date(2025, 3, 1))
    assert clock(DUE, [lasting]).act_by_on is None
    # The new period's last six months are years away, but the obstacle lasts into them.
    assert clock(DUE, [lasting, interrupted("demand", date(2025, 4, 1))]).act_by_on is None
    gone = Suspended(date(2025, 3, 1), date(2025, 5, 1))
    assert clock(DUE, [gone, interrupted("demand", date(2025, 4, 1))]).act_by_on == date(2028, 4, 1)


def test_a_due_of_before_2017_whose_two_years_had_run_out_is_expired():
    old = Rules(transition_2017=True)
    assert clock(date(2015, 9, 30), rules=old).act_by_on == date(2017, 9, 30)
    assert clock(date(2015, 10, 1), rules=old).act_by_on == date(2018, 10, 1)
    assert clock(date(2015, 9, 30)).act_by_on == date(2018, 9, 30)
    demanded = clock(date(2015, 9, 1), [interrupted("demand", date(2016, 9, 1))], old)
    assert demanded.act_by_on == date(2019, 9, 1)
    assert clock(date(2014, 9, 1), [interrupted("demand", date(2016, 9, 10))], old).act_by_on == date(2016, 9, 1)


def test_the_long_stop_is_neither_interrupted_nor_suspended():
    stop = Rules(years=20)
    events = [interrupted("demand", date(2020, 1, 1)), Suspended(date(2025, 3, 1), date(2025, 5, 1))]
    assert clock(date(2005, 6, 10), events, stop).act_by_on == date(2025, 6, 10)


def test_twenty_years_after_the_due_date_it_is_over_whatever_happened():
    due_on, stop_on = date(2003, 6, 10), date(2023, 6, 10)  # a Saturday: the Monday after is still in time
    demands = [interrupted("demand", date(year, 6, 1)) for year in range(2005, 2022, 2)]
    assert clock(due_on, demands[:-1]).act_by_on == date(2022, 6, 1)
    found = clock(due_on, demands)
    assert (found.act_by_on, found.expires_on) == (stop_on, date(2023, 6, 12))
    assert clock(due_on, [*demands, Suspended(date(2023, 5, 1))]).act_by_on == stop_on
    assert clock(due_on, [*demands, Suspended(date(2023, 1, 1), date(2023, 5, 1))]).act_by_on == stop_on
    late = [interrupted("demand", date(2023, 6, 13)), interrupted("promise_after_expiry", date(2023, 7, 1))]
    told = trace(due_on, [*demands, *late])
    assert (told.clock.act_by_on, told.last, told.too_late) == (stop_on, demands[-1], tuple(late))


def test_what_was_before_the_court_in_time_outlasts_the_twenty_years():
    due_on = date(2003, 6, 10)
    demands = [interrupted("demand", date(year, 6, 1)) for year in range(2005, 2022, 2)]
    pending = interrupted("proceeding", date(2023, 6, 12))
    assert clock(due_on, [*demands, pending]).act_by_on is None
    assert clock(due_on, [*demands, interrupted("proceeding", date(2023, 6, 13))]).act_by_on == date(2023, 6, 10)


def test_a_year_without_a_calendar_has_no_rolled_day_but_still_a_status():
    found = clock(date(2024, 5, 1))
    assert (found.act_by_on, found.expires_on) == (date(2027, 5, 1), None)
    assert found.status(date(2027, 5, 3)) is Status.RUNNING
    assert found.status(date(2027, 5, 4)) is Status.EXPIRED


def test_a_period_of_days_does_not_count_its_first_and_rolls_past_rest_days():
    found = period(date(2025, 4, 20), 15)
    assert (found.act_by_on, found.expires_on) == (date(2025, 5, 5), date(2025, 5, 6))
    assert period(date(2027, 4, 20), 15).expires_on is None


days = st.dates(date(2018, 1, 1), date(2024, 12, 31))
changes = st.one_of(
    st.builds(Interrupted, st.sampled_from([Interruption.DEMAND, Interruption.PROMISE]), days),
    st.builds(
        lambda on, more: Interrupted(Interruption.PROCEEDING, on, on + timedelta(days=more)), days, st.integers(0, 400)
    ),
    st.builds(lambda on, more: Suspended(on, on + timedelta(days=more)), days, st.integers(0, 400)),
)


@given(days, st.lists(changes, max_size=5), st.randoms())
def test_events_may_be_recorded_in_any_order_and_never_shorten_the_period(due_on, events, dice):
    found = clock(due_on, events)
    by_day = {event.on: event for event in events}
    if len(by_day) == len(events):
        shuffled = list(events)
        dice.shuffle(shuffled)
        assert clock(due_on, shuffled) == found
    assert found.last_on >= add_months(due_on, 36)
