"""Named leases: who works on what, until when, so that two processes share work and a dead one holds nothing up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.store import db
from app.store.tables_office import lease


def take(session: Session, names: Sequence[str], *, holder: str, now: dt.datetime, until: dt.datetime) -> set[str]:
    """Take what nobody holds, or somebody held for too long; return the names held now."""
    if not names:
        return set()
    wanted = list(names)
    session.execute(sa.delete(lease).where(lease.c.name.in_(wanted), lease.c.expires_at <= now))
    db.insert_new(session, lease, [{"name": name, "holder": holder, "expires_at": until} for name in sorted(wanted)])
    held = session.execute(sa.select(lease.c.name).where(lease.c.name.in_(wanted), lease.c.holder == holder)).scalars()
    return set(held)


def renew(session: Session, name: str, *, holder: str, now: dt.datetime, until: dt.datetime) -> bool:
    """Prolong a lease that is held and has not run out; false when it is somebody else's by now."""
    mine = sa.and_(lease.c.name == name, lease.c.holder == holder, lease.c.expires_at > now)
    result = session.execute(sa.update(lease).where(mine).values(expires_at=until))
    return bool(result.rowcount)  # type: ignore[attr-defined]


def drop(session: Session, names: Sequence[str]) -> None:
    """Give leases back, whoever holds them: the work they stood for is done."""
    if names:
        session.execute(sa.delete(lease).where(lease.c.name.in_(list(names))))


def held(session: Session, names: Sequence[str], *, now: dt.datetime) -> set[str]:
    """Return which of the names somebody holds."""
    if not names:
        return set()
    query = sa.select(lease.c.name).where(lease.c.name.in_(list(names)), lease.c.expires_at > now)
    return set(session.execute(query).scalars())
