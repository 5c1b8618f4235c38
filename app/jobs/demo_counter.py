"""What lies on the demo's counter: a payment of today, a deposit, and a transfer nobody has claimed yet."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Engine

from app import clock
from app.domain.counter import By, Method
from app.services import deposits, payments, unclaimed
from app.store import arrears, db, users
from app.store import deposits as deposit_store


def fill(engine: Engine, *, community_id: int, cashier: str, kinds: dict[str, int], payer: str, note: str) -> None:
    """Take a payment and a deposit, and record a transfer whose amount is what one unit owes."""
    today, now = clock.today(), clock.now()
    wanted = arrears.Filter(community_id=community_id)
    with db.transaction(engine) as session:
        who = users.by_login(session, cashier)
        assert who is not None
        by = By(who.id, who.login, who.name, today, now, "demo-counter", may_back_date=True)
        rows = arrears.list_units(session, as_of=today, wanted=wanted, sort="oldest", limit=4)
        for name, fen in kinds.items():
            deposit_store.add_kind(session, community_id=community_id, name=name, amount_fen=fen)
        kind = deposit_store.kinds(session, community_id)[0]
        wish = deposits.Wish(rows[1].unit_id, kind.id, kind.amount_fen or 200_000, today, Method.CASH)
        deposits.take(session, wish=wish, by=by)
        payments.record(
            session,
            receipt=payments.Receipt(rows[2].unit_id, today, 50_000, Method.CASH),
            today=today,
            now=now,
            actor_id=who.id,
            actor=who.login,
            may_back_date=False,
            key="demo-payment",
            cashier=who.name,
        )
        on = today - dt.timedelta(days=1)
        money = unclaimed.Found(community_id, on, rows[3].total_fen, Method.BANK, payer=payer, note=note)
        unclaimed.record(session, found=money, by=by)
