"""What the facts of a case add up to, on the case that papers are tried with."""

from __future__ import annotations

from dataclasses import replace

from app.domain.case_facts import Group
from tests.documents import case_samples

CASE = case_samples.case(bills=4, co_owner=True)
NOTHING = replace(CASE, bills=(), exhibits=())


def test_what_is_asked_for_is_the_bills_and_the_late_charge_claimed():
    assert CASE.principal_fen == sum(bill.principal_fen for bill in CASE.bills) > 0
    assert CASE.contract_late_fen == sum(bill.late_charge_fen for bill in CASE.bills) > 0
    assert CASE.total_fen == CASE.principal_fen + CASE.claimed.late_fen
    assert [bill.paid_fen for bill in CASE.bills] == [bill.original_fen - bill.principal_fen for bill in CASE.bills]
    assert NOTHING.principal_fen == NOTHING.contract_late_fen == 0


def test_the_period_runs_from_the_oldest_to_the_newest_bill():
    assert (CASE.first_on, CASE.last_on) == (CASE.bills[0].from_on, CASE.bills[-1].to_on)
    assert (NOTHING.first_on, NOTHING.last_on) == (None, None)


def test_a_row_of_the_complaint_names_its_exhibits():
    for row in {row for one in CASE.exhibits for row in one.rows}:
        assert list(CASE.proofs_of(row)) == [one.number for one in CASE.exhibits if row in one.rows] != []
    assert CASE.proofs_of("nobody proves this") == ()


def test_exhibits_stand_in_the_order_of_the_groups_and_none_is_lost():
    groups = CASE.grouped()
    assert [group for group, _ in groups] == [group for group in Group if any(e.group is group for e in CASE.exhibits)]
    assert sorted(one.number for _, members in groups for one in members) == [one.number for one in CASE.exhibits]
    assert NOTHING.grouped() == ()


def test_the_court_and_each_party_opposite_get_a_copy():
    assert CASE.copies_needed() == 1 + len(CASE.debtors) + len(CASE.thirds)
