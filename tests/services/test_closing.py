"""Closed days and months: nothing is posted into them by any way, and of two closes at once one is refused."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.domain.counter import By, Method
from app.domain.errors import Refusal
from app.domain.ledger import Grace
from app.domain.rates import Rate
from app.services import billing, closing, deposits, payments, tariffs, unclaimed
from app.store import closing as closing_reads
from app.store import db, ledger
from app.store import deposits as deposit_reads
from app.store.tables import bill, payment
from app.store.tables_counter import period_close
from tests import making
from tests.making import NOW, TODAY

YESTERDAY = TODAY - dt.timedelta(days=1)
MONTH = TODAY.replace(day=1) - dt.timedelta(days=1)


def by(user_id: int, key: str, *, login: str = "finance") -> By:
    return By(user_id, login, login, TODAY, NOW, key, may_back_date=True)


def close(session: Session, period: closing.Period, user_id: int, key: str = "close-1") -> int:
    return closing.close(session, period=period, accepts_open=True, note="", by=by(user_id, key))


def pay(session: Session, unit_id: int, user_id: int, on: dt.date, key: str, fen: int = 10_000) -> payments.Recorded:
    return payments.record(
        session,
        receipt=payments.Receipt(unit_id, on, fen, Method.CASH),
        today=TODAY,
        now=NOW,
        actor_id=user_id,
        actor="finance",
        may_back_date=True,
        key=key,
    )


def test_nothing_of_money_is_posted_into_a_closed_day_until_it_is_opened_again(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = making.make_estate(session)
        unit_id, user_id = made.units[0], making.add_user(session, "finance", "finance")
        bill_id = making.add_bill(session, made, dt.date(2026, 1, 10))
        taken = pay(session, unit_id, user_id, YESTERDAY, "before")
        kind = deposit_reads.add_kind(session, community_id=made.community_id, name="装修押金", amount_fen=0)
        assert kind
        kind_id = deposit_reads.kinds(session, made.community_id)[0].id
        period = closing.Period.day(made.community_id, YESTERDAY)
        close(session, period, user_id)
    wish = deposits.Wish(unit_id, kind_id, 5_000, YESTERDAY, Method.CASH)
    money = unclaimed.Found(made.community_id, YESTERDAY, 5_000, Method.BANK, payer="王伟")
    tries = {
        "payment": lambda session: pay(session, unit_id, user_id, YESTERDAY, "p"),
        "reversal": lambda session: payments.reverse(
            session, payment_id=taken.payment_id, on=YESTERDAY, reason="登记错户", today=TODAY, now=NOW,
            actor_id=user_id, actor="finance", key="r",
        ),
        "bill reversal": lambda session: billing.reverse_bill(
            session, bill_id=bill_id, on=YESTERDAY, reason="多收", today=TODAY, now=NOW, actor_id=user_id
        ),
        "bill": lambda session: billing.post_single(
            session, unit_id=unit_id, fee_item_id=made.item_id, from_on=YESTERDAY, to_on=YESTERDAY, due_on=TODAY,
            issued_on=YESTERDAY, principal_fen=100, today=TODAY,
        ),
        "deposit": lambda session: deposits.take(session, wish=wish, by=by(user_id, "deposit-1")),
        "unclaimed": lambda session: unclaimed.record(session, found=money, by=by(user_id, "unclaimed-1")),
    }  # fmt: skip
    for name, attempt in tries.items():
        with pytest.raises(Refusal) as refused, db.transaction(engine) as session:
            attempt(session)
        assert refused.value.code == "period.closed", name
    with db.transaction(engine) as session:
        pay(session, unit_id, user_id, TODAY, "today")
        closing.reopen(session, period=period, reason="漏记一笔", by=by(user_id, "open-1"))
        for attempt in tries.values():
            attempt(session)
        close(session, period, user_id, "close-2")
        versions = session.execute(sa.select(period_close.c.version, period_close.c.is_closed)).all()
    assert sorted(tuple(row) for row in versions) == [(1, True), (2, False), (3, True)]


def test_a_closed_month_holds_each_of_its_days_and_another_community_is_free(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made, other = making.make_estate(session), making.make_estate(session, name="望江苑")
        user_id = making.add_user(session, "finance", "finance")
        close(session, closing.Period.month(made.community_id, MONTH), user_id)
    for on in (MONTH, MONTH.replace(day=1)):
        with pytest.raises(Refusal, match=r"period\.closed"), db.transaction(engine) as session:
            pay(session, made.units[0], user_id, on, f"p{on}")
        with db.transaction(engine) as session:
            pay(session, other.units[0], user_id, on, f"o{on}")
    with db.transaction(engine) as session:
        pay(session, made.units[0], user_id, TODAY, "today")
        ledger.refresh(session, made.units, through=TODAY)
    with pytest.raises(Refusal, match=r"period\.not_over"), db.transaction(engine) as session:
        close(session, closing.Period.month(made.community_id, TODAY), user_id, "too-early")


def test_a_run_of_a_closed_month_is_refused_whole_and_another_month_is_billed(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = making.make_estate(session)
        user_id = making.add_user(session, "finance", "finance")
        close(session, closing.Period.month(made.community_id, MONTH), user_id)

    def run(session: Session, period: str) -> int:
        return billing.post(
            session, community_id=made.community_id, period=period, today=TODAY, now=NOW, actor_id=user_id
        ).created

    with pytest.raises(Refusal, match=r"period\.closed"), db.transaction(engine) as session:
        run(session, f"{MONTH:%Y-%m}")
    with db.transaction(engine) as session:
        assert run(session, f"{TODAY:%Y-%m}") == 1
        assert session.execute(sa.select(sa.func.count()).select_from(bill)).scalar_one() == 1


def test_a_late_charge_never_changes_in_a_closed_month(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = making.make_estate(session)
        user_id = making.add_user(session, "finance", "finance")
        close(session, closing.Period.month(made.community_id, MONTH), user_id)
        told = {"plan_id": made.plan_id, "rate": Rate(1, 2000), "grace": Grace(), "cap_ratio": None}
        told |= {"source_clause": "第八条", "today": TODAY, "now": NOW, "actor": "finance"}
        with pytest.raises(Refusal, match=r"policy\.closed_since"):
            tariffs.publish_late_charge(session, from_on=MONTH, **told)
        tariffs.publish_late_charge(session, from_on=TODAY, **told)


def test_the_totals_of_a_close_are_the_sums_of_the_rows_and_the_digest_moves_with_any_of_them(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = making.make_estate(session)
        user_id = making.add_user(session, "finance", "finance")
        making.add_bill(session, made, dt.date(2026, 1, 10))
        first = pay(session, made.units[0], user_id, TODAY, "one", 10_000)
        pay(session, made.units[0], user_id, TODAY, "two", 30_000)
        payments.reverse(
            session, payment_id=first.payment_id, on=TODAY, reason="退票", today=TODAY, now=NOW, actor_id=user_id,
            actor="finance", key="r",
        )  # fmt: skip
        period = closing.Period.day(made.community_id, TODAY)
        before = closing_reads.heads_digest(session, made.community_id)
        found = closing.review(session, period=period, by_name="", today=TODAY)
        amount = session.execute(sa.select(sa.func.sum(payment.c.amount_fen))).scalar_one()
        assert found.facts.received_fen == int(amount) == 40_000
        assert found.facts.till_fen == 30_000
        assert found.facts.credit_fen + sum(share.amount_fen for share in found.facts.shares) == 40_000
        assert found.outside_the_chain == 0
        assert [holder.name for holder in found.holders] == ["finance"]
        making.add_bill(session, made, dt.date(2026, 2, 10))
        assert closing_reads.heads_digest(session, made.community_id)[0] != before[0]
    with pytest.raises(Refusal, match=r"period\.still_open"), db.transaction(engine) as session:
        closing.close(session, period=period, accepts_open=False, note="", by=by(user_id, "close"))


def test_of_two_closes_at_once_one_is_refused(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = making.make_estate(session)
        users = [making.add_user(session, name, "finance") for name in ("one", "two")]
    period, codes, gate = closing.Period.day(made.community_id, YESTERDAY), [], threading.Barrier(2)

    def run(user_id: int) -> None:
        gate.wait()
        try:
            with db.transaction(engine) as session:
                close(session, period, user_id, f"close-{user_id}")
            codes.append("closed")
        except Refusal as refusal:
            codes.append(refusal.code)

    threads = [threading.Thread(target=run, args=(user_id,)) for user_id in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == ["closed", "period.closed_already"]
