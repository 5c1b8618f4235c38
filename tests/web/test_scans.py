"""Scans on the pages: handed in, read in the background, confirmed, taken back; and signing at the door."""

from __future__ import annotations

import io
import json
import random
from dataclasses import dataclass

import pytest
from PIL import Image
from starlette.testclient import TestClient

from tests.documents import slip_scans
from tests.web.conftest import Browser
from tests.web.estate import TODAY, Estate

KEY = "s" * 22
DOOR = "0123456789abcdef" * 2
STROKES = json.dumps([[[10 + step * 9, 50 + step % 3 * 30, step * 20] for step in range(12)]])


@dataclass(frozen=True, slots=True)
class Issued:
    """A notice that was issued, and a browser of a clerk."""

    clerk: TestClient
    unit_id: int
    number: str
    page: bytes


@pytest.fixture
def issued(browser: Browser, estate: Estate) -> Issued:
    first = estate.communities[0]
    clerk = browser("clerk")
    clerk.post("/community", data={"community_id": str(first)})
    unit_id = estate.units[first][0]
    form = {"unit": [str(unit_id)], "stage": "2", "key": KEY, "act": "draft"}
    made = clerk.post("/notices/draft", data=form)
    browser("manager").post(f"{made.headers['location']}/release")
    number = f"CJ{first:02d}26000001"
    slip = slip_scans.slip(number, random.Random(5))
    out = io.BytesIO()
    sheet = Image.new("L", (1700, 1200), 252)
    sheet.paste(slip.picture, (80, 100))
    sheet.save(out, "JPEG", quality=80)
    return Issued(clerk, unit_id, number, out.getvalue())


def hand_in(client: TestClient, content: bytes, name: str = "slip.jpg"):
    return client.post("/scans", files={"file": (name, content, "image/jpeg")})


def test_a_scan_is_read_in_the_background_and_its_slip_waits_beside_its_notice(issued: Issued) -> None:
    assert "没有待处理的回执" in issued.clerk.get("/scans").text
    assert hand_in(issued.clerk, issued.page).status_code == 303
    page = issued.clerk.get("/scans").text
    assert "正在识别；可以离开本页" in page
    assert issued.number in page
    assert "待确认 1" in page
    slip = issued.clerk.get("/scans/slips/1").text
    assert issued.number in slip
    assert "像是" not in slip
    for part in ("slip", "ticks", "signature"):
        answer = issued.clerk.get(f"/scans/slips/1/{part}.jpg")
        assert Image.open(io.BytesIO(answer.content)).width > 400
    assert issued.clerk.get("/scans/1/original").content == issued.page
    progress = issued.clerk.get("/scans/progress")
    assert progress.headers["x-poll"] == "stop"
    assert "已识别" in progress.text


def test_the_same_file_again_is_said_and_doubles_nothing(issued: Issued) -> None:
    hand_in(issued.clerk, issued.page)
    hand_in(issued.clerk, issued.page, "other-name.jpg")
    page = issued.clerk.get("/scans").text
    assert "另有 1 个以前交过" in page
    assert "待确认 1" in page


def test_a_slip_is_confirmed_and_taken_back(issued: Issued) -> None:
    hand_in(issued.clerk, issued.page)
    form = {"received_on": TODAY.isoformat(), "receiver": "王伟", "relation": "self", "ticks": ["received"]}
    wrong = issued.clerk.post("/scans/slips/1/confirm", data=form | {"received_on": "2026-11-24"})
    assert wrong.status_code == 422
    assert "签收日期在今天之后" in wrong.text
    assert 'value="王伟"' in wrong.text
    done = issued.clerk.post("/scans/slips/1/confirm", data=form)
    assert done.headers["location"] == "/scans"
    assert issued.clerk.post("/scans/slips/1/confirm", data=form).status_code == 409
    shown = issued.clerk.get(f"/units/{issued.unit_id}/slips/1").text
    assert "在纸质回执上" in shown
    assert "王伟" in shown
    assert issued.clerk.get(f"/units/{issued.unit_id}/slips/1/signature.png").status_code == 200
    assert issued.clerk.get(f"/units/{issued.unit_id}/slips/1/record.json").status_code == 404
    assert issued.clerk.post("/scans/slips/1/undo", data={}).status_code == 422
    assert issued.clerk.post("/scans/slips/1/undo", data={"undo_reason": "认错人"}).status_code == 303
    assert "还没有签收" in issued.clerk.get(f"/units/{issued.unit_id}/slips/1").text
    assert "认错人" in issued.clerk.get("/scans/slips/1").text


