"""What waits behind each entry of the menu: one statement of counts that index look-ups answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.store import arrears, delivery_reads, figures
from app.store.tables import ledger_entry, unit
from app.store.tables_office import notice_batch, waiver_request
from app.store.tables_portal import owner_request
from app.store.tables_tariffs import billing_draft, tariff_draft

WAITING: Mapping[str, tuple[sa.Table, tuple[str, ...]]] = {
    "notices": (notice_batch, ("draft", "released")),
    "waivers": (waiver_request, ("requested",)),
    "requests": (owner_request, ("open",)),
    "rates": (tariff_draft, ("draft",)),
    "billing": (billing_draft, ("draft", "failed")),
}
"""By entry of the menu: the table, and the states in which something waits; each has an index on both."""


def waiting(session: Session, *, community_id: int | None) -> dict[str, int]:
    """Return how much waits in a community, by entry of the menu, in one statement."""
    row = session.execute(_waiting(), {"community_id": community_id}).one()
    return {name: int(value) for name, value in zip((*WAITING, "deliveries"), row, strict=True)}


@lru_cache(maxsize=1)
def _waiting() -> sa.Select[Any]:
    """Build the statement once: it goes with every page."""
    where = sa.bindparam("community_id", type_=sa.BigInteger())
    return sa.select(
        *(
            sa.select(sa.func.count())
            .select_from(table)
            .where(table.c.community_id == where, table.c.state.in_(states))
            .scalar_subquery()
            for table, states in WAITING.values()
        ),
        delivery_reads.open_notices().scalar_subquery(),
    )


def ledger_at(session: Session) -> int:
    """Return how far the ledger has got: what a process counted before that is no longer true."""
    return int(session.execute(sa.select(sa.func.max(ledger_entry.c.id))).scalar() or 0)


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
