"""People of a unit beside its owners, and what became of their numbers: rows are ended or withdrawn, never lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import not_found
from app.domain.privacy import mask_id_number, mask_name, mask_phone
from app.store import db, sealing
from app.store.figures import day
from app.store.tables import contact, ownership, person
from app.store.tables_estate import estate_withdrawal, person_change
from app.store.tables_office import app_user

Row = sa.Row[Any]


def add(session: Session, row: Mapping[str, Any]) -> int:
    """Write a contact and return its id."""
    db.check_text(contact, row)
    return int(session.execute(sa.insert(contact).values(**row).returning(contact.c.id)).scalar_one())


def locked(session: Session, *, unit_id: int, contact_id: int) -> Row:
    """Return a contact of the unit with the person's name, locked until the commit.

    Raises:
        Refusal: ``contact.unknown``.

    """
    query = sa.select(contact).where(contact.c.id == contact_id, contact.c.unit_id == unit_id)
    row = session.execute(db.lock_row(session, query)).one_or_none()
    if row is None:
        raise not_found("contact.unknown")
    return row


def end(session: Session, contact_id: int, *, until_on: dt.date) -> None:
    """End a contact: ``until_on`` is the first day it holds no longer."""
    session.execute(sa.update(contact).where(contact.c.id == contact_id).values(until_on=until_on))


def withdraw(session: Session, row: Row, *, reason: str, at: dt.datetime, by: int | None) -> None:
    """Move a contact entered by mistake to the withdrawn ones."""
    session.execute(
        sa.insert(estate_withdrawal).values(
            unit_id=row.unit_id,
            noun="contact",
            person_id=row.person_id,
            detail=row.relation,
            from_on=row.from_on,
            until_on=row.until_on,
            reason=reason,
            withdrawn_at=at,
            withdrawn_by=by,
        )
    )
    session.execute(sa.delete(contact).where(contact.c.id == row.id))


def of_unit(session: Session, unit_id: int) -> list[Mapping[str, Any]]:
    """Return every contact a unit ever had, masked, those in force first."""
    query = (
        sa.select(contact, person.c.name, person.c.phone_mask, person.c.phone_bad_on, app_user.c.name.label("by_name"))
        .join(person, person.c.id == contact.c.person_id)
        .outerjoin(app_user, app_user.c.id == contact.c.recorded_by)
        .where(contact.c.unit_id == unit_id)
        .order_by(contact.c.until_on.desc(), contact.c.id.desc())
    )
    return [{**row, "name": mask_name(row["name"])} for row in session.execute(query).mappings()]


def owners_of(session: Session, unit_id: int) -> list[Mapping[str, Any]]:
    """Return every ownership of a unit, masked, the newest first."""
    query = (
        sa.select(ownership, person.c.name, person.c.phone_mask, person.c.id_mask, person.c.phone_bad_on)
        .join(person, person.c.id == ownership.c.person_id)
        .where(ownership.c.unit_id == unit_id)
        .order_by(ownership.c.from_on.desc(), ownership.c.id)
    )
    return [{**row, "name": mask_name(row["name"])} for row in session.execute(query).mappings()]


def withdrawn(session: Session, unit_id: int) -> list[Mapping[str, Any]]:
    """Return what was entered by mistake and taken out, masked, the newest first."""
    query = (
        sa.select(estate_withdrawal, person.c.name, app_user.c.name.label("by_name"))
        .outerjoin(person, person.c.id == estate_withdrawal.c.person_id)
        .outerjoin(app_user, app_user.c.id == estate_withdrawal.c.withdrawn_by)
        .where(estate_withdrawal.c.unit_id == unit_id)
        .order_by(estate_withdrawal.c.id.desc())
    )
    return [{**row, "name": mask_name(row["name"] or "")} for row in session.execute(query).mappings()]


def person_of_unit(session: Session, *, unit_id: int, person_id: int, on: dt.date) -> Row:
    """Return somebody who owns the unit or is a contact of it on a day.

    Raises:
        Refusal: ``person.unknown``.

    """

    def here(table: sa.Table) -> sa.ColumnElement[bool]:
        ids = sa.select(table.c.person_id).where(
            table.c.unit_id == unit_id, table.c.from_on <= day(on), table.c.until_on > day(on)
        )
        return person.c.id.in_(ids)

    query = sa.select(person).where(person.c.id == person_id, sa.or_(here(ownership), here(contact)))
    row = session.execute(db.lock_row(session, query)).one_or_none()
    if row is None:
        raise not_found("person.unknown")
    return row


def set_phone(session: Session, row: Row, *, phone: str, change: Mapping[str, Any]) -> None:
    """Give a person another number; the earlier one stays, sealed as it was."""
    sealer = sealing.of(session)
    mask = mask_phone(phone) if phone else ""
    _note(session, row, "phone", row.phone_mask, mask, row.phone_sealed, change)
    session.execute(
        sa.update(person)
        .where(person.c.id == row.id)
        .values(
            phone_sealed=sealer.seal(phone, place=f"person.phone:{row.row_key}") if phone else None,
            phone_mask=mask,
            phone_tail=phone[-4:] if phone else "",
            phone_index=sealer.index(phone) if phone else None,
            phone_bad_on=None,
        )
    )


def set_id_number(session: Session, row: Row, *, id_kind: str, id_number: str, change: Mapping[str, Any]) -> None:
    """Give a person another number of identity; the earlier one stays, sealed as it was."""
    sealer, mask = sealing.of(session), mask_id_number(id_number)
    _note(session, row, "id_number", row.id_mask, mask, row.id_sealed, change)
    session.execute(
        sa.update(person)
        .where(person.c.id == row.id)
        .values(
            id_kind=id_kind,
            id_sealed=sealer.seal(id_number, place=f"person.id_number:{row.row_key}"),
            id_mask=mask,
            id_index=sealer.index(id_number),
        )
    )


def set_name(session: Session, row: Row, *, name: str, change: Mapping[str, Any]) -> None:
    """Correct how a name is written."""
    db.check_text(person, {"name": name})
    _note(session, row, "name", row.name, name, None, change)
    session.execute(sa.update(person).where(person.c.id == row.id).values(name=name))


def set_phone_bad(session: Session, row: Row, *, on: dt.date | None, change: Mapping[str, Any]) -> None:
    """Mark a number as not reaching the person, or take the mark off."""
    before, after = (value.isoformat() if value else "" for value in (row.phone_bad_on, on))
    _note(session, row, "phone_bad", before, after, None, change)
    session.execute(sa.update(person).where(person.c.id == row.id).values(phone_bad_on=on))


def changes(session: Session, unit_id: int) -> list[Mapping[str, Any]]:
    """Return what was corrected of the unit's people, masked, the newest first."""
    query = (
        sa.select(person_change, person.c.name, app_user.c.name.label("by_name"))
        .join(person, person.c.id == person_change.c.person_id)
        .outerjoin(app_user, app_user.c.id == person_change.c.changed_by)
        .where(person_change.c.unit_id == unit_id)
        .order_by(person_change.c.id.desc())
    )
    return [_masked(dict(row)) for row in session.execute(query).mappings()]


def _masked(row: Mapping[str, Any]) -> Mapping[str, Any]:
    found = {key: value for key, value in row.items() if key != "before_sealed"}
    if found["field"] == "name":
        found |= {"before": mask_name(found["before"]), "after": mask_name(found["after"])}
    return found | {"name": mask_name(found["name"])}


def _note(
    session: Session, row: Row, field: str, before: str, after: str, sealed: bytes | None, change: Mapping[str, Any]
) -> None:
    made = {"person_id": row.id, "field": field, "before": before, "after": after, "before_sealed": sealed, **change}
    db.check_text(person_change, made)
    session.execute(sa.insert(person_change).values(**made))
