"""Saved views of lists: whose they are, who pinned them, and what a pinned one counts today."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import Refusal, not_found
from app.i18n import zh_cn
from app.store import arrears, db
from app.store.tables_frame import saved_view, view_mark
from app.store.tables_office import app_user
from app.store.types import canonical

ARREARS = "arrears"
PATHS = {ARREARS: "/arrears"}
MOST_VIEWS, MOST_PINNED = 60, 8
UNDO_FOR = dt.timedelta(minutes=10)

# What every office asks for; the query of the address, and the same as a filter.
SHIPPED: Mapping[str, tuple[str, arrears.Filter]] = {
    "year": ("months=12", arrears.Filter(min_months=12)),
    "new": ("new=month", arrears.Filter(is_new=True)),
    "limitation": ("expiring=90&sort=oldest", arrears.Filter(expiring_days=90)),
}


@dataclass(frozen=True, slots=True)
class View:
    """A view as one person sees it; ``key`` is ``v12`` for a saved one and a word for a shipped one."""

    key: str
    number: int
    name: str
    address: str
    is_shared: bool
    is_own: bool
    owner: str
    is_pinned: bool
    is_default: bool
    wanted: arrears.Filter

    @property
    def is_shipped(self) -> bool:
        """Say whether it came with the product."""
        return self.number == 0

    @property
    def about(self) -> str:
        """The one sentence that says what a shipped view counts."""
        return zh_cn.LABELS.get(f"view_about.{self.key}", "")


@dataclass(frozen=True, slots=True)
class PinnedView:
    """A view a person pinned: its name, where it leads, and what it finds on ``as_of``."""

    view: str
    name: str
    address: str
    units: int
    total_fen: int
    as_of: dt.date


def listed(session: Session, *, user_id: int, community_id: int, page: str = ARREARS) -> list[View]:
    """Return the shipped views, then one's own and those others share, by name; in two statements."""
    mark = sa.and_(view_mark.c.user_id == user_id, view_mark.c.community_id == community_id, view_mark.c.page == page)
    key = sa.literal("v").concat(sa.cast(saved_view.c.id, sa.String))
    query = (
        sa.select(saved_view, app_user.c.name.label("owner"), key.label("key"))
        .join(app_user, app_user.c.id == saved_view.c.owner_id)
        .where(
            saved_view.c.community_id == community_id,
            saved_view.c.page == page,
            saved_view.c.deleted_at.is_(None),
            sa.or_(saved_view.c.owner_id == user_id, saved_view.c.visibility == "shared"),
        )
        .order_by(saved_view.c.name, saved_view.c.id)
        .limit(MOST_VIEWS)
    )
    marks = {row.view: row for row in session.execute(sa.select(view_mark).where(mark))}

    def marked(name: str) -> dict[str, bool]:
        row = marks.get(name)
        return {"is_pinned": bool(row and row.is_pinned), "is_default": bool(row and row.is_default)}

    found = [
        View(
            key=key,
            number=0,
            name=zh_cn.LABELS[f"view.{key}"],
            address=_address(page, text, "", key),
            is_shared=True,
            is_own=False,
            owner="",
            **marked(key),
            wanted=_filter({}, community_id, shipped),
        )
        for key, (text, shipped) in SHIPPED.items()
    ]
    return found + [
        View(
            key=row.key,
            number=row.id,
            name=row.name,
            address=_address(page, row.query, row.columns, row.key),
            is_shared=row.visibility == "shared",
            is_own=row.owner_id == user_id,
            owner=row.owner,
            **marked(row.key),
            wanted=_filter(json.loads(row.facts), community_id),
        )
        for row in session.execute(query)
    ]


def _address(page: str, query: str, columns: str, key: str) -> str:
    parts = [query, f"cols={columns}" if columns else "", f"view={key}"]
    return f"{PATHS[page]}?{'&'.join(part for part in parts if part)}"


def _filter(facts: Mapping[str, Any], community_id: int, shipped: arrears.Filter | None = None) -> arrears.Filter:
    """Read a kept filter back; what an older version kept and this one does not know is left out."""
    known = asdict(shipped or arrears.Filter())
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in facts.items() if name in known}
    return arrears.Filter(**{**known, **given, "community_id": community_id})


def shipped_names() -> frozenset[str]:
    """Return the names nobody can give a view of their own."""
    return frozenset(zh_cn.LABELS[f"view.{key}"] for key in SHIPPED)


