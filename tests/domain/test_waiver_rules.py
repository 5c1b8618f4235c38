"""The office's own rules for waivers: which bar a decision, which ask for a second look, and what they went by."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.waiver_rules import Case, Outcome, check
from app.domain.waivers import WaiverKind, WaiverReason

PLAIN = Case(
    kind=WaiverKind.LATE_CHARGE_WAIVER,
    reason=WaiverReason.HARDSHIP,
    effect_fen=10_000,
    is_own_request=False,
    is_expired=False,
    has_evidence=True,
    limit_fen=500_000,
    budget_left_fen=None,
    may_exceed_budget=False,
    waivers_24_months=0,
    bills_due=10,
    bills_on_time=9,
    open_disputes=0,
)


def outcomes(**changes: object) -> dict[str, Outcome]:
    return {one.rule: one.outcome for one in check(replace(PLAIN, **changes)) if one.outcome is not Outcome.MET}  # type: ignore[arg-type]


def test_a_plain_request_meets_every_rule() -> None:
    assert outcomes() == {}


def test_without_a_limit_of_one_s_own_there_is_no_rule_about_it() -> None:
    assert "limit" in {one.rule for one in check(PLAIN)}
    assert "limit" not in {one.rule for one in check(replace(PLAIN, limit_fen=None))}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"is_own_request": True}, {"second_person": Outcome.BARRED}),
        ({"is_expired": True}, {"in_time": Outcome.BARRED}),
        ({"effect_fen": 500_001}, {"limit": Outcome.BARRED}),
        ({"budget_left_fen": 9_999}, {"budget": Outcome.BARRED}),
        ({"budget_left_fen": 9_999, "may_exceed_budget": True}, {"budget": Outcome.LOOK}),
        ({"budget_left_fen": 10_000}, {}),
        ({"has_evidence": False}, {"evidence": Outcome.LOOK}),
        ({"has_evidence": False, "reason": WaiverReason.FIRST_TIME}, {}),
        ({"reason": WaiverReason.FIRST_TIME, "bills_on_time": 7}, {"first_time": Outcome.LOOK}),
        ({"reason": WaiverReason.FIRST_TIME, "bills_due": 0, "bills_on_time": 0}, {"first_time": Outcome.LOOK}),
        ({"reason": WaiverReason.FIRST_TIME, "waivers_24_months": 1}, {"first_time": Outcome.LOOK}),
        ({"waivers_24_months": 2}, {"not_repeated": Outcome.LOOK}),
        ({"open_disputes": 1}, {"no_dispute": Outcome.LOOK}),
        ({"kind": WaiverKind.DISCOUNT}, {}),
        ({"kind": WaiverKind.DISCOUNT, "reason": WaiverReason.LATE_NOTICE}, {"kind_fits": Outcome.LOOK}),
    ],
)
def test_a_rule_says_what_stands_against_a_request(changes: dict[str, object], found: dict[str, Outcome]) -> None:
    assert outcomes(**changes) == found


def test_rules_are_numbered_in_order_and_say_what_they_went_by() -> None:
    found = check(replace(PLAIN, budget_left_fen=1))
    assert [one.number for one in found] == sorted({one.number for one in found})
    limit = next(one for one in found if one.rule == "limit")
    assert limit.facts == {"limit_fen": 500_000, "effect_fen": 10_000}
