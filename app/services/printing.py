"""Documents on paper: read what is to be printed, print it outside every transaction, remember the file."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy.orm import Session

from app.documents import codec, print_file, render
from app.documents.batch_facts import BatchListFacts
from app.documents.case_papers import CasePaperFacts
from app.documents.contexts import Facts, NoticeFacts, ReceiptFacts, StatementFacts
from app.documents.report_facts import ReportFacts
from app.documents.till import CloseFacts, DepositFacts, ShiftFacts
from app.documents.visits import VisitFacts
from app.gateways.ports import Gateways, Printed
from app.store import documents, evidence_notices, owner_links

KINDS: Mapping[str, type[Facts]] = {
    "notice": NoticeFacts,
    "batch_list": BatchListFacts,
    "receipt": ReceiptFacts,
    "statement": StatementFacts,
    "report": ReportFacts,
    "deposit": DepositFacts,
    "deposit_return": DepositFacts,
    "shift": ShiftFacts,
    "close": CloseFacts,
    "case_paper": CasePaperFacts,
    "visit": VisitFacts,
}


@dataclass(frozen=True, slots=True)
class Paper:
    """A document with its frozen facts, and the file it was printed to, if it was; it can go to another process.

    ``token`` completes the owner's address that the facts begin.
    """

    document_id: int
    kind: str
    number: str
    facts: str
    token: str
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Made:
    """The file of a document."""

    document_id: int
    sha256: str
    size: int
    pages: int


@dataclass(frozen=True, slots=True)
class Bound:
    """A print file."""

    sha256: str
    size: int
    pages: int


def paper(session: Session, *, document_id: int) -> Paper:
    """Return one document, ready to print.

    Raises:
        Refusal: ``document.unknown``.

    """
    return papers(session, document_ids=[document_id])[0]


def papers(session: Session, *, document_ids: Sequence[int]) -> list[Paper]:
    """Return documents in the order asked for.

    Raises:
        Refusal: ``document.unknown``.

    """
    found = []
    for row in documents.by_ids(session, document_ids):
        token = owner_links.notice_token(session, row.community_id, row.number) if row.kind == "notice" else ""
        found.append(Paper(row.id, row.kind, row.number, row.facts, token, row.sha256))
    return found


def produce(gateways: Gateways, *, paper: Paper) -> Made:
    """Print a document to a file and keep it; nothing but the facts decides what the bytes are."""
    printed = gateways.printer(paper.kind, json.loads(paper.facts), token=paper.token)
    sha256 = gateways.files.put(printed.content)
    return Made(paper.document_id, sha256, len(printed.content), printed.pages)


def settle(session: Session, *, made: Sequence[Made], now: dt.datetime) -> None:
    """Remember the files; a document that has one keeps it."""
    documents.record_files(
        session,
        [
            {
                "document_id": one.document_id,
                "sha256": one.sha256,
                "size": one.size,
                "pages": one.pages,
                "rendered_at": now,
            }
            for one in made
        ],
    )
    evidence_notices.printed(session, [one.document_id for one in made], at=now)


def merge(gateways: Gateways, *, sha256s: Sequence[str]) -> str:
    """Join stored PDFs, in the order given, to one print file and return its hash; the same files give the same one."""
    return gateways.files.put(print_file.merge(gateways.files.get(sha256) for sha256 in sha256s))


def bind(gateways: Gateways, *, cover: BatchListFacts, sha256s: Sequence[str]) -> Bound:
    """Join stored notices behind the list of them and keep the file; the same notices give the same bytes."""
    front = gateways.printer("batch_list", codec.to_json(cover), token="").content
    content = print_file.merge(chain([front], (gateways.files.get(sha256) for sha256 in sha256s)))
    return Bound(gateways.files.put(content), len(content), print_file.pages(content))


def proof(gateways: Gateways, *, facts: NoticeFacts) -> bytes:
    """Return the PDF of a notice nobody is sent; it is not kept."""
    assert facts.is_sample, "a notice that counts is printed from its frozen facts"
    return gateways.printer("notice", codec.to_json(facts), token="").content


def press(kind: str, facts: Mapping[str, Any], *, token: str) -> Printed:
    """Print frozen facts: the printer of the product (see ``app.gateways.ports.Printer``)."""
    if facts.get("owner_url"):
        facts = {**facts, "owner_url": facts["owner_url"] + token}
    content, pages = render.pdf(codec.from_json(KINDS[kind], facts))
    return Printed(content, pages)
