"""The slip of a notice as the office sees it: when the owner opened it, who signed, and the evidence of both."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.domain.access import Permission
from app.domain.errors import not_found
from app.store import db, unit_reads
from app.web import pages, uploads
from app.web.deps import Database, Here, Id, Reading, Stored, require
from app.web.staff import units

router = APIRouter()

Looker = Annotated[Here, require(Permission.NOTICE_SEE)]


@router.get("/units/{unit_id}/slips/{notice_id}")
def show(request: Request, unit_id: Id, notice_id: Id, here: Looker, session: Reading) -> Response:
    head = units.reachable_head(session, here, unit_id)
    return pages.page(request, "units/slip.html", here=here, head=head, row=_notice(session, unit_id, notice_id))


@router.get("/units/{unit_id}/slips/{notice_id}/signature.png")
def signature(unit_id: Id, notice_id: Id, here: Looker, engine: Database, files: Stored) -> Response:
    with db.reading(engine) as session:
        units.reachable_head(session, here, unit_id)
        slip = _notice(session, unit_id, notice_id).slip.signed
    if slip is None or not slip.picture_sha256:
        raise not_found("access.not_found")
    return uploads.picture(files, shown_sha256=slip.picture_sha256)


@router.get("/units/{unit_id}/slips/{notice_id}/record.json")
def record(unit_id: Id, notice_id: Id, here: Looker, engine: Database, files: Stored) -> Response:
    """Send the sealed record of the signing: the file its hash names, word by word."""
    with db.reading(engine) as session:
        units.reachable_head(session, here, unit_id)
        found = _notice(session, unit_id, notice_id)
    # what stands behind a slip on paper is the scan itself, which has a page of its own
    if found.slip.signed is None or found.slip.signed.channel == "paper":
        raise not_found("access.not_found")
    name = f"{found.number}-{found.slip.signed.record_sha256[:12]}.json"
    return uploads.original(files, sha256=found.slip.signed.record_sha256, name=name, media_type="application/json")


def _notice(session: Session, unit_id: int, notice_id: int) -> unit_reads.NoticeRow:
    found = [row for row in unit_reads.notices(session, unit_id) if row.notice_id == notice_id]
    if not found:
        raise not_found("access.not_found")
    return found[0]
