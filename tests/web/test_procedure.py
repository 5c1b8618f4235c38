"""The procedure through the pages: a version and a wording drafted, compared, tried and published by another person."""

from __future__ import annotations

from tests.web.conftest import Browser
from tests.web.estate import Estate

LEVELS = {
    "days_1": "1", "pause_1": "15", "tone_1": "reminder", "deadline_1": "15", "active_1": "true",
    "days_2": "45", "amount_2": "500", "pause_2": "20", "tone_2": "notice", "deadline_2": "15", "active_2": "true",
    "from_on": "2026-11-23", "note": "二级改为 45 天",
}  # fmt: skip


def test_a_version_is_drafted_compared_and_published_by_another_person(browser: Browser, estate: Estate) -> None:
    clerk, manager = browser("clerk"), browser("manager")
    assert "初始流程" in clerk.get("/procedure").text
    assert 'value="31"' in clerk.get("/procedure/new").text
    made = clerk.post("/procedure/new", data=LEVELS)
    assert made.status_code == 303, made.text[-800:]
    where = made.headers["location"]
    page = manager.get(where).text
    assert "原 31 天" in page
    assert "原 不限" in page
    assert "没有这一级" in page  # the third level is gone
    assert clerk.post(f"{where}/publish").status_code == 403
    assert manager.post(f"{where}/publish").status_code == 303
    assert "现行" in clerk.get("/procedure").text
    assert manager.post(f"{where}/publish").status_code == 409
    assert manager.post(f"{where}/discard").status_code == 409
    assert 'value="500.00"' in clerk.get("/procedure/new?like=1").text
    assert manager.get(f"{where}?against=0").status_code == 200
    assert manager.get(f"{where}?against=77").status_code == 404
    assert estate.communities


def test_a_manager_does_not_publish_his_own(browser: Browser) -> None:
    manager = browser("manager")
    where = manager.post("/procedure/new", data=LEVELS).headers["location"]
    refused = manager.post(f"{where}/publish")
    assert refused.status_code == 403
    assert "起草人和发布人不能是同一人" in refused.text


def test_what_was_typed_is_kept_and_the_fault_said_at_its_field(browser: Browser) -> None:
    clerk = browser("clerk")
    for changes, sentence in (
        ({"days_2": "1"}, "第 2 级的逾期天数应多于前一级"),
        ({"days_2": "x"}, "第 2 级逾期天数"),
        ({"from_on": "2026-11-01"}, "启用日期不能早于今天"),
        ({"note": ""}, "请写明改了什么"),
        ({"deadline_2": "2"}, "缴费期限不能少于 3 天"),
        ({"days_2": "", "days_3": "60"}, "第 2 级没有填全"),
    ):
        answer = clerk.post("/procedure/new", data=LEVELS | changes)
        assert answer.status_code == 422, changes
        assert sentence in answer.text, changes
        assert 'value="15"' in answer.text


def test_a_wording_is_drafted_tried_and_published_by_another_person(browser: Browser, estate: Estate) -> None:
    clerk, manager = browser("clerk"), browser("manager")
    said = {"opening": "{小区}电梯已大修。", "contact": "管家电话 {联系电话}。", "note": "加一句"}
    refused = clerk.post("/procedure/wording/notice", data=said | {"closing": "否则停电"})
    assert refused.status_code == 422
    assert "不能写进通知" in refused.text
    assert "{小区}电梯已大修。" in refused.text
    made = clerk.post("/procedure/wording/notice", data=said)
    where = made.headers["location"]
    for room, status in (("", 200), ("1-1-101", 200), ("9-9-999", 422), ("1-1-201", 422)):
        sample = clerk.get(f"{where}/sample.pdf", params={"room": room})
        assert sample.status_code == status, room
        assert sample.content.startswith(b"%PDF") == (status == 200)
    assert clerk.post(f"{where}/publish").status_code == 403
    assert manager.post(f"{where}/publish").status_code == 303
    assert "第 1 版" in clerk.get("/procedure").text
    second = clerk.post("/procedure/wording/notice", data=said | {"opening": "新"}).headers["location"]
    assert "现行第 1 版" in manager.get(second).text
    assert manager.post(f"{second}/discard").status_code == 303
    assert clerk.get("/procedure/wording/nonsense").status_code == 404
    assert estate.units


def test_another_community_sees_neither_version_nor_wording(browser: Browser, estate: Estate) -> None:
    manager, confined = browser("manager"), browser("confined")
    manager.post("/community", data={"community_id": str(estate.communities[1])})
    version = manager.post("/procedure/new", data=LEVELS).headers["location"]
    wording = manager.post("/procedure/wording/demand", data={"opening": "好", "note": "x"}).headers["location"]
    for path in (version, wording, f"{wording}/sample.pdf", "/procedure/new?like=1"):
        assert manager.get(path).status_code == 200, path
        assert confined.get(path).status_code == 404, path
    for path in (version, wording):
        for act in ("publish", "discard"):
            assert confined.post(f"{path}/{act}").status_code == 404
