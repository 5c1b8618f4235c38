"""The rows behind the figures: the lists of bills and payments, and who looks after which building."""

from __future__ import annotations

import datetime as dt
import re
from io import BytesIO

import openpyxl
import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app.store import db, ledger, report_lists, report_reads, stewards
from app.store.report_lists import BillFilter, PaymentFilter
from app.store.report_reads import By, Due, Scope
from app.store.tables_office import audit_event
from tests.web.conftest import Browser
from tests.web.estate import NOW, TODAY, Estate

YEAR = (dt.date(2026, 1, 1), dt.date(2026, 12, 31))


@pytest.fixture
def browser(browser: Browser, estate: Estate) -> Browser:
    """Return a maker of browsers that look at the first community."""

    def looking(login: str) -> TestClient:
        client = browser(login)
        client.post("/community", data={"community_id": str(estate.communities[0])})
        return client

    return looking


def post(engine: Engine, unit_id: int, kind: str, row: dict[str, object]) -> int:
    with db.transaction(engine) as session:
        return ledger.post(session, ledger.Posting(unit_id, kind, {"recorded_at": NOW, **row}), through=TODAY)


def pay(engine: Engine, estate: Estate, fen: int, *, method: str = "cash", on: dt.date = TODAY, by: str = "") -> int:
    row = {
        "community_id": estate.communities[0],
        "received_on": on,
        "amount_fen": fen,
        "method": method,
        "reference": f"R{fen}",
        "recorded_by": estate.users[by] if by else None,
    }
    return post(engine, estate.units[estate.communities[0]][0], "payment", row)


def take_back(engine: Engine, estate: Estate, number: int) -> None:
    row = {"target_kind": "payment", "target_id": number, "value_on": TODAY, "reason": "退票"}
    post(engine, estate.units[estate.communities[0]][0], "reversal", row)


def rows_of(page: str) -> list[str]:
    body = page.split("<tbody>")[1].split("</tbody>", maxsplit=1)[0] if "<tbody>" in page else ""
    return re.findall(r"<tr>(.*?)</tr>", body, flags=re.DOTALL)


def test_the_foot_of_the_bills_is_the_sum_of_all_their_rows(estate: Estate, engine: Engine) -> None:
    community_id = estate.communities[0]
    first = estate.units[community_id][0]
    pay(engine, estate, 123_456)
    row = {"kind": "discount", "value_on": TODAY, "bill_ids": f"[{estate.bills[first][0]}]", "amount_fen": 777}
    post(engine, first, "adjustment", row)
    with db.reading(engine) as session:
        for state in ("", "open", "overdue", "clear"):
            wanted = BillFilter(Scope(community_id), TODAY, state=state)
            rows = report_lists.bills(session, wanted, limit=None)
            foot = report_lists.bills_foot(session, wanted)
            assert (foot.bills, foot.units) == (len(rows), len({row.unit_id for row in rows}))
            for name in ("billed_fen", "discount_fen", "principal_fen", "late_fen", "costs_fen", "net_fen", "paid_fen"):
                assert getattr(foot, name) == sum(getattr(row, name) for row in rows), (state, name)
        whole = report_reads.standings(session, Scope(community_id), on=TODAY, by=By.NONE)[""]
        every = report_lists.bills_foot(session, BillFilter(Scope(community_id), TODAY))
        assert (every.net_fen, every.paid_fen, every.principal_fen) == (
            whole.net_fen,
            whole.paid_fen,
            whole.principal_fen,
        )
        parts = [BillFilter(Scope(community_id), TODAY, state=state) for state in ("open", "clear")]
        assert sum(report_lists.bills_foot(session, part).bills for part in parts) == every.bills


