"""What owners ask and sign on the page, and what the office makes of it: number, deadline, hold, answer."""

from __future__ import annotations

import datetime as dt
import hashlib
import json

import pytest
import sqlalchemy as sa
import time_machine
from fastapi import FastAPI
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app import clock
from app.store import arrears, db
from app.store.tables_portal import acknowledgement, notice_reading, owner_request
from tests.databases import SqliteDatabases
from tests.web.conftest import ORIGIN, Browser
from tests.web.estate import Estate
from tests.web.owners import KEY, by_code, by_link, outside, photo, send_notice

STROKES = "[[" + ",".join(f"[{20 + place * 9},{40 + place % 7 * 6},{place * 16}]" for place in range(40)) + "]]"


@pytest.fixture
def databases(sqlite_databases: SqliteDatabases) -> SqliteDatabases:
    return sqlite_databases


@pytest.fixture
def owner(app: FastAPI, anonymous: TestClient) -> TestClient:
    """Return the phone of the first unit's owner, signed in by code."""
    return by_code(anonymous, outside(app)[0])


def first(estate: Estate) -> int:
    return estate.units[estate.communities[0]][0]


def dispute(estate: Estate, **changes: object) -> dict[str, object]:
    bills = estate.bills[first(estate)]
    return {"bill": str(bills[0]), "topic": "paid", "text": "上季度已经在前台缴过", "key": KEY} | changes


def desk(browser: Browser, estate: Estate, login: str = "clerk") -> TestClient:
    """Return somebody of the office who looks at the first community."""
    client = browser(login)
    client.post("/community", data={"community_id": str(estate.communities[0])})
    return client


def number_of(where: str) -> int:
    return int(where.rsplit("/", 1)[1])


# --- notices ----------------------------------------------------------------------------------------


def test_opening_the_original_is_written_down_with_the_hash_of_the_very_file(
    owner: TestClient, engine: Engine, estate: Estate, browser: Browser
) -> None:
    notice_id = send_notice(engine, estate.communities[0], first(estate))
    assert "未打开" in owner.get(f"/my/units/{first(estate)}").text
    for _ in range(3):
        content = owner.get(f"/my/notices/{notice_id}.pdf", headers={"User-Agent": "WeChat/8.0"}).content
    with engine.connect() as connection:
        [row] = connection.execute(sa.select(notice_reading)).all()  # once a session
    assert row.document_sha256 == hashlib.sha256(content).hexdigest()
    assert (row.agent, row.ip != "") == ("WeChat/8.0", True)
    tab = browser("clerk").get(f"/units/{first(estate)}?tab=notices").text
    assert "已阅" in tab
    slip = browser("clerk").get(f"/units/{first(estate)}/slips/{notice_id}").text
    assert row.document_sha256 in slip
    assert "WeChat/8.0" in slip


def test_receipt_is_confirmed_by_name_and_tick_or_by_drawing_and_only_once(
    owner: TestClient, engine: Engine, estate: Estate, browser: Browser, app: FastAPI
) -> None:
    notice_id = send_notice(engine, estate.communities[0], first(estate))
    where = f"/my/notices/{notice_id}"
    assert "请先勾选" in owner.post(f"{where}/sign", data={"name": "王伟"}).text
    assert owner.post(f"{where}/sign", data={"name": "", "agree": "true"}).status_code == 422
    broken = owner.post(f"{where}/sign", data={"name": "王伟", "agree": "true", "strokes": "[[[1,2,3]]]"})
    assert broken.status_code == 422
    assert 'value="王伟"' in broken.text
    form = {"name": "王伟", "agree": "true", "strokes": STROKES}
    assert owner.post(f"{where}/sign", data=form).status_code == 303
    assert owner.post(f"{where}/sign", data=form).status_code == 409
    assert "已由 王伟 于" in owner.get(where).text
    with engine.connect() as connection:
        [row] = connection.execute(sa.select(acknowledgement)).all()
    record = json.loads(app.state.gateways.files.get(row.record_sha256))
    assert record["document_sha256"] == row.document_sha256
    assert record["strokes_sha256"] == hashlib.sha256(row.strokes.encode()).hexdigest()
    assert json.loads(row.strokes) == json.loads(STROKES)
    assert row.is_owner_name
    assert owner.get(f"{where}/signature.png").content.startswith(b"\x89PNG")
    clerk, slip = browser("clerk"), f"/units/{first(estate)}/slips/{notice_id}"
    assert "姓名一致" in clerk.get(slip).text
    assert json.loads(clerk.get(f"{slip}/record.json").content) == record
    assert clerk.get(f"{slip}/signature.png").headers["content-security-policy"].endswith("sandbox")
    assert "已签收" in clerk.get(f"/units/{first(estate)}?tab=notices").text


