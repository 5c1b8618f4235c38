"""Asking back, the year's budget and what was given away: one decision at a time, and sums that tie to the ledger."""

from __future__ import annotations

import datetime as dt
import json
from fractions import Fraction
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.domain.errors import Refusal
from app.domain.waivers import WaiverKind, WaiverReason
from app.services import waiver_care, waivers
from app.store import arrears, db, waiver_review
from app.store import waivers as requests
from app.store.tables_procedure import waiver_budget, waiver_message
from tests.making import NOW, TODAY, Estate, add_bill, add_user, make_estate

ASKED, DECIDES = 1, 2
WHOLE_FEN = 1_704
"""The late charge of both bills of the unit on the day."""


@pytest.fixture
def made(engine: Engine) -> Estate:
    with db.transaction(engine) as session:
        for login in ("asks", "decides"):
            add_user(session, login)
        found = make_estate(session)
        for due_on in (dt.date(2026, 1, 10), dt.date(2026, 2, 10)):
            add_bill(session, found, due_on)
    return found


def ask(session: Session, made: Estate, kind: WaiverKind = WaiverKind.LATE_CHARGE_WAIVER, **fields: Any) -> int:
    bills = [bill.bill_id for bill in arrears.bills_on(session, as_of=TODAY, unit_ids=made.units)]
    given: dict[str, Any] = {"ratio": Fraction(1, 2)} if kind is not WaiverKind.CONDITIONAL_WAIVER else {}
    given |= fields
    reason = given.pop("reason", WaiverReason.HARDSHIP)
    wish = waivers.Wish(made.units[0], kind, bills, reason, **given)
    return waivers.request(
        session, wish=wish, today=TODAY, now=NOW, actor_id=ASKED, actor="asks", key=f"{kind}-{fields}"
    )


def decide(session: Session, request_id: int, *, approve: bool = True, **fields: Any) -> None:
    given: dict[str, Any] = {"note": "属实", "actor_id": DECIDES, "actor": "decides", "limit_fen": 10**6}
    waivers.decide(session, request_id=request_id, approve=approve, today=TODAY, now=NOW, **(given | fields))


def set_budget(session: Session, made: Estate, amount_fen: int, **fields: Any) -> None:
    given: dict[str, Any] = {"year": TODAY.year, "note": "年度方案", "today": TODAY, "now": NOW}
    given |= {"actor_id": DECIDES, "actor": "decides"} | fields
    waiver_care.set_budget(session, community_id=made.community_id, amount_fen=amount_fen, **given)


def budget(session: Session, made: Estate) -> waiver_review.Budget:
    return waiver_review.budget(session, community_id=made.community_id, year=TODAY.year)


# --- the budget -------------------------------------------------------------------------------------


