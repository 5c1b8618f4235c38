"""The list of units: filtered, sorted, paged; owners masked, balances, flags; a fixed number of statements."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.store import estate_marks, room_grid
from app.store.figures import day
from app.store.tables import ownership, unit
from app.store.unit_reads import Party, owner_names

STATES = ("owing", "clear", "vacant", "disputed", "held", "no_dunning", "care", "no_owner")
SORTS = ("room", "-room", "area", "-area", "balance", "-balance")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What narrows the list; an empty field does not narrow."""

    community_id: int
    text: str = ""
    building: str = ""
    entrance: str = ""
    usage: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One unit of the list, nothing unmasked."""

    unit_id: int
    label: str
    usage_type: str
    area_e3: int
    owners: tuple[Party, ...]
    overdue_fen: int
    not_due_fen: int
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """How many units the filter finds, what they owe together, and one page of them."""

    count: int
    owing: int
    overdue_fen: int
    lines: tuple[Line, ...]


def page(session: Session, *, wanted: Wanted, on: dt.date, sort: str, limit: int, offset: int) -> Page:
    """Return one page; the sums are those of everything the filter finds."""
    owed = room_grid.owing(session, community_id=wanted.community_id, on=on)
    overdue = sa.func.coalesce(owed.c.overdue_fen, 0)
    query = (
        sa.select(unit.c.id, unit.c.label, unit.c.usage_type, unit.c.area_e3, unit.c.sort_key, overdue.label("fen"))
        .select_from(unit.outerjoin(owed, owed.c.unit_id == unit.c.id))
        .where(*_narrow(wanted, owed, on))
    )
    found = query.subquery("found")
    count, owing, total = session.execute(
        sa.select(
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(sa.case((found.c.fen > 0, 1), else_=0)), 0),
            sa.func.coalesce(sa.func.sum(found.c.fen), 0),
        )
    ).one()
    column: sa.ColumnElement[object] = {
        "room": unit.c.sort_key,
        "area": unit.c.area_e3,
        "balance": overdue,
    }[sort.lstrip("-")]
    rows = session.execute(
        query.order_by(column.desc() if sort.startswith("-") else column, unit.c.sort_key, unit.c.id)
        .limit(limit)
        .offset(offset)
    ).all()
    ids = [row.id for row in rows]
    owners = owner_names(session, ids, on=on)
    balances = room_grid.balances(session, ids, on=on) if ids else {}
    flags = estate_marks.flags_of(session, ids, on=on)
    return Page(
        int(count),
        int(owing),
        int(total),
        tuple(
            Line(
                row.id,
                row.label,
                row.usage_type,
                row.area_e3,
                tuple(owners.get(row.id, ())),
                int(row.fen),
                balances.get(row.id, (0, 0))[1],
                flags.get(row.id, ()),
            )
            for row in rows
        ),
    )


def _narrow(wanted: Wanted, owed: sa.Subquery, on: dt.date) -> list[sa.ColumnElement[bool]]:
    narrow = [unit.c.community_id == wanted.community_id]
    if wanted.building:
        narrow.append(unit.c.building == wanted.building)
    if wanted.entrance:
        narrow.append(unit.c.entrance == wanted.entrance)
    if wanted.usage:
        narrow.append(unit.c.usage_type == wanted.usage)
    narrow += [unit.c.search_key.contains(word, autoescape=True) for word in wanted.text.lower().split()[:6]]
    if wanted.state:
        narrow.append(_in_state(wanted.state, owed, on))
    return narrow


def _in_state(state: str, owed: sa.Subquery, on: dt.date) -> sa.ColumnElement[bool]:
    owned = sa.select(ownership.c.unit_id).where(ownership.c.from_on <= day(on), ownership.c.until_on > day(on))
    conditions = {
        "owing": owed.c.overdue_fen > 0,
        "clear": owed.c.overdue_fen.is_(None),
        "vacant": unit.c.id.in_(estate_marks.vacant(on)),
        "disputed": unit.c.id.in_(estate_marks.held(is_objection=True, on=on)),
        "held": unit.c.id.in_(estate_marks.held(is_objection=False, on=on)),
        "no_dunning": unit.c.id.in_(estate_marks.marked("no_dunning", on)),
        "care": sa.or_(
            unit.c.id.in_(estate_marks.marked("elderly", on)), unit.c.id.in_(estate_marks.marked("disabled", on))
        ),
        "no_owner": unit.c.id.not_in(owned),
    }
    return conditions[state]
