"""What the demo's owners have done on their page before anybody looks: a notice, requests, a code to pay by."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import segno
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app import clock
from app.domain.owner_requests import Outcome, RequestKind
from app.gateways import uploads
from app.gateways.ports import Files
from app.services import notice_issue, notices, owner_payments, owner_requests
from app.store import arrears, db, persons, users

ACTOR = "demo"


def show(
    engine: Engine,
    files: Files,
    *,
    community_id: int,
    unit_id: int,
    public_url: str,
    asked: Sequence[Mapping[str, Any]],
    clerk: str,
) -> None:
    """Give the owner of ``unit_id`` a notice and a request, two neighbours one each, and the office a code to scan."""
    drawn = io.BytesIO()
    segno.make(f"{public_url}/demo", error="m").save(drawn, kind="png", scale=8, border=4)
    picture = uploads.check(drawn.getvalue(), "demo.png")
    sha256, shown = files.put(picture.content), files.put(picture.shown)
    with db.transaction(engine) as session:
        owner_payments.set_payee_code(
            session, community_id=community_id, sha256=sha256, shown_sha256=shown, now=clock.now(), actor=ACTOR
        )
        _send_a_notice(session, community_id, unit_id, public_url)
        for wish, place in zip(asked, _askers(session, community_id, unit_id), strict=False):
            _ask(session, place, wish, clerk)


def phone_of(engine: Engine, unit_id: int) -> str:
    """Return the number an owner of the demo signs in with; empty where none is known."""
    with db.reading(engine) as session:
        for owner in persons.owners_on(session, unit_ids=[unit_id], as_of=clock.today())[unit_id]:
            if owner.phone_sealed:
                return persons.reveal_phone(session, owner.id).removeprefix("+86")
    return ""


def _send_a_notice(session: Session, community_id: int, unit_id: int, public_url: str) -> None:
    today = clock.today()
    batch_id = notices.standing_batch(
        session,
        wanted=notices.Wanted(community_id=community_id, level=1, as_of=today, unit_ids=(unit_id,)),
        today=today,
        now=clock.now(),
        actor=ACTOR,
        source=ACTOR,
        public_url=public_url,
    )
    if batch_id is not None:
        notice_issue.issue(session, batch_id=batch_id, today=today, now=clock.now())


def _askers(session: Session, community_id: int, unit_id: int) -> list[int]:
    """Return the owner of the printed link first, then neighbours who owe."""
    wanted = arrears.Filter(community_id=community_id)
    rows = arrears.list_units(session, as_of=clock.today(), wanted=wanted, sort="-total", limit=6)
    return [unit_id, *(row.unit_id for row in rows if row.unit_id != unit_id)]


def _ask(session: Session, unit_id: int, wish: Mapping[str, Any], clerk: str) -> None:
    bills = arrears.bills_on(session, as_of=clock.today(), unit_ids=[unit_id], overdue_only=True)
    made = owner_requests.make(
        session,
        wish=owner_requests.Wish(
            unit_id=unit_id,
            kind=RequestKind(wish["kind"]),
            topic=wish["topic"],
            text=wish["text"],
            bill_ids=tuple(bill.bill_id for bill in bills[:1]),
        ),
        files=(),
        visit="code:0",
        today=clock.today(),
        now=clock.now(),
        key=f"demo-request-{wish['kind']}",
    )
    who = users.by_login(session, clerk)
    if "answer" in wish and who is not None:
        owner_requests.answer(
            session,
            request_id=made,
            text=wish["answer"],
            outcome=Outcome.AGREED,
            now=clock.now(),
            actor_id=who.id,
            actor=clerk,
        )
