"""Scanned slips: handed in many at a time, read in the background, confirmed one by one from the keyboard."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.background import BackgroundTasks
from starlette.responses import HTMLResponse, Response

from app import clock
from app.domain.access import Permission
from app.domain.delivery import Relation
from app.domain.errors import Refusal, not_found
from app.gateways.ports import Files
from app.gateways.uploads import EVIDENCE, MB
from app.services import scans
from app.store import db, persons
from app.store import scans as scan_reads
from app.web import forms, pages, uploads
from app.web.deps import Database, Here, Id, Reading, Stored, reachable, require
from app.web.errors import STATUS
from app.web.listing import PAGE_SIZE, Pager
from app.web.staff.acting import by, carry_out

router = APIRouter()

Viewer = Annotated[Here, require(Permission.DELIVERY_SEE)]
Recorder = Annotated[Here, require(Permission.DELIVERY_RECORD)]

MAX_FILES = 20
MAX_BYTES = 50 * MB
TICKS = ("received", "promise", "objection")
State = Literal["open", "found", "double", "unknown", "unreadable", "confirmed", "rejected"]
Part = Literal["slip", "ticks", "signature"]


class HandInForm(forms.FormModel):
    """The files come beside it."""


class QueueQuery(forms.FormModel):
    state: State = Field(default="open", title="状态")
    page: int = Field(default=1, title="页码", ge=1, le=100000)


class ConfirmForm(forms.FormModel):
    received_on: forms.Date = Field(title="签收日期")
    receiver: forms.Text = Field(title="签收人", max_length=40)
    relation: Relation = Field(title="与业主关系")
    ticks: list[Literal["received", "promise", "objection"]] = Field(default=[], title="勾选", max_length=3)
    note: forms.Text = Field(default="", title="备注", max_length=200)


class NumberForm(forms.FormModel):
    number: forms.Text = Field(title="编号", max_length=24)


class RejectForm(forms.FormModel):
    reason: forms.Text = Field(default="", title="原因", max_length=200)


class UndoForm(forms.FormModel):
    undo_reason: forms.Text = Field(default="", title="原因", max_length=200)


HandedIn = Annotated[forms.Filled[HandInForm], forms.filled(HandInForm)]
Confirmed = Annotated[forms.Filled[ConfirmForm], forms.filled(ConfirmForm)]
Numbered = Annotated[forms.Filled[NumberForm], forms.filled(NumberForm)]
Rejected = Annotated[forms.Filled[RejectForm], forms.filled(RejectForm)]
Undone = Annotated[forms.Filled[UndoForm], forms.filled(UndoForm)]


# --- scans ----------------------------------------------------------------------------------------


@router.get("/scans")
def show(request: Request, here: Viewer, session: Reading) -> Response:
    return _list_page(request, here, session, forms.Filled({}))


@router.post("/scans")
def hand_in(request: Request, here: Recorder, engine: Database, files: Stored, form: HandedIn) -> Response:
    """Keep the files byte for byte and have them read while the page may be closed."""
    community_id = reachable(here, here.community_id)
    try:
        chosen = uploads.all_of_form(form, "file", most=MAX_FILES, allow=EVIDENCE, max_bytes=MAX_BYTES)
        if not chosen:
            raise Refusal("scan.none_chosen", field="file")
    except Refusal as refusal:
        told = forms.Filled(form.values, {"file": pages.said(refusal.code, **refusal.facts)}, form.model)
        with db.reading(engine) as session:
            return _list_page(request, here, session, told, status=STATUS[refusal.kind])
    kept = [uploads.keep(files, one) for one in chosen]
    fresh: list[int] = []
    with db.transaction(engine) as session:
        for one in kept:
            file = scans.HandedIn(one.name, one.media_type, one.sha256, one.size)
            batch_id, is_new = scans.hand_in(session, community_id=community_id, file=file, by=by(here))
            if is_new:
                fresh.append(batch_id)
    again = len(kept) - len(fresh)
    code = "done.scans_again" if again else "done.scans_handed_in"
    answer = pages.back_to(request, "/scans", here=here, code=code, files=len(fresh), again=again)
    work = BackgroundTasks()
    for batch_id in fresh:
        work.add_task(request.app.state.errands.read_scan, batch_id)
    answer.background = work
    return answer


def _list_page(
    request: Request, here: Here, session: Session, form: forms.Filled[Any], *, status: int = 200
) -> Response:
    query = forms.of_address(QueueQuery, request).model or QueueQuery()
    states = scan_reads.OPEN if query.state == "open" else (query.state,)
    rows, counts, batches = list[Any](), dict[str, int](), list[Any]()
    if here.community_id is not None:
        where = (query.page - 1) * PAGE_SIZE
        rows = scan_reads.queue(session, here.community_id, states=states, limit=PAGE_SIZE, offset=where)
        counts = scan_reads.counts(session, here.community_id)
        batches = scan_reads.batches(session, here.community_id, limit=20)
    return pages.page(
        request,
        "scans/list.html",
        here=here,
        status=status,
        form=form,
        query=query,
        rows=rows,
        counts=counts,
        waiting=sum(counts.get(state, 0) for state in scan_reads.OPEN),
        batches=batches,
        is_reading=any(row["state"] == "waiting" for row in batches),
        pager=Pager("/scans", {"state": query.state}, query.page, sum(counts.get(state, 0) for state in states)),
        may_record=here.actor.may(Permission.DELIVERY_RECORD),
    )


@router.get("/scans/progress")
def progress(here: Viewer, session: Reading) -> Response:
    """Answer the page while scans are being read."""
    batches = scan_reads.batches(session, here.community_id, limit=20) if here.community_id else []
    is_reading = any(row["state"] == "waiting" for row in batches)
    body = pages.fragment("scans/batches.html", here=here, batches=batches, is_reading=is_reading)
    return HTMLResponse(body, headers={} if is_reading else {"X-Poll": "stop"})


# --- slips ----------------------------------------------------------------------------------------


@router.get("/scans/slips/{slip_id}")
def show_slip(request: Request, slip_id: Id, here: Viewer, session: Reading) -> Response:
    return _slip_page(request, here, session, slip_id, forms.Filled({}))


@router.get("/scans/slips/{slip_id}/{part}.jpg")
def picture(slip_id: Id, part: Part, here: Viewer, engine: Database, files: Stored) -> Response:
    """Show a picture cut out of the scan; it was painted here."""
    with db.reading(engine) as session:
        row = _slip(session, here, slip_id)
    sha256 = {"slip": row.slip_sha256, "ticks": row.ticks_sha256, "signature": row.signature_sha256}[part]
    if not sha256:
        raise not_found("scan.unknown")
    return uploads.picture(files, shown_sha256=sha256)


@router.post("/scans/slips/{slip_id}/confirm")
def confirm(request: Request, slip_id: Id, here: Recorder, engine: Database, form: Confirmed) -> Response:
    def work(session: Session, model: ConfirmForm) -> None:
        said = scans.Said(model.received_on, model.receiver, model.relation, tuple(model.ticks), model.note)
        scans.confirm(session, slip_id=slip_id, said=said, by=by(here))

    return _act(request, here, engine, slip_id, form, work, "done.slip_confirmed", goes_on=True)


@router.post("/scans/slips/{slip_id}/number")
def number(request: Request, slip_id: Id, here: Recorder, engine: Database, form: Numbered) -> Response:
    reach = [community_id for community_id, _ in here.communities]

    def work(session: Session, model: NumberForm) -> None:
        scans.number(session, slip_id=slip_id, number=model.number, reach=reach, by=by(here))

    return _act(request, here, engine, slip_id, form, work, "done.slip_numbered")


@router.post("/scans/slips/{slip_id}/reject")
def reject(request: Request, slip_id: Id, here: Recorder, engine: Database, form: Rejected) -> Response:
    def work(session: Session, model: RejectForm) -> None:
        scans.reject(session, slip_id=slip_id, reason=model.reason, by=by(here))

    return _act(request, here, engine, slip_id, form, work, "done.slip_rejected", goes_on=True)


@router.post("/scans/slips/{slip_id}/undo")
def undo(request: Request, slip_id: Id, here: Recorder, engine: Database, form: Undone) -> Response:
    def work(session: Session, model: UndoForm) -> None:
        scans.undo(session, slip_id=slip_id, reason=model.undo_reason, by=by(here))

    return _act(request, here, engine, slip_id, form, work, "done.slip_undone")


def _act(
    request: Request,
    here: Here,
    engine: Engine,
    slip_id: int,
    form: forms.Filled[Any],
    work: Any,  # noqa: ANN401 - what the form asks for
    code: str,
    *,
    goes_on: bool = False,
) -> Response:
    """Do what the form says; after a word on a slip the next one that waits is shown."""
    with db.reading(engine) as session:
        row = _slip(session, here, slip_id)

    def show_again(filled: forms.Filled[Any], status: int) -> Response:
        with db.reading(engine) as session:
            return _slip_page(request, here, session, slip_id, filled, status=status)

    def done(_: object) -> Response:
        with db.reading(engine) as session:
            following = scan_reads.next_open(session, row.community_id, after=slip_id) if goes_on else slip_id
        where = f"/scans/slips/{following}" if following else "/scans"
        return pages.back_to(request, where, here=here, code=code)

    return carry_out(engine, form, work=work, show=show_again, done=done)


def _slip(session: Session, here: Here, slip_id: int) -> Any:  # noqa: ANN401 - a row of the store
    """Return one slip within the person's reach; any other does not exist."""
    row = scan_reads.slip(session, slip_id)
    reachable(here, row.community_id)
    return row


