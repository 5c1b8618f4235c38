"""Money received whose unit is not known: what is left of it, what became of it, and whose it may be."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.counter import rooms_in
from app.domain.errors import not_found
from app.store import db
from app.store.figures import day, figures
from app.store.tables import bill_state, community, ownership, person, unit
from app.store.tables_counter import unclaimed, unclaimed_entry
from app.store.tables_office import app_user, document

MOST_GUESSES = 5


@dataclass(slots=True)
class Guess:
    """A unit the money may be for, and why."""

    unit_id: int
    label: str
    reasons: list[str] = field(default_factory=list)


def insert(session: Session, row: Mapping[str, Any]) -> int:
    """Write money that came in."""
    db.check_text(unclaimed, row)
    return int(session.execute(sa.insert(unclaimed).values(**row).returning(unclaimed.c.id)).scalar_one())


def append(session: Session, row: Mapping[str, Any]) -> int:
    """Write what became of a part; the database refuses one that hands out more than is left."""
    return int(session.execute(sa.insert(unclaimed_entry).values(**row).returning(unclaimed_entry.c.id)).scalar_one())


def _query() -> sa.Select[Any]:
    later = unclaimed_entry.alias("later")
    is_last = ~sa.exists().where(
        later.c.unclaimed_id == unclaimed_entry.c.unclaimed_id, later.c.seq > unclaimed_entry.c.seq
    )
    return (
        sa.select(
            unclaimed,
            app_user.c.name.label("by"),
            community.c.name.label("community"),
            sa.func.coalesce(unclaimed_entry.c.seq, 0).label("seq"),
            sa.func.coalesce(unclaimed_entry.c.left_fen, unclaimed.c.amount_fen).label("left_fen"),
        )
        .join(app_user, app_user.c.id == unclaimed.c.recorded_by)
        .join(community, community.c.id == unclaimed.c.community_id)
        .outerjoin(unclaimed_entry, sa.and_(unclaimed_entry.c.unclaimed_id == unclaimed.c.id, is_last))
    )


def by_id(session: Session, unclaimed_id: int) -> sa.Row[Any]:
    """Return one sum with what is left of it.

    Raises:
        Refusal: ``unclaimed.unknown``.

    """
    found = session.execute(_query().where(unclaimed.c.id == unclaimed_id)).one_or_none()
    if found is None:
        raise not_found("unclaimed.unknown")
    return found


def locked(session: Session, unclaimed_id: int) -> sa.Row[Any]:
    """Return one sum with what is left of it, held until the commit."""
    session.execute(db.lock_row(session, sa.select(unclaimed.c.id).where(unclaimed.c.id == unclaimed_id))).all()
    return by_id(session, unclaimed_id)


def entries(session: Session, unclaimed_id: int) -> list[sa.Row[Any]]:
    """Return what became of a sum, oldest first."""
    paper = sa.and_(document.c.payment_id == unclaimed_entry.c.payment_id, document.c.kind == "receipt")
    query = (
        sa.select(
            unclaimed_entry,
            app_user.c.name.label("by"),
            document.c.number,
            document.c.unit_id,
            unit.c.label.label("unit_label"),
        )
        .join(app_user, app_user.c.id == unclaimed_entry.c.recorded_by)
        .outerjoin(document, paper)
        .outerjoin(unit, unit.c.id == document.c.unit_id)
        .where(unclaimed_entry.c.unclaimed_id == unclaimed_id)
        .order_by(unclaimed_entry.c.seq)
    )
    return list(session.execute(query))


def listed(
    session: Session, *, community_id: int, everything: bool = False, limit: int, offset: int = 0
) -> tuple[int, int, list[sa.Row[Any]]]:
    """Return how many sums, what is left of them in fen, and one page of them, oldest money first."""
    query = _query().where(unclaimed.c.community_id == community_id)
    if not everything:
        query = query.where(sa.func.coalesce(unclaimed_entry.c.left_fen, unclaimed.c.amount_fen) > 0)
    found = query.subquery()
    count, left = session.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(found.c.left_fen), 0)).select_from(found)
    ).one()
    rows = session.execute(query.order_by(unclaimed.c.received_on, unclaimed.c.id).limit(limit).offset(offset)).all()
    return int(count), int(left), list(rows)


def match_of(session: Session, payment_id: int) -> sa.Row[Any] | None:
    """Return the entry a payment came from, None for one taken at the counter."""
    return session.execute(
        sa.select(unclaimed_entry).where(unclaimed_entry.c.payment_id == payment_id, unclaimed_entry.c.kind == "match")
    ).one_or_none()


def restore(
    session: Session, *, payment_id: int, on: dt.date, reason: str, now: dt.datetime, actor_id: int | None
) -> int | None:
    """Give a reversed payment back to the sum it came from; return that sum's id, None where there is none."""
    match = match_of(session, payment_id)
    if match is None:
        return None
    now_left = locked(session, match.unclaimed_id)
    row = {
        "unclaimed_id": match.unclaimed_id,
        "taken_by": match.taken_by,
        "total_fen": match.total_fen,
        "seq": now_left.seq + 1,
        "prev_seq": now_left.seq,
        "kind": "restore",
        "amount_fen": -match.amount_fen,
        "before_fen": now_left.left_fen,
        "left_fen": now_left.left_fen - match.amount_fen,
        "payment_id": payment_id,
        "method": match.method,
        "value_on": on,
        "reason": reason,
        "recorded_at": now,
        "recorded_by": match.recorded_by if actor_id is None else actor_id,
    }
    append(session, row)
    return int(match.unclaimed_id)


