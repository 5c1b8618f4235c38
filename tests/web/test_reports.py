"""The reports on their pages: figures that tie to the ledger, lead to their rows, and mean what stands beside them."""

from __future__ import annotations

import datetime as dt
import re
from io import BytesIO

import openpyxl
import pikepdf
import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, event
from starlette.testclient import TestClient

from app.i18n import zh_cn
from app.store import arrears, db, ledger, report_reads
from app.store.report_reads import By, Scope
from app.store.tables import unit
from app.store.tables_reports import steward
from app.web.staff import reports
from tests.web.conftest import Browser
from tests.web.estate import NOW, TODAY, Estate

CODES = sorted(reports.REPORTS)
ON_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"])
"""For what has nothing to do with the dialect."""

QUARTER = "from_on=2026-10-01&to_on=2026-12-31"


@pytest.fixture
def browser(browser: Browser, estate: Estate) -> Browser:
    """Return a maker of browsers that look at the first community."""

    def looking(login: str) -> TestClient:
        client = browser(login)
        client.post("/community", data={"community_id": str(estate.communities[0])})
        return client

    return looking


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def yuan(fen: int) -> str:
    return f"{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def pay(engine: Engine, estate: Estate, fen: int, *, on: dt.date = TODAY, by: str = "", place: int = 0) -> int:
    community_id = estate.communities[0]
    row = {
        "community_id": community_id,
        "received_on": on,
        "amount_fen": fen,
        "method": "wechat",
        "recorded_at": NOW,
        "recorded_by": estate.users[by] if by else None,
    }
    with db.transaction(engine) as session:
        posting = ledger.Posting(estate.units[community_id][place], "payment", row)
        return ledger.post(session, posting, through=TODAY)


def take_back(engine: Engine, estate: Estate, number: int, *, on: dt.date) -> None:
    row = {"target_kind": "payment", "target_id": number, "value_on": on, "reason": "退票", "recorded_at": NOW}
    with db.transaction(engine) as session:
        unit_id = estate.units[estate.communities[0]][0]
        ledger.post(session, ledger.Posting(unit_id, "reversal", row), through=TODAY)


@ON_SQLITE
def test_the_index_says_what_each_report_answers(browser: Browser) -> None:
    page = browser("finance").get("/reports").text
    for code in CODES:
        assert f'href="/reports/{code}"' in page
        assert zh_cn.LABELS[f"report_question.{code}"] in page
    assert 'href="/audit"' not in page  # finance may not read the log
    assert 'href="/audit"' in browser("manager").get("/reports").text


def test_every_report_opens_with_its_definitions_and_without_anything_in_it(browser: Browser) -> None:
    client = browser("manager")
    for code in CODES:
        page = client.get(f"/reports/{code}")
        assert page.status_code == 200, code
        assert "口径" in page.text
        assert "截至" in page.text
        assert "style=" not in page.text
        long_ago = client.get(f"/reports/{code}?from_on=2001-01-01&to_on=2001-01-31&as_of=2001-01-31")
        assert long_ago.status_code == 200, code


