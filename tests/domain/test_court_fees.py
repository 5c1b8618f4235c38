"""Estimated court fees at every edge of every bracket."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.court_fees import court_fees
from app.domain.errors import Refusal
from app.domain.money import MAX_FEN

amounts = st.integers(1, MAX_FEN)


@pytest.mark.parametrize(
    ("yuan", "ordinary"),
    [
        (1, 50_00), (10_000, 50_00), (100_000, 2_300_00), (200_000, 4_300_00), (500_000, 8_800_00),
        (1_000_000, 13_800_00), (2_000_000, 22_800_00), (5_000_000, 46_800_00), (10_000_000, 81_800_00),
        (20_000_000, 141_800_00), (30_000_000, 191_800_00),
    ],
)  # fmt: skip
def test_the_ordinary_fee_at_the_edge_of_each_bracket(yuan, ordinary):
    assert court_fees(yuan * 100).ordinary_fen == ordinary


@pytest.mark.parametrize(
    ("yuan", "execution", "preservation"),
    [
        (1_000, 50_00, 30_00), (10_000, 50_00, 120_00), (100_000, 1_400_00, 1_020_00), (500_000, 7_400_00, 3_020_00),
        (5_000_000, 52_400_00, 5_000_00), (10_000_000, 77_400_00, 5_000_00), (20_000_000, 87_400_00, 5_000_00),
    ],
)  # fmt: skip
def test_execution_and_preservation_at_the_edge_of_each_bracket(yuan, execution, preservation):
    fees = court_fees(yuan * 100)
    assert (fees.execution_fen, fees.preservation_fen) == (execution, preservation)


def test_parts_are_taken_of_the_rounded_full_fee():
    # 12,345.67: 108.64175 is 108.64, and a third of that 36.21.
    fees = court_fees(1_234_567)
    assert (fees.ordinary_fen, fees.halved_fen, fees.payment_order_fen) == (10_864, 5_432, 3_621)


@given(amounts, amounts)
def test_a_larger_claim_never_costs_less(one, two):
    less, more = court_fees(min(one, two)), court_fees(max(one, two))
    assert less.ordinary_fen <= more.ordinary_fen
    assert less.execution_fen <= more.execution_fen
    assert less.preservation_fen <= more.preservation_fen


@pytest.mark.parametrize("fen", [0, -1])
def test_a_claim_of_nothing_is_refused(fen):
    with pytest.raises(Refusal) as refused:
        court_fees(fen)
    assert refused.value.code == "court_fee.amount_not_positive"
