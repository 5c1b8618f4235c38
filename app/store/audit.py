"""The log of who did what: sign-ins, denials, reveals, exports, approvals; rows are only ever added."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, Select, func, insert, or_, select

from app.store import audit_chain
from app.store.tables_office import audit_event
from app.store.types import canonical

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy.orm import Session

NOBODY = "-"
REVEALED = "pii.revealed"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events a list shows; ``community_ids`` are those within reach, None for every event there is."""

    community_ids: Collection[int] | None = None
    community_id: int | None = None
    actor: str = ""
    action: str = ""
    subject: str = ""
    from_at: dt.datetime | None = None
    until_at: dt.datetime | None = None


def record(
    session: Session,
    *,
    at: dt.datetime,
    actor: str,
    action: str,
    subject: str = "",
    community_id: int | None = None,
    facts: Mapping[str, object] | None = None,
) -> None:
    """Add one event; ``facts`` must hold no name, number or amount that the subject does not already show."""
    made = session.execute(
        insert(audit_event)
        .values(
            at=at,
            actor=actor[:60],
            action=action,
            subject=subject[:120],
            community_id=community_id,
            facts=canonical(dict(facts or {})),
        )
        .returning(audit_event.c.id)
    )
    audit_chain.remember(session, made.scalar_one())


def listed(session: Session, wanted: Filter, *, limit: int, offset: int = 0) -> list[Row[Any]]:
    """Return the newest events first."""
    query = _wanted(select(audit_event), wanted).order_by(audit_event.c.id.desc()).limit(limit).offset(offset)
    return list(session.execute(query))


def count(session: Session, wanted: Filter) -> int:
    """Return how many events the list has."""
    return int(session.execute(_wanted(select(func.count()).select_from(audit_event), wanted)).scalar_one())


def actors(session: Session, wanted: Filter) -> list[str]:
    """Return who appears in the events within reach."""
    reach = Filter(community_ids=wanted.community_ids)
    query = _wanted(select(audit_event.c.actor).distinct(), reach).order_by(audit_event.c.actor)
    return list(session.execute(query).scalars())


def actions(session: Session, wanted: Filter) -> list[str]:
    """Return which actions appear in the events within reach."""
    reach = Filter(community_ids=wanted.community_ids)
    query = _wanted(select(audit_event.c.action).distinct(), reach).order_by(audit_event.c.action)
    return list(session.execute(query).scalars())


def reveals(session: Session, *, since: dt.datetime, community_ids: Collection[int] | None) -> list[tuple[str, int]]:
    """Return how often each person had a name or number shown in full since then, the most curious first."""
    wanted = Filter(community_ids=community_ids, action=REVEALED, from_at=since)
    number = func.count().label("number")
    query = _wanted(select(audit_event.c.actor, number), wanted).group_by(audit_event.c.actor)
    return [(row.actor, row.number) for row in session.execute(query.order_by(number.desc(), audit_event.c.actor))]


def _wanted(query: Select[Any], wanted: Filter) -> Select[Any]:
    if wanted.community_ids is not None:
        query = query.where(audit_event.c.community_id.in_(list(wanted.community_ids)))
    if wanted.community_id is not None:
        query = query.where(audit_event.c.community_id == wanted.community_id)
    if wanted.actor:
        query = query.where(audit_event.c.actor == wanted.actor)
    if wanted.action:
        query = query.where(audit_event.c.action == wanted.action)
    if wanted.subject:
        # "unit:12" and what is below it; a bare word finds every subject of that kind
        literal = wanted.subject
        query = query.where(
            or_(audit_event.c.subject == literal, audit_event.c.subject.startswith(literal + ":", autoescape=True))
        )
    if wanted.from_at is not None:
        query = query.where(audit_event.c.at >= wanted.from_at)
    if wanted.until_at is not None:
        query = query.where(audit_event.c.at < wanted.until_at)
    return query
