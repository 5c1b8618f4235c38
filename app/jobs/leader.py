"""One of all the workers leads: it alone runs the scheduler, and another takes over when it dies."""

from __future__ import annotations

import datetime as dt
import os
import secrets
import socket
import time
from contextlib import suppress
from typing import Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from app import clock
from app.store import db, leadership, leases

NAME = "leader"


class Leadership(Protocol):
    """A claim to lead, renewed by asking again and again."""

    def lead(self) -> bool:
        """Tell whether this process leads now, having tried to if it did not."""
        ...

    def leave(self) -> None:
        """Make room at once for the next."""
        ...


def contend(engine: Engine, *, ttl_seconds: float) -> Leadership:
    """Return this process's claim; ``ttl_seconds`` is how long a dead leader's lease lasts (SQLite)."""
    return Lock(engine) if leadership.uses_locks(engine) else Lease(engine, ttl_seconds=ttl_seconds)


class Lock:
    """Leads while its own connection to the server lives: the server frees the lock when the process dies."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._leads = False

    def lead(self) -> bool:
        """Take the lock or make sure that the session which holds it is alive."""
        try:
            if self._connection is None:
                self._connection = leadership.lock_connection(self._engine)
            if self._leads:
                self._leads = leadership.still_locked(self._connection)
            else:
                self._leads = leadership.try_lock(self._connection, NAME)
        except DBAPIError:
            self._leads = False
        if not self._leads and self._connection is not None and not leadership.still_locked(self._connection):
            self.leave()
        return self._leads

    def leave(self) -> None:
        """Close the connection, and with it the lock."""
        self._leads = False
        if self._connection is not None:
            with suppress(DBAPIError):
                self._connection.close()
            self._connection = None


class Lease:
    """Leads while its row has not run out; when the database is too busy to renew it, until that moment at most."""

    def __init__(self, engine: Engine, *, ttl_seconds: float) -> None:
        self._engine = engine
        self._ttl = ttl_seconds
        self._holder = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._until = 0.0

    def lead(self) -> bool:
        """Renew the lease or take one that nobody holds."""
        asked = time.monotonic()
        try:
            if self._take():
                self._until = asked + self._ttl
                return True
            self._until = 0.0
        except DBAPIError:
            pass
        return time.monotonic() < self._until

    def leave(self) -> None:
        """Give the lease back, unless it is somebody else's by now."""
        self._until = 0.0
        with suppress(DBAPIError), db.transaction(self._engine) as session:
            now = clock.now()
            if leases.renew(session, NAME, holder=self._holder, now=now, until=now):
                leases.drop(session, [NAME])

    def _take(self) -> bool:
        with db.transaction(self._engine) as session:
            now = clock.now()
            until = now + dt.timedelta(seconds=self._ttl)
            if leases.renew(session, NAME, holder=self._holder, now=now, until=until):
                return True
            return NAME in leases.take(session, [NAME], holder=self._holder, now=now, until=until)
