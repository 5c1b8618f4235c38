"""The settings pages: what is saved, what is refused, who may open them, and how setting up goes on."""

from __future__ import annotations

import datetime as dt
import io

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from PIL import Image
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app import clock
from app.domain.access import Role
from app.i18n import zh_cn
from app.services import signin
from app.store import calendars, db, office, sessions
from app.store import estate as communities
from app.store.documents import PREFIX
from app.store.tables import community
from app.store.tables_office import audit_event, number_counter
from app.store.tables_settings import care_run, setup_step
from tests.web.conftest import Browser
from tests.web.estate import NOW, Estate
from tests.web.test_access import routes

FORM = {
    "name": "锦绣花园（一期）",
    "company_name": "安居物业服务有限公司",
    "company_code": "91110000802100433B",
    "office_phone": "0571-88886666",
    "payee_account": "1202 0202 1990 0000",
    "contract_on": "2022年6月1日",
    "allocation_within": "principal_first",
    "allocation_across": "oldest_first",
    "credit_mode": "apply_when_due",
    "roll_due": "false",
}


def row_of(engine: Engine, made: Estate, place: int = 0) -> sa.Row[tuple[object, ...]]:
    with db.reading(engine) as session:
        return communities.community_row(session, made.communities[place])


@pytest.fixture
def admin(browser: Browser, estate: Estate) -> TestClient:
    """Sign the administrator in, standing on the first community."""
    client = browser("admin")
    assert client.post("/community", data={"community_id": str(estate.communities[0])}).status_code == 303
    return client


def seal() -> bytes:
    target = io.BytesIO()
    Image.new("RGBA", (60, 60), (200, 0, 0, 128)).save(target, "PNG")
    return target.getvalue()


# --- the community's own data ---------------------------------------------------------------------


def test_a_community_keeps_what_was_saved_and_the_log_says_what_changed(
    admin: TestClient, engine: Engine, estate: Estate
) -> None:
    answer = admin.post("/settings/community", data=FORM)
    assert answer.status_code == 303, answer.text[:2000]
    row = row_of(engine, estate)
    assert (row.company_code, row.contract_on) == ("91110000802100433B", dt.date(2022, 6, 1))
    with db.reading(engine) as session:
        facts = session.execute(
            sa.select(audit_event.c.facts).where(audit_event.c.action == "community.changed")
        ).scalar_one()
    assert '"company_code":["","91110000802100433B"]' in facts


FAULTS = (
    ("name", "", "小区名称"),
    ("name", "望江苑", "已经有叫"),
    ("company_code", "91110000802100433C", "校验位不对"),
    ("payee_account", "abc", "收款账号"),
    ("office_phone", "打给我", "服务电话"),
    ("contract_on", "2022-13-01", "日期"),
    ("allocation_within", "art561", "已经有入账记录"),
    ("address", "路" * 300, "200"),
)


def test_a_fault_is_said_and_what_was_typed_stays(admin: TestClient, engine: Engine, estate: Estate) -> None:
    for field, value, said in FAULTS:
        answer = admin.post("/settings/community", data=FORM | {field: value})
        assert answer.status_code in {409, 422}, field
        assert said in answer.text, field
        assert value in answer.text, field
    assert row_of(engine, estate).company_code == ""


def test_a_new_community_waits_to_be_filled(admin: TestClient, engine: Engine) -> None:
    client = admin
    made = client.post("/settings/community/new", data=FORM | {"name": "临江里", "allocation_within": "art561"})
    assert made.status_code == 303
    with db.reading(engine) as session:
        found = communities.community_by_name(session, "临江里")
        assert found is not None
        assert found.allocation_within == "art561"
        steps = office.setup_counts(session, found.id)
    assert steps.units == 0
    client.post("/community", data={"community_id": str(found.id)})
    page = client.get("/settings/start")
    assert "临江里" in page.text
    assert "还没有房产" in page.text


def test_somebody_confined_makes_no_community(browser: Browser) -> None:
    assert browser("confined").post("/settings/community/new", data=FORM | {"name": "临江里"}).status_code == 404


def test_the_seal_is_kept_shown_and_taken_down(admin: TestClient, engine: Engine, estate: Estate) -> None:
    client = admin
    assert client.get("/settings/seal/picture").status_code == 404
    kept = client.post("/settings/seal", data={"act": "put"}, files={"seal": ("gz.png", seal(), "image/png")})
    assert kept.status_code == 303, kept.text[:1500]
    picture = client.get("/settings/seal/picture")
    assert picture.content.startswith(b"\x89PNG")
    assert "sandbox" in picture.headers["content-security-policy"]
    assert client.post("/settings/seal", data={"act": "remove"}).status_code == 303
    assert row_of(engine, estate).seal_sha256 == ""


