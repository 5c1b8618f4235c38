"""What the shipped fonts cannot print is known before anything is printed."""

from __future__ import annotations

import pytest

from app.documents import coverage
from app.domain.errors import Refusal
from tests.documents import samples

RARE_NAMES = "䶮㛃㬎㙦𬱖𬘡𫍯𫖯𠅤𪣻𬀩啟峯喆堃"
SIGNS = "￥㎡□①②③“”‘’《》〈〉—…×÷＝·、％№←→ ０１２ＡＢ"


@pytest.mark.parametrize("text", [RARE_NAMES, SIGNS, "刘国浩 O'Neil José 12,345.67%", "第一行\n第二行"])
def test_names_and_signs_of_the_trade_can_be_printed(text: str) -> None:
    assert coverage.missing_in([text]) == ""


@pytest.mark.parametrize("sign", ["☑", "✂", "😀", "\u200b", "\ue000", "\ud800", "\x00", "ก"])
def test_what_has_no_glyph_is_named(sign: str) -> None:
    assert coverage.missing_in(["张", f"李{sign}四"]) == sign


def test_every_text_of_the_facts_is_looked_at() -> None:
    assert coverage.missing(samples.notice(2)) == ""
    assert coverage.missing(samples.notice(2, owners=("张三", "李😀"))) == "😀"
    assert coverage.missing(samples.receipt(payer="😀", note="✂")) == "✂😀"


def test_a_batch_with_such_a_name_says_whose_it_is() -> None:
    batch = {"1幢101": samples.notice(1), "1幢102": samples.notice(1, owners=("李😀",))}
    with pytest.raises(Refusal) as caught:
        coverage.require(batch)
    assert caught.value.code == "document.glyph_missing"
    assert "1幢102" in str(caught.value.facts["where"])
    assert "1幢101" not in str(caught.value.facts["where"])
    coverage.require({"1幢101": samples.notice(1)})
