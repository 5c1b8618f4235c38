"""The settings pages in Chromium: no fault for people who cannot see them, nothing sticks out, the five steps work."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Desk, Office, walk

pytestmark = pytest.mark.browser

PAGES = (
    "/settings",
    "/settings/community",
    "/settings/start",
    "/settings/calendar",
    "/settings/numbers",
    "/settings/backups",
    "/settings/check",
    "/settings/keys",
    "/settings/state",
)


def test_axe_finds_nothing_and_nothing_sticks_out(desk: Desk, office: Office) -> None:
    assert walk(desk.page("admin"), office, PAGES) == []


def test_a_community_is_made_and_saved_without_script_or_mouse(desk: Desk, office: Office) -> None:
    page = desk.page("admin", script=False)
    page.goto(office.url + "/settings/community/new")
    page.get_by_label("小区名称").fill("临江里")
    page.get_by_label("统一社会信用代码").fill("91110000802100433C")
    page.get_by_role("button", name="保存").press("Enter")
    assert "校验位不对" in page.content()
    assert [text for text in desk.complaints if "422" not in text] == []
    desk.complaints.clear()  # Chromium notes the refusal that was asked for
    assert page.get_by_label("小区名称").input_value() == "临江里"
    page.get_by_label("统一社会信用代码").fill("91110000802100433B")
    page.get_by_role("button", name="保存").press("Enter")
    assert page.url.endswith("/settings/start")
    assert "已新建“临江里”" in page.content()
