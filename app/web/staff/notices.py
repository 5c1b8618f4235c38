"""Notice batches: who would get one and who not, the draft, its release, its progress and its papers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app import clock
from app.domain.access import Permission
from app.domain.errors import Kind, Refusal, not_found
from app.i18n import zh_cn
from app.services import notices
from app.store import audit, db, documents, procedure
from app.store import notices as notice_reads
from app.web import forms, pages, papers
from app.web.deps import Config, Database, Finish, Here, Id, Outside, Reading, reachable, require
from app.web.errors import STATUS
from app.web.staff import batch_run
from app.web.staff.arrears import ArrearsQuery
from app.web.staff.payments import new_key

router = APIRouter()

Viewer = Annotated[Here, require(Permission.NOTICE_SEE)]
Drafter = Annotated[Here, require(Permission.NOTICE_DRAFT)]
Releaser = Annotated[Here, require(Permission.NOTICE_RELEASE)]

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
        with db.reading(engine) as session:
            wanted = _wanted(here, form.model)
            seen = notices.preview(session, wanted=wanted, today=clock.today())
            levels = _levels(session, wanted.community_id)
        if form.model.act == "draft":
            batch_id = _draft(engine, here, wanted, form.model.key or new_key())
            return RedirectResponse(f"/notices/{batch_id}", status_code=303)
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        faulty = form.with_refusal(refusal)
        return pages.page(request, "notices/refused.html", here=here, status=STATUS[refusal.kind], form=faulty)
    return pages.page(
        request,
        "notices/preview.html",
        here=here,
        form=form,
        seen=seen,
        wanted=wanted,
        levels=levels,
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
    """Turn the ticked units, or the whole filtered list, into the selection of a batch."""
    community_id = reachable(here, here.community_id)
    as_of = model.as_of or clock.today()
    if model.everything:
        narrow = model.wanted(community_id)
        return notices.Wanted(community_id=community_id, level=model.stage, as_of=as_of, narrow=narrow)
    unit_ids = tuple(dict.fromkeys(model.unit))
    if not unit_ids:
        raise Refusal("notice.none_selected", field="unit")
    return notices.Wanted(community_id=community_id, level=model.stage, as_of=as_of, unit_ids=unit_ids)


@router.get("/notices/{batch_id}")
def show_batch(request: Request, batch_id: Id, here: Viewer, engine: Database) -> Response:
    return _batch_page(request, here, engine, batch_id, {})


def _batch_page(
    request: Request, here: Here, engine: Engine, batch_id: int, faults: dict[str, str], *, status: int = 200
) -> Response:
    with db.reading(engine) as session:
        context = _context(session, here, batch_id)
    return pages.page(request, "notices/batch.html", here=here, status=status, faults=faults, **context)


def _context(session: Session, here: Here, batch_id: int) -> dict[str, Any]:
    row = notice_reads.batch(session, batch_id)
    reachable(here, row.community_id)
    units = notice_reads.batch_units(session, batch_id)
    total, done = notice_reads.progress(session, batch_id)
    return {
        "batch": row,
        "units": [unit for unit in units if unit["state"] != "skipped"],
        "skipped": [unit for unit in units if unit["state"] == "skipped"],
        "waiting": sum(unit["state"] == "selected" for unit in units),
        "total": total,
        "done": done,
        "is_running": batch_run.is_running(batch_id),
    }


@router.get("/notices/{batch_id}/progress")
def progress(batch_id: Id, here: Viewer, session: Reading) -> Response:
    """Answer with the progress line alone; it stops asking once the batch is done."""
    context = _context(session, here, batch_id)
    headers = {"HX-Refresh": "true"} if context["batch"].state == "done" else {}
    return HTMLResponse(pages.fragment("notices/progress.html", here=here, **context), headers=headers)


@router.post("/notices/{batch_id}/release")
def release(
    request: Request, batch_id: Id, here: Releaser, engine: Database, settings: Config, finish: Finish
) -> Response:
    try:
        with db.transaction(engine) as session:
            reachable(here, notice_reads.batch(session, batch_id).community_id)
            notices.release(
                session,
                batch_id=batch_id,
                today=clock.today(),
                now=clock.now(),
                actor_id=here.actor.user_id,
                actor=here.actor.login,
                public_url=settings.public_url,
                may_be_local=settings.demo,
            )
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        faults = {"": zh_cn.sentence(refusal)}
        return _batch_page(request, here, engine, batch_id, faults, status=STATUS[refusal.kind])
    answer = pages.back_to(request, f"/notices/{batch_id}", here=here, code="done.batch_released")
    answer.background = BackgroundTask(batch_run.run, finish, batch_id)
    return answer


@router.post("/notices/{batch_id}/resume")
def resume(batch_id: Id, here: Releaser, engine: Database, finish: Finish) -> Response:
    """Go on with a released batch after an interruption; what is there stays as it is."""
    with db.reading(engine) as session:
        row = notice_reads.batch(session, batch_id)
        reachable(here, row.community_id)
    answer = RedirectResponse(f"/notices/{batch_id}", status_code=303)
    if row.state == "released":
        answer.background = BackgroundTask(batch_run.run, finish, batch_id)
    return answer


@router.post("/notices/{batch_id}/cancel")
def cancel(request: Request, batch_id: Id, here: Drafter, engine: Database) -> Response:
    with db.transaction(engine) as session:
        reachable(here, notice_reads.batch(session, batch_id).community_id)
        notices.cancel(session, batch_id=batch_id, now=clock.now(), actor=here.actor.login)
    return pages.back_to(request, "/notices", here=here, code="done.batch_cancelled")


@router.get("/notices/{batch_id}/print.pdf")
def print_file(batch_id: Id, here: Viewer, engine: Database, outside: Outside) -> Response:
    """Send the whole batch as one file in walking order."""
    with db.transaction(engine) as session:
        row = notice_reads.batch(session, batch_id)
        reachable(here, row.community_id)
        if not row.print_sha256:
            raise not_found("notice_batch.not_printed")
        audit.record(
            session,
            at=clock.now(),
            actor=here.actor.login,
            action="notice_batch.downloaded",
            subject=f"notice_batch:{batch_id}",
            community_id=row.community_id,
        )
    name = f"{pages.named(row.tone, 'tone')}-{row.as_of.isoformat()}.pdf"
    return pages.pdf(outside.files.get(row.print_sha256), name=name)


@router.get("/documents/{document_id}.pdf")
def show_document(document_id: Id, here: Viewer, engine: Database, outside: Outside) -> Response:
    """Send one notice as it was issued."""
    with db.reading(engine) as session:
        row = documents.by_id(session, document_id)
        reachable(here, row.community_id)
        if row.kind != "notice":
            raise not_found("document.unknown")
    content, number = papers.pdf_of(engine, outside, document_id)
    return pages.pdf(content, name=f"{number}.pdf")
