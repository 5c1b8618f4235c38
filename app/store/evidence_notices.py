"""Notices in the chain of evidence: frozen when they were issued, tied to their file when they were printed."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.evidence import EvidenceKind
from app.store import evidence
from app.store.tables_evidence import evidence_entry
from app.store.tables_office import document, document_file, notice, notice_bill


def issued(session: Session, notice_ids: Sequence[int], *, at: dt.datetime) -> None:
    """Write down what each notice says and lists: the hash of its frozen facts, and its bills."""
    bills: dict[int, list[int]] = defaultdict(list)
    listed = sa.select(notice_bill.c.notice_id, notice_bill.c.bill_id).where(notice_bill.c.notice_id.in_(notice_ids))
    for row in session.execute(listed.order_by(notice_bill.c.bill_id)):
        bills[row.notice_id].append(row.bill_id)
    query = (
        sa.select(notice, document.c.facts_hash)
        .join(document, document.c.id == notice.c.document_id)
        .where(notice.c.id.in_(notice_ids))
        .order_by(notice.c.id)
    )
    evidence.append_many(
        session,
        [
            evidence.New(
                community_id=row.community_id,
                unit_id=row.unit_id,
                kind=EvidenceKind.NOTICE_ISSUED.value,
                subject_kind="notice",
                subject_id=row.id,
                facts={
                    "number": row.number,
                    "as_of": row.as_of,
                    "principal_fen": row.principal_fen,
                    "late_charge_fen": row.late_charge_fen,
                    "bills": bills[row.id],
                    "facts_sha256": row.facts_hash,
                },
                at=at,
            )
            for row in session.execute(query)
        ],
    )


def printed(session: Session, document_ids: Sequence[int], *, at: dt.datetime) -> None:
    """Tie notices to the files they were printed to; those that are tied already stay as they are."""
    known = evidence_entry.alias()
    query = (
        sa.select(notice.c.id, notice.c.community_id, notice.c.unit_id, notice.c.number, document_file.c.sha256)
        .join(document_file, document_file.c.document_id == notice.c.document_id)
        .outerjoin(
            known,
            sa.and_(
                known.c.subject_kind == "notice",
                known.c.subject_id == notice.c.id,
                known.c.kind == EvidenceKind.NOTICE_PRINTED.value,
            ),
        )
        .join(document, document.c.id == notice.c.document_id)
        .where(document.c.id.in_(list(document_ids)), known.c.id.is_(None))
        .order_by(notice.c.id)
    )
    evidence.append_many(
        session,
        [
            evidence.New(
                community_id=row.community_id,
                unit_id=row.unit_id,
                kind=EvidenceKind.NOTICE_PRINTED.value,
                subject_kind="notice",
                subject_id=row.id,
                facts={"number": row.number, "sha256": row.sha256},
                at=at,
            )
            for row in session.execute(query)
        ],
    )