def test_the_bills_narrow_by_due_date_age_item_building_and_words(estate: Estate, engine: Engine) -> None:
    community_id = estate.communities[0]
    scope = Scope(community_id)

    def found(**columns: object) -> int:
        narrowed = columns.pop("scope", scope)
        with db.reading(engine) as session:
            return report_lists.bills_foot(session, BillFilter(narrowed, TODAY, **columns)).bills

    everything = found()
    assert 0 < found(due=Due(dt.date(2026, 10, 1), None)) < everything
    assert found(due=Due(dt.date(2026, 10, 1), None)) + found(due=Due(None, dt.date(2026, 9, 30))) == everything
    assert found(scope=Scope(community_id, building="1")) == everything
    assert found(scope=Scope(community_id, building="9")) == 0
    assert found(scope=Scope(community_id, item_id=10**6)) == 0
    assert found(scope=Scope(community_id, steward_id=0)) == everything
    assert found(bucket="31-60") == found(due=Due(dt.date(2026, 10, 1), None))
    assert found(search="nobody") == 0
    assert 0 < found(search="101") < everything


def test_the_page_of_bills_keeps_its_filters_and_says_when_it_is_a_trial(browser: Browser) -> None:
    client = browser("clerk")
    page = client.get("/reports/bills?due_from=2026-10-01&state=open&as_of=2026-10-05").text
    assert 'value="2026-10-01"' in page
    assert "试算" in page
    assert "试算" not in client.get("/reports/bills").text
    assert "没有符合条件的账单" in client.get("/reports/bills?q=nobody").text


@pytest.mark.parametrize("query", ["due_from=x", "state=lost", "bucket=9y", "page=0", "item=0", "as_of=20261399"])
@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_faulty_filter_is_told_and_never_exported(browser: Browser, query: str) -> None:
    client = browser("clerk")
    assert client.get(f"/reports/bills?{query}").status_code == 422
    assert client.get(f"/reports/bills/export.xlsx?{query}").status_code == 422


def test_the_payments_show_a_reversal_as_a_line_of_its_own_day(
    browser: Browser, estate: Estate, engine: Engine
) -> None:
    number = pay(engine, estate, 10_000, on=dt.date(2026, 11, 2), by="cashier")
    pay(engine, estate, 2_500, method="wechat")
    take_back(engine, estate, number)
    page = browser("cashier").get("/reports/payments").text
    assert '<b id="came">¥125.00</b>' in page
    assert '<b id="gone">¥(100.00)</b>' in page
    assert '<b id="net">¥25.00</b>' in page
    assert len(rows_of(page)) == 3
    assert "2026-11-23 已红冲" in page
    only = browser("cashier").get(f"/reports/payments?from_on={TODAY}&to_on={TODAY}").text
    assert '<b id="net">¥(75.00)</b>' in only


def test_the_payments_narrow_by_method_cashier_kind_building_and_words(estate: Estate, engine: Engine) -> None:
    pay(engine, estate, 1_000, by="cashier")
    taken = pay(engine, estate, 2_000, method="wechat", by="clerk")
    pay(engine, estate, 4_000, method="wechat")
    take_back(engine, estate, taken)

    def net(**columns: object) -> int:
        with db.reading(engine) as session:
            wanted = PaymentFilter(estate.communities[0], *YEAR, **columns)
            count, came, gone = report_lists.payments_foot(session, wanted)
            rows = report_lists.payments(session, wanted, limit=None)
        assert (count, came - gone) == (len(rows), sum(row.amount_fen for row in rows))
        return came - gone

    assert net() == 5_000
    assert net(method="wechat") == 4_000
    assert net(cashier_id=estate.users["cashier"]) == 1_000
    assert net(cashier_id=0) == 4_000
    assert net(kind="received") == 7_000
    assert net(kind="reversed") == -2_000
    assert net(building="1") == 5_000
    assert net(building="7") == 0
    assert net(search="nobody") == 0


