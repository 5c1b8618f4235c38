"""Everything a paper of a case prints, frozen on a day: parties, contract, bills, proof, claim, exhibits, gaps."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class Paper(StrEnum):
    """The papers of a case, in the order they are listed."""

    COMPLAINT = "complaint"
    PAYMENT_ORDER = "payment_order"
    EXHIBIT_LIST = "exhibit_list"
    CALCULATION = "calculation"
    LIMITATION = "limitation"
    DELIVERY = "delivery"
    DEMAND = "demand"
    POWER = "power"
    ENFORCEMENT = "enforcement"
    INSTALMENTS = "instalments"
    MEDIATION = "mediation"


EDITABLE = frozenset(
    {Paper.COMPLAINT, Paper.PAYMENT_ORDER, Paper.DEMAND, Paper.POWER, Paper.ENFORCEMENT, Paper.INSTALMENTS}
    | {Paper.MEDIATION}
)
"""Those a lawyer will edit: they come as a text document beside the PDF."""

EXHIBIT_PAPERS = (Paper.CALCULATION, Paper.LIMITATION, Paper.DELIVERY)
"""Those that are exhibits themselves."""

AFTER_JUDGMENT = frozenset({Paper.ENFORCEMENT})
"""Papers that say nothing before something was decided."""


class Form(StrEnum):
    """What is handed in: the thing itself, a copy of it, or data."""

    ORIGINAL = "original"
    COPY = "copy"
    ELECTRONIC = "electronic"


class Group(StrEnum):
    """The eight groups of the list of exhibits, in their order."""

    STANDING = "standing"
    CONTRACT = "contract"
    OWNER = "owner"
    SERVICE = "service"
    DEBT = "debt"
    DEMANDS = "demands"
    LATE_CHARGE = "late_charge"
    COSTS = "costs"


@dataclass(frozen=True, slots=True)
class Party:
    """A party; texts that are not known are empty and are left to be filled in by hand."""

    name: str
    is_company: bool = False
    capacity: str = ""
    share: str = ""
    code: str = ""
    address: str = ""
    registered: str = ""
    head: str = ""
    post: str = ""
    phone: str = ""
    sex: str = ""
    born_on: dt.date | None = None
    nation: str = ""
    workplace: str = ""
    usual_address: str = ""
    id_kind: str = ""
    id_number: str = ""
    company_type: str = ""
    ownership: str = ""


@dataclass(frozen=True, slots=True)
class Agent:
    """Who acts for the company; ``is_special`` when the powers that must be spelled out are given."""

    name: str
    firm: str = ""
    post: str = ""
    phone: str = ""
    licence: str = ""
    is_special: bool = False
    is_lawyer: bool = False


@dataclass(frozen=True, slots=True)
class Agreement:
    """The contract the debt rests on."""

    title: str = ""
    number: str = ""
    signed_on: dt.date | None = None
    place: str = ""
    owner_side: str = ""
    from_on: dt.date | None = None
    to_on: dt.date | None = None
    fee_text: str = ""
    pay_text: str = ""
    late_text: str = ""
    forum_text: str = ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A run of days of one principal and one rate; ``exact`` is their product in yuan, not rounded."""

    from_on: dt.date
    to_on: dt.date
    days: int
    principal_fen: int
    rate: str
    exact: str


@dataclass(frozen=True, slots=True)
class Due:
    """One unpaid bill with its working and its limitation clock."""

    item: str
    from_on: dt.date
    to_on: dt.date
    due_on: dt.date
    original_fen: int
    principal_fen: int
    late_charge_fen: int
    accrued_fen: int
    days: int
    exact: str
    stretches: tuple[Stretch, ...] = ()
    late_paid_fen: int = 0
    late_waived_fen: int = 0
    is_capped: bool = False
    basis: str = ""
    number: str = ""
    clock_from_on: dt.date | None = None
    act_by_on: dt.date | None = None
    expires_on: dt.date | None = None
    clock_state: str = ""
    interrupted: str = ""
    proof: str = ""

    @property
    def paid_fen(self) -> int:
        """What came off the principal."""
        return self.original_fen - self.principal_fen


