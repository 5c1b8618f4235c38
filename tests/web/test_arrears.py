"""The list of arrears on screen: totals, columns, filters in the address, the workbook, paper, and saved views."""

from __future__ import annotations

import datetime as dt
import io
import re
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from openpyxl import load_workbook
from sqlalchemy import Engine, event
from starlette.testclient import TestClient

from app.store import arrears, db, views
from app.store.tables_office import audit_event
from tests.web.conftest import Browser
from tests.web.estate import TODAY, Estate


def totals(engine: Engine, estate: Estate, **facts: Any) -> arrears.Totals:
    wanted = arrears.Filter(community_id=estate.communities[0], **facts)
    with db.reading(engine) as session:
        return arrears.totals(session, as_of=TODAY, wanted=wanted)


def yuan(fen: int) -> str:
    return f"{fen // 100:,}.{fen % 100:02d}"


def cells(text: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", text.partition("<tbody>")[2], re.DOTALL)
    return [
        [
            re.sub(r"\s+", " ", re.sub("<[^>]+>", "", cell)).strip()
            for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)
        ]
        for row in rows
    ]


def sheet(client: TestClient, query: str) -> list[tuple[Any, ...]]:
    answer = client.get(f"/arrears/export?{query}")
    assert answer.status_code == 200
    return list(load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True))


@pytest.fixture
def client(browser: Browser) -> TestClient:
    """A manager who works in the first community only."""
    return browser("confined")


def test_the_foot_is_that_of_the_filter_not_of_the_page(client: TestClient, engine: Engine, estate: Estate) -> None:
    everything = totals(engine, estate)
    text = client.get("/arrears?view=all").text
    assert f"¥{yuan(everything.total_fen)}" in text
    some = totals(engine, estate, min_total_fen=300_000)
    assert 0 < some.units < everything.units
    text = client.get("/arrears?min_amount=3000").text
    assert f"¥{yuan(some.total_fen)}" in text
    assert f"选择全部 {some.units} 户" in text
    assert len(cells(text)) == some.units


def test_columns_are_chosen_in_the_address_and_stay_with_filter_and_order(client: TestClient) -> None:
    ticked = client.get("/arrears?q=1-1&bucket=&col=area&col=total&col=months&sort=-months")
    assert ticked.status_code == 303
    assert ticked.headers["location"] == "/arrears?q=1-1&sort=-months&cols=area.months.total"
    text = client.get(ticked.headers["location"]).text
    head = re.findall(r"<thead>.*?</thead>", text, re.DOTALL)[0]
    assert [word for word in ("面积（㎡）", "欠费月数", "合计", "违约金", "业主") if word in head] == [
        "面积（㎡）",
        "欠费月数",
        "合计",
    ]
    months = [int(row[3]) for row in cells(text)]
    assert months == sorted(months, reverse=True)
    assert months[0] > months[-1]


def test_a_bare_blank_or_foreign_address_shows_everything(client: TestClient) -> None:
    assert client.get("/arrears?q=&building=&as_of=").headers["location"] == "/arrears?view=all"
    for address in ("/arrears", "/arrears?view=nowhere", "/arrears?utm=x", "/arrears?cols=nothing.total"):
        assert client.get(address).status_code == 200, address


def test_what_the_address_says_wrong_is_said_at_its_field(client: TestClient) -> None:
    for query, said in (
        ("max_amount=1e3", "金额"),
        ("oldest_from=2026-02-30", "日期"),
        ("months=-1", "欠费满几个月"),
        ("flag=x", "标记"),
        ("sort=drop", "排序"),
        ("steward=99999999999", "管家"),
    ):
        answer = client.get(f"/arrears?{query}")
        assert answer.status_code == 422, query
        assert said in answer.text, query


def test_the_workbook_is_what_is_on_screen(client: TestClient, engine: Engine, estate: Estate) -> None:
    query = "min_days=100&sort=-late_charge&cols=owner.days.late_charge.total.level"
    shown = cells(client.get(f"/arrears?{query}").text)
    rows = sheet(client, query)
    foot = totals(engine, estate, min_days=100)
    assert "锦绣花园（一期）" in str(rows[0][0])
    assert "截至 2026-11-23" in str(rows[1][0])
    assert "逾期不少于 100 天" in str(rows[2][0])
    assert f"{foot.units} 户，{foot.bills} 笔" in str(rows[3][0])
    assert rows[4] == ("房号", "业主", "电话", "逾期天数", "违约金", "合计", "催缴阶段")
    body, last = rows[5:-1], rows[-1]
    assert [row[0] for row in body] == [row[1] for row in shown]
    assert [yuan(round(row[5] * 100)) for row in body] == [row[5] for row in shown]
    assert round(sum(row[5] for row in body) * 100) == foot.total_fen == round(last[5] * 100)
    assert round(last[4] * 100) == foot.late_charge_fen
    assert last[3] is None
    assert all("*" in str(row[1]) and "****" in str(row[2]) for row in body), "masked as on screen"


