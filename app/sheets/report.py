"""An import's outcome as the plain answer of the command line and the API: counts, faults and their sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.domain.errors import Refusal
from app.domain.money import format_yuan
from app.i18n import zh_cn
from app.sheets.plan import Tally
from app.sheets.records import Fault, ParsedSheet, SheetKind, Warned


def sheet_answer(tally: Tally) -> dict[str, Any]:
    """One sheet: what became of its rows, each refused one with row, column, code and sentence."""
    sheet = tally.sheet
    answer: dict[str, Any] = {
        "sheet": sheet.name,
        "kind": sheet.kind.value,
        "header_row": sheet.header_row,
        "rows": sheet.rows,
        "created": tally.created,
        "updated": tally.updated,
        "unchanged": tally.unchanged,
        "rejected": [fault_answer(fault) for fault in tally.faults],
        "warnings": [warning_answer(warned) for warned in tally.warnings],
        "skipped": list(sheet.skipped),
        "amount": None,
    }
    if sheet.kind in {SheetKind.ARREARS, SheetKind.RECEIPTS}:
        answer["amount"] = format_yuan(tally.amount_fen)
    if sheet.stated_fen is not None:
        answer["stated"] = format_yuan(sheet.stated_fen)
    if sheet.reason:
        answer["reason"] = {"code": sheet.reason, "message": zh_cn.sentence(Refusal(sheet.reason))}
    return answer


def known_sheet_answer(sheet: ParsedSheet) -> dict[str, Any]:
    """One sheet of a file that was imported before: everything is as it was."""
    tally = Tally(0, sheet, unchanged=sheet.rows - len({fault.row for fault in sheet.faults}))
    tally.faults.extend(sheet.faults)
    tally.amount_fen = sheet.amount_fen or 0
    return sheet_answer(tally)


def fault_answer(fault: Fault) -> dict[str, Any]:
    """One refused row."""
    return {
        "row": fault.row,
        "column": fault.column,
        "code": fault.refusal.code,
        "message": zh_cn.sentence(fault.refusal),
    }


def warning_answer(warned: Warned) -> dict[str, Any]:
    """One thing worth a look."""
    refusal = Refusal(warned.code)
    refusal.facts.update(warned.facts)
    return {"row": warned.row, "column": warned.column, "code": warned.code, "message": zh_cn.sentence(refusal)}


def kind_of(sheets: Sequence[ParsedSheet]) -> str:
    """The kind of a file: that of its sheets with rows, or ``mixed``."""
    kinds = {sheet.kind.value for sheet in sheets if sheet.kind is not SheetKind.IGNORED}
    return kinds.pop() if len(kinds) == 1 else "mixed" if kinds else SheetKind.IGNORED.value
