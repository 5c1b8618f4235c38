"""Forms that draft a new item, a price version or a late charge, with the scan of the clause it rests on."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import clock
from app.domain.access import Permission
from app.domain.errors import Kind, Refusal
from app.domain.rates import Rate
from app.gateways.ports import Files
from app.services import tariffs
from app.services.tariffs import LateCharge, NewItem, NewPrice
from app.store import db, stored_files
from app.store import tariffs as tariff_reads
from app.web import forms, pages, uploads
from app.web.deps import Database, Here, Id, Stored, reachable, require
from app.web.errors import STATUS
from app.web.staff.billing import community_of
from app.web.staff.rates import policy_line, reachable_item, usages

router = APIRouter()

Editor = Annotated[Here, require(Permission.TARIFF_EDIT)]

_PRICE = re.compile(r"([0-9]{1,5})(?:\.([0-9]{1,4}))?", re.ASCII)
_DECIMAL = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,6})?", re.ASCII)
_PER = {"per_mille": Fraction(1, 1000), "percent": Fraction(1, 100), "percent_year": Fraction(1, 36_500)}

Usages = Literal["", "residential", "shop", "office", "dormitory", "parking", "other"]
RateUnit = Literal["per_mille", "percent", "percent_year"]
GraceModes = Literal["none", "shift", "threshold"]


class PriceForm(forms.FormModel):
    usage: Usages = Field(default="", title="适用用途")
    price: forms.Text = Field(title="单价", max_length=12)
    addition: forms.Text = Field(default="0", title="每月另加", max_length=12)
    from_on: forms.Date = Field(title="生效日期")
    clause: forms.Text = Field(title="依据条款", max_length=200)
    note: forms.Text = Field(default="", title="说明", max_length=200)


class LateForm(forms.FormModel):
    rate: forms.Text = Field(title="违约金标准", max_length=12)
    rate_unit: RateUnit = Field(default="per_mille", title="标准的单位")
    grace_mode: GraceModes = Field(default="none", title="宽限")
    grace_days: int = Field(default=0, title="宽限天数", ge=0, le=365)
    cap: forms.Text = Field(default="", title="封顶", max_length=8)
    late_clause: forms.Text = Field(default="", title="违约金条款", max_length=400)


class LateDraftForm(LateForm):
    from_on: forms.Date = Field(title="生效日期")
    note: forms.Text = Field(default="", title="说明", max_length=200)


class ItemForm(PriceForm):
    name: forms.Text = Field(title="名称", max_length=60)
    basis: Literal["by_area", "fixed", "by_quantity", "one_off"] = Field(default="by_area", title="计费依据")
    cycle_months: Literal["1", "3", "6", "12"] = Field(default="1", title="收费周期")
    due_day: int = Field(default=10, title="应缴日", ge=1, le=31)
    due_in: Literal["first_month", "last_month", "month_before", "month_after"] = Field(
        default="first_month", title="应缴月份"
    )
    applies_to: Literal["all", "listed"] = Field(default="all", title="适用范围")
    plan: int = Field(default=0, title="违约金约定", ge=0, le=forms.MAX_ID)
    rate: forms.Text = Field(default="", title="违约金标准", max_length=12)
    rate_unit: RateUnit = Field(default="per_mille", title="标准的单位")
    grace_mode: GraceModes = Field(default="none", title="宽限")
    grace_days: int = Field(default=0, title="宽限天数", ge=0, le=365)
    cap: forms.Text = Field(default="", title="封顶", max_length=8)
    late_clause: forms.Text = Field(default="", title="违约金条款", max_length=400)


def price_e4(text: str, field: str) -> int:
    """Read a price of at most four decimals as ten-thousandths of a yuan."""
    match = _PRICE.fullmatch(text.replace("，", "").replace(",", ""))
    if match is None:
        raise Refusal("form.not_a_price", field=field, given=text[:20])
    return int(match[1] + (match[2] or "").ljust(4, "0"))


def _late(model: LateForm | ItemForm) -> LateCharge:
    if _DECIMAL.fullmatch(model.rate) is None:
        raise Refusal("form.not_a_rate", field="rate", given=model.rate[:20])
    rate = Rate.of(Fraction(model.rate) * _PER[model.rate_unit])
    if rate.fraction > 1:
        raise Refusal("rate.too_large", field="rate", given=model.rate)
    cap = model.cap.removesuffix("%")
    if cap and (_DECIMAL.fullmatch(cap) is None or Fraction(cap) * 100 % 1):
        raise Refusal("form.not_a_rate", field="cap", given=model.cap[:20])
    days = model.grace_days if model.grace_mode != "none" else 0
    mode = model.grace_mode if days else "none"
    cap_e4 = int(Fraction(cap) * 100) if cap else None
    return LateCharge(f"{rate.num}/{rate.den}", mode, days, cap_e4, model.late_clause)


def _new_price(model: PriceForm) -> NewPrice:
    return NewPrice(
        model.usage, price_e4(model.price, "price"), price_e4(model.addition or "0", "addition"), model.clause
    )


# --- forms ----------------------------------------------------------------------------------------


@router.get("/rates/items/{item_id}/price")
def ask_price(request: Request, item_id: Id, here: Editor, engine: Database) -> Response:
    return _form(request, here, engine, forms.Filled({}), kind="price", item_id=item_id)


@router.post("/rates/items/{item_id}/price")
def draft_price(
    request: Request,
    item_id: Id,
    here: Editor,
    engine: Database,
    files: Stored,
    form: Annotated[forms.Filled[PriceForm], forms.filled(PriceForm)],
) -> Response:
    def write(session: Session, who: dict[str, Any]) -> int:
        item = reachable_item(session, here, item_id)
        model = form.valid()
        return tariffs.draft_price(
            session,
            community_id=item.community_id,
            item_id=item_id,
            from_on=model.from_on,
            wish=_new_price(model),
            note=model.note,
            **who,
        )

    return _draft(request, here, engine, files, form, write, kind="price", item_id=item_id)


@router.get("/rates/plans/{plan_id}/late-charge")
def ask_late(request: Request, plan_id: Id, here: Editor, engine: Database) -> Response:
    return _form(request, here, engine, forms.Filled({}), kind="late_charge", plan_id=plan_id)


@router.post("/rates/plans/{plan_id}/late-charge")
def draft_late(
    request: Request,
    plan_id: Id,
    here: Editor,
    engine: Database,
    files: Stored,
    form: Annotated[forms.Filled[LateDraftForm], forms.filled(LateDraftForm)],
) -> Response:
    def write(session: Session, who: dict[str, Any]) -> int:
        plan = tariff_reads.plan(session, plan_id)
        reachable(here, plan.community_id)
        model = form.valid()
        return tariffs.draft_late_charge(
            session,
            community_id=plan.community_id,
            plan_id=plan_id,
            from_on=model.from_on,
            wish=_late(model),
            note=model.note,
            **who,
        )

    return _draft(request, here, engine, files, form, write, kind="late_charge", plan_id=plan_id)


@router.get("/rates/new")
def ask_item(request: Request, here: Editor, engine: Database) -> Response:
    return _form(request, here, engine, forms.Filled({}), kind="item")


@router.post("/rates/new")
def draft_item(
    request: Request,
    here: Editor,
    engine: Database,
    files: Stored,
    form: Annotated[forms.Filled[ItemForm], forms.filled(ItemForm)],
) -> Response:
    def write(session: Session, who: dict[str, Any]) -> int:
        model = form.valid()
        wish = NewItem(
            name=model.name,
            basis=model.basis,
            cycle_months=int(model.cycle_months),
            due_day=model.due_day,
            due_in=model.due_in,
            applies_to=model.applies_to,
            plan_id=model.plan or None,
            price=_new_price(model),
            late=None if model.plan else _late(model),
        )
        return tariffs.draft_item(
            session, community_id=community_of(here), starts_on=model.from_on, wish=wish, note=model.note, **who
        )

    return _draft(request, here, engine, files, form, write, kind="item")


def _draft(
    request: Request,
    here: Here,
    engine: Engine,
    files: Files,
    form: forms.Filled[Any],
    write: Callable[[Session, dict[str, Any]], int],
    **where: Any,  # noqa: ANN401 - which form it is
) -> Response:
    """Keep what a form asks for as a draft, with the scan of its clause."""
    if form.model is None:
        return _form(request, here, engine, form, status=422, **where)
    now = clock.now()
    who = {"now": now, "actor_id": here.actor.user_id, "actor": here.actor.login}
    try:
        scan = uploads.of_form(form, "scan")
        kept = uploads.keep(files, scan) if scan else None
        with db.transaction(engine) as session:
            draft_id = write(session, who)
            if kept is not None:
                subject = f"tariff_draft:{draft_id}"
                stored_files.add(session, subject=subject, files=[kept], at=now, by=here.actor.user_id)
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return _form(request, here, engine, form.with_refusal(refusal), status=STATUS[refusal.kind], **where)
    return pages.back_to(request, f"/rates/drafts/{draft_id}", here=here, code="done.tariff_drafted")


def _form(
    request: Request,
    here: Here,
    engine: Engine,
    form: forms.Filled[Any],
    *,
    kind: str,
    item_id: int | None = None,
    plan_id: int | None = None,
    status: int = 200,
) -> Response:
    with db.reading(engine) as session:
        item = reachable_item(session, here, item_id) if item_id else None
        plan = tariff_reads.plan(session, plan_id) if plan_id else None
        if plan is not None:
            reachable(here, plan.community_id)
        versions = tariff_reads.versions(session, item_id) if item_id else []
        policies = tariff_reads.policies(session, [plan_id]) if plan_id else []
        plans = tariff_reads.plans(session, here.community_id) if here.community_id else []
    return pages.page(
        request,
        "rates/form.html",
        here=here,
        status=status,
        form=form,
        kind=kind,
        item=item,
        plan=plan,
        versions=versions,
        policies=[policy_line(row) for row in policies],
        plans=[(row.id, row.name) for row in plans],
        usages=usages(),
        first_of_next_month=(clock.today().replace(day=1) + dt.timedelta(days=32)).replace(day=1),
    )
