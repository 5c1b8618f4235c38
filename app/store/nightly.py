"""Closing the days of the accounts: who is due, the levels reached, and what became of each date."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.store import arrears, db, procedure, waivers
from app.store.arrears import day, days_between
from app.store.tables import account, adjustment, bill, bill_state, reversal, unit
from app.store.tables_office import (
    nightly_run,
    notice,
    notice_batch,
    notice_batch_unit,
    unit_level,
)
from app.store.types import canonical

ONE_DAY = dt.timedelta(days=1)
Span = tuple[int, int]
"""First and last unit id of the accounts to look at."""


@dataclass(frozen=True, slots=True)
class Open:
    """The accounts whose next day to close is the date asked about."""

    accounts: int
    span: Span


@dataclass(frozen=True, slots=True)
class Problem:
    """An account that could not be closed: it keeps its date until it can."""

    unit_id: int
    unit: str
    label: str
    code: str
    closed_through_on: dt.date | None


# --- which account is due -------------------------------------------------------------------------


def first_open_on(session: Session, *, through: dt.date) -> dt.date | None:
    """Return the oldest date some account has still to close, or None when all are closed through ``through``."""
    never = account.c.closed_through_on.is_(None)
    closed_on, count, known_on = session.execute(
        sa.select(
            sa.func.min(account.c.closed_through_on),
            sa.func.count().filter(never),
            sa.func.min(account.c.through_on).filter(never),
        )
    ).one()
    dates = [through] if count else []
    dates += [min(known_on, through)] if known_on else []
    dates += [closed_on + ONE_DAY] if closed_on and closed_on < through else []
    return min(dates, default=None)


def _is_open(on: dt.date, through: dt.date) -> ColumnElement[bool]:
    """Say that ``on`` is the next day of an account: a new one starts with the day it was last booked on."""
    known_on = account.c.through_on
    starts = known_on == day(on) if on < through else sa.or_(known_on.is_(None), known_on >= day(through))
    return sa.or_(
        account.c.closed_through_on == day(on - ONE_DAY), sa.and_(account.c.closed_through_on.is_(None), starts)
    )


def open_accounts(session: Session, *, on: dt.date, through: dt.date) -> Open:
    """Return how many accounts have ``on`` as their next day."""
    lowest, highest = sa.func.min(account.c.unit_id), sa.func.max(account.c.unit_id)
    row = session.execute(sa.select(sa.func.count(), lowest, highest).where(_is_open(on, through))).one()
    return Open(row[0], (row[1] or 0, row[2] or 0))


def accounts_with_work(session: Session, *, on: dt.date, through: dt.date) -> list[int]:
    """Return the accounts that need more than a date: credit to book, a condition that lapses, an earlier problem."""
    lapsing = waivers.lapsing_units(session, before=on)
    found = session.execute(
        sa.select(account.c.unit_id).where(
            _is_open(on, through), sa.or_(account.c.next_credit_on <= day(on), account.c.problem_code.is_not(None))
        )
    ).scalars()
    work = set(found)
    if lapsing:
        work |= set(
            session.execute(
                sa.select(account.c.unit_id).where(_is_open(on, through), account.c.unit_id.in_(lapsing))
            ).scalars()
        )
    return sorted(work)


def _may_close(on: dt.date, through: dt.date, span: Span | None) -> ColumnElement[bool]:
    condition = sa.and_(
        _is_open(on, through),
        account.c.problem_code.is_(None),
        sa.or_(account.c.next_credit_on.is_(None), account.c.next_credit_on > day(on)),
    )
    return condition if span is None else sa.and_(condition, account.c.unit_id.between(*span))


def close(session: Session, *, on: dt.date, through: dt.date, span: Span | None) -> int:
    """Move every account that may be closed to ``on`` and return how many there were."""
    result = session.execute(sa.update(account).where(_may_close(on, through, span)).values(closed_through_on=on))
    return int(result.rowcount)  # type: ignore[attr-defined]


def lock_open(session: Session, *, on: dt.date, through: dt.date) -> None:
    """Lock the accounts of a day in the order every posting takes them in, so that nobody waits in a circle."""
    if not db.is_sqlite(session):
        locked = sa.select(sa.literal(1)).where(_is_open(on, through)).order_by(account.c.unit_id).with_for_update()
        session.execute(sa.select(sa.func.count()).select_from(locked.subquery()))


# --- accounts that could not be closed ------------------------------------------------------------


def mark_problem(session: Session, *, unit_id: int, on: dt.date, code: str) -> None:
    """Keep an account at the day before ``on`` and say why."""
    session.execute(
        sa.update(account)
        .where(account.c.unit_id == unit_id)
        .values(problem_code=code[:60], closed_through_on=on - ONE_DAY)
    )


def clear_problems(session: Session, unit_ids: Sequence[int]) -> None:
    """Forget the problems of accounts that went through."""
    session.execute(
        sa.update(account)
        .where(account.c.unit_id.in_(list(unit_ids)), account.c.problem_code.is_not(None))
        .values(problem_code=None)
    )


def problems(session: Session) -> list[Problem]:
    """Return the accounts that wait for somebody to look, the longest waiting first."""
    rows = session.execute(
        sa.select(account.c.unit_id, account.c.problem_code, account.c.closed_through_on, unit.c.code, unit.c.label)
        .join(unit, unit.c.id == account.c.unit_id)
        .where(account.c.problem_code.is_not(None))
        .order_by(account.c.closed_through_on, unit.c.sort_key, unit.c.id)
    )
    return [Problem(row.unit_id, row.code, row.label, row.problem_code, row.closed_through_on) for row in rows]


# --- levels ---------------------------------------------------------------------------------------


def _not_dunned(on: dt.date) -> sa.Select[tuple[int]]:
    """Select the bills that a hold keeps out of the procedure on a day; no bills named means all of the unit."""
    named = sa.func.replace(sa.func.replace(adjustment.c.bill_ids, "[", ","), "]", ",")
    return (
        sa.select(bill.c.id)
        .join(adjustment, adjustment.c.unit_id == bill.c.unit_id)
        .outerjoin(reversal, sa.and_(reversal.c.target_kind == "adjustment", reversal.c.target_id == adjustment.c.id))
        .where(
            adjustment.c.kind == "hold",
            adjustment.c.stops_dunning,
            adjustment.c.value_on <= day(on),
            adjustment.c.until_on >= day(on),
            sa.or_(reversal.c.id.is_(None), reversal.c.value_on > day(on)),
            sa.or_(adjustment.c.bill_ids == "[]", named.like("%," + sa.cast(bill.c.id, sa.String) + ",%")),
        )
    )


def _overdue(session: Session, on: dt.date, span: Span | None, community_id: int | None = None) -> sa.Subquery:
    """Return for each unit the oldest due day and the sum of what is overdue on a day and may be dunned."""
    narrow: list[sa.ColumnElement[bool]] = [bill_state.c.bill_id.not_in(_not_dunned(on))]
    if span is not None:
        narrow.append(bill_state.c.unit_id.between(*span))
    if community_id is not None:
        narrow.append(bill_state.c.community_id == community_id)
    f = arrears.figures(session, on, *narrow)
    total = f.c.principal_fen + f.c.late_charge_fen + f.c.costs_fen
    return (
        sa.select(f.c.unit_id, sa.func.min(f.c.due_on).label("oldest_due_on"), sa.func.sum(total).label("total_fen"))
        .where(arrears.is_owed(f))
        .group_by(f.c.community_id, f.c.unit_id)
        .subquery("overdue")
    )


def reach_levels(session: Session, *, on: dt.date, through: dt.date, span: Span | None) -> int:
    """Write the levels that accounts about to be closed reach on a day; return how many.

    The statement is ``app.domain.levels.newly_reached`` for all of them at once.
    """
    late, step = _overdue(session, on, span), procedure.in_force(on)
    stands_there = (
        sa.exists()
        .where(
            unit_level.c.unit_id == late.c.unit_id,
            unit_level.c.level >= step.c.level,
            unit_level.c.reached_on <= day(on),
            unit_level.c.reached_on > late.c.oldest_due_on,
        )
        .correlate(late, step)
    )
    query = (
        sa.select(late.c.unit_id, step.c.level, day(on))
        .select_from(late)
        .join(account, account.c.unit_id == late.c.unit_id)
        .join(step, sa.and_(step.c.community_id == account.c.community_id, step.c.is_active))
        .where(
            _may_close(on, through, span),
            days_between(day(on), late.c.oldest_due_on) >= step.c.min_days,
            late.c.total_fen >= step.c.min_amount_fen,
            ~stands_there,
        )
    )
    return db.insert_from(session, unit_level, ["unit_id", "level", "reached_on"], query)


def supersede(session: Session, *, on: dt.date) -> None:
    """Suppress the letters of lower levels not yet drafted, where a higher one was reached on a day."""
    new = unit_level.alias("new")
    today = new.c.reached_on == day(on)
    highest = sa.select(sa.func.max(new.c.level)).where(new.c.unit_id == unit_level.c.unit_id, today)
    session.execute(
        sa.update(unit_level)
        .where(
            unit_level.c.unit_id.in_(sa.select(new.c.unit_id).where(today)),
            unit_level.c.reached_on <= day(on),
            unit_level.c.superseded_by.is_(None),
            unit_level.c.level < highest.scalar_subquery(),
            ~_is_drafted(),
        )
        .values(superseded_by=highest.scalar_subquery())
    )


def _is_drafted() -> ColumnElement[bool]:
    """Say that a batch holds the unit for that level: a cancelled batch counts, a unit that was left out does not."""
    return (
        sa.exists()
        .where(
            notice_batch_unit.c.unit_id == unit_level.c.unit_id,
            notice_batch_unit.c.batch_id == notice_batch.c.id,
            notice_batch_unit.c.state != "skipped",
            notice_batch.c.level == unit_level.c.level,
            notice_batch.c.as_of >= unit_level.c.reached_on,
        )
        .correlate(unit_level)
    )


def drafts_due(session: Session, *, on: dt.date) -> list[tuple[int, int]]:
    """Return each (community, level) for which a batch is to be drafted."""
    due = _to_draft(session, on, None).subquery("due")
    query = sa.select(due.c.community_id, due.c.level).distinct().order_by(due.c.community_id, due.c.level)
    return [(row.community_id, row.level) for row in session.execute(query)]


def units_to_draft(session: Session, *, on: dt.date, community_id: int, level: int) -> list[int]:
    """Return the units of such a batch in walking order."""
    query = _to_draft(session, on, community_id).where(unit_level.c.level == level).order_by(unit.c.sort_key, unit.c.id)
    return list(dict.fromkeys(row.unit_id for row in session.execute(query)))


def _to_draft(session: Session, on: dt.date, community_id: int | None) -> sa.Select[Any]:
    """Select levels reached and still standing, less those drafted, less units in a pause.

    A unit is left in peace for ``pause_days`` after its last notice, whatever that was; then it is due again.
    """
    late, step = _overdue(session, on, None, community_id), procedure.in_force(on)
    in_pause = (
        sa.exists()
        .where(
            notice.c.unit_id == unit_level.c.unit_id,
            days_between(day(on), notice.c.as_of) < step.c.pause_days,
        )
        .correlate(unit_level, step)
    )
    return (
        sa.select(unit.c.community_id, unit_level.c.level, unit_level.c.unit_id)
        .join(unit, unit.c.id == unit_level.c.unit_id)
        .join(late, late.c.unit_id == unit_level.c.unit_id)
        .join(
            step,
            sa.and_(
                step.c.community_id == unit.c.community_id,
                step.c.level == unit_level.c.level,
                step.c.is_active,
            ),
        )
        .where(
            unit_level.c.superseded_by.is_(None),
            unit_level.c.reached_on <= day(on),
            unit_level.c.reached_on > late.c.oldest_due_on,
            ~_is_drafted(),
            ~in_pause,
        )
    )


# --- the runs -------------------------------------------------------------------------------------


def begin(session: Session, *, on: dt.date, now: dt.datetime) -> None:
    """Note that a date is being closed; a date that was begun before keeps its row."""
    db.insert_one_new(session, nightly_run, {"business_on": on, "started_at": now})


def finish(session: Session, *, on: dt.date, now: dt.datetime, accounts: int) -> None:
    """Note that every account that could be has been closed for a date, with those that could not."""
    waiting = [
        {"unit": problem.unit, "unit_id": problem.unit_id, "code": problem.code}
        for problem in problems(session)
        if problem.closed_through_on is None or problem.closed_through_on < on
    ]
    session.execute(
        sa.update(nightly_run)
        .where(nightly_run.c.business_on == on)
        .values(finished_at=now, accounts=nightly_run.c.accounts + accounts, problems=canonical(waiting))
    )


def runs(session: Session, *, limit: int) -> list[dict[str, Any]]:
    """Return the newest dates closed, with their accounts and problems."""
    rows = session.execute(sa.select(nightly_run).order_by(nightly_run.c.business_on.desc()).limit(limit)).mappings()
    return [{**row, "problems": json.loads(row["problems"])} for row in rows]
