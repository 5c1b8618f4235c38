"""Prices and the late charge: items with their dated versions, comparing two of them, and trying one out."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import clock
from app.domain.access import Permission
from app.domain.errors import Refusal, not_found
from app.domain.registry import Usage, parse_unit
from app.i18n import zh_cn
from app.services import tariffs, terms
from app.store import audit, billing_review, db, estate, stored_files
from app.store import tariffs as tariff_reads
from app.web import forms, pages, uploads
from app.web.deps import Database, Here, Id, Reading, Stored, reachable, require, require_fresh
from app.web.staff.acting import by, carry_out
from app.web.working import rate_text

router = APIRouter()

Viewer = Annotated[Here, require(Permission.TARIFF_SEE)]
Withdrawer = Annotated[Here, require_fresh(Permission.TARIFF_PUBLISH)]

SHOWN_UNITS = 60


class TrialForm(forms.FormModel):
    unit: forms.Text = Field(default="", title="房号", max_length=60)
    building: forms.Text = Field(default="", title="楼栋", max_length=30)
    period: forms.Text = Field(default="", title="账期", max_length=7, pattern=r"^([0-9]{4}-[0-9]{2})?$")
    on: forms.Date | None = Field(default=None, title="算到哪一天")
    left: int = Field(default=0, title="左边的版本", ge=0, le=forms.MAX_ID)
    right: int = Field(default=0, title="右边的版本", ge=0, le=forms.MAX_ID)


class WithdrawForm(forms.FormModel):
    reason: forms.Text = Field(title="原因", max_length=200)


@router.get("/rates")
def show(request: Request, here: Viewer, session: Reading) -> Response:
    known = here.community_id
    items = tariff_reads.items(session, known) if known else []
    tariffs_ = estate.tariffs(session, known) if known else []
    plans = tariff_reads.plans(session, known) if known else []
    policies = tariff_reads.policies(session, [plan.id for plan in plans])
    return pages.page(
        request,
        "rates/list.html",
        here=here,
        items=[item_line(item, [row for row in tariffs_ if row.fee_item_id == item.id]) for item in items],
        plans=[(plan, [policy_line(row) for row in policies if row.plan_id == plan.id]) for plan in plans],
        drafts=tariff_reads.drafts(session, known) if known else [],
    )


def item_line(item: Any, rows: list[Any]) -> dict[str, Any]:  # noqa: ANN401 - a row of the store
    """Return an item with the versions in force today and the next to come."""
    today = clock.today()
    return {
        "row": item,
        "now": [row for row in rows if row.from_on <= today < row.until_on],
        "next": [row for row in rows if row.from_on > today],
        "versions": len(rows),
    }


def policy_line(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of the store
    """Return a version of a late charge as people read it."""
    wish = tariffs.LateCharge(row.rate, row.grace_mode, row.grace_days, row.cap_e4, row.source_clause)
    return {"row": row, "rate": rate_text(wish.terms[0]), "num": wish.terms[0], "cap": cap_text(row.cap_e4)}


def cap_text(cap_e4: int | None) -> str:
    """Write a cap in per cent of the principal; nothing where there is none."""
    return "" if cap_e4 is None else f"{cap_e4 // 100}" + (f".{cap_e4 % 100:02d}" if cap_e4 % 100 else "") + "%"


@router.get("/rates/items/{item_id}")
def show_item(request: Request, item_id: Id, here: Viewer, engine: Database) -> Response:
    return item_page(request, here, engine, item_id, forms.of_address(TrialForm, request))


def item_page(
    request: Request, here: Here, engine: Engine, item_id: int, form: forms.Filled[Any], *, status: int = 200
) -> Response:
    """Show an item: its versions, two of them side by side, and a trial at the prices in force."""
    with db.reading(engine) as session:
        item = reachable_item(session, here, item_id)
        versions = tariff_reads.versions(session, item_id)
        policies = [policy_line(row) for row in tariff_reads.policies(session, [item.plan_id])]
        scans = scans_of(session, item.community_id)
        found, form = try_out(session, item, form)
        buildings = billing_review.buildings(session, item.community_id)
    chosen = form.model if isinstance(form.model, TrialForm) else TrialForm()
    return pages.page(
        request,
        "rates/item.html",
        here=here,
        status=422 if form.faults and status == 200 else status,
        item=item,
        versions=versions,
        policies=policies,
        scans=scans,
        form=form,
        found=found,
        buildings=buildings,
        left=next((row for row in versions if row.id == chosen.left), None),
        right=next((row for row in versions if row.id == chosen.right), None),
        period=chosen.period or clock.today().isoformat()[:7],
        shown=SHOWN_UNITS,
    )


def reachable_item(session: Session, here: Here, item_id: int) -> Any:  # noqa: ANN401 - a row of the store
    """Return an item of a community within reach."""
    item = tariff_reads.item(session, item_id)
    reachable(here, item.community_id)
    return item


def scans_of(session: Session, community_id: int) -> dict[tuple[object, ...], int]:
    """Return the draft a published version came with, by what names the version: there its scan lies."""
    return {
        (row.kind, row.fee_item_id if row.kind != "late_charge" else row.plan_id, row.from_on): row.id
        for row in tariff_reads.drafts(session, community_id, limit=400)
        if row.state == "published"
    }


def try_out(
    session: Session,
    item: Any,  # noqa: ANN401 - a row of the store
    form: forms.Filled[Any],
    **more: Any,  # noqa: ANN401 - the price of a draft
) -> tuple[tariffs.Trial | None, forms.Filled[Any]]:
    """Reckon what the address asks for; a refusal is said at its field."""
    model = form.model
    if not isinstance(model, TrialForm) or not (model.unit or model.building):
        return None, form
    try:
        found = tariffs.trial(
            session,
            item=as_mapping(item),
            period=model.period or clock.today().isoformat()[:7],
            unit_id=unit_named(session, item.community_id, model.unit) if model.unit else None,
            building=model.building,
            **more,
        )
    except Refusal as refusal:
        return None, form.with_refusal(refusal)
    return found, form


def as_mapping(item: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of the store
    """Return a row as the mapping a run reads."""
    return dict(item._mapping)  # noqa: SLF001 - SQLAlchemy's public name


def unit_named(session: Session, community_id: int, text: str) -> int:
    """Return the unit people call by this address."""
    try:
        return int(estate.unit_by_code(session, parse_unit(text).code, community_id).id)
    except Refusal as refusal:
        raise Refusal("unit.unknown", field="unit", unit=text) from refusal


@router.post("/rates/versions/{version_id}/withdraw")
def withdraw(
    request: Request,
    version_id: Id,
    here: Withdrawer,
    engine: Database,
    form: Annotated[forms.Filled[WithdrawForm], forms.filled(WithdrawForm)],
) -> Response:
    """Ask for a version that nothing was billed with to be taken back; a used one says who uses it."""
    with db.reading(engine) as session:
        row = tariff_reads.version(session, version_id)
        reachable(here, row.community_id)
    return carry_out(
        engine,
        form,
        work=lambda session, model: terms.want_price_back(
            session, version_id=version_id, reason=model.reason, by=by(here)
        ),
        show=lambda filled, status: item_page(request, here, engine, row.fee_item_id, filled, status=status),
        done=lambda _: pages.back_to(request, f"/rates/items/{row.fee_item_id}", here=here, code="done.terms_wanted"),
    )


@router.get("/rates/drafts/{draft_id}/files/{file_id}")
def scan(draft_id: Id, file_id: Id, here: Viewer, engine: Database, files: Stored) -> Response:
    """Send the scan of the clause a version rests on."""
    with db.transaction(engine) as session:
        row = tariff_reads.draft(session, draft_id)
        reachable(here, row.community_id)
        found = [one for one in stored_files.of_subject(session, f"tariff_draft:{draft_id}") if one.id == file_id]
        if not found:
            raise not_found("access.not_found")
        audit.record(
            session,
            at=clock.now(),
            actor=here.actor.login,
            action="tariff_draft.file_opened",
            subject=f"tariff_draft:{draft_id}",
            community_id=row.community_id,
        )
    return uploads.original(files, sha256=found[0].sha256, name=found[0].name, media_type=found[0].media_type)


def usages() -> list[tuple[str, str]]:
    """Return the usages a price may hold for, the one for all of them first."""
    return [("", zh_cn.LABELS["usage."]), *((usage.value, zh_cn.label(usage)) for usage in Usage)]
