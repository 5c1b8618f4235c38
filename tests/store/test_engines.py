"""The test databases themselves: migrated, empty, and each test's own."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Engine

from app.store import db


def test_a_test_gets_a_migrated_database_on_each_engine(engine: Engine, database_kind: str) -> None:
    assert engine.dialect.name == {"sqlite": "sqlite", "postgres": "postgresql"}[database_kind]
    assert db.head(engine)


def test_an_empty_database_has_no_schema(empty_database_url: str) -> None:
    engine = db.create_engine(empty_database_url)
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()


def test_postgres_alone_is_postgres(postgres_engine: Engine) -> None:
    assert postgres_engine.dialect.name == "postgresql"