def test_a_workbook_of_another_day_says_that_it_is_a_trial(client: TestClient, engine: Engine) -> None:
    rows = sheet(client, "as_of=2027-01-31")
    assert "试算" in str(rows[1][0])
    with db.reading(engine) as session:
        [subject] = session.execute(
            sa.select(audit_event.c.subject).where(audit_event.c.action == "arrears.exported")
        ).scalars()
    assert subject == "as_of:2027-01-31"


def test_the_paper_lists_everything_and_is_logged(client: TestClient, engine: Engine, estate: Estate) -> None:
    text = client.get("/arrears/print?cols=total.flags").text
    assert len(cells(text)) == totals(engine, estate).units
    assert "望江苑" not in text
    with db.reading(engine) as session:
        logged = sa.select(sa.func.count()).where(audit_event.c.action == "arrears.printed")
        assert session.execute(logged).scalar_one() == 1


def test_everybody_who_matches_is_passed_on_as_a_filter_never_as_ids(
    client: TestClient, engine: Engine, estate: Estate
) -> None:
    wanted = totals(engine, estate, min_total_fen=300_000)
    answer = client.post(
        "/notices/draft", data={"everything": "1", "min_amount": "3000", "cols": "total", "view": "all"}
    )
    assert answer.status_code == 200
    assert 'name="unit"' not in answer.text
    assert 'name="everything"' in answer.text
    assert 'name="min_amount" value="3000"' in answer.text
    assert str(wanted.units) in answer.text


def test_a_list_of_any_length_takes_the_same_number_of_queries(
    client: TestClient, engine: Engine, estate: Estate
) -> None:
    seen: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: seen.append(given[2]))

    def count(query: str) -> int:
        client.get("/healthz")
        client.get("/arrears?view=all")  # the menu is counted and kept for a moment
        seen.clear()
        assert client.get(f"/arrears?{query}").status_code == 200
        return len(seen)

    assert (
        count("q=1-1-101")
        == count("view=all")
        == count("cols=total.paid.noticed.credit.months.steward.owner&page=1") - 0
    )


# --- saved views -----------------------------------------------------------------------------------


def save(
    client: TestClient, name: str, address: str = "/arrears?months=12&sort=-days&cols=owner.total", **more: str
) -> str:
    answer = client.post("/views/save", data={"name": name, "address": address, **more})
    assert answer.status_code == 303, answer.text[-500:]
    return answer.headers["location"]


def test_a_view_keeps_filters_order_and_columns_but_not_the_day(client: TestClient) -> None:
    where = save(client, "老户", "/arrears?months=12&sort=-days&cols=owner.total&as_of=2026-01-01&view=all&page=3")
    assert where == "/arrears?months=12&sort=-days&cols=owner.total&view=v1"
    text = client.get(where).text
    assert "已保存视图“老户”" in text
    assert 'aria-current="true">老户' in re.sub(r"\s+<", "<", text)
    assert save(client, "老户", "/arrears?bucket=3y%2B") == "/arrears?bucket=3y%2B&view=v1", "the same name is replaced"


def test_three_views_are_shipped_and_say_what_they_count(client: TestClient) -> None:
    text = client.get("/views").text
    for name, about in (
        ("一年以上未立案", "满 12 个月"),
        ("本月新增欠费", "在本月"),
        ("时效 90 天内届满", "等中断都已计入"),
    ):
        assert name in text
        assert about in text
    for key, (query, _) in views.SHIPPED.items():
        assert client.get(f"/arrears?{query}&view={key}").status_code == 200
    assert client.post("/views/save", data={"name": "本月新增欠费", "address": "/arrears"}).status_code == 422


def test_a_pinned_view_tells_the_figures_of_its_list(client: TestClient, engine: Engine, estate: Estate) -> None:
    save(client, "大额", "/arrears?min_amount=3000", pinned="1")
    assert client.post("/views/pin", data={"view": "year", "on": "1"}).status_code == 303
    with db.reading(engine) as session:
        known = {"user_id": estate.users["confined"], "community_id": estate.communities[0]}
        found = views.pinned(session, **known, as_of=TODAY)
        bare = views.pinned(session, **known, as_of=None)
        nobody = views.pinned(session, user_id=estate.users["clerk"], community_id=estate.communities[0], as_of=TODAY)
        nowhere = views.pinned(session, user_id=estate.users["clerk"], community_id=None, as_of=TODAY)
    rich, old = totals(engine, estate, min_total_fen=300_000), totals(engine, estate, min_months=12)
    assert {(view.name, view.units, view.total_fen) for view in found} == {
        ("大额", rich.units, rich.total_fen),
        ("一年以上未立案", old.units, old.total_fen),
    }
    assert [view.name for view in bare] == [view.name for view in found]
    assert (list(nobody), list(nowhere)) == ([], [])
    assert client.post("/views/pin", data={"view": "year"}).status_code == 303
    with db.reading(engine) as session:
        assert [view.name for view in views.pinned(session, **known, as_of=None)] == ["大额"]


