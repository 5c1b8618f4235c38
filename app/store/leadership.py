"""One leader among processes: a lock of the server on a connection of its own, or (SQLite) a lease that runs out."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from app.store import db


def uses_locks(engine: Engine) -> bool:
    """Tell whether leadership on this engine is a lock of the server rather than a lease."""
    return engine.dialect.name == "postgresql"


def lock_connection(engine: Engine) -> Connection:
    """Open the connection that will hold a lock; it stays out of every transaction and of the pool."""
    connection = engine.execution_options(isolation_level="AUTOCOMMIT").connect()
    connection.detach()
    return connection


def try_lock(connection: Connection, name: str) -> bool:
    """Take the lock of that name for as long as the connection lives; false while another session has it."""
    return bool(connection.execute(sa.select(sa.func.pg_try_advisory_lock(_number(name)))).scalar_one())


def still_locked(connection: Connection) -> bool:
    """Tell whether the session that holds the lock is alive; without it the server has let the lock go."""
    try:
        connection.execute(sa.select(1)).scalar_one()
    except sa.exc.DBAPIError:
        return False
    return True


def wait_turn(session: Session, name: str) -> None:
    """Wait until no other transaction is in the part of that name (SQLite writers wait for each other anyway)."""
    if not db.is_sqlite(session):
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(_number(name))))


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"qingqian {name}".encode()).digest()[:8], "big", signed=True)
