"""The papers of a case: drafted from what is known, looked at, drafted anew, frozen to files once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.documents import case_papers as documents
from app.documents import codec, word_file
from app.documents.case_papers import CasePaperFacts
from app.domain.case_facts import AFTER_JUDGMENT, EDITABLE, Paper
from app.domain.deeds import By
from app.domain.errors import Refusal, conflict
from app.gateways.ports import Gateways
from app.store import audit, case_facts, cases
from app.store import case_papers as papers


@dataclass(frozen=True, slots=True)
class Made:
    """The files of a paper."""

    paper_id: int
    pdf_sha256: str
    pdf_size: int
    pages: int
    docx_sha256: str


def draft(session: Session, *, case_id: int, kind: Paper, by: By) -> int:
    """Draft a paper from what is known of the case now and return its id.

    Raises:
        Refusal: ``case.unknown``, ``case_paper.no_bills``, ``case_paper.needs_more``.

    """
    case = case_facts.collect(session, case_id=case_id)
    if not case.bills:
        raise Refusal("case_paper.no_bills")
    if kind in AFTER_JUDGMENT and case.judgment is None:
        raise Refusal("case_paper.needs_more")
    facts = documents.facts_of(kind, case, issued_on=by.today)
    row = cases.case_row(session, case_id)
    made = papers.draft(
        session,
        community_id=row["community_id"],
        case_id=case_id,
        kind=kind.value,
        as_of=case.as_of,
        facts=codec.to_json(facts),
        by=by.actor_id,
        at=by.now,
    )
    _log(session, "case_paper.drafted", row, by, paper=made, kind=kind.value)
    return made


def facts_of(row: Mapping[str, Any]) -> CasePaperFacts:
    """Return the frozen facts of a paper's row."""
    return codec.from_json(CasePaperFacts, row["facts"])


def pdf(gateways: Gateways, *, facts: CasePaperFacts) -> bytes:
    """Return the PDF of a paper; it is not kept."""
    return gateways.printer("case_paper", codec.to_json(facts), token="").content


def produce(gateways: Gateways, *, paper_id: int, facts: CasePaperFacts) -> Made:
    """Print a paper to its files and keep them; nothing but the facts decides what the bytes are."""
    printed = gateways.printer("case_paper", codec.to_json(facts), token="")
    sha256 = gateways.files.put(printed.content)
    docx = gateways.files.put(word_file.word_file(facts)) if facts.kind in EDITABLE else ""
    return Made(paper_id, sha256, len(printed.content), printed.pages, docx)


def freeze(session: Session, *, case_id: int, made: Made, by: By) -> None:
    """Freeze a paper to the files it was printed to.

    Raises:
        Refusal: ``case_paper.unknown``, ``case_paper.frozen_already``.

    """
    row = papers.one(session, case_id=case_id, paper_id=made.paper_id)
    if row["frozen_at"] is not None:
        raise conflict("case_paper.frozen_already")
    papers.freeze(
        session,
        paper_id=made.paper_id,
        pdf_sha256=made.pdf_sha256,
        pdf_size=made.pdf_size,
        pages=made.pages,
        docx_sha256=made.docx_sha256,
        by=by.actor_id,
        at=by.now,
    )
    case = cases.case_row(session, case_id)
    _log(session, "case_paper.frozen", case, by, paper=made.paper_id, kind=row["kind"], sha256=made.pdf_sha256[:16])


def opened(session: Session, *, case_id: int, paper_id: int, by: By) -> None:
    """Leave a trace: a paper shows names and numbers in full."""
    row = papers.one(session, case_id=case_id, paper_id=paper_id)
    _log(session, "case_paper.opened", cases.case_row(session, case_id), by, paper=paper_id, kind=row["kind"])


def _log(session: Session, action: str, row: Mapping[str, Any], by: By, **facts: object) -> None:
    audit.record(
        session,
        at=by.now,
        actor=by.actor,
        action=action,
        subject=f"unit:{row['unit_id']}",
        community_id=row["community_id"],
        facts=json.loads(json.dumps(facts)),
    )
