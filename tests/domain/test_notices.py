"""Who is addressed for which bills, and why nobody is."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from app.domain.notices import NOTHING_YET, Debt, Hold, Ownership, Past, SkipReason, Verdict, decide, owed_by

D = dt.date
AS_OF = D(2026, 3, 2)
FIRST, SECOND = Debt(1, D(2025, 1, 10)), Debt(2, D(2026, 1, 10))
WANG = Ownership(7, "王秀英", D(2020, 1, 1), D(9999, 12, 31))
LI = Ownership(8, "李建国", D(2025, 6, 1), D(9999, 12, 31))


def verdict(
    *holds: Hold,
    debts: tuple[Debt, ...] = (FIRST, SECOND),
    owners: tuple[Ownership, ...] = (WANG,),
    past: Past = NOTHING_YET,
    on: dt.date = AS_OF,
    is_marked: bool = False,
) -> Verdict:
    return decide(
        debts=debts,
        ownerships=owners,
        holds=holds,
        past=past,
        pause_days=15,
        as_of=AS_OF,
        on=on,
        is_marked_not_to_dun=is_marked,
    )


def test_the_owner_is_addressed_for_every_overdue_bill() -> None:
    assert verdict() == Verdict(("王秀英",), (1, 2))


@pytest.mark.parametrize(
    ("past", "reason"),
    [
        (Past(AS_OF, has_this=True), SkipReason.ALREADY_NOTICED),
        (Past(AS_OF), SkipReason.PAUSED),
        (Past(D(2026, 2, 16)), SkipReason.PAUSED),
        (Past(D(2026, 2, 15)), None),
        (Past(D(2026, 5, 1)), SkipReason.PAUSED),
    ],
)
def test_a_notice_already_sent_or_not_long_ago_comes_first(past: Past, reason: SkipReason | None) -> None:
    assert verdict(past=past).reason == reason


@pytest.mark.parametrize(
    ("hold", "reason"),
    [
        (Hold(frozenset(), stops_dunning=True, stops_contact=False), SkipReason.ON_HOLD),
        (Hold(frozenset({1, 2}), stops_dunning=True, stops_contact=False), SkipReason.ON_HOLD),
        (Hold(frozenset({1}), stops_dunning=False, stops_contact=True), SkipReason.CONTACT_STOPPED),
        (Hold(frozenset(), stops_dunning=False, stops_contact=False), None),
    ],
)
def test_an_agreed_pause_is_kept(hold: Hold, reason: SkipReason | None) -> None:
    assert verdict(hold).reason == reason


def test_a_hold_on_one_bill_leaves_the_others_on_the_notice() -> None:
    found = verdict(Hold(frozenset({1}), stops_dunning=True, stops_contact=False))
    assert (found.bill_ids, found.left_out) == ((2,), SkipReason.ON_HOLD)


def test_who_owes_nothing_is_sent_nothing() -> None:
    assert verdict(debts=()).reason == SkipReason.PAID


def test_nobody_is_asked_where_no_owner_is_known() -> None:
    assert verdict(owners=()).reason == SkipReason.NO_OWNER
    assert verdict(owners=(replace(WANG, until_on=AS_OF),)).reason == SkipReason.NO_OWNER


def test_a_debt_stays_with_whoever_owned_on_the_due_date() -> None:
    sold = replace(WANG, until_on=LI.from_on)
    assert verdict(owners=(sold, LI)) == Verdict(("李建国",), (2,), None, SkipReason.FORMER_OWNER)
    assert verdict(owners=(sold, LI), debts=(FIRST,)).reason == SkipReason.FORMER_OWNER


def test_a_later_co_owner_is_not_asked_for_earlier_debts() -> None:
    assert verdict(owners=(WANG, LI)) == Verdict(("王秀英", "李建国"), (2,), None, SkipReason.FORMER_OWNER)


def test_a_period_of_owning_ends_before_its_last_day() -> None:
    sold = replace(WANG, until_on=LI.from_on)
    assert owed_by((sold, LI), LI.from_on) == {8}
    assert owed_by((sold, LI), LI.from_on - dt.timedelta(days=1)) == {7}


def test_where_no_earlier_owner_is_known_the_first_known_ones_are_taken() -> None:
    assert owed_by((LI,), D(2024, 1, 1)) == {8}
    assert verdict(owners=(LI,)) == Verdict(("李建国",), (1, 2))
    assert owed_by((), D(2024, 1, 1)) == set()


def test_a_unit_marked_not_to_be_dunned_is_left_alone() -> None:
    assert verdict(is_marked=True).reason is SkipReason.DO_NOT_DUN


def test_who_bought_between_the_figures_and_the_issue_is_not_asked_for_the_sellers_debt() -> None:
    sold = replace(WANG, until_on=D(2026, 3, 5))
    bought = Ownership(9, "陈晨", D(2026, 3, 5), D(9999, 12, 31))
    assert verdict(owners=(sold, bought), on=D(2026, 3, 4)).owners == ("王秀英",)
    assert verdict(owners=(sold, bought), on=D(2026, 3, 5)).reason is SkipReason.FORMER_OWNER
