"""The desk: four figures that lead to their lists, the age of arrears, and what waits today."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from app import clock
from app.documents import charts
from app.documents.charts import Series
from app.domain import setup
from app.domain.access import Permission, Role
from app.domain.calendar import years_known
from app.domain.errors import Refusal
from app.domain.reporting import Standing, month_of, months_to, share
from app.domain.setup import Counts, SetupStep
from app.i18n import zh_cn
from app.store import (
    arrears,
    calendars,
    case_reads,
    db,
    desk_reads,
    holds,
    limitation_reads,
    office,
    report_money,
    report_reads,
    sessions,
    shifts,
    views,
)
from app.store.report_reads import By, Due, Scope
from app.web import forms, pages, report_rates, reporting
from app.web.deps import AnyHere, Database, Here, Reading, reachable, require

router = APIRouter()

FIRST_WARNING_MONTH = 11
BACKUP_DAYS = 2
LIMIT_DAYS = 90
THOUSANDS_FROM_FEN = 2_000_000
_P = Permission


class CommunityForm(forms.FormModel):
    community_id: int = Field(title="小区", ge=1, le=2**31 - 1)


@dataclass(frozen=True, slots=True)
class Task:
    """One line of what waits: ``sign`` is its icon; its words are in the template."""

    name: str
    sign: str
    address: str
    count: int = 0
    more: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """What the desk shows of a community's money at one moment."""

    month: tuple[dt.date, dt.date]
    current: Standing
    rate: str
    income_fen: int
    totals: arrears.Totals
    limited: int
    limited_fen: int
    months: list[tuple[dt.date, dt.date, int, int]]
    ages: list[tuple[str, report_reads.Age]]
    months_chart: str
    months_narrow: str
    ages_chart: str


@router.get("/")
def show(request: Request, here: Annotated[Here, require(Permission.DASHBOARD_SEE)], session: Reading) -> Response:
    today, number = clock.today(), here.community_id
    shows_money = number is not None and here.actor.may(Permission.ARREARS_SEE)
    steps = setup.progress(office.setup_counts(session, number)) if number is not None else setup.progress(Counts())
    return pages.page(
        request,
        "desk/desk.html",
        here=here,
        at=clock.now(),
        figures=_figures(session, number, today) if shows_money and number is not None else None,
        tasks=_tasks(session, here, today) if number is not None else [],
        steps=steps,
        next_step=setup.next_step(steps),
        has_bills=any(step.step is SetupStep.OPENING and step.have for step in steps),
        pinned=views.pinned(session, user_id=here.actor.user_id, community_id=number, as_of=today)
        if shows_money
        else (),
        limit_days=LIMIT_DAYS,
    )


def _figures(session: Session, community_id: int, today: dt.date) -> Figures:
    scope, month = Scope(community_id), month_of(today)
    current = report_reads.standings(session, scope, on=today, by=By.NONE, due=Due(*month)).get("", Standing())
    months = months_to(today)
    due = report_reads.net_by_month(session, scope, on=today, months=months)
    came = report_money.monthly(session, community_id=community_id, months=months)
    found = report_reads.ages(session, scope, on=today, by=By.NONE).get("", {})
    ages = [(bucket, found.get(bucket, report_reads.Age(0, 0, 0, 0))) for bucket in arrears.BUCKETS]
    limited = report_money.limited(session, scope, as_of=today, days=LIMIT_DAYS)
    return Figures(
        month=month,
        current=current,
        rate=reporting.share(share(current.paid_fen, current.net_fen)),
        income_fen=came[-1],
        totals=arrears.totals(session, as_of=today, wanted=arrears.Filter(community_id=community_id)),
        limited=len(limited),
        limited_fen=sum(one.principal_fen for one in limited),
        months=[(first, last, one, other) for (first, last), one, other in zip(months, due, came, strict=True)],
        ages=ages,
        months_chart=_months_chart([first for first, _ in months], due, came),
        months_narrow=_months_chart([first for first, _ in months], due, came, ident="narrow", width=340),
        ages_chart=report_rates.age_chart(ages),
    )


