"""Orders that owners opened with a payment channel, and what the channel told us of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.store import db
from app.store.tables_portal import payment_callback, payment_intent


def insert(session: Session, row: Mapping[str, Any]) -> int:
    """Write an order and return its id."""
    return db.insert_many(session, payment_intent, [row])[0]


def by_reference(session: Session, reference: str) -> dict[str, Any] | None:
    """Return an order, or None."""
    found = session.execute(_of(reference)).mappings().one_or_none()
    return None if found is None else _read(dict(found))


def locked(session: Session, reference: str) -> dict[str, Any] | None:
    """Return an order, held until the end of the transaction, or None."""
    found = session.execute(db.lock_row(session, _of(reference))).mappings().one_or_none()
    return None if found is None else _read(dict(found))


def set_paid(session: Session, *, reference: str, payment_id: int, at: object) -> None:
    """Remember the payment an order led to."""
    session.execute(
        sa.update(payment_intent)
        .where(payment_intent.c.reference == reference)
        .values(state="paid", payment_id=payment_id, paid_at=at)
    )


def callback(session: Session, *, gateway: str, event_id: str) -> sa.Row[Any] | None:
    """Return what was kept of an event, or None when it is new."""
    query = sa.select(payment_callback).where(
        payment_callback.c.gateway == gateway, payment_callback.c.event_id == event_id
    )
    return session.execute(query).one_or_none()


def add_callback(session: Session, row: Mapping[str, Any]) -> bool:
    """Keep what a channel told us; return False when this event was kept before."""
    return db.insert_new(session, payment_callback, [row]) > 0


def _of(reference: str) -> sa.Select[Any]:
    return sa.select(payment_intent).where(payment_intent.c.reference == reference)


def _read(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "bill_ids": tuple(json.loads(row["bill_ids"]))}
