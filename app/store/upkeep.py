"""What the office corrects of a unit: area, usage, handover, vacancy, its own fees; the earlier values stay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import not_found
from app.store import db
from app.store.figures import day
from app.store.tables import bill, fee_item, reversal, unit, unit_fee, vacancy
from app.store.tables_estate import estate_withdrawal, unit_change
from app.store.tables_office import app_user

Row = sa.Row[Any]


def locked(session: Session, unit_id: int) -> Row:
    """Return a unit, locked until the commit.

    Raises:
        Refusal: ``unit.unknown``.

    """
    row = session.execute(db.lock_row(session, sa.select(unit).where(unit.c.id == unit_id))).one_or_none()
    if row is None:
        raise not_found("unit.unknown", unit=str(unit_id))
    return row


def change(session: Session, unit_id: int, *, column: str, value: object, note: Mapping[str, Any]) -> None:
    """Set one column of a unit and write down what it was before."""
    session.execute(sa.update(unit).where(unit.c.id == unit_id).values({column: value}))
    db.check_text(unit_change, note)
    session.execute(sa.insert(unit_change).values(unit_id=unit_id, **note))


def changes(session: Session, unit_id: int) -> list[Mapping[str, Any]]:
    """Return what was corrected of a unit, the newest first."""
    query = (
        sa.select(unit_change, app_user.c.name.label("by_name"))
        .outerjoin(app_user, app_user.c.id == unit_change.c.changed_by)
        .where(unit_change.c.unit_id == unit_id)
        .order_by(unit_change.c.id.desc())
    )
    return [dict(row) for row in session.execute(query).mappings()]


def bills_from(session: Session, unit_id: int, *, on: dt.date, fee_item_id: int | None = None) -> tuple[int, Any]:
    """Return how many standing bills of a unit cover a day from ``on`` on, and the last day any of them covers."""
    gone = sa.select(reversal.c.target_id).where(reversal.c.target_kind == "bill", reversal.c.unit_id == unit_id)
    through = sa.func.max(bill.c.period_to_on, type_=bill.c.period_to_on.type)
    query = sa.select(sa.func.count(), through).where(
        bill.c.unit_id == unit_id, bill.c.period_to_on >= day(on), bill.c.id.not_in(gone)
    )
    if fee_item_id is not None:
        query = query.where(bill.c.fee_item_id == fee_item_id)
    count, last = session.execute(query).one()
    return int(count), last


# --- vacancy --------------------------------------------------------------------------------------


def vacancies(session: Session, unit_id: int) -> list[Mapping[str, Any]]:
    """Return every vacancy of a unit, the newest first."""
    query = (
        sa.select(vacancy, app_user.c.name.label("by_name"))
        .outerjoin(app_user, app_user.c.id == vacancy.c.recorded_by)
        .where(vacancy.c.unit_id == unit_id)
        .order_by(vacancy.c.from_on.desc(), vacancy.c.id.desc())
    )
    return [dict(row) for row in session.execute(query).mappings()]


def add_vacancy(session: Session, row: Mapping[str, Any]) -> int:
    """Write a vacancy and return its id."""
    db.check_text(vacancy, row)
    return int(session.execute(sa.insert(vacancy).values(**row).returning(vacancy.c.id)).scalar_one())


def vacancy_row(session: Session, *, unit_id: int, vacancy_id: int) -> Row:
    """Return a vacancy of the unit.

    Raises:
        Refusal: ``vacancy.unknown``.

    """
    query = sa.select(vacancy).where(vacancy.c.id == vacancy_id, vacancy.c.unit_id == unit_id)
    row = session.execute(db.lock_row(session, query)).one_or_none()
    if row is None:
        raise not_found("vacancy.unknown")
    return row


def end_vacancy(session: Session, vacancy_id: int, *, until_on: dt.date) -> None:
    """End a vacancy: ``until_on`` is the first day somebody lives there."""
    session.execute(sa.update(vacancy).where(vacancy.c.id == vacancy_id).values(until_on=until_on))


def withdraw_vacancy(session: Session, row: Row, *, reason: str, at: dt.datetime, by: int | None) -> None:
    """Move a vacancy entered by mistake to the withdrawn ones."""
    _keep(session, row, noun="vacancy", detail=row.reported_on.isoformat(), reason=reason, at=at, by=by)
    session.execute(sa.delete(vacancy).where(vacancy.c.id == row.id))


# --- fees of the unit's own -----------------------------------------------------------------------


def unit_fees(session: Session, unit_id: int) -> list[Mapping[str, Any]]:
    """Return every version of what a unit has of its own, by item, the newest first."""
    query = (
        sa.select(unit_fee, fee_item.c.name.label("item"), fee_item.c.basis, app_user.c.name.label("by_name"))
        .join(fee_item, fee_item.c.id == unit_fee.c.fee_item_id)
        .outerjoin(app_user, app_user.c.id == unit_fee.c.recorded_by)
        .where(unit_fee.c.unit_id == unit_id)
        .order_by(fee_item.c.name, unit_fee.c.from_on.desc())
    )
    return [dict(row) for row in session.execute(query).mappings()]


def fee_row(session: Session, *, unit_id: int, unit_fee_id: int) -> Row:
    """Return one version of what a unit has of its own.

    Raises:
        Refusal: ``unit_fee.unknown``.

    """
    query = sa.select(unit_fee).where(unit_fee.c.id == unit_fee_id, unit_fee.c.unit_id == unit_id)
    row = session.execute(db.lock_row(session, query)).one_or_none()
    if row is None:
        raise not_found("unit_fee.unknown")
    return row


def add_fee(session: Session, row: Mapping[str, Any]) -> int:
    """Write a version and return its id."""
    db.check_text(unit_fee, row)
    return int(session.execute(sa.insert(unit_fee).values(**row).returning(unit_fee.c.id)).scalar_one())


def end_fee(session: Session, unit_fee_id: int, *, until_on: dt.date) -> None:
    """End a version: ``until_on`` is the first day it holds no longer."""
    session.execute(sa.update(unit_fee).where(unit_fee.c.id == unit_fee_id).values(until_on=until_on))


def withdraw_fee(session: Session, row: Row, *, item: str, reason: str, at: dt.datetime, by: int | None) -> None:
    """Move a version entered by mistake to the withdrawn ones."""
    _keep(session, row, noun="unit_fee", detail=item, reason=reason, at=at, by=by)
    session.execute(sa.delete(unit_fee).where(unit_fee.c.id == row.id))


def _keep(session: Session, row: Row, *, noun: str, detail: str, reason: str, at: dt.datetime, by: int | None) -> None:
    session.execute(
        sa.insert(estate_withdrawal).values(
            unit_id=row.unit_id,
            noun=noun,
            detail=detail,
            from_on=row.from_on,
            until_on=row.until_on,
            reason=reason,
            withdrawn_at=at,
            withdrawn_by=by,
        )
    )
