"""Idempotency keys: the same form sent twice acts once and gives the same answer."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import conflict
from app.store import db
from app.store.tables_office import idempotency_key
from app.store.types import canonical


def claim(
    session: Session, *, key: str, scope: str, request: Mapping[str, Any], now: dt.datetime
) -> dict[str, Any] | None:
    """Claim ``key`` for this request; return the stored answer when the very same request was answered before.

    On PostgreSQL a second request with the same key waits here for the first one's commit.

    Raises:
        Refusal: ``form.key_reused`` when the key came with another request.

    """
    # the key comes from a form: hashed, so that any length and any characters do
    key = _stored(key, scope)
    digest = hashlib.sha256(canonical({name: str(value) for name, value in request.items()}).encode()).hexdigest()
    row = {"key": key, "scope": scope, "request_hash": digest, "result": "", "created_at": now}
    if db.insert_one_new(session, idempotency_key, row):
        return None
    found = session.execute(sa.select(idempotency_key).where(idempotency_key.c.key == key)).one()
    if found.request_hash != digest:
        raise conflict("form.key_reused")
    return json.loads(found.result) if found.result else {}


def answered(session: Session, *, key: str, scope: str) -> dict[str, Any]:
    """Return the answer stored for a key, empty where there is none."""
    query = sa.select(idempotency_key.c.result).where(idempotency_key.c.key == _stored(key, scope))
    found = session.execute(query).scalar_one_or_none()
    return json.loads(found) if found else {}


def settle(session: Session, *, key: str, scope: str, result: Mapping[str, Any]) -> None:
    """Store the answer of a claimed key, in the same transaction."""
    session.execute(
        sa.update(idempotency_key)
        .where(idempotency_key.c.key == _stored(key, scope))
        .values(result=canonical(dict(result)))
    )


def _stored(key: str, scope: str) -> str:
    return hashlib.sha256(f"{scope}\n{key}".encode(errors="surrogatepass")).hexdigest()
