"""Sign-in sessions and failed attempts: random ids kept only as hashes, so a stolen table opens nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from app.store import db
from app.store.tables_office import login_counter, user_session

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

IDLE = dt.timedelta(minutes=30)
ABSOLUTE = dt.timedelta(hours=12)
SEEN_EVERY = dt.timedelta(minutes=1)
MAX_FAILURES = 5
LOCKED_FOR = dt.timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """One live session."""

    id: int
    user_id: int
    community_id: int | None
    created_at: dt.datetime
    seen_at: dt.datetime
    ip: str
    agent: str
    flash: str


def digest(token: str) -> bytes:
    """Return what the table keeps instead of the token."""
    return hashlib.sha256(token.encode("ascii", "replace")).digest()


def start(session: Session, *, user_id: int, at: dt.datetime, ip: str, agent: str) -> str:
    """Open a session and return its token: 256 random bits that are shown to the browser once."""
    token = secrets.token_urlsafe(32)
    session.execute(
        insert(user_session).values(
            token_hash=digest(token), user_id=user_id, created_at=at, seen_at=at, ip=ip[:45], agent=agent[:200]
        )
    )
    return token


def live(session: Session, *, token: str, at: dt.datetime) -> SignedIn | None:
    """Return the session behind ``token`` unless it has ended, idled out or grown too old."""
    query = select(user_session).where(user_session.c.token_hash == digest(token), user_session.c.ended_at.is_(None))
    row = session.execute(query).first()
    if row is None or at - row.seen_at >= IDLE or at - row.created_at >= ABSOLUTE:
        return None
    return SignedIn(row.id, row.user_id, row.community_id, row.created_at, row.seen_at, row.ip, row.agent, row.flash)


def touch(session: Session, *, session_id: int, at: dt.datetime) -> None:
    """Note that the session is in use."""
    session.execute(update(user_session).where(user_session.c.id == session_id).values(seen_at=at))


def of_user(session: Session, *, user_id: int, at: dt.datetime) -> list[SignedIn]:
    """Return a person's live sessions, newest use first."""
    query = (
        select(user_session)
        .where(
            user_session.c.user_id == user_id,
            user_session.c.ended_at.is_(None),
            user_session.c.seen_at > at - IDLE,
            user_session.c.created_at > at - ABSOLUTE,
        )
        .order_by(user_session.c.seen_at.desc())
    )
    return [
        SignedIn(row.id, row.user_id, row.community_id, row.created_at, row.seen_at, row.ip, row.agent, row.flash)
        for row in session.execute(query)
    ]


def end(session: Session, *, session_id: int, user_id: int, at: dt.datetime) -> bool:
    """End one of a person's own sessions; False when there is none such."""
    done = session.execute(
        update(user_session)
        .where(user_session.c.id == session_id, user_session.c.user_id == user_id, user_session.c.ended_at.is_(None))
        .values(ended_at=at)
        .returning(user_session.c.id)
    )
    return done.first() is not None


def end_all(session: Session, *, user_id: int, at: dt.datetime, but: int | None = None) -> None:
    """End every session of a person (but the one given): after a new password, or when they leave."""
    query = update(user_session).where(user_session.c.user_id == user_id, user_session.c.ended_at.is_(None))
    if but is not None:
        query = query.where(user_session.c.id != but)
    session.execute(query.values(ended_at=at))


def choose_community(session: Session, *, session_id: int, community_id: int | None) -> None:
    """Remember which community the pages of this session show."""
    session.execute(update(user_session).where(user_session.c.id == session_id).values(community_id=community_id))


def set_flash(session: Session, *, session_id: int, text: str) -> None:
    """Leave a line for the next page to show (empty: take it away)."""
    session.execute(update(user_session).where(user_session.c.id == session_id).values(flash=text[:2000]))


# --- failed attempts ------------------------------------------------------------------------------


def is_locked(session: Session, *, subject: str, at: dt.datetime) -> bool:
    """Say whether sign-in for ``subject`` is closed after too many failures."""
    query = select(login_counter.c.locked_until_at).where(login_counter.c.subject == subject)
    until = session.execute(query).scalar_one_or_none()
    return until is not None and at < until


def count_failure(session: Session, *, subject: str, at: dt.datetime) -> bool:
    """Add a failure; return True when this one closed the door."""
    row = session.execute(db.lock_row(session, select(login_counter).where(login_counter.c.subject == subject))).first()
    fresh = row is None or at - row.window_started_at >= LOCKED_FOR
    failures = 1 if row is None or fresh else row.failures + 1
    locked = failures >= MAX_FAILURES
    standing = None if row is None or row.locked_until_at is None or row.locked_until_at <= at else row.locked_until_at
    db.upsert(
        session,
        login_counter,
        {
            "subject": subject,
            "failures": failures,
            "window_started_at": at if row is None or fresh else row.window_started_at,
            "locked_until_at": at + LOCKED_FOR if locked else standing,
        },
        ["subject"],
    )
    return locked


def forget_failures(session: Session, *, subject: str) -> None:
    """Start counting afresh after a good sign-in."""
    session.execute(delete(login_counter).where(login_counter.c.subject == subject))
