"""Sign-in sessions and failed attempts: random ids kept only as hashes, so a stolen table opens nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, delete, func, insert, select, update

from app.store import db, sealing
from app.store.tables_office import login_counter, user_session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

IDLE = dt.timedelta(minutes=30)
ABSOLUTE = dt.timedelta(hours=12)
FRESH = dt.timedelta(minutes=10)
PENDING = dt.timedelta(minutes=5)
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
    # when the person last proved who they are: at signing in, and when asked again
    reauth_at: dt.datetime


def digest(token: str) -> bytes:
    """Return what the table keeps instead of the token."""
    return hashlib.sha256(token.encode("ascii", "replace")).digest()


def start(session: Session, *, user_id: int, at: dt.datetime, ip: str, agent: str, is_pending: bool = False) -> str:
    """Open a session and return its token: 256 random bits that are shown to the browser once."""
    token = secrets.token_urlsafe(32)
    session.execute(
        insert(user_session).values(
            token_hash=digest(token),
            user_id=user_id,
            created_at=at,
            seen_at=at,
            reauth_at=at,
            ip=ip[:45],
            agent=agent[:200],
            is_pending=is_pending,
        )
    )
    return token


def renew(session: Session, *, session_id: int, at: dt.datetime) -> str:
    """Give a session a new token after the person proved who they are again; the old one opens nothing."""
    token = secrets.token_urlsafe(32)
    session.execute(
        update(user_session)
        .where(user_session.c.id == session_id)
        .values(token_hash=digest(token), reauth_at=at, seen_at=at)
    )
    return token


def live(session: Session, *, token: str, at: dt.datetime) -> SignedIn | None:
    """Return the session behind ``token`` unless it has ended, idled out or grown too old."""
    row = _open(session, token, is_pending=False)
    return None if row is None or at - row.seen_at >= IDLE or at - row.created_at >= ABSOLUTE else _signed_in(row)


def pending(session: Session, *, token: str, at: dt.datetime) -> SignedIn | None:
    """Return the session that still waits for its second factor; it opens nothing else, and not for long."""
    row = _open(session, token, is_pending=True)
    return None if row is None or at - row.created_at >= PENDING else _signed_in(row)


def _open(session: Session, token: str, *, is_pending: bool) -> Row[Any] | None:
    query = select(user_session).where(
        user_session.c.token_hash == digest(token),
        user_session.c.ended_at.is_(None),
        user_session.c.is_pending.is_(is_pending),
    )
    return session.execute(query).first()


def _signed_in(row: Row[Any]) -> SignedIn:
    return SignedIn(
        id=row.id,
        user_id=row.user_id,
        community_id=row.community_id,
        created_at=row.created_at,
        seen_at=row.seen_at,
        ip=row.ip,
        agent=row.agent,
        flash=row.flash,
        reauth_at=row.reauth_at or row.created_at,
    )


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
            user_session.c.is_pending.is_(False),
            user_session.c.seen_at > at - IDLE,
            user_session.c.created_at > at - ABSOLUTE,
        )
        .order_by(user_session.c.seen_at.desc())
    )
    return [_signed_in(row) for row in session.execute(query)]


def last_seen(session: Session, user_ids: Sequence[int]) -> dict[int, dt.datetime]:
    """Return when each of these people was last here."""
    query = (
        select(user_session.c.user_id, func.max(user_session.c.seen_at).label("at"))
        .where(user_session.c.user_id.in_(list(user_ids)), user_session.c.is_pending.is_(False))
        .group_by(user_session.c.user_id)
    )
    return {row.user_id: row.at for row in session.execute(query)}


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


# --- forms that wait ------------------------------------------------------------------------------


def park(session: Session, *, session_id: int, form: str, at: dt.datetime) -> None:
    """Keep a form sealed in its session; a later one takes the place of an earlier one."""
    sealed = sealing.of(session).seal(form, place=f"user_session.parked:{session_id}")
    session.execute(update(user_session).where(user_session.c.id == session_id).values(parked=sealed, parked_at=at))


def parked(session: Session, *, session_id: int, at: dt.datetime) -> str | None:
    """Return the form that waits, unless it has waited too long."""
    query = select(user_session.c.parked, user_session.c.parked_at).where(user_session.c.id == session_id)
    row = session.execute(query).first()
    if row is None or row.parked is None or at - row.parked_at >= FRESH:
        return None
    return sealing.of(session).open(row.parked, place=f"user_session.parked:{session_id}")


def unpark(session: Session, *, session_id: int) -> None:
    """Forget the form that waits."""
    session.execute(update(user_session).where(user_session.c.id == session_id).values(parked=None, parked_at=None))


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
