"""Printed documents as the web hands them out: the file that is kept, printed first where it was not yet."""

from __future__ import annotations

from sqlalchemy import Engine

from app import clock
from app.gateways.ports import Gateways
from app.services import printing
from app.store import db


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
