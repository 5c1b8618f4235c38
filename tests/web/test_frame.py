"""The frame of every page: what waits, the bell, the search, the density of lists, and how little goes over the line."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app import clock
from app.domain.access import MATRIX, Role
from app.store import arrears, db, documents, jobs, search
from app.store.tables import unit
from app.store.tables_office import notice_batch, waiver_request
from app.web import assets, menu, streams
from tests.web.conftest import Browser
from tests.web.estate import NOW, TODAY, Estate

BUDGET = 75_000
"""Bytes over the line at the first list a browser opens (docs/decisions: offices sit behind thin lines)."""


@pytest.fixture
def client(browser: Browser) -> TestClient:
    """A manager who works in the first community only."""
    return browser("confined")


def counts(text: str) -> dict[str, str]:
    """Return what the menu counts, by address."""
    menu = text.partition('<nav class="menu"')[2].partition("<details")[0]
    return {
        address: found[0]
        for address, line in re.findall(r'<li><a href="([^"]+)"(.*?)</a></li>', menu, re.DOTALL)
        if (found := re.findall(r'class="count"[^>]*>([\d,]+)', line))
    }


# --- the menu --------------------------------------------------------------------------------------


def test_the_menu_counts_what_waits_in_this_community(client: TestClient, engine: Engine, estate: Estate) -> None:
    with db.transaction(engine) as session:
        owing = arrears.totals(session, as_of=TODAY, wanted=arrears.Filter(community_id=estate.communities[0])).units
        for community_id, state in zip([estate.communities[0]] * 3 + [estate.communities[1]], STATES, strict=True):
            _batch(session, community_id, state)
        _request(session, estate, estate.communities[0])
        _request(session, estate, estate.communities[1])
    found = counts(client.get("/units").text)
    assert found == {"/arrears": str(owing), "/notices": "2", "/waivers": "1"}


STATES = ("draft", "released", "done", "draft")


def _batch(session: Session, community_id: int, state: str) -> int:
    row = {"community_id": community_id, "level": 1, "tone": "reminder", "as_of": TODAY, "deadline_on": TODAY}
    statement = sa.insert(notice_batch).values(state=state, created_at=NOW, **row).returning(notice_batch.c.id)
    return int(session.execute(statement).scalar_one())


def _request(session: Session, estate: Estate, community_id: int) -> None:
    row = {"kind": "discount", "bill_ids": "[]", "value_on": TODAY, "reason_code": "other", "facts": "{}"}
    session.execute(
        sa.insert(waiver_request).values(
            community_id=community_id,
            unit_id=estate.units[community_id][0],
            effect_fen=1,
            requested_by=estate.users["clerk"],
            requested_at=NOW,
            **row,
        )
    )


def test_the_count_of_who_owes_follows_a_payment_at_once(client: TestClient, engine: Engine, estate: Estate) -> None:
    unit_id = estate.units[estate.communities[0]][0]
    before = int(counts(client.get("/units").text)["/arrears"])
    with db.reading(engine) as session:
        owed = arrears.totals(session, as_of=TODAY, wanted=arrears.Filter(unit_ids=[unit_id])).total_fen
    form = {"amount": f"{owed // 100}.{owed % 100:02d}", "key": "k" * 22, "act": "record"}
    assert client.post(f"/units/{unit_id}/pay", data=form).status_code == 303
    assert int(counts(client.get("/units").text)["/arrears"]) == before - 1


@pytest.mark.parametrize("role", list(Role))
def test_settings_are_offered_to_whoever_may_do_one_of_them(browser: Browser, role: Role) -> None:
    text = browser(role.value).get("/me").text
    assert ('href="/settings"' in text) == (role in _with_settings())


def _with_settings() -> set[Role]:
    [wanted] = [permissions for name, _, _, permissions in menu._ENTRIES if name == "settings"]
    return {role for role in Role if MATRIX[role] & set(wanted)}


def test_the_menu_folds_without_script(client: TestClient) -> None:
    text = client.get("/units").text
    fold = text.partition('<details class="fold">')[2].partition("</details>")[0]
    assert '<a href="/arrears">欠费清单' in fold


def test_the_frame_takes_a_fixed_number_of_queries(client: TestClient, engine: Engine, estate: Estate) -> None:
    seen: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    client.get("/views")
    seen.clear()
    client.get("/views")
    before = len(seen)
    with db.transaction(engine) as session:
        for _ in range(5):
            _batch(session, estate.communities[0], "released")
            _request(session, estate, estate.communities[0])
    seen.clear()
    client.get("/views")
    assert len(seen) == before


# --- jobs ------------------------------------------------------------------------------------------


def _start(engine: Engine, **facts: object) -> int:
    with db.transaction(engine) as session:
        return jobs.start(
            session, **{"kind": "billing", "subject": "s", "name": "2026-11", "total": 4, "now": clock.now(), **facts}
        )


def test_the_bell_rings_while_something_is_at_work(
    client: TestClient, engine: Engine, estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = client.get("/units").text
    assert "data-poll" not in quiet
    job_id = _start(engine, community_id=estate.communities[0])
    with db.transaction(engine) as session:
        _batch(session, estate.communities[0], "released")
    text = client.get("/units").text
    assert 'data-poll="/jobs/bell"' in text
    assert "2<span" in text.partition('id="bell"')[2][:900]
    assert "2026-11" in client.get("/jobs").text
    monkeypatch.setattr(streams, "EVERY_SECONDS", 0)
    monkeypatch.setattr(streams, "TICKS", 2)
    heard = client.get(f"/jobs/{job_id}/progress", headers={"Accept": "text/event-stream"})
    assert heard.headers["content-type"].startswith("text/event-stream")
    assert heard.text.count("event: message") == 1, "what did not change is not told again"
    assert "event: over" not in heard.text
    with db.transaction(engine) as session:
        assert jobs.advance(session, job_id=job_id, done=3, line="1 幢完成", total=5)
        jobs.finish(session, job_id=job_id, now=clock.now(), result="/billing")
    page = client.get(f"/jobs/{job_id}").text
    assert "1 幢完成" in page
    assert 'href="/billing"' in page
    assert 'data-poll="/jobs/' not in page.partition("<main")[2]
    assert client.get(f"/jobs/{job_id}/progress").headers["x-poll"] == "stop"
    heard = client.get(f"/jobs/{job_id}/progress", headers={"Accept": "text/event-stream"})
    assert "event: over\ndata: " in heard.text
    assert "1 幢完成" in heard.text.partition("event: over")[2]
    assert client.get("/jobs/rows").status_code == client.get("/jobs/bell").status_code == 200


def test_who_started_a_job_may_stop_it(browser: Browser, engine: Engine, estate: Estate) -> None:
    job_id = _start(engine, community_id=estate.communities[0], started_by=estate.users["clerk"])
    assert browser("cashier").post(f"/jobs/{job_id}/cancel").status_code == 403
    assert browser("clerk").post(f"/jobs/{job_id}/cancel").status_code == 303
    with db.transaction(engine) as session:
        assert not jobs.advance(session, job_id=job_id, done=1)
        jobs.finish(session, job_id=job_id, now=clock.now(), state="cancelled")
    late = browser("clerk").post(f"/jobs/{job_id}/cancel")
    assert late.status_code == 409
    assert "已经结束" in late.text
    assert "已停止" in browser("clerk").get(f"/jobs/{job_id}").text
    assert _start(engine, community_id=estate.communities[0]) == job_id, "the same subject takes its place"


def test_jobs_of_another_community_do_not_exist(client: TestClient, engine: Engine, estate: Estate) -> None:
    other = _start(engine, community_id=estate.communities[1], name="望江苑的")
    nobodys = _start(engine, subject="t")
    for job_id in (other, nobodys, 999):
        assert client.get(f"/jobs/{job_id}").status_code == 404
        assert client.post(f"/jobs/{job_id}/cancel").status_code == 404
    assert "望江苑的" not in client.get("/jobs").text


# --- the search ------------------------------------------------------------------------------------


def found(engine: Engine, estate: Estate, text: str, reach: list[int] | None = None) -> dict[str, list[str]]:
    with db.reading(engine) as session:
        hits = search.everywhere(session, text=text, community_ids=reach or estate.communities[:1], on=TODAY, limit=50)
    return {group: [hit.number or hit.label for hit in lines] for group, lines in hits.groups}


def test_the_search_knows_rooms_names_pinyin_phones_receipts_and_notices(engine: Engine, estate: Estate) -> None:
    first = estate.units[estate.communities[0]][0]
    with db.transaction(engine) as session:
        session.execute(sa.update(unit).where(unit.c.id == first).values(search_key=unit.c.search_key + " wangwei"))
        paper = {"community_id": estate.communities[0], "unit_id": first, "facts": {}, "created_at": NOW}
        documents.freeze(session, [{**paper, "kind": "receipt", "number": "SJ0126000042"}])
        documents.freeze(session, [{**paper, "kind": "notice", "number": "CJ0126000007"}])
    label = "1幢1单元101室"
    for text in ("1-1-101", "1幢1单元101", "１－１－１０１", "1栋1单元101室"):
        assert found(engine, estate, text)["room"][0] == label, text
    for text in ("王伟", "ww", "wangwei", "WangWei"):
        assert label in found(engine, estate, text)["owner"], text
    assert found(engine, estate, "8000") == {"phone": [label]}
    for text in ("SJ0126000042", "sj012600", "42", "042"):
        assert found(engine, estate, text).get("receipt", []) == ([] if text == "42" else ["SJ0126000042"]), text
    assert found(engine, estate, "CJ0126000007") == {"notice": ["CJ0126000007"]}
    assert found(engine, estate, "") == found(engine, estate, "不存在") == {}
    assert found(engine, estate, "%") == found(engine, estate, "_") == {}


def test_the_search_stays_in_reach_masks_and_takes_a_fixed_number_of_queries(
    client: TestClient, browser: Browser, engine: Engine, estate: Estate
) -> None:
    text = client.get("/search?q=1").text
    assert "望江苑" not in text
    assert "望江苑" in browser("manager").get("/search?q=1").text
    assert "王伟" not in text
    assert "王*" in text
    seen: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    lengths = set()
    for query in ("1", "1-1-101 王", "zzzz"):
        seen.clear()
        found(engine, estate, query, estate.communities)
        lengths.add(len(seen))
    assert max(lengths) <= 5


def test_one_hit_is_opened_many_are_grouped_and_none_teaches(client: TestClient, estate: Estate) -> None:
    one = client.get("/search?q=1-1-101")
    assert one.headers["location"] == f"/units/{estate.units[estate.communities[0]][0]}"
    many = client.get("/search?q=1-1").text
    assert "autofocus" in many
    assert many.count("autofocus") == 1
    assert ">房号 <" in many.replace("\n", "")
    none = client.get("/search?q=不存在").text
    assert "没有找到“不存在”" in none
    assert "手机" in none
    box = client.get("/search?q=1-1", headers={"HX-Request": "true"})
    assert box.text.lstrip().startswith("<ul")
    assert client.get("/search?q=" + "王" * 60).status_code == 422


# --- how people like it ----------------------------------------------------------------------------


def test_the_density_of_rows_is_remembered(client: TestClient) -> None:
    assert 'data-density="compact"' in client.get("/units").text
    answer = client.post("/density", data={"density": "loose", "back": "/arrears?q=1&view=all"})
    assert answer.headers["location"] == "/arrears?q=1&view=all"
    assert 'data-density="loose"' in client.get("/units").text
    assert client.post("/density", data={"density": "loose", "back": "//evil.example"}).headers["location"] == "/"
    assert client.post("/density", data={"density": "huge"}).status_code == 422


def test_the_keys_are_listed_on_every_page(client: TestClient) -> None:
    text = client.get("/units").text.partition('<dialog id="keys"')[2]
    for key in ("/", "↑", "Alt", "Esc", "?"):
        assert f'<span class="kbd">{key}</span>' in text, key


# --- over the line ---------------------------------------------------------------------------------


def test_the_first_list_weighs_little(client: TestClient) -> None:
    page = client.get("/arrears?view=all")
    names = set(re.findall(r'(?:href|src)="/static/([^"]+)"', page.text))
    assert len(names) >= 5
    packed = 0
    for name in names:
        answer = client.get(f"/static/{name}")
        assert answer.headers["content-encoding"] == "gzip"
        assert "immutable" in answer.headers["cache-control"]
        packed += int(answer.headers["content-length"])
    assert packed == sum(assets.weight(original) for original, name in assets._NAMES.items() if name in names)
    whole = packed + int(page.headers["content-length"])
    assert page.headers["content-encoding"] == "gzip"
    assert whole <= BUDGET, f"{whole} bytes"


def test_who_cannot_unpack_gets_plain_files_and_pages(client: TestClient) -> None:
    plain = {"Accept-Encoding": "identity"}
    page = client.get("/arrears?view=all", headers=plain)
    assert "content-encoding" not in page.headers
    [name] = re.findall(r'href="/static/(theme[^"]+)"', page.text)
    assert "content-encoding" not in client.get(f"/static/{name}", headers=plain).headers
