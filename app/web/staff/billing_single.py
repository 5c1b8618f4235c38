"""One bill posted by hand: a one-off charge or costs, previewed, with the clause it rests on."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import clock
from app.domain.access import Permission
from app.domain.errors import Refusal
from app.domain.registry import parse_unit
from app.services import billing
from app.store import db, estate
from app.web import forms, pages
from app.web.deps import Database, Here, require
from app.web.errors import STATUS
from app.web.staff.billing import community_of
from app.web.staff.payments import new_key

router = APIRouter()

Poster = Annotated[Here, require(Permission.BILLING_POST)]


class SingleForm(forms.FormModel):
    unit: forms.Text = Field(title="房号", max_length=60)
    item: forms.Number = Field(title="收费项目")
    from_on: forms.Date = Field(title="费用起始日")
    to_on: forms.Date = Field(title="费用截止日")
    due_on: forms.Date = Field(title="应缴日")
    amount: forms.Fen | None = Field(default=None, title="金额")
    costs: forms.Fen | None = Field(default=None, title="催收成本")
    clause: forms.Text = Field(title="依据条款", max_length=200)
    note: forms.Text = Field(default="", title="说明", max_length=200)
    key: str = Field(title="表单编号", min_length=8, max_length=80, pattern=r"^[A-Za-z0-9_-]+$")
    act: Literal["preview", "post"] = "preview"


@router.get("/billing/single")
def ask(request: Request, here: Poster, engine: Database) -> Response:
    given = request.query_params.get("unit", "")[:60]
    return _page(request, here, engine, forms.Filled({"key": new_key(), "unit": given}))


@router.post("/billing/single")
def post(
    request: Request,
    here: Poster,
    engine: Database,
    form: Annotated[forms.Filled[SingleForm], forms.filled(SingleForm)],
) -> Response:
    if form.model is None:
        return _page(request, here, engine, form, status=422)
    try:
        if form.model.act == "preview":
            with db.reading(engine) as session:
                wish = _wish(session, here, form.model)
                seen = billing.preview_single(session, wish=wish, community_id=community_of(here))
            return _page(request, here, engine, form, seen=seen)
        with db.transaction(engine) as session:
            wish = _wish(session, here, form.model)
            billing.post_by_hand(
                session,
                wish=wish,
                clause=form.model.clause,
                note=form.model.note,
                today=clock.today(),
                now=clock.now(),
                actor_id=here.actor.user_id,
                actor=here.actor.login,
                key=form.model.key,
            )
    except Refusal as refusal:
        return _page(request, here, engine, form.with_refusal(refusal), status=STATUS[refusal.kind])
    return pages.back_to(request, f"/units/{wish.unit_id}", here=here, code="done.bill_posted")


def _wish(session: Session, here: Here, model: SingleForm) -> billing.Single:
    try:
        code = parse_unit(model.unit).code
        unit = estate.unit_by_code(session, code, community_of(here))
    except Refusal as refusal:
        raise Refusal("unit.unknown", field="unit", unit=model.unit) from refusal
    return billing.Single(
        unit_id=unit.id,
        fee_item_id=model.item,
        from_on=model.from_on,
        to_on=model.to_on,
        due_on=model.due_on,
        issued_on=min(clock.today(), model.due_on),
        principal_fen=model.amount or 0,
        costs_fen=model.costs or 0,
    )


def _page(
    request: Request,
    here: Here,
    engine: Engine,
    form: forms.Filled[SingleForm],
    *,
    status: int = 200,
    seen: billing.SinglePreview | None = None,
) -> Response:
    with db.reading(engine) as session:
        items = estate.fee_items(session, here.community_id) if here.community_id else []
    return pages.page(
        request,
        "billing/single.html",
        here=here,
        status=status,
        form=form,
        seen=seen,
        items=[(item.id, item.name) for item in items if item.is_active],
        key=str(form.values.get("key") or new_key()),
    )
