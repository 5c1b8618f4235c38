"""What waits for a second person in the demo: a new price, and the run of next month."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Engine

from app import clock
from app.domain.calendar import add_months
from app.services import billing, tariffs
from app.store import db, estate, users


def fill(engine: Engine, *, community_id: int, rates: dict[str, Any]) -> None:
    """Leave a price that finance drafted and a run that the clerk drafted, both for the manager."""
    today, now = clock.today(), clock.now()
    with db.transaction(engine) as session:
        clerk, finance = users.by_login(session, "clerk"), users.by_login(session, "finance")
        assert clerk is not None
        assert finance is not None
        tariffs.draft_price(
            session,
            community_id=community_id,
            item_id=estate.fee_items(session, community_id)[0].id,
            from_on=dt.date(today.year + 1, 4, 1),
            wish=tariffs.NewPrice("", rates["price_e4"], 0, rates["source_clause"]),
            note=rates["note"],
            now=now,
            actor_id=finance.id,
            actor=finance.login,
        )
        billing.draft_run(
            session,
            community_id=community_id,
            period=add_months(today.replace(day=1), 1).isoformat()[:7],
            today=today,
            now=now,
            actor_id=clerk.id,
            actor=clerk.login,
        )
