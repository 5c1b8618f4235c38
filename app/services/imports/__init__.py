"""Bringing an office's workbooks in: a preview that writes nothing, and the same thing written as batches."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.services.imports.report import FileReport, Options, Report, Said, answer, report, summary
from app.services.imports.standing import match
from app.services.imports.undoing import Undone, undo
from app.services.imports.writing import write_estate, write_money
from app.sheets.records import ParsedBook
from app.sheets.report import kind_of as answer_kind
from app.store import audit, estate, import_mappings, imports
from app.store.types import canonical

__all__ = ["FileReport", "Options", "Report", "Said", "Undone", "answer", "commit", "preview", "undo"]


def preview(session: Session, *, books: Sequence[ParsedBook], options: Options, today: dt.date) -> Report:
    """Return what ``commit`` would do; nothing is written.

    Raises:
        Refusal: ``import.communities_differ``, ``import.community_unclear``, ``import.bad_due_day``.

    """
    work = match(session, books=books, options=options, today=today, is_writing=False)
    return report(work, books=books, batches={})


def commit(
    session: Session,
    *,
    books: Sequence[ParsedBook],
    options: Options,
    today: dt.date,
    now: dt.datetime,
    actor_id: int | None,
    actor: str,
    said: Sequence[Said] = (),
) -> Report:
    """Write the good rows of the files, each file as one batch; a file that was imported before adds nothing.

    ``said`` is what a clerk said of headers: it is remembered, so that the next file with them is read the same way.

    Raises:
        Refusal: as ``preview``, what the ledger refuses, and ``import.community_just_made`` when another first import
            made the community meanwhile.

    """
    work = match(session, books=books, options=options, today=today, is_writing=True)
    if not any(tally.created or tally.updated for tally in work.plan.tallies):
        _remember(session, work.community_id, said, now=now, actor_id=actor_id)
        return report(work, books=books, batches={})
    if work.community_id is None:
        work.community_id = estate.create_community(session, name=work.community)
    _remember(session, work.community_id, said, now=now, actor_id=actor_id)
    batches: dict[int, int] = {}
    for number in sorted({tally.file for tally in work.plan.tallies if tally.created or tally.updated}):
        book = books[number]
        if book.sha256 in work.known:
            batches[number] = work.known[book.sha256].id
            continue
        row = {
            "community_id": work.community_id,
            "file_name": book.file_name[:200],
            "sha256": book.sha256,
            "kind": answer_kind(book.sheets),
            "created_by": actor_id,
            "created_at": now,
        }
        batches[number] = imports.add_batch(session, row)
    write_estate(session, work=work, batches=batches, options=options)
    write_money(session, work=work, batches=batches, today=today, now=now, actor_id=actor_id)
    told = report(work, books=books, batches=batches)
    for file in told.files:
        if file.batch_id is not None:
            imports.set_summary(session, file.batch_id, canonical(summary(file)))
            audit.record(
                session, at=now, actor=actor, action="import.committed", subject=f"import:{file.batch_id}",
                community_id=work.community_id,
            )  # fmt: skip
    return told


def _remember(
    session: Session, community_id: int | None, said: Sequence[Said], *, now: dt.datetime, actor_id: int | None
) -> None:
    if community_id is None:
        return
    for one in said:
        import_mappings.remember(
            session,
            community_id=community_id,
            fingerprint=one.fingerprint,
            sheet_name=one.sheet_name,
            choice=one.choice,
            at=now,
            by=actor_id,
        )
