"""Notices on the owner's page: the original PDF with a record of its opening, and confirming receipt by signing."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from starlette.responses import RedirectResponse, Response

from app import clock
from app.documents import signature_picture
from app.domain import signature
from app.domain.errors import Kind, Refusal, conflict, not_found
from app.gateways.ports import Gateways
from app.services import owner_visits
from app.store import acknowledgements, db, persons
from app.store.owner_visits import Visit
from app.store.types import canonical
from app.web import forms, pages, papers, uploads
from app.web.deps import Database, Id, Outside, Stored
from app.web.errors import STATUS
from app.web.owner_view import Owner, caller_of
from app.web.portal import own_notice

router = APIRouter()


class SignForm(forms.FormModel):
    """Signing by typing the name and ticking the box; what was drawn comes beside it where there is script."""

    name: forms.Text = Field(title="姓名", min_length=1, max_length=40)
    agree: bool = Field(default=False, title="确认")
    strokes: forms.Text = Field(default="", title="签名", max_length=60_000)


Signed = Annotated[forms.Filled[SignForm], forms.filled(SignForm)]


@router.get("/my/notices/{notice_id}.pdf")
def original(request: Request, notice_id: Id, owner: Owner, engine: Database, outside: Outside) -> Response:
    """Send the notice as it was issued; that this very file was opened is written down."""
    return _opened(request, engine, outside, owner, notice_id, papers.pdf_of)


@router.get("/my/notices/{notice_id}/sealed.pdf")
def sealed(request: Request, notice_id: Id, owner: Owner, engine: Database, outside: Outside) -> Response:
    """Send the notice with the company's electronic seal; opening it is written down in the same way."""
    return _opened(request, engine, outside, owner, notice_id, papers.sealed_of)


def _opened(
    request: Request,
    engine: Engine,
    outside: Gateways,
    owner: Visit,
    notice_id: int,
    file_of: Callable[[Engine, Gateways, int], tuple[bytes, str]],
) -> Response:
    with db.reading(engine) as session:
        view, found = own_notice(session, owner, notice_id, clock.today())
    content, number = file_of(engine, outside, found.document_id)
    with db.transaction(engine) as session:
        owner_visits.read_notice(
            session,
            notice_id=notice_id,
            unit_id=view.unit_id,
            community_id=view.unit.head.community_id,
            sha256=hashlib.sha256(content).hexdigest(),
            caller=caller_of(request, owner),
            now=clock.now(),
        )
    return pages.pdf(content, name=f"{number}.pdf")


@router.get("/my/notices/{notice_id}")
def show(request: Request, notice_id: Id, owner: Owner, engine: Database) -> Response:
    return _page(request, engine, owner, notice_id, forms.Filled({}))


@router.post("/my/notices/{notice_id}/sign")
def sign(request: Request, notice_id: Id, owner: Owner, engine: Database, outside: Outside, form: Signed) -> Response:
    """Keep the signature: strokes, a picture painted from them, time, device, and the hash of the document signed."""
    if form.model is None:
        return _page(request, engine, owner, notice_id, form, status=422)
    try:
        if not form.model.agree:
            raise Refusal("acknowledgement.not_agreed", field="agree")
        drawn = signature.read(form.model.strokes)
        _sign(request, engine, outside, owner, notice_id, form.model.name, drawn)
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return _page(request, engine, owner, notice_id, form.with_refusal(refusal), status=STATUS[refusal.kind])
    return RedirectResponse(f"/my/notices/{notice_id}#slip", status_code=303)


def _sign(
    request: Request,
    engine: Engine,
    outside: Gateways,
    owner: Visit,
    notice_id: int,
    name: str,
    drawn: signature.Signature | None,
) -> None:
    now, today = clock.now(), clock.today()
    with db.reading(engine) as session:
        view, found = own_notice(session, owner, notice_id, today)
        if acknowledgements.signed(session, notice_id) is not None:
            raise conflict("acknowledgement.twice")
        owners = persons.owners_on(session, unit_ids=[view.unit_id], as_of=today)[view.unit_id]
    content, number = papers.pdf_of(engine, outside, found.document_id)
    caller = caller_of(request, owner)
    picture = outside.files.put(signature_picture.png(drawn)) if drawn else ""
    strokes = drawn.text if drawn else "[]"
    slip = {
        "notice_id": notice_id,
        "number": number,
        "unit_id": view.unit_id,
        "community_id": view.unit.head.community_id,
        "document_sha256": hashlib.sha256(content).hexdigest(),
        "signed_name": name.strip(),
        "is_owner_name": name.strip() in {one.name for one in owners},
        "picture_sha256": picture,
        "strokes_sha256": hashlib.sha256(strokes.encode()).hexdigest(),
        "signed_at": now.astimezone(dt.UTC).isoformat(timespec="seconds"),
        "visit": caller.visit,
        "ip": caller.ip,
        "agent": caller.agent,
    }
    record = outside.files.put(canonical(slip).encode())
    with db.transaction(engine) as session:
        owner_visits.sign_notice(
            session, slip=slip, strokes=strokes, picture_sha256=picture, record_sha256=record, now=now
        )


@router.get("/my/notices/{notice_id}/signature.png")
def drawn(notice_id: Id, owner: Owner, engine: Database, files: Stored) -> Response:
    with db.reading(engine) as session:
        own_notice(session, owner, notice_id, clock.today())
        slip = acknowledgements.signed(session, notice_id)
    if slip is None or not slip.picture_sha256:
        raise not_found("access.not_found")
    return uploads.picture(files, shown_sha256=slip.picture_sha256)


def _page(
    request: Request, engine: Engine, owner: Visit, notice_id: int, form: forms.Filled[Any], *, status: int = 200
) -> Response:
    with db.reading(engine) as session:
        view, found = own_notice(session, owner, notice_id, clock.today())
    return pages.page(
        request,
        "portal/notice.html",
        status=status,
        owner=view,
        row=found,
        mark=found.slip,
        form=form,
        field=(signature.WIDTH, signature.HEIGHT),
    )
