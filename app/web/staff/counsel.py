"""The lawyer's entrance: their own cases and nothing else."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.domain.access import Permission, Role
from app.store import case_reads
from app.web import pages
from app.web.case_gate import stage_word, within
from app.web.deps import Here, Reading, require

router = APIRouter()

MOST = 200


@router.get("/counsel")
def show(request: Request, here: Annotated[Here, require(Permission.CASE_COMMENT)], session: Reading) -> Response:
    """Show a lawyer what they hold and what falls due; the office finds here what its lawyers would see of its own."""
    wanted = within(here)
    rows = case_reads.listing(session, wanted, limit=MOST, offset=0)
    return pages.page(
        request,
        "cases/counsel.html",
        here=here,
        rows=rows,
        dates=case_reads.agenda(session, within(here, state="all"), limit=50),
        files=case_reads.file_counts(session, [row["id"] for row in rows]),
        is_lawyer=here.actor.role is Role.LAWYER,
        stage_word=stage_word,
    )
