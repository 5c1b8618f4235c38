"""What an owner asks on the page, and how the office answers: number, deadline, hold, answer, close."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.domain import owner_requests as rules
from app.domain.errors import Refusal, conflict
from app.domain.owner_requests import Outcome, RequestKind, RequestState
from app.store import audit, calendars, documents, estate, holds, ledger, once, owner_requests, stored_files
from app.store.types import canonical

OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Wish:
    """What an owner asks for one unit; the bills are checked by the caller to be this owner's."""

    unit_id: int
    kind: RequestKind
    topic: str = ""
    text: str = ""
    bill_ids: tuple[int, ...] = ()
    months: int | None = None
    first_on: dt.date | None = None


def make(
    session: Session,
    *,
    wish: Wish,
    files: Sequence[stored_files.Kept],
    visit: str,
    today: dt.date,
    now: dt.datetime,
    key: str,
) -> int:
    """Take a request in: it gets a number and a last day for the answer; the same ``key`` acts once.

    Raises:
        Refusal: as ``domain.owner_requests.check``; as ``check_room``; ``form.key_reused``.

    """
    asked = {"unit": wish.unit_id, "kind": wish.kind, "topic": wish.topic, "text": wish.text, "bills": wish.bill_ids}
    asked |= {"months": wish.months, "first": wish.first_on, "visit": visit}
    if (answered := once.claim(session, key=key, scope="owner_request", request=asked, now=now)) is not None:
        return int(answered["request_id"])
    rules.check(
        wish.kind,
        topic=wish.topic,
        bills=len(wish.bill_ids),
        text=wish.text,
        months=wish.months,
        first_on=wish.first_on,
        today=today,
    )
    check_room(session, unit_id=wish.unit_id, now=now)
    community_id = estate.unit_row(session, wish.unit_id).community_id
    number = documents.next_numbers(session, community_id=community_id, kind="request", year=today.year)[0]
    is_dispute = wish.kind is RequestKind.DISPUTE
    row = {
        "community_id": community_id,
        "unit_id": wish.unit_id,
        "number": number,
        "row_key": secrets.token_hex(16),
        "kind": wish.kind.value,
        "bill_ids": canonical(list(wish.bill_ids) if is_dispute else []),
        "topic": wish.topic,
        "months": wish.months if wish.kind is RequestKind.INSTALMENTS else None,
        "first_on": wish.first_on if wish.kind is RequestKind.INSTALMENTS else None,
        "due_on": rules.answer_by(wish.kind, today, calendars.load(session)),
        "is_restricted": wish.kind in rules.RESTRICTED,
        "visit": visit,
        "made_at": now,
    }
    made = owner_requests.insert(session, text=wish.text.strip(), row=row)
    stored_files.add(session, subject=f"owner_request:{made}", files=files, at=now, by=None)
    _tell(session, made, community_id, "made", now=now, actor=OWNER)
    once.settle(session, key=key, scope="owner_request", result={"request_id": made})
    return made


def check_room(session: Session, *, unit_id: int, now: dt.datetime) -> None:
    """Refuse one more request where enough of them wait, or came in within a day; asked before any file is kept.

    Raises:
        Refusal: ``owner_request.too_many``, ``owner_request.too_often``.

    """
    waiting, lately = owner_requests.counts_of_unit(session, unit_id=unit_id, since=now - dt.timedelta(days=1))
    if waiting >= rules.MOST_OPEN:
        raise conflict("owner_request.too_many", most=rules.MOST_OPEN)
    if lately >= rules.MOST_A_DAY:
        raise conflict("owner_request.too_often", most=rules.MOST_A_DAY)


def withdraw(session: Session, *, request_id: int, now: dt.datetime) -> None:
    """Let the owner take back what was not answered yet.

    Raises:
        Refusal: ``owner_request.not_open``.

    """
    row = _open(session, request_id)
    owner_requests.update(session, request_id, state=RequestState.WITHDRAWN.value)
    _tell(session, request_id, row["community_id"], "withdrawn", now=now, actor=OWNER)


