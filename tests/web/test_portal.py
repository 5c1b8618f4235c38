"""The owner's link: looking costs nothing and tells nothing; opening shows one unit and no other."""

from __future__ import annotations

import datetime as dt

import time_machine
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app import clock
from app.services import ownership
from app.store import db, owner_links, persons
from tests.web.conftest import Browser
from tests.web.estate import Estate

KEY = "p" * 22


def link(engine: Engine, unit_id: int) -> str:
    token = owner_links.new_token()
    with db.transaction(engine) as session:
        owner_links.keep(session, token=token, unit_id=unit_id, at=clock.now())
    return f"/o/{token}"


def units(estate: Estate) -> list[int]:
    return estate.units[estate.communities[0]]


def test_looking_at_the_link_tells_only_the_community_and_the_tail_of_the_room(
    anonymous: TestClient, engine: Engine, estate: Estate
) -> None:
    where = link(engine, units(estate)[0])
    for _ in range(3):  # chat programs and virus scanners look first
        answer = anonymous.get(where)
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
    assert "锦绣花园" in answer.text
    assert "尾数 01" in answer.text
    for secret in ("1单元101", "王", "1,631", "138"):
        assert secret not in answer.text
    assert anonymous.get("/my").status_code == 403


def test_opening_shows_the_account_as_the_office_sees_it(
    anonymous: TestClient, browser: Browser, engine: Engine, estate: Estate
) -> None:
    unit_id = units(estate)[0]
    opened = anonymous.post(link(engine, unit_id))
    assert opened.status_code == 303
    assert "HttpOnly" in opened.headers["set-cookie"]
    page = anonymous.get("/my").text
    assert "¥1,631.99" in page
    assert "748.62 × 0.1% × 136 = 101.81232 元" in page
    assert "王*" in page
    assert "王伟" not in page
    assert "¥1,631.99" in browser("clerk").get(f"/units/{unit_id}").text


def test_an_owner_reaches_no_paper_of_another_unit(
    anonymous: TestClient, browser: Browser, engine: Engine, estate: Estate
) -> None:
    mine, other = units(estate)[:2]
    for unit_id, key in ((mine, KEY), (other, "q" * 22)):
        browser("clerk").post(f"/units/{unit_id}/pay", data={"amount": "10", "key": key})
    anonymous.post(link(engine, mine))
    assert anonymous.get("/my/receipts/1.pdf").content.startswith(b"%PDF")
    for path in ("/my/receipts/2.pdf", "/my/receipts/99.pdf", "/my/notices/1.pdf"):
        assert anonymous.get(path).status_code == 404, path
    for path in ("/", "/arrears", f"/units/{mine}", "/payments/1", "/payments/1/receipt"):
        assert anonymous.get(path).status_code == 303, path


A_WRONG_TOKEN_IS = ["", "x", "x" * 22, "x" * 4000, "%00", "é" * 22]


def test_a_wrong_token_is_answered_alike(anonymous: TestClient) -> None:
    for token in A_WRONG_TOKEN_IS:
        for method in ("GET", "POST"):
            answer = anonymous.request(method, f"/o/{token}")
            assert answer.status_code in {404, 405}
            assert "set-cookie" not in answer.headers


def test_a_link_dies_after_thirty_days_and_a_session_after_twenty_idle_minutes(
    anonymous: TestClient, engine: Engine, estate: Estate
) -> None:
    where = link(engine, units(estate)[0])
    anonymous.post(where)
    assert anonymous.get("/my").status_code == 200
    with time_machine.travel(clock.now() + dt.timedelta(minutes=21)):
        assert anonymous.get("/my").status_code == 403
    with time_machine.travel(clock.now() + dt.timedelta(days=31)):
        assert anonymous.get(where).status_code == 404
        assert anonymous.post(where).status_code == 404


