"""A second factor in a real Chromium: set up, signed in with, and asked for before a grave act that is not lost."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from app import clock
from app.gateways import second_factor as codes
from app.store import db
from app.store.tables_office import user_session
from app.store.tables_security import second_factor
from tests.browser.conftest import Desk, Office, faults, flaws, walk
from tests.web.estate import PASSWORD

pytestmark = pytest.mark.browser


def sign_in(page: Page, office: Office, login: str) -> None:
    page.goto(f"{office.url}/login")
    page.fill("#login", login)
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")


def unused_code(office: Office, secret: str) -> str:
    """Return the code of this half minute, as though none had been used yet: nobody waits in a test."""
    with db.transaction(office.engine) as session:  # type: ignore[arg-type]
        session.execute(sa.update(second_factor).values(last_step=0))
    return codes.code_at(secret, clock.now())


def long_ago(office: Office) -> None:
    """Let everybody have proved who they are an hour ago."""
    with db.transaction(office.engine) as session:  # type: ignore[arg-type]
        session.execute(sa.update(user_session).values(reauth_at=clock.now() - dt.timedelta(hours=1)))


def test_a_manager_sets_up_a_second_factor_signs_in_with_it_and_decides_a_waiver_without_typing_twice(
    desk: Desk, office: Office
) -> None:
    clerk = desk.page("clerk")
    clerk.goto(f"{office.url}/units/1/waive")
    clerk.locator("input[name=bill]").first.check()
    clerk.fill("#percent", "50")
    clerk.select_option("#reason", "hardship")
    clerk.fill("#note", "低保户，已看低保证原件")
    clerk.get_by_role("button", name="提交").last.click()
    clerk.wait_for_url("**/waivers/*")
    waiver = clerk.url

    page = desk.page()
    sign_in(page, office, "manager")
    page.goto(f"{office.url}/me")
    page.get_by_role("link", name="设置两步验证").click()
    page.get_by_role("button", name="开始设置").click()
    expect(page.locator("img.qr")).to_be_visible()
    assert faults(page) == []
    secret = page.locator(".set-up code").inner_text().replace(" ", "")
    page.fill("#code", unused_code(office, secret))
    page.press("#code", "Enter")
    expect(page.get_by_role("heading", name="请保存恢复码")).to_be_visible()
    assert page.locator(".codes li").count() == 10
    assert faults(page) == []

    again = desk.page()
    sign_in(again, office, "manager")
    again.wait_for_url("**/login/code")
    assert faults(again) == []
    again.fill("#code", "000000")
    again.press("#code", "Enter")
    expect(again.get_by_role("alert")).to_contain_text("验证码不对")
    again.fill("#code", unused_code(office, secret))
    again.press("#code", "Enter")
    expect(again.get_by_role("heading", name="工作台")).to_be_visible()

    again.goto(waiver)
    again.locator("textarea[name=note], input[name=note]").first.fill("同意，材料齐全，单位已核实")
    long_ago(office)
    again.get_by_role("button", name="批准").first.click()
    expect(again.get_by_role("heading", name="再次确认身份")).to_be_visible()
    assert "材料齐全" not in again.content()
    assert faults(again) == []
    again.fill("#secret", unused_code(office, secret))
    again.press("#secret", "Enter")
    again.wait_for_url("**/waivers/*")
    expect(again.locator("main")).to_contain_text("同意，材料齐全，单位已核实")
    desk.complaints[:] = [text for text in desk.complaints if "422" not in text]


def test_a_phone_number_shows_in_the_list_at_a_click_and_hides_on_the_next_page(desk: Desk, office: Office) -> None:
    page = desk.page("clerk")
    page.goto(f"{office.url}/units")
    field = page.locator(".masked").first
    expect(field).to_contain_text("****")
    field.get_by_role("button").click()
    shown = page.locator(".masked.is-shown").first
    expect(shown).to_contain_text("已留痕")
    assert "*" not in shown.inner_text()
    assert page.url.endswith("/units")
    page.reload()
    expect(page.locator(".masked.is-shown")).to_have_count(0)


def test_axe_finds_nothing_on_the_pages_of_an_administrator_and_nothing_sticks_out(desk: Desk, office: Office) -> None:
    page = desk.page("admin")
    paths = ("/me", "/me/second-factor?needed=1", "/users", "/users/new", "/users/1", "/users/roles", "/audit")
    found = walk(page, office, paths)
    page.goto(f"{office.url}/users/1")
    page.get_by_role("button", name="生成设密码链接").click()
    link = page.locator("code.break").inner_text()
    found += flaws(page)
    stranger = desk.page()
    stranger.goto(f"{office.url}/join/{link.rpartition('/')[2]}")
    found += flaws(stranger)
    assert found == []
