"""What a change of owner settles: the sums of each side, and figures that read back as they were written."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

from app.domain.apportioning import Parts
from app.domain.deeds import By
from app.domain.settling import Across, Owed, Plan, Unbilled, frozen, settled

ON = date(2026, 2, 1)
JANUARY = Owed("物业费", date(2026, 1, 1), date(2026, 1, 31), date(2026, 1, 10), 24_000, 528, 100)
MARCH = Owed("物业费", date(2026, 3, 1), date(2026, 3, 31), date(2026, 3, 10), 24_000, 0, 0)
QUARTER = (date(2026, 1, 1), date(2026, 3, 31))
PLAN = Plan(
    transfer_on=ON,
    leaving=("单英",),
    stays=(JANUARY,),
    moves=(MARCH,),
    across=(
        Across(
            "停车费",
            *QUARTER,
            date(2026, 1, 10),
            90_000,
            False,
            Parts(31, 59, 31_000, 59_000),
        ),
    ),
    unbilled=(Unbilled("水费", date(2026, 1, 1), 31),),
    credit_fen=5_000,
)


def test_each_side_owes_the_sum_of_its_bills() -> None:
    assert JANUARY.total_fen == 24_628
    assert PLAN.stays_fen == 24_628
    assert PLAN.moves_fen == 24_000


def test_the_figures_read_back_as_they_were_written() -> None:
    assert settled(json.dumps(frozen(PLAN)), ON) == PLAN


def test_an_empty_settlement_reads_back_too() -> None:
    nothing = Plan(ON, (), (), (), (), (), 0)
    assert settled(json.dumps(frozen(nothing)), ON) == nothing
    assert (nothing.stays_fen, nothing.moves_fen) == (0, 0)


def test_an_act_keeps_who_when_and_the_office_s_own_day() -> None:
    by = By(today=ON, now=datetime(2026, 1, 31, 17, tzinfo=UTC), actor="clerk", actor_id=3)
    assert (by.actor, by.actor_id, by.today.isoformat()) == ("clerk", 3, "2026-02-01")
