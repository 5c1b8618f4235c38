"""The pages of the evidence: what everybody who may look sees, sealed notices, and the check from the settings."""

from __future__ import annotations

import datetime as dt

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app import clock
from app.domain.evidence import Token
from app.jobs import outside
from app.store import db, evidence, evidence_reads, evidence_roots
from tests.web import owners
from tests.web.conftest import Browser
from tests.web.estate import Estate


def one(estate: Estate, community: int = 0) -> tuple[int, int]:
    number = estate.communities[community]
    return number, estate.units[number][0]


def make_root(engine: Engine) -> int:
    with db.transaction(engine) as session:
        made = evidence_roots.make(session, day_on=clock.today() - dt.timedelta(days=1), at=clock.now())
    assert made is not None
    return made


def test_the_page_teaches_while_there_is_nothing(browser: Browser) -> None:
    page = browser("manager").get("/settings/evidence")
    assert page.status_code == 200
    for words in ("还没有根", "还没有证据记录", "不具法律效力", "怎么验证"):
        assert words in page.text
    assert "立即核验" not in page.text
    assert "立即核验" in browser("admin").get("/settings/evidence").text


@pytest.mark.parametrize("role", ["clerk", "cashier", "collector", "finance"])
def test_who_may_not_look_does_not(role: str, browser: Browser, estate: Estate) -> None:
    client = browser(role)
    assert client.get("/settings/evidence").status_code == 403
    assert client.get(f"/units/{one(estate)[1]}/evidence").status_code == 403
    assert "证据链</a>" not in client.get(f"/units/{one(estate)[1]}").text


def test_roots_say_whether_they_are_stamped(browser: Browser, engine: Engine, estate: Estate) -> None:
    owners.send_notice(engine, *one(estate))
    root_id = make_root(engine)
    client = browser("manager")
    page = client.get("/settings/evidence").text
    assert "1 个根待补盖" in page
    assert "通知书定稿" in page
    with db.transaction(engine) as session:
        for _ in range(5):
            evidence_roots.not_stamped(session, root_id=root_id, why="时间戳机构没有回应", at=clock.now())
    page = client.get("/settings/evidence").text
    assert "待补盖，多次未成" in page
    assert "时间戳机构没有回应" in page
    facts = Token(clock.now(), "1.2", "ab", "联合信任时间戳", "", is_demo=False)
    with db.transaction(engine) as session:
        evidence_roots.stamped(session, root_id=root_id, token=b"t", facts=facts, at=clock.now())
    page = client.get("/settings/evidence").text
    assert "联合信任时间戳" in page
    assert "待补盖" not in page


def test_a_unit_shows_its_chain_and_that_the_root_holds(browser: Browser, engine: Engine, estate: Estate) -> None:
    community_id, unit_id = one(estate)
    client = browser("lawyer")
    assert "还没有证据记录" in client.get(f"/units/{unit_id}/evidence").text
    owners.send_notice(engine, community_id, unit_id)
    make_root(engine)
    page = client.get(f"/units/{unit_id}/evidence").text
    assert "步校验相符" in page
    with db.reading(engine) as session:
        (link,) = evidence.chain_of_unit(session, unit_id)
    assert link.kind == "notice.issued"
    assert link.hash in page
    assert set(link.facts) >= {"number", "bills", "facts_sha256", "principal_fen"}
    assert client.get("/units/999999/evidence").status_code == 404


def test_another_communitys_chain_is_not_there(browser: Browser, engine: Engine, estate: Estate) -> None:
    owners.send_notice(engine, *one(estate, 1))
    client = browser("confined")
    assert client.get(f"/units/{one(estate, 1)[1]}/evidence").status_code in {403, 404}


def test_a_notice_is_sealed_once_and_handed_to_staff_and_owner(
    app: FastAPI, browser: Browser, anonymous: TestClient, engine: Engine, estate: Estate
) -> None:
    community_id, unit_id = one(estate)
    notice_id = owners.send_notice(engine, community_id, unit_id)
    client = browser("clerk")
    first = client.get("/documents/1/sealed.pdf")
    assert first.status_code == 200
    assert first.content.startswith(client.get("/documents/1.pdf").content)
    report = app.state.gateways.sealer.validate(first.content)
    assert report.is_sound
    assert (report.seals[0].level, report.seals[0].is_demo) == ("B-T", True)
    owner = owners.by_link(anonymous, engine, unit_id)
    assert "盖电子章的文件" in owner.get(f"/my/notices/{notice_id}").text
    assert owner.get(f"/my/notices/{notice_id}/sealed.pdf").content == first.content
    with db.reading(engine) as session:
        assert evidence_reads.counts(session).sealed == 1
        kinds = [link.kind for link in evidence.chain_of_unit(session, unit_id)]
    assert kinds[:3] == ["notice.issued", "notice.printed", "document.sealed"]
    assert client.get("/documents/99/sealed.pdf").status_code == 404


def test_while_no_authority_answers_papers_are_sealed_without_a_time(
    app: FastAPI, browser: Browser, engine: Engine, estate: Estate
) -> None:
    settings = app.state.settings.model_copy(update={"tsa_urls": "http://127.0.0.1:1/"})
    import dataclasses

    app.state.gateways = dataclasses.replace(
        app.state.gateways, timestamps=outside.timestamps(settings), sealer=outside.sealer(settings)
    )
    owners.send_notice(engine, *one(estate))
    made = browser("clerk").get("/documents/1/sealed.pdf")
    assert made.status_code == 200
    assert [seal.level for seal in app.state.gateways.sealer.validate(made.content).seals] == ["B-B"]


def test_a_certificate_that_does_not_open_is_a_sentence(app: FastAPI, browser: Browser) -> None:
    import dataclasses

    settings = app.state.settings.model_copy(update={"seal_file": app.state.settings.data_dir / "none.p12"})
    app.state.gateways = dataclasses.replace(app.state.gateways, sealer=outside.sealer(settings))
    page = browser("admin").get("/settings/evidence")
    assert page.status_code == 200
    assert "none.p12" in page.text
