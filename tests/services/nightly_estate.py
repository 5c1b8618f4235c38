"""An estate for the nightly run: units in a row, bills with the days they fell due, nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.domain.ledger import Grace
from app.domain.rates import ALWAYS, Rate
from app.store import db, estate, ledger, persons, plans
from app.store.tables import account, unit
from app.store.tables_office import unit_level
from app.store.types import canonical

NOON = dt.datetime(2026, 3, 1, 4, tzinfo=dt.UTC)


@dataclass(slots=True)
class Place:
    """A community, its one fee item and its units."""

    community_id: int
    item_id: int
    plan_id: int
    units: list[int]


def build(engine: Engine, *, units: int, name: str = "锦绣花园") -> Place:
    with db.transaction(engine) as session:
        community_id = estate.create_community(session, name=name)
        policy = plans.Policy(ALWAYS, Rate(1, 1000), Grace(), None, "第十二条")
        plan_id = plans.create(session, community_id=community_id, name="合同费率", policies=[policy])
        item = {"name": "物业服务费", "basis": "by_area", "plan_id": plan_id, "starts_on": dt.date(2020, 1, 1)}
        item_id = estate.create_fee_item(session, {"community_id": community_id, **item})
        rows = [
            {
                "community_id": community_id,
                "code": f"1-1-{number}",
                "label": f"1幢1单元{number}室",
                "building": "1",
                "entrance": "1",
                "room": str(number),
                "sort_key": f"{number:06d}",
                "area_e3": 100_000,
            }
            for number in range(1, units + 1)
        ]
        made = session.execute(sa.insert(unit).returning(unit.c.id, sort_by_parameter_order=True), rows).scalars().all()
        ledger.open_accounts(session, [(unit_id, community_id) for unit_id in made])
    return Place(community_id, item_id, plan_id, list(made))


def bill_posting(
    place: Place, unit_id: int, due_on: dt.date, *, fen: int = 10_000, issued_on: dt.date | None = None
) -> ledger.Posting:
    row = {
        "community_id": place.community_id,
        "fee_item_id": place.item_id,
        "period_from_on": due_on.replace(day=1),
        "period_to_on": due_on,
        "principal_fen": fen,
        "issued_on": issued_on or due_on.replace(day=1),
        "due_on": due_on,
        "plan_id": place.plan_id,
    }
    return ledger.Posting(unit_id, "bill", row)


def post_bills(
    engine: Engine,
    place: Place,
    due_on: dt.date,
    *,
    through: dt.date,
    units: Sequence[int] | None = None,
    fen: int = 10_000,
    issued_on: dt.date | None = None,
) -> list[int]:
    chosen = place.units if units is None else units
    with db.transaction(engine) as session:
        postings = [bill_posting(place, unit_id, due_on, fen=fen, issued_on=issued_on) for unit_id in chosen]
        return ledger.post_many(session, postings, through=through)


def pay(engine: Engine, place: Place, unit_id: int, on: dt.date, fen: int, *, bill_ids: Sequence[int] = ()) -> int:
    row = {
        "community_id": place.community_id,
        "received_on": on,
        "amount_fen": fen,
        "method": "cash",
        "designated": canonical(list(bill_ids)),
        "recorded_at": NOON,
    }
    with db.transaction(engine) as session:
        return ledger.post(session, ledger.Posting(unit_id, "payment", row), through=on)


def bounce(engine: Engine, unit_id: int, payment_id: int, on: dt.date) -> None:
    row = {"target_kind": "payment", "target_id": payment_id, "value_on": on, "recorded_at": NOON}
    with db.transaction(engine) as session:
        ledger.post(session, ledger.Posting(unit_id, "reversal", row), through=on)


def hold(engine: Engine, unit_id: int, from_on: dt.date, to_on: dt.date, *, bill_ids: str = "[]") -> None:
    row = {
        "kind": "hold",
        "value_on": from_on,
        "until_on": to_on,
        "bill_ids": bill_ids,
        "stops_dunning": True,
        "recorded_at": NOON,
    }
    with db.transaction(engine) as session:
        ledger.post(session, ledger.Posting(unit_id, "adjustment", row), through=from_on)


def own(session: Session, place: Place, unit_id: int) -> None:
    """Give a unit an owner, so that a notice can be addressed to somebody."""
    row = persons.row_of(session, community_id=place.community_id, name="王伟", phone="13800008000")
    [person_id] = persons.insert(session, [row])
    persons.add_owners(session, [{"unit_id": unit_id, "person_id": person_id, "from_on": dt.date(2020, 1, 1)}])


def levels(engine: Engine) -> list[tuple[int, int, dt.date, int | None]]:
    """Return (unit, level, reached on, superseded by) of every level reached."""
    t = unit_level.c
    with engine.connect() as connection:
        rows = connection.execute(
            sa.select(t.unit_id, t.level, t.reached_on, t.superseded_by).order_by(t.unit_id, t.reached_on, t.level)
        )
        return [tuple(row) for row in rows]


def closed_dates(engine: Engine) -> dict[int, dt.date | None]:
    with engine.connect() as connection:
        rows = connection.execute(sa.select(account.c.unit_id, account.c.closed_through_on).order_by(account.c.unit_id))
        return {row.unit_id: row.closed_through_on for row in rows}


def set_closed(engine: Engine, on: dt.date) -> None:
    """Say that every account was closed through a day."""
    with engine.begin() as connection:
        connection.execute(sa.update(account).values(closed_through_on=on))
