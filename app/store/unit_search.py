"""Finding units by room, name, pinyin initials or the end of a phone number, and listing them in walking order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.store.tables import community, unit
from app.store.unit_reads import owner_names


@dataclass(frozen=True, slots=True)
class Found:
    """One line of a search."""

    unit_id: int
    label: str
    community: str
    owners: str


def search(
    session: Session, *, text: str, community_ids: Collection[int] | None, on: dt.date, limit: int = 50
) -> list[Found]:
    """Return units whose search key holds every word: room, name, pinyin initials or the end of a phone number."""
    query = sa.select(unit.c.id, unit.c.label, community.c.name).join(community, community.c.id == unit.c.community_id)
    if community_ids is not None:
        query = query.where(unit.c.community_id.in_(list(community_ids)))
    for word in text.lower().split()[:6]:
        query = query.where(unit.c.search_key.contains(word, autoescape=True))
    rows = session.execute(query.order_by(unit.c.community_id, unit.c.sort_key).limit(limit)).all()
    owners = owner_names(session, [row.id for row in rows], on=on)
    return [
        Found(row.id, row.label, row.name, "、".join(party.name for party in owners.get(row.id, []))) for row in rows
    ]


def page_of_units(
    session: Session, *, community_id: int, text: str, building: str, on: dt.date, limit: int, offset: int
) -> tuple[int, list[Found]]:
    """Return how many units there are and one page of them in walking order."""
    query = sa.select(unit.c.id, unit.c.label, community.c.name).join(community, community.c.id == unit.c.community_id)
    query = query.where(unit.c.community_id == community_id)
    if building:
        query = query.where(unit.c.building == building)
    for word in text.lower().split()[:6]:
        query = query.where(unit.c.search_key.contains(word, autoescape=True))
    count = session.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one()
    rows = session.execute(query.order_by(unit.c.sort_key, unit.c.id).limit(limit).offset(offset)).all()
    owners = owner_names(session, [row.id for row in rows], on=on)
    return int(count), [
        Found(row.id, row.label, row.name, "、".join(party.name for party in owners.get(row.id, []))) for row in rows
    ]


def buildings(session: Session, community_id: int) -> list[str]:
    """Return the buildings of a community in walking order."""
    query = (
        sa.select(unit.c.building, sa.func.min(unit.c.sort_key).label("place"))
        .where(unit.c.community_id == community_id)
        .group_by(unit.c.building)
        .order_by("place")
    )
    return [str(row.building) for row in session.execute(query)]
