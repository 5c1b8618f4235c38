"""The pages of limitation and claims: lists that foot, entries with their proof, claims that stay as frozen."""

from __future__ import annotations

import datetime as dt
import io
import re

import openpyxl
import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app.domain.limitation import Interruption
from app.store import arrears, claims, db, interruptions, ledger, limitation_reads
from app.store.tables_claims import bill_clock, claim_freeze, interruption
from tests.web.conftest import Browser
from tests.web.estate import NOW, TODAY, Estate

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
)


@pytest.fixture
def client(browser: Browser, estate: Estate) -> TestClient:
    """Return a manager's browser that looks at the first community."""
    made = browser("manager")
    made.post("/community", data={"community_id": str(estate.communities[0])})
    return made


def oldest(estate: Estate, place: int = 4) -> int:
    return estate.units[estate.communities[0]][place]


def interrupt(engine: Engine, bills: list[int], on: dt.date, kind: str = "demand") -> None:
    with db.transaction(engine) as session:
        interruptions.record(
            session, bill_ids=bills, kind=Interruption(kind), happened_on=on, proof_kind="delivery_event", proof_id=1,
            strength="A", by=None, at=NOW,
        )  # fmt: skip


def key_of(page: str, form: str = "") -> str:
    part = page[page.index(f'action="{form}"') :] if form else page
    return re.search(r'name="key" value="([^"]+)"', part)[1]  # type: ignore[index]


def test_the_list_its_states_and_its_workbook_foot(client: TestClient, estate: Estate, engine: Engine) -> None:
    bills = estate.bills[oldest(estate)]
    interrupt(engine, bills[:1], TODAY - dt.timedelta(days=1095 - 30))
    page = client.get("/limitation").text
    with db.reading(engine) as session:
        wanted = limitation_reads.Filter(community_id=estate.communities[0])
        counts = limitation_reads.counts(session, as_of=TODAY, wanted=wanted)
        rows = limitation_reads.rows(session, as_of=TODAY, wanted=wanted)
    assert sum(one.bills for one in counts) == len(rows)
    assert sum(one.principal_fen for one in counts) == sum(row.principal_fen for row in rows)
    assert f'<b id="bills">{len(rows)}</b>' in page
    body = client.get("/limitation/export.xlsx")
    assert body.status_code == 200
    book = openpyxl.load_workbook(io.BytesIO(body.content)).active
    cells = list(book.iter_rows(values_only=True))
    assert cells[-1][4] == pytest.approx(sum(row.principal_fen for row in rows) / 100)
    assert client.get("/limitation?state=nonsense").status_code == 422
    assert "只张贴" in page


def test_what_must_be_interrupted_leads_to_a_batch_of_those_units(
    client: TestClient, estate: Estate, engine: Engine
) -> None:
    """The list of arrears and the list of limitation name the same units."""
    unit_id, other = oldest(estate), oldest(estate, 3)
    interrupt(engine, estate.bills[unit_id][-1:], TODAY - dt.timedelta(days=1095 - 30))
    interrupt(engine, estate.bills[other], TODAY)
    with db.reading(engine) as session:
        wanted = arrears.Filter(community_id=estate.communities[0], expiring_days=60)
        found = {row.unit_id for row in arrears.list_units(session, as_of=TODAY, wanted=wanted)}
        here = limitation_reads.Filter(community_id=estate.communities[0], state="urgent")
        urgent = {row.unit_id for row in limitation_reads.rows(session, as_of=TODAY, wanted=here)}
    assert found == urgent
    preview = client.post("/notices/draft", data={"everything": "1", "expiring": "60", "act": "preview"})
    assert preview.status_code in {200, 409}


