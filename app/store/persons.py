"""People and who owned what when: half-open periods, co-owners, contacts, sealed phones and ID numbers."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import not_found
from app.domain.privacy import mask_id_number, mask_phone
from app.store import db, sealing
from app.store.arrears import day
from app.store.tables import contact, ownership, person
from app.store.types import FOREVER


def row_of(
    session: Session,
    *,
    community_id: int,
    name: str,
    phone: str = "",
    id_kind: str = "",
    id_number: str = "",
    import_id: int | None = None,
) -> dict[str, Any]:
    """Return a person as a row to insert, phone and ID number sealed; both may be empty."""
    sealer, key = sealing.of(session), secrets.token_hex(16)
    row = {
        "community_id": community_id,
        "name": name,
        "row_key": key,
        "phone_sealed": sealer.seal(phone, place=f"person.phone:{key}") if phone else None,
        "phone_mask": mask_phone(phone) if phone else "",
        "phone_tail": phone[-4:] if phone else "",
        "phone_index": sealer.index(phone) if phone else None,
        "id_kind": id_kind,
        "id_sealed": sealer.seal(id_number, place=f"person.id_number:{key}") if id_number else None,
        "id_mask": mask_id_number(id_number) if id_number else "",
        "id_index": sealer.index(id_number) if id_number else None,
        "import_id": import_id,
    }
    db.check_text(person, row)
    return row


def insert(session: Session, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Write people and return their ids in the order given."""
    return db.insert_many(session, person, rows)


def name_of(session: Session, person_id: int) -> str:
    """Return a full name; the caller logs the reveal.

    Raises:
        Refusal: ``person.unknown``.

    """
    return str(_one(session, person_id).name)


def reveal_phone(session: Session, person_id: int) -> str:
    """Return a phone number in clear; the caller logs the reveal.

    Raises:
        Refusal: ``person.unknown``.

    """
    row = _one(session, person_id)
    return sealing.of(session).open(row.phone_sealed, place=f"person.phone:{row.row_key}") if row.phone_sealed else ""


def reveal_id_number(session: Session, person_id: int) -> str:
    """Return an ID number in clear; the caller logs the reveal.

    Raises:
        Refusal: ``person.unknown``.

    """
    row = _one(session, person_id)
    return sealing.of(session).open(row.id_sealed, place=f"person.id_number:{row.row_key}") if row.id_sealed else ""


def _one(session: Session, person_id: int) -> sa.Row[Any]:
    row = session.execute(sa.select(person).where(person.c.id == person_id)).one_or_none()
    if row is None:
        raise not_found("person.unknown")
    return row


def belongs(session: Session, *, person_id: int, unit_id: int) -> bool:
    """Tell whether a person owns or owned a unit, or is or was a contact there."""
    owns = sa.select(ownership.c.id).where(ownership.c.person_id == person_id, ownership.c.unit_id == unit_id)
    knows = sa.select(contact.c.id).where(contact.c.person_id == person_id, contact.c.unit_id == unit_id)
    return session.execute(sa.select(sa.or_(owns.exists(), knows.exists()))).scalar_one()


def owners_on(session: Session, *, unit_ids: Sequence[int], as_of: dt.date) -> dict[int, list[sa.Row[Any]]]:
    """Return the owners of each unit on a day, in the order they were entered."""
    rows = session.execute(
        sa.select(ownership.c.unit_id, ownership.c.from_on, ownership.c.until_on, person)
        .join(person, person.c.id == ownership.c.person_id)
        .where(
            ownership.c.unit_id.in_(list(unit_ids)),
            ownership.c.from_on <= day(as_of),
            ownership.c.until_on > day(as_of),
        )
        .order_by(ownership.c.unit_id, ownership.c.id)
    )
    found: dict[int, list[sa.Row[Any]]] = {unit_id: [] for unit_id in unit_ids}
    for row in rows:
        found[row.unit_id].append(row)
    return found


def owner_history(session: Session, unit_id: int) -> list[sa.Row[Any]]:
    """Return every ownership of a unit, the newest first."""
    return list(
        session.execute(
            sa.select(ownership.c.from_on, ownership.c.until_on, ownership.c.source, person)
            .join(person, person.c.id == ownership.c.person_id)
            .where(ownership.c.unit_id == unit_id)
            .order_by(ownership.c.from_on.desc(), ownership.c.id)
        )
    )


def add_owners(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write ownerships; an absent ``until_on`` means until further notice."""
    if rows:
        session.execute(sa.insert(ownership), [{"until_on": FOREVER, **row} for row in rows])


def end_ownership(session: Session, *, unit_id: int, until_on: dt.date) -> int:
    """End every ownership in force on ``until_on``; return how many ended."""
    result = session.execute(
        sa.update(ownership)
        .where(
            ownership.c.unit_id == unit_id, ownership.c.from_on < day(until_on), ownership.c.until_on > day(until_on)
        )
        .values(until_on=until_on)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def add_contact(
    session: Session, *, unit_id: int, person_id: int, relation: str, from_on: dt.date, until_on: dt.date = FOREVER
) -> None:
    """Add a tenant or another contact; a contact never owes."""
    session.execute(
        sa.insert(contact).values(
            unit_id=unit_id, person_id=person_id, relation=relation, from_on=from_on, until_on=until_on
        )
    )


def contacts_on(session: Session, *, unit_id: int, as_of: dt.date) -> list[sa.Row[Any]]:
    """Return tenants and other contacts of a unit on a day."""
    return list(
        session.execute(
            sa.select(contact.c.relation, contact.c.from_on, contact.c.until_on, person)
            .join(person, person.c.id == contact.c.person_id)
            .where(contact.c.unit_id == unit_id, contact.c.from_on <= day(as_of), contact.c.until_on > day(as_of))
            .order_by(contact.c.id)
        )
    )