def test_the_payment_code_owners_scan_is_kept_and_taken_down(admin: TestClient, engine: Engine, estate: Estate) -> None:
    assert admin.post("/settings/payee-code", data={"act": "put"}).status_code == 422
    kept = admin.post("/settings/payee-code", data={"act": "put"}, files={"payee_code": ("a.png", seal(), "image/png")})
    assert kept.status_code == 303, kept.text[:1500]
    assert row_of(engine, estate).payee_qr_shown_sha256
    assert admin.get("/settings/payee-code/picture").headers["content-type"] == "image/png"
    assert admin.post("/settings/payee-code", data={"act": "remove"}).status_code == 303
    assert row_of(engine, estate).payee_qr_shown_sha256 == ""


def test_a_seal_that_is_no_picture_is_refused(admin: TestClient) -> None:
    client = admin
    for content in (b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7"):
        answer = client.post("/settings/seal", data={"act": "put"}, files={"seal": ("x.png", content, "image/png")})
        assert answer.status_code == 422
    missing = client.post("/settings/seal", data={"act": "put"})
    assert missing.status_code == 422
    assert "没有选择文件" in missing.text


# --- the calendar and the numbers -----------------------------------------------------------------


def test_next_years_holidays_count_once_they_are_entered(admin: TestClient, engine: Engine) -> None:
    client = admin
    assert "2027 年的放假安排尚未录入" in client.get("/settings/calendar").text
    answer = client.post(
        "/settings/calendar",
        data={"year": "2027", "source": "国办发明电〔2026〕9号", "rest": "1月1日至3日\n10-01~10-07", "work": "09-26"},
    )
    assert answer.status_code == 303, answer.text[:1500]
    with db.reading(engine) as session:
        calendar = calendars.load(session)
    assert 2027 in calendar.years_known
    assert not calendar.is_working_day(dt.date(2027, 10, 5))
    assert calendar.is_working_day(dt.date(2027, 9, 26))
    assert "尚未录入" not in client.get("/settings/calendar").text


def test_a_year_entered_again_is_replaced_as_a_whole(admin: TestClient, engine: Engine) -> None:
    client = admin
    for rest in ("10-01~10-07", "01-01"):
        client.post("/settings/calendar", data={"year": "2027", "source": "通知", "rest": rest})
    with db.reading(engine) as session:
        calendar = calendars.load(session)
    assert calendar.is_working_day(dt.date(2027, 10, 5))
    assert not calendar.is_working_day(dt.date(2027, 1, 1))


BAD_YEARS = (
    ({"rest": "2027-10-02"}, "没有读到放假的日子"),
    ({"rest": "元旦"}, "看不出是哪一天"),
    ({"rest": "2026-01-01"}, "不在 2027 年"),
    ({"rest": "10-01", "work": "10-04"}, "本来就是工作日"),
    ({"rest": "10-01", "source": " "}, "依据"),
    ({"rest": "1-4~1-31 2-1~2-28 3-1~3-31 4-1~4-30"}, "最多 60 个"),
)


def test_a_faulty_calendar_is_not_entered(admin: TestClient, engine: Engine) -> None:
    for data, said in BAD_YEARS:
        answer = admin.post("/settings/calendar", data={"year": "2027", "source": "通知"} | data)
        assert answer.status_code == 422, data
        assert said in answer.text, data
    with db.reading(engine) as session:
        assert 2027 not in calendars.load(session).years_known


def test_every_kind_of_number_has_a_name() -> None:
    assert [kind for kind in PREFIX if f"number_kind.{kind}" not in zh_cn.LABELS] == []


def test_numbers_go_on_from_the_old_system_and_never_back(admin: TestClient, engine: Engine, estate: Estate) -> None:
    client = admin
    assert client.post("/settings/numbers", data={"kind": "receipt", "year": "2026", "last": "500"}).status_code == 303
    lower = client.post("/settings/numbers", data={"kind": "receipt", "year": "2026", "last": "500"})
    assert lower.status_code == 409
    assert "只能往大改" in lower.text
    assert client.post("/settings/numbers", data={"kind": "x", "year": "2026", "last": "5"}).status_code == 422
    with db.reading(engine) as session:
        last = session.execute(
            sa.select(number_counter.c.last).where(
                number_counter.c.community_id == estate.communities[0], number_counter.c.kind == "receipt"
            )
        ).scalar_one()
    assert last == 500
    assert "SJ0126000500" in client.get("/settings/numbers").text


# --- setting up -----------------------------------------------------------------------------------


def test_the_five_steps_follow_the_books_and_a_person_confirms_the_last(
    browser: Browser, engine: Engine, estate: Estate
) -> None:
    client = browser("clerk")
    client.post("/community", data={"community_id": str(estate.communities[0])})
    assert client.get("/settings/start").text.count("已完成") == 4
    answer = client.post("/settings/start", data={"step": "trial", "note": "与台账一致"})
    assert answer.status_code == 303
    assert "五步都完成了" in client.get("/settings/start").text
    client.post("/settings/start", data={"step": "trial", "note": "再来一次"})
    with db.reading(engine) as session:
        assert session.execute(sa.select(setup_step.c.note)).scalars().all() == ["与台账一致"]


def test_a_step_cannot_be_confirmed_before_the_ones_ahead_of_it(browser: Browser, engine: Engine) -> None:
    with db.transaction(engine) as session:
        number = communities.create_community(session, name="阿尔法")
    client = browser("clerk")
    client.post("/community", data={"community_id": str(number)})
    answer = client.post("/settings/start", data={"step": "trial"})
    assert answer.status_code == 409
    assert "前面的步骤" in answer.text
    assert client.post("/settings/start", data={"step": "units"}).status_code == 422


# --- care -----------------------------------------------------------------------------------------


def test_a_check_of_the_books_says_that_they_are_sound(admin: TestClient, engine: Engine) -> None:
    client = admin
    assert client.post("/settings/care", data={"kind": "check"}).status_code == 303
    page = client.get("/settings/check")
    assert "完好" in page.text
    with db.reading(engine) as session:
        run = session.execute(sa.select(care_run)).one()
    assert run.is_sound
    assert run.rows > 0


def test_a_backup_is_listed_and_its_drill_finds_the_books_sound(admin: TestClient, app: FastAPI) -> None:
    client = admin
    early = client.post("/settings/care", data={"kind": "drill"})
    assert early.status_code == 404
    client.post("/settings/care", data={"kind": "backup"})
    client.post("/settings/care", data={"kind": "drill"})
    page = client.get("/settings/backups")
    assert page.text.count("完好") >= 2
    assert len(list(app.state.caretaker.backups().glob("qingqian-*.zip"))) == 1


def test_the_state_page_speaks_chinese_and_the_key_stays_hidden(admin: TestClient, app: FastAPI) -> None:
    client = admin
    state = client.get("/settings/state")
    assert state.status_code == 200
    assert "数据文件夹" in state.text
    assert "操作未能完成" not in state.text
    key = client.get("/settings/keys")
    secret = app.state.settings.key_file.read_text()
    assert secret not in key.text
    assert app.state.caretaker.key().fingerprint in key.text


def test_the_index_lists_only_what_a_person_may_open(browser: Browser) -> None:
    clerk, admin = browser("clerk").get("/settings"), browser("admin").get("/settings")
    assert "/settings/start" in clerk.text
    assert "/settings/backups" not in clerk.text
    assert "/settings/backups" in admin.text
    assert "/settings/wipe" not in admin.text  # nothing here is a demo


# --- a demo's end ---------------------------------------------------------------------------------


def test_real_books_cannot_be_wiped(admin: TestClient, engine: Engine, estate: Estate) -> None:
    client = admin
    assert client.get("/settings/wipe").status_code == 409
    assert client.post("/settings/wipe", data={"name": "锦绣花园（一期）"}).status_code == 409
    assert row_of(engine, estate).name == "锦绣花园（一期）"


def test_a_demo_and_real_communities_never_stand_side_by_side(admin: TestClient, engine: Engine) -> None:
    with db.transaction(engine) as session:
        session.execute(sa.update(community).values(is_demo=True))
    answer = admin.post("/settings/community/new", data=FORM | {"name": "临江里"})
    assert answer.status_code == 409
    assert "不能放在一起" in answer.text


def test_a_demo_ends_when_its_name_is_typed_and_the_administrator_stays(admin: TestClient, engine: Engine) -> None:
    with db.transaction(engine) as session:
        session.execute(sa.update(community).values(is_demo=True))
    client = admin
    wrong = client.post("/settings/wipe", data={"name": "锦绣"})
    assert wrong.status_code == 422
    assert "没有清空" in wrong.text
    done = client.post("/settings/wipe", data={"name": "锦绣花园（一期）"})
    assert done.status_code == 303
    with db.reading(engine) as session:
        assert communities.communities(session) == []
    assert client.get("/settings").status_code == 303  # the old session went with everything else
    again = client.post("/login", data={"login": "admin", "password": "correct horse battery staple"})
    assert again.status_code == 303


def test_an_office_without_a_community_finds_no_page_broken(app: FastAPI, engine: Engine) -> None:
    """Between the end of the demo and the first community every page says what to do, and none fails."""
    with db.transaction(engine) as session:
        session.execute(sa.update(community).values(is_demo=True))
    app.state.caretaker.wipe(keep="admin")
    with db.transaction(engine) as session:
        made = [
            signin.add_user(
                session,
                login=f"new.{role.value}",
                name=role.value,
                role=role.value,
                password_hash="x",
                at=NOW,
                by="-",
                community_ids=None,
            )
            for role in Role
        ]
    broken = set()
    for user_id in made:
        with db.transaction(engine) as session:
            token = sessions.start(session, user_id=user_id, at=clock.now(), ip="", agent="")
        client = TestClient(app, follow_redirects=False, raise_server_exceptions=False, cookies={"sid": token})
        for method, path, _ in routes(app):
            if method == "GET" and "{" not in path:
                answer = client.get(path)
                if answer.status_code >= 500:
                    broken.add(path)
    assert broken == set()
