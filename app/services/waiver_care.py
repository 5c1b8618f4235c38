"""Around a waiver: asking the requester back, the answer, and the budget of a community's year."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from app.domain.errors import Refusal, conflict, forbidden
from app.store import audit, waiver_review, waivers

ANSWER_WITHIN_DAYS = 7
"""So long a request stays open at least after its answer: whoever asked back also has time to decide."""


def ask_back(session: Session, *, request_id: int, text: str, now: dt.datetime, actor_id: int, actor: str) -> None:
    """Ask the requester for more before deciding.

    Raises:
        Refusal: ``waiver.unknown``, ``waiver.decide_before_asking``, ``waiver.same_person``,
            ``waiver.question_missing``, ``waiver.question_open``.

    """
    row = waivers.locked(session, request_id)
    if row.state != "requested":
        raise conflict("waiver.decide_before_asking")
    if row.requested_by == actor_id:
        raise forbidden("waiver.same_person")
    if not text.strip():
        raise Refusal("waiver.question_missing", field="note")
    if waiver_review.is_asked(session, request_id):
        raise conflict("waiver.question_open")
    _say(session, request_id, "question", text, now=now, actor_id=actor_id)
    _log(session, "waiver.asked_back", request_id, row.community_id, now=now, actor=actor)


def answer(
    session: Session, *, request_id: int, text: str, today: dt.date, now: dt.datetime, actor_id: int, actor: str
) -> None:
    """Answer what was asked back; only the requester does, and there is time to decide again.

    Raises:
        Refusal: ``waiver.unknown``, ``waiver.decided_already``, ``waiver.not_yours``, ``waiver.no_question``,
            ``waiver.answer_missing``.

    """
    row = waivers.locked(session, request_id)
    if row.state != "requested":
        raise conflict("waiver.decided_already")
    if row.requested_by != actor_id:
        raise forbidden("waiver.not_yours")
    if not waiver_review.is_asked(session, request_id):
        raise conflict("waiver.no_question")
    if not text.strip():
        raise Refusal("waiver.answer_missing", field="answer")
    _say(session, request_id, "answer", text, now=now, actor_id=actor_id)
    soonest = today + dt.timedelta(days=ANSWER_WITHIN_DAYS)
    if row.expires_on is not None and row.expires_on < soonest:
        waivers.update(session, request_id, expires_on=soonest)
    _log(session, "waiver.answered", request_id, row.community_id, now=now, actor=actor)


def set_budget(
    session: Session,
    *,
    community_id: int,
    year: int,
    amount_fen: int,
    note: str,
    today: dt.date,
    now: dt.datetime,
    actor_id: int,
    actor: str,
) -> None:
    """Set what may be given away in a year; an earlier figure stays on record.

    Raises:
        Refusal: ``waiver.budget_year``, ``waiver.budget_note_missing``.

    """
    if abs(year - today.year) > 1:
        raise Refusal("waiver.budget_year", field="year")
    if not note.strip():
        raise Refusal("waiver.budget_note_missing", field="note")
    row = {"community_id": community_id, "year": year, "amount_fen": amount_fen, "note": note.strip()}
    waiver_review.set_budget(session, row | {"set_by": actor_id, "set_at": now})
    audit.record(
        session,
        at=now,
        actor=actor,
        action="waiver.budget_set",
        subject=f"waiver_budget:{year}",
        community_id=community_id,
        facts={"amount_fen": amount_fen},
    )


def _say(session: Session, request_id: int, kind: str, text: str, *, now: dt.datetime, actor_id: int) -> None:
    row = {"request_id": request_id, "kind": kind, "text": text.strip(), "written_by": actor_id, "written_at": now}
    waiver_review.say(session, row)


def _log(session: Session, action: str, request_id: int, community_id: int, *, now: dt.datetime, actor: str) -> None:
    audit.record(session, at=now, actor=actor, action=action, subject=f"waiver:{request_id}", community_id=community_id)
