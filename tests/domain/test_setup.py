"""Setting up in five steps, and the check sign of a company's code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.company import is_credit_code
from app.domain.setup import Counts, SetupStep, next_step, progress

S = SetupStep
FULL = Counts(
    units=3,
    units_with_owner=3,
    fee_items=1,
    fee_items_with_price=1,
    late_charge_clauses=1,
    bills=1,
    confirmed=frozenset({S.TRIAL}),
)


def test_an_empty_community_begins_with_its_units() -> None:
    assert next_step(progress(Counts())) == S.UNITS
    assert [one.is_done for one in progress(Counts())] == [False] * 5


def test_a_community_with_everything_needs_nothing() -> None:
    assert next_step(progress(FULL)) is None


@pytest.mark.parametrize(
    ("counts", "step"),
    [
        (Counts(units=3, units_with_owner=2), S.OWNERS),
        (Counts(units=3, units_with_owner=3), S.TARIFFS),
        (Counts(units=3, units_with_owner=3, fee_items=2, fee_items_with_price=1, late_charge_clauses=1), S.TARIFFS),
        (Counts(units=3, units_with_owner=3, fee_items=1, fee_items_with_price=1), S.TARIFFS),
        (
            Counts(units=3, units_with_owner=3, fee_items=1, fee_items_with_price=1, late_charge_clauses=1),
            S.OPENING,
        ),
        (
            Counts(
                units=3,
                units_with_owner=3,
                fee_items=1,
                fee_items_with_price=1,
                late_charge_clauses=1,
                confirmed=frozenset({S.OPENING}),
            ),
            S.TRIAL,
        ),
    ],
)
def test_the_next_step_is_the_first_that_is_open(counts: Counts, step: SetupStep) -> None:
    assert next_step(progress(counts)) == step


@pytest.mark.parametrize("code", ["91110000802100433B", "914403001922038216"])
def test_codes_of_known_companies_fit(code: str) -> None:
    assert is_credit_code(code)


@pytest.mark.parametrize(
    "code", ["", "91110000802100433C", "9111000080210043", "91110000802100433I", "9111O000802100433B"]
)
def test_a_slip_of_the_pen_is_found(code: str) -> None:
    assert not is_credit_code(code)


@given(st.text(max_size=20))
def test_any_text_is_a_code_or_not(text: str) -> None:
    assert is_credit_code(text) in {True, False}