def test_a_promise_by_hand_needs_its_proof_and_restarts_the_clock(
    client: TestClient, estate: Estate, engine: Engine
) -> None:
    unit_id = oldest(estate)
    path = f"/units/{unit_id}/limitation"
    page = client.get(path).text
    data = {"kind": "promise", "happened_on": "2026-11-20", "note": "微信承诺年底前付清", "key": key_of(page, path)}
    refused = client.post(path, data=data)
    assert refused.status_code == 422
    assert "没有证明文件" in refused.text
    done = client.post(path, data=data, files={"file": ("a.png", PNG, "image/png")})
    assert done.status_code == 303, done.text
    again = client.post(path, data=data, files={"file": ("a.png", PNG, "image/png")})
    assert again.status_code == 303
    with db.reading(engine) as session:
        rows = session.execute(sa.select(interruption)).all()
        clocks = session.execute(sa.select(bill_clock.c.act_by_on).where(bill_clock.c.unit_id == unit_id)).scalars()
        assert set(clocks) == {dt.date(2029, 11, 20)}
    assert len(rows) == len(estate.bills[unit_id])
    page = client.get(path).text
    assert "2029-11-20" in page
    file = re.search(rf'href="({path}/files/\d+)"', page)[1]  # type: ignore[index]
    assert client.get(file).content == PNG
    back = client.post(f"{path}/{rows[0].id}", data={"act": "withdraw", "reason": "不是本人"})
    assert back.status_code == 303, back.text
    assert "不是本人" in client.get(path).text
    with db.reading(engine) as session:
        assert session.execute(sa.select(bill_clock).where(bill_clock.c.unit_id == unit_id)).all() == []


def test_a_day_to_come_or_another_units_bill_is_refused_at_its_field(
    client: TestClient, estate: Estate, engine: Engine
) -> None:
    unit_id = oldest(estate)
    path = f"/units/{unit_id}/limitation"
    data = {"kind": "promise", "happened_on": "2026-12-20", "note": "x", "key": "k1-key-0001"}
    assert "不能晚于今天" in client.post(path, data=data).text
    other = estate.bills[oldest(estate, 3)][0]
    data |= {"happened_on": "2026-11-20", "bill": str(other), "key": "k2-key-0001"}
    assert client.post(path, data=data).status_code == 422
    with db.reading(engine) as session:
        assert session.execute(sa.select(interruption)).all() == []


def test_an_obstacle_stops_the_clock_until_it_is_gone(client: TestClient, estate: Estate, engine: Engine) -> None:
    unit_id = oldest(estate)
    path = f"/units/{unit_id}/limitation"
    data = {"reason": "heirs_unknown", "from_on": "2026-10-01", "said": "业主去世", "key": "o1-key-0001"}
    done = client.post(f"{path}/obstacles", data=data, files={"file": ("a.png", PNG, "image/png")})
    assert done.status_code == 303, done.text
    assert "程序或障碍中" in client.get(path).text
    number = re.search(rf"{path}/obstacles/(\d+)", client.get(path).text)[1]  # type: ignore[index]
    gone = client.post(f"{path}/obstacles/{number}", data={"act": "end", "on": "2026-11-10"})
    assert gone.status_code == 303, gone.text
    with db.reading(engine) as session:
        assert None not in session.execute(sa.select(bill_clock.c.act_by_on)).scalars().all()
    assert client.post(f"{path}/obstacles/{number}", data={"act": "withdraw", "reason": "错登"}).status_code == 303


def test_a_proceeding_by_hand_is_pending_until_its_end_is_entered(
    client: TestClient, estate: Estate, engine: Engine
) -> None:
    path = f"/units/{oldest(estate)}/limitation"
    data = {"kind": "proceeding", "happened_on": "2026-10-20", "note": "申请调解", "key": "p1-key-0001"}
    assert client.post(path, data=data, files={"file": ("a.png", PNG, "image/png")}).status_code == 303
    with db.reading(engine) as session:
        number = session.execute(sa.select(sa.func.min(interruption.c.id))).scalar_one()
        assert session.execute(sa.select(bill_clock.c.act_by_on)).scalars().first() is None
    assert client.post(f"{path}/{number}", data={"act": "end", "on": "2026-11-01"}).status_code == 303
    with db.reading(engine) as session:
        assert set(session.execute(sa.select(bill_clock.c.act_by_on)).scalars()) == {dt.date(2029, 11, 1)}
    assert client.post(f"{path}/{number}", data={"act": "end", "on": "2026-11-02"}).status_code == 409


