"""Sheets of money: arrears month by month or line by line, receipts and payment histories, fee settings."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from app.domain.errors import Refusal
from app.domain.registry import UnitCode
from app.sheets import cells, dates, words
from app.sheets.dates import Span
from app.sheets.reading import Cell
from app.sheets.records import ArrearsRow, Basis, ReceiptRow, TariffRow
from app.sheets.rows import RowReader, is_blank

CYCLES = (1, 3, 6, 12)
_FOREVER_FROM = 2037


def read_arrears_by_month(reader: RowReader) -> list[ArrearsRow]:
    """Read a sheet with one column a month; each amount is one unpaid bill of its month."""
    found: list[ArrearsRow] = []
    seen: dict[tuple[UnitCode, str], int] = {}
    reader.sum_column("row_total", "owed", "amount")
    total_name = next((name for name in ("row_total", "owed", "amount") if reader.has(name)), "")
    months = reader.header.months
    for number in reader:
        unit = reader.unit()
        item = reader.text("item")[:60] or words.DEFAULT_ITEM
        owed = [(span, amount) for position, span in months if (amount := _owed_at(reader, position)) > 0]
        for position in reader.header.unclear_months:
            reader.read_at(position, _refuse_unclear_month, 0)
        total = sum(amount for _, amount in owed)
        reader.add(total)
        if total_name:
            _check_row_total(reader, total_name, total)
        if unit is None or not reader.is_good:
            continue
        first = seen.setdefault((unit, item), number)
        if first != number:
            reader.fault("import.duplicate_arrears", "room", unit=unit.label, first_row=first)
            continue
        owner = cells.text(reader.value("owner"))
        found.extend(ArrearsRow(number, unit, item, span[0], span[1], amount, None, owner) for span, amount in owed)
    return found


def _refuse_unclear_month(value: Cell) -> int:
    """Refuse an amount whose month nobody can tell; nothing owed is nothing in any month."""
    if cells.owed_fen(value):
        raise Refusal("import.month_header_number")
    return 0


def _owed_at(reader: RowReader, position: int) -> int:
    amount = reader.read_at(position, cells.owed_fen, 0)
    if amount:
        reader.add_at(position, amount)
    return amount


def _check_row_total(reader: RowReader, name: str, ours: int) -> None:
    stated = reader.read_or_warn(name, cells.signed_fen, ours)
    if stated != ours:
        reader.warn("import.row_total_differs", name, stated=_yuan(stated), ours=_yuan(ours))


def _yuan(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def read_arrears_by_line(reader: RowReader) -> list[ArrearsRow]:
    """Read a sheet with one unpaid period a row."""
    found: list[ArrearsRow] = []
    seen: dict[tuple[UnitCode, str, dt.date], int] = {}
    reader.sum_column("owed", "row_total", "amount", "due")
    for number in reader:
        unit = reader.unit()
        span = _span(reader)
        due_on = reader.read("due_on", dates.day)
        amount = _amount_owed(reader)
        item = reader.text("item")[:60] or words.DEFAULT_ITEM
        reader.add(amount or 0)
        if unit is None or span is None or amount is None or not reader.is_good:
            continue
        first = seen.setdefault((unit, item, span[0]), number)
        if first != number:
            reader.fault("import.duplicate_arrears", "room", unit=unit.label, first_row=first)
        elif amount:
            owner = cells.text(reader.value("owner"))
            found.append(ArrearsRow(number, unit, item, span[0], span[1], amount, due_on, owner))
    return found


def _amount_owed(reader: RowReader) -> int | None:
    """What is still owed: said outright, or what was due less what was paid."""
    for name in ("owed", "amount", "row_total"):
        if reader.has(name) and not (name == "row_total" and reader.has("due")):
            return reader.read(name, cells.owed_fen, missing="import.missing_amount")
    due = reader.read("due", cells.fen, missing="import.missing_amount")
    paid = reader.read("paid", cells.owed_fen) or 0
    if due is None:
        return None
    if paid > due:
        reader.fault("import.paid_more_than_due", "paid", due=_yuan(due), paid=_yuan(paid))
        return None
    return due - paid


def _span(reader: RowReader) -> Span | None:
    if reader.has("period_from") and reader.has("period_to"):
        start = reader.read("period_from", dates.day, missing="import.missing_period")
        end = reader.read("period_to", dates.day, missing="import.missing_period")
        if start is None or end is None:
            return None
        if end < start:
            reader.fault("import.period_reversed", "period_to", start=start.isoformat(), end=end.isoformat())
            return None
        return dates.between(start, end)
    name = next((name for name in ("period", "period_from", "period_to", "due_on") if reader.has(name)), "period")
    is_typed = reader.sheet.is_typed
    return reader.read(name, lambda value: dates.period(value, is_typed=is_typed), missing="import.missing_period")


def read_receipts(reader: RowReader) -> tuple[list[ReceiptRow], list[ArrearsRow]]:
    """Read one payment a row; with periods it is a history, whose unpaid rows are arrears."""
    receipts: list[ReceiptRow] = []
    unpaid: list[ArrearsRow] = []
    seen: dict[tuple[UnitCode, dt.date, int, str], int] = {}
    amount_name = next((name for name in ("paid", "amount", "due") if reader.has(name)), "amount")
    reader.sum_column(amount_name)
    has_period = reader.has("period") or (reader.has("period_from") and reader.has("period_to"))
    for number in reader:
        unit = reader.unit()
        span = _span(reader) if has_period else None
        item = reader.text("item")[:60]
        if has_period and is_blank(reader.value("received_on")) and not (reader.read(amount_name, cells.owed_fen) or 0):
            due = reader.read("due", cells.fen) if amount_name != "due" else None
            if unit is not None and span is not None and due and reader.is_good:
                unpaid.append(ArrearsRow(number, unit, item or words.DEFAULT_ITEM, span[0], span[1], due))
            continue
        line = _line(reader, amount_name)
        reader.add(line.amount_fen or 0)
        if unit is None or line.received_on is None or line.amount_fen is None or not reader.is_good:
            continue
        key = (unit, line.received_on, line.amount_fen, line.reference)
        first = seen.setdefault(key, number)
        if first != number and line.reference and not has_period:
            reader.fault("import.duplicate_receipt", "reference", reference=line.reference, first_row=first)
            continue
        bill = None
        if span is not None:
            due = reader.read("due", cells.fen) if reader.has("due") else line.amount_fen
            bill = ArrearsRow(number, unit, item or words.DEFAULT_ITEM, span[0], span[1], due or line.amount_fen)
        if reader.is_good:
            receipts.append(
                ReceiptRow(
                    number, unit, line.received_on, line.amount_fen, line.method, item, line.reference,
                    line.payer, line.note, bill,
                )
            )  # fmt: skip
    return receipts, unpaid


@dataclass(frozen=True, slots=True)
class _Line:
    received_on: dt.date | None
    amount_fen: int | None
    method: str
    reference: str
    payer: str
    note: str


def _line(reader: RowReader, amount_name: str) -> _Line:
    amount = reader.read(amount_name, cells.fen, missing="import.missing_amount")
    if amount == 0:
        reader.fault("import.amount_not_positive", amount_name)
    return _Line(
        reader.read("received_on", dates.day, missing="import.missing_date"),
        amount,
        cells.method(reader.value("method")) if reader.has("method") else "other",
        reader.text("reference")[:80],
        reader.text("payer")[:80],
        reader.text("note"),
    )


def read_tariffs(reader: RowReader) -> list[TariffRow]:
    """Read one fee item a row, with its formula as a code or in words."""
    found: list[TariffRow] = []
    seen: dict[str, int] = {}
    for number in reader:
        item = reader.text("item")
        if not item:
            reader.fault("import.missing_item", "item")
        price = reader.read("price", cells.price_e4) or 0
        fixed = reader.read("fixed", cells.fen) or 0
        months = reader.read("cycle", lambda value: cells.whole(value, least=1, most=12)) or 1
        if months not in CYCLES:
            reader.fault("import.bad_cycle", "cycle", months=months)
        start = reader.read("rule_from", dates.day, missing="import.missing_date" if reader.has("rule_from") else "")
        end = reader.read("rule_to", dates.day)
        basis = _basis(reader, price)
        if not reader.is_good:
            continue
        first = seen.setdefault(item, number)
        if first != number:
            reader.fault("import.duplicate_item", "item", item=item, first_row=first)
            continue
        # Systems write an end without end as 2037: the last year their clocks knew.
        until = end if end is not None and end.year < _FOREVER_FROM else None
        found.append(
            TariffRow(
                number, reader.text("fee_ref") or item, item[:60], basis,
                price if basis is Basis.BY_AREA else 0, fixed, months, start or dt.date(2000, 1, 1), until,
            )
        )  # fmt: skip
    return found


def _basis(reader: RowReader, price: int) -> Basis:
    formula = words.fold(cells.text(reader.value("formula")))
    by_words = words.FORMULAS.get(formula)
    if formula and by_words is None:
        reader.fault("import.unknown_formula", "formula", value=formula[:40])
    if words.fold(cells.text(reader.value("fee_flag"))) in words.ONE_OFF:
        return Basis.ONE_OFF
    if by_words is not None:
        return Basis(by_words)
    return Basis.BY_AREA if price else Basis.FIXED
