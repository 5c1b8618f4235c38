"""Second factors at rest: secrets sealed to their user, recovery codes as keyed hashes, one-time links as hashes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, delete, func, insert, select, update

from app.store import db, sealing
from app.store.sessions import digest
from app.store.tables_security import password_link, recovery_code, second_factor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Factor:
    """A user's second factor, its secret opened."""

    secret: str
    last_step: int
    confirmed_at: dt.datetime | None


def _place(user_id: int) -> str:
    return f"second_factor.secret:{user_id}"


def of_user(session: Session, user_id: int) -> Factor | None:
    """Return the factor of a user, confirmed or not, and hold it until the commit: two codes never race."""
    return _opened(session, user_id, db.lock_row(session, _row(user_id)))


def seen(session: Session, user_id: int) -> Factor | None:
    """Return the factor of a user for a page to show."""
    return _opened(session, user_id, _row(user_id))


def _row(user_id: int) -> Select[Any]:
    return select(second_factor).where(second_factor.c.user_id == user_id)


def _opened(session: Session, user_id: int, query: Select[Any]) -> Factor | None:
    row = session.execute(query).first()
    if row is None:
        return None
    secret = sealing.of(session).open(row.secret, place=_place(user_id))
    return Factor(secret, row.last_step, row.confirmed_at)


def confirmed(session: Session, user_ids: Sequence[int]) -> frozenset[int]:
    """Return which of these users have set up their second factor."""
    query = select(second_factor.c.user_id).where(
        second_factor.c.user_id.in_(list(user_ids)), second_factor.c.confirmed_at.is_not(None)
    )
    return frozenset(session.execute(query).scalars())


def begin(session: Session, *, user_id: int, secret: str, at: dt.datetime) -> None:
    """Keep a secret that is still to be confirmed; an earlier one that never was is forgotten."""
    sealed = sealing.of(session).seal(secret, place=_place(user_id))
    row = {"user_id": user_id, "secret": sealed, "last_step": 0, "created_at": at, "confirmed_at": None}
    db.upsert(session, second_factor, row, ["user_id"])


def confirm(session: Session, *, user_id: int, at: dt.datetime) -> None:
    """Let the second factor count from now on."""
    session.execute(update(second_factor).where(second_factor.c.user_id == user_id).values(confirmed_at=at))


def use_step(session: Session, *, user_id: int, step: int) -> None:
    """Note the step a code was taken from."""
    session.execute(update(second_factor).where(second_factor.c.user_id == user_id).values(last_step=step))


def forget(session: Session, *, user_id: int) -> bool:
    """Take a second factor and its recovery codes away; False when there was none."""
    session.execute(delete(recovery_code).where(recovery_code.c.user_id == user_id))
    gone = delete(second_factor).where(second_factor.c.user_id == user_id).returning(second_factor.c.id)
    return session.execute(gone).first() is not None


# --- recovery codes -------------------------------------------------------------------------------


def _hashed(session: Session, user_id: int, code: str) -> bytes:
    return sealing.of(session).index(f"recovery:{user_id}:{code}")


def keep_recovery_codes(session: Session, *, user_id: int, codes: Sequence[str]) -> None:
    """Keep fresh recovery codes; earlier ones open nothing any more."""
    session.execute(delete(recovery_code).where(recovery_code.c.user_id == user_id))
    rows = [{"user_id": user_id, "code_hash": _hashed(session, user_id, code)} for code in codes]
    session.execute(insert(recovery_code), rows)


def use_recovery_code(session: Session, *, user_id: int, code: str, at: dt.datetime) -> bool:
    """Use a recovery code up; False when it is none of theirs or was used."""
    done = session.execute(
        update(recovery_code)
        .where(
            recovery_code.c.user_id == user_id,
            recovery_code.c.code_hash == _hashed(session, user_id, code),
            recovery_code.c.used_at.is_(None),
        )
        .values(used_at=at)
        .returning(recovery_code.c.id)
    )
    return done.first() is not None


def recovery_codes_left(session: Session, user_id: int) -> int:
    """Return how many recovery codes still open."""
    query = select(func.count()).where(recovery_code.c.user_id == user_id, recovery_code.c.used_at.is_(None))
    return session.execute(query).scalar_one()


# --- one-time links -------------------------------------------------------------------------------


def keep_link(
    session: Session, *, user_id: int, token: str, at: dt.datetime, expires_at: dt.datetime, by: int | None
) -> None:
    """Keep a link's hash; earlier links of the user open nothing any more."""
    drop_links(session, user_id=user_id, at=at)
    row = {"user_id": user_id, "token_hash": digest(token), "created_at": at, "expires_at": expires_at}
    session.execute(insert(password_link).values(**row, created_by=by))


def drop_links(session: Session, *, user_id: int, at: dt.datetime) -> None:
    """Let no link of the user open any more."""
    session.execute(
        update(password_link)
        .where(password_link.c.user_id == user_id, password_link.c.used_at.is_(None))
        .values(used_at=at)
    )


def link_opens(session: Session, *, token: str, at: dt.datetime) -> int | None:
    """Return whose password a link sets, or None when it is used up, too old or none of ours."""
    query = select(password_link.c.user_id).where(
        password_link.c.token_hash == digest(token),
        password_link.c.used_at.is_(None),
        password_link.c.expires_at > at,
    )
    return session.execute(db.lock_row(session, query)).scalar_one_or_none()
