"""Asking for a waiver, seeing its effect, and a second person deciding."""

from __future__ import annotations

import io
from typing import Any

import pikepdf

from tests.web.conftest import Browser
from tests.web.estate import Estate

KEY = "w" * 22


def _scan() -> bytes:
    out, made = io.BytesIO(), pikepdf.new()
    made.add_blank_page()
    made.save(out)
    return out.getvalue()


PDF = _scan()


def wish(estate: Estate, **changes: Any) -> tuple[int, dict[str, Any]]:
    unit_id = estate.units[estate.communities[0]][0]
    form = {"kind": "late_charge_waiver", "bill": [str(n) for n in estate.bills[unit_id]], "percent": "50"}
    return unit_id, form | {"reason": "hardship", "note": "低保户，已看低保证原件", "key": KEY, "act": "send"} | changes


def asked(browser: Browser, estate: Estate, **changes: Any) -> str:
    unit_id, form = wish(estate, **changes)
    answer = browser("clerk").post(f"/units/{unit_id}/waive", data=form)
    assert answer.status_code == 303, answer.text[-1500:]
    return answer.headers["location"]


def test_the_effect_is_shown_before_anything_is_written(browser: Browser, estate: Estate) -> None:
    unit_id, form = wish(estate, act="preview")
    answer = browser("clerk").post(f"/units/{unit_id}/waive", data=form)
    assert answer.status_code == 200
    assert "违约金 134.75 → 67.37" in answer.text
    assert "没有待审批的申请" in browser("manager").get("/waivers").text


def test_nobody_decides_on_their_own_request(browser: Browser, estate: Estate) -> None:
    unit_id, form = wish(estate)
    manager = browser("manager")
    where = manager.post(f"/units/{unit_id}/waive", data=form).headers["location"]
    assert "须由另一人审批" in manager.get(where).text
    assert manager.post(f"{where}/decide", data={"decision": "approve"}).status_code == 403
    assert "待审批" in manager.get(where).text


def test_a_second_person_approves_and_the_account_changes(browser: Browser, estate: Estate) -> None:
    where = asked(browser, estate)
    finance = browser("finance")
    assert finance.post(f"{where}/decide", data={"decision": "approve"}).status_code == 303
    assert "已批准" in finance.get(where).text
    unit_id = estate.units[estate.communities[0]][0]
    assert "67.37" in finance.get(f"/units/{unit_id}").text
    again = finance.post(f"{where}/decide", data={"decision": "refuse", "note": "晚了"})
    assert again.status_code == 409


def test_a_refusal_needs_a_reason(browser: Browser, estate: Estate) -> None:
    where = asked(browser, estate)
    finance = browser("finance")
    assert finance.post(f"{where}/decide", data={"decision": "refuse", "note": " "}).status_code == 422
    assert finance.post(f"{where}/decide", data={"decision": "refuse", "note": "材料不足"}).status_code == 303
    assert "材料不足" in browser("clerk").get(where).text


def test_the_limit_of_the_person_holds(browser: Browser, estate: Estate) -> None:
    unit_id = estate.units[estate.communities[0]][4]
    form = wish(estate, bill=[str(n) for n in estate.bills[unit_id]], kind="discount", percent="100")[1]
    where = browser("clerk").post(f"/units/{unit_id}/waive", data=form).headers["location"]
    over = browser("finance").post(f"{where}/decide", data={"decision": "approve"})
    assert over.status_code in {303, 403}
    assert (over.status_code == 403) == ("5,000" in over.text)


def test_a_conditional_waiver_can_be_taken_back_and_a_discharge_cannot(browser: Browser, estate: Estate) -> None:
    where = asked(browser, estate, kind="conditional_waiver", percent="", pay_by="2026-12-31")
    assert browser("finance").post(f"{where}/decide", data={"decision": "approve"}).status_code == 303
    assert browser("clerk").post(f"{where}/undo", data={"reason": "业主反悔"}).status_code == 403
    assert browser("manager").post(f"{where}/undo", data={"reason": "业主反悔"}).status_code == 303
    done = asked(browser, estate, key="v" * 22)
    browser("finance").post(f"{done}/decide", data={"decision": "approve"})
    assert browser("manager").post(f"{done}/undo", data={"reason": "改主意"}).status_code == 409


