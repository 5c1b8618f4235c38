"""Scans handed in, the slips found on them, and every word said of a slip: rows are added, states move."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import not_found
from app.store import acknowledgements, db
from app.store.notices import is_void
from app.store.tables import unit
from app.store.tables_office import app_user, document_file, notice
from app.store.tables_scans import door_signing, scan_batch, scan_decision, scan_slip
from app.store.types import canonical

Row = sa.Row[Any]
B, S, W = scan_batch.c, scan_slip.c, scan_decision.c
OPEN = ("found", "double", "unknown", "unreadable")
"""States of slips that wait for somebody's word, in the order they are worked off."""


@dataclass(frozen=True, slots=True)
class Target:
    """A notice a slip may belong to, and whether a slip of it stands already."""

    notice_id: int
    unit_id: int
    community_id: int
    number: str
    is_signed: bool


# --- scans ----------------------------------------------------------------------------------------


def add_batch(session: Session, row: Mapping[str, Any]) -> tuple[int, bool]:
    """Write down a file handed in and return its id, and whether it is new: the same file is the same scan."""
    is_new = db.insert_one_new(session, scan_batch, row)
    query = sa.select(B.id).where(B.community_id == row["community_id"], B.sha256 == row["sha256"])
    return int(session.execute(query).scalar_one()), is_new


def batch(session: Session, batch_id: int, *, is_locked: bool = False) -> Row:
    """Return one scan with the name of who handed it in.

    Raises:
        Refusal: ``scan.unknown``.

    """
    query = sa.select(scan_batch).where(B.id == batch_id)
    row = session.execute(db.lock_row(session, query) if is_locked else query).one_or_none()
    if row is None:
        raise not_found("scan.unknown")
    return row


