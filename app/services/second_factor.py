"""The second factor: setting it up, the second step of signing in, and proving again who one is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from app.domain.errors import Refusal, conflict
from app.gateways import second_factor as codes
from app.store import audit, factors, sessions, users

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class Outcome(StrEnum):
    """How a try went."""

    RIGHT = "right"
    WRONG = "wrong"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Step:
    """How the second step went, and the session it opened."""

    outcome: Outcome
    token: str = ""
    needs_codes: bool = False


def begin(session: Session, *, user_id: int, at: dt.datetime) -> str:
    """Return the secret to show as a QR code; one that was never confirmed is replaced, one in use is not."""
    found = factors.of_user(session, user_id)
    if found is not None and found.confirmed_at is not None:
        raise conflict("factor.already_on")
    secret = codes.new_secret()
    factors.begin(session, user_id=user_id, secret=secret, at=at)
    return secret


def confirm(session: Session, *, user_id: int, login: str, code: str, at: dt.datetime) -> tuple[str, ...]:
    """Let the factor count once its first code was right; return the recovery codes, which are shown once."""
    found = factors.of_user(session, user_id)
    if found is None:
        raise Refusal("factor.not_begun")
    if found.confirmed_at is not None:
        raise conflict("factor.already_on")
    step = codes.matching_step(found.secret, code, at=at, after=found.last_step)
    if step is None:
        raise Refusal("factor.first_code_wrong", field="code")
    factors.confirm(session, user_id=user_id, at=at)
    factors.use_step(session, user_id=user_id, step=step)
    audit.record(session, at=at, actor=login, action="factor.set_up")
    return _fresh_codes(session, user_id)


def new_recovery_codes(session: Session, *, user_id: int, login: str, at: dt.datetime) -> tuple[str, ...]:
    """Replace the recovery codes; the earlier ones open nothing any more."""
    if not factors.confirmed(session, [user_id]):
        raise Refusal("factor.not_begun")
    audit.record(session, at=at, actor=login, action="factor.codes_renewed")
    return _fresh_codes(session, user_id)


def turn_off(session: Session, *, user_id: int, login: str, at: dt.datetime, is_needed: bool) -> None:
    """Take one's own second factor away, unless the role must have one."""
    if is_needed:
        raise conflict("factor.needed_by_role")
    if factors.forget(session, user_id=user_id):
        audit.record(session, at=at, actor=login, action="factor.turned_off", subject=login)


def second_step(session: Session, *, token: str, code: str, at: dt.datetime, ip: str, agent: str) -> Step:
    """Open a session for whoever knew the password and now gives the code; five wrong ones end the attempt."""
    waiting = sessions.pending(session, token=token, at=at)
    user = None if waiting is None else users.by_id(session, waiting.user_id)
    if waiting is None or user is None or not user.is_active:
        return Step(Outcome.OVER)
    outcome = prove(session, user_id=user.id, login=user.login, code=code, at=at, ip=ip)
    if outcome is Outcome.WRONG:
        return Step(outcome)
    sessions.end(session, session_id=waiting.id, user_id=user.id, at=at)
    if outcome is Outcome.OVER:
        return Step(outcome)
    opened = sessions.start(session, user_id=user.id, at=at, ip=ip, agent=agent)
    audit.record(session, at=at, actor=user.login, action="signin.succeeded", facts={"ip": ip, "second_factor": 1})
    return Step(outcome, opened, factors.recovery_codes_left(session, user.id) == 0)


def prove(session: Session, *, user_id: int, login: str, code: str, at: dt.datetime, ip: str) -> Outcome:
    """Check a code or recovery code and use it up; after five wrong ones the door stays shut."""
    subject = f"factor:{user_id}"
    if sessions.is_locked(session, subject=subject, at=at):
        return Outcome.OVER
    if _accept(session, user_id=user_id, login=login, code=code, at=at):
        sessions.forget_failures(session, subject=subject)
        return Outcome.RIGHT
    is_over = sessions.count_failure(session, subject=subject, at=at)
    action = "factor.locked" if is_over else "factor.failed"
    audit.record(session, at=at, actor=login, action=action, subject=login, facts={"ip": ip})
    return Outcome.OVER if is_over else Outcome.WRONG


def _accept(session: Session, *, user_id: int, login: str, code: str, at: dt.datetime) -> bool:
    found = factors.of_user(session, user_id)
    if found is None or found.confirmed_at is None:
        return False
    step = codes.matching_step(found.secret, code, at=at, after=found.last_step)
    if step is not None:
        factors.use_step(session, user_id=user_id, step=step)
        return True
    plain = codes.plain_recovery_code(code)
    if len(plain) != codes.RECOVERY_LENGTH:
        return False
    if not factors.use_recovery_code(session, user_id=user_id, code=plain, at=at):
        return False
    left = factors.recovery_codes_left(session, user_id)
    audit.record(session, at=at, actor=login, action="factor.code_used_up", subject=login, facts={"left": left})
    return True


def _fresh_codes(session: Session, user_id: int) -> tuple[str, ...]:
    made = codes.new_recovery_codes()
    plain = [codes.plain_recovery_code(code) for code in made]
    factors.keep_recovery_codes(session, user_id=user_id, codes=plain)
    return made
