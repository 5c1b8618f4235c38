"""Holds and objections: what rests, why, until when, on which papers; ended ones stay."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import not_found
from app.store import db
from app.store.figures import day
from app.store.tables import adjustment, reversal, unit
from app.store.tables_estate import hold_case
from app.store.tables_office import app_user

STATES = ("open", "due", "ended", "all")
DUE_WITHIN = dt.timedelta(days=7)
Row = Mapping[str, Any]


def add_case(session: Session, row: Mapping[str, Any]) -> None:
    """Write the papers of a hold."""
    db.check_text(hold_case, row)
    session.execute(sa.insert(hold_case).values(**row))


def by_id(session: Session, hold_id: int, *, today: dt.date) -> Row:
    """Return one hold with its papers, its unit and who set and ended it.

    Raises:
        Refusal: ``hold.unknown``.

    """
    found = _read(session, _listing().where(adjustment.c.id == hold_id), today)
    if not found:
        raise not_found("hold.unknown")
    return found[0]


def of_unit(session: Session, unit_id: int, *, today: dt.date) -> list[Row]:
    """Return every hold of a unit, the newest first."""
    query = _listing().where(adjustment.c.unit_id == unit_id).order_by(adjustment.c.id.desc())
    return _read(session, query, today)


def listing(
    session: Session,
    *,
    community_ids: Sequence[int],
    state: str,
    kind: str,
    today: dt.date,
    limit: int,
    offset: int,
) -> tuple[int, list[Row]]:
    """Return how many holds there are and one page of them: those due for a look first, in two queries.

    ``kind`` is ``objection``, ``hold`` or empty for both.
    """
    query = _listing().where(unit.c.community_id.in_(list(community_ids)), *_narrow(state, kind, today))
    count = session.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one()
    due = sa.func.coalesce(hold_case.c.review_on, adjustment.c.until_on)
    is_over = sa.or_(reversal.c.id.is_not(None), adjustment.c.until_on < day(today))
    rows = query.order_by(is_over, due, adjustment.c.id).limit(limit).offset(offset)
    return int(count), _read(session, rows, today)


def count_due(session: Session, *, community_ids: Sequence[int], today: dt.date) -> int:
    """Return how many holds in force are due for a look within a week: the desk leads there."""
    query = _listing().where(unit.c.community_id.in_(list(community_ids)), *_narrow("due", "", today))
    return int(session.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one())


def _narrow(state: str, kind: str, today: dt.date) -> list[sa.ColumnElement[bool]]:
    is_open = [reversal.c.id.is_(None), adjustment.c.until_on >= day(today)]
    narrow: list[sa.ColumnElement[bool]] = []
    if state in {"open", "due"}:
        narrow += is_open
    if state == "due":
        due = sa.func.coalesce(hold_case.c.review_on, adjustment.c.until_on)
        narrow.append(due <= day(today + DUE_WITHIN))
    if state == "ended":
        narrow.append(sa.not_(sa.and_(*is_open)))
    if kind:
        is_objection = sa.func.coalesce(hold_case.c.is_objection, adjustment.c.reason == "dispute")
        narrow.append(is_objection if kind == "objection" else sa.not_(is_objection))
    return narrow


def _listing() -> sa.Select[Any]:
    setter, ender = app_user.alias("setter"), app_user.alias("ender")
    return (
        sa.select(
            adjustment,
            unit.c.label,
            unit.c.community_id,
            sa.func.coalesce(hold_case.c.is_objection, adjustment.c.reason == "dispute").label("is_objection"),
            hold_case.c.note,
            hold_case.c.review_on,
            setter.c.name.label("recorded_by_name"),
            ender.c.name.label("ended_by_name"),
            reversal.c.value_on.label("ended_on"),
            reversal.c.reason.label("end_reason"),
            reversal.c.recorded_at.label("ended_at"),
        )
        .join(unit, unit.c.id == adjustment.c.unit_id)
        .outerjoin(hold_case, hold_case.c.adjustment_id == adjustment.c.id)
        .outerjoin(reversal, sa.and_(reversal.c.target_kind == "adjustment", reversal.c.target_id == adjustment.c.id))
        .outerjoin(setter, setter.c.id == adjustment.c.recorded_by)
        .outerjoin(ender, ender.c.id == reversal.c.recorded_by)
        .where(adjustment.c.kind == "hold")
    )


def _read(session: Session, query: sa.Select[Any], today: dt.date) -> list[Row]:
    return [
        {
            **row,
            "bill_ids": tuple(json.loads(row["bill_ids"])),
            "is_objection": bool(row["is_objection"]),
            "note": row["note"] or "",
            "is_open": row["ended_on"] is None and row["until_on"] >= today,
            "due_on": row["review_on"] or row["until_on"],
        }
        for row in session.execute(query).mappings()
    ]
