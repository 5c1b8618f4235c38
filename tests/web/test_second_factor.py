"""The second factor: set up by QR code, asked for at sign-in and before grave acts; no code opens twice."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine
from cryptography.exceptions import InvalidTag
from fastapi import FastAPI
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app import clock
from app.gateways import second_factor as codes
from app.main import create_app
from app.settings import Settings
from app.store import db, factors, sessions
from app.store.tables_office import audit_event, user_session
from app.store.tables_security import recovery_code, second_factor
from app.web.security import Limits
from tests.web import estate as estates
from tests.web.conftest import LOOSE, ORIGIN, Browser
from tests.web.estate import Estate

RIGHT = {"login": "manager", "password": estates.PASSWORD}


@pytest.fixture
def strict(engine: Engine, estate: Estate, tmp_path: Path) -> Iterator[TestClient]:
    """Return a browser of an office that asks for a second factor, as an office does unless told otherwise."""
    settings = Settings(data_dir=tmp_path, public_url="http://testserver", require_second_factor=True)
    app = create_app(settings, engine=engine, limits=Limits(LOOSE, LOOSE, LOOSE, LOOSE))
    with TestClient(app, headers=ORIGIN, follow_redirects=False, raise_server_exceptions=False) as client:
        yield client


def enrol(engine: Engine, user_id: int) -> str:
    """Set a factor up behind the pages' back and return its secret."""
    secret = codes.new_secret()
    with db.transaction(engine) as session:
        factors.begin(session, user_id=user_id, secret=secret, at=clock.now())
        factors.confirm(session, user_id=user_id, at=clock.now())
        factors.keep_recovery_codes(session, user_id=user_id, codes=["A" * 16, "B" * 16])
    return secret


def secret_on(page: str) -> str:
    found = re.search(r"密钥：</span><code>([A-Z2-7 ]+)</code>", page)
    assert found
    return found[1].replace(" ", "")


def later(minutes: float) -> time_machine.travel:
    return time_machine.travel(clock.now() + dt.timedelta(minutes=minutes))


# --- the codes themselves -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_the_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # RFC 6238, appendix B, the last six of eight figures
    at = dt.datetime.fromtimestamp(seconds, dt.UTC)
    assert codes.code_at(secret, at) == code
    assert codes.matching_step(secret, f" {code[:3]} {code[3:]} ", at=at, after=0) == seconds // 30


def test_the_code_before_and_the_code_after_are_taken_and_no_other() -> None:
    secret, now = codes.new_secret(), clock.now()
    for steps, taken in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
        code = codes.code_at(secret, now + dt.timedelta(seconds=30 * steps))
        assert (codes.matching_step(secret, code, at=now, after=0) is not None) == taken, steps


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６", "²²²²²²", "-12345"])
def test_what_is_no_code_matches_nothing(typed: str) -> None:
    assert codes.matching_step(codes.new_secret(), typed, at=clock.now(), after=0) is None


# --- setting it up --------------------------------------------------------------------------------


def test_whoever_holds_money_is_led_to_set_it_up_before_acting(
    strict: TestClient, estate: Estate, engine: Engine
) -> None:
    signed_in = strict.post("/login", data=RIGHT)
    assert signed_in.headers["location"] == "/me/second-factor?needed=1"
    unit_id = estate.units[estate.communities[0]][0]
    assert strict.get("/").status_code == 200
    for method, path in (("GET", f"/units/{unit_id}/pay"), ("POST", f"/units/{unit_id}/pay")):
        led = strict.request(method, path)
        assert (led.status_code, led.headers["location"]) == (303, "/me/second-factor?needed=1")

    page = strict.get("/me/second-factor?needed=1").text
    assert "须先启用两步验证才能办理" in page
    assert strict.post("/me/second-factor/begin").status_code == 303
    secret = secret_on(strict.get("/me/second-factor").text)
    wrong = strict.post("/me/second-factor/confirm", data={"code": "000000"})
    assert wrong.status_code == 422
    assert "两步验证没有启用" in wrong.text
    done = strict.post("/me/second-factor/confirm", data={"code": codes.code_at(secret, clock.now())})
    assert done.status_code == 200
    assert len(re.findall(r"<code>[A-Z2-7]{4}(-[A-Z2-7]{4}){3}</code>", done.text)) == codes.RECOVERY_CODES
    assert strict.get(f"/units/{unit_id}/pay").status_code == 200

    kept = strict.get("/me/second-factor").text
    assert secret not in kept.replace(" ", "")
    assert "已启用" in kept
    assert "关闭两步验证</button>" not in kept
    assert strict.post("/me/second-factor/off").status_code == 409
    assert strict.post("/me/second-factor/begin").status_code == 409