def test_an_unknown_number_is_typed_by_hand_or_laid_aside(issued: Issued) -> None:
    strange = slip_scans.slip("CJ9926000009", random.Random(6))
    out = io.BytesIO()
    strange.picture.save(out, "PNG")
    hand_in(issued.clerk, out.getvalue(), "strange.png")
    assert "填写编号" in issued.clerk.get("/scans/slips/1").text
    answer = issued.clerk.post("/scans/slips/1/number", data={"number": "CJ0126999999"})
    assert answer.status_code == 422
    assert "没有找到这个编号" in answer.text
    assert issued.clerk.post("/scans/slips/1/number", data={"number": issued.number}).status_code == 303
    assert "照回执登记" in issued.clerk.get("/scans/slips/1").text
    assert issued.clerk.post("/scans/slips/1/reject", data={"reason": "别人的"}).status_code == 303
    assert issued.number in issued.clerk.get("/scans?state=rejected").text


def test_what_is_no_scan_is_refused_and_what_cannot_be_opened_is_told(issued: Issued) -> None:
    none = issued.clerk.post("/scans", data={"x": ""})
    assert none.status_code == 422
    assert "还没有选择文件" in issued.clerk.post("/scans", files={"file": ("", b"", "image/jpeg")}).text
    assert hand_in(issued.clerk, b"hello", "slip.txt").status_code == 422
    assert hand_in(issued.clerk, b"%PDF-1.7 x", "slip.pdf").status_code == 422


def test_whoever_may_only_look_confirms_nothing_and_another_community_does_not_exist(
    issued: Issued, browser: Browser, estate: Estate
) -> None:
    hand_in(issued.clerk, issued.page)
    lawyer = browser("lawyer")
    assert "/scans/slips/1/confirm" not in lawyer.get("/scans/slips/1").text
    confined = browser("confined")
    assert confined.get("/scans/slips/1").status_code == 200
    second = browser("clerk")
    second.post("/community", data={"community_id": str(estate.communities[1])})
    assert issued.number not in second.get("/scans").text


def test_a_signature_at_the_door_keeps_the_document_the_strokes_and_the_circumstances(issued: Issued) -> None:
    page = issued.clerk.get("/notices/1/sign-at-door")
    assert page.headers["permissions-policy"].count("geolocation=(self)") == 1
    assert "geolocation=()" in issued.clerk.get("/scans").headers["permissions-policy"]
    form = {"name": "王伟", "relation": "self", "agree": "true", "strokes": STROKES, "key": DOOR}
    form |= {"client_ms": "1700000000000", "device": "390x844 3 touch", "place": "30.1,120.1,15"}
    for missing, said in (("agree", "请先让签收人确认"), ("strokes", "还没有手写签名"), ("name", "签收人姓名")):
        answer = issued.clerk.post("/notices/1/sign-at-door", data={k: v for k, v in form.items() if k != missing})
        assert answer.status_code == 422
        assert said in answer.text
    done = issued.clerk.post("/notices/1/sign-at-door", data=form)
    assert done.headers["location"] == f"/units/{issued.unit_id}/slips/1"
    again = issued.clerk.post("/notices/1/sign-at-door", data=form)
    assert again.status_code == 303
    other = issued.clerk.post("/notices/1/sign-at-door", data=form | {"key": DOOR[::-1]})
    assert other.status_code == 409
    shown = issued.clerk.get(f"/units/{issued.unit_id}/slips/1").text
    assert "当面在屏幕上" in shown
    record = json.loads(issued.clerk.get(f"/units/{issued.unit_id}/slips/1/record.json").content)
    context = record["context"]
    assert record["strokes"] == STROKES.replace(" ", "")
    assert (context["operator"], context["device"]) == ("clerk", "390x844 3 touch")
    assert context["place"] == ""  # nobody agreed to it
    assert context["client_ahead_ms"] < 0
    assert "已于" in issued.clerk.get("/notices/1/sign-at-door").text


def test_place_and_photo_are_kept_only_with_consent(issued: Issued) -> None:
    form = {"name": "王伟", "relation": "family", "agree": "true", "strokes": STROKES, "key": DOOR}
    form |= {"with_place": "true", "place": "30.123456,120.654321,15", "with_photo": "true"}
    photo = {"photo": ("door.jpg", issued.page, "image/jpeg")}
    assert issued.clerk.post("/notices/1/sign-at-door", data=form, files=photo).status_code == 303
    record = json.loads(issued.clerk.get(f"/units/{issued.unit_id}/slips/1/record.json").content)
    assert record["context"]["place"] == "30.123456,120.654321,15"
    assert len(record["context"]["photo_sha256"]) == 64
