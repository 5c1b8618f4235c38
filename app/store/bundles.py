"""Bundles as rows: drafts with frozen facts, what came of them, seals, the files of a sealed one, and hand-overs."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import not_found
from app.store import db, evidence, evidence_roots
from app.store.tables_case_papers import (
    bundle,
    bundle_draft,
    bundle_file,
    bundle_handover,
    bundle_seal,
    case_paper_freeze,
)
from app.store.tables_cases import court_case
from app.store.tables_evidence import evidence_root, timestamp_token
from app.store.tables_office import app_user
from app.store.types import canonical

Row = Mapping[str, Any]
_ROOTS = 5
"""So many of the last days' roots go with a bundle; the last one alone stands for the whole chain."""


def add(
    session: Session,
    *,
    community_id: int,
    case_id: int,
    as_of: dt.date,
    facts: Mapping[str, Any],
    gaps: Sequence[Mapping[str, Any]],
    by: int,
    at: dt.datetime,
) -> int:
    """Write a draft behind those of its case and return its id; its file is made afterwards."""
    session.execute(sa.select(court_case.c.id).where(court_case.c.id == case_id).with_for_update())
    last = session.execute(sa.select(sa.func.max(bundle.c.revision)).where(bundle.c.case_id == case_id)).scalar_one()
    text = canonical(facts)
    row = {
        "community_id": community_id,
        "case_id": case_id,
        "revision": (last or 0) + 1,
        "as_of": as_of,
        "facts": text,
        "facts_hash": hashlib.sha256(text.encode()).hexdigest(),
        "gaps": canonical(list(gaps)),
        "drafted_by": by,
        "drafted_at": at,
    }
    return int(session.execute(sa.insert(bundle).values(**row).returning(bundle.c.id)).scalar_one())


def built(
    session: Session,
    *,
    bundle_id: int,
    at: dt.datetime,
    zip_sha256: str = "",
    size: int = 0,
    files: int = 0,
    pages: int = 0,
    failure: str = "",
) -> None:
    """Write down what came of a draft; what is written down first stays."""
    row = {
        "bundle_id": bundle_id,
        "zip_sha256": zip_sha256,
        "size": size,
        "files": files,
        "pages": pages,
        "failure": failure,
        "built_at": at,
    }
    db.insert_one_new(session, bundle_draft, row)


def add_seal(session: Session, row: Mapping[str, Any], files: Sequence[tuple[str, str, int]]) -> None:
    """Write the seal of a bundle and every file in it; the table itself refuses the person who drafted it."""
    session.execute(sa.insert(bundle_seal).values(**row))
    session.execute(
        sa.insert(bundle_file),
        [{"bundle_id": row["bundle_id"], "path": path, "sha256": sha256, "size": size} for path, sha256, size in files],
    )


def log_taken(session: Session, row: Mapping[str, Any]) -> None:
    """Note that a bundle was downloaded or handed over."""
    db.check_text(bundle_handover, row)
    session.execute(sa.insert(bundle_handover).values(**row))


def one(session: Session, bundle_id: int) -> Row:
    """Return one bundle with its facts, its file and its seal.

    Raises:
        Refusal: ``bundle.unknown``.

    """
    query = _query().add_columns(bundle.c.facts).where(bundle.c.id == bundle_id)
    found = session.execute(query).mappings().one_or_none()
    if found is None:
        raise not_found("bundle.unknown")
    return {**_read(found), "facts": json.loads(found["facts"])}


def of_case(session: Session, case_id: int) -> list[Row]:
    """Return the bundles of a case, the newest first."""
    query = _query().where(bundle.c.case_id == case_id).order_by(bundle.c.revision.desc())
    return [_read(row) for row in session.execute(query).mappings()]


def newest_of(session: Session, case_ids: Sequence[int]) -> dict[int, Row]:
    """Return the newest bundle of each case."""
    last = (
        sa.select(bundle.c.case_id, sa.func.max(bundle.c.revision).label("revision"))
        .where(bundle.c.case_id.in_(list(case_ids)))
        .group_by(bundle.c.case_id)
        .subquery()
    )
    query = _query().join(last, sa.and_(last.c.case_id == bundle.c.case_id, last.c.revision == bundle.c.revision))
    return {row["case_id"]: _read(row) for row in session.execute(query).mappings()}


def unbuilt(session: Session, *, drafted_before: dt.datetime) -> list[int]:
    """Return the drafts whose file should be there by now and is not, oldest first."""
    query = (
        sa.select(bundle.c.id)
        .outerjoin(bundle_draft, bundle_draft.c.bundle_id == bundle.c.id)
        .where(bundle_draft.c.id.is_(None), bundle.c.drafted_at < drafted_before)
        .order_by(bundle.c.id)
    )
    return list(session.execute(query).scalars())