def test_a_lawyer_holds_no_money_and_is_not_led_there(strict: TestClient) -> None:
    assert strict.post("/login", data=RIGHT | {"login": "lawyer"}).headers["location"] == "/"


def test_where_the_office_does_not_insist_the_factor_may_go_again(
    browser: Browser, engine: Engine, estate: Estate
) -> None:
    enrol(engine, estate.users["clerk"])
    client = browser("clerk")
    assert client.post("/me/second-factor/off").status_code == 303
    with db.reading(engine) as session:
        assert factors.seen(session, estate.users["clerk"]) is None
        assert factors.recovery_codes_left(session, estate.users["clerk"]) == 0


def test_the_secret_is_sealed_to_its_user_and_the_codes_are_hashed(engine: Engine, estate: Estate) -> None:
    clerk, manager = estate.users["clerk"], estate.users["manager"]
    secret = enrol(engine, clerk)
    with db.transaction(engine) as session:
        row = session.execute(sa.select(second_factor)).one()
        assert secret.encode() not in row.secret
        assert b"A" * 16 not in session.execute(sa.select(recovery_code.c.code_hash)).scalars().all()
        session.execute(sa.update(second_factor).values(user_id=manager))
    with db.reading(engine) as session, pytest.raises(InvalidTag):
        factors.seen(session, manager)


# --- signing in -----------------------------------------------------------------------------------


def first_step(client: TestClient, **changes: str):
    return client.post("/login", data=RIGHT | changes)


def test_signing_in_takes_two_steps_and_the_first_opens_nothing(
    anonymous: TestClient, engine: Engine, estate: Estate
) -> None:
    secret = enrol(engine, estate.users["manager"])
    first = first_step(anonymous, next="/arrears?q=ww")
    assert first.headers["location"] == "/login/code?next=%2Farrears%3Fq%3Dww"
    pending = anonymous.cookies["sid"]
    for path in ("/", "/me", "/arrears", "/confirm"):
        assert anonymous.get(path).headers["location"].startswith("/login"), path
    assert anonymous.post("/me/password", data={}).headers["location"] == "/login"
    assert "6 位数字" in anonymous.get("/login/code").text
    wrong = anonymous.post("/login/code", data={"code": "000000", "next": "/arrears?q=ww"})
    assert wrong.status_code == 422
    assert 'value="/arrears?q=ww"' in wrong.text
    code = codes.code_at(secret, clock.now())
    done = anonymous.post("/login/code", data={"code": code, "next": "/arrears?q=ww"})
    assert done.headers["location"] == "/arrears?q=ww"
    assert anonymous.cookies["sid"] != pending
    assert anonymous.get("/arrears").status_code == 200
    stranger = TestClient(anonymous.app, headers=ORIGIN, follow_redirects=False)
    stranger.cookies.set("sid", pending)
    assert stranger.get("/").status_code == 303
    assert stranger.get("/login/code").status_code == 303


def test_no_code_opens_twice(anonymous: TestClient, engine: Engine, estate: Estate) -> None:
    secret = enrol(engine, estate.users["manager"])
    code = codes.code_at(secret, clock.now())
    first_step(anonymous)
    assert anonymous.post("/login/code", data={"code": code}).status_code == 303
    for _ in range(2):
        first_step(anonymous)
        assert anonymous.post("/login/code", data={"code": code}).status_code == 422
    with later(1):
        first_step(anonymous)
        again = {"code": codes.code_at(secret, clock.now())}
        assert anonymous.post("/login/code", data=again).status_code == 303


def test_a_recovery_code_opens_once_however_it_is_typed(anonymous: TestClient, engine: Engine, estate: Estate) -> None:
    enrol(engine, estate.users["manager"])
    first_step(anonymous)
    assert anonymous.post("/login/code", data={"code": "aaaa-aaaa aaaa-aaaa"}).status_code == 303
    first_step(anonymous)
    assert anonymous.post("/login/code", data={"code": "A" * 16}).status_code == 422
    last = anonymous.post("/login/code", data={"code": "B" * 16})
    assert last.headers["location"] == "/me/second-factor"
    assert "恢复码快用完了" in anonymous.get("/me/second-factor").text


