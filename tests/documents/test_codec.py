"""Facts survive the way to JSON and back, and are read strictly."""

from __future__ import annotations

import json

import pytest

from app.documents import codec
from app.documents.contexts import NoticeFacts, ReceiptFacts, StatementFacts, Tone
from tests.documents import samples


@pytest.mark.parametrize(
    "facts",
    [samples.notice(3), samples.notice(1, tone=Tone.DEMAND), samples.receipt(), samples.statement()],
    ids=lambda facts: f"{facts.template}-{facts.number}",
)
def test_facts_come_back_as_they_went(facts: NoticeFacts | ReceiptFacts | StatementFacts) -> None:
    text = json.dumps(codec.to_json(facts), ensure_ascii=False)
    read = codec.from_json(type(facts), json.loads(text))
    assert read == facts
    assert json.dumps(codec.to_json(read), ensure_ascii=False) == text


def test_facts_frozen_before_a_field_existed_still_read() -> None:
    data = codec.to_json(samples.notice(1))
    del data["credit_fen"]
    assert codec.from_json(NoticeFacts, data).credit_fen == 0


def test_a_name_nobody_knows_is_never_dropped() -> None:
    with pytest.raises(AssertionError, match="surprise"):
        codec.from_json(NoticeFacts, {**codec.to_json(samples.notice(1)), "surprise": 1})


def test_the_totals_are_the_sums_of_the_lines() -> None:
    facts = samples.notice(12)
    assert facts.total_fen == facts.principal_fen + facts.late_charge_fen + facts.costs_fen
    assert facts.total_fen == sum(bill.total_fen for bill in facts.bills)
    assert facts.original_fen == facts.principal_fen + facts.paid_fen
