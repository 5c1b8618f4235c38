"""What is told of a unit beside its money: links, readings, signatures, owners' requests, and who looked at whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.store.acknowledgements import withdrawn
from app.store.tables_office import app_user, audit_event, notice, owner_token
from app.store.tables_portal import acknowledgement, notice_reading, owner_request

REVEALS = ("pii.revealed", "unit_file.opened")
Row = Mapping[str, Any]


def links(session: Session, unit_id: int) -> list[Row]:
    """Return the links issued to the owner, those printed on notices left out."""
    query = sa.select(
        owner_token.c.id, owner_token.c.created_at, owner_token.c.expires_at, owner_token.c.revoked_at
    ).where(owner_token.c.unit_id == unit_id, owner_token.c.notice_id.is_(None))
    return _rows(session, query)


def readings(session: Session, unit_id: int) -> list[Row]:
    """Return when the owner opened which notice."""
    query = (
        sa.select(notice_reading.c.read_at, notice.c.number, notice.c.document_id)
        .join(notice, notice.c.id == notice_reading.c.notice_id)
        .where(notice_reading.c.unit_id == unit_id)
    )
    return _rows(session, query)


def signatures(session: Session, unit_id: int) -> list[Row]:
    """Return when the owner signed for which notice."""
    query = (
        sa.select(acknowledgement.c.signed_at, acknowledgement.c.channel, notice.c.number, notice.c.document_id)
        .join(notice, notice.c.id == acknowledgement.c.notice_id)
        .where(acknowledgement.c.unit_id == unit_id, ~withdrawn(acknowledgement.c.id))
    )
    return _rows(session, query)


def requests(session: Session, unit_id: int) -> list[Row]:
    """Return what the owner asked for; the words stay sealed."""
    query = (
        sa.select(
            owner_request.c.id,
            owner_request.c.number,
            owner_request.c.kind,
            owner_request.c.state,
            owner_request.c.due_on,
            owner_request.c.made_at,
            owner_request.c.answered_at,
            app_user.c.name.label("answered_by_name"),
        )
        .outerjoin(app_user, app_user.c.id == owner_request.c.answered_by)
        .where(owner_request.c.unit_id == unit_id)
    )
    return _rows(session, query)


def done(session: Session, unit_id: int, *, people: Sequence[int]) -> list[Row]:
    """Return from the log who looked at whose personal fields, and who issued links; names for the logins."""
    subjects = [f"unit:{unit_id}", *(f"person:{person_id}" for person_id in people)]
    query = (
        sa.select(audit_event.c.at, audit_event.c.action, app_user.c.name, audit_event.c.actor)
        .outerjoin(app_user, app_user.c.login == audit_event.c.actor)
        .where(audit_event.c.subject.in_(subjects), audit_event.c.action.in_([*REVEALS, "owner_link.issued"]))
    )
    return _rows(session, query)


def _rows(session: Session, query: sa.Select[Any]) -> list[Row]:
    return [dict(row) for row in session.execute(query).mappings()]
