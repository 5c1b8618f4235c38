"""The versions a database keeps against the statement, on every day, before and after knowledge changes."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.calc_statement import read_account
from app.domain.case_reading import Value
from app.domain.errors import Refusal
from app.domain.events import ConditionalWaiver, Discount, Hold, Payment, Reversal
from app.domain.ledger import (
    FOREVER,
    Account,
    AllocationPolicy,
    Bill,
    Credit,
    Grace,
    GraceMode,
    Terms,
    history,
    silent_until_on,
    statement,
)
from app.domain.rates import ONE_PER_MILLE, RateIndex
from tests.domain.cases import SPAN, START, rich_case, statement_cases

TERMS = Terms(RateIndex.constant(ONE_PER_MILLE))
SLOW = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def stored_late_charge(version, bill, holds, day):
    """What the set-based query works out, in the same integers."""
    index = bill.terms.rates.at
    held = 0
    for name, first, last in holds:
        after, through = max(first - timedelta(days=1), version.anchor_on), min(last, day)
        if name == bill.id and through > after:
            held += index(through) - index(after)
    num = version.accrued_num + version.principal_fen * max(0, index(day) - index(version.anchor_on) - held)
    silent = silent_until_on(bill)
    fen = 0 if silent and day <= silent else (2 * num + version.den) // (2 * version.den)
    if version.cap_fen is not None:
        fen = min(fen, version.cap_fen)
    return max(0, fen - version.late_paid_fen - version.late_waived_fen)


def assert_agree(account, through, day):
    found = history(account, through)
    # What is refused on one day's knowledge may stand on a later one's; nothing is judged twice.
    accepted = replace(account, judged_ids=frozenset())
    shown = {bill.bill.id: bill for bill in statement(accepted, day).bills}
    for bill in account.bills:
        covering = [v for v in found.versions if v.bill_id == bill.id and v.since_on <= day < v.until_on]
        if bill.id not in shown or day < bill.issued_on:
            assert covering == []
            continue
        (version,) = covering
        expected = shown[bill.id]
        assert (version.principal_fen, version.costs_fen, version.late_paid_fen, version.late_waived_fen) == (
            expected.principal_fen,
            expected.costs_fen,
            expected.late_paid_fen,
            expected.late_waived_fen,
        )
        assert stored_late_charge(version, bill, found.holds, day) == expected.late_charge_fen


@st.composite
def accounts(draw):
    """A random account, with any of its records taken back later."""
    account, as_of, _ = read_account(Value(draw(statement_cases())))
    extra = []
    taken_back = {event.target_id for event in account.events if isinstance(event, Reversal)}
    for event in account.events:
        if not isinstance(event, Payment | Reversal) and draw(st.booleans()):
            taken_back.add(event.id)
            extra.append(Reversal(f"back {event.id}", event.on + timedelta(days=draw(st.integers(0, 90))), event.id))
    if draw(st.booleans()):
        bill = draw(st.sampled_from(account.bills))
        extra.append(Reversal("bill back", START + timedelta(days=draw(st.integers(0, SPAN))), bill.id))
    return Account(account.bills, (*account.events, *extra), account.policy), as_of


@SLOW
@given(accounts(), st.data())
def test_every_version_agrees_with_the_statement_of_every_day_it_covers(drawn, data):
    account, through = drawn
    try:
        history(account, through)
    except Refusal:
        return
    for step in data.draw(st.lists(st.integers(-5, (through - START).days), min_size=6, max_size=12)):
        assert_agree(account, through, START + timedelta(days=step))
    # Days to come agree too, until the next thing happens.
    coming = [e.on for e in account.events if e.on > through and not isinstance(e, Hold)]
    next_credit_on = history(account, through).next_credit_on
    end = min([*coming, next_credit_on or FOREVER, through + timedelta(days=120)])
    for day in (through, through + timedelta(days=1), through + (end - through) / 2, end - timedelta(days=1)):
        if through <= day < end:
            assert_agree(account, through, day)


@pytest.mark.parametrize("thirty", range(2))
def test_versions_of_busy_accounts_agree_with_their_statements(thirty):
    for seed in range(30 * thirty, 30 * thirty + 30):
        account, through, _ = read_account(Value(rich_case(seed)))
        dice = random.Random(seed)
        back = [
            Reversal(f"back {event.id}", event.on + timedelta(days=dice.randint(0, 60)), event.id)
            for event in account.events
            if not isinstance(event, Payment | Reversal) and dice.random() < 0.4
        ]
        account = Account(account.bills, account.events + tuple(back), account.policy)
        try:
            history(account, through)
        except Refusal:
            continue
        for _ in range(25):
            assert_agree(account, through, START + timedelta(days=dice.randint(-3, (through - START).days)))


@SLOW
@given(accounts())
def test_versions_of_a_bill_follow_each_other_without_gap_from_its_issue(drawn):
    account, through = drawn
    try:
        found = history(account, through)
    except Refusal:
        return
    for bill in account.bills:
        versions = [version for version in found.versions if version.bill_id == bill.id]
        if not versions:
            continue
        assert versions[0].since_on == bill.issued_on
        assert all(one.until_on == two.since_on for one, two in pairwise(versions))
        assert all(version.since_on < version.until_on for version in versions)
        assert all(version.accrued == Fraction(version.accrued_num, version.den) >= 0 for version in versions)


@SLOW
@given(accounts())
def test_history_and_statement_book_the_same_money(drawn):
    account, through = drawn
    try:
        found = history(account, through)
    except Refusal:
        return
    shown = statement(account, through)
    assert found.allocations == shown.allocations
    assert found.credit_fen == shown.credit_fen


def bill(name="B1", principal=100_000, due=date(2025, 3, 31), issued=date(2025, 3, 1), terms=TERMS):
    return Bill(name, principal, due, issued, terms)


def test_a_payment_makes_a_new_version_of_the_bill_it_pays_and_of_no_other():
    account = Account((bill("B1"), bill("B2", due=date(2025, 4, 30))), (Payment("P1", date(2025, 4, 10), 30_000),))
    found = history(account, date(2025, 6, 1))
    first, second, other = found.versions
    assert (first.since_on, first.until_on, first.principal_fen) == (date(2025, 3, 1), date(2025, 4, 10), 100_000)
    assert (second.since_on, second.until_on, second.principal_fen) == (date(2025, 4, 10), FOREVER, 70_000)
    assert (second.anchor_on, second.accrued) == (date(2025, 4, 10), 1000)
    assert (other.bill_id, other.until_on) == ("B2", FOREVER)


def test_a_bounced_payment_leaves_the_days_before_as_they_were_known():
    account = Account((bill(),), (Payment("P1", date(2025, 4, 10), 100_000), Reversal("R1", date(2025, 4, 20), "P1")))
    paid, unpaid = history(account, date(2025, 6, 1)).versions[-2:]
    assert (paid.principal_fen, paid.until_on) == (0, date(2025, 4, 20))
    assert (unpaid.principal_fen, unpaid.since_on, unpaid.accrued) == (100_000, date(2025, 4, 20), 2000)
    assert history(account, date(2025, 6, 1)).allocations == ()


def test_a_reversal_that_changes_nothing_about_a_bill_makes_no_version_of_it():
    events = (Hold("H", date(2025, 5, 1), date(2025, 5, 9), ("B2",)), Reversal("R", date(2025, 5, 5), "H"))
    account = Account((bill("B1"), bill("B2", due=date(2025, 4, 30))), events)
    assert [version.bill_id for version in history(account, date(2025, 6, 1)).versions].count("B1") == 1


def test_a_bill_taken_back_has_no_version_from_that_day():
    account = Account((bill(),), (Reversal("R1", date(2025, 4, 20), "B1"),))
    (version,) = history(account, date(2025, 6, 1)).versions
    assert version.until_on == date(2025, 4, 20)
    assert statement(account, date(2025, 4, 20)).bills == ()
    # Known only up to the day before, nothing has happened yet.
    (version,) = history(account, date(2025, 4, 19)).versions
    assert version.until_on == FOREVER


def test_money_for_a_bill_taken_back_goes_where_it_would_have_gone():
    account = Account(
        (bill("B1"), bill("B2", due=date(2025, 4, 30))),
        (
            Payment("P1", date(2025, 4, 10), 30_000, ("B1",)),
            Discount("D1", date(2025, 4, 11), "B1", 100),
            Reversal("R1", date(2025, 4, 20), "B1"),
        ),
    )
    (booked,) = history(account, date(2025, 6, 1)).allocations
    assert (booked.bill_id, booked.on, booked.amount_fen) == ("B2", date(2025, 4, 10), 30_000)


def test_holds_are_merged_for_each_bill_and_may_lie_ahead():
    holds = (
        Hold("H1", date(2025, 5, 1), date(2025, 5, 10)),
        Hold("H2", date(2025, 5, 11), date(2025, 5, 20), ("B1",)),
        Hold("H3", date(2025, 5, 5), date(2025, 5, 6)),
        Hold("H4", date(2026, 1, 1), date(2026, 1, 2), ("B1",)),
    )
    account = Account((bill("B1"), bill("B2")), holds)
    assert history(account, date(2025, 4, 1)).holds == (
        ("B1", date(2025, 5, 1), date(2025, 5, 20)),
        ("B1", date(2026, 1, 1), date(2026, 1, 2)),
        ("B2", date(2025, 5, 1), date(2025, 5, 10)),
    )


def test_days_before_a_hold_was_taken_back_keep_its_effect_without_it():
    bills = (
        bill("plain"),
        bill("issued while held", issued=date(2025, 4, 20)),
        bill("due while held", due=date(2025, 4, 15), issued=date(2025, 4, 1)),
        bill("paid while held"),
        bill("settled", principal=50),
    )
    account = Account(
        bills,
        (
            Hold("H0", date(2025, 3, 1), date(2025, 3, 5)),
            Hold("H1", date(2025, 4, 10), date(2025, 4, 30)),
            Hold("H2", date(2025, 6, 1), date(2025, 6, 9)),
            Payment("P1", date(2025, 4, 12), 50_000, ("paid while held",)),
            Payment("P2", date(2025, 3, 31), 50, ("settled",)),
            Reversal("R1", date(2025, 5, 5), "H1"),
            Reversal("R2", date(2025, 6, 20), "H2"),
        ),
    )
    for step in range(120):
        assert_agree(account, date(2025, 7, 1), date(2025, 3, 1) + timedelta(days=step))
    found = history(account, date(2025, 7, 1))
    plain = [
        (v.since_on.isoformat(), v.anchor_on.isoformat(), v.accrued) for v in found.versions if v.bill_id == "plain"
    ]
    assert plain == [
        ("2025-03-01", "2025-03-31", 0),
        ("2025-04-10", "2025-04-30", 900),
        ("2025-05-05", "2025-05-05", 3500),
        ("2025-06-01", "2025-06-09", 6100),
        ("2025-06-20", "2025-06-20", 8100),
    ]


def test_a_hold_may_be_taken_back_before_it_begins():
    account = Account(
        (bill(),), (Hold("H1", date(2025, 5, 1), date(2025, 5, 10)), Reversal("R1", date(2025, 4, 1), "H1"))
    )
    assert history(account, date(2025, 4, 2)).holds == ()
    assert len(history(account, date(2025, 4, 2)).versions) == 2


def test_the_next_day_on_which_stored_credit_moves_is_named():
    bills = (bill("B1"), bill("B2", issued=date(2025, 9, 1)), bill("B3", issued=date(2025, 8, 1)))
    events = (Payment("P1", date(2025, 4, 10), 200_000), Payment("P2", date(2025, 4, 11), 50_000))
    account = Account(bills, events, AllocationPolicy(credit=Credit.APPLY_WHEN_DUE))
    found = history(account, date(2025, 6, 1))
    assert found.credit_by_payment == {"P1": 99_000, "P2": 50_000}
    assert found.credit_fen == 149_000
    assert found.next_credit_on == date(2025, 8, 1)
    # B3 takes the older money first, then what is left pays B2.
    later = history(account, date(2025, 8, 1))
    assert [(a.payment_id, a.bill_id, a.component, a.amount_fen) for a in later.allocations[2:]] == [
        ("P1", "B3", "principal", 99_000),
        ("P2", "B3", "principal", 1_000),
        ("P2", "B3", "late_charge", 12_300),
    ]
    assert later.credit_by_payment == {"P2": 36_700}
    assert later.next_credit_on == date(2025, 9, 1)
    assert history(account, date(2025, 9, 1)).next_credit_on is None
    assert history(Account(bills, events), date(2025, 6, 1)).next_credit_on is None


def test_the_day_on_which_a_reversal_dated_ahead_counts_is_named():
    bills = (bill("B1"), bill("B2", issued=date(2025, 9, 1)))
    account = Account(bills, (Reversal("R1", date(2025, 9, 1), "B2"),))
    before, after = history(account, date(2025, 6, 1)), history(account, date(2025, 9, 1))
    assert before.next_credit_on == date(2025, 9, 1)
    assert {version.bill_id for version in before.versions} == {"B1", "B2"}
    assert {version.bill_id for version in after.versions} == {"B1"}
    assert after.next_credit_on is None


def test_a_conditional_waiver_is_pending_then_met_or_lapsed():
    waiver = ConditionalWaiver("W1", date(2025, 4, 5), ("B1",), date(2025, 4, 15))
    payment = Payment("P1", date(2025, 4, 15), 100_000)
    bounced = Reversal("R1", date(2025, 4, 18), "P1")
    account = Account((bill(),), (waiver, payment, bounced))
    assert history(account, date(2025, 4, 4)).conditional == {}
    assert history(account, date(2025, 4, 14)).conditional == {"W1": ("pending", date(2025, 4, 15), {})}
    assert history(account, date(2025, 4, 15)).conditional == {"W1": ("met", date(2025, 4, 15), {"B1": 1500})}
    assert history(account, date(2025, 4, 18)).conditional == {"W1": ("lapsed", date(2025, 4, 16), {})}


def test_a_bill_cleared_within_threshold_grace_has_no_charge_in_its_version():
    terms = Terms(TERMS.rates, Grace(GraceMode.THRESHOLD, 15))
    account = Account((bill(terms=terms),), (Payment("P1", date(2025, 4, 15), 100_000),))
    assert silent_until_on(account.bills[0]) == date(2025, 4, 15)
    assert history(account, date(2025, 6, 1)).versions[-1].accrued == 0


def test_a_unit_of_five_years_is_replayed_in_milliseconds():
    first_on = date(2021, 1, 1)
    bills = tuple(
        bill(f"B{n}", 21_744, first_on + timedelta(days=30 * n + 9), first_on + timedelta(days=30 * n))
        for n in range(60)
    )
    events = tuple(Payment(f"P{n}", date(2021, 2, 1) + timedelta(days=40 * n), 20_000) for n in range(45))
    account = Account(bills, events, AllocationPolicy(credit=Credit.APPLY_WHEN_DUE))
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        history(account, date(2026, 6, 1))
        seconds.append(time.perf_counter() - started)
    # About five on a busy machine; the bound only catches a change of order.
    assert min(seconds) < 0.1