A_BAD_WISH_COMES = [
    {"percent": "", "amount": ""},
    {"percent": "50", "amount": "10"},
    {"percent": "0"},
    {"percent": "101"},
    {"percent": "", "amount": "99999"},
    {"bill": []},
    {"bill": ["999999"]},
    {"bill": ["x"]},
    {"kind": "gift"},
    {"reason": ""},
    {"reason": "other", "note": ""},
    {"note": ""},
    {"note": "低保户"},
    {"note": " " * 12},
    {"kind": "conditional_waiver", "percent": "", "pay_by": ""},
    {"kind": "conditional_waiver", "percent": "", "pay_by": "2020-01-01"},
    {"retroactive": "maybe"},
]


def test_a_bad_wish_comes_back_with_its_sentence(browser: Browser, estate: Estate) -> None:
    for changes in A_BAD_WISH_COMES:
        unit_id, form = wish(estate, **changes)
        answer = browser("clerk").post(f"/units/{unit_id}/waive", data=form)
        assert answer.status_code == 422
        assert "请修改后再提交" in answer.text
        assert "没有待审批的申请" in browser("manager").get("/waivers").text


def test_evidence_is_kept_and_given_back_as_a_download(browser: Browser, estate: Estate) -> None:
    unit_id, form = wish(estate)
    clerk = browser("clerk")
    sent = clerk.post(f"/units/{unit_id}/waive", data=form, files={"attachment": ("低保证.pdf", PDF)})
    where = sent.headers["location"]
    page = clerk.get(where).text
    assert "低保证.pdf" in page
    link = page.split('href="')[[part.startswith(f"{where}/files") for part in page.split('href="')].index(True)]
    answer = clerk.get(link.split('"')[0])
    assert answer.content == PDF
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert browser("confined").get(f"{where}/files/999").status_code == 404


EVIDENCE_THAT_IS_NOT = [
    ("x.pdf", b"<svg onload=alert(1)>"),
    ("x.svg", b"<svg/>"),
    ("x.pdf.exe", PDF),
    ("../../x.pdf", PDF),
]


def test_evidence_that_is_not_what_it_says_is_refused(browser: Browser, estate: Estate) -> None:
    for file in EVIDENCE_THAT_IS_NOT:
        unit_id, form = wish(estate)
        answer = browser("clerk").post(f"/units/{unit_id}/waive", data=form, files={"attachment": file})
        assert answer.status_code == 422
        assert "请" in answer.text


def test_a_file_stands_for_the_note_and_the_account_for_a_first_time(browser: Browser, estate: Estate) -> None:
    unit_id, form = wish(estate, note="")
    clerk = browser("clerk")
    refused = clerk.post(f"/units/{unit_id}/waive", data=form)
    assert refused.status_code == 422
    assert "请上传证明材料" in refused.text
    file = {"attachment": ("低保证.pdf", PDF)}
    assert clerk.post(f"/units/{unit_id}/waive", data=form, files=file).status_code == 303
    first = form | {"reason": "first_time", "key": "f" * 22}
    assert clerk.post(f"/units/{unit_id}/waive", data=first).status_code == 303


def test_nothing_is_added_to_a_request_that_was_decided(browser: Browser, estate: Estate) -> None:
    unit_id, form = wish(estate)
    clerk = browser("clerk")
    where = clerk.post(f"/units/{unit_id}/waive", data=form).headers["location"]
    assert browser("finance").post(f"{where}/decide", data={"decision": "approve"}).status_code == 303
    again = clerk.post(f"/units/{unit_id}/waive", data=form, files={"attachment": ("later.pdf", PDF)})
    assert again.headers["location"] == where
    assert "later.pdf" not in clerk.get(where).text
