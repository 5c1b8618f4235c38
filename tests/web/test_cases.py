"""Cases over HTTP: from arrears to a closed case, who reaches them, and that the money shown is the ledger's."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable

import pikepdf
import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app.domain.cases import Stage
from app.store import case_reads, cases, db
from app.store.tables_cases import case_counsel, court_case
from app.store.tables_claims import interruption
from tests.web.estate import TODAY, Estate

Browser = Callable[[str], TestClient]
REASON = "经理已批准，先起诉保时效"


@pytest.fixture
def owing(engine: Engine, estate: Estate) -> int:
    """Return a unit with overdue bills in the first community."""
    community = estate.communities[0]
    return next(unit for unit in estate.units[community] if _owes(engine, unit))


def _owes(engine: Engine, unit_id: int) -> bool:
    from app.store import arrears

    with db.reading(engine) as session:
        return bool(arrears.bills_on(session, as_of=TODAY, unit_ids=[unit_id], overdue_only=True))


def opened(client: TestClient, *units: int, **more: str) -> int:
    data = {"unit": [str(unit) for unit in units], "key": "key-of-a-case", "act": "open", "reason": REASON, **more}
    answer = client.post("/cases/new", data=data)
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].rpartition("/")[2])


def step(client: TestClient, case_id: int, to: str, on: dt.date = TODAY, **more: str) -> None:
    answer = client.post(f"/cases/{case_id}/step", data={"to": to, "on": on.isoformat(), **more})
    assert answer.status_code == 303, re.findall(r"<li>.*?</li>", answer.text)[:3]


def test_a_case_goes_from_arrears_to_a_judgment_and_is_closed(
    browser: Browser, engine: Engine, estate: Estate, owing: int
) -> None:
    clerk = browser("clerk")
    clerk.post("/community", data={"community_id": str(estate.communities[0])})
    page = clerk.get(f"/cases/new?unit={owing}")
    assert page.status_code == 200
    assert "没有催缴送达的凭据" in page.text
    case_id = opened(clerk, owing)
    for tab in ("overview", "parties", "dates", "money", "papers", "talk"):
        assert clerk.get(f"/cases/{case_id}?tab={tab}").status_code == 200, tab
    step(clerk, case_id, "ready")
    step(clerk, case_id, "filed", court="江南区人民法院")
    step(clerk, case_id, "accepted", court_no="（2026）浙0000民初1号")
    with db.reading(engine) as session:
        row = cases.case_row(session, case_id)
        proved = session.execute(
            sa.select(interruption.c.bill_id).where(
                interruption.c.proof_kind == "case", interruption.c.proof_id == case_id
            )
        ).scalars()
        assert set(proved) == {bill["bill_id"] for bill in cases.bills_of(session, case_id)}
        assert cases.dates_of(session, case_id)
    answer = clerk.post(
        f"/cases/{case_id}/dates",
        data={"kind": "hearing", "due_on": "2026-11-27", "clock_time": "09:30", "place": "第三法庭"},
    )
    assert answer.status_code == 303
    assert "第三法庭" in clerk.get("/cases/calendar").text
    assert "案件期限" in clerk.get("/").text
    if row["path"] != "payment_order":
        step(clerk, case_id, "hearing")
    step(clerk, case_id, "judgment")
    refused = clerk.post(f"/cases/{case_id}/step", data={"to": "effective", "on": TODAY.isoformat()})
    assert refused.status_code == 422
    assert "还没有登记裁判文书的金额" in refused.text
    judged = {"kind": "judgment", "issued_on": TODAY.isoformat(), "principal": f"{row['principal_fen'] / 100:.2f}"}
    judged |= {"late_charge": "0", "perform_by_on": "2026-12-20", "key": "judgment-key"}
    assert clerk.post(f"/cases/{case_id}/judgments", data=judged).status_code == 303
    step(clerk, case_id, "effective")
    step(clerk, case_id, "closed")
    with db.reading(engine) as session:
        row = cases.case_row(session, case_id)
        assert (row["stage"], row["result"], row["ended_on"]) == ("closed", "awarded", TODAY)
        assert all(one["done_at"] for one in cases.dates_of(session, case_id))
    assert clerk.post(f"/cases/{case_id}/dates", data={"kind": "other", "due_on": "2026-12-01"}).status_code == 409


def test_filing_can_be_undone_and_its_interruption_with_it(browser: Browser, engine: Engine, owing: int) -> None:
    clerk = browser("clerk")
    case_id = opened(clerk, owing)
    step(clerk, case_id, "ready")
    step(clerk, case_id, "filed", court="江南区人民法院")
    assert clerk.post(f"/cases/{case_id}/undo", data={}).status_code == 303
    with db.reading(engine) as session:
        row = cases.case_row(session, case_id)
        assert (row["stage"], row["filed_on"]) == ("ready", None)
        assert [one["is_undone"] for one in cases.stages(session, case_id)] == [False, False, True, False]
    step(clerk, case_id, "filed", court="江南区人民法院")
    step(clerk, case_id, "withdrawn")
    refused = clerk.post(f"/cases/{case_id}/undo", data={})
    assert refused.status_code == 409
    assert "时效重新起算" in refused.text


def test_what_asks_for_a_reason_is_refused_without_one(browser: Browser, owing: int) -> None:
    clerk = browser("clerk")
    answer = clerk.post("/cases/new", data={"unit": str(owing), "key": "another-key", "act": "open"})
    assert answer.status_code == 422
    assert "仍要建案的理由" in answer.text


def test_the_same_bills_never_go_to_court_twice(browser: Browser, owing: int) -> None:
    clerk = browser("clerk")
    case_id = opened(clerk, owing)
    assert opened(clerk, owing) == case_id, "the same form sent twice acts once"
    answer = clerk.post("/cases/new", data={"unit": str(owing), "key": "a-third-key", "act": "open", "reason": REASON})
    assert answer.status_code == 422
    assert "已在另一个未结案件里" in answer.text


def test_many_units_go_to_court_at_once_and_those_that_cannot_are_left_out(
    browser: Browser, engine: Engine, estate: Estate
) -> None:
    clerk = browser("clerk")
    clerk.post("/community", data={"community_id": str(estate.communities[0])})
    units = estate.units[estate.communities[0]]
    data = {"unit": [str(unit) for unit in units], "key": "many-key-1", "act": "open", "reason": REASON}
    assert clerk.get("/cases/new", params={"unit": units}).status_code == 200
    assert clerk.post("/cases/new", data=data).headers["location"] == "/cases?state=preparing"
    with db.reading(engine) as session:
        made = session.execute(sa.select(court_case.c.unit_id)).scalars().all()
    assert set(made) == {unit for unit in units if _owes(engine, unit)}
    assert clerk.get("/cases?state=preparing").text.count('href="/cases/') >= len(made)


def test_a_lawyer_reaches_only_cases_in_hand_until_they_expire(
    browser: Browser, engine: Engine, estate: Estate, owing: int
) -> None:
    clerk, lawyer = browser("clerk"), browser("lawyer")
    case_id = opened(clerk, owing)
    pages = (f"/cases/{case_id}", f"/cases/{case_id}?tab=talk")
    assert {lawyer.get(page).status_code for page in pages} == {404}
    assert "CASE-" not in lawyer.get("/cases").text
    given = {"user": str(estate.users["lawyer"]), "expires_on": "2026-12-31"}
    assert clerk.post(f"/cases/{case_id}/counsel", data=given).status_code == 303
    assert {lawyer.get(page).status_code for page in pages} == {200}
    assert "CASE-" in lawyer.get("/counsel").text
    assert lawyer.post(f"/cases/{case_id}/comments", data={"text": "请补合同原件"}).status_code == 303
    assert "请补合同原件" in clerk.get(f"/cases/{case_id}?tab=talk").text
    sent = lawyer.post(
        f"/cases/{case_id}/files", data={"file_kind": "court"}, files={"file": ("传票.pdf", _pdf(), "application/pdf")}
    )
    assert sent.status_code == 303
    with db.reading(engine) as session:
        file_id = cases.files(session, case_id)[0]["id"]
    mine, ours = (who.get(f"/cases/{case_id}/files/{file_id}").content for who in (lawyer, clerk))
    assert ours == _pdf()
    with pikepdf.open(io.BytesIO(mine)) as marked:
        assert b"lawyer" in b"".join(
            part.read_bytes()
            for part in marked.pages[0].Contents  # type: ignore[attr-defined]
        )
    assert lawyer.post(f"/cases/{case_id}/step", data={"to": "ready", "on": "2026-11-23"}).status_code == 403
    with db.transaction(engine) as session:
        session.execute(sa.update(case_counsel).values(expires_on=TODAY - dt.timedelta(days=1)))
    gone = (*pages, f"/cases/{case_id}/files/{file_id}")
    assert {lawyer.get(page).status_code for page in gone} == {404}
    assert lawyer.post(f"/cases/{case_id}/comments", data={"text": "还在吗"}).status_code == 404
    assert "CASE-" not in lawyer.get("/counsel").text


def _pdf() -> bytes:
    if not _made:
        blank = pikepdf.new()
        blank.add_blank_page()
        out = io.BytesIO()
        blank.save(out)
        _made.append(out.getvalue())
    return _made[0]


_made: list[bytes] = []


def test_a_case_of_another_community_does_not_exist(browser: Browser, engine: Engine, estate: Estate) -> None:
    manager, confined = browser("manager"), browser("confined")
    with db.reading(engine) as session:
        del session
    other = next(unit for unit in estate.units[estate.communities[1]] if _owes(engine, unit))
    case_id = opened(manager, other, key="other-community")
    for page in (f"/cases/{case_id}", f"/cases/new?unit={other}", f"/units/{other}/case"):
        assert confined.get(page).status_code in {403, 404}, page


def test_payments_after_filing_are_those_of_the_ledger(browser: Browser, engine: Engine, owing: int) -> None:
    clerk = browser("clerk")
    case_id = opened(clerk, owing, as_of="2026-11-20")
    paid = {"amount": "100.00", "method": "cash", "key": "pay-key-1", "received_on": TODAY.isoformat()}
    answer = clerk.post(f"/units/{owing}/pay", data=paid)
    assert answer.status_code in {200, 303}, answer.text
    with db.reading(engine) as session:
        found = case_reads.paid_since(session, case_id, since=dt.date(2026, 11, 20))
    if answer.status_code == 303:
        assert sum(row["amount_fen"] for row in found) == 100_00
        assert "100.00" in clerk.get(f"/cases/{case_id}?tab=money").text


def test_costs_are_taken_back_and_instalments_read_line_by_line(browser: Browser, engine: Engine, owing: int) -> None:
    clerk = browser("clerk")
    case_id = opened(clerk, owing)
    cost = {"cost_kind": "lawyer", "amount": "800", "paid_on": "2026-11-20", "borne_by": "us", "key": "cost-key-1"}
    for _ in range(2):
        assert clerk.post(f"/cases/{case_id}/costs", data=cost).status_code == 303
    with db.reading(engine) as session:
        (only,) = cases.costs(session, case_id)
    assert clerk.post(f"/cases/{case_id}/costs/{only['id']}/undo", data={}).status_code == 303
    with db.reading(engine) as session:
        assert sum(row["amount_fen"] for row in cases.costs(session, case_id)) == 0
    plan = {"plan_kind": "instalments", "agreed_on": "2026-11-20", "key": "plan-key-1"}
    wrong = clerk.post(f"/cases/{case_id}/plans", data={**plan, "parts": "2026-12-31 五百"})
    assert wrong.status_code == 422
    assert "第 1 行看不懂" in wrong.text
    good = {**plan, "parts": "2026-11-22 300.00\n2026-12-31 500"}
    assert clerk.post(f"/cases/{case_id}/plans", data=good).status_code == 303
    page = clerk.get(f"/cases/{case_id}?tab=money").text
    assert "未按期" in page
    assert "未到期" in page


def test_parties_are_masked_and_a_reveal_is_logged(browser: Browser, engine: Engine, owing: int) -> None:
    clerk = browser("clerk")
    case_id = opened(clerk, owing)
    with db.reading(engine) as session:
        sued = next(one for one in cases.parties(session, case_id) if one["role"] == "defendant")
    page = clerk.get(f"/cases/{case_id}?tab=parties").text
    assert sued["name"] not in page
    shown = clerk.post(f"/cases/{case_id}/parties/{sued['id']}/reveal", data={"field": "name"})
    assert sued["name"] in shown.text
    spouse = {"role": "defendant", "capacity": "spouse", "name": "赵某甲", "is_joint": "true"}
    assert clerk.post(f"/cases/{case_id}/parties", data=spouse).status_code == 303
    assert clerk.post(f"/cases/{case_id}/parties", data=spouse).status_code == 409
    with db.reading(engine) as session:
        added = cases.parties(session, case_id)[-1]
    changed = {"role": "defendant", "capacity": "spouse", "name": "赵某甲", "address": "江南路 1 号", "act": "save"}
    assert clerk.post(f"/cases/{case_id}/parties/{added['id']}", data=changed).status_code == 303
    with db.reading(engine) as session:
        added = cases.parties(session, case_id)[-1]
        assert added["address"] == "江南路 1 号"
    gone = clerk.post(f"/cases/{case_id}/parties/{added['id']}", data={"act": "remove"})
    assert gone.status_code == 303


def test_every_stage_has_a_name() -> None:
    from app.i18n import zh_cn

    assert all(f"case_stage.{stage.value}" in zh_cn.LABELS for stage in Stage)
