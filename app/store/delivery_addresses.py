"""Addresses and numbers of owners: who says they are theirs, from when to when, and which are known to be no good."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.delivery import AddressKind, Basis
from app.domain.errors import not_found
from app.domain.privacy import mask_phone
from app.store import db, owner_visits, sealing
from app.store.arrears import day
from app.store.tables import community, unit
from app.store.tables_deliveries import delivery_address, delivery_address_event
from app.store.tables_office import app_user, stored_file
from app.store.tables_portal import owner_visit
from app.store.types import FOREVER

Row = sa.Row[Any]
A = delivery_address.c
SHOWN_SIGNS = 6


@dataclass(frozen=True, slots=True)
class Place:
    """Where to send to: a row of ours, or the unit itself where nothing better was said."""

    address_id: int | None
    value: str
    mask: str
    basis: Basis


@dataclass(frozen=True, slots=True)
class Bad:
    """An address that came back, or a number that does not reach the owner."""

    address_id: int | None
    value: str
    mask: str
    reason: str
    on: dt.date


def add(
    session: Session,
    *,
    unit_id: int,
    community_id: int,
    person_id: int | None,
    kind: AddressKind,
    value: str,
    basis: Basis,
    note: str,
    from_on: dt.date,
    by: int | None,
    at: dt.datetime,
) -> int:
    """Write down an address or number and return its id; the value is sealed to its row."""
    row = _row(session, value=value, kind=kind)
    row |= {"unit_id": unit_id, "community_id": community_id, "person_id": person_id, "basis": basis.value}
    row |= {"note": note, "from_on": from_on, "until_on": FOREVER, "recorded_at": at, "recorded_by": by}
    db.check_text(delivery_address, row)
    made = db.insert_many(session, delivery_address, [row])[0]
    add_event(session, address_id=made, kind="recorded", on=from_on, reason=note, by=by, at=at)
    return made


def add_event(
    session: Session,
    *,
    address_id: int,
    kind: str,
    on: dt.date,
    reason: str,
    by: int | None,
    at: dt.datetime,
    delivery_id: int | None = None,
) -> None:
    """Add one line to the history of an address."""
    row = {"address_id": address_id, "kind": kind, "happened_on": on, "reason": reason[:200]}
    row |= {"delivery_id": delivery_id, "recorded_by": by, "recorded_at": at}
    session.execute(sa.insert(delivery_address_event), [row])


def locked(session: Session, address_id: int) -> Row:
    """Return one address, locked until the commit.

    Raises:
        Refusal: ``address.unknown``.

    """
    query = db.lock_row(session, sa.select(delivery_address).where(A.id == address_id))
    row = session.execute(query).one_or_none()
    if row is None:
        raise not_found("address.unknown")
    return row


def change(session: Session, address_id: int, **columns: object) -> None:
    """Change what may change of an address: its last day, and the mark that it is no good."""
    session.execute(sa.update(delivery_address).where(A.id == address_id).values(**columns))


def value_of(session: Session, row: Any) -> str:  # noqa: ANN401 - a row
    """Return an address in clear; the caller logs it."""
    return sealing.of(session).open(row.value_sealed, place=_place(row.row_key))


def of_unit(session: Session, unit_id: int) -> list[Mapping[str, Any]]:
    """Return every address and number of a unit, masked, those in force first."""
    query = (
        sa.select(delivery_address, app_user.c.name.label("by_name"))
        .outerjoin(app_user, app_user.c.id == A.recorded_by)
        .where(A.unit_id == unit_id)
        .order_by(A.until_on.desc(), A.kind, A.id.desc())
    )
    return [dict(row) for row in session.execute(query).mappings()]


def history(session: Session, unit_id: int) -> list[Mapping[str, Any]]:
    """Return what became of a unit's addresses, newest first."""
    events = delivery_address_event
    query = (
        sa.select(events, A.value_mask, A.kind.label("address_kind"), app_user.c.name.label("by_name"))
        .join(delivery_address, A.id == events.c.address_id)
        .outerjoin(app_user, app_user.c.id == events.c.recorded_by)
        .where(A.unit_id == unit_id)
        .order_by(events.c.id.desc())
    )
    return [dict(row) for row in session.execute(query).mappings()]


def with_papers(session: Session, address_ids: Sequence[int]) -> set[int]:
    """Return which of the addresses have the paper behind them kept."""
    names = {f"delivery_address:{number}": number for number in address_ids}
    query = sa.select(stored_file.c.subject).where(stored_file.c.subject.in_(list(names)))
    return {names[subject] for subject in session.execute(query).scalars()}


def flagged(session: Session, *, community_id: int, limit: int = 200) -> list[Mapping[str, Any]]:
    """Return what is known to be no good in a community, newest first."""
    query = (
        sa.select(delivery_address, unit.c.label)
        .join(unit, unit.c.id == A.unit_id)
        .where(A.community_id == community_id, A.bad_on.is_not(None))
        .order_by(A.bad_on.desc(), A.id.desc())
        .limit(limit)
    )
    return [dict(row) for row in session.execute(query).mappings()]


