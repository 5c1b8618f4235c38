"""Deposits held for owners: their kinds, what came in, what was deducted or returned, and what is held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import Refusal, not_found
from app.store import db
from app.store.tables import community, unit
from app.store.tables_counter import deposit, deposit_entry, deposit_kind
from app.store.tables_office import app_user, document, stored_file


def kinds(session: Session, community_id: int) -> list[sa.Row[Any]]:
    """Return the kinds of deposit a community takes."""
    query = sa.select(deposit_kind).where(deposit_kind.c.community_id == community_id, deposit_kind.c.is_active)
    return list(session.execute(query.order_by(deposit_kind.c.id)))


def kind_row(session: Session, kind_id: int, *, community_id: int) -> sa.Row[Any]:
    """Return one kind of a community.

    Raises:
        Refusal: ``deposit.unknown_kind``.

    """
    found = session.execute(
        sa.select(deposit_kind).where(
            deposit_kind.c.id == kind_id, deposit_kind.c.community_id == community_id, deposit_kind.c.is_active
        )
    ).one_or_none()
    if found is None:
        raise Refusal("deposit.unknown_kind", field="kind")
    return found


def add_kind(session: Session, *, community_id: int, name: str, amount_fen: int) -> bool:
    """Add a kind of deposit; tell whether it is new."""
    row = {"community_id": community_id, "name": name, "amount_fen": amount_fen}
    return db.insert_one_new(session, deposit_kind, row)


def open_one(session: Session, row: Mapping[str, Any]) -> int:
    """Write the head of a deposit."""
    return int(session.execute(sa.insert(deposit).values(**row).returning(deposit.c.id)).scalar_one())


def append(session: Session, row: Mapping[str, Any]) -> int:
    """Write one entry; the database refuses one that does not follow the last or hands out more than is held."""
    return int(session.execute(sa.insert(deposit_entry).values(**row).returning(deposit_entry.c.id)).scalar_one())


def locked(session: Session, deposit_id: int) -> sa.Row[Any]:
    """Return the latest entry of a deposit with its head, held until the commit.

    Raises:
        Refusal: ``deposit.unknown``.

    """
    head = sa.select(deposit.c.id).where(deposit.c.id == deposit_id)
    if session.execute(db.lock_row(session, head)).first() is None:
        raise not_found("deposit.unknown")
    return session.execute(_latest().where(deposit.c.id == deposit_id)).one()


def _latest() -> sa.Select[Any]:
    later = deposit_entry.alias("later")
    is_last = ~sa.exists().where(later.c.deposit_id == deposit_entry.c.deposit_id, later.c.seq > deposit_entry.c.seq)
    return (
        sa.select(
            deposit.c.id.label("deposit_id"),
            deposit.c.community_id,
            deposit.c.unit_id,
            deposit.c.payer,
            deposit.c.note,
            deposit.c.recorded_at,
            deposit_kind.c.name.label("kind"),
            unit.c.label.label("unit_label"),
            community.c.name.label("community"),
            community.c.company_name,
            community.c.office_phone,
            deposit_entry.c.seq,
            deposit_entry.c.held_fen,
            deposit_entry.c.value_on.label("last_on"),
        )
        .join(deposit_kind, deposit_kind.c.id == deposit.c.kind_id)
        .join(unit, unit.c.id == deposit.c.unit_id)
        .join(community, community.c.id == deposit.c.community_id)
        .join(deposit_entry, sa.and_(deposit_entry.c.deposit_id == deposit.c.id, is_last))
    )


def by_id(session: Session, deposit_id: int) -> sa.Row[Any]:
    """Return one deposit as it stands.

    Raises:
        Refusal: ``deposit.unknown``.

    """
    found = session.execute(_latest().where(deposit.c.id == deposit_id)).one_or_none()
    if found is None:
        raise not_found("deposit.unknown")
    return found


def entries(session: Session, deposit_id: int) -> list[sa.Row[Any]]:
    """Return every entry of a deposit, oldest first, with its slip and who made it."""
    undone = deposit_entry.alias("undone")
    query = (
        sa.select(
            deposit_entry,
            document.c.number,
            app_user.c.name.label("by"),
            undone.c.id.label("reversed_by_id"),
        )
        .join(app_user, app_user.c.id == deposit_entry.c.recorded_by)
        .outerjoin(document, document.c.id == deposit_entry.c.document_id)
        .outerjoin(undone, undone.c.reverses_id == deposit_entry.c.id)
        .where(deposit_entry.c.deposit_id == deposit_id)
        .order_by(deposit_entry.c.seq)
    )
    return list(session.execute(query))


def entry_row(session: Session, entry_id: int) -> sa.Row[Any]:
    """Return one entry with its community.

    Raises:
        Refusal: ``deposit.unknown``.

    """
    query = sa.select(deposit_entry, deposit.c.community_id).join(deposit, deposit.c.id == deposit_entry.c.deposit_id)
    found = session.execute(query.where(deposit_entry.c.id == entry_id)).one_or_none()
    if found is None:
        raise not_found("deposit.unknown")
    return found


def is_reversed(session: Session, entry_id: int) -> bool:
    """Say whether an entry was taken back."""
    query = sa.select(deposit_entry.c.id).where(deposit_entry.c.reverses_id == entry_id)
    return session.execute(query).first() is not None


def listed(
    session: Session, *, community_id: int, text: str = "", everything: bool = False, limit: int, offset: int = 0
) -> tuple[int, int, list[sa.Row[Any]]]:
    """Return how many deposits, what is held of them in fen, and one page of them, newest first."""
    query = _latest().where(deposit.c.community_id == community_id)
    if not everything:
        query = query.where(deposit_entry.c.held_fen > 0)
    for word in text.lower().split()[:6]:
        query = query.where(unit.c.search_key.contains(word, autoescape=True))
    found = query.subquery()
    count, held = session.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(found.c.held_fen), 0)).select_from(found)
    ).one()
    rows = session.execute(query.order_by(deposit.c.id.desc()).limit(limit).offset(offset)).all()
    return int(count), int(held), list(rows)


def held_of_unit(session: Session, unit_id: int) -> list[sa.Row[Any]]:
    """Return the deposits of a unit with what is held of each."""
    return list(session.execute(_latest().where(deposit.c.unit_id == unit_id).order_by(deposit.c.id)))


def with_evidence(session: Session, entry_ids: Sequence[int]) -> set[int]:
    """Return which of these entries have a file of evidence."""
    subjects = {f"deposit_entry:{number}": number for number in entry_ids}
    rows = session.execute(sa.select(stored_file.c.subject).where(stored_file.c.subject.in_(list(subjects))))
    return {subjects[row.subject] for row in rows}
