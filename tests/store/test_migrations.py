"""The migrations: one line of them, up and down and up again, and nothing in the tables they do not make."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.store import db
from app.store.schema import APPEND_ONLY, metadata


def test_there_is_one_newest_version(sqlite_engine: sa.Engine) -> None:
    assert len(ScriptDirectory.from_config(db.alembic_config(sqlite_engine)).get_heads()) == 1


def test_every_migration_goes_up_and_down_and_up_again(empty_database_url: str) -> None:
    engine = db.create_engine(empty_database_url)
    config = db.alembic_config(engine)
    assert db.is_blank(engine)
    db.migrate(engine)
    made = sorted(sa.inspect(engine).get_table_names())
    command.downgrade(config, "base")
    assert sorted(sa.inspect(engine).get_table_names()) == ["alembic_version"]
    assert db.migrate(engine) == db.newest(engine)
    assert sorted(sa.inspect(engine).get_table_names()) == made
    engine.dispose()


def test_the_migrations_make_the_tables_as_they_are_written_down(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []


def test_posted_rows_cannot_be_changed_or_deleted(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            found = connection.execute(sa.text("SELECT tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
        else:
            found = connection.execute(
                sa.text("SELECT event_object_table, event_manipulation FROM information_schema.triggers")
            ).all()
    guarded = {
        table.name: {
            verb for name, text in found if name == table.name for verb in ("UPDATE", "DELETE") if verb in text
        }
        for table in APPEND_ONLY
    }
    assert guarded == {table.name: {"UPDATE", "DELETE"} for table in APPEND_ONLY}
