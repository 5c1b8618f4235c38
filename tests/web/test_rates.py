"""Prices on the page: drafted by one, laid open, tried out, published by another; used versions are read-only."""

from __future__ import annotations

import io
import re

import pikepdf
import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from app.store import db
from app.store.tables import bill, fee_item, late_charge_policy, tariff
from tests.web.conftest import Browser
from tests.web.estate import Estate


def _scan() -> bytes:
    out, made = io.BytesIO(), pikepdf.new()
    made.add_blank_page()
    made.save(out)
    return out.getvalue()


PDF = _scan()
PRICE = {
    "usage": "residential",
    "price": "3.10",
    "addition": "0",
    "from_on": "2027-07-01",
    "clause": "2027年业主大会决定",
}
LATE = {"rate": "0.5", "rate_unit": "per_mille", "from_on": "2027-01-01", "late_clause": "补充协议第二条"}


def rows(engine: Engine, table: sa.Table) -> int:
    with db.reading(engine) as session:
        return int(session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def number(where: str) -> int:
    return int(re.search(r"/rates/drafts/(\d+)", where)[1])  # type: ignore[index]


def draft(browser: Browser, path: str = "/rates/items/1/price", who: str = "finance", **form: str) -> str:
    answer = browser(who).post(path, data=form or PRICE)
    assert answer.status_code == 303, answer.text[-1500:]
    return str(answer.headers["location"])


def test_the_list_shows_prices_in_force_and_the_late_charge(browser: Browser) -> None:
    page = browser("clerk").get("/rates")
    for text in ("物业服务费", "2.80", "每季", "合同费率", "0.1%", "前期物业服务合同第十二条"):
        assert text in page.text, text
    assert "新收费项目" not in page.text, "a clerk reads"
    assert "新收费项目" in browser("finance").get("/rates").text


def test_a_price_takes_effect_only_once_a_second_person_publishes_it(browser: Browser, engine: Engine) -> None:
    before = rows(engine, tariff)
    where = draft(browser)
    assert rows(engine, tariff) == before
    page = browser("manager").get(where)
    for text in ("新旧对照", "6 户，6 户金额有变", "每期差额", "变动最大的户", "复核无误，发布"):
        assert text in page.text, text
    own = browser("finance").post(f"{where}/publish")
    assert own.status_code == 403
    assert "编制人不能发布自己编制的" in own.text
    assert browser("manager").post(f"{where}/publish").status_code == 303
    assert rows(engine, tariff) == before + 1
    assert browser("manager").post(f"{where}/publish").status_code == 409
    assert "未生效" in browser("clerk").get("/rates/items/1").text


def test_a_trial_shows_its_working_and_writes_nothing(browser: Browser, engine: Engine) -> None:
    where = draft(browser)
    before = rows(engine, bill)
    page = browser("finance").get(f"{where}?unit=1-1-101&period=2027-07")
    assert "× 3.10 元" in page.text
    building = browser("finance").get(f"{where}?building=1&period=2027-07")
    assert "合计 6 户" in building.text
    at_present = browser("clerk").get("/rates/items/1?unit=1-1-101&period=2027-07")
    assert "× 2.80 元" in at_present.text
    wrong = browser("clerk").get("/rates/items/1?unit=9-9-909")
    assert wrong.status_code == 422
    assert "9-9-909" in wrong.text
    assert rows(engine, bill) == before


def test_days_that_are_billed_keep_their_price(browser: Browser) -> None:
    answer = browser("finance").post("/rates/items/1/price", data={**PRICE, "from_on": "2026-01-01"})
    assert answer.status_code == 409
    assert "已出账到" in answer.text
    assert "2027年业主大会决定" in answer.text, "what was typed is kept"


@pytest.mark.parametrize(
    ("field", "value"),
    [("price", "abc"), ("price", "1.23456"), ("price", "99999"), ("clause", ""), ("from_on", "x"), ("usage", "castle")],
)
def test_a_slip_of_the_pen_is_said_at_its_field(browser: Browser, field: str, value: str) -> None:
    answer = browser("finance").post("/rates/items/1/price", data={**PRICE, field: value})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text


def test_two_versions_stand_side_by_side_and_an_unused_one_is_taken_back(browser: Browser, engine: Engine) -> None:
    where = draft(browser)
    browser("manager").post(f"{where}/publish")
    with db.reading(engine) as session:
        old, new = session.execute(
            sa.select(tariff.c.id).where(tariff.c.fee_item_id == 1).order_by(tariff.c.from_on)
        ).scalars()
    page = browser("clerk").get(f"/rates/items/1?left={old}&right={new}")
    assert "两版比较" in page.text
    assert "+10.71%" in page.text
    used = browser("manager").post(f"/rates/versions/{old}/withdraw", data={"reason": "x"})
    assert used.status_code == 409
    assert "已用于" in used.text
    assert (
        browser("manager").post(f"/rates/versions/{new}/withdraw", data={"reason": "业主大会撤回"}).status_code == 303
    )
    manager = browser("manager")
    manager.post("/community", data={"community_id": "1"})
    assert "业主大会撤回" in manager.get("/terms").text
    assert browser("manager").post("/terms/1", data={"act": "grant"}).status_code == 403, "not by who asked for it"
    assert browser("finance").post("/terms/1", data={"act": "grant"}).status_code == 303
    with db.reading(engine) as session:
        last = session.execute(sa.select(tariff.c.until_on).where(tariff.c.id == old)).scalar_one()
    assert last.year == 9999, "the version before lasts on"


def test_a_late_charge_is_drafted_laid_open_and_published(browser: Browser, engine: Engine) -> None:
    before = rows(engine, late_charge_policy)
    where = draft(browser, "/rates/plans/1/late-charge", **LATE)
    page = browser("manager").get(f"{where}?unit=1-1-101&on=2027-03-01")
    assert "0.05%" in page.text
    assert "这些本金每天的违约金" in page.text
    assert "逐笔对照" in page.text
    assert browser("manager").post(f"{where}/publish").status_code == 303
    assert rows(engine, late_charge_policy) == before + 1
    twice = browser("finance").post("/rates/plans/1/late-charge", data=LATE)
    assert twice.status_code == 409


def test_a_new_item_comes_with_its_price_and_its_late_charge(browser: Browser, engine: Engine) -> None:
    form = {
        "name": "电梯运行费",
        "basis": "fixed",
        "cycle_months": "1",
        "due_day": "15",
        "price": "25",
        "from_on": "2026-12-01",
        "clause": "合同第八条",
        "plan": "0",
        "rate": "3",
        "rate_unit": "percent_year",
        "late_clause": "合同第八条第二款",
        "cap": "30",
    }
    where = draft(browser, "/rates/new", **form)
    assert "每户固定" in browser("manager").get(where).text
    before = rows(engine, fee_item)
    assert browser("manager").post(f"{where}/publish").status_code == 303
    assert rows(engine, fee_item) == before + 1
    assert "3%÷365" in browser("clerk").get("/rates").text
    again = browser("finance").post("/rates/new", data=form)
    assert again.status_code == 409
    assert "电梯运行费" in again.text


def test_a_draft_is_sent_back_with_a_reason(browser: Browser) -> None:
    where = draft(browser)
    assert browser("manager").post(f"{where}/close", data={"reason": ""}).status_code == 422
    assert browser("manager").post(f"{where}/close", data={"reason": "缺业主大会纪要"}).status_code == 303
    assert "缺业主大会纪要" in browser("finance").get(where).text
    assert browser("manager").post(f"{where}/publish").status_code == 409


def test_the_scan_of_the_clause_is_kept_and_handed_out_sealed_off(browser: Browser) -> None:
    answer = browser("finance").post(
        "/rates/items/1/price", data=PRICE, files={"scan": ("决定.pdf", PDF, "application/pdf")}
    )
    if answer.status_code == 422:
        assert "upload" not in answer.text.lower()
        pytest.fail(re.sub(r"\s+", " ", answer.text)[-1500:])
    where = answer.headers["location"]
    link = re.search(r'href="(/rates/drafts/\d+/files/\d+)"', browser("manager").get(where).text)[1]  # type: ignore[index]
    sent = browser("clerk").get(link)
    assert sent.content == PDF
    assert "sandbox" in sent.headers["content-security-policy"]
    assert browser("clerk").get(link.replace("/files/", "/files/99")).status_code == 404
    bad = browser("finance").post("/rates/items/1/price", data=PRICE, files={"scan": ("x.exe", b"MZ", "x/y")})
    assert bad.status_code == 422


def test_another_community_has_no_prices(browser: Browser, estate: Estate, engine: Engine) -> None:
    with db.reading(engine) as session:
        other = session.execute(
            sa.select(fee_item.c.id, fee_item.c.plan_id).where(fee_item.c.community_id == estate.communities[1])
        ).one()
        version = session.execute(sa.select(tariff.c.id).where(tariff.c.fee_item_id == other.id)).scalar_one()
    where = draft(browser, f"/rates/items/{other.id}/price")
    client = browser("confined")
    for path in (f"/rates/items/{other.id}", f"/rates/items/{other.id}/price", where):
        assert client.get(path).status_code == 404, path
    posts = [
        (f"/rates/items/{other.id}/price", PRICE),
        (f"/rates/plans/{other.plan_id}/late-charge", LATE),
        (f"{where}/publish", {}),
        (f"{where}/close", {"reason": "x"}),
        (f"/rates/versions/{version}/withdraw", {"reason": "x"}),
    ]
    for path, form in posts:
        assert client.post(path, data=form).status_code == 404, path
