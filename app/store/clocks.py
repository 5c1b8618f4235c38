"""The remembered clock of each bill: worked out by the engine whenever something happens, read by lists in SQL.

See docs/decisions: a chain of interruptions, rest days and obstacles does not fit one statement; its outcome does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from app.domain.calendar import Calendar
from app.domain.limitation import OURS, YEARS, Trace, trace
from app.domain.limitation_states import Cuts, State
from app.store import calendars
from app.store.clock_facts import Fact, Story, stories
from app.store.figures import day
from app.store.tables import allocation, bill, bill_state
from app.store.tables_claims import bill_clock, interruption, obstacle
from app.store.tables_office import notice_bill
from app.store.tables_portal import acknowledgement
from app.store.types import FOREVER, CivilDate

CHUNK = 1000
LAST_OLD_DUE_ON = dt.date(2015, 9, 30)
"""What fell due by then had run out after two years before the three years came (rules 6)."""


def recompute(session: Session, bill_ids: Iterable[int]) -> int:
    """Work out the clocks of bills anew and remember them; return how many have one.

    A bill nothing happened to has no row: lists count it from its due date.
    """
    wanted, made = sorted(set(bill_ids)), 0
    calendar = calendars.load(session) if wanted else None
    for start in range(0, len(wanted), CHUNK):
        part = wanted[start : start + CHUNK]
        rows = [] if calendar is None else worked_out(session, part, calendar)
        session.execute(sa.delete(bill_clock).where(bill_clock.c.bill_id.in_(part)))
        if rows:
            session.execute(sa.insert(bill_clock), rows)
        made += len(rows)
    return made


def worked_out(session: Session, bill_ids: Sequence[int], calendar: Calendar) -> list[dict[str, Any]]:
    """Return the rows these bills should have (at most some thousand bills at once); nothing is written."""
    told = stories(session, bill_ids)
    if not told:
        return []
    columns: list[ColumnElement[Any]] = [bill.c.id, bill.c.community_id, bill.c.unit_id, bill.c.due_on]
    bills = session.execute(sa.select(*columns).where(bill.c.id.in_(sorted(told))))
    return [_row(one, told[one.id], calendar) for one in bills]


def traced(
    due_on: dt.date, story: Story, calendar: Calendar, as_of: dt.date | None
) -> tuple[Trace, Fact | None, list[Fact]]:
    """Return the engine's trace, the fact the clock counts from, and the facts that came too late."""
    told = story.told(as_of)
    found = trace(due_on, [event for _, event in told] + story.suspended(as_of), OURS, calendar)
    last = next((fact for fact, event in told if event is found.last), None)
    late = [fact for fact, event in told if any(event is one for one in found.too_late)]
    return found, last, late


def _row(one: sa.Row[Any], story: Story, calendar: Calendar) -> dict[str, Any]:
    found, last, late = traced(one.due_on, story, calendar, None)
    return {
        "bill_id": one.id,
        "community_id": one.community_id,
        "unit_id": one.unit_id,
        "base_on": found.base_on,
        "act_by_on": found.clock.act_by_on,
        "last_kind": last.kind.value if last else "",
        "last_on": last.on if last else None,
        "proof_kind": last.proof_kind if last else "",
        "proof_id": last.proof_id if last else None,
        "strength": last.strength if last else "",
        "late_events": len(late),
    }


def is_open() -> ColumnElement[bool]:
    """Say of a row of ``bill_state`` that it is how the bill stands now, and that something is owed."""
    forever = sa.bindparam("forever", FOREVER, CivilDate(), literal_execute=True)
    return sa.and_(bill_state.c.settled_on.is_(None), bill_state.c.until_on == forever)


def follow(session: Session, bill_ids: Sequence[int]) -> None:
    """Follow the ledger: of bills whose state changed, those still open have their clock worked out anew."""
    for start in range(0, len(bill_ids), CHUNK):
        part = bill_ids[start : start + CHUNK]
        query = sa.select(bill_state.c.bill_id).where(bill_state.c.bill_id.in_(part), is_open())
        recompute(session, session.execute(query).scalars())