def guesses(
    session: Session, rows: Sequence[sa.Row[Any]], *, community_id: int, as_of: dt.date
) -> dict[int, list[Guess]]:
    """Return for each sum the units it may be for: room named, payer is the owner, amount is what is open."""
    found: dict[int, dict[int, Guess]] = defaultdict(dict)
    texts = {row.id: set(rooms_in(f"{row.note} {row.payer} {row.reference}")) for row in rows}

    def note(number: int, unit_id: int, label: str, reason: str) -> None:
        found[number].setdefault(unit_id, Guess(unit_id, label)).reasons.append(reason)

    for hit in _by_code(session, community_id, {code for codes in texts.values() for code in codes}):
        for row in rows:
            if hit.code in texts[row.id]:
                note(row.id, hit.id, hit.label, "room")
    for hit in _by_owner(session, community_id, {row.payer for row in rows if row.payer}, as_of):
        for row in rows:
            if row.payer == hit.name:
                note(row.id, hit.id, hit.label, "owner")
    for hit in _by_amount(session, community_id, {row.left_fen for row in rows if row.left_fen}, as_of):
        for row in rows:
            if row.left_fen == hit.fen:
                note(row.id, hit.id, hit.label, "amount")
    return {
        number: sorted(units.values(), key=lambda guess: (-len(guess.reasons), guess.label))[:MOST_GUESSES]
        for number, units in found.items()
    }


def _by_code(session: Session, community_id: int, codes: Collection[str]) -> list[sa.Row[Any]]:
    if not codes:
        return []
    query = sa.select(unit.c.id, unit.c.label, unit.c.code)
    return list(session.execute(query.where(unit.c.community_id == community_id, unit.c.code.in_(sorted(codes)))))


def _by_owner(session: Session, community_id: int, names: Collection[str], on: dt.date) -> list[sa.Row[Any]]:
    if not names:
        return []
    query = (
        sa.select(unit.c.id, unit.c.label, person.c.name)
        .join(ownership, ownership.c.unit_id == unit.c.id)
        .join(person, person.c.id == ownership.c.person_id)
        .where(
            unit.c.community_id == community_id,
            person.c.community_id == community_id,
            person.c.name.in_(sorted(names)),
            ownership.c.from_on <= day(on),
            ownership.c.until_on > day(on),
        )
        .order_by(unit.c.sort_key)
        .limit(200)
    )
    return list(session.execute(query))


def _by_amount(session: Session, community_id: int, amounts: Collection[int], on: dt.date) -> list[sa.Row[Any]]:
    if not amounts:
        return []
    owed = figures(session, on, bill_state.c.community_id == community_id, overdue_only=False)
    total = sa.cast(sa.func.sum(owed.c.principal_fen + owed.c.costs_fen + owed.c.late_charge_fen), sa.BigInteger)
    sums = sa.select(owed.c.unit_id, total.label("fen")).group_by(owed.c.unit_id).having(total.in_(sorted(amounts)))
    open_sums = sums.subquery("open_sums")
    query = sa.select(unit.c.id, unit.c.label, open_sums.c.fen).join(open_sums, open_sums.c.unit_id == unit.c.id)
    return list(session.execute(query.order_by(unit.c.sort_key).limit(200)))