def batches(session: Session, community_id: int, *, limit: int, offset: int = 0) -> list[Mapping[str, Any]]:
    """Return the scans of a community, newest first, with how many slips of each wait and how many are done."""
    waits = sa.func.sum(sa.case((S.state.in_(OPEN), 1), else_=0))
    slips = sa.func.sum(sa.case((S.state != "unreadable", 1), else_=0))
    sums = sa.select(S.batch_id, waits.label("waiting"), slips.label("slips")).group_by(S.batch_id).subquery()
    query = (
        sa.select(
            scan_batch,
            app_user.c.name.label("uploader"),
            sa.func.coalesce(sums.c.waiting, 0).label("waiting"),
            sa.func.coalesce(sums.c.slips, 0).label("slips"),
        )
        .join(app_user, app_user.c.id == B.uploaded_by)
        .outerjoin(sums, sums.c.batch_id == B.id)
        .where(B.community_id == community_id)
        .order_by(B.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [dict(row) for row in session.execute(query).mappings()]


def unread(session: Session) -> list[int]:
    """Return the scans that wait to be read."""
    return list(session.execute(sa.select(B.id).where(B.state == "waiting").order_by(B.id)).scalars())


def settle_batch(
    session: Session, batch_id: int, *, state: str, pages: int, at: dt.datetime, failure: str = ""
) -> None:
    """Note that a scan was read, or why it could not be."""
    values = {"state": state, "pages": pages, "read_at": at, "failure": failure[:200]}
    session.execute(sa.update(scan_batch).where(B.id == batch_id).values(**values))


# --- slips ----------------------------------------------------------------------------------------


def targets(session: Session, numbers: Iterable[str], community_ids: Sequence[int]) -> dict[str, Target]:
    """Return the notices with these numbers in these communities; one that was never printed is none of them."""
    query = sa.select(
        notice.c.id,
        notice.c.unit_id,
        notice.c.community_id,
        notice.c.number,
        sa.or_(acknowledgements.stands(notice.c.id), _is_confirmed(notice.c.id)).label("is_signed"),
    ).where(notice.c.number.in_(set(numbers)), notice.c.community_id.in_(community_ids), ~is_void())
    rows = session.execute(query.order_by(notice.c.id))
    return {row.number: Target(row.id, row.unit_id, row.community_id, row.number, bool(row.is_signed)) for row in rows}


def _is_confirmed(notice_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    return sa.exists().where(S.notice_id == notice_id, S.state == "confirmed")


def waiting_for(session: Session, notice_ids: Iterable[int]) -> set[int]:
    """Return which of these notices have a slip waiting to be confirmed."""
    query = sa.select(S.notice_id).where(S.notice_id.in_(list(notice_ids)), S.state == "found")
    return set(session.execute(query).scalars())


def insert(session: Session, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Write slips found on a scan and return their ids."""
    return db.insert_many(session, scan_slip, rows)


def slip(session: Session, slip_id: int, *, is_locked: bool = False) -> Row:
    """Return one slip.

    Raises:
        Refusal: ``scan.unknown``.

    """
    query = sa.select(scan_slip).where(S.id == slip_id)
    row = session.execute(db.lock_row(session, query) if is_locked else query).one_or_none()
    if row is None:
        raise not_found("scan.unknown")
    return row


def queue(
    session: Session,
    community_id: int,
    *,
    states: Sequence[str],
    batch_id: int | None = None,
    limit: int,
    offset: int = 0,
) -> list[Mapping[str, Any]]:
    """Return slips in the order they are worked off, with unit and file."""
    query = (
        sa.select(scan_slip, B.file_name, unit.c.label, unit.c.sort_key)
        .join(scan_batch, B.id == S.batch_id)
        .outerjoin(unit, unit.c.id == S.unit_id)
        .where(*_wanted(community_id, states, batch_id))
        .order_by(S.batch_id.desc(), S.page, S.place)
        .limit(limit)
        .offset(offset)
    )
    return [{**row, "reading": json.loads(row["reading"])} for row in session.execute(query).mappings()]


def counts(session: Session, community_id: int, batch_id: int | None = None) -> dict[str, int]:
    """Return how many slips there are in each state."""
    query = (
        sa.select(S.state, sa.func.count().label("slips")).where(*_wanted(community_id, (), batch_id)).group_by(S.state)
    )
    return {row.state: row.slips for row in session.execute(query)}


def next_open(session: Session, community_id: int, *, after: int = 0, state: str = "found") -> int | None:
    """Return the next slip that waits in a state, after one; from the beginning again where none is left behind it."""
    query = sa.select(S.id).where(S.community_id == community_id, S.state == state, S.id != after)
    order = sa.case((S.id > after, 0), else_=1)
    return session.execute(query.order_by(order, S.id).limit(1)).scalar_one_or_none()


def _wanted(community_id: int, states: Sequence[str], batch_id: int | None) -> list[sa.ColumnElement[bool]]:
    wanted: list[sa.ColumnElement[bool]] = [S.community_id == community_id]
    if states:
        wanted.append(S.state.in_(states))
    if batch_id is not None:
        wanted.append(S.batch_id == batch_id)
    return wanted


def move(session: Session, slip_id: int, **columns: object) -> None:
    """Set the state of a slip, and where it belongs."""
    session.execute(sa.update(scan_slip).where(S.id == slip_id).values(**columns))


def others_become(session: Session, *, notice_id: int, but: int, before: str, after: str) -> None:
    """Move the other slips of a notice from one state to another: once one is confirmed, the rest are double."""
    session.execute(
        sa.update(scan_slip).where(S.notice_id == notice_id, S.id != but, S.state == before).values(state=after)
    )


# --- what people said -----------------------------------------------------------------------------


def decide(session: Session, row: Mapping[str, Any]) -> int:
    """Write what somebody said of a slip and return the row's id."""
    full = {**row, "facts": canonical(dict(row.get("facts", {})))}
    return int(session.execute(sa.insert(scan_decision).values(**full).returning(W.id)).scalar_one())


def decisions(session: Session, slip_id: int) -> list[Mapping[str, Any]]:
    """Return everything said of a slip, oldest first, with who said it."""
    undone = scan_decision.alias("undone")
    query = (
        sa.select(scan_decision, app_user.c.name.label("who"), undone.c.id.label("undone_by"))
        .join(app_user, app_user.c.id == W.decided_by)
        .outerjoin(undone, undone.c.undoes_id == W.id)
        .where(W.slip_id == slip_id)
        .order_by(W.id)
    )
    return [{**row, "facts": json.loads(row["facts"])} for row in session.execute(query).mappings()]


def standing_decision(session: Session, slip_id: int) -> Row | None:
    """Return the confirmation or rejection of a slip that was not undone."""
    undone = scan_decision.alias("undone")
    query = (
        sa.select(scan_decision)
        .outerjoin(undone, undone.c.undoes_id == W.id)
        .where(W.slip_id == slip_id, W.kind.in_(("confirmed", "rejected")), undone.c.id.is_(None))
        .order_by(W.id.desc())
        .limit(1)
    )
    return session.execute(query).one_or_none()


def paper(session: Session, notice_id: int) -> Row:
    """Return a notice with its unit and the hash of its PDF.

    Raises:
        Refusal: ``notice.unknown``.

    """
    query = (
        sa.select(notice, unit.c.label, unit.c.code, document_file.c.sha256.label("document_sha256"))
        .join(unit, unit.c.id == notice.c.unit_id)
        .outerjoin(document_file, document_file.c.document_id == notice.c.document_id)
        .where(notice.c.id == notice_id, ~is_void())
    )
    row = session.execute(query).one_or_none()
    if row is None:
        raise not_found("notice.unknown")
    return row


def files_of(session: Session) -> list[tuple[str, str]]:
    """Return what every scan and cutting is called and the hash of its file, for the check of the store."""
    found = [(f"scan:{row.id}", row.sha256) for row in session.execute(sa.select(B.id, B.sha256))]
    columns = (S.slip_sha256, S.ticks_sha256, S.signature_sha256)
    for row in session.execute(sa.select(S.id, *columns)):
        found += [(f"scan_slip:{row.id}", sha256) for sha256 in row[1:]]
    photos = sa.select(door_signing.c.notice_id, door_signing.c.photo_sha256)
    found += [(f"door:{row.notice_id}", row.photo_sha256) for row in session.execute(photos)]
    return [(name, sha256) for name, sha256 in found if sha256]
