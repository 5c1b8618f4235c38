"""Small estates for tests: one community, its late-charge plan, a fee item and units, by plain calls of the store."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.ledger import Grace
from app.domain.rates import ALWAYS, Rate
from app.domain.registry import parse_unit
from app.store import estate, ledger, persons, plans
from app.store.tables import unit
from app.store.tables_office import app_user

NOW = dt.datetime(2026, 3, 2, 1, 30, tzinfo=dt.UTC)
TODAY = dt.date(2026, 3, 2)
PER_MILLE = Rate(1, 1000)


@dataclass(frozen=True, slots=True)
class Estate:
    """What a test needs to name."""

    community_id: int
    plan_id: int
    item_id: int
    units: tuple[int, ...]


def make_estate(
    session: Session,
    *,
    units: tuple[str, ...] = ("1-1-101",),
    area_e3: int = 100_000,
    price_e4: int = 24_000,
    rates: tuple[tuple[dt.date, Rate], ...] = ((ALWAYS, PER_MILLE),),
    grace: Grace = Grace(),  # noqa: B008 - frozen
    cap_ratio: Fraction | None = None,
    name: str = "锦绣花园",
    **community: object,
) -> Estate:
    """Create a community billed 2.40 yuan a square metre and month, and its units of 100 m²."""
    community_id = estate.create_community(session, name=name, **community)
    plan_id = plans.create(
        session,
        community_id=community_id,
        name="违约金",
        policies=[plans.Policy(day, rate, grace, cap_ratio, "合同第十二条") for day, rate in rates],
    )
    item_id = estate.create_fee_item(
        session,
        {
            "community_id": community_id,
            "name": "物业服务费",
            "basis": "by_area",
            "plan_id": plan_id,
            "starts_on": dt.date(2020, 1, 1),
        },
    )
    estate.add_tariff(
        session, fee_item_id=item_id, usage_type="", from_on=dt.date(2020, 1, 1), price_e4=price_e4, source_clause=""
    )
    made = tuple(add_unit(session, community_id, code, area_e3=area_e3) for code in units)
    return Estate(community_id, plan_id, item_id, made)


def add_unit(session: Session, community_id: int, code: str, *, area_e3: int = 100_000, **columns: object) -> int:
    """Add one unit with its account."""
    place = parse_unit(code)
    row = {
        "community_id": community_id,
        "code": place.code,
        "label": place.label,
        "building": place.building,
        "entrance": place.entrance,
        "room": place.room,
        "sort_key": place.sort_key,
        "search_key": place.code,
        "area_e3": area_e3,
        **columns,
    }
    unit_id = int(session.execute(sa.insert(unit).values(**row).returning(unit.c.id)).scalar_one())
    ledger.open_accounts(session, [(unit_id, community_id)])
    return unit_id


def add_owner(session: Session, made: Estate, unit_id: int, name: str, *, from_on: dt.date | None = None) -> int:
    """Make a person the owner of a unit."""
    row = persons.row_of(session, community_id=made.community_id, name=name, phone="13800138000")
    person_id = persons.insert(session, [row])[0]
    start = from_on or dt.date(2020, 1, 1)
    persons.add_owners(session, [{"unit_id": unit_id, "person_id": person_id, "from_on": start}])
    return person_id


def add_user(session: Session, login: str, role: str = "clerk") -> int:
    """Add a user whose password nobody knows."""
    row = {"login": login, "name": login, "role": role, "password_hash": "", "all_communities": True, "created_at": NOW}
    return int(session.execute(sa.insert(app_user).values(**row).returning(app_user.c.id)).scalar_one())


def add_bill(
    session: Session, made: Estate, due_on: dt.date, principal_fen: int = 24_000, *, unit_id: int | None = None
) -> int:
    """Post the bill of the month of ``due_on``, issued on that month's first day."""
    first = due_on.replace(day=1)
    last = (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
    plan = plans.load(session, [made.plan_id])[made.plan_id]
    policy = plan.policy_on(due_on)
    row = {
        "community_id": made.community_id,
        "fee_item_id": made.item_id,
        "period_from_on": first,
        "period_to_on": last,
        "principal_fen": principal_fen,
        "issued_on": first,
        "due_on": due_on,
        "plan_id": made.plan_id,
        "grace_mode": policy.grace.mode.value,
        "grace_days": policy.grace.days,
        "cap_fen": policy.cap_fen(principal_fen),
    }
    return ledger.post(session, ledger.Posting(unit_id or made.units[0], "bill", row), through=TODAY)
