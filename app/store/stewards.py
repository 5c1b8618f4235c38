"""Stewards: who looks after which building; reports group by them and lists can be narrowed to one."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.store.tables_office import app_user, user_community
from app.store.tables_reports import steward


def of_community(session: Session, community_id: int) -> dict[str, int]:
    """Return the steward of each building that has one."""
    rows = session.execute(
        sa.select(steward.c.building, steward.c.user_id)
        .where(steward.c.community_id == community_id)
        .order_by(steward.c.building)
    )
    return {row.building: row.user_id for row in rows}


def buildings_of(session: Session, *, community_id: int, user_id: int) -> list[str]:
    """Return the buildings a person looks after."""
    query = sa.select(steward.c.building).where(steward.c.community_id == community_id, steward.c.user_id == user_id)
    return list(session.execute(query.order_by(steward.c.building)).scalars())


def candidates(session: Session, community_id: int) -> list[tuple[int, str]]:
    """Return the active people who work in a community, or everywhere."""
    somewhere = sa.exists().where(user_community.c.user_id == app_user.c.id)
    here = sa.exists().where(user_community.c.user_id == app_user.c.id, user_community.c.community_id == community_id)
    query = (
        sa.select(app_user.c.id, app_user.c.name)
        .where(app_user.c.is_active, app_user.c.role != "admin", sa.or_(~somewhere, here))
        .order_by(app_user.c.id)
    )
    return [(row.id, row.name) for row in session.execute(query)]


def replace(session: Session, *, community_id: int, wanted: Mapping[str, int]) -> None:
    """Let these people, and nobody else, look after the buildings of a community."""
    session.execute(sa.delete(steward).where(steward.c.community_id == community_id))
    rows = [
        {"community_id": community_id, "building": building, "user_id": user_id} for building, user_id in wanted.items()
    ]
    if rows:
        session.execute(sa.insert(steward), rows)