def _slip_page(
    request: Request, here: Here, session: Session, slip_id: int, form: forms.Filled[Any], *, status: int = 200
) -> Response:
    row = _slip(session, here, slip_id)
    notice = scan_reads.paper(session, row.notice_id) if row.notice_id else None
    owners = []
    if notice is not None:
        owners = persons.owners_on(session, unit_ids=[row.unit_id], as_of=clock.today())[row.unit_id]
    counts = scan_reads.counts(session, row.community_id)
    return pages.page(
        request,
        "scans/slip.html",
        here=here,
        status=status,
        form=form,
        row=row,
        reading=json.loads(row.reading),
        batch=scan_reads.batch(session, row.batch_id),
        notice=notice,
        owners=[one.name for one in owners],
        decisions=scan_reads.decisions(session, slip_id),
        left=counts.get("found", 0),
        following=scan_reads.next_open(session, row.community_id, after=slip_id),
        relations=[relation.value for relation in Relation],
        ticks=TICKS,
        may_record=here.actor.may(Permission.DELIVERY_RECORD),
    )


# --- one scan -------------------------------------------------------------------------------------


@router.get("/scans/{batch_id}")
def show_batch(request: Request, batch_id: Id, here: Viewer, session: Reading) -> Response:
    batch = scan_reads.batch(session, batch_id)
    community_id = reachable(here, batch.community_id)
    rows = scan_reads.queue(session, community_id, states=(), batch_id=batch_id, limit=2000, offset=0)
    counts = scan_reads.counts(session, community_id, batch_id)
    return pages.page(request, "scans/batch.html", here=here, batch=batch, rows=rows, counts=counts)


@router.get("/scans/{batch_id}/original")
def original(batch_id: Id, here: Viewer, engine: Database, files: Stored) -> Response:
    """Send the scan as it was handed in, byte for byte."""
    with db.reading(engine) as session:
        batch = scan_reads.batch(session, batch_id)
        reachable(here, batch.community_id)
    return _original(files, batch)


def _original(files: Files, batch: Any) -> Response:  # noqa: ANN401 - a row of the store
    return uploads.original(files, sha256=batch.sha256, name=batch.file_name, media_type=batch.media_type)
