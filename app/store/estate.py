"""Communities, their fee items and tariffs: the data every bill is made from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import conflict, not_found
from app.store import db
from app.store.tables import (
    community,
    fee_item,
    tariff,
    unit,
    unit_fee,
    vacancy_rule,
)
from app.store.tables_office import procedure_level
from app.store.types import FOREVER

LEVELS = (
    {"level": 1, "min_days": 1, "tone": "reminder", "pause_days": 15},
    {"level": 2, "min_days": 31, "tone": "notice", "pause_days": 15},
    {"level": 3, "min_days": 91, "tone": "demand", "pause_days": 30},
)
"""The procedure a new community starts with; the office changes it as data."""


def create_community(session: Session, *, name: str, is_demo: bool = False, **columns: object) -> int:
    """Create a community with the default procedure and return its id.

    Raises:
        Refusal: ``demo.never_mixed`` where real and fictional communities would stand side by side;
            ``import.community_just_made`` when another writer was quicker (on PostgreSQL the second waits here).

    """
    if session.execute(sa.select(community.c.id).where(community.c.is_demo != is_demo).limit(1)).first() is not None:
        raise conflict("demo.never_mixed")
    columns["is_demo"] = is_demo
    if not db.insert_one_new(session, community, {"name": name, **columns}):
        raise conflict("import.community_just_made", name=name)
    made = session.execute(sa.select(community.c.id).where(community.c.name == name)).scalar_one()
    session.execute(sa.insert(procedure_level), [{"community_id": made, **level} for level in LEVELS])
    return int(made)


def community_by_name(session: Session, name: str) -> sa.Row[Any] | None:
    """Return the community of that name, if there is one."""
    return session.execute(sa.select(community).where(community.c.name == name)).one_or_none()


def community_row(session: Session, community_id: int) -> sa.Row[Any]:
    """Return one community.

    Raises:
        Refusal: ``community.unknown``.

    """
    row = session.execute(sa.select(community).where(community.c.id == community_id)).one_or_none()
    if row is None:
        raise not_found("community.unknown")
    return row


def set_payee_code(session: Session, *, community_id: int, sha256: str, shown_sha256: str) -> None:
    """Set or take away the picture of the community's own payment code.

    Raises:
        Refusal: ``community.unknown``.

    """
    community_row(session, community_id)
    values = {"payee_qr_sha256": sha256, "payee_qr_shown_sha256": shown_sha256}
    session.execute(sa.update(community).where(community.c.id == community_id).values(values))


def communities(session: Session) -> list[sa.Row[Any]]:
    """Return every community in the order of their names."""
    return list(session.execute(sa.select(community).order_by(community.c.name)))


def unit_by_code(session: Session, code: str, community_id: int | None = None) -> sa.Row[Any]:
    """Return the unit with this canonical code.

    Raises:
        Refusal: ``unit.unknown``, or ``unit.ambiguous`` when several communities have it.

    """
    query = sa.select(unit).where(unit.c.code == code)
    if community_id is not None:
        query = query.where(unit.c.community_id == community_id)
    rows = session.execute(query.limit(2)).all()
    if not rows:
        raise not_found("unit.unknown", unit=code)
    if len(rows) > 1:
        raise not_found("unit.ambiguous", unit=code)
    return rows[0]


def unit_row(session: Session, unit_id: int) -> sa.Row[Any]:
    """Return one unit.

    Raises:
        Refusal: ``unit.unknown``.

    """
    row = session.execute(sa.select(unit).where(unit.c.id == unit_id)).one_or_none()
    if row is None:
        raise not_found("unit.unknown", unit=str(unit_id))
    return row


def create_fee_item(session: Session, row: Mapping[str, Any]) -> int:
    """Create a fee item and return its id."""
    return int(session.execute(sa.insert(fee_item).values(**row).returning(fee_item.c.id)).scalar_one())


def fee_items(session: Session, community_id: int) -> list[sa.Row[Any]]:
    """Return the fee items of a community by name."""
    return list(
        session.execute(sa.select(fee_item).where(fee_item.c.community_id == community_id).order_by(fee_item.c.name))
    )


def fee_item_row(session: Session, fee_item_id: int, *, community_id: int) -> sa.Row[Any]:
    """Return one fee item of a community.

    Raises:
        Refusal: ``fee_item.unknown``.

    """
    row = session.execute(
        sa.select(fee_item).where(fee_item.c.id == fee_item_id, fee_item.c.community_id == community_id)
    ).one_or_none()
    if row is None:
        raise not_found("fee_item.unknown")
    return row


def add_tariff(session: Session, *, fee_item_id: int, usage_type: str, from_on: dt.date, **columns: Any) -> None:  # noqa: ANN401 - column values
    """Add a dated tariff version: it ends the one in force that day and lasts until the next one starts."""
    same = sa.and_(tariff.c.fee_item_id == fee_item_id, tariff.c.usage_type == usage_type)
    later = session.execute(sa.select(sa.func.min(tariff.c.from_on)).where(same, tariff.c.from_on > from_on)).scalar()
    session.execute(
        sa.update(tariff).where(same, tariff.c.from_on < from_on, tariff.c.until_on > from_on).values(until_on=from_on)
    )
    row = {
        "fee_item_id": fee_item_id,
        "usage_type": usage_type,
        "from_on": from_on,
        "until_on": later or FOREVER,
        **columns,
    }
    db.upsert(session, tariff, row, ["fee_item_id", "usage_type", "from_on"])


def tariffs(session: Session, community_id: int) -> list[sa.Row[Any]]:
    """Return every tariff version of a community with the name of its fee item."""
    return list(
        session.execute(
            sa.select(tariff, fee_item.c.name)
            .join(fee_item, fee_item.c.id == tariff.c.fee_item_id)
            .where(fee_item.c.community_id == community_id)
            .order_by(fee_item.c.name, tariff.c.usage_type, tariff.c.from_on)
        )
    )


def set_unit_fees(session: Session, rows: Iterable[Mapping[str, Any]]) -> int:
    """Attach units to fee items (own quantity, own price); rows that exist stay. Return how many are new."""
    return db.insert_new(session, unit_fee, [{"until_on": FOREVER, **row} for row in rows])


def vacancy_rules(session: Session, community_id: int) -> list[sa.Row[Any]]:
    """Return the vacancy rules of a community, oldest first."""
    return list(
        session.execute(
            sa.select(vacancy_rule).where(vacancy_rule.c.community_id == community_id).order_by(vacancy_rule.c.from_on)
        )
    )
