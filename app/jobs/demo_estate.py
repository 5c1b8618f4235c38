"""What makes the demo's plan of rooms look lived in: an objection, a household to spare, an empty flat, a tenant."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Engine

from app import clock
from app.domain.calendar import add_months
from app.domain.deeds import By
from app.domain.waivers import HoldReason
from app.services import contacts, holds, upkeep
from app.store import arrears, db, unit_list, users


def fill(
    engine: Engine, *, community_id: int, clerk: str, objection: str, spared: str, empty: str, tenant: str
) -> None:
    """Register one of each on units that the rest of the demo leaves alone."""
    today = clock.today()
    with db.transaction(engine) as session:
        who = users.by_login(session, clerk)
        assert who is not None
        by = By(today, clock.now(), who.login, who.id)
        owing = arrears.list_units(
            session, as_of=today, wanted=arrears.Filter(community_id=community_id), sort="-total"
        )
        wanted = unit_list.Wanted(community_id, state="clear")
        clear = unit_list.page(session, wanted=wanted, on=today, sort="room", limit=6, offset=0).lines
        disputed, left_alone = owing[len(owing) // 2].unit_id, owing[len(owing) // 2 + 1].unit_id
        wish = holds.Wish(
            unit_id=disputed,
            bill_ids=(),
            reason=HoldReason.DISPUTE,
            is_objection=True,
            from_on=today - dt.timedelta(days=3),
            until_on=today + dt.timedelta(days=27),
            stops_accrual=False,
            stops_dunning=True,
            stops_contact=False,
            note=objection,
            review_on=today + dt.timedelta(days=4),
        )
        holds.place(session, wish=wish, may_decide=False, by=by, key="demo-objection")
        upkeep.mark(session, unit_id=left_alone, kind="no_dunning", note=spared, until_on=None, by=by)
        upkeep.mark(session, unit_id=left_alone, kind="elderly", note="", until_on=None, by=by)
        since = add_months(today.replace(day=1), -8)
        upkeep.add_vacancy(
            session, unit_id=clear[1].unit_id, from_on=since, last_on=None, reported_on=since, note=empty, by=by
        )
        contacts.add(
            session,
            unit_id=clear[2].unit_id,
            who=contacts.NewContact(contacts.Relation.TENANT, tenant),
            from_on=since,
            until_on=None,
            by=by,
        )
