"""Saved views: keep, rename, share, delete, take the deletion back, pin and open with; what changes one is logged."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.domain.errors import Refusal, conflict, not_found
from app.store import arrears, audit, views


@dataclass(frozen=True, slots=True)
class Who:
    """The person at work."""

    user_id: int
    login: str


def save(
    session: Session,
    *,
    who: Who,
    community_id: int,
    name: str,
    query: str,
    columns: str,
    wanted: arrears.Filter,
    is_shared: bool,
    is_pinned: bool,
    now: dt.datetime,
) -> str:
    """Keep a list as it stands under a name, and return the key of the view; a date is not kept, a view is of today.

    Raises:
        Refusal: ``view.name_missing``, ``view.name_shipped``, ``view.too_many``.

    """
    _check_name(name)
    number = views.save(
        session,
        owner_id=who.user_id,
        community_id=community_id,
        name=name,
        query=query,
        columns=columns,
        wanted=wanted,
        is_shared=is_shared,
        now=now,
    )
    _log(session, "view.saved", number, community_id, who, now)
    key = f"v{number}"
    if is_pinned:
        views.mark(session, user_id=who.user_id, community_id=community_id, view=key, is_pinned=True)
    return key


def rename(session: Session, *, who: Who, number: int, name: str, now: dt.datetime) -> None:
    """Give one's own view another name.

    Raises:
        Refusal: ``view.unknown``, ``view.name_missing``, ``view.name_shipped``, ``view.name_taken``.

    """
    row = views.own(session, number=number, user_id=who.user_id)
    _check_name(name)
    listed = views.listed(session, user_id=who.user_id, community_id=row.community_id)
    if any(view.is_own and view.name == name and view.number != number for view in listed):
        raise conflict("view.name_taken", field="name", name=name)
    views.change(session, number=number, name=name)
    _log(session, "view.renamed", number, row.community_id, who, now)


def share(session: Session, *, who: Who, number: int, is_shared: bool, now: dt.datetime) -> None:
    """Let colleagues of the community see one's own view, or keep it to oneself again.

    Raises:
        Refusal: ``view.unknown``.

    """
    row = views.own(session, number=number, user_id=who.user_id)
    views.change(session, number=number, visibility="shared" if is_shared else "private")
    _log(session, "view.shared" if is_shared else "view.unshared", number, row.community_id, who, now)


def delete(session: Session, *, who: Who, number: int, now: dt.datetime) -> str:
    """Put one's own view away and return its name; for ten minutes it can be had back.

    Raises:
        Refusal: ``view.unknown``.

    """
    row = views.own(session, number=number, user_id=who.user_id)
    if row.deleted_at is None:
        views.change(session, number=number, deleted_at=now)
        _log(session, "view.deleted", number, row.community_id, who, now)
    return str(row.name)


def restore(session: Session, *, who: Who, number: int, now: dt.datetime) -> None:
    """Take a deletion back.

    Raises:
        Refusal: ``view.unknown``, ``view.gone``.

    """
    row = views.own(session, number=number, user_id=who.user_id)
    if row.deleted_at is not None and now - row.deleted_at > views.UNDO_FOR:
        raise conflict("view.gone")
    if row.deleted_at is not None:
        views.change(session, number=number, deleted_at=None)
        _log(session, "view.restored", number, row.community_id, who, now)


def mark(
    session: Session,
    *,
    who: Who,
    community_id: int,
    view: str,
    is_pinned: bool | None = None,
    is_default: bool | None = None,
) -> None:
    """Pin a view one can see to one's desk, or open the list with it.

    Raises:
        Refusal: ``view.unknown``, ``view.too_many_pinned``.

    """
    listed = views.listed(session, user_id=who.user_id, community_id=community_id)
    if not any(one.key == view for one in listed):
        raise not_found("view.unknown")
    if is_pinned and sum(one.is_pinned for one in listed if one.key != view) >= views.MOST_PINNED:
        raise conflict("view.too_many_pinned", most=views.MOST_PINNED)
    views.mark(
        session,
        user_id=who.user_id,
        community_id=community_id,
        view=view,
        is_pinned=is_pinned,
        is_default=is_default,
    )


def _check_name(name: str) -> None:
    if not name:
        raise Refusal("view.name_missing", field="name")
    if name in views.shipped_names():
        raise Refusal("view.name_shipped", field="name", name=name)


def _log(session: Session, action: str, number: int, community_id: int, who: Who, now: dt.datetime) -> None:
    audit.record(session, at=now, actor=who.login, action=action, subject=f"view:{number}", community_id=community_id)
