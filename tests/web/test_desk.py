"""The desk: its figures are the totals of the lists they lead to, and it names what waits for whom."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy import Engine, event
from starlette.testclient import TestClient

from app.domain.calendar_years import YEARS
from app.store import arrears, db, ledger, report_money, report_reads
from app.store.report_reads import By, Due, Scope
from app.store.tables import account, community
from app.store.tables_counter import unclaimed
from app.store.tables_office import notice_batch, waiver_request
from app.store.tables_portal import owner_request
from app.store.tables_settings import care_run
from app.store.tables_tariffs import billing_draft, import_task, tariff_draft
from tests.web.conftest import Browser
from tests.web.estate import NOW, TODAY, Estate

ON_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"])


@pytest.fixture
def browser(browser: Browser, estate: Estate) -> Browser:
    """Return a maker of browsers that look at the first community."""

    def looking(login: str) -> TestClient:
        client = browser(login)
        client.post("/community", data={"community_id": str(estate.communities[0])})
        return client

    return looking


def yuan(fen: int) -> str:
    return f"¥{fen // 100:,}.{fen % 100:02d}"


def insert(engine: Engine, table: sa.Table, **columns: object) -> None:
    with db.transaction(engine) as session:
        session.execute(sa.insert(table).values(**columns))


def pay(engine: Engine, estate: Estate, fen: int, on: dt.date) -> None:
    community_id = estate.communities[0]
    row = {"community_id": community_id, "received_on": on, "amount_fen": fen, "method": "cash", "recorded_at": NOW}
    with db.transaction(engine) as session:
        ledger.post(session, ledger.Posting(estate.units[community_id][0], "payment", row), through=TODAY)


def bill_of_the_month(engine: Engine, estate: Estate, fen: int = 30_000) -> None:
    """Post a bill that falls due this month."""
    community_id = estate.communities[0]
    with db.transaction(engine) as session:
        item_id, plan_id = session.execute(
            sa.text("SELECT id, plan_id FROM fee_item WHERE community_id = :c"), {"c": community_id}
        ).one()
        row = {
            "community_id": community_id,
            "fee_item_id": item_id,
            "plan_id": plan_id,
            "period_from_on": dt.date(2026, 11, 1),
            "period_to_on": dt.date(2026, 11, 30),
            "principal_fen": fen,
            "issued_on": dt.date(2026, 11, 1),
            "due_on": dt.date(2026, 11, 10),
            "issue": 5,
        }
        ledger.post(session, ledger.Posting(estate.units[community_id][0], "bill", row), through=TODAY)


def headline(page: str, name: str) -> tuple[str, str]:
    """Return (address, text) of a figure's headline."""
    found = re.search(rf'<span class="soft">{name}[^<]*</span><b><a href="([^"]+)">([^<]+)</a></b>', page)
    assert found, name
    return found[1].replace("&amp;", "&"), found[2]


def test_each_figure_leads_to_a_list_with_the_same_total(browser: Browser, estate: Estate, engine: Engine) -> None:
    bill_of_the_month(engine, estate)
    pay(engine, estate, 12_345, dt.date(2026, 11, 20))
    client, scope = browser("clerk"), Scope(estate.communities[0])
    page = client.get("/").text
    with db.reading(engine) as session:
        month = Due(dt.date(2026, 11, 1), dt.date(2026, 11, 30))
        current = report_reads.standings(session, scope, on=TODAY, by=By.NONE, due=month)[""]
        owed = arrears.totals(session, as_of=TODAY, wanted=arrears.Filter(community_id=scope.community_id))
        near = report_money.limited(session, scope, as_of=TODAY, days=90)
    address, text = headline(page, "本月应收")
    assert text == yuan(current.net_fen) == yuan(30_000)
    assert f'<b id="net">{text}</b>' in client.get(address).text
    address, text = headline(page, "本月已收")
    assert text == yuan(current.paid_fen)
    assert f'<b id="paid">{text}</b>' in client.get(address).text
    address, text = headline(page, "累计欠费")
    assert text == yuan(owed.total_fen)
    assert text in client.get(address).text
    address, text = headline(page, "时效临近")
    assert text == f"{len(near)} 笔"
    assert client.get(address).status_code == 200
    assert '<a href="/reports/payments">本月进账 123.45</a>' in page
    assert f'<b id="net">{yuan(12_345)}</b>' in client.get("/reports/payments").text


def test_the_figures_say_of_which_moment_they_are(browser: Browser) -> None:
    assert "金额截至 2026-11-23 10:00" in browser("clerk").get("/").text


