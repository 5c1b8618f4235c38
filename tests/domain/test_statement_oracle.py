"""The ledger against a slow simulation of every single day, over all combinations of policies."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.calc import run
from app.domain.errors import Refusal
from tests.domain import oracle
from tests.domain.cases import rich_case, statement_cases

SLOW = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def fen(text):
    return int(Decimal(text) * 100)


def ours(case):
    try:
        return run("statement", case)
    except Refusal as refusal:
        assert refusal.code in {"discount.exceeds_principal", "waiver.exceeds_outstanding"}, refusal.code
        return None


def theirs(case):
    try:
        return oracle.answer(case)
    except oracle.Refused:
        return None


@SLOW
@given(statement_cases())
def test_every_figure_agrees_with_a_day_by_day_simulation(case):
    assert_agree(case)


@pytest.mark.parametrize("sixty", range(2))
def test_busy_accounts_agree_with_a_day_by_day_simulation(sixty):
    for seed in range(60 * sixty, 60 * sixty + 60):
        assert_agree(rich_case(seed))


def assert_agree(case):
    found, expected = ours(case), theirs(case)
    assert (found is None) == (expected is None)
    if found is None or expected is None:
        return
    figures, credit, allocations = expected
    assert {
        name: tuple(fen(bill[key]) for key in ("principal", "late_charge", "costs", "late_charge_accrued"))
        for name, bill in found["bills"].items()
    } == figures
    assert fen(found["credit"]) == credit
    assert [
        (a["payment"], a["on"], a["bill"], a["component"], fen(a["amount"])) for a in found["allocations"]
    ] == allocations


@SLOW
@given(statement_cases())
def test_no_fen_is_lost_and_nothing_is_negative(case):
    found = ours(case)
    if found is None:
        return
    gone = {e["payment"] for e in case["events"] if e["type"] == "payment_reversal" and e["on"] <= case["as_of"]}
    received = sum(
        fen(e["amount"])
        for e in case["events"]
        if e["type"] == "payment" and e["on"] <= case["as_of"] and e["id"] not in gone
    )
    assert received == fen(found["credit"]) + sum(fen(a["amount"]) for a in found["allocations"])
    amounts = [fen(bill[key]) for bill in found["bills"].values() for key in ("principal", "late_charge", "costs")]
    assert min(amounts) >= 0
    assert sum(amounts) == fen(found["total_due"])


@SLOW
@given(statement_cases())
def test_the_printed_segments_foot_to_the_accrued_charge(case):
    found = ours(case)
    if found is None:
        return
    threshold = case["policy"]["grace"]["mode"] == "threshold"
    caps = {bill["id"]: "cap_ratio" in bill for bill in case["bills"]}
    for name, bill in found["bills"].items():
        footed = sum((Decimal(s["amount"]) for s in bill["segments"]), Decimal(0))
        rounded = footed.quantize(Decimal("0.01"), ROUND_HALF_UP)
        accrued = Decimal(bill["late_charge_accrued"])
        assert rounded == accrued or (caps[name] and accrued < rounded)
        assert all(len(s["amount"].partition(".")[2]) <= 10 for s in bill["segments"])
        if not threshold:
            continue
        assert all(s["days"] > 0 for s in bill["segments"])


@SLOW
@given(statement_cases(), st.data())
def test_a_fact_entered_late_gives_the_figures_of_entry_in_order(case, data):
    # Events of one day keep their order; everything else may be recorded in any order.
    shuffled = data.draw(st.permutations(case["events"]))
    by_day: dict[str, list] = {}
    for event in case["events"]:
        by_day.setdefault(str(oracle.on(event)), []).append(event)
    reordered = [by_day[str(oracle.on(event))].pop(0) for event in shuffled]
    in_order, late = ours(case), ours(case | {"events": reordered})
    assert in_order == late
