"""A notice says under which terms its late charges were counted: grace, limit, and in which order money is booked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.documents import render
from app.documents.contexts import NoticeFacts
from tests.documents import samples

SHIFT = "应缴日后 7 天为宽限期，宽限期内不算"
THRESHOLD = "应缴日后 15 天内缴清本金的不收，未缴清的从应缴日次日算起"
LIMIT = "累计不超过合同约定的上限"


def under(*terms: tuple[str, int], is_limited: bool = False) -> NoticeFacts:
    told = samples.notice(len(terms))
    bills = zip(told.bills, terms, strict=True)
    return replace(
        told,
        bills=tuple(
            replace(bill, grace_mode=mode, grace_days=days, is_limited=is_limited) for bill, (mode, days) in bills
        ),
    )


@pytest.mark.parametrize(
    ("facts", "said", "unsaid"),
    [
        (under(("none", 0), ("none", 0)), [], ["宽限", "天内缴清", LIMIT, "其中"]),
        (under(("shift", 7), ("shift", 7)), [SHIFT], [THRESHOLD, "其中"]),
        (under(("threshold", 15)), [THRESHOLD], [SHIFT, "其中"]),
        (under(("shift", 7), ("none", 0), ("threshold", 15)), [f"其中 物业服务费 1 笔，{SHIFT}", f"其中 物业服务费 1 笔，{THRESHOLD}"], []),
        (under(("none", 0), is_limited=True), [LIMIT], ["宽限"]),
        (samples.notice(1), ["先抵本金、后抵违约金"], ["先抵费用"]),
        (replace(samples.notice(1), is_principal_first=False), ["每笔先抵费用、违约金，后抵本金"], ["先抵本金、后抵违约金"]),
    ],
    ids=["none", "shift", "threshold", "mixed", "limit", "principal-first", "statutory"],
)  # fmt: skip
def test_the_terms_are_said_where_they_apply(facts: NoticeFacts, said: list[str], unsaid: list[str]) -> None:
    page = render.html(facts)
    assert [text for text in said if text not in page] == []
    assert [text for text in unsaid if text in page] == []


def test_an_office_that_left_out_its_telephone_is_not_called_without_a_number() -> None:
    told = samples.notice(1)
    page = render.html(replace(told, company=replace(told.company, phone="", contact="", payee_account="")))
    assert "请书面说明，我们在 7 日内答复" in page
    assert "致电" not in page
    assert "转账" not in page
    shown = samples.statement()
    assert "请联系" in render.html(replace(shown, company=replace(shown.company, phone="")))
