"""What waits for somebody today: every count of the desk's list of things to do, in one statement."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.store import transfers
from app.store.arrears import day
from app.store.tables import account, unit
from app.store.tables_counter import shift, shift_confirmation, unclaimed, unclaimed_entry
from app.store.tables_estate import ownership_transfer
from app.store.tables_office import notice_batch, waiver_request
from app.store.tables_portal import owner_request
from app.store.tables_settings import care_run
from app.store.tables_tariffs import billing_draft, import_task, tariff_draft, terms_draft

SOON_DAYS = 1


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits, by what it is; ``backed_up_at`` is the newest backup that ended well."""

    waivers: int
    batches: int
    printing: int
    drafts: int
    tariffs: int
    terms: int
    imports: int
    requests: int
    requests_due: int
    unclaimed: int
    shifts: int
    refunds: int
    problems: int
    backed_up_at: dt.datetime | None


def waiting(session: Session, *, community_id: int, user_id: int, today: dt.date) -> Waiting:
    """Return what waits in a community; what this person began is left out where a second person must decide."""
    soon = day(today + dt.timedelta(days=SOON_DAYS))
    due = (owner_request.c.state == "open", owner_request.c.due_on <= soon)
    tables: dict[str, sa.ScalarSelect[Any]] = {
        "waivers": _count(
            waiver_request,
            community_id,
            waiver_request.c.state == "requested",
            waiver_request.c.requested_by != user_id,
        ),
        "batches": _count(notice_batch, community_id, notice_batch.c.state == "draft"),
        "printing": _count(notice_batch, community_id, notice_batch.c.state == "released"),
        "drafts": _count(
            billing_draft, community_id, billing_draft.c.state == "draft", billing_draft.c.drafted_by != user_id
        ),
        "tariffs": _count(
            tariff_draft, community_id, tariff_draft.c.state == "draft", tariff_draft.c.drafted_by != user_id
        ),
        "terms": _count(terms_draft, community_id, terms_draft.c.state == "draft", terms_draft.c.drafted_by != user_id),
        "imports": _count(import_task, community_id, import_task.c.finished_at.is_(None)),
        "requests": _count(owner_request, community_id, owner_request.c.state == "open"),
        "requests_due": _count(owner_request, community_id, *due),
        "unclaimed": _unclaimed(community_id),
        "shifts": _shifts(community_id, user_id),
        "refunds": sa.select(sa.func.count())
        .select_from(ownership_transfer.join(account, account.c.unit_id == ownership_transfer.c.unit_id))
        .where(ownership_transfer.c.community_id == community_id, transfers.to_refund())
        .scalar_subquery(),
        "problems": _count(account, community_id, account.c.problem_code.is_not(None)),
        "backed_up_at": sa.select(sa.func.max(care_run.c.finished_at))
        .where(care_run.c.kind == "backup", care_run.c.failure == "")
        .scalar_subquery(),
    }
    row = session.execute(sa.select(*(part.label(name) for name, part in tables.items()))).mappings().one()
    return Waiting(**{name: row[name] for name in tables})


def _count(table: sa.Table, community_id: int, *conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    return (
        sa.select(sa.func.count())
        .select_from(table)
        .where(table.c.community_id == community_id, *conditions)
        .scalar_subquery()
    )


def _unclaimed(community_id: int) -> sa.ScalarSelect[Any]:
    """Count the sums nobody has claimed in full: the newest entry says what is left."""
    last, later = unclaimed_entry.alias("last"), unclaimed_entry.alias("later")
    is_last = ~sa.exists().where(later.c.unclaimed_id == last.c.unclaimed_id, later.c.seq > last.c.seq)
    rows = unclaimed.outerjoin(last, sa.and_(last.c.unclaimed_id == unclaimed.c.id, is_last))
    left = sa.func.coalesce(last.c.left_fen, unclaimed.c.amount_fen)
    query = sa.select(sa.func.count()).select_from(rows)
    return query.where(unclaimed.c.community_id == community_id, left > 0).scalar_subquery()


def _shifts(community_id: int, user_id: int) -> sa.ScalarSelect[Any]:
    """Count the hand-overs of others that nobody has counted again."""
    rows = shift.outerjoin(shift_confirmation, shift_confirmation.c.shift_id == shift.c.id)
    query = sa.select(sa.func.count()).select_from(rows)
    return query.where(
        shift.c.community_id == community_id, shift.c.cashier_id != user_id, shift_confirmation.c.id.is_(None)
    ).scalar_subquery()


def problems(session: Session, *, community_id: int, limit: int = 500) -> list[tuple[int, str, str]]:
    """Return (unit id, label, code) of the accounts the nightly run could not close."""
    query = (
        sa.select(unit.c.id, unit.c.label, account.c.problem_code)
        .join(unit, unit.c.id == account.c.unit_id)
        .where(account.c.community_id == community_id, account.c.problem_code.is_not(None))
        .order_by(unit.c.sort_key)
        .limit(limit)
    )
    return [(row.id, row.label, row.problem_code) for row in session.execute(query)]
