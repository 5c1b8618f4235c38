"""The frozen facts of a receipt, read from what the payment stands allocated to."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.billing import is_plain_product
from app.store import documents, payments, persons
from app.store.arrears import BillFigure, bills_on, day
from app.store.tables import bill_state, community, unit

Line = dict[str, Any]
COMPONENTS = ("principal", "late_charge", "costs")


def facts(
    session: Session, *, payment_id: int, unit_id: int, number: str, issued_on: dt.date, cashier: str
) -> dict[str, Any]:
    """Return everything a receipt prints: heads, one line a bill and component, totals; money in fen, dates ISO."""
    paid = payments.row(session, payment_id)
    where = session.execute(
        sa.select(
            unit,
            community.c.name.label("community"),
            community.c.company_name,
            community.c.office_phone,
            community.c.allocation_within,
            community.c.allocation_across,
            community.c.credit_mode,
        )
        .join(community, community.c.id == unit.c.community_id)
        .where(unit.c.id == unit_id)
    ).one()
    lines = _lines(session, unit_id=unit_id, payment_id=payment_id, on=max(issued_on, paid.received_on))
    booked = sum(line["paid_fen"] for line in lines)
    owners = persons.owners_on(session, unit_ids=[unit_id], as_of=paid.received_on)[unit_id]
    return {
        "number": number,
        "issued_on": issued_on.isoformat(),
        "received_on": paid.received_on.isoformat(),
        "community": where.community,
        "company": where.company_name or where.community,
        "office_phone": where.office_phone,
        "unit_label": where.label,
        "area_e3": where.area_e3,
        "owners": [owner.name for owner in owners],
        "payer": paid.payer,
        "method": paid.method,
        "reference": paid.reference,
        "note": paid.note,
        "cashier": cashier,
        "amount_fen": paid.amount_fen,
        "credit_fen": paid.amount_fen - booked,
        "designated": bool(json.loads(paid.designated)),
        "lines": lines,
        # Printed as a sentence: the payer agrees to the order by taking the receipt.
        "is_principal_first": where.allocation_within == "principal_first",
        "is_oldest_first": where.allocation_across == "oldest_first",
        "is_credit_applied": where.credit_mode == "apply_when_due",
    }


def issue(
    session: Session,
    *,
    payment_id: int,
    unit_id: int,
    community_id: int,
    today: dt.date,
    now: dt.datetime,
    cashier: str,
) -> tuple[int, str]:
    """Take the next receipt number and freeze what the receipt says; return (document id, number)."""
    number = documents.next_numbers(session, community_id=community_id, kind="receipt", year=today.year)[0]
    told = facts(session, payment_id=payment_id, unit_id=unit_id, number=number, issued_on=today, cashier=cashier)
    row = {
        "community_id": community_id,
        "unit_id": unit_id,
        "kind": "receipt",
        "number": number,
        "facts": told,
        "payment_id": payment_id,
        "created_at": now,
    }
    return documents.freeze(session, [row])[0], number


def _lines(session: Session, *, unit_id: int, payment_id: int, on: dt.date) -> list[Line]:
    """Return one line for each bill and component this payment paid, and for what else of these bills is still open.

    due = what was charged; discount = principal taken off; waived = late charge forgiven; offset = paid earlier or
    from stored credit; paid = by this payment; left = still open.
    """
    standing = payments.allocations(session, unit_id=unit_id)
    touched = list(dict.fromkeys(row["bill_id"] for row in standing if row["payment_id"] == payment_id))
    posted = {row["bill_id"]: row for row in standing if row["bill_id"] in touched}
    open_bills = {bill.bill_id: bill for bill in bills_on(session, as_of=on, unit_ids=[unit_id])}
    waived = _waived(session, touched, on)
    paid: Counter[tuple[int, str]] = Counter()
    earlier: Counter[tuple[int, str]] = Counter()
    for row in standing:
        sums = paid if row["payment_id"] == payment_id else earlier
        sums[row["bill_id"], row["component"]] += row["amount_fen"]
    lines: list[Line] = []
    for bill_id in touched:
        left = _left(open_bills.get(bill_id))
        for component in COMPONENTS:
            place = (bill_id, component)
            if paid[place] or left[component]:
                forgiven = waived.get(bill_id, 0) if component == "late_charge" else 0
                lines.append(_line(posted[bill_id], component, paid[place], earlier[place], left[component], forgiven))
    return lines


def _line(bill: Mapping[str, Any], component: str, paid: int, earlier: int, left: int, waived: int) -> Line:
    is_principal = component == "principal"
    charged = bill["principal_fen"] if is_principal else paid + earlier + left + waived
    # A working that does not give the amount is worse than none.
    is_plain = is_plain_product(bill["principal_fen"], bill["quantity_e3"], bill["price_e4"], bill["months"])
    return {
        "item": bill["item"],
        "component": component,
        "from_on": bill["period_from_on"].isoformat(),
        "to_on": bill["period_to_on"].isoformat(),
        **{name: bill[name] if is_plain else None for name in ("quantity_e3", "months", "price_e4")},
        "due_fen": charged,
        "discount_fen": charged - paid - earlier - left if is_principal else 0,
        "waived_fen": waived,
        "offset_fen": earlier,
        "paid_fen": paid,
        "left_fen": left,
    }


def _left(bill: BillFigure | None) -> dict[str, int]:
    if bill is None:
        return dict.fromkeys(COMPONENTS, 0)
    return {"principal": bill.principal_fen, "late_charge": bill.late_charge_fen, "costs": bill.costs_fen}


def _waived(session: Session, bill_ids: Sequence[int], on: dt.date) -> dict[int, int]:
    """Return the late charge forgiven of bills by the end of a day, those settled by it among them."""
    state = bill_state.c
    rows = session.execute(
        sa.select(state.bill_id, state.late_waived_fen).where(
            state.bill_id.in_(bill_ids), state.since_on <= day(on), state.until_on > day(on)
        )
    )
    return {row.bill_id: row.late_waived_fen for row in rows}
