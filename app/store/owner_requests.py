"""What owners asked on their page: rows with their events, the text sealed to its row."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import not_found
from app.store import db, sealing
from app.store.arrears import day
from app.store.tables import unit
from app.store.tables_office import app_user
from app.store.tables_portal import owner_request, owner_request_event

WAITING = "open"


@dataclass(frozen=True, slots=True)
class Filter:
    """What narrows the queue; an empty field does not narrow."""

    community_id: int
    state: str = WAITING
    kind: str = ""
    is_overdue: bool = False
    unit_id: int | None = None


def insert(session: Session, *, text: str, row: Mapping[str, Any]) -> int:
    """Write a request, its text sealed to the row, and return its id."""
    sealed = sealing.of(session).seal(text, place=_place(row["row_key"]))
    return db.insert_many(session, owner_request, [{**row, "text_sealed": sealed}])[0]


def text_of(session: Session, row: Mapping[str, Any]) -> str:
    """Return what the owner wrote; the caller decides who may read it."""
    return sealing.of(session).open(row["text_sealed"], place=_place(row["row_key"]))


def add_event(session: Session, *, request_id: int, kind: str, at: dt.datetime, actor: str, note: str = "") -> None:
    """Add one event to the story of a request."""
    session.execute(
        sa.insert(owner_request_event).values(request_id=request_id, kind=kind, at=at, actor=actor[:60], note=note)
    )


def events(session: Session, request_id: int) -> list[sa.Row[Any]]:
    """Return the story of a request, oldest first."""
    query = (
        sa.select(owner_request_event)
        .where(owner_request_event.c.request_id == request_id)
        .order_by(owner_request_event.c.id)
    )
    return list(session.execute(query))


def by_id(session: Session, request_id: int) -> dict[str, Any]:
    """Return a request with its room and who answered.

    Raises:
        Refusal: ``owner_request.unknown``.

    """
    found = session.execute(_query().where(owner_request.c.id == request_id)).mappings().one_or_none()
    if found is None:
        raise not_found("owner_request.unknown")
    return _with_bills(dict(found))


def locked(session: Session, request_id: int) -> dict[str, Any]:
    """Return a request, held until the end of the transaction.

    Raises:
        Refusal: ``owner_request.unknown``.

    """
    wanted = sa.select(owner_request).where(owner_request.c.id == request_id)
    found = session.execute(db.lock_row(session, wanted)).mappings().one_or_none()
    if found is None:
        raise not_found("owner_request.unknown")
    return _with_bills(dict(found))


def update(session: Session, request_id: int, **values: object) -> None:
    """Change where a request stands."""
    session.execute(sa.update(owner_request).where(owner_request.c.id == request_id).values(**values))


def counts_of_unit(session: Session, *, unit_id: int, since: dt.datetime) -> tuple[int, int]:
    """Return how many requests of a unit wait for an answer, and how many were made since."""
    mine = sa.select(sa.func.count()).select_from(owner_request).where(owner_request.c.unit_id == unit_id)
    waiting = mine.where(owner_request.c.state == WAITING)
    lately = mine.where(owner_request.c.made_at > since)
    found = session.execute(sa.select(waiting.scalar_subquery(), lately.scalar_subquery())).one()
    return int(found[0]), int(found[1])


def of_units(session: Session, unit_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Return the requests of units, newest first."""
    query = _query().where(owner_request.c.unit_id.in_(list(unit_ids))).order_by(owner_request.c.id.desc())
    return [_with_bills(dict(row)) for row in session.execute(query).mappings()]


def queue(session: Session, *, wanted: Filter, today: dt.date, limit: int, offset: int) -> list[dict[str, Any]]:
    """Return one page of the office's queue: what waits first, by deadline, then the latest answered."""
    waits = sa.case((owner_request.c.state == WAITING, 0), else_=1)
    query = _narrow(_query(), wanted, today).order_by(waits, owner_request.c.due_on, owner_request.c.id)
    return [_with_bills(dict(row)) for row in session.execute(query.limit(limit).offset(offset)).mappings()]


def counts(session: Session, *, wanted: Filter, today: dt.date) -> tuple[int, int, int]:
    """Return (found by the filter, open in the community, open and overdue there) in one statement."""
    is_open = sa.and_(owner_request.c.community_id == wanted.community_id, owner_request.c.state == WAITING)
    found = _narrow(sa.select(sa.func.count()).select_from(owner_request), wanted, today)
    waiting = sa.select(sa.func.count()).select_from(owner_request).where(is_open)
    late = waiting.where(owner_request.c.due_on < day(today))
    one = session.execute(sa.select(*(query.scalar_subquery() for query in (found, waiting, late)))).one()
    return int(one[0]), int(one[1]), int(one[2])


def _query() -> sa.Select[Any]:
    return (
        sa.select(owner_request, unit.c.label, unit.c.code, app_user.c.name.label("answered_by_name"))
        .join(unit, unit.c.id == owner_request.c.unit_id)
        .outerjoin(app_user, app_user.c.id == owner_request.c.answered_by)
    )


def _narrow(query: sa.Select[Any], wanted: Filter, today: dt.date) -> sa.Select[Any]:
    query = query.where(owner_request.c.community_id == wanted.community_id)
    if wanted.state:
        query = query.where(owner_request.c.state == wanted.state)
    if wanted.kind:
        query = query.where(owner_request.c.kind == wanted.kind)
    if wanted.is_overdue:
        query = query.where(owner_request.c.state == WAITING, owner_request.c.due_on < day(today))
    if wanted.unit_id is not None:
        query = query.where(owner_request.c.unit_id == wanted.unit_id)
    return query


def _with_bills(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "bill_ids": tuple(json.loads(row["bill_ids"]))}


def _place(row_key: str) -> str:
    return f"owner_request.text:{row_key}"
