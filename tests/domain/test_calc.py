"""The calculators' cases: defaults, what is printed, what is refused and where."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.domain.calc import Kind, case_id, run
from app.domain.calc_statement import _printed, decimal_text
from app.domain.case_reading import parse_json
from app.domain.errors import Refusal

BILL = {"id": "B1", "principal": "1000.00", "due_on": "2025-03-31"}


def statement(*events, as_of="2025-04-10", bills=(BILL,), **policy):
    return {"id": "x", "as_of": as_of, "policy": policy, "bills": list(bills), "events": list(events)}


def refused(kind, case):
    with pytest.raises(Refusal) as found:
        run(kind, case)
    return found.value.code, found.value.field


def test_keys_with_a_default_may_be_left_out_or_null():
    short = run("statement", {"as_of": "2025-04-10", "bills": [BILL]})
    assert short["id"] is None
    assert short["total_due"] == "1010.00"
    nulls = {"id": None, "as_of": "2025-04-10", "bills": [BILL | {"cap_ratio": None}], "events": None, "policy": None}
    assert run("statement", nulls) == short


def test_a_statement_answers_with_every_figure_of_a_bill():
    waiver = {"type": "late_charge_waiver", "on": "2025-04-05", "bill": "B1", "ratio": "0.5"}
    payment = {"type": "payment", "id": "P1", "on": "2025-04-06", "amount": "400.00"}
    assert run("statement", statement(payment, waiver)) == {
        "id": "x",
        "as_of": "2025-04-10",
        "bills": {
            "B1": {
                "principal": "600.00",
                "late_charge": "5.90",
                "costs": "0.00",
                "late_charge_accrued": "8.40",
                "late_charge_paid": "0.00",
                "late_charge_waived": "2.50",
                "days_overdue": 10,
                "segments": [
                    {
                        "from": "2025-04-01",
                        "to": "2025-04-06",
                        "days": 6,
                        "principal": "1000.00",
                        "rate": "0.001",
                        "amount": "6.00",
                    },
                    {
                        "from": "2025-04-07",
                        "to": "2025-04-10",
                        "days": 4,
                        "principal": "600.00",
                        "rate": "0.001",
                        "amount": "2.40",
                    },
                ],
            }
        },
        "total_due": "605.90",
        "credit": "0.00",
        "allocations": [
            {"payment": "P1", "on": "2025-04-06", "bill": "B1", "component": "principal", "amount": "400.00"}
        ],
        "warnings": [],
    }


def test_a_yearly_rate_is_printed_as_it_was_given_and_its_charge_to_ten_decimals():
    rate = {"per_year": "0.24", "basis": 365}
    (segment,) = run("statement", statement(bills=[BILL | {"rate": rate}]))["bills"]["B1"]["segments"]
    assert (segment["rate"], segment["amount"]) == (rate, "6.5753424658")
    (segment,) = run("statement", statement(bills=[BILL | {"rate": {"per_year": "0.365"}}]))["bills"]["B1"]["segments"]
    assert (segment["rate"], segment["amount"]) == ({"per_year": "0.365", "basis": 365}, "10.00")


def test_printed_amounts_foot_to_the_same_fen_where_ten_decimals_cannot_hold_them():
    # One and a half fen in all, which is two; each rounded by itself would add up to a trifle less.
    thirds = [Fraction(1, 3), Fraction(1, 3), Fraction(5, 6)]
    assert sum(Decimal(text) for text in _printed(thirds)) == Decimal("0.015")
    assert _printed([]) == []


@pytest.mark.parametrize(
    ("value", "least", "most", "text"),
    [
        (Fraction(1, 8), 2, 10, "0.125"),
        (Fraction(5), 2, 10, "5.00"),
        (Fraction(5), 0, 3, "5"),
        (Fraction(2, 3), 2, 4, "0.6667"),
    ],
)
def test_a_fraction_is_written_with_the_decimals_it_needs(value, least, most, text):
    assert decimal_text(value, least=least, most=most) == text


def test_due_dates_roll_where_the_contract_says_so_and_the_bill_is_issued_then():
    bill = BILL | {"due_on": "2025-10-01"}
    rolled = run("statement", statement(bills=[bill], as_of="2025-10-31", roll_due=True))
    assert rolled["bills"]["B1"]["days_overdue"] == 22
    assert rolled["warnings"] == []
    payment = {"type": "payment", "id": "P", "on": "2025-10-08", "amount": "1.00"}
    assert run("statement", statement(payment, bills=[bill], as_of="2025-10-31", roll_due=True))["credit"] == "1.00"
    assert run("statement", statement(payment, bills=[bill], as_of="2025-10-31"))["credit"] == "0.00"


def test_a_year_without_a_calendar_is_warned_about():
    bill = BILL | {"due_on": "2027-05-01"}
    found = run("statement", statement(bills=[bill], as_of="2027-05-10", roll_due=True))
    assert found["warnings"] == [{"code": "calendar.year_unknown", "year": 2027}]
    assert found["bills"]["B1"]["days_overdue"] == 7


def test_events_after_the_day_asked_for_do_not_count():
    later = {"type": "payment", "id": "P", "on": "2025-04-11", "amount": "1.00"}
    too_much = {"type": "discount", "on": "2025-04-11", "bill": "B1", "amount": "5000.00"}
    assert run("statement", statement(later, too_much)) == run("statement", statement())


def test_the_days_overdue_of_a_paid_bill_end_with_its_payment():
    payment = {"type": "payment", "id": "P", "on": "2025-04-03", "amount": "1000.00"}
    assert run("statement", statement(payment))["bills"]["B1"]["days_overdue"] == 3
    early = {"type": "payment", "id": "P", "on": "2025-03-31", "amount": "1000.00"}
    assert run("statement", statement(early))["bills"]["B1"]["days_overdue"] == 0


PAYMENT = {"type": "payment", "id": "P", "on": "2025-04-05", "amount": "1.00"}
HOLD = {"type": "hold", "from": "2025-04-05", "to": "2025-04-06"}


@pytest.mark.parametrize(
    ("case", "code", "field"),
    [
        ([], "case.not_an_object", None),
        ({}, "case.missing_key", "as_of"),
        (statement() | {"x": 1}, "case.unknown_key", "x"),
        (statement() | {"id": 1.5}, "case.bad_id", "id"),
        (statement() | {"id": True}, "case.bad_id", "id"),
        (statement() | {"id": 2**63}, "case.bad_id", "id"),
        (statement() | {"id": "x" * 201}, "case.bad_text", "id"),
        (statement() | {"id": "\ud800"}, "case.bad_text", "id"),
        (statement(as_of="2026-02-30"), "date.no_such_day", "as_of"),
        (statement(as_of="1989-12-31"), "date.out_of_range", "as_of"),
        (statement(as_of="2101-01-01"), "date.out_of_range", "as_of"),
        (statement(as_of="2025-4-1"), "date.not_a_date", "as_of"),
        (statement(as_of="20250401"), "date.not_a_date", "as_of"),
        (statement(as_of="２０２５-04-01"), "date.not_a_date", "as_of"),
        (statement(as_of=20250401), "date.not_text", "as_of"),
        (statement() | {"bills": {}}, "case.not_a_list", "bills"),
        (statement() | {"bills": [BILL] * 501}, "case.too_many", "bills"),
        (statement() | {"events": [PAYMENT] * 2001}, "case.too_many", "events"),
        (statement() | {"events": 5}, "case.not_a_list", "events"),
        (statement(bills=[BILL, BILL]), "bill.duplicate_id", "bills[1].id"),
        (statement(bills=[7]), "case.not_an_object", "bills[0]"),
        (statement(bills=[BILL | {"id": ""}]), "case.bad_text", "bills[0].id"),
        (statement(bills=[BILL | {"id": 5}]), "case.not_text", "bills[0].id"),
        (statement(bills=[BILL | {"principal": 1000}]), "money.not_text", "bills[0].principal"),
        (statement(bills=[BILL | {"principal": "1e3"}]), "money.exponent", "bills[0].principal"),
        (statement(bills=[BILL | {"principal": "-1.00"}]), "money.negative", "bills[0].principal"),
        (statement(bills=[BILL | {"costs": "-1.00"}]), "money.negative", "bills[0].costs"),
        (statement(bills=[BILL | {"rate": "x"}]), "rate.not_readable", "bills[0].rate"),
        (statement(bills=[BILL | {"cap_ratio": 1}]), "ratio.not_readable", "bills[0].cap_ratio"),
        (statement(bills=[BILL | {"cap_ratio": "-1"}]), "ratio.not_readable", "bills[0].cap_ratio"),
        (statement(within="x"), "case.unknown_choice", "policy.within"),
        (statement(within=[]), "case.unknown_choice", "policy.within"),
        (statement(roll_due="true"), "case.not_true_or_false", "policy.roll_due"),
        (statement(grace={"mode": "shift", "days": -1}), "case.out_of_range", "policy.grace.days"),
        (statement(grace={"mode": "shift", "days": "5"}), "case.not_a_whole_number", "policy.grace.days"),
        (statement(grace={"mode": "shift", "days": True}), "case.not_a_whole_number", "policy.grace.days"),
        (statement(rate_changes=[{"from": "2025-04-01", "rate": "0"}] * 2), "rate.two_on_one_day", "policy.rate_changes[1].from"),
        (statement({"type": "gift"}), "case.unknown_choice", "events[0].type"),
        (statement({"on": "2025-04-05"}), "case.missing_key", "events[0].type"),
        (statement(PAYMENT | {"bill": "B1"}), "case.unknown_key", "events[0].bill"),
        (statement(PAYMENT | {"amount": "0.00"}), "payment.amount_not_positive", "events[0].amount"),
        (statement(PAYMENT | {"amount": "-5.00"}), "payment.amount_not_positive", "events[0].amount"),
        (statement(PAYMENT | {"bills": ["B9"]}), "payment.unknown_bill", "events[0].bills"),
        (statement(PAYMENT | {"bills": [9]}), "case.not_text", "events[0].bills[0]"),
        (statement(PAYMENT, PAYMENT), "payment.duplicate_id", "events[1].id"),
        (statement({"type": "payment_reversal", "on": "2025-04-05", "payment": "P"}), "reversal.unknown_target", "events[0].payment"),
        (statement(PAYMENT, {"type": "payment_reversal", "on": "2025-04-04", "payment": "P"}), "reversal.before_target", "events[1].on"),
        (statement(PAYMENT, *[{"type": "payment_reversal", "on": "2025-04-06", "payment": "P"}] * 2), "reversal.already_reversed", "events[2].payment"),
        (statement({"type": "discount", "on": "2025-04-05", "bill": "B1", "amount": "1000.01"}), "discount.exceeds_principal", "events[0].amount"),
        (statement({"type": "discount", "on": "2025-04-05", "bill": "B1", "amount": "5.00", "retroactive": 1}), "case.not_true_or_false", "events[0].retroactive"),
        (statement({"type": "late_charge_waiver", "on": "2025-04-05", "bill": "B1", "amount": "5.01"}), "waiver.exceeds_outstanding", "events[0].amount"),
        (statement({"type": "late_charge_waiver", "on": "2025-04-05", "bill": "B1"}), "waiver.amount_or_ratio", "events[0].amount"),
        (statement({"type": "conditional_waiver", "on": "2025-04-05", "bills": [], "pay_by": "2025-04-06"}), "conditional_waiver.no_bills", "events[0].bills"),
        (statement(HOLD | {"to": "2025-04-04"}), "hold.to_before_from", "events[0].to"),
        (statement(HOLD | {"bills": []}), "hold.no_bills", "events[0].bills"),
        (statement(HOLD | {"bills": ["B1"] * 501}), "case.too_many", "events[0].bills"),
        (statement(*[HOLD | {"bills": ["B1"] * 500}] * 11), "case.too_large", "events"),
    ],
)  # fmt: skip
def test_a_statement_case_that_cannot_stand_is_refused_where_it_fails(case, code, field):
    assert refused("statement", case) == (code, field)


def test_a_case_that_would_take_minutes_is_refused():
    bills = [BILL | {"id": f"B{n}"} for n in range(500)]
    payments = [PAYMENT | {"id": f"P{n}"} for n in range(1300)]
    assert refused("statement", statement(*payments, bills=bills)) == ("case.too_large", "events")
    discounts = [
        {"type": "discount", "on": f"2025-04-{n:02d}", "bill": "B1", "amount": "0.01", "retroactive": True}
        for n in range(1, 31)
    ]
    assert refused("statement", statement(*discounts, *payments[:300], bills=bills[:100])) == (
        "case.too_large",
        "events",
    )


def test_every_kind_of_event_is_read():
    events = [
        PAYMENT | {"bills": ["B1"]},
        {"type": "payment_reversal", "on": "2025-04-06", "payment": "P"},
        {"type": "discount", "on": "2025-04-05", "bill": "B1", "amount": "100.00"},
        {"type": "late_charge_waiver", "on": "2025-04-05", "bill": "B1", "amount": "4.00"},
        {"type": "conditional_waiver", "on": "2025-04-05", "bills": ["B1"], "pay_by": "2025-04-08"},
        HOLD | {"bills": ["B1"]},
        HOLD,
    ]
    found = run(
        "statement", statement(*events, grace={"mode": "none"}, rate_changes=[{"from": "2025-04-08", "rate": "0.002"}])
    )
    # 1.00 a day to the 4th, held on the 5th and 6th, 0.90 on the 7th, then 1.80.
    assert found["bills"]["B1"]["late_charge_accrued"] == "10.30"


LIMITATION = {"id": "x", "due_on": "2022-06-10"}


def test_a_limitation_answer_says_what_was_asked():
    assert run("limitation", LIMITATION) == {"id": "x", "act_by_on": "2025-06-10", "expires_on": "2025-06-10"}
    assert run("limitation", LIMITATION | {"as_of": "2025-06-11"})["status"] == "expired"
    assert run("limitation", LIMITATION | {"as_of": "2025-06-10"})["status"] == "running"
    assert run("limitation", LIMITATION | {"filed_on": "2025-06-11"})["filed_in_time"] is False
    assert run("limitation", LIMITATION | {"years": 20})["act_by_on"] == "2042-06-10"


def test_what_happens_later_does_not_help_what_was_filed_or_asked_before():
    events = [{"type": "promise_after_expiry", "on": "2025-09-01"}]
    assert run("limitation", LIMITATION | {"events": events})["act_by_on"] == "2028-09-01"
    assert run("limitation", LIMITATION | {"events": events, "as_of": "2025-08-01"})["status"] == "expired"
    assert run("limitation", LIMITATION | {"events": events, "filed_on": "2025-08-01"})["filed_in_time"] is False


def test_a_pending_proceeding_has_no_last_day():
    events = [{"type": "proceeding", "on": "2024-01-01"}]
    assert run("limitation", LIMITATION | {"events": events, "as_of": "2026-01-01"}) == {
        "id": "x", "act_by_on": None, "expires_on": None, "status": "running",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("more", "code", "field"),
    [
        ({"years": 0}, "case.out_of_range", "years"),
        ({"years": 21}, "case.out_of_range", "years"),
        ({"transition_2017": "yes"}, "case.not_true_or_false", "transition_2017"),
        ({"events": [{"type": "letter", "on": "2024-01-01"}]}, "case.unknown_choice", "events[0].type"),
        (
            {"events": [{"type": "demand", "on": "2024-01-01", "ended_on": "2024-01-02"}]},
            "case.unknown_key",
            "events[0].ended_on",
        ),
        (
            {"events": [{"type": "proceeding", "on": "2024-01-01", "ended_on": "2023-12-31"}]},
            "date.before_start",
            "events[0].ended_on",
        ),
        (
            {"events": [{"type": "suspension", "on": "2024-01-01", "removed_on": "2023-12-31"}]},
            "date.before_start",
            "events[0].removed_on",
        ),
    ],
)
def test_a_limitation_case_that_cannot_stand_is_refused_where_it_fails(more, code, field):
    assert refused("limitation", LIMITATION | more) == (code, field)


@pytest.mark.parametrize(
    ("kind", "case", "code", "field"),
    [
        ("period", {"start_on": "2025-04-20", "days": -1}, "case.out_of_range", "days"),
        ("period", {"start_on": "2025-04-20"}, "case.missing_key", "days"),
        ("court-fee", {"amount": "0.00"}, "court_fee.amount_not_positive", "amount"),
        ("court-fee", {"amount": "-5.00"}, "court_fee.amount_not_positive", "amount"),
        ("court-fee", {"amount": "99999999999999"}, "money.too_large", "amount"),
        (
            "claim",
            {"principal": "1.00", "due_on": "2025-01-01", "as_of": "2025-02-01", "basis": 361},
            "rate.unknown_basis",
            "basis",
        ),
        ("claim", {"principal": "-1.00", "due_on": "2025-01-01", "as_of": "2025-02-01"}, "money.negative", "principal"),
        ("interest", {}, "calc.unknown_kind", None),
    ],
)
def test_other_cases_that_cannot_stand_are_refused_where_they_fail(kind, case, code, field):
    assert refused(kind, case) == (code, field)


def test_a_claim_past_the_last_known_lpr_says_what_is_known():
    found = run("claim", {"id": 7, "principal": "100.00", "due_on": "2025-05-31", "as_of": "2025-06-30", "basis": 360})
    assert found["id"] == 7
    assert found["warnings"][-1] == {
        "code": "lpr.past_last_known",
        "known_from": "2019-08-20",
        "known_through": "2025-05-20",
    }
    early = run("claim", {"principal": "100.00", "due_on": "2018-05-31", "as_of": "2018-06-30"})
    assert early["fixed"]["4"] is None


def test_a_case_without_an_object_has_no_id():
    assert case_id([]) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "case.unreadable"),
        ("{", "case.unreadable"),
        ('{"a": NaN}', "case.unreadable"),
        ("[" * 100_000, "case.unreadable"),
        ("9" * 5000, "case.unreadable"),
        ('{"a": 1, "a": 2}', "case.duplicate_key"),
        (" " * 2_000_001, "case.too_large"),
    ],
)
def test_a_text_that_is_no_clean_json_is_refused(text, code):
    with pytest.raises(Refusal) as found:
        parse_json(text)
    assert found.value.code == code


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        ["B1", "0.001", "10.00", "2025-01-31", "2025-04-05", "payment", "hold", "discount", "2026-02-30", "\ud800"]
    ),
)
KEYS = sorted(
    {
        "id",
        "as_of",
        "policy",
        "bills",
        "events",
        "principal",
        "due_on",
        "issued_on",
        "rate",
        "cap_ratio",
        "costs",
        "type",
        "on",
    }
    | {
        "amount",
        "bill",
        "payment",
        "retroactive",
        "ratio",
        "pay_by",
        "from",
        "to",
        "within",
        "grace",
        "mode",
        "days",
        "years",
    }
    | {
        "start_on",
        "basis",
        "filed_on",
        "rate_changes",
        "per_day",
        "per_year",
        "roll_due",
        "credit",
        "tie",
        "across",
        "removed_on",
    }
)
anything = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)),
    max_leaves=25,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([*Kind, "other"]), anything)
@example("statement", {"as_of": "2025-04-05", "bills": [BILL], "policy": {"grace": {"days": 10**30}}})
def test_no_json_ever_breaks_the_calculators(kind, case):
    try:
        json.dumps(run(kind, case), ensure_ascii=False).encode()
    except Refusal as found:
        json.dumps([found.code, found.field, dict(found.facts)], ensure_ascii=False).encode()


@st.composite
def spoilt(draw):
    """A good statement case with one value replaced by anything."""
    case = json.loads(json.dumps(statement(PAYMENT, HOLD, grace={"mode": "shift", "days": 2})))
    spots = (
        [(case, key) for key in case] + [(case["bills"][0], key) for key in BILL] + [(case["policy"]["grace"], "mode")]
    )
    spots += [(event, key) for event in case["events"] for key in event]
    place, key = draw(st.sampled_from(spots))
    place[key] = draw(anything)
    return case


@settings(max_examples=200, deadline=None)
@given(spoilt())
def test_no_single_wrong_value_breaks_a_statement(case):
    try:
        run("statement", case)
    except Refusal as found:
        assert found.field is None or isinstance(found.field, str)