def test_the_charts_have_their_figures_in_words_beside_them(browser: Browser, estate: Estate, engine: Engine) -> None:
    pay(engine, estate, 12_345, dt.date(2026, 10, 20))
    page = browser("clerk").get("/").text
    assert page.count('<svg class="chart"') == 3  # twelve months, the same for phones, and ages
    assert re.search(r'<th scope="row">2026-10</th>.*?>123\.45</a>', page)
    assert page.count('<th scope="row">202') == 12
    with db.reading(engine) as session:
        ages = arrears.aging(session, as_of=TODAY, community_id=estate.communities[0])
    for age in ages:
        assert yuan(age.principal_fen)[1:] in page


def test_a_month_s_bars_are_its_bills_and_its_money(estate: Estate, engine: Engine) -> None:
    scope = Scope(estate.communities[0])
    months = [(dt.date(2026, 10, 1), dt.date(2026, 10, 31)), (dt.date(2026, 11, 1), dt.date(2026, 11, 30))]
    bill_of_the_month(engine, estate)
    pay(engine, estate, 700, dt.date(2026, 10, 31))
    with db.reading(engine) as session:
        due = report_reads.net_by_month(session, scope, on=TODAY, months=months)
        came = report_money.monthly(session, community_id=scope.community_id, months=months)
        october = report_reads.standings(session, scope, on=TODAY, by=By.NONE, due=Due(*months[0]))[""]
    assert due == [october.net_fen, 30_000]
    assert came == [700, 0]


@ON_SQLITE
def test_who_looks_after_machines_sees_no_money(browser: Browser) -> None:
    page = browser("admin").get("/").text
    assert "本月应收" not in page
    assert "¥" not in page
    assert "今日待办" in page


def tasks(client: TestClient) -> dict[str, str]:
    """Return the lines of the list of things to do: what is said -> where it leads."""
    page = client.get("/").text.split('class="todo"')[1].split("</ul>", maxsplit=1)[0]
    lines = re.findall(r"<li>.*?<span>(.*?)</span><a href=\"([^\"]+)\">", page, flags=re.DOTALL)
    return {re.sub(r"<[^>]+>", " ", said).strip(): address for said, address in lines}


def test_a_quiet_day_has_nothing_to_do(browser: Browser) -> None:
    assert tasks(browser("collector")) == {}
    assert "没有待办" in browser("collector").get("/").text


def waiver(engine: Engine, estate: Estate, by: str) -> None:
    insert(
        engine, waiver_request, community_id=estate.communities[0], unit_id=estate.units[estate.communities[0]][0],
        kind="discount", bill_ids="[]", value_on=TODAY, reason_code="hardship", facts="{}", effect_fen=1,
        requested_by=estate.users[by], requested_at=NOW,
    )  # fmt: skip


def test_an_approval_waits_for_whoever_may_give_it_but_not_for_whoever_asked(
    browser: Browser, estate: Estate, engine: Engine
) -> None:
    waiver(engine, estate, "clerk")
    waiver(engine, estate, "manager")
    assert tasks(browser("finance"))["2 件减免申请待您审批"] == "/waivers"
    assert "1 件减免申请待您审批" in tasks(browser("manager"))
    assert not [said for said in tasks(browser("clerk")) if "减免" in said]


def test_drafts_wait_for_a_second_person(browser: Browser, estate: Estate, engine: Engine) -> None:
    here, who = estate.communities[0], estate.users["finance"]
    insert(
        engine,
        notice_batch,
        community_id=here,
        level=1,
        tone="reminder",
        as_of=TODAY,
        deadline_on=TODAY,
        created_at=NOW,
    )
    insert(
        engine, billing_draft, community_id=here, kind="run", period="2026-12", fingerprint="", bills=1, amount_fen=1,
        drafted_by=who, drafted_at=NOW,
    )  # fmt: skip
    insert(
        engine, tariff_draft, community_id=here, kind="price", from_on=TODAY, facts="{}", drafted_by=who, drafted_at=NOW
    )
    found = tasks(browser("manager"))
    assert found["1 个通知批次待发布"] == "/notices"
    assert found["1 份出账草稿待复核"] == "/billing"
    assert found["1 个收费标准新版本待发布"] == "/rates"
    assert not [said for said in tasks(browser("finance")) if "草稿" in said or "新版本" in said]


def test_money_without_a_unit_and_owners_requests_wait_for_the_counter(
    browser: Browser, estate: Estate, engine: Engine
) -> None:
    here = estate.communities[0]
    insert(
        engine, unclaimed, community_id=here, received_on=TODAY, amount_fen=100, method="bank", recorded_at=NOW,
        recorded_by=estate.users["clerk"],
    )  # fmt: skip
    for place, days in enumerate((1, 5)):
        insert(
            engine, owner_request, community_id=here, unit_id=estate.units[here][0], number=f"Q{place}",
            row_key=f"k{place}", kind="dispute", text_sealed=b"x", due_on=TODAY + dt.timedelta(days=days), made_at=NOW,
        )  # fmt: skip
    found = tasks(browser("finance"))
    assert found["1 笔到账还不知道是哪一户"] == "/collect/unclaimed"
    [said] = [said for said in found if "业主来件" in said]
    assert "2 件业主来件待处理" in said
    assert "1 件明天前到期" in said
    assert not [said for said in tasks(browser("cashier")) if "到账" in said]


