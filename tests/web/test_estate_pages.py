"""Units on screen: list, plan of rooms, the unit's page with its story, transfer, contacts, holds, files, marks."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pikepdf
import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app.domain.ledger import statement
from app.domain.notices import Debt
from app.domain.registry import BEFORE_RECORDS
from app.services import ownership as ownership_service
from app.store import (
    arrears,
    db,
    estate_marks,
    holds,
    ledger,
    notice_verdicts,
    persons,
    transfers,
    unit_files,
    upkeep,
    verify,
)
from app.store.tables import bill, contact, ownership, person, vacancy_rule
from app.store.tables_office import audit_event, owner_token
from app.store.tables_tariffs import terms_draft
from app.web import account_lines, pages, timeline
from app.web.staff import units
from tests.web.conftest import Browser
from tests.web.estate import TODAY, Estate

KEY = "k" * 22


def pdf() -> bytes:
    """Return the smallest PDF there is."""
    out, made = io.BytesIO(), pikepdf.new()
    made.add_blank_page()
    made.save(out)
    return out.getvalue()


PDF = pdf()


@contextmanager
def counting(engine: Engine) -> Iterator[list[str]]:
    """Collect the statements that run inside."""
    seen: list[str] = []

    def note(*arguments: object) -> None:
        seen.append(str(arguments[2]))

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def clerk(browser: Browser, estate: Estate) -> TestClient:
    """Return a clerk who looks at the first community."""
    client = browser("clerk")
    client.post("/community", data={"community_id": str(estate.communities[0])})
    return client


@pytest.fixture
def unit_id(estate: Estate) -> int:
    return estate.units[estate.communities[0]][0]


@pytest.fixture
def free_unit(estate: Estate) -> int:
    """Every third unit owes nothing."""
    return estate.units[estate.communities[0]][2]


def post(client: TestClient, path: str, **data: str) -> str:
    """Send a form that must be taken, and return where it leads."""
    answer = client.post(path, data=data)
    assert answer.status_code == 303, (
        path,
        answer.status_code,
        re.findall(r'role="alert">(.*?)</div>', answer.text, re.DOTALL),
    )
    return answer.headers["location"]


# --- list and plan --------------------------------------------------------------------------------


def test_the_list_shows_masked_owners_and_what_the_ledger_says(clerk: TestClient, engine: Engine, unit_id: int) -> None:
    page = clerk.get("/units").text
    assert "1幢1单元101室" in page
    assert "王伟" not in page
    assert "王*" in page
    with db.reading(engine) as session:
        account = ledger.stories(session, [unit_id])[unit_id]
        told = statement(account.account, TODAY)
    owed = sum(one.total_fen for one in told.bills if one.bill.due_on < TODAY)
    assert f"{owed // 100:,}.{owed % 100:02d}" in page


def test_filters_narrow_and_their_sums_follow(clerk: TestClient) -> None:
    everything = clerk.get("/units").text
    owing = clerk.get("/units?state=owing").text
    clear = clerk.get("/units?state=clear").text
    count = [int(re.search(r"共 <b>(\d+)</b> 户", page)[1]) for page in (everything, owing, clear)]  # type: ignore[index]
    assert count[0] == count[1] + count[2]
    assert "逾期合计 <b>¥0.00</b>" in clear
    assert clerk.get("/units?state=nonsense").status_code == 422
    assert "没有符合条件的房产" in clerk.get("/units?q=zzzz").text
    for state in ("vacant", "disputed", "held", "no_dunning", "care", "no_owner"):
        assert clerk.get(f"/units?state={state}&sort=-balance").status_code == 200


def test_the_plan_of_rooms_counts_every_room_once(clerk: TestClient) -> None:
    page = clerk.get("/units/map").text
    counts = [int(n) for n in re.findall(r"(?:已清|已出账未到期|</i> 逾期) <b>(\d+)</b>", page)]
    assert len(counts) == 3
    assert sum(counts) == len(re.findall(r'<a class="room ', page)) == 6
    assert "欠" in page
    assert clerk.get("/units/map?building=1&entrance=1").status_code == 200
    assert clerk.get("/units/map?building=" + "x" * 50).status_code == 422


# --- transfer -------------------------------------------------------------------------------------


def transferred(clerk: TestClient, unit_id: int, on: str = "2026-11-01", **more: str) -> str:
    data = {"transfer_on": on, "name": "钱多多", "phone": "13912345678", "source": "不动产权证0001", "key": KEY}
    return post(clerk, f"/units/{unit_id}/transfer", act="confirm", **{**data, **more})


def test_a_transfer_is_previewed_confirmed_once_and_printed(
    clerk: TestClient, engine: Engine, estate: Estate, unit_id: int
) -> None:
    clerk.post(f"/units/{unit_id}/link")
    data = {"transfer_on": "2026-10-05", "name": "钱多多", "name_2": "钱小小", "source": "证", "key": KEY}
    seen = clerk.post(f"/units/{unit_id}/transfer", data=data | {"act": "preview"})
    assert seen.status_code == 200
    assert "过户前后不变" in seen.text
    assert "系统不拆分账单" in seen.text
    where = post(clerk, f"/units/{unit_id}/transfer", act="confirm", **data)
    assert post(clerk, f"/units/{unit_id}/transfer", act="confirm", **data) == where
    paper = clerk.get(where).text
    assert "过户清算单" in paper
    assert "钱*多" in paper
    assert "钱多多" not in paper
    with db.reading(engine) as session:
        names = [row.name for row in persons.owners_on(session, unit_ids=[unit_id], as_of=TODAY)[unit_id]]
        assert names == ["钱多多", "钱小小"]
        assert len(transfers.of_unit(session, unit_id)) == 1
        live = session.execute(sa.select(owner_token.c.id).where(owner_token.c.revoked_at.is_(None))).all()
        assert live == []


def test_what_a_transfer_leaves_and_moves_is_all_that_is_open(clerk: TestClient, engine: Engine, unit_id: int) -> None:
    with db.reading(engine) as session:
        plan = ownership_service.plan(session, unit_id=unit_id, transfer_on=dt.date(2026, 10, 5), today=TODAY)
        open_principal = sum(b.principal_fen for b in arrears.bills_on(session, as_of=TODAY, unit_ids=[unit_id]))
        entries = ledger.stories(session, [unit_id])[unit_id]
    both = (*plan.stays, *plan.moves)
    assert sum(line.principal_fen for line in both) == open_principal
    for line in plan.across:
        assert line.parts.before_fen + line.parts.after_fen == line.principal_fen
    transferred(clerk, unit_id, "2026-10-05")
    with db.reading(engine) as session:
        assert ledger.stories(session, [unit_id])[unit_id] == entries


def test_a_wrong_transfer_is_taken_back_and_its_rows_are_kept(
    clerk: TestClient, engine: Engine, estate: Estate, unit_id: int
) -> None:
    with db.reading(engine) as session:
        before = [tuple(row) for row in session.execute(sa.select(ownership).where(ownership.c.unit_id == unit_id))]
    where = transferred(clerk, unit_id)
    assert clerk.post(f"{where}/reverse", data={"reason": ""}).status_code == 422
    post(clerk, f"{where}/reverse", reason="登记错户")
    with db.reading(engine) as session:
        after = [tuple(row) for row in session.execute(sa.select(ownership).where(ownership.c.unit_id == unit_id))]
    assert after == before
    tab = clerk.get(f"/units/{unit_id}?tab=owners").text
    assert "登记有误、已撤下" in tab
    assert "登记错户" in tab
    assert clerk.post(f"{where}/reverse", data={"reason": "x"}).status_code == 409
    assert "作废" in clerk.get(where).text


def test_a_transfer_is_refused_with_a_reason(clerk: TestClient, unit_id: int) -> None:
    path = f"/units/{unit_id}/transfer"
    base = {"transfer_on": "2026-11-01", "name": "钱多多", "source": "证", "key": KEY, "act": "confirm"}
    for change, words in (
        ({"transfer_on": "2027-01-01"}, "不能登记尚未发生的事项"),
        ({"transfer_on": "2020-01-01"}, "不晚于现业主的起始日期"),
        ({"name": ""}, "请至少填写一位新业主"),
        ({"source": ""}, "没有写依据文件"),
        ({"phone": "12345"}, "看不出是电话号码"),
        ({"transfer_on": "昨天"}, "transfer_on"),
    ):
        answer = clerk.post(path, data=base | change)
        assert answer.status_code in {409, 422}, change
        assert words in answer.text, change


# --- people ---------------------------------------------------------------------------------------


def test_a_contact_is_added_corrected_and_ended_and_nothing_is_lost(
    clerk: TestClient, engine: Engine, unit_id: int
) -> None:
    path = f"/units/{unit_id}/contacts"
    post(clerk, path, relation="tenant", name="孙租客", phone="0571-88886666", from_on="2026-01-01")
    with db.reading(engine) as session:
        made = session.execute(sa.select(contact.c.id).where(contact.c.unit_id == unit_id)).scalar_one()
    assert "不是缴费义务人" in clerk.get(f"/units/{unit_id}?tab=owners").text
    post(clerk, f"{path}/{made}", act="correct", relation="tenant", name="孙租客二", reason="写错了")
    with db.reading(engine) as session:
        rows = session.execute(sa.select(contact).where(contact.c.unit_id == unit_id)).all()
        assert len(rows) == 1
        assert rows[0].from_on == dt.date(2026, 1, 1)
    post(clerk, f"{path}/{rows[0].id}", act="end", last_on="2026-11-20")
    with db.reading(engine) as session:
        assert session.execute(sa.select(contact.c.until_on)).scalar_one() == dt.date(2026, 11, 21)
    story = clerk.get(f"/units/{unit_id}?tab=timeline&kind=people").text
    assert "撤下联系人" in story
    assert "联系人结束" in story
    for data in ({"act": "end", "last_on": "2020-01-01"}, {"act": "withdraw"}, {"act": "correct", "reason": "x"}):
        assert clerk.post(f"{path}/{rows[0].id}", data=data).status_code in {409, 422}


def test_a_number_is_sealed_corrected_with_a_reason_and_marked_bad(
    clerk: TestClient, engine: Engine, estate: Estate, unit_id: int
) -> None:
    person_id = estate.people[unit_id]
    path = f"/units/{unit_id}/people/{person_id}"
    assert clerk.post(path, data={"act": "phone", "phone": "13900001111"}).status_code == 422
    post(clerk, path, act="phone", phone="139 0000 1111", reason="业主来电更正")
    post(clerk, path, act="bad", reason="空号")
    post(clerk, path, act="id_number", id_number="11010519491231002X", reason="起诉立案")
    post(clerk, path, act="name", name="王伟伟", reason="登记写错")
    with db.reading(engine) as session:
        row = session.execute(sa.select(person).where(person.c.id == person_id)).one()
        assert persons.reveal_phone(session, person_id) == "+8613900001111"
        assert b"13900001111" not in bytes(row.phone_sealed)
        assert row.phone_bad_on == TODAY
        facts = " ".join(session.execute(sa.select(audit_event.c.facts)).scalars())
    assert "13900001111" not in facts
    page = clerk.get(path).text
    assert "139****1111" in page
    assert "13900001111" not in page
    assert "110***********002X" in page
    assert "号码无效" in clerk.get(f"/units/{unit_id}?tab=owners").text
    assert clerk.get(f"/units?q=0{1111}").status_code == 200


def test_a_co_owner_joins_from_a_day_somebody_owned(clerk: TestClient, engine: Engine, unit_id: int) -> None:
    path = f"/units/{unit_id}/co-owner"
    assert clerk.post(path, data={"name": "王太太", "from_on": "2001-01-01"}).status_code == 422
    post(clerk, path, name="王太太", from_on="2022-06-01", share="50%")
    with db.reading(engine) as session:
        assert len(persons.owners_on(session, unit_ids=[unit_id], as_of=TODAY)[unit_id]) == 2


# --- upkeep ---------------------------------------------------------------------------------------


def grant_all(browser: Browser, engine: Engine) -> None:
    """Let another person agree to everything that waits."""
    manager = browser("manager")
    with db.reading(engine) as session:
        waiting = session.execute(sa.select(terms_draft.c.id).where(terms_draft.c.state == "draft")).scalars().all()
    assert waiting
    for draft_id in waiting:
        post(manager, f"/terms/{draft_id}", act="grant")


def test_area_usage_and_handover_are_corrected_with_what_was_before(
    clerk: TestClient, browser: Browser, engine: Engine, unit_id: int
) -> None:
    path = f"/units/{unit_id}/details"
    with db.reading(engine) as session:
        bills = session.execute(sa.select(bill.c.principal_fen).where(bill.c.unit_id == unit_id)).all()
    assert clerk.post(path, data={"what": "area", "area": "90"}).status_code == 422
    post(clerk, path, what="area", area="90.5", reason="实测")
    post(clerk, path, what="usage", usage="shop", reason="登记更正")
    assert "89.12 → 90.50" in clerk.get(path).text, "it waits for another person"
    assert "89.12 → 90.50" in clerk.get("/terms").text
    assert clerk.post("/terms/1", data={"act": "grant"}).status_code == 403
    with db.reading(engine) as session:
        assert upkeep.changes(session, unit_id) == []
    grant_all(browser, engine)
    post(clerk, path, what="handover", handed_over_on="2022-06-01")
    assert clerk.post(path, data={"what": "handover", "handed_over_on": "2022-07-01"}).status_code == 422
    assert clerk.post(path, data={"what": "area", "area": "一百", "reason": "x"}).status_code == 422
    with db.reading(engine) as session:
        changes = [(row["field"], row["before"], row["after"]) for row in upkeep.changes(session, unit_id)]
        assert session.execute(sa.select(bill.c.principal_fen).where(bill.c.unit_id == unit_id)).all() == bills
    assert changes == [
        ("handed_over", "", "2022-06-01"),
        ("usage", "residential", "shop"),
        ("area", "89120", "90500"),
    ]
    assert "89.12 → 90.50" in clerk.get(f"/units/{unit_id}?tab=timeline&kind=upkeep").text


def test_a_vacancy_is_previewed_registered_and_never_overlaps(
    clerk: TestClient, engine: Engine, estate: Estate, unit_id: int
) -> None:
    with db.transaction(engine) as session:
        session.execute(
            sa.insert(vacancy_rule).values(
                community_id=estate.communities[0],
                from_on=dt.date(2020, 1, 1),
                months=6,
                ratio_e4=7000,
                article="市物业管理条例第五十条",
            )
        )
    path = f"/units/{unit_id}/vacancy"
    data = {"from_on": "2026-03-01", "reported_on": "2026-11-20"}
    seen = clerk.post(path, data=data | {"act": "preview"}).text
    assert "70%" in seen
    assert "249.54" in seen  # 89.12 m² at 2.80, a month
    assert "174.68" in seen
    post(clerk, path, **data)
    assert clerk.post(path, data=data).status_code == 409
    tomorrow = (TODAY + dt.timedelta(days=1)).isoformat()
    assert clerk.post(path, data=data | {"reported_on": tomorrow}).status_code == 422
    with db.reading(engine) as session:
        [row] = upkeep.vacancies(session, unit_id)
    post(clerk, f"{path}/{row['id']}", act="end", last_on="2026-11-20")
    assert "空置" in clerk.get("/units/map").text
    post(clerk, f"{path}/{row['id']}", act="withdraw", reason="登错户")
    with db.reading(engine) as session:
        assert upkeep.vacancies(session, unit_id) == []
    assert "登错户" in clerk.get(f"/units/{unit_id}?tab=timeline").text


def test_a_mark_is_shown_and_keeps_the_unit_out_of_batches(clerk: TestClient, engine: Engine, unit_id: int) -> None:
    path = f"/units/{unit_id}/marks"
    assert clerk.post(path, data={"kind": "no_dunning"}).status_code == 422
    post(clerk, path, kind="no_dunning", note="经理同意暂不催")
    post(clerk, path, kind="elderly")
    assert clerk.post(path, data={"kind": "elderly"}).status_code == 409
    page = clerk.get(f"/units/{unit_id}").text
    assert "不催" in page
    assert "老年户" in page
    with db.reading(engine) as session:
        flags = estate_marks.flags_of(session, [unit_id])
        assert flags == {unit_id: ("no_dunning", "elderly")}
        told = notice_verdicts.verdicts(
            session, level=1, as_of=TODAY, on=TODAY, debts={unit_id: [debt()]}, pause_days=15
        )
        assert told[unit_id].reason == "do_not_dun"
        mark_id = estate_marks.of_unit(session, unit_id)[1]["id"]
    post(clerk, f"{path}/{mark_id}/end")
    with db.reading(engine) as session:
        told = notice_verdicts.verdicts(
            session, level=1, as_of=TODAY, on=TODAY, debts={unit_id: [debt()]}, pause_days=15
        )
        assert told[unit_id].reason is None


def debt() -> Debt:
    return Debt(1, dt.date(2026, 1, 10))


def test_fees_of_a_units_own_never_touch_billed_days(
    clerk: TestClient, browser: Browser, engine: Engine, estate: Estate, unit_id: int, free_unit: int
) -> None:
    with db.reading(engine) as session:
        item = session.execute(sa.select(bill.c.fee_item_id).where(bill.c.unit_id == unit_id).limit(1)).scalar_one()
    data = {"fee_item_id": str(item), "price": "2.50", "from_on": "2026-11-01"}
    refused = clerk.post(f"/units/{unit_id}/fees", data=data)
    assert refused.status_code == 409
    assert "已经出账到 2026-12-31" in refused.text
    post(clerk, f"/units/{unit_id}/fees", **{**data, "from_on": "2027-01-01"})
    post(clerk, f"/units/{free_unit}/fees", **data)
    grant_all(browser, engine)
    assert clerk.post(f"/units/{free_unit}/fees", data=data).status_code == 409
    with db.reading(engine) as session:
        [row] = upkeep.unit_fees(session, free_unit)
    assert "约定价" in clerk.get(f"/units/{free_unit}?tab=basis").text
    post(clerk, f"/units/{free_unit}/fees/{row['id']}", act="end", last_on="2026-12-31")
    post(clerk, f"/units/{free_unit}/fees/{row['id']}", act="withdraw", reason="谈错了")
    grant_all(browser, engine)
    with db.reading(engine) as session:
        assert upkeep.unit_fees(session, free_unit) == []


# --- holds ----------------------------------------------------------------------------------------


def hold_data(**more: str) -> dict[str, str]:
    base = {"kind": "objection", "reason": "dispute", "from_on": "2026-11-23", "until_on": "2026-12-20", "key": KEY}
    return base | {"stops_dunning": "true", "note": "业主称电梯停运两个月"} | more


def test_an_objection_without_accrual_still_keeps_the_unit_out_of_batches(
    clerk: TestClient, engine: Engine, estate: Estate, unit_id: int
) -> None:
    where = post(clerk, f"/units/{unit_id}/hold", **hold_data(review_on="2026-11-25"))
    assert post(clerk, f"/units/{unit_id}/hold", **hold_data(review_on="2026-11-25")) == where
    with db.reading(engine) as session:
        told = notice_verdicts.verdicts(
            session, level=1, as_of=TODAY, on=TODAY, debts={unit_id: [debt()]}, pause_days=15
        )
        assert told[unit_id].reason == "on_hold"
        assert estate_marks.flags_of(session, [unit_id], on=TODAY) == {unit_id: ("disputed",)}
    listed = clerk.get("/holds?state=due").text
    assert "七天内到期" in listed
    assert "业主称电梯停运" in listed
    assert "有争议" in clerk.get("/units/map").text
    assert "有异议" in clerk.get(f"/units/{unit_id}").text
    assert clerk.get(where).status_code == 200


def test_a_hold_on_accrual_is_previewed_ended_early_and_what_rested_stays(
    clerk: TestClient, engine: Engine, estate: Estate, unit_id: int
) -> None:
    data = hold_data(kind="hold", reason="agreed", stops_accrual="true", from_on="2026-11-14")
    seen = clerk.post(f"/units/{unit_id}/hold", data=data | {"act": "preview"})
    assert seen.status_code == 200
    assert "暂缓后" in seen.text

    def late() -> int:
        with db.reading(engine) as session:
            return sum(b.late_charge_fen for b in arrears.bills_on(session, as_of=TODAY, unit_ids=[unit_id]))

    whole = late()
    where = post(clerk, f"/units/{unit_id}/hold", **data)
    resting = late()
    assert resting < whole
    post(clerk, f"{where}/end", act="end", last_on="2026-11-23", reason="已核对", key="e" * 20)
    assert late() == resting
    with db.reading(engine) as session:
        standing = [row for row in holds.of_unit(session, unit_id, today=TODAY) if row["ended_on"] is None]
        assert [row["until_on"] for row in standing] == [TODAY]
    post(clerk, f"/holds/{standing[0]['id']}/end", act="withdraw", reason="登错户", key="w" * 20)
    assert late() == whole
    with db.reading(engine) as session:
        assert not verify.ledger_report(session).problems


def test_a_hold_is_refused_with_a_reason(clerk: TestClient, unit_id: int, estate: Estate) -> None:
    other = estate.bills[estate.units[estate.communities[1]][0]][0]
    for change, words in (
        ({"stops_dunning": ""}, "没有选择效果"),
        ({"until_on": "2026-11-01"}, "结束日期早于开始日期"),
        ({"until_on": "2028-11-01"}, "一次最多"),
        ({"note": ""}, "没有写说明"),
        ({"from_on": "2026-01-01", "stops_accrual": "true"}, "等于减免"),
        ({"from_on": "2026-01-01", "until_on": "2026-02-01"}, "已经过去"),
        ({"review_on": "2027-11-01"}, "答复期限"),
        ({"bill": str(other)}, "账单不存在"),
    ):
        answer = clerk.post(f"/units/{unit_id}/hold", data=hold_data(**change))
        assert answer.status_code == 422, change
        assert words in answer.text, change


# --- files ----------------------------------------------------------------------------------------


def test_files_are_kept_handed_out_sealed_and_withdrawn_never_deleted(
    clerk: TestClient, browser: Browser, engine: Engine, unit_id: int
) -> None:
    path = f"/units/{unit_id}/files"
    answer = clerk.post(path, data={"kind": "identity"}, files={"file": ("证件.pdf", PDF, "application/pdf")})
    assert answer.status_code == 303, answer.text[-800:]
    assert clerk.post(path, data={"kind": "photo"}).status_code == 422
    bad = clerk.post(path, data={"kind": "photo"}, files={"file": ("a.exe", b"MZ", "image/png")})
    assert bad.status_code == 422
    with db.reading(engine) as session:
        [row] = unit_files.of_unit(session, unit_id)
    got = clerk.get(f"{path}/{row['id']}")
    assert got.content == PDF
    assert got.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in got.headers["content-security-policy"]
    assert browser("cashier").get(f"{path}/{row['id']}").status_code == 403
    assert "打开敏感文件" in clerk.get(f"/units/{unit_id}?tab=timeline&kind=reveals").text
    post(clerk, f"{path}/{row['id']}/withdraw", reason="传错户")
    assert clerk.get(f"{path}/{row['id']}").content == PDF
    assert "传错户" in clerk.get(f"/units/{unit_id}?tab=files").text
    assert clerk.post(f"{path}/{row['id']}/withdraw", data={"reason": "再撤"}).status_code == 409


# --- the story, the account, the number of statements -----------------------------------------------


def test_every_tab_and_every_group_of_the_story_opens(clerk: TestClient, unit_id: int) -> None:
    for tab in units.TABS:
        assert clerk.get(f"/units/{unit_id}?tab={tab}").status_code == 200
    for group in timeline.GROUPS:
        assert clerk.get(f"/units/{unit_id}?tab=timeline&kind={group}&page=1").status_code == 200
    assert clerk.get(f"/units/{unit_id}?tab=nonsense").status_code == 422
    assert clerk.get(f"/units/{unit_id}?tab=timeline&page=99999").status_code == 200


def test_the_account_of_a_period_foots(clerk: TestClient, engine: Engine, unit_id: int) -> None:
    post(clerk, f"/units/{unit_id}/pay", amount="100", method="cash", key="p" * 20)
    with db.reading(engine) as session:
        for first in (dt.date(2026, 1, 1), dt.date(2026, 10, 1), dt.date(2026, 11, 23)):
            account = account_lines.between(session, unit_id, from_on=first, to_on=TODAY)
            assert account.foots
    page = clerk.get(f"/units/{unit_id}/account?from_on=2026-10-01&to_on=2026-11-23").text
    assert "期初余额" in page
    assert "(100.00)" not in page.split("期末余额")[0] or "100.00" in page
    assert clerk.get(f"/units/{unit_id}/account?from_on=2026-12-01&to_on=2026-11-01").status_code == 422


@pytest.mark.parametrize(
    ("path", "most"), [("/units", 32), ("/units/map", 28), ("/holds", 22), ("/units/{unit}?tab=timeline", 75)]
)
def test_a_page_takes_as_many_statements_for_many_rows_as_for_few(
    clerk: TestClient, engine: Engine, estate: Estate, unit_id: int, path: str, most: int
) -> None:
    client, address = clerk, path.replace("{unit}", str(unit_id))
    client.get(address)
    with counting(engine) as few:
        assert client.get(address).status_code == 200
    for number, unit in enumerate(estate.units[estate.communities[0]]):
        post(client, f"/units/{unit}/marks", kind="note", note="备注")
        post(client, f"/units/{unit}/hold", **hold_data(key=f"{number:020d}"))
        post(client, f"/units/{unit}/contacts", relation="family", name="家属")
    client.get(address)
    with counting(engine) as many:
        assert client.get(address).status_code == 200
    assert len(many) <= len(few) + 1, [text[:90] for text in many]
    assert len(many) <= most, len(many)


def test_nothing_of_another_community_is_reachable(browser: Browser, estate: Estate, engine: Engine) -> None:
    other = estate.units[estate.communities[1]][0]
    manager, confined = browser("manager"), browser("confined")
    where = transferred(manager, other)
    hold = post(manager, f"/units/{other}/hold", **hold_data(key="h" * 20))
    for path in (where, hold, f"/units/{other}/files", f"/units/{other}/account", f"/units/{other}/account.pdf"):
        assert confined.get(path).status_code == 404, path
    assert confined.post(f"{where}/reverse", data={"reason": "x"}).status_code == 404
    assert confined.post(f"{hold}/end", data={"reason": "x", "key": KEY}).status_code == 404
    assert "望江苑" not in confined.get("/holds?state=all").text


def test_an_owner_of_whom_no_first_day_is_known_is_given_none() -> None:
    assert pages.since(BEFORE_RECORDS) == "登记前已是"
    assert pages.since(dt.date(2024, 1, 1)) == "自 2024-01-01"
