"""People who sign in: look-ups by login, the communities they work in, their password and state."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from app.domain.access import Actor, Role
from app.store.tables_office import app_user, user_community

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class User:
    """One row of ``app_user``."""

    id: int
    login: str
    name: str
    role: Role
    password_hash: str
    is_active: bool
    waiver_limit_fen: int
    theme: str


def by_login(session: Session, login: str) -> User | None:
    """Return the user who signs in as ``login`` (letter case ignored)."""
    row = session.execute(select(app_user).where(app_user.c.login == login.lower())).mappings().first()
    return None if row is None else _user(row)


def by_id(session: Session, user_id: int) -> User | None:
    """Return the user with this id."""
    row = session.execute(select(app_user).where(app_user.c.id == user_id)).mappings().first()
    return None if row is None else _user(row)


def actor(session: Session, user: User) -> Actor:
    """Return what the rules need to know of ``user``; no assignment means every community."""
    query = select(user_community.c.community_id).where(user_community.c.user_id == user.id)
    assigned = frozenset(session.execute(query).scalars())
    return Actor(
        user_id=user.id,
        login=user.login,
        name=user.name,
        role=user.role,
        waiver_limit_fen=user.waiver_limit_fen,
        community_ids=assigned or None,
    )


def add(
    session: Session,
    *,
    login: str,
    name: str,
    role: Role,
    password_hash: str,
    waiver_limit_fen: int,
    at: dt.datetime,
    community_ids: tuple[int, ...] = (),
) -> int:
    """Insert a user and return the id."""
    user_id = session.execute(
        insert(app_user)
        .values(
            login=login.lower(),
            name=name,
            role=role.value,
            password_hash=password_hash,
            waiver_limit_fen=waiver_limit_fen,
            created_at=at,
        )
        .returning(app_user.c.id)
    ).scalar_one()
    for community_id in community_ids:
        session.execute(insert(user_community).values(user_id=user_id, community_id=community_id))
    return int(user_id)


def set_password(session: Session, *, user_id: int, password_hash: str) -> None:
    """Replace the stored hash."""
    session.execute(update(app_user).where(app_user.c.id == user_id).values(password_hash=password_hash))


def set_theme(session: Session, *, user_id: int, theme: str) -> None:
    """Remember how this person likes the pages: auto, light or dark."""
    session.execute(update(app_user).where(app_user.c.id == user_id).values(theme=theme))


def set_active(session: Session, *, user_id: int, is_active: bool) -> None:
    """Let a user in or keep them out; the caller ends their sessions."""
    session.execute(update(app_user).where(app_user.c.id == user_id).values(is_active=is_active))


def everyone(session: Session) -> list[User]:
    """Return all users by login."""
    return [_user(row) for row in session.execute(select(app_user).order_by(app_user.c.login)).mappings()]


def names(session: Session, user_ids: set[int]) -> dict[int, str]:
    """Return the display names of these users."""
    if not user_ids:
        return {}
    query = select(app_user.c.id, app_user.c.name).where(app_user.c.id.in_(user_ids))
    return {int(row.id): str(row.name) for row in session.execute(query)}


def _user(row: object) -> User:
    found = dict(row)  # type: ignore[call-overload]
    return User(
        id=found["id"],
        login=found["login"],
        name=found["name"],
        role=Role(found["role"]),
        password_hash=found["password_hash"],
        is_active=found["is_active"],
        waiver_limit_fen=found["waiver_limit_fen"],
        theme=found["theme"],
    )
