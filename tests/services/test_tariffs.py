"""Versions of prices and late charges: what was billed stays, what runs on runs at the rate of its day."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import Engine

from app.domain.errors import Refusal
from app.domain.ledger import Grace, statement
from app.domain.rates import ALWAYS, Rate
from app.services import tariffs
from app.store import arrears, db, ledger, verify
from tests.making import NOW, TODAY, add_bill, make_estate


def payment(made_community: int, on: dt.date, amount_fen: int) -> dict[str, object]:
    return {
        "community_id": made_community,
        "received_on": on,
        "amount_fen": amount_fen,
        "method": "cash",
        "recorded_at": NOW,
    }


def test_a_new_rate_runs_from_its_day_and_leaves_the_days_before_alone(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session, units=("1-1-101", "1-1-102"))
        for unit_id in made.units:
            add_bill(session, made, dt.date(2025, 1, 10), 100_000, unit_id=unit_id)
            add_bill(session, made, dt.date(2026, 1, 10), 50_000, unit_id=unit_id)
        ledger.post(
            session,
            ledger.Posting(made.units[0], "payment", payment(made.community_id, dt.date(2025, 8, 1), 40_000)),
            through=TODAY,
        )
        replayed = tariffs.publish_late_charge(
            session,
            plan_id=made.plan_id,
            from_on=dt.date(2025, 7, 1),
            rate=Rate(24, 36_500),
            grace=Grace(),
            cap_ratio=None,
            source_clause="补充协议第二条",
            today=TODAY,
            now=NOW,
            actor="a",
        )
        assert replayed == 1, "only the unit that paid after the new rate began needs its history replayed"
        for unit_id in made.units:
            account = ledger.stories(session, [unit_id])[unit_id].account
            for as_of in (dt.date(2025, 6, 30), dt.date(2025, 7, 1), dt.date(2025, 9, 1), TODAY):
                wanted = [bill.late_charge_fen for bill in statement(account, as_of).bills if bill.total_fen]
                found = [bill.late_charge_fen for bill in arrears.bills_on(session, as_of=as_of, unit_ids=[unit_id])]
                assert found == wanted[: len(found)], (unit_id, as_of)
        assert not verify.ledger_report(session).problems
        # 171 days at 1 per mille, then 24 % a year over 365 days, by hand
        before, after = 172, (TODAY - dt.date(2025, 7, 1)).days + 1
        days_before = (dt.date(2025, 6, 30) - dt.date(2025, 1, 10)).days
        assert days_before == before - 1
        by_hand = (100_000 * days_before * 36_500 + 100_000 * 24 * after * 1_000) * 2 + 36_500_000
        first = arrears.bills_on(session, as_of=TODAY, unit_ids=[made.units[1]])[0]
        assert first.late_charge_fen == by_hand // (2 * 36_500_000)


def test_two_versions_cannot_start_on_one_day(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        with pytest.raises(Refusal, match=r"policy\.exists"):
            tariffs.publish_late_charge(
                session,
                plan_id=made.plan_id,
                from_on=ALWAYS,
                rate=Rate(1, 1000),
                grace=Grace(),
                cap_ratio=None,
                source_clause="x",
                today=TODAY,
                now=NOW,
                actor="a",
            )


def test_a_price_cannot_change_days_that_are_billed(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        add_bill(session, made, dt.date(2026, 1, 10))
        with pytest.raises(Refusal, match=r"tariff\.already_billed"):
            publish(session_args := (session, made.community_id, made.item_id), dt.date(2026, 1, 31))
        publish(session_args, dt.date(2026, 2, 1))


def publish(where: tuple[object, int, int], from_on: dt.date) -> None:
    session, community_id, item_id = where
    tariffs.publish_price(
        session,  # type: ignore[arg-type]
        community_id=community_id,
        fee_item_id=item_id,
        usage_type="",
        from_on=from_on,
        price_e4=26_000,
        source_clause="",
        now=NOW,
        actor="a",
    )
