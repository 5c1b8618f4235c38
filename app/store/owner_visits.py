"""The owner's way in by a code to the phone: codes, limits, and sessions that reach what the number's holder owns."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.privacy import mask_phone
from app.store import db, owner_links, sealing
from app.store.arrears import day
from app.store.tables import community, ownership, person, unit
from app.store.tables_portal import owner_code, owner_visit

CODE_FOR = dt.timedelta(minutes=10)
MAX_TRIES = 5
MOST_UNITS = 50
PER_PHONE = ((dt.timedelta(minutes=1), 1), (dt.timedelta(hours=1), 5), (dt.timedelta(days=1), 10))
PER_ADDRESS = ((dt.timedelta(hours=1), 30),)


@dataclass(frozen=True, slots=True)
class Visit:
    """An owner on the page: what the session is called in our books, and every unit it reaches today."""

    name: str
    unit_ids: tuple[int, ...]
    is_by_code: bool
    seen_at: dt.datetime


def phone_index(session: Session, phone: str) -> bytes:
    """Return the keyed hashes a mobile number is found by, one behind the other: with and without the country's code.

    Registers that were imported keep ``+86…``, people entered by hand may stand without it.
    """
    sealer = sealing.of(session)
    return sealer.index(f"+86{phone}") + sealer.index(phone)


def units_of(session: Session, index: bytes, *, on: dt.date) -> tuple[int, ...]:
    """Return the units that holders of a number own on a day, in walking order."""
    halves = [index[: len(index) // 2], index[len(index) // 2 :]]
    rows = session.execute(
        sa.select(unit.c.id, unit.c.community_id, unit.c.sort_key)
        .join(ownership, ownership.c.unit_id == unit.c.id)
        .join(person, person.c.id == ownership.c.person_id)
        .where(person.c.phone_index.in_(halves), ownership.c.from_on <= day(on), ownership.c.until_on > day(on))
        .distinct()
        .order_by(unit.c.community_id, unit.c.sort_key, unit.c.id)
        .limit(MOST_UNITS)
    )
    return tuple(row.id for row in rows)


def is_too_often(session: Session, *, index: bytes, ip: str, at: dt.datetime) -> bool:
    """Say whether this number or this address asked for too many codes; known and unknown numbers count alike."""
    limits = [(owner_code.c.phone_index == index, span, most) for span, most in PER_PHONE]
    limits += [(owner_code.c.ip == ip, span, most) for span, most in PER_ADDRESS]
    counts = [
        sa.select(sa.func.count()).select_from(owner_code).where(whose, owner_code.c.created_at > at - span)
        for whose, span, _ in limits
    ]
    found = session.execute(sa.select(*(count.scalar_subquery() for count in counts))).one()
    return any(count >= most for count, (_, _, most) in zip(found, limits, strict=True))


def new_code(
    session: Session, *, phone: str, code: str, challenge: str, is_known: bool, ip: str, at: dt.datetime
) -> None:
    """Write down a code as a keyed hash, bound to the browser that asked (``challenge``)."""
    session.execute(
        sa.insert(owner_code).values(
            phone_index=phone_index(session, phone),
            phone_mask=mask_phone(phone),
            challenge_hash=owner_links.digest(challenge),
            code_hash=_hashed(session, challenge, code),
            is_known=is_known,
            ip=ip[:45],
            created_at=at,
            expires_at=at + CODE_FOR,
        )
    )


def mask_of(session: Session, challenge: str, *, at: dt.datetime) -> str | None:
    """Return the masked number a browser asked a code for, or None when there is no code to wait for."""
    query = sa.select(owner_code.c.phone_mask).where(
        owner_code.c.challenge_hash == owner_links.digest(challenge),
        owner_code.c.expires_at > at,
        owner_code.c.used_at.is_(None),
    )
    return session.execute(query).scalar_one_or_none()


def take(session: Session, *, challenge: str, code: str, at: dt.datetime) -> sa.Row[Any] | None:
    """Count one try and return the row when the code is right, in time, not used before and to a known number."""
    wanted = sa.select(owner_code).where(owner_code.c.challenge_hash == owner_links.digest(challenge))
    row = session.execute(db.lock_row(session, wanted)).one_or_none()
    if row is None or row.used_at is not None or row.expires_at <= at or row.tries >= MAX_TRIES:
        return None
    fits = secrets.compare_digest(row.code_hash, _hashed(session, challenge, code)) and row.is_known
    values = {"used_at": at} if fits else {"tries": row.tries + 1}
    session.execute(sa.update(owner_code).where(owner_code.c.id == row.id).values(**values))
    return row if fits else None


def start(session: Session, *, code: sa.Row[Any], at: dt.datetime, ip: str, agent: str) -> str:
    """Open a session for the holder of the number and return its token."""
    token = secrets.token_urlsafe(32)
    session.execute(
        sa.insert(owner_visit).values(
            token_hash=owner_links.digest(token),
            owner_code_id=code.id,
            phone_index=code.phone_index,
            created_at=at,
            seen_at=at,
            ip=ip[:45],
            agent=agent[:200],
        )
    )
    return token


def of_token(session: Session, *, token: str, at: dt.datetime, on: dt.date) -> Visit | None:
    """Return who is on the page: a session by code reaches what is owned today, one by link its one unit."""
    row = session.execute(
        sa.select(owner_visit).where(
            owner_visit.c.token_hash == owner_links.digest(token), owner_visit.c.ended_at.is_(None)
        )
    ).one_or_none()
    if row is None:
        opened = owner_links.session_of(session, token=token, at=at)
        return (
            None
            if opened is None
            else Visit(f"link:{opened.id}", (opened.unit_id,), is_by_code=False, seen_at=opened.seen_at)
        )
    if at - row.seen_at >= owner_links.IDLE or at - row.created_at >= owner_links.ABSOLUTE:
        return None
    found = units_of(session, row.phone_index, on=on)
    return Visit(f"code:{row.id}", found, is_by_code=True, seen_at=row.seen_at) if found else None


def is_same_holder(session: Session, one: str, other: str) -> bool:
    """Say whether two sessions (``code:7``) belong to the holder of one number; a link tells nothing of a holder."""
    ids = [int(name.removeprefix("code:")) for name in (one, other) if name.startswith("code:")]
    query = sa.select(owner_visit.c.phone_index).where(owner_visit.c.id.in_(ids))
    found = session.execute(query).scalars().all()
    return one == other or (len(ids) == 2 and len(found) == 2 and found[0] == found[1])


def touch(session: Session, *, token: str, at: dt.datetime) -> None:
    """Note that a session of either kind is in use; to the minute is enough."""
    owner_links.touch(session, token=token, at=at)
    session.execute(
        sa.update(owner_visit).where(owner_visit.c.token_hash == owner_links.digest(token)).values(seen_at=at)
    )


def end(session: Session, *, token: str, at: dt.datetime) -> None:
    """End a session of either kind."""
    owner_links.end(session, token=token, at=at)
    session.execute(
        sa.update(owner_visit).where(owner_visit.c.token_hash == owner_links.digest(token)).values(ended_at=at)
    )


def _hashed(session: Session, challenge: str, code: str) -> bytes:
    # Six digits are soon tried out against a plain hash; this one takes the installation's key.
    return sealing.of(session).token(f"owner_code:{challenge}:{code}")


@dataclass(frozen=True, slots=True)
class Place:
    """A unit as an owner's list names it."""

    unit_id: int
    community_id: int
    community: str
    label: str


def places(session: Session, unit_ids: Sequence[int]) -> list[Place]:
    """Return units by community and in walking order, in one query."""
    rows = session.execute(
        sa.select(unit.c.id, unit.c.community_id, community.c.name, unit.c.label)
        .join(community, community.c.id == unit.c.community_id)
        .where(unit.c.id.in_(list(unit_ids)))
        .order_by(unit.c.community_id, unit.c.sort_key, unit.c.id)
    )
    return [Place(*row) for row in rows]
