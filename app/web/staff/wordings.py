"""What a community says on its notices besides the shipped text: versions by tone, tried on a real unit, published."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from app import clock
from app.documents.contexts import Tone
from app.domain import wording
from app.domain.access import Permission
from app.domain.errors import Kind, Refusal
from app.i18n import wording as words
from app.i18n import zh_cn
from app.services import notice_issue, printing
from app.services import procedure as services
from app.store import arrears, db, estate, notices, procedure
from app.web import forms, pages
from app.web.deps import Config, Database, Here, Id, Outside, reachable, require, require_fresh
from app.web.errors import STATUS

router = APIRouter()

Viewer = Annotated[Here, require(Permission.NOTICE_SEE)]
Drafter = Annotated[Here, require(Permission.NOTICE_DRAFT)]
Publisher = Annotated[Here, require_fresh(Permission.PROCEDURE_EDIT)]

SAMPLE_DEADLINE_DAYS = 15


class WordsForm(forms.FormModel):
    opening: forms.Text = Field(default="", title="开头", max_length=400)
    closing: forms.Text = Field(default="", title="结尾", max_length=400)
    contact: forms.Text = Field(default="", title="联系方式", max_length=400)
    note: forms.Text = Field(default="", title="改动说明", max_length=200)


Said = Annotated[forms.Filled[WordsForm], forms.filled(WordsForm)]


@router.get("/procedure/wording/{tone}")
def show_tone(request: Request, tone: Tone, here: Viewer, engine: Database) -> Response:
    """Show what is said now and offer a new version of it."""
    with db.reading(engine) as session:
        community_id = reachable(here, here.community_id)
        said = procedure.wording_in_force(session, community_id=community_id, tone=tone.value)
    values = {} if said is None else {"opening": said.opening, "closing": said.closing, "contact": said.contact}
    return _tone_page(request, here, engine, tone, forms.Filled(values))


def _tone_page(
    request: Request, here: Here, engine: Engine, tone: Tone, form: forms.Filled[WordsForm], *, status: int = 200
) -> Response:
    with db.reading(engine) as session:
        community_id = reachable(here, here.community_id)
        community = estate.community_row(session, community_id)
        rows = procedure.wordings(session, community_id, tone=tone.value)
        said = procedure.wording_in_force(session, community_id=community_id, tone=tone.value)
    return pages.page(
        request,
        "procedure/tone.html",
        here=here,
        status=status,
        form=form,
        tone=tone.value,
        rows=rows,
        said=said,
        blanks=list(words.BLANKS),
        threats=_threats(community),
        longest=wording.LONGEST,
    )


def _threats(community: Any) -> tuple[str, ...]:  # noqa: ANN401 - a row of the store
    """Return what the community's own contract says that a notice should not: its clauses are quoted there."""
    forbidden = [word for word in words.FORBIDDEN if word != words.OLD_NAME]
    return wording.threats(f"{community.fee_clause}\n{community.late_charge_clause}", forbidden)


@router.post("/procedure/wording/{tone}")
def draft(request: Request, tone: Tone, here: Drafter, engine: Database, form: Said) -> Response:
    if form.model is None:
        return _tone_page(request, here, engine, tone, form, status=422)
    said = services.Words(tone, form.model.opening, form.model.closing, form.model.contact)
    try:
        with db.transaction(engine) as session:
            made = services.draft_wording(
                session,
                community_id=reachable(here, here.community_id),
                said=said,
                note=form.model.note,
                now=clock.now(),
                actor_id=here.actor.user_id,
                actor=here.actor.login,
            )
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return _tone_page(request, here, engine, tone, form.with_refusal(refusal), status=STATUS[refusal.kind])
    return RedirectResponse(f"/procedure/wording/versions/{made}", status_code=303)


@router.get("/procedure/wording/versions/{wording_id}")
def show_version(request: Request, wording_id: Id, here: Viewer, engine: Database) -> Response:
    return _version_page(request, here, engine, wording_id, {})


