"""Shares of a payment: designation, default order, proportion."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.allocation import in_proportion
from app.domain.calc import run

weights = st.lists(st.integers(0, 10_000), min_size=1, max_size=6).filter(lambda found: sum(found) > 0)


@given(weights, st.data())
def test_shares_in_proportion_lose_nothing_and_stay_within_one_fen(found, data):
    fen = data.draw(st.integers(0, sum(found)))
    shares = in_proportion(fen, found)
    assert sum(shares) == fen
    for share, weight in zip(shares, found, strict=True):
        assert 0 <= share <= weight
        assert abs(share * sum(found) - fen * weight) < sum(found)


def test_a_leftover_fen_goes_to_the_largest_remainder_then_to_the_first():
    assert in_proportion(100, [1, 1, 1_000]) == [0, 0, 100]
    assert in_proportion(2, [5, 5, 5]) == [1, 1, 0]
    assert in_proportion(10, [334, 333, 333]) == [4, 3, 3]


def booked(policy, bills, payment, as_of="2025-04-10"):
    case = {
        "id": "x",
        "as_of": as_of,
        "policy": policy,
        "bills": bills,
        "events": [{"type": "payment", "id": "P", "on": as_of} | payment],
    }
    answer: dict[str, Any] = run("statement", case)
    return [(a["bill"], a["component"], a["amount"]) for a in answer["allocations"]]


def bill(name, due_on, principal="100.00", **more):
    return {"id": name, "principal": principal, "due_on": due_on} | more


OLD, NEW = bill("old", "2025-01-10", costs="5.00"), bill("new", "2025-03-31", costs="6.00")


def test_an_older_bill_is_settled_before_a_newer_one():
    assert booked({}, [NEW, OLD], {"amount": "120.00"}) == [
        ("old", "principal", "100.00"),
        ("new", "principal", "20.00"),
    ]


def test_principal_first_pays_every_principal_before_any_charge():
    assert booked({}, [OLD, NEW], {"amount": "214.50"}) == [
        ("old", "principal", "100.00"),
        ("new", "principal", "100.00"),
        ("old", "late_charge", "9.00"),
        ("old", "costs", "5.00"),
        ("new", "late_charge", "0.50"),
    ]


def test_the_statutory_order_pays_costs_then_charge_then_principal_bill_by_bill():
    assert booked({"within": "art561"}, [OLD, NEW], {"amount": "130.00"}) == [
        ("old", "costs", "5.00"),
        ("old", "late_charge", "9.00"),
        ("old", "principal", "100.00"),
        ("new", "costs", "6.00"),
        ("new", "late_charge", "1.00"),
        ("new", "principal", "9.00"),
    ]


def test_the_payer_decides_first_and_the_rest_follows_the_default_order():
    assert booked({}, [OLD, NEW], {"amount": "150.00", "bills": ["new"]}) == [
        ("new", "principal", "100.00"),
        ("new", "late_charge", "1.00"),
        ("new", "costs", "6.00"),
        ("old", "principal", "43.00"),
    ]


def test_the_heavier_burden_goes_first_under_article_560():
    heavy = bill("heavy", "2025-03-31", rate="0.003")
    assert booked({"across": "art560"}, [OLD, heavy], {"amount": "30.00"}) == [("heavy", "principal", "30.00")]
    assert booked({"across": "oldest_first"}, [OLD, heavy], {"amount": "30.00"}) == [("old", "principal", "30.00")]


def test_a_bill_not_issued_yet_is_paid_only_if_the_payer_names_it():
    later = bill("later", "2025-09-10", issued_on="2025-09-01")
    assert booked({}, [later], {"amount": "30.00"}) == []
    assert booked({}, [later], {"amount": "30.00", "bills": ["later"]}) == [("later", "principal", "30.00")]


@pytest.mark.parametrize("across", ["oldest_first", "art560"])
def test_bills_alike_share_in_proportion_to_the_component_being_paid(across):
    due = date(2025, 3, 31).isoformat()
    twins = [bill("one", due, "200.00"), bill("two", due, "100.00"), bill("three", due, "50.00", rate="0.0001")]
    policy = {"tie": "pro_rata", "across": across}
    assert booked(policy, twins, {"amount": "10.00"}) == [("one", "principal", "6.67"), ("two", "principal", "3.33")]
