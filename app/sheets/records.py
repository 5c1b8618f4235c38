"""What a workbook says, as frozen records: rows by kind, faults, warnings and the sheet's own totals."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum

from app.domain.errors import Fact, Refusal
from app.domain.registry import UnitCode, Usage


class SheetKind(StrEnum):
    """What the rows of a sheet are about."""

    UNITS = "units"
    OWNERS = "owners"
    TARIFFS = "tariffs"
    ARREARS = "arrears"
    RECEIPTS = "receipts"
    IGNORED = "ignored"


class Relation(StrEnum):
    """What a person on a row is to the unit."""

    OWNER = "owner"
    FAMILY = "family"
    TENANT = "tenant"
    OTHER = "other"


class Basis(StrEnum):
    """How a fee is worked out."""

    BY_AREA = "by_area"
    FIXED = "fixed"
    ONE_OFF = "one_off"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in one row: the row as Excel counts it, the column as letter and header, the refusal."""

    row: int
    column: str
    refusal: Refusal

    @property
    def letter(self) -> str:
        """The column's letter alone, empty when the whole row is meant."""
        return self.column.partition(" ")[0]


@dataclass(frozen=True, slots=True)
class Warned:
    """Something the office should look at although nothing was refused; ``row`` 0 means the whole sheet."""

    code: str
    row: int = 0
    column: str = ""
    facts: dict[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Person:
    """A person as a row names one; phone in E.164, both numbers empty when the row has none."""

    name: str
    relation: Relation = Relation.OWNER
    phone: str = ""
    id_number: str = ""


@dataclass(frozen=True, slots=True)
class FeeUse:
    """A fee the row says the unit pays: the fee's own number or name, and from when."""

    ref: str
    from_on: dt.date | None


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A flat or shop; ``area_e3`` in thousandths of a square metre, ``price_e4`` per square metre and month.

    ``usage`` is None where the sheet does not say it.
    """

    row: int
    unit: UnitCode
    area_e3: int
    usage: Usage | None = None
    price_e4: int | None = None
    people: tuple[Person, ...] = ()
    owner_ref: str = ""
    fees: tuple[FeeUse, ...] = ()
    note: str = ""
    handed_over_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class OwnerRow:
    """A person from a list of owners, known by the office's own number ``ref`` or by the unit."""

    row: int
    ref: str
    person: Person
    unit: UnitCode | None = None


@dataclass(frozen=True, slots=True)
class TariffRow:
    """A fee item with its price: per square metre in ``price_e4``, plus ``fixed_fen`` a month."""

    row: int
    ref: str
    item: str
    basis: Basis
    price_e4: int
    fixed_fen: int
    cycle_months: int
    from_on: dt.date
    until_on: dt.date | None


@dataclass(frozen=True, slots=True)
class ArrearsRow:
    """One unpaid bill: ``amount_fen`` owed for the closed period; ``due_on`` only where the sheet says it."""

    row: int
    unit: UnitCode
    item: str
    from_on: dt.date
    to_on: dt.date
    amount_fen: int
    due_on: dt.date | None = None
    owner: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """One payment; where the row also names the period it paid for, ``bill`` is that bill as it was due."""

    row: int
    unit: UnitCode
    received_on: dt.date
    amount_fen: int
    method: str
    item: str = ""
    reference: str = ""
    payer: str = ""
    note: str = ""
    bill: ArrearsRow | None = None


Record = UnitRow | OwnerRow | TariffRow | ArrearsRow | ReceiptRow


@dataclass(frozen=True, slots=True)
class ParsedSheet:
    """One sheet, read: its records, the rows that cannot go in, and what else is worth saying.

    ``rows`` counts rows that hold data, good or not; ``skipped`` lists subtotals, notes and examples.
    ``amount_fen`` sums the good rows, ``stated_fen`` is the sheet's own grand total where it has one.
    """

    name: str
    kind: SheetKind
    header_row: int = 0
    columns: tuple[tuple[str, str], ...] = ()
    rows: int = 0
    records: tuple[Record, ...] = ()
    faults: tuple[Fault, ...] = ()
    warnings: tuple[Warned, ...] = ()
    skipped: tuple[int, ...] = ()
    amount_fen: int | None = None
    stated_fen: int | None = None
    community: str = ""
    reason: str = ""

    def column(self, name: str) -> str:
        """The column of a field as letter and header, empty where the sheet has none."""
        return next((column for column, known in self.columns if known == name), "")


@dataclass(frozen=True, slots=True)
class ParsedBook:
    """A whole file, read."""

    file_name: str
    sha256: str
    sheets: tuple[ParsedSheet, ...]

    @property
    def community(self) -> str:
        """The community's name as the first title that tells it, or an empty string."""
        return next((sheet.community for sheet in self.sheets if sheet.community), "")