@ON_SQLITE
def test_a_report_nobody_made_is_not_found(browser: Browser) -> None:
    client = browser("manager")
    for path in ("/reports/profit", "/reports/profit/export.xlsx", "/reports/profit/print.pdf"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "没有这张报表" in answer.text


@ON_SQLITE
@pytest.mark.parametrize(
    "query",
    ["as_of=never", "from_on=2026-13-01", "by=owner", "item=x", "steward=-1", "days=99999", "building=" + "x" * 99],
)
def test_a_faulty_address_is_told_at_its_field_and_never_exported(browser: Browser, query: str) -> None:
    client = browser("manager")
    answer = client.get(f"/reports/collection?{query}")
    assert answer.status_code == 422
    assert "请修改后再提交" in answer.text
    assert client.get(f"/reports/collection/export.xlsx?{query}").status_code == 422
    assert client.get(f"/reports/collection/print.pdf?{query}").status_code == 422


@ON_SQLITE
def test_a_period_that_ends_before_it_begins_is_no_error(browser: Browser) -> None:
    assert browser("manager").get("/reports/collection?from_on=2026-12-01&to_on=2026-01-01").status_code == 200


def test_the_rate_is_what_was_paid_of_what_fell_due(browser: Browser, estate: Estate, engine: Engine) -> None:
    community_id = estate.communities[0]
    october = estate.bills[estate.units[community_id][0]][0]
    with db.reading(engine) as session:
        figures = arrears.bills_on(session, as_of=TODAY, unit_ids=[estate.units[community_id][0]])
        due = {one.bill_id: one.principal_fen for one in figures}[october]
        whole = report_reads.standings(session, Scope(community_id), on=TODAY, by=By.NONE)[""]
    pay(engine, estate, whole.principal_fen)  # more than the first unit owes: its every bill is paid
    with db.reading(engine) as session:
        scope, quarter = Scope(community_id), report_reads.Due(dt.date(2026, 10, 1), dt.date(2026, 12, 31))
        now = report_reads.standings(session, scope, on=TODAY, by=By.NONE, due=quarter)[""]
    assert now.paid_fen == due
    page = plain(browser("finance").get(f"/reports/collection?{QUARTER}").text)
    rate = now.paid_fen * 10_000 / now.net_fen
    assert f"¥{yuan(now.net_fen)}" in page
    assert f"¥{yuan(due)}" in page
    assert f"{rate / 100:.2f}%" in page


def linked(page: str, text: str) -> str:
    """Return the address behind a figure."""
    found = re.search(rf'<a href="([^"]+)">[¥]?{re.escape(text)}</a>', page)
    assert found, text
    return found[1].replace("&amp;", "&")


def test_every_figure_of_what_is_open_leads_to_bills_with_the_same_total(
    browser: Browser, estate: Estate, engine: Engine
) -> None:
    client = browser("finance")
    with db.reading(engine) as session:
        scope = Scope(estate.communities[0])
        quarter = report_reads.Due(dt.date(2026, 10, 1), dt.date(2026, 12, 31))
        now = report_reads.standings(session, scope, on=TODAY, by=By.NONE, due=quarter)[""]
        old = report_reads.standings(
            session, scope, on=TODAY, by=By.NONE, due=report_reads.Due(None, dt.date(2026, 9, 30))
        )
    page = client.get(f"/reports/collection?{QUARTER}&as_of={TODAY}").text
    for fen in (now.principal_fen, old[""].principal_fen):
        listed = client.get(linked(page, yuan(fen))).text
        assert f'<b id="principal">¥{yuan(fen)}</b>' in listed


@pytest.mark.parametrize("code", ["movement", "late-charge"])
def test_opening_and_closing_lead_to_the_bills_of_their_day(
    browser: Browser, estate: Estate, engine: Engine, code: str
) -> None:
    client, before = browser("finance"), dt.date(2026, 9, 30)
    page = client.get(f"/reports/{code}?{QUARTER}").text
    with db.reading(engine) as session:
        for on in (before, TODAY):
            whole = report_reads.standings(session, Scope(estate.communities[0]), on=on, by=By.NONE)[""]
            fen = whole.open_fen if code == "movement" else whole.late_fen
            listed = client.get(linked(page, yuan(fen))).text
            assert f'<b id="principal">¥{yuan(whole.principal_fen)}</b>' in listed
            assert f'<b id="late">¥{yuan(whole.late_fen)}</b>' in listed


def test_the_ages_are_those_of_the_list_of_arrears_and_lead_to_their_bills(
    browser: Browser, estate: Estate, engine: Engine
) -> None:
    client = browser("lawyer")
    page = client.get("/reports/aging").text
    with db.reading(engine) as session:
        ages = arrears.aging(session, as_of=TODAY, community_id=estate.communities[0])
        total = arrears.totals(session, as_of=TODAY, wanted=arrears.Filter(community_id=estate.communities[0]))
    assert f"¥{yuan(total.total_fen)}" in page
    for age in ages:
        if age.principal_fen:
            listed = client.get(linked(page, yuan(age.principal_fen))).text
            assert f'<b id="principal">¥{yuan(age.principal_fen)}</b>' in listed


def test_the_daily_report_ties_its_methods_cashiers_and_uses(browser: Browser, estate: Estate, engine: Engine) -> None:
    first = pay(engine, estate, 12_345, by="cashier")
    pay(engine, estate, 5_000, by="clerk", place=1)
    take_back(engine, estate, first, on=TODAY)
    client = browser("finance")
    page = client.get("/reports/daily").text
    said = plain(page)
    assert "微信 2 173.45 1 (123.45) 50.00" in said
    assert "抵本金 50.00" in said
    listed = client.get(linked(page, "50.00")).text
    assert '<b id="net">¥50.00</b>' in listed
    assert '<b id="came">¥173.45</b>' in listed


def test_a_reversal_of_today_leaves_yesterday_as_it_was(browser: Browser, estate: Estate, engine: Engine) -> None:
    yesterday = TODAY - dt.timedelta(days=1)
    number = pay(engine, estate, 10_000, on=yesterday)
    client = browser("finance")
    before = plain(client.get(f"/reports/daily?as_of={yesterday}").text)
    take_back(engine, estate, number, on=TODAY)
    assert plain(client.get(f"/reports/daily?as_of={yesterday}").text) == before
    assert "(100.00)" in plain(client.get("/reports/daily").text)


def test_rows_stand_for_buildings_items_or_stewards(browser: Browser, estate: Estate, engine: Engine) -> None:
    client = browser("manager")
    with db.transaction(engine) as session:
        community_id = estate.communities[0]
        session.execute(
            sa.insert(steward).values(community_id=community_id, building="1", user_id=estate.users["collector"])
        )
        session.execute(
            sa.update(unit)
            .where(unit.c.id == estate.units[community_id][1])
            .values(building="2", label="2幢1单元102室")
        )
    assert "1幢" in client.get("/reports/aging?by=building").text
    assert "物业服务费" in client.get("/reports/aging?by=item").text
    page = client.get("/reports/aging?by=steward").text
    assert "collector" in page
    assert "未指定" in page
    nobody = client.get(
        re.search(r'href="(/reports/bills\?steward=0[^"]*state=overdue)"', page.replace("&amp;", "&"))[1]
    )
    assert set(re.findall(r">(\d幢\d单元\d+室)<", nobody.text)) == {"2幢1单元102室"}


def workbook(client: TestClient, path: str) -> openpyxl.Workbook:
    answer = client.get(path)
    assert answer.status_code == 200
    return openpyxl.load_workbook(BytesIO(answer.content))


@ON_SQLITE
def test_a_workbook_holds_the_page_s_figures_as_numbers_and_no_formula(
    browser: Browser, estate: Estate, engine: Engine
) -> None:
    pay(engine, estate, 12_345)
    client = browser("manager")
    for code in CODES:
        book = workbook(client, f"/reports/{code}/export.xlsx?{QUARTER}")
        assert book.sheetnames[-1] == "口径"
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
        assert not [cell for cell in cells if cell.data_type == "f"], code
        texts = [cell.value for cell in cells if isinstance(cell.value, str)]
        assert not [text for text in texts if re.fullmatch(r"[\d,]+\.\d\d%?", text)], code


@ON_SQLITE
def test_the_workbook_of_the_rate_says_what_the_page_says(browser: Browser, estate: Estate, engine: Engine) -> None:
    pay(engine, estate, 12_345)
    client = browser("finance")
    sheet = workbook(client, f"/reports/collection/export.xlsx?{QUARTER}").worksheets[0]
    heads = [cell.value for cell in sheet[2]]
    last = dict(zip(heads, [cell.value for cell in sheet[sheet.max_row]], strict=True))
    page = plain(client.get(f"/reports/collection?{QUARTER}").text)
    assert f"{last['本期 应收']:,.2f}" in page
    assert f"{last['本期 本期收缴率'] * 100:.2f}%" in page
    assert last["本期 应收"] == pytest.approx(last["本期 实收"] + last["本期 未收"])
    assert sheet.cell(sheet.max_row, heads.index("本期 本期收缴率") + 1).number_format == "0.00%"


@ON_SQLITE
def test_a_report_goes_to_paper_in_landscape(browser: Browser) -> None:
    client = browser("manager")
    for code in CODES:
        answer = client.get(f"/reports/{code}/print.pdf?{QUARTER}")
        assert answer.status_code == 200, code
        assert answer.headers["content-type"] == "application/pdf"
        with pikepdf.open(BytesIO(answer.content)) as file:
            box = [float(side) for side in file.pages[0].MediaBox]
            assert box[2] > box[3], code


@ON_SQLITE
def test_exports_are_written_down(browser: Browser) -> None:
    client = browser("manager")
    client.get("/reports/daily/export.xlsx")
    client.get("/reports/aging/print.pdf")
    client.get("/reports/bills/export.xlsx")
    log = client.get("/audit").text
    assert log.count("导出报表") >= 3


@ON_SQLITE
def test_who_may_not_read_reports_reads_none_but_the_lists_of_the_desk(browser: Browser) -> None:
    client = browser("clerk")
    assert client.get("/reports").status_code == 403
    assert client.get("/reports/daily/export.xlsx").status_code == 403
    for path in ("/reports/bills", "/reports/payments", "/reports/limitation"):
        assert client.get(path).status_code == 200
    assert browser("lawyer").get("/reports/bills/export.xlsx").status_code == 403


@ON_SQLITE
def test_no_report_shows_the_other_community(browser: Browser) -> None:
    client = browser("confined")
    for code in [*CODES, "bills", "payments", "stewards"]:
        assert "望江苑" not in client.get(f"/reports/{code}").text, code


@ON_SQLITE
def test_a_report_asks_a_fixed_number_of_questions(browser: Browser, estate: Estate, engine: Engine) -> None:
    client, asked = browser("manager"), list[str]()
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))

    def count() -> dict[str, int]:
        client.get("/reports/daily")  # what the menu counts is asked anew once the ledger has moved
        found = {}
        for code in CODES:
            asked.clear()
            client.get(f"/reports/{code}?{QUARTER}")
            found[code] = len(asked)
        return found

    few = count()
    for place in range(4):
        pay(engine, estate, 7_000 + place, place=place)
    many = count()
    assert many == few
    assert max(many.values()) < 60
