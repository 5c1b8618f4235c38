"""The queue and what stands beside a request: facts, rules, questions, pictures, the budget and the report."""

from __future__ import annotations

import io

from PIL import Image
from starlette.testclient import TestClient

from tests.web.conftest import Browser
from tests.web.estate import Estate
from tests.web.test_waivers import asked, wish


def at_first(browser: Browser, estate: Estate, who: str) -> TestClient:
    """Return somebody whose pages show the first community."""
    client = browser(who)
    client.post("/community", data={"community_id": str(estate.communities[0])})
    return client


def photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 6), "navy").save(out, "JPEG")
    return out.getvalue()


def test_the_decider_sees_facts_rules_and_the_effect_on_each_bill(browser: Browser, estate: Estate) -> None:
    page = browser("finance").get(asked(browser, estate)).text
    for text in (
        "规则 3",
        "您的权限 5,000.00 元，本次 67.38 元",
        "按期缴清",
        "同类申请怎么处理的",
        "对账目的影响（逐笔）",
    ):
        assert text in page, text
    assert "134.75" in page


def test_the_queue_is_narrowed_and_says_what_it_adds_up_to(browser: Browser, estate: Estate) -> None:
    asked(browser, estate)
    finance = browser("finance")
    assert "共 1 份，拟减 ¥67.38" in finance.get("/waivers").text
    assert "共 0 份" in finance.get("/waivers?kind=discount").text
    assert "共 1 份" in finance.get("/waivers?reason=hardship&q=101").text
    assert "共 0 份" in finance.get("/waivers?mine=true").text
    assert finance.get("/waivers?state=nonsense").status_code == 422
    assert finance.get("/waivers?page=99").status_code == 200


def test_a_question_goes_back_to_the_requester_and_its_answer_to_the_decider(browser: Browser, estate: Estate) -> None:
    where, finance, clerk = asked(browser, estate), browser("finance"), browser("clerk")
    empty = finance.post(f"{where}/ask", data={"note": " ", "decision": ""})
    assert empty.status_code == 422
    assert finance.post(f"{where}/ask", data={"note": "请补低保证照片"}).status_code == 303
    assert "待补充" in finance.get("/waivers").text
    held = finance.post(f"{where}/decide", data={"decision": "approve"})
    assert held.status_code == 409
    assert "请等补充后再决定" in held.text
    assert "请补低保证照片" in clerk.get(where).text
    assert clerk.post(f"{where}/answer", data={"answer": "已看过原件"}).status_code == 303
    assert "已补充" in finance.get("/waivers").text
    assert finance.post(f"{where}/decide", data={"decision": "approve"}).status_code == 303


def test_a_photo_is_shown_on_the_page_and_a_scan_is_downloaded(browser: Browser, estate: Estate) -> None:
    unit_id, form = wish(estate)
    files = {"attachment": ("低保证.jpg", photo(), "image/jpeg")}
    where = browser("clerk").post(f"/units/{unit_id}/waive", data=form, files=files).headers["location"]
    finance = browser("finance")
    assert f'<img src="{where}/files/1/picture"' in finance.get(where).text
    shown = finance.get(f"{where}/files/1/picture")
    assert shown.headers["content-type"].startswith("image/")
    assert "sandbox" in shown.headers["content-security-policy"]
    original = finance.get(f"{where}/files/1")
    assert original.content == files["attachment"][1]
    assert original.headers["content-disposition"].startswith("attachment")
    assert finance.get(f"{where}/files/2/picture").status_code == 404
    assert browser("confined").get(f"{where}/files/1").status_code == 200  # the same community


def test_the_budget_is_kept_by_finance_and_exceeded_only_by_the_manager(browser: Browser, estate: Estate) -> None:
    where = asked(browser, estate)
    finance, manager = at_first(browser, estate, "finance"), at_first(browser, estate, "manager")
    year = {"year": "2026", "amount": "60.00", "note": "年度方案"}
    assert finance.post("/waivers/budget", data=year).status_code == 403
    faulty = manager.post("/waivers/budget", data=year | {"note": ""})
    assert faulty.status_code == 422
    assert 'value="60.00"' in faulty.text
    assert manager.post("/waivers/budget", data=year | {"year": "2030"}).status_code == 422
    assert manager.post("/waivers/budget", data=year).status_code == 303
    over = finance.post(f"{where}/decide", data={"decision": "approve"})
    assert over.status_code == 403
    assert "超出预算" in over.text
    assert "您可以超预算审批" in manager.get(where).text
    assert manager.post(f"{where}/decide", data={"decision": "approve"}).status_code == 303
    assert "预算已用完" in finance.get("/waivers").text
    assert "年度方案" in finance.get("/waivers/budget").text


def test_what_was_given_away_is_reported_from_every_side(browser: Browser, estate: Estate) -> None:
    where, finance = asked(browser, estate), at_first(browser, estate, "finance")
    assert "没有批准的减免" in finance.get("/waivers/report").text
    finance.post(f"{where}/decide", data={"decision": "approve"})
    page = finance.get("/waivers/report").text
    assert page.count("¥67.38") >= 7  # the tile and the foot of each of the six sides
    assert "没有批准的减免" in finance.get("/waivers/report?first=2026-01-01&last=2026-06-30").text
    assert finance.get("/waivers/report?first=nonsense").status_code == 422
    assert finance.get("/waivers/report.xlsx").content.startswith(b"PK")
    assert "减免" in browser("admin").get("/audit").text


def test_another_community_reports_nothing_of_this_one(browser: Browser, estate: Estate) -> None:
    asked(browser, estate)
    manager = browser("manager")
    manager.post("/waivers/1/decide", data={"decision": "approve"})
    manager.post("/community", data={"community_id": str(estate.communities[1])})
    assert "没有批准的减免" in manager.get("/waivers/report").text
    assert "已批准 ¥0.00" in manager.get("/waivers/budget").text
