"""What an office may add to its notices: blanks of a fixed set, no threat, nothing that runs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import wording
from app.domain.errors import Refusal
from app.i18n import wording as words

KNOWN = words.BLANKS


def refused(text: str) -> str:
    with pytest.raises(Refusal) as found:
        wording.check(text, field="opening", known=KNOWN, forbidden=words.FORBIDDEN)
    return found.value.code


def test_blanks_are_filled_in_and_what_fills_them_is_not_read_again() -> None:
    assert wording.fill("{ 业主 }，{房号}", {"业主": "{房号}", "房号": "101"}) == "{房号}，101"


@pytest.mark.parametrize("text", ["", "近期电梯已大修，感谢支持。", "{业主}请在{缴费期限}前缴纳{合计}", "第{第几次}次"])
def test_a_plain_sentence_is_taken(text: str) -> None:
    wording.check(text, field="opening", known=KNOWN, forbidden=words.FORBIDDEN)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{{7*7}}", "wording.blank_unknown"),
        ("{% for x in y %}", "wording.blank_unknown"),
        ("{身份证号}", "wording.blank_unknown"),
        ("{业主", "wording.brace_left"),
        ("业主}", "wording.brace_left"),
        ("不缴就停水", "wording.forbidden"),
        ("不缴就停 水", "wording.forbidden"),
        ("请缴滞纳金", "wording.forbidden"),
        ("长" * (wording.LONGEST + 1), "wording.too_long"),
    ],
)
def test_what_cannot_be_filled_in_or_must_not_be_said_is_refused(text: str, code: str) -> None:
    assert refused(text) == code


@given(st.text(max_size=60))
def test_a_text_that_passes_can_always_be_filled_in(text: str) -> None:
    try:
        wording.check(text, field="opening", known=KNOWN, forbidden=words.FORBIDDEN)
    except Refusal:
        return
    filled = wording.fill(text, dict.fromkeys(KNOWN, "x"))
    assert not set("{}") & set(filled)
