"""What the menu counts: the units of the list of arrears, however many plans there are, and only when money moved."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.domain.ledger import Grace
from app.domain.rates import ALWAYS, Rate
from app.store import arrears, db, figures, menu_counts, plans
from app.store.figures import FEW_PLANS
from app.store.tables import unit
from app.web import standing
from tests.making import TODAY, add_bill, make_estate


def test_many_plans_leave_the_count_a_look_at_each_unit(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session, units=("1-1-101", "1-1-102", "1-1-103"))
        add_bill(session, made, dt.date(2026, 1, 10))
        for place in range(FEW_PLANS + 1):
            policy = plans.Policy(ALWAYS, Rate(1, 2000 + place), Grace(), None, "第三条")
            plans.create(session, community_id=made.community_id, name=f"约定{place}", policies=[policy])
        owes = figures.owes_overdue(session, as_of=TODAY, unit_id=unit.c.id, community_id=made.community_id)
        assert owes is not None
        listed = arrears.totals(session, as_of=TODAY, wanted=arrears.Filter(community_id=made.community_id)).units
        assert menu_counts.overdue_units(session, community_id=made.community_id, as_of=TODAY) == listed == 1


def test_a_count_is_kept_until_something_is_posted(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []
    count = menu_counts.overdue_units

    def counting(session: Session, *, community_id: int, as_of: dt.date) -> int:
        counted.append(1)
        return count(session, community_id=community_id, as_of=as_of)

    monkeypatch.setattr(menu_counts, "overdue_units", counting)
    kept = standing.Kept()
    with db.transaction(engine) as session:
        made = make_estate(session)
        add_bill(session, made, dt.date(2026, 1, 10))
        for _ in range(2):
            assert kept.overdue(session, made.community_id)[0] == 1
        assert len(counted) == 1
        add_bill(session, made, dt.date(2026, 2, 10))
        kept.overdue(session, made.community_id)
        assert len(counted) == 2