def _months_chart(
    months: list[dt.date], due: list[int], came: list[int], *, ident: str = "months", width: int = 660
) -> str:
    """Return the twelve months' bars, in yuan or, where that would be long, in thousands."""
    say = zh_cn.LABELS
    in_thousands = max([*due, *came], default=0) >= THOUSANDS_FROM_FEN
    return charts.columns(
        charts.Columns(
            ident=ident,
            width=width,
            title=say["chart.months"],
            labels=tuple(say["chart.month"].format(month=first.month) for first in months),
            series=(
                Series(say["chart.due"], tuple(fen // 100 for fen in due)),
                Series(say["chart.received"], tuple(fen // 100 for fen in came)),
            ),
            unit=say["chart.thousands"] if in_thousands else say["chart.yuan"],
            divisor=1000 if in_thousands else 1,
        )
    )


def _tasks(session: Session, here: Here, today: dt.date) -> list[Task]:
    """Return what waits for this person, most pressing first; lines with nothing behind them are left out."""
    may, number = here.actor.may, reachable(here, here.community_id)
    w = desk_reads.waiting(session, community_id=number, user_id=here.actor.user_id, today=today)
    own = shifts.till(session, community_id=number, cashier_id=here.actor.user_id).count
    resting = holds.count_due(session, community_ids=[number], today=today)
    urgent = limitation_reads.count_urgent(session, community_id=number, as_of=today) if may(_P.CLAIM_SEE) else 0
    held = here.actor.user_id if here.actor.role is Role.LAWYER else None
    hearings = case_reads.count_due(session, community_ids=[number], today=today, held_by_id=held)
    known = years_known(calendars.load(session))
    year_missing = today.month >= FIRST_WARNING_MONTH and today.year + 1 not in known
    age = None if w.backed_up_at is None else (today - w.backed_up_at.astimezone(clock.SHANGHAI).date()).days
    lines = [
        (w.waivers, Task("waivers", "checkbox", "/waivers", w.waivers), _P.WAIVER_DECIDE),
        (w.batches, Task("batches", "mail-forward", "/notices", w.batches), _P.NOTICE_RELEASE),
        (w.drafts, Task("drafts", "file-invoice", "/billing", w.drafts), _P.BILLING_POST),
        (w.tariffs, Task("tariffs", "adjustments-horizontal", "/rates", w.tariffs), _P.TARIFF_PUBLISH),
        (w.terms, Task("terms", "checks", "/terms", w.terms), _P.TARIFF_PUBLISH),
        (w.unclaimed, Task("unclaimed", "coin", "/collect/unclaimed", w.unclaimed), _P.UNCLAIMED_MATCH),
        (w.requests, Task("requests", "message", "/requests", w.requests, w.requests_due), _P.OWNER_REQUEST_SEE),
        (resting, Task("holds", "clock-hour-4", "/holds?state=due", resting), _P.HOLD_SET),
        (own, Task("own_shift", "cash", "/collect/shift", own), _P.PAYMENT_RECORD),
        (w.refunds, Task("refunds", "receipt-refund", "/transfers/refunds", w.refunds), _P.PAYMENT_RECORD),
        (w.shifts, Task("shifts", "checks", "/collect/shifts", w.shifts), _P.SHIFT_CONFIRM),
        (w.printing, Task("printing", "printer", "/notices", w.printing), _P.NOTICE_SEE),
        (urgent, Task("limitation", "clock-hour-4", "/limitation?state=urgent", urgent), _P.CLAIM_SEE),
        (hearings, Task("cases", "gavel", "/cases/calendar", hearings), _P.CASE_SEE),
        (w.imports, Task("imports", "file-upload", "/imports", w.imports), _P.IMPORT_RUN),
        (w.problems, Task("problems", "alert-triangle", "/desk/problems", w.problems), _P.ARREARS_SEE),
        (year_missing, Task("calendar", "calendar-event", "/settings/calendar", today.year + 1), _P.SETTINGS_EDIT),
        (age is None, Task("no_backup", "package", "/settings/backups"), _P.SETTINGS_EDIT),
        ((age or 0) > BACKUP_DAYS, Task("backup", "package", "/settings/backups", age or 0), _P.SETTINGS_EDIT),
    ]
    return [task for is_due, task, permission in lines if is_due and may(permission)]


@router.get("/desk/problems")
def show_problems(
    request: Request, here: Annotated[Here, require(Permission.ARREARS_SEE)], session: Reading
) -> Response:
    """Show the accounts the nightly run could not close, each with its reason."""
    rows = desk_reads.problems(session, community_id=here.community_id) if here.community_id is not None else []
    said = [(unit_id, label, zh_cn.sentence(Refusal(code))) for unit_id, label, code in rows]
    return pages.page(request, "desk/problems.html", here=here, rows=said)


@router.post("/community")
def choose(
    here: AnyHere, engine: Database, form: Annotated[forms.Filled[CommunityForm], forms.filled(CommunityForm)]
) -> Response:
    chosen = reachable(here, form.model.community_id if form.model else None)
    if chosen not in dict(here.communities):
        chosen = reachable(here, None)
    with db.transaction(engine) as session:
        sessions.choose_community(session, session_id=here.session_id, community_id=chosen)
    return RedirectResponse("/", status_code=303)