def test_a_new_owner_sees_neither_the_old_arrears_nor_through_the_old_link(
    anonymous: TestClient, engine: Engine, estate: Estate
) -> None:
    unit_id = units(estate)[0]
    old = link(engine, unit_id)
    anonymous.post(old)
    with db.transaction(engine) as session:
        ownership.transfer(
            session,
            unit_id=unit_id,
            transfer_on=dt.date(2026, 9, 1),
            as_of=dt.date(2026, 9, 1),
            owners=[ownership.NewOwner(name="钱新")],
            source="过户登记",
            now=clock.now(),
            actor="clerk",
        )
    assert anonymous.get("/my").status_code == 403
    assert anonymous.get(old).status_code == 404
    anonymous.post(link(engine, unit_id))
    page = anonymous.get("/my").text
    assert "2026-10" in page
    assert "2026-07" not in page
    assert "¥781.56" in page


def test_leaving_ends_the_session_on_the_server(anonymous: TestClient, engine: Engine, estate: Estate) -> None:
    anonymous.post(link(engine, units(estate)[0]))
    token = anonymous.cookies["oid"]
    assert anonymous.post("/my/leave").status_code == 200
    anonymous.cookies.set("oid", token)
    assert anonymous.get("/my").status_code == 403


def test_the_office_makes_a_link_that_opens(browser: Browser, anonymous: TestClient, estate: Estate) -> None:
    unit_id = units(estate)[0]
    page = browser("clerk").post(f"/units/{unit_id}/link").text
    address = page.split('value="http://testserver')[1].split('"')[0]
    assert anonymous.get(address).status_code == 200
    assert "data:image/svg+xml" in page


def test_a_reveal_shows_one_person_and_is_written_down(browser: Browser, estate: Estate) -> None:
    unit_id, other = units(estate)[:2]
    clerk = browser("clerk")
    assert "王伟" not in clerk.get(f"/units/{unit_id}").text
    shown = clerk.post(f"/units/{unit_id}/reveal", data={"person_id": str(estate.people[unit_id])}).text
    assert "13800008000" in shown
    foreign = clerk.post(f"/units/{unit_id}/reveal", data={"person_id": str(estate.people[other])})
    assert foreign.status_code == 404
    assert f"人员 {estate.people[unit_id]}" in browser("admin").get("/audit").text


def test_a_co_owner_who_leaves_takes_no_debt_along(anonymous: TestClient, engine: Engine, estate: Estate) -> None:
    unit_id = units(estate)[0]
    with db.transaction(engine) as session:
        [leaving] = persons.insert(
            session, [persons.row_of(session, community_id=estate.communities[0], name="前妻", phone="")]
        )
        persons.add_owners(
            session,
            [
                {
                    "unit_id": unit_id,
                    "person_id": leaving,
                    "from_on": dt.date(2022, 6, 1),
                    "until_on": dt.date(2026, 9, 1),
                }
            ],
        )
    anonymous.post(link(engine, unit_id))
    page = anonymous.get("/my").text
    assert "¥1,631.99" in page
    assert "2026-07" in page


def test_a_new_owner_is_not_shown_the_credit_of_the_old_one(
    anonymous: TestClient, browser: Browser, engine: Engine, estate: Estate
) -> None:
    unit_id = units(estate)[0]
    form = {"amount": "100000", "received_on": "2026-08-03", "key": KEY}
    assert browser("finance").post(f"/units/{unit_id}/pay", data=form).status_code == 303
    anonymous.post(link(engine, unit_id))
    assert "另有预存款" in anonymous.get("/my").text
    with db.transaction(engine) as session:
        ownership.transfer(
            session,
            unit_id=unit_id,
            transfer_on=dt.date(2026, 9, 1),
            as_of=dt.date(2026, 9, 1),
            owners=[ownership.NewOwner(name="钱新")],
            source="过户登记",
            now=clock.now(),
            actor="clerk",
        )
    anonymous.post(link(engine, unit_id))
    page = anonymous.get("/my")
    assert page.status_code == 200
    assert "钱*" in page.text
    assert "另有预存款" not in page.text
    assert anonymous.get("/my/receipts/1.pdf").status_code == 404
