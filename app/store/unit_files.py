"""Files of a unit: contracts, papers of identity, photos; withdrawn ones stay, struck through."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import not_found
from app.store import db
from app.store.tables_estate import unit_file
from app.store.tables_office import app_user

KINDS = ("contract", "identity", "handover", "authority", "photo", "other")
SENSITIVE = frozenset({"identity", "authority"})
"""Papers that show a number of identity: opening one is a reveal."""


def add(session: Session, row: Mapping[str, Any]) -> int:
    """Write down a kept file and return its id."""
    db.check_text(unit_file, row)
    return int(session.execute(sa.insert(unit_file).values(**row).returning(unit_file.c.id)).scalar_one())


def of_unit(session: Session, unit_id: int, *, subject: str | None = None) -> list[Mapping[str, Any]]:
    """Return the files of a unit, the newest first, withdrawn ones last."""
    adder, taker = app_user.alias("adder"), app_user.alias("taker")
    query = (
        sa.select(unit_file, adder.c.name.label("added_by_name"), taker.c.name.label("withdrawn_by_name"))
        .outerjoin(adder, adder.c.id == unit_file.c.added_by)
        .outerjoin(taker, taker.c.id == unit_file.c.withdrawn_by)
        .where(unit_file.c.unit_id == unit_id)
        .order_by(unit_file.c.withdrawn_at.is_not(None), unit_file.c.id.desc())
    )
    if subject is not None:
        query = query.where(unit_file.c.subject == subject)
    return [dict(row) for row in session.execute(query).mappings()]


def row(session: Session, *, unit_id: int, file_id: int) -> sa.Row[Any]:
    """Return one file of a unit.

    Raises:
        Refusal: ``unit_file.unknown``.

    """
    query = sa.select(unit_file).where(unit_file.c.id == file_id, unit_file.c.unit_id == unit_id)
    found = session.execute(query).one_or_none()
    if found is None:
        raise not_found("unit_file.unknown")
    return found


def withdraw(session: Session, file_id: int, *, reason: str, at: dt.datetime, by: int | None) -> None:
    """Strike a file through; its bytes stay."""
    session.execute(
        sa.update(unit_file)
        .where(unit_file.c.id == file_id)
        .values(withdrawn_at=at, withdrawn_by=by, withdrawn_reason=reason)
    )
