"""The frame, the search and the list of arrears in a real Chromium: by keyboard, on a phone, and with JavaScript off."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Desk, Office, flaws, walk

pytestmark = pytest.mark.browser

PAGES = (
    "/arrears?view=all",
    "/arrears?months=12&cols=owner.building.usage.area.months.bills.costs.credit.paid.noticed.flags.steward",
    "/arrears?max_amount=x",
    "/arrears/print",
    "/views?gone=1",
    "/search?q=1-1",
    "/search?q=nobody",
    "/jobs",
)


def test_nothing_is_wrong_for_people_who_cannot_see_it_and_nothing_sticks_out(desk: Desk, office: Office) -> None:
    page = desk.page("manager")
    found = walk(page, office, PAGES)
    page.goto(f"{office.url}/arrears?view=all")
    for opened in ("#bell", ".views details", ".filters details", ".who > details:last-child", ".fold"):
        page.evaluate("selector => { const el = document.querySelector(selector); if (el) el.open = true; }", opened)
    found += flaws(page)
    desk.complaints[:] = [text for text in desk.complaints if "422" not in text]
    assert found == []


def test_the_search_is_worked_with_the_keyboard_alone(desk: Desk, office: Office) -> None:
    page = desk.page("clerk")
    page.goto(f"{office.url}/jobs")
    page.keyboard.press("/")
    page.keyboard.type("1-1-10")
    box = page.locator("#found")
    expect(box.locator("a.is-on")).to_contain_text("101")
    page.keyboard.press("ArrowDown")
    expect(box.locator("a.is-on")).to_contain_text("102")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{office.url}/units/1")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="快捷键")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="快捷键")).to_be_hidden()


def test_the_arrows_go_down_a_list_and_the_address_follows_the_filter(desk: Desk, office: Office) -> None:
    page = desk.page("clerk")
    page.goto(f"{office.url}/arrears?view=all")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.closest('tr').rowIndex") == 2
    page.fill("#q", "oy")
    expect(page.locator("table.list tbody tr")).to_have_count(1)
    expect(page).to_have_url(f"{office.url}/arrears?q=oy")
    expect(page.locator("[data-carry='/arrears/export/preview']")).to_have_attribute(
        "href", "/arrears/export/preview?sort=-total&q=oy"
    )


def test_on_a_phone_the_menu_unfolds_above_the_page(desk: Desk, office: Office) -> None:
    page = desk.page("clerk", size=PHONE, script=False)
    page.goto(f"{office.url}/arrears?view=all")
    heading = page.get_by_role("heading", name="欠费清单")
    before = heading.bounding_box()
    page.locator(".fold summary").click()
    menu = page.locator(".fold ul").bounding_box()
    after = heading.bounding_box()
    assert before is not None
    assert menu is not None
    assert after is not None
    assert after["y"] > before["y"] + menu["height"] * 0.9
    page.locator(".fold").get_by_role("link", name="房产与业主").click()
    expect(page).to_have_url(f"{office.url}/units")


def test_without_script_a_list_is_filtered_saved_as_a_view_and_its_deletion_undone(desk: Desk, office: Office) -> None:
    page = desk.page("clerk", script=False)
    page.goto(f"{office.url}/arrears?view=all")
    page.get_by_text("更多条件").click()
    page.fill("#min_days", "200")
    page.get_by_role("button", name="筛选").click()
    expect(page).to_have_url(f"{office.url}/arrears?min_days=200")
    page.get_by_text("选择要显示的列").click()
    page.get_by_label("欠费月数").check()
    page.get_by_role("button", name="显示所选的列").click()
    expect(page.get_by_role("columnheader", name="欠费月数")).to_be_visible()
    page.get_by_text("保存当前筛选").click()
    page.fill("#view-name", "半年以上")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("半年以上")
    page.get_by_role("link", name="管理视图").click()
    page.get_by_role("button", name=re.compile("删除.*半年以上")).click()
    page.get_by_role("button", name="撤销").click()
    expect(page.get_by_role("link", name="半年以上")).to_be_visible()


def test_the_density_of_rows_changes_with_one_press(desk: Desk, office: Office) -> None:
    page = desk.page("collector")
    page.goto(f"{office.url}/arrears?view=all")
    row = page.locator("table.list tbody tr").first
    assert row.bounding_box()["height"] == pytest.approx(31, abs=1.5)  # type: ignore[index]
    page.locator(".who > details").last.locator("summary").click()
    page.get_by_role("button", name="宽松").click()
    expect(page).to_have_url(f"{office.url}/arrears?view=all")
    assert row.bounding_box()["height"] == pytest.approx(40, abs=1.5)  # type: ignore[index]
