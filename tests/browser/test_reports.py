"""The desk and the reports in a real Chromium: from a figure to its rows, the meaning beside it, and nothing axe minds."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Desk, Office, walk

pytestmark = pytest.mark.browser

PAGES = [
    "/", "/reports", "/reports/collection", "/reports/aging", "/reports/limitation", "/reports/bills",
    "/reports/stewards",
]  # fmt: skip


def test_a_figure_of_the_desk_leads_to_its_list(desk: Desk, office: Office) -> None:
    page = desk.page("manager")
    page.goto(f"{office.url}/")
    figure = page.locator(".tile.is-red b a")
    total = figure.inner_text()
    expect(page.locator("svg.chart:visible")).to_have_count(2)
    figure.click()
    expect(page.locator("#total")).to_have_text(total)

    page.goto(f"{office.url}/")
    page.get_by_text("看数字").last.click()
    age = page.locator("#h-aging ~ details tbody a").nth(3)
    principal = age.inner_text()
    age.click()
    expect(page.locator("#principal")).to_have_text(f"¥{principal}")


def test_a_report_is_narrowed_explained_and_followed_to_its_rows(desk: Desk, office: Office) -> None:
    page = desk.page("manager")
    page.goto(f"{office.url}/reports")
    page.get_by_role("link", name="收缴率").click()
    page.fill("#from_on", "2026-10-01")
    page.fill("#to_on", "2026.10.31")
    page.press("#to_on", "Enter")
    expect(page.get_by_text("2026-10-01 至 2026-10-31").first).to_be_visible()
    page.get_by_label("口径：本期收缴率").click()
    expect(page.locator(".how-panel", has_text="本期实收÷本期应收")).to_be_visible()
    page.keyboard.press("Escape")
    cell = page.locator("tfoot td a").first
    total = cell.inner_text()
    cell.click()
    expect(page.locator("#net")).to_have_text(f"¥{total}")


def test_a_report_works_without_script(desk: Desk, office: Office) -> None:
    page = desk.page("manager", script=False)
    page.goto(f"{office.url}/reports/aging")
    page.select_option("#by", "item")
    page.get_by_role("button", name="统计").click()
    expect(page.get_by_role("rowheader", name="物业服务费")).to_be_visible()


def test_paper_shows_the_report_without_its_form(desk: Desk, office: Office) -> None:
    page = desk.page("manager")
    page.goto(f"{office.url}/reports/aging")
    page.emulate_media(media="print")
    expect(page.locator(".filters")).to_be_hidden()
    expect(page.locator("#h-how")).to_be_visible()
    expect(page.locator("tfoot")).to_be_visible()


def test_axe_finds_nothing_and_nothing_is_cut_off(desk: Desk, office: Office) -> None:
    assert walk(desk.page("manager"), office, PAGES) == []
