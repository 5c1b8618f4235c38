"""Printed documents as the web hands them out: the file that is kept, printed first where it was not yet."""

from __future__ import annotations

import hashlib

from sqlalchemy import Engine

from app import clock
from app.gateways.ports import Gateways
from app.i18n import labels_evidence
from app.services import printing, sealing
from app.store import db, documents, estate, evidence_reads

DOCUMENT = "document"


def pdf_of(engine: Engine, gateways: Gateways, document_id: int) -> tuple[bytes, str]:
    """Return the PDF of a document and its number; read, print outside any transaction, remember."""
    with db.reading(engine) as session:
        paper = printing.paper(session, document_id=document_id)
    if paper.sha256 is not None:
        return gateways.files.get(paper.sha256), paper.number
    made = printing.produce(gateways, paper=paper)
    with db.transaction(engine) as session:
        printing.settle(session, made=[made], now=clock.now())
    with db.reading(engine) as session:  # somebody else may have printed it first: theirs is the file
        paper = printing.paper(session, document_id=document_id)
    return gateways.files.get(paper.sha256 or made.sha256), paper.number


def sealed_of(engine: Engine, gateways: Gateways, document_id: int) -> tuple[bytes, str]:
    """Return the sealed copy of a document and its number: sealed the first time somebody asks, and kept.

    Raises:
        Refusal: ``seal.not_set_up``, ``seal.key_unreadable``, ``seal.unreadable``.

    """
    with db.reading(engine) as session:
        row = documents.by_id(session, document_id)
        kept = evidence_reads.sealed_of(session, subject_kind=DOCUMENT, subject_ids=[document_id]).get(document_id)
        community = estate.community_row(session, row.community_id)
    if kept is not None:
        return gateways.files.get(kept["sealed_sha256"]), row.number
    content, number = pdf_of(engine, gateways, document_id)
    made = sealing.produce(
        gateways,
        source_sha256=hashlib.sha256(content).hexdigest(),
        reason=labels_evidence.SEALED_COPY.format(number=number),
        at=clock.now(),
        company=community.company_name or community.name,
        picture_sha256=community.seal_sha256,
    )
    with db.transaction(engine) as session:
        sealing.settle(
            session,
            sealed=made,
            community_id=row.community_id,
            unit_id=row.unit_id,
            subject_kind=DOCUMENT,
            subject_id=document_id,
        )
    return gateways.files.get(made.sealed_sha256), number