def test_five_wrong_codes_end_the_attempt_and_close_the_door_for_a_quarter_of_an_hour(
    anonymous: TestClient, engine: Engine, estate: Estate
) -> None:
    secret = enrol(engine, estate.users["manager"])
    first_step(anonymous)
    answers = [anonymous.post("/login/code", data={"code": f"00000{turn}"}) for turn in range(5)]
    assert "从用户名和密码重新登录" in answers[-1].text
    assert anonymous.get("/login/code").headers["location"] == "/login"
    first_step(anonymous)
    right = {"code": codes.code_at(secret, clock.now())}
    assert anonymous.post("/login/code", data=right).status_code == 422
    with later(16):
        first_step(anonymous)
        assert anonymous.post("/login/code", data={"code": codes.code_at(secret, clock.now())}).status_code == 303


def test_the_second_step_waits_five_minutes_and_no_longer(
    anonymous: TestClient, engine: Engine, estate: Estate
) -> None:
    secret = enrol(engine, estate.users["manager"])
    first_step(anonymous)
    with later(5.1):
        late = anonymous.post("/login/code", data={"code": codes.code_at(secret, clock.now())})
        assert late.status_code == 422
        assert "从用户名和密码重新登录" in late.text


def test_a_wrong_password_tells_nothing_of_a_second_factor(
    anonymous: TestClient, engine: Engine, estate: Estate
) -> None:
    enrol(engine, estate.users["manager"])
    with_factor, without = (first_step(anonymous, login=login, password="x" * 14) for login in ("manager", "clerk"))
    assert with_factor.status_code == without.status_code == 422
    assert with_factor.text.replace('value="manager"', "") == without.text.replace('value="clerk"', "")


# --- proving it again -----------------------------------------------------------------------------


@pytest.fixture
def asked(browser: Browser, estate: Estate) -> str:
    """Return the address of a waiver that waits for a decision."""
    unit_id = estate.units[estate.communities[0]][1]
    form = {"percent": "50", "reason": "hardship", "note": "低保户，已看低保证原件", "key": "w" * 22}
    form["bill"] = str(estate.bills[unit_id][0])
    answer = browser("clerk").post(f"/units/{unit_id}/waive", data=form)
    assert answer.status_code == 303, answer.text[-2000:]
    return str(answer.headers["location"])


DECISION = {"decision": "approve", "note": "同意，材料“齐全”＆核实"}


def mark_on(page: str) -> str:
    found = re.search(r'name="mark" value="([0-9a-f]{64})"', page)
    assert found
    return found[1]


def test_after_ten_minutes_a_decision_asks_for_the_password_and_then_goes_on_as_it_was_sent(
    browser: Browser, asked: str, engine: Engine, estate: Estate
) -> None:
    client = browser("manager")
    before = client.cookies["sid"]
    with later(10.5):
        client.get(asked)
        stopped = client.post(f"{asked}/decide", data=DECISION)
        assert (stopped.status_code, stopped.headers["location"]) == (303, "/confirm")
        page = client.get("/confirm").text
        assert "审批减免或优惠" in page
        assert "登录密码" in page
        assert "材料" not in page
        assert "待审批" in client.get(asked).text or "同意，材料" not in client.get(asked).text

        wrong = client.post("/confirm", data={"secret": "not this one", "mark": mark_on(page)})
        assert wrong.status_code == 422
        assert "not this one" not in wrong.text
        done = client.post("/confirm", data={"secret": estates.PASSWORD, "mark": mark_on(page)})
        assert (done.status_code, done.headers["location"]) == (303, asked)
        assert client.cookies["sid"] != before
        shown = html.unescape(client.get(asked).text)
        assert DECISION["note"] in shown
        # the session is fresh now, and nothing waits any more
        assert client.get("/confirm").headers["location"] == "/"
        stale = TestClient(client.app, headers=ORIGIN, follow_redirects=False)
        stale.cookies.set("sid", before)
        assert stale.get("/").status_code == 303
    with db.reading(engine) as session:
        log = session.execute(sa.select(audit_event.c.action, audit_event.c.subject)).all()
    assert ("signin.confirmed", "waiver:decide") in log


