"""Checks the books, the files behind them and the log: recomputed, and every stored file against its hash."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine

from app.store import audit_chain, db, verify
from app.store.verify import Problem, Report


def examine(engine: Engine, *, files_dir: Path) -> Report:
    """Return what was checked and what differs; nothing is changed, and files are read outside the transaction."""
    with db.reading(engine) as session:
        report = verify.ledger_report(session)
        wanted = verify.stored_files(session)
        events, broken = audit_chain.problems(session)
    problems = [problem for number, digest in wanted if (problem := _file_fault(files_dir, number, digest))]
    checked = dict(report.checked) | {"files": len(wanted), "events": events}
    return replace(report, checked=checked, problems=(*report.problems, *problems, *broken))


def _file_fault(folder: Path, number: str, digest: str) -> Problem | None:
    path = folder / digest[:2] / digest
    try:
        with path.open("rb") as source:
            found = hashlib.file_digest(source, "sha256").hexdigest()
    except OSError:
        return Problem(f"document:{number}", "verify.file_missing")
    return None if found == digest else Problem(f"document:{number}", "verify.file_changed")
