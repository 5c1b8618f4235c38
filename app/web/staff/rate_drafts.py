"""A drafted price, late charge or item: what it would change, a trial, and a second person who publishes it."""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import clock
from app.domain.access import Permission
from app.domain.errors import Kind, Refusal
from app.services import tariffs
from app.services.tariffs import LateCharge, NewPrice
from app.store import billing_review, db, stored_files
from app.store import tariffs as tariff_reads
from app.web import forms, pages
from app.web.deps import Database, Here, Id, reachable, require, require_fresh
from app.web.errors import STATUS
from app.web.staff.rates import SHOWN_UNITS, TrialForm, as_mapping, cap_text, policy_line, try_out, unit_named
from app.web.working import exact_yuan, rate_text

router = APIRouter()

Viewer = Annotated[Here, require(Permission.TARIFF_SEE)]
Editor = Annotated[Here, require(Permission.TARIFF_EDIT)]
Publisher = Annotated[Here, require_fresh(Permission.TARIFF_PUBLISH)]


class CloseForm(forms.FormModel):
    reason: forms.Text = Field(title="原因", max_length=200)


@router.get("/rates/drafts/{draft_id}")
def show(request: Request, draft_id: Id, here: Viewer, engine: Database) -> Response:
    return _page(request, here, engine, draft_id, forms.of_address(TrialForm, request))


@router.post("/rates/drafts/{draft_id}/publish")
def publish(request: Request, draft_id: Id, here: Publisher, engine: Database) -> Response:
    try:
        with db.transaction(engine) as session:
            reachable(here, tariff_reads.draft(session, draft_id).community_id)
            tariffs.publish(
                session,
                draft_id=draft_id,
                today=clock.today(),
                now=clock.now(),
                actor_id=here.actor.user_id,
                actor=here.actor.login,
            )
    except Refusal as refusal:
        return _refused(request, here, engine, draft_id, forms.Filled({}), refusal)
    return pages.back_to(request, f"/rates/drafts/{draft_id}", here=here, code="done.tariff_published")


@router.post("/rates/drafts/{draft_id}/close")
def close(
    request: Request,
    draft_id: Id,
    here: Editor,
    engine: Database,
    form: Annotated[forms.Filled[CloseForm], forms.filled(CloseForm)],
) -> Response:
    with db.reading(engine) as session:
        reachable(here, tariff_reads.draft(session, draft_id).community_id)
    if form.model is None:
        return _page(request, here, engine, draft_id, form, status=422)
    try:
        with db.transaction(engine) as session:
            state = tariffs.close(
                session,
                draft_id=draft_id,
                reason=form.model.reason,
                now=clock.now(),
                actor_id=here.actor.user_id,
                actor=here.actor.login,
            )
    except Refusal as refusal:
        return _refused(request, here, engine, draft_id, form, refusal)
    return pages.back_to(request, "/rates", here=here, code=f"done.tariff_{state}")


def _refused(
    request: Request, here: Here, engine: Engine, draft_id: int, form: forms.Filled[Any], refusal: Refusal
) -> Response:
    if refusal.kind is Kind.NOT_FOUND:
        raise refusal
    return _page(request, here, engine, draft_id, form.with_refusal(refusal), status=STATUS[refusal.kind])


def _page(
    request: Request, here: Here, engine: Engine, draft_id: int, form: forms.Filled[Any], *, status: int = 200
) -> Response:
    """Show a draft: what is asked, what it would change, a trial, and who may decide."""
    with db.reading(engine) as session:
        row = tariff_reads.draft(session, draft_id)
        reachable(here, row.community_id)
        facts = json.loads(row.facts)
        told, form = (
            _late_told(session, row, facts, form)
            if row.kind == "late_charge"
            else _price_told(session, row, facts, form)
        )
        files = stored_files.of_subject(session, f"tariff_draft:{draft_id}")
        buildings = billing_review.buildings(session, row.community_id)
    is_own = row.drafted_by == here.actor.user_id
    waits = row.state == "draft"
    return pages.page(
        request,
        "rates/draft.html",
        here=here,
        status=422 if form.faults and status == 200 else status,
        row=row,
        facts=facts,
        form=form,
        files=files,
        buildings=buildings,
        is_own=is_own,
        may_publish=waits and not is_own and here.actor.may(Permission.TARIFF_PUBLISH),
        may_close=waits and here.actor.may(Permission.TARIFF_EDIT),
        shown=SHOWN_UNITS,
        **told,
    )


