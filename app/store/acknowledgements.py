"""What an owner did with a notice on the page: opened it, signed for it; rows are only ever added."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.store import clocks, db
from app.store.tables_portal import acknowledgement, notice_reading
from app.store.tables_scans import acknowledgement_withdrawal, door_signing


@dataclass(frozen=True, slots=True)
class Mark:
    """Where the slip of one notice stands: opened or not, signed or not, by what evidence."""

    readings: int = 0
    first_read_at: dt.datetime | None = None
    first_ip: str = ""
    first_agent: str = ""
    first_sha256: str = ""
    signed: sa.Row[Any] | None = None

    @property
    def state(self) -> str:
        """The word for it: ``signed``, ``read`` or ``unread`` (labels ``slip.…``)."""
        if self.signed is not None:
            return "signed"
        return "read" if self.readings else "unread"


def add_reading(session: Session, row: Mapping[str, Any]) -> bool:
    """Write that a notice was opened, once a session; return whether this was the first time in it."""
    return db.insert_new(session, notice_reading, [row]) > 0


def add(session: Session, row: Mapping[str, Any]) -> bool:
    """Write a signed slip; return False where the notice has one already."""
    return add_one(session, row) is not None


def add_one(session: Session, row: Mapping[str, Any]) -> int | None:
    """Write a signed slip and return its id; None where one of the channel stands already."""
    a, channel = acknowledgement.c, row.get("channel", "screen")
    there = sa.and_(a.notice_id == row["notice_id"], a.channel == channel)
    if session.execute(sa.select(a.id).where(there, ~withdrawn(a.id)).limit(1)).first() is not None:
        return None
    nth = session.execute(sa.select(sa.func.coalesce(sa.func.max(a.nth), 0) + 1).where(there)).scalar_one()
    if not db.insert_one_new(session, acknowledgement, {**row, "nth": nth}):
        return None
    clocks.follow_notice(session, row["notice_id"])
    return int(session.execute(sa.select(a.id).where(there, a.nth == nth)).scalar_one())


def withdraw(session: Session, *, acknowledgement_id: int, reason: str, at: dt.datetime, by: int) -> None:
    """Write that a slip was filed wrongly; the slip itself stays as it was written."""
    row = {"acknowledgement_id": acknowledgement_id, "reason": reason, "withdrawn_at": at, "withdrawn_by": by}
    session.execute(sa.insert(acknowledgement_withdrawal).values(**row))
    notice_id = sa.select(acknowledgement.c.notice_id).where(acknowledgement.c.id == acknowledgement_id)
    clocks.follow_notice(session, session.execute(notice_id).scalar_one())


def add_door_signing(session: Session, row: Mapping[str, Any]) -> int:
    """Write what was recorded around a signature at the door."""
    return int(session.execute(sa.insert(door_signing).values(**row).returning(door_signing.c.id)).scalar_one())


def door_signing_of(session: Session, key: str) -> sa.Row[Any] | None:
    """Return the signature at the door that a page's key stands for, or None."""
    return session.execute(sa.select(door_signing).where(door_signing.c.row_key == key)).one_or_none()


def withdrawn(acknowledgement_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Say that a slip was withdrawn, inside a query of slips."""
    return sa.exists().where(acknowledgement_withdrawal.c.acknowledgement_id == acknowledgement_id)


def stands(notice_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Say that a notice has a signed slip that was not withdrawn, inside a query of notices."""
    a = acknowledgement.c
    return sa.exists(
        sa.select(a.id).where(a.notice_id == notice_id, ~withdrawn(a.id)).correlate_except(acknowledgement)
    )


def marks(session: Session, unit_ids: Sequence[int]) -> dict[int, Mark]:
    """Return the mark of every notice of the units that was opened or signed, in two queries."""
    r, found = notice_reading.c, dict[int, Mark]()
    place = sa.func.row_number().over(partition_by=r.notice_id, order_by=r.id)
    count = sa.func.count().over(partition_by=r.notice_id)
    ranked = sa.select(notice_reading, place.label("place"), count.label("readings")).where(r.unit_id.in_(unit_ids))
    first = ranked.subquery("ranked")
    for row in session.execute(sa.select(first).where(first.c.place == 1)):
        found[row.notice_id] = Mark(row.readings, row.read_at, row.ip, row.agent, row.document_sha256)
    for row in session.execute(
        sa.select(acknowledgement)
        .where(acknowledgement.c.unit_id.in_(unit_ids), ~withdrawn(acknowledgement.c.id))
        .order_by(acknowledgement.c.id)
    ):
        before = found.get(row.notice_id, Mark())
        found[row.notice_id] = Mark(
            before.readings, before.first_read_at, before.first_ip, before.first_agent, before.first_sha256, row
        )
    return found


def slip_of(notice_id: sa.ColumnElement[int]) -> sa.ColumnElement[str]:
    """Return the word for the slip of a notice, inside a list of notices; empty where nothing was done with it."""
    is_signed = stands(notice_id)
    is_read = sa.exists().where(notice_reading.c.notice_id == notice_id)
    return sa.case((is_signed, "signed"), (is_read, "read"), else_="")


def signed(session: Session, notice_id: int) -> sa.Row[Any] | None:
    """Return the slip that stands for a notice, by whatever channel it came, or None."""
    a = acknowledgement.c
    query = sa.select(acknowledgement).where(a.notice_id == notice_id, ~withdrawn(a.id)).order_by(a.id.desc()).limit(1)
    return session.execute(query).one_or_none()
