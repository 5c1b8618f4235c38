"""The working of a figure: segments, rate and exact products as a person with a pocket calculator would check them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from app.domain.ledger import BillStatement, Statement
from app.domain.rates import Rate
from app.store import plans
from app.store.unit_reads import BillRow

_DECIMALS = 10


@dataclass(frozen=True, slots=True)
class SegmentLine:
    """A run of days of one principal and one rate."""

    from_on: dt.date
    to_on: dt.date
    days: int
    principal_fen: int
    rate: str
    exact: str


@dataclass(frozen=True, slots=True)
class BillLine:
    """A bill on a page: what was posted, what stands, and how it came about."""

    row: BillRow
    principal_fen: int
    late_charge_fen: int
    costs_fen: int
    accrued_fen: int
    late_paid_fen: int
    late_waived_fen: int
    cap_fen: int | None
    days_overdue: int
    is_capped: bool
    segments: tuple[SegmentLine, ...]
    exact_sum: str
    rate_clause: str
    state: str

    @property
    def total_fen(self) -> int:
        """What is outstanding on it."""
        return self.principal_fen + self.late_charge_fen + self.costs_fen

    @property
    def paid_fen(self) -> int:
        """What came off the principal by payments and discounts."""
        return self.row.principal_fen - self.principal_fen


def bill_lines(
    statement: Statement, rows: Mapping[int, BillRow], known: Mapping[int, plans.Plan]
) -> tuple[list[BillLine], list[BillRow]]:
    """Return the bills in due-date order, and those taken back."""
    standing = [
        _line(stated, rows[int(stated.bill.id[1:])], known, statement.as_of)
        for stated in statement.bills
        if int(stated.bill.id[1:]) in rows and stated.bill.issued_on <= statement.as_of
    ]
    gone = [row for row in rows.values() if row.reversed_on is not None and row.reversed_on <= statement.as_of]
    return sorted(standing, key=lambda line: (line.row.due_on, line.row.bill_id)), gone


def _line(stated: BillStatement, row: BillRow, known: Mapping[int, plans.Plan], as_of: dt.date) -> BillLine:
    exact = sum((segment.amount for segment in stated.segments), Fraction(0))
    plan = known.get(row.plan_id)
    return BillLine(
        row=row,
        principal_fen=stated.principal_fen,
        late_charge_fen=stated.late_charge_fen,
        costs_fen=stated.costs_fen,
        accrued_fen=stated.accrued_fen,
        late_paid_fen=stated.late_paid_fen,
        late_waived_fen=stated.late_waived_fen,
        cap_fen=stated.cap_fen,
        days_overdue=stated.days_overdue,
        is_capped=stated.cap_fen is not None and exact > stated.accrued_fen + 1,
        segments=tuple(
            SegmentLine(
                from_on=segment.from_on,
                to_on=segment.to_on,
                days=segment.days,
                principal_fen=segment.principal_fen,
                rate=rate_text(segment.rate),
                exact=exact_yuan(segment.amount),
            )
            for segment in stated.segments
        ),
        exact_sum=exact_yuan(exact),
        rate_clause=plan.policy_on(row.due_on).source_clause if plan else "",
        state=state_of(stated, row, as_of),
    )


def state_of(stated: BillStatement, row: BillRow, as_of: dt.date) -> str:
    """Return the word for where a bill stands (its label is ``bill_state.…``)."""
    if row.reversed_on is not None and row.reversed_on <= as_of:
        return "reversed"
    if stated.total_fen == 0:
        return "settled"
    if stated.principal_fen == 0:
        return "late_charge_left"
    if row.due_on >= as_of:
        return "not_due"
    return "part_paid" if stated.principal_fen < row.principal_fen else "overdue"


def exact_yuan(fen: Fraction) -> str:
    """Write an exact amount of fen in yuan with as many decimals as it needs, at least two and at most ten."""
    return _decimal(fen / 100, 2)


def _decimal(value: Fraction, least: int) -> str:
    whole, rest = divmod(value.numerator * 10**_DECIMALS, value.denominator)
    digits = f"{whole:0{_DECIMALS + 1}d}"
    decimals = digits[-_DECIMALS:].rstrip("0").ljust(least, "0")
    return f"{int(digits[:-_DECIMALS]):,}" + (f".{decimals}" if decimals else "") + ("…" if rest else "")


def rate_text(rate: Rate) -> str:
    """Write a daily rate in per cent, or as yearly per cent over 365 where that is what makes it a round number."""
    for factor, suffix in ((1, ""), (365, "÷365"), (360, "÷360"), (366, "÷366")):
        percent = rate.fraction * 100 * factor
        if (10**6) % percent.denominator == 0:
            return f"{_decimal(percent, 0)}%{suffix}"
    return f"{rate.num}/{rate.den}"
