"""The procedure and its wording: versions by their day, two people, and batches that keep what they ran under."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from app.documents import render
from app.documents.contexts import NoticeFacts, Tone
from app.domain.errors import Refusal
from app.services import notice_issue, notices, procedure
from app.services.procedure import Level, Words
from app.store import db, documents
from app.store import notices as batches
from app.store import procedure as store
from app.store.tables_procedure import procedure_version, procedure_version_level
from tests import making
from tests.documents import samples
from tests.services import noticing
from tests.services.noticing import NOW, TODAY

DRAFTS, PUBLISHES = 11, 12
LATER = TODAY + dt.timedelta(days=10)
LEVELS = (Level(1, 5, 0, 7, "reminder", 10), Level(2, 60, 20_000, 20, "notice", 20))


@pytest.fixture
def made(engine: Engine) -> making.Estate:
    return noticing.build(engine)


def draft(session: Session, made: making.Estate, levels: Sequence[Level] = LEVELS, **changes: Any) -> int:
    given: dict[str, Any] = {"from_on": TODAY, "note": "改天数", "today": TODAY, "now": NOW}
    given |= {"actor_id": DRAFTS, "actor": "drafts"} | changes
    return procedure.draft(session, community_id=made.community_id, levels=levels, **given)


def publish(session: Session, version_id: int, *, by: int = PUBLISHES, today: dt.date = TODAY) -> dt.date:
    return procedure.publish(session, version_id=version_id, today=today, now=NOW, actor_id=by, actor="publishes")


def say(session: Session, made: making.Estate, *, is_published: bool = True, **said: str) -> int:
    words = Words(Tone.NOTICE, **said)
    wording_id = procedure.draft_wording(
        session, community_id=made.community_id, said=words, note="试", now=NOW, actor_id=DRAFTS, actor="drafts"
    )
    if is_published:
        procedure.publish_wording(session, wording_id=wording_id, now=NOW, actor_id=PUBLISHES, actor="publishes")
    return wording_id


def days(session: Session, made: making.Estate, on: dt.date) -> list[int]:
    return [row.min_days for row in store.levels_on(session, made.community_id, on=on)]


def test_a_version_applies_from_its_day_and_a_draft_never(engine: Engine, made: making.Estate) -> None:
    with db.transaction(engine) as session:
        first = days(session, made, TODAY)
        version_id = draft(session, made, from_on=LATER)
        assert days(session, made, LATER) == first
        assert publish(session, version_id) == LATER
        assert days(session, made, LATER - dt.timedelta(days=1)) == first
        assert days(session, made, LATER) == [5, 60]
        again = draft(session, made, LEVELS[:1], from_on=TODAY)
        publish(session, again)
        # Of two, the one that begins later applies from its own day, whichever was published last.
        assert days(session, made, TODAY) == [5]
        assert days(session, made, LATER) == [5, 60]


def test_a_draft_published_late_begins_on_the_day_it_is_published(engine: Engine, made: making.Estate) -> None:
    with db.transaction(engine) as session:
        assert publish(session, draft(session, made), today=LATER) == LATER


def test_who_drafted_does_not_publish_and_the_table_says_so_too(engine: Engine, made: making.Estate) -> None:
    with db.transaction(engine) as session:
        version_id, wording_id = draft(session, made), say(session, made, is_published=False, opening="好")
        with pytest.raises(Refusal, match="same_person"):
            publish(session, version_id, by=DRAFTS)
        with pytest.raises(Refusal, match="same_person"):
            procedure.publish_wording(session, wording_id=wording_id, now=NOW, actor_id=DRAFTS, actor="drafts")
    forged = {"state": "published", "published_by": DRAFTS, "published_at": NOW}
    with pytest.raises(IntegrityError), db.transaction(engine) as session:
        store.update_version(session, version_id, **forged)
    with pytest.raises(IntegrityError), db.transaction(engine) as session:
        store.update_wording(session, wording_id, **forged)
    with pytest.raises(IntegrityError), db.transaction(engine) as session:
        store.update_version(session, version_id, state="published")


def test_what_a_version_says_never_changes(engine: Engine, made: making.Estate) -> None:
    with db.transaction(engine) as session:
        version_id = draft(session, made)
        publish(session, version_id)
    with pytest.raises(DBAPIError, match="append-only"), db.transaction(engine) as session:
        session.execute(sa.update(procedure_version_level).values(min_days=1))
    with db.transaction(engine) as session:
        for act in (publish, lambda *a: procedure.discard(a[0], version_id=a[1], now=NOW, actor="a")):
            with pytest.raises(Refusal, match="not_draft"):
                act(session, version_id)


@pytest.mark.parametrize(
    ("levels", "changes", "code"),
    [
        ((), {}, "procedure.no_level"),
        ((Level(1, 5, 0, 7, "reminder", 10, is_active=False),), {}, "procedure.no_level"),
        ((LEVELS[1], Level(3, 60, 0, 7, "demand", 10)), {}, "procedure.days_not_rising"),
        ((Level(1, 5, 0, 7, "reminder", 2),), {}, "procedure.deadline_short"),
        (LEVELS, {"from_on": TODAY - dt.timedelta(days=1)}, "procedure.from_past"),
        (LEVELS, {"note": " "}, "procedure.note_missing"),
    ],
)
def test_a_procedure_that_cannot_be_is_refused(
    engine: Engine, made: making.Estate, levels: Sequence[Level], changes: dict[str, Any], code: str
) -> None:
    with db.transaction(engine) as session, pytest.raises(Refusal) as found:
        draft(session, made, levels, **changes)
    assert found.value.code == code


def test_a_discarded_draft_keeps_its_number(engine: Engine, made: making.Estate) -> None:
    with db.transaction(engine) as session:
        version_id = draft(session, made)
        procedure.discard(session, version_id=version_id, now=NOW, actor="drafts")
        assert store.version(session, draft(session, made)).number == 2
        with pytest.raises(Refusal, match="not_draft"):
            publish(session, version_id)


def test_a_batch_keeps_the_version_it_was_drafted_under(engine: Engine, made: making.Estate) -> None:
    with db.transaction(engine) as session:
        publish(session, draft(session, made))
    batch_id = noticing.draft(engine, made, min_days=None, level=1)
    with db.transaction(engine) as session:
        publish(session, draft(session, made, (Level(1, 5, 0, 99, "demand", 90),)))
    noticing.release(engine, batch_id)
    with db.reading(engine) as session:
        batch = batches.batch(session, batch_id)
        level = store.level_of_batch(session, batch)
    assert (batch.tone, level.deadline_days, level.pause_days) == ("reminder", 10, 7)
    assert (batch.deadline_on - TODAY).days < 15


def test_an_idle_level_sends_nothing(engine: Engine, made: making.Estate) -> None:
    with db.transaction(engine) as session:
        idle = Level(2, 60, 0, 20, "notice", 20, is_active=False)
        publish(session, draft(session, made, (LEVELS[0], idle)))
        with pytest.raises(Refusal, match="level_unknown"):
            notices.preview(session, wanted=noticing.wanted(made), today=TODAY)


# --- wording ----------------------------------------------------------------------------------------


def test_a_notice_says_what_was_in_force_when_it_was_drafted(engine: Engine, made: making.Estate) -> None:
    with db.transaction(engine) as session:
        say(session, made, opening="{小区}的{业主}：", closing="合计{合计}", contact="电话{联系电话}")
    batch_id = noticing.draft(engine, made)
    with db.transaction(engine) as session:
        say(session, made, opening="新的")
        said = store.wording_in_force(session, community_id=made.community_id, tone="notice")
        assert said is not None
        assert (said.number, said.opening) == (2, "新的")
    noticing.release(engine, batch_id)
    with db.transaction(engine) as session:
        notice_issue.issue(session, batch_id=batch_id, today=TODAY, now=NOW)
        [row, *_] = documents.of_unit(session, made.units[0])
    facts = json.loads(row.facts)
    assert facts["opening"] == "锦绣花园的王秀英："
    assert facts["contact_note"] == "电话0571-88886666"
    assert facts["closing"].startswith("合计￥")
    assert facts["wording"] == "notice-1"
    assert facts["is_sample"] is False


@pytest.mark.parametrize(
    ("text", "code"), [("停水", "forbidden"), ("{x}", "blank_unknown"), ("\U0001f600", "unprintable")]
)
def test_words_that_must_not_be_said_are_not_even_drafted(
    engine: Engine, made: making.Estate, text: str, code: str
) -> None:
    with db.transaction(engine) as session, pytest.raises(Refusal, match=code):
        say(session, made, closing=text)


def test_words_are_checked_again_when_they_are_published(engine: Engine, made: making.Estate) -> None:
    with db.transaction(engine) as session:
        row = {"community_id": made.community_id, "tone": "notice", "opening": "曝光"}
        wording_id = store.draft_wording(session, row | {"created_by": DRAFTS, "created_at": NOW})
        with pytest.raises(Refusal, match="forbidden"):
            procedure.publish_wording(session, wording_id=wording_id, now=NOW, actor_id=PUBLISHES, actor="publishes")


def test_a_sample_is_what_the_unit_would_get_and_leaves_no_trace(engine: Engine, made: making.Estate) -> None:
    with db.transaction(engine) as session:
        said = store.wording(session, say(session, made, is_published=False, opening="试一试"))
        wanted = notice_issue.Sample(made.community_id, "notice", 2, TODAY, LATER, said)
        facts = notice_issue.sample(session, wanted=wanted, unit_id=made.units[0], today=TODAY)
        assert not documents.of_unit(session, made.units[0])
        with pytest.raises(Refusal, match="not_found"):
            notice_issue.sample(session, wanted=wanted, unit_id=10**6, today=TODAY)
        nobody = making.add_unit(session, made.community_id, "2-1-101")
        with pytest.raises(Refusal, match="nothing_due"):
            notice_issue.sample(session, wanted=wanted, unit_id=nobody, today=TODAY)
        making.add_bill(session, made, dt.date(2026, 1, 10), unit_id=nobody)
        with pytest.raises(Refusal, match="no_owner"):
            notice_issue.sample(session, wanted=wanted, unit_id=nobody, today=TODAY)
    assert (facts.number, facts.is_sample, facts.opening) == ("SAMPLE", True, "试一试")
    assert facts.addressee.owners == ("王秀英",)
    assert facts.principal_fen == 48_000


def test_versions_of_another_community_do_not_count(engine: Engine, made: making.Estate) -> None:
    with db.transaction(engine) as session:
        other = making.make_estate(session, name="望江苑", units=())
        publish(session, draft(session, SimpleNamespace(community_id=other.community_id)))  # type: ignore[arg-type]
        assert days(session, other, TODAY) == [5, 60]
        assert days(session, made, TODAY) == [1, 31, 91]
    with db.reading(engine) as session:
        assert session.execute(sa.select(sa.func.count()).select_from(procedure_version)).scalar_one() == 1


def test_the_shipped_template_prints_the_added_sentences() -> None:
    plain = samples.notice(1, tone=Tone.NOTICE)
    assert isinstance(plain, NoticeFacts)
    page = render.html(replace(plain, opening="开头一句<b>", closing="结尾一句", contact_note="另打管家电话"))
    assert "开头一句&lt;b&gt;" in page
    assert "结尾一句" in page
    assert "另打管家电话" in page
    assert "样张" not in page
    assert "样张" in render.html(replace(plain, is_sample=True))
