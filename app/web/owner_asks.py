"""What an owner may ask on the page: dispute a bill, instalments, relief in hardship, correction of own data."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from app import clock
from app.domain import owner_requests as rules
from app.domain.errors import Kind, Refusal, not_found
from app.domain.owner_requests import RequestKind
from app.gateways.ports import Files
from app.services import owner_requests
from app.store import db, estate, once, owner_visits, stored_files
from app.store import owner_requests as request_reads
from app.store.owner_visits import Visit
from app.web import forms, owner_view, pages, uploads
from app.web.deps import Database, Id, Stored
from app.web.errors import STATUS
from app.web.owner_view import Owner, own_unit
from app.web.staff.payments import new_key

router = APIRouter()


class AskForm(forms.FormModel):
    bill: list[forms.Number] = Field(default_factory=list, title="账单", max_length=400)
    topic: forms.Text = Field(default="", title="事由", max_length=40)
    text: forms.Text = Field(default="", title="说明", max_length=1000)
    months: int | None = Field(default=None, title="期数")
    first_on: forms.Date | None = Field(default=None, title="首期日期")
    photo: forms.Text = Field(default="", title="照片", max_length=0)
    key: str = Field(title="表单编号", min_length=8, max_length=80, pattern=r"^[A-Za-z0-9_-]+$")


Wished = Annotated[forms.Filled[AskForm], forms.filled(AskForm)]


@router.get("/my/units/{unit_id}/ask/{kind}")
def ask(request: Request, unit_id: Id, kind: RequestKind, owner: Owner, engine: Database, bill: int = 0) -> Response:
    values: dict[str, str | list[str]] = {"key": new_key(), "bill": [str(bill)] if bill else []}
    return _form_page(request, engine, owner, unit_id, kind, forms.Filled(values))


@router.post("/my/units/{unit_id}/ask/{kind}")
def send(
    request: Request,
    unit_id: Id,
    kind: RequestKind,
    owner: Owner,
    engine: Database,
    files: Stored,
    form: Wished,
) -> Response:
    if form.model is None:
        return _form_page(request, engine, owner, unit_id, kind, form, status=422)
    try:
        made = _make(engine, files, owner, own_unit(owner, unit_id), kind, form)
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return _form_page(
            request, engine, owner, unit_id, kind, form.with_refusal(refusal), status=STATUS[refusal.kind]
        )
    return RedirectResponse(f"/my/requests/{made}", status_code=303)


def _make(
    engine: Engine, files: Files, owner: Visit, unit_id: int, kind: RequestKind, form: forms.Filled[AskForm]
) -> int:
    model, today = form.valid(), clock.today()
    with db.reading(engine) as session:
        if not once.answered(session, key=model.key, scope="owner_request"):
            owner_requests.check_room(session, unit_id=unit_id, now=clock.now())
    photos = uploads.all_of_form(form, "photo", most=rules.MOST_PHOTOS)
    kept = [uploads.keep(files, photo) for photo in photos]
    bill_ids = tuple(dict.fromkeys(model.bill))
    with db.transaction(engine) as session:
        own = {line.row.bill_id for line in owner_view.owner_view(session, unit_id, today).lines} if bill_ids else set()
        if not own.issuperset(bill_ids):
            raise Refusal("owner_request.no_bills", field="bill")
        wish = owner_requests.Wish(
            unit_id=unit_id,
            kind=kind,
            topic=model.topic,
            text=model.text,
            bill_ids=bill_ids,
            months=model.months,
            first_on=model.first_on,
        )
        return owner_requests.make(
            session, wish=wish, files=kept, visit=owner.name, today=today, now=clock.now(), key=model.key
        )


@router.get("/my/requests/{request_id}")
def show(request: Request, request_id: Id, owner: Owner, engine: Database) -> Response:
    with db.reading(engine) as session:
        row = own_request(session, owner, request_id)
        view = owner_view.owner_view(session, row["unit_id"], clock.today())
        community = estate.community_row(session, row["community_id"])
        may_read = may_read_text(session, owner, row)
        text = request_reads.text_of(session, row) if may_read else ""
        files = stored_files.of_subject(session, f"owner_request:{request_id}") if may_read else []
        events = request_reads.events(session, request_id)
    return pages.page(
        request,
        "portal/request.html",
        owner=view,
        community=community,
        row=row,
        text=text,
        may_read=may_read,
        files=files,
        events=events,
        bills={line.row.bill_id: line.row for line in view.lines},
    )


@router.post("/my/requests/{request_id}/withdraw")
def withdraw(request_id: Id, owner: Owner, engine: Database) -> Response:
    with db.transaction(engine) as session:
        own_request(session, owner, request_id)
        owner_requests.withdraw(session, request_id=request_id, now=clock.now())
    return RedirectResponse(f"/my/requests/{request_id}", status_code=303)


@router.get("/my/requests/{request_id}/files/{file_id}")
def photo(request_id: Id, file_id: Id, owner: Owner, engine: Database, files: Stored) -> Response:
    """Show the copy of one's own photo, or hand back the file as it came."""
    with db.reading(engine) as session:
        row = own_request(session, owner, request_id)
        found = [one for one in stored_files.of_subject(session, f"owner_request:{request_id}") if one.id == file_id]
        may_read = may_read_text(session, owner, row)
    if not found or not may_read:
        raise not_found("access.not_found")
    if found[0].shown_sha256:
        return uploads.picture(files, shown_sha256=found[0].shown_sha256)
    return uploads.original(files, sha256=found[0].sha256, name=found[0].name, media_type=found[0].media_type)


def own_request(session: Session, owner: Visit, request_id: int) -> dict[str, Any]:
    """Return a request of one of the session's units and this owner's time; any other does not exist."""
    try:
        row = request_reads.by_id(session, request_id)
    except Refusal as refusal:
        raise not_found("access.not_found") from refusal
    if row["unit_id"] in owner.unit_ids:
        view = owner_view.owner_view(session, row["unit_id"], clock.today())
        if any(one["id"] == request_id for one in view.requests):
            return row
    raise not_found("access.not_found")


def may_read_text(session: Session, owner: Visit, row: dict[str, Any]) -> bool:
    """Say whether this session may read what was written.

    A paper link lies about, and a home may have several owners: a family's troubles open to who wrote them alone.
    """
    return not row["is_restricted"] or owner_visits.is_same_holder(session, owner.name, row["visit"])


def _form_page(
    request: Request,
    engine: Engine,
    owner: Visit,
    unit_id: int,
    kind: RequestKind,
    form: forms.Filled[AskForm],
    *,
    status: int = 200,
) -> Response:
    with db.reading(engine) as session:
        view = owner_view.owner_view(session, own_unit(owner, unit_id), clock.today())
        community = estate.community_row(session, view.unit.head.community_id)
    return pages.page(
        request,
        "portal/ask.html",
        status=status,
        owner=view,
        community=community,
        kind=kind.value,
        form=form,
        key=str(form.values.get("key") or new_key()),
        topics=rules.TOPICS[kind],
        days=rules.ANSWER_WITHIN[kind],
        most_photos=rules.MOST_PHOTOS,
        chosen={str(number) for number in form.values.get("bill", [])},
    )
