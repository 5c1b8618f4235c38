"""Papers of a case as rows: each draft is a new one with its frozen facts, and freezing one is a row of its own."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import not_found
from app.store.tables_case_papers import case_paper, case_paper_freeze
from app.store.tables_cases import court_case
from app.store.tables_office import app_user
from app.store.types import canonical

Row = Mapping[str, Any]


def draft(
    session: Session,
    *,
    community_id: int,
    case_id: int,
    kind: str,
    as_of: dt.date,
    facts: Mapping[str, Any],
    by: int | None,
    at: dt.datetime,
) -> int:
    """Write a draft behind those of its kind and return its id."""
    # one at a time, so that no two drafts take one place
    session.execute(sa.select(court_case.c.id).where(court_case.c.id == case_id).with_for_update())
    last = session.execute(
        sa.select(sa.func.max(case_paper.c.revision)).where(case_paper.c.case_id == case_id, case_paper.c.kind == kind)
    ).scalar_one()
    text = canonical(facts)
    row = {
        "community_id": community_id,
        "case_id": case_id,
        "kind": kind,
        "revision": (last or 0) + 1,
        "as_of": as_of,
        "facts": text,
        "facts_hash": hashlib.sha256(text.encode()).hexdigest(),
        "drafted_by": by,
        "drafted_at": at,
    }
    return int(session.execute(sa.insert(case_paper).values(**row).returning(case_paper.c.id)).scalar_one())


def freeze(
    session: Session,
    *,
    paper_id: int,
    pdf_sha256: str,
    pdf_size: int,
    pages: int,
    docx_sha256: str,
    by: int,
    at: dt.datetime,
) -> None:
    """Write down the files a paper was frozen to."""
    row = {
        "paper_id": paper_id,
        "pdf_sha256": pdf_sha256,
        "pdf_size": pdf_size,
        "pages": pages,
        "docx_sha256": docx_sha256,
        "frozen_by": by,
        "frozen_at": at,
    }
    session.execute(sa.insert(case_paper_freeze).values(**row))


def newest(session: Session, case_id: int) -> dict[str, Row]:
    """Return the newest draft of each kind, with its freeze where there is one."""
    last = (
        sa.select(case_paper.c.kind, sa.func.max(case_paper.c.revision).label("revision"))
        .where(case_paper.c.case_id == case_id)
        .group_by(case_paper.c.kind)
        .subquery()
    )
    query = _query().join(last, sa.and_(last.c.kind == case_paper.c.kind, last.c.revision == case_paper.c.revision))
    return {row["kind"]: dict(row) for row in session.execute(query.where(case_paper.c.case_id == case_id)).mappings()}


def one(session: Session, *, case_id: int, paper_id: int) -> Row:
    """Return one paper with its facts.

    Raises:
        Refusal: ``case_paper.unknown``.

    """
    query = _query().add_columns(case_paper.c.facts).where(case_paper.c.case_id == case_id, case_paper.c.id == paper_id)
    found = session.execute(query).mappings().one_or_none()
    if found is None:
        raise not_found("case_paper.unknown")
    return {**found, "facts": json.loads(found["facts"])}


def _query() -> sa.Select[Any]:
    drafter, freezer = app_user.alias("drafter"), app_user.alias("freezer")
    columns = [column for column in case_paper.c if column.name != "facts"]
    return (
        sa.select(
            *columns,
            case_paper_freeze.c.pdf_sha256,
            case_paper_freeze.c.docx_sha256,
            case_paper_freeze.c.pages,
            case_paper_freeze.c.frozen_at,
            drafter.c.name.label("drafted_by_name"),
            freezer.c.name.label("frozen_by_name"),
        )
        .outerjoin(case_paper_freeze, case_paper_freeze.c.paper_id == case_paper.c.id)
        .outerjoin(drafter, drafter.c.id == case_paper.c.drafted_by)
        .outerjoin(freezer, freezer.c.id == case_paper_freeze.c.frozen_by)
    )