def test_with_a_second_factor_the_code_is_asked_and_used_up(
    browser: Browser, asked: str, engine: Engine, estate: Estate
) -> None:
    secret = enrol(engine, estate.users["manager"])
    client = browser("manager")
    with later(11):
        client.post(f"{asked}/decide", data=DECISION)
        page = client.get("/confirm").text
        assert "验证器" in page
        refused = client.post("/confirm", data={"secret": estates.PASSWORD, "mark": mark_on(page)})
        assert refused.status_code == 422
        code = codes.code_at(secret, clock.now())
        done = client.post("/confirm", data={"secret": code, "mark": mark_on(page)})
        assert done.headers["location"] == asked
        with db.transaction(engine) as session:
            session.execute(sa.update(user_session).values(reauth_at=clock.now() - dt.timedelta(hours=1)))
        client.post(f"{asked}/decide", data=DECISION)
        again = client.post("/confirm", data={"secret": code, "mark": mark_on(client.get("/confirm").text)})
        assert again.status_code == 422


def test_five_wrong_confirmations_close_that_door_too(
    browser: Browser, asked: str, engine: Engine, estate: Estate
) -> None:
    secret = enrol(engine, estate.users["manager"])
    client = browser("manager")
    with later(11):
        client.post(f"{asked}/decide", data=DECISION)
        mark = mark_on(client.get("/confirm").text)
        for turn in range(5):
            assert client.post("/confirm", data={"secret": f"00000{turn}", "mark": mark}).status_code == 422
        shut = client.post("/confirm", data={"secret": codes.code_at(secret, clock.now()), "mark": mark})
        assert "请等待 15 分钟" in shut.text


def test_only_the_form_that_was_shown_is_confirmed(browser: Browser, asked: str) -> None:
    client = browser("manager")
    with later(11):
        client.post(f"{asked}/decide", data=DECISION)
        shown = mark_on(client.get("/confirm").text)
        client.post(f"{asked}/decide", data={"decision": "refuse", "note": "不同意，收入证明不足"})
        refused = client.post("/confirm", data={"secret": estates.PASSWORD, "mark": shown})
        assert refused.status_code == 422
        assert "已换成另一项" in refused.text


def test_a_parked_form_is_sealed_goes_stale_and_can_be_dropped(browser: Browser, asked: str, engine: Engine) -> None:
    client = browser("manager")
    with later(11):
        client.post(f"{asked}/decide", data=DECISION)
        with db.reading(engine) as session:
            kept = [row for row in session.execute(sa.select(user_session.c.parked)).scalars() if row]
        assert len(kept) == 1
        assert b"decide" not in kept[0]
        page = client.get("/confirm").text
        with later(10.1):
            late = client.post("/confirm", data={"secret": estates.PASSWORD, "mark": mark_on(page)})
            assert late.headers["location"] == "/"
        client.post(f"{asked}/decide", data=DECISION)
        assert client.post("/confirm/cancel").status_code == 303
        assert client.get("/confirm").headers["location"] == "/"


def test_a_parked_form_does_not_open_in_another_session(engine: Engine, estate: Estate) -> None:
    with db.transaction(engine) as session:
        for _ in range(2):
            sessions.start(session, user_id=estate.users["clerk"], at=clock.now(), ip="", agent="")
        first, second = session.execute(sa.select(user_session.c.id).order_by(user_session.c.id)).scalars()
        sessions.park(session, session_id=first, form="{}", at=clock.now())
        sealed = session.execute(sa.select(user_session.c.parked).where(user_session.c.id == first)).scalar_one()
        session.execute(
            sa.update(user_session).where(user_session.c.id == second).values(parked=sealed, parked_at=clock.now())
        )
    with db.reading(engine) as session:
        assert sessions.parked(session, session_id=first, at=clock.now()) == "{}"
        with pytest.raises(InvalidTag):
            sessions.parked(session, session_id=second, at=clock.now())


def test_reading_never_asks_again(browser: Browser, asked: str) -> None:
    client = browser("manager")
    with later(25):
        assert client.get(asked).status_code == 200


def test_the_application_goes_on_for_programs_of_the_page_too(browser: Browser, asked: str, app: FastAPI) -> None:
    client = browser("manager")
    with later(11):
        told = client.post(f"{asked}/decide", data=DECISION, headers={"HX-Request": "true"})
        assert told.headers["HX-Redirect"] == "/confirm"
