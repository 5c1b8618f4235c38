"""The office's work and the owner's page in a real Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Desk, Office, faults, flaws, walk
from tests.web.estate import PASSWORD

pytestmark = pytest.mark.browser

PAGES = [
    "/arrears", "/arrears?q=zzzz", "/units/1", "/units/1?tab=payments", "/units/1?tab=waivers",
    "/units/1?tab=notices", "/units/1?tab=timeline", "/units/1/pay", "/units/1/waive", "/waivers", "/notices",
    "/imports", "/me", "/search?q=1", "/audit", "/nowhere",
]  # fmt: skip


def test_a_clerk_signs_in_finds_a_unit_by_initials_sees_the_working_and_takes_a_part_payment(
    desk: Desk, office: Office
) -> None:
    page = desk.page()
    page.goto(f"{office.url}/login")
    page.fill("#login", "clerk")
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    expect(page.get_by_role("heading", name="工作台")).to_be_visible()

    page.goto(f"{office.url}/arrears")
    page.keyboard.press("Escape")
    page.fill("#q", "oy")
    expect(page.locator("table.list tbody tr")).not_to_have_count(16)
    page.locator("table.list tbody th a").first.click()
    total = page.locator(".tile.is-red b").inner_text()

    figure = page.locator("table.list details.how", has_text="违约金怎么算的").first
    figure.locator("summary").click()
    expect(figure.get_by_role("rowheader", name="四舍五入到分")).to_be_visible()
    page.keyboard.press("Escape")
    expect(figure.get_by_role("rowheader", name="四舍五入到分")).to_be_hidden()

    page.locator("main a[href$='/pay'], main a[href^='/collect/units/']").first.click()
    page.fill("#amount", "300")
    expect(page.locator("#preview")).to_contain_text("本金 300.00")
    page.get_by_role("button", name="收款并开收据").click()
    expect(page.locator(".note.is-ok")).to_contain_text("¥300.00")
    receipt = page.get_by_role("link", name="打印收据").get_attribute("href")
    answer = page.context.request.get(f"{office.url}{receipt}")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.body() == page.context.request.get(f"{office.url}{receipt}").body()
    page.get_by_role("link", name="看去向").click()
    page.get_by_role("link", name="返回此户").click()
    assert page.locator(".tile.is-red b").inner_text() != total


def test_money_is_taken_with_the_keyboard_alone(desk: Desk, office: Office) -> None:
    page = desk.page("cashier")
    page.goto(f"{office.url}/")
    page.keyboard.press("/")
    page.keyboard.type("2-1")
    page.keyboard.press("Escape")
    page.goto(f"{office.url}/units/4/pay")
    page.keyboard.press("F2")
    page.keyboard.type("88.80")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "method"
    page.keyboard.press("Enter")
    page.keyboard.type("流水42")
    expect(page.locator("#preview")).to_contain_text("88.80")
    page.keyboard.press("F9")
    expect(page.locator(".note.is-ok")).to_contain_text("¥88.80")
    page.get_by_role("link", name="看去向").click()
    expect(page.locator("main")).to_contain_text("流水42")


def test_the_owner_reads_the_account_on_a_phone_without_script(desk: Desk, office: Office) -> None:
    page = desk.page(size=PHONE, script=False)
    page.goto(office.link_of(2))
    expect(page.get_by_text("房号尾数 02")).to_be_visible()
    assert "1单元102" not in page.content()
    assert "王" not in page.content()
    page.get_by_role("button", name="查看我的账单").click()
    expect(page.get_by_text("应缴合计")).to_be_visible()
    assert page.url.endswith("/my")
    page.get_by_text("怎么算的", exact=True).first.click()
    expect(page.get_by_text("从应缴日次日起").first).to_be_visible()
    for target in page.locator("a.button, button, summary").all():
        assert (target.bounding_box() or {"height": 48})["height"] >= 48
    page.get_by_role("button", name="退出").click()
    page.goto(f"{office.url}/my")
    expect(page.get_by_text("重新扫描通知书上的二维码")).to_be_visible()
    desk.complaints.clear()  # the last page is a 403 on purpose


def test_lists_work_without_script(desk: Desk, office: Office) -> None:
    page = desk.page("clerk", script=False)
    page.goto(f"{office.url}/arrears")
    page.fill("#q", "ww")
    page.get_by_role("button", name="筛选").click()
    assert "q=ww" in page.url
    count = page.locator("table.list tbody tr").count()
    assert 0 < count < 16
    page.get_by_role("link", name="本金").click()
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("本金")
    page.locator("table.list tbody th a").first.click()
    page.locator("details.how summary").first.click()
    expect(page.locator(".how-panel").first).to_be_visible()


def test_axe_finds_nothing_and_nothing_sticks_out(desk: Desk, office: Office) -> None:
    found = walk(desk.page("manager"), office, PAGES)
    stranger = desk.page()
    for address in (f"{office.url}/login", office.link_of(1)):
        stranger.goto(address)
        found += flaws(stranger)
    stranger.get_by_role("button", name="查看我的账单").click()
    found += flaws(stranger)
    assert found == []
    desk.complaints[:] = [text for text in desk.complaints if "404" not in text]


def test_an_open_working_has_no_faults_either(desk: Desk, office: Office) -> None:
    page = desk.page("manager")
    page.goto(f"{office.url}/units/1")
    page.locator("table.list details.how summary").nth(2).click()
    assert faults(page) == []
