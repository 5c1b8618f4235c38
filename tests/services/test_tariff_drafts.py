"""Prices and late charges by two people: what a draft would change, a trial that writes nothing, used versions kept."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.domain.deeds import By
from app.domain.errors import Refusal
from app.domain.ledger import statement
from app.services import billing, tariffs, terms
from app.services.tariffs import LateCharge, NewItem, NewPrice
from app.store import db, estate, ledger, plans, verify
from app.store import tariffs as reads
from app.store.tables import bill, fee_item, tariff, vacancy, vacancy_rule
from app.store.tables_tariffs import tariff_draft
from app.store.types import FOREVER
from tests.making import NOW, TODAY, Estate, add_bill, add_unit, make_estate

ANNA, BERT = 1, 2
APRIL = dt.date(2026, 4, 1)
DEARER = NewPrice("", 30_000, 0, "业主大会决定")
HALF = LateCharge("1/2000", "none", 0, None, "补充协议第二条")


def drafted(session: Session, made: Estate, wish: NewPrice = DEARER, from_on: dt.date = APRIL) -> int:
    return tariffs.draft_price(
        session,
        community_id=made.community_id,
        item_id=made.item_id,
        from_on=from_on,
        wish=wish,
        note="",
        now=NOW,
        actor_id=ANNA,
        actor="anna",
    )


def publish(session: Session, draft_id: int, actor_id: int = BERT) -> None:
    tariffs.publish(session, draft_id=draft_id, today=TODAY, now=NOW, actor_id=actor_id, actor="bert")


def item(session: Session, made: Estate) -> dict[str, Any]:
    return dict(reads.item(session, made.item_id)._mapping)


def amount(session: Session, made: Estate, period: str) -> int:
    return billing.preview(session, community_id=made.community_id, period=period, today=TODAY).amount_fen


def test_a_price_counts_only_once_a_second_person_published_it(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        draft_id = drafted(session, made)
        assert amount(session, made, "2026-04") == 24_000
        with pytest.raises(Refusal, match=r"tariff_draft\.same_person"):
            publish(session, draft_id, ANNA)
        publish(session, draft_id)
        assert (amount(session, made, "2026-03"), amount(session, made, "2026-04")) == (24_000, 30_000)
        with pytest.raises(Refusal, match=r"tariff_draft\.not_waiting"):
            publish(session, draft_id)
    with pytest.raises(IntegrityError), db.transaction(engine) as session:
        session.execute(sa.update(tariff_draft).values(published_by=ANNA))


def test_days_billed_meanwhile_stop_the_publishing(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        draft_id = drafted(session, made, from_on=dt.date(2026, 1, 10))
        add_bill(session, made, dt.date(2026, 1, 10))
        with pytest.raises(Refusal) as refused:
            publish(session, draft_id)
        assert (refused.value.code, refused.value.facts["through"]) == ("tariff.already_billed", "2026-01-31")
        with pytest.raises(Refusal, match=r"tariff\.clause_missing"):
            drafted(session, made, NewPrice("", 30_000, 0, " "))


def test_the_effect_names_units_sums_and_the_largest_differences(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session, units=("1-1-101", "1-1-102"))
        big = add_unit(session, made.community_id, "1-1-103", area_e3=200_000)
        shop = add_unit(session, made.community_id, "1-0-商铺1", usage_type="shop")
        found = tariffs.price_effect(session, item=item(session, made), from_on=APRIL, wish=DEARER, today=TODAY)
        assert (found.impact.units, found.impact.changed) == (4, 4)
        assert (found.impact.before_fen, found.impact.after_fen) == (120_000, 150_000)
        assert (found.impact.top[0].unit_id, found.impact.top[0].after_fen) == (big, 60_000)
        shops = NewPrice("shop", 50_000, 0, "x")
        found = tariffs.price_effect(session, item=item(session, made), from_on=APRIL, wish=shops, today=TODAY)
        assert [(one.unit_id, one.before_fen, one.after_fen) for one in found.impact.top] == [(shop, 24_000, 50_000)]
        assert session.execute(sa.select(sa.func.count()).select_from(bill)).scalar_one() == 0


def test_a_trial_shows_each_step_and_its_sum_is_what_would_be_billed(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session, units=())
        late = add_unit(session, made.community_id, "1-1-101", handed_over_on=dt.date(2026, 1, 20))
        empty = add_unit(session, made.community_id, "1-1-102")
        rule = {"from_on": dt.date(2020, 1, 1), "months": 0, "ratio_e4": 7_000, "article": "条例第38条"}
        session.execute(sa.insert(vacancy_rule).values(community_id=made.community_id, **rule))
        window = {"from_on": dt.date(2025, 7, 1), "until_on": FOREVER, "reported_on": dt.date(2025, 7, 1)}
        session.execute(sa.insert(vacancy).values(unit_id=empty, **window))
        session.execute(sa.update(fee_item).values(cycle_months=3))
        wish, middle = NewPrice("", 30_000, 10_000, "x"), dt.date(2026, 2, 11)
        found = tariffs.trial(
            session, item=item(session, made), period="2026-01", building="1", from_on=middle, wish=wish
        )
        by_unit = {one.unit_id: one for one in found.units}
        steps = [(line.month_on.month, line.days, line.of_days, line.price_e4) for line in by_unit[late].lines]
        assert steps == [(1, 12, 31, 24_000), (2, 10, 28, 24_000), (2, 18, 28, 30_000), (3, 31, 31, 30_000)]
        assert {line.share_e4 for line in by_unit[empty].lines} == {7_000}
        publish(session, drafted(session, made, wish, middle))
        assert found.amount_fen == amount(session, made, "2026-01"), "a trial is the bill, unposted"
        alone = tariffs.trial(session, item=item(session, made), period="2026-01", unit_id=late)
        assert [one.unit_id for one in alone.units] == [late]
        with pytest.raises(Refusal, match=r"trial\.nobody"):
            tariffs.trial(session, item=item(session, made), period="2026-01")


@given(
    area_e3=st.integers(1, 5_000_000),
    price_e4=st.integers(0, 500_000),
    addition_e4=st.integers(0, 500_000),
    from_on=st.dates(dt.date(2026, 1, 1), dt.date(2026, 6, 30)),
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_trial_of_any_price_equals_the_bill_after_publishing(
    sqlite_engine: Engine, area_e3: int, price_e4: int, addition_e4: int, from_on: dt.date
) -> None:
    with db.transaction(sqlite_engine) as session:
        made = make_estate(session, area_e3=area_e3)
        wish = NewPrice("", price_e4, addition_e4, "x")
        found = tariffs.trial(
            session, item=item(session, made), period="2026-03", unit_id=made.units[0], from_on=from_on, wish=wish
        )
        publish(session, drafted(session, made, wish, from_on))
        assert found.amount_fen == amount(session, made, "2026-03")
        session.rollback()


def test_a_used_version_is_read_only_and_an_unused_one_is_taken_back(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        add_bill(session, made, dt.date(2026, 1, 10))
        publish(session, drafted(session, made))
        old, new = session.execute(sa.select(tariff.c.id).order_by(tariff.c.from_on)).scalars()
        asks = By(TODAY, NOW, "bert", 2)
        with pytest.raises(Refusal) as refused:
            terms.want_price_back(session, version_id=old, reason="x", by=asks)
        assert refused.value.code == "tariff.used"
        assert (refused.value.facts["count"], refused.value.facts["period"]) == (1, "2026-01")
        wanted = terms.want_price_back(session, version_id=new, reason="撤回", by=asks)
        assert len(reads.versions(session, made.item_id)) == 2
        with pytest.raises(Refusal, match=r"terms_draft\.same_person"):
            terms.decide(session, draft_id=wanted, grant=True, note="", by=asks)
        terms.decide(session, draft_id=wanted, grant=True, note="", by=By(TODAY, NOW, "anna", 1))
        [left] = reads.versions(session, made.item_id)
        assert (left.id, left.until_on) == (old, FOREVER)
        assert amount(session, made, "2026-04") == 24_000


def test_a_late_charge_is_laid_open_tried_on_a_unit_and_published(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        add_bill(session, made, dt.date(2026, 1, 10), 100_000)
        ahead = {"plan_id": made.plan_id, "from_on": APRIL, "wish": HALF}
        effect = tariffs.late_charge_effect(session, **ahead, today=TODAY)
        assert (effect.units, effect.bills, effect.principal_fen, effect.reaches_back) == (1, 1, 100_000, False)
        assert (effect.day_before, effect.day_after) == (100, 50)
        on = dt.date(2026, 4, 30)
        [(was, becomes)] = tariffs.late_charge_trial(session, **ahead, unit_id=made.units[0], on=on)
        draft_id = tariffs.draft_late_charge(
            session, community_id=made.community_id, **ahead, note="", now=NOW, actor_id=ANNA, actor="anna"
        )
        publish(session, draft_id)
        [now_is] = statement(ledger.stories(session, made.units)[made.units[0]].account, on).bills
        assert now_is.late_charge_fen == becomes.late_charge_fen == was.late_charge_fen - 30 * 50
        assert not verify.ledger_report(session).problems
        with pytest.raises(Refusal, match=r"policy\.exists"):
            tariffs.draft_late_charge(
                session, community_id=made.community_id, **ahead, note="", now=NOW, actor_id=ANNA, actor="anna"
            )


def test_a_new_item_brings_its_own_late_charge_or_takes_one_that_is_there(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        for name, plan_id, late in (("电梯费", None, HALF), ("停车费", made.plan_id, None)):
            wish = NewItem(name, "fixed", 1, 15, "first_month", "all", plan_id, NewPrice("", 250_000, 0, "x"), late)
            draft_id = tariffs.draft_item(
                session,
                community_id=made.community_id,
                starts_on=APRIL,
                wish=wish,
                note="",
                now=NOW,
                actor_id=ANNA,
                actor="anna",
            )
            publish(session, draft_id)
            with pytest.raises(Refusal, match=r"fee_item\.exists"):
                tariffs.draft_item(
                    session,
                    community_id=made.community_id,
                    starts_on=APRIL,
                    wish=wish,
                    note="",
                    now=NOW,
                    actor_id=ANNA,
                    actor="anna",
                )
        rows = {row.name: row for row in estate.fee_items(session, made.community_id)}
        assert rows["停车费"].plan_id == made.plan_id
        own = plans.load(session, [rows["电梯费"].plan_id])[rows["电梯费"].plan_id]
        assert own.policies[0].source_clause == "补充协议第二条"
        assert amount(session, made, "2026-04") == 24_000 + 2 * 2_500


def test_a_draft_is_closed_with_a_reason_once(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        for actor, state in ((ANNA, "withdrawn"), (BERT, "refused")):
            draft_id = drafted(session, made)
            with pytest.raises(Refusal, match=r"tariff_draft\.reason_missing"):
                tariffs.close(session, draft_id=draft_id, reason="", now=NOW, actor_id=actor, actor="x")
            assert (
                tariffs.close(session, draft_id=draft_id, reason="缺纪要", now=NOW, actor_id=actor, actor="x") == state
            )
            with pytest.raises(Refusal, match=r"tariff_draft\.not_waiting"):
                publish(session, draft_id)


def test_the_number_of_queries_of_an_effect_does_not_grow_with_the_estate(sqlite_engine: Engine) -> None:
    counts = []
    for units in (2, 40):
        asked: list[str] = []
        with db.transaction(sqlite_engine) as session:
            made = make_estate(session, units=tuple(f"1-1-{number}" for number in range(101, 101 + units)))

            def listener(*args: Any, into: list[str] = asked) -> None:
                into.append(args[2])

            sa.event.listen(sqlite_engine, "before_cursor_execute", listener)
            tariffs.price_effect(session, item=item(session, made), from_on=APRIL, wish=DEARER, today=TODAY)
            billing.review(session, community_id=made.community_id, period="2026-03", today=TODAY)
            sa.event.remove(sqlite_engine, "before_cursor_execute", listener)
            session.rollback()
        counts.append(len(asked))
    assert counts[0] == counts[1]
