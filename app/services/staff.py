"""The people who sign in, as an administrator looks after them: who they are, where they work, and their way in."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.access import MATRIX, WAIVER_LIMIT_FEN, Actor, Permission, Role
from app.domain.errors import Refusal, conflict, not_found
from app.store import audit, factors, sessions, users

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.store.users import User

INVITED_FOR = dt.timedelta(hours=72)
RESET_FOR = dt.timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a user shall be; no limit means the usual one of the role, no communities means every one."""

    name: str
    role: Role
    waiver_limit_fen: int | None
    community_ids: frozenset[int] | None

    @property
    def limit_fen(self) -> int:
        """What one decision of theirs may forgive."""
        usual = WAIVER_LIMIT_FEN.get(self.role, 0)
        return usual if self.waiver_limit_fen is None else self.waiver_limit_fen


def in_reach(by: Actor, user: User, assigned: frozenset[int]) -> bool:
    """Say whether an administrator looks after ``user``: one of some communities only after those who work there."""
    if by.community_ids is None:
        return True
    return not user.all_communities and bool(assigned) and assigned <= by.community_ids


def add(session: Session, *, by: Actor, login: str, wish: Wish, at: dt.datetime) -> str:
    """Add a user without a password and return the token of the one-time link by which they set their own."""
    _check(by, wish)
    if users.by_login(session, login) is not None:
        raise conflict("signin.login_taken", field="login", login=login)
    user_id = users.add(
        session,
        login=login,
        name=wish.name,
        role=wish.role,
        password_hash="",  # nothing matches it
        waiver_limit_fen=wish.limit_fen,
        at=at,
        community_ids=_ids(wish),
    )
    audit.record(session, at=at, actor=by.login, action="user.added", subject=login.lower(), facts=_facts(wish))
    return _link(session, user_id=user_id, login=login.lower(), by=by, at=at, lasts=INVITED_FOR)


def change(session: Session, *, by: Actor, user_id: int, wish: Wish, at: dt.datetime) -> None:
    """Write down who somebody is now; new rights begin with a new sign-in, and nobody gives them to themselves."""
    user = _within_reach(session, by, user_id)
    _check(by, wish)
    before = _facts(_as_it_is(session, user))
    after = _facts(wish)
    is_moved = before != after
    if is_moved and user.id == by.user_id:
        raise conflict("user.own_rights")
    if is_moved and (wish.role is not Role.ADMIN or wish.community_ids is not None):
        _keep_an_admin(session, user)
    users.change(
        session,
        user_id=user_id,
        name=wish.name,
        role=wish.role,
        waiver_limit_fen=wish.limit_fen,
        community_ids=_ids(wish),
    )
    if is_moved:
        sessions.end_all(session, user_id=user_id, at=at)
    if is_moved or wish.name != user.name:
        facts = {"before": before, "after": after} if is_moved else {"name": "changed"}
        audit.record(session, at=at, actor=by.login, action="user.changed", subject=user.login, facts=facts)


def switch(session: Session, *, by: Actor, user_id: int, is_active: bool, at: dt.datetime) -> None:
    """Shut a user out, or let them in again; never oneself, and never the last administrator."""
    user = _within_reach(session, by, user_id)
    if user.id == by.user_id:
        raise conflict("user.yourself")
    if not is_active:
        _keep_an_admin(session, user)
        factors.drop_links(session, user_id=user_id, at=at)
    users.set_active(session, user_id=user_id, is_active=is_active)
    sessions.end_all(session, user_id=user_id, at=at)
    action = "user.let_in" if is_active else "user.shut_out"
    audit.record(session, at=at, actor=by.login, action=action, subject=user.login)


def issue_link(session: Session, *, by: Actor, user_id: int, at: dt.datetime) -> tuple[str, str]:
    """Return login and token of a link by which the user sets a new password; the old one holds until then."""
    user = _within_reach(session, by, user_id)
    return user.login, _link(session, user_id=user_id, login=user.login, by=by, at=at, lasts=RESET_FOR)


