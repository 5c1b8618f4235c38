"""What an owner reads on a notice, and that the sheet is whole."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

import pytest

from app.documents import render
from app.documents.contexts import Tone
from app.domain.errors import Refusal
from app.i18n import numerals
from tests.documents import printed, samples

MIXED = samples.notice(
    tone=Tone.DEMAND,
    owners=("欧阳娜娜古丽米热·阿卜杜", "尼格买提·热合曼", "䶮㛃喆"),
    lines=(
        samples.bill(
            dt.date(2026, 2, 1), payments=[(30, 5000), (61, 3000), (100, 449)], late_paid=500, late_waived=300
        ),
        samples.bill(dt.date(2026, 3, 1), payments=[(12, 10000)]),
        samples.bill(dt.date(2026, 4, 1), item="车位管理费", fen=15000, area_e3=None, price_e4=1_500_000),
        replace(samples.bill(dt.date(2026, 5, 1), item="水电公摊费", fen=1234567890), costs_fen=35000),
        replace(
            samples.bill(dt.date(2026, 7, 1), months=3, fen=46347),
            is_capped=True,
            accrued_fen=4000,
            late_charge_fen=4000,
        ),
        samples.bill(dt.date(2026, 12, 1)),
    ),
)

FIELDS = {
    "title": "物业费催缴通知书",
    "number": "编号CJ0126000001",
    "how often": "第2次",
    "issued on": "2026年11月20日",
    "owner": "刘国浩",
    "unit": "2幢1单元2903室",
    "address": "江苏省南京市江宁区秣陵街道胜太西路53号",
    "company": "南京市恒安物业服务有限公司",
    "credit code": "91320115MA1N0000XX",
    "office": "翡翠湾物业服务中心",
    "contact": "李经理",
    "phone": "025-86123456",
    "hours": "每日8:30–18:00",
    "contract": "《前期物业服务合同》（编号HA-2019-017，2019年6月18日签订）",
    "law": "《中华人民共和国民法典》第九百四十四条",
    "regulation": "《物业管理条例》第四十一条",
    "area": "计费面积65.74㎡",
    "area times price": "65.74㎡×2.35",
    "period": "2026年4月",
    "due date": "2026-04-10",
    "until when": "违约金暂计至2026年11月20日",
    "word of the contract": "违约金（合同称“滞纳金”）",
    "fee clause": "“物业服务费按月计收，业主应于每月10日前缴纳当月费用”",
    "late charge clause": "每日按欠缴金额的千分之一支付滞纳金",
    "formula": "欠缴本金×每日比例×逾期天数",
    "day count": "应缴日不算，缴清日算",
    "working": "154.49×0.1%×224天＝34.60576",
    "deadline": "请您在2026年12月7日前缴纳",
    "principal alone": "可以只缴本金",
    "allocation": "先抵最早到期的账单，先抵本金、后抵违约金",
    "designation": "先缴哪一笔由您指定",
    "account": "4301012345678901234",
    "bank": "中国工商银行南京江宁支行",
    "reference": "附言请写2幢1单元2903室CJ0126000001",
    "no cash at the door": "工作人员不上门收现金，也不用个人收款码",
    "hardship": "可以申请减免违约金或分期缴纳",
    "dispute": "对金额或服务有异议的，请书面说明",
    "answer": "7日内答复",
    "what follows": "先申请人民调解",
    "suit": "《物业管理条例》第六十四条",
    "service address": "如有变化请告知",
    "masked phone": "138****8000",
    "seal": "（公章）",
    "tear line": "沿虚线撕下，由送达人员带回",
    "slip": "回执致南京市恒安物业服务有限公司",
    "tick received": "已收到本通知（只表示收到，不表示认可金额）",
    "tick promise": "确认欠缴本金元，承诺于年月日前支付",
    "tick dispute": "有异议：",
    "signature": "签收人签名",
    "relation": "与业主关系",
    "relative": "同住成年家属",
    "id": "证件号后四位",
    "phone of signer": "联系电话",
    "time of receipt": "签收时间",
    "record": "送达情况记录",
    "what the record is for": "本记录用于说明通知到达情况",
    "time and place": "时间、地点",
    "refused": "拒收",
    "manner": "张贴于门",
    "photos": "照片、录像",
    "two of staff": "送达人签名①②",
    "witness": "见证人",
    "privacy": "不谈金额",
    "page": "第1页共1页",
}


@pytest.mark.parametrize("field", FIELDS)
def test_a_notice_says(field: str) -> None:
    assert FIELDS[field] in printed.text(samples.notice(6))


def test_every_total_is_the_sum_of_its_lines_and_stands_in_capitals() -> None:
    facts = samples.notice(6)
    rows = re.findall(r"㎡×2\.35(\d{4}-\d\d-\d\d)([\d,]+?\.\d\d)([\d,]+?\.\d\d)([\d,]+?\.\d\d)", printed.text(facts))
    assert len(rows) == 6
    principal = sum(Decimal(row[3].replace(",", "")) for row in rows)
    late = sum(Decimal(one.late_charge_fen) / 100 for one in facts.bills)
    assert f"欠缴本金￥{principal:,}＋违约金（合同称“滞纳金”）￥{late:,}" in printed.text(facts)
    assert (
        f"应缴合计￥{principal + late:,}人民币（大写）{numerals.capitals(int((principal + late) * 100))}"
        in printed.text(facts)
    )


def test_every_working_can_be_done_again_with_a_pocket_calculator() -> None:
    for facts in (samples.notice(12), MIXED):
        text = printed.text(facts)
        found = list(re.finditer(r"(\d{1,3}(?:,\d{3})*\.\d\d)×([\d.]+)%×(\d+)天＝", text))
        assert len(found) == sum(len(bill.segments) for bill in facts.bills)
        for match in found:
            principal, rate, days = match.groups()
            exact = (Decimal(principal.replace(",", "")) * Decimal(rate) / 100 * int(days)).normalize()
            shown = re.match(r"[\d,.]+", text[match.end() :])
            assert shown
            assert shown.group().replace(",", "").startswith(f"{exact:f}"), match.group()


def test_segments_are_added_exactly_and_rounded_once() -> None:
    for facts in (samples.notice(12), MIXED):
        for bill in facts.bills:
            exact = sum((Decimal(one.exact.replace(",", "")) for one in bill.segments), Decimal(0))
            assert exact == Decimal(bill.exact_sum.replace(",", ""))
            if not bill.is_capped:
                assert exact.quantize(Decimal("0.01"), ROUND_HALF_UP) * 100 == bill.accrued_fen
    text = printed.text(MIXED)
    assert "合计23.589，四舍五入到分为23.59；减去已缴5.00；减去已减免3.00，尚欠15.59" in text
    assert "按合同上限计40.00" in text
    assert "尚未起算" in text


def test_items_have_subtotals_when_there_are_several() -> None:
    assert "小计：物业服务费（4笔）" in printed.text(MIXED)
    assert "小计：" not in printed.text(samples.notice(6))


def test_co_owners_all_stand_in_the_address_by_full_name() -> None:
    assert "欧阳娜娜古丽米热·阿卜杜、尼格买提·热合曼、䶮㛃喆" in printed.text(MIXED)


@pytest.mark.parametrize("bills", [1, 6, 9, 12])
def test_up_to_twelve_bills_fit_one_page(bills: int) -> None:
    assert len(printed.pages(samples.notice(bills))) == 1


@pytest.mark.parametrize("bills", [13, 20, 30, 36, 48])
def test_a_longer_notice_breaks_cleanly(bills: int) -> None:
    facts = samples.notice(bills)
    pages = printed.pages(facts)
    assert len(pages) >= 2
    for number, page in enumerate(pages, 1):
        assert f"第{number}页共{len(pages)}页" in page
        assert "编号CJ0126000001" in page
    with_rows = [page for page in pages if "㎡×2.35" in page]
    assert all("费用项目" in page for page in with_rows), "the head of the table is repeated"
    assert all(page.count("㎡×2.35") >= 2 for page in with_rows), "no line stands alone"
    slip = next(page for page in pages if "回执" in page)
    assert "沿虚线撕下" in slip
    assert "见证人" in slip
    total = next(page for page in pages if "单位：元" in page)
    assert "应缴合计" in total
    assert "㎡×2.35" in total, "the total keeps a line with it"


def test_the_owners_code_is_large_and_the_slips_code_lies_below_the_tear_line() -> None:
    facts = samples.notice(6)
    owner, number = (box for _, box in printed.boxes(facts, "img"))
    slip = next(box for _, box in printed.boxes(facts, "slip"))
    assert owner.width / printed.PX_A_MM * 33 / 37 >= 25, "25 mm of code without its white frame"
    assert number.width / printed.PX_A_MM * 21 / 25 >= 15
    assert number.position_y > slip.position_y


def test_both_codes_are_read_back() -> None:
    facts = samples.notice(6)
    assert {code.text for code in printed.codes(facts)} == {facts.owner_url, facts.number}


@pytest.mark.parametrize(
    ("tone", "said", "unsaid"),
    [
        (Tone.REMINDER, ["物业费缴费温馨提示", "请您方便时在2026年12月7日前缴纳"], ["调解", "诉讼", "催告"]),
        (Tone.NOTICE, ["物业费催缴通知书", "请您在2026年12月7日前缴纳", "人民调解"], []),
        (Tone.DEMAND, ["物业费催告函", "正式催告：请您在2026年12月7日前付清", "此前我们已发出2次通知"], []),
    ],
)
def test_each_level_has_its_tone(tone: Tone, said: list[str], unsaid: list[str]) -> None:
    text = printed.text(samples.notice(2, tone=tone))
    for words in said:
        assert words in text
    for words in unsaid:
        assert words not in text


def test_a_name_with_markup_is_printed_as_it_is() -> None:
    odd = "<b>王</b>{{7*7}}{%raw%}<script>"
    assert odd in printed.text(samples.notice(1, owners=(odd,)))
    page = render.html(samples.notice(1, owners=(odd,)))
    assert "<script>" not in page
    assert "49" not in page.split("<title>")[0]


def test_only_packaged_fonts_are_used_even_for_rare_characters() -> None:
    assert printed.fonts(MIXED) <= {"Print", "Print-Bold", "Rare"}


def test_facts_of_a_newer_template_are_refused() -> None:
    with pytest.raises(Refusal) as refused:
        render.html(replace(samples.notice(1), template="notice-99"))
    assert refused.value.code == "document.template_unknown"
