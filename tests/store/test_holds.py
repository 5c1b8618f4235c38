"""One hold, three effects: accrual, dunning and contact rest each only where the hold says so."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import Engine

from app.store import arrears, db, ledger, verify
from tests.making import NOW, TODAY, add_bill, make_estate


@pytest.mark.parametrize(("stops_accrual", "late_charge_fen"), [(True, 41 * 24), (False, 51 * 24)])
def test_only_a_hold_on_accrual_stops_the_late_charge(
    engine: Engine, stops_accrual: bool, late_charge_fen: int
) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        add_bill(session, made, dt.date(2026, 1, 10))
        row = {"kind": "hold", "value_on": dt.date(2026, 2, 1), "until_on": dt.date(2026, 2, 10), "recorded_at": NOW}
        row |= {"stops_accrual": stops_accrual, "stops_dunning": True, "reason": "dispute"}
        hold = ledger.post(session, ledger.Posting(made.units[0], "adjustment", row), through=TODAY)
        assert arrears.bills_on(session, as_of=TODAY, unit_ids=made.units)[0].late_charge_fen == late_charge_fen
        back = {"target_kind": "adjustment", "target_id": hold, "value_on": TODAY, "reason": "x", "recorded_at": NOW}
        ledger.post(session, ledger.Posting(made.units[0], "reversal", back), through=TODAY)
        assert arrears.bills_on(session, as_of=TODAY, unit_ids=made.units)[0].late_charge_fen == 51 * 24
        assert not verify.ledger_report(session).problems
