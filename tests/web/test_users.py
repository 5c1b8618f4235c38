"""Users as an administrator looks after them: no password is ever handed out, and nobody gives themselves rights."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app import clock
from app.domain.access import MATRIX, Permission, Role
from app.domain.errors import Refusal
from app.gateways import passwords
from app.services import staff
from app.store import db, factors, users
from app.store.tables_office import app_user, audit_event
from app.store.tables_security import password_link
from tests.web import estate as estates
from tests.web.conftest import Browser
from tests.web.estate import Estate

LONG = "七棵老樟树下的青石板路边"


def invite(client: TestClient, **changes: object):
    form = {"login": "zhao", "name": "赵六", "role": "clerk", "everywhere": "true"} | changes
    return client.post("/users/new", data={name: value for name, value in form.items() if value != ""})


def link_on(page: str) -> str:
    found = re.search(r"http://testserver(/join/[\w-]+)", page)
    assert found, page[-800:]
    return found[1]


def user_of(engine: Engine, login: str) -> users.User:
    with db.reading(engine) as session:
        found = users.by_login(session, login)
    assert found is not None
    return found


def reach_of(engine: Engine, login: str) -> frozenset[int] | None:
    with db.reading(engine) as session:
        found = users.by_login(session, login)
        assert found is not None
        return users.actor(session, found).community_ids


def log_of(engine: Engine) -> list[tuple[str, str]]:
    with db.reading(engine) as session:
        return [(row.action, row.subject) for row in session.execute(sa.select(audit_event))]


def test_a_new_user_sets_their_own_password_by_a_link_that_opens_once(
    browser: Browser, anonymous: TestClient, engine: Engine
) -> None:
    made = invite(browser("admin"))
    assert made.status_code == 200
    link = link_on(made.text)
    assert anonymous.post("/login", data={"login": "zhao", "password": ""}).status_code == 422
    page = anonymous.get(link)
    assert page.status_code == 200
    assert anonymous.get(link).status_code == 200, "looking does not use it up"
    short = anonymous.post(link, data={"password": "short"})
    assert "至少 12 个字符" in short.text
    assert "short" not in short.text
    assert anonymous.post(link, data={"password": LONG}).headers["location"] == "/login?out=set"
    for answer in (anonymous.get(link), anonymous.post(link, data={"password": LONG})):
        assert answer.status_code == 404
        assert "已经用过" in answer.text
    assert anonymous.post("/login", data={"login": "zhao", "password": LONG}).status_code == 303
    assert {"user.added", "user.link_issued", "user.link_used"} <= {action for action, _ in log_of(engine)}


def test_a_link_grows_old_and_a_newer_one_takes_its_place(
    browser: Browser, anonymous: TestClient, engine: Engine, estate: Estate
) -> None:
    first = link_on(browser("admin").post(f"/users/{estate.users['clerk']}/link").text)
    second = link_on(browser("admin").post(f"/users/{estate.users['clerk']}/link").text)
    assert anonymous.get(first).status_code == 404
    with time_machine.travel(clock.now() + dt.timedelta(hours=25)):
        assert anonymous.get(second).status_code == 404
    assert anonymous.get(second).status_code == 200
    with db.reading(engine) as session:
        kept = session.execute(sa.select(password_link.c.token_hash)).scalars().all()
    assert second.rpartition("/")[2].encode() not in kept


def test_a_reset_leaves_the_old_password_until_it_is_used_and_then_ends_every_session(
    browser: Browser, anonymous: TestClient, estate: Estate
) -> None:
    clerk = browser("clerk")
    link = link_on(browser("admin").post(f"/users/{estate.users['clerk']}/link").text)
    assert clerk.get("/").status_code == 200
    anonymous.post(link, data={"password": LONG})
    assert clerk.get("/").status_code == 303
    assert anonymous.post("/login", data={"login": "clerk", "password": estates.PASSWORD}).status_code == 422


def test_a_user_who_was_shut_out_cannot_come_back_by_a_link(
    browser: Browser, anonymous: TestClient, estate: Estate
) -> None:
    admin = browser("admin")
    link = link_on(admin.post(f"/users/{estate.users['clerk']}/link").text)
    admin.post(f"/users/{estate.users['clerk']}/active", data={"is_active": "false"})
    assert anonymous.get(link).status_code == 404


REFUSED_PASSWORDS = [
    "123456789012", "password1234", "passwordpassword", "qwertyuiop12", "wuye12345678", "admin1234567", "abcabcabcabc",
    "zhao20261123!", "锦绣花园2026!!!!!", "赵六赵六赵六赵六2026", "1q2w3e4r5t6y", "aaaaaaaaaaaab", "dragon2026!!!!",
    "13800138000138", "物业管理物业收费2026",
]  # fmt: skip


@pytest.mark.parametrize("password", REFUSED_PASSWORDS)
def test_what_guessers_try_first_is_no_password(password: str) -> None:
    with pytest.raises(Refusal, match=r"common|short"):
        passwords.check_choice(password, login="zhao", words=("赵六", "锦绣花园（一期）", "锦绣花园"))


@pytest.mark.parametrize(
    "password", [LONG, "correct horse battery staple", "a quite different sentence", "  spaces count  too "]
)
def test_any_sentence_will_do(password: str) -> None:
    passwords.check_choice(password, login="zhao", words=("赵六",))


def test_twelve_characters_are_enough_and_a_hundred_and_twenty_eight_too() -> None:
    for password, code in ((LONG[:11], "too_short"), ("x" * 129, "too_long")):
        with pytest.raises(Refusal, match=code):
            passwords.check_choice(password, login="zhao")
    assert len(LONG) == 12
    passwords.check_choice(LONG * 10 + "再加八个字就满了", login="zhao")


# --- rights ---------------------------------------------------------------------------------------


def test_nobody_is_given_every_community_by_leaving_something_out(
    browser: Browser, engine: Engine, estate: Estate
) -> None:
    admin, first = browser("admin"), estate.communities[0]
    for chosen in ({"everywhere": ""}, {"community": [str(first)], "everywhere": "true"}):
        refused = invite(admin, **chosen)
        assert refused.status_code == 422
        assert "请勾选该用户负责的小区" in refused.text
        assert 'value="赵六"' in refused.text
    assert invite(admin).status_code == 200
    assert reach_of(engine, "zhao") is None
    assert invite(admin, login="sun", community=[str(first)], everywhere="").status_code == 200
    assert reach_of(engine, "sun") == {first}


def test_a_user_without_a_community_sees_none(browser: Browser, engine: Engine, estate: Estate) -> None:
    with db.transaction(engine) as session:
        session.execute(sa.update(app_user).where(app_user.c.login == "clerk").values(all_communities=False))
    assert reach_of(engine, "clerk") == frozenset()
    client = browser("clerk")
    assert client.get("/").status_code == 200
    assert client.get(f"/units/{estate.units[estate.communities[0]][0]}").status_code == 404


def form_of(user: users.User, **changes: str) -> dict[str, str]:
    return {
        "name": user.name,
        "role": user.role.value,
        "limit": f"{user.waiver_limit_fen / 100:.2f}",
        "everywhere": "true",
    } | changes


def test_new_rights_begin_with_a_new_sign_in_and_a_new_name_does_not(
    browser: Browser, engine: Engine, estate: Estate
) -> None:
    admin, clerk, user = browser("admin"), browser("clerk"), user_of(engine, "clerk")
    assert admin.post(f"/users/{user.id}", data=form_of(user, name="陈会计师")).status_code == 303
    assert clerk.get("/").status_code == 200
    assert admin.post(f"/users/{user.id}", data=form_of(user, role="finance", limit="5000")).status_code == 303
    assert clerk.get("/").status_code == 303
    assert user_of(engine, "clerk").waiver_limit_fen == 500_000
    with db.reading(engine) as session:
        facts = session.execute(sa.select(audit_event.c.facts).where(audit_event.c.action == "user.changed")).scalars()
        assert '"after":{"communities":"all","limit_fen":500000,"role":"finance"}' in facts.all()[-1]


def test_nobody_changes_their_own_role_limit_or_reach(browser: Browser, engine: Engine, estate: Estate) -> None:
    admin, user = browser("admin"), user_of(engine, "admin")
    for change in ({"role": "manager"}, {"role": "manager", "limit": "100"}):
        refused = admin.post(f"/users/{user.id}", data=form_of(user, **change))
        assert refused.status_code == 409
        assert "不能改自己的岗位、限额和小区" in refused.text
    confined = form_of(user, everywhere="") | {"community": str(estate.communities[0])}
    del confined["everywhere"]
    assert admin.post(f"/users/{user.id}", data=confined).status_code == 409
    assert admin.post(f"/users/{user.id}", data=form_of(user, name="新名字")).status_code == 303
    assert admin.post(f"/users/{user.id}/active", data={"is_active": "false"}).status_code == 409
    assert admin.post(f"/users/{user.id}/factor-off").status_code == 409


def test_the_last_administrator_stays(engine: Engine, estate: Estate) -> None:
    admin = user_of(engine, "admin")
    with db.transaction(engine) as session:
        by = replace(users.actor(session, admin), user_id=0)
        for change in (
            lambda: staff.switch(session, by=by, user_id=admin.id, is_active=False, at=clock.now()),
            lambda: staff.change(
                session, by=by, user_id=admin.id, wish=staff.Wish("x", Role.CLERK, None, None), at=clock.now()
            ),
            lambda: staff.change(
                session,
                by=by,
                user_id=admin.id,
                wish=staff.Wish("x", Role.ADMIN, None, frozenset(estate.communities[:1])),
                at=clock.now(),
            ),
        ):
            with pytest.raises(Refusal, match=r"user\.last_admin"):
                change()
        # an invitation that was never taken up is no administrator yet
        token = staff.add(session, by=by, login="second", wish=staff.Wish("二", Role.ADMIN, None, None), at=clock.now())
        with pytest.raises(Refusal, match=r"user\.last_admin"):
            staff.switch(session, by=by, user_id=admin.id, is_active=False, at=clock.now())
        staff.use_link(session, token=token, password_hash="x", at=clock.now())
        staff.switch(session, by=by, user_id=admin.id, is_active=False, at=clock.now())


@pytest.mark.parametrize("role", [role for role in Role if Permission.WAIVER_DECIDE not in MATRIX[role]])
def test_a_limit_needs_the_right_to_decide(browser: Browser, role: Role) -> None:
    refused = invite(browser("admin"), role=role.value, limit="100")
    assert refused.status_code == 422
    assert "没有审批权，限额须为 0" in refused.text
    assert role.value not in refused.text.split("没有审批权")[0][-40:]
    assert invite(browser("admin"), role=role.value, limit="0").status_code == 200


def test_shutting_out_twice_is_still_shutting_out(browser: Browser, estate: Estate) -> None:
    admin, clerk = browser("admin"), browser("clerk")
    for _ in range(2):
        assert admin.post(f"/users/{estate.users['clerk']}/active", data={"is_active": "false"}).status_code == 303
    assert clerk.get("/").status_code == 303


def test_an_administrator_ends_every_session_of_a_user(browser: Browser, estate: Estate) -> None:
    clerk, other = browser("clerk"), browser("clerk")
    assert browser("admin").post(f"/users/{estate.users['clerk']}/sessions/end").status_code == 303
    assert clerk.get("/").status_code == other.get("/").status_code == 303


def test_an_administrator_takes_a_lost_telephone_away(browser: Browser, engine: Engine, estate: Estate) -> None:
    with db.transaction(engine) as session:
        factors.begin(session, user_id=estate.users["clerk"], secret="A" * 32, at=clock.now())
        factors.confirm(session, user_id=estate.users["clerk"], at=clock.now())
    assert browser("admin").post(f"/users/{estate.users['clerk']}/factor-off").status_code == 303
    with db.reading(engine) as session:
        assert factors.confirmed(session, [estate.users["clerk"]]) == frozenset()
    assert ("factor.reset", "clerk") in log_of(engine)


# --- an administrator of some communities ---------------------------------------------------------


@pytest.fixture
def local(browser: Browser, engine: Engine, estate: Estate) -> TestClient:
    """Return a browser of an administrator who looks after the first community alone."""
    with db.transaction(engine) as session:
        estate.users["local"] = users.add(
            session,
            login="local",
            name="钱管理",
            role=Role.ADMIN,
            password_hash=estates.password_hash(),
            waiver_limit_fen=0,
            at=estates.NOW,
            community_ids=(estate.communities[0],),
        )
    return browser("local")


def test_a_confined_administrator_knows_only_the_people_of_their_communities(
    local: TestClient, engine: Engine, estate: Estate
) -> None:
    listed = local.get("/users").text
    assert f'href="/users/{estate.users["confined"]}"' in listed
    for stranger in ("clerk", "manager", "admin"):
        number = estate.users[stranger]
        assert f'href="/users/{number}"' not in listed
        assert local.get(f"/users/{number}").status_code == 404
        for act in ("", "/link", "/sessions/end", "/factor-off", "/active"):
            form = form_of(user_of(engine, stranger)) if not act else {"is_active": "false"} if act == "/active" else {}
            assert local.post(f"/users/{number}{act}", data=form).status_code == 404, (stranger, act)
    assert local.post(f"/users/{estate.users['confined']}/link").status_code == 200


def test_a_confined_administrator_gives_no_more_than_they_have(
    local: TestClient, engine: Engine, estate: Estate
) -> None:
    first, second = estate.communities
    assert invite(local).status_code == 404
    assert invite(local, everywhere="", community=[str(second)]).status_code == 404
    assert invite(local, everywhere="", community=[str(first), str(second)]).status_code == 404
    assert invite(local, everywhere="", community=[str(first)]).status_code == 200
    assert reach_of(engine, "zhao") == {first}
    assert "全部小区" not in local.get("/users/new").text


def test_a_clerk_manages_nobody(browser: Browser, estate: Estate) -> None:
    for path in ("/users", "/users/new", "/users/roles", f"/users/{estate.users['clerk']}"):
        assert browser("clerk").get(path).status_code == 403
    assert invite(browser("manager")).status_code == 403


# --- the page of rights ---------------------------------------------------------------------------


def test_the_page_of_rights_says_what_the_code_checks(browser: Browser) -> None:
    page = browser("admin").get("/users/roles").text
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</tr>", page, re.DOTALL)
    assert len(rows) == len(Permission)
    for permission, row in zip(Permission, rows, strict=True):
        cells = [">有<" in cell for cell in re.findall(r"<td>(.*?)</td>", row, re.DOTALL)]
        assert cells == [permission in MATRIX[role] for role in Role], permission


def test_whoever_takes_money_or_decides_needs_a_second_factor() -> None:
    from app.domain.access import needs_second_factor

    assert {role for role in Role if needs_second_factor(role)} == set(Role) - {Role.COLLECTOR, Role.LAWYER}
