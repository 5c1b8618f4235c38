"""What owners asked on their page: the queue by deadline, the facts, a hold on disputed bills, the answer."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import clock
from app.domain.access import Permission
from app.domain.errors import Kind, Refusal, not_found
from app.domain.owner_requests import Outcome, RequestKind
from app.services import owner_requests
from app.store import audit, db, stored_files, users
from app.store import owner_requests as request_reads
from app.web import forms, pages, unit_view, uploads
from app.web.deps import Database, Here, Id, Reading, Stored, reachable, require
from app.web.errors import STATUS
from app.web.listing import PAGE_SIZE, Pager

router = APIRouter()

Viewer = Annotated[Here, require(Permission.OWNER_REQUEST_SEE)]
Answerer = Annotated[Here, require(Permission.OWNER_REQUEST_ANSWER)]
Holder = Annotated[Here, require(Permission.HOLD_SET)]

HOLD_DAYS = 30


class QueueQuery(forms.FormModel):
    state: Literal["open", "answered", "closed", "withdrawn", "all"] = Field(default="open", title="状态")
    kind: Literal["", "dispute", "instalments", "hardship", "correction"] = Field(default="", title="种类")
    late: bool = Field(default=False, title="超期")
    page: int = Field(default=1, title="页码", ge=1, le=100000)


class AnswerForm(forms.FormModel):
    outcome: Outcome = Field(title="结果")
    text: forms.Text = Field(title="答复", max_length=2000)


class CloseForm(forms.FormModel):
    note: forms.Text = Field(default="", title="备注", max_length=200)


class HoldForm(forms.FormModel):
    until_on: forms.Date = Field(title="暂停到")
    stops_dunning: bool = Field(default=False, title="同时暂停催缴")


Answered = Annotated[forms.Filled[AnswerForm], forms.filled(AnswerForm)]
Closed = Annotated[forms.Filled[CloseForm], forms.filled(CloseForm)]
Held = Annotated[forms.Filled[HoldForm], forms.filled(HoldForm)]


@router.get("/requests")
def show_queue(request: Request, here: Viewer, session: Reading) -> Response:
    form = forms.of_address(QueueQuery, request)
    query, today = form.model or QueueQuery(), clock.today()
    rows, count, waiting, late = list[dict[str, Any]](), 0, 0, 0
    if here.community_id is not None:
        wanted = request_reads.Filter(
            community_id=here.community_id,
            state="" if query.state == "all" else query.state,
            kind=query.kind,
            is_overdue=query.late,
        )
        rows = request_reads.queue(
            session, wanted=wanted, today=today, limit=PAGE_SIZE, offset=(query.page - 1) * PAGE_SIZE
        )
        count, waiting, late = request_reads.counts(session, wanted=wanted, today=today)
    params = {key: value for key, value in form.values.items() if isinstance(value, str) and key != "page"}
    return pages.page(
        request,
        "requests/queue.html",
        here=here,
        status=422 if form.faults else 200,
        form=form,
        query=query,
        rows=rows,
        waiting=waiting,
        late=late,
        kinds=[kind.value for kind in RequestKind],
        pager=Pager("/requests", params, query.page, count),
    )


@router.get("/requests/{request_id}")
def show(request: Request, request_id: Id, here: Viewer, session: Reading) -> Response:
    return _page(request, here, session, request_id, forms.Filled({}))


@router.post("/requests/{request_id}/answer")
def answer(request: Request, request_id: Id, here: Answerer, engine: Database, form: Answered) -> Response:
    return _act(request, here, engine, request_id, form, "done.request_answered")


@router.post("/requests/{request_id}/close")
def close(request: Request, request_id: Id, here: Answerer, engine: Database, form: Closed) -> Response:
    return _act(request, here, engine, request_id, form, "done.request_closed")


@router.post("/requests/{request_id}/hold")
def hold(request: Request, request_id: Id, here: Holder, engine: Database, form: Held) -> Response:
    """Stop accrual on the disputed bills until a day, and on no other bill of the unit."""
    return _act(request, here, engine, request_id, form, "done.request_held")


def _act(
    request: Request, here: Here, engine: Database, request_id: int, form: forms.Filled[Any], code: str
) -> Response:
    """Do what the form says, or show it again with what is wrong."""
    try:
        with db.transaction(engine) as session:
            _one(session, here, request_id)
            if form.model is not None:
                _write(session, here, request_id, form.model)
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        form = form.with_refusal(refusal)
        with db.reading(engine) as session:
            return _page(request, here, session, request_id, form, status=STATUS[refusal.kind])
    if form.model is None:
        with db.reading(engine) as session:
            return _page(request, here, session, request_id, form, status=422)
    return pages.back_to(request, f"/requests/{request_id}", here=here, code=code)


def _write(session: Session, here: Here, request_id: int, model: AnswerForm | CloseForm | HoldForm) -> None:
    now, who = clock.now(), here.actor
    match model:
        case AnswerForm():
            owner_requests.answer(
                session,
                request_id=request_id,
                text=model.text,
                outcome=model.outcome,
                now=now,
                actor_id=who.user_id,
                actor=who.login,
            )
        case CloseForm():
            owner_requests.close(session, request_id=request_id, note=model.note, now=now, actor=who.login)
        case HoldForm():
            owner_requests.hold(
                session,
                request_id=request_id,
                until_on=model.until_on,
                stops_dunning=model.stops_dunning,
                today=clock.today(),
                now=now,
                actor_id=who.user_id,
                actor=who.login,
            )


@router.get("/requests/{request_id}/files/{file_id}")
def original(request_id: Id, file_id: Id, here: Viewer, engine: Database, files: Stored) -> Response:
    """Send a file as the owner sent it, as a download; one of a restricted request is written down."""
    found = _file(engine, here, request_id, file_id)
    return uploads.original(files, sha256=found.sha256, name=found.name, media_type=found.media_type)


@router.get("/requests/{request_id}/files/{file_id}/shown")
def shown(request_id: Id, file_id: Id, here: Viewer, engine: Database, files: Stored) -> Response:
    """Show the copy of a photo that was painted here."""
    found = _file(engine, here, request_id, file_id)
    if not found.shown_sha256:
        raise not_found("access.not_found")
    return uploads.picture(files, shown_sha256=found.shown_sha256)


def _file(engine: Database, here: Here, request_id: int, file_id: int) -> Any:  # noqa: ANN401 - a row of the store
    with db.transaction(engine) as session:
        row = _one(session, here, request_id)
        found = [one for one in stored_files.of_subject(session, f"owner_request:{request_id}") if one.id == file_id]
        if not found or not _may_read(here, row):
            raise not_found("access.not_found")
        if row["is_restricted"]:
            _log_reading(session, here, row)
    return found[0]


def _one(session: Session, here: Here, request_id: int) -> dict[str, Any]:
    """Return one request within the person's reach."""
    row = request_reads.by_id(session, request_id)
    reachable(here, row["community_id"])
    return row


