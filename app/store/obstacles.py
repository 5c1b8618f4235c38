"""Obstacles that keep a claim from being pursued (Civil Code 194), bill by bill, with the file that shows them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import Refusal, conflict, not_found
from app.store import clocks, db
from app.store.tables import bill
from app.store.tables_claims import obstacle, obstacle_change
from app.store.types import CivilDate, Instant


@dataclass(frozen=True, slots=True)
class Entry:
    """One obstacle as it was entered, for all bills it was entered for."""

    entry_key: str
    unit_id: int
    reason: str
    from_on: dt.date
    until_on: dt.date | None
    file_id: int
    note: str
    bills: int
    is_withdrawn: bool


def add(
    session: Session,
    *,
    bill_ids: Sequence[int],
    reason: str,
    from_on: dt.date,
    until_on: dt.date | None,
    file_id: int,
    entry_key: str,
    note: str,
    by: int | None,
    at: dt.datetime,
) -> int:
    """Write an obstacle for each bill; the same entry is written once. Return how many rows are new.

    Raises:
        Refusal: ``obstacle.dates``.

    """
    if until_on is not None and until_on < from_on:
        raise Refusal("obstacle.dates", field="until_on")
    db.check_text(obstacle, {"note": note, "entry_key": entry_key})
    facts = {
        "entry_key": entry_key,
        "reason": reason,
        "from_on": from_on,
        "until_on": until_on,
        "file_id": file_id,
        "note": note,
        "recorded_by": by,
        "recorded_at": at,
    }
    owners = session.execute(
        sa.select(bill.c.id, bill.c.unit_id, bill.c.community_id).where(bill.c.id.in_(list(bill_ids)))
    )
    rows = [{"bill_id": r.id, "unit_id": r.unit_id, "community_id": r.community_id, **facts} for r in owners]
    added = db.insert_new(session, obstacle, rows)
    if added:
        clocks.recompute(session, bill_ids)
    return added


def end(session: Session, *, entry_key: str, until_on: dt.date, by: int | None, at: dt.datetime) -> int:
    """Say that an obstacle is gone since ``until_on``; return how many bills that concerns.

    Raises:
        Refusal: ``obstacle.dates``, ``obstacle.ended``.

    """
    here = obstacle.c.entry_key == entry_key
    if session.execute(sa.select(obstacle.c.id).where(here, obstacle.c.from_on > _day(until_on)).limit(1)).first():
        raise Refusal("obstacle.dates", field="until_on")
    rows = _change("ended", until_on, "", by, at).where(here, obstacle.c.until_on.is_(None))
    count = db.insert_from(session, obstacle_change, _COLUMNS, rows)
    if not count:
        raise conflict("obstacle.ended")
    return _follow(session, entry_key, count)


def withdraw(session: Session, *, entry_key: str, reason: str, by: int | None, at: dt.datetime) -> int:
    """Take back an entry that was wrong; return how many bills that concerns.

    Raises:
        Refusal: ``obstacle.withdrawn``.

    """
    db.check_text(obstacle_change, {"reason": reason})
    rows = _change("withdrawn", None, reason, by, at).where(obstacle.c.entry_key == entry_key)
    count = db.insert_from(session, obstacle_change, _COLUMNS, rows)
    if not count:
        raise conflict("obstacle.withdrawn")
    return _follow(session, entry_key, count)


def of_unit(session: Session, unit_id: int) -> list[Entry]:
    """Return the obstacles entered for a unit, the newest first; withdrawn ones stay."""
    ended, taken = obstacle_change.alias("ended"), obstacle_change.alias("taken")
    o = obstacle.c
    until_on = sa.func.coalesce(ended.c.until_on, o.until_on)
    query = (
        sa.select(
            *(o.entry_key, o.unit_id, o.reason, o.from_on, until_on.label("until_on"), o.file_id, o.note),
            sa.func.count().label("bills"),
            taken.c.id.is_not(None).label("is_withdrawn"),
        )
        .outerjoin(ended, sa.and_(ended.c.obstacle_id == o.id, ended.c.kind == "ended"))
        .outerjoin(taken, sa.and_(taken.c.obstacle_id == o.id, taken.c.kind == "withdrawn"))
        .where(o.unit_id == unit_id)
        .group_by(o.entry_key, o.unit_id, o.reason, o.from_on, until_on, o.file_id, o.note, taken.c.id.is_not(None))
        .order_by(o.from_on.desc(), o.entry_key)
    )
    return [Entry(**{name: row[name] for name in Entry.__slots__}) for row in session.execute(query).mappings()]


def entry(session: Session, *, unit_id: int, entry_key: str) -> Entry:
    """Return one entry of a unit.

    Raises:
        Refusal: ``obstacle.unknown``.

    """
    found = next((one for one in of_unit(session, unit_id) if one.entry_key == entry_key), None)
    if found is None:
        raise not_found("obstacle.unknown")
    return found


_COLUMNS = ("obstacle_id", "kind", "until_on", "reason", "recorded_by", "recorded_at")


def _day(value: dt.date) -> sa.ColumnElement[Any]:
    return sa.literal(value, CivilDate())


def _change(kind: str, until_on: dt.date | None, reason: str, by: int | None, at: dt.datetime) -> sa.Select[Any]:
    return sa.select(
        obstacle.c.id,
        sa.literal(kind, sa.String()),
        sa.cast(sa.literal(until_on, CivilDate()), CivilDate()),
        sa.literal(reason, sa.String()),
        sa.cast(sa.literal(by, sa.BigInteger()), sa.BigInteger()),
        sa.literal(at, Instant()),
    )


def _follow(session: Session, entry_key: str, count: int) -> int:
    bills = session.execute(sa.select(obstacle.c.bill_id).where(obstacle.c.entry_key == entry_key)).scalars()
    clocks.recompute(session, bills)
    return count
