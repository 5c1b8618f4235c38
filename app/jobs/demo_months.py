"""The demo's last year: a bill a month for every unit, paid as people pay, so that the desk has something to show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from sqlalchemy import Engine

from app import clock
from app.domain.calendar import add_months
from app.services.billing import running
from app.store import arrears, db, ledger, report_lists
from app.store.report_lists import BillFilter, BillRow
from app.store.report_reads import Due, Scope
from app.store.types import canonical

MONTHS = 11
METHODS = ("wechat", "wechat", "alipay", "bank", "pos", "cash")


def fill(engine: Engine, *, community_id: int, today: dt.date) -> None:
    """Bill the months up to this one; whoever owed nothing before pays in time."""
    first = add_months(today.replace(day=1), 1 - MONTHS)
    before = first - dt.timedelta(days=1)
    wanted = arrears.Filter(community_id=community_id)
    with db.transaction(engine) as session:
        late = {one.unit_id for one in arrears.list_units(session, as_of=before, wanted=wanted)}
        for month in range(MONTHS):
            on = add_months(first, month)
            running.post(
                session, community_id=community_id, period=on.isoformat()[:7], today=on, now=clock.now(), actor_id=None
            )
        year = BillFilter(Scope(community_id), today, Due(first, None), state="open")
        postings = list(_payments(report_lists.bills(session, year, limit=None), late, community_id, today))
        ledger.post_many(session, postings, through=today)


def _payments(bills: list[BillRow], late: set[int], community_id: int, today: dt.date) -> Iterator[ledger.Posting]:
    """Pay each bill on a day that follows from its number alone, so that every demo is the same."""
    for bill in bills:
        is_late = bill.unit_id in late
        on = bill.due_on - dt.timedelta(days=bill.bill_id % 9) + dt.timedelta(days=17 if is_late else 0)
        if on >= today or (is_late and bill.bill_id % 5 < 2):
            continue
        yield ledger.Posting(
            bill.unit_id,
            "payment",
            {
                "community_id": community_id,
                "received_on": on,
                "amount_fen": bill.principal_fen,
                "method": METHODS[bill.bill_id % len(METHODS)],
                "designated": canonical([bill.bill_id]),
                "recorded_at": clock.now(),
            },
        )
