"""Receipts and statements: every column, every total, and the same bytes for the same facts."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from app.documents import codec, render
from app.documents.contexts import Facts, ReceiptFacts
from tests.documents import printed, samples

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = "收费项目费用区间使用量系数单价应收优惠减免冲抵缴费欠费"


def test_a_receipt_has_the_columns_the_trade_knows() -> None:
    assert COLUMNS in printed.text(samples.receipt())


@pytest.mark.parametrize(
    "said",
    [
        "编号SJ0126000042",
        "锦绣江南·翡翠湾2幢1单元2903室",
        "刘国浩",
        "收款方式：微信（4200002026112000123）",
        "收款日期：2026年11月20日",
        "实收￥325.98人民币（大写）叁佰贰拾伍元玖角捌分",
        "物业服务费（违约金）",
        "以后的账单开出时自动抵缴",
        "先抵最早到期的账单，先抵本金、后抵违约金",
        "“欠费”指所列账单截至2026年11月20日的余额",
        "每月四舍五入到分",
        "收款人：王小丽",
        "（收款专用章）",
    ],
)
def test_a_receipt_says(said: str) -> None:
    assert said in printed.text(samples.receipt())


def test_a_receipt_words_the_order_and_the_credit_as_they_were_in_force() -> None:
    text = printed.text(samples.receipt(is_oldest_first=False, is_credit_applied=False))
    assert "先抵负担较重的账单，负担相同的先抵先到期的，先抵本金" in text
    assert "留待您指定用途" in text
    assert "先抵最早到期" not in text
    assert "自动抵缴" not in text


def test_what_a_receipt_books_and_keeps_is_what_was_paid() -> None:
    facts = samples.receipt(3)
    assert sum(line.paid_fen for line in facts.lines) + facts.credit_fen == facts.amount_fen


def test_a_designated_payment_says_so() -> None:
    assert "按交款人指定的账单入账" in printed.text(samples.receipt(designated=True))


def test_a_reversed_receipt_is_marked_and_an_ordinary_one_is_not() -> None:
    text = printed.text(samples.receipt(reversed_on=dt.date(2026, 11, 22), reversal_reason="银行退票"))
    assert "本收据已于2026年11月22日冲销，不再有效（银行退票）" in text
    assert "冲销" not in printed.text(samples.receipt())


def test_a_long_receipt_repeats_its_head_and_keeps_its_total_with_a_line() -> None:
    pages = printed.pages(samples.receipt(30))
    assert len(pages) >= 2
    assert all(COLUMNS in page for page in pages)
    assert "实收￥" in pages[-1]


def test_a_receipt_reads_the_facts_the_store_freezes() -> None:
    frozen = codec.to_json(samples.receipt())
    for optional in (
        "is_principal_first",
        "is_oldest_first",
        "is_credit_applied",
        "reversed_on",
        "reversal_reason",
        "template",
    ):
        del frozen[optional]
    assert codec.from_json(ReceiptFacts, frozen) == samples.receipt()


def test_a_statement_shows_the_working_of_every_bill() -> None:
    text = printed.text(samples.statement(3))
    for said in (
        "对账单",
        "怎么算的",
        "2026-08-11至2026-11-20102154.490.1%15.75798",
        "合计15.75798，四舍五入到分为15.76",
        "预存￥120.00",
    ):
        assert said in text


def test_a_statement_without_open_bills_says_so() -> None:
    assert "没有未缴清的账单，账户预存￥120.00" in printed.text(replace(samples.statement(1), bills=()))


PRINTER = """
import hashlib
from app.documents import render
from tests.documents import samples
for facts in (samples.receipt(), samples.notice(2, owners=("䶮㛃喆",)), samples.statement(2)):
    print(hashlib.sha256(render.pdf(facts)[0]).hexdigest())
"""


def test_the_same_facts_give_the_same_bytes_in_any_process_and_order() -> None:
    facts: list[Facts] = [samples.receipt(), samples.notice(2, owners=("䶮㛃喆",)), samples.statement(2)]
    here = [hashlib.sha256(render.pdf(one)[0]).hexdigest() for one in reversed(facts)][::-1]
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", PRINTER], capture_output=True, text=True, env=environment, check=True, cwd=ROOT
        )
        assert done.stdout.split() == here
