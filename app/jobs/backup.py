"""Writes the whole office into one file, and brings it back beside a live one, never over it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from sqlalchemy import Engine

from app.domain.errors import Refusal, conflict
from app.jobs import verification
from app.store import db, dump

MANIFEST: Final = "manifest.json"
FORMAT: Final = "qingqian-backup/1"
DATABASE_NAME: Final = "qingqian.sqlite3"
CHUNK: Final = 1 << 20
# The database goes in as rows; older backups stay where they are.
NOT_KEPT: Final = (DATABASE_NAME, f"{DATABASE_NAME}-wal", f"{DATABASE_NAME}-shm", "backups")


@dataclass(frozen=True, slots=True)
class Written:
    """What a backup holds; ``sha256`` is of the whole file."""

    sha256: str
    rows: int
    files: int


def write(engine: Engine, *, data_dir: Path, target: Path) -> Written:
    """Write ``target``; it appears under its name only when it is complete and was read back."""
    if target.exists():
        raise conflict("backup.target_exists", path=str(target))
    draft = target.with_name(f".{target.name}.part")
    target.parent.mkdir(parents=True, exist_ok=True)
    manifest: dict[str, Any] = {"format": FORMAT, "head": db.head(engine), "tables": [], "files": {}}
    try:
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            with dump.snapshot(engine) as connection:
                for table in dump.tables():
                    entry = {"name": table.name, "columns": dump.kinds(table)}
                    with archive.open(f"tables/{table.name}.jsonl", "w", force_zip64=True) as sink:
                        entry |= _copy((dump.line(row) for row in dump.rows(connection, table)), sink)
                    manifest["tables"].append(entry)
            for path in kept_files(data_dir):
                name = path.relative_to(data_dir).as_posix()
                with path.open("rb") as source, archive.open(f"files/{name}", "w", force_zip64=True) as sink:
                    manifest["files"][name] = _copy(iter(lambda: source.read(CHUNK), b""), sink)["sha256"]
            archive.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
        _read_manifest(draft)
        draft.chmod(0o600)  # personal data, and the key that opens it
        os.replace(draft, target)  # noqa: PTH105 - the atomic one, on purpose
    finally:
        draft.unlink(missing_ok=True)
    return Written(_sha256(target), sum(entry["rows"] for entry in manifest["tables"]), len(manifest["files"]))


def measure(engine: Engine, *, data_dir: Path) -> Written:
    """Return what a backup taken now would hold, without writing it."""
    with dump.snapshot(engine) as connection:
        rows = sum(1 for table in dump.tables() for _ in dump.rows(connection, table))
    return Written("", rows, sum(1 for _ in kept_files(data_dir)))


def check(source: Path) -> Written:
    """Read a backup from end to end; refuse it where a single byte differs from its manifest."""
    manifest = _read_manifest(source)
    return Written(_sha256(source), sum(entry["rows"] for entry in manifest["tables"]), len(manifest["files"]))


def restore(source: Path, *, into: Path, url: str = "") -> Written:
    """Bring a backup back: files and, unless ``url`` names an empty database, SQLite in the folder ``into``.

    The folder must be new or empty. A restore that fails leaves nothing behind in it.
    """
    found = check(source)
    if into.exists() and any(into.iterdir()):
        raise conflict("backup.folder_not_empty", path=str(into))
    into.mkdir(parents=True, exist_ok=True)
    engine = _engine(into, url)
    try:
        if not dump.is_empty(engine):
            raise conflict("backup.database_not_empty")
        with zipfile.ZipFile(source) as archive:
            manifest = json.loads(archive.read(MANIFEST))
            _fill(engine, archive, manifest)
            for name in manifest["files"]:
                path = into / _safe(name)
                path.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(f"files/{name}") as packed, path.open("wb") as sink:
                    shutil.copyfileobj(packed, sink, CHUNK)
    except BaseException:
        engine.dispose()
        for path in into.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        raise
    engine.dispose()
    return found


def examine(folder: Path, *, url: str = "") -> list[dict[str, str]]:
    """Return what is wrong with the books and files of a restored installation; a good backup has nothing."""
    engine = _engine(folder, url)
    try:
        report = verification.examine(engine, files_dir=folder / "files")
    finally:
        engine.dispose()
    return [{"where": problem.where, "what": problem.what} for problem in report.problems]


def kept_files(data_dir: Path) -> Iterator[Path]:
    """Yield every file of the data folder that a backup keeps, sorted."""
    if data_dir.is_dir():
        for path in sorted(data_dir.rglob("*")):
            inside = path.relative_to(data_dir).parts[0] not in NOT_KEPT
            if inside and path.is_file() and not path.name.endswith(".part"):
                yield path


def _engine(folder: Path, url: str) -> Engine:
    return db.create_engine(url or f"sqlite:///{(folder / DATABASE_NAME).absolute()}")


def _fill(engine: Engine, archive: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    """Build the schema as it was, put the rows back, then bring it to this version."""
    if not db.knows(engine, manifest["head"]):
        raise conflict("backup.newer_version", head=manifest["head"])
    db.migrate(engine, to=manifest["head"])
    with dump.filling(engine) as connection:
        for entry in manifest["tables"]:
            with archive.open(f"tables/{entry['name']}.jsonl") as lines:
                dump.insert(connection, entry["name"], entry["columns"], lines)
    db.migrate(engine)


def _copy(parts: Iterator[bytes], sink: IO[bytes]) -> dict[str, Any]:
    digest, count = hashlib.sha256(), 0
    for part in parts:
        digest.update(part)
        sink.write(part)
        count += 1
    return {"rows": count, "sha256": digest.hexdigest()}


def _read_manifest(source: Path) -> dict[str, Any]:
    """Return the manifest of a backup whose every member has the hash it names."""
    try:
        with zipfile.ZipFile(source) as archive:
            manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
            if manifest["format"] != FORMAT:
                raise Refusal("backup.not_a_backup", path=source.name)
            wanted = {f"tables/{entry['name']}.jsonl": entry["sha256"] for entry in manifest["tables"]}
            wanted |= {f"files/{_safe(name)}": digest for name, digest in manifest["files"].items()}
            for name, digest in wanted.items():
                with archive.open(name) as member:
                    if hashlib.file_digest(member, "sha256").hexdigest() != digest:  # type: ignore[arg-type]
                        raise Refusal("backup.damaged", path=source.name, member=name)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise Refusal("backup.not_a_backup", path=source.name) from error
    return manifest


def _safe(name: str) -> str:
    """Return a member's name, refused where it would leave the folder."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise Refusal("backup.damaged", path="", member=name)
    return name


def _sha256(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
