"""What the pages and the check ask of the evidence: sealed documents, counts, and who has a chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.evidence import TokenState
from app.store.tables import unit
from app.store.tables_evidence import evidence_entry, evidence_seal, sealed_document, timestamp_task


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is."""

    entries: int
    units: int
    sealed: int
    unstamped: int


def counts(session: Session) -> Counts:
    """Return how much there is of everything."""

    def count(query: sa.Select[Any]) -> int:
        return int(session.execute(query).scalar_one())

    return Counts(
        entries=count(sa.select(sa.func.count()).select_from(evidence_seal)),
        units=count(sa.select(sa.func.count(evidence_seal.c.unit_id.distinct()))),
        sealed=count(sa.select(sa.func.count()).select_from(sealed_document)),
        unstamped=count(
            sa.select(sa.func.count())
            .select_from(timestamp_task)
            .where(timestamp_task.c.state != TokenState.STAMPED.value)
        ),
    )


def add_sealed(session: Session, **row: Any) -> int:  # noqa: ANN401 - the columns of the table
    """Remember a sealed document; the very same file twice is one."""
    there = session.execute(
        sa.select(sealed_document.c.id).where(sealed_document.c.sealed_sha256 == row["sealed_sha256"])
    ).scalar_one_or_none()
    if there is not None:
        return int(there)
    statement = sa.insert(sealed_document).values(**row).returning(sealed_document.c.id)
    return int(session.execute(statement).scalar_one())


def sealed_files(session: Session) -> list[tuple[str, str]]:
    """Return (what it is, SHA-256) of every sealed document, for the caller to check the files."""
    query = sa.select(sealed_document.c.subject_kind, sealed_document.c.subject_id, sealed_document.c.sealed_sha256)
    return [(f"sealed:{row.subject_kind}#{row.subject_id}", row.sealed_sha256) for row in session.execute(query)]


def sealed_of(session: Session, *, subject_kind: str, subject_ids: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """Return the newest sealed document of each subject that has one."""
    query = (
        sa.select(sealed_document)
        .where(sealed_document.c.subject_kind == subject_kind, sealed_document.c.subject_id.in_(list(subject_ids)))
        .order_by(sealed_document.c.id)
    )
    return {row["subject_id"]: dict(row) for row in session.execute(query).mappings()}


def last_entries(session: Session, *, community_ids: Sequence[int], limit: int) -> list[Mapping[str, Any]]:
    """Return what was written last in these communities, with the unit it is about."""
    query = (
        sa.select(evidence_entry, evidence_seal.c.seq, evidence_seal.c.hash, unit.c.label)
        .join(evidence_seal, evidence_seal.c.entry_id == evidence_entry.c.id)
        .join(unit, unit.c.id == evidence_entry.c.unit_id)
        .where(evidence_entry.c.community_id.in_(list(community_ids)))
        .order_by(evidence_entry.c.id.desc())
        .limit(limit)
    )
    return [dict(row) for row in session.execute(query).mappings()]
