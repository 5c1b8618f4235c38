"""The clocks of one unit and what they rest on; interruptions and obstacles entered by hand, with their proof."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import clock
from app.domain.access import Permission
from app.domain.errors import Refusal, not_found
from app.domain.limitation import Interruption
from app.domain.limitation_states import Obstacle
from app.services import limitation as service
from app.store import db, interruptions, limitation_reads, obstacles, stored_files
from app.web import forms, limitation_words, pages, uploads
from app.web.deps import Database, Here, Id, Stored, require
from app.web.errors import STATUS
from app.web.estate_fields import Key
from app.web.staff.acting import by, carry_out, head_of
from app.web.staff.payments import new_key
from app.web.uploads import Kept

router = APIRouter()

Viewer = Annotated[Here, require(Permission.CLAIM_SEE)]
Keeper = Annotated[Here, require(Permission.DELIVERY_RECORD)]
ByHand = Literal["promise", "demand", "demand_co_owner", "proceeding", "promise_after_expiry"]
Form = forms.Filled[forms.FormModel]


class EventForm(forms.FormModel):
    kind: ByHand = Field(default="promise", title="事由")
    happened_on: forms.Date = Field(title="日期")
    ended_on: forms.Date | None = Field(default=None, title="程序终结日")
    strength: Literal["A", "B", "C"] = Field(default="A", title="证明力")
    bill: list[forms.Number] = Field(default_factory=list, title="账单", max_length=400)
    note: forms.Text = Field(default="", title="经过", max_length=200)
    key: Key = Field(title="表单编号")


class ObstacleForm(forms.FormModel):
    reason: Obstacle = Field(default=Obstacle.HEIRS_UNKNOWN, title="障碍")
    from_on: forms.Date = Field(title="自")
    until_on: forms.Date | None = Field(default=None, title="至")
    bill: list[forms.Number] = Field(default_factory=list, title="账单", max_length=400)
    said: forms.Text = Field(default="", title="说明", max_length=200)
    key: Key = Field(title="表单编号")


class ChangeForm(forms.FormModel):
    act: Literal["end", "withdraw"] = Field(default="end", title="操作")
    on: forms.Date | None = Field(default=None, title="日期")
    reason: forms.Text = Field(default="", title="原因", max_length=200)


Recorded = Annotated[forms.Filled[EventForm], forms.filled(EventForm)]
Obstructed = Annotated[forms.Filled[ObstacleForm], forms.filled(ObstacleForm)]
Changed = Annotated[forms.Filled[ChangeForm], forms.filled(ChangeForm)]


@router.get("/units/{unit_id}/limitation")
def show(request: Request, unit_id: Id, here: Viewer, engine: Database) -> Response:
    return _page(request, here, engine, unit_id)


@router.post("/units/{unit_id}/limitation")
def record(request: Request, unit_id: Id, here: Keeper, engine: Database, files: Stored, form: Recorded) -> Response:
    head_of(engine, here, unit_id)

    def again(filled: forms.Filled[EventForm], status: int) -> Response:
        return _page(request, here, engine, unit_id, event=filled, status=status)

    def act(session: Session, model: EventForm, proof: Kept | None) -> int:
        event = service.Event(
            unit_id=unit_id,
            kind=Interruption(model.kind),
            happened_on=model.happened_on,
            ended_on=model.ended_on,
            bill_ids=tuple(dict.fromkeys(model.bill)),
            strength=model.strength,
            note=model.note,
        )
        return service.record(session, event=event, proof=proof, by=by(here), key=model.key)

    return _with_file(request, here, engine, files, form, again, act, unit_id, "done.interruption_recorded")


@router.post("/units/{unit_id}/limitation/obstacles")
def obstruct(
    request: Request, unit_id: Id, here: Keeper, engine: Database, files: Stored, form: Obstructed
) -> Response:
    head_of(engine, here, unit_id)

    def again(filled: forms.Filled[ObstacleForm], status: int) -> Response:
        return _page(request, here, engine, unit_id, hindrance=filled, status=status)

    def act(session: Session, model: ObstacleForm, proof: Kept | None) -> int:
        hindrance = service.Hindrance(
            unit_id=unit_id,
            reason=model.reason,
            from_on=model.from_on,
            until_on=model.until_on,
            bill_ids=tuple(dict.fromkeys(model.bill)),
            note=model.said,
        )
        return service.obstruct(session, hindrance=hindrance, proof=proof, by=by(here), key=model.key)

    return _with_file(request, here, engine, files, form, again, act, unit_id, "done.obstacle_recorded")


@router.post("/units/{unit_id}/limitation/obstacles/{file_id}")
def change_obstacle(
    request: Request, unit_id: Id, file_id: Id, here: Keeper, engine: Database, form: Changed
) -> Response:
    """End an obstacle or take back its entry, which is known by the file that shows it."""
    head_of(engine, here, unit_id)

    def work(session: Session, model: ChangeForm) -> int:
        until_on = (model.on or clock.today()) if model.act == "end" else None
        return service.change_obstacle(
            session, unit_id=unit_id, entry_key=f"o{file_id}", until_on=until_on, reason=model.reason, by=by(here)
        )

    return carry_out(
        engine,
        form,
        work=work,
        show=lambda filled, status: _page(request, here, engine, unit_id, change=filled, status=status),
        done=lambda _: _back(request, here, unit_id, "done.obstacle_changed"),
    )


@router.post("/units/{unit_id}/limitation/{number}")
def change(request: Request, unit_id: Id, number: Id, here: Keeper, engine: Database, form: Changed) -> Response:
    """Say when a proceeding ended, or take back an entry made by hand."""
    head_of(engine, here, unit_id)

    def work(session: Session, model: ChangeForm) -> int:
        if model.act == "end":
            return service.end_proceeding(
                session, unit_id=unit_id, interruption_id=number, ended_on=model.on or clock.today(), by=by(here)
            )
        return service.withdraw(session, unit_id=unit_id, interruption_id=number, reason=model.reason, by=by(here))

    return carry_out(
        engine,
        form,
        work=work,
        show=lambda filled, status: _page(request, here, engine, unit_id, change=filled, status=status),
        done=lambda _: _back(request, here, unit_id, "done.interruption_changed"),
    )


@router.get("/units/{unit_id}/limitation/files/{file_id}")
def download(unit_id: Id, file_id: Id, here: Viewer, engine: Database, files: Stored) -> Response:
    """Send the file that proves an entry, as a download."""
    head_of(engine, here, unit_id)
    with db.reading(engine) as session:
        row = stored_files.by_id(session, subject=f"limitation:{unit_id}", file_id=file_id)
    if row is None:
        raise not_found("unit_file.unknown")
    return uploads.original(files, sha256=row.sha256, name=row.name, media_type=row.media_type)


def _with_file(
    request: Request,
    here: Here,
    engine: Engine,
    files: Stored,
    form: forms.Filled[forms.M],
    again: Callable[[forms.Filled[forms.M], int], Response],
    act: Callable[[Session, forms.M, Kept | None], int],
    unit_id: int,
    code: str,
) -> Response:
    """Keep the file before the transaction (a row never names a file that is not there), then act."""
    if form.model is None:
        return again(form, 422)
    try:
        checked = uploads.of_form(form, "file")
    except Refusal as refusal:
        said = next(iter(form.with_refusal(refusal).faults.values()))
        shown = forms.Filled(form.values, {"file": said}, form.model, form.files)
        return again(shown, STATUS[refusal.kind])
    proof = uploads.keep(files, checked) if checked is not None else None
    return carry_out(
        engine,
        form,
        work=lambda session, model: act(session, model, proof),
        show=again,
        done=lambda count: _back(request, here, unit_id, code, bills=count),
    )


def _back(request: Request, here: Here, unit_id: int, code: str, **facts: int) -> Response:
    return pages.back_to(request, f"/units/{unit_id}/limitation", here=here, code=code, **facts)


def _page(
    request: Request,
    here: Here,
    engine: Engine,
    unit_id: int,
    *,
    event: forms.Filled[EventForm] | None = None,
    hindrance: forms.Filled[ObstacleForm] | None = None,
    change: forms.Filled[ChangeForm] | None = None,
    status: int = 200,
) -> Response:
    head, today = head_of(engine, here, unit_id), clock.today()
    with db.reading(engine) as session:
        clocks = limitation_reads.clocks_of_unit(session, unit_id, today)
        recorded = interruptions.of_unit(session, unit_id)
        entries = obstacles.of_unit(session, unit_id)
    nothing: forms.Filled[forms.FormModel] = forms.Filled({})
    shown = next((one for one in (event, hindrance, change) if one is not None), nothing)
    return pages.page(
        request,
        "limitation/unit.html",
        here=here,
        status=status,
        unit=head,
        clocks=clocks,
        recorded=recorded,
        obstacles=entries,
        form=shown,
        event=event or nothing,
        hindrance=hindrance or nothing,
        kinds=[kind.value for kind in service.BY_HAND],
        reasons=[reason.value for reason in Obstacle],
        may_record=here.actor.may(Permission.DELIVERY_RECORD),
        may_draft=here.actor.may(Permission.NOTICE_DRAFT),
        words=limitation_words,
        keys=(new_key(), new_key()),
        chosen={str(number) for number in shown.values.get("bill", [])},
    )
