"""The way to court, the stages and their periods, instalments and the interest of a late performance."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import case_paths, cases, judgment, statutes
from app.domain.case_paths import Path, PathFacts, Wage, choose
from app.domain.cases import DateKind, Kept, Stage, Standing
from app.domain.money import half_up_fraction
from app.i18n import zh_cn

WAGE = Wage("某省", 2025, 100_000, "某省统计局", is_verified=True, is_own=True)
START = dt.date(2026, 1, 20)
DAYS = st.integers(1, 1200).map(lambda days: START + dt.timedelta(days=days))
PAYMENTS = st.lists(st.tuples(DAYS, st.integers(1, 500_000)), max_size=6)


@pytest.mark.parametrize(
    ("facts", "path"),
    [
        (PathFacts(1_000_00, has_arbitration_clause=True), Path.ARBITRATION),
        (PathFacts(1_000_00), Path.PAYMENT_ORDER),
        (PathFacts(900_000_00), Path.PAYMENT_ORDER),
        (PathFacts(1_000_00, is_undisputed=False), Path.SMALL_CLAIMS),
        (PathFacts(50_000_00, has_open_ticket=True), Path.SMALL_CLAIMS),
        (PathFacts(50_000_01, has_open_ticket=True), Path.SIMPLIFIED),
        (PathFacts(1_000_00, is_reachable=False), Path.SMALL_CLAIMS),
        (PathFacts(1_000_00, is_missing=True), Path.ORDINARY),
        (PathFacts(1_000_00, has_late_charge=True, has_late_charge_clause=False), Path.SMALL_CLAIMS),
        (PathFacts(1_000_00, has_preservation=True), Path.SMALL_CLAIMS),
        (PathFacts(1_000_00, is_fixed=False), Path.SMALL_CLAIMS),
    ],
)
def test_the_way_follows_from_the_facts(facts: PathFacts, path: Path) -> None:
    found = choose(facts, WAGE)
    assert found.path is path
    assert found.reasons
    assert all(reason.code in zh_cn.SENTENCES for reason in found.reasons)
    named = [reason.article for reason in found.reasons if reason.article]
    assert all(statutes.article(article, on=dt.date(2026, 11, 23)) for article in named)
    assert found.offers_mediation is (path is not Path.ARBITRATION)


def test_without_a_wage_or_with_one_nobody_checked_the_reason_says_so() -> None:
    facts = PathFacts(1_000_00, is_undisputed=False, mediation_tried=True)
    assert choose(facts, None).path is Path.SIMPLIFIED
    own = case_paths.wage_of("浙江", year=2026)
    assert own is not None
    assert (own.province, own.is_own, own.is_verified) == ("全国", False, False)
    assert "case_path.wage_unverified" in {reason.code for reason in choose(facts, own).reasons}
    assert case_paths.wage_of("浙江", year=2020) is None
    assert case_paths.province_in("浙江省杭州市") == "浙江"
    assert case_paths.province_in("某市") == ""


def test_every_stage_can_be_reached_and_left_but_the_last() -> None:
    reached = {after for stage in Stage for after in cases.MOVES[stage]}
    assert reached == set(Stage)
    assert [stage for stage in Stage if not cases.MOVES[stage]] == [Stage.CLOSED]


@pytest.mark.parametrize("path", Path)
@pytest.mark.parametrize("stage", Stage)
def test_a_proceeding_begins_once_and_ends_once_on_every_way(stage: Stage, path: Path) -> None:
    for after in cases.moves(stage, path):
        assert not (cases.begins(stage, after) and cases.ends(stage, after))
        assert not cases.ends(stage, after) or not cases.can_be_undone(stage, after)
        if stage in cases.ENDED:
            assert after in cases.ENDED, "what has ended never begins again in the same case"


def test_only_a_payment_order_goes_back_to_being_accepted() -> None:
    assert Stage.ACCEPTED in cases.moves(Stage.JUDGMENT, Path.PAYMENT_ORDER)
    assert Stage.ACCEPTED not in cases.moves(Stage.JUDGMENT, Path.SIMPLIFIED)
    assert Stage.HEARING not in cases.moves(Stage.ACCEPTED, Path.PAYMENT_ORDER)


@pytest.mark.parametrize(
    ("stage", "path", "kind", "due_on"),
    [
        # 15 days from a Monday; the day itself is not counted, the last day rolled past the weekend
        (Stage.JUDGMENT, Path.SIMPLIFIED, DateKind.APPEAL, dt.date(2026, 3, 17)),
        (Stage.JUDGMENT, Path.PAYMENT_ORDER, DateKind.OBJECTION, dt.date(2026, 3, 17)),
        (Stage.JUDGMENT, Path.PAYMENT_ORDER, DateKind.ORDER_SERVICE, dt.date(2026, 4, 1)),
        (Stage.ACCEPTED, Path.SMALL_CLAIMS, DateKind.FEE_PAYMENT, dt.date(2026, 3, 9)),
        (Stage.ACCEPTED, Path.SMALL_CLAIMS, DateKind.EVIDENCE, dt.date(2026, 3, 9)),
        (Stage.ACCEPTED, Path.SIMPLIFIED, DateKind.TRIAL_LIMIT, dt.date(2026, 6, 2)),
        (Stage.ACCEPTED, Path.PAYMENT_ORDER, DateKind.ORDER_ISSUE, dt.date(2026, 3, 17)),
        (Stage.SETTLEMENT, Path.MEDIATION, DateKind.CONFIRMATION, dt.date(2026, 4, 1)),
    ],
)
def test_a_step_begins_its_periods(stage: Stage, path: Path, kind: DateKind, due_on: dt.date) -> None:
    found = {one.kind: one for one in cases.deadlines(stage, path, dt.date(2026, 3, 2))}
    assert found[kind].due_on == due_on
    assert statutes.article(found[kind].article, on=due_on).is_in_force(due_on)


def test_small_claims_know_no_appeal() -> None:
    assert cases.deadlines(Stage.JUDGMENT, Path.SMALL_CLAIMS, dt.date(2026, 3, 2)) == ()


def test_enforcement_is_two_years_from_the_last_day_to_perform_else_from_the_effect() -> None:
    effective = dt.date(2026, 3, 2)
    perform, last = cases.deadlines(Stage.EFFECTIVE, Path.SIMPLIFIED, effective, perform_by_on=dt.date(2026, 3, 16))
    assert (perform.kind, perform.due_on) == (DateKind.PERFORM, dt.date(2026, 3, 16))
    assert (last.kind, last.due_on) == (DateKind.ENFORCEMENT, dt.date(2028, 3, 16))
    assert not last.is_known, "the calendar of 2028 is not announced"
    (only,) = cases.deadlines(Stage.EFFECTIVE, Path.SIMPLIFIED, effective)
    assert only.due_on == dt.date(2028, 3, 2)


def test_findings_name_the_gravest_first_and_each_has_a_sentence() -> None:
    clean = Standing(bills=3, owners=1, principal_fen=100)
    assert cases.findings(clean) == ()
    bad = Standing(
        bills=0,
        owners=0,
        principal_fen=0,
        bills_in_other_case=1,
        open_objections=1,
        open_holds=1,
        open_requests=1,
        bills_without_proof=1,
        bills_expired=1,
        bills_soon=1,
        owners_without_id=1,
        owners_at_due_differ=True,
        has_company=False,
        has_contract=False,
    )
    found = cases.findings(bad)
    order = [cases.BLOCKS, cases.ASKS, cases.TELLS]
    assert [order.index(one.weight) for one in found] == sorted(order.index(one.weight) for one in found)
    assert cases.weights(found) == set(order)
    assert all(one.code in zh_cn.SENTENCES for one in found)


# --- instalments -------------------------------------------------------------------------------------

PLAN = ((1, dt.date(2026, 1, 31), 300), (2, dt.date(2026, 2, 28), 300), (3, dt.date(2026, 3, 31), 400))


def test_instalments_are_kept_missed_or_open() -> None:
    paid = [(dt.date(2026, 1, 31), 300), (dt.date(2026, 3, 5), 350)]
    found = cases.instalments(PLAN, paid, dt.date(2026, 3, 10))
    assert [one.state for one in found] == [Kept.PAID, Kept.PAID_LATE, Kept.OPEN]
    assert [one.paid_fen for one in found] == [300, 300, 50]
    assert cases.instalments(PLAN, paid, dt.date(2026, 4, 1))[-1].state is Kept.MISSED


@given(PAYMENTS, st.integers(0, 1300))
def test_instalments_hold_what_was_paid_and_never_more_than_agreed(
    payments: list[tuple[dt.date, int]], later: int
) -> None:
    as_of = START + dt.timedelta(days=later)
    found = cases.instalments(PLAN, payments, as_of)
    paid = sum(fen for on, fen in payments if on <= as_of)
    assert sum(one.paid_fen for one in found) == min(paid, 1000)
    assert all(0 <= one.paid_fen <= one.amount_fen for one in found)


# --- interest of a late performance --------------------------------------------------------------------


def test_ten_thousand_yuan_for_a_hundred_days_bear_175_yuan() -> None:
    found = judgment.owed(debt_fen=10_000_00, perform_by_on=START, payments=(), as_of=START + dt.timedelta(days=100))
    assert (found.interest_fen, found.debt_left_fen) == (175_00, 10_000_00)


def test_a_payment_settles_the_judgment_first_then_the_interest() -> None:
    on = START + dt.timedelta(days=100)
    found = judgment.owed(debt_fen=10_000_00, perform_by_on=START, payments=[(on, 10_100_00)], as_of=on)
    assert (found.debt_left_fen, found.interest_paid_fen, found.interest_left_fen) == (0, 100_00, 75_00)
    late = judgment.owed(
        debt_fen=10_000_00, perform_by_on=START, payments=[(on, 10_200_00)], as_of=on + dt.timedelta(days=400)
    )
    assert (late.interest_left_fen, late.over_fen) == (0, 25_00)


def test_a_stay_of_execution_bears_nothing_and_general_interest_bears_none() -> None:
    to = START + dt.timedelta(days=100)
    stay = [(START + dt.timedelta(days=1), START + dt.timedelta(days=40))]
    found = judgment.owed(debt_fen=10_000_00, perform_by_on=START, payments=(), as_of=to, pauses=stay)
    assert found.interest_fen == half_up_fraction(Fraction(10_000_00 * 60 * 175, 1_000_000))
    bare = judgment.owed(debt_fen=10_000_00, perform_by_on=START, payments=(), as_of=to, general_interest_fen=10_000_00)
    assert bare.interest_fen == 0


@given(st.integers(0, 2_000_000), PAYMENTS, st.integers(0, 1300))
def test_every_fen_paid_goes_somewhere_and_only_there(
    debt: int, payments: list[tuple[dt.date, int]], later: int
) -> None:
    as_of = START + dt.timedelta(days=later)
    found = judgment.owed(debt_fen=debt, perform_by_on=START, payments=payments, as_of=as_of)
    paid = sum(fen for on, fen in payments if on <= as_of)
    assert found.debt_paid_fen + found.interest_paid_fen + found.over_fen == paid
    assert found.debt_paid_fen + found.debt_left_fen == debt
    assert found.interest_left_fen >= 0
    assert not found.interest_paid_fen or not found.debt_left_fen
    by_segment = sum((part.unpaid_fen * part.days for part in found.segments), 0)
    assert found.interest_fen == half_up_fraction(by_segment * judgment.DAILY)


@given(st.integers(1, 2_000_000), PAYMENTS, st.integers(0, 1300), st.integers(0, 200))
def test_interest_never_falls_with_time_and_splitting_a_payment_changes_nothing(
    debt: int, payments: list[tuple[dt.date, int]], later: int, more: int
) -> None:
    first, last = START + dt.timedelta(days=later), START + dt.timedelta(days=later + more)
    before = judgment.owed(debt_fen=debt, perform_by_on=START, payments=payments, as_of=first)
    after = judgment.owed(debt_fen=debt, perform_by_on=START, payments=payments, as_of=last)
    assert before.interest_fen <= after.interest_fen
    halves = [(on, part) for on, fen in payments for part in (fen // 2, fen - fen // 2) if part]
    split = judgment.owed(debt_fen=debt, perform_by_on=START, payments=halves, as_of=last)
    assert (split.interest_fen, split.total_left_fen) == (after.interest_fen, after.total_left_fen)


@given(st.integers(1, 2_000_000))
def test_who_pays_by_the_last_day_owes_no_interest(debt: int) -> None:
    found = judgment.owed(
        debt_fen=debt, perform_by_on=START, payments=[(START, debt)], as_of=START + dt.timedelta(days=900)
    )
    assert (found.total_left_fen, found.interest_fen) == (0, 0)
