"""People who sign in: look-ups by login, the communities they work in, their password and state."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from app.domain.access import Actor, Role
from app.store import db
from app.store.tables_office import app_user, user_community

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    density: str
    all_communities: bool


def by_login(session: Session, login: str) -> User | None:
    """Return the user who signs in as ``login`` (letter case ignored)."""
    row = session.execute(select(app_user).where(app_user.c.login == login.lower())).mappings().first()
    return None if row is None else _user(row)


def by_id(session: Session, user_id: int) -> User | None:
    """Return the user with this id."""
    row = session.execute(select(app_user).where(app_user.c.id == user_id)).mappings().first()
    return None if row is None else _user(row)


def actor(session: Session, user: User) -> Actor:
    """Return what the rules need to know of ``user``: every community only where that was said."""
    query = select(user_community.c.community_id).where(user_community.c.user_id == user.id)
    assigned = frozenset(session.execute(query).scalars())
    return Actor(
        user_id=user.id,
        login=user.login,
        name=user.name,
        role=user.role,
        waiver_limit_fen=user.waiver_limit_fen,
        community_ids=None if user.all_communities else assigned,
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
    community_ids: tuple[int, ...] | None,
) -> int:
    """Insert a user and return the id; None means every community, those to come as well."""
    user_id = session.execute(
        insert(app_user)
        .values(
            login=login.lower(),
            name=name,
            role=role.value,
            password_hash=password_hash,
            waiver_limit_fen=waiver_limit_fen,
            all_communities=community_ids is None,
            created_at=at,
        )
        .returning(app_user.c.id)
    ).scalar_one()
    _assign(session, int(user_id), community_ids or ())
    return int(user_id)


def change(
    session: Session,
    *,
    user_id: int,
    name: str,
    role: Role,
    waiver_limit_fen: int,
    community_ids: tuple[int, ...] | None,
) -> None:
    """Write down who somebody is now and where they work; None means every community."""
    values = {
        "name": name,
        "role": role.value,
        "waiver_limit_fen": waiver_limit_fen,
        "all_communities": community_ids is None,
    }
    session.execute(update(app_user).where(app_user.c.id == user_id).values(**values))
    session.execute(delete(user_community).where(user_community.c.user_id == user_id))
    _assign(session, user_id, community_ids or ())


def _assign(session: Session, user_id: int, community_ids: tuple[int, ...]) -> None:
    if community_ids:
        rows = [{"user_id": user_id, "community_id": number} for number in community_ids]
        session.execute(insert(user_community), rows)


def communities_of(session: Session, user_ids: Sequence[int]) -> dict[int, frozenset[int]]:
    """Return the communities each of these users was given by name."""
    query = select(user_community.c.user_id, user_community.c.community_id)
    found: dict[int, set[int]] = {}
    for row in session.execute(query.where(user_community.c.user_id.in_(list(user_ids)))):
        found.setdefault(row.user_id, set()).add(row.community_id)
    return {user_id: frozenset(found.get(user_id, ())) for user_id in user_ids}


def other_admins(session: Session, *, but: int) -> int:
    """Count the administrators of every community who can sign in, without one; lock them until the commit."""
    query = select(app_user.c.id).where(
        app_user.c.role == Role.ADMIN.value,
        app_user.c.is_active,
        app_user.c.all_communities,
        app_user.c.password_hash != "",
    )
    return sum(user_id != but for user_id in session.execute(db.lock_row(session, query)).scalars())


def set_password(session: Session, *, user_id: int, password_hash: str) -> None:
    """Replace the stored hash."""
    session.execute(update(app_user).where(app_user.c.id == user_id).values(password_hash=password_hash))


def set_theme(session: Session, *, user_id: int, theme: str) -> None:
    """Remember how this person likes the pages: auto, light or dark."""
    session.execute(update(app_user).where(app_user.c.id == user_id).values(theme=theme))


def set_density(session: Session, *, user_id: int, density: str) -> None:
    """Remember how close this person likes the rows of lists: compact or loose."""
    session.execute(update(app_user).where(app_user.c.id == user_id).values(density=density))


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
        density=found["density"],
        all_communities=found["all_communities"],
    )