def test_the_list_opens_with_the_view_somebody_chose(client: TestClient) -> None:
    where = save(client, "老户")
    client.post("/views/default", data={"view": "v1", "on": "1"})
    assert client.get("/arrears").headers["location"] == where.replace("&view", "&view")
    assert client.get("/arrears?view=all").status_code == 200
    client.post("/views/default", data={"view": "v1", "on": "0"})
    assert client.get("/arrears").status_code == 200


def test_a_deleted_view_can_be_had_back_for_ten_minutes(client: TestClient) -> None:
    save(client, "老户", shared="1")
    gone = client.post("/views/1/delete")
    assert gone.headers["location"] == "/views?gone=1"
    client.get("/arrears?view=all")  # shows the line the saving left
    text = client.get("/views?gone=1").text
    assert 'action="/views/1/restore"' in text
    assert "老户" not in text
    assert client.post("/views/1/restore").status_code == 303
    assert "老户" in client.get("/views").text
    client.post("/views/1/delete")
    with time_machine.travel(dt.datetime(2026, 11, 23, 2, 20, tzinfo=dt.UTC), tick=True):
        late = client.post("/views/1/restore")
    assert late.status_code == 409
    assert "十分钟" in late.text


def test_a_view_is_its_owners_alone_until_it_is_shared(browser: Browser, client: TestClient, estate: Estate) -> None:
    save(client, "老户")
    colleague = browser("clerk")
    colleague.post("/community", data={"community_id": str(estate.communities[0])})
    assert "老户" not in colleague.get("/arrears?view=all").text
    assert colleague.post("/views/pin", data={"view": "v1", "on": "1"}).status_code == 404
    for act in ("rename", "share", "delete", "restore"):
        assert colleague.post(f"/views/1/{act}", data={"name": "x"} if act == "rename" else None).status_code == 404
    client.post("/views/1/share", data={"on": "1"})
    assert "老户" in colleague.get("/arrears?view=all").text
    assert colleague.post("/views/pin", data={"view": "v1", "on": "1"}).status_code == 303
    assert 'action="/views/1/delete"' not in colleague.get("/views").text
    colleague.post("/community", data={"community_id": str(estate.communities[1])})
    assert "老户" not in colleague.get("/arrears?view=all").text, "another community has its own"
    client.post("/views/1/share", data={"on": "0"})
    colleague.post("/community", data={"community_id": str(estate.communities[0])})
    assert "老户" not in colleague.get("/views").text


def test_names_are_kept_apart_and_addresses_are_those_of_a_list(client: TestClient) -> None:
    save(client, "甲")
    save(client, "乙")
    taken = client.post("/views/2/rename", data={"name": "甲"})
    assert taken.status_code == 409
    assert "您已有名为“甲”的视图" in taken.text
    assert client.post("/views/2/rename", data={"name": "丙"}).status_code == 303
    assert client.post("/views/2/rename", data={"name": ""}).status_code == 422
    for address in ("/units", "https://x.example/arrears", "/arrears?months=x"):
        assert client.post("/views/save", data={"name": "丁", "address": address}).status_code == 422, address


def test_nobody_keeps_more_views_than_can_be_read(client: TestClient, engine: Engine, estate: Estate) -> None:
    known = {"owner_id": estate.users["confined"], "community_id": estate.communities[0]}
    with db.transaction(engine) as session:
        for place in range(views.MOST_VIEWS // 2):
            row = {"name": f"视图{place}", "query": "", "columns": "", "wanted": arrears.Filter(), "is_shared": False}
            views.save(session, **known, **row, now=dt.datetime.now(dt.UTC))
        for place in range(views.MOST_PINNED):
            views.mark(
                session,
                user_id=known["owner_id"],
                community_id=known["community_id"],
                view=f"v{place + 1}",
                is_pinned=True,
            )
    assert client.post("/views/save", data={"name": "又一个", "address": "/arrears"}).status_code == 422
    assert client.post("/views/pin", data={"view": "year", "on": "1"}).status_code == 409


def test_before_a_workbook_is_made_its_rows_columns_and_log_are_told(client: TestClient, engine: Engine) -> None:
    with db.reading(engine) as session:
        before = session.execute(sa.select(sa.func.count()).select_from(audit_event)).scalar_one()
    page = client.get("/arrears/export/preview?cols=owner.total")
    assert page.status_code == 200
    assert "房号、" in page.text
    assert "业主" in page.text
    assert 'href="/arrears/export?cols=owner.total"' in page.text
    assert "13800000000" not in page.text
    with db.reading(engine) as session:
        after = session.execute(sa.select(sa.func.count()).select_from(audit_event)).scalar_one()
    assert after == before, "only the file itself is written down"
    empty = client.get("/arrears/export/preview?q=nobody-of-this-name")
    assert "没有欠费的房产" in empty.text
