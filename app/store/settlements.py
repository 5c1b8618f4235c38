"""The figures of a change of owner, read from the ledger as it stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.domain.apportioning import by_days
from app.domain.privacy import mask_name
from app.domain.settling import Across, Owed, Plan, Unbilled
from app.store import arrears, transfers
from app.store.arrears import BillFigure


def figures(session: Session, unit_id: int, transfer_on: dt.date, as_of: dt.date, leaving: Sequence[str]) -> Plan:
    """Return who owes what before and after ``transfer_on``, what is billed read as of ``as_of``."""
    now = arrears.bills_on(session, as_of=as_of, unit_ids=[unit_id])
    across = [
        Across(
            row.item,
            row.period_from_on,
            row.period_to_on,
            row.due_on,
            row.principal_fen,
            row.due_on >= transfer_on,
            by_days(row.principal_fen, from_on=row.period_from_on, to_on=row.period_to_on, on=transfer_on),
        )
        for row in transfers.bills_across(session, unit_id=unit_id, on=transfer_on)
    ]
    one = dt.timedelta(days=1)
    unbilled = [
        Unbilled(row.item, row.through_on + one, (transfer_on - row.through_on - one).days)
        for row in transfers.billed_through(session, unit_id)
        if row.through_on + one < transfer_on
    ]
    return Plan(
        transfer_on=transfer_on,
        leaving=tuple(map(mask_name, leaving)),
        stays=tuple(_owed(bill) for bill in stays(session, unit_id, transfer_on)),
        moves=tuple(_owed(bill) for bill in now if bill.due_on >= transfer_on and bill.total_fen),
        across=tuple(across),
        unbilled=tuple(unbilled),
        credit_fen=transfers.credit_of(session, unit_id),
    )


def _owed(bill: BillFigure) -> Owed:
    return Owed(
        bill.item,
        bill.period_from_on,
        bill.period_to_on,
        bill.due_on,
        bill.principal_fen,
        bill.late_charge_fen,
        bill.costs_fen,
    )


def stays(session: Session, unit_id: int, transfer_on: dt.date) -> list[BillFigure]:
    """Return the bills that fell due before the day and are open on it: they stay with the leaving owners."""
    bills = arrears.bills_on(session, as_of=transfer_on, unit_ids=[unit_id])
    return [bill for bill in bills if bill.due_on < transfer_on and bill.total_fen]
