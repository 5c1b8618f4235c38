"""The running state beside each bill says on every day what the pure engine says."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.domain.errors import Refusal
from app.domain.ledger import Grace, GraceMode, statement
from app.domain.rates import ALWAYS, Rate
from app.store import arrears, db, ledger, verify
from app.store.types import canonical
from tests.making import NOW, TODAY, Estate, add_bill, add_unit, make_estate

FIRST = dt.date(2025, 1, 1)
names = itertools.count()

RATES = st.sampled_from(
    [
        ((ALWAYS, Rate(1, 1000)),),
        ((ALWAYS, Rate(24, 36_500)),),
        ((ALWAYS, Rate(1, 1000)), (dt.date(2025, 5, 1), Rate(3, 10_000))),
    ]
)
GRACES = st.sampled_from([Grace(), Grace(GraceMode.SHIFT, 5), Grace(GraceMode.THRESHOLD, 20)])
CAPS = st.sampled_from([None, Fraction(1, 20), Fraction(1)])


@dataclass(frozen=True)
class Step:
    """One thing posted: kind, days after the start, a number that means what the kind says, which bill."""

    kind: str
    day: int
    number: int
    bill: int


STEPS = st.lists(
    st.builds(
        Step,
        kind=st.sampled_from(
            ["payment", "payment", "payment", "named", "discount", "retro", "waiver", "condition", "hold", "undo"]
        ),
        day=st.integers(0, 300),
        number=st.integers(1, 60_000),
        bill=st.integers(0, 3),
    ),
    max_size=7,
)


def draft(step: Step, made: Estate, bills: list[int], posted: list[tuple[str, int]]) -> tuple[str, dict[str, object]]:
    """Return the row of one step."""
    on, bill_id = FIRST + dt.timedelta(days=step.day), bills[step.bill]
    who = {"recorded_at": NOW, "recorded_by": None}
    match step.kind:
        case "payment" | "named":
            named = [bill_id] if step.kind == "named" else []
            return "payment", {
                "community_id": made.community_id,
                "received_on": on,
                "amount_fen": step.number,
                "method": "cash",
                "designated": canonical(named),
                **who,
            }
        case "undo":
            kind, target = posted[step.number % len(posted)]
            return "reversal", {"target_kind": kind, "target_id": target, "value_on": on, "reason": "x", **who}
        case "discount" | "retro":
            return "adjustment", {
                "kind": "discount",
                "value_on": on,
                "bill_ids": canonical([bill_id]),
                "amount_fen": step.number % 5_000 + 1,
                "is_retroactive": step.kind == "retro",
                **who,
            }
        case "waiver":
            row = {"kind": "late_charge_waiver", "value_on": on, "bill_ids": canonical([bill_id]), "ratio": "1/3"}
            return "adjustment", {**row, **who}
        case "condition":
            until_on = on + dt.timedelta(days=step.number % 90)
            row = {"kind": "conditional_waiver", "value_on": on, "until_on": until_on, "bill_ids": canonical(bills[:2])}
            return "adjustment", {**row, **who}
        case _:
            until_on = on + dt.timedelta(days=step.number % 60)
            named = [] if step.number % 2 else [bill_id]
            row = {"kind": "hold", "value_on": on, "until_on": until_on, "bill_ids": canonical(named)}
            return "adjustment", {**row, **who}


def post_all(session: Session, made: Estate, unit_id: int, bills: list[int], steps: list[Step]) -> None:
    """Post each step by itself; what the engine refuses is left out, as a clerk's refused form would be."""
    posted: list[tuple[str, int]] = []
    for step in steps:
        if step.kind == "undo" and not posted:
            continue
        kind, row = draft(step, made, bills, posted)
        try:
            with session.begin_nested():
                number = ledger.post(session, ledger.Posting(unit_id, kind, row), through=TODAY)
        except Refusal:
            continue
        if kind != "reversal":
            posted.append((kind, number))


@given(steps=STEPS, rates=RATES, grace=GRACES, cap=CAPS)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_list_agrees_with_the_engine_on_every_day(
    engine: Engine, steps: list[Step], rates: tuple[tuple[dt.date, Rate], ...], grace: Grace, cap: Fraction | None
) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session, units=(), rates=rates, grace=grace, cap_ratio=cap, name=f"小区{next(names)}")
        unit_id = add_unit(session, made.community_id, "1-1-101")
        due = [dt.date(2025, 1, 10), dt.date(2025, 1, 31), dt.date(2025, 4, 10), dt.date(2025, 9, 10)]
        bills = [add_bill(session, made, on, 12_345 + place, unit_id=unit_id) for place, on in enumerate(due[1:])]
        bills.append(add_bill(session, made, dt.date(2025, 6, 30), 99, unit_id=unit_id))
        post_all(session, made, unit_id, bills, steps)
        account = ledger.stories(session, [unit_id])[unit_id].account
        for place in range(0, 420, 7):
            as_of = FIRST + dt.timedelta(days=place)
            wanted = {
                bill.bill.id: (bill.principal_fen, bill.late_charge_fen)
                for bill in statement(account, as_of).bills
                if bill.total_fen and bill.bill.issued_on <= as_of
            }
            found = {
                f"b{bill.bill_id}": (bill.principal_fen, bill.late_charge_fen)
                for bill in arrears.bills_on(session, as_of=as_of, unit_ids=[unit_id])
                if bill.total_fen
            }
            assert found == wanted, as_of
        problems = list(verify.ledger_report(session).problems)
        assert problems == []
        session.rollback()
