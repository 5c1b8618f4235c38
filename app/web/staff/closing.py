"""Days and months that are closed: what is still open before, the close itself, its report, and opening it again."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from starlette.responses import Response

from app import clock
from app.domain.access import Permission
from app.domain.calendar import add_months
from app.domain.errors import Kind, Refusal, not_found
from app.services import closing
from app.store import closing as closing_reads
from app.store import db
from app.web import counter_frame, forms, pages, papers
from app.web.deps import Database, Here, Id, Outside, reachable, require, require_fresh
from app.web.errors import STATUS
from app.web.staff.payments import new_key

router = APIRouter()

Closer = Annotated[Here, require(Permission.PERIOD_CLOSE)]
Freezer = Annotated[Here, require_fresh(Permission.PERIOD_CLOSE)]
Opener = Annotated[Here, require_fresh(Permission.PERIOD_REOPEN)]

KEY = r"^[A-Za-z0-9_-]+$"
DAYS = 14
MONTHS = 6


class PeriodForm(forms.FormModel):
    """``span`` and ``on`` name the period: the day itself, or any day of the month."""

    span: Literal["day", "month"] = Field(default="day", title="期间")
    on: forms.Date = Field(title="日期")

    def period(self, community_id: int) -> closing.Period:
        """Return the period the form names."""
        make = closing.Period.day if self.span == "day" else closing.Period.month
        return make(community_id, self.on)


class CloseForm(PeriodForm):
    accept: bool = Field(default=False, title="知道并继续")
    note: forms.Text = Field(default="", title="说明", max_length=200)
    key: str = Field(title="表单编号", min_length=8, max_length=80, pattern=KEY)


class ReopenForm(PeriodForm):
    reason: forms.Text = Field(default="", title="原因", max_length=200)
    key: str = Field(title="表单编号", min_length=8, max_length=80, pattern=KEY)


@dataclass(frozen=True, slots=True)
class Line:
    """One day or month of the list."""

    period: closing.Period
    received_fen: int
    standing: Any

    @property
    def is_closed(self) -> bool:
        """Say whether its newest version is a close."""
        return self.standing is not None and self.standing.is_closed


Closed = Annotated[forms.Filled[CloseForm], forms.filled(CloseForm)]
Reopened = Annotated[forms.Filled[ReopenForm], forms.filled(ReopenForm)]


@router.get("/closing")
def show(request: Request, here: Closer, engine: Database) -> Response:
    today = clock.today()
    with db.reading(engine) as session:
        tabs = counter_frame.tabs(session, here, "closing")
        number = here.community_id or 0
        from_on = today - dt.timedelta(days=DAYS - 1)
        money = closing_reads.money_days(session, community_id=number, from_on=from_on, to_on=today)
        versions = closing_reads.newest_of(session, community_id=number)
        first = add_months(today.replace(day=1), -(MONTHS - 1))
        by_month = closing_reads.money_months(session, community_id=number, from_on=first, to_on=today)
        history = closing_reads.history(session, community_id=number)
    days = [today - dt.timedelta(days=back) for back in range(DAYS)]
    months = [add_months(today.replace(day=1), -back) for back in range(MONTHS)]
    return pages.page(
        request,
        "collect/closing.html",
        here=here,
        tabs=tabs,
        days=[Line(closing.Period.day(number, on), money.get(on, 0), versions.get(("day", on))) for on in days],
        months=[
            Line(closing.Period.month(number, on), by_month.get((on.year, on.month), 0), versions.get(("month", on)))
            for on in months
        ],
        history=history,
    )


@router.get("/closing/review")
def review(request: Request, here: Closer, engine: Database) -> Response:
    form = forms.of_address(PeriodForm, request)
    if form.model is None:
        raise not_found("access.not_found")
    return _page(request, here, engine, form.model, forms.Filled({}))


@router.post("/closing/close")
def close(request: Request, here: Freezer, engine: Database, form: Closed) -> Response:
    if form.model is None:
        raise Refusal("period.unreadable")
    try:
        with db.transaction(engine) as session:
            closing.close(
                session,
                period=form.model.period(reachable(here, here.community_id)),
                accepts_open=form.model.accept,
                note=form.model.note,
                by=counter_frame.by(here, form.model.key),
            )
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        told = form.with_refusal(refusal)
        return _page(request, here, engine, form.model, told, status=STATUS[refusal.kind])
    where = f"/closing/review?span={form.model.span}&on={form.model.on.isoformat()}"
    return pages.back_to(request, where, here=here, code="done.period_closed")


@router.post("/closing/reopen")
def reopen(request: Request, here: Opener, engine: Database, form: Reopened) -> Response:
    if form.model is None:
        raise Refusal("period.unreadable")
    try:
        with db.transaction(engine) as session:
            closing.reopen(
                session,
                period=form.model.period(reachable(here, here.community_id)),
                reason=form.model.reason,
                by=counter_frame.by(here, form.model.key),
            )
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        told = form.with_refusal(refusal)
        return _page(request, here, engine, form.model, told, status=STATUS[refusal.kind])
    where = f"/closing/review?span={form.model.span}&on={form.model.on.isoformat()}"
    return pages.back_to(request, where, here=here, code="done.period_reopened")


def _page(
    request: Request, here: Here, engine: Engine, model: PeriodForm, form: forms.Filled[Any], *, status: int = 200
) -> Response:
    period = model.period(reachable(here, here.community_id))
    with db.reading(engine) as session:
        found = closing.review(session, period=period, by_name=here.actor.name, today=clock.today())
        standing = closing_reads.standing(
            session, community_id=period.community_id, span=period.span, first_on=period.first_on
        )
        tabs = counter_frame.tabs(session, here, "closing")
    return pages.page(
        request,
        "collect/closing_one.html",
        here=here,
        status=status,
        form=form,
        tabs=tabs,
        period=period,
        found=found,
        standing=standing,
        is_over=period.last_on <= clock.today(),
        span=model.span,
        key=str(form.values.get("key") or new_key()),
    )


@router.get("/closing/{close_id}/report")
def report(close_id: Id, here: Closer, engine: Database, outside: Outside) -> Response:
    """Send the report of a closed period as it was frozen."""
    with db.reading(engine) as session:
        row = closing_reads.by_id(session, close_id)
        reachable(here, row.community_id if row is not None else None)
    if row is None or row.document_id is None:
        raise not_found("access.not_found")
    content, number = papers.pdf_of(engine, outside, row.document_id)
    return pages.pdf(content, name=f"{number}.pdf")
