"""Looking after a batch: single units, a second person, stopping, trying again, print files, and few statements."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import IntegrityError

from app.domain.errors import Refusal
from app.domain.notices import SkipReason
from app.jobs import binding, rendering
from app.services import notice_care, notice_issue, notices, payments
from app.store import arrears, db, notice_papers
from app.store import notices as store
from app.store.notice_papers import Counts, UnitFilter
from tests import making
from tests.services import noticing
from tests.services.noticing import CODES, NOW, TODAY, only

CLERK, MANAGER = 21, 22
WHO: dict[str, Any] = {"now": NOW, "actor_id": CLERK, "actor": "clerk"}
OFFICE = WHO | {"actor_id": None}


@pytest.fixture
def made(engine: Engine) -> making.Estate:
    return noticing.build(engine)


def draft(engine: Engine, made: making.Estate, *, key: str = "k", today: dt.date = TODAY, **changes: Any) -> int:
    wanted = noticing.wanted(made, **changes)
    with db.transaction(engine) as session:
        return notices.draft(session, wanted=wanted, today=today, source="office", key=key, **WHO)


def release(engine: Engine, batch_id: int, *, by: int = MANAGER, today: dt.date = TODAY) -> None:
    with db.transaction(engine) as session:
        notices.release(
            session, batch_id=batch_id, today=today, now=NOW, actor_id=by, actor="m", public_url=noticing.URL
        )


def counts(engine: Engine, batch_id: int) -> Counts:
    with db.reading(engine) as session:
        return notice_papers.counts(session, batch_id)


# --- two people -------------------------------------------------------------------------------------


def test_who_drafted_does_not_release_and_the_table_says_so_too(engine: Engine, made: making.Estate) -> None:
    batch_id = draft(engine, made)
    with pytest.raises(Refusal, match="same_person"):
        release(engine, batch_id, by=CLERK)
    with pytest.raises(IntegrityError), db.transaction(engine) as session:
        notice_papers.sign_release(session, batch_id=batch_id, drafted_by=CLERK, by=CLERK, at=NOW)
    release(engine, batch_id)


# --- single units -----------------------------------------------------------------------------------


def test_a_unit_set_aside_gets_no_notice_and_may_be_taken_in_again(
    engine: Engine, made: making.Estate, tmp_path: Path
) -> None:
    batch_id, (first, second, *_) = draft(engine, made), made.units
    with db.transaction(engine) as session:
        for unit_id in (first, second):
            notice_care.set_aside(session, batch_id=batch_id, unit_id=unit_id, reason="约好了", **WHO)
        with pytest.raises(Refusal, match="left_out_already"):
            notice_care.set_aside(session, batch_id=batch_id, unit_id=first, reason="又", **WHO)
        notice_care.take_in(session, batch_id=batch_id, unit_id=second, reason="没来", today=TODAY, **WHO)
        with pytest.raises(Refusal, match="taken_in_already"):
            notice_care.take_in(session, batch_id=batch_id, unit_id=second, reason="又", today=TODAY, **WHO)
    release(engine, batch_id)
    noticing.finish(engine, noticing.gateways(tmp_path), batch_id)
    assert noticing.reasons(engine, batch_id) == only(SkipReason.SET_ASIDE, CODES[0])
    assert counts(engine, batch_id).printed == 4


@pytest.mark.parametrize("act", [notice_care.set_aside, notice_care.take_in])
def test_one_unit_is_changed_only_with_a_reason_in_a_draft_it_is_in(
    engine: Engine, made: making.Estate, act: Any
) -> None:
    batch_id = draft(engine, made)
    more = {"today": TODAY} if act is notice_care.take_in else {}
    with db.transaction(engine) as session:
        with pytest.raises(Refusal, match="reason_missing"):
            act(session, batch_id=batch_id, unit_id=made.units[0], reason=" ", **WHO, **more)
        with pytest.raises(Refusal, match="unit_unknown"):
            act(session, batch_id=batch_id, unit_id=10**6, reason="x", **WHO, **more)
    release(engine, batch_id)
    with db.transaction(engine) as session, pytest.raises(Refusal, match="not_draft"):
        act(session, batch_id=batch_id, unit_id=made.units[0], reason="x", **WHO, **more)


def test_only_the_offices_own_timing_is_overruled(engine: Engine, made: making.Estate, tmp_path: Path) -> None:
    first = draft(engine, made, unit_ids=made.units[:1], key="first")
    release(engine, first)
    noticing.finish(engine, noticing.gateways(tmp_path), first)
    later = TODAY + dt.timedelta(days=3)
    batch_id = draft(engine, made, as_of=later, today=later, key="second")
    assert noticing.reasons(engine, batch_id) == only(SkipReason.PAUSED, CODES[0])
    with db.transaction(engine) as session:
        notice_care.take_in(session, batch_id=batch_id, unit_id=made.units[0], reason="经理要求", today=later, **WHO)
    release(engine, batch_id, today=later)
    with db.transaction(engine) as session:
        step = notice_issue.issue(session, batch_id=batch_id, today=later, now=NOW)
    assert (step.notices, step.skipped) == (5, 0)


def test_who_paid_or_is_not_to_be_asked_stays_out(engine: Engine, made: making.Estate) -> None:
    with db.transaction(engine) as session:
        unowned = making.add_unit(session, made.community_id, "9-1-101")
        making.add_bill(session, made, dt.date(2026, 1, 10), unit_id=unowned)
    batch_id = draft(engine, made)
    with db.transaction(engine) as session, pytest.raises(Refusal, match="not_overruled") as found:
        notice_care.take_in(session, batch_id=batch_id, unit_id=unowned, reason="要发", today=TODAY, **WHO)
    assert found.value.facts["why"] == "未登记现业主"


# --- stopping and trying again ----------------------------------------------------------------------


def test_a_stopped_batch_keeps_what_is_printed_and_sends_nobody_else_anything(
    engine: Engine, made: making.Estate, tmp_path: Path
) -> None:
    batch_id, outside = draft(engine, made), noticing.gateways(tmp_path)
    release(engine, batch_id)
    with db.transaction(engine) as session:
        notice_issue.issue(session, batch_id=batch_id, today=TODAY, now=NOW)
        numbers = [row.id for row in store.without_file(session, batch_id)]
    rendering.print_one(engine, outside, document_id=numbers[0])
    with db.transaction(engine) as session:
        with pytest.raises(Refusal, match="not_draft"):
            notice_care.cancel(session, batch_id=batch_id, now=NOW, actor="clerk", actor_id=CLERK)
        notice_care.cancel(session, batch_id=batch_id, now=NOW, actor="m", actor_id=MANAGER, may_stop=True)
    done = noticing.finish(engine, outside, batch_id)
    assert (done.issued, done.printed) == (0, 1)
    with db.reading(engine) as session:
        assert store.batch(session, batch_id).state == "cancelled"
        assert [part.notices for part in notice_papers.parts(session, batch_id)] == [1]
    # Who was numbered but never printed was sent nothing: another day's batch asks them, without a pause.
    later = TODAY + dt.timedelta(days=1)
    again = draft(engine, made, as_of=later, today=later, key="again")
    assert noticing.reasons(engine, again) == only(SkipReason.PAUSED, CODES[0])
    with db.transaction(engine) as session, pytest.raises(Refusal, match="over"):
        notice_care.cancel(session, batch_id=batch_id, now=NOW, actor="m", may_stop=True)


def test_units_without_a_number_are_left_out_when_a_batch_is_stopped(engine: Engine, made: making.Estate) -> None:
    batch_id = draft(engine, made)
    release(engine, batch_id)
    with db.transaction(engine) as session:
        notice_care.cancel(session, batch_id=batch_id, now=NOW, actor="m", may_stop=True)
    assert noticing.reasons(engine, batch_id) == only(SkipReason.STOPPED, *CODES)


def test_what_failed_is_shown_waits_for_a_person_and_is_tried_again(
    engine: Engine, made: making.Estate, tmp_path: Path
) -> None:
    class Jam(noticing.PlainPrinter):
        def __call__(self, kind: str, facts: Any, *, token: str) -> Any:
            if facts["number"].endswith("3"):
                raise ValueError(kind)
            return super().__call__(kind, facts, token=token)

    batch_id = draft(engine, made)
    release(engine, batch_id)
    jammed = noticing.gateways(tmp_path, Jam())
    noticing.finish(engine, jammed, batch_id)
    assert counts(engine, batch_id) == Counts(printed=4, failed=1, selected_fen=counts(engine, batch_id).selected_fen)
    with db.reading(engine) as session:
        [row] = notice_papers.list_units(session, batch_id, UnitFilter(state="failed"))
    assert (row.code, row.failure) == (CODES[2], "not_printed")
    assert rendering.finish_all(engine, jammed, workers=1) == []
    with db.transaction(engine) as session:
        assert notice_care.try_again(session, batch_id=batch_id, now=NOW, actor="m") == 1
    [done] = rendering.finish_all(engine, noticing.gateways(tmp_path), workers=1)
    assert done.is_done
    assert counts(engine, batch_id).failed == 0


# --- papers -----------------------------------------------------------------------------------------


def test_print_files_are_split_and_list_what_is_in_them_in_walking_order(
    engine: Engine, made: making.Estate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    covers: list[dict[str, Any]] = []

    class Keeps(noticing.PlainPrinter):
        def __call__(self, kind: str, facts: Any, *, token: str) -> Any:
            if kind == "batch_list":
                covers.append(json.loads(json.dumps(facts)))
            return super().__call__(kind, facts, token=token)

    monkeypatch.setattr(binding, "PART", 2)
    batch_id = draft(engine, made)
    release(engine, batch_id)
    noticing.finish(engine, noticing.gateways(tmp_path, Keeps()), batch_id)
    with db.reading(engine) as session:
        parts = notice_papers.parts(session, batch_id)
    assert [(part.part, part.notices, part.pages) for part in parts] == [(1, 2, 3), (2, 2, 3), (3, 1, 2)]
    lines = [line for cover in covers for line in cover["lines"]]
    assert [line["place"] for line in lines] == [1, 2, 3, 4, 5]
    assert [line["owners"] for line in lines] == ["王*英", "李*国", "张*", "赵*", "欧*静"]
    assert [line["unit_label"] for line in lines] == [row["label"] for row in noticing.rows(engine, batch_id)]
    assert [part.last_number for part in parts] == [cover["lines"][-1]["number"] for cover in covers]


def test_a_part_is_taken_once_without_a_reason_and_then_only_with_one(
    engine: Engine, made: making.Estate, tmp_path: Path
) -> None:
    batch_id = draft(engine, made)
    with db.transaction(engine) as session, pytest.raises(Refusal, match="not_printed"):
        notice_care.take_part(session, batch_id=batch_id, part=1, reason="", **WHO)
    release(engine, batch_id)
    noticing.finish(engine, noticing.gateways(tmp_path), batch_id)
    with db.transaction(engine) as session:
        first = notice_care.take_part(session, batch_id=batch_id, part=1, reason="", **WHO)
        with pytest.raises(Refusal, match="reprint_reason_missing"):
            notice_care.take_part(session, batch_id=batch_id, part=1, reason=" ", **WHO)
        assert notice_care.take_part(session, batch_id=batch_id, part=1, reason="卡纸", **WHO) == first
        document_id = notice_papers.list_units(session, batch_id, UnitFilter())[0].document_id
        with pytest.raises(Refusal, match="reprint_reason_missing"):
            notice_care.take_notice(session, document_id=document_id, reason="", **WHO)
        notice_care.take_notice(session, document_id=document_id, reason="遗失", **WHO)
        assert [row.reason for row in notice_papers.prints(session, batch_id)] == ["遗失", "卡纸", ""]


# --- the difference to the last batch, and few statements -------------------------------------------


def test_the_difference_to_the_last_batch_says_who_is_new_there_again_and_gone(
    engine: Engine, made: making.Estate, tmp_path: Path
) -> None:
    first = draft(engine, made, unit_ids=made.units[:3], key="first")
    release(engine, first)
    noticing.finish(engine, noticing.gateways(tmp_path), first)
    later = TODAY + dt.timedelta(days=30)
    second = draft(engine, made, unit_ids=made.units[1:], as_of=later, today=later, key="second")
    with db.reading(engine) as session:
        last = notice_papers.last_before(session, store.batch(session, second))
        assert last is not None
        found = notice_papers.difference(session, batch_id=second, last_id=last.id)
    assert last.id == first
    assert (found.new, found.again, found.gone) == (2, 2, 1)
    assert found.new_fen + found.again_fen == counts(engine, second).selected_fen
    assert found.before_fen + found.gone_fen == counts(engine, first).selected_fen


def test_what_was_paid_since_the_day_of_the_figures_is_left_out_of_the_draft_already(
    engine: Engine, made: making.Estate
) -> None:
    with db.transaction(engine) as session:
        receipt = payments.Receipt(made.units[0], TODAY, 100_000, payments.Method.BANK)
        payments.record(session, receipt=receipt, today=TODAY, may_back_date=True, key="paid", **OFFICE)
    before = TODAY - dt.timedelta(days=5)
    batch_id = draft(engine, made, as_of=before)
    assert noticing.reasons(engine, batch_id) == only(SkipReason.PAID, CODES[0])


def statements(engine: Engine, made: making.Estate, key: str) -> int:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        draft(engine, made, narrow=arrears.Filter(), min_days=None, level=1, key=key)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(seen)


def test_drafting_takes_as_many_statements_for_many_units_as_for_a_few(engine: Engine, made: making.Estate) -> None:
    with db.transaction(engine) as session:
        unowned = making.add_unit(session, made.community_id, "2-1-101")
        making.add_bill(session, made, dt.date(2026, 1, 10), unit_id=unowned)
    few = statements(engine, made, "few")
    with db.transaction(engine) as session:
        for number in range(60):
            unit_id = making.add_unit(session, made.community_id, f"3-1-{number // 4 + 1:02d}{number % 4 + 1:02d}")
            if number % 3:
                making.add_owner(session, made, unit_id, "王秀英")
            making.add_bill(session, made, dt.date(2026, 1, 10), unit_id=unit_id)
    assert statements(engine, made, "many") == few
    assert few < 30
