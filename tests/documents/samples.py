"""Facts to print in tests and benchmarks: one notice per seed, every figure worked out from its bills."""

from __future__ import annotations

import datetime as dt
import random
from fractions import Fraction

from app.documents.contexts import (
    Addressee,
    BillFacts,
    Company,
    Contract,
    NoticeFacts,
    ReceiptFacts,
    ReceiptLine,
    SegmentFacts,
    StatementFacts,
    Tone,
)
from app.domain.money import half_up_fraction
from app.i18n import numerals

AS_OF = dt.date(2026, 11, 20)
RATE = Fraction(1, 1000)
COMPANY = Company(
    name="南京市恒安物业服务有限公司",
    code="91320115MA1N0000XX",
    address="南京市江宁区双龙大道1698号",
    office="翡翠湾物业服务中心（3幢一楼）",
    contact="李经理",
    phone="025-8612 3456",
    hours="每日 8:30–18:00",
    payee_name="南京市恒安物业服务有限公司",
    payee_bank="中国工商银行南京江宁支行",
    payee_account="4301 0123 4567 8901 234",
)
CONTRACT = Contract(
    title="前期物业服务合同",
    number="HA-2019-017",
    signed_on=dt.date(2019, 6, 18),
    fee_clause="物业服务费按月计收，业主应于每月10日前缴纳当月费用",
    late_charge_clause="业主逾期缴纳物业服务费的，自逾期之日起每日按欠缴金额的千分之一支付滞纳金",
)
TOKENS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def segments(start: dt.date, parts: list[tuple[int, int]]) -> tuple[SegmentFacts, ...]:
    """Return segments of (principal in fen, days) one after another, the first on the day after ``start``."""
    found = []
    for principal, days in parts:
        first, start = start + dt.timedelta(days=1), start + dt.timedelta(days=days)
        exact = numerals.exact_yuan(principal * RATE * days)
        found.append(SegmentFacts(first, start, days, principal, numerals.daily_rate(RATE), exact))
    return tuple(found)


def bill(
    start: dt.date,
    *,
    item: str = "物业服务费",
    fen: int = 15449,
    area_e3: int | None = 65740,
    price_e4: int | None = 23500,
    months: int = 1,
    payments: list[tuple[int, int]] | None = None,
    late_paid: int = 0,
    late_waived: int = 0,
) -> BillFacts:
    """Return a bill due on the tenth of the month of ``start``; ``payments`` are (days after due, fen)."""
    due = start.replace(day=10)
    end_month = start.month - 1 + months
    end = dt.date(start.year + end_month // 12, end_month % 12 + 1, 1) - dt.timedelta(days=1)
    overdue = max(0, (AS_OF - due).days)
    parts, left, done = [], fen, 0
    for after, paid in payments or []:
        parts.append((left, after - done))
        left, done = left - paid, after
    if overdue > done:
        parts.append((left, overdue - done))
    exact = sum((principal * RATE * days for principal, days in parts), Fraction(0))
    accrued = half_up_fraction(exact)
    return BillFacts(
        item=item,
        from_on=start,
        to_on=end,
        due_on=due,
        original_fen=fen,
        principal_fen=left,
        costs_fen=0,
        late_charge_fen=accrued - late_paid - late_waived,
        accrued_fen=accrued,
        late_paid_fen=late_paid,
        late_waived_fen=late_waived,
        days_overdue=overdue,
        exact_sum=numerals.exact_yuan(exact),
        segments=segments(due, parts),
        quantity_e3=area_e3,
        price_e4=price_e4,
        months=months,
        is_by_area=area_e3 is not None and item == "物业服务费",
    )


def months_back(count: int) -> list[dt.date]:
    """Return the first days of the ``count`` months that ended before October 2026, oldest first."""
    last = 2026 * 12 + 9
    return [dt.date(place // 12, place % 12 + 1, 1) for place in range(last - count, last)]


def notice(
    bills: int = 6,
    *,
    tone: Tone = Tone.NOTICE,
    owners: tuple[str, ...] = ("刘国浩",),
    seed: int = 1,
    lines: tuple[BillFacts, ...] | None = None,
    number: str | None = None,
) -> NoticeFacts:
    """Return a notice of ``bills`` monthly bills."""
    chance = random.Random(seed)
    area = chance.randrange(45_000, 180_000, 10) if seed != 1 else 65_740
    fen = (area * 23_500 * 100 + 5_000_000) // 10_000_000
    if lines is None:
        lines = tuple(bill(start, fen=fen, area_e3=area) for start in months_back(bills))
    token = "".join(chance.choices(TOKENS, k=22))
    return NoticeFacts(
        number=number or f"CJ0126{seed:06d}",
        tone=tone,
        level=list(Tone).index(tone) + 1,
        nth=list(Tone).index(tone) + 1,
        issued_on=AS_OF,
        as_of=AS_OF,
        deadline_on=dt.date(2026, 12, 7),
        company=COMPANY,
        contract=CONTRACT,
        addressee=Addressee(
            owners=owners,
            community="锦绣江南·翡翠湾",
            unit_label=f"{chance.randrange(1, 30)}幢1单元{chance.randrange(101, 2999)}室"
            if seed != 1
            else "2幢1单元2903室",
            area_e3=area,
            address="江苏省南京市江宁区秣陵街道胜太西路53号",
            phone_mask="138****8000",
            postcode="211100",
        ),
        bills=lines,
        owner_url=f"https://wuye.example.com/o/{token}",
    )


def receipt(lines: int = 2, **changes: object) -> ReceiptFacts:
    """Return a receipt for ``lines`` bills, principal first."""
    made = tuple(
        ReceiptLine("物业服务费", "principal", start, bill(start).to_on, 65740, 1, 23500, 15449, 0, 0, 0, 15449, 0)
        for start in months_back(lines)
    )
    late = ReceiptLine(
        "物业服务费",
        "late_charge",
        dt.date(2026, 4, 1),
        dt.date(2026, 4, 30),
        65740,
        1,
        23500,
        3461,
        0,
        500,
        0,
        1500,
        1461,
    )
    facts: dict[str, object] = {
        "number": "SJ0126000042", "issued_on": AS_OF, "received_on": AS_OF, "community": "锦绣江南·翡翠湾",
        "company": COMPANY.name, "office_phone": COMPANY.phone, "unit_label": "2幢1单元2903室", "area_e3": 65740,
        "owners": ("刘国浩",), "payer": "刘国浩", "method": "wechat", "reference": "4200002026112000123", "note": "",
        "cashier": "王小丽", "amount_fen": 15449 * lines + 1500 + 200, "credit_fen": 200, "designated": False,
        "lines": (*made, late),
    }  # fmt: skip
    return ReceiptFacts(**{**facts, **changes})  # type: ignore[arg-type]


def statement(bills: int = 6) -> StatementFacts:
    """Return a statement of a unit."""
    told = notice(bills)
    return StatementFacts(
        number="DZ0126000007",
        issued_on=AS_OF,
        as_of=AS_OF,
        company=told.company,
        contract=told.contract,
        addressee=told.addressee,
        bills=told.bills,
        credit_fen=12_000,
    )