def _price_told(
    session: Session,
    row: Any,  # noqa: ANN401 - a row of the store
    facts: dict[str, Any],
    form: forms.Filled[Any],
) -> tuple[dict[str, Any], forms.Filled[Any]]:
    """Return what a price would change, and the trial that was asked for."""
    if row.kind == "item" and row.state != "published":
        wish = NewPrice(**facts["price"])
        item = {**facts, "id": 0, "community_id": row.community_id, "plan_id": row.plan_id, "starts_on": row.from_on}
        return {"wish": wish, "item": item, "before": None, "effect": None, "found": None, "period": ""}, form
    price = NewPrice(**(facts["price"] if row.kind == "item" else facts))
    known = tariff_reads.item(session, row.fee_item_id)
    item = as_mapping(known)
    standing = [one for one in tariff_reads.versions(session, row.fee_item_id) if one.from_on < row.from_on]
    before = next((one for one in standing if one.usage_type == price.usage_type), None)
    before = before or next((one for one in standing if not one.usage_type), None)
    effect = None
    if row.state == "draft":
        effect = tariffs.price_effect(session, item=item, from_on=row.from_on, wish=price, today=clock.today())
    period = (form.model.period if isinstance(form.model, TrialForm) else "") or row.from_on.isoformat()[:7]
    if isinstance(form.model, TrialForm) and not form.model.period:
        form = forms.Filled(form.values, form.faults, form.model.model_copy(update={"period": period}), form.files)
    more = {"from_on": row.from_on, "wish": price} if row.state == "draft" else {}
    found, form = try_out(session, known, form, **more)
    told = {"wish": price, "item": item, "before": before, "effect": effect, "found": found, "period": period}
    return told, form


def _late_told(
    session: Session,
    row: Any,  # noqa: ANN401 - a row of the store
    facts: dict[str, Any],
    form: forms.Filled[Any],
) -> tuple[dict[str, Any], forms.Filled[Any]]:
    """Return what a late charge would run on, and the trial that was asked for."""
    wish = LateCharge(**facts)
    standing = [one for one in tariff_reads.policies(session, [row.plan_id]) if one.from_on < row.from_on]
    before = policy_line(standing[0]) if standing else None
    today = clock.today()
    model = form.model if isinstance(form.model, TrialForm) else TrialForm()
    on = model.on or max(today, row.from_on + dt.timedelta(days=30))
    pairs: list[Any] = []
    effect = None
    if row.state == "draft":
        effect = tariffs.late_charge_effect(session, plan_id=row.plan_id, from_on=row.from_on, wish=wish, today=today)
        if model.unit:
            try:
                unit_id = unit_named(session, row.community_id, model.unit)
                pairs = tariffs.late_charge_trial(
                    session, plan_id=row.plan_id, unit_id=unit_id, from_on=row.from_on, wish=wish, on=on
                )
            except Refusal as refusal:
                form = form.with_refusal(refusal)
    told = {
        "wish": wish,
        "rate": rate_text(wish.terms[0]),
        "cap": cap_text(wish.cap_e4),
        "before": before,
        "effect": effect,
        "day_before": exact_yuan(effect.day_before) if effect else "",
        "day_after": exact_yuan(effect.day_after) if effect else "",
        "pairs": pairs,
        "on": on,
    }
    return told, form
