"""The log of who did what: sign-ins, denials, reveals, exports, approvals; rows are only ever added."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from app.store.tables_office import audit_event
from app.store.types import canonical

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy.orm import Session

NOBODY = "-"


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
    session.execute(
        insert(audit_event).values(
            at=at,
            actor=actor[:60],
            action=action,
            subject=subject[:120],
            community_id=community_id,
            facts=canonical(dict(facts or {})),
        )
    )


def latest(
    session: Session, *, limit: int = 100, community_ids: Collection[int] | None = None
) -> list[dict[str, object]]:
    """Return the newest events first; where communities are given, only what belongs to one of them."""
    query = select(audit_event).order_by(audit_event.c.id.desc()).limit(limit)
    if community_ids is not None:
        query = query.where(audit_event.c.community_id.in_(list(community_ids)))
    return [dict(row) for row in session.execute(query).mappings()]
