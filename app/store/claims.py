"""Claims frozen to a date with everything they rest on, and the base rates (LPR) they are measured by."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.claim import Series
from app.domain.errors import not_found
from app.domain.lpr import LPR_1Y
from app.store import db
from app.store.tables import account, ledger_entry, unit
from app.store.tables_claims import base_rate, claim_freeze
from app.store.tables_office import app_user
from app.store.types import canonical

SHIPPED = "shipped"
"""The source of the values that came with the product."""


@dataclass(frozen=True, slots=True)
class BaseRate:
    """The one-year LPR from a day on, in 1/10000 a year."""

    from_on: dt.date
    rate_e4: int
    source: str
    recorded_by: str = ""
    recorded_at: dt.datetime | None = None


def base_rates(session: Session) -> list[BaseRate]:
    """Return every value in force, in order: those the product ships, replaced and continued by what was entered."""
    found = {day: BaseRate(day, int(rate * 10_000), SHIPPED) for day, rate in LPR_1Y}
    query = (
        sa.select(base_rate, sa.func.coalesce(app_user.c.name, "").label("name"))
        .outerjoin(app_user, app_user.c.id == base_rate.c.recorded_by)
        .order_by(base_rate.c.id)
    )
    for row in session.execute(query):
        found[row.from_on] = BaseRate(row.from_on, row.rate_e4, row.source, row.name, row.recorded_at)
    return [found[day] for day in sorted(found)]


def series(rates: Sequence[BaseRate]) -> Series:
    """Return values as the engine reads them; the last one is the last announcement known."""
    return tuple((one.from_on, Fraction(one.rate_e4, 10_000)) for one in rates)


def add_rate(session: Session, *, from_on: dt.date, rate_e4: int, source: str, by: int | None, at: dt.datetime) -> int:
    """Write a value; a later row for the same day replaces an earlier one."""
    row = {"from_on": from_on, "rate_e4": rate_e4, "source": source, "recorded_by": by, "recorded_at": at}
    db.check_text(base_rate, row)
    return int(session.execute(sa.insert(base_rate).values(**row).returning(base_rate.c.id)).scalar_one())


def head_of(session: Session, unit_id: int) -> tuple[int, str]:
    """Return where the ledger of a unit stands: the last place of its chain and its hash."""
    row = session.execute(sa.select(account.c.head_seq, account.c.head_hash).where(account.c.unit_id == unit_id)).one()
    return row.head_seq, row.head_hash


def entries_after(session: Session, *, unit_id: int, seq: int) -> list[dict[str, Any]]:
    """Return what was posted to a unit after a place of its chain, oldest first: kind, row, place."""
    query = (
        sa.select(ledger_entry.c.seq, ledger_entry.c.payload)
        .where(ledger_entry.c.unit_id == unit_id, ledger_entry.c.seq > seq)
        .order_by(ledger_entry.c.seq)
    )
    return [{"seq": row.seq, **json.loads(row.payload)} for row in session.execute(query)]


def freeze(session: Session, row: Mapping[str, Any]) -> int:
    """Write a claim with its facts (JSON values) and return its id."""
    text = canonical(row["facts"])
    full = {**row, "facts": text, "facts_hash": hashlib.sha256(text.encode()).hexdigest()}
    db.check_text(claim_freeze, {"note": full["note"]})
    return int(session.execute(sa.insert(claim_freeze).values(**full).returning(claim_freeze.c.id)).scalar_one())


def row(session: Session, claim_id: int) -> sa.Row[Any]:
    """Return one frozen claim.

    Raises:
        Refusal: ``claim.unknown``.

    """
    found = session.execute(_query().where(claim_freeze.c.id == claim_id)).one_or_none()
    if found is None:
        raise not_found("claim.unknown")
    return found


def of_unit(session: Session, unit_id: int) -> list[sa.Row[Any]]:
    """Return the frozen claims of a unit, the newest first."""
    query = _query().where(claim_freeze.c.unit_id == unit_id).order_by(claim_freeze.c.id.desc())
    return list(session.execute(query))


def count(session: Session, community_id: int) -> int:
    """Return how many claims a community has frozen."""
    query = sa.select(sa.func.count()).select_from(claim_freeze).where(claim_freeze.c.community_id == community_id)
    return int(session.execute(query).scalar_one())


def of_community(session: Session, community_id: int, *, limit: int, offset: int = 0) -> list[sa.Row[Any]]:
    """Return the frozen claims of a community, the newest first."""
    query = _query().where(claim_freeze.c.community_id == community_id).order_by(claim_freeze.c.id.desc())
    return list(session.execute(query.limit(limit).offset(offset)))


def claim_facts(session: Session, claim_id: int) -> dict[str, Any]:
    """Return the facts of a frozen claim as they were frozen.

    ``as_of``, ``bills`` (each with ``segments``, ``figures`` and ``clock``), ``claims`` (for each basis late charge,
    total and court fees), ``warnings``, ``primary``, ``alternative``, ``lpr``.

    Raises:
        Refusal: ``claim.unknown``.

    """
    return dict(json.loads(row(session, claim_id).facts))


def is_intact(found: sa.Row[Any]) -> bool:
    """Tell whether the facts of a frozen claim still have their hash."""
    return bool(hashlib.sha256(found.facts.encode()).hexdigest() == found.facts_hash)


def _query() -> sa.Select[Any]:
    name = sa.func.coalesce(app_user.c.name, "").label("frozen_by_name")
    return (
        sa.select(claim_freeze, name, unit.c.label.label("unit_label"))
        .join(unit, unit.c.id == claim_freeze.c.unit_id)
        .outerjoin(app_user, app_user.c.id == claim_freeze.c.frozen_by)
    )