def test_a_budget_counts_what_was_given_and_what_is_asked_for(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        asked = ask(session, made)
        assert (budget(session, made).amount_fen, budget(session, made).pending_fen) == (None, WHOLE_FEN // 2)
        set_budget(session, made, 1_000)
        decide(session, asked)
        found = budget(session, made)
    assert (found.used_fen, found.pending_fen, found.left_fen) == (WHOLE_FEN // 2, 0, 1_000 - WHOLE_FEN // 2)
    assert (found.is_tight, found.used_percent, found.set_by) == (True, 85, "decides")


def test_beyond_the_budget_takes_the_right_to_go_beyond(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        set_budget(session, made, 5_000)
        set_budget(session, made, WHOLE_FEN // 2 - 1)  # the last figure set is the one that counts
        asked = ask(session, made)
        with pytest.raises(Refusal, match="budget_exceeded") as found:
            decide(session, asked)
        assert found.value.facts["budget_fen"] == WHOLE_FEN // 2 - 1
        decide(session, asked, may_exceed_budget=True)
        assert budget(session, made).left_fen == -1


def test_exactly_the_budget_may_be_given_and_a_refusal_costs_nothing(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        set_budget(session, made, WHOLE_FEN // 2)
        decide(session, ask(session, made, note="一"), approve=False)
        decide(session, ask(session, made, note="二"))
        assert budget(session, made).left_fen == 0


def test_a_condition_counts_with_the_most_it_can_come_to(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        set_budget(session, made, WHOLE_FEN)
        pay_by = TODAY + dt.timedelta(days=30)
        asked = ask(session, made, WaiverKind.CONDITIONAL_WAIVER, pay_by_on=pay_by)
        with pytest.raises(Refusal, match="budget_exceeded"):
            decide(session, asked)


@pytest.mark.parametrize(
    ("changes", "code"), [({"year": TODAY.year + 2}, "budget_year"), ({"note": " "}, "budget_note_missing")]
)
def test_a_budget_says_its_year_and_why(engine: Engine, made: Estate, changes: dict[str, Any], code: str) -> None:
    with db.transaction(engine) as session, pytest.raises(Refusal, match=code):
        set_budget(session, made, 1, **changes)


def test_a_budget_once_set_stays_on_record(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        set_budget(session, made, 1)
        waiver_care.ask_back(
            session, request_id=ask(session, made), text="?", now=NOW, actor_id=DECIDES, actor="decides"
        )
    for table in (waiver_budget, waiver_message):
        with pytest.raises(DBAPIError, match="append-only"), db.transaction(engine) as session:
            session.execute(sa.delete(table))


# --- asking back ------------------------------------------------------------------------------------


def test_a_question_holds_the_approval_until_it_is_answered(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        asked = ask(session, made)
        say = {"request_id": asked, "now": NOW}
        back = say | {"actor_id": DECIDES, "actor": "decides"}
        own = say | {"actor_id": ASKED, "actor": "asks"}
        with pytest.raises(Refusal, match="question_missing"):
            waiver_care.ask_back(session, text=" ", **back)  # type: ignore[arg-type]
        with pytest.raises(Refusal, match="same_person"):
            waiver_care.ask_back(session, text="?", **own)  # type: ignore[arg-type]
        with pytest.raises(Refusal, match="no_question"):
            waiver_care.answer(session, text="!", today=TODAY, **own)  # type: ignore[arg-type]
        waiver_care.ask_back(session, text="低保证？", **back)  # type: ignore[arg-type]
        with pytest.raises(Refusal, match="question_open"):
            waiver_care.ask_back(session, text="还有？", **back)  # type: ignore[arg-type]
        with pytest.raises(Refusal, match="question_open"):
            decide(session, asked)
        with pytest.raises(Refusal, match="not_yours"):
            waiver_care.answer(session, text="!", today=TODAY, **back)  # type: ignore[arg-type]
        with pytest.raises(Refusal, match="answer_missing"):
            waiver_care.answer(session, text=" ", today=TODAY, **own)  # type: ignore[arg-type]
        late = TODAY + dt.timedelta(days=29)
        waiver_care.answer(session, text="已看过", today=late, **own)  # type: ignore[arg-type]
        row = requests.by_id(session, asked)
        assert row is not None
        assert row["expires_on"] == late + dt.timedelta(days=waiver_care.ANSWER_WITHIN_DAYS)
        assert [one.kind for one in waiver_review.messages(session, asked)] == ["question", "answer"]
        decide(session, asked)
        with pytest.raises(Refusal, match="decide_before_asking"):
            waiver_care.ask_back(session, text="?", **back)  # type: ignore[arg-type]


# --- what it rests on -------------------------------------------------------------------------------


def test_the_effect_is_shown_bill_by_bill_and_kept_as_it_was_decided(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        asked = ask(session, made)
        row = requests.by_id(session, asked)
        assert row is not None
        found = waivers.effect(session, wish=waivers.wish_of(row), today=TODAY)
        assert sum(line.late_charge_before_fen - line.late_charge_after_fen for line in found.lines) == found.given_fen
        decide(session, asked)
        after = {bill.bill_id: bill for bill in arrears.bills_on(session, as_of=TODAY, unit_ids=made.units)}
        row = requests.by_id(session, asked)
        assert row is not None
    kept = [waivers.Line(**line) for line in json.loads(row["effect_lines"])]
    assert kept == list(found.lines)
    assert {line.bill_id: line.late_charge_after_fen for line in kept} == {
        number: bill.late_charge_fen for number, bill in after.items()
    }


def test_a_condition_is_shown_as_though_it_were_met(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        pay_by = TODAY + dt.timedelta(days=3)
        row = requests.by_id(session, ask(session, made, WaiverKind.CONDITIONAL_WAIVER, pay_by_on=pay_by))
        assert row is not None
        lines = waivers.effect(session, wish=waivers.wish_of(row), today=TODAY).lines
    assert [line.late_charge_after_fen for line in lines] == [0, 0]
    assert sum(line.late_charge_before_fen for line in lines) == WHOLE_FEN


def test_like_cases_are_those_of_the_same_kind_reason_and_band(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        alike = ask(session, made, note="一")
        other = ask(session, made, note="二", reason=WaiverReason.ILLNESS)
        for number in (alike, other):
            decide(session, number, approve=False)
        row = requests.by_id(session, ask(session, made, note="三"))
        assert row is not None
        assert [one.id for one in waiver_review.like_cases(session, row)] == [alike]
        assert waiver_review.like_cases(session, {**row, "effect_fen": 10_000}) == []
        found = waiver_review.history(session, unit_id=made.units[0], as_of=TODAY)
    assert (found.bills_due, found.on_time, found.overdue_now, found.late) == (2, 0, 2, 0)
    assert {one.id for one in found.waivers} == {alike, other}


def test_the_report_holds_what_was_given_and_ties_to_the_ledger(engine: Engine, made: Estate) -> None:
    year = {"first_on": dt.date(2026, 1, 1), "last_on": dt.date(2026, 12, 31)}
    with db.transaction(engine) as session:
        before = sum(one.total_fen for one in arrears.bills_on(session, as_of=TODAY, unit_ids=made.units))
        decide(session, ask(session, made, note="一"), approve=False)
        decide(session, ask(session, made, note="二"))
        decide(session, ask(session, made, WaiverKind.DISCOUNT, amount_fen=1_000, ratio=None))
        after = sum(one.total_fen for one in arrears.bills_on(session, as_of=TODAY, unit_ids=made.units))
        rows = waiver_review.given(session, community_id=made.community_id, **year)
        assert sum(row.effect_fen for row in rows) == before - after == budget(session, made).used_fen
        assert waiver_review.given(session, community_id=made.community_id + 1, **year) == []
        assert len(rows) == 2


def test_the_queue_narrows_by_every_field_and_its_sum_is_that_of_its_rows(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        first = ask(session, made, note="一")
        second = ask(session, made, note="二", reason=WaiverReason.ILLNESS)
        waiver_care.ask_back(session, request_id=first, text="?", now=NOW, actor_id=DECIDES, actor="decides")
        for changes, expected in (
            ({}, [first, second]),
            ({"reason": "illness"}, [second]),
            ({"kind": "discount"}, []),
            ({"search": "1-1-101"}, [first, second]),
            ({"search": "9-9"}, []),
            ({"requested_by": DECIDES}, []),
            ({"state": "", "unit_id": made.units[0]}, [second, first]),
            ({"community_ids": [made.community_id + 1]}, []),
        ):
            wanted = waiver_review.QueueFilter(**({"community_ids": [made.community_id]} | changes))  # type: ignore[arg-type]
            rows = waiver_review.queue(session, wanted, limit=10)
            assert [row.id for row in rows] == expected, changes
            assert waiver_review.queue_totals(session, wanted) == (len(rows), sum(row.effect_fen for row in rows))
        wanted = waiver_review.QueueFilter([made.community_id])
        assert [row.last_said for row in waiver_review.queue(session, wanted, limit=10)] == ["question", None]


@pytest.mark.parametrize(
    ("amount_fen", "found"),
    [(0, (0, 10_000)), (9_999, (0, 10_000)), (10_000, (10_000, 50_000)), (10**9, (500_000, None))],
)
def test_every_amount_falls_into_one_band(amount_fen: int, found: tuple[int, int | None]) -> None:
    assert waiver_review.band(amount_fen) == found