def _version_page(
    request: Request, here: Here, engine: Engine, wording_id: int, faults: dict[str, str], *, status: int = 200
) -> Response:
    with db.reading(engine) as session:
        row = procedure.wording(session, wording_id)
        reachable(here, row.community_id)
        community = estate.community_row(session, row.community_id)
        said = procedure.wording_in_force(session, community_id=row.community_id, tone=row.tone)
    return pages.page(
        request,
        "procedure/wording.html",
        here=here,
        status=status,
        faults=faults,
        row=row,
        before=None if said is None or said.id == row.id else said,
        is_in_force=said is not None and said.id == row.id,
        threats=_threats(community),
        fields=("opening", "contact", "closing"),
        may_publish=here.actor.may(Permission.PROCEDURE_EDIT) and row.created_by != here.actor.user_id,
    )


@router.get("/procedure/wording/versions/{wording_id}/sample.pdf")
def sample(
    request: Request, wording_id: Id, here: Viewer, engine: Database, outside: Outside, settings: Config
) -> Response:
    """Show the wording on the notice of a real unit: the one named by its room, or else whoever owes most."""
    room, today = request.query_params.get("room", "").strip()[:40], clock.today()
    with db.reading(engine) as session:
        row = procedure.wording(session, wording_id)
        community_id = reachable(here, row.community_id)
        levels = procedure.levels_on(session, community_id, on=today)
        level = next((one for one in levels if one.tone == row.tone), None)
        days = level.deadline_days if level else SAMPLE_DEADLINE_DAYS
        wanted = notice_issue.Sample(
            community_id=community_id,
            tone=row.tone,
            level=level.level if level else 1,
            as_of=today,
            deadline_on=today + dt.timedelta(days=days),
            said=row,
            public_url=settings.public_url,
        )
        unit_id = _unit(session, community_id, room, today)
        facts = notice_issue.sample(session, wanted=wanted, unit_id=unit_id, today=today)
    return pages.pdf(printing.proof(outside, facts=facts), name=f"sample-{wording_id}.pdf")


def _unit(session: Session, community_id: int, room: str, today: dt.date) -> int:
    """Return the unit of a room as it is written, or whoever owes most where none is named."""
    if room:
        found = notices.unit_named(session, community_id=community_id, room=room)
        if found is None:
            raise Refusal("notice.sample_unit_unknown")
        return found
    listed = arrears.Filter(community_id=community_id)
    most = arrears.list_units(session, as_of=today, wanted=listed, sort="-total", limit=1)
    if not most:
        raise Refusal("notice.sample_nothing_due")
    return most[0].unit_id


@router.post("/procedure/wording/versions/{wording_id}/publish")
def publish(request: Request, wording_id: Id, here: Publisher, engine: Database) -> Response:
    try:
        with db.transaction(engine) as session:
            reachable(here, procedure.wording(session, wording_id).community_id)
            services.publish_wording(
                session,
                wording_id=wording_id,
                now=clock.now(),
                actor_id=here.actor.user_id,
                actor=here.actor.login,
            )
    except Refusal as refusal:
        return _refused(request, here, engine, wording_id, refusal)
    where = f"/procedure/wording/versions/{wording_id}"
    return pages.back_to(request, where, here=here, code="done.wording_published")


@router.post("/procedure/wording/versions/{wording_id}/discard")
def discard(request: Request, wording_id: Id, here: Drafter, engine: Database) -> Response:
    try:
        with db.transaction(engine) as session:
            reachable(here, procedure.wording(session, wording_id).community_id)
            services.discard_wording(session, wording_id=wording_id, now=clock.now(), actor=here.actor.login)
    except Refusal as refusal:
        return _refused(request, here, engine, wording_id, refusal)
    return pages.back_to(request, "/procedure", here=here, code="done.version_discarded")


def _refused(request: Request, here: Here, engine: Engine, wording_id: int, refusal: Refusal) -> Response:
    if refusal.kind is Kind.NOT_FOUND:
        raise refusal
    faults = {"": zh_cn.sentence(refusal)}
    return _version_page(request, here, engine, wording_id, faults, status=STATUS[refusal.kind])
