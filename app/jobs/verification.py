"""Checks the books and the files behind them: the ledger recomputed, every stored file against its hash."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine

from app.store import db, verify
from app.store.verify import Problem, Report


def examine(engine: Engine, *, files_dir: Path) -> Report:
    """Return what was checked and what differs; nothing is changed, and files are read outside the transaction."""
    with db.reading(engine) as session:
        report = verify.ledger_report(session)
        wanted = verify.stored_files(session)
    problems = [problem for number, digest in wanted if (problem := _file_fault(files_dir, number, digest))]
    checked = dict(report.checked) | {"files": len(wanted)}
    return replace(report, checked=checked, problems=(*report.problems, *problems))


def _file_fault(folder: Path, number: str, digest: str) -> Problem | None:
    path = folder / digest[:2] / digest
    try:
        with path.open("rb") as source:
            found = hashlib.file_digest(source, "sha256").hexdigest()
    except OSError:
        return Problem(f"document:{number}", "verify.file_missing")
    return None if found == digest else Problem(f"document:{number}", "verify.file_changed")