def test_a_claim_stays_as_it_was_frozen_and_says_what_changed_since(
    client: TestClient, estate: Estate, engine: Engine
) -> None:
    unit_id = oldest(estate)
    path = f"/claims/{unit_id}"
    page = client.get(path).text
    assert "LPR 1.5 倍（固定）" in page
    data = {"as_of": TODAY.isoformat(), "primary": "contract", "alternative": "lpr_15_fixed", "key": key_of(page, path)}
    done = client.post(path, data=data)
    assert done.status_code == 303, done.text
    assert client.post(path, data=data).headers["location"] == done.headers["location"]
    where = done.headers["location"]
    assert "只有违约金按天增加" in client.get(where).text
    with db.transaction(engine) as session:
        row = {"community_id": estate.communities[0], "received_on": TODAY, "amount_fen": 5_000, "method": "cash"}
        ledger.post(session, ledger.Posting(unit_id, "payment", row | {"recorded_at": NOW}), through=TODAY)
        [frozen] = session.execute(sa.select(claim_freeze)).all()
        facts = claims.claim_facts(session, frozen.id)
        assert claims.is_intact(frozen)
    page = client.get(where).text
    assert "收款" in page
    assert "(50.00)" in page
    assert facts["principal_fen"] == frozen.principal_fen
    assert facts["claims"]["contract"]["total_fen"] == frozen.claimed_fen
    assert client.get(f"{where}/panel.pdf").headers["content-type"] == "application/pdf"
    assert frozen.number in client.get("/claims").text


def test_what_cannot_be_frozen_is_said(client: TestClient, estate: Estate) -> None:
    path = f"/claims/{oldest(estate)}"
    data = {"as_of": TODAY.isoformat(), "primary": "contract", "alternative": "contract", "key": "c1-key-0001"}
    assert "口径相同" in client.post(path, data=data).text
    data |= {"alternative": "capped", "as_of": "2026-12-31", "key": "c2-key-0001"}
    assert "不能晚于今天" in client.post(path, data=data).text
    empty = f"/claims/{oldest(estate, 2)}"
    assert "没有可主张的诉请" in client.get(empty).text


def test_the_lpr_is_entered_with_its_source_and_corrected_by_a_newer_row(browser: Browser, engine: Engine) -> None:
    admin = browser("admin")
    assert "3.00%" in admin.get("/settings/lpr").text
    data = {"from_on": "2026-11-20", "percent": "2.95", "source": "全国银行间同业拆借中心"}
    assert admin.post("/settings/lpr", data=data).status_code == 303
    assert admin.post("/settings/lpr", data=data | {"percent": "2.90"}).status_code == 303
    assert "2.90%" in admin.get("/settings/lpr").text
    for wrong in ({"percent": "abc"}, {"percent": "99"}, {"from_on": "2026-12-20"}, {"source": ""}):
        assert admin.post("/settings/lpr", data=data | wrong).status_code == 422
    with db.reading(engine) as session:
        assert claims.base_rates(session)[-1].rate_e4 == 290


def test_nothing_of_another_community_is_reached(browser: Browser, estate: Estate) -> None:
    confined = browser("confined")
    far = estate.units[estate.communities[1]][4]
    for path in (f"/units/{far}/limitation", f"/claims/{far}", f"/claims/{far}/panel.pdf"):
        assert confined.get(path).status_code == 404


def test_the_report_by_state_foots_to_the_list(client: TestClient, estate: Estate, engine: Engine) -> None:
    page = client.get("/reports/claims")
    assert page.status_code == 200
    with db.reading(engine) as session:
        wanted = limitation_reads.Filter(community_id=estate.communities[0])
        counts = limitation_reads.counts(session, as_of=TODAY, wanted=wanted)
    assert f"¥{sum(one.principal_fen for one in counts) / 100:,.2f}" in page.text
    assert client.get("/reports/claims/export.xlsx").status_code == 200
    assert "诉请与时效" in client.get("/reports").text
