"""Dated versions of prices and of the late charge: history is never re-priced."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

from sqlalchemy.orm import Session

from app.domain.errors import Refusal, conflict
from app.domain.ledger import Grace
from app.domain.rates import Rate
from app.store import audit, billing, closing, estate, ledger, plans

MAX_PRICE_E4 = 100_000_000
"""Ten thousand yuan a square metre and month: a slip of the pen, not a price."""


def publish_price(
    session: Session,
    *,
    community_id: int,
    fee_item_id: int,
    usage_type: str,
    from_on: dt.date,
    price_e4: int,
    source_clause: str,
    now: dt.datetime,
    actor: str,
    addition_e4: int = 0,
) -> None:
    """Add a price version; ``price_e4`` is 1/10000 yuan a unit and month.

    Raises:
        Refusal: ``tariff.price_out_of_range``, ``tariff.already_billed`` when a bill of this item covers days from
            ``from_on`` on, ``fee_item.unknown``.

    """
    check_price(session, community_id=community_id, fee_item_id=fee_item_id, from_on=from_on, price_e4=price_e4)
    estate.add_tariff(
        session,
        fee_item_id=fee_item_id,
        usage_type=usage_type,
        from_on=from_on,
        price_e4=price_e4,
        addition_e4=addition_e4,
        source_clause=source_clause,
    )
    audit.record(
        session,
        at=now,
        actor=actor,
        action="tariff.published",
        subject=f"fee_item:{fee_item_id}",
        community_id=community_id,
    )


def check_price(
    session: Session, *, community_id: int, fee_item_id: int, from_on: dt.date, price_e4: int, addition_e4: int = 0
) -> None:
    """Refuse a price version that cannot be published; see ``publish_price``."""
    if not 0 <= price_e4 <= MAX_PRICE_E4 or not 0 <= addition_e4 <= MAX_PRICE_E4:
        raise Refusal("tariff.price_out_of_range", field="price")
    estate.fee_item_row(session, fee_item_id, community_id=community_id)
    billed = billing.billed_through(session, fee_item_id)
    if billed is not None and from_on <= billed:
        raise conflict("tariff.already_billed", field="from_on", through=billed.isoformat())


def publish_late_charge(
    session: Session,
    *,
    plan_id: int,
    from_on: dt.date,
    rate: Rate,
    grace: Grace,
    cap_ratio: Fraction | None,
    source_clause: str,
    today: dt.date,
    now: dt.datetime,
    actor: str,
) -> int:
    """Add a version of the late charge: its rate runs from ``from_on`` on every bill of the plan.

    Grace and cap of a bill are those in force on its due date and stay. Return how many units were replayed because
    their charges had run over those days already.

    Raises:
        Refusal: ``policy.exists``, ``rate.too_fine``, ``policy.clause_missing``, ``policy.closed_since``.

    """
    community_id = plans.community_of(session, plan_id)
    check_open(session, community_id=community_id, from_on=from_on)
    if not source_clause.strip():
        raise Refusal("policy.clause_missing", field="source_clause")
    policy = plans.Policy(from_on, rate, grace, cap_ratio, source_clause.strip())
    units = plans.add_version(session, plan_id=plan_id, policy=policy)
    ledger.refresh(session, units, through=today)
    audit.record(
        session,
        at=now,
        actor=actor,
        action="late_charge.published",
        subject=f"plan:{plan_id}",
        community_id=community_id,
    )
    return len(units)


def check_open(session: Session, *, community_id: int, from_on: dt.date) -> None:
    """Refuse a version of the late charge that would change what a closed day or month already reported.

    Raises:
        Refusal: ``policy.closed_since``.

    """
    through = closing.closed_through(session, community_id)
    if through is not None and from_on <= through:
        raise conflict("policy.closed_since", field="from_on", through=through.isoformat())
