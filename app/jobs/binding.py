"""Binds the notices of a batch for the printer: parts a person can carry, each behind the list of what is in it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine

from app import clock
from app.documents.batch_facts import BatchListFacts, ListLine
from app.domain.notices import BatchState
from app.domain.privacy import mask_name
from app.gateways.ports import Gateways
from app.services import notice_issue, printing
from app.store import db, estate, notice_papers, notices

Row = Any
"""A row of the store, read by attribute."""
PART = 500
"""Notices in one print file: what one person can carry, and what a browser still opens at once."""
COMMAND = "command"


def bind(engine: Engine, gateways: Gateways, *, batch_id: int) -> None:
    """Make the print files of a batch and end it; one that has ended is left as it is."""
    with db.reading(engine) as session:
        batch = notices.batch(session, batch_id)
        rows = notice_papers.printed(session, batch_id)
        community = estate.community_row(session, batch.community_id)
        is_bound = bool(notice_papers.parts(session, batch_id))
    if batch.state == BatchState.DONE or (batch.state == BatchState.CANCELLED and (is_bound or not rows)):
        return
    # A program lays the files out itself: it wants them joined and nothing besides.
    if batch.source == COMMAND:
        parts, whole = [], printing.merge(gateways, sha256s=[row.sha256 for row in rows]) if rows else None
    else:
        parts = _parts(gateways, batch, community, rows)
        whole = parts[0]["sha256"] if parts else None
    with db.transaction(engine) as session:
        notice_issue.close(session, batch_id=batch_id, print_sha256=whole, parts=parts)


def _parts(gateways: Gateways, batch: Row, community: Row, rows: Sequence[Row]) -> list[dict[str, Any]]:
    issued_on = dt.date.fromisoformat(json.loads(batch.criteria)["issued_on"])
    chunks = [rows[start : start + PART] for start in range(0, len(rows), PART)]
    made = []
    for part, chunk in enumerate(chunks, start=1):
        cover = BatchListFacts(
            number=f"{batch.id}",
            tone=batch.tone,
            community=community.name,
            company=community.company_name or community.name,
            as_of=batch.as_of,
            deadline_on=batch.deadline_on,
            issued_on=issued_on,
            part=part,
            parts=len(chunks),
            lines=tuple(_line(row, place) for place, row in enumerate(chunk, start=(part - 1) * PART + 1)),
        )
        bound = printing.bind(gateways, cover=cover, sha256s=[row.sha256 for row in chunk])
        made.append(
            {
                "part": part,
                "sha256": bound.sha256,
                "size": bound.size,
                "notices": len(chunk),
                "pages": bound.pages,
                "first_number": chunk[0].number,
                "last_number": chunk[-1].number,
                "made_at": clock.now(),
            }
        )
    return made


def _line(row: Row, place: int) -> ListLine:
    owners = json.loads(row.facts)["addressee"]["owners"]
    return ListLine(place, row.label, "、".join(mask_name(name) for name in owners), row.number, int(row.total_fen))
