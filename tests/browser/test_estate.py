"""The care of units in a real Chromium: a unit changes hands, the plan of rooms by keyboard, axe on every page."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Desk, Office, faults, walk

pytestmark = pytest.mark.browser

PAGES = [
    "/units", "/units?state=owing", "/units/map", "/units/3", "/units/3?tab=owners", "/units/3?tab=basis",
    "/units/3?tab=files", "/units/3?tab=timeline", "/units/3/transfer", "/units/3/hold", "/units/3/contacts",
    "/units/3/co-owner", "/units/3/details", "/units/3/vacancy", "/units/3/marks", "/units/3/fees",
    "/units/3/people/3", "/units/3/account", "/holds",
]  # fmt: skip


def first_community(page: object, office: Office) -> None:
    """Look at the community the numbers of the units below belong to."""
    page.request.post(  # type: ignore[attr-defined]
        f"{office.url}/community",
        form={"community_id": str(office.estate.communities[0])},
        headers={"Origin": office.url},
        max_redirects=0,
    )


def test_a_unit_changes_hands_with_its_settlement(desk: Desk, office: Office) -> None:
    page = desk.page("clerk")
    page.goto(f"{office.url}/units/1")
    page.get_by_role("link", name="过户").first.click()
    page.fill("#transfer_on", "2026-10-05")
    page.fill("#name", "钱多多")
    page.fill("#phone", "13912345678")
    page.fill("#source", "不动产权证0001号")
    page.get_by_role("button", name="下一步：清算").click()
    expect(page.get_by_text("合计，过户前后不变")).to_be_visible()
    expect(page.get_by_text("系统不拆分账单")).to_be_visible()
    page.get_by_role("button", name="确认过户").click()
    expect(page.get_by_role("heading", name="过户清算单", exact=True)).to_be_visible()
    expect(page.locator("main")).to_contain_text("钱*多")
    assert faults(page) == []
    page.get_by_role("link", name="返回此户").click()
    expect(page.get_by_role("table").first).to_contain_text("钱*多")
    page.goto(f"{office.url}/units/1?tab=timeline&kind=people")
    expect(page.locator(".timeline")).to_contain_text("清算单")


def test_the_plan_of_rooms_is_walked_with_the_keyboard_alone(desk: Desk, office: Office) -> None:
    page = desk.page("clerk")
    first_community(page, office)
    page.goto(f"{office.url}/units/map")
    rooms = page.locator("table.rooms a.room")
    expect(rooms.first).to_be_visible()
    rooms.first.focus()
    top = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("ArrowRight")
    beside = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("ArrowDown")
    below = page.evaluate("document.activeElement.textContent")
    assert len({top, beside, below}) == 3
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(below.split("，")[1])


def test_axe_finds_nothing_wrong_and_nothing_sticks_out(desk: Desk, office: Office) -> None:
    page = desk.page("manager")
    first_community(page, office)
    assert walk(page, office, PAGES) == []