def default_address(session: Session, *, user_id: int, community_id: int | None, page: str) -> str:
    """Return where a list opens for a person, or an empty string where they chose nothing."""
    if community_id is None:
        return ""
    is_default = sa.select(view_mark.c.view).where(
        view_mark.c.user_id == user_id,
        view_mark.c.community_id == community_id,
        view_mark.c.page == page,
        view_mark.c.is_default,
    )
    if (chosen := session.execute(is_default).scalars().first()) is None:
        return ""
    views = listed(session, user_id=user_id, community_id=community_id, page=page)
    return next((view.address for view in views if view.key == chosen), "")


def pinned(session: Session, *, user_id: int, community_id: int | None, as_of: dt.date | None) -> Sequence[PinnedView]:
    """Return the views a person pinned in a community, with the figures the list itself would show.

    ``as_of`` None gives the views without asking for their figures.
    """
    if community_id is None:
        return ()
    views = [view for view in listed(session, user_id=user_id, community_id=community_id) if view.is_pinned]
    views = views[:MOST_PINNED]
    if as_of is None:
        return [PinnedView(view.key, view.name, view.address, 0, 0, dt.date.min) for view in views]
    feet = arrears.totals_of(session, as_of=as_of, wanted=[view.wanted for view in views])
    return [
        PinnedView(view.key, view.name, view.address, foot.units, foot.total_fen, as_of)
        for view, foot in zip(views, feet, strict=True)
    ]


# --- writing ----------------------------------------------------------------------------------------


def save(
    session: Session,
    *,
    owner_id: int,
    community_id: int,
    name: str,
    query: str,
    columns: str,
    wanted: arrears.Filter,
    is_shared: bool,
    now: dt.datetime,
    page: str = ARREARS,
) -> int:
    """Keep a view and return its number; one of the same name of the same person is replaced.

    Raises:
        Refusal: ``view.too_many``.

    """
    mine = sa.and_(
        saved_view.c.owner_id == owner_id,
        saved_view.c.community_id == community_id,
        saved_view.c.page == page,
        saved_view.c.deleted_at.is_(None),
    )
    facts = {key: value for key, value in asdict(wanted).items() if value and key != "community_id"}
    values = {
        "query": query,
        "columns": columns,
        "facts": canonical(facts),
        "visibility": "shared" if is_shared else "private",
    }
    replaced = session.execute(
        sa.update(saved_view).where(mine, saved_view.c.name == name).values(**values).returning(saved_view.c.id)
    ).first()
    if replaced is not None:
        return int(replaced.id)
    if session.execute(sa.select(sa.func.count()).where(mine)).scalar_one() >= MOST_VIEWS // 2:
        raise Refusal("view.too_many", most=MOST_VIEWS // 2)
    row = {"owner_id": owner_id, "community_id": community_id, "page": page, "name": name, "created_at": now, **values}
    return int(session.execute(sa.insert(saved_view).values(**row).returning(saved_view.c.id)).scalar_one())


def own(session: Session, *, number: int, user_id: int) -> sa.Row[Any]:
    """Return a person's own view, deleted or not.

    Raises:
        Refusal: ``view.unknown``.

    """
    query = sa.select(saved_view).where(saved_view.c.id == number, saved_view.c.owner_id == user_id)
    row = session.execute(query).one_or_none()
    if row is None:
        raise not_found("view.unknown")
    return row


def change(session: Session, *, number: int, **values: object) -> None:
    """Change a view: its name, its visibility, or when it was deleted."""
    session.execute(sa.update(saved_view).where(saved_view.c.id == number).values(**values))


def mark(
    session: Session,
    *,
    user_id: int,
    community_id: int,
    view: str,
    is_pinned: bool | None = None,
    is_default: bool | None = None,
    page: str = ARREARS,
) -> None:
    """Pin a view or take its pin off, or open the list with it from now on; a list opens with one at most."""
    mine = sa.and_(view_mark.c.user_id == user_id, view_mark.c.community_id == community_id, view_mark.c.page == page)
    row = {"user_id": user_id, "community_id": community_id, "page": page, "view": view}
    db.insert_one_new(session, view_mark, row)
    if is_default is not None:
        session.execute(sa.update(view_mark).where(mine).values(is_default=False))
        session.execute(sa.update(view_mark).where(mine, view_mark.c.view == view).values(is_default=is_default))
    if is_pinned is not None:
        session.execute(sa.update(view_mark).where(mine, view_mark.c.view == view).values(is_pinned=is_pinned))