def test_signing_another_name_without_script_is_taken_and_said(
    anonymous: TestClient, app: FastAPI, engine: Engine, estate: Estate, browser: Browser
) -> None:
    outside(app)
    notice_id = send_notice(engine, estate.communities[0], first(estate))
    phone = by_link(anonymous, engine, first(estate))
    assert phone.post(f"/my/notices/{notice_id}/sign", data={"name": "王妈妈", "agree": "true"}).status_code == 303
    page = browser("clerk").get(f"/units/{first(estate)}/slips/{notice_id}").text
    assert "姓名不一致" in page
    assert "通知书链接" in page
    assert browser("clerk").get(f"/units/{first(estate)}/slips/{notice_id}/signature.png").status_code == 404


# --- asking and answering ----------------------------------------------------------------------------


def test_a_dispute_gets_a_number_a_deadline_a_hold_on_its_bill_alone_and_an_answer(
    owner: TestClient, engine: Engine, estate: Estate, browser: Browser
) -> None:
    unit_id = first(estate)
    disputed, other = estate.bills[unit_id][:2]
    pictures = [("photo", ("a.jpg", photo())), ("photo", ("b.jpg", photo((9, 9, 9))))]
    where = owner.post(f"/my/units/{unit_id}/ask/dispute", data=dispute(estate), files=pictures).headers["location"]
    mine = owner.get(where).text
    assert "YY-0126000001" in mine
    assert "2026-12-07 前答复" in mine  # ten working days
    request_id = number_of(where)
    clerk = desk(browser, estate)
    assert "YY-0126000001" in clerk.get("/requests").text
    page = clerk.get(f"/requests/{request_id}").text
    assert "上季度已经在前台缴过" in page
    assert page.count('/shown"') >= 2

    held = clerk.post(f"/requests/{request_id}/hold", data={"until_on": "2026-12-31", "stops_dunning": "true"})
    assert held.status_code == 303
    again = clerk.post(f"/requests/{request_id}/hold", data={"until_on": "2026-12-31"})
    assert again.status_code == 409
    assert late_charges(engine, unit_id, dt.date(2026, 12, 20))[disputed] == late_charges(engine, unit_id)[disputed]
    assert late_charges(engine, unit_id, dt.date(2026, 12, 20))[other] > late_charges(engine, unit_id)[other]
    assert "违约金暂停计算至 2026-12-31" in owner.get(f"/my/units/{unit_id}").text

    assert clerk.post(f"/requests/{request_id}/answer", data={"outcome": "agreed", "text": ""}).status_code == 422
    answer = {"outcome": "partly", "text": "已查到 300 元手写收据，本周补录。"}
    assert clerk.post(f"/requests/{request_id}/answer", data=answer).status_code == 303
    assert clerk.post(f"/requests/{request_id}/answer", data=answer).status_code == 409
    told = owner.get(where).text
    assert "已查到 300 元手写收据" in told
    assert "部分同意" in told
    assert owner.post(f"{where}/withdraw").status_code == 409
    assert clerk.post(f"/requests/{request_id}/close", data={"note": "已补录"}).status_code == 303
    assert "已办结" in owner.get(where).text
    assert "已补录" not in owner.get(where).text
    log = browser("admin").get("/audit").text
    for word in ("业主来件", "因业主异议暂停计息", "答复业主来件", "办结业主来件"):
        assert word in log


def late_charges(engine: Engine, unit_id: int, on: dt.date | None = None) -> dict[int, int]:
    with db.reading(engine) as session:
        bills = arrears.bills_on(session, as_of=on or clock.today(), unit_ids=[unit_id])
    return {bill.bill_id: bill.late_charge_fen for bill in bills}


