"""Notice batches: the list, who would get one and who not, the draft; and one notice as it was issued."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from app import clock
from app.domain.access import Permission
from app.domain.errors import Kind, Refusal, conflict, not_found
from app.domain.notices import BatchState
from app.gateways.ports import Gateways
from app.services import notices
from app.store import db, documents, notice_papers, procedure
from app.store import notices as notice_reads
from app.web import forms, pages, papers
from app.web.deps import Database, Here, Id, Outside, Reading, reachable, require
from app.web.errors import STATUS
from app.web.staff.arrears import ArrearsQuery
from app.web.staff.payments import new_key

router = APIRouter()

Viewer = Annotated[Here, require(Permission.NOTICE_SEE)]
Drafter = Annotated[Here, require(Permission.NOTICE_DRAFT)]

DEFAULT_STAGE = 2
SHOWN = 200


class DraftForm(ArrearsQuery):
    """The filters of the list, the units ticked on it, and the level of the notice."""

    unit: list[forms.Number] = Field(default_factory=list, title="房产", max_length=4000)
    everything: bool = Field(default=False, title="全选")
    stage: int = Field(default=DEFAULT_STAGE, title="通知级别", ge=1, le=9)
    key: str = Field(default="", title="表单编号", max_length=80, pattern=r"^[A-Za-z0-9_-]*$")
    act: Literal["preview", "draft"] = "preview"


Drafted = Annotated[forms.Filled[DraftForm], forms.filled(DraftForm)]


@router.get("/notices")
def show(request: Request, here: Viewer, session: Reading) -> Response:
    rows = notice_reads.batches(session, community_ids=[number for number, _ in here.communities])
    return pages.page(request, "notices/list.html", here=here, rows=rows)


@router.post("/notices/draft")
def draft(request: Request, here: Drafter, engine: Database, form: Drafted) -> Response:
    """Show who would get a notice; with ``act=draft`` write the batch, which still waits for its release."""
    if form.model is None:
        return pages.page(request, "notices/refused.html", here=here, status=422, form=form)
    try:
        wanted = _wanted(here, form.model)
        if form.model.act == "draft":
            batch_id = _draft(engine, here, wanted, form.model.key or new_key())
            return RedirectResponse(f"/notices/{batch_id}", status_code=303)
        with db.reading(engine) as session:
            seen = notices.preview(session, wanted=wanted, today=clock.today())
            levels = _levels(session, wanted.community_id)
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        faulty = form.with_refusal(refusal)
        return pages.page(request, "notices/refused.html", here=here, status=STATUS[refusal.kind], form=faulty)
    reasons: dict[str, int] = {}
    for one in seen.skipped:
        if one.reason is not None:
            reasons[one.reason.value] = reasons.get(one.reason.value, 0) + 1
    return pages.page(
        request,
        "notices/preview.html",
        here=here,
        form=form,
        seen=seen,
        wanted=wanted,
        levels=levels,
        reasons=sorted(reasons.items(), key=lambda pair: -pair[1]),
        shown=SHOWN,
        key=form.model.key or new_key(),
    )


def _levels(session: Session, community_id: int) -> list[Any]:
    return [row for row in procedure.levels_on(session, community_id, on=clock.today()) if row.is_active]


def _draft(engine: Engine, here: Here, wanted: notices.Wanted, key: str) -> int:
    with db.transaction(engine) as session:
        return notices.draft(
            session,
            wanted=wanted,
            today=clock.today(),
            now=clock.now(),
            actor_id=here.actor.user_id,
            actor=here.actor.login,
            source="office",
            key=key,
        )


def _wanted(here: Here, model: DraftForm) -> notices.Wanted:
    """Turn the ticked units, or the list as it was filtered, into the selection of a batch."""
    community_id = reachable(here, here.community_id)
    as_of = model.as_of or clock.today()
    if model.everything:
        narrow = model.wanted(community_id)
        return notices.Wanted(community_id=community_id, level=model.stage, as_of=as_of, narrow=narrow)
    unit_ids = tuple(dict.fromkeys(model.unit))
    if not unit_ids:
        raise Refusal("notice.none_selected", field="unit")
    return notices.Wanted(community_id=community_id, level=model.stage, as_of=as_of, unit_ids=unit_ids)


@router.get("/documents/{document_id}.pdf")
def show_document(document_id: Id, here: Viewer, engine: Database, outside: Outside) -> Response:
    """Send one notice as it was issued; one whose batch was stopped before it was printed does not exist on paper."""
    return _handed_out(document_id, here, engine, outside, papers.pdf_of)


@router.get("/documents/{document_id}/sealed.pdf")
def show_sealed(document_id: Id, here: Viewer, engine: Database, outside: Outside) -> Response:
    """Send the same notice with the company's electronic seal, as owners get it."""
    return _handed_out(document_id, here, engine, outside, papers.sealed_of)


def _handed_out(
    document_id: int,
    here: Here,
    engine: Engine,
    outside: Gateways,
    file_of: Callable[[Engine, Gateways, int], tuple[bytes, str]],
) -> Response:
    with db.reading(engine) as session:
        row = documents.by_id(session, document_id)
        reachable(here, row.community_id)
        if row.kind != "notice":
            raise not_found("document.unknown")
        batch = notice_papers.batch_of_document(session, document_id)
    if batch is not None and batch.state == BatchState.CANCELLED and batch.sha256 is None:
        raise conflict("notice_batch.stopped")
    content, number = file_of(engine, outside, document_id)
    return pages.pdf(content, name=f"{number}.pdf")
