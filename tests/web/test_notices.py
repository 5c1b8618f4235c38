"""A batch through the pages: who is left out and why, the draft, the release, the papers."""

from __future__ import annotations

from tests.web.conftest import Browser
from tests.web.estate import Estate

KEY = "n" * 22


def draft(browser: Browser, estate: Estate, who: str = "clerk", **changes: object):
    first = estate.communities[0]
    client = browser(who)
    client.post("/community", data={"community_id": str(first)})
    form = {"unit": [str(n) for n in estate.units[first][:3]], "stage": "2", "key": KEY, "act": "draft"}
    return client, client.post("/notices/draft", data=form | changes)


def test_a_preview_counts_and_writes_nothing(browser: Browser, estate: Estate) -> None:
    client, answer = draft(browser, estate, act="preview")
    assert answer.status_code == 200
    assert "将收到通知" in answer.text
    assert "还没有通知批次" in client.get("/notices").text


def test_a_batch_is_drafted_once_released_and_printed(browser: Browser, estate: Estate) -> None:
    client, made = draft(browser, estate)
    assert made.status_code == 303, made.text[-1500:]
    _, again = draft(browser, estate)
    assert again.headers["location"] == made.headers["location"]
    where = made.headers["location"]
    assert client.post(f"{where}/parts/1").status_code == 404
    manager = browser("manager")
    assert manager.post(f"{where}/release").status_code == 303  # the test client waits for the background work
    page = client.get(where).text
    assert "已完成" in page
    assert page.count(">PDF<") == 2  # the third unit owes nothing and was never a candidate
    assert client.get("/documents/1.pdf").content.startswith(b"%PDF")
    assert client.get("/documents/1.pdf").content == client.get("/documents/1.pdf").content
    assert manager.post(f"{where}/release").status_code == 409
    progress = client.get(f"{where}/progress")
    assert progress.headers["hx-refresh"] == "true"


def test_who_paid_after_the_draft_is_left_out_with_the_reason(browser: Browser, estate: Estate) -> None:
    client, made = draft(browser, estate)
    unit_id = estate.units[estate.communities[0]][0]
    client.post(f"/units/{unit_id}/pay", data={"amount": "1631.99", "key": "z" * 22})
    browser("manager").post(f"{made.headers['location']}/release")
    page = client.get(made.headers["location"]).text
    assert "已缴清" in page
    assert page.count(">PDF<") == 1


def test_a_trial_date_to_come_never_gets_into_a_letter(browser: Browser, estate: Estate) -> None:
    client, answer = draft(browser, estate, as_of="2087-06-30")
    assert answer.status_code == 422
    assert "届时的违约金和账单还没有发生" in answer.text
    assert "还没有通知批次" in client.get("/notices").text


def test_nothing_selected_is_refused(browser: Browser, estate: Estate) -> None:
    _, answer = draft(browser, estate, unit=[])
    assert answer.status_code == 422
    assert "请先在欠费清单勾选" in answer.text


def test_everything_means_the_whole_filtered_list(browser: Browser, estate: Estate) -> None:
    _, answer = draft(browser, estate, unit=[], everything="1", q="ww", act="preview")
    assert answer.status_code == 200
    assert "1幢1单元101" in answer.text
    assert "1幢1单元102" not in answer.text


def test_a_unit_of_another_community_is_not_taken_along(browser: Browser, estate: Estate) -> None:
    foreign = estate.units[estate.communities[1]][0]
    _, answer = draft(browser, estate, unit=[str(foreign)], act="preview")
    assert "0 户" in answer.text
    assert f"/units/{foreign}" not in answer.text


def test_a_collector_drafts_but_does_not_release(browser: Browser, estate: Estate) -> None:
    client, made = draft(browser, estate, who="collector")
    assert client.post(f"{made.headers['location']}/release").status_code == 403
    assert client.post(f"{made.headers['location']}/cancel").status_code == 303


