"""The calculation of a case as a workbook: every stretch with its formula, so that anybody can work it out again."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from io import BytesIO
from typing import Any

from app.domain.case_facts import CaseFacts, Due
from app.i18n import claim_book_words as words
from app.sheets import writing

_PER_YUAN = 100


def workbook(case: CaseFacts) -> bytes:
    """Return the xlsx; the same case gives the same bytes."""
    target = BytesIO()
    book = writing.open_workbook(target)
    made = dt.datetime(case.as_of.year, case.as_of.month, case.as_of.day)  # noqa: DTZ001 - a workbook has no zone
    book.set_properties({"title": f"{words.TITLE} {case.number}", "created": made})
    styles = {
        "head": book.add_format({"bold": True, "bg_color": "#EEEEEE", "border": 1, "align": "center"}),
        "money": book.add_format({"num_format": "#,##0.00", "border": 1}),
        "exact": book.add_format({"num_format": "#,##0.00######", "border": 1}),
        "date": book.add_format({"num_format": "yyyy-mm-dd", "border": 1, "align": "center"}),
        "text": book.add_format({"border": 1}),
        "rate": book.add_format({"num_format": "0.0000######", "border": 1}),
        "bold": book.add_format({"bold": True, "border": 1, "num_format": "#,##0.00"}),
        "title": book.add_format({"bold": True, "font_size": 14}),
    }
    _stretches(book, case, styles)
    _bills(book, case, styles)
    book.close()
    return target.getvalue()


def _stretches(book: Any, case: CaseFacts, styles: dict[str, Any]) -> None:  # noqa: ANN401 - xlsxwriter's own
    sheet = book.add_worksheet(words.STRETCHES)
    sheet.write_string(0, 0, f"{words.TITLE}　{case.number}　{case.home.community} {case.home.label}", styles["title"])
    _head(sheet, 2, words.STRETCH_HEADS, styles)
    sheet.set_column(0, 0, 6)
    sheet.set_column(1, 2, 24)
    sheet.set_column(3, 9, 15)
    at = 3
    totals = []
    for number, bill in enumerate(case.bills, 1):
        first = at
        for one in bill.stretches:
            sheet.write_number(at, 0, number, styles["text"])
            sheet.write_string(at, 1, bill.item, styles["text"])
            sheet.write_string(at, 2, f"{bill.from_on} – {bill.to_on}", styles["text"])
            writing.write_cell(sheet, at, 3, one.from_on, styles["date"])
            writing.write_cell(sheet, at, 4, one.to_on, styles["date"])
            days = f"=E{at + 1}-D{at + 1}+1"
            sheet.write_formula(at, 5, days, styles["text"], one.days)
            sheet.write_number(at, 6, one.principal_fen / _PER_YUAN, styles["money"])
            sheet.write_number(at, 7, float(_rate(one.rate)), styles["rate"])
            product = Fraction(one.principal_fen, _PER_YUAN) * _rate(one.rate) * one.days
            sheet.write_formula(at, 8, f"=G{at + 1}*H{at + 1}*F{at + 1}", styles["exact"], float(product))
            at += 1
        at = _foot(sheet, at, first, bill, number, styles)
        totals.append(at)
    sheet.write_string(at, 1, words.TOTAL, styles["bold"])
    formula = "=" + ("+".join(f"J{row}" for row in totals) or "0")
    sheet.write_formula(at, 9, formula, styles["bold"], case.contract_late_fen / _PER_YUAN)
    sheet.freeze_panes(3, 0)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _foot(sheet: Any, at: int, first: int, bill: Due, number: int, styles: dict[str, Any]) -> int:  # noqa: ANN401
    """Write the line on which a bill is rounded, once, and return the row behind it."""
    sheet.write_number(at, 0, number, styles["text"])
    sheet.write_string(at, 1, words.CAPPED if bill.is_capped else words.ROUNDED, styles["text"])
    formula = f"=ROUND(SUM(I{first + 1}:I{at}),2)" if bill.stretches else "=0"
    if bill.is_capped:
        formula = f"={bill.accrued_fen / _PER_YUAN}"
    off = bill.late_paid_fen + bill.late_waived_fen
    if off:
        sheet.write_string(at, 2, words.LESS, styles["text"])
        formula += f"-{off / _PER_YUAN}"
    sheet.write_formula(at, 9, formula, styles["bold"], bill.late_charge_fen / _PER_YUAN)
    return at + 1


def _bills(book: Any, case: CaseFacts, styles: dict[str, Any]) -> None:  # noqa: ANN401
    sheet = book.add_worksheet(words.BILLS)
    _head(sheet, 0, words.BILL_HEADS, styles)
    sheet.set_column(0, 0, 6)
    sheet.set_column(1, 9, 15)
    for at, bill in enumerate(case.bills, 1):
        sheet.write_number(at, 0, at, styles["text"])
        sheet.write_string(at, 1, bill.item, styles["text"])
        for place, day in enumerate((bill.from_on, bill.to_on, bill.due_on), 2):
            writing.write_cell(sheet, at, place, day, styles["date"])
        for place, fen in enumerate((bill.original_fen, bill.paid_fen), 5):
            sheet.write_number(at, place, fen / _PER_YUAN, styles["money"])
        sheet.write_formula(at, 7, f"=F{at + 1}-G{at + 1}", styles["money"], bill.principal_fen / _PER_YUAN)
        sheet.write_number(at, 8, bill.late_charge_fen / _PER_YUAN, styles["money"])
    last = len(case.bills)
    sheet.write_string(last + 1, 1, words.TOTAL, styles["bold"])
    for place, letter, fen in ((7, "H", case.principal_fen), (8, "I", case.contract_late_fen)):
        formula = f"=SUM({letter}2:{letter}{last + 1})" if last else "=0"
        sheet.write_formula(last + 1, place, formula, styles["bold"], fen / _PER_YUAN)


def _head(sheet: Any, row: int, titles: tuple[str, ...], styles: dict[str, Any]) -> None:  # noqa: ANN401
    for place, title in enumerate(titles):
        sheet.write_string(row, place, title, styles["head"])


def _rate(text: str) -> Fraction:
    """Return the daily rate that was printed (``0.1%``)."""
    return Fraction(text.rstrip("%")) / 100 if text.endswith("%") else Fraction(text)
