"""Payments as they were recorded, what they paid, and whether they were taken back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import not_found
from app.store.arrears import day
from app.store.tables import allocation, bill, fee_item, payment, reversal, unit
from app.store.tables_office import app_user, document


def row(session: Session, payment_id: int) -> sa.Row[Any]:
    """Return one payment and the day it was reversed, if it was.

    Raises:
        Refusal: ``payment.unknown``.

    """
    found = session.execute(_query().where(payment.c.id == payment_id)).one_or_none()
    if found is None:
        raise not_found("payment.unknown")
    return found


def _query() -> sa.Select[Any]:
    taken_back = sa.and_(reversal.c.target_kind == "payment", reversal.c.target_id == payment.c.id)
    return (
        sa.select(
            payment,
            reversal.c.value_on.label("reversed_on"),
            reversal.c.reason.label("reversal_reason"),
            app_user.c.name.label("recorded_by_name"),
            document.c.number.label("receipt_number"),
            document.c.id.label("receipt_id"),
        )
        .outerjoin(reversal, taken_back)
        .outerjoin(app_user, app_user.c.id == payment.c.recorded_by)
        .outerjoin(document, sa.and_(document.c.payment_id == payment.c.id, document.c.kind == "receipt"))
    )


def twins(
    session: Session, *, unit_id: int, received_on: dt.date, amount_fen: int, reference: str
) -> list[sa.Row[Any]]:
    """Return standing payments of its community that look the same: same unit, day and amount, or same reference."""
    community_id = sa.select(unit.c.community_id).where(unit.c.id == unit_id).scalar_subquery()
    same = sa.and_(
        payment.c.unit_id == unit_id, payment.c.received_on == day(received_on), payment.c.amount_fen == amount_fen
    )
    alike = sa.or_(same, payment.c.reference == reference) if reference else same
    return list(
        session.execute(_query().where(payment.c.community_id == community_id, alike, reversal.c.id.is_(None)).limit(5))
    )


def allocations(session: Session, *, unit_id: int) -> list[Mapping[str, Any]]:
    """Return what each payment of a unit stands allocated to, with the bill's period and item."""
    amount = sa.func.sum(allocation.c.amount_fen)
    rows = session.execute(
        sa.select(
            allocation.c.payment_id,
            allocation.c.bill_id,
            allocation.c.component,
            allocation.c.value_on,
            sa.cast(amount, sa.BigInteger).label("amount_fen"),
            bill.c.period_from_on,
            bill.c.period_to_on,
            bill.c.principal_fen,
            bill.c.quantity_e3,
            bill.c.price_e4,
            bill.c.months,
            fee_item.c.name.label("item"),
        )
        .join(bill, bill.c.id == allocation.c.bill_id)
        .join(fee_item, fee_item.c.id == bill.c.fee_item_id)
        .where(allocation.c.unit_id == unit_id)
        .group_by(
            allocation.c.payment_id,
            allocation.c.bill_id,
            allocation.c.component,
            allocation.c.value_on,
            bill.c.due_on,
            bill.c.period_from_on,
            bill.c.period_to_on,
            bill.c.principal_fen,
            bill.c.quantity_e3,
            bill.c.price_e4,
            bill.c.months,
            fee_item.c.name,
        )
        .having(amount != 0)
        .order_by(allocation.c.payment_id, bill.c.due_on, allocation.c.bill_id, allocation.c.component.desc())
    ).mappings()
    return [dict(found) for found in rows]
