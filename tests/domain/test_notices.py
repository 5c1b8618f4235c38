"""Who is sent a notice for what: the owners of the day, for what they owed, unless somebody said to wait."""

from __future__ import annotations

from datetime import date

import pytest

from app.domain.notices import NOTHING_YET, Debt, Hold, Ownership, Past, SkipReason, Verdict, decide, owed_by

TODAY = date(2026, 3, 2)
EVER = date(9999, 12, 31)
WANG = Ownership(1, "王伟", date(2020, 1, 1), EVER)
OLD = Debt(11, date(2025, 1, 10))
NEW = Debt(12, date(2026, 1, 10))


def verdict(
    debts: tuple[Debt, ...] = (OLD, NEW),
    ownerships: tuple[Ownership, ...] = (WANG,),
    holds: tuple[Hold, ...] = (),
    past: Past = NOTHING_YET,
) -> Verdict:
    return decide(debts=debts, ownerships=ownerships, holds=holds, past=past, pause_days=30, as_of=TODAY)


def test_an_owner_is_addressed_for_every_overdue_bill() -> None:
    assert verdict() == Verdict(("王伟",), (11, 12))


def test_co_owners_are_addressed_together() -> None:
    assert verdict(ownerships=(WANG, Ownership(2, "李娜", date(2020, 1, 1), EVER))).owners == ("王伟", "李娜")


def test_a_new_owner_is_not_asked_for_the_old_ones_debt() -> None:
    sold = (Ownership(1, "王伟", date(2020, 1, 1), date(2025, 6, 1)), Ownership(2, "李娜", date(2025, 6, 1), EVER))
    assert verdict(ownerships=sold) == Verdict(("李娜",), (12,), None, SkipReason.FORMER_OWNER)
    assert verdict(debts=(OLD,), ownerships=sold).reason is SkipReason.FORMER_OWNER


@pytest.mark.parametrize(
    ("verdict_", "reason"),
    [
        (verdict(debts=()), SkipReason.PAID),
        (verdict(ownerships=()), SkipReason.NO_OWNER),
        (verdict(ownerships=(Ownership(1, "王伟", date(2026, 6, 1), EVER),)), SkipReason.NO_OWNER),
        (verdict(past=Past(1, TODAY, has_this=True)), SkipReason.ALREADY_NOTICED),
        (verdict(past=Past(1, date(2026, 2, 1))), SkipReason.PAUSED),
        (verdict(past=Past(1, date(2026, 4, 1))), SkipReason.PAUSED),
        (verdict(past=Past(1, date(2026, 1, 31))), None),
        (verdict(holds=(Hold(frozenset(), stops_dunning=True, stops_contact=False),)), SkipReason.ON_HOLD),
        (verdict(holds=(Hold(frozenset({11}), stops_dunning=False, stops_contact=True),)), SkipReason.CONTACT_STOPPED),
        (verdict(holds=(Hold(frozenset(), stops_dunning=False, stops_contact=False),)), None),
    ],
)
def test_a_unit_is_left_out_for_a_reason(verdict_: Verdict, reason: SkipReason | None) -> None:
    assert verdict_.reason is reason


def test_a_bill_in_dispute_is_left_off_and_the_rest_is_sent() -> None:
    held = (Hold(frozenset({11}), stops_dunning=True, stops_contact=False),)
    assert verdict(holds=held) == Verdict(("王伟",), (12,), None, SkipReason.ON_HOLD)


def test_where_nobody_is_known_for_the_due_day_the_next_owners_are_taken() -> None:
    later = Ownership(1, "王伟", date(2025, 6, 1), EVER)
    assert owed_by((later,), date(2025, 1, 10)) == {1}
    assert owed_by((), date(2025, 1, 10)) == set()
