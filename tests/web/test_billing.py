"""Billing on the page: laid open by its address, drafted by one, released by another, exported, taken back."""

from __future__ import annotations

import io
import re

import openpyxl
import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from app.store import db
from app.store.tables import bill, billing_run, reversal, unit
from tests.web.conftest import Browser
from tests.web.estate import Estate

PERIOD = "2027-01"
REVIEW = f"/billing/review?period={PERIOD}&x=10"


def count(engine: Engine, table: sa.Table) -> int:
    with db.reading(engine) as session:
        return int(session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def draft(browser: Browser, who: str = "clerk", **more: object) -> str:
    answer = browser(who).post("/billing/drafts", data={"period": PERIOD, **more})
    assert answer.status_code == 303, answer.text[-1500:]
    return str(answer.headers["location"])


def run(browser: Browser, engine: Engine) -> int:
    assert browser("manager").post(f"{draft(browser)}/release").status_code == 303
    with db.reading(engine) as session:
        return int(session.execute(sa.select(sa.func.max(billing_run.c.id))).scalar_one())


def test_a_clerk_drafts_and_a_manager_releases(browser: Browser, engine: Engine) -> None:
    before = count(engine, bill)
    seen = browser("clerk").get(REVIEW)
    assert seen.status_code == 200, seen.text[-1500:]
    assert "还没有写入" in seen.text
    where = draft(browser)
    assert count(engine, bill) == before
    assert browser("clerk").post(f"{where}/release").status_code == 403
    assert "复核无误，出账" in browser("manager").get(where).text
    assert browser("manager").post(f"{where}/release").status_code == 303
    assert count(engine, bill) == before + 6
    assert browser("manager").post(f"{where}/release").status_code == 409
    assert count(engine, bill) == before + 6
    assert "已完成" in browser("clerk").get(where).text


def test_the_maker_may_not_release_their_own(browser: Browser, engine: Engine) -> None:
    where = draft(browser, "manager")
    before = count(engine, bill)
    answer = browser("manager").post(f"{where}/release")
    assert answer.status_code == 403
    assert "编制人不能复核自己编制的" in answer.text
    assert count(engine, bill) == before


def test_what_changed_meanwhile_is_said_and_nothing_is_posted(browser: Browser, engine: Engine) -> None:
    where = draft(browser)
    with db.transaction(engine) as session:
        session.execute(sa.update(unit).values(area_e3=unit.c.area_e3 + 1_000))
    before = count(engine, bill)
    assert "编制之后数据有变" in browser("manager").get(where).text
    assert browser("manager").post(f"{where}/release").status_code == 409
    assert count(engine, bill) == before
    closed = browser("manager").post(f"{where}/close", data={"reason": "面积刚更正"})
    assert closed.status_code == 303
    assert "面积刚更正" in browser("clerk").get(where).text


def test_the_address_holds_scope_and_threshold_and_its_list_is_exported(browser: Browser) -> None:
    client = browser("clerk")
    everything = 0
    for show in ("new", "missing", "changed", "same", "billed", "all"):
        page = client.get(f"{REVIEW}&show={show}")
        shown = int(re.search(r'<h2 class="grow">[^（]*（(\d+)）', page.text)[1])  # type: ignore[index]
        sent = client.get(f"/billing/review/export?period={PERIOD}&x=10&show={show}")
        assert openpyxl.load_workbook(io.BytesIO(sent.content)).active.max_row == 2 + shown, show
        everything += shown if show != "all" else 0
    assert everything == shown == 6, "every unit is in exactly one list"
    for bad in (
        "period=abc",
        "period=2027-01&x=-1",
        "period=2027-01&x=abc",
        "period=2090-01",
        "item=999&period=2027-01",
    ):
        assert client.get(f"/billing/review?{bad}").status_code == 422, bad


def test_a_run_page_ties_to_the_ledger_and_the_run_is_taken_back_by_two(
    browser: Browser, engine: Engine, estate: Estate
) -> None:
    run_id = run(browser, engine)
    page = browser("clerk").get(f"/billing/runs/{run_id}")
    assert "逐笔相加与出账总数、账簿一致" in page.text
    assert browser("clerk").get(f"/billing/runs/{run_id}/export").status_code == 200
    assert browser("clerk").get(f"/billing/runs/{run_id}/reverse").status_code == 403
    assert "将红冲（6 笔" in browser("finance").get(f"/billing/runs/{run_id}/reverse").text
    asked = browser("finance").post(f"/billing/runs/{run_id}/reverse", data={"reason": ""})
    assert asked.status_code == 422
    asked = browser("finance").post(f"/billing/runs/{run_id}/reverse", data={"reason": "单价录错"})
    number = re.search(r"/billing/drafts/(\d+)", asked.headers["location"])[1]  # type: ignore[index]
    assert browser("manager").post(f"/billing/drafts/{number}/release").status_code == 404
    assert browser("finance").post(f"/billing/reversals/{number}/release").status_code == 403
    assert browser("manager").post(f"/billing/reversals/{number}/release").status_code == 303
    assert count(engine, reversal) >= 6
    assert "已红冲" in browser("clerk").get(f"/billing/runs/{run_id}").text
    again = browser("clerk").get(REVIEW)
    assert "6 笔账单已红冲" in again.text
    assert "编制 6 笔" in browser("clerk").get(f"{REVIEW}&rebill=true").text


def test_a_single_bill_needs_a_clause_and_is_posted_once(browser: Browser, engine: Engine, estate: Estate) -> None:
    client = browser("finance")
    page = client.get("/billing/single")
    assert page.status_code == 200
    form = {
        "unit": "1-1-101",
        "item": re.search(r'<option value="(\d+)"', page.text)[1],  # type: ignore[index]
        "from_on": "2027-02-01",
        "to_on": "2027-02-28",
        "due_on": "2027-02-10",
        "amount": "120.50",
        "clause": "合同第九条",
        "key": "k" * 20,
    }
    before = count(engine, bill)
    seen = client.post("/billing/single", data=form)
    assert seen.status_code == 200
    assert "¥120.50" in seen.text
    assert count(engine, bill) == before
    for _ in range(2):
        assert client.post("/billing/single", data={**form, "act": "post"}).status_code == 303
    assert count(engine, bill) == before + 1
    assert "合同第九条" in client.get("/billing").text
    for name in ("clause", "unit", "amount", "due_on"):
        assert client.post("/billing/single", data={**form, name: "", "key": "z" * 20}).status_code == 422, name
    wrong = client.post("/billing/single", data={**form, "unit": "9-9-999", "key": "y" * 20})
    assert wrong.status_code == 422
    assert "9-9-999" in wrong.text


@pytest.mark.parametrize("what", ["drafts/{draft}", "runs/{run}", "runs/{run}/export", "runs/{run}/reverse"])
def test_another_community_has_no_runs(browser: Browser, engine: Engine, estate: Estate, what: str) -> None:
    client = browser("manager")
    client.post("/community", data={"community_id": str(estate.communities[1])})
    answer = client.post("/billing/drafts", data={"period": PERIOD})
    where = answer.headers["location"]
    finance = browser("finance")
    finance.post("/community", data={"community_id": str(estate.communities[1])})
    assert finance.post(f"{where}/release").status_code == 303
    run_id = count(engine, billing_run)
    path = what.format(draft=where.rsplit("/", 1)[1], run=run_id)
    assert browser("confined").get(f"/billing/{path}").status_code == 404
    assert browser("manager").get(f"/billing/{path}").status_code == 200
