"""Signing at the door on the clerk's own phone or tablet."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import clock
from app.documents import signature_picture
from app.domain import signature
from app.domain.access import Permission
from app.domain.delivery import Relation
from app.domain.errors import Kind, Refusal
from app.gateways.ports import Gateways
from app.gateways.uploads import PICTURES
from app.services import door_signing
from app.store import acknowledgements, db, persons, scans
from app.store.types import canonical
from app.web import forms, pages, papers, uploads
from app.web.deps import Database, Here, Id, Outside, address_of, reachable, require
from app.web.errors import STATUS
from app.web.staff.acting import by

router = APIRouter()

Recorder = Annotated[Here, require(Permission.DELIVERY_RECORD)]

_KEY = re.compile(r"[0-9a-f]{32}")
_PLACE = re.compile(r"-?[0-9]{1,3}\.[0-9]{1,7},-?[0-9]{1,3}\.[0-9]{1,7},[0-9]{1,7}", re.ASCII)
MAY_LOCATE = "camera=(), geolocation=(self), microphone=(), payment=()"
"""This page alone may ask where it is, and asks only once the one who signs agreed."""


class SignForm(forms.FormModel):
    """What is asked of the signer, and what the device adds."""

    name: forms.Text = Field(title="签收人姓名", min_length=1, max_length=40)
    relation: Relation = Field(title="与业主关系")
    agree: bool = Field(default=False, title="确认收到")
    strokes: forms.Text = Field(default="", title="签名", max_length=60_000)
    key: str = Field(title="页面", min_length=32, max_length=32)
    client_ms: int | None = Field(default=None, title="设备时间", ge=0, le=10**13)
    device: forms.Text = Field(default="", title="设备", max_length=120)
    with_photo: bool = Field(default=False, title="同意拍照")
    with_place: bool = Field(default=False, title="同意定位")
    place: forms.Text = Field(default="", title="位置", max_length=60)


Signed = Annotated[forms.Filled[SignForm], forms.filled(SignForm)]


@router.get("/notices/{notice_id}/sign-at-door")
def show(request: Request, notice_id: Id, here: Recorder, engine: Database, outside: Outside) -> Response:
    return _page(request, here, engine, outside, notice_id, forms.Filled({}))


@router.post("/notices/{notice_id}/sign-at-door")
def sign(request: Request, notice_id: Id, here: Recorder, engine: Database, outside: Outside, form: Signed) -> Response:
    """Keep the signature with the hash of the very PDF, its strokes, times, device, and a place and photo if agreed."""
    if form.model is None:
        return _page(request, here, engine, outside, notice_id, form, status=422)
    try:
        unit_id = _sign(request, here, engine, outside, notice_id, form)
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        shown = form.with_refusal(refusal)
        return _page(request, here, engine, outside, notice_id, shown, status=STATUS[refusal.kind])
    return pages.back_to(request, f"/units/{unit_id}/slips/{notice_id}", here=here, code="done.door_signed")


def _sign(
    request: Request,
    here: Here,
    engine: Engine,
    outside: Gateways,
    notice_id: int,
    form: forms.Filled[SignForm],
) -> int:
    model = form.valid()
    if not model.agree:
        raise Refusal("door.not_agreed", field="agree")
    if not _KEY.fullmatch(model.key):
        raise Refusal("form.invalid", field="key", label="")
    drawn = signature.read(model.strokes)
    if drawn is None:
        raise Refusal("door.strokes_missing", field="strokes")
    photo = uploads.of_form(form, "photo", allow=PICTURES) if model.with_photo else None
    deed = by(here)
    with db.reading(engine) as session:
        notice = _notice(session, here, notice_id)
        owners = persons.owners_on(session, unit_ids=[notice.unit_id], as_of=deed.today)[notice.unit_id]
    content, number = papers.pdf_of(engine, outside, notice.document_id)
    sha256 = hashlib.sha256(content).hexdigest()
    photo_sha256 = uploads.keep(outside.files, photo).sha256 if photo else ""
    context = _context(request, model, deed.now) | {
        "number": number,
        "notice_id": notice_id,
        "document_sha256": sha256,
        "signed_name": model.name,
        "relation": model.relation.value,
        "operator": here.actor.login,
        "photo_sha256": photo_sha256,
    }
    record = {"context": context, "strokes": drawn.text, "digest": door_signing.digest(sha256, drawn.text, context)}
    signed = door_signing.Signed(
        key=model.key,
        name=model.name,
        relation=model.relation,
        is_owner_name=model.relation is Relation.SELF and model.name in {one.name for one in owners},
        document_sha256=sha256,
        strokes=drawn.text,
        picture_sha256=outside.files.put(signature_picture.png(drawn)),
        record_sha256=outside.files.put(canonical(record).encode()),
        context=context,
        photo_sha256=photo_sha256,
        ip=address_of(request),
        agent=request.headers.get("user-agent", ""),
    )
    with db.transaction(engine) as session:
        door_signing.sign(session, notice_id=notice_id, signed=signed, by=deed)
    return int(notice.unit_id)


def _context(request: Request, model: SignForm, now: dt.datetime) -> dict[str, Any]:
    """Return the circumstances: our time, the device's beside it, the device; the place only where it was agreed to."""
    server_ms = int(now.timestamp() * 1000)
    is_placed = model.with_place and _PLACE.fullmatch(model.place) is not None
    return {
        "server_at": now.astimezone(dt.UTC).isoformat(timespec="milliseconds"),
        "client_ms": model.client_ms or 0,
        "client_ahead_ms": model.client_ms - server_ms if model.client_ms else 0,
        "device": model.device,
        "agent": request.headers.get("user-agent", "")[:200],
        "ip": address_of(request),
        "place": model.place if is_placed else "",
        "agreed_to_photo": model.with_photo,
        "agreed_to_place": model.with_place,
    }


def _notice(session: Session, here: Here, notice_id: int) -> Any:  # noqa: ANN401 - a row of the store
    row = scans.paper(session, notice_id)
    reachable(here, row.community_id)
    return row


def _page(
    request: Request,
    here: Here,
    engine: Engine,
    outside: Gateways,
    notice_id: int,
    form: forms.Filled[Any],
    *,
    status: int = 200,
) -> Response:
    with db.reading(engine) as session:
        notice = _notice(session, here, notice_id)
        slip = acknowledgements.signed(session, notice_id)
        owners = persons.owners_on(session, unit_ids=[notice.unit_id], as_of=clock.today())[notice.unit_id]
    content, _ = papers.pdf_of(engine, outside, notice.document_id)
    return pages.page(
        request,
        "scans/door.html",
        here=here,
        status=status,
        headers={"Permissions-Policy": MAY_LOCATE},
        form=form,
        notice=notice,
        slip=slip,
        sha256=hashlib.sha256(content).hexdigest(),
        owners=[one.name for one in owners],
        relations=[relation.value for relation in Relation],
        key=form.values.get("key") or secrets.token_hex(16),
        field=(signature.WIDTH, signature.HEIGHT),
    )