def follow_notice(session: Session, notice_id: int) -> None:
    """Work out the clocks of the bills of a notice anew: a slip was signed for it, or withdrawn."""
    listed = sa.select(notice_bill.c.bill_id).where(notice_bill.c.notice_id == notice_id)
    recompute(session, session.execute(listed).scalars())


def everything() -> sa.Select[Any]:
    """Select every bill something happened to: what must have a row."""
    paid = sa.select(allocation.c.bill_id)
    signed = sa.select(notice_bill.c.bill_id).join(
        acknowledgement, acknowledgement.c.notice_id == notice_bill.c.notice_id
    )
    touched = sa.union(sa.select(interruption.c.bill_id), sa.select(obstacle.c.bill_id), paid, signed).subquery()
    return sa.select(touched.c.bill_id)


def catch_up(session: Session) -> int:
    """Work out the clocks that open bills should have and have not (after an upgrade or a restored copy)."""
    missing = (
        sa.select(bill_state.c.bill_id)
        .where(
            is_open(),
            bill_state.c.bill_id.in_(everything()),
            ~sa.exists().where(bill_clock.c.bill_id == bill_state.c.bill_id),
        )
        .order_by(bill_state.c.bill_id)
    )
    return recompute(session, session.execute(missing).scalars().all())


def rebuild(session: Session) -> int:
    """Work out every clock anew: after a year of the calendar was entered or corrected."""
    return recompute(session, session.execute(everything()).scalars().all())


# --- the clock inside a statement -------------------------------------------------------------------


class _PlusYears(GenericFunction[Any]):
    """The same day of the month so many years later, or that month's last day (Civil Code 202)."""

    inherit_cache = True
    name = "qingqian_plus_years"


@compiles(_PlusYears)
def _compile_plus_years(element: _PlusYears, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401 - SQLAlchemy's own
    on, years = (compiler.process(part, **kw) for part in element.clauses)
    return f"CAST({on} + make_interval(years => {years}) AS DATE)"


@compiles(_PlusYears, "sqlite")
def _compile_plus_years_sqlite(element: _PlusYears, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401 - as above
    on, years = (compiler.process(part, **kw) for part in element.clauses)
    same_day = f"CAST(strftime('%s', {on} * 86400, 'unixepoch', '+{years} years') AS INTEGER) / 86400"
    is_leap_day = f"strftime('%m-%d', {on} * 86400, 'unixepoch') = '02-29'"
    return f"(CASE WHEN {is_leap_day} THEN {on} + 365 * {years} ELSE {same_day} END)"


def _plus_years(on: ColumnElement[Any], years: int) -> ColumnElement[Any]:
    return _PlusYears(on, sa.literal_column(str(years)), type_=CivilDate())


def act_by(due_on: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the last day of a bill joined with ``bill_clock`` from outside; NULL while its clock stands still."""
    plain = sa.case((due_on <= day(LAST_OLD_DUE_ON), _plus_years(due_on, YEARS - 1)), else_=_plus_years(due_on, YEARS))
    return sa.case((bill_clock.c.bill_id.is_(None), plain), else_=bill_clock.c.act_by_on)


def state(act_by_on: ColumnElement[Any], cut: Cuts) -> ColumnElement[str]:
    """Return the state of a clock inside a statement; the same cuts as ``Cuts.state``."""
    return sa.case(
        (act_by_on.is_(None), State.PENDING.value),
        (act_by_on < day(cut.lives_from), State.EXPIRED.value),
        (act_by_on < day(cut.critical_until), State.CRITICAL.value),
        (act_by_on < day(cut.soon_until), State.SOON.value),
        (act_by_on < day(cut.watch_until), State.WATCH.value),
        else_=State.SAFE.value,
    )
