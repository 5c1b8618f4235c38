"""What the printed documents say, frozen: the only thing a template is ever given."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from app.documents.facts import Facts

NOTICE_TEMPLATE_VERSION = "notice-1"
RECEIPT_TEMPLATE_VERSION = "receipt-1"
STATEMENT_TEMPLATE_VERSION = "statement-1"


class Tone(StrEnum):
    """How a notice speaks: 温馨提示, 催缴通知书 or 催告函."""

    REMINDER = "reminder"
    NOTICE = "notice"
    DEMAND = "demand"


@dataclass(frozen=True, slots=True)
class CompanyFacts(Facts):
    """Who asks: the property company and its office."""

    name: str
    code: str = ""
    address: str = ""
    phone: str = ""
    office_hours: str = ""
    contact_person: str = ""


@dataclass(frozen=True, slots=True)
class UnitFacts(Facts):
    """The unit, as the books name it."""

    community: str
    label: str
    code: str
    area_e3: int
    community_address: str = ""


@dataclass(frozen=True, slots=True)
class ContractFacts(Facts):
    """What the claim rests on; empty texts are left out of the page."""

    title: str = ""
    number: str = ""
    signed_on: dt.date | None = None
    fee_clause: str = ""
    late_charge_clause: str = ""


@dataclass(frozen=True, slots=True)
class PayeeFacts(Facts):
    """The account to pay to; an empty account leaves the bank transfer out of the ways to pay."""

    name: str = ""
    bank: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class SegmentFacts(Facts):
    """A run of days on one principal and one rate: ``principal × rate × days`` is exactly ``amount``.

    ``from_on`` and ``to_on`` are the first and the last day counted. ``rate`` is written as people read it ("0.1%" or
    "1‰", per day); ``amount`` is the exact product in yuan ("7.5705"), never rounded. ``note`` says why days carry no
    charge (a hold), or is empty.
    """

    from_on: dt.date
    to_on: dt.date
    days: int
    principal_fen: int
    rate: str
    amount: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class NoticeLine(Facts):
    """One unpaid bill.

    ``due_fen`` is what was charged; ``principal_fen = due_fen - paid_fen - discount_fen`` is still open.
    ``late_charge_fen`` is what is open of the late charge: what accrued (``late_charge_before_rounding``, the exact sum
    of the segments, rounded once, at most ``late_cap_fen``) less ``late_paid_fen`` and ``late_waived_fen``.
    """

    item: str
    period_from_on: dt.date
    period_to_on: dt.date
    due_on: dt.date
    due_fen: int
    paid_fen: int
    discount_fen: int
    principal_fen: int
    days_overdue: int
    late_charge_fen: int
    late_charge_before_rounding: str = "0"
    late_paid_fen: int = 0
    late_waived_fen: int = 0
    late_cap_fen: int | None = None
    costs_fen: int = 0
    quantity_e3: int | None = None
    price_e4: int | None = None
    months: int | None = None
    segments: tuple[SegmentFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class TotalFacts(Facts):
    """The sums of the lines; ``total_fen`` is principal, late charge and costs together."""

    principal_fen: int
    late_charge_fen: int
    total_fen: int
    costs_fen: int = 0


@dataclass(frozen=True, slots=True)
class NoticeFacts(Facts):
    """An arrears notice to the owners of one unit.

    ``number`` has at most 14 letters and digits (the small code). ``owner_url`` opens the owner's page, or is empty.
    ``nth`` counts the notices of this tone. ``grace_mode`` is none, shift or threshold. ``cap_percent`` is written as
    people read it ("100%"), empty without a cap.
    """

    number: str
    tone: Tone
    nth: int
    issued_on: dt.date
    as_of: dt.date
    deadline_on: dt.date
    company: CompanyFacts
    unit: UnitFacts
    owners: tuple[str, ...]
    lines: tuple[NoticeLine, ...]
    totals: TotalFacts
    contract: ContractFacts = ContractFacts()
    payee: PayeeFacts = PayeeFacts()
    owner_url: str = ""
    grace_mode: str = "none"
    grace_days: int = 0
    cap_percent: str = ""
    allocation_within: str = "principal_first"
    allocation_across: str = "oldest_first"
    reply_days: int = 7
    template_version: str = NOTICE_TEMPLATE_VERSION


@dataclass(frozen=True, slots=True)
class ReceiptLine(Facts):
    """What one payment did to one component of one bill."""

    item: str
    component: str
    from_on: dt.date
    to_on: dt.date
    quantity_e3: int | None
    months: int | None
    price_e4: int | None
    due_fen: int
    discount_fen: int
    waived_fen: int
    offset_fen: int
    paid_fen: int
    left_fen: int


@dataclass(frozen=True, slots=True)
class ReceiptFacts(Facts):
    """A receipt, exactly as ``app.store.receipts.facts`` freezes it."""

    number: str
    issued_on: dt.date
    received_on: dt.date
    community: str
    company: str
    office_phone: str
    unit_label: str
    area_e3: int
    owners: tuple[str, ...]
    payer: str
    method: str
    reference: str
    note: str
    cashier: str
    amount_fen: int
    credit_fen: int
    designated: bool
    lines: tuple[ReceiptLine, ...]


@dataclass(frozen=True, slots=True)
class StatementLine(Facts):
    """One event of the account; ``change_fen`` is signed (a charge is positive), ``balance_fen`` stands after it."""

    on: dt.date
    kind: str
    detail: str
    change_fen: int
    balance_fen: int


@dataclass(frozen=True, slots=True)
class StatementFacts(Facts):
    """An account over a stretch of time (对账单): what was open before, each event, and every bill still open."""

    number: str
    issued_on: dt.date
    from_on: dt.date
    as_of: dt.date
    company: CompanyFacts
    unit: UnitFacts
    owners: tuple[str, ...]
    opening_fen: int
    lines: tuple[StatementLine, ...]
    closing_fen: int
    open_bills: tuple[NoticeLine, ...]
    totals: TotalFacts
    credit_fen: int = 0
    owner_url: str = ""
    reply_days: int = 7
    template_version: str = STATEMENT_TEMPLATE_VERSION
