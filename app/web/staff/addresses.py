"""Addresses and numbers of owners, who says they are theirs, and which of them are no good."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import clock
from app.domain.access import Permission
from app.domain.delivery import AddressKind, Basis
from app.domain.errors import Kind, Refusal, not_found
from app.services import addresses
from app.store import db, delivery_addresses, stored_files, unit_reads
from app.store.types import FOREVER
from app.web import delivery_frame, forms, pages, uploads
from app.web.deps import Database, Here, Id, Reading, Stored, require
from app.web.errors import STATUS
from app.web.staff import units
from app.web.staff.delivery_records import by

router = APIRouter()

Viewer = Annotated[Here, require(Permission.DELIVERY_SEE)]
Recorder = Annotated[Here, require(Permission.DELIVERY_RECORD)]
Revealer = Annotated[Here, require(Permission.PII_REVEAL)]

ACTS = {
    "flag": addresses.flag,
    "clear": addresses.clear,
    "end": addresses.end,
    "resume": addresses.resume,
}


class AddressForm(forms.FormModel):
    kind: AddressKind = Field(title="种类")
    value: forms.Text = Field(title="地址或号码", max_length=160)
    basis: Basis = Field(title="依据")
    note: forms.Text = Field(default="", title="依据说明", max_length=200)
    from_on: forms.Date | None = Field(default=None, title="从哪天起")
    person: forms.Number | None = Field(default=None, title="业主")


class ActForm(forms.FormModel):
    act: Literal["flag", "clear", "end", "resume"] = Field(title="操作")
    reason: forms.Text = Field(default="", title="原因", max_length=200)


Added = Annotated[forms.Filled[AddressForm], forms.filled(AddressForm)]
Acted = Annotated[forms.Filled[ActForm], forms.filled(ActForm)]
BLANK: forms.Filled[Any] = forms.Filled({})


@router.get("/addresses")
def show_flagged(request: Request, here: Viewer, session: Reading) -> Response:
    rows = [] if here.community_id is None else delivery_addresses.flagged(session, community_id=here.community_id)
    tabs = delivery_frame.tabs(here, "addresses")
    return pages.page(request, "deliveries/flagged.html", here=here, rows=rows, tabs=tabs)


@router.get("/addresses/{unit_id}")
def show(request: Request, unit_id: Id, here: Viewer, session: Reading) -> Response:
    return _page(request, here, session, unit_id, BLANK)


@router.post("/addresses/{unit_id}")
def add(request: Request, unit_id: Id, here: Recorder, engine: Database, files: Stored, form: Added) -> Response:
    """Write down an address or number, with the paper that shows whose it is."""
    try:
        if form.model is None:
            raise Refusal("request.invalid")
        model = form.model
        wish = addresses.Wish(
            model.kind, model.value, model.basis, model.note, model.from_on or clock.today(), model.person
        )
        checked = uploads.of_form(form, "evidence")
        kept = None if checked is None else uploads.keep(files, checked)
        with db.transaction(engine) as session:
            units.reachable_head(session, here, unit_id)
            made = addresses.add(session, unit_id=unit_id, wish=wish, by=by(here))
            if kept is not None:
                subject = f"delivery_address:{made}"
                stored_files.add(session, subject=subject, files=[kept], at=clock.now(), by=here.actor.user_id)
    except Refusal as refusal:
        return _refused(request, here, engine, unit_id, form, refusal)
    return pages.back_to(request, f"/addresses/{unit_id}", here=here, code="done.address_recorded")


@router.post("/addresses/{unit_id}/{address_id}/act")
def act(request: Request, unit_id: Id, address_id: Id, here: Recorder, engine: Database, form: Acted) -> Response:
    """Flag, clear, end or take up again: each for a reason, each undone by another."""
    try:
        if form.model is None:
            raise Refusal("request.invalid")
        with db.transaction(engine) as session:
            units.reachable_head(session, here, unit_id)
            ACTS[form.model.act](session, unit_id=unit_id, address_id=address_id, reason=form.model.reason, by=by(here))
    except Refusal as refusal:
        return _refused(request, here, engine, unit_id, form, refusal)
    return pages.back_to(request, f"/addresses/{unit_id}", here=here, code="done.address_changed")


@router.post("/addresses/{unit_id}/{address_id}/reveal")
def reveal(request: Request, unit_id: Id, address_id: Id, here: Revealer, engine: Database) -> Response:
    """Show one address in clear, once; who looked is logged."""
    with db.transaction(engine) as session:
        units.reachable_head(session, here, unit_id)
        value = addresses.reveal(session, unit_id=unit_id, address_id=address_id, by=by(here))
    with db.reading(engine) as session:
        return _page(request, here, session, unit_id, BLANK, shown={address_id: value})


@router.get("/addresses/{unit_id}/{address_id}/evidence")
def evidence(unit_id: Id, address_id: Id, here: Viewer, engine: Database, files: Stored) -> Response:
    """Send the paper behind an address as it was handed in."""
    with db.reading(engine) as session:
        units.reachable_head(session, here, unit_id)
        known = {row["id"] for row in delivery_addresses.of_unit(session, unit_id)}
        found = stored_files.of_subject(session, f"delivery_address:{address_id}")
    if address_id not in known or not found:
        raise not_found("access.not_found")
    return uploads.original(files, sha256=found[0].sha256, name=found[0].name, media_type=found[0].media_type)


def _refused(
    request: Request, here: Here, engine: Engine, unit_id: int, form: forms.Filled[Any], refusal: Refusal
) -> Response:
    if refusal.kind is Kind.NOT_FOUND:
        raise refusal
    told = form if form.model is None else form.with_refusal(refusal)
    with db.reading(engine) as session:
        status = 422 if form.model is None else STATUS[refusal.kind]
        return _page(request, here, session, unit_id, told, status=status)


def _page(
    request: Request,
    here: Here,
    session: Session,
    unit_id: int,
    form: forms.Filled[Any],
    *,
    status: int = 200,
    shown: dict[int, str] | None = None,
) -> Response:
    head = units.reachable_head(session, here, unit_id)
    rows = delivery_addresses.of_unit(session, unit_id)
    good, bad = delivery_addresses.places(session, [unit_id], on=clock.today())
    return pages.page(
        request,
        "deliveries/addresses.html",
        here=here,
        status=status,
        form=form,
        head=head,
        rows=rows,
        papers=delivery_addresses.with_papers(session, [row["id"] for row in rows]),
        history=delivery_addresses.history(session, unit_id),
        place=good.get(unit_id),
        bad=bad.get(unit_id),
        shown=shown or {},
        forever=FOREVER,
        kinds=[kind.value for kind in AddressKind],
        bases=[basis.value for basis in addresses.SAID],
        parties=unit_reads.parties(session, [unit_id], on=clock.today()).get(unit_id, []),
        tabs=delivery_frame.tabs(here, "addresses"),
    )
