"""Waivers and discounts: asking with reason and facts, the queue, and a second person's decision."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from app import clock
from app.domain.access import Permission
from app.domain.errors import Kind, Refusal, not_found
from app.domain.waivers import WaiverKind, WaiverReason, check_evidence
from app.gateways.ports import Files
from app.services import waivers
from app.store import db, unit_reads
from app.store import waivers as waiver_reads
from app.web import forms, pages, unit_view, uploads
from app.web.deps import Database, Here, Id, Reading, Stored, reachable, require, require_fresh
from app.web.errors import STATUS
from app.web.staff import units
from app.web.staff.payments import new_key

router = APIRouter()

Asker = Annotated[Here, require(Permission.WAIVER_REQUEST)]
Viewer = Annotated[Here, require(Permission.WAIVER_SEE)]
Decider = Annotated[Here, require_fresh(Permission.WAIVER_DECIDE)]

WAITING = ("requested",)


class WishForm(forms.FormModel):
    kind: WaiverKind = Field(default=WaiverKind.LATE_CHARGE_WAIVER, title="种类")
    bill: list[forms.Number] = Field(default_factory=list, title="账单", max_length=400)
    amount: forms.Fen | None = Field(default=None, title="金额")
    percent: int | None = Field(default=None, title="比例", ge=1, le=100)
    pay_by: forms.Date | None = Field(default=None, title="缴清期限")
    retroactive: bool = Field(default=False, title="追溯")
    reason: WaiverReason = Field(title="理由")
    note: forms.Text = Field(default="", title="说明", max_length=500)
    key: str = Field(title="表单编号", min_length=8, max_length=80, pattern=r"^[A-Za-z0-9_-]+$")
    act: Literal["preview", "send"] = "send"

    def wish(self, unit_id: int) -> waivers.Wish:
        """Return what the form asks for."""
        conditional = self.kind is WaiverKind.CONDITIONAL_WAIVER
        return waivers.Wish(
            unit_id=unit_id,
            kind=self.kind,
            bill_ids=tuple(dict.fromkeys(self.bill)),
            reason=self.reason,
            note=self.note,
            amount_fen=None if conditional else self.amount,
            ratio=None if conditional or self.percent is None else Fraction(self.percent, 100),
            pay_by_on=self.pay_by if conditional else None,
            is_retroactive=self.retroactive and self.kind is WaiverKind.DISCOUNT,
        )


class DecisionForm(forms.FormModel):
    decision: Literal["approve", "refuse"] = Field(title="决定")
    note: forms.Text = Field(default="", title="意见", max_length=500)


class UndoForm(forms.FormModel):
    reason: forms.Text = Field(default="", title="原因", max_length=200)


Wished = Annotated[forms.Filled[WishForm], forms.filled(WishForm)]
Decided = Annotated[forms.Filled[DecisionForm], forms.filled(DecisionForm)]
Undone = Annotated[forms.Filled[UndoForm], forms.filled(UndoForm)]


@router.get("/units/{unit_id}/waive")
def ask(request: Request, unit_id: Id, here: Asker, engine: Database) -> Response:
    # An owner's request leads here with its reason and number in the address.
    given = {name: request.query_params[name][:500] for name in ("reason", "note") if name in request.query_params}
    form: forms.Filled[WishForm] = forms.Filled({"key": new_key(), **given})
    return _wish_page(request, here, engine, unit_id, form)


@router.post("/units/{unit_id}/waive")
def send(request: Request, unit_id: Id, here: Asker, engine: Database, files: Stored, form: Wished) -> Response:
    if form.model is None:
        return _wish_page(request, here, engine, unit_id, form, status=422)
    today = clock.today()
    try:
        evidence = uploads.of_form(form, "attachment")
        if form.model.act == "preview":
            with db.reading(engine) as session:
                units.reachable_head(session, here, unit_id)
                effect = waivers.effect(session, wish=form.model.wish(unit_id), today=today)
            return _wish_page(request, here, engine, unit_id, form, effect=effect)
        check_evidence(form.model.reason, form.model.note, has_file=evidence is not None)
        made = _request(engine, here, form.model, unit_id, files, evidence)
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return _wish_page(request, here, engine, unit_id, form.with_refusal(refusal), status=STATUS[refusal.kind])
    return RedirectResponse(f"/waivers/{made}", status_code=303)


def _request(
    engine: Engine,
    here: Here,
    model: WishForm,
    unit_id: int,
    files: Files,
    evidence: uploads.Checked | None,
) -> int:
    kept = files.put(evidence.content) if evidence else ""
    now = clock.now()
    with db.transaction(engine) as session:
        units.reachable_head(session, here, unit_id)
        made = waivers.request(
            session,
            wish=model.wish(unit_id),
            today=clock.today(),
            now=now,
            actor_id=here.actor.user_id,
            actor=here.actor.login,
            key=model.key,
        )
        is_open = _one(session, here, made)["state"] == "requested"
        if evidence and is_open and not waiver_reads.attachments(session, made):
            waiver_reads.attach(
                session,
                request_id=made,
                sha256=kept,
                size=len(evidence.content),
                media_type=evidence.media_type,
                name=evidence.name,
                at=now,
                by=here.actor.user_id,
            )
    return made


@router.get("/waivers/{request_id}/files/{file_id}")
def attachment(request_id: Id, file_id: Id, here: Viewer, engine: Database, files: Stored) -> Response:
    """Send a piece of evidence as a download, never shown in our own pages."""
    with db.reading(engine) as session:
        _one(session, here, request_id)
        found = [row for row in waiver_reads.attachments(session, request_id) if row.id == file_id]
    if not found:
        raise not_found("access.not_found")
    answer = pages.download(files.get(found[0].sha256), name=found[0].name, media_type=found[0].media_type)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def _wish_page(
    request: Request,
    here: Here,
    engine: Engine,
    unit_id: int,
    form: forms.Filled[WishForm],
    *,
    status: int = 200,
    effect: waivers.Effect | None = None,
) -> Response:
    today = clock.today()
    with db.reading(engine) as session:
        found = units.reachable_view(session, here, unit_id, today)
        facts = waiver_reads.payment_facts(session, unit_id=unit_id, as_of=today)
    return pages.page(
        request,
        "waivers/ask.html",
        here=here,
        status=status,
        unit=found,
        form=form,
        facts=facts,
        effect=effect,
        key=str(form.values.get("key") or new_key()),
        chosen={str(number) for number in form.values.get("bill", [])},
        kinds=[kind.value for kind in WaiverKind],
        reasons=[reason.value for reason in WaiverReason],
    )


@router.get("/waivers")
def show_queue(
    request: Request, here: Viewer, session: Reading, state: Literal["", "requested", "all"] = "", unit: int = 0
) -> Response:
    reach = [number for number, _ in here.communities]
    rows = waiver_reads.queue(
        session,
        community_ids=reach,
        states=() if state == "all" or unit else WAITING,
        unit_id=unit if 0 < unit < 2**31 else None,
    )
    return pages.page(request, "waivers/queue.html", here=here, rows=rows, is_all=state == "all" or bool(unit))


@router.get("/waivers/{request_id}")
def show(request: Request, request_id: Id, here: Viewer, engine: Database) -> Response:
    return _request_page(request, here, engine, request_id, forms.Filled({}))


@router.post("/waivers/{request_id}/decide")
def decide(request: Request, request_id: Id, here: Decider, engine: Database, form: Decided) -> Response:
    if form.model is None:
        return _request_page(request, here, engine, request_id, form, status=422)
    try:
        with db.transaction(engine) as session:
            _one(session, here, request_id)
            waivers.decide(
                session,
                request_id=request_id,
                approve=form.model.decision == "approve",
                note=form.model.note,
                today=clock.today(),
                now=clock.now(),
                actor_id=here.actor.user_id,
                actor=here.actor.login,
                limit_fen=here.actor.waiver_limit_fen,
            )
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return _request_page(request, here, engine, request_id, form.with_refusal(refusal), status=STATUS[refusal.kind])
    code = "done.waiver_approved" if form.model.decision == "approve" else "done.waiver_refused"
    return pages.back_to(request, f"/waivers/{request_id}", here=here, code=code)


@router.post("/waivers/{request_id}/undo")
def undo(request: Request, request_id: Id, here: Viewer, engine: Database, form: Undone) -> Response:
    if form.model is None:
        return _request_page(request, here, engine, request_id, form, status=422)
    try:
        with db.transaction(engine) as session:
            _one(session, here, request_id)
            waivers.undo(
                session,
                request_id=request_id,
                reason=form.model.reason,
                today=clock.today(),
                now=clock.now(),
                actor_id=here.actor.user_id,
                actor=here.actor.login,
                may_decide=here.actor.may(Permission.WAIVER_DECIDE),
            )
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return _request_page(request, here, engine, request_id, form.with_refusal(refusal), status=STATUS[refusal.kind])
    return pages.back_to(request, f"/waivers/{request_id}", here=here, code="done.waiver_undone")


def _one(session: Session, here: Here, request_id: int) -> dict[str, Any]:
    """Return one request within the person's reach."""
    reach = [number for number, _ in here.communities]
    found = waiver_reads.by_id(session, request_id)
    if found is None or found["community_id"] not in reach:
        raise not_found("waiver.unknown")
    reachable(here, found["community_id"])
    return dict(found)


def _request_page(
    request: Request, here: Here, engine: Engine, request_id: int, form: forms.Filled[Any], *, status: int = 200
) -> Response:
    with db.reading(engine) as session:
        found = _one(session, here, request_id)
        unit = unit_view.view(session, found["unit_id"], clock.today())
        bills = unit_reads.bills(session, found["unit_id"])
        files = waiver_reads.attachments(session, request_id)
    return pages.page(
        request,
        "waivers/request.html",
        here=here,
        status=status,
        form=form,
        row=found,
        unit=unit,
        bills=[bills[number] for number in json.loads(found["bill_ids"]) if number in bills],
        facts=json.loads(found["facts"]),
        files=files,
        may_decide=here.actor.may(Permission.WAIVER_DECIDE) and found["requested_by"] != here.actor.user_id,
    )
