"""Paying on the page: the account says how much, the channel alone says that it was paid, and each word counts once."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app import clock
from app.domain.errors import conflict
from app.gateways.simulator import Simulator
from app.services import ownership
from app.store import arrears, db, verify
from app.store.tables import payment
from app.store.tables_office import audit_event
from app.store.tables_portal import payment_callback, payment_intent
from tests.databases import SqliteDatabases
from tests.web.conftest import ORIGIN
from tests.web.estate import Estate
from tests.web.owners import KEY, PHONE, by_code, by_link, outside


@pytest.fixture
def databases(sqlite_databases: SqliteDatabases) -> SqliteDatabases:
    return sqlite_databases


@pytest.fixture
def channel(app: FastAPI, anonymous: TestClient) -> Simulator:
    outbox, made = outside(app)
    by_code(anonymous, outbox, PHONE)
    return made


def first(estate: Estate) -> int:
    return estate.units[estate.communities[0]][0]


def order(client: TestClient, unit_id: int, **form: str) -> str:
    answer = client.post(f"/my/units/{unit_id}/pay", data={"key": KEY} | form)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].rsplit("/", 1)[1]


def owed(engine: Engine, unit_id: int) -> dict[int, int]:
    with db.reading(engine) as session:
        bills = arrears.bills_on(session, as_of=clock.today(), unit_ids=[unit_id])
    return {bill.bill_id: bill.total_fen for bill in bills if bill.total_fen}


def paid(engine: Engine) -> list[int]:
    with engine.connect() as connection:
        return list(connection.execute(sa.select(payment.c.amount_fen).order_by(payment.c.id)).scalars())


def outcomes(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        query = sa.select(payment_callback.c.outcome).order_by(payment_callback.c.id)
        return list(connection.execute(query).scalars())


def tell(app: FastAPI, body: bytes, signature: str) -> tuple[int, dict[str, object]]:
    """Call back as the channel's server does: no cookie, no origin."""
    with TestClient(app) as server:
        answer = server.post("/pay/callback/simulator", content=body, headers={"X-Signature": signature})
    return answer.status_code, answer.json()


def test_the_whole_way_pays_everything_gives_a_receipt_and_leaves_nothing_open(
    anonymous: TestClient, channel: Simulator, engine: Engine, estate: Estate
) -> None:
    unit_id = first(estate)
    total = sum(owed(engine, unit_id).values())
    where = f"/my/simulator/{order(anonymous, unit_id, what='all')}"
    assert "¥1,631.99" in anonymous.get(where).text
    result = anonymous.post(where).headers["location"]
    page = anonymous.get(result).text
    assert "已收到 ¥1,631.99" in page
    receipt = page.split('href="/my/receipts/')[1].split('"')[0]
    assert anonymous.get(f"/my/receipts/{receipt}").content.startswith(b"%PDF")
    assert "没有应缴费用" in anonymous.get(f"/my/units/{unit_id}").text
    assert (owed(engine, unit_id), paid(engine)) == ({}, [total])
    with db.reading(engine) as session:
        assert verify.ledger_report(session).problems == ()


def test_one_bill_is_paid_and_no_other(
    anonymous: TestClient, channel: Simulator, engine: Engine, estate: Estate
) -> None:
    unit_id = first(estate)
    before = owed(engine, unit_id)
    newest = min(before)  # the estate posts the newest first
    anonymous.post(f"/my/simulator/{order(anonymous, unit_id, what='bill', bill=str(newest))}")
    assert owed(engine, unit_id) == {bill: fen for bill, fen in before.items() if bill != newest}
    assert paid(engine) == [before[newest]]


def test_a_browser_can_neither_choose_the_amount_nor_say_that_it_paid(
    anonymous: TestClient, channel: Simulator, engine: Engine, estate: Estate
) -> None:
    unit_id = first(estate)
    cheap = anonymous.post(f"/my/units/{unit_id}/pay", data={"key": KEY, "amount": "0.01"})
    assert cheap.status_code == 422
    reference = order(anonymous, unit_id)
    assert "还没有收到付款结果" in anonymous.get(f"/my/paid/{reference}?state=paid").text
    foreign = estate.bills[estate.units[estate.communities[0]][1]][0]
    for bill in (str(foreign), "99999"):
        answer = anonymous.post(f"/my/units/{unit_id}/pay", data={"key": "b" * 22, "what": "bill", "bill": bill})
        assert answer.status_code == 422
    assert paid(engine) == []


def test_a_callback_counts_once_however_often_it_comes(
    app: FastAPI, anonymous: TestClient, channel: Simulator, engine: Engine, estate: Estate
) -> None:
    reference, amount = order(anonymous, first(estate)), sum(owed(engine, first(estate)).values())
    said = channel.callback(reference=reference, amount_fen=amount, at=clock.now())
    assert tell(app, *said) == (200, {"ok": True, "outcome": "paid"})
    assert tell(app, *said) == (200, {"ok": True, "outcome": "repeated"})
    other = channel.callback(reference=reference, amount_fen=amount, at=clock.now(), event_id="another")
    assert tell(app, *other) == (409, {"ok": False, "outcome": "paid_before"})
    changed = channel.callback(reference=reference, amount_fen=1, at=clock.now())
    assert tell(app, *changed)[0] == 409
    assert paid(engine) == [amount]
    assert outcomes(engine) == ["paid", "paid_before"]