@dataclass(frozen=True, slots=True)
class Sent:
    """One attempt to bring one notice to the owner, and what proves it."""

    number: str
    issued_on: dt.date
    asked_fen: int
    channel: str
    to: str = ""
    dispatched_on: dt.date | None = None
    arrived_on: dt.date | None = None
    outcome: str = ""
    receiver: str = ""
    post_number: str = ""
    strength: str = ""
    interrupts: bool = False
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """One yardstick for the late charge, and what the court would charge for that claim."""

    name: str
    late_fen: int | None
    fee_fen: int | None = None
    is_primary: bool = False
    is_alternative: bool = False


@dataclass(frozen=True, slots=True)
class Claimed:
    """What is asked for; the principal is that of the bills."""

    late_fen: int
    late_text: str = ""
    alternative_text: str = ""
    until_paid: bool = True
    with_costs: bool = True
    other: str = ""
    figures: tuple[Figure, ...] = ()
    court_fee_fen: int = 0
    order_fee_fen: int = 0
    warnings: tuple[str, ...] = ()
    rate_source: str = ""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One exhibit; ``rows`` names the rows of the complaint it proves, ``sha256`` the original, ``paper`` one made."""

    number: int
    group: Group
    name: str
    source: str
    proves: str
    form: Form = Form.COPY
    kind: str = ""
    copies: int = 1
    formed_on: dt.date | None = None
    rows: tuple[str, ...] = ()
    sha256: str = ""
    shown_sha256: str = ""
    file_name: str = ""
    media_type: str = ""
    paper: str = ""
    is_encrypted: bool = False
    from_page: int = 0
    pages: int = 0


@dataclass(frozen=True, slots=True)
class Instalment:
    """One payment of a plan."""

    due_on: dt.date
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """What was agreed on paying by instalments."""

    total_fen: int
    instalments: tuple[Instalment, ...]
    waived_fen: int = 0
    condition: str = ""
    agreed_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Judgment:
    """What is to be enforced."""

    kind: str
    court: str
    number: str
    effective_on: dt.date | None
    perform_by_on: dt.date | None
    text: str
    principal_fen: int
    interest_fen: int = 0
    costs_fen: int = 0
    delayed_fen: int = 0
    delayed_days: int = 0
    apply_by_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Something the file lacks: a code with a label, where to close it, and how many are concerned."""

    code: str
    where: str = ""
    count: int = 0
    is_serious: bool = False


@dataclass(frozen=True, slots=True)
class Home:
    """The unit."""

    community: str
    label: str
    address: str
    area_e3: int
    area_source: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """A case as its papers print it."""

    number: str
    as_of: dt.date
    court: str
    path: str
    home: Home
    creditor: Party
    debtors: tuple[Party, ...]
    agreement: Agreement
    bills: tuple[Due, ...]
    claimed: Claimed
    cause: str = ""
    thirds: tuple[Party, ...] = ()
    agents: tuple[Agent, ...] = ()
    sent: tuple[Sent, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()
    settlement: Settlement | None = None
    judgment: Judgment | None = None
    gaps: tuple[Gap, ...] = ()
    has_preservation: bool = False
    wants_mediation: bool = True
    bank: str = ""
    bank_account: str = ""
    bank_name: str = ""
    paid_after_fen: int = 0
    serial: int = 0

    @property
    def principal_fen(self) -> int:
        """What is owed of the fees."""
        return sum(bill.principal_fen for bill in self.bills)

    @property
    def contract_late_fen(self) -> int:
        """What the contract's late charge comes to."""
        return sum(bill.late_charge_fen for bill in self.bills)

    @property
    def total_fen(self) -> int:
        """Principal and late charge as claimed."""
        return self.principal_fen + self.claimed.late_fen

    @property
    def first_on(self) -> dt.date | None:
        """The first day of the oldest unpaid period."""
        return min((bill.from_on for bill in self.bills), default=None)

    @property
    def last_on(self) -> dt.date | None:
        """The last day of the newest unpaid period."""
        return max((bill.to_on for bill in self.bills), default=None)

    def proofs_of(self, row: str) -> tuple[int, ...]:
        """Return the numbers of the exhibits that prove a row of the complaint."""
        return tuple(one.number for one in self.exhibits if row in one.rows)

    def grouped(self) -> tuple[tuple[Group, tuple[Exhibit, ...]], ...]:
        """Return every group that has exhibits, in order."""
        found = ((group, tuple(one for one in self.exhibits if one.group is group)) for group in Group)
        return tuple((group, members) for group, members in found if members)

    def copies_needed(self) -> int:
        """Return how many copies the court needs: one for itself, one for each party opposite."""
        return 1 + len(self.debtors) + len(self.thirds)
