"""Numbered documents: gap-free numbers, frozen facts, and the file each was rendered to, once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import not_found
from app.store import db
from app.store.tables_office import document, document_file, number_counter
from app.store.types import canonical

PREFIX = {
    "receipt": "SJ",
    "notice": "CJ",
    "request": "YY-",
    "deposit": "YJ",
    "deposit_return": "YT",
    "shift": "JZ",
    "close": "JB",
    "claim": "QS",
    "case": "CASE-",
    "visit": "SD",
}


def next_numbers(session: Session, *, community_id: int, kind: str, year: int, count: int = 1) -> list[str]:
    """Take the next ``count`` numbers of this community, kind and year: no gaps, since they go back on a rollback.

    A number is prefix, community, year and sequence (``SJ1-2026-000042`` without the dashes): at most 14 characters,
    so that it fits a small QR code.
    """
    row = {"community_id": community_id, "kind": kind, "year": year, "last": 0}
    db.insert_one_new(session, number_counter, row)
    here = sa.and_(
        number_counter.c.community_id == community_id, number_counter.c.kind == kind, number_counter.c.year == year
    )
    last = session.execute(
        sa.update(number_counter)
        .where(here)
        .values(last=number_counter.c.last + count)
        .returning(number_counter.c.last)
    ).scalar_one()
    return [
        f"{PREFIX[kind]}{community_id:02d}{year % 100:02d}{place:06d}" for place in range(last - count + 1, last + 1)
    ]


def queue_up(session: Session, *, community_id: int, kind: str, year: int) -> None:
    """Let one transaction at a time number these: what it reads from here on stays true of them until it commits."""
    next_numbers(session, community_id=community_id, kind=kind, year=year, count=0)


def freeze(session: Session, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Write documents with their frozen facts and return their ids.

    Each row has ``community_id, unit_id, kind, number, facts`` (JSON values), ``created_at`` and, for a receipt,
    ``payment_id``.
    """
    full = []
    for row in rows:
        text = canonical(row["facts"])
        digest = hashlib.sha256(text.encode()).hexdigest()
        full.append({"payment_id": None, **row, "facts": text, "facts_hash": digest})
    if not full:
        return []
    statement = sa.insert(document).returning(document.c.id, sort_by_parameter_order=True)
    return list(session.execute(statement, full).scalars())


def record_files(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Remember the file each document was rendered to; one that is remembered already keeps its first file."""
    db.insert_new(session, document_file, rows)


def by_id(session: Session, document_id: int) -> sa.Row[Any]:
    """Return one document with the hash and size of its file (None while it was not rendered).

    Raises:
        Refusal: ``document.unknown``.

    """
    row = session.execute(_with_file().where(document.c.id == document_id)).one_or_none()
    if row is None:
        raise not_found("document.unknown")
    return row


def by_ids(session: Session, document_ids: Sequence[int]) -> list[sa.Row[Any]]:
    """Return documents in the order asked for, each with the hash and size of its file.

    Raises:
        Refusal: ``document.unknown``.

    """
    rows = {row.id: row for row in session.execute(_with_file().where(document.c.id.in_(list(document_ids))))}
    if not rows.keys() >= set(document_ids):
        raise not_found("document.unknown")
    return [rows[number] for number in document_ids]


def of_unit(session: Session, unit_id: int) -> list[sa.Row[Any]]:
    """Return every document of a unit, newest first."""
    return list(session.execute(_with_file().where(document.c.unit_id == unit_id).order_by(document.c.id.desc())))


def facts_of(row: sa.Row[Any]) -> dict[str, Any]:
    """Return the frozen facts of a document row."""
    found: dict[str, Any] = json.loads(row.facts)
    return found


def _with_file() -> sa.Select[Any]:
    return sa.select(document, document_file.c.sha256, document_file.c.size, document_file.c.pages).outerjoin(
        document_file, document_file.c.document_id == document.c.id
    )
