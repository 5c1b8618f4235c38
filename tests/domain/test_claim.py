"""The contract's charge beside the yardsticks of the courts."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.claim import FLOATING_MULTIPLES, Warn, claim_panel
from app.domain.lpr import KNOWN_FROM_ON, KNOWN_THROUGH_ON, LPR_1Y, lpr_on
from app.domain.money import half_up_fraction
from app.domain.rates import ONE_PER_MILLE, Rate

days = st.dates(KNOWN_FROM_ON, KNOWN_THROUGH_ON + timedelta(days=400))


def panel(principal_fen=1_000_000, due_on=date(2023, 7, 31), as_of=date(2024, 7, 31), rate=ONE_PER_MILLE, basis=365):
    return claim_panel(principal_fen=principal_fen, due_on=due_on, as_of=as_of, rate=rate, basis=basis)


@pytest.mark.parametrize(
    ("day", "percent"),
    [(date(2019, 8, 20), "4.25"), (date(2019, 9, 19), "4.25"), (date(2019, 9, 20), "4.20"), (date(2030, 1, 1), "3.00")],
)
def test_the_lpr_of_a_day_is_the_last_one_announced(day, percent):
    assert lpr_on(day) == Fraction(percent) / 100


def test_there_is_no_lpr_before_the_first():
    assert lpr_on(date(2019, 8, 19)) is None
    found = panel(due_on=date(2019, 8, 18), as_of=date(2020, 1, 1))
    assert set(found.fixed_fen.values()) == {None} == set(found.floating_fen.values())
    assert Warn.LPR_BEFORE_FIRST_KNOWN in found.warnings
    assert panel(due_on=date(2019, 8, 19), as_of=date(2020, 1, 1)).fixed_fen["1.0"] is not None


@given(days, days, st.integers(0, 10**9))
def test_the_floating_charge_is_the_sum_of_its_days(one, two, principal_fen):
    due_on, as_of = min(one, two), max(one, two)
    found = panel(principal_fen, due_on, as_of)
    rates = sum((lpr_on(due_on + timedelta(days=n + 1)) for n in range(found.days)), Fraction(0))
    for multiple in FLOATING_MULTIPLES:
        assert found.floating_fen[multiple] == half_up_fraction(principal_fen * rates * Fraction(multiple) / 365)


def test_a_debt_not_yet_due_bears_nothing():
    found = panel(as_of=date(2023, 7, 1))
    assert (found.days, found.contract_fen, found.warnings) == (0, 0, ())
    assert set(found.fixed_fen.values()) == {0} == set(found.floating_fen.values())


@pytest.mark.parametrize(
    ("rate", "as_of", "due_on", "warnings"),
    [
        (Rate(24, 36_500), date(2024, 7, 31), date(2023, 7, 31), ()),
        (Rate(1, 1000), date(2024, 7, 31), date(2023, 7, 31), (Warn.ABOVE_24_PERCENT,)),
        (
            Rate(3, 1000),
            date(2024, 7, 31),
            date(2023, 7, 31),
            (Warn.ABOVE_24_PERCENT, Warn.ABOVE_PRINCIPAL, Warn.ABOVE_12_LPR),
        ),
        (
            Rate(1, 1000),
            date(2025, 6, 30),
            date(2025, 5, 31),
            (Warn.ABOVE_24_PERCENT, Warn.ABOVE_12_LPR, Warn.LPR_PAST_LAST_KNOWN),
        ),
        (Rate(0, 1), KNOWN_THROUGH_ON, date(2023, 7, 31), ()),
    ],
)
def test_amber_above_24_percent_and_red_above_principal_or_twelve_times_lpr(rate, as_of, due_on, warnings):
    assert panel(rate=rate, as_of=as_of, due_on=due_on).warnings == warnings


def test_a_year_of_360_days_gives_more():
    assert panel(basis=360).fixed_fen["1.0"] == 36_092
    assert panel().fixed_fen["1.0"] == 35_597


def test_the_series_is_in_order():
    assert list(LPR_1Y) == sorted(LPR_1Y)
