"""The owner's way in: opaque link tokens and short sessions, both kept only as hashes and tied to one unit."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from app.store import sealing
from app.store.tables_office import owner_session, owner_token

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

VALID_FOR = dt.timedelta(days=30)
IDLE = dt.timedelta(minutes=20)
ABSOLUTE = dt.timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Link:
    """A link token that still opens its unit."""

    id: int
    unit_id: int
    expires_at: dt.datetime


def digest(token: str) -> bytes:
    """Return what the tables keep instead of the token."""
    return hashlib.sha256(token.encode("ascii", "replace")).digest()


def new_token() -> str:
    """Return 128 random bits as 22 characters for an address or a QR code."""
    return secrets.token_urlsafe(16)


def notice_token(session: Session, community_id: int, number: str) -> str:
    """Return the 128-bit token that a printed notice carries, 22 characters.

    It is derived from the secret key, so that the document prints the same for ever and no table holds the token.
    """
    secret = sealing.of(session).token(f"notice:{community_id}:{number}")
    return base64.urlsafe_b64encode(secret).rstrip(b"=").decode("ascii")


def keep(session: Session, *, token: str, unit_id: int, at: dt.datetime, notice_id: int | None = None) -> dt.datetime:
    """Store a token made by :func:`new_token`; return when it stops working."""
    expires_at = at + VALID_FOR
    session.execute(
        insert(owner_token).values(
            token_hash=digest(token), unit_id=unit_id, notice_id=notice_id, created_at=at, expires_at=expires_at
        )
    )
    return expires_at


def keep_many(session: Session, tokens: Sequence[tuple[str, int, int]], *, at: dt.datetime) -> None:
    """Store tokens given as (token, unit id, notice id)."""
    rows = [
        {
            "token_hash": digest(token),
            "unit_id": unit_id,
            "notice_id": notice_id,
            "created_at": at,
            "expires_at": at + VALID_FOR,
        }
        for token, unit_id, notice_id in tokens
    ]
    if rows:
        session.execute(insert(owner_token), rows)


def link(session: Session, *, token: str, at: dt.datetime) -> Link | None:
    """Return the link behind ``token`` unless it expired or was revoked."""
    query = select(owner_token).where(
        owner_token.c.token_hash == digest(token), owner_token.c.expires_at > at, owner_token.c.revoked_at.is_(None)
    )
    row = session.execute(query).first()
    return None if row is None else Link(row.id, row.unit_id, row.expires_at)


def revoke_unit(session: Session, *, unit_id: int, at: dt.datetime) -> None:
    """Close every link and session of a unit, as after a transfer."""
    session.execute(
        update(owner_token)
        .where(owner_token.c.unit_id == unit_id, owner_token.c.revoked_at.is_(None))
        .values(revoked_at=at)
    )
    session.execute(
        update(owner_session)
        .where(owner_session.c.unit_id == unit_id, owner_session.c.ended_at.is_(None))
        .values(ended_at=at)
    )


def start(session: Session, *, opened: Link, at: dt.datetime, ip: str, agent: str) -> str:
    """Open an owner's session for the link's unit and return its token."""
    token = secrets.token_urlsafe(32)
    session.execute(
        insert(owner_session).values(
            token_hash=digest(token),
            owner_token_id=opened.id,
            unit_id=opened.unit_id,
            created_at=at,
            seen_at=at,
            ip=ip[:45],
            agent=agent[:200],
        )
    )
    return token


@dataclass(frozen=True, slots=True)
class Opened:
    """A session opened by a link."""

    id: int
    unit_id: int
    seen_at: dt.datetime


def session_of(session: Session, *, token: str, at: dt.datetime) -> Opened | None:
    """Return the session and the one unit it may see, or None when it is over; the link must still be good."""
    query = (
        select(owner_session.c.id, owner_session.c.unit_id, owner_session.c.seen_at, owner_session.c.created_at)
        .join(owner_token, owner_token.c.id == owner_session.c.owner_token_id)
        .where(
            owner_session.c.token_hash == digest(token),
            owner_session.c.ended_at.is_(None),
            owner_token.c.revoked_at.is_(None),
        )
    )
    row = session.execute(query).first()
    if row is None or at - row.seen_at >= IDLE or at - row.created_at >= ABSOLUTE:
        return None
    return Opened(int(row.id), int(row.unit_id), row.seen_at)


def touch(session: Session, *, token: str, at: dt.datetime) -> None:
    """Note that the session is in use."""
    session.execute(update(owner_session).where(owner_session.c.token_hash == digest(token)).values(seen_at=at))


def end(session: Session, *, token: str, at: dt.datetime) -> None:
    """End the owner's session."""
    session.execute(update(owner_session).where(owner_session.c.token_hash == digest(token)).values(ended_at=at))
