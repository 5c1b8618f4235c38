"""Marks on units: not to be dunned, households to be careful with, short notes; and the flags lists show."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import not_found
from app.store import db
from app.store.arrears import day
from app.store.tables import adjustment, reversal, vacancy
from app.store.tables_estate import hold_case, unit_mark
from app.store.tables_office import app_user

NO_DUNNING = "no_dunning"
KINDS = (NO_DUNNING, "elderly", "disabled", "note")
FLAGS = ("disputed", "held", *KINDS, "vacant")
"""Every flag a list can show, in the order it shows them; the words are labels ``flag.*``."""
CHUNK = 1000


def flags_of(session: Session, unit_ids: Sequence[int], *, on: dt.date | None = None) -> dict[int, tuple[str, ...]]:
    """Return the flags of each unit that has any, in the order of ``FLAGS``, in three queries a thousand units.

    ``on`` None leaves out what depends on a day (holds and vacancies) and takes every mark that was not ended.
    """
    found: dict[int, set[str]] = defaultdict(set)
    for ids in _chunks(unit_ids):
        for unit_id, kind in session.execute(_marks(on).where(unit_mark.c.unit_id.in_(ids))):
            found[unit_id].add(kind)
        if on is None:
            continue
        for unit_id, is_objection in session.execute(_holds(on).where(adjustment.c.unit_id.in_(ids))):
            found[unit_id].add("disputed" if is_objection else "held")
        for (unit_id,) in session.execute(_vacant(on).where(vacancy.c.unit_id.in_(ids))):
            found[unit_id].add("vacant")
    return {unit_id: tuple(flag for flag in FLAGS if flag in flags) for unit_id, flags in found.items()}


def flags_within(units: sa.Select[Any], on: dt.date) -> sa.CompoundSelect[Any]:
    """Return (unit, flag) of every unit of a selection on a day, as one statement."""
    marks, holds, empty = _marks(on).subquery(), _holds(on).subquery(), _vacant(on).subquery()
    disputed = sa.case((holds.c.is_objection, "disputed"), else_="held")
    return sa.union_all(
        sa.select(marks.c.unit_id, marks.c.kind.label("flag")).where(marks.c.unit_id.in_(units)),
        sa.select(holds.c.unit_id, disputed).where(holds.c.unit_id.in_(units)),
        sa.select(empty.c.unit_id, sa.literal("vacant")).where(empty.c.unit_id.in_(units)),
    )


def of_unit(session: Session, unit_id: int) -> list[Mapping[str, Any]]:
    """Return every mark a unit ever had, standing ones first, newest first, with who set and who ended it."""
    setter, ender = app_user.alias("setter"), app_user.alias("ender")
    query = (
        sa.select(unit_mark, setter.c.name.label("marked_by_name"), ender.c.name.label("ended_by_name"))
        .outerjoin(setter, setter.c.id == unit_mark.c.marked_by)
        .outerjoin(ender, ender.c.id == unit_mark.c.ended_by)
        .where(unit_mark.c.unit_id == unit_id)
        .order_by(unit_mark.c.ended_at.is_not(None), unit_mark.c.id.desc())
    )
    return [dict(row) for row in session.execute(query).mappings()]


def standing(session: Session, *, unit_id: int, mark_id: int) -> sa.Row[Any]:
    """Return a mark that was not ended, locked until the commit.

    Raises:
        Refusal: ``mark.unknown``.

    """
    query = sa.select(unit_mark).where(
        unit_mark.c.id == mark_id, unit_mark.c.unit_id == unit_id, unit_mark.c.ended_at.is_(None)
    )
    row = session.execute(db.lock_row(session, query)).one_or_none()
    if row is None:
        raise not_found("mark.unknown")
    return row


def add(session: Session, row: Mapping[str, Any]) -> int:
    """Write a mark and return its id."""
    db.check_text(unit_mark, row)
    return int(session.execute(sa.insert(unit_mark).values(**row).returning(unit_mark.c.id)).scalar_one())


def end(session: Session, mark_id: int, *, at: dt.datetime, by: int | None) -> None:
    """End a mark; the row stays."""
    session.execute(sa.update(unit_mark).where(unit_mark.c.id == mark_id).values(ended_at=at, ended_by=by))


def marked(kind: str, on: dt.date) -> sa.Select[Any]:
    """Return the units that carry a mark on a day, for ``IN``."""
    return sa.select(_marks(on).where(unit_mark.c.kind == kind).subquery().c.unit_id)


def held(*, is_objection: bool, on: dt.date) -> sa.Select[Any]:
    """Return the units with an objection (or another hold) in force on a day, for ``IN``."""
    found = _holds(on).subquery()
    return sa.select(found.c.unit_id).where(found.c.is_objection.is_(is_objection))


def vacant(on: dt.date) -> sa.Select[Any]:
    """Return the units that stand empty on a day, for ``IN``."""
    return _vacant(on)


def _marks(on: dt.date | None) -> sa.Select[Any]:
    query = sa.select(unit_mark.c.unit_id, unit_mark.c.kind).where(unit_mark.c.ended_at.is_(None))
    if on is None:
        return query
    return query.where(sa.or_(unit_mark.c.until_on.is_(None), unit_mark.c.until_on >= day(on)))


def _holds(on: dt.date) -> sa.Select[Any]:
    """Holds in force; one set before there were papers counts as an objection where its reason says so."""
    is_objection = sa.func.coalesce(hold_case.c.is_objection, adjustment.c.reason == "dispute")
    taken_back = sa.and_(
        reversal.c.target_kind == "adjustment",
        reversal.c.target_id == adjustment.c.id,
        reversal.c.value_on <= day(on),
    )
    return (
        sa.select(adjustment.c.unit_id, is_objection.label("is_objection"))
        .outerjoin(hold_case, hold_case.c.adjustment_id == adjustment.c.id)
        .outerjoin(reversal, taken_back)
        .where(
            adjustment.c.kind == "hold",
            adjustment.c.value_on <= day(on),
            adjustment.c.until_on >= day(on),
            reversal.c.id.is_(None),
        )
        .distinct()
    )


def _vacant(on: dt.date) -> sa.Select[Any]:
    return sa.select(vacancy.c.unit_id).where(vacancy.c.from_on <= day(on), vacancy.c.until_on > day(on)).distinct()


def _chunks(unit_ids: Sequence[int]) -> Iterator[Sequence[int]]:
    ids = list(unit_ids)
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
