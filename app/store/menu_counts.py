"""What waits behind each entry of the menu: one statement of counts that index look-ups answer."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.store import arrears, figures
from app.store.tables import unit
from app.store.tables_office import notice_batch, waiver_request
from app.store.tables_portal import owner_request
from app.store.tables_tariffs import billing_draft, tariff_draft


def waiting(session: Session, *, community_id: int | None) -> dict[str, int]:
    """Return how much waits in a community, by entry of the menu, in one statement."""
    counts = {
        "notices": _count(
            notice_batch, notice_batch.c.community_id == community_id, notice_batch.c.state.in_(["draft", "released"])
        ),
        "waivers": _count(
            waiver_request, waiver_request.c.community_id == community_id, waiver_request.c.state == "requested"
        ),
        "requests": _count(
            owner_request, owner_request.c.community_id == community_id, owner_request.c.state == "open"
        ),
        "rates": _count(tariff_draft, tariff_draft.c.community_id == community_id, tariff_draft.c.state == "draft"),
        "billing": _count(
            billing_draft, billing_draft.c.community_id == community_id, billing_draft.c.state.in_(["draft", "failed"])
        ),
    }
    row = session.execute(sa.select(*(count.label(name) for name, count in counts.items()))).mappings().one()
    return {name: int(row[name]) for name in counts}


def overdue_units(session: Session, *, community_id: int, as_of: dt.date) -> int:
    """Return how many units have something overdue: exactly the units the list of arrears shows.

    The oldest open bill of a unit nearly always settles the question, so one look into the covering index a unit will
    do, however many bills there are; only where a version ends later than the day is the list itself counted.
    """
    owes = figures.owes_overdue(session, as_of=as_of, unit_id=unit.c.id, community_id=community_id)
    if owes is None:
        return arrears.totals(session, as_of=as_of, wanted=arrears.Filter(community_id=community_id)).units
    query = sa.select(sa.func.count()).select_from(unit).where(unit.c.community_id == community_id, owes)
    return int(session.execute(query).scalar_one())


def _count(table: sa.Table, *conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    return sa.select(sa.func.count()).select_from(table).where(*conditions).scalar_subquery()
