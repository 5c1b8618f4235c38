"""Signing in: no oracle, a lock after five failures, sessions that end on the server."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app import clock
from app.i18n import zh_cn
from app.store import db, sessions
from app.store.tables_office import app_user, user_session
from tests.web import estate as estates
from tests.web.conftest import Browser
from tests.web.estate import Estate

RIGHT = {"login": "clerk", "password": estates.PASSWORD}


def sign_in(client: TestClient, **changes: str):
    return client.post("/login", data=RIGHT | changes)


def test_a_right_password_opens_a_session_and_leads_on(anonymous: TestClient) -> None:
    answer = sign_in(anonymous, next="/arrears?q=ww")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/arrears?q=ww"
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert anonymous.get("/arrears").status_code == 200


SIGNING_IN_NEVER_LEADS = ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/\n/x"]


def test_signing_in_never_leads_to_another_site(anonymous: TestClient) -> None:
    for target in SIGNING_IN_NEVER_LEADS:
        assert sign_in(anonymous, next=target).headers["location"] == "/"


def test_a_wrong_password_and_an_unknown_login_get_the_same_answer(anonymous: TestClient) -> None:
    wrong = sign_in(anonymous, password="x" * 14)
    unknown = sign_in(anonymous, login="nobody")
    assert wrong.status_code == unknown.status_code == 422
    assert wrong.text.replace('value="clerk"', "") == unknown.text.replace('value="nobody"', "")
    assert estates.PASSWORD not in wrong.text


def test_five_failures_lock_the_login_for_a_quarter_of_an_hour(anonymous: TestClient) -> None:
    for _ in range(5):
        sign_in(anonymous, password="wrong password")
    assert sign_in(anonymous).status_code == 422
    with time_machine.travel(clock.now() + dt.timedelta(minutes=16)):
        assert sign_in(anonymous).status_code == 303


def test_a_login_that_does_not_exist_locks_just_the_same(anonymous: TestClient, engine: Engine) -> None:
    for _ in range(5):
        sign_in(anonymous, login="nobody")
    with db.reading(engine) as session:
        locked = session.execute(sa.text("SELECT count(*) FROM login_counter WHERE locked_until_at IS NOT NULL"))
        assert locked.scalar_one() == 1


def test_signing_out_ends_the_session_on_the_server(browser: Browser) -> None:
    client = browser("clerk")
    token = client.cookies["sid"]
    assert client.post("/logout").status_code == 303
    client.cookies.set("sid", token)
    assert client.get("/").status_code == 303


@pytest.mark.parametrize(("minutes", "every"), [(31, 31), (12 * 60 + 1, 20)])
def test_a_session_ends_when_idle_or_old(browser: Browser, minutes: int, every: int) -> None:
    client, start = browser("clerk"), clock.now()
    with time_machine.travel(start, tick=False) as traveller:
        for passed in range(every, minutes - 1, every):
            traveller.move_to(start + dt.timedelta(minutes=passed))
            assert client.get("/").status_code == 200
        traveller.move_to(start + dt.timedelta(minutes=minutes))
        assert client.get("/").status_code == 303


def test_the_table_holds_no_token(browser: Browser, engine: Engine) -> None:
    token = browser("clerk").cookies["sid"]
    with db.reading(engine) as session:
        kept = session.execute(sa.select(user_session.c.token_hash)).scalars().all()
    assert token.encode() not in kept
    assert sessions.digest(token) in kept


def test_a_user_who_was_shut_out_is_out_at_once(browser: Browser, engine: Engine, estate: Estate) -> None:
    client = browser("clerk")
    with db.transaction(engine) as session:
        session.execute(sa.update(app_user).where(app_user.c.id == estate.users["clerk"]).values(is_active=False))
    assert client.get("/").status_code == 303


def test_own_sessions_are_listed_and_ended_and_others_are_not(browser: Browser, estate: Estate) -> None:
    here, there, other = browser("clerk"), browser("clerk"), browser("manager")
    assert here.get("/me").text.count('/end"') == 1
    ids = [int(part.split("/end")[0]) for part in here.get("/me").text.split("/me/sessions/")[1:]]
    assert other.post(f"/me/sessions/{ids[0]}/end").status_code == 404
    assert here.post(f"/me/sessions/{ids[0]}/end").status_code == 303
    assert there.get("/").status_code == 303


def test_a_new_password_ends_the_other_sessions(browser: Browser, anonymous: TestClient) -> None:
    here, there = browser("clerk"), browser("clerk")
    refused = here.post("/me/password", data={"current": "not this one", "password": "a quite different sentence"})
    assert refused.status_code == 422
    assert "当前密码不正确" in refused.text
    short = here.post("/me/password", data={"current": estates.PASSWORD, "password": "short"})
    assert "至少 12 个字符" in short.text
    done = here.post("/me/password", data={"current": estates.PASSWORD, "password": "a quite different sentence"})
    assert done.status_code == 303
    assert here.get("/").status_code == 200
    assert there.get("/").status_code == 303
    assert sign_in(anonymous, password="a quite different sentence").status_code == 303


def test_the_theme_is_kept_with_the_user(browser: Browser) -> None:
    client = browser("clerk")
    assert client.post("/theme", data={"theme": "dark", "back": "//evil.example"}).headers["location"] == "/"
    assert 'data-bs-theme="dark"' in client.get("/").text
    assert client.post("/theme", data={"theme": "pink"}).status_code == 422


def test_a_manager_of_one_community_reads_only_its_log(browser: Browser, estate: Estate) -> None:
    other = estate.units[estate.communities[1]][0]
    browser("manager").post(f"/units/{other}/reveal", data={"person_id": str(estate.people[other])})
    seen = f"{zh_cn.LABELS['subject.person']} {estate.people[other]}<"
    assert seen in browser("manager").get("/audit").text
    assert seen not in browser("confined").get("/audit").text


def test_a_late_failure_does_not_open_a_locked_door(engine: Engine) -> None:
    start = clock.now()
    with db.transaction(engine) as session:
        for minute in (0, 10, 11, 12, 13):
            sessions.count_failure(session, subject="x", at=start + dt.timedelta(minutes=minute))
        assert sessions.is_locked(session, subject="x", at=start + dt.timedelta(minutes=16))
        sessions.count_failure(session, subject="x", at=start + dt.timedelta(minutes=16))
        assert sessions.is_locked(session, subject="x", at=start + dt.timedelta(minutes=17))


def test_guessing_the_current_password_at_an_open_desk_is_stopped(browser: Browser, anonymous: TestClient) -> None:
    here, wish = browser("clerk"), {"password": "a quite different sentence"}
    for _ in range(5):
        wrong = here.post("/me/password", data=wish | {"current": "not this one"})
        assert "当前密码不正确" in wrong.text
    right = wish | {"current": estates.PASSWORD}
    stopped = here.post("/me/password", data=right)
    assert stopped.status_code == 422
    assert "请等待 15 分钟" in stopped.text
    assert sign_in(anonymous).status_code == 303
    with time_machine.travel(clock.now() + dt.timedelta(minutes=16)):
        assert here.post("/me/password", data=right).status_code == 303
