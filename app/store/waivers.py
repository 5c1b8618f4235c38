"""Requests for waivers and discounts, the facts beside them, and what became of conditions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import not_found
from app.store import db, ledger, replay
from app.store.arrears import day
from app.store.tables import adjustment, bill, bill_state, payment, reversal, unit
from app.store.tables_office import app_user, stored_file, waiver_request

STATE_OF = {"pending": "approved", "met": "met", "lapsed": "lapsed"}
"""The state of a request for what the engine says of its condition."""


def insert(session: Session, row: Mapping[str, Any]) -> int:
    """Write a request and return its id."""
    db.check_text(waiver_request, row)
    statement = sa.insert(waiver_request).values(**row).returning(waiver_request.c.id)
    return int(session.execute(statement).scalar_one())


def locked(session: Session, request_id: int) -> sa.Row[Any]:
    """Return one request, locked until the commit.

    Raises:
        Refusal: ``waiver.unknown``.

    """
    query = db.lock_row(session, sa.select(waiver_request).where(waiver_request.c.id == request_id))
    row = session.execute(query).one_or_none()
    if row is None:
        raise not_found("waiver.unknown")
    return row


def update(session: Session, request_id: int, **columns: object) -> None:
    """Change the mutable columns of a request."""
    session.execute(sa.update(waiver_request).where(waiver_request.c.id == request_id).values(**columns))


def queue(
    session: Session, *, community_ids: Sequence[int], states: Sequence[str] = (), unit_id: int | None = None
) -> list[Mapping[str, Any]]:
    """Return requests, newest first, with the unit's label and the names of both people."""
    query = _named().where(waiver_request.c.community_id.in_(list(community_ids))).order_by(waiver_request.c.id.desc())
    if states:
        query = query.where(waiver_request.c.state.in_(list(states)))
    if unit_id is not None:
        query = query.where(waiver_request.c.unit_id == unit_id)
    return [dict(row) for row in session.execute(query.limit(500)).mappings()]


def by_id(session: Session, request_id: int) -> Mapping[str, Any] | None:
    """Return one request with the unit's label and the names of both people."""
    row = session.execute(_named().where(waiver_request.c.id == request_id)).mappings().first()
    return None if row is None else dict(row)


def _named() -> sa.Select[Any]:
    asked, decided = app_user.alias("asked"), app_user.alias("decided")
    return (
        sa.select(
            waiver_request,
            unit.c.label,
            unit.c.code,
            asked.c.name.label("requested_by_name"),
            decided.c.name.label("decided_by_name"),
        )
        .join(unit, unit.c.id == waiver_request.c.unit_id)
        .outerjoin(asked, asked.c.id == waiver_request.c.requested_by)
        .outerjoin(decided, decided.c.id == waiver_request.c.decided_by)
    )


def attachments(session: Session, request_id: int) -> list[sa.Row[Any]]:
    """Return the files that came with a request."""
    return list(session.execute(sa.select(stored_file).where(stored_file.c.subject == f"waiver:{request_id}")))


def payment_facts(session: Session, *, unit_id: int, as_of: dt.date) -> dict[str, Any]:
    """Return what the system knows of how this unit has paid: facts for a person to judge, no label."""
    standing = (
        sa.select(payment.c.id, payment.c.received_on, payment.c.amount_fen)
        .outerjoin(reversal, sa.and_(reversal.c.target_kind == "payment", reversal.c.target_id == payment.c.id))
        .where(payment.c.unit_id == unit_id, reversal.c.id.is_(None), payment.c.received_on <= day(as_of))
        .subquery("standing")
    )
    count, paid, last_on = session.execute(
        sa.select(
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(standing.c.amount_fen), 0),
            sa.func.max(standing.c.received_on),
        )
    ).one()
    bills, cleared_on_time, overdue = session.execute(_punctuality(unit_id, as_of)).one()
    earlier = session.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(waiver_request.c.effect_fen), 0)).where(
            waiver_request.c.unit_id == unit_id, waiver_request.c.state.in_(["approved", "met"])
        )
    ).one()
    holds = session.execute(
        sa.select(adjustment.c.reason)
        .outerjoin(reversal, sa.and_(reversal.c.target_kind == "adjustment", reversal.c.target_id == adjustment.c.id))
        .where(
            adjustment.c.unit_id == unit_id,
            adjustment.c.kind == "hold",
            adjustment.c.value_on <= day(as_of),
            adjustment.c.until_on >= day(as_of),
            reversal.c.id.is_(None),
        )
    ).scalars()
    return {
        "payments": int(count),
        "paid_fen": int(paid),
        "last_payment_on": last_on.isoformat() if last_on else None,
        "bills_due": int(bills or 0),
        "bills_cleared_on_time": int(cleared_on_time or 0),
        "bills_overdue": int(overdue or 0),
        "earlier_waivers": int(earlier[0]),
        "earlier_waived_fen": int(earlier[1]),
        "open_holds": sorted(set(holds)),
        "as_of": as_of.isoformat(),
    }


