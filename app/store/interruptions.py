"""What interrupts the limitation of bills: written once with its proof, taken back by a further row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import Refusal, not_found
from app.domain.limitation import Interruption
from app.store import clocks, db
from app.store.clock_facts import SHANGHAI, standing
from app.store.tables import bill
from app.store.tables_claims import interruption, interruption_end, interruption_withdrawal
from app.store.tables_office import notice_bill
from app.store.types import CivilDate, Instant

COUNTS = frozenset("ABC")
"""Grades that prove arrival: D proves effort, and moves no clock."""

_COLUMNS = (
    *("bill_id", "unit_id", "community_id", "kind", "happened_on", "ended_on", "proof_kind", "proof_id", "nth"),
    *("strength", "note", "recorded_by", "recorded_at"),
)


def record_demand(
    session: Session,
    *,
    notice_id: int,
    happened_on: dt.date,
    proof_kind: str,
    proof_id: int,
    strength: str,
    by: int | None,
    at: dt.datetime,
) -> int:
    """Interrupt the bills a notice lists, and no others, in one statement; return how many rows are new.

    Raises:
        Refusal: ``interruption.proves_effort_only``, ``interruption.ahead``.

    """
    listed = sa.select(notice_bill.c.bill_id).where(notice_bill.c.notice_id == notice_id)
    return _add(
        session,
        listed,
        kind=Interruption.DEMAND,
        happened_on=happened_on,
        proof_kind=proof_kind,
        proof_id=proof_id,
        strength=strength,
        by=by,
        at=at,
    )


def record(
    session: Session,
    *,
    bill_ids: Sequence[int],
    kind: Interruption,
    happened_on: dt.date,
    ended_on: dt.date | None = None,
    proof_kind: str,
    proof_id: int,
    strength: str,
    by: int | None,
    at: dt.datetime,
    note: str = "",
) -> int:
    """Interrupt the bills named; return how many rows are new.

    A proceeding recorded before gets its end, where ``ended_on`` is given and it had none.

    Raises:
        Refusal: ``interruption.proves_effort_only``, ``interruption.ahead``, ``text.too_long``.

    """
    db.check_text(interruption, {"note": note})
    added = _add(
        session,
        sa.select(bill.c.id.label("bill_id")).where(bill.c.id.in_(list(bill_ids))),
        kind=kind,
        happened_on=happened_on,
        ended_on=ended_on,
        proof_kind=proof_kind,
        proof_id=proof_id,
        strength=strength,
        by=by,
        at=at,
        note=note,
    )
    if kind is Interruption.PROCEEDING and ended_on is not None:
        end(session, proof_kind=proof_kind, proof_id=proof_id, ended_on=ended_on, by=by, at=at)
    return added


def end(session: Session, *, proof_kind: str, proof_id: int, ended_on: dt.date, by: int | None, at: dt.datetime) -> int:
    """Say when a proceeding ended: from then its bills count anew; return how many rows that ends.

    Raises:
        Refusal: ``interruption.ahead``.

    """
    _not_ahead(ended_on, at)
    i = interruption.c
    pending = sa.select(
        i.id, sa.literal(ended_on, CivilDate()), sa.literal(by, sa.BigInteger()), sa.literal(at, Instant())
    ).where(
        i.kind == Interruption.PROCEEDING.value,
        i.proof_kind == proof_kind,
        i.proof_id == proof_id,
        i.ended_on.is_(None),
        i.happened_on <= sa.literal(ended_on, CivilDate()),
        standing(),
    )
    columns = ("interruption_id", "ended_on", "recorded_by", "recorded_at")
    count = db.insert_from(session, interruption_end, columns, pending)
    if count:
        clocks.recompute(session, _bills_of(session, proof_kind, proof_id))
    return count


def withdraw_of(
    session: Session, *, proof_kind: str, proof_id: int, reason: str, by: int | None, at: dt.datetime
) -> int:
    """Take back what rested on a proof that was filed wrongly; return how many rows fall."""
    db.check_text(interruption_withdrawal, {"reason": reason})
    falling = _falling(reason, by, at).where(
        interruption.c.proof_kind == proof_kind, interruption.c.proof_id == proof_id
    )
    return _withdraw(session, falling, _bills_of(session, proof_kind, proof_id))


def withdraw(session: Session, *, interruption_ids: Sequence[int], reason: str, by: int | None, at: dt.datetime) -> int:
    """Take back rows by their ids; return how many fall."""
    db.check_text(interruption_withdrawal, {"reason": reason})
    named = interruption.c.id.in_(list(interruption_ids))
    bills = session.execute(sa.select(interruption.c.bill_id).where(named)).scalars().all()
    return _withdraw(session, _falling(reason, by, at).where(named), bills)


def row(session: Session, *, unit_id: int, number: int) -> sa.Row[Any]:
    """Return one row of a unit.

    Raises:
        Refusal: ``interruption.unknown``.

    """
    query = sa.select(interruption).where(interruption.c.id == number, interruption.c.unit_id == unit_id)
    found = session.execute(query).one_or_none()
    if found is None:
        raise not_found("interruption.unknown")
    return found


@dataclass(frozen=True, slots=True)
class Entry:
    """What one proof did to the bills of a unit; ``number`` is the first of its rows."""

    number: int
    kind: str
    happened_on: dt.date
    ended_on: dt.date | None
    proof_kind: str
    proof_id: int
    strength: str
    note: str
    bills: int
    withdrawn_at: dt.datetime | None
    withdrawn_reason: str


def of_unit(session: Session, unit_id: int) -> list[Entry]:
    """Return what was recorded for a unit, one entry a proof, withdrawn ones too, the newest first."""
    i, taken, ended = interruption.c, interruption_withdrawal.c, interruption_end.c
    named = (i.kind, i.happened_on, i.proof_kind, i.proof_id, i.nth, i.strength, i.note)
    query = (
        sa.select(
            *named,
            sa.func.min(i.id).label("number"),
            sa.func.max(sa.func.coalesce(ended.ended_on, i.ended_on), type_=i.ended_on.type).label("ended_on"),
            sa.func.count().label("bills"),
            sa.func.max(taken.recorded_at, type_=taken.recorded_at.type).label("withdrawn_at"),
            sa.func.coalesce(sa.func.max(taken.reason), "").label("withdrawn_reason"),
        )
        .outerjoin(interruption_end, ended.interruption_id == i.id)
        .outerjoin(interruption_withdrawal, taken.interruption_id == i.id)
        .where(i.unit_id == unit_id)
        .group_by(*named)
        .order_by(i.happened_on.desc(), sa.func.min(i.id).desc())
    )
    return [Entry(**{name: row[name] for name in Entry.__slots__}) for row in session.execute(query).mappings()]


def _add(
    session: Session,
    listed: sa.Select[Any],
    *,
    kind: Interruption,
    happened_on: dt.date,
    proof_kind: str,
    proof_id: int,
    strength: str,
    by: int | None,
    at: dt.datetime,
    ended_on: dt.date | None = None,
    note: str = "",
) -> int:
    if strength not in COUNTS:
        raise Refusal("interruption.proves_effort_only", field="strength")
    _not_ahead(max(happened_on, ended_on or happened_on), at)
    here = listed.subquery("listed")
    same = interruption.alias("same")
    is_same = sa.and_(
        same.c.bill_id == bill.c.id,
        same.c.kind == kind.value,
        same.c.proof_kind == proof_kind,
        same.c.proof_id == proof_id,
    )
    is_withdrawn = sa.exists().where(interruption_withdrawal.c.interruption_id == same.c.id)
    before = sa.select(sa.func.count()).select_from(same).where(is_same).correlate(bill).scalar_subquery()
    fresh = sa.select(
        bill.c.id,
        bill.c.unit_id,
        bill.c.community_id,
        sa.literal(kind.value, sa.String()),
        sa.literal(happened_on, CivilDate()),
        sa.cast(sa.literal(ended_on, CivilDate()), CivilDate()),
        sa.literal(proof_kind, sa.String()),
        sa.literal(proof_id, sa.BigInteger()),
        sa.cast(before, sa.SmallInteger()),
        sa.literal(strength, sa.String()),
        sa.literal(note, sa.String()),
        sa.cast(sa.literal(by, sa.BigInteger()), sa.BigInteger()),
        sa.literal(at, Instant()),
    ).where(
        bill.c.id.in_(sa.select(here.c.bill_id)),
        ~sa.exists(sa.select(sa.literal(1)).select_from(same).where(is_same, ~is_withdrawn).correlate(bill)),
    )
    added = db.insert_from(session, interruption, _COLUMNS, fresh)
    if added:
        clocks.recompute(session, session.execute(listed).scalars())
    return added


def _not_ahead(on: dt.date, at: dt.datetime) -> None:
    if on > (at + SHANGHAI).date():
        raise Refusal("interruption.ahead", field="happened_on", on=on.isoformat())


def _bills_of(session: Session, proof_kind: str, proof_id: int) -> Sequence[int]:
    here = sa.and_(interruption.c.proof_kind == proof_kind, interruption.c.proof_id == proof_id)
    return session.execute(sa.select(interruption.c.bill_id).where(here)).scalars().all()


def _falling(reason: str, by: int | None, at: dt.datetime) -> sa.Select[Any]:
    return sa.select(
        interruption.c.id,
        sa.literal(reason, sa.String()),
        sa.cast(sa.literal(by, sa.BigInteger()), sa.BigInteger()),
        sa.literal(at, Instant()),
    ).where(standing())


def _withdraw(session: Session, falling: sa.Select[Any], bill_ids: Sequence[int]) -> int:
    columns = ("interruption_id", "reason", "recorded_by", "recorded_at")
    count = db.insert_from(session, interruption_withdrawal, columns, falling)
    if count:
        clocks.recompute(session, bill_ids)
    return count
