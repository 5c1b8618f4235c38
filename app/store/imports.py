"""Imports: what stands of a community in a constant number of queries, writing a batch, and taking it back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.privacy import mask_id_number, mask_phone
from app.store import db, persons, sealing
from app.store.tables import (
    bill,
    community,
    contact,
    fee_item,
    ownership,
    payment,
    person,
    tariff,
    unit,
    unit_fee,
)
from app.store.tables_office import import_batch
from app.store.types import FOREVER

CHUNK = 900
"""SQLite takes 32766 variables a statement; lists of ids stay well below."""


# --- what stands ----------------------------------------------------------------------------------


def batches_by_hash(session: Session, hashes: Collection[str], community_id: int | None) -> dict[str, sa.Row[Any]]:
    """Return the committed batches of files with these SHA-256, by hash."""
    rows = session.execute(
        sa.select(import_batch).where(
            import_batch.c.sha256.in_(list(hashes)),
            import_batch.c.state == "committed",
            import_batch.c.community_id == community_id,
        )
    )
    return {row.sha256: row for row in rows}


def units(session: Session, community_id: int) -> Sequence[Any]:
    """Return id, code, its parts, area and usage of every unit."""
    columns = (unit.c.id, unit.c.building, unit.c.entrance, unit.c.room, unit.c.area_e3, unit.c.usage_type)
    return session.execute(sa.select(*columns).where(unit.c.community_id == community_id)).all()


def people(session: Session, community_id: int) -> Sequence[Any]:
    """Return every person with the blind indexes of their numbers."""
    columns = (person.c.id, person.c.name, person.c.phone_index, person.c.id_index, person.c.phone_tail)
    return session.execute(sa.select(*columns).where(person.c.community_id == community_id)).all()


def ties(session: Session, community_id: int, on: dt.date) -> Sequence[Any]:
    """Return unit, person and relation of today's owners and contacts."""
    found: list[Any] = []
    for table, relation in ((ownership, sa.literal("owner")), (contact, contact.c.relation)):
        query = (
            sa.select(table.c.unit_id, table.c.person_id, relation.label("relation"))
            .join(unit, unit.c.id == table.c.unit_id)
            .where(unit.c.community_id == community_id, table.c.from_on <= on, table.c.until_on > on)
            .order_by(table.c.id)
        )
        found.extend(session.execute(query).all())
    return found


def items(session: Session, community_id: int) -> Sequence[Any]:
    """Return every fee item with the newest tariff that holds for every usage."""
    newest = (
        sa.select(tariff.c.fee_item_id, sa.func.max(tariff.c.from_on).label("from_on"))
        .where(tariff.c.usage_type == "")
        .group_by(tariff.c.fee_item_id)
        .subquery()
    )
    query = (
        sa.select(fee_item, tariff.c.price_e4, tariff.c.addition_e4)
        .outerjoin(newest, newest.c.fee_item_id == fee_item.c.id)
        .outerjoin(
            tariff,
            sa.and_(
                tariff.c.fee_item_id == fee_item.c.id,
                tariff.c.usage_type == "",
                tariff.c.from_on == newest.c.from_on,
            ),
        )
        .where(fee_item.c.community_id == community_id)
    )
    return session.execute(query).all()


def fees(session: Session, community_id: int) -> Sequence[Any]:
    """Return which unit pays which item by name."""
    query = (
        sa.select(unit_fee.c.unit_id, fee_item.c.name)
        .join(fee_item, fee_item.c.id == unit_fee.c.fee_item_id)
        .where(fee_item.c.community_id == community_id)
    )
    return session.execute(query).all()


def bills(session: Session, community_id: int) -> Sequence[Any]:
    """Return every bill with its item's name and whether its import was undone, later issues last.

    A bill that a person took back still stands here: the same sheet must not bring it back.
    """
    undone = sa.and_(import_batch.c.id == bill.c.import_id, import_batch.c.state == "undone")
    query = (
        sa.select(
            bill.c.id,
            bill.c.unit_id,
            fee_item.c.name,
            bill.c.period_from_on,
            bill.c.period_to_on,
            bill.c.principal_fen,
            bill.c.issue,
            import_batch.c.id.isnot(None).label("is_undone"),
        )
        .join(fee_item, fee_item.c.id == bill.c.fee_item_id)
        .outerjoin(import_batch, undone)
        .where(bill.c.community_id == community_id)
        .order_by(bill.c.issue)
    )
    return session.execute(query).all()


