"""Billing runs: laid open beside the period before, drafted by one person, released by a second."""

from __future__ import annotations

from typing import Annotated, Any, cast
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask
from starlette.responses import Response

from app import clock
from app.domain.access import Permission
from app.domain.calendar import add_months
from app.domain.errors import Kind, Refusal, not_found
from app.i18n import zh_cn
from app.services import billing
from app.services.billing import Change, Oddity
from app.sheets import exports
from app.sheets.exports import Column, ColumnKind
from app.store import audit, billing_drafts, billing_review, db, estate
from app.store import billing as billing_reads
from app.web import forms, pages
from app.web.deps import Database, Here, Id, reachable, require, require_fresh
from app.web.errors import STATUS

router = APIRouter()

Previewer = Annotated[Here, require(Permission.BILLING_PREVIEW)]
Poster = Annotated[Here, require_fresh(Permission.BILLING_POST)]

SHOWN = 100
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LISTS = (Change.CHANGED, Change.NEW, Change.MISSING, Change.BILLED, Change.SAME)


class ScopeForm(forms.FormModel):
    period: forms.Text = Field(title="账期", max_length=7, pattern=r"^[0-9]{4}-[0-9]{2}$")
    building: list[forms.Text] = Field(default_factory=list, title="楼栋", max_length=400)
    item: list[forms.Number] = Field(default_factory=list, title="收费项目", max_length=100)
    rebill: bool = Field(default=False, title="重新出账")

    @property
    def scope(self) -> billing.Scope:
        """What of the community the run bills."""
        return billing.Scope(tuple(self.building), tuple(self.item), self.rebill)


class ListForm(forms.FormModel):
    x: int = Field(default=billing.PERCENT, title="变动百分比", ge=0, le=1000)
    show: forms.Text = Field(default="", title="清单", max_length=20)


class ReviewForm(ListForm, ScopeForm):
    """What to review, and which of its lists to show."""


class CloseForm(forms.FormModel):
    reason: forms.Text = Field(title="原因", max_length=200)


class NoForm(forms.FormModel):
    """A form with a button and nothing else."""


@router.get("/billing")
def show(request: Request, here: Previewer, engine: Database) -> Response:
    return _start(request, here, engine, forms.Filled({}))


@router.get("/billing/review")
def review(request: Request, here: Previewer, engine: Database) -> Response:
    """Lay a run open; everything it depends on is in the address, so it can be sent to a colleague."""
    form = forms.of_address(ReviewForm, request)
    if form.model is None:
        return _start(request, here, engine, form, status=422)
    try:
        with db.reading(engine) as session:
            found = _review(session, here, form.model)
    except Refusal as refusal:
        return _start(request, here, engine, form.with_refusal(refusal), status=STATUS[refusal.kind])
    with db.reading(engine) as session:
        choices = _choices(session, here)
    return pages.page(
        request, "billing/review.html", here=here, form=form, **choices, **_found(found, form.model, "/billing/review")
    )


@router.get("/billing/review/export")
def export(request: Request, here: Previewer, engine: Database) -> Response:
    """Send the list on the screen, all of it, as a workbook."""
    form = forms.of_address(ReviewForm, request)
    if form.model is None:
        raise Refusal("request.invalid")
    with db.transaction(engine) as session:
        found = _review(session, here, form.model)
        audit.record(
            session,
            at=clock.now(),
            actor=here.actor.login,
            action="billing.exported",
            subject=form.model.period,
            community_id=here.community_id,
        )
    name = f"{here.community}-{form.model.period}-{_list_name(form.model.show)}"
    body = review_workbook(chosen(found, form.model.show), name=_list_name(form.model.show), title=name, by=here)
    return pages.download(body, name=f"{name}.xlsx", media_type=XLSX)


def _review(session: Session, here: Here, model: ReviewForm) -> billing.Review:
    return billing.review(
        session,
        community_id=community_of(here),
        period=model.period,
        today=clock.today(),
        scope=model.scope,
        percent=model.x,
    )


def first_list(found: billing.Review, show: str) -> str:
    """Return the list to show: the one that was asked for, else the first difference there is."""
    if show == "all" or show in set(Oddity) | set(Change):
        return show
    return next((one.value for one in LISTS[:3] if found.changes[one]), "all")


def chosen(found: billing.Review, show: str) -> list[billing.Reviewed]:
    """Return the lines of the list that was asked for; everything when none was."""
    if show in set(Oddity):
        return found.of_oddity(Oddity(show))
    if show in set(Change):
        return found.of_change(Change(show))
    return list(found.lines)


def _list_name(show: str) -> str:
    key = f"oddity.{show}" if show in set(Oddity) else f"change.{show}" if show in set(Change) else "change.all"
    return zh_cn.LABELS[f"billing_{key}"]


