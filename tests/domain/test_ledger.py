"""Late charge, relief and reversal on one account, each rule by an example."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from app.domain.errors import Refusal
from app.domain.events import ConditionalWaiver, Discount, Hold, LateChargeWaiver, Payment, Reversal
from app.domain.ledger import Account, AllocationPolicy, Bill, Credit, Grace, GraceMode, Terms, charged_after, statement
from app.domain.rates import ONE_PER_MILLE, Rate, RateIndex

RATES = RateIndex.constant(ONE_PER_MILLE)
DUE = date(2025, 3, 31)


def bill(name="B1", principal=100_000, due=DUE, issued=DUE, rates=RATES, grace=None, cap=None, costs=0):
    return Bill(name, principal, due, issued, Terms(rates, grace or Grace(), cap), costs)


def on(month, day):
    return date(2025, month, day)


def only(as_of, *events, **more):
    (found,) = statement(Account((bill(**more),), events), as_of).bills
    return found


def test_the_due_day_is_free_and_the_day_of_payment_counts():
    assert only(on(3, 31)).late_charge_fen == 0
    assert only(on(4, 1), Payment("P", on(4, 1), 100_000)).late_charge_fen == 100
    assert only(on(9, 1), Payment("P", on(4, 1), 100_000)).days_overdue == 1


def test_a_payment_lowers_the_charge_from_the_next_day():
    found = only(on(4, 4), Payment("P", on(4, 2), 50_000))
    assert found.accrued_fen == 200 + 100
    assert [(s.from_on, s.to_on, s.days, s.principal_fen, s.amount) for s in found.segments] == [
        (on(4, 1), on(4, 2), 2, 100_000, 200),
        (on(4, 3), on(4, 4), 2, 50_000, 100),
    ]


def test_the_charge_is_rounded_once_for_all_days():
    # 3.35 a day for 3 days is 10.05 fen; three rounded days would be 9.
    assert only(on(4, 3), principal=3_350).accrued_fen == 10
    assert only(on(4, 10), principal=450).accrued_fen == 5  # 4.5 rounds up


def test_an_event_that_leaves_the_principal_alone_does_not_cut_a_segment():
    found = only(on(4, 10), LateChargeWaiver("W", on(4, 5), "B1", 100))
    assert len(found.segments) == 1
    assert (found.late_charge_fen, found.late_waived_fen) == (900, 100)


def test_two_payments_on_one_day_leave_no_empty_segment():
    found = only(on(4, 10), Payment("P", on(4, 5), 1_000), Payment("Q", on(4, 5), 1_000))
    assert [s.days for s in found.segments] == [5, 5]


def test_a_new_rate_counts_from_its_own_day():
    rates = RateIndex.constant(ONE_PER_MILLE, [(on(4, 3), Rate(1, 2000))])
    found = only(on(4, 4), rates=rates)
    assert [(s.days, s.rate) for s in found.segments] == [(2, ONE_PER_MILLE), (2, Rate(1, 2000))]
    assert found.accrued_fen == 300


def test_shifted_grace_moves_the_start():
    grace = Grace(GraceMode.SHIFT, 5)
    assert charged_after(bill(grace=grace)) == on(4, 5)
    assert only(on(4, 5), grace=grace).accrued_fen == 0
    assert only(on(4, 6), grace=grace).accrued_fen == 100


def test_threshold_grace_forgives_all_or_nothing():
    grace = Grace(GraceMode.THRESHOLD, 5)
    assert only(on(4, 5), grace=grace).segments == ()
    assert only(on(4, 6), grace=grace).accrued_fen == 600
    assert only(on(5, 1), Payment("P", on(4, 5), 100_000), grace=grace).accrued_fen == 0
    assert only(on(5, 1), Payment("P", on(4, 6), 100_000), grace=grace).accrued_fen == 600


def test_the_cap_counts_what_was_paid_or_waived():
    found = only(on(4, 30), LateChargeWaiver("W", on(4, 4), "B1", 300), cap=Fraction(1, 200))
    assert (found.cap_fen, found.accrued_fen, found.late_charge_fen) == (500, 500, 200)
    assert sum(segment.amount for segment in found.segments) == 3_000


def test_a_hold_stops_the_charge_on_its_days_and_no_others():
    found = only(on(4, 10), Hold("H", on(4, 3), on(4, 5)))
    assert [(s.from_on, s.to_on) for s in found.segments] == [(on(4, 1), on(4, 2)), (on(4, 6), on(4, 10))]
    assert only(on(4, 10), Hold("H", on(4, 3), on(4, 5), ("B1",))).accrued_fen == 700
    others = Account((bill(), bill("B2")), (Hold("H", on(4, 3), on(4, 5), ("B2",)),))
    assert [found.accrued_fen for found in statement(others, on(4, 10)).bills] == [1000, 700]


def test_a_hold_from_before_the_due_day_and_a_rate_that_changes_meanwhile():
    rates = RateIndex.constant(ONE_PER_MILLE, [(on(4, 3), Rate(1, 2000))])
    found = only(on(4, 10), Hold("H", on(3, 1), on(4, 5)), rates=rates)
    assert [(s.from_on, s.to_on, s.rate) for s in found.segments] == [(on(4, 6), on(4, 10), Rate(1, 2000))]


def test_a_discount_counts_from_its_day_a_retroactive_one_from_the_beginning():
    assert only(on(4, 10), Discount("D", on(4, 5), "B1", 50_000)).accrued_fen == 500 + 250
    retroactive = Discount("D", on(4, 5), "B1", 50_000, retroactive=True)
    assert only(on(4, 10), retroactive).accrued_fen == 500
    assert only(on(4, 4), retroactive).accrued_fen == 400


def test_a_retroactive_discount_lowers_the_cap_too():
    assert only(on(4, 10), Discount("D", on(4, 5), "B1", 50_000, retroactive=True), cap=Fraction(1, 200)).cap_fen == 250


def test_a_retroactive_discount_frees_money_already_paid():
    bills = (bill(), bill("B2", issued=on(3, 1), due=on(4, 10)))
    events = (Payment("P", on(3, 31), 100_000), Discount("D", on(4, 20), "B1", 10_000, retroactive=True))
    before, after = (statement(Account(bills, events), day) for day in (on(4, 19), on(4, 20)))
    assert [found.principal_fen for found in before.bills] == [0, 100_000]
    assert [found.principal_fen for found in after.bills] == [0, 90_000]


def test_a_waiver_by_ratio_is_half_up_and_accrual_goes_on():
    found = only(on(4, 6), LateChargeWaiver("W", on(4, 5), "B1", ratio=Fraction(1, 3)), principal=101_000)
    assert (found.late_waived_fen, found.late_charge_fen) == (168, 606 - 168)


def test_a_conditional_waiver_is_tested_at_the_end_of_the_day():
    waiver = ConditionalWaiver("W", on(4, 5), ("B1",), on(4, 10))
    assert only(on(4, 10), waiver, Payment("P", on(4, 10), 100_000)).late_charge_fen == 0
    assert only(on(4, 11), waiver, Payment("P", on(4, 11), 100_000)).late_charge_fen == 1_100
    # It is met on the day it is given if nothing is owed any more.
    assert only(on(4, 5), Payment("P", on(4, 3), 100_000), waiver).late_waived_fen == 300


def test_a_conditional_waiver_that_lapsed_stays_lapsed():
    waiver = ConditionalWaiver("W", on(4, 5), ("B1",), on(4, 10))
    paid = (Payment("P", on(4, 12), 50_000), Payment("Q", on(4, 13), 50_000))
    assert only(on(4, 13), waiver, *paid).late_waived_fen == 0


def test_stored_credit_pays_a_bill_on_its_issue_before_the_payments_of_that_day():
    policy = AllocationPolicy(credit=Credit.APPLY_WHEN_DUE)
    events = (Payment("P", on(3, 31), 30_000), Payment("Q", on(4, 1), 10_000))
    bills = (bill("B1", 20_000), bill("B2", 15_000, due=on(4, 20), issued=on(4, 1)))
    found = statement(Account(bills, events, policy), on(4, 1))
    assert [(a.payment_id, a.bill_id, a.amount_fen) for a in found.allocations] == [
        ("P", "B1", 20_000),
        ("P", "B2", 10_000),
        ("Q", "B2", 5_000),
    ]
    assert found.credit_fen == 5_000


def test_relief_judged_once_is_not_refused_when_more_becomes_known():
    # The waiver of 5.00 stood when it was given; the discount recorded later leaves only 4.00 of charge on that day.
    events = (
        LateChargeWaiver("W", on(4, 5), "B1", 500),
        Discount("D", on(4, 20), "B1", 20_000, retroactive=True),
    )
    assert only(on(4, 5), *events).late_waived_fen == 500
    assert only(on(4, 20), *events).late_waived_fen == 400
    two = (*events, LateChargeWaiver("X", on(4, 6), "B1", 100), LateChargeWaiver("Y", on(4, 6), "B1", 1))
    with pytest.raises(Refusal) as refused:
        only(on(4, 20), *two)
    assert refused.value.facts["event"] == "Y"
    assert only(on(4, 20), *two[:3]).late_waived_fen == 480
    # So with a discount on what was left to pay, before the bill itself was lowered.
    plain = (
        Payment("P", on(4, 1), 40_000),
        Discount("D", on(4, 5), "B1", 60_000),
        Discount("E", on(4, 20), "B1", 20_000, retroactive=True),
    )
    assert only(on(4, 20), *plain).principal_fen == 0


def test_the_discounts_of_a_bill_together_never_exceed_its_principal():
    events = (Discount("D", on(4, 5), "B1", 90_000), Discount("E", on(4, 20), "B1", 20_000, retroactive=True))
    with pytest.raises(Refusal) as refused:
        only(on(4, 20), *events)
    assert (refused.value.code, refused.value.facts["event"]) == ("discount.exceeds_principal", "E")


def test_relief_recorded_late_is_judged_by_what_is_known_now():
    # On its own day nothing was left to discount; it was recorded when the payment had bounced.
    events = (Payment("P", on(4, 1), 100_000), Reversal("R", on(4, 20), "P"), Discount("D", on(4, 5), "B1", 1_000))
    assert only(on(4, 20), *events).principal_fen == 99_000
    with pytest.raises(Refusal):
        only(on(4, 19), *events)


def test_what_was_accepted_once_is_not_judged_again():
    waiver, late_entry = LateChargeWaiver("W", on(4, 5), "B1", 500), Payment("P", on(4, 2), 50_000)
    account = Account((bill(),), (waiver, late_entry))
    with pytest.raises(Refusal):
        statement(account, on(4, 10))
    (found,) = statement(Account((bill(),), (waiver,)).adding(late_entry), on(4, 10)).bills
    assert (found.accrued_fen, found.late_waived_fen) == (600, 350)


def test_what_touches_only_a_bill_taken_back_falls_away_with_it():
    events = (
        Discount("D", on(4, 5), "B1", 1_000),
        LateChargeWaiver("W", on(4, 6), "B1", 100),
        ConditionalWaiver("C", on(4, 7), ("B1",), on(4, 9)),
        Reversal("R", on(4, 8), "B1"),
    )
    found = statement(Account((bill(), bill("B2")), events), on(4, 10))
    assert [(b.bill.id, b.principal_fen, b.late_charge_fen) for b in found.bills] == [("B2", 100_000, 1_000)]


PAYMENT = Payment("P", on(4, 5), 1_000)


@pytest.mark.parametrize(
    ("events", "code", "field"),
    [
        ((Payment("P", on(4, 5), 0),), "payment.amount_not_positive", "amount"),
        ((Payment("P", on(4, 5), 5, ("B9",)),), "payment.unknown_bill", "bills"),
        ((PAYMENT, PAYMENT), "event.duplicate_id", "id"),
        ((Payment("B1", on(4, 5), 5),), "event.duplicate_id", "id"),
        ((Discount("D", on(4, 5), "B9", 5),), "discount.unknown_bill", "bill"),
        ((Discount("D", on(4, 5), "B1", -5),), "discount.amount_not_positive", "amount"),
        ((Discount("D", on(4, 5), "B1", 100_001),), "discount.exceeds_principal", "amount"),
        ((Discount("D", on(4, 5), "B1", 100_001, retroactive=True),), "discount.exceeds_principal", "amount"),
        ((LateChargeWaiver("W", on(4, 5), "B9", 5),), "waiver.unknown_bill", "bill"),
        ((LateChargeWaiver("W", on(4, 5), "B1"),), "waiver.amount_or_ratio", "amount"),
        ((LateChargeWaiver("W", on(4, 5), "B1", 5, Fraction(1)),), "waiver.amount_or_ratio", "amount"),
        ((LateChargeWaiver("W", on(4, 5), "B1", 0),), "waiver.amount_not_positive", "amount"),
        ((LateChargeWaiver("W", on(4, 5), "B1", None, Fraction(0)),), "waiver.ratio_out_of_range", "ratio"),
        ((LateChargeWaiver("W", on(4, 5), "B1", None, Fraction(2)),), "waiver.ratio_out_of_range", "ratio"),
        ((LateChargeWaiver("W", on(4, 5), "B1", 501),), "waiver.exceeds_outstanding", "amount"),
        ((ConditionalWaiver("C", on(4, 5), (), on(4, 6)),), "conditional_waiver.no_bills", "bills"),
        ((ConditionalWaiver("C", on(4, 5), ("B9",), on(4, 6)),), "conditional_waiver.unknown_bill", "bills"),
        ((ConditionalWaiver("C", on(4, 5), ("B1",), on(4, 4)),), "conditional_waiver.pay_by_before_on", "pay_by"),
        ((Hold("H", on(4, 5), on(4, 4)),), "hold.to_before_from", "to"),
        ((Hold("H", on(4, 5), on(4, 6), ("B9",)),), "hold.unknown_bill", "bills"),
        ((Reversal("R", on(4, 5), "X"),), "reversal.unknown_target", "target"),
        ((PAYMENT, Reversal("R", on(4, 4), "P")), "reversal.before_target", "on"),
        ((PAYMENT, Reversal("R", on(4, 5), "P"), Reversal("S", on(4, 6), "P")), "reversal.already_reversed", "target"),
        ((PAYMENT, Reversal("R", on(4, 5), "P"), Reversal("S", on(4, 6), "R")), "reversal.of_a_reversal", "target"),
    ],
)
def test_what_cannot_stand_is_refused_by_name(events, code, field):
    with pytest.raises(Refusal) as refused:
        only(on(4, 10), *events)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert refused.value.facts["event"] == events[-1].id


def test_a_refusal_waits_for_its_day():
    assert only(on(4, 4), Discount("D", on(4, 5), "B1", 100_001)).principal_fen == 100_000


@pytest.mark.parametrize(
    ("bills", "code"),
    [
        ((bill(), bill()), "bill.duplicate_id"),
        ((bill(principal=-1),), "bill.negative"),
        ((bill(costs=-1),), "bill.negative"),
    ],
)
def test_bills_that_cannot_be_are_refused(bills, code):
    with pytest.raises(Refusal) as refused:
        statement(Account(bills), on(4, 10))
    assert refused.value.code == code


def test_waivers_that_stood_in_their_day_stand_though_a_later_discount_reaches_back():
    # Both were right by what was known in April; in May most of the bill turns out never to have been owed.
    waivers = LateChargeWaiver("W1", on(4, 20), "B1", 1_900), LateChargeWaiver("W2", on(4, 21), "B1", 150)
    found = only(on(6, 1), *waivers, Discount("D", on(5, 5), "B1", 60_000, retroactive=True))
    # Each takes what there was: 20 days at 0.40, then the one day since.
    assert (found.principal_fen, found.late_waived_fen, found.accrued_fen) == (40_000, 800 + 40, 62 * 40)
