"""What narrows a list of arrears, and the conditions each filter stands for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Select

from app.domain.calendar import OFFICIAL, add_months
from app.domain.limitation_states import cuts
from app.store import clocks
from app.store.figures import day
from app.store.tables import account, adjustment, reversal, unit, vacancy
from app.store.tables_estate import hold_case, unit_mark
from app.store.tables_office import notice, waiver_request
from app.store.tables_reports import steward

BUCKETS = ("1-30", "31-60", "61-90", "91-365", "1-2y", "2-3y", "3y+")
FLAGS = ("hold", "objection", "no_dunning", "request", "credit", "vacant")
UNNAMED = -1
"""The steward of units nobody looks after."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What narrows a list of arrears; an empty field does not narrow.

    Days are ISO text, so that a filter can be kept as JSON. ``min_months`` counts from the oldest due date; ``is_new``
    asks for units whose oldest open bill fell due in the month of the day;
    ``expiring_days`` asks for a bill whose limitation runs out within so many days, whatever interrupted it (its clock
    must be joined then);
    ``silent_days`` for units without a notice of the last so many days.
    """

    community_id: int | None = None
    search: str = ""
    building: str = ""
    buildings: tuple[str, ...] = ()
    usage: str = ""
    flag: str = ""
    steward_id: int | None = None
    bucket: str = ""
    level: int | None = None
    min_days: int = 0
    min_months: int = 0
    min_total_fen: int = 0
    max_total_fen: int | None = None
    oldest_from: str = ""
    oldest_to: str = ""
    is_new: bool = False
    silent_days: int = 0
    expiring_days: int = 0
    unit_ids: Sequence[int] | None = None


def bucket_bounds(as_of: dt.date, bucket: str) -> tuple[dt.date, dt.date]:
    """Return (latest, earliest exclusive) due dates of a bucket."""
    edges = [
        as_of - dt.timedelta(days=1),
        as_of - dt.timedelta(days=31),
        as_of - dt.timedelta(days=61),
        as_of - dt.timedelta(days=91),
        add_months(as_of, -12),
        add_months(as_of, -24),
        add_months(as_of, -36),
        dt.date.min,
    ]
    place = BUCKETS.index(bucket)
    return edges[place], edges[place + 1] if place + 1 < len(BUCKETS) else dt.date(1800, 1, 1)


def running_out(due_on: ColumnElement[Any], as_of: dt.date, days: int) -> ColumnElement[bool]:
    """Say of a bill joined with its clock that its limitation runs out within so many days and has not yet (rules 6).

    What ended on a rest day lives until the working day after it.
    """
    return clocks.act_by(due_on).between(day(cuts(as_of, OFFICIAL).lives_from), day(as_of + dt.timedelta(days=days)))


def having(wanted: Filter, as_of: dt.date, bills: sa.Subquery) -> list[ColumnElement[bool]]:
    """Return what the overdue bills of a unit together must satisfy."""
    due_on = bills.c.due_on
    oldest = sa.func.min(due_on)
    found: list[ColumnElement[bool]] = []
    if wanted.min_days > 0:
        found.append(oldest <= day(as_of - dt.timedelta(days=wanted.min_days)))
    if wanted.min_months > 0:
        found.append(oldest <= day(add_months(as_of, -wanted.min_months)))
    if wanted.is_new:
        found.append(oldest >= day(as_of.replace(day=1)))
    if wanted.oldest_from:
        found.append(oldest >= day(dt.date.fromisoformat(wanted.oldest_from)))
    if wanted.oldest_to:
        found.append(oldest <= day(dt.date.fromisoformat(wanted.oldest_to)))
    if wanted.bucket:
        youngest, eldest = bucket_bounds(as_of, wanted.bucket)
        found += [oldest <= day(youngest), oldest > day(eldest)]
    if wanted.expiring_days > 0:
        runs_out = sa.and_(running_out(due_on, as_of, wanted.expiring_days), bills.c.principal_fen > 0)
        found.append(sa.func.max(sa.case((runs_out, 1), else_=0)) == 1)
    return found


def narrow(query: Select[Any], wanted: Filter, as_of: dt.date, level: ColumnElement[int]) -> Select[Any]:
    """Add what a unit itself must satisfy."""
    buildings = [*wanted.buildings, *([wanted.building] if wanted.building else [])]
    if buildings:
        query = query.where(unit.c.building.in_(buildings))
    if wanted.usage:
        query = query.where(unit.c.usage_type == wanted.usage)
    for word in wanted.search.lower().split():
        query = query.where(unit.c.search_key.contains(word, autoescape=True))
    if wanted.level is not None:
        query = query.where(level == wanted.level)
    if wanted.flag:
        query = query.where(flag(wanted.flag, as_of))
    if wanted.steward_id is not None:
        query = query.where(_looked_after(wanted.steward_id))
    if wanted.silent_days > 0:
        since = day(as_of - dt.timedelta(days=wanted.silent_days))
        recent = sa.select(sa.literal(1)).where(
            notice.c.unit_id == unit.c.id, notice.c.as_of > since, notice.c.as_of <= day(as_of)
        )
        query = query.where(~sa.exists(recent))
    return query


def _looked_after(user_id: int) -> ColumnElement[bool]:
    theirs = sa.select(sa.literal(1)).where(
        steward.c.community_id == unit.c.community_id, steward.c.building == unit.c.building
    )
    return ~sa.exists(theirs) if user_id == UNNAMED else sa.exists(theirs.where(steward.c.user_id == user_id))


def flag(name: str, as_of: dt.date) -> ColumnElement[bool]:
    """Say of a unit that it carries a mark people must see before they act, such as a hold or an objection."""
    on = day(as_of)
    if name == "credit":
        return sa.exists(sa.select(sa.literal(1)).where(account.c.unit_id == unit.c.id, account.c.credit_fen > 0))
    if name == "request":
        return sa.exists(
            sa.select(sa.literal(1)).where(waiver_request.c.unit_id == unit.c.id, waiver_request.c.state == "requested")
        )
    if name == "no_dunning":
        return sa.exists(
            sa.select(sa.literal(1)).where(
                unit_mark.c.unit_id == unit.c.id,
                unit_mark.c.kind == "no_dunning",
                unit_mark.c.ended_at.is_(None),
                sa.or_(unit_mark.c.until_on.is_(None), unit_mark.c.until_on >= on),
            )
        )
    if name == "vacant":
        return sa.exists(
            sa.select(sa.literal(1)).where(
                vacancy.c.unit_id == unit.c.id, vacancy.c.from_on <= on, vacancy.c.until_on > on
            )
        )
    hold = sa.select(sa.literal(1)).where(
        adjustment.c.unit_id == unit.c.id,
        adjustment.c.kind == "hold",
        adjustment.c.value_on <= on,
        sa.or_(adjustment.c.until_on.is_(None), adjustment.c.until_on >= on),
        ~sa.exists(
            sa.select(sa.literal(1)).where(
                reversal.c.target_kind == "adjustment",
                reversal.c.target_id == adjustment.c.id,
                reversal.c.value_on <= on,
            )
        ),
    )
    if name == "objection":
        hold = hold.where(
            sa.exists(
                sa.select(sa.literal(1)).where(hold_case.c.adjustment_id == adjustment.c.id, hold_case.c.is_objection)
            )
        )
    return sa.exists(hold)
