"""What the owner's page writes, on both engines: codes and limits, marks of notices, the queue, orders and their word."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from app.domain.errors import Refusal
from app.domain.owner_requests import Outcome, RequestKind
from app.gateways.ports import Paid
from app.services import owner_payments, owner_requests, owner_visits
from app.store import acknowledgements, db, holds, payment_intents, stored_files, unit_reads
from app.store import owner_requests as request_reads
from app.store import owner_visits as visit_reads
from app.store.tables_portal import owner_request
from app.web.uploads import Kept
from tests import making
from tests.making import NOW, TODAY, Estate

MINUTE = dt.timedelta(minutes=1)
PHONE = "13800138000"
DAY = dt.date(2026, 1, 10)


@pytest.fixture
def made(engine: Engine) -> Estate:
    with db.transaction(engine) as session:
        found = making.make_estate(session, units=("1-1-101", "1-1-102"))
        for unit_id in found.units:
            making.add_owner(session, found, unit_id, "王伟")
            making.add_bill(session, found, DAY, unit_id=unit_id)
        making.add_user(session, "clerk")
    return found


def ask(engine: Engine, at: dt.datetime, *, phone: str = PHONE, ip: str = "1.1.1.1", code: str = "123456") -> bool:
    with db.transaction(engine) as session:
        return owner_visits.ask_code(
            session, phone=phone, code=code, challenge=f"c{at}{phone}{ip}", ip=ip, today=TODAY, now=at
        )


def test_codes_are_counted_by_number_and_by_address_whoever_asks(engine: Engine, made: Estate) -> None:
    assert ask(engine, NOW)
    assert not ask(engine, NOW, phone="13900000000")
    for at, ip in ((NOW + MINUTE / 2, "2.2.2.2"), (NOW + MINUTE / 2, "1.1.1.1")):
        with pytest.raises(Refusal, match="code_too_often"):
            ask(engine, at, ip=ip)
    assert ask(engine, NOW + 2 * MINUTE, ip="3.3.3.3")


def test_a_right_code_opens_both_units_and_a_wrong_one_is_counted(engine: Engine, made: Estate) -> None:
    ask(engine, NOW)
    challenge = f"c{NOW}{PHONE}1.1.1.1"

    def enter(code: str, at: dt.datetime) -> str | None:
        with db.transaction(engine) as session:
            return owner_visits.enter(session, challenge=challenge, code=code, ip="", agent="", now=at)

    assert [enter("000000", NOW) for _ in range(4)] == [None] * 4
    token = enter("123456", NOW + 9 * MINUTE)
    assert token is not None
    assert enter("123456", NOW + 9 * MINUTE) is None
    with db.reading(engine) as session:
        visit = visit_reads.of_token(session, token=token, at=NOW + 10 * MINUTE, on=TODAY)
        assert visit is not None
        assert visit.unit_ids == made.units
        assert visit_reads.of_token(session, token=token, at=NOW + 40 * MINUTE, on=TODAY) is None


def wish(made: Estate, kind: RequestKind = RequestKind.DISPUTE, **changes: object) -> owner_requests.Wish:
    values = {
        "unit_id": made.units[0],
        "kind": kind,
        "topic": "paid",
        "text": "已经缴过一次",
        "bill_ids": (1,),
    } | changes
    return owner_requests.Wish(**values)


def send(engine: Engine, asked: owner_requests.Wish, *, key: str = "k" * 10) -> int:
    file = Kept("a" * 64, 10, "image/jpeg", "收据.jpg", "b" * 64)
    with db.transaction(engine) as session:
        return owner_requests.make(session, wish=asked, files=[file], visit="code:1", today=TODAY, now=NOW, key=key)


def test_a_request_is_sealed_numbered_held_answered_and_closed(engine: Engine, made: Estate) -> None:
    request_id = send(engine, wish(made))
    assert send(engine, wish(made)) == request_id
    with pytest.raises(Refusal, match="key_reused"):
        send(engine, wish(made, text="另一件事情要说"))
    with db.transaction(engine) as session:
        hold_id = owner_requests.hold(
            session,
            request_id=request_id,
            until_on=dt.date(2026, 4, 1),
            stops_dunning=True,
            today=TODAY,
            now=NOW,
            actor_id=1,
            actor="clerk",
        )
        [held] = holds.of_unit(session, made.units[0], today=TODAY)
        assert (held["id"], held["is_objection"]) == (hold_id, True)
        with pytest.raises(Refusal, match="held"):
            owner_requests.hold(
                session,
                request_id=request_id,
                until_on=dt.date(2026, 4, 1),
                stops_dunning=True,
                today=TODAY,
                now=NOW,
                actor_id=1,
                actor="clerk",
            )
        with pytest.raises(Refusal, match="not_answered"):
            owner_requests.close(session, request_id=request_id, note="", now=NOW, actor="clerk")
        owner_requests.answer(
            session, request_id=request_id, text="已补录", outcome=Outcome.AGREED, now=NOW, actor_id=1, actor="clerk"
        )
        owner_requests.close(session, request_id=request_id, note="", now=NOW, actor="clerk")
    with db.reading(engine) as session:
        row = request_reads.by_id(session, request_id)
        assert request_reads.text_of(session, row) == "已经缴过一次"
        assert [event.kind for event in request_reads.events(session, request_id)] == [
            "made", "held", "answered", "closed",
        ]  # fmt: skip
        [file] = stored_files.of_subject(session, f"owner_request:{request_id}")
        assert (file.sha256, file.shown_sha256) == ("a" * 64, "b" * 64)
    with engine.connect() as connection:
        assert "已经缴过一次" not in str(connection.execute(sa.select(owner_request)).all())


def test_the_queue_and_its_counts_agree(engine: Engine, made: Estate) -> None:
    for place, kind in enumerate((RequestKind.DISPUTE, RequestKind.CORRECTION, RequestKind.DISPUTE)):
        send(engine, wish(made, kind, topic="paid" if kind is RequestKind.DISPUTE else "phone"), key=f"{place}" * 10)
    later = TODAY + dt.timedelta(days=10)
    with db.reading(engine) as session:
        for wanted, numbers in (
            (request_reads.Filter(made.community_id), [2, 1, 3]),
            (request_reads.Filter(made.community_id, kind="dispute"), [1, 3]),
            (request_reads.Filter(made.community_id, is_overdue=True), [2]),
            (request_reads.Filter(made.community_id, state="closed"), []),
            (request_reads.Filter(made.community_id + 1), []),
        ):
            rows = request_reads.queue(session, wanted=wanted, today=later, limit=10, offset=0)
            assert [row["id"] for row in rows] == numbers
            assert request_reads.counts(session, wanted=wanted, today=later)[0] == len(numbers)


def test_an_answer_without_a_person_cannot_be_stored(engine: Engine, made: Estate) -> None:
    request_id = send(engine, wish(made))
    change = sa.update(owner_request).where(owner_request.c.id == request_id).values(state="answered")
    with pytest.raises(DBAPIError), engine.begin() as connection:
        connection.execute(change)


def word(reference: str, fen: int, event: str = "e1") -> Paid:
    return Paid(event, reference, fen, "wechat", is_paid=True)


def test_an_order_is_opened_once_and_its_word_counts_once(engine: Engine, made: Estate) -> None:
    order = owner_payments.Order(made.units[0], 24_000, (1,))

    def begin() -> str:
        with db.transaction(engine) as session:
            return owner_payments.begin(session, order=order, gateway="g", visit="code:1", now=NOW, key="o" * 10)

    def take(paid: Paid) -> str:
        with db.transaction(engine) as session:
            return owner_payments.take(session, paid=paid, body=b"x", gateway="g", now=NOW).outcome

    reference = begin()
    assert begin() == reference
    assert take(word(reference, 1, "e0")) == "amount_differs"
    assert take(word("nobody", 24_000, "e9")) == "unknown"
    assert take(word(reference, 24_000)) == "paid"
    assert take(word(reference, 24_000)) == "repeated"
    with pytest.raises(Refusal, match="event_changed"):
        take(word(reference, 23_000))
    with db.reading(engine) as session:
        found = payment_intents.by_reference(session, reference)
        assert found is not None
        assert (found["unit_id"], found["bill_ids"], found["state"]) == (made.units[0], (1,), "waiting")


def test_nothing_due_opens_no_order(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session, pytest.raises(Refusal, match="nothing_due"):
        owner_payments.begin(
            session, order=owner_payments.Order(made.units[0], 0, ()), gateway="g", visit="", now=NOW, key="n" * 10
        )


def test_marks_say_who_opened_first_and_who_signed(engine: Engine, made: Estate) -> None:
    with db.reading(engine) as session:
        assert acknowledgements.marks(session, made.units) == {}
        assert unit_reads.notices(session, made.units[0]) == []
        assert acknowledgements.Mark().state == "unread"
        assert acknowledgements.Mark(readings=1).state == "read"