def _may_read(here: Here, row: dict[str, Any]) -> bool:
    """Say whether the person may read what the owner wrote: of illness and poverty only those who answer read."""
    return not row["is_restricted"] or here.actor.may(Permission.OWNER_REQUEST_ANSWER)


def _log_reading(session: Session, here: Here, row: dict[str, Any]) -> None:
    audit.record(
        session,
        at=clock.now(),
        actor=here.actor.login,
        action="owner_request.read",
        subject=f"owner_request:{row['id']}",
        community_id=row["community_id"],
    )


def _page(
    request: Request, here: Here, session: Session, request_id: int, form: forms.Filled[Any], *, status: int = 200
) -> Response:
    row, today = _one(session, here, request_id), clock.today()
    may_read = _may_read(here, row)
    if row["is_restricted"] and may_read:
        with db.transaction(request.app.state.engine) as writing:
            _log_reading(writing, here, row)
    unit = unit_view.view(session, row["unit_id"], today)
    return pages.page(
        request,
        "requests/request.html",
        here=here,
        status=status,
        form=form,
        row=row,
        unit=unit,
        text=request_reads.text_of(session, row) if may_read else "",
        may_read=may_read,
        files=stored_files.of_subject(session, f"owner_request:{request_id}") if may_read else [],
        events=request_reads.events(session, request_id),
        others=[one for one in request_reads.of_units(session, [row["unit_id"]]) if one["id"] != request_id],
        disputed=[line for line in unit.lines if line.row.bill_id in row["bill_ids"]],
        names={user.login: user.name for user in users.everyone(session)},
        outcomes=[outcome.value for outcome in Outcome],
        hold_until=today + dt.timedelta(days=HOLD_DAYS),
        may_answer=here.actor.may(Permission.OWNER_REQUEST_ANSWER),
        may_hold=here.actor.may(Permission.HOLD_SET),
        may_waive=here.actor.may(Permission.WAIVER_REQUEST),
    )
