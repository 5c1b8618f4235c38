"""The procedure's levels and their versions: what is in force, a new version drafted, compared and published."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, cast

from fastapi import APIRouter, Request
from pydantic import Field, create_model
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from app import clock
from app.documents.contexts import Tone
from app.domain.access import Permission
from app.domain.errors import Kind, Refusal, not_found
from app.domain.money import format_yuan
from app.i18n import zh_cn
from app.services import procedure as services
from app.store import db, procedure
from app.web import forms, pages
from app.web.deps import Database, Here, Id, Reading, reachable, require, require_fresh
from app.web.errors import STATUS

router = APIRouter()

Viewer = Annotated[Here, require(Permission.NOTICE_SEE)]
Drafter = Annotated[Here, require(Permission.NOTICE_DRAFT)]
Publisher = Annotated[Here, require_fresh(Permission.PROCEDURE_EDIT)]

PLACES = range(1, services.MAX_LEVELS + 1)


class _Head(forms.FormModel):
    from_on: forms.Date = Field(title="启用日期")
    note: forms.Text = Field(default="", title="改动说明", max_length=200)


def _title(field: str, place: int) -> str:
    return zh_cn.LABELS[f"level_form.{field}"].format(level=place)


def _level_fields() -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for place in PLACES:
        fields |= {
            f"days_{place}": (int | None, Field(default=None, title=_title("days", place), ge=1, le=3650)),
            f"amount_{place}": (forms.Fen | None, Field(default=None, title=_title("amount", place))),
            f"pause_{place}": (int, Field(default=15, title=_title("pause", place), ge=0, le=365)),
            f"tone_{place}": (Tone, Field(default=Tone.NOTICE, title=_title("tone", place))),
            f"deadline_{place}": (int, Field(default=15, title=_title("deadline", place), ge=1, le=180)),
            f"active_{place}": (bool, Field(default=False, title=_title("active", place))),
        }
    return fields


LevelsForm = cast("type[_Head]", create_model("LevelsForm", __base__=_Head, **_level_fields()))
Levels = Annotated[forms.Filled[_Head], forms.filled(LevelsForm)]


@router.get("/procedure")
def show(request: Request, here: Viewer, session: Reading) -> Response:
    """Show the levels and wording in force, and what waits to be published."""
    community_id = reachable(here, here.community_id)
    return pages.page(
        request,
        "procedure/list.html",
        here=here,
        levels=procedure.levels_on(session, community_id, on=clock.today()),
        versions=procedure.versions(session, community_id),
        wordings=procedure.wordings(session, community_id),
        tones=[tone.value for tone in Tone],
        in_force_id=_in_force(session, community_id),
    )


def _in_force(session: Session, community_id: int) -> int | None:
    found = procedure.levels_on(session, community_id, on=clock.today())
    return found[0].version_id if found else None


@router.get("/procedure/new")
def new(request: Request, here: Drafter, session: Reading) -> Response:
    """Offer a new version, filled in with the one in force, or with the one named in the address."""
    community_id = reachable(here, here.community_id)
    given = request.query_params.get("like", "")
    if given.isascii() and given.isdigit() and len(given) < 10:
        like = procedure.version(session, int(given))
        reachable(here, like.community_id)
        levels = procedure.levels_of(session, community_id=like.community_id, version_id=like.id)
    else:
        levels = procedure.levels_on(session, community_id, on=clock.today())
    values = {"from_on": clock.today().isoformat()}
    for row in levels[: services.MAX_LEVELS]:
        values |= _values(row)
    form: forms.Filled[_Head] = forms.Filled(values)
    return _form_page(request, here, form)


def _values(row: Any) -> dict[str, str]:  # noqa: ANN401 - a row of the store
    amount = format_yuan(row.min_amount_fen) if row.min_amount_fen else ""
    values = {"days": row.min_days, "amount": amount, "pause": row.pause_days, "tone": row.tone}
    values |= {"deadline": row.deadline_days, "active": "true" if row.is_active else ""}
    return {f"{name}_{row.level}": str(value) for name, value in values.items()}


def _form_page(request: Request, here: Here, form: forms.Filled[_Head], *, status: int = 200) -> Response:
    tones = [tone.value for tone in Tone]
    return pages.page(
        request, "procedure/new.html", here=here, status=status, form=form, places=list(PLACES), tones=tones
    )


@router.post("/procedure/new")
def draft(request: Request, here: Drafter, engine: Database, form: Levels) -> Response:
    if form.model is None:
        return _form_page(request, here, form, status=422)
    try:
        with db.transaction(engine) as session:
            made = services.draft(
                session,
                community_id=reachable(here, here.community_id),
                levels=_levels(form.model),
                from_on=form.model.from_on,
                note=form.model.note,
                today=clock.today(),
                now=clock.now(),
                actor_id=here.actor.user_id,
                actor=here.actor.login,
            )
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return _form_page(request, here, form.with_refusal(refusal), status=STATUS[refusal.kind])
    return RedirectResponse(f"/procedure/versions/{made}", status_code=303)


def _levels(model: _Head) -> list[services.Level]:
    """Return the levels of the form; a level without days is not there, and none may be left out in between."""
    given = model.model_dump()
    levels: list[services.Level] = []
    for place in PLACES:
        if given[f"days_{place}"] is None:
            continue
        if place != len(levels) + 1:
            raise Refusal("procedure.level_incomplete", field=f"days_{len(levels) + 1}", level=len(levels) + 1)
        levels.append(
            services.Level(
                level=place,
                min_days=given[f"days_{place}"],
                min_amount_fen=given[f"amount_{place}"] or 0,
                pause_days=given[f"pause_{place}"],
                tone=given[f"tone_{place}"].value,
                deadline_days=given[f"deadline_{place}"],
                is_active=given[f"active_{place}"],
            )
        )
    return levels


@router.get("/procedure/versions/{version_id}")
def show_version(request: Request, version_id: Id, here: Viewer, engine: Database) -> Response:
    return _version_page(request, here, engine, version_id, {})


def _version_page(
    request: Request, here: Here, engine: Engine, version_id: int, faults: dict[str, str], *, status: int = 200
) -> Response:
    given = request.query_params.get("against", "")
    with db.reading(engine) as session:
        row = procedure.version(session, version_id)
        community_id = reachable(here, row.community_id)
        others = [one for one in procedure.versions(session, community_id) if one.id != version_id]
        against = next((one for one in others if str(one.id) == given), None)
        if given and given != "0" and against is None:
            raise not_found("procedure.version_unknown")
        # Unless asked otherwise, a version is compared with what applies on the eve of it.
        before = (
            procedure.levels_of(session, community_id=community_id, version_id=against.id if against else None)
            if given
            else procedure.levels_on(session, community_id, on=_eve(row))
        )
        after = procedure.levels_of(session, community_id=community_id, version_id=version_id)
    return pages.page(
        request,
        "procedure/version.html",
        here=here,
        status=status,
        faults=faults,
        row=row,
        rows=_compared(before, after),
        others=others,
        against=given,
        may_publish=here.actor.may(Permission.PROCEDURE_EDIT) and row.created_by != here.actor.user_id,
    )


def _eve(row: Any) -> dt.date:  # noqa: ANN401 - a row of the store
    return cast("dt.date", row.from_on) - dt.timedelta(days=1) if row.state == procedure.PUBLISHED else clock.today()


def _compared(before: list[Any], after: list[Any]) -> list[tuple[int, Any, Any]]:
    """Pair the levels of two versions; None stands for a level one of them has not."""
    then, now = ({row.level: row for row in rows} for rows in (before, after))
    return [(level, then.get(level), now.get(level)) for level in sorted({*then, *now})]


@router.post("/procedure/versions/{version_id}/publish")
def publish(request: Request, version_id: Id, here: Publisher, engine: Database) -> Response:
    try:
        with db.transaction(engine) as session:
            reachable(here, procedure.version(session, version_id).community_id)
            from_on = services.publish(
                session,
                version_id=version_id,
                today=clock.today(),
                now=clock.now(),
                actor_id=here.actor.user_id,
                actor=here.actor.login,
            )
    except Refusal as refusal:
        return _refused(request, here, engine, version_id, refusal)
    where = f"/procedure/versions/{version_id}"
    return pages.back_to(request, where, here=here, code="done.procedure_published", on=from_on.isoformat())


@router.post("/procedure/versions/{version_id}/discard")
def discard(request: Request, version_id: Id, here: Drafter, engine: Database) -> Response:
    try:
        with db.transaction(engine) as session:
            reachable(here, procedure.version(session, version_id).community_id)
            services.discard(session, version_id=version_id, now=clock.now(), actor=here.actor.login)
    except Refusal as refusal:
        return _refused(request, here, engine, version_id, refusal)
    return pages.back_to(request, "/procedure", here=here, code="done.version_discarded")


def _refused(request: Request, here: Here, engine: Engine, version_id: int, refusal: Refusal) -> Response:
    if refusal.kind is Kind.NOT_FOUND:
        raise refusal
    faults = {"": zh_cn.sentence(refusal)}
    return _version_page(request, here, engine, version_id, faults, status=STATUS[refusal.kind])
