"""The log on a page: by filter, in words, as a workbook; what another community did is not in it."""

from __future__ import annotations

import datetime as dt
import html
import re
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from app import clock
from app.domain.access import Actor, Role
from app.i18n.zh_cn import LABELS
from app.store import audit, db
from app.store.tables_office import audit_event
from app.web import audit_words
from tests.web.conftest import Browser
from tests.web.estate import Estate

READER = Actor(1, "admin", "admin", Role.ADMIN)


@pytest.fixture
def told(engine: Engine, estate: Estate) -> None:
    """Write what a week of work leaves behind."""
    first, second = estate.communities
    with db.transaction(engine) as session:
        for days, actor, action, subject, place, facts in (
            (6, "clerk", "pii.revealed", "person:3", first, {"unit": 3, "field": "phone"}),
            (5, "clerk", "pii.revealed", "person:3", first, {"unit": 3, "field": "name"}),
            (4, "manager", "waiver.approved", "waiver:7", second, {}),
            (3, "-", "signin.failed", "ab12", None, {"ip": "10.0.0.7"}),
            (2, "cashier", "access.denied", "billing:post", None, {"path": "/billing/post"}),
            (
                1,
                "admin",
                "user.changed",
                "clerk",
                None,
                {
                    "before": {"role": "clerk", "limit_fen": 0, "communities": "all"},
                    "after": {"role": "finance", "limit_fen": 500_000, "communities": [1]},
                },
            ),
        ):
            audit.record(
                session,
                at=clock.now() - dt.timedelta(days=days),
                actor=actor,
                action=action,
                subject=subject,
                community_id=place,
                facts=facts,
            )


def rows(page: str) -> list[str]:
    body = page.split("<tbody>")[1].split("</tbody>", maxsplit=1)[0] if "<tbody>" in page else ""
    return [html.unescape(re.sub(r"<[^>]+>", " ", row)) for row in body.split("</tr>") if row.strip()]


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("", None),
        ("actor=clerk", 2),
        ("action=pii.revealed", 2),
        ("subject=person:3", 2),
        ("subject=人员 3", 2),
        ("subject=人员", 2),
        ("subject=房产 3", 0),
        ("from_on=2026-11-19&to_on=2026-11-19&actor=manager", 1),
        ("to_on=2026-11-18", 2),
        ("actor=-&action=signin.failed", 1),
        ("actor=clerk&action=waiver.approved", 0),
    ],
)
def test_every_filter_narrows_the_list_and_the_workbook_alike(
    browser: Browser, told: None, query: str, number: int | None
) -> None:
    client = browser("admin")
    listed = rows(client.get(f"/audit?{query}").text)
    assert number is None or len(listed) == number, listed
    book = openpyxl.load_workbook(BytesIO(client.get(f"/audit/export?{query}").content))
    written = list(book.active.iter_rows(values_only=True))
    assert len(written) == 2 + len(listed)
    assert written[1][:4] == ("时间", "人员", "操作", "对象")


def test_the_export_is_an_event_itself(browser: Browser, told: None, engine: Engine) -> None:
    browser("admin").get("/audit/export?actor=clerk")
    with db.reading(engine) as session:
        last = session.execute(sa.select(audit_event).order_by(audit_event.c.id.desc()).limit(1)).one()
    assert (last.actor, last.action, last.facts) == ("admin", "audit.exported", '{"rows":2}')


def test_what_was_before_and_after_stands_side_by_side_in_words(browser: Browser, told: None) -> None:
    [row] = rows(browser("admin").get("/audit?action=user.changed").text)
    assert "岗位：客服文员 → 财务" in row
    assert "减免限额：0.00 → 5,000.00" in row
    assert "小区：全部 → 1" in row
    [denied] = rows(browser("admin").get("/audit?action=access.denied").text)
    assert "正式出账" in denied
    assert "页面：/billing/post" in denied


def test_how_often_people_looked_at_personal_data_is_shown(browser: Browser, told: None) -> None:
    page = browser("admin").get("/audit").text
    assert re.search(r"查看完整姓名或电话.*陈会计（clerk）</a> 2 次", page)


def test_whoever_has_one_community_reads_and_exports_its_log_alone(
    browser: Browser, told: None, estate: Estate
) -> None:
    client, second = browser("confined"), estate.communities[1]
    assert len(rows(client.get("/audit").text)) == 2
    assert client.get(f"/audit?community={second}").status_code == 404
    assert client.get(f"/audit/export?community={second}").status_code == 404
    book = openpyxl.load_workbook(BytesIO(client.get("/audit/export").content))
    assert len(list(book.active.iter_rows())) == 4
    assert "signin.failed" not in client.get("/audit").text


def test_an_unreadable_filter_is_told_and_shows_nothing(browser: Browser, told: None) -> None:
    answer = browser("admin").get("/audit?from_on=2026-02-30")
    assert answer.status_code == 422
    assert "日期" in answer.text
    assert rows(answer.text) == []


def test_a_long_log_has_pages(browser: Browser, engine: Engine) -> None:
    with db.transaction(engine) as session:
        for number in range(101):
            audit.record(session, at=clock.now(), actor="x", action="a.b", subject=f"unit:{number}")
    client = browser("admin")
    assert len(rows(client.get("/audit?actor=x").text)) == 100
    assert len(rows(client.get("/audit?actor=x&page=2").text)) == 1
    assert "没有符合条件的记录" in client.get("/audit?actor=x&page=3").text


def test_every_action_the_program_writes_has_a_name(repository: Path) -> None:
    written = {
        action
        for path in (repository / "app").rglob("*.py")
        for action in re.findall(r'action="([a-z_]+\.[a-z_]+)"', path.read_text(encoding="utf-8"))
    }
    assert len(written) > 40
    assert {action for action in written if f"action.{action}" not in LABELS} == set()


@pytest.mark.parametrize("facts", ["", "[]", "null", "{", '{"a":{"b":[1,null,true]}}', '{"before":1,"after":{}}'])
def test_facts_of_any_shape_are_shown(facts: str) -> None:
    from types import SimpleNamespace

    row = SimpleNamespace(
        id=1, at=clock.now(), actor="x", action="x.y", subject="unit:abc", facts=facts, community_id=None
    )
    assert isinstance(audit_words.line(row, READER).told, str)


def test_what_a_reader_may_not_open_is_named_without_a_link() -> None:
    from types import SimpleNamespace

    row = SimpleNamespace(id=1, at=clock.now(), actor="x", action="x.y", subject="unit:7", facts="", community_id=None)
    manager = Actor(2, "manager", "manager", Role.MANAGER)
    assert audit_words.line(row, manager).address == "/units/7"
    assert audit_words.line(row, READER).address == ""
    assert audit_words.line(row, READER).subject == audit_words.line(row, manager).subject
