"""The nightly run: every open day of every account, oldest first, each step in a transaction of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app import clock
from app.domain.errors import Refusal
from app.services import nightly, notices
from app.store import clocks, db, evidence_roots

CHUNK = 200
ONE_DAY = dt.timedelta(days=1)
Opening = Callable[[], AbstractContextManager[Session]]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Problem:
    """An account that waits for somebody to look; nothing later is closed on it until it goes through."""

    unit: str
    label: str
    code: str
    closed_through_on: dt.date | None


@dataclass(frozen=True, slots=True)
class Result:
    """What a run did: ``days`` counts the dates on which at least one account was closed."""

    closed_through: dt.date
    days: int
    accounts: int
    levels: int
    drafts: int
    problems: tuple[Problem, ...]


def yesterday() -> dt.date:
    """Return the last civil day in Asia/Shanghai that is over: the business date of a run nobody gave one."""
    return clock.today() - ONE_DAY


def run(engine: Engine, *, through: dt.date, go_on: Callable[[], bool] = lambda: True) -> Result:
    """Close every account through a date and draft what is due; safe to repeat, to interrupt and to run twice.

    ``go_on`` is asked between two steps: once it says no the run ends early, and the next one continues.

    Raises:
        Refusal: ``close.in_future``.

    """
    return _run(lambda: db.transaction(engine), through=through, go_on=go_on)


def rehearse(engine: Engine, *, through: dt.date) -> Result:
    """Return what ``run`` would do, by doing it and taking all of it back.

    Raises:
        Refusal: as ``run``.

    """
    with db.rehearsal(engine) as opening:
        return _run(opening, through=through, go_on=lambda: True)


def _run(opening: Opening, *, through: dt.date, go_on: Callable[[], bool]) -> Result:
    if through > clock.today():
        raise Refusal("close.in_future", field="through", on=through.isoformat())
    with opening() as session:
        first = nightly.first_open_on(session, through=through)
    days = accounts = levels = 0
    on = first or through + ONE_DAY
    while on <= through and go_on():
        closed = _close_day(opening, on, through, go_on)
        if closed is not None:
            days += closed.accounts > 0
            accounts += closed.accounts
            levels += closed.levels
        on += ONE_DAY
    is_through = on > through
    drafts = _draft(opening, through) if is_through else 0
    if is_through:
        with opening() as session:
            clocks.catch_up(session)
    if is_through and through < clock.today():
        # last, so that it stands for what this very night wrote down
        with opening() as session:
            evidence_roots.make(session, day_on=through, at=clock.now())
    with opening() as session:
        waiting = tuple(
            Problem(found.unit, found.label, found.code, found.closed_through_on) for found in nightly.problems(session)
        )
    log.info("nightly.done", through=str(through), days=days, accounts=accounts, problems=len(waiting))
    return Result(through, days, accounts, levels, drafts, waiting)


def _close_day(opening: Opening, on: dt.date, through: dt.date, go_on: Callable[[], bool]) -> nightly.Closed | None:
    """Settle the accounts with work in small transactions, then close the day for all in one."""
    with opening() as session:
        work = nightly.begin_day(session, on=on, through=through, now=clock.now())
    for start in range(0, len(work), CHUNK):
        if not go_on():
            return None
        with opening() as session:
            _warn(nightly.settle_accounts(session, unit_ids=work[start : start + CHUNK], on=on), on)
    with opening() as session:
        closed = nightly.close_day(session, on=on, through=through, now=clock.now())
    _warn(closed.failures, on)
    return closed


def _warn(failures: tuple[nightly.Failure, ...], on: dt.date) -> None:
    for failure in failures:
        log.error(
            "nightly.account_failed", unit_id=failure.unit_id, on=str(on), code=failure.code, detail=failure.detail
        )


def _draft(opening: Opening, on: dt.date) -> int:
    """Draft one batch a community and level, for a person to release; one that cannot be drafted stops no other."""
    with opening() as session:
        due = nightly.drafts_due(session, on=on)
    made = 0
    for community_id, level in due:
        try:
            with opening() as session:
                made += _draft_batches(session, on, community_id, level)
        except Refusal as refusal:
            log.warning("nightly.not_drafted", community_id=community_id, level=level, code=refusal.code)
    return made


def _draft_batches(session: Session, on: dt.date, community_id: int, level: int) -> int:
    units = nightly.units_to_draft(session, on=on, community_id=community_id, level=level)
    made = [
        notices.draft_due(
            session,
            community_id=community_id,
            level=level,
            unit_ids=units[start : start + notices.MAX_UNITS],
            as_of=on,
            now=clock.now(),
        )
        for start in range(0, len(units), notices.MAX_UNITS)
    ]
    return sum(batch_id is not None for batch_id in made)
