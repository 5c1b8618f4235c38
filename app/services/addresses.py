"""Addresses and numbers of owners: who said so, flagged when they fail, each change undone by a further one."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.domain.deeds import By
from app.domain.delivery import AddressKind, Basis
from app.domain.errors import Refusal, conflict, not_found
from app.domain.privacy import mask_phone
from app.store import audit, delivery_addresses, estate
from app.store.types import FOREVER

PHONE = re.compile(r"\+?\d{7,15}")
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]{2,}")
LEAST_SIGNS = 6
LEAST_NOTE = 4
SAID = (Basis.CONFIRMED, Basis.CONTRACT, Basis.CODE, Basis.REGISTER)


@dataclass(frozen=True, slots=True)
class Wish:
    """An address or number to write down."""

    kind: AddressKind
    value: str
    basis: Basis
    note: str
    from_on: dt.date
    person_id: int | None = None


def add(session: Session, *, unit_id: int, wish: Wish, by: By) -> int:
    """Write down an address or number with who says it is the owner's, and return its id.

    Raises:
        Refusal: ``address.value_wrong``, ``address.note_missing``, ``address.no_code``, ``address.known``,
            ``address.basis_wrong``, ``date.in_future``, ``unit.unknown``.

    """
    unit = estate.unit_row(session, unit_id)
    value = _read(wish)
    if wish.basis not in SAID or (wish.basis is Basis.CODE and wish.kind is not AddressKind.PHONE):
        raise Refusal("address.basis_wrong", field="basis")
    if len(wish.note.strip()) < LEAST_NOTE:
        raise Refusal("address.note_missing", field="note")
    if wish.from_on > by.today:
        raise Refusal("date.in_future", field="from_on", on=wish.from_on.isoformat())
    if wish.basis is Basis.CODE and not delivery_addresses.code_came_back(session, value):
        raise Refusal("address.no_code", field="basis", number=mask_phone(value))
    known = delivery_addresses.same(session, unit_id=unit_id, kind=wish.kind, value=value)
    if known is not None and known.basis == wish.basis:
        raise conflict("address.known", field="value")
    made = delivery_addresses.add(
        session,
        unit_id=unit_id,
        community_id=unit.community_id,
        person_id=wish.person_id,
        kind=wish.kind,
        value=value,
        basis=wish.basis,
        note=wish.note.strip(),
        from_on=wish.from_on,
        by=by.actor_id,
        at=by.now,
    )
    _log(session, "address.recorded", unit, by, made)
    return made


def flag(session: Session, *, unit_id: int, address_id: int, reason: str, by: By) -> None:
    """Say that an address or number does not reach the owner: nothing is sent there from now on.

    Raises:
        Refusal: ``address.reason_missing``, ``address.flagged``, ``address.unknown``.

    """
    row = _of(session, unit_id, address_id)
    _check_reason(reason)
    if row.bad_on is not None:
        raise conflict("address.flagged")
    delivery_addresses.change(session, address_id, bad_on=by.today, bad_reason=reason.strip())
    _event(session, "flagged", row, reason, by)


def clear(session: Session, *, unit_id: int, address_id: int, reason: str, by: By) -> None:
    """Take the mark off again, for a reason: things may be sent there once more.

    Raises:
        Refusal: ``address.reason_missing``, ``address.not_flagged``, ``address.unknown``.

    """
    row = _of(session, unit_id, address_id)
    _check_reason(reason)
    if row.bad_on is None:
        raise conflict("address.not_flagged")
    delivery_addresses.change(session, address_id, bad_on=None, bad_reason="")
    _event(session, "cleared", row, reason, by)


def end(session: Session, *, unit_id: int, address_id: int, reason: str, by: By) -> None:
    """End an address from today on; it stays on record.

    Raises:
        Refusal: ``address.reason_missing``, ``address.ended``, ``address.unknown``.

    """
    row = _of(session, unit_id, address_id)
    _check_reason(reason)
    if row.until_on != FOREVER:
        raise conflict("address.ended")
    delivery_addresses.change(session, address_id, until_on=max(by.today, row.from_on))
    _event(session, "ended", row, reason, by)


def resume(session: Session, *, unit_id: int, address_id: int, reason: str, by: By) -> None:
    """Undo an end that was a mistake.

    Raises:
        Refusal: ``address.reason_missing``, ``address.not_ended``, ``address.unknown``.

    """
    row = _of(session, unit_id, address_id)
    _check_reason(reason)
    if row.until_on == FOREVER:
        raise conflict("address.not_ended")
    delivery_addresses.change(session, address_id, until_on=FOREVER)
    _event(session, "resumed", row, reason, by)


def reveal(session: Session, *, unit_id: int, address_id: int, by: By) -> str:
    """Return an address in clear and log who looked.

    Raises:
        Refusal: ``address.unknown``.

    """
    row = _of(session, unit_id, address_id)
    _log(session, "address.revealed", estate.unit_row(session, unit_id), by, address_id)
    return delivery_addresses.value_of(session, row)


def _of(session: Session, unit_id: int, address_id: int) -> Any:  # noqa: ANN401 - a row
    row = delivery_addresses.locked(session, address_id)
    if row.unit_id != unit_id:
        raise not_found("address.unknown")
    return row


def _read(wish: Wish) -> str:
    value = " ".join(wish.value.split())
    plain = value.replace(" ", "").replace("-", "") if wish.kind is not AddressKind.ADDRESS else value
    is_right = {
        AddressKind.PHONE: PHONE.fullmatch(plain) is not None,
        AddressKind.EMAIL: EMAIL.fullmatch(value) is not None,
        AddressKind.ADDRESS: len(value) >= LEAST_SIGNS,
    }[wish.kind]
    if not is_right:
        raise Refusal("address.value_wrong", field="value")
    return plain if wish.kind is AddressKind.PHONE else value


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise Refusal("address.reason_missing", field="reason")


def _event(session: Session, kind: str, row: Any, reason: str, by: By) -> None:  # noqa: ANN401 - a row
    delivery_addresses.add_event(
        session, address_id=row.id, kind=kind, on=by.today, reason=reason.strip(), by=by.actor_id, at=by.now
    )
    _log(session, f"address.{kind}", estate.unit_row(session, row.unit_id), by, row.id)


def _log(session: Session, action: str, unit: Any, by: By, address_id: int) -> None:  # noqa: ANN401 - a row
    audit.record(
        session,
        at=by.now,
        actor=by.actor,
        action=action,
        subject=f"unit:{unit.id}",
        community_id=unit.community_id,
        facts={"address": address_id},
    )
