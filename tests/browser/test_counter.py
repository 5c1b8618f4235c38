"""The counter in Chromium: a morning without a mouse, money that finds its unit, and a till handed over by two people."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from playwright.sync_api import Page, expect

from app import clock
from app.domain.counter import By, Method
from app.services import closing, deposits, shifts, unclaimed
from app.store import db
from app.store import deposits as deposit_reads
from tests.browser.conftest import Desk, Office, walk
from tests.web.estate import PASSWORD

PAGES = (
    "/collect", "/collect?q=1-1", "/collect/units/28", "/collect/units/28/deposit", "/collect/unclaimed",
    "/collect/unclaimed/1", "/collect/deposits", "/collect/deposits/1", "/collect/shift", "/collect/shifts",
    "/collect/shifts/1", "/closing", "/closing/review?span=day&on=2026-11-02", "/closing/review?span=day&on=2026-10-01",
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def stocked(office: Office) -> None:
    """Put one of everything into the second community, and leave the first to the flows."""
    place, people = office.estate.communities[1], office.estate.users
    now = clock.now()

    def by(login: str) -> By:
        return By(people[login], login, login, clock.today(), now, f"stock-{login}", may_back_date=True)

    with db.transaction(office.engine) as session:  # type: ignore[arg-type]
        deposit_reads.add_kind(session, community_id=place, name="装修押金", amount_fen=200_000)
        kind_id = deposit_reads.kinds(session, place)[0].id
        unit_id, today = office.estate.units[place][3], clock.today()
        deposits.take(session, wish=deposits.Wish(unit_id, kind_id, 5_000, today, Method.CASH), by=by("finance"))
        money = unclaimed.Found(place, today, 6_660, Method.BANK, payer="某人", note="1-1-101")
        unclaimed.record(session, found=money, by=by("clerk"))
        seen = shifts.Seen(1, 5_000)
        pieces = [0, 1, 0, 0, 0, 0, 0, 0]
        shifts.hand_over(session, community_id=place, pieces=pieces, reason="", seen=seen, by=by("finance"))
        period = closing.Period.day(place, dt.date(2026, 10, 1))
        closing.close(session, period=period, accepts_open=True, note="", by=by("finance"))


def at_first(desk: Desk, office: Office, login: str) -> Page:
    """Open a page of somebody who works in the first community."""
    page = desk.page(login)
    place = {"community_id": str(office.estate.communities[0])}
    assert page.context.request.post(f"{office.url}/community", form=place, headers={"Origin": office.url}).ok
    return page


def focus(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


def press_on(page: Page, key: str) -> None:
    """Press a key that leads to another page."""
    with page.expect_navigation():
        page.keyboard.press(key)


def test_two_rooms_are_collected_from_sign_in_to_receipt_without_a_mouse(desk: Desk, office: Office) -> None:
    page = desk.page()
    page.goto(f"{office.url}/login")
    page.keyboard.type("cashier")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    press_on(page, "Enter")
    page.goto(f"{office.url}/collect")
    assert focus(page) == "room"
    page.keyboard.type("1-1-10")
    press_on(page, "Enter")
    expect(page.locator("[data-picks] a").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-picks] a").nth(1)).to_be_focused()
    press_on(page, "1")
    expect(page.locator("h1")).to_contain_text("收款 · ")
    assert focus(page) == "amount"

    page.keyboard.press("F2")
    page.keyboard.type("88.80")
    expect(page.locator("#preview")).to_contain_text("88.80")
    expect(page.locator("#capitals")).to_have_text("捌拾捌元捌角")
    shares = [box.input_value() for box in page.locator("[data-box]").all()]
    assert sum(round(float(share or 0) * 100) for share in shares) == 8880
    page.keyboard.press("Enter")
    assert focus(page) == "method"
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    assert focus(page) == "reference"
    page.keyboard.type("4200000042")
    expect(page.locator("#method")).to_have_value("wechat")
    press_on(page, "F9")

    expect(page.locator(".note.is-ok")).to_contain_text("¥88.80")
    expect(page.locator("iframe[data-paper]")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("本班 ¥88.80 · 1 笔"))).to_be_visible()
    expect(page.locator("#room")).to_be_focused()
    page.keyboard.type("1-1-102")
    press_on(page, "Enter")
    assert focus(page) == "amount"
    press_on(page, "Escape")
    assert focus(page) == "room"


def test_a_box_changes_the_amount_and_names_the_bill(desk: Desk, office: Office) -> None:
    page = at_first(desk, office, "cashier")
    page.goto(f"{office.url}/collect/units/4")
    for box in page.locator("[data-box]").all():
        box.fill("")
    page.locator("[data-box]").last.fill("12.30")
    expect(page.locator("#amount")).to_have_value("12.30")
    expect(page.locator("#preview li").first).to_contain_text("12.30")
    line = page.locator("tr:has(> td > [data-box]) > th").last.inner_text()
    expect(page.locator("#preview li").first).to_contain_text(line.split()[0])


def test_a_payment_is_taken_back_from_the_list_of_the_shift(desk: Desk, office: Office) -> None:
    page = at_first(desk, office, "finance")
    page.goto(f"{office.url}/collect/units/7")
    page.fill("#amount", "20")
    page.get_by_role("button", name="只收款").click()
    page.get_by_role("link", name=re.compile("红冲 ?收据")).first.click()
    page.fill("#reason", "登记错户")
    page.get_by_role("button", name="确认红冲").click()
    page.goto(f"{office.url}/collect")
    expect(page.locator("tr.is-void")).to_have_count(1)
    expect(page.get_by_role("link", name=re.compile("本班 ¥0.00 · 2 笔"))).to_be_visible()


def test_money_nobody_knew_is_matched_by_a_second_person(desk: Desk, office: Office) -> None:
    page = at_first(desk, office, "clerk")
    page.goto(f"{office.url}/collect/unclaimed")
    page.fill("#amount", "66.60")
    page.fill("#note", "1-1-101")
    page.get_by_role("button", name="登记").click()
    expect(page.locator("tbody")).to_contain_text("备注写了房号")
    other = at_first(desk, office, "manager")
    other.goto(f"{office.url}/collect/unclaimed")
    other.locator("tbody td a.chip").first.click()
    other.get_by_role("button", name="先看去向").click()
    expect(other.locator("main")).to_contain_text("这笔钱的去向")
    other.get_by_role("button", name="认领并开收据").click()
    expect(other.locator(".note.is-ok").first).to_contain_text("已认领")
    page.reload()
    expect(page.locator("main")).to_contain_text("没有待认领的款项")


def test_a_till_is_handed_over_by_one_and_confirmed_by_another(desk: Desk, office: Office) -> None:
    page = at_first(desk, office, "cashier")
    page.goto(f"{office.url}/collect/units/10/deposit")
    if page.locator("#kind").count() == 0:
        page.goto(f"{office.url}/collect/deposits")
        page.fill("#name", "装修押金")
        page.get_by_role("button", name="添加").click()
        page.goto(f"{office.url}/collect/units/10/deposit")
    page.fill("#amount", "150")
    page.keyboard.press("F9")
    expect(page.locator(".note.is-ok").first).to_contain_text("押金已收")
    page.goto(f"{office.url}/collect/shift")
    page.locator("[data-piece='10000']").fill("1")
    page.locator("[data-piece='5000']").fill("1")
    expect(page.locator("[data-counted]")).to_have_text("150.00")
    expect(page.locator("[data-difference]")).to_have_text("0.00")
    page.keyboard.press("F9")
    expect(page.locator("h1")).to_contain_text("交账单 JZ")
    sheet = page.get_by_role("link", name="打印交账单").get_attribute("href")
    assert page.context.request.get(f"{office.url}{sheet}").headers["content-type"] == "application/pdf"
    other = at_first(desk, office, "manager")
    other.goto(page.url)
    other.get_by_role("button", name="点清无误，确认").click()
    expect(other.locator("h1 + p")).to_contain_text("已确认")


def test_axe_finds_nothing_at_the_counter_and_nothing_sticks_out(desk: Desk, office: Office) -> None:
    assert walk(desk.page("manager"), office, PAGES) == []