def _found(found: billing.Review, model: ReviewForm, path: str) -> dict[str, Any]:
    """Return what the template shows of a review, and the addresses of its lists."""
    kept = [("period", model.period), *(("building", one) for one in model.building)]
    kept += [("item", str(one)) for one in model.item]
    kept += [("rebill", "true")] if model.rebill else []
    shown = first_list(found, model.show)
    rows = chosen(found, shown)

    def address(show: str = shown, where: str = path) -> str:
        return f"{where}?{urlencode([*kept, ('x', str(model.x)), ('show', show)])}"

    return {
        "found": found,
        "show": shown,
        "list_name": _list_name(shown),
        "rows": rows[:SHOWN],
        "count": len(rows),
        "shown": SHOWN,
        "changes": LISTS,
        "oddities": list(Oddity),
        "address": address,
        "export_address": address(where="/billing/review/export"),
        "x": model.x,
    }


def review_workbook(rows: list[billing.Reviewed], *, name: str, title: str, by: Here) -> bytes:
    """Return the lines of a review as a workbook."""
    titles = zh_cn.LABELS
    kinds = (
        ("unit", ColumnKind.TEXT, 22),
        ("item", ColumnKind.TEXT, 16),
        ("last", ColumnKind.MONEY, 14),
        ("now", ColumnKind.MONEY, 14),
        ("difference", ColumnKind.MONEY, 14),
        ("percent", ColumnKind.NUMBER, 10),
        ("change", ColumnKind.TEXT, 12),
        ("oddities", ColumnKind.TEXT, 30),
    )
    columns = [Column(titles[f"billing_column.{key}"], kind, width) for key, kind, width in kinds]
    lines: list[list[exports.Value]] = [
        [
            one.line.label,
            one.item,
            one.line.last_fen,
            one.line.principal_fen,
            one.difference_fen,
            one.percent,
            titles[f"billing_change.{one.change.value}"],
            "、".join(titles[f"billing_oddity.{odd.value}"] for odd in one.oddities),
        ]
        for one in rows
    ]
    return exports.workbook(name=name, columns=columns, rows=lines, title=title, footer=by.actor.name)


# --- drafts ---------------------------------------------------------------------------------------


@router.post("/billing/drafts")
def draft(
    request: Request,
    here: Previewer,
    engine: Database,
    form: Annotated[forms.Filled[ScopeForm], forms.filled(ScopeForm)],
) -> Response:
    as_review = cast("forms.Filled[ReviewForm]", form)
    if form.model is None:
        return _start(request, here, engine, as_review, status=422)
    try:
        with db.transaction(engine) as session:
            draft_id = billing.draft_run(
                session,
                community_id=community_of(here),
                period=form.model.period,
                scope=form.model.scope,
                today=clock.today(),
                now=clock.now(),
                actor_id=here.actor.user_id,
                actor=here.actor.login,
            )
    except Refusal as refusal:
        return _start(request, here, engine, as_review.with_refusal(refusal), status=STATUS[refusal.kind])
    return pages.back_to(request, f"/billing/drafts/{draft_id}", here=here, code="done.billing_drafted")


@router.get("/billing/drafts/{draft_id}")
def show_draft(request: Request, draft_id: Id, here: Previewer, engine: Database) -> Response:
    return draft_page(request, here, engine, draft_id, forms.Filled({}))


def draft_page(
    request: Request, here: Here, engine: Engine, draft_id: int, form: forms.Filled[Any], *, status: int = 200
) -> Response:
    """Show a draft: to the second person, the differences first."""
    with db.reading(engine) as session:
        row = reachable_draft(session, here, draft_id)
        told = _run_told(request, session, row) if row.kind == "run" else _reversal_told(session, row)
    may = Permission.BILLING_POST if row.kind == "run" else Permission.BILLING_REVERSE
    is_own = row.drafted_by == here.actor.user_id
    return pages.page(
        request,
        "billing/draft.html",
        here=here,
        status=status,
        row=row,
        form=form,
        may_release=here.actor.may(may) and not is_own and row.state == "draft",
        is_own=is_own,
        **told,
    )