def answer(
    session: Session,
    *,
    request_id: int,
    text: str,
    outcome: Outcome,
    now: dt.datetime,
    actor_id: int,
    actor: str,
) -> None:
    """Answer a request; the owner reads the answer on the page.

    Raises:
        Refusal: ``owner_request.answer_missing``, ``owner_request.not_open``.

    """
    row = _open(session, request_id)
    if len(text.strip()) < 2:
        raise Refusal("owner_request.answer_missing", field="text")
    owner_requests.update(
        session,
        request_id,
        state=RequestState.ANSWERED.value,
        answer=text.strip(),
        outcome=outcome.value,
        answered_by=actor_id,
        answered_at=now,
    )
    _tell(session, request_id, row["community_id"], "answered", now=now, actor=actor)


def close(session: Session, *, request_id: int, note: str, now: dt.datetime, actor: str) -> None:
    """Close an answered request: nothing is left to do.

    Raises:
        Refusal: ``owner_request.not_answered``.

    """
    row = owner_requests.locked(session, request_id)
    if row["state"] != RequestState.ANSWERED.value:
        raise conflict("owner_request.not_answered")
    owner_requests.update(session, request_id, state=RequestState.CLOSED.value)
    _tell(session, request_id, row["community_id"], "closed", now=now, actor=actor, note=note.strip())


def hold(
    session: Session,
    *,
    request_id: int,
    until_on: dt.date,
    stops_dunning: bool,
    today: dt.date,
    now: dt.datetime,
    actor_id: int,
    actor: str,
) -> int:
    """Stop accrual on the disputed bills alone until a day, and return the adjustment; a request has at most one.

    Raises:
        Refusal: ``owner_request.not_open``, ``owner_request.not_a_dispute``, ``owner_request.held``,
            ``owner_request.hold_until``; what the ledger refuses.

    """
    row = _open(session, request_id)
    if row["kind"] != RequestKind.DISPUTE.value or not row["bill_ids"]:
        raise conflict("owner_request.not_a_dispute")
    if row["hold_id"] is not None:
        raise conflict("owner_request.held")
    if not today < until_on <= today + dt.timedelta(days=184):
        raise Refusal("owner_request.hold_until", field="until_on", days=184)
    posted: dict[str, Any] = {
        "kind": "hold",
        "value_on": today,
        "until_on": until_on,
        "bill_ids": canonical(list(row["bill_ids"])),
        "stops_accrual": True,
        "stops_dunning": stops_dunning,
        "stops_contact": False,
        "reason": "dispute",
        "recorded_at": now,
        "recorded_by": actor_id,
    }
    made = ledger.post(session, ledger.Posting(row["unit_id"], "adjustment", posted), through=today)
    papers = {"adjustment_id": made, "community_id": row["community_id"], "unit_id": row["unit_id"]}
    holds.add_case(session, papers | {"is_objection": True, "note": row["number"], "review_on": row["due_on"]})
    owner_requests.update(session, request_id, hold_id=made)
    _tell(session, request_id, row["community_id"], "held", now=now, actor=actor, note=until_on.isoformat())
    return made


def _open(session: Session, request_id: int) -> dict[str, Any]:
    row = owner_requests.locked(session, request_id)
    if row["state"] != RequestState.OPEN.value:
        raise conflict("owner_request.not_open")
    return row


def _tell(
    session: Session, request_id: int, community_id: int, kind: str, *, now: dt.datetime, actor: str, note: str = ""
) -> None:
    owner_requests.add_event(session, request_id=request_id, kind=kind, at=now, actor=actor, note=note)
    audit.record(
        session,
        at=now,
        actor=actor,
        action=f"owner_request.{kind}",
        subject=f"owner_request:{request_id}",
        community_id=community_id,
    )
