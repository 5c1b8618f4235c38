"""Engines, the one place where a transaction commits, and what differs between the dialects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import ColumnElement, Connection, Engine, Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from app.domain.errors import Refusal

ROOT = Path(__file__).resolve().parents[2]


def create_engine(url: str, *, pool_size: int = 8) -> Engine:
    """Return an engine for ``url`` with the pragmas and isolation this product relies on."""
    if url.startswith("postgresql://"):
        url = "postgresql+psycopg://" + url.removeprefix("postgresql://")
    if not url.startswith("sqlite"):
        return sa.create_engine(url, pool_size=pool_size, pool_pre_ping=True, hide_parameters=True)
    path = sa.engine.make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    options = {"timeout": 30, "check_same_thread": False}
    # the values of a statement are people's data: an error never tells them
    engine = sa.create_engine(url, connect_args=options, pool_size=pool_size, hide_parameters=True)
    event.listen(engine, "connect", _sqlite_connect)
    event.listen(engine, "begin", _sqlite_begin)
    return engine


def _sqlite_connect(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own type
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "busy_timeout=30000",
        "foreign_keys=ON",
        "cache_size=-65536",
        "mmap_size=1073741824",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    readonly = connection.get_execution_options().get("qingqian_readonly", False)
    connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")


@contextmanager
def rehearsing(session: Session) -> Iterator[None]:
    """Let something be tried inside a transaction and leave nothing of it behind; what it refuses is refused."""
    with session.begin_nested() as trial:
        yield
        trial.rollback()


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """Open the one writing transaction of a request or job; commit at its end, roll back on any error."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def rehearsal(engine: Engine) -> Iterator[Callable[[], AbstractContextManager[Session]]]:
    """Yield what stands for ``transaction(engine)`` in work that is to be taken back: nothing of it is committed."""
    with Session(engine, expire_on_commit=False) as session:

        @contextmanager
        def opening() -> Iterator[Session]:
            with session.begin_nested():
                yield session

        yield opening
        session.rollback()


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """Open a transaction that only reads: it never waits for a writer on SQLite."""
    bound = engine.execution_options(qingqian_readonly=True)
    with Session(bound, expire_on_commit=False) as session, session.begin():
        yield session


def alembic_config(engine: Engine) -> Config:
    """Return Alembic's configuration bound to ``engine``."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["engine"] = engine
    return config


def migrate(engine: Engine, *, to: str = "head") -> str:
    """Bring the schema to a version, by default the newest, and return that version's name."""
    config = alembic_config(engine)
    command.upgrade(config, to)
    return head(engine)


def rebuild(engine: Engine) -> None:
    """Empty the database: every table goes, the ledger too, and an empty schema of the newest version stays."""
    command.downgrade(alembic_config(engine), "base")
    migrate(engine)


def is_blank(engine: Engine) -> bool:
    """Tell whether the database holds no table at all, ours or anybody's."""
    with engine.connect() as connection:
        return not sa.inspect(connection).get_table_names()


def head(engine: Engine) -> str:
    """Return the version the database is at, or an empty string when it has no schema."""
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return ""
        return str(connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one())


def newest(engine: Engine) -> str:
    """Return the newest version the migrations know."""
    return ScriptDirectory.from_config(alembic_config(engine)).get_current_head() or ""


def knows(engine: Engine, version: str) -> bool:
    """Tell whether the migrations know a version by that name."""
    scripts = ScriptDirectory.from_config(alembic_config(engine)).walk_revisions()
    return version in {script.revision for script in scripts}


# --- what differs between the dialects ------------------------------------------------------------


def is_sqlite(session: Session) -> bool:
    """Tell which of the two engines is spoken to."""
    return session.get_bind().dialect.name == "sqlite"