def test_what_the_channel_did_not_say_is_refused_and_kept_where_money_is_meant(
    app: FastAPI, anonymous: TestClient, channel: Simulator, engine: Engine, estate: Estate
) -> None:
    reference, amount = order(anonymous, first(estate)), sum(owed(engine, first(estate)).values())
    body, signature = channel.callback(reference=reference, amount_fen=amount, at=clock.now())
    forged = Simulator().callback(reference=reference, amount_fen=amount, at=clock.now())
    old = channel.callback(reference=reference, amount_fen=amount, at=clock.now() - dt.timedelta(minutes=6))
    for said in (forged, old, (body.replace(b'"paid"', b'"PAID"'), signature), (body, ""), (b"", signature)):
        assert tell(app, *said)[0] == 403, said
    broken = b'{"event_id": 1}'
    assert tell(app, broken, channel.signature(broken))[0] == 422
    assert outcomes(engine) == []
    wrong = channel.callback(reference=reference, amount_fen=amount - 1, at=clock.now(), event_id="e1")
    assert tell(app, *wrong) == (409, {"ok": False, "outcome": "amount_differs"})
    unknown = channel.callback(reference="nobody", amount_fen=amount, at=clock.now(), event_id="e2")
    assert tell(app, *unknown) == (409, {"ok": False, "outcome": "unknown"})
    assert outcomes(engine) == ["amount_differs", "unknown"]
    assert paid(engine) == []
    assert tell(app, body, signature)[1]["outcome"] == "paid"  # the true word still counts


def test_nothing_is_answered_with_200_that_was_not_stored(
    app: FastAPI,
    anonymous: TestClient,
    channel: Simulator,
    engine: Engine,
    estate: Estate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reference, amount = order(anonymous, first(estate)), sum(owed(engine, first(estate)).values())
    said = channel.callback(reference=reference, amount_fen=amount, at=clock.now())

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr("app.services.owner_payments.settle", fails)
        with TestClient(app, raise_server_exceptions=False) as server:
            answer = server.post("/pay/callback/simulator", content=said[0], headers={"X-Signature": said[1]})
    assert answer.status_code == 500
    assert (paid(engine), outcomes(engine)) == ([], [])
    assert tell(app, *said)[0] == 200
    assert paid(engine) == [amount]


def test_a_new_owner_pays_nothing_of_what_the_former_one_left(
    app: FastAPI, anonymous: TestClient, channel: Simulator, engine: Engine, estate: Estate
) -> None:
    unit_id = first(estate)
    before = owed(engine, unit_id)
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
    phone = by_link(TestClient(app, headers=ORIGIN, follow_redirects=False), engine, unit_id)
    phone.post(f"/my/simulator/{order(phone, unit_id)}")
    left = owed(engine, unit_id)
    newest, older = sorted(before)
    assert left == {older: before[older]}  # it stands as it stood
    assert paid(engine) == [before[newest]]


def test_without_a_channel_there_is_the_account_and_the_reference_and_no_simulator(
    app: FastAPI, anonymous: TestClient, engine: Engine, estate: Estate
) -> None:
    unit_id = first(estate)
    by_link(anonymous, engine, unit_id)  # the application as an office runs it: no demo
    page = anonymous.get(f"/my/units/{unit_id}/pay").text
    assert "1202020219900000000" in page
    assert "JF0000019" in page
    assert "去支付" not in page
    assert anonymous.post(f"/my/units/{unit_id}/pay", data={"key": KEY}).status_code == 404
    assert anonymous.get("/my/simulator/x").status_code == 404
    assert tell(app, b"{}", "x")[0] == 404


def test_the_same_form_twice_opens_one_order(
    anonymous: TestClient, channel: Simulator, engine: Engine, estate: Estate
) -> None:
    assert order(anonymous, first(estate)) == order(anonymous, first(estate))
    with engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(payment_intent)).scalar_one() == 1


def test_money_that_a_closed_day_refuses_is_not_lost(
    app: FastAPI,
    anonymous: TestClient,
    channel: Simulator,
    engine: Engine,
    estate: Estate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reference, amount = order(anonymous, first(estate)), sum(owed(engine, first(estate)).values())

    def is_closed(*_: object, **__: object) -> None:
        raise conflict("period.closed", on="2026-11-23", first="2026-11-23", last="2026-11-23")

    said = channel.callback(reference=reference, amount_fen=amount, at=clock.now())
    with monkeypatch.context() as closed:
        closed.setattr("app.store.closing.guard", is_closed)
        assert tell(app, *said) == (409, {"ok": False, "code": "period.closed"})
    assert (paid(engine), outcomes(engine)) == ([], [])
    with engine.connect() as connection:
        assert "period.closed" in str(connection.execute(sa.select(audit_event.c.facts)).scalars().all())
    assert tell(app, *said)[0] == 200
