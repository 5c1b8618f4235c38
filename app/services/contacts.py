"""People of a unit: adding, ending and correcting contacts, and their numbers; nothing is overwritten unseen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from app.domain.deeds import By
from app.domain.errors import Refusal
from app.store import audit, contacts, estate, persons, search_keys
from app.store.types import FOREVER

RIC = "ric"
"""The identity card of residents, the one kind of paper whose number we can check."""


class Relation(StrEnum):
    """What somebody is to a unit without owning it; none of them owes its bills."""

    TENANT = "tenant"
    OCCUPANT = "occupant"
    FAMILY = "family"
    AGENT = "agent"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class NewContact:
    """Somebody to reach; the phone may be empty."""

    relation: Relation
    name: str
    phone: str = ""
    note: str = ""


def add(session: Session, *, unit_id: int, who: NewContact, from_on: dt.date, until_on: dt.date | None, by: By) -> int:
    """Add a contact; ``until_on`` is the last day, None until further notice.

    Raises:
        Refusal: ``contact.name_missing``, ``contact.ends_before``, ``unit.unknown``.

    """
    unit = estate.unit_row(session, unit_id)
    if not who.name.strip():
        raise Refusal("contact.name_missing", field="name")
    if until_on is not None and until_on < from_on:
        raise Refusal("contact.ends_before", field="until_on")
    row = persons.row_of(session, community_id=unit.community_id, name=who.name.strip(), phone=who.phone)
    [person_id] = persons.insert(session, [row])
    made = contacts.add(
        session,
        {
            "unit_id": unit_id,
            "person_id": person_id,
            "relation": who.relation.value,
            "from_on": from_on,
            "until_on": FOREVER if until_on is None else until_on + dt.timedelta(days=1),
            "note": who.note.strip(),
            "recorded_at": by.now,
            "recorded_by": by.actor_id,
        },
    )
    search_keys.refresh(session, [unit_id])
    _log(session, "contact.added", unit, by, relation=who.relation.value)
    return made


def end(session: Session, *, unit_id: int, contact_id: int, last_on: dt.date, by: By) -> None:
    """End a contact after its last day.

    Raises:
        Refusal: ``contact.unknown``, ``contact.ended``, ``contact.ends_before``.

    """
    row = contacts.locked(session, unit_id=unit_id, contact_id=contact_id)
    until_on = last_on + dt.timedelta(days=1)
    if until_on >= row.until_on:
        raise Refusal("contact.ended", field="last_on")
    if until_on <= row.from_on:
        raise Refusal("contact.ends_before", field="last_on")
    contacts.end(session, contact_id, until_on=until_on)
    search_keys.refresh(session, [unit_id])
    _log(session, "contact.ended", estate.unit_row(session, unit_id), by, contact=contact_id)


def withdraw(session: Session, *, unit_id: int, contact_id: int, reason: str, by: By) -> None:
    """Take out a contact entered by mistake; the row is kept among the withdrawn ones.

    Raises:
        Refusal: ``contact.unknown``, ``estate.reason_missing``.

    """
    _check_reason(reason)
    row = contacts.locked(session, unit_id=unit_id, contact_id=contact_id)
    contacts.withdraw(session, row, reason=reason.strip(), at=by.now, by=by.actor_id)
    search_keys.refresh(session, [unit_id])
    _log(session, "contact.withdrawn", estate.unit_row(session, unit_id), by, contact=contact_id)


def correct(session: Session, *, unit_id: int, contact_id: int, who: NewContact, reason: str, by: By) -> int:
    """Put a right contact in the place of a wrong one, from the same day; the wrong one is kept as withdrawn.

    Raises:
        Refusal: as ``withdraw`` and ``add``.

    """
    row = contacts.locked(session, unit_id=unit_id, contact_id=contact_id)
    withdraw(session, unit_id=unit_id, contact_id=contact_id, reason=reason, by=by)
    last_on = None if row.until_on == FOREVER else row.until_on - dt.timedelta(days=1)
    return add(session, unit_id=unit_id, who=who, from_on=row.from_on, until_on=last_on, by=by)


def change_phone(session: Session, *, unit_id: int, person_id: int, phone: str, reason: str, by: By) -> None:
    """Add or correct a number; empty takes it away.

    Raises:
        Refusal: ``person.unknown``, ``person.nothing_new``, ``estate.reason_missing`` where there was a number.

    """
    row = contacts.person_of_unit(session, unit_id=unit_id, person_id=person_id, on=by.today)
    before = persons.reveal_phone(session, person_id)
    if before == phone:
        raise Refusal("person.nothing_new", field="phone")
    if before:
        _check_reason(reason)
    contacts.set_phone(session, row, phone=phone, change=_change(unit_id, reason, by))
    search_keys.refresh(session, [unit_id])
    _log(session, "person.phone_changed", estate.unit_row(session, unit_id), by, person=person_id)


def change_id_number(session: Session, *, unit_id: int, person_id: int, id_number: str, reason: str, by: By) -> None:
    """Add or correct a number of identity.

    Raises:
        Refusal: ``person.unknown``, ``estate.reason_missing``: it is asked for only where something needs it.

    """
    _check_reason(reason)
    row = contacts.person_of_unit(session, unit_id=unit_id, person_id=person_id, on=by.today)
    contacts.set_id_number(session, row, id_kind=RIC, id_number=id_number, change=_change(unit_id, reason, by))
    _log(session, "person.id_changed", estate.unit_row(session, unit_id), by, person=person_id)


def correct_name(session: Session, *, unit_id: int, person_id: int, name: str, reason: str, by: By) -> None:
    """Correct how a name is written; another person is a change of owner, not a correction.

    Raises:
        Refusal: ``person.unknown``, ``person.nothing_new``, ``contact.name_missing``, ``estate.reason_missing``.

    """
    if not name.strip():
        raise Refusal("contact.name_missing", field="name")
    _check_reason(reason)
    row = contacts.person_of_unit(session, unit_id=unit_id, person_id=person_id, on=by.today)
    if row.name == name.strip():
        raise Refusal("person.nothing_new", field="name")
    contacts.set_name(session, row, name=name.strip(), change=_change(unit_id, reason, by))
    search_keys.refresh(session, [unit_id])
    _log(session, "person.name_corrected", estate.unit_row(session, unit_id), by, person=person_id)


def mark_phone(session: Session, *, unit_id: int, person_id: int, is_bad: bool, reason: str, by: By) -> None:
    """Mark a number as not reaching the person, or take the mark off.

    Raises:
        Refusal: ``person.unknown``, ``person.no_phone``.

    """
    row = contacts.person_of_unit(session, unit_id=unit_id, person_id=person_id, on=by.today)
    if not row.phone_mask:
        raise Refusal("person.no_phone")
    contacts.set_phone_bad(session, row, on=by.today if is_bad else None, change=_change(unit_id, reason, by))
    action = "person.phone_bad" if is_bad else "person.phone_good"
    _log(session, action, estate.unit_row(session, unit_id), by, person=person_id)


def _change(unit_id: int, reason: str, by: By) -> Mapping[str, Any]:
    return {"unit_id": unit_id, "reason": reason.strip(), "changed_at": by.now, "changed_by": by.actor_id}


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise Refusal("estate.reason_missing", field="reason")


def _log(
    session: Session,
    action: str,
    unit: Any,  # noqa: ANN401 - a row
    by: By,
    **facts: object,
) -> None:
    audit.record(
        session,
        at=by.now,
        actor=by.actor,
        action=action,
        subject=f"unit:{unit.id}",
        community_id=unit.community_id,
        facts=facts,
    )
