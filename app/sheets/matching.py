"""Records against what is already there: what to create, change, leave alone or refuse; pure, nothing is written."""

from __future__ import annotations

from collections.abc import Sequence

from app.sheets.matching_estate import EstateMatcher
from app.sheets.matching_money import MoneyMatcher
from app.sheets.plan import Plan, Snapshot, Tally, Terms
from app.sheets.records import ArrearsRow, OwnerRow, ParsedBook, ReceiptRow, SheetKind, TariffRow, UnitRow

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
                match record:
                    case TariffRow():
                        estate.tariff(tally, record)
                    case UnitRow():
                        estate.unit(tally, record)
                    case OwnerRow():
                        estate.owner(tally, record)
                    case ArrearsRow():
                        money.arrears(tally, record)
                    case ReceiptRow():
                        money.receipt(tally, record)
    estate.finish()
    money.finish()
    for tally in plan.tallies:
        tally.faults.sort(key=lambda fault: fault.row)
    return plan
