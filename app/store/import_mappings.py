"""What an import remembers of a sheet's columns, and imports that go on when their page is closed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import not_found
from app.store import db
from app.store.tables import bill, community, ownership, payment, reversal, unit
from app.store.tables_office import app_user, import_batch
from app.store.tables_tariffs import import_mapping, import_task
from app.store.types import FOREVER, canonical


def of_community(session: Session, community_id: int) -> list[sa.Row[Any]]:
    """Return what is remembered in a community, the latest used first."""
    query = (
        sa.select(import_mapping, app_user.c.name.label("created_by_name"))
        .outerjoin(app_user, app_user.c.id == import_mapping.c.created_by)
        .where(import_mapping.c.community_id == community_id)
        .order_by(import_mapping.c.used_at.desc(), import_mapping.c.id.desc())
    )
    return list(session.execute(query))


def by_fingerprint(session: Session, community_name: str) -> dict[str, Any]:
    """Return what is remembered in the community of that name: choices as they were written, by header."""
    query = (
        sa.select(import_mapping.c.fingerprint, import_mapping.c.choices)
        .join(community, community.c.id == import_mapping.c.community_id)
        .where(community.c.name == community_name)
    )
    return {row.fingerprint: json.loads(row.choices) for row in session.execute(query)}


def remember(
    session: Session,
    *,
    community_id: int,
    fingerprint: str,
    sheet_name: str,
    choice: Mapping[str, Any],
    at: dt.datetime,
    by: int | None,
) -> None:
    """Keep what a clerk said of a header, or count one more use of it."""
    there = sa.and_(import_mapping.c.community_id == community_id, import_mapping.c.fingerprint == fingerprint)
    row = {
        "community_id": community_id,
        "fingerprint": fingerprint,
        "sheet_name": sheet_name[:100],
        "choices": canonical(dict(choice)),
        "created_by": by,
        "created_at": at,
        "used_at": at,
    }
    if not db.insert_one_new(session, import_mapping, row):
        session.execute(
            sa.update(import_mapping)
            .where(there)
            .values(choices=row["choices"], used_at=at, uses=import_mapping.c.uses + 1)
        )


def mapping(session: Session, mapping_id: int) -> sa.Row[Any]:
    """Return one remembered header.

    Raises:
        Refusal: ``import_mapping.unknown``.

    """
    row = session.execute(sa.select(import_mapping).where(import_mapping.c.id == mapping_id)).one_or_none()
    if row is None:
        raise not_found("import_mapping.unknown")
    return row


def forget(session: Session, mapping_id: int) -> None:
    """Forget a header; the next file with it speaks for itself again."""
    session.execute(sa.delete(import_mapping).where(import_mapping.c.id == mapping_id))


# --- imports under way ------------------------------------------------------------------------------


def add_task(session: Session, row: Mapping[str, Any]) -> int:
    """Write down an import that is asked for and return its number."""
    return int(session.execute(sa.insert(import_task).values(**row).returning(import_task.c.id)).scalar_one())


def task(session: Session, task_id: int, *, is_locked: bool = False) -> sa.Row[Any]:
    """Return an import that was asked for.

    Raises:
        Refusal: ``import.unknown``.

    """
    query = sa.select(import_task).where(import_task.c.id == task_id)
    row = session.execute(db.lock_row(session, query) if is_locked else query).one_or_none()
    if row is None:
        raise not_found("import.unknown")
    return row


def finish_task(
    session: Session, task_id: int, *, result: Mapping[str, Any], at: dt.datetime, **columns: object
) -> None:
    """Note what came of an import."""
    session.execute(
        sa.update(import_task)
        .where(import_task.c.id == task_id)
        .values(result=canonical(dict(result)), finished_at=at, **columns)
    )


def unfinished(session: Session) -> list[int]:
    """Return imports that were asked for and are not over."""
    query = sa.select(import_task.c.id).where(import_task.c.finished_at.is_(None)).order_by(import_task.c.id)
    return list(session.execute(query).scalars())


# --- beside what is in the books --------------------------------------------------------------------


def in_the_books(session: Session, community_name: str) -> Mapping[str, int]:
    """Return what stands of a community: units, owners, bills and payments not taken back, in one statement."""
    known = sa.select(community.c.id).where(community.c.name == community_name).scalar_subquery()

    def back(kind: str, number: sa.Column[int]) -> sa.ColumnElement[bool]:
        return sa.exists(sa.select(sa.literal(1)).where(reversal.c.target_kind == kind, reversal.c.target_id == number))

    def of(column: sa.ColumnElement[Any], *conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
        return sa.select(column).where(*conditions).scalar_subquery()

    bills = (bill.c.community_id == known, ~back("bill", bill.c.id))
    payments = (payment.c.community_id == known, ~back("payment", payment.c.id))
    owners = (
        sa.select(sa.func.count(sa.distinct(ownership.c.person_id)))
        .join(unit, unit.c.id == ownership.c.unit_id)
        .where(unit.c.community_id == known, ownership.c.until_on == sa.literal(FOREVER, ownership.c.until_on.type))
        .scalar_subquery()
    )
    row = session.execute(
        sa.select(
            of(sa.func.count(unit.c.id), unit.c.community_id == known).label("units"),
            owners.label("owners"),
            of(sa.func.count(bill.c.id), *bills).label("bills"),
            of(sa.func.coalesce(sa.func.sum(bill.c.principal_fen), 0), *bills).label("bills_fen"),
            of(sa.func.count(payment.c.id), *payments).label("payments"),
            of(sa.func.coalesce(sa.func.sum(payment.c.amount_fen), 0), *payments).label("payments_fen"),
        )
    ).mappings()
    return {name: int(value) for name, value in row.one().items()}


def seen_before(session: Session, hashes: list[str], community_name: str) -> dict[str, sa.Row[Any]]:
    """Return the latest committed batch of each of these files in a community."""
    query = (
        sa.select(import_batch)
        .join(community, community.c.id == import_batch.c.community_id)
        .where(
            import_batch.c.sha256.in_(hashes),
            import_batch.c.state == "committed",
            community.c.name == community_name,
        )
        .order_by(import_batch.c.id)
    )
    return {row.sha256: row for row in session.execute(query)}