def test_who_took_money_can_be_chosen(estate: Estate, engine: Engine) -> None:
    pay(engine, estate, 1_000, by="cashier")
    pay(engine, estate, 1_000)
    with db.reading(engine) as session:
        found = report_lists.cashiers(session, community_id=estate.communities[0])
        assert found == [(estate.users["cashier"], "cashier")]
        assert report_lists.cashiers(session, community_id=estate.communities[1]) == []


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_the_workbook_of_a_list_holds_every_row_and_is_written_down(
    browser: Browser, estate: Estate, engine: Engine
) -> None:
    for fen in range(1_000, 1_060):
        pay(engine, estate, fen)
    client = browser("finance")
    answer = client.get("/reports/payments/export.xlsx")
    sheet = openpyxl.load_workbook(BytesIO(answer.content)).worksheets[0]
    assert sheet.max_row == 2 + 60 + 1
    assert sheet.cell(sheet.max_row, 4).value == pytest.approx(sum(range(1_000, 1_060)) / 100)
    bills = openpyxl.load_workbook(BytesIO(client.get("/reports/bills/export.xlsx").content)).worksheets[0]
    with db.reading(engine) as session:
        foot = report_lists.bills_foot(session, BillFilter(Scope(estate.communities[0]), TODAY))
        logged = session.execute(sa.select(audit_event.c.subject).where(audit_event.c.action == "report.exported"))
        assert logged.scalars().all() == ["report:payments", "report:bills"]
    assert bills.max_row == 2 + foot.bills + 1
    assert bills.cell(bills.max_row, 8).value == pytest.approx(foot.principal_fen / 100)


def test_a_reference_that_looks_like_a_formula_stays_a_text(browser: Browser, estate: Estate, engine: Engine) -> None:
    row = {
        "community_id": estate.communities[0],
        "received_on": TODAY,
        "amount_fen": 100,
        "method": "bank",
        "reference": "=1+1",
    }
    post(engine, estate.units[estate.communities[0]][0], "payment", row)
    answer = browser("finance").get("/reports/payments/export.xlsx")
    sheet = openpyxl.load_workbook(BytesIO(answer.content)).worksheets[0]
    cell = sheet.cell(3, 6)
    assert (cell.value, cell.data_type) == ("=1+1", "s")


# --- stewards -------------------------------------------------------------------------------------


def send(client: TestClient, *pairs: tuple[str, str]) -> tuple[int, str]:
    data = {"building": [building for building, _ in pairs], "user": [user for _, user in pairs]}
    answer = client.post("/reports/stewards", data=data)
    return answer.status_code, answer.text


def test_a_building_gets_its_steward_and_loses_them_again(browser: Browser, estate: Estate, engine: Engine) -> None:
    client, who, community_id = browser("manager"), estate.users["collector"], estate.communities[0]
    assert send(client, ("1", str(who)))[0] == 303
    with db.reading(engine) as session:
        assert stewards.of_community(session, community_id) == {"1": who}
        assert stewards.buildings_of(session, community_id=community_id, user_id=who) == ["1"]
        assert stewards.of_community(session, estate.communities[1]) == {}
    page = client.get("/reports/stewards").text
    assert f'<option value="{who}" selected>' in page
    assert "1 栋楼有管家" in page
    assert 'name="steward"' in client.get("/reports/collection").text
    assert send(client, ("1", ""))[0] == 303
    with db.reading(engine) as session:
        assert stewards.of_community(session, community_id) == {}


@pytest.mark.parametrize(("building", "user"), [("99", "3"), ("1", "999999"), ("1", "７７７７"), ("1", "admin")])
def test_an_unknown_building_or_person_is_refused_and_nothing_changes(
    browser: Browser, estate: Estate, engine: Engine, building: str, user: str
) -> None:
    status, page = send(browser("manager"), (building, user))
    assert status == 422
    assert "未保存" in page
    with db.reading(engine) as session:
        assert stewards.of_community(session, estate.communities[0]) == {}


def test_an_administrator_or_somebody_confined_elsewhere_looks_after_no_building(
    estate: Estate, engine: Engine
) -> None:
    with db.reading(engine) as session:
        here = {name for _, name in stewards.candidates(session, estate.communities[0])}
        there = {name for _, name in stewards.candidates(session, estate.communities[1])}
    assert "孙主管" in here
    assert "孙主管" not in there
    assert "admin" not in here


def test_half_a_form_of_stewards_is_refused(browser: Browser) -> None:
    answer = browser("manager").post("/reports/stewards", data={"building": ["1", "2"], "user": ["3"]})
    assert answer.status_code == 422


def test_only_who_may_edit_the_community_sets_stewards(browser: Browser) -> None:
    assert browser("finance").get("/reports/stewards").status_code == 403
    assert send(browser("clerk"), ("1", "3"))[0] == 403
