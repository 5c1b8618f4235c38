"""Taking an import back: what depends on it, what it posted, and what it created and nobody uses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.store import schema
from app.store.tables import (
    account,
    adjustment,
    allocation,
    bill,
    contact,
    ledger_entry,
    ownership,
    payment,
    person,
    reversal,
    unit,
    unit_fee,
)
from app.store.tables_estate import person_change
from app.store.tables_office import document, import_batch, owner_token, waiver_request


def batch(session: Session, batch_id: int) -> Any | None:  # noqa: ANN401 - a row
    """Return one batch."""
    return session.execute(sa.select(import_batch).where(import_batch.c.id == batch_id)).one_or_none()


def batches(session: Session, community_id: int | None = None, *, limit: int = 100) -> Sequence[Any]:
    """Return the newest batches first."""
    query = sa.select(import_batch).order_by(import_batch.c.id.desc()).limit(limit)
    if community_id is not None:
        query = query.where(import_batch.c.community_id == community_id)
    return session.execute(query).all()


def dependent_units(session: Session, batch_id: int) -> Sequence[Any]:
    """Return units of the batch with something later that stands on it: money, waivers, papers, a new owner.

    What another import posted that was undone meanwhile does not count, nor do its reversals.
    """
    touched = (
        sa.select(unit.c.id.label("unit_id"), sa.literal(0).label("after_seq"))
        .where(unit.c.import_id == batch_id)
        .union_all(*(_first_entry(kind, table, batch_id) for kind, table in (("bill", bill), ("payment", payment))))
        .subquery("touched")
    )
    first = (
        sa.select(touched.c.unit_id, sa.func.min(touched.c.after_seq).label("after_seq"))
        .group_by(touched.c.unit_id)
        .subquery("first")
    )
    later = sa.exists(
        sa.select(sa.literal(1))
        .select_from(ledger_entry)
        .outerjoin(bill, sa.and_(ledger_entry.c.kind == "bill", bill.c.id == ledger_entry.c.row_id))
        .outerjoin(payment, sa.and_(ledger_entry.c.kind == "payment", payment.c.id == ledger_entry.c.row_id))
        .outerjoin(reversal, sa.and_(ledger_entry.c.kind == "reversal", reversal.c.id == ledger_entry.c.row_id))
        .where(
            ledger_entry.c.unit_id == first.c.unit_id,
            ledger_entry.c.seq > first.c.after_seq,
            ledger_entry.c.kind != "credit",
            sa.func.coalesce(bill.c.import_id, payment.c.import_id, -1) != batch_id,
            ~_is_of_undone_import(bill.c.import_id),
            ~_is_of_undone_import(payment.c.import_id),
            ~_reverses_undone_import(),
        )
    )
    since = sa.select(import_batch.c.created_at).where(import_batch.c.id == batch_id).scalar_subquery()
    papers = [
        sa.exists(sa.select(sa.literal(1)).where(table.c.unit_id == first.c.unit_id, at > since))
        for table, at in (
            (document, document.c.created_at),
            (waiver_request, waiver_request.c.requested_at),
            (owner_token, owner_token.c.created_at),
        )
    ]
    made = unit.alias("made")
    is_created = sa.exists(sa.select(sa.literal(1)).where(made.c.id == first.c.unit_id, made.c.import_id == batch_id))
    used = [
        sa.and_(is_created, sa.exists(sa.select(sa.literal(1)).where(table.c.unit_id == first.c.unit_id)))
        for table in _naming_units()
    ]
    moved = sa.exists(
        sa.select(sa.literal(1)).where(
            ownership.c.unit_id == first.c.unit_id, sa.func.coalesce(ownership.c.import_id, -1) != batch_id
        )
    )
    query = (
        sa.select(unit.c.id, unit.c.label)
        .join(first, first.c.unit_id == unit.c.id)
        .where(sa.or_(later, sa.and_(is_created, moved), *papers, *used))
        .order_by(unit.c.sort_key)
    )
    return session.execute(query).all()


def _naming_units() -> list[sa.Table]:
    """Return every table whose rows stand on a unit, but those of the ledger and those an import itself writes."""
    own = {account, adjustment, allocation, bill, contact, ledger_entry, ownership, payment, reversal, unit_fee}
    return [
        table
        for table in schema.metadata.sorted_tables
        if table not in own and "unit_id" in table.c
        if any(key.column is unit.c.id for key in table.c.unit_id.foreign_keys)
    ]


def _first_entry(kind: str, table: sa.Table, batch_id: int) -> sa.Select[Any]:
    return (
        sa.select(ledger_entry.c.unit_id, sa.func.min(ledger_entry.c.seq))
        .join(table, sa.and_(ledger_entry.c.kind == kind, table.c.id == ledger_entry.c.row_id))
        .where(table.c.import_id == batch_id)
        .group_by(ledger_entry.c.unit_id)
    )


def _undone() -> sa.Select[Any]:
    return sa.select(import_batch.c.id).where(import_batch.c.state == "undone")


def _is_of_undone_import(column: sa.Column[Any]) -> sa.ColumnElement[bool]:
    return sa.and_(column.isnot(None), column.in_(_undone()))


def _reverses_undone_import() -> sa.ColumnElement[bool]:
    targets = [
        sa.exists(
            sa.select(sa.literal(1)).where(
                reversal.c.target_kind == kind, alias.c.id == reversal.c.target_id, alias.c.import_id.in_(_undone())
            )
        )
        for kind, alias in (("bill", bill.alias("undone_bill")), ("payment", payment.alias("undone_payment")))
    ]
    return sa.and_(reversal.c.id.isnot(None), sa.or_(*targets))


def posted(session: Session, batch_id: int) -> list[tuple[str, int, int, dt.date]]:
    """Return (kind, id, unit, day) of what the batch posted and nobody has reversed, payments first."""
    found: list[tuple[str, int, int, dt.date]] = []
    for kind, table, day in (("payment", payment, payment.c.received_on), ("bill", bill, bill.c.issued_on)):
        there = sa.and_(reversal.c.target_kind == kind, reversal.c.target_id == table.c.id)
        query = (
            sa.select(table.c.id, table.c.unit_id, day)
            .outerjoin(reversal, there)
            .where(table.c.import_id == batch_id, reversal.c.id.is_(None))
            .order_by(table.c.id)
        )
        found += [(kind, row[0], row[1], row[2]) for row in session.execute(query)]
    return found


def remove_created(session: Session, batch_id: int) -> tuple[int, int]:
    """Delete the units of the batch that never had a ledger row, their ties, and people left without a unit.

    Return (units deleted, units kept because the ledger names them).
    """
    created = sa.select(unit.c.id).where(unit.c.import_id == batch_id)
    unused = created.where(~sa.exists(sa.select(sa.literal(1)).where(ledger_entry.c.unit_id == unit.c.id)))
    session.execute(sa.delete(ownership).where(ownership.c.import_id == batch_id, _removable(ownership, batch_id)))
    people = sa.select(person.c.id).where(person.c.import_id == batch_id)
    for table in (contact, unit_fee, ownership, account):
        session.execute(sa.delete(table).where(table.c.unit_id.in_(unused)))
    before = _count(session, created)
    session.execute(sa.delete(unit).where(unit.c.id.in_(unused)))
    kept = _count(session, created)
    session.execute(
        sa.delete(person).where(
            person.c.id.in_(people),
            *(
                ~sa.exists(sa.select(sa.literal(1)).where(table.c.person_id == person.c.id))
                for table in (ownership, contact, person_change)
            ),
        )
    )
    return before - kept, kept


def _removable(table: sa.Table, batch_id: int) -> sa.ColumnElement[bool]:
    """Ties to units that stay because the ledger names them stay too: a debt keeps its owner."""
    named = sa.exists(sa.select(sa.literal(1)).where(ledger_entry.c.unit_id == table.c.unit_id))
    of_batch = sa.exists(sa.select(sa.literal(1)).where(unit.c.id == table.c.unit_id, unit.c.import_id == batch_id))
    return ~sa.and_(named, of_batch)


def _count(session: Session, query: sa.Select[Any]) -> int:
    return int(session.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one())


def restore_units(session: Session, before: Sequence[Sequence[Any]]) -> None:
    """Give units (id, area, usage) back what they had."""
    if before:
        session.connection().execute(
            sa.update(unit)
            .where(unit.c.id == sa.bindparam("b_id"))
            .values(area_e3=sa.bindparam("b_area"), usage_type=sa.bindparam("b_usage")),
            [{"b_id": number, "b_area": area, "b_usage": usage} for number, area, usage in before],
        )


def mark_undone(session: Session, batch_id: int, *, at: dt.datetime, by: int | None) -> None:
    """Remember that the batch was taken back, when and by whom."""
    session.execute(
        sa.update(import_batch).where(import_batch.c.id == batch_id).values(state="undone", undone_at=at, undone_by=by)
    )
