"""The frozen facts of a receipt, read from what the payment stands allocated to."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.store import payments, persons
from app.store.arrears import bills_on
from app.store.tables import community, unit

Line = dict[str, Any]


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
        )
        .join(community, community.c.id == unit.c.community_id)
        .where(unit.c.id == unit_id)
    ).one()
    lines = _lines(session, unit_id=unit_id, payment_id=payment_id, as_of=issued_on, received_on=paid.received_on)
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
    }


def _lines(session: Session, *, unit_id: int, payment_id: int, as_of: dt.date, received_on: dt.date) -> list[Line]:
    """Return one line for each bill and component this payment paid.

    due = what was charged; discount = principal taken off; waived = late charge forgiven; offset = paid earlier or
    from stored credit; paid = by this payment; left = still open.
    """
    standing = payments.allocations(session, unit_id=unit_id)
    mine = [row for row in standing if row["payment_id"] == payment_id]
    open_bills = {bill.bill_id: bill for bill in bills_on(session, as_of=max(as_of, received_on), unit_ids=[unit_id])}
    lines: list[Line] = []
    for place in dict.fromkeys((row["bill_id"], row["component"]) for row in mine):
        rows = [row for row in standing if (row["bill_id"], row["component"]) == place]
        first = rows[0]
        now_paid = sum(row["amount_fen"] for row in rows if row["payment_id"] == payment_id)
        earlier = sum(row["amount_fen"] for row in rows if row["payment_id"] != payment_id)
        bill = open_bills.get(place[0])
        left, waived = 0, 0
        if bill is not None:
            left = {"principal": bill.principal_fen, "late_charge": bill.late_charge_fen, "costs": bill.costs_fen}[
                place[1]
            ]
            waived = bill.late_waived_fen if place[1] == "late_charge" else 0
        charged = first["principal_fen"] if place[1] == "principal" else now_paid + earlier + left + waived
        lines.append(
            {
                "item": first["item"],
                "component": place[1],
                "from_on": first["period_from_on"].isoformat(),
                "to_on": first["period_to_on"].isoformat(),
                "quantity_e3": first["quantity_e3"],
                "months": first["months"],
                "price_e4": first["price_e4"],
                "due_fen": charged,
                "discount_fen": charged - now_paid - earlier - left if place[1] == "principal" else 0,
                "waived_fen": waived,
                "offset_fen": earlier,
                "paid_fen": now_paid,
                "left_fen": left,
            }
        )
    return lines
