"""Runs and reversals that wait for a second person, and what stands on the bills of a run."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import not_found
from app.store import db
from app.store.figures import day
from app.store.tables import (
    account,
    adjustment,
    bill,
    bill_hold,
    bill_state,
    billing_run,
    fee_item,
    ledger_entry,
    reversal,
    unit,
)
from app.store.tables_office import app_user, notice_bill, waiver_request
from app.store.tables_tariffs import bill_basis, billing_draft
from app.store.types import FOREVER


def add(session: Session, row: Mapping[str, Any]) -> int:
    """Write a draft and return its id."""
    statement = sa.insert(billing_draft).values(**row).returning(billing_draft.c.id)
    return int(session.execute(statement).scalar_one())


def one(session: Session, draft_id: int, *, is_locked: bool = False) -> sa.Row[Any]:
    """Return a draft with the names of those who touched it.

    Raises:
        Refusal: ``billing_draft.unknown``.

    """
    if is_locked:
        session.execute(db.lock_row(session, sa.select(billing_draft.c.id).where(billing_draft.c.id == draft_id)))
    row = session.execute(_named().where(billing_draft.c.id == draft_id)).one_or_none()
    if row is None:
        raise not_found("billing_draft.unknown")
    return row


def _named() -> sa.Select[Any]:
    drafted, released, closed = (app_user.alias(name) for name in ("drafted", "released", "closed"))
    return (
        sa.select(
            billing_draft,
            drafted.c.name.label("drafted_by_name"),
            released.c.name.label("released_by_name"),
            closed.c.name.label("closed_by_name"),
        )
        .outerjoin(drafted, drafted.c.id == billing_draft.c.drafted_by)
        .outerjoin(released, released.c.id == billing_draft.c.released_by)
        .outerjoin(closed, closed.c.id == billing_draft.c.closed_by)
    )


def listed(session: Session, community_id: int, *, run_id: int | None = None, limit: int = 50) -> list[sa.Row[Any]]:
    """Return the drafts of a community, those that wait first; or those that concern a run."""
    query = _named().where(billing_draft.c.community_id == community_id)
    if run_id is not None:
        query = query.where(billing_draft.c.run_id == run_id)
    waits = sa.case((billing_draft.c.state.in_(("draft", "released")), 0), else_=1)
    return list(session.execute(query.order_by(waits, billing_draft.c.id.desc()).limit(limit)))


def open_like(session: Session, community_id: int, kind: str, **columns: object) -> int | None:
    """Return an open draft of the same thing, if there is one."""
    query = sa.select(billing_draft.c.id).where(
        billing_draft.c.community_id == community_id,
        billing_draft.c.kind == kind,
        billing_draft.c.state.in_(("draft", "released")),
        *(billing_draft.c[name] == value for name, value in columns.items()),
    )
    return session.execute(query.limit(1)).scalar_one_or_none()


def change(session: Session, draft_id: int, **columns: object) -> None:
    """Change where a draft stands."""
    session.execute(sa.update(billing_draft).where(billing_draft.c.id == draft_id).values(**columns))


def unfinished(session: Session) -> list[int]:
    """Return drafts that were released and are not done."""
    query = sa.select(billing_draft.c.id).where(billing_draft.c.state == "released").order_by(billing_draft.c.id)
    return list(session.execute(query).scalars())


def lock_community(session: Session, community_id: int) -> None:
    """Let runs of one community wait for each other: every account of it changes."""
    statement = sa.select(account.c.unit_id).where(account.c.community_id == community_id).order_by(account.c.unit_id)
    session.execute(db.lock_row(session, statement.limit(1)))


# --- what a run made ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RunBill:
    """A bill of a run as it stands, with what keeps it from being taken back with the run."""

    bill_id: int
    unit_id: int
    label: str
    item: str
    from_on: dt.date
    to_on: dt.date
    issued_on: dt.date
    due_on: dt.date
    principal_fen: int
    paid_fen: int
    is_reversed: bool
    reason: str


def run_row(session: Session, run_id: int) -> sa.Row[Any]:
    """Return the head of a run with the name of who posted it.

    Raises:
        Refusal: ``billing_run.unknown``.

    """
    query = sa.select(billing_run, app_user.c.name.label("posted_by_name")).outerjoin(
        app_user, app_user.c.id == billing_run.c.posted_by
    )
    row = session.execute(query.where(billing_run.c.id == run_id)).one_or_none()
    if row is None:
        raise not_found("billing_run.unknown")
    return row


def runs(session: Session, community_id: int, limit: int = 36) -> list[sa.Row[Any]]:
    """Return the newest runs with what was taken back of each."""
    back = (
        sa.select(
            bill.c.run_id, sa.func.count().label("bills_back"), sa.func.sum(bill.c.principal_fen).label("back_fen")
        )
        .join(reversal, sa.and_(reversal.c.target_kind == "bill", reversal.c.target_id == bill.c.id))
        .where(bill.c.community_id == community_id, bill.c.run_id.isnot(None))
        .group_by(bill.c.run_id)
        .subquery()
    )
    query = (
        sa.select(
            billing_run,
            app_user.c.name.label("posted_by_name"),
            sa.func.coalesce(back.c.bills_back, 0).label("bills_back"),
            sa.func.coalesce(back.c.back_fen, 0).label("back_fen"),
        )
        .outerjoin(app_user, app_user.c.id == billing_run.c.posted_by)
        .outerjoin(back, back.c.run_id == billing_run.c.id)
        .where(billing_run.c.community_id == community_id)
        .order_by(billing_run.c.id.desc())
        .limit(limit)
    )
    return list(session.execute(query))


def chained(session: Session, run_id: int) -> int:
    """Return how many bills of a run stand in the chain of their units: as many as it made, or the books are wrong."""
    entry = sa.and_(
        ledger_entry.c.unit_id == bill.c.unit_id, ledger_entry.c.kind == "bill", ledger_entry.c.row_id == bill.c.id
    )
    query = sa.select(sa.func.count()).select_from(bill.join(ledger_entry, entry)).where(bill.c.run_id == run_id)
    return int(session.execute(query).scalar_one())


def bills_of(session: Session, *, run_id: int | None = None, bill_id: int | None = None) -> list[RunBill]:
    """Return the bills of a run (or one bill) in walking order with what stands on each, in three queries."""
    chosen = bill.c.run_id == run_id if run_id is not None else bill.c.id == bill_id
    now = sa.and_(bill_state.c.bill_id == bill.c.id, bill_state.c.until_on == day(FOREVER))
    noticed = sa.exists(sa.select(sa.literal(1)).where(notice_bill.c.bill_id == bill.c.id))
    held = sa.exists(sa.select(sa.literal(1)).where(bill_hold.c.bill_id == bill.c.id))
    query = (
        sa.select(
            bill,
            unit.c.label,
            fee_item.c.name.label("item"),
            reversal.c.id.label("reversal_id"),
            bill_state.c.principal_fen.label("open_fen"),
            bill_state.c.late_paid_fen,
            bill_state.c.late_waived_fen,
            noticed.label("is_noticed"),
            held.label("is_held"),
        )
        .join(unit, unit.c.id == bill.c.unit_id)
        .join(fee_item, fee_item.c.id == bill.c.fee_item_id)
        .outerjoin(reversal, sa.and_(reversal.c.target_kind == "bill", reversal.c.target_id == bill.c.id))
        .outerjoin(bill_state, now)
        .where(chosen)
        .order_by(unit.c.sort_key, bill.c.fee_item_id, bill.c.id)
    )
    rows = list(session.execute(query))
    named = _named_by(session, sa.select(bill.c.unit_id).where(chosen))
    return [_run_bill(row, named) for row in rows]


def _run_bill(row: sa.Row[Any], named: Mapping[int, str]) -> RunBill:
    open_fen = row.principal_fen if row.open_fen is None else row.open_fen
    paid = row.principal_fen - open_fen if row.reversal_id is None else 0
    reason = ""
    if row.reversal_id is None:
        if row.late_waived_fen or row.id in named:
            reason = named.get(row.id, "waived")
        elif paid or row.late_paid_fen:
            reason = "paid"
        elif row.is_held:
            reason = "held"
        elif row.is_noticed:
            reason = "noticed"
    return RunBill(
        bill_id=row.id,
        unit_id=row.unit_id,
        label=row.label,
        item=row.item,
        from_on=row.period_from_on,
        to_on=row.period_to_on,
        issued_on=row.issued_on,
        due_on=row.due_on,
        principal_fen=row.principal_fen,
        paid_fen=paid,
        is_reversed=row.reversal_id is not None,
        reason=reason,
    )


def _named_by(session: Session, units: sa.Select[Any]) -> dict[int, str]:
    """Return the bills that a waiver, a discount or a request for one names; both keep the ids as text."""
    found: dict[int, str] = {}
    undone = sa.exists(
        sa.select(sa.literal(1)).where(reversal.c.target_kind == "adjustment", reversal.c.target_id == adjustment.c.id)
    )
    rows = [
        *session.execute(
            sa.select(adjustment.c.bill_ids, adjustment.c.kind).where(adjustment.c.unit_id.in_(units), ~undone)
        ),
        *session.execute(
            sa.select(waiver_request.c.bill_ids, sa.literal("requested")).where(
                waiver_request.c.unit_id.in_(units), waiver_request.c.state == "requested"
            )
        ),
    ]
    for text, kind in rows:
        reason = {"hold": "held", "requested": "requested"}.get(kind, "waived")
        found |= dict.fromkeys(json.loads(text), reason)
    return found


# --- what a bill that was posted by hand rests on ---------------------------------------------------


def keep_basis(session: Session, row: Mapping[str, Any]) -> None:
    """Remember the clause a bill posted by hand rests on."""
    session.execute(sa.insert(bill_basis).values(**row))


def bases(session: Session, bill_ids: list[int]) -> dict[int, sa.Row[Any]]:
    """Return what bills posted by hand rest on."""
    rows = session.execute(sa.select(bill_basis).where(bill_basis.c.bill_id.in_(bill_ids)))
    return {row.bill_id: row for row in rows}


def singles(session: Session, community_id: int, limit: int = 20) -> list[sa.Row[Any]]:
    """Return the newest bills that were posted by hand."""
    back = sa.and_(reversal.c.target_kind == "bill", reversal.c.target_id == bill.c.id)
    query = (
        sa.select(bill, unit.c.label, fee_item.c.name.label("item"), bill_basis.c.clause, reversal.c.id.label("back"))
        .join(bill_basis, bill_basis.c.bill_id == bill.c.id)
        .join(unit, unit.c.id == bill.c.unit_id)
        .join(fee_item, fee_item.c.id == bill.c.fee_item_id)
        .outerjoin(reversal, back)
        .where(bill.c.community_id == community_id)
        .order_by(bill.c.id.desc())
        .limit(limit)
    )
    return list(session.execute(query))
