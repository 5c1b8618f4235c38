"""A price published by two people, a month billed by two, and an import whose columns somebody has to explain."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from app import clock
from app.domain.calendar import add_months
from tests.browser.conftest import Desk, Office, flaws, walk

pytestmark = pytest.mark.browser

TITLES: list[object] = ["门牌全称", "户主大名", "平米", "联络"]


def quarter(ahead: int) -> str:
    """Return the first month of a quarter that is not billed yet."""
    today = clock.today().replace(day=1)
    first = add_months(today, -((today.month - 1) % 3))
    return add_months(first, 3 * ahead).isoformat()[:7]


def book(path: Path, rows: list[list[object]]) -> Path:
    made = openpyxl.Workbook()
    made.active.title = "台账"
    for row in rows:
        made.active.append(row)
    made.save(path)
    return path


def test_a_price_is_drafted_by_one_and_published_by_another(desk: Desk, office: Office) -> None:
    page = desk.page("finance")
    page.goto(f"{office.url}/rates")
    page.get_by_role("link", name="物业服务费").first.click()
    page.get_by_role("link", name="新单价").click()
    page.select_option("#usage", "residential")
    page.fill("#price", "3.1")
    page.fill("#from_on", f"{quarter(4)}-01")
    page.fill("#clause", "业主大会决定")
    page.get_by_role("button", name="编制，交另一人发布").click()
    expect(page.locator(".note.is-ok")).to_contain_text("已编制")
    expect(page.get_by_role("button", name="复核无误，发布")).to_have_count(0)
    where = page.url
    page.fill("#unit", "1-1-101")
    page.get_by_role("button", name="试算").click()
    expect(page.locator("main")).to_contain_text("× 3.10 元")

    second = desk.page("manager")
    second.goto(where)
    expect(second.locator("main")).to_contain_text("24 户金额有变")
    second.get_by_role("button", name="复核无误，发布").click()
    expect(second.locator(".note.is-ok")).to_contain_text("已发布")
    second.goto(f"{office.url}/rates")
    expect(second.locator("table.list").first).to_contain_text("3.10")


def test_a_month_is_billed_by_two_people(desk: Desk, office: Office) -> None:
    page = desk.page("clerk")
    page.goto(f"{office.url}/billing")
    page.fill("#period", quarter(1))
    page.get_by_role("button", name="试算").click()
    expect(page.get_by_role("heading", name="与上期比较")).to_be_visible()
    page.get_by_role("button", name="交复核").click()
    expect(page.locator(".note.is-ok").first).to_contain_text("已编制")
    where = page.url
    second = desk.page("manager")
    second.goto(where)
    expect(second.locator("main")).to_contain_text("与编制时完全一致")
    second.get_by_role("button", name="复核无误，出账").click()
    expect(second.locator(".note.is-ok").first).to_contain_text("已发布")
    second.goto(where)
    expect(second.locator("h1 .chip")).to_have_text("已完成")
    second.get_by_role("link", name="号出账").click()
    expect(second.locator(".note.is-ok")).to_contain_text("账簿一致")


def explain(page: Page) -> None:
    page.get_by_label("这张表是").select_option("units")
    for title, field in zip(TITLES, ("room", "owner", "area", "phone"), strict=True):
        page.get_by_label(f"列 {title} 当作").select_option(field)
    page.get_by_role("button", name="按更正后的对应重新预览").click()


def test_an_import_with_unknown_columns_and_a_fault_is_explained_written_corrected_and_taken_back(
    desk: Desk, office: Office, tmp_path: Path
) -> None:
    rows: list[list[object]] = [TITLES, ["7-1-101", "钱多", 88.5, "13900001111"], ["7-1-102", "孙少", "九十", ""]]
    page = desk.page("manager")
    page.goto(f"{office.url}/imports")
    page.set_input_files("#file", book(tmp_path / "台账.xlsx", rows))
    page.get_by_role("button", name="上传并预览").click()
    expect(page.locator("main")).to_contain_text("没有找到认识的表头")
    expect(page.get_by_role("button", name="确认导入")).to_have_count(0)
    explain(page)
    expect(page.locator("main")).to_contain_text("“九十”不是可用的面积")
    with page.expect_download() as download:
        page.get_by_role("button", name="下载错误工作簿").click()
    marked = openpyxl.load_workbook(io.BytesIO(Path(download.value.path()).read_bytes()))
    page.get_by_role("button", name="确认导入").click()
    expect(page.locator(".note.is-ok")).to_contain_text("房产 1 户")
    first = page.url

    for cells in marked.active.iter_rows():
        for cell in cells:
            cell.value = 90 if cell.value == "九十" else cell.value
    marked.save(tmp_path / "改好.xlsx")
    page.goto(f"{office.url}/imports")
    page.set_input_files("#file", tmp_path / "改好.xlsx")
    page.get_by_role("button", name="上传并预览").click()
    expect(page.locator("main")).to_contain_text("按上次更正的对应读取")
    page.get_by_role("button", name="确认导入").click()
    expect(page.locator(".note.is-ok")).to_contain_text("房产 1 户")
    for where in (page.url, first):
        page.goto(where)
        page.get_by_role("button", name="整体撤销").click()
        expect(page.locator(".note.is-ok")).to_contain_text("移除空房产 1 户")


def test_axe_finds_nothing_on_prices_runs_and_imports_and_nothing_sticks_out(
    desk: Desk, office: Office, tmp_path: Path
) -> None:
    page = desk.page("manager")
    paths = [
        "/rates",
        "/rates/items/1?building=1",
        "/rates/items/1/price",
        "/rates/new",
        "/billing",
        f"/billing/review?period={quarter(2)}",
        "/billing/single",
    ]
    found = walk(page, office, paths)
    page.goto(f"{office.url}/imports")
    page.set_input_files("#file", book(tmp_path / "a.xlsx", [TITLES, ["9-1-101", "钱多", 88.5, ""]]))
    page.get_by_role("button", name="上传并预览").click()
    found += flaws(page)
    assert found == []


def test_a_run_is_drafted_without_script(desk: Desk, office: Office) -> None:
    page = desk.page("finance", script=False)
    page.goto(f"{office.url}/billing")
    page.fill("#period", quarter(3))
    page.get_by_role("button", name="试算").click()
    page.get_by_role("button", name="交复核").click()
    assert "待复核" in page.locator("h1").inner_text()
    page.fill("#reason", "只是试试")
    page.get_by_role("button", name="撤回").click()
    expect(page.locator(".note.is-ok")).to_contain_text("已撤回")
