"""The frozen facts of each document: what was true when it was drafted, and all that its template may print."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from app.documents.batch_facts import BatchListFacts
from app.documents.case_papers import CasePaperFacts
from app.documents.report_facts import ReportFacts
from app.documents.till import CloseFacts, DepositFacts, ShiftFacts
from app.documents.visits import VisitFacts

NOTICE_ARTICLES = ("civil_code.art944", "property_regulation.fee_duty", "property_regulation.fee_suit")


class Tone(StrEnum):
    """How a notice speaks; each level of the procedure has one."""

    REMINDER = "reminder"
    NOTICE = "notice"
    DEMAND = "demand"


@dataclass(frozen=True, slots=True)
class Company:
    """Who demands: the property company and the office that answers for it."""

    name: str
    code: str = ""
    address: str = ""
    office: str = ""
    contact: str = ""
    phone: str = ""
    hours: str = ""
    payee_name: str = ""
    payee_bank: str = ""
    payee_account: str = ""


@dataclass(frozen=True, slots=True)
class Contract:
    """What the debt rests on; empty texts are left out of the page."""

    title: str = ""
    number: str = ""
    signed_on: dt.date | None = None
    fee_clause: str = ""
    late_charge_clause: str = ""


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom it is for: every owner by full name, the unit, and the address and phone used."""

    owners: tuple[str, ...]
    community: str
    unit_label: str
    area_e3: int
    address: str = ""
    phone_mask: str = ""
    postcode: str = ""
    discounts: str = ""


@dataclass(frozen=True, slots=True)
class SegmentFacts:
    """A run of days of one principal and one rate; ``exact`` is principal times rate times days in yuan."""

    from_on: dt.date
    to_on: dt.date
    days: int
    principal_fen: int
    rate: str
    exact: str


@dataclass(frozen=True, slots=True)
class BillFacts:
    """One unpaid bill as it stands; ``late_charge_fen`` is what is outstanding of ``accrued_fen``.

    ``grace_mode`` is none, shift or threshold, as the bill was posted.
    """

    item: str
    from_on: dt.date
    to_on: dt.date
    due_on: dt.date
    original_fen: int
    principal_fen: int
    costs_fen: int
    late_charge_fen: int
    accrued_fen: int
    late_paid_fen: int
    late_waived_fen: int
    days_overdue: int
    exact_sum: str
    segments: tuple[SegmentFacts, ...]
    is_capped: bool = False
    quantity_e3: int | None = None
    price_e4: int | None = None
    months: int | None = None
    is_by_area: bool = True
    grace_mode: str = "none"
    grace_days: int = 0
    is_limited: bool = False

    @property
    def paid_fen(self) -> int:
        """What came off the principal, by payment or discount."""
        return self.original_fen - self.principal_fen

    @property
    def total_fen(self) -> int:
        """All that is outstanding on the bill."""
        return self.principal_fen + self.late_charge_fen + self.costs_fen


@dataclass(frozen=True, slots=True)
class _Billed:
    """What lists bills; its totals are computed from the lines, so that it always foots."""

    number: str
    issued_on: dt.date
    as_of: dt.date
    company: Company
    contract: Contract
    addressee: Addressee
    bills: tuple[BillFacts, ...]

    @property
    def original_fen(self) -> int:
        return sum(bill.original_fen for bill in self.bills)

    @property
    def paid_fen(self) -> int:
        return sum(bill.paid_fen for bill in self.bills)

    @property
    def principal_fen(self) -> int:
        return sum(bill.principal_fen for bill in self.bills)

    @property
    def late_charge_fen(self) -> int:
        return sum(bill.late_charge_fen for bill in self.bills)

    @property
    def costs_fen(self) -> int:
        return sum(bill.costs_fen for bill in self.bills)

    @property
    def total_fen(self) -> int:
        return self.principal_fen + self.late_charge_fen + self.costs_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFacts(_Billed):
    """A notice of arrears (every field of the trade's standard form).

    ``number`` has at most 14 capitals and digits, so that the slip's code stays small; ``owner_url`` opens the owner's
    page. ``deducted_fen`` is what came off these bills between ``as_of`` and the issue. ``articles`` are the statutes
    cited, by id: duty to pay and demand, duty to pay, suit. ``opening``, ``closing`` and ``contact_note`` are what the
    community says besides, filled in; ``procedure`` and ``wording`` name the versions it was drafted under. A sample
    is for the office's own eyes and says so across the page.
    """

    tone: Tone
    level: int
    nth: int
    deadline_on: dt.date
    owner_url: str
    batch: str = ""
    credit_fen: int = 0
    deducted_fen: int = 0
    reply_days: int = 7
    is_principal_first: bool = True
    is_oldest_first: bool = True
    articles: tuple[str, ...] = NOTICE_ARTICLES
    opening: str = ""
    closing: str = ""
    contact_note: str = ""
    procedure: str = ""
    wording: str = ""
    is_sample: bool = False
    template: str = "notice-1"


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """What a payment paid of one component of one bill."""

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
class ReceiptFacts:
    """A receipt, as the payment stood allocated when it was recorded (``app.store.receipts.facts`` freezes it)."""

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
    is_principal_first: bool = True
    is_oldest_first: bool = True
    is_credit_applied: bool = True
    reversed_on: dt.date | None = None
    reversal_reason: str = ""
    template: str = "receipt-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementFacts(_Billed):
    """What a unit owes on a day, bill by bill, with the whole working."""

    credit_fen: int = 0
    template: str = "statement-1"


Facts = (
    NoticeFacts
    | BatchListFacts
    | ReceiptFacts
    | StatementFacts
    | ReportFacts
    | DepositFacts
    | ShiftFacts
    | CloseFacts
    | VisitFacts
    | CasePaperFacts
)