def _run_told(request: Request, session: Session, row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of the store
    """Return the run as it would be posted now; a run that is posted shows what it made."""
    scope = billing.scope_of(row.scope)
    names = {item.id: item.name for item in estate.fee_items(session, row.community_id)}
    told: dict[str, Any] = {"scope": scope, "item_names": [names.get(one, "") for one in scope.item_ids]}
    if row.state not in {"draft", "released"}:
        return told
    asked = forms.of_address(ListForm, request)
    model = ReviewForm(
        period=row.period,
        building=list(scope.buildings),
        item=list(scope.item_ids),
        rebill=scope.is_rebilling,
        x=asked.model.x if asked.model else billing.PERCENT,
        show=asked.model.show if asked.model else "",
    )
    try:
        found = billing.review(
            session,
            community_id=row.community_id,
            period=row.period,
            today=clock.today(),
            scope=scope,
            percent=model.x,
        )
    except Refusal as refusal:
        return told | {"trouble": zh_cn.sentence(refusal)}
    is_same = found.fingerprint == row.fingerprint
    return told | {"is_same": is_same} | _found(found, model, f"/billing/drafts/{row.id}")


def _reversal_told(session: Session, row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of the store
    back = billing.reversible(session, run_id=row.run_id, bill_id=row.bill_id)
    is_same = row.state != "draft" or back.fingerprint == row.fingerprint
    return {"back": back, "is_same": is_same, "shown": SHOWN}


def reachable_draft(session: Session, here: Here, draft_id: int) -> Any:  # noqa: ANN401 - a row of the store
    """Return a draft of a community within reach."""
    row = billing_drafts.one(session, draft_id)
    reachable(here, row.community_id)
    return row


@router.post("/billing/drafts/{draft_id}/release")
def release(request: Request, draft_id: Id, here: Poster, engine: Database) -> Response:
    return release_draft(request, here, engine, draft_id, {"run"})


def release_draft(request: Request, here: Here, engine: Engine, draft_id: int, kinds: set[str]) -> Response:
    """Release a draft of one of these kinds and let it be carried out after the answer."""
    try:
        with db.transaction(engine) as session:
            row = reachable_draft(session, here, draft_id)
            if row.kind not in kinds:
                raise not_found("billing_draft.unknown")
            billing.release(
                session,
                draft_id=draft_id,
                today=clock.today(),
                now=clock.now(),
                actor_id=here.actor.user_id,
                actor=here.actor.login,
            )
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        form: forms.Filled[Any] = forms.Filled({}).with_refusal(refusal)
        return draft_page(request, here, engine, draft_id, form, status=STATUS[refusal.kind])
    answer = pages.back_to(request, f"/billing/drafts/{draft_id}", here=here, code="done.billing_released")
    answer.background = BackgroundTask(request.app.state.errands.bill, draft_id)
    return answer


@router.post("/billing/drafts/{draft_id}/close")
def close(
    request: Request,
    draft_id: Id,
    here: Previewer,
    engine: Database,
    form: Annotated[forms.Filled[CloseForm], forms.filled(CloseForm)],
) -> Response:
    if form.model is None:
        with db.reading(engine) as session:
            reachable_draft(session, here, draft_id)
        return draft_page(request, here, engine, draft_id, form, status=422)
    try:
        with db.transaction(engine) as session:
            reachable_draft(session, here, draft_id)
            state = billing.close(
                session,
                draft_id=draft_id,
                reason=form.model.reason,
                now=clock.now(),
                actor_id=here.actor.user_id,
                actor=here.actor.login,
            )
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return draft_page(request, here, engine, draft_id, form.with_refusal(refusal), status=STATUS[refusal.kind])
    return pages.back_to(request, "/billing", here=here, code=f"done.billing_{state}")


# --- the first page -------------------------------------------------------------------------------


def community_of(here: Here) -> int:
    """Return the community the pages show, or say that there is none yet."""
    if here.community_id is None:
        raise Refusal("estate.empty")
    return here.community_id


def _choices(session: Session, here: Here) -> dict[str, Any]:
    if here.community_id is None:
        return {"items": [], "buildings": []}
    return {
        "items": billing_reads.items_due(session, here.community_id),
        "buildings": billing_review.buildings(session, here.community_id),
    }


def _next_period(billed: list[str]) -> str:
    """Return this month, or the next one once this one has been billed."""
    this = clock.today().replace(day=1)
    period = this.isoformat()[:7]
    return add_months(this, 1).isoformat()[:7] if period in billed else period


def _start(
    request: Request, here: Here, engine: Engine, form: forms.Filled[ReviewForm], *, status: int = 200
) -> Response:
    with db.reading(engine) as session:
        choices = _choices(session, here)
        known = here.community_id
        drafts = billing_drafts.listed(session, known) if known else []
        runs = billing_drafts.runs(session, known) if known else []
        singles = billing_drafts.singles(session, known) if known else []
    if "period" not in form.values:
        form = forms.Filled(
            {"period": _next_period([run.period for run in runs]), **form.values}, form.faults, form.model
        )
    return pages.page(
        request,
        "billing/billing.html",
        here=here,
        status=status,
        form=form,
        waiting=[row for row in drafts if row.state in {"draft", "released", "failed"}],
        over=[row for row in drafts if row.state not in {"draft", "released", "failed"}],
        runs=runs,
        singles=singles,
        **choices,
    )
