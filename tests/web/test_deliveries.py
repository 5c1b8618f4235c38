"""The register of deliveries on its pages: bulk and single entries, proofs, files of the post office, addresses."""

from __future__ import annotations

import io
import re
from pathlib import Path

import openpyxl
import pytest
import sqlalchemy as sa
from PIL import Image
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app.gateways.files import FileStore
from app.gateways.ports import Gateways
from app.jobs import rendering
from app.services import notice_issue, notices
from app.store import db
from app.store.tables_office import audit_event, notice
from tests.services.noticing import PlainPrinter
from tests.web.conftest import Browser
from tests.web.estate import NOW, TODAY, Estate

ON_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"])
KEY = "k" * 22


@pytest.fixture
def sent(engine: Engine, estate: Estate, tmp_path: Path) -> list[tuple[int, str, int]]:
    """Issue and print one batch in the first community; return id, number and unit of each notice."""
    community_id = estate.communities[0]
    units = tuple(estate.units[community_id])
    with db.transaction(engine) as session:
        batch_id = notices.standing_batch(
            session,
            wanted=notices.Wanted(community_id=community_id, level=1, as_of=TODAY, unit_ids=units),
            today=TODAY,
            now=NOW,
            actor="test",
            source="test",
            public_url="https://fees.example",
        )
        assert batch_id is not None
        notice_issue.issue(session, batch_id=batch_id, today=TODAY, now=NOW)
    outside = Gateways(FileStore(tmp_path / "files"), PlainPrinter())
    rendering.finish(engine, outside, batch_id=batch_id, executor=rendering.Here())
    with db.reading(engine) as session:
        rows = session.execute(sa.select(notice.c.id, notice.c.number, notice.c.unit_id).order_by(notice.c.id)).all()
    return [(row.id, row.number, row.unit_id) for row in rows]


@pytest.fixture
def clerk(browser: Browser, estate: Estate) -> TestClient:
    client = browser("clerk")
    client.post("/community", data={"community_id": str(estate.communities[0])})
    return client


def record(client: TestClient, notice_id: int, way: str, **fields: object):
    form = {"on": "2026-11-23", "key": f"{KEY}{way}"} | fields
    return client.post(f"/deliveries/notices/{notice_id}/{way}", data=form)


def picture() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (30, 30), "white").save(made, "PNG")
    return made.getvalue()


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


@ON_SQLITE
def test_the_register_begins_with_what_waits_and_teaches_where_nothing_is(
    clerk: TestClient, browser: Browser, estate: Estate
) -> None:
    assert "还没有通知书" in clerk.get("/deliveries").text
    assert clerk.get("/deliveries?state=nonsense").status_code == 422


