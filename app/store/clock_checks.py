"""The check of the clocks: what is remembered of every open bill against what the engine makes of its story."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.store import calendars, clocks
from app.store.problems import Problem
from app.store.tables import bill_state, unit
from app.store.tables_claims import bill_clock

NONE: Mapping[str, Any] = {}


def problems(session: Session) -> tuple[int, list[Problem]]:
    """Return how many open bills were checked, and every one whose clock is not what it should be.

    A settled bill keeps the clock it had last, which nobody reads: it is worked out anew if the bill opens again.
    """
    calendar, checked, found = calendars.load(session), 0, list[Problem]()
    for part in _open_bills(session):
        checked += len(part)
        numbers = list(part)
        wanted = {row["bill_id"]: row for row in clocks.worked_out(session, numbers, calendar)}
        query = sa.select(bill_clock).where(bill_clock.c.bill_id.in_(numbers))
        kept = {row["bill_id"]: row for row in session.execute(query).mappings()}
        found += [
            Problem(f"{part[number]} bill:{number}", "verify.clock_differs")
            for number in numbers
            if dict(wanted.get(number, NONE)) != dict(kept.get(number, NONE))
        ]
    return checked, found


def _open_bills(session: Session) -> Iterator[Mapping[int, str]]:
    """Yield the open bills in parts, each with the code of its unit."""
    last = 0
    while rows := _after(session, last):
        yield {row.bill_id: row.code for row in rows}
        last = rows[-1].bill_id


def _after(session: Session, last: int) -> Sequence[sa.Row[Any, Any]]:
    query = (
        sa.select(bill_state.c.bill_id, unit.c.code)
        .join(unit, unit.c.id == bill_state.c.unit_id)
        .where(bill_state.c.bill_id > last, clocks.is_open())
        .order_by(bill_state.c.bill_id)
        .limit(clocks.CHUNK)
    )
    return session.execute(query).all()