def test_the_same_form_sent_twice_makes_one_request_and_the_sixth_open_one_is_refused(
    owner: TestClient, engine: Engine, estate: Estate
) -> None:
    path = f"/my/units/{first(estate)}/ask/dispute"
    places = {owner.post(path, data=dispute(estate)).headers["location"] for _ in range(2)}
    assert len(places) == 1
    for place in range(4):
        assert owner.post(path, data=dispute(estate, key=f"{place}" * 22)).status_code == 303
    refused = owner.post(path, data=dispute(estate, key="x" * 22))
    assert refused.status_code == 409
    assert "还有 5 份申请没有答复" in refused.text
    assert owner.post(f"{places.pop()}/withdraw").status_code == 303
    assert owner.post(path, data=dispute(estate, key="x" * 22)).status_code == 303
    with engine.connect() as connection:
        numbers = connection.execute(sa.select(owner_request.c.number)).scalars().all()
    assert sorted(numbers) == [f"YY-0126{place:06d}" for place in range(1, 7)]  # no gap after the refused one


REFUSED_FILES = [
    ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    ("../a.jpg", photo()),
    ("a.jpg", b"<script>alert(1)</script>"),
    ("a.html", b"<html></html>"),
]


def test_a_refused_photo_keeps_what_was_typed_and_makes_nothing(
    owner: TestClient, engine: Engine, estate: Estate
) -> None:
    path = f"/my/units/{first(estate)}/ask/dispute"
    for file in REFUSED_FILES:
        answer = owner.post(path, data=dispute(estate), files={"photo": file})
        assert answer.status_code == 422, file[0]
        assert "上季度已经在前台缴过" in answer.text
        assert 'aria-describedby="fault-photo' in answer.text
    many = [("photo", (f"{place}.jpg", photo())) for place in range(5)]
    assert "最多上传 4 个" in owner.post(path, data=dispute(estate), files=many).text
    with engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(owner_request)).scalar_one() == 0


def test_what_is_missing_is_said_at_its_field(owner: TestClient, estate: Estate) -> None:
    path = f"/my/units/{first(estate)}/ask"
    for kind, form, words in (
        ("dispute", {"topic": "paid", "text": "上季度已经缴过", "key": KEY}, "至少一笔"),
        ("dispute", dispute(estate, bill="99999"), "至少一笔"),
        ("dispute", dispute(estate, topic="x"), "请选择一项"),
        ("dispute", dispute(estate, text="错"), "至少 5 个字"),
        ("dispute", dispute(estate, text="字" * 1001), "最多 1000 个字"),
        ("instalments", {"months": "99", "first_on": "2026-12-01", "key": KEY}, "2 到 24"),
        ("instalments", {"months": "3", "first_on": "2026-11-01", "key": KEY}, "明天起"),
        ("instalments", {"months": "x", "first_on": "never", "key": KEY}, "须为整数"),
    ):
        answer = owner.post(f"{path}/{kind}", data=form)
        assert answer.status_code == 422, form
        assert words in answer.text, form


def test_a_familys_troubles_are_sealed_and_read_by_those_who_answer_alone(
    app: FastAPI, owner: TestClient, engine: Engine, estate: Estate, browser: Browser
) -> None:
    unit_id = first(estate)
    form = {"topic": "illness", "text": "家人住院，希望缓缴到三月", "key": KEY}
    files = {"photo": ("诊断.jpg", photo())}
    where = owner.post(f"/my/units/{unit_id}/ask/hardship", data=form, files=files).headers["location"]
    request_id = number_of(where)
    with engine.connect() as connection:
        assert "家人住院" not in str(connection.execute(sa.select(owner_request)).all())
    assert "家人住院" in owner.get(where).text
    paper = TestClient(app, headers=ORIGIN, follow_redirects=False)
    shown = by_link(paper, engine, unit_id).get(where)
    assert shown.status_code == 200
    assert "家人住院" not in shown.text
    file = owner.get(where).text.split(f"{where}/files/")[1].split('"')[0]
    assert paper.get(f"{where}/files/{file}").status_code == 404
    path = f"/requests/{request_id}"
    assert "家人住院" in browser("clerk").get(path).text
    finance = browser("finance")  # may see the queue, does not answer
    assert finance.get(path).status_code == 200
    assert "家人住院" not in finance.get(path).text
    assert "家人住院" not in finance.get("/requests").text
    assert finance.get(f"{path}/files/{file}").status_code == 404
    original = browser("clerk").get(f"{path}/files/{file}")
    assert original.content == photo()
    assert original.headers["content-disposition"].startswith("attachment")
    assert "查看业主困难材料" in browser("admin").get("/audit").text


