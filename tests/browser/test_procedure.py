"""A batch with an exclusion released by a second person, and a waiver with two people, in a real Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Desk, Office, walk

pytestmark = pytest.mark.browser

PAGES = [
    "/notices", "/notices/1", "/notices/1?state=failed", "/procedure", "/procedure/new", "/procedure/versions/1",
    "/procedure/wording/notice", "/procedure/wording/versions/1", "/waivers", "/waivers?state=all", "/waivers/1",
    "/waivers/budget", "/waivers/report",
]  # fmt: skip


def test_a_batch_with_an_exclusion_is_released_by_another_person_who_sees_it_finish(desk: Desk, office: Office) -> None:
    clerk, manager = desk.page("clerk"), desk.page("manager")
    clerk.goto(f"{office.url}/arrears?q=1-1-10")
    clerk.locator("input[name=everything]").check()
    clerk.get_by_role("button", name="生成催缴批次").click()
    expect(clerk.get_by_role("heading", name="将收到通知")).to_be_visible()
    clerk.get_by_role("button", name="编制批次").click()
    expect(clerk.get_by_text("须由另一位有发布权限的同事复核后发布")).to_be_visible()
    clerk.get_by_role("link", name="排除").first.click()
    clerk.get_by_label("原因").fill("已约定周五缴清")
    clerk.get_by_role("button", name="排除这一户").click()
    expect(clerk.get_by_text("已约定周五缴清")).to_be_visible()

    manager.goto(clerk.url)
    expect(manager.get_by_text("已约定周五缴清")).to_be_visible()
    sample = manager.get_by_role("link", name="看样张").get_attribute("href")
    assert manager.context.request.get(f"{office.url}{sample}").body().startswith(b"%PDF")
    manager.get_by_role("button", name="复核并发布").click()
    expect(manager.get_by_text("已全部生成")).to_be_visible(timeout=60_000)
    clerk.reload()
    expect(clerk.get_by_text("已全部生成")).to_be_visible()
    notice = clerk.get_by_role("link", name="通知 PDF").first.get_attribute("href")
    assert clerk.context.request.get(f"{office.url}{notice}").body().startswith(b"%PDF")
    with clerk.context.expect_page() as opened:
        clerk.get_by_role("button", name="打印第 1 册").click()
    opened.value.close()
    clerk.reload()
    expect(clerk.get_by_label("再次打印的原因")).to_be_visible()


def test_a_procedure_and_a_wording_are_published_by_another_person(desk: Desk, office: Office) -> None:
    clerk, manager = desk.page("clerk"), desk.page("manager")
    clerk.goto(f"{office.url}/procedure/new")
    clerk.fill("#days_2", "45")
    clerk.fill("#note", "二级改为 45 天")
    clerk.get_by_role("button", name="保存草稿").click()
    expect(clerk.get_by_text("原 31 天")).to_be_visible()
    manager.goto(clerk.url)
    manager.get_by_role("button", name="核对并发布").click()
    expect(manager.get_by_text("已发布，自")).to_be_visible()

    clerk.goto(f"{office.url}/procedure/wording/notice")
    clerk.fill("#opening", "{小区}的电梯大修已完成。")
    clerk.fill("#note", "加一句")
    clerk.get_by_role("button", name="保存草稿").click()
    manager.goto(clerk.url)
    manager.get_by_role("button", name="核对并发布").click()
    expect(manager.get_by_text("今后编制的批次使用这一版文案")).to_be_visible()


def test_a_waiver_goes_back_and_forth_between_two_people_and_is_approved(desk: Desk, office: Office) -> None:
    clerk, manager = desk.page("clerk"), desk.page("manager")
    clerk.goto(f"{office.url}/units/2/waive")
    clerk.fill("#percent", "50")
    clerk.select_option("#reason", "hardship")
    clerk.fill("#note", "低保户，已看低保证原件")
    clerk.get_by_role("button", name="提交审批").click()
    where = clerk.url
    manager.goto(where)
    expect(manager.get_by_role("heading", name="规则核对")).to_be_visible()
    manager.fill("#note", "请写明证号")
    manager.get_by_role("button", name="要求补充").click()
    clerk.goto(where)
    clerk.fill("#answer", "证号尾数 0042")
    clerk.get_by_role("button", name="提交补充").click()
    manager.goto(where)
    expect(manager.get_by_text("证号尾数 0042")).to_be_visible()
    manager.get_by_role("button", name="批准").click()
    expect(manager.get_by_text("已批准").first).to_be_visible()
    manager.goto(f"{office.url}/waivers/report")
    expect(manager.get_by_role("heading", name="减免汇总")).to_be_visible()


def test_axe_finds_nothing_and_nothing_sticks_out(desk: Desk, office: Office) -> None:
    assert walk(desk.page("manager"), office, PAGES) == []
    desk.complaints[:] = [text for text in desk.complaints if "404" not in text]