def insert_new(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert the rows whose unique keys are not there yet; return how many went in."""
    if not rows:
        return 0
    make = sqlite.insert if is_sqlite(session) else postgresql.insert
    key = next(iter(table.primary_key.columns), next(iter(table.columns)))
    statement = make(table).on_conflict_do_nothing().returning(key)
    return len(session.execute(statement, list(rows)).all())


def insert_many(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert the rows and return their ids in the order given; all rows name the same columns.

    SQLite can tell the ids of many rows in order only one statement a row. Its write lock is ours until the commit,
    so the ids are counted on from the last one instead.
    """
    if not rows:
        return []
    if not is_sqlite(session):
        statement = sa.insert(table).returning(table.c.id, sort_by_parameter_order=True)
        return list(session.execute(statement, list(rows)).scalars())
    first = session.execute(sa.select(sa.func.coalesce(sa.func.max(table.c.id), 0) + 1)).scalar_one()
    ids = list(range(first, first + len(rows)))
    session.execute(sa.insert(table), [{"id": number, **row} for number, row in zip(ids, rows, strict=True)])
    return ids


def insert_one_new(session: Session, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert ``row`` unless its unique key is there; tell whether it went in."""
    make = sqlite.insert if is_sqlite(session) else postgresql.insert
    key = next(iter(table.primary_key.columns), next(iter(table.columns)))
    statement = make(table).values(**row).on_conflict_do_nothing().returning(key)
    return session.execute(statement).first() is not None


def insert_from(session: Session, table: Table, columns: Sequence[str], query: sa.Select[Any]) -> int:
    """Insert what ``query`` yields, skipping rows whose unique keys are there; return how many went in."""
    make = sqlite.insert if is_sqlite(session) else postgresql.insert
    statement = make(table).from_select(list(columns), query).on_conflict_do_nothing()
    # SQLAlchemy keeps the row count of an INSERT only when asked
    result = session.execute(statement, execution_options={"preserve_rowcount": True})
    return int(result.rowcount)  # type: ignore[attr-defined]


def upsert(session: Session, table: Table, row: Mapping[str, Any], keys: Sequence[str]) -> None:
    """Insert ``row`` or, where its keys exist, overwrite its other columns."""
    make = sqlite.insert if is_sqlite(session) else postgresql.insert
    statement = make(table).values(**row)
    rest = {name: statement.excluded[name] for name in row if name not in keys}
    session.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=rest))


class _Least(GenericFunction[int]):
    inherit_cache = True
    name = "qingqian_least"


class _Greatest(GenericFunction[int]):
    inherit_cache = True
    name = "qingqian_greatest"


@compiles(_Least)
def _compile_least(element: _Least, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401 - SQLAlchemy's own
    return f"least({compiler.process(element.clauses, **kw)})"


@compiles(_Least, "sqlite")
def _compile_least_sqlite(element: _Least, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401 - SQLAlchemy's own
    return f"min({compiler.process(element.clauses, **kw)})"


@compiles(_Greatest)
def _compile_greatest(element: _Greatest, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401 - SQLAlchemy's own
    return f"greatest({compiler.process(element.clauses, **kw)})"


@compiles(_Greatest, "sqlite")
def _compile_greatest_sqlite(element: _Greatest, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401 - SQLAlchemy's own
    return f"max({compiler.process(element.clauses, **kw)})"


def least(left: ColumnElement[int], right: ColumnElement[int]) -> ColumnElement[int]:
    """Return the smaller of two integers, neither of them NULL."""
    return _Least(left, right, type_=sa.BigInteger())


def greatest(left: ColumnElement[int], right: ColumnElement[int] | int) -> ColumnElement[int]:
    """Return the larger of two integers, neither of them NULL."""
    return _Greatest(left, right, type_=sa.BigInteger())


def half_up(numerator: ColumnElement[int], denominator: ColumnElement[int] | int) -> ColumnElement[int]:
    """Return ``numerator / denominator`` rounded half up; the numerator must not be negative."""
    return (numerator * 2 + denominator) // (denominator * 2)


def check_text(table: Table, row: Mapping[str, Any]) -> None:
    """Refuse text PostgreSQL would refuse: longer than its column, or with a NUL; SQLite would take either.

    Raises:
        Refusal: ``text.too_long`` or ``text.unreadable``, naming the column.

    """
    for name, value in row.items():
        if not isinstance(value, str):
            continue
        limit = getattr(table.c[name].type, "length", None)
        if limit is not None and len(value) > limit:
            raise Refusal("text.too_long", field=name, limit=limit)
        if "\x00" in value:
            raise Refusal("text.unreadable", field=name)


def lock_row(session: Session, statement: sa.Select[Any]) -> sa.Select[Any]:
    """Lock the rows a statement finds until the commit (SQLite holds its write lock already)."""
    return statement if is_sqlite(session) else statement.with_for_update()
