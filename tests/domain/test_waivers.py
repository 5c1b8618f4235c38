"""How what is asked for spreads over bills: the oldest first, never more than is owed."""

from __future__ import annotations

from contextlib import nullcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import Refusal
from app.domain.waivers import Share, WaiverReason, check_evidence, spread

BILLS = ((1, 300), (2, 0), (3, 500))


def test_an_amount_fills_the_oldest_bill_first() -> None:
    assert spread(BILLS, amount_fen=400, ratio=None) == (Share(1, 300, None), Share(3, 100, None))


def test_an_amount_that_the_first_bill_takes_leaves_the_others_alone() -> None:
    assert spread(BILLS, amount_fen=300, ratio=None) == (Share(1, 300, None),)


def test_a_ratio_applies_to_every_open_bill() -> None:
    half = Fraction(1, 2)
    assert spread(BILLS, amount_fen=None, ratio=half) == (Share(1, None, half), Share(3, None, half))


@pytest.mark.parametrize(
    ("bills", "amount_fen", "ratio", "code"),
    [
        (BILLS, None, None, "waiver.amount_or_ratio"),
        (BILLS, 1, Fraction(1), "waiver.amount_or_ratio"),
        (((2, 0),), 1, None, "waiver.nothing_outstanding"),
        ((), None, Fraction(1), "waiver.nothing_outstanding"),
        (BILLS, None, Fraction(0), "waiver.ratio_out_of_range"),
        (BILLS, None, Fraction(11, 10), "waiver.ratio_out_of_range"),
        (BILLS, 0, None, "money.not_positive"),
        (BILLS, -5, None, "money.not_positive"),
        (BILLS, 801, None, "waiver.exceeds_outstanding"),
    ],
)
def test_what_cannot_be_given_is_refused(
    bills: tuple[tuple[int, int], ...], amount_fen: int | None, ratio: Fraction | None, code: str
) -> None:
    with pytest.raises(Refusal, match=code):
        spread(bills, amount_fen=amount_fen, ratio=ratio)


@given(st.lists(st.integers(0, 10**6), min_size=1).filter(any), st.data())
def test_the_shares_add_up_to_what_was_asked(owed: list[int], data: st.DataObject) -> None:
    bills = tuple(enumerate(owed))
    amount = data.draw(st.integers(1, sum(owed)))
    shares = spread(bills, amount_fen=amount, ratio=None)
    assert sum(share.amount_fen or 0 for share in shares) == amount
    assert all(0 < (share.amount_fen or 0) <= owed[share.bill_id] for share in shares)
    assert all(share.amount_fen == owed[share.bill_id] for share in shares[:-1])


@pytest.mark.parametrize(
    ("reason", "note", "has_file", "is_enough"),
    [
        (WaiverReason.FIRST_TIME, "", False, True),
        (WaiverReason.HARDSHIP, "", True, True),
        (WaiverReason.HARDSHIP, "已看过低保证原件和社区证明", False, True),
        (WaiverReason.HARDSHIP, "   口头说明     ", False, False),
    ],
)
def test_a_reason_comes_with_what_was_seen(reason: WaiverReason, note: str, has_file: bool, is_enough: bool) -> None:
    with nullcontext() if is_enough else pytest.raises(Refusal, match=r"waiver\.evidence_missing"):
        check_evidence(reason, note, has_file=has_file)