def test_a_selection_is_registered_as_handed_over(clerk: TestClient, sent: list[tuple[int, str, int]]) -> None:
    page = clerk.get("/deliveries").text
    assert all(number in page for _, number, _ in sent)
    form = {"notice": [str(sent[0][0]), str(sent[1][0])], "by_channel": "hand", "sent_on": "2026-11-23", "key": KEY}
    answer = clerk.post("/deliveries/sent", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/deliveries")
    assert "已登记 2 份发出" in clerk.get("/deliveries").text
    assert "当面送达" in flat(clerk.get("/deliveries?state=sent").text)


@ON_SQLITE
def test_post_without_numbers_is_left_out_one_by_one_with_the_reason(
    clerk: TestClient, sent: list[tuple[int, str, int]]
) -> None:
    form = {"everything": "true", "by_channel": "ems", "sent_on": "2026-11-23", "key": KEY}
    form |= {"numbers": f"{sent[0][1]} 1099000000001\r\n", "has_line": "true"}
    page = clerk.post("/deliveries/sent", data=form).text
    assert f"已登记 1 份发出，{len(sent) - 1} 份没有登记" in page
    assert "没有邮件号" in page
    wrong = clerk.post("/deliveries/sent", data=form | {"numbers": "只有一个", "key": KEY + "2"})
    assert wrong.status_code == 422
    assert "第 1 行看不懂" in wrong.text


def test_a_signed_slip_is_filed_with_its_scan_and_shows_three_proofs(
    clerk: TestClient, sent: list[tuple[int, str, int]]
) -> None:
    notice_id, number, unit_id = sent[0]
    assert "签收人" in clerk.get(f"/deliveries/notices/{notice_id}/hand").text
    fields = {"channel": "hand", "kind": "signed", "on": "2026-11-23", "key": KEY, "relation": "self"}
    missing = clerk.post(f"/deliveries/notices/{notice_id}/hand", data=fields)
    assert missing.status_code == 422
    assert "没有写签收人" in missing.text
    files = {"photos": ("slip.png", picture(), "image/png")}
    done = clerk.post(f"/deliveries/notices/{notice_id}/hand", data=fields | {"receiver": "王伟"}, files=files)
    where = done.headers["location"]
    page = flat(clerk.get(where).text)
    assert "到达之日中断时效" in page
    assert "《最高人民法院关于审理民事案件适用诉讼时效制度若干问题的规定》第八条第一款第（一）项" in page
    event = re.search(rf'{where}/events/(\d+)/files/1"', clerk.get(where).text)
    assert event is not None
    assert clerk.get(f"{where}/events/{event[1]}/files/1").content == picture()
    assert clerk.get(f"{where}/events/{event[1]}/files/2").status_code == 404
    assert "当面送达 已签收" in flat(clerk.get(f"/units/{unit_id}?tab=notices").text)
    assert "当面送达：签收" in flat(clerk.get(f"/units/{unit_id}?tab=timeline").text)
    assert number in clerk.get(f"/deliveries/notices/{notice_id}").text


@ON_SQLITE
def test_a_refusal_is_recorded_and_its_sheet_printed_for_three_signatures(
    clerk: TestClient, sent: list[tuple[int, str, int]]
) -> None:
    fields = {"channel": "hand", "kind": "refused", "on": "2026-11-23", "key": KEY, "first_staff": "陈会计"}
    alone = clerk.post(f"/deliveries/notices/{sent[0][0]}/refusal", data=fields | {"witness": "赵"})
    assert "须由两名送达人到场" in alone.text
    fields |= {"second_staff": "李经理", "witness": "赵红梅", "witness_of": "居委会"}
    files = {"photos": ("door.png", picture(), "image/png")}
    done = clerk.post(f"/deliveries/notices/{sent[0][0]}/refusal", data=fields, files=files)
    page = clerk.get(done.headers["location"]).text
    sheet = re.search(r'href="(/deliveries/\d+/events/\d+/record\.pdf)"', page)
    assert sheet is not None
    assert clerk.get(sheet[1]).content.startswith(b"%PDF-")
    assert "两名送达人、见证人和照片能证明到达" in page


def test_a_wrong_entry_is_corrected_and_stays_readable(clerk: TestClient, sent: list[tuple[int, str, int]]) -> None:
    fields = {"channel": "hand", "kind": "signed", "receiver": "王伟", "relation": "self"}
    where = record(clerk, sent[0][0], "hand", **fields).headers["location"]
    correct = re.search(r'action="(/deliveries/\d+/events/\d+/correct)"', clerk.get(where).text)
    assert correct is not None
    empty = clerk.post(correct[1], data={"reason": ""})
    assert (empty.status_code, "更正须写明原因" in empty.text) == (422, True)
    assert clerk.post(correct[1], data={"reason": "认错了户"}).status_code == 303
    page = flat(clerk.get(where).text)
    assert "已更正，不算数" in page
    assert "不中断诉讼时效" in page
    assert clerk.post(correct[1], data={"reason": "再来"}).status_code == 404


@ON_SQLITE
def test_a_door_notice_says_that_it_proves_no_arrival(clerk: TestClient, sent: list[tuple[int, str, int]]) -> None:
    where = record(clerk, sent[0][0], "posted", channel="door", kind="sent").headers["location"]
    page = flat(clerk.get(where).text)
    assert "不中断诉讼时效" in page
    assert "只证明发出或尽力" in page
    assert record(clerk, sent[0][0], "posted", channel="ems", kind="sent", key=KEY + "x").status_code == 422


@ON_SQLITE
def test_the_list_for_the_post_is_whole_and_taking_it_is_logged(
    clerk: TestClient, engine: Engine, sent: list[tuple[int, str, int]]
) -> None:
    answer = clerk.get("/deliveries/slips.xlsx?state=open")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    body = [row for row in rows if row[0] in {number for _, number, _ in sent}]
    assert len(body) == len(sent)
    assert all("物业费催缴通知书 编号" + str(row[0]) in str(row[5]) for row in body)
    assert all(str(row[4]).startswith("138") for row in body)
    with db.reading(engine) as session:
        logged = sa.select(audit_event.c.facts).where(audit_event.c.action == "delivery.list_exported")
        assert f'"count":{len(sent)}' in session.execute(logged).scalar_one()


def test_results_of_the_post_are_read_twice_and_filed_once(clerk: TestClient, sent: list[tuple[int, str, int]]) -> None:
    body = f"邮件号,通知书编号,状态,时间\r\n1099000000001,{sent[0][1]},妥投,2026-11-23\r\n1099000000002,CJX,妥投,2026-11-23"
    files = {"file": ("结果.csv", body.encode("gb18030"), "text/csv")}
    for expected in ("登记 1 条，0 条以前登记过，1 行没有登记", "登记 0 条，1 条以前登记过，1 行没有登记"):
        assert clerk.post("/deliveries/results", files=files).status_code == 303
        page = clerk.get("/deliveries/results").text
        assert expected in page
        assert "没有登记过这个邮件号" in page
    broken = clerk.post("/deliveries/results", files={"file": ("结果.csv", b"a,b\r\n", "text/csv")})
    assert (broken.status_code, "没有找到" in broken.text) == (422, True)
    assert clerk.post("/deliveries/results", data={"note": ""}).status_code == 422


@ON_SQLITE
def test_an_address_that_failed_is_flagged_listed_and_cleared(
    clerk: TestClient, sent: list[tuple[int, str, int]]
) -> None:
    notice_id, number, unit_id = sent[0]
    fields = {"channel": "ems", "kind": "sent", "post_number": "1099000000001"}
    record(clerk, notice_id, "mail", **fields)
    record(clerk, notice_id, "mail", channel="ems", kind="returned", reason="unknown", key=KEY + "r")
    assert "查无此人" in clerk.get("/addresses").text
    again = record(clerk, notice_id, "mail", key=KEY + "a", **(fields | {"post_number": "1099000000009"}))
    assert (again.status_code, "不再往那里寄送" in again.text) == (422, True)
    page = clerk.get(f"/addresses/{unit_id}").text
    act = re.search(r'action="(/addresses/\d+/\d+/act)"', page)
    assert act is not None
    assert clerk.post(act[1], data={"act": "clear", "reason": "投错，已核实"}).status_code == 303
    assert (
        record(clerk, notice_id, "mail", key=KEY + "b", **(fields | {"post_number": "1099000000009"})).status_code
        == 303
    )
    assert number in clerk.get(f"/deliveries/notices/{notice_id}").text


def test_a_number_is_kept_sealed_shown_masked_and_its_reveal_is_logged(
    clerk: TestClient, engine: Engine, estate: Estate
) -> None:
    unit_id = estate.units[estate.communities[0]][0]
    form = {"kind": "phone", "value": "13812345678", "basis": "confirmed", "note": "送达地址确认书 D-1"}
    files = {"evidence": ("d1.png", picture(), "image/png")}
    assert clerk.post(f"/addresses/{unit_id}", data=form, files=files).status_code == 303
    page = clerk.get(f"/addresses/{unit_id}").text
    assert "13812345678" not in page
    reveal = re.search(r'action="(/addresses/\d+/(\d+)/reveal)"', page)
    assert reveal is not None
    assert "13812345678" in clerk.post(reveal[1]).text
    assert clerk.get(f"/addresses/{unit_id}/{reveal[2]}/evidence").content == picture()
    with db.reading(engine) as session:
        query = sa.select(sa.func.count()).select_from(audit_event).where(audit_event.c.action == "address.revealed")
        assert session.execute(query).scalar_one() == 1
    wrong = clerk.post(f"/addresses/{unit_id}", data=form | {"value": "12"})
    assert (wrong.status_code, "不完整" in wrong.text) == (422, True)


@ON_SQLITE
def test_the_report_ties_to_the_register(
    browser: Browser, clerk: TestClient, estate: Estate, sent: list[tuple[int, str, int]]
) -> None:
    fields = {"channel": "hand", "kind": "signed", "receiver": "王伟", "relation": "self"}
    record(clerk, sent[0][0], "hand", **fields)
    manager = browser("manager")
    manager.post("/community", data={"community_id": str(estate.communities[0])})
    page = flat(manager.get("/reports/delivery?from_on=2026-11-01&to_on=2026-11-30").text)
    assert f"合计 {len(sent)} 1 1 1 0 0 1 {len(sent) - 1} 0" in page
    assert "送达率＝到达÷通知份数" in page
    book = manager.get("/reports/delivery/export.xlsx?from_on=2026-11-01&to_on=2026-11-30")
    assert book.status_code == 200
    assert "送达与签收" in manager.get("/reports").text


@ON_SQLITE
def test_the_menu_counts_what_waits(clerk: TestClient, sent: list[tuple[int, str, int]]) -> None:
    record(clerk, sent[0][0], "posted", channel="door", kind="sent")
    assert re.search(rf'title="份已打印、待登记送达[^"]*">{len(sent) - 1}<', clerk.get("/deliveries").text)


@ON_SQLITE
def test_a_register_of_any_length_asks_the_same_number_of_questions(
    clerk: TestClient, engine: Engine, sent: list[tuple[int, str, int]]
) -> None:
    asked: list[str] = []

    def note(*args: object) -> None:
        asked.append(str(args[2]))

    def count(path: str) -> int:
        asked.clear()
        clerk.get(path)
        return len(asked)

    clerk.get("/deliveries")
    sa.event.listen(engine, "before_cursor_execute", note)
    assert count("/deliveries") == count("/deliveries?q=" + sent[0][1])
    sa.event.remove(engine, "before_cursor_execute", note)