def payments(session: Session, community_id: int) -> Sequence[Any]:
    """Return unit, day, amount and reference of every payment but those of undone imports."""
    undone = sa.and_(import_batch.c.id == payment.c.import_id, import_batch.c.state == "undone")
    query = (
        sa.select(payment.c.unit_id, payment.c.received_on, payment.c.amount_fen, payment.c.reference)
        .outerjoin(import_batch, undone)
        .where(payment.c.community_id == community_id, import_batch.c.id.is_(None))
    )
    return session.execute(query).all()


def lock(session: Session, community_id: int) -> None:
    """Let imports into one community wait for each other."""
    statement = sa.select(community.c.id).where(community.c.id == community_id)
    session.execute(db.lock_row(session, statement))


# --- writing --------------------------------------------------------------------------------------


def add_batch(session: Session, row: Mapping[str, Any]) -> int:
    """Write the head of a batch and return its id."""
    statement = sa.insert(import_batch).values(state="committed", **row).returning(import_batch.c.id)
    return int(session.execute(statement).scalar_one())


def set_summary(session: Session, batch_id: int, summary: str) -> None:
    """Remember what a batch came to."""
    session.execute(sa.update(import_batch).where(import_batch.c.id == batch_id).values(summary=summary))


def add_people(session: Session, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Write persons (``name``, ``phone``, ``id_number`` in plain), their numbers sealed; return their ids."""
    made = [persons.row_of(session, id_kind=_id_kind(row["id_number"]), **row) for row in rows]
    return persons.insert(session, made)


def change_people(session: Session, rows: Sequence[tuple[int, str, str]]) -> None:
    """Give persons (id, phone, identity number) new numbers; an empty one is left as it stands."""
    keys: dict[int, str] = {}
    for part in _chunks([number for number, _, _ in rows]):
        query = sa.select(person.c.id, person.c.row_key).where(person.c.id.in_(part))
        keys |= {row.id: row.row_key for row in session.execute(query)}
    phones, cards = [], []
    for number, phone, card in rows:
        phones += [{"b_id": number, **_phone(session, keys[number], phone)}] if phone else []
        cards += [{"b_id": number, **_card(session, keys[number], card)}] if card else []
    _update(session, person, phones)
    _update(session, person, cards)


def _phone(session: Session, row_key: str, phone: str) -> dict[str, Any]:
    sealer = sealing.of(session)
    return {
        "phone_sealed": sealer.seal(phone, place=f"person.phone:{row_key}"),
        "phone_mask": mask_phone(phone),
        "phone_tail": phone[-4:],
        "phone_index": sealer.index(phone),
    }


def _card(session: Session, row_key: str, card: str) -> dict[str, Any]:
    sealer = sealing.of(session)
    return {
        "id_kind": _id_kind(card),
        "id_sealed": sealer.seal(card, place=f"person.id_number:{row_key}"),
        "id_mask": mask_id_number(card),
        "id_index": sealer.index(card),
    }


def _id_kind(card: str) -> str:
    return "" if not card else "id_card" if len(card) == _CARD_DIGITS else "other"


_CARD_DIGITS = 18


def add_units(session: Session, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Write units and return their ids."""
    return db.insert_many(session, unit, rows)


def change_units(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Change area, usage and search key of units (each row with ``b_id``)."""
    _update(session, unit, rows)


def add_ownerships(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Tie owners to units, without end."""
    if rows:
        session.execute(sa.insert(ownership), [{"until_on": FOREVER, **row} for row in rows])


def add_contacts(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Tie other people to units, without end."""
    if rows:
        session.execute(sa.insert(contact), [{"until_on": FOREVER, **row} for row in rows])


def _update(session: Session, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Update by id; all rows name the same columns."""
    if rows:
        names = [name for name in rows[0] if name != "b_id"]
        renamed = [{"b_id": row["b_id"], **{f"n_{name}": row[name] for name in names}} for row in rows]
        session.connection().execute(
            sa.update(table)
            .where(table.c.id == sa.bindparam("b_id"))
            .values({name: sa.bindparam(f"n_{name}") for name in names}),
            renamed,
        )


def _chunks(numbers: Sequence[int]) -> list[Sequence[int]]:
    return [numbers[start : start + CHUNK] for start in range(0, len(numbers), CHUNK)]
