"""One unit on one day, as both the office's page and the owner's page show it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.domain import ledger as engine
from app.domain.errors import not_found
from app.store import ledger, plans, unit_reads
from app.web import working


@dataclass(frozen=True, slots=True)
class UnitView:
    """Everything the unit's page shows on one day."""

    head: unit_reads.Head
    as_of: dt.date
    parties: list[unit_reads.Party]
    lines: list[working.BillLine]
    gone: list[unit_reads.BillRow]
    credit_fen: int

    @property
    def open_lines(self) -> list[working.BillLine]:
        """Bills with something outstanding."""
        return [line for line in self.lines if line.total_fen]

    @property
    def overdue_lines(self) -> list[working.BillLine]:
        """Open bills whose due date has passed."""
        return [line for line in self.open_lines if line.row.due_on < self.as_of]

    @property
    def principal_fen(self) -> int:
        """Principal that is overdue."""
        return sum(line.principal_fen for line in self.overdue_lines)

    @property
    def late_charge_fen(self) -> int:
        """Late charge outstanding on overdue bills."""
        return sum(line.late_charge_fen for line in self.overdue_lines)

    @property
    def costs_fen(self) -> int:
        """Costs outstanding on overdue bills."""
        return sum(line.costs_fen for line in self.overdue_lines)

    @property
    def total_fen(self) -> int:
        """Everything overdue; the list of arrears shows the same figure."""
        return self.principal_fen + self.late_charge_fen + self.costs_fen

    @property
    def not_due_fen(self) -> int:
        """What is billed and not due yet."""
        return sum(line.total_fen for line in self.open_lines) - self.total_fen


def view(session: Session, unit_id: int, as_of: dt.date) -> UnitView:
    """Read one unit as it stands at the end of ``as_of``."""
    head = unit_reads.head(session, unit_id)
    if head is None:
        raise not_found("access.other_community")
    rows = unit_reads.bills(session, unit_id)
    known = plans.load(session, {row.plan_id for row in rows.values()}) if rows else {}
    told = ledger.stories(session, [unit_id]).get(unit_id)
    lines: list[working.BillLine] = []
    gone: list[unit_reads.BillRow] = []
    credit_fen = 0
    if told is not None:
        stated = engine.statement(told.account, as_of)
        lines, gone = working.bill_lines(stated, rows, known)
        credit_fen = stated.credit_fen
    parties = unit_reads.parties(session, [unit_id], on=as_of).get(unit_id, [])
    return UnitView(head, as_of, parties, lines, gone, credit_fen)


def payment_of(session: Session, unit_id: int, payment_id: int) -> unit_reads.PaymentRow:
    """Return one payment of a unit."""
    found = [row for row in unit_reads.payments(session, unit_id) if row.payment_id == payment_id]
    if not found:
        raise not_found("access.not_found")
    return found[0]


def bills_of(session: Session, unit_id: int) -> dict[int, unit_reads.BillRow]:
    """Return the bills of a unit by id."""
    return unit_reads.bills(session, unit_id)
