"""A clerk takes a unit from its arrears to a hearing; the pages of a case hold to what screen readers need."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Desk, Office, walk

pytestmark = pytest.mark.browser

PAGES = [
    "/cases", "/cases/calendar", "/cases/1", "/cases/1?tab=parties", "/cases/1?tab=dates", "/cases/1?tab=money",
    "/cases/1?tab=papers", "/cases/1?tab=talk", "/counsel", "/reports/cases",
]  # fmt: skip


def test_a_clerk_takes_a_unit_from_arrears_to_a_hearing(desk: Desk, office: Office) -> None:
    clerk = desk.page("clerk")
    clerk.goto(f"{office.url}/arrears")
    clerk.locator("input[name=unit]").first.check()
    clerk.get_by_role("button", name="为所选各户建案").click()
    expect(clerk.get_by_text("没有催缴送达的凭据")).to_be_visible()
    clerk.get_by_label("仍要建案的理由").fill("时效临近，经理同意")
    clerk.get_by_role("button", name="建案", exact=True).click()
    expect(clerk.get_by_role("heading", name="CASE-")).to_be_visible()
    clerk.get_by_role("link", name="当事人").click()
    expect(clerk.get_by_role("heading", name="被告：")).to_be_visible()
    clerk.get_by_role("link", name="进程与期限").click()
    for stage, court in (("ready", ""), ("filed", "江南区人民法院"), ("accepted", "")):
        clerk.locator("#to").select_option(stage)
        if court:
            clerk.get_by_label("法院或机构").fill(court)
        clerk.locator("form[action$='/step'] button").click()
        expect(clerk.get_by_text("已登记新的阶段")).to_be_visible()
    clerk.get_by_label("日期").first.fill("2026-12-04")
    clerk.get_by_label("时间").fill("09:30")
    clerk.locator("form[action$='/dates'] button").click()
    expect(clerk.get_by_role("row", name="开庭")).to_be_visible()


def test_the_pages_of_cases_have_no_fault_for_screen_readers(desk: Desk, office: Office) -> None:
    assert walk(desk.page("manager"), office, PAGES) == []
