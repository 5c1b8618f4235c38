"""What is already there of a community, and what is to be written: the two sides of a matching."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from app.domain.errors import Fact, Refusal
from app.domain.registry import UnitCode, Usage
from app.sheets import words
from app.sheets.records import Basis, Fault, ParsedSheet, ReceiptRow, Relation, Warned

BillKey = tuple[str, str, dt.date]
"""(unit code, fee item name, first day of the period)."""

PaymentKey = tuple[str, dt.date, int, str]
"""(unit code, day, fen, reference)."""


@dataclass(slots=True)
class Someone:
    """A person, known already (``id``) or to be written; ``phone`` and ``id_number`` only where they are news."""

    name: str
    id: int | None = None
    phone: str = ""
    id_number: str = ""
    phone_index: bytes | None = None
    id_index: bytes | None = None
    phone_tail: str = ""
    file: int = 0
    is_new: bool = False
    is_changed: bool = False


@dataclass(slots=True)
class KnownUnit:
    """A unit, known already or to be written, with the people of today."""

    code: UnitCode
    area_e3: int
    usage: Usage = Usage.RESIDENTIAL
    id: int | None = None
    owners: list[Someone] = field(default_factory=list)
    contacts: list[tuple[Someone, Relation]] = field(default_factory=list)
    file: int = 0
    is_new: bool = False
    is_changed: bool = False
    people_changed: bool = False
    before: tuple[int, Usage] | None = None
    handed_over_on: dt.date | None = None
    price_e4: int | None = None


@dataclass(slots=True)
class KnownItem:
    """A fee item; ``price_e4`` and ``addition_e4`` of the tariff for every usage, None where there is none."""

    name: str
    basis: Basis
    id: int | None = None
    cycle_months: int = 1
    starts_on: dt.date = dt.date(2000, 1, 1)
    price_e4: int | None = None
    addition_e4: int = 0
    until_on: dt.date | None = None
    is_listed: bool = False
    new_tariff_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class BillNow:
    """A bill that is there: its amount, its number, and whether its import was undone."""

    id: int
    principal_fen: int
    to_on: dt.date
    issue: int
    is_undone: bool


@dataclass(frozen=True, slots=True)
class NewBill:
    """A bill to post; ``issue`` counts up where an earlier import of the period was undone."""

    file: int
    unit: str
    item: str
    from_on: dt.date
    to_on: dt.date
    due_on: dt.date
    issued_on: dt.date
    amount_fen: int
    issue: int = 0


@dataclass(frozen=True, slots=True)
class NewPayment:
    """A payment to post, named for one bill where the sheet says which."""

    file: int
    receipt: ReceiptRow
    bill: BillKey | None = None


@dataclass(frozen=True, slots=True)
class Tie:
    """A person to be tied to a unit."""

    unit: str
    someone: Someone
    relation: Relation
    file: int


@dataclass(slots=True)
class Snapshot:
    """What is already there of one community."""

    units: dict[str, KnownUnit] = field(default_factory=dict)
    items: dict[str, KnownItem] = field(default_factory=dict)
    bills: Mapping[BillKey, BillNow] = field(default_factory=dict)
    payments: Counter[PaymentKey] = field(default_factory=Counter)
    people: Sequence[Someone] = ()
    fees: set[tuple[str, str]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Terms:
    """How the matching day and due dates are told: arguments, never guessed from a clock."""

    today: dt.date
    due_on: Callable[[dt.date], dt.date]
    """The due date of a period that ends on the given day."""
    index: Callable[[str], bytes]
    """The blind index of a phone or identity number."""


@dataclass(slots=True)
class Tally:
    """What became of one sheet's rows."""

    file: int
    sheet: ParsedSheet
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    amount_fen: int = 0
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Warned] = field(default_factory=list)

    def fault(self, row: int, name: str, code: str, **facts: Fact) -> None:
        """Refuse a row; several records of one row are refused once."""
        if not self.faults or (self.faults[-1].row, self.faults[-1].refusal.code) != (row, code):
            refusal = Refusal(code)
            refusal.facts.update(facts)
            self.faults.append(Fault(row, self.sheet.column(name), refusal))

    def warn(self, row: int, name: str, code: str, **facts: Fact) -> None:
        """Point something out, once a row."""
        if not self.warnings or (self.warnings[-1].row, self.warnings[-1].code) != (row, code):
            self.warnings.append(Warned(code, row, self.sheet.column(name), dict(facts)))


@dataclass(slots=True)
class Plan:
    """Everything to be written, and the tally of every sheet in the order of the files."""

    tallies: list[Tally] = field(default_factory=list)
    units: list[KnownUnit] = field(default_factory=list)
    people: list[Someone] = field(default_factory=list)
    ties: list[Tie] = field(default_factory=list)
    items: list[KnownItem] = field(default_factory=list)
    fees: list[tuple[str, str, dt.date, int | None]] = field(default_factory=list)
    bills: list[NewBill] = field(default_factory=list)
    payments: list[NewPayment] = field(default_factory=list)


def item_named(plan: Plan, snapshot: Snapshot, name: str) -> KnownItem:
    """Return the fee item of that name, planning a new one where there is none."""
    found = snapshot.items.get(name)
    if found is None:
        basis = Basis.BY_AREA if name == words.DEFAULT_ITEM else Basis.FIXED
        found = snapshot.items[name] = KnownItem(name, basis)
        plan.items.append(found)
    return found
