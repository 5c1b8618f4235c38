"""No owner reaches anything of another: every route of the page, with another's ids, answers as if there were nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app import clock
from app.services import owner_payments, ownership
from app.store import db
from tests.databases import SqliteDatabases
from tests.web.conftest import ORIGIN, Browser
from tests.web.estate import Estate
from tests.web.owners import KEY, NEIGHBOUR, by_code, by_link, outside, photo, send_notice

FREE = {"/my", "/my/sign-in", "/my/code", "/my/leave"}
NAMES = ("单*军", "1单元102", "去年已在前台缴过现金")


@pytest.fixture
def databases(sqlite_databases: SqliteDatabases) -> SqliteDatabases:
    return sqlite_databases


@dataclass(frozen=True, slots=True)
class Victim:
    """One of everything an owner can have on the page."""

    client: TestClient
    unit_id: int
    ids: dict[str, str]
    bill_id: int


@pytest.fixture
def victim(app: FastAPI, engine: Engine, estate: Estate, browser: Browser) -> Victim:
    """Return the owner of the second unit with a signed notice, a receipt, a request with a photo, and an order."""
    outbox, _ = outside(app)
    community = estate.communities[0]
    unit_id = estate.units[community][1]
    client = TestClient(app, headers=ORIGIN, follow_redirects=False, raise_server_exceptions=False)
    by_code(client, outbox, NEIGHBOUR)
    notice_id = send_notice(engine, community, unit_id)
    strokes = "[[" + ",".join(f"[{place * 9},{place * 4},{place}]" for place in range(20)) + "]]"
    signed = {"name": "单秀军", "agree": "true", "strokes": strokes}
    assert client.post(f"/my/notices/{notice_id}/sign", data=signed).status_code == 303
    assert browser("clerk").post(f"/units/{unit_id}/pay", data={"amount": "10", "key": KEY}).status_code == 303
    bill_id = estate.bills[unit_id][0]
    form = {"bill": str(bill_id), "topic": "paid", "text": "去年已在前台缴过现金", "key": KEY}
    asked = client.post(f"/my/units/{unit_id}/ask/dispute", data=form, files={"photo": ("a.jpg", photo())})
    request_id = asked.headers["location"].rsplit("/", 1)[1]
    page = client.get(f"/my/requests/{request_id}").text
    file_id = page.split(f"/my/requests/{request_id}/files/")[1].split('"')[0]
    order = client.post(f"/my/units/{unit_id}/pay", data={"what": "all", "key": KEY}).headers["location"]
    ids = {"unit_id": str(unit_id), "notice_id": str(notice_id), "payment_id": "1", "request_id": request_id}
    ids |= {"file_id": file_id, "kind": "dispute", "reference": order.rsplit("/", 1)[1]}
    shown = app.state.gateways.files.put(photo())
    with db.transaction(engine) as session:
        owner_payments.set_payee_code(
            session, community_id=community, sha256=shown, shown_sha256=shown, now=clock.now(), actor="admin"
        )
    return Victim(client, unit_id, ids, bill_id)


def owner_routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    for context in iter_route_contexts(app.routes):
        route = context.route
        if isinstance(route, APIRoute) and route.path.startswith("/my") and route.path not in FREE:
            yield from ((method, route.path) for method in sorted(route.methods - {"HEAD"}))


def ask(client: TestClient, method: str, path: str, victim: Victim) -> tuple[int, str]:
    for name, value in victim.ids.items():
        path = path.replace("{" + name + "}", value)
    assert "{" not in path, "a new kind of id: add it to the victim"
    form = {"name": "甲", "agree": "true", "what": "all", "key": "z" * 22, "bill": str(victim.bill_id)}
    fields = {"/sign": ("name", "agree"), "/dispute": ("bill", "topic", "text", "key"), "/pay": ("what", "key")}
    form |= {"topic": "paid", "text": "这不是我的账单"}
    wanted = next((names for end, names in fields.items() if path.endswith(end)), ())
    answer = client.request(method, path, data={name: form[name] for name in wanted} if method == "POST" else None)
    return answer.status_code, answer.text


def sweep(app: FastAPI, client: TestClient, victim: Victim, expected: int) -> None:
    routes = list(owner_routes(app))
    assert len(routes) >= 17
    for method, path in routes:
        status, text = ask(client, method, path, victim)
        assert status == expected, (method, path, status)
        assert not [name for name in NAMES if name in text], (method, path)


def test_the_owner_reaches_all_of_it(app: FastAPI, victim: Victim) -> None:
    for method, path in owner_routes(app):
        if method == "GET":
            assert ask(victim.client, method, path, victim)[0] == 200, path


def test_another_owner_by_code_reaches_none_of_it(app: FastAPI, victim: Victim) -> None:
    outbox = app.state.gateways.messages
    with TestClient(app, headers=ORIGIN, follow_redirects=False, raise_server_exceptions=False) as other:
        sweep(app, by_code(other, outbox), victim, 404)


def test_a_link_of_the_next_unit_reaches_none_of_it(
    app: FastAPI, anonymous: TestClient, engine: Engine, estate: Estate, victim: Victim
) -> None:
    sweep(app, by_link(anonymous, engine, estate.units[estate.communities[0]][0]), victim, 404)


def test_without_a_session_there_is_nothing_at_all(app: FastAPI, anonymous: TestClient, victim: Victim) -> None:
    sweep(app, anonymous, victim, 403)


def test_the_next_owner_of_the_same_home_sees_nothing_of_the_former_one(
    app: FastAPI, anonymous: TestClient, engine: Engine, victim: Victim
) -> None:
    with db.transaction(engine) as session:
        ownership.transfer(
            session,
            unit_id=victim.unit_id,
            transfer_on=dt.date(2026, 11, 23) + dt.timedelta(days=0),
            as_of=dt.date(2026, 11, 23) + dt.timedelta(days=0),
            owners=[ownership.NewOwner(name="钱新", phone="13622223333")],
            source="过户登记",
            now=clock.now(),
            actor="clerk",
        )
    client = by_link(anonymous, engine, victim.unit_id)
    page = client.get("/my").text
    assert "钱*" in page
    assert "没有应缴费用" in page
    # What was done on the day of transfer itself is the new owner's day; all that hangs on older bills is not.
    for path in ("/my/paid/{reference}", "/my/simulator/{reference}"):
        assert ask(client, "GET", path, victim)[0] == 404, path
    assert victim.client.get(f"/my/units/{victim.unit_id}").status_code == 404
    form = {"bill": str(victim.bill_id), "topic": "paid", "text": "这不是我的账单", "key": "n" * 22}
    refused = client.post(f"/my/units/{victim.unit_id}/ask/dispute", data=form)
    assert refused.status_code == 422
    assert client.post(f"/my/units/{victim.unit_id}/pay", data={"key": "m" * 22}).status_code == 422


def test_ids_out_of_range_are_not_found_and_never_a_fault(
    anonymous: TestClient, engine: Engine, estate: Estate
) -> None:
    client = by_link(anonymous, engine, estate.units[estate.communities[0]][0])
    for path in ("/my/units/{}", "/my/notices/{}", "/my/notices/{}.pdf", "/my/requests/{}", "/my/receipts/{}.pdf"):
        for text in ("0", "-1", "99999999999999999999", "x", "1%00"):
            assert client.get(path.format(text)).status_code == 404, (path, text)
    assert client.get("/my/units/1/ask/nonsense").status_code == 404
    assert client.get("/my/paid/" + "x" * 500).status_code == 404
