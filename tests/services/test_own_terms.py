"""What a unit pays of its own (a parking place, an agreed price): each version for its own days, none twice."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.services import billing
from app.store import db, estate
from app.store.tables import bill
from tests.making import NOW, Estate, make_estate

JAN, MARCH = dt.date(2026, 1, 1), dt.date(2026, 3, 1)


def item_of(session: Session, made: Estate, *, basis: str, applies_to: str, cycle_months: int = 1) -> int:
    """Add a fee item at 60 yuan a month (by quantity or fixed)."""
    row = {"community_id": made.community_id, "name": "车位费", "basis": basis, "applies_to": applies_to}
    row |= {"plan_id": made.plan_id, "starts_on": dt.date(2020, 1, 1), "cycle_months": cycle_months}
    number = estate.create_fee_item(session, row)
    estate.add_tariff(
        session,
        fee_item_id=number,
        usage_type="",
        from_on=dt.date(2020, 1, 1),
        price_e4=600_000,
        source_clause="车位协议第二条",
    )
    return number


def own(
    made: Estate, item_id: int, from_on: dt.date, until_on: dt.date | None = None, **terms: int
) -> dict[str, object]:
    row = {"unit_id": made.units[0], "fee_item_id": item_id, "from_on": from_on, **terms}
    return row | ({} if until_on is None else {"until_on": until_on})


def billed(session: Session, made: Estate, item_id: int, period: str = "2026-03") -> list[int]:
    """Post a run and return what the item came to, unit by unit."""
    billing.post(
        session, community_id=made.community_id, period=period, today=dt.date(2026, 3, 2), now=NOW, actor_id=None
    )
    query = sa.select(bill.c.principal_fen).where(bill.c.fee_item_id == item_id).order_by(bill.c.unit_id)
    return [int(fen) for fen in session.execute(query).scalars()]


def test_a_place_taken_in_mid_month_is_billed_by_its_days(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        item = item_of(session, made, basis="by_quantity", applies_to="listed")
        estate.set_unit_fees(session, [own(made, item, dt.date(2026, 3, 12))])
        assert billed(session, made, item) == [(6000 * 20 * 2 + 31) // 62]


def test_a_place_given_up_is_billed_to_the_day_before(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        item = item_of(session, made, basis="by_quantity", applies_to="listed")
        estate.set_unit_fees(session, [own(made, item, JAN, dt.date(2026, 3, 11))])
        assert billed(session, made, item) == [(6000 * 10 * 2 + 31) // 62]


def test_two_versions_in_one_period_share_its_days(engine: Engine) -> None:
    """Both used to be billed in full."""
    with db.transaction(engine) as session:
        made = make_estate(session)
        item = item_of(session, made, basis="by_quantity", applies_to="listed")
        change = dt.date(2026, 3, 11)
        estate.set_unit_fees(
            session,
            [own(made, item, JAN, change, quantity_e3=1000), own(made, item, change, quantity_e3=2000)],
        )
        assert billed(session, made, item) == [(6000 * 10 * 2 + 31) // 62 + (12_000 * 21 * 2 + 31) // 62]


def test_a_later_version_ends_an_earlier_one_that_nobody_ended(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        item = item_of(session, made, basis="by_quantity", applies_to="listed")
        estate.set_unit_fees(
            session, [own(made, item, JAN, quantity_e3=1000), own(made, item, MARCH, quantity_e3=2000)]
        )
        assert billed(session, made, item) == [12_000]


@pytest.mark.parametrize(
    ("from_on", "until_on", "fen"),
    [
        (dt.date(2025, 1, 1), None, 3000),
        (dt.date(2026, 3, 11), None, (6000 * 10 * 2 + 31) // 62 + (3000 * 21 * 2 + 31) // 62),
        (dt.date(2025, 1, 1), dt.date(2026, 3, 11), (3000 * 10 * 2 + 31) // 62 + (6000 * 21 * 2 + 31) // 62),
        (dt.date(2025, 1, 1), dt.date(2025, 12, 1), 6000),
        (dt.date(2026, 4, 1), None, 6000),
    ],
)
def test_an_agreed_price_holds_for_its_days_and_the_common_price_for_the_rest(
    engine: Engine, from_on: dt.date, until_on: dt.date | None, fen: int
) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session, units=("1-1-101", "1-1-102"))
        item = item_of(session, made, basis="fixed", applies_to="all")
        estate.set_unit_fees(session, [own(made, item, from_on, until_on, price_e4=300_000)])
        assert billed(session, made, item) == [fen, 6000]


def test_a_quarter_is_the_sum_of_its_months(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        item = item_of(session, made, basis="by_quantity", applies_to="listed", cycle_months=3)
        estate.set_unit_fees(session, [own(made, item, dt.date(2026, 2, 15))])
        assert billed(session, made, item, "2026-01") == [(6000 * 14 * 2 + 28) // 56 + 6000]
