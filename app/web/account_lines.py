"""The movements of a unit's account between two balances; balance is what is owed less what was paid ahead."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.domain import ledger as engine
from app.store import ledger, unit_reads

ONE = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Line:
    """One movement: what it adds to the balance (negative takes off); the words for ``kind`` are in the template."""

    on: dt.date
    kind: str
    fen: int
    row: Any = None


@dataclass(frozen=True, slots=True)
class Standing:
    """The sums a balance is made of, on one day."""

    principal_fen: int = 0
    late_charge_fen: int = 0
    costs_fen: int = 0
    credit_fen: int = 0
    discounted_fen: int = 0
    accrued_fen: int = 0
    waived_fen: int = 0

    @property
    def balance_fen(self) -> int:
        """What is owed, less what was paid ahead."""
        return self.principal_fen + self.late_charge_fen + self.costs_fen - self.credit_fen


@dataclass(frozen=True, slots=True)
class Account:
    """A period between two balances."""

    from_on: dt.date
    to_on: dt.date
    opening: Standing
    closing: Standing
    lines: tuple[Line, ...]

    @property
    def foots(self) -> bool:
        """Tell whether the movements lead from the one balance to the other."""
        return self.opening.balance_fen + sum(line.fen for line in self.lines) == self.closing.balance_fen


def between(session: Session, unit_id: int, *, from_on: dt.date, to_on: dt.date) -> Account:
    """Read what moved from the opening of ``from_on`` to the end of ``to_on``."""
    bills = unit_reads.bills(session, unit_id)
    story = ledger.stories(session, [unit_id]).get(unit_id)
    before, after = (_standing(story, day) for day in (from_on - ONE, to_on))
    lines = []
    costs = {int(bill.id[1:]): bill.costs_fen for bill in story.account.bills} if story else {}
    for bill in bills.values():
        fen = bill.principal_fen + costs.get(bill.bill_id, 0)
        lines.append(Line(bill.issued_on, "bill", fen, bill))
        if bill.reversed_on is not None:
            lines.append(Line(bill.reversed_on, "bill_reversed", -fen, bill))
    for payment in unit_reads.payments(session, unit_id):
        lines.append(Line(payment.received_on, "payment", -payment.amount_fen, payment))
        if payment.reversed_on is not None:
            lines.append(Line(payment.reversed_on, "payment_reversed", payment.amount_fen, payment))
    shown = sorted((line for line in lines if from_on <= line.on <= to_on), key=lambda line: line.on)
    sums = (
        ("discounted", before.discounted_fen - after.discounted_fen),
        ("accrued", after.accrued_fen - before.accrued_fen),
        ("waived", before.waived_fen - after.waived_fen),
    )
    shown += [Line(to_on, kind, fen) for kind, fen in sums if fen]
    return Account(from_on, to_on, before, after, tuple(shown))


def _standing(story: Any, on: dt.date) -> Standing:  # noqa: ANN401 - a story or None
    if story is None:
        return Standing()
    told = engine.statement(story.account, on)
    bills = [bill for bill in told.bills if bill.bill.issued_on <= on]
    paid = sum(part.amount_fen for part in told.allocations if part.component is engine.Component.PRINCIPAL)
    principal = sum(bill.principal_fen for bill in bills)
    return Standing(
        principal_fen=principal,
        late_charge_fen=sum(bill.late_charge_fen for bill in bills),
        costs_fen=sum(bill.costs_fen for bill in bills),
        credit_fen=told.credit_fen,
        discounted_fen=sum(bill.bill.principal_fen for bill in bills) - principal - paid,
        accrued_fen=sum(bill.late_charge_fen + bill.late_paid_fen + bill.late_waived_fen for bill in bills),
        waived_fen=sum(bill.late_waived_fen for bill in bills),
    )