def places(
    session: Session, unit_ids: Sequence[int] | sa.Select[Any], *, on: dt.date
) -> tuple[dict[int, Place], dict[int, Bad]]:
    """Return where to send letters of units: the best address that is good; and for whom there is none but a bad one.

    Two queries, however many units: what was said of addresses, and the units' own.
    """
    said: dict[int, list[Row]] = {}
    query = sa.select(delivery_address).where(A.unit_id.in_(unit_ids), A.kind == AddressKind.ADDRESS.value)
    for row in session.execute(query.order_by(A.unit_id, A.id)):
        said.setdefault(row.unit_id, []).append(row)
    own = sa.select(unit.c.id, unit.c.label, community.c.address, community.c.name).join(
        community, community.c.id == unit.c.community_id
    )
    good: dict[int, Place] = {}
    bad: dict[int, Bad] = {}
    order = list(Basis)
    for row in session.execute(own.where(unit.c.id.in_(unit_ids))):
        rows = said.get(row.id, [])
        usable = [one for one in rows if one.bad_on is None and one.from_on <= on < one.until_on]
        usable = [one for one in usable if one.basis != Basis.UNIT]
        if usable:
            best = min(usable, key=lambda one: (order.index(Basis(one.basis)), -one.id))
            good[row.id] = Place(best.id, value_of(session, best), best.value_mask, Basis(best.basis))
            continue
        text = unit_address(row.address, row.name, row.label)
        index = sealing.of(session).index(text)
        fault = next((one for one in rows if one.bad_on is not None and bytes(one.value_index) == index), None)
        if fault is None:
            good[row.id] = Place(None, text, text, Basis.UNIT)
        else:
            bad[row.id] = Bad(fault.id, text, fault.value_mask, fault.bad_reason, fault.bad_on)
    return good, bad


def unit_address(address: str, name: str, label: str) -> str:
    """Return the postal address of a unit itself."""
    return f"{address or ''}{name}{label}"


def own_contact(session: Session, *, unit_id: int, kind: AddressKind, on: dt.date) -> Row | None:
    """Return the best number or mailbox the owner is known to hold, not flagged; None where nobody said so."""
    query = sa.select(delivery_address).where(
        A.unit_id == unit_id,
        A.kind == kind.value,
        A.bad_on.is_(None),
        A.from_on <= day(on),
        A.until_on > day(on),
        A.basis.in_([Basis.CONFIRMED.value, Basis.CONTRACT.value, Basis.CODE.value]),
    )
    rows = session.execute(query).all()
    order = list(Basis)
    return min(rows, key=lambda one: (order.index(Basis(one.basis)), -one.id), default=None)


def same(session: Session, *, unit_id: int, kind: AddressKind, value: str) -> Row | None:
    """Return the row of a unit that holds the very same value and is in force, or None."""
    index = sealing.of(session).index(value)
    query = sa.select(delivery_address).where(
        A.unit_id == unit_id, A.kind == kind.value, A.value_index == index, A.until_on == day(FOREVER)
    )
    return session.execute(query.order_by(A.id.desc()).limit(1)).one_or_none()


def code_came_back(session: Session, phone: str) -> bool:
    """Say whether a code sent to this number was ever typed back on the owner's page."""
    index = owner_visits.phone_index(session, phone)
    return session.execute(sa.select(sa.exists().where(owner_visit.c.phone_index == index))).scalar_one()


def flag_returned(session: Session, found: Sequence[Mapping[str, Any]], *, by: int | None, at: dt.datetime) -> None:
    """Flag the addresses that items came back from; ``found`` has the delivery, where it went, why, and when.

    An item sent to the unit itself has no row yet: one is made, so that the mark has where to stand.
    """
    known = [row for row in found if row["address_id"] is not None]
    if known:
        statement = sa.update(delivery_address).where(A.id == sa.bindparam("b_id"))
        statement = statement.values(bad_on=sa.bindparam("b_on"), bad_reason=sa.bindparam("b_reason"))
        session.connection().execute(
            statement,
            [{"b_id": row["address_id"], "b_on": row["on"], "b_reason": row["reason"]} for row in known],
        )
    fresh = [row for row in found if row["address_id"] is None and row["to_address"]]
    made = db.insert_many(
        session,
        delivery_address,
        [
            _row(session, value=row["to_address"], kind=AddressKind.ADDRESS)
            | {"unit_id": row["unit_id"], "community_id": row["community_id"], "person_id": None}
            | {"basis": Basis.UNIT.value, "note": "", "from_on": row["on"], "until_on": FOREVER}
            | {"bad_on": row["on"], "bad_reason": row["reason"], "recorded_at": at, "recorded_by": by}
            for row in fresh
        ],
    )
    pairs = [(row["address_id"], row) for row in known] + list(zip(made, fresh, strict=True))
    if pairs:
        session.execute(
            sa.insert(delivery_address_event),
            [
                {"address_id": address_id, "kind": "flagged", "happened_on": row["on"], "reason": row["reason"]}
                | {"delivery_id": row["delivery_id"], "recorded_at": at, "recorded_by": by}
                for address_id, row in pairs
            ],
        )


def mask(value: str, kind: AddressKind) -> str:
    """Return what a page may show of an address, a number or a mailbox."""
    if kind is AddressKind.PHONE:
        return mask_phone(value)
    if kind is AddressKind.EMAIL:
        name, _, host = value.partition("@")
        return f"{name[:1]}***@{host}"
    return value[:SHOWN_SIGNS] + "*" * 4 if len(value) > SHOWN_SIGNS else value


def _row(session: Session, *, value: str, kind: AddressKind) -> dict[str, Any]:
    sealer, key = sealing.of(session), secrets.token_hex(16)
    return {
        "kind": kind.value,
        "value_sealed": sealer.seal(value, place=_place(key)),
        "value_mask": mask(value, kind)[:200],
        "value_index": sealer.index(value),
        "row_key": key,
    }


def _place(key: str) -> str:
    return f"delivery_address.value:{key}"
