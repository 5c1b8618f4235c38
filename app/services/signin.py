"""Signing in and out: what is looked up before a password is checked, and what is written after."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.access import WAIVER_LIMIT_FEN, Role, needs_second_factor
from app.domain.errors import Refusal, conflict, not_found
from app.store import audit, factors, sessions, users

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

LOGIN = re.compile(r"[A-Za-z0-9._-]{2,40}")


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is known of a login before its password was checked; ``stored`` is empty when there is no such user."""

    login: str
    subject: str
    user_id: int | None
    stored: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """The session a right password opened; one that still needs a code opens no page yet."""

    token: str
    needs_code: bool
    lacks_factor: bool


def look_up(session: Session, *, login: str, at: dt.datetime) -> Attempt:
    """Return what to check the password against; the same shape for a known and an unknown login."""
    subject = _subject(login)
    user = users.by_login(session, login.strip()[:60])
    is_open = user is not None and user.is_active and not sessions.is_locked(session, subject=subject, at=at)
    return Attempt(
        login=login.strip()[:60],
        subject=subject,
        user_id=None if user is None else user.id,
        stored="" if user is None else user.password_hash,
        is_open=is_open,
    )


def settle(
    session: Session,
    *,
    attempt: Attempt,
    matched: bool,
    rehashed: str | None,
    at: dt.datetime,
    ip: str,
    agent: str,
) -> Opened | None:
    """Write down how the attempt went; return the new session, or None when refused."""
    if not (matched and attempt.is_open and attempt.user_id is not None):
        locked = sessions.count_failure(session, subject=attempt.subject, at=at)
        action = "signin.locked" if locked else "signin.failed"
        audit.record(session, at=at, actor=audit.NOBODY, action=action, subject=attempt.subject, facts={"ip": ip})
        return None
    sessions.forget_failures(session, subject=attempt.subject)
    if rehashed:
        users.set_password(session, user_id=attempt.user_id, password_hash=rehashed)
    user = users.by_id(session, attempt.user_id)
    assert user is not None
    needs_code = bool(factors.confirmed(session, [user.id]))
    token = sessions.start(session, user_id=user.id, at=at, ip=ip, agent=agent, is_pending=needs_code)
    if not needs_code:
        audit.record(session, at=at, actor=user.login, action="signin.succeeded", facts={"ip": ip})
    return Opened(token, needs_code, needs_second_factor(user.role) and not needs_code)


def sign_out(session: Session, *, session_id: int, user_id: int, login: str, at: dt.datetime) -> None:
    """End a person's session; one that is over already is no fault."""
    if sessions.end(session, session_id=session_id, user_id=user_id, at=at):
        audit.record(session, at=at, actor=login, action="signin.ended", subject=f"session:{session_id}")


def add_user(
    session: Session,
    *,
    login: str,
    name: str,
    role: str,
    password_hash: str,
    at: dt.datetime,
    by: str,
    community_ids: tuple[int, ...] | None,
) -> int:
    """Create a member of staff with the role's usual waiver limit; None means every community."""
    if not LOGIN.fullmatch(login):
        raise Refusal("signin.login_invalid", field="login")
    if role not in {member.value for member in Role}:
        raise Refusal("signin.role_unknown", field="role", role=role)
    if users.by_login(session, login) is not None:
        raise conflict("signin.login_taken", field="login", login=login)

    chosen = Role(role)
    user_id = users.add(
        session,
        login=login,
        name=name,
        role=chosen,
        password_hash=password_hash,
        waiver_limit_fen=WAIVER_LIMIT_FEN.get(chosen, 0),
        at=at,
        community_ids=community_ids,
    )
    audit.record(session, at=at, actor=by, action="user.added", subject=login, facts={"role": role})
    return user_id


def change_password(
    session: Session, *, login: str, password_hash: str, at: dt.datetime, by: str, keep_session: int | None = None
) -> None:
    """Store a new password and end the person's other sessions."""
    user = users.by_login(session, login)
    if user is None:
        raise not_found("signin.user_unknown", login=login)
    users.set_password(session, user_id=user.id, password_hash=password_hash)
    sessions.end_all(session, user_id=user.id, at=at, but=keep_session)
    audit.record(session, at=at, actor=by, action="user.password_changed", subject=login)


def _subject(login: str) -> str:
    """Return the name the failures are counted under: a hash, for people type passwords into the wrong box."""
    return hashlib.sha256(login.strip().lower().encode()).hexdigest()[:40]
