"""A case to print in tests and benchmarks: every figure worked out from its bills."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from fractions import Fraction

from app.domain.case_facts import (
    Agent,
    Agreement,
    CaseFacts,
    Claimed,
    Due,
    Exhibit,
    Figure,
    Form,
    Group,
    Home,
    Instalment,
    Judgment,
    Paper,
    Party,
    Sent,
    Settlement,
    Stretch,
)
from app.domain.money import half_up_fraction
from app.i18n import numerals

AS_OF = dt.date(2026, 11, 20)
RATE = Fraction(1, 1000)
COMPANY = Party(
    name="南京市恒安物业服务有限公司",
    is_company=True,
    code="91320115MA1N0000XX",
    address="南京市江宁区双龙大道1698号",
    head="陈志远",
    post="执行董事",
    phone="025-8612 3456",
    company_type="limited",
    ownership="private",
)
OWNER = Party(
    name="刘国浩",
    capacity="业主",
    sex="male",
    born_on=dt.date(1981, 3, 7),
    nation="汉族",
    phone="138 0013 8000",
    address="南京市江宁区秣陵街道胜太西路8号",
    usual_address="南京市江宁区胜太西路22号翡翠湾4幢1单元502室",
    id_kind="居民身份证",
    id_number="32011519810307001X",
)
CO_OWNER = replace(OWNER, name="周雅琴", capacity="共有人", share="共同共有", sex="female", id_number="")


def bill(months_ago: int, *, part_paid: bool = False) -> Due:
    """Return the bill of a month, with a second stretch after a part payment."""
    month = 12 * AS_OF.year + AS_OF.month - 1 - months_ago
    from_on = dt.date(month // 12, month % 12 + 1, 1)
    to_on = (from_on + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
    due_on = from_on.replace(day=10)
    stretches = []
    left, start = 26_346, due_on + dt.timedelta(days=1)
    if part_paid:
        paid_on = due_on + dt.timedelta(days=40)
        stretches.append((start, paid_on, left))
        left, start = left - 10_000, paid_on + dt.timedelta(days=1)
    stretches.append((start, AS_OF, left))
    worked = [
        Stretch(
            a, b, (b - a).days + 1, p, numerals.daily_rate(RATE), numerals.exact_yuan(p * RATE * ((b - a).days + 1))
        )
        for a, b, p in stretches
    ]
    exact = sum((Fraction(one.principal_fen) * RATE * one.days for one in worked), Fraction(0))
    late = half_up_fraction(exact)
    return Due(
        item="物业服务费",
        from_on=from_on,
        to_on=to_on,
        due_on=due_on,
        original_fen=26_346,
        principal_fen=left,
        late_charge_fen=late,
        accrued_fen=late,
        days=(AS_OF - due_on).days,
        exact=numerals.exact_yuan(exact),
        stretches=tuple(worked),
        basis="113.07㎡×2.33",
        clock_from_on=dt.date(2026, 6, 3),
        act_by_on=dt.date(2029, 6, 3),
        clock_state="安全",
        interrupted="2026-06-03 催告",
        proof="送达回执 2026-06-03（证据 6）",
    )


def exhibits() -> tuple[Exhibit, ...]:
    """Return exhibits of every group but the last."""
    made = [
        (Group.STANDING, "营业执照", "原告", "原告主体资格", "书证", Form.COPY, ("standing",), ""),
        (
            Group.CONTRACT,
            "前期物业服务合同",
            "原告与建设单位签订",
            "合同关系、收费标准与违约金约定",
            "书证",
            Form.COPY,
            ("contract", "fee", "late_clause", "basis"),
            "",
        ),
        (
            Group.OWNER,
            "不动产登记簿查询结果",
            "不动产登记中心",
            "被告系业主及房屋面积",
            "书证",
            Form.COPY,
            ("owner",),
            "",
        ),
        (Group.SERVICE, "物业服务工作记录", "原告", "原告已按约提供服务", "书证", Form.COPY, ("service",), ""),
        (Group.DEBT, "物业费欠费明细", "原告信息系统", "欠费期间与数额", "电子数据", Form.ELECTRONIC, ("owed",), ""),
        (
            Group.DEMANDS,
            "催缴通知书及送达回执",
            "原告",
            "原告已催告，被告签收",
            "书证",
            Form.ORIGINAL,
            ("demands",),
            "",
        ),
        (
            Group.DEMANDS,
            "催缴通知送达情况表",
            "原告制作",
            "历次催告的发出与到达",
            "书证",
            Form.ORIGINAL,
            ("demands",),
            Paper.DELIVERY.value,
        ),
        (
            Group.DEMANDS,
            "诉讼时效一览表",
            "原告制作",
            "各笔费用均未超过诉讼时效",
            "书证",
            Form.ORIGINAL,
            ("limitation",),
            Paper.LIMITATION.value,
        ),
        (
            Group.LATE_CHARGE,
            "违约金计算表",
            "原告制作",
            "违约金的逐段计算",
            "书证",
            Form.ORIGINAL,
            ("owed", "late"),
            Paper.CALCULATION.value,
        ),
    ]
    return tuple(
        Exhibit(
            number=place,
            group=group,
            name=name,
            source=source,
            proves=proves,
            kind=kind,
            form=form,
            rows=rows,
            paper=paper,
            formed_on=dt.date(2026, 6, 3),
            sha256="" if paper else f"{place:064x}",
        )
        for place, (group, name, source, proves, kind, form, rows, paper) in enumerate(made, 1)
    )


def case(*, bills: int = 6, co_owner: bool = False) -> CaseFacts:
    """Return a case of ``bills`` months."""
    owed = tuple(bill(ago, part_paid=ago == bills) for ago in range(bills, 0, -1))
    late = sum(one.late_charge_fen for one in owed)
    return CaseFacts(
        number="CASE-2026-0001",
        as_of=AS_OF,
        court="南京市江宁区人民法院",
        path="simplified",
        home=Home("翡翠湾", "4幢1单元502室", "南京市江宁区胜太西路22号", 113_070, "不动产登记簿"),
        creditor=COMPANY,
        debtors=(OWNER, CO_OWNER) if co_owner else (OWNER,),
        agreement=Agreement(
            title="前期物业服务合同",
            number="HA-2019-017",
            signed_on=dt.date(2019, 6, 18),
            place="南京市江宁区",
            owner_side="南京翡翠置业有限公司（建设单位）",
            from_on=dt.date(2019, 7, 1),
            to_on=dt.date(2029, 6, 30),
            fee_text="高层住宅 2.33 元/平方米·月，按建筑面积计收",
            pay_text="按月计收，业主应于每月10日前缴纳当月费用",
            late_text="业主逾期缴纳物业服务费的，自逾期之日起每日按欠缴金额的千分之一支付违约金",
        ),
        bills=owed,
        claimed=Claimed(
            late_fen=late,
            late_text="按合同约定，以每笔欠缴本金为基数，自应缴日次日起按日千分之一计算",
            alternative_text="如人民法院认为约定的违约金过高，请求按同期一年期贷款市场报价利率的 1.5 倍分段计算",
            figures=(
                Figure("合同约定（每日千分之一）", late, 5_000, is_primary=True),
                Figure("一年期贷款市场报价利率×1.5（分段）", 1_234, 5_000, is_alternative=True),
            ),
            court_fee_fen=5_000,
            order_fee_fen=1_667,
            rate_source="中国人民银行授权全国银行间同业拆借中心公布",
        ),
        cause="物业服务合同纠纷",
        agents=(Agent("王律明", "江苏明正律师事务所", "律师", "025-8000 1234", "13201201810000001", True, True),),
        sent=(
            Sent(
                "CJ0126000012",
                dt.date(2026, 6, 1),
                158_076,
                "直接送达",
                "翡翠湾4幢1单元502室",
                dt.date(2026, 6, 3),
                dt.date(2026, 6, 3),
                "本人签收",
                "刘国浩（本人）",
                "",
                "A",
                True,
                "证据 6",
            ),
        ),
        exhibits=exhibits(),
        settlement=Settlement(
            158_076,
            (Instalment(dt.date(2026, 12, 31), 79_038), Instalment(dt.date(2027, 1, 31), 79_038)),
            late,
            "",
            AS_OF,
        ),
        judgment=Judgment(
            "judgment",
            "南京市江宁区人民法院",
            "（2026）苏0115民初1234号",
            dt.date(2026, 9, 1),
            dt.date(2026, 9, 11),
            "被告刘国浩于本判决生效之日起十日内支付原告物业费 1,480.76 元。",
            148_076,
            late,
            2_500,
            1_814,
            70,
            dt.date(2028, 9, 11),
        ),
        bank="中国工商银行南京江宁支行",
        bank_account="4301 0123 4567 8901 234",
        bank_name="南京市恒安物业服务有限公司",
    )
