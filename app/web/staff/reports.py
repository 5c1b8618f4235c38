"""The reports: an index of what each answers, each on its page, as a workbook and on paper; exports are logged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import APIRouter, Request
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import clock
from app.documents import codec
from app.domain.access import Permission, Role
from app.domain.errors import Refusal, not_found
from app.i18n import zh_cn
from app.store import audit, db, estate, report_reads, unit_search
from app.store.report_reads import By
from app.web import forms, pages, report_cases, report_deliveries, report_flows, report_rates, reporting
from app.web.deps import Database, Here, Outside, Reading, reachable, require
from app.web.reporting import Asked, Report, ReportQuery
from app.web.staff.arrears import XLSX

router = APIRouter()

Viewer = Annotated[Here, require(Permission.REPORT_SEE)]

REPORTS: Mapping[str, Callable[[Session, Asked], Report]] = {
    "collection": report_rates.collection,
    "recovery": report_rates.recovery,
    "aging": report_rates.aging,
    "movement": report_rates.movement,
    "daily": report_flows.daily,
    "monthly": report_flows.monthly,
    "prepayment": report_rates.prepayment,
    "late-charge": report_rates.late_charge,
    "reliefs": report_flows.reliefs,
    "notice-effect": report_flows.notice_effect,
    "limitation": report_flows.limitation,
    "claims": report_flows.claims,
    "delivery": report_deliveries.delivery,
    "cases": report_cases.cases,
}
ICONS = {
    "collection": "report-money", "recovery": "rotate", "aging": "chart-bar", "movement": "list-details",
    "daily": "receipt-2", "monthly": "calendar", "prepayment": "coin", "late-charge": "clock",
    "reliefs": "discount", "notice-effect": "mail-forward", "limitation": "gavel", "claims": "clock-hour-4",
    "audit": "history",
    "bills": "file-invoice", "payments": "cash", "delivery": "mail", "cases": "gavel",
}  # fmt: skip
GROUPED = frozenset({"collection", "recovery", "aging", "movement", "late-charge"})
"""The reports whose rows can stand for buildings, items or stewards; the others have rows of their own."""

FIELDS: Mapping[str, tuple[str, ...]] = {
    "collection": ("period", "as_of", "building", "item", "steward", "by"),
    "recovery": ("period", "as_of", "building", "item", "steward", "by"),
    "aging": ("as_of", "building", "item", "steward", "by"),
    "movement": ("period", "building", "item", "steward", "by"),
    "late-charge": ("period", "building", "item", "steward", "by"),
    "daily": ("as_of",),
    "monthly": ("period",),
    "prepayment": ("period", "building"),
    "reliefs": ("period", "building"),
    "notice-effect": ("period", "building"),
    "limitation": ("as_of", "days", "building", "item", "steward"),
    "claims": ("building",),
    "delivery": ("period",),
    "cases": ("period",),
}


@router.get("/reports")
def index(request: Request, here: Viewer) -> Response:
    listed = [(code, ICONS[code], f"/reports/{code}") for code in REPORTS if _may_see(here, code)]
    listed += [(code, ICONS[code], f"/reports/{code}") for code in ("bills", "payments")]
    if here.actor.may(Permission.AUDIT_SEE):
        listed.append(("audit", ICONS["audit"], "/audit"))
    return pages.page(request, "reports/index.html", here=here, listed=listed)


@router.get("/reports/{code}/export.xlsx")
def export(request: Request, here: Viewer, engine: Database, code: str) -> Response:
    """Send the report as a workbook, with the same figures as the page."""
    report = _for_export(request, here, engine, code)
    body = reporting.workbook(report, community=here.community, by=here.actor.name)
    _log(here, engine, report, "xlsx")
    return pages.download(body, name=f"{_file_name(here, report)}.xlsx", media_type=XLSX)


@router.get("/reports/{code}/print.pdf")
def print_(request: Request, here: Viewer, engine: Database, gateways: Outside, code: str) -> Response:
    """Send the report on paper; nothing of it is kept, since the same address gives it again."""
    report = _for_export(request, here, engine, code)
    with db.reading(engine) as session:
        company = estate.community_row(session, reachable(here, here.community_id)).company_name
    facts = reporting.paper(report, community=here.community, company=company, by=here.actor.name, at=clock.now())
    printed = gateways.printer("report", codec.to_json(facts), token="")
    _log(here, engine, report, "pdf")
    name = f"{_file_name(here, report)}.pdf"
    return pages.download(printed.content, name=name, media_type="application/pdf", inline=True)


@router.get("/reports/{code}")
def show(request: Request, here: Viewer, session: Reading, code: str) -> Response:
    return page_of(request, here, session, code)


def page_of(request: Request, here: Here, session: Session, code: str) -> Response:
    """Return the page of a report."""
    form = forms.of_address(ReportQuery, request)
    if code not in REPORTS or not _may_see(here, code):
        raise not_found("report.unknown")
    if here.community_id is None:
        return pages.page(request, "reports/empty.html", here=here, title=zh_cn.LABELS[f"report.{code}"])
    today = clock.today()
    query = form.model or ReportQuery()
    asked = reporting.asked(query, community_id=here.community_id, today=today, by=_usual(code))
    report = REPORTS[code](session, asked)
    return pages.page(
        request,
        "reports/report.html",
        here=here,
        status=422 if form.faults else 200,
        form=form,
        report=report,
        fields=FIELDS[code],
        choices=choices(session, here.community_id),
        presets=reporting.presets(today) if "period" in FIELDS[code] else [],
        query=request.url.query,
        shown=reporting.shown,
        address=reporting.address,
        kept={key: value for key, value in form.values.items() if isinstance(value, str)},
    )


def _may_see(here: Here, code: str) -> bool:
    """A lawyer knows the cases in hand, not how many others the office has."""
    return code != "cases" or here.actor.role is not Role.LAWYER


def choices(session: Session, community_id: int) -> dict[str, list[tuple[str, str]]]:
    """Return what a report can be narrowed to."""
    people = report_reads.group_names(session, community_id=community_id, by=By.STEWARD)
    return {
        "building": [(name, name) for name in unit_search.buildings(session, community_id)],
        "item": list(report_reads.group_names(session, community_id=community_id, by=By.ITEM).items()),
        "steward": [*people.items(), ("0", zh_cn.LABELS["report_by.nobody"])] if people else [],
        "by": [(by.value, zh_cn.LABELS[f"report_by.{by.value}"]) for by in By],
    }


def _usual(code: str) -> By:
    return By.BUILDING if code in GROUPED else By.NONE


def _for_export(request: Request, here: Here, engine: Engine, code: str) -> Report:
    """Return the report an address asks for, refusing a faulty address instead of answering another question."""
    form = forms.of_address(ReportQuery, request)
    if code not in REPORTS or not _may_see(here, code):
        raise not_found("report.unknown")
    if form.model is None:
        raise Refusal("request.invalid")
    if here.community_id is None:
        raise Refusal("estate.empty")
    asked = reporting.asked(form.model, community_id=here.community_id, today=clock.today(), by=_usual(code))
    with db.reading(engine) as session:
        return REPORTS[code](session, asked)


def _file_name(here: Here, report: Report) -> str:
    as_of = report.asked.as_of.isoformat()
    return zh_cn.LABELS["report.file"].format(community=here.community, title=report.title, as_of=as_of)


def _log(here: Here, engine: Engine, report: Report, kind: str) -> None:
    with db.transaction(engine) as session:
        audit.record(
            session,
            at=clock.now(),
            actor=here.actor.login,
            action="report.exported",
            subject=f"report:{report.code}",
            community_id=here.community_id,
            facts={"as_of": report.asked.as_of.isoformat(), "kind": kind},
        )
