"""Records against what is already there: what to create, change, leave alone or refuse; pure, nothing is written."""

from __future__ import annotations

from collections.abc import Sequence

from app.sheets.matching_estate import EstateMatcher
from app.sheets.matching_money import MoneyMatcher
from app.sheets.plan import Plan, Snapshot, Tally, Terms
from app.sheets.records import ArrearsRow, OwnerRow, ParsedBook, ReceiptRow, Record, SheetKind, TariffRow, UnitRow

_ORDER = (SheetKind.TARIFFS, SheetKind.UNITS, SheetKind.OWNERS, SheetKind.ARREARS, SheetKind.RECEIPTS)


def match(books: Sequence[tuple[int, ParsedBook]], snapshot: Snapshot, terms: Terms) -> Plan:
    """Match files (each with its number) against the snapshot, whatever order they came in.

    Units go before what is owed on them, and both before what was paid.
    """
    plan = Plan(tallies=[Tally(file, sheet) for file, book in books for sheet in book.sheets])
    for tally in plan.tallies:
        tally.faults.extend(tally.sheet.faults)
        tally.warnings.extend(tally.sheet.warnings)
    estate = EstateMatcher(plan, snapshot, terms)
    money = MoneyMatcher(plan, snapshot, terms)
    estate.learn_owners([tally for tally in plan.tallies if tally.sheet.kind is SheetKind.OWNERS])
    for kind in _ORDER:
        for tally in plan.tallies:
            if tally.sheet.kind is not kind:
                continue
            for record in tally.sheet.records:
                _match_record(estate, money, tally, record)
    estate.finish()
    money.finish()
    for tally in plan.tallies:
        tally.faults.sort(key=lambda fault: fault.row)
    return plan


def _match_record(estate: EstateMatcher, money: MoneyMatcher, tally: Tally, record: Record) -> None:
    match record:
        case TariffRow():
            estate.tariff(tally, record)
        case UnitRow() if tally.sheet.kind is SheetKind.ARREARS:
            _unit_beside_arrears(estate, tally, record)
        case UnitRow():
            estate.unit(tally, record)
        case OwnerRow():
            estate.owner(tally, record)
        case ArrearsRow():
            money.arrears(tally, record)
        case ReceiptRow():
            money.receipt(tally, record)


def _unit_beside_arrears(estate: EstateMatcher, tally: Tally, record: UnitRow) -> None:
    """Match a unit from a sheet of debts: only what it brings counts, the rows are counted by their bills."""
    beside = Tally(tally.file, tally.sheet)
    estate.unit(beside, record)
    tally.created += beside.created
    tally.updated += beside.updated
    tally.warnings.extend(beside.warnings)
