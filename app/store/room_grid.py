"""Where every room of a community or building stands, in a fixed number of statements however many rooms there are."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.store import estate_marks
from app.store.figures import day, days_between, figures, is_owed
from app.store.tables import bill, bill_state, unit

STATES = ("clear", "current", "owing")


@dataclass(frozen=True, slots=True)
class Cell:
    """One room: its place, what it owes, and what besides is to be known of it."""

    unit_id: int
    label: str
    building: str
    entrance: str
    room: str
    floor: int | None
    overdue_fen: int
    not_due_fen: int
    months: int
    flags: tuple[str, ...]

    @property
    def state(self) -> str:
        """``clear``: nothing open; ``current``: billed and not due yet; ``owing``: overdue."""
        if self.overdue_fen:
            return "owing"
        return "current" if self.not_due_fen else "clear"


@dataclass(frozen=True, slots=True)
class Place:
    """An entrance of a building and how many rooms it has."""

    building: str
    entrance: str
    units: int


def places(session: Session, community_id: int) -> list[Place]:
    """Return the entrances of a community in walking order: the tree."""
    query = (
        sa.select(unit.c.building, unit.c.entrance, sa.func.count(), sa.func.min(unit.c.sort_key).label("place"))
        .where(unit.c.community_id == community_id)
        .group_by(unit.c.building, unit.c.entrance)
        .order_by("place")
    )
    return [Place(row[0], row[1], row[2]) for row in session.execute(query)]


def cells(session: Session, *, community_id: int, on: dt.date, building: str = "", entrance: str = "") -> list[Cell]:
    """Return every room of a community, building or entrance in walking order, in at most eight statements."""
    query = sa.select(unit).where(*_within(community_id, building, entrance)).order_by(unit.c.sort_key, unit.c.id)
    rooms = session.execute(query).all()
    owed = _owed(session, community_id, on, _within(community_id, building, entrance))
    flags = _flags(session, on, _within(community_id, building, entrance))
    return [
        Cell(
            unit_id=row.id,
            label=row.label,
            building=row.building,
            entrance=row.entrance,
            room=row.room,
            floor=row.floor,
            overdue_fen=owed[row.id][0] if row.id in owed else 0,
            not_due_fen=owed[row.id][1] if row.id in owed else 0,
            months=owed[row.id][2] if row.id in owed else 0,
            flags=tuple(flag for flag in estate_marks.FLAGS if flag in flags[row.id]),
        )
        for row in rooms
    ]


def balances(session: Session, unit_ids: Sequence[int], *, on: dt.date) -> dict[int, tuple[int, int]]:
    """Return what units owe that is overdue and what is billed and not due yet, in one statement."""
    f = figures(session, on, bill_state.c.unit_id.in_(list(unit_ids)), overdue_only=False)
    total = f.c.principal_fen + f.c.late_charge_fen + f.c.costs_fen
    is_overdue = f.c.due_on < day(on)
    query = (
        sa.select(
            f.c.unit_id,
            sa.func.coalesce(sa.func.sum(sa.case((is_overdue, total), else_=0)), 0),
            sa.func.coalesce(sa.func.sum(sa.case((is_overdue, 0), else_=total)), 0),
        )
        .where(is_owed(f))
        .group_by(f.c.unit_id)
    )
    return {row[0]: (int(row[1]), int(row[2])) for row in session.execute(query)}


def owing(session: Session, *, community_id: int, on: dt.date) -> sa.Subquery:
    """Return unit and overdue sum of every unit of a community that owes something overdue."""
    f = figures(session, on, bill_state.c.community_id == community_id)
    total = sa.func.sum(f.c.principal_fen + f.c.late_charge_fen + f.c.costs_fen)
    return (
        sa.select(f.c.unit_id, sa.cast(total, sa.BigInteger).label("overdue_fen"))
        .where(is_owed(f))
        .group_by(f.c.unit_id)
        .subquery("owing")
    )


def _within(community_id: int, building: str, entrance: str) -> list[sa.ColumnElement[bool]]:
    narrow = [unit.c.community_id == community_id]
    if building:
        narrow.append(unit.c.building == building)
    if entrance:
        narrow.append(unit.c.entrance == entrance)
    return narrow


def _owed(
    session: Session, community_id: int, on: dt.date, within: list[sa.ColumnElement[bool]]
) -> dict[int, tuple[int, int, int]]:
    """Return (overdue fen, fen not due yet, months owed) of each unit; of several items the longest counts."""
    ids = sa.select(unit.c.id).where(*within)
    f = figures(
        session, on, bill_state.c.community_id == community_id, bill_state.c.unit_id.in_(ids), overdue_only=False
    )
    total = f.c.principal_fen + f.c.late_charge_fen + f.c.costs_fen
    is_overdue = f.c.due_on < day(on)
    # whole months of a period out of its days: 28 to 31 days are one, 365 or 366 are twelve
    months = (days_between(bill.c.period_to_on, bill.c.period_from_on) * 12 + 194) // 365
    owes_month = sa.and_(is_overdue, f.c.principal_fen > 0)
    per_item = (
        sa.select(
            f.c.unit_id,
            sa.func.sum(sa.case((is_overdue, total), else_=0)).label("overdue"),
            sa.func.sum(sa.case((is_overdue, 0), else_=total)).label("not_due"),
            sa.func.sum(sa.case((owes_month, months), else_=0)).label("months"),
        )
        .join(bill, bill.c.id == f.c.bill_id)
        .where(is_owed(f))
        .group_by(f.c.unit_id, bill.c.fee_item_id)
        .subquery("per_item")
    )
    query = sa.select(
        per_item.c.unit_id,
        sa.func.sum(per_item.c.overdue),
        sa.func.sum(per_item.c.not_due),
        sa.func.max(per_item.c.months),
    ).group_by(per_item.c.unit_id)
    return {row[0]: (int(row[1]), int(row[2]), max(1, int(row[3]))) for row in session.execute(query)}


def _flags(session: Session, on: dt.date, within: list[sa.ColumnElement[bool]]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for unit_id, flag in session.execute(estate_marks.flags_within(sa.select(unit.c.id).where(*within), on)):
        found[unit_id].add(flag)
    return found
