"""What an owner did with a notice on the page: opened it, signed for it; rows are only ever added."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.store import db
from app.store.tables_portal import acknowledgement, notice_reading


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
    return db.insert_new(session, acknowledgement, [row]) > 0


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
        sa.select(acknowledgement).where(acknowledgement.c.unit_id.in_(unit_ids)).order_by(acknowledgement.c.id)
    ):
        before = found.get(row.notice_id, Mark())
        found[row.notice_id] = Mark(
            before.readings, before.first_read_at, before.first_ip, before.first_agent, before.first_sha256, row
        )
    return found


def slip_of(notice_id: sa.ColumnElement[int]) -> sa.ColumnElement[str]:
    """Return the word for the slip of a notice, inside a list of notices; empty where nothing was done with it."""
    is_signed = sa.exists().where(acknowledgement.c.notice_id == notice_id)
    is_read = sa.exists().where(notice_reading.c.notice_id == notice_id)
    return sa.case((is_signed, "signed"), (is_read, "read"), else_="")


def signed(session: Session, notice_id: int) -> sa.Row[Any] | None:
    """Return the slip signed on the screen for a notice, or None."""
    query = sa.select(acknowledgement).where(
        acknowledgement.c.notice_id == notice_id, acknowledgement.c.channel == "screen"
    )
    return session.execute(query).one_or_none()
