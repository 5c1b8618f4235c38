"""The calculators put into words, a line at a time."""

from __future__ import annotations

import json

import pytest

from app.services import calculators

GOOD = '{"id": "a", "amount": "10000"}'


def test_a_case_is_answered():
    answer, answered = calculators.calculate(kind="court-fee", case=json.loads(GOOD))
    assert answered
    assert answer["ordinary"] == "50.00"


def test_a_refusal_has_a_code_a_sentence_and_a_place():
    case = {
        "id": "x",
        "as_of": "2025-04-10",
        "bills": [{"id": "B1", "principal": "10.00", "due_on": "2025-03-31"}],
        "events": [{"type": "discount", "on": "2025-04-05", "bill": "B1", "amount": "20.00"}],
    }
    answer, answered = calculators.calculate(kind="statement", case=case)
    assert not answered
    assert answer["id"] == "x"
    assert answer["error"]["code"] == "discount.exceeds_principal"
    assert answer["error"]["field"] == "events[0].amount"
    assert "￥10.00" in answer["error"]["message"]


def test_a_bad_line_never_stops_the_others_and_blank_ones_are_passed_over():
    lines = [GOOD, "", "{", '{"id": [], "amount": "5"}', '{"id": "b", "amount": 5}', GOOD]
    found = list(calculators.calculate_jsonl(kind="court-fee", lines=lines))
    assert [answered for _, answered in found] == [True, False, False, False, True]
    assert [answer["id"] for answer, _ in found] == ["a", None, None, "b", "a"]
    assert [answer["error"]["code"] for answer, _ in found[1:4]] == ["case.unreadable", "case.bad_id", "money.not_text"]


@pytest.mark.parametrize("kind", ["", "Statement", "利息", "\ud800"])
def test_an_unknown_kind_is_refused_with_what_there_is(kind):
    answer, answered = calculators.calculate(kind=kind, case={"id": "a"})
    assert not answered
    assert "court-fee" in answer["error"]["message"]
    json.dumps(answer, ensure_ascii=False).encode()


def test_a_warning_is_put_into_words_too():
    claim = {"principal": "100.00", "due_on": "2025-05-31", "as_of": "2025-06-30"}
    answer, _ = calculators.calculate(kind="claim", case=claim)
    assert "2025-05-20" in answer["warnings"][-1]["message"]
    bill = {"id": "B1", "principal": "10.00", "due_on": "2027-05-01"}
    case = {"as_of": "2027-06-01", "policy": {"roll_due": True}, "bills": [bill]}
    answer, _ = calculators.calculate(kind="statement", case=case)
    assert "2027" in answer["warnings"][0]["message"]