def use_link(session: Session, *, token: str, password_hash: str, at: dt.datetime) -> str:
    """Set the password by a one-time link, which is used up; every session of the user ends."""
    user_id = factors.link_opens(session, token=token, at=at)
    user = None if user_id is None else users.by_id(session, user_id)
    if user is None or not user.is_active:
        raise not_found("user.link_over")
    users.set_password(session, user_id=user.id, password_hash=password_hash)
    factors.drop_links(session, user_id=user.id, at=at)
    sessions.end_all(session, user_id=user.id, at=at)
    audit.record(session, at=at, actor=user.login, action="user.link_used", subject=user.login)
    return user.login


def end_sessions(session: Session, *, by: Actor, user_id: int, at: dt.datetime) -> None:
    """End every session of a user."""
    user = _within_reach(session, by, user_id)
    sessions.end_all(session, user_id=user_id, at=at)
    audit.record(session, at=at, actor=by.login, action="user.sessions_ended", subject=user.login)


def reset_factor(session: Session, *, by: Actor, user_id: int, at: dt.datetime) -> None:
    """Take the second factor of a user away whose phone is gone; never one's own, for that there are other ways."""
    user = _within_reach(session, by, user_id)
    if user.id == by.user_id:
        raise conflict("user.own_rights")
    factors.forget(session, user_id=user_id)
    sessions.end_all(session, user_id=user_id, at=at)
    audit.record(session, at=at, actor=by.login, action="factor.reset", subject=user.login)


# --- from the server's own console, where nobody is signed in ------------------------------------


def link_for(session: Session, *, login: str, at: dt.datetime, by: str) -> str:
    """Return the token of a link for ``login``."""
    user = _known(session, login)
    return _link(session, user_id=user.id, login=user.login, by=_console(by), at=at, lasts=RESET_FOR)


def factor_off_for(session: Session, *, login: str, at: dt.datetime, by: str) -> None:
    """Take the second factor of ``login`` away."""
    user = _known(session, login)
    reset_factor(session, by=_console(by), user_id=user.id, at=at)


def _console(by: str) -> Actor:
    return Actor(user_id=0, login=by, name=by, role=Role.ADMIN)


def _known(session: Session, login: str) -> User:
    user = users.by_login(session, login)
    if user is None:
        raise not_found("signin.user_unknown", login=login)
    return user


def _within_reach(session: Session, by: Actor, user_id: int) -> User:
    user = users.by_id(session, user_id)
    assigned = users.communities_of(session, [user_id])[user_id]
    if user is None or not in_reach(by, user, assigned):
        raise not_found("access.not_found")
    return user


def _check(by: Actor, wish: Wish) -> None:
    if not wish.name:
        raise Refusal("user.name_missing", field="name")
    if by.community_ids is not None and (wish.community_ids is None or not wish.community_ids <= by.community_ids):
        raise not_found("access.other_community")
    if wish.community_ids is not None and not wish.community_ids:
        # Nobody is given every community by leaving something out, and nobody none by mistake.
        raise Refusal("user.communities", field="community")
    if wish.limit_fen and Permission.WAIVER_DECIDE not in MATRIX[wish.role]:
        raise Refusal("user.limit_without_right", field="limit", role=wish.role.value)


def _keep_an_admin(session: Session, user: User) -> None:
    is_one = user.role is Role.ADMIN and user.is_active and user.all_communities
    if is_one and users.other_admins(session, but=user.id) == 0:
        raise conflict("user.last_admin")


def _as_it_is(session: Session, user: User) -> Wish:
    assigned = None if user.all_communities else users.communities_of(session, [user.id])[user.id]
    return Wish(user.name, user.role, user.waiver_limit_fen, assigned)


def _ids(wish: Wish) -> tuple[int, ...] | None:
    return None if wish.community_ids is None else tuple(sorted(wish.community_ids))


def _facts(wish: Wish) -> dict[str, object]:
    """Return what of a user gives rights, for the log: no name and no telephone."""
    where: object = "all" if wish.community_ids is None else sorted(wish.community_ids)
    return {"role": wish.role.value, "limit_fen": wish.limit_fen, "communities": where}


def _link(session: Session, *, user_id: int, login: str, by: Actor, at: dt.datetime, lasts: dt.timedelta) -> str:
    token = secrets.token_urlsafe(24)
    factors.keep_link(session, user_id=user_id, token=token, at=at, expires_at=at + lasts, by=by.user_id or None)
    audit.record(session, at=at, actor=by.login, action="user.link_issued", subject=login)
    return token