def handovers(session: Session, case_id: int) -> list[Row]:
    """Return who took which bundle of a case when, the newest first."""
    query = (
        sa.select(bundle_handover, bundle.c.revision, app_user.c.name)
        .join(bundle, bundle.c.id == bundle_handover.c.bundle_id)
        .outerjoin(app_user, app_user.c.id == bundle_handover.c.recorded_by)
        .where(bundle.c.case_id == case_id)
        .order_by(bundle_handover.c.id.desc())
    )
    return [dict(row) for row in session.execute(query).mappings()]


def files_of(session: Session) -> list[tuple[str, str]]:
    """Return (name, hash) of every file of a frozen paper and every bundle, for the caller to check."""
    papers = [
        (f"case_paper:{row.paper_id}", sha256)
        for row in session.execute(sa.select(case_paper_freeze))
        for sha256 in (row.pdf_sha256, row.docx_sha256)
    ]
    made = [
        (f"bundle:{row.bundle_id}", row.zip_sha256)
        for table in (bundle_draft, bundle_seal)
        for row in session.execute(sa.select(table.c.bundle_id, table.c.zip_sha256))
    ]
    return [(name, sha256) for name, sha256 in papers + made if sha256]


def chain(session: Session, unit_id: int) -> tuple[dict[str, Any], list[tuple[str, bytes, bool]]]:
    """Return a unit's chain of evidence with proofs into the last roots, and the timestamps as (name, token, demo)."""
    links = evidence.chain_of_unit(session, unit_id)
    roots = session.execute(sa.select(evidence_root).order_by(evidence_root.c.day_on.desc()).limit(_ROOTS)).mappings()
    found, tokens = [], []
    by_root: dict[int, list[Any]] = {}
    rows = list(roots)
    query = sa.select(timestamp_token).where(timestamp_token.c.root_id.in_([row["id"] for row in rows]))
    for token in session.execute(query.order_by(timestamp_token.c.id)):
        by_root.setdefault(token.root_id, []).append(token)
    for row in rows[:1]:
        proved = evidence_roots.proof_of(session, root_id=row["id"], unit_id=unit_id)
        if proved is None:
            continue
        names = []
        for place, token in enumerate(by_root.get(row["id"], ()), 1):
            names.append(f"evidence/root-{row['day_on']}-{place}.tsr")
            tokens.append((names[-1], bytes(token.token), bool(token.is_demo)))
        found.append(
            {
                "day": row["day_on"].isoformat(),
                "merkle_root": row["merkle_root"],
                "prev_hash": row["prev_hash"],
                "hash": row["hash"],
                "text": evidence_roots.statement_of(row),
                "leaf": proved[0],
                "proof": [{"sha256": step.sha256, "is_left": step.is_left} for step in proved[1]],
                "stamped": row["hash"],
                "tokens": names,
            }
        )
    entries = [{"seq": link.seq, "text": link.text, "prev_hash": link.prev_hash, "hash": link.hash} for link in links]
    return {"unit": unit_id, "entries": entries, "roots": found}, tokens


def _read(row: Any) -> Row:  # noqa: ANN401 - a row of the store
    if row["sealed_at"] is not None:
        state = "sealed"
    elif row["built_at"] is None:
        state = "building"
    else:
        state = "failed" if row["failure"] else "draft"
    return {**row, "gaps": json.loads(row["gaps"]), "state": state}


def _query() -> sa.Select[Any]:
    drafter, sealer = app_user.alias("drafter"), app_user.alias("sealer")
    columns = [column for column in bundle.c if column.name != "facts"]
    return (
        sa.select(
            *columns,
            bundle_draft.c.zip_sha256.label("draft_sha256"),
            bundle_draft.c.size.label("draft_size"),
            bundle_draft.c.pages.label("draft_pages"),
            bundle_draft.c.files,
            bundle_draft.c.failure,
            bundle_draft.c.built_at,
            bundle_seal.c.zip_sha256.label("sealed_sha256"),
            bundle_seal.c.size.label("sealed_size"),
            bundle_seal.c.pages.label("sealed_pages"),
            bundle_seal.c.sealed_at,
            bundle_seal.c.level,
            bundle_seal.c.manifest_sha256,
            drafter.c.name.label("drafted_by_name"),
            sealer.c.name.label("sealed_by_name"),
            court_case.c.number.label("case_number"),
            court_case.c.unit_id,
        )
        .join(court_case, court_case.c.id == bundle.c.case_id)
        .outerjoin(bundle_draft, bundle_draft.c.bundle_id == bundle.c.id)
        .outerjoin(bundle_seal, bundle_seal.c.bundle_id == bundle.c.id)
        .outerjoin(drafter, drafter.c.id == bundle.c.drafted_by)
        .outerjoin(sealer, sealer.c.id == bundle_seal.c.sealed_by)
    )
