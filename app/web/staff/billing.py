"""Billing runs: what a month would bill, item by item, and posting it once."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from starlette.responses import Response

from app import clock
from app.domain.access import Permission
from app.domain.errors import Refusal
from app.services import billing
from app.store import audit, db
from app.store import billing as billing_reads
from app.web import forms, pages
from app.web.deps import Database, Here, require
from app.web.errors import STATUS

router = APIRouter()

Previewer = Annotated[Here, require(Permission.BILLING_PREVIEW)]


class RunForm(forms.FormModel):
    period: forms.Text = Field(title="账期", max_length=7, pattern=r"^[0-9]{4}-[0-9]{2}$")
    act: Literal["preview", "post"] = "preview"


@router.get("/billing")
def show(request: Request, here: Previewer, engine: Database) -> Response:
    return _page(request, here, engine, forms.Filled({"period": clock.today().isoformat()[:7]}))


@router.post("/billing/preview")
def preview(
    request: Request, here: Previewer, engine: Database, form: Annotated[forms.Filled[RunForm], forms.filled(RunForm)]
) -> Response:
    if form.model is None:
        return _page(request, here, engine, form, status=422)
    try:
        with db.reading(engine) as session:
            found = billing.preview(
                session, community_id=_community(here), period=form.model.period, today=clock.today()
            )
    except Refusal as refusal:
        return _page(request, here, engine, form.with_refusal(refusal), status=STATUS[refusal.kind])
    return _page(request, here, engine, form, found=found)


@router.post("/billing/post")
def post(
    request: Request,
    here: Annotated[Here, require(Permission.BILLING_POST)],
    engine: Database,
    form: Annotated[forms.Filled[RunForm], forms.filled(RunForm)],
) -> Response:
    if form.model is None:
        return _page(request, here, engine, form, status=422)
    now = clock.now()
    try:
        with db.transaction(engine) as session:
            done = billing.post(
                session,
                community_id=_community(here),
                period=form.model.period,
                today=clock.today(),
                now=now,
                actor_id=here.actor.user_id,
            )
            audit.record(
                session,
                at=now,
                actor=here.actor.login,
                action="billing.posted",
                subject=form.model.period,
                community_id=here.community_id,
                facts={"created": done.created, "existing": done.existing},
            )
    except Refusal as refusal:
        return _page(request, here, engine, form.with_refusal(refusal), status=STATUS[refusal.kind])
    return pages.back_to(
        request,
        "/billing",
        here=here,
        code="done.billing_posted",
        created=done.created,
        existing=done.existing,
        amount_fen=done.amount_fen,
    )


def _community(here: Here) -> int:
    if here.community_id is None:
        raise Refusal("estate.empty")
    return here.community_id


def _page(
    request: Request,
    here: Here,
    engine: Engine,
    form: forms.Filled[RunForm],
    *,
    status: int = 200,
    found: billing.RunResult | None = None,
) -> Response:
    with db.reading(engine) as session:
        runs = billing_reads.runs(session, here.community_id) if here.community_id else []
    return pages.page(request, "billing/billing.html", here=here, status=status, form=form, found=found, runs=runs)