def test_another_community_sees_neither_batch_nor_paper(browser: Browser, estate: Estate) -> None:
    manager = browser("manager")
    second = estate.communities[1]
    manager.post("/community", data={"community_id": str(second)})
    form = {"unit": [str(n) for n in estate.units[second][:2]], "stage": "2", "key": KEY, "act": "draft"}
    where = manager.post("/notices/draft", data=form).headers["location"]
    unit_id = estate.units[second][0]
    confined = browser("confined")
    for path in (where, f"{where}/sample.pdf", f"{where}/units.xlsx", f"{where}/rooms/{unit_id}"):
        assert manager.get(path).status_code == 200, path
        assert confined.get(path).status_code == 404, path
    browser("clerk").post(f"{where}/release")
    for path in (where, f"{where}/progress", "/documents/1.pdf"):
        assert manager.get(path).status_code == 200, path
        assert confined.get(path).status_code == 404, path
    assert manager.post(f"{where}/parts/1").status_code == 200
    again = {"act": "exclude", "reason": "x"}
    for act in ("release", "resume", "cancel", "parts/1", "papers/1", f"rooms/{unit_id}"):
        assert confined.post(f"{where}/{act}", data=again if "rooms" in act else {}).status_code == 404, act


def test_who_drafted_does_not_release(browser: Browser, estate: Estate) -> None:
    client, made = draft(browser, estate)
    where = made.headers["location"]
    refused = client.post(f"{where}/release")
    assert refused.status_code == 403
    assert "编制人和发布人不能是同一人" in refused.text
    assert "待发布" in client.get(where).text


def test_a_unit_is_left_out_with_a_reason_that_the_releaser_sees(browser: Browser, estate: Estate) -> None:
    client, made = draft(browser, estate)
    where, unit_id = made.headers["location"], estate.units[estate.communities[0]][0]
    room = f"{where}/rooms/{unit_id}"
    blank = client.post(room, data={"act": "exclude", "reason": " "})
    assert blank.status_code == 422
    assert "请写明原因" in blank.text
    assert client.post(room, data={"act": "exclude", "reason": "已约定周五缴清"}).status_code == 303
    page = browser("manager").get(where).text
    assert "已约定周五缴清" in page
    assert "人工排除" in page
    assert client.post(room, data={"act": "include", "reason": "没有缴"}).status_code == 303
    assert "跳过" in client.get(f"{where}?state=skipped").text


def test_the_list_of_a_batch_is_filtered_paged_and_exported(browser: Browser, estate: Estate) -> None:
    client, made = draft(browser, estate)
    where = made.headers["location"]
    assert "1幢1单元101室" in client.get(f"{where}?state=waiting").text
    assert "没有符合条件的房产" in client.get(f"{where}?state=failed").text
    assert client.get(f"{where}?state=nonsense").status_code == 422
    assert "1幢1单元102室" not in client.get(f"{where}?q=101").text
    book = client.get(f"{where}/units.xlsx?state=waiting")
    assert book.status_code == 200
    assert book.content.startswith(b"PK")


def test_a_part_is_printed_again_only_with_a_reason_and_is_the_same(browser: Browser, estate: Estate) -> None:
    client, made = draft(browser, estate)
    where = made.headers["location"]
    browser("manager").post(f"{where}/release")
    first = client.post(f"{where}/parts/1")
    assert first.content.startswith(b"%PDF")
    refused = client.post(f"{where}/parts/1")
    assert refused.status_code == 422
    assert "再次打印请写明原因" in refused.text
    again = client.post(f"{where}/parts/1", data={"reason": "卡纸"})
    assert again.content == first.content
    assert client.post(f"{where}/papers/1").status_code == 422
    one = client.post(f"{where}/papers/1", data={"reason": "送达时遗失"})
    assert one.content == client.get("/documents/1.pdf").content
    page = client.get(where).text
    assert "卡纸" in page
    assert "送达时遗失" in page


def test_a_sample_shows_the_real_notice_and_changes_nothing(browser: Browser, estate: Estate) -> None:
    client, made = draft(browser, estate)
    where = made.headers["location"]
    sample = client.get(f"{where}/sample.pdf")
    assert sample.content.startswith(b"%PDF")
    assert client.get("/documents/1.pdf").status_code == 404
    elsewhere = estate.units[estate.communities[1]][0]
    assert client.get(f"{where}/sample.pdf?unit={elsewhere}").status_code == 404