def test_a_cashier_is_reminded_of_money_not_handed_over(browser: Browser, estate: Estate, engine: Engine) -> None:
    here = estate.communities[0]
    row = {
        "community_id": here, "received_on": TODAY, "amount_fen": 100, "method": "cash", "recorded_at": NOW,
        "recorded_by": estate.users["cashier"],
    }  # fmt: skip
    with db.transaction(engine) as session:
        ledger.post(session, ledger.Posting(estate.units[here][0], "payment", row), through=TODAY)
    assert tasks(browser("cashier"))["您有 1 笔收款还没有交账"] == "/collect/shift"
    assert not [said for said in tasks(browser("clerk")) if "交账" in said]


def test_an_account_the_night_could_not_close_is_named_with_its_reason(
    browser: Browser, estate: Estate, engine: Engine
) -> None:
    unit_id = estate.units[estate.communities[0]][0]
    with db.transaction(engine) as session:
        session.execute(
            sa.update(account).where(account.c.unit_id == unit_id).values(problem_code="discount.exceeds_principal")
        )
    client = browser("clerk")
    assert tasks(client)["1 户夜间结账未完成"] == "/desk/problems"
    page = client.get("/desk/problems").text
    assert f'href="/units/{unit_id}"' in page
    assert "discount.exceeds_principal" not in page
    assert browser("confined").get("/desk/problems").status_code == 200


def test_an_import_that_did_not_end_waits_for_the_clerk(browser: Browser, estate: Estate, engine: Engine) -> None:
    insert(
        engine, import_task, community_id=estate.communities[0], community_name="x", files="[]", options="{}",
        created_by=1, login="clerk", created_at=NOW,
    )  # fmt: skip
    assert tasks(browser("clerk"))["1 个导入还没有完成"] == "/imports"
    assert not tasks(browser("collector"))


def test_an_old_backup_is_an_administrator_s_business(browser: Browser, engine: Engine) -> None:
    assert tasks(browser("admin"))["还没有可用的备份"] == "/settings/backups"

    def ran(days: int, failure: str = "") -> None:
        at = NOW - dt.timedelta(days=days)
        insert(engine, care_run, kind="backup", started_by="x", started_at=at, finished_at=at, failure=failure)

    ran(9)
    assert "最近一次可用的备份是 9 天前" in tasks(browser("admin"))
    ran(0, failure="disk_full")
    assert "最近一次可用的备份是 9 天前" in tasks(browser("admin"))
    ran(1)
    assert not [said for said in tasks(browser("admin")) if "备份" in said]
    assert not [said for said in tasks(browser("manager")) if "备份" in said]


@ON_SQLITE
def test_next_year_s_calendar_is_asked_for_from_november_on(browser: Browser, engine: Engine) -> None:
    last = max(YEARS)
    line = f"{last + 1} 年放假安排尚未录入，期限暂按周末推算"
    with time_machine.travel(dt.datetime(last, 11, 1, 2, 0, tzinfo=dt.UTC)):
        assert tasks(browser("admin"))[line] == "/settings/calendar"
        assert line not in tasks(browser("manager"))
    with time_machine.travel(dt.datetime(last, 10, 31, 2, 0, tzinfo=dt.UTC)):
        assert line not in tasks(browser("admin"))


def test_an_empty_estate_begins_with_five_steps(browser: Browser, estate: Estate, engine: Engine) -> None:
    with db.transaction(engine) as session:
        [number] = session.execute(sa.insert(community).values(name="新小区").returning(community.c.id)).scalars()
    client = browser("manager")
    assert "五步就能出账" not in client.get("/").text
    client.post("/community", data={"community_id": str(number)})
    page = client.get("/").text
    assert "五步就能出账" in page
    assert 'href="/settings/start"' in page
    assert page.count('<li aria-current="step">') == 1
    for code in ("collection", "aging", "daily", "bills", "payments", "stewards"):
        assert client.get(f"/reports/{code}").status_code == 200, code


@ON_SQLITE
def test_the_desk_asks_a_fixed_number_of_questions(browser: Browser, estate: Estate, engine: Engine) -> None:
    client, asked = browser("manager"), list[str]()
    client.get("/")
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    client.get("/")
    few = len(asked)
    for fen in (700, 900, 1_100):
        pay(engine, estate, fen, TODAY)
    bill_of_the_month(engine, estate)
    client.get("/")  # who owes is counted anew once, since something was posted
    asked.clear()
    client.get("/")
    assert len(asked) == few
    assert few < 50
