"""Objections and holds on the office's side: the list, setting one with its effect shown, ending it, its papers."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from app import clock
from app.domain.access import Permission
from app.domain.errors import Refusal
from app.domain.waivers import HoldReason
from app.services import filing, holds
from app.store import db, unit_files, unit_reads
from app.store import holds as hold_reads
from app.web import forms, pages, unit_view, uploads
from app.web.deps import Database, Here, Id, Reading, Stored, reachable, require
from app.web.estate_fields import Key
from app.web.listing import PAGE_SIZE, Pager
from app.web.staff.acting import by, carry_out, head_of
from app.web.staff.payments import new_key

router = APIRouter()

Setter = Annotated[Here, require(Permission.HOLD_SET)]
Looker = Annotated[Here, require(Permission.UNIT_SEE)]
DAYS = 30


class HoldForm(forms.FormModel):
    kind: Literal["objection", "hold"] = Field(default="objection", title="种类")
    reason: HoldReason = Field(default=HoldReason.DISPUTE, title="原因")
    bill: list[forms.Number] = Field(default_factory=list, title="账单", max_length=400)
    from_on: forms.Date = Field(title="自")
    until_on: forms.Date = Field(title="至")
    stops_accrual: bool = Field(default=False, title="停计违约金")
    stops_dunning: bool = Field(default=False, title="停催")
    stops_contact: bool = Field(default=False, title="停联系")
    note: forms.Text = Field(default="", title="说明", max_length=500)
    review_on: forms.Date | None = Field(default=None, title="答复期限")
    key: Key = Field(title="表单编号")
    act: Literal["preview", "save"] = "save"

    def wish(self, unit_id: int) -> holds.Wish:
        """Return the hold the form describes."""
        return holds.Wish(
            unit_id=unit_id,
            bill_ids=tuple(dict.fromkeys(self.bill)),
            reason=self.reason,
            is_objection=self.kind == "objection",
            from_on=self.from_on,
            until_on=self.until_on,
            stops_accrual=self.stops_accrual,
            stops_dunning=self.stops_dunning,
            stops_contact=self.stops_contact,
            note=self.note,
            review_on=self.review_on,
        )


class EndForm(forms.FormModel):
    act: Literal["end", "withdraw"] = Field(default="end", title="操作")
    last_on: forms.Date | None = Field(default=None, title="最后一天")
    reason: forms.Text = Field(default="", title="原因", max_length=200)
    key: Key = Field(title="表单编号")


class HoldsQuery(forms.FormModel):
    state: Literal["open", "due", "ended", "all"] = Field(default="open", title="状态")
    kind: Literal["", "objection", "hold"] = Field(default="", title="种类")
    page: int = Field(default=1, title="页码", ge=1, le=100000)


Wished = Annotated[forms.Filled[HoldForm], forms.filled(HoldForm)]
Ended = Annotated[forms.Filled[EndForm], forms.filled(EndForm)]


@router.get("/holds")
def show_list(request: Request, here: Looker, session: Reading) -> Response:
    form = forms.of_address(HoldsQuery, request)
    query = form.model or HoldsQuery()
    count, rows = hold_reads.listing(
        session,
        community_ids=[here.community_id] if here.community_id else [],
        state=query.state,
        kind=query.kind,
        today=clock.today(),
        limit=PAGE_SIZE,
        offset=(query.page - 1) * PAGE_SIZE,
    )
    params = {key: value for key, value in form.values.items() if isinstance(value, str) and key != "page"}
    return pages.page(
        request,
        "estate/holds.html",
        here=here,
        status=422 if form.faults else 200,
        form=form,
        query=query,
        rows=rows,
        soon=clock.today() + hold_reads.DUE_WITHIN,
        pager=Pager("/holds", params, query.page, count),
    )


@router.get("/units/{unit_id}/hold")
def ask(request: Request, unit_id: Id, here: Setter, engine: Database) -> Response:
    return _page(request, here, engine, head_of(engine, here, unit_id), forms.Filled({}))


@router.post("/units/{unit_id}/hold")
def place(request: Request, unit_id: Id, here: Setter, engine: Database, files: Stored, form: Wished) -> Response:
    head = head_of(engine, here, unit_id)

    def show(filled: forms.Filled[HoldForm], status: int) -> Response:
        return _page(request, here, engine, head, filled, status=status)

    kept: filing.KeptFile | None = None
    if form.model is not None and form.model.act == "save":
        try:
            checked = uploads.of_form(form, "file")
        except Refusal as refusal:
            said = next(iter(form.with_refusal(refusal).faults.values()))
            return show(forms.Filled(form.values, {"file": said}, form.model, form.files), 422)
        if checked is not None:
            made = uploads.keep(files, checked)
            kept = filing.KeptFile("other", made.name, made.media_type, made.sha256, made.size)

    def work(session: Session, model: HoldForm) -> holds.Effect | int:
        wish, may_decide = model.wish(unit_id), here.actor.may(Permission.WAIVER_DECIDE)
        if model.act == "preview":
            return holds.effect(session, wish=wish, today=clock.today(), may_decide=may_decide)
        hold_id = holds.place(session, wish=wish, may_decide=may_decide, by=by(here), key=model.key)
        subject = f"hold:{hold_id}"
        if kept is not None and not unit_files.of_unit(session, unit_id, subject=subject):
            file = filing.KeptFile(kept.kind, kept.name, kept.media_type, kept.sha256, kept.size, subject=subject)
            filing.add_file(session, unit_id=unit_id, kept=file, by=by(here))
        return hold_id

    def done(result: holds.Effect | int) -> Response:
        if isinstance(result, holds.Effect):
            return _page(request, here, engine, head, form, effect=result)
        return RedirectResponse(f"/holds/{result}", status_code=303)

    return carry_out(engine, form, work=work, show=show, done=done)


def _page(
    request: Request,
    here: Here,
    engine: Engine,
    head: unit_reads.Head,
    form: forms.Filled[HoldForm],
    *,
    status: int = 200,
    effect: holds.Effect | None = None,
) -> Response:
    today = clock.today()
    with db.reading(engine) as session:
        found = unit_view.view(session, head.unit_id, today)
    return pages.page(
        request,
        "estate/hold.html",
        here=here,
        status=status,
        unit=head,
        lines=found.open_lines,
        form=form,
        effect=effect,
        reasons=[reason.value for reason in HoldReason],
        until=today + dt.timedelta(days=DAYS),
        key=str(form.values.get("key") or new_key()),
        chosen={str(number) for number in form.values.get("bill", [])},
    )


@router.get("/holds/{hold_id}")
def show(request: Request, hold_id: Id, here: Looker, session: Reading) -> Response:
    return _one(request, here, session, hold_id, forms.Filled({}))


@router.post("/holds/{hold_id}/end")
def end(request: Request, hold_id: Id, here: Setter, engine: Database, form: Ended) -> Response:
    with db.reading(engine) as session:
        found = hold_reads.by_id(session, hold_id, today=clock.today())
        reachable(here, found["community_id"])

    def work(session: Session, model: EndForm) -> None:
        if model.act == "withdraw":
            holds.withdraw(session, hold_id=hold_id, reason=model.reason, by=by(here), key=model.key)
        else:
            last_on = model.last_on or clock.today()
            holds.end(session, hold_id=hold_id, last_on=last_on, reason=model.reason, by=by(here), key=model.key)

    def show_again(filled: forms.Filled[EndForm], status: int) -> Response:
        with db.reading(engine) as session:
            return _one(request, here, session, hold_id, filled, status)

    where = f"/units/{found['unit_id']}?tab=waivers"
    return carry_out(
        engine,
        form,
        work=work,
        show=show_again,
        done=lambda _: pages.back_to(request, where, here=here, code="done.hold_ended"),
    )


def _one(
    request: Request, here: Here, session: Session, hold_id: int, form: forms.Filled[EndForm], status: int = 200
) -> Response:
    row = hold_reads.by_id(session, hold_id, today=clock.today())
    reachable(here, row["community_id"])
    bills = unit_reads.bills(session, row["unit_id"])
    return pages.page(
        request,
        "estate/hold_one.html",
        here=here,
        status=status,
        row=row,
        unit=unit_reads.head(session, row["unit_id"]),
        bills=[bills[number] for number in row["bill_ids"] if number in bills],
        files=unit_files.of_unit(session, row["unit_id"], subject=f"hold:{hold_id}"),
        form=form,
        key=str(form.values.get("key") or new_key()),
    )