def test_the_queue_puts_the_nearest_deadline_first_marks_what_is_late_and_filters(
    owner: TestClient, estate: Estate, browser: Browser
) -> None:
    unit_id = first(estate)
    owner.post(f"/my/units/{unit_id}/ask/dispute", data=dispute(estate))
    form = {"topic": "phone", "text": "电话改为新的号码", "key": "c" * 22}
    owner.post(f"/my/units/{unit_id}/ask/correction", data=form)
    clerk = desk(browser, estate)
    page = clerk.get("/requests").text
    assert page.index("更正信息</td>") < page.index("账单异议</td>")
    assert "待答复 2 件" in page
    assert "超期" not in page.split("<table")[1]
    assert "更正信息</td>" not in clerk.get("/requests?kind=dispute").text
    assert clerk.get("/requests?kind=nonsense").status_code == 422
    with time_machine.travel(dt.datetime(2026, 12, 2, 2, tzinfo=dt.UTC)):
        late = desk(browser, estate).get("/requests?late=true").text
    assert "超期 2 天" in late
    assert "账单异议</td>" not in late
    assert "没有符合条件的来件" in clerk.get("/requests?state=closed").text


def test_another_community_has_its_own_queue(owner: TestClient, estate: Estate, browser: Browser) -> None:
    here, there = (estate.units[community][0] for community in estate.communities)
    form = {"months": "6", "first_on": "2026-12-01", "key": KEY}
    where = owner.post(f"/my/units/{there}/ask/instalments", data=form).headers["location"]
    assert owner.post(f"/my/units/{here}/ask/instalments", data=form | {"key": "h" * 22}).status_code == 303
    confined, request_id = browser("confined"), number_of(where)
    assert "YY-0226000001" not in confined.get("/requests").text
    assert "YY-0126000001" in confined.get("/requests").text
    for path in (f"/requests/{request_id}", f"/requests/{request_id}/files/1"):
        assert confined.get(path).status_code == 404
    for act, data in (
        ("answer", {"outcome": "agreed", "text": "同意"}),
        ("close", {}),
        ("hold", {"until_on": "2026-12-31"}),
    ):
        assert confined.post(f"/requests/{request_id}/{act}", data=data).status_code == 404, act


def test_a_request_leads_to_a_waiver_with_reason_and_number_filled_in(
    owner: TestClient, estate: Estate, browser: Browser
) -> None:
    unit_id = first(estate)
    form = {"topic": "illness", "text": "家人住院，希望减免", "key": KEY}
    where = owner.post(f"/my/units/{unit_id}/ask/hardship", data=form).headers["location"]
    clerk = browser("clerk")
    page = clerk.get(f"/requests/{number_of(where)}").text
    link = page.split(f'href="/units/{unit_id}/waive')[1].split('"')[0].replace("&amp;", "&")
    draft = clerk.get(f"/units/{unit_id}/waive{link}").text
    assert "业主来件 YY-0126000001" in draft
    assert 'value="hardship" selected' in draft


def test_ten_requests_a_day_are_enough(owner: TestClient, app: FastAPI, estate: Estate) -> None:
    path = f"/my/units/{first(estate)}/ask/dispute"
    for place in range(10):
        where = owner.post(path, data=dispute(estate, key=f"{place}d" * 11)).headers["location"]
        assert owner.post(f"{where}/withdraw").status_code == 303
    kept = len(list(app.state.gateways.files.root.rglob("*")))
    refused = owner.post(path, data=dispute(estate, key="e" * 22), files={"photo": ("a.jpg", photo((1, 2, 3)))})
    assert refused.status_code == 409
    assert "最多提交 10 份" in refused.text
    assert len(list(app.state.gateways.files.root.rglob("*"))) == kept  # nothing was kept for it


def test_the_batch_says_who_opened_and_who_signed(
    owner: TestClient, engine: Engine, estate: Estate, browser: Browser
) -> None:
    notice_id = send_notice(engine, estate.communities[0], first(estate))
    clerk = browser("clerk")
    assert "已阅" not in clerk.get("/notices/1").text
    owner.get(f"/my/notices/{notice_id}.pdf")
    assert "已阅</a>" in clerk.get("/notices/1").text
    owner.post(f"/my/notices/{notice_id}/sign", data={"name": "王伟", "agree": "true"})
    assert "已签收</a>" in clerk.get("/notices/1").text
