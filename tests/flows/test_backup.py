"""A backup comes back as it was, on either engine, and never over anything."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from app.domain.errors import Refusal
from app.jobs import backup
from app.store import db, dump, tables, tables_office
from tests.databases import PostgresDatabases, SqliteDatabases

NOON = dt.datetime(2026, 3, 1, 4, tzinfo=dt.UTC)


@pytest.fixture
def office(engine: Engine, tmp_path: Path) -> Path:
    """Fill the database and a data folder with one of each kind of value."""
    with db.transaction(engine) as session:
        session.execute(
            sa.insert(tables.community).values(id=3, name="锦绣花园", contract_on=dt.date(2025, 2, 28), roll_due=True)
        )
        session.execute(
            sa.insert(tables_office.audit_event).values(
                at=NOON, actor="clerk", action="payment.record", subject="unit:1", facts='{"fen": 5}'
            )
        )
    folder = tmp_path / "data"
    (folder / "files" / "ab").mkdir(parents=True)
    (folder / "files" / "ab" / "cd").write_bytes(b"%PDF-1.7")
    (folder / "secret.key").write_bytes(b"k" * 32)
    (folder / "backups").mkdir()
    (folder / "backups" / "old.zip").write_bytes(b"old")
    return folder


def everything(engine: Engine) -> dict[str, list[list[object]]]:
    with dump.snapshot(engine) as connection:
        return {table.name: list(dump.rows(connection, table)) for table in dump.tables()}


def test_a_backup_restores_into_sqlite_row_for_row(engine: Engine, office: Path, tmp_path: Path) -> None:
    written = backup.write(engine, data_dir=office, target=tmp_path / "b.zip")
    assert backup.measure(engine, data_dir=office) == backup.Written("", written.rows, written.files)
    restored = backup.restore(tmp_path / "b.zip", into=tmp_path / "new")
    assert restored == written
    assert (written.files, written.rows >= 2) == (2, True)
    copy = db.create_engine(f"sqlite:///{tmp_path / 'new' / backup.DATABASE_NAME}")
    assert everything(copy) == everything(engine)
    assert db.head(copy) == db.newest(copy)
    copy.dispose()
    assert (tmp_path / "new" / "files" / "ab" / "cd").read_bytes() == b"%PDF-1.7"
    assert not (tmp_path / "new" / "backups").exists()


def test_an_office_moves_from_either_engine_to_either(
    engine: Engine, office: Path, tmp_path: Path, databases: SqliteDatabases | PostgresDatabases
) -> None:
    backup.write(engine, data_dir=office, target=tmp_path / "b.zip")
    url = databases.new(migrated=False)
    backup.restore(tmp_path / "b.zip", into=tmp_path / "new", url=url)
    copy = db.create_engine(url)
    assert everything(copy) == everything(engine)
    with db.transaction(copy) as session:  # the next row gets the next number
        session.execute(sa.insert(tables.community).values(name="新城"))
        assert session.execute(sa.select(sa.func.max(tables.community.c.id))).scalar_one() == 4
    copy.dispose()
    databases.drop(url)


def test_a_backup_never_overwrites_a_file(engine: Engine, office: Path, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_text("mine")
    with pytest.raises(Refusal, match="target_exists"):
        backup.write(engine, data_dir=office, target=tmp_path / "b.zip")
    assert (tmp_path / "b.zip").read_text() == "mine"


def test_a_restore_never_touches_a_folder_in_use(sqlite_engine: Engine, tmp_path: Path) -> None:
    backup.write(sqlite_engine, data_dir=tmp_path / "none", target=tmp_path / "b.zip")
    (tmp_path / "live").mkdir()
    (tmp_path / "live" / backup.DATABASE_NAME).write_text("live")
    with pytest.raises(Refusal, match="folder_not_empty"):
        backup.restore(tmp_path / "b.zip", into=tmp_path / "live")


def test_a_restore_never_touches_a_database_in_use(engine: Engine, tmp_path: Path) -> None:
    backup.write(engine, data_dir=tmp_path / "none", target=tmp_path / "b.zip")
    url = engine.url.render_as_string(hide_password=False)
    with pytest.raises(Refusal, match="database_not_empty"):
        backup.restore(tmp_path / "b.zip", into=tmp_path / "new", url=url)
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.parametrize("text", [b"", b"not a zip", b"PK\x03\x04 half"])
def test_what_is_no_backup_is_refused(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(text)
    with pytest.raises(Refusal, match="not_a_backup"):
        backup.restore(tmp_path / "b.zip", into=tmp_path / "new")
    assert not (tmp_path / "new").exists()


def altered(source: Path, target: Path, member: str, text: bytes) -> None:
    """Copy a backup with one member exchanged."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, text if name == member else old.read(name))


def test_a_changed_row_is_noticed(engine: Engine, office: Path, tmp_path: Path) -> None:
    backup.write(engine, data_dir=office, target=tmp_path / "b.zip")
    altered(tmp_path / "b.zip", tmp_path / "c.zip", "tables/community.jsonl", b"[]\n")
    with pytest.raises(Refusal, match="damaged"):
        backup.check(tmp_path / "c.zip")


@pytest.mark.parametrize("name", ["../evil", "/etc/evil"])
def test_a_file_never_lands_outside_the_folder(name: str, sqlite_engine: Engine, tmp_path: Path) -> None:
    backup.write(sqlite_engine, data_dir=tmp_path / "none", target=tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        manifest = json.loads(archive.read(backup.MANIFEST))
    manifest["files"][name] = "0" * 64
    altered(tmp_path / "b.zip", tmp_path / "c.zip", backup.MANIFEST, json.dumps(manifest).encode())
    with pytest.raises(Refusal, match="damaged"):
        backup.restore(tmp_path / "c.zip", into=tmp_path / "new")


def test_a_backup_of_a_newer_version_is_refused(sqlite_engine: Engine, tmp_path: Path) -> None:
    backup.write(sqlite_engine, data_dir=tmp_path / "none", target=tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        manifest = json.loads(archive.read(backup.MANIFEST))
    altered(tmp_path / "b.zip", tmp_path / "c.zip", backup.MANIFEST, json.dumps(manifest | {"head": "9999"}).encode())
    with pytest.raises(Refusal, match="newer_version"):
        backup.restore(tmp_path / "c.zip", into=tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []


def test_rows_that_refer_to_nothing_are_refused(sqlite_engine: Engine, tmp_path: Path) -> None:
    path = sqlite_engine.url.database
    assert path
    with closing(sqlite3.connect(path)) as file, file:  # the driver's own default leaves references unchecked
        file.execute("INSERT INTO user_community (user_id, community_id) VALUES (77, 78)")
    backup.write(sqlite_engine, data_dir=tmp_path / "none", target=tmp_path / "b.zip")
    with pytest.raises(Refusal, match="references_missing"):
        backup.restore(tmp_path / "b.zip", into=tmp_path / "new")