def _punctuality(unit_id: int, as_of: dt.date) -> sa.Select[int, Any, Any]:
    """Return (bills due, principal cleared by the due day, still open) of a unit."""
    cleared = (
        sa.select(bill_state.c.bill_id, sa.func.min(bill_state.c.since_on).label("cleared_on"))
        .where(bill_state.c.unit_id == unit_id, bill_state.c.principal_fen == 0)
        .group_by(bill_state.c.bill_id)
        .subquery("cleared")
    )
    on_time = sa.case((cleared.c.cleared_on <= bill.c.due_on, 1), else_=0)
    still_open = sa.case((cleared.c.cleared_on.is_(None), 1), else_=0)
    return (
        sa.select(sa.func.count(), sa.func.sum(on_time), sa.func.sum(still_open))
        .select_from(bill.outerjoin(cleared, cleared.c.bill_id == bill.c.id))
        .where(bill.c.unit_id == unit_id, bill.c.due_on < day(as_of))
    )


def follow_conditions(session: Session, *, unit_ids: Sequence[int], through: dt.date) -> int:
    """Bring conditional requests to what the ledger says of their condition; return how many changed.

    A bounced payment takes a condition that was met back to ``approved``, or to ``lapsed`` when its day is over. What
    is approved again counts again: with what it would forgive now, and in the budget with the most it can come to.
    """
    rows = session.execute(
        sa.select(
            waiver_request.c.id,
            waiver_request.c.unit_id,
            waiver_request.c.state,
            waiver_request.c.effect_fen,
            adjustment.c.id.label("adjustment_id"),
        )
        .join(adjustment, adjustment.c.request_id == waiver_request.c.id)
        .where(
            waiver_request.c.unit_id.in_(list(unit_ids)),
            waiver_request.c.state.in_(list(STATE_OF.values())),
            waiver_request.c.kind == "conditional_waiver",
        )
    ).all()
    if not rows:
        return 0
    told = ledger.stories(session, sorted({row.unit_id for row in rows}))
    standing = {unit_id: replay.conditions_of(story, through) for unit_id, story in told.items()}
    changes = [
        {"b_id": row.id, "b_state": STATE_OF[status], "b_effect": waived}
        for row in rows
        for status, waived in [standing[row.unit_id].get(row.adjustment_id, ("pending", 0))]
        if STATE_OF[status] != row.state or (status == "met" and waived != row.effect_fen)
    ]
    if changes:
        session.connection().execute(
            sa.update(waiver_request)
            .where(waiver_request.c.id == sa.bindparam("b_id"))
            .values(state=sa.bindparam("b_state"), effect_fen=sa.bindparam("b_effect")),
            changes,
        )
    return len(changes)


def lapsing_units(session: Session, *, before: dt.date) -> list[int]:
    """Return units with an approved conditional request whose last day is before ``before``."""
    return list(
        session.execute(
            sa.select(waiver_request.c.unit_id)
            .where(
                waiver_request.c.state == "approved",
                waiver_request.c.kind == "conditional_waiver",
                waiver_request.c.pay_by_on < day(before),
            )
            .distinct()
        ).scalars()
    )


def expire_requests(session: Session, *, before: dt.date) -> int:
    """Close requests nobody decided in time."""
    result = session.execute(
        sa.update(waiver_request)
        .where(waiver_request.c.state == "requested", waiver_request.c.expires_on < day(before))
        .values(state="expired")
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def adjustments_of(session: Session, request_id: int) -> list[sa.Row[Any]]:
    """Return the ledger rows a request led to."""
    return list(session.execute(sa.select(adjustment).where(adjustment.c.request_id == request_id)))
