"""Billing runs: what is made, that it is made once, and the amounts the rules ask for."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.domain.billing import Period, period_fen
from app.domain.errors import Refusal
from app.jobs import nightly
from app.services import billing
from app.store import arrears, db, estate, ledger, verify
from app.store.tables import bill, fee_item, unit, vacancy, vacancy_rule
from app.store.types import FOREVER
from tests.making import NOW, TODAY, Estate, add_unit, make_estate


def run(session: Session, made: Estate, period: str) -> billing.RunResult:
    return billing.post(session, community_id=made.community_id, period=period, today=TODAY, now=NOW, actor_id=None)


def bills(session: Session) -> list[tuple[str, int]]:
    rows = session.execute(
        sa.select(unit.c.code, bill.c.principal_fen).join(unit, unit.c.id == bill.c.unit_id).order_by(unit.c.sort_key)
    )
    return [(code, amount) for code, amount in rows]


def test_a_run_bills_every_unit_once_however_often_it_is_posted(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session, units=("1-1-101", "1-1-102"), area_e3=94_560)
        before = billing.preview(session, community_id=made.community_id, period="2026-01", today=TODAY)
        assert (before.created, before.existing, before.amount_fen) == (2, 0, 2 * 22_694)
        assert bills(session) == [], "a preview writes nothing"
        first = run(session, made, "2026-01")
        assert (first.created, first.existing, first.amount_fen) == (2, 0, 45_388)
        again = run(session, made, "2026-01")
        assert (again.created, again.existing, again.amount_fen, again.run_id) == (0, 2, 0, None)
        assert bills(session) == [("1-1-101", 22_694), ("1-1-102", 22_694)]
        assert not verify.ledger_report(session).problems


def test_a_unit_that_came_later_is_billed_by_the_next_posting(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        run(session, made, "2026-01")
        add_unit(session, made.community_id, "1-1-102", area_e3=50_000)
        later = run(session, made, "2026-01")
        assert (later.created, later.existing, later.amount_fen) == (1, 1, 12_000)


def test_the_due_day_rolls_past_the_spring_festival_where_the_contract_rolls(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session, roll_due=True)
        session.execute(sa.update(fee_item).values(due_day=31))
        found = billing.preview(session, community_id=made.community_id, period="2026-02", today=TODAY)
        assert found.items[0].due_on == dt.date(2026, 2, 28), "28 February 2026 is a swapped working Saturday"
        found = billing.preview(session, community_id=made.community_id, period="2026-01", today=TODAY)
        assert found.items[0].due_on == dt.date(2026, 2, 2), "31 January 2026 is a Saturday"


def test_a_quarterly_item_is_billed_in_its_first_month_only(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        session.execute(sa.update(fee_item).values(cycle_months=3))
        assert run(session, made, "2026-02").created == 0
        assert run(session, made, "2026-01").amount_fen == 3 * 24_000
        period = session.execute(sa.select(bill.c.period_from_on, bill.c.period_to_on)).one()
        assert tuple(period) == (dt.date(2026, 1, 1), dt.date(2026, 3, 31))


def test_a_home_handed_over_midway_pays_its_days_of_the_month(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session, units=())
        add_unit(session, made.community_id, "1-1-101", handed_over_on=dt.date(2026, 1, 20))
        add_unit(session, made.community_id, "1-1-102", handed_over_on=dt.date(2026, 2, 1))
        assert run(session, made, "2026-01").amount_fen == 9_290, "240.00 x 12 / 31 = 92.903… , half up"


def test_an_empty_home_pays_the_share_its_rule_names_after_the_months_of_waiting(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        rule = {"from_on": dt.date(2020, 1, 1), "months": 6, "ratio_e4": 6_000, "article": "条例第38条"}
        session.execute(sa.insert(vacancy_rule).values(community_id=made.community_id, **rule))
        window = {"from_on": dt.date(2025, 7, 2), "until_on": FOREVER, "reported_on": dt.date(2025, 7, 1)}
        session.execute(sa.insert(vacancy).values(unit_id=made.units[0], **window))
        assert run(session, made, "2026-01").amount_fen == 24_000, "six months end on 2 January"
        assert run(session, made, "2026-02").amount_fen == 14_400


def test_a_price_that_changes_midway_counts_each_price_for_its_days(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        estate.add_tariff(
            session, fee_item_id=made.item_id, usage_type="", from_on=dt.date(2026, 1, 16), price_e4=30_000
        )
        # 240.00 * 15/31 = 116.129 and 300.00 * 16/31 = 154.838…
        assert run(session, made, "2026-01").amount_fen == 11_613 + 15_484
        assert run(session, made, "2026-02").amount_fen == 30_000


def test_a_price_for_shops_does_not_touch_homes(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session, units=("1-1-101",))
        add_unit(session, made.community_id, "1-0-商铺1", usage_type="shop")
        estate.add_tariff(
            session, fee_item_id=made.item_id, usage_type="shop", from_on=dt.date(2020, 1, 1), price_e4=50_000
        )
        run(session, made, "2026-01")
        assert sorted(amount for _, amount in bills(session)) == [24_000, 50_000]


def test_stored_credit_pays_a_bill_as_it_is_posted(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        row = {"community_id": made.community_id, "received_on": dt.date(2025, 12, 1), "amount_fen": 30_000}
        row |= {"method": "cash", "recorded_at": NOW}
        ledger.post(session, ledger.Posting(made.units[0], "payment", row), through=TODAY)
        run(session, made, "2026-01")
        assert arrears.totals(session, as_of=TODAY, wanted=arrears.Filter()).total_fen == 0
        run(session, made, "2026-02")
        assert arrears.totals(session, as_of=TODAY, wanted=arrears.Filter()).principal_fen == 18_000
        assert not verify.ledger_report(session).problems


def test_a_bill_taken_back_can_be_posted_anew(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        run(session, made, "2026-01")
        bill_id = session.execute(sa.select(bill.c.id)).scalar_one()
        single = {
            "unit_id": made.units[0],
            "fee_item_id": made.item_id,
            "from_on": dt.date(2026, 1, 1),
            "to_on": dt.date(2026, 1, 31),
            "due_on": dt.date(2026, 1, 10),
            "issued_on": dt.date(2026, 1, 1),
            "principal_fen": 20_000,
            "today": TODAY,
        }
        with pytest.raises(Refusal, match=r"bill\.exists"):
            billing.post_single(session, **single)  # type: ignore[arg-type]
        billing.reverse_bill(session, bill_id=bill_id, on=TODAY, reason="面积录错", today=TODAY, now=NOW, actor_id=None)
        assert arrears.totals(session, as_of=TODAY, wanted=arrears.Filter()).total_fen == 0
        day_before = TODAY - dt.timedelta(days=1)
        assert arrears.totals(session, as_of=day_before, wanted=arrears.Filter()).principal_fen == 24_000
        billing.post_single(session, **single)  # type: ignore[arg-type]
        assert arrears.totals(session, as_of=TODAY, wanted=arrears.Filter()).principal_fen == 20_000
        assert not verify.ledger_report(session).problems


@pytest.mark.parametrize("period", ["2086-01", "2023-02", "2027-04"])
def test_a_period_far_from_today_is_taken_for_a_slip(sqlite_engine: Engine, period: str) -> None:
    with db.transaction(sqlite_engine) as session:
        made = make_estate(session)
        with pytest.raises(Refusal) as refused:
            run(session, made, period)
        assert refused.value.code == "billing.period_far"


@pytest.mark.parametrize("period", ["2026-13", "2026", "", "abc", "2026-1"])
def test_a_period_that_is_no_month_is_refused(sqlite_engine: Engine, period: str) -> None:
    with db.transaction(sqlite_engine) as session:
        made = make_estate(session)
        with pytest.raises(Refusal) as refused:
            run(session, made, period)
        assert refused.value.code == "period.not_a_month"


@given(
    area_e3=st.integers(1, 10_000_000),
    price_e4=st.integers(1, 500_000),
    handed=st.dates(dt.date(2025, 12, 1), dt.date(2027, 1, 31)),
    cycle=st.sampled_from([1, 3, 6, 12]),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_statement_bills_what_the_pure_rule_says(
    engine: Engine, area_e3: int, price_e4: int, handed: dt.date, cycle: int
) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session, units=(), price_e4=price_e4)
        add_unit(session, made.community_id, "1-1-101", area_e3=area_e3, handed_over_on=handed)
        session.execute(sa.update(fee_item).values(cycle_months=cycle))
        period = Period.starting(dt.date(2026, 1, 1), cycle)
        wanted = period_fen(area_e3=area_e3, price_e4=price_e4, period=period, from_on=handed)
        assert (
            billing.preview(session, community_id=made.community_id, period="2026-01", today=TODAY).amount_fen == wanted
        )
        session.rollback()


def test_a_bill_of_a_month_ahead_that_was_taken_back_never_falls_due(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        run(session, made, "2026-05")
        ahead = session.execute(sa.select(bill.c.id)).scalar_one()
        billing.reverse_bill(session, bill_id=ahead, on=TODAY, reason="出错账", today=TODAY, now=NOW, actor_id=None)
    nightly.run(engine, through=dt.date(2026, 5, 1))
    with db.reading(engine) as session:
        for on in (dt.date(2026, 5, 2), dt.date(2026, 7, 1)):
            assert arrears.bills_on(session, as_of=on, unit_ids=made.units) == []
        assert not verify.ledger_report(session).problems


def test_a_price_for_one_usage_counts_from_its_own_day_and_the_general_one_until_then(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        add_unit(session, made.community_id, "1-1-102", usage_type="shop")
        estate.add_tariff(
            session, fee_item_id=made.item_id, usage_type="shop", from_on=dt.date(2026, 5, 16), price_e4=48_000
        )
        for period in ("2026-04", "2026-05", "2026-06"):
            run(session, made, period)
        shop = session.execute(
            sa.select(bill.c.principal_fen)
            .join(unit, unit.c.id == bill.c.unit_id)
            .where(unit.c.code == "1-1-102")
            .order_by(bill.c.period_from_on)
        ).scalars()
        # 100 m² at 2.40, then half of May at each (15 and 16 of 31 days, each rounded), then 4.80.
        assert list(shop) == [24_000, 11_613 + 24_774, 48_000]
        assert not verify.ledger_report(session).problems
