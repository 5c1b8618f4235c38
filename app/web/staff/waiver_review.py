"""Beside the queue of waivers: asking back, answers, papers, the year's budget, and what was given away."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import clock
from app.domain.access import Permission
from app.domain.errors import Kind, Refusal, not_found
from app.i18n import zh_cn
from app.services import waiver_care
from app.sheets import exports
from app.sheets.exports import Column, ColumnKind
from app.store import audit, db, waiver_review
from app.store import waivers as waiver_reads
from app.web import forms, pages, uploads
from app.web.deps import Database, Here, Id, Reading, Stored, reachable, require, require_fresh
from app.web.errors import STATUS
from app.web.staff import waivers as waiver_pages
from app.web.staff.arrears import XLSX

router = APIRouter()

Viewer = Annotated[Here, require(Permission.WAIVER_SEE)]
Asker = Annotated[Here, require(Permission.WAIVER_REQUEST)]
Decider = Annotated[Here, require(Permission.WAIVER_DECIDE)]
Keeper = Annotated[Here, require_fresh(Permission.WAIVER_BUDGET)]

GROUPS = ("kind", "reason", "requester", "decider", "building", "month")


class QuestionForm(forms.FormModel):
    note: forms.Text = Field(default="", title="要补充的内容", max_length=500)


class AnswerForm(forms.FormModel):
    answer: forms.Text = Field(default="", title="补充", max_length=500)


class BudgetForm(forms.FormModel):
    year: int = Field(title="年度", ge=2000, le=2100)
    amount: forms.Fen = Field(title="预算")
    note: forms.Text = Field(default="", title="依据", max_length=200)


class ReportQuery(forms.FormModel):
    first: forms.Date | None = Field(default=None, title="起")
    last: forms.Date | None = Field(default=None, title="止")

    def span(self, today: dt.date) -> tuple[dt.date, dt.date]:
        """Return both days, this year until today where none is given."""
        last = self.last or today
        return self.first or dt.date(last.year, 1, 1), last


Asked = Annotated[forms.Filled[QuestionForm], forms.filled(QuestionForm)]
Answered = Annotated[forms.Filled[AnswerForm], forms.filled(AnswerForm)]
Budgeted = Annotated[forms.Filled[BudgetForm], forms.filled(BudgetForm)]


# --- one request ------------------------------------------------------------------------------------


@router.post("/waivers/{request_id}/ask")
def ask_back(request: Request, request_id: Id, here: Decider, engine: Database, form: Asked) -> Response:
    """Ask the requester for more."""
    if form.model is None:
        return waiver_pages.request_page(request, here, engine, request_id, form, status=422)
    try:
        with db.transaction(engine) as session:
            waiver_pages.one(session, here, request_id)
            waiver_care.ask_back(
                session,
                request_id=request_id,
                text=form.model.note,
                now=clock.now(),
                actor_id=here.actor.user_id,
                actor=here.actor.login,
            )
    except Refusal as refusal:
        return _refused(request, here, engine, request_id, form, refusal)
    return pages.back_to(request, f"/waivers/{request_id}", here=here, code="done.waiver_asked")


@router.post("/waivers/{request_id}/answer")
def answer(request: Request, request_id: Id, here: Asker, engine: Database, form: Answered) -> Response:
    """Answer what was asked back."""
    if form.model is None:
        return waiver_pages.request_page(request, here, engine, request_id, form, status=422)
    try:
        with db.transaction(engine) as session:
            waiver_pages.one(session, here, request_id)
            waiver_care.answer(
                session,
                request_id=request_id,
                text=form.model.answer,
                today=clock.today(),
                now=clock.now(),
                actor_id=here.actor.user_id,
                actor=here.actor.login,
            )
    except Refusal as refusal:
        return _refused(request, here, engine, request_id, form, refusal)
    return pages.back_to(request, f"/waivers/{request_id}", here=here, code="done.waiver_answered")


def _refused(
    request: Request, here: Here, engine: Engine, request_id: int, form: forms.Filled[Any], refusal: Refusal
) -> Response:
    if refusal.kind is Kind.NOT_FOUND:
        raise refusal
    faulty, status = form.with_refusal(refusal), STATUS[refusal.kind]
    return waiver_pages.request_page(request, here, engine, request_id, faulty, status=status)


@router.get("/waivers/{request_id}/files/{file_id}")
def attachment(request_id: Id, file_id: Id, here: Viewer, session: Reading, files: Stored) -> Response:
    """Send a piece of evidence, byte for byte, as a download."""
    found = _file(session, here, request_id, file_id)
    return uploads.original(files, sha256=found.sha256, name=found.name, media_type=found.media_type)


@router.get("/waivers/{request_id}/files/{file_id}/picture")
def picture(request_id: Id, file_id: Id, here: Viewer, session: Reading, files: Stored) -> Response:
    """Show the clean copy of a picture that was handed in."""
    found = _file(session, here, request_id, file_id)
    if not found.shown_sha256:
        raise not_found("access.not_found")
    return uploads.picture(files, shown_sha256=found.shown_sha256)


def _file(session: Session, here: Here, request_id: int, file_id: int) -> Any:  # noqa: ANN401 - a row of the store
    waiver_pages.one(session, here, request_id)
    found = next((row for row in waiver_reads.attachments(session, request_id) if row.id == file_id), None)
    if found is None:
        raise not_found("access.not_found")
    return found


# --- the budget -------------------------------------------------------------------------------------


@router.get("/waivers/budget")
def show_budget(request: Request, here: Viewer, engine: Database) -> Response:
    return _budget_page(request, here, engine, forms.Filled({"year": str(clock.today().year)}))


def _budget_page(
    request: Request, here: Here, engine: Engine, form: forms.Filled[BudgetForm], *, status: int = 200
) -> Response:
    year = clock.today().year
    with db.reading(engine) as session:
        community_id = reachable(here, here.community_id)
        years = [waiver_review.budget(session, community_id=community_id, year=one) for one in (year, year - 1)]
        rows = waiver_review.budget_history(session, community_id)
    return pages.page(
        request, "waivers/budget.html", here=here, status=status, form=form, years=years, rows=rows, year=year
    )


@router.post("/waivers/budget")
def set_budget(request: Request, here: Keeper, engine: Database, form: Budgeted) -> Response:
    if form.model is None:
        return _budget_page(request, here, engine, form, status=422)
    try:
        with db.transaction(engine) as session:
            waiver_care.set_budget(
                session,
                community_id=reachable(here, here.community_id),
                year=form.model.year,
                amount_fen=form.model.amount,
                note=form.model.note,
                today=clock.today(),
                now=clock.now(),
                actor_id=here.actor.user_id,
                actor=here.actor.login,
            )
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return _budget_page(request, here, engine, form.with_refusal(refusal), status=STATUS[refusal.kind])
    return pages.back_to(request, "/waivers/budget", here=here, code="done.budget_set")


# --- what was given away ----------------------------------------------------------------------------


@router.get("/waivers/report")
def report(request: Request, here: Viewer, session: Reading) -> Response:
    """Show what was given away between two days, by every side it can be looked at from; each adds up to the whole."""
    form = forms.of_address(ReportQuery, request)
    first, last = (form.model or ReportQuery()).span(clock.today())
    community_id = reachable(here, here.community_id)
    rows = waiver_review.given(session, community_id=community_id, first_on=first, last_on=last)
    return pages.page(
        request,
        "waivers/report.html",
        here=here,
        status=422 if form.faults else 200,
        form=form,
        first=first,
        last=last,
        rows=rows[:500],
        count=len(rows),
        total_fen=sum(row.effect_fen for row in rows),
        groups=[(name, _grouped(rows, name)) for name in GROUPS],
        budget=waiver_review.budget(session, community_id=community_id, year=last.year),
    )


def _grouped(rows: Sequence[Any], name: str) -> list[tuple[str, int, int]]:
    """Return (what, requests, fen) of one side, most given first; months in order."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        sums[_side(row, name)][0] += 1
        sums[_side(row, name)][1] += row.effect_fen
    found = [(key, count, fen) for key, (count, fen) in sums.items()]
    return sorted(found) if name == "month" else sorted(found, key=lambda one: (-one[2], one[0]))


