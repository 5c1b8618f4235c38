"""A workbook's bytes to records: each sheet classified, read, and reported on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from app.sheets import guard, headers, money_rows, reading, unit_rows, words
from app.sheets.guard import Limits
from app.sheets.headers import Header
from app.sheets.reading import Sheet
from app.sheets.records import ArrearsRow, ParsedBook, ParsedSheet, ReceiptRow, Record, SheetKind, UnitRow, Warned
from app.sheets.rows import RowReader


def parse(file_name: str, data: bytes, limits: Limits = guard.STANDARD, kind: SheetKind | None = None) -> ParsedBook:
    """Read a whole file; refuses only what cannot be opened, everything else is a fault of a row.

    ``kind`` insists on what the sheets are when their headers leave a doubt.
    """
    sheets = reading.read(file_name, data, limits)
    return ParsedBook(file_name, hashlib.sha256(data).hexdigest(), tuple(parse_sheet(sheet, kind) for sheet in sheets))


def parse_sheet(
    sheet: Sheet, wanted: SheetKind | None = None, *, told: tuple[SheetKind, Header] | None = None
) -> ParsedSheet:
    """Read one sheet as it stands, or as somebody ``told`` what it is and where its columns are."""
    if told is not None:
        kind, header = told
        if kind is SheetKind.IGNORED:
            return ParsedSheet(sheet.name, kind, header.row + 1, _columns(header), reason="ignored.by_choice")
        return _parsed(sheet, kind, header)
    found = headers.find(sheet)
    if found is None:
        return ParsedSheet(sheet.name, SheetKind.IGNORED, reason="ignored.no_header")
    header = found
    kind = headers.kind_of(header)
    if wanted is not None and kind is not SheetKind.IGNORED and "room" in header.fields:
        kind = wanted
    if wanted is None and header.months and _says_paid(sheet, header):
        return ParsedSheet(
            sheet.name, SheetKind.IGNORED, header.row + 1, _columns(header), reason="ignored.paid_by_month"
        )
    if kind is SheetKind.IGNORED:
        return ParsedSheet(sheet.name, kind, header.row + 1, _columns(header), reason=_why_ignored(header))
    return _parsed(sheet, kind, header)


def _parsed(sheet: Sheet, kind: SheetKind, header: Header) -> ParsedSheet:
    reader = RowReader(sheet, header)
    records = _read(kind, reader, header)
    if kind is SheetKind.ARREARS and {"area", "owner"} <= header.fields.keys():
        records = [*_units_beside(sheet, header), *records]
    if kind is SheetKind.UNITS and "owed" in header.fields:
        reader.warnings.append(Warned("import.owed_without_period", column=reader.header.column(header.fields["owed"])))
    is_money = kind in {SheetKind.ARREARS, SheetKind.RECEIPTS}
    return ParsedSheet(
        name=sheet.name,
        kind=kind,
        header_row=header.row + 1,
        columns=_columns(header),
        rows=reader.count,
        records=tuple(records),
        faults=tuple(reader.faults),
        warnings=_in_order([*_about(sheet), *reader.warnings]),
        skipped=tuple(reader.skipped),
        amount_fen=_amount(records) if is_money else None,
        stated_fen=reader.stated if is_money else None,
        community=headers.community_of(sheet, header),
    )


def _read(kind: SheetKind, reader: RowReader, header: Header) -> Sequence[Record]:
    match kind:
        case SheetKind.UNITS:
            return unit_rows.read_units(reader)
        case SheetKind.OWNERS:
            return unit_rows.read_owners(reader)
        case SheetKind.TARIFFS:
            return money_rows.read_tariffs(reader)
        case SheetKind.ARREARS:
            by_month = bool(header.months or header.unclear_months)
            return money_rows.read_arrears_by_month(reader) if by_month else money_rows.read_arrears_by_line(reader)
        case SheetKind.RECEIPTS:
            receipts, unpaid = money_rows.read_receipts(reader)
            return [*receipts, *unpaid]
        case SheetKind.IGNORED:
            return []


def _units_beside(sheet: Sheet, header: Header) -> list[UnitRow]:
    """The units of a sheet that tells areas and debts at once; what is wrong with a row is said of its debt."""
    return unit_rows.read_units(RowReader(sheet, header))


def _says_paid(sheet: Sheet, header: Header) -> bool:
    """True when the titles speak of payments and not of debts: amounts by month are then no arrears."""
    said = sheet.name + "".join(str(value) for row in sheet.rows[: header.row] for value in row if value != "")
    return any(word in said for word in words.PAID_WORDS) and not any(word in said for word in words.DEBT_WORDS)


def _amount(records: Sequence[Record]) -> int:
    return sum(record.amount_fen for record in records if isinstance(record, ArrearsRow | ReceiptRow))


def _columns(header: Header) -> tuple[tuple[str, str], ...]:
    """Each column that was understood: letter and title, with the field it stands for."""
    known = {position: name for name, position in header.fields.items()}
    known |= {position: "month" for position, _ in header.months}
    return tuple((header.column(position), known[position]) for position in sorted(known))


def _why_ignored(header: Header) -> str:
    if "parking_space" in header.fields:
        return "ignored.parking"
    if {"building", "entrance"} <= header.fields.keys():
        return "ignored.buildings"
    return "ignored.unknown"


_MISMATCHES = {"import.total_differs": 0, "import.households_differ": 1, "import.subtotal_differs": 2}


def _in_order(warnings: list[Warned]) -> tuple[Warned, ...]:
    """Totals that do not agree come first: they say that something is missing or twice in the sheet."""
    return tuple(sorted(warnings, key=lambda warned: (_MISMATCHES.get(warned.code, 9), warned.row)))


def _about(sheet: Sheet) -> list[Warned]:
    found = []
    if sheet.is_hidden:
        found.append(Warned("import.sheet_hidden"))
    if sheet.facts.hidden_rows:
        rows = sheet.facts.hidden_rows
        found.append(Warned("import.rows_hidden", facts={"count": len(rows), "first": rows[0]}))
    if sheet.facts.hidden_columns:
        found.append(Warned("import.columns_hidden", facts={"count": sheet.facts.hidden_columns}))
    if sheet.facts.uncalculated:
        found.append(Warned("import.formulas_without_value", facts={"count": len(sheet.facts.uncalculated)}))
    return found
