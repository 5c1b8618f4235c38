"""The whole database as plain rows and back, the same for both engines, so that either can be restored into either."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, LargeBinary, Table

from app.domain.errors import conflict
from app.store.schema import metadata
from app.store.types import CivilDate, Instant

BATCH: Final = 5_000
Kinds = Mapping[str, str]


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """Open one view of the database that writers going on meanwhile do not change."""
    options: dict[str, Any] = {"qingqian_readonly": True}
    if engine.dialect.name == "postgresql":
        options["isolation_level"] = "REPEATABLE READ"
    with engine.execution_options(**options).connect() as connection, connection.begin():
        yield connection


def tables() -> tuple[Table, ...]:
    """Return every table, those that are referred to before those that refer."""
    return tuple(metadata.sorted_tables)


def kinds(table: Table) -> dict[str, str]:
    """Return how each column's values are written down: day, instant, bytes or plain."""
    return {column.name: _kind(column.type) for column in table.columns}


def rows(connection: Connection, table: Table) -> Iterator[list[Any]]:
    """Yield the table's rows in the order of its key, as values JSON can hold."""
    writers = [_WRITE[kind] for kind in kinds(table).values()]
    found = connection.execution_options(yield_per=BATCH).execute(sa.select(table).order_by(*table.primary_key))
    for row in found:
        yield [None if value is None else write(value) for write, value in zip(writers, row, strict=True)]


def line(row: Sequence[Any]) -> bytes:
    """Return one row as one line."""
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def is_empty(engine: Engine) -> bool:
    """Tell whether the database holds no table at all."""
    return not sa.inspect(engine).get_table_names()


@contextmanager
def filling(engine: Engine) -> Iterator[Connection]:
    """Open the one transaction that fills an empty database, and set the counters of its keys at the end.

    Foreign keys are checked when all is in, since a row may refer to a later one (a unit to its main unit).
    """
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            with connection.begin():
                _defer(connection, "DEFERRABLE INITIALLY DEFERRED")
                yield connection
                connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
                _defer(connection, "NOT DEFERRABLE")
                _set_sequences(connection)
            return
        _check_references(connection, "OFF")
        with connection.begin():
            yield connection
            if connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise conflict("backup.references_missing")
        _check_references(connection, "ON")


def _check_references(connection: Connection, state: str) -> None:
    """Switch SQLite's foreign keys; said to the driver itself, since it counts only outside a transaction."""
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute(f"PRAGMA foreign_keys={state}")


def _defer(connection: Connection, when: str) -> None:
    """Say when PostgreSQL checks the foreign keys."""
    look = sa.inspect(connection)
    quote = connection.dialect.identifier_preparer.quote
    for table in look.get_table_names():
        for key in look.get_foreign_keys(table):
            connection.exec_driver_sql(f"ALTER TABLE {quote(table)} ALTER CONSTRAINT {quote(str(key['name']))} {when}")


def insert(connection: Connection, name: str, columns: Kinds, lines: Iterable[bytes]) -> int:
    """Put the rows of one table back; return how many there were."""
    target = sa.table(name, *[sa.column(column, _TYPE[kind]()) for column, kind in columns.items()])
    readers = [_READ[kind] for kind in columns.values()]
    batch: list[dict[str, Any]] = []
    count = 0
    for text in lines:
        values = json.loads(text)
        batch.append(
            {
                column: None if value is None else read(value)
                for column, read, value in zip(columns, readers, values, strict=True)
            }
        )
        if len(batch) == BATCH:
            connection.execute(sa.insert(target), batch)
            count += len(batch)
            batch.clear()
    if batch:
        connection.execute(sa.insert(target), batch)
    return count + len(batch)


def _set_sequences(connection: Connection) -> None:
    for table in tables():
        if "id" in table.columns and sa.inspect(connection).has_table(table.name):
            connection.execute(
                sa.text(
                    "SELECT setval(pg_get_serial_sequence(:name, 'id'), (SELECT max(id) FROM " + table.name + "))"  # noqa: S608 - a name of ours
                    " WHERE pg_get_serial_sequence(:name, 'id') IS NOT NULL"
                ),
                {"name": table.name},
            )


def _kind(column: object) -> str:
    match column:
        case CivilDate():
            return "day"
        case Instant():
            return "instant"
        case LargeBinary():
            return "bytes"
        case sa.Boolean():
            return "truth"
        case _:
            return "plain"


_WRITE: Mapping[str, Callable[[Any], Any]] = {
    "day": dt.date.isoformat,
    "instant": dt.datetime.isoformat,
    "bytes": lambda value: base64.b64encode(value).decode(),
    "truth": bool,
    "plain": lambda value: value,
}
_READ: Mapping[str, Callable[[Any], Any]] = {
    "day": dt.date.fromisoformat,
    "instant": dt.datetime.fromisoformat,
    "bytes": base64.b64decode,
    "truth": bool,
    "plain": lambda value: value,
}
_TYPE: Mapping[str, type[sa.types.TypeEngine[Any]]] = {
    "day": CivilDate,
    "instant": Instant,
    "bytes": LargeBinary,
    "truth": sa.Boolean,
    "plain": sa.types.NullType,
}
