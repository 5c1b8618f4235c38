"""The code to the phone: it opens everything of its number and nothing else, and tells nobody which numbers are known."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa
import time_machine
from fastapi import FastAPI
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app import clock
from app.gateways.messages import MemoryOutbox
from app.services import ownership
from app.store import db, owner_visits
from app.store.tables_portal import owner_code
from tests.databases import SqliteDatabases
from tests.web.conftest import ORIGIN
from tests.web.estate import Estate
from tests.web.owners import NEIGHBOUR, PHONE, by_code, by_link, code_of, later, outside

STRANGER = "13911112222"


@pytest.fixture
def databases(sqlite_databases: SqliteDatabases) -> SqliteDatabases:
    """Stay on one engine: the queries themselves are tested on both in tests/services."""
    return sqlite_databases


@pytest.fixture
def outbox(app: FastAPI) -> MemoryOutbox:
    return outside(app)[0]


def fresh(app: FastAPI) -> TestClient:
    return TestClient(app, headers=ORIGIN, follow_redirects=False)


def money(text: str) -> list[str]:
    return re.findall(r"¥[\d,]+\.\d\d", text)


def fen(text: str) -> int:
    return int(text.replace("¥", "").replace(",", "").replace(".", ""))


def test_a_code_opens_every_unit_of_the_number_with_the_sum_and_a_switch(
    anonymous: TestClient, estate: Estate, outbox: MemoryOutbox
) -> None:
    mine = [estate.units[community][0] for community in estate.communities]
    page = by_code(anonymous, outbox).get("/my").text
    total, *each = money(page)
    assert fen(total) == sum(fen(one) for one in each) > 0
    for unit_id, shown in zip(mine, each, strict=True):
        assert f"/my/units/{unit_id}" in page
        own = anonymous.get(f"/my/units/{unit_id}").text
        assert money(own)[0] == shown
        assert "换一套房（共 2 套）" in own
    others = set(estate.people) - set(mine)
    assert {anonymous.get(f"/my/units/{unit_id}").status_code for unit_id in others} == {404}


def test_a_link_still_opens_its_one_unit_alone(anonymous: TestClient, engine: Engine, estate: Estate) -> None:
    mine, other = (estate.units[community][0] for community in estate.communities)
    by_link(anonymous, engine, mine)
    assert anonymous.get(f"/my/units/{mine}").status_code == 200
    assert anonymous.get(f"/my/units/{other}").status_code == 404
    assert "换一套房" not in anonymous.get("/my").text


def test_known_and_unknown_numbers_are_answered_alike(app: FastAPI, estate: Estate, outbox: MemoryOutbox) -> None:
    seen = []
    for phone in (PHONE, STRANGER):
        client = fresh(app)
        asked = client.post("/my/sign-in", data={"phone": phone})
        page = client.get("/my/code")
        wrong = client.post("/my/code", data={"code": "x"})
        again = client.post("/my/sign-in", data={"phone": phone})  # within the minute
        cookies = sorted(client.cookies.keys())
        texts = [re.sub(r"1\d\d\*+\d{4}|1\d{10}", "N", answer.text) for answer in (asked, page, wrong, again)]
        seen.append(
            (asked.status_code, asked.headers["location"], wrong.status_code, again.status_code, cookies, texts)
        )
    assert seen[0] == seen[1]
    assert [to for to, _ in outbox.sent] == [PHONE]


def test_a_strangers_number_opens_nothing_even_with_the_right_code(
    anonymous: TestClient, engine: Engine, estate: Estate, monkeypatch: pytest.MonkeyPatch, outbox: MemoryOutbox
) -> None:
    monkeypatch.setattr("app.web.owner_gate.secrets.randbelow", lambda _: 123456)
    anonymous.post("/my/sign-in", data={"phone": STRANGER})
    assert anonymous.post("/my/code", data={"code": "123456"}).status_code == 422
    assert anonymous.get("/my").status_code == 403


def test_after_five_wrong_tries_the_right_code_is_dead(anonymous: TestClient, outbox: MemoryOutbox) -> None:
    anonymous.post("/my/sign-in", data={"phone": PHONE})
    right = code_of(outbox, PHONE)
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    for _ in range(5):
        assert anonymous.post("/my/code", data={"code": wrong}).status_code == 422
    assert anonymous.post("/my/code", data={"code": right}).status_code == 422
    assert anonymous.get("/my").status_code == 403


def test_a_code_works_once_for_ten_minutes_in_the_browser_that_asked(app: FastAPI, outbox: MemoryOutbox) -> None:
    client, other = fresh(app), fresh(app)
    client.post("/my/sign-in", data={"phone": PHONE})
    code = code_of(outbox, PHONE)
    assert other.post("/my/code", data={"code": code}).headers["location"] == "/my/sign-in"
    challenge = client.cookies["och"]
    assert client.post("/my/code", data={"code": f" {code[:3]} {code[3:]} "}).headers["location"] == "/my"
    other.cookies.set("och", challenge)
    assert other.post("/my/code", data={"code": code}).headers["location"] == "/my/sign-in"
    with time_machine.travel(later(minutes=2)):
        other.post("/my/sign-in", data={"phone": PHONE})
        late = code_of(outbox, PHONE)
    with time_machine.travel(later(minutes=13)):
        assert other.post("/my/code", data={"code": late}).headers["location"] == "/my/sign-in"


def test_a_number_gets_five_codes_an_hour_and_an_address_thirty(app: FastAPI, outbox: MemoryOutbox) -> None:
    start = clock.now()
    answers = []
    for place in range(7):
        with time_machine.travel(start + dt.timedelta(minutes=2 * place)):
            answers.append(fresh(app).post("/my/sign-in", data={"phone": PHONE}).status_code)
    assert answers == [303] * 5 + [409] * 2
    with time_machine.travel(start + dt.timedelta(minutes=30)):
        many = [fresh(app).post("/my/sign-in", data={"phone": f"139{place:08d}"}).status_code for place in range(26)]
    assert many == [303] * 25 + [409]


def test_a_number_is_read_as_people_type_it_and_anything_else_gets_one_sentence(
    app: FastAPI, outbox: MemoryOutbox
) -> None:
    by_code(fresh(app), outbox, NEIGHBOUR)
    assert fresh(app).post("/my/sign-in", data={"phone": " +86 138-0000 8000 "}).status_code == 303
    assert outbox.sent[-1][0] == PHONE
    for text in ("", "101", "12345678901", "8000", "room 101", "138000080001", "１３８"):
        answer = fresh(app).post("/my/sign-in", data={"phone": text})
        assert answer.status_code == 422, text
        assert "手机号" in answer.text


def test_an_imported_number_with_the_countrys_code_is_the_same_number(
    anonymous: TestClient, engine: Engine, estate: Estate, outbox: MemoryOutbox
) -> None:
    unit_id = estate.units[estate.communities[0]][1]
    owner = [ownership.NewOwner(name="钱新", phone="+8613611112222")]
    give(engine, unit_id, owner, dt.date(2026, 9, 1))
    assert by_code(anonymous, outbox, "13611112222").get(f"/my/units/{unit_id}").status_code == 200


def test_no_table_holds_a_code_or_a_number_in_clear(
    anonymous: TestClient, engine: Engine, outbox: MemoryOutbox
) -> None:
    by_code(anonymous, outbox)
    with engine.connect() as connection:
        rows = connection.execute(sa.select(owner_code)).all()
    assert len(rows) == 1
    assert code_of(outbox, PHONE) not in str(rows)
    assert PHONE not in str(rows)


def give(engine: Engine, unit_id: int, owners: list[ownership.NewOwner], on: dt.date) -> None:
    with db.transaction(engine) as session:
        ownership.transfer(
            session,
            unit_id=unit_id,
            transfer_on=on,
            as_of=on,
            owners=owners,
            source="过户登记",
            now=clock.now(),
            actor="clerk",
        )


def test_who_sold_the_home_loses_it_at_once_and_gets_no_code_for_it(
    app: FastAPI, engine: Engine, estate: Estate, outbox: MemoryOutbox
) -> None:
    unit_id = estate.units[estate.communities[0]][1]
    client = by_code(fresh(app), outbox, NEIGHBOUR)
    other = estate.units[estate.communities[1]][1]
    new = [ownership.NewOwner(name="钱新", phone=STRANGER)]
    give(engine, unit_id, new, dt.date(2026, 9, 1))
    assert client.get(f"/my/units/{unit_id}").status_code == 404
    assert client.get("/my").status_code == 200  # the other home is still theirs
    give(engine, other, new, dt.date(2026, 9, 1))
    assert client.get("/my").status_code == 403
    with time_machine.travel(later(minutes=2)):
        before = len(outbox.sent)
        fresh(app).post("/my/sign-in", data={"phone": NEIGHBOUR})
        assert len(outbox.sent) == before
        by_code(fresh(app), outbox, STRANGER)


def test_a_session_by_code_ends_after_twenty_idle_minutes_and_by_leaving(
    anonymous: TestClient, outbox: MemoryOutbox
) -> None:
    by_code(anonymous, outbox)
    token = anonymous.cookies["oid"]
    with time_machine.travel(later(minutes=19)):
        assert anonymous.get("/my").status_code == 200
    with time_machine.travel(later(minutes=38)):
        assert anonymous.get("/my").status_code == 200
    with time_machine.travel(later(minutes=59)):
        assert anonymous.get("/my").status_code == 403
    assert anonymous.post("/my/leave").status_code == 200
    anonymous.cookies.set("oid", token)
    assert anonymous.get("/my").status_code == 403


def test_looking_up_who_is_on_the_page_takes_the_same_few_queries_however_many_units(
    engine: Engine, estate: Estate
) -> None:
    counted: list[str] = []
    with db.reading(engine) as session:
        sa.event.listen(engine, "before_cursor_execute", lambda *given: counted.append(given[2]))
        index = owner_visits.phone_index(session, PHONE)
        assert len(owner_visits.units_of(session, index, on=clock.today())) == 2
        assert len(owner_visits.places(session, [unit for units in estate.units.values() for unit in units])) == 12
    assert len([text for text in counted if text.startswith("SELECT")]) == 2
