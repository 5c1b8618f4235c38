"""The owner's phone in a real Chromium: code, notice, signature, dispute with a photo, answer, payment, receipt."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine

from app.gateways.messages import MemoryOutbox
from tests.browser.conftest import DESK, PHONE, Desk, Office, flaws, walk
from tests.web import owners

pytestmark = pytest.mark.browser

NUMBERS = {1: "13800008000", 2: "13800018001", 4: "13800038003"}
"""Each test signs in another owner, since a number gets one code a minute."""


@pytest.fixture(scope="module")
def outbox(office: Office) -> MemoryOutbox:
    return owners.outside(office.app)[0]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "收据.jpg"
    path.write_bytes(owners.photo())
    return path


def sign_in(page: Page, office: Office, outbox: MemoryOutbox, phone: str) -> None:
    page.goto(f"{office.url}/my/sign-in")
    page.fill("#phone", phone)
    page.get_by_role("button", name="获取验证码").click()
    expect(page.get_by_text("10 分钟内有效")).to_be_visible()
    page.fill("#code", owners.code_of(outbox, phone))
    page.get_by_role("button", name="打开我的账单").click()
    expect(page.get_by_text("全部应缴合计")).to_be_visible()


def send_notice(office: Office, unit_id: int) -> int:
    return owners.send_notice(cast("Engine", office.engine), office.estate.communities[0], unit_id)


def draw(page: Page) -> None:
    pad = page.locator("#pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 40)
    page.mouse.down()
    for place in range(1, 16):
        page.mouse.move(box["x"] + 20 + place * 14, box["y"] + 40 + place % 4 * 12)
    page.mouse.up()


def test_an_owner_reads_signs_disputes_and_pays_and_the_office_answers(
    desk: Desk, office: Office, outbox: MemoryOutbox, picture: Path
) -> None:
    unit_id = 1
    notice_id = send_notice(office, unit_id)
    phone = desk.page(size=PHONE)
    sign_in(phone, office, outbox, NUMBERS[unit_id])
    phone.locator(f"a[href='/my/units/{unit_id}']").click()

    phone.locator(f"a[href='/my/notices/{notice_id}']").click()
    original = phone.context.request.get(f"{office.url}/my/notices/{notice_id}.pdf")
    assert original.body().startswith(b"%PDF")
    draw(phone)
    phone.fill("#name", "王伟")
    phone.check("#agree")
    phone.get_by_role("button", name="确认签收").click()
    expect(phone.get_by_text("已由 王伟 于")).to_be_visible()
    drawn = phone.locator("img.signature")
    expect(drawn).to_be_visible()
    assert drawn.evaluate("(img) => img.decode().then(() => img.naturalWidth)") == 600

    phone.goto(f"{office.url}/my/units/{unit_id}")
    phone.get_by_role("link", name="我对账单有异议").click()
    phone.locator("input[name=bill]").first.check()
    phone.locator("input[value=paid]").check()
    phone.fill("#text", "上季度在前台缴过 300 元，有手写收据")
    phone.set_input_files("#photo", picture)
    phone.get_by_role("button", name="提交").click()
    number = phone.locator("header p").inner_text().removeprefix("编号 ")
    assert number.startswith("YY-01")
    expect(phone.get_by_role("heading", name="待答复")).to_be_visible()
    where = phone.url

    clerk = desk.page("clerk")
    clerk.goto(f"{office.url}/requests/{where.rsplit('/', 1)[1]}")
    shown = clerk.locator(".photos img")
    assert shown.evaluate("(img) => img.decode().then(() => img.naturalWidth)") == 64
    clerk.get_by_role("button", name="登记暂停").click()
    expect(clerk.get_by_text("已对有异议的账单暂停计算违约金")).to_be_visible()
    clerk.select_option("#outcome", "agreed")
    clerk.fill("#text", "已查到手写收据，本周补录。")
    clerk.get_by_role("button", name="答复", exact=True).click()
    expect(clerk.get_by_text("已答复，业主在自己的页面上可以看到")).to_be_visible()
    clerk.goto(f"{office.url}/units/{unit_id}?tab=notices")
    clerk.get_by_role("link", name="已签收", exact=True).click()
    expect(clerk.get_by_text("姓名一致")).to_be_visible()

    phone.goto(where)
    expect(phone.get_by_text("已查到手写收据，本周补录。")).to_be_visible()
    phone.goto(f"{office.url}/my/units/{unit_id}")
    expect(phone.get_by_text("已登记异议，违约金暂停计算")).to_have_count(1)
    phone.get_by_role("link", name="缴费", exact=True).click()
    phone.get_by_role("button", name="去支付").click()
    phone.get_by_role("button", name="确认付款（模拟）").click()
    expect(phone.get_by_role("heading", name="已收到")).to_be_visible()
    receipt = phone.get_by_role("link", name="收据").get_attribute("href")
    assert phone.context.request.get(f"{office.url}{receipt}").body().startswith(b"%PDF")


def test_all_of_it_works_without_script(desk: Desk, office: Office, outbox: MemoryOutbox, picture: Path) -> None:
    unit_id = 2
    notice_id = send_notice(office, unit_id)
    page = desk.page(size=PHONE, script=False)
    sign_in(page, office, outbox, NUMBERS[unit_id])
    page.goto(f"{office.url}/my/notices/{notice_id}")
    expect(page.locator("#pad")).to_be_hidden()
    page.fill("#name", "单秀军")
    page.check("#agree")
    page.get_by_role("button", name="确认签收").click()
    expect(page.get_by_text("已由 单秀军 于")).to_be_visible()
    page.goto(f"{office.url}/my/units/{unit_id}/ask/hardship")
    page.locator("input[value=illness]").check()
    page.fill("#text", "家人住院，希望缓缴到三月")
    page.set_input_files("#photo", picture)
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_text("家人住院，希望缓缴到三月")).to_be_visible()
    page.goto(f"{office.url}/my/units/{unit_id}/pay")
    page.locator("input[value=bill]").check()
    page.get_by_role("button", name="去支付").click()
    page.get_by_role("button", name="确认付款（模拟）").click()
    expect(page.get_by_role("heading", name="已收到")).to_be_visible()


SMALL = """() => [...document.querySelectorAll("a.button, button, summary, .check, select, input[type=text], .links a")]
    .map(target => [target.innerText, target.getClientRects().length && target.getBoundingClientRect().height])
    .filter(([_, height]) => height && height < 48)"""


def test_axe_finds_nothing_in_either_theme_nothing_sticks_out_and_everything_is_large_enough(
    desk: Desk, office: Office, outbox: MemoryOutbox
) -> None:
    unit_id = 4
    notice_id = send_notice(office, unit_id)
    page = desk.page(size=PHONE)
    page.goto(f"{office.url}/my/sign-in")
    found = flaws(page)
    page.fill("#phone", "1")
    page.get_by_role("button").click()
    found += flaws(page)
    sign_in(page, office, outbox, NUMBERS[unit_id])
    home = f"/my/units/{unit_id}"
    paths = [
        "/my", home, f"{home}/pay", f"/my/notices/{notice_id}", f"/my/notices/{notice_id}?signed",
        *(f"{home}/ask/{kind}" for kind in ("dispute", "instalments", "hardship", "correction")),
    ]  # fmt: skip
    page.goto(f"{office.url}{home}/ask/correction")
    page.get_by_role("button", name="提交").click()  # with nothing filled in: the faults are looked at too
    expect(page.get_by_role("alert")).to_be_visible()
    found += flaws(page)
    page.locator("input[value=phone]").check()
    page.fill("#text", "电话改为 138 开头的新号码")
    page.get_by_role("button", name="提交").click()
    paths.append(page.url.removeprefix(office.url))
    for path in paths:
        page.goto(f"{office.url}{path}")
        found += flaws(page)
        for width, height in (DESK, PHONE):
            page.set_viewport_size({"width": width, "height": height})
            found += [f"{path} {text} is {pixels} px high" for text, pixels in page.evaluate(SMALL)]
    assert found == []
    desk.complaints[:] = [text for text in desk.complaints if "422" not in text]


def test_the_queue_of_the_office_has_no_faults(desk: Desk, office: Office, outbox: MemoryOutbox) -> None:
    paths = ("/requests", "/requests?state=all", "/requests/1", "/units/1/slips/1")
    assert walk(desk.page("manager"), office, paths) == []


def test_the_page_is_light_enough_for_a_slow_phone(desk: Desk, office: Office) -> None:
    page = desk.page(size=PHONE)
    weights: list[int] = []
    page.on("response", lambda answer: weights.append(len(answer.body())) if answer.status == 200 else None)
    page.goto(office.link_of(7))
    page.get_by_role("button", name="查看我的账单").click()
    expect(page.get_by_text("应缴合计")).to_be_visible()
    assert sum(weights) < 60_000
