"""What somebody wants changed of a unit's terms, or a price taken back, until another person decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import not_found
from app.store import db
from app.store.tables import unit
from app.store.tables_office import app_user
from app.store.tables_tariffs import terms_draft

Row = Any
"""A row, read by attribute."""


def add(session: Session, row: Mapping[str, Any]) -> int:
    """Write a draft and return its id."""
    db.check_text(terms_draft, row)
    return int(session.execute(sa.insert(terms_draft).values(**row).returning(terms_draft.c.id)).scalar_one())


def by_id(session: Session, draft_id: int, *, lock: bool = False) -> Row:
    """Return one draft with its unit and the names of its people.

    Raises:
        Refusal: ``terms_draft.unknown``.

    """
    if lock:
        session.execute(db.lock_row(session, sa.select(terms_draft.c.id).where(terms_draft.c.id == draft_id))).all()
    row = session.execute(_named().where(terms_draft.c.id == draft_id)).one_or_none()
    if row is None:
        raise not_found("terms_draft.unknown")
    return row


def listed(session: Session, *, community_id: int, limit: int = 100) -> list[Row]:
    """Return the drafts of a community, those that wait first, then the newest."""
    waits = sa.case((terms_draft.c.state == "draft", 0), else_=1)
    query = _named().where(terms_draft.c.community_id == community_id)
    return list(session.execute(query.order_by(waits, terms_draft.c.id.desc()).limit(limit)))


def waiting_of(session: Session, *, unit_id: int) -> list[Row]:
    """Return what waits for a decision on a unit, oldest first."""
    query = _named().where(terms_draft.c.unit_id == unit_id, terms_draft.c.state == "draft")
    return list(session.execute(query.order_by(terms_draft.c.id)))


def change(session: Session, draft_id: int, **columns: object) -> None:
    """Change where a draft stands."""
    session.execute(sa.update(terms_draft).where(terms_draft.c.id == draft_id).values(**columns))


def _named() -> sa.Select[Any]:
    drafted, decided = app_user.alias("drafted"), app_user.alias("decided")
    return (
        sa.select(
            terms_draft,
            unit.c.label,
            drafted.c.name.label("drafted_by_name"),
            decided.c.name.label("decided_by_name"),
        )
        .outerjoin(unit, unit.c.id == terms_draft.c.unit_id)
        .outerjoin(drafted, drafted.c.id == terms_draft.c.drafted_by)
        .outerjoin(decided, decided.c.id == terms_draft.c.decided_by)
    )