def _side(row: Any, name: str) -> str:  # noqa: ANN401 - a row of the store
    match name:
        case "kind":
            return pages.named(row.kind, "waiver_kind")
        case "reason":
            return pages.named(row.reason_code, "waiver_reason")
        case "requester":
            return str(row.requested_by_name or "—")
        case "decider":
            return str(row.decided_by_name or "—")
        case "building":
            return str(row.building)
        case _:
            return str(row.value_on.isoformat()[:7])


@router.get("/waivers/report.xlsx")
def export(request: Request, here: Viewer, engine: Database) -> Response:
    """Send every waiver of the report, with its sum."""
    form = forms.of_address(ReportQuery, request)
    if form.model is None:
        raise Refusal("request.invalid")
    first, last = form.model.span(clock.today())
    community_id = reachable(here, here.community_id)
    with db.transaction(engine) as session:
        rows = waiver_review.given(session, community_id=community_id, first_on=first, last_on=last)
        audit.record(
            session,
            at=clock.now(),
            actor=here.actor.login,
            action="waiver.exported",
            subject=f"{first.isoformat()}:{last.isoformat()}",
            community_id=community_id,
            facts={"requests": len(rows)},
        )
    kinds = (
        ("decided_on", ColumnKind.DATE, 12),
        ("room", ColumnKind.TEXT, 20),
        ("building", ColumnKind.TEXT, 8),
        ("kind", ColumnKind.TEXT, 18),
        ("reason", ColumnKind.TEXT, 22),
        ("state", ColumnKind.TEXT, 12),
        ("requester", ColumnKind.TEXT, 12),
        ("decider", ColumnKind.TEXT, 12),
        ("amount", ColumnKind.MONEY, 14),
    )
    columns = [Column(_say(key), kind, width) for key, kind, width in kinds]
    lines: list[list[exports.Value]] = [_export_row(row) for row in rows]
    lines.append([None, _say("sum"), "", "", "", "", "", "", sum(row.effect_fen for row in rows)])
    title = _say("title").format(community=here.community, first=first.isoformat(), last=last.isoformat())
    body = exports.workbook(name=_say("sheet"), columns=columns, rows=lines, title=title, footer=here.actor.name)
    return pages.download(body, name=f"{title}.xlsx", media_type=XLSX)


def _say(key: str) -> str:
    return zh_cn.LABELS[f"waiver_export.{key}"]


def _export_row(row: Any) -> list[exports.Value]:  # noqa: ANN401 - a row of the store
    sides = [_side(row, name) for name in ("building", "kind", "reason")]
    people = [_side(row, name) for name in ("requester", "decider")]
    return [row.value_on, row.label, *sides, pages.named(row.state, "waiver_state"), *people, row.effect_fen]
