"""Checks the books, the files, the log and the evidence: recomputed, every file, seal and timestamp checked again."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import replace
from pathlib import Path

from asn1crypto import x509
from sqlalchemy import Engine

from app.gateways import timestamps
from app.jobs.outside import Trust
from app.store import audit_chain, clock_checks, db, evidence_checks, evidence_reads, evidence_roots, verify
from app.store.problems import Problem, Report


def examine(engine: Engine, *, files_dir: Path, trust: Trust | None = None) -> Report:
    """Return what was checked and what differs; nothing is changed, and files are read outside the transaction.

    With ``trust`` seals are opened and timestamps go up to the roots that are set; without, timestamps are believed to
    come from whom they name, and of sealed documents the bytes are checked.
    """
    with db.reading(engine) as session:
        report = verify.ledger_report(session)
        wanted = verify.stored_files(session)
        events, broken = audit_chain.problems(session)
        counts, forged = evidence_checks.problems(session)
        clocks, wrong = clock_checks.problems(session)
        tokens, sealed = evidence_roots.tokens(session), evidence_reads.sealed_files(session)
    problems = [problem for number, digest in wanted if (problem := _file_fault(files_dir, number, digest))]
    checked = dict(report.checked) | counts | {"files": len(wanted), "events": events}
    checked |= {"timestamps": len(tokens), "sealed": len(sealed), "clocks": clocks}
    stamps = [problem for token in tokens for problem in _token_faults(token, trust)]
    seals = [problem for name, digest in sealed for problem in _seal_faults(files_dir, name, digest, trust)]
    found = (*report.problems, *problems, *broken, *forged, *wrong, *stamps, *seals)
    return replace(report, checked=checked, problems=found)


def _token_faults(row: tuple[dt.date, bytes, bytes, bool], trust: Trust | None) -> list[Problem]:
    day_on, digest, token, is_demo = row
    roots: tuple[x509.Certificate, ...] = ()
    if trust is not None:
        roots = (trust.demo_root,) if is_demo else trust.authorities
    return [Problem(f"timestamp:{day_on}", fault) for fault in timestamps.check(token, digest, trusted=roots)]


def _seal_faults(folder: Path, name: str, digest: str, trust: Trust | None) -> list[Problem]:
    """Check a sealed document: its bytes first, then every seal in it."""
    fault = _file_fault(folder, name, digest)
    if fault is not None:
        return [replace(fault, where=name)]
    if trust is None:
        return []
    found = trust.sealer.validate((folder / digest[:2] / digest).read_bytes())
    return [Problem(name, what) for what in found.faults]


def _file_fault(folder: Path, number: str, digest: str) -> Problem | None:
    path = folder / digest[:2] / digest
    try:
        with path.open("rb") as source:
            found = hashlib.file_digest(source, "sha256").hexdigest()
    except OSError:
        return Problem(f"document:{number}", "verify.file_missing")
    return None if found == digest else Problem(f"document:{number}", "verify.file_changed")
