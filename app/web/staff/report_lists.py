"""The rows behind the figures: bills and payments, the clock of limitation, and who looks after which building."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from app import clock
from app.domain.access import Permission
from app.domain.errors import Refusal
from app.domain.reporting import month_of
from app.i18n import zh_cn
from app.services import stewards as steward_service
from app.sheets import report_book
from app.sheets.report_book import Kind
from app.store import audit, db, report_lists, stewards, unit_search
from app.store.report_lists import BillFilter, PaymentFilter
from app.store.report_reads import Due, Scope
from app.web import forms, pages
from app.web.deps import Database, Here, Reading, reachable, require
from app.web.listing import PAGE_SIZE, Pager
from app.web.reporting import Measure
from app.web.staff import reports
from app.web.staff.arrears import XLSX

router = APIRouter()

NUMBER = re.compile(r"\d{1,9}", re.ASCII)
METHODS = ("cash", "pos", "bank", "wechat", "alipay", "other")
Viewer = Annotated[Here, require(Permission.ARREARS_SEE)]
Exporter = Annotated[Here, require(Permission.ARREARS_EXPORT)]
Editor = Annotated[Here, require(Permission.COMMUNITY_EDIT)]


class BillQuery(forms.FormModel):
    q: forms.Text = Field(default="", title="房号或姓名", max_length=40)
    due_from: forms.Date | None = Field(default=None, title="应缴日起")
    due_to: forms.Date | None = Field(default=None, title="应缴日止")
    as_of: forms.Date | None = Field(default=None, title="截至日期")
    building: forms.Text = Field(default="", title="楼栋", max_length=30)
    item: int | None = Field(default=None, title="费用项目", ge=1, le=2**31 - 1)
    steward: int | None = Field(default=None, title="管家", ge=0, le=2**31 - 1)
    state: Literal["", "open", "overdue", "clear"] = Field(default="", title="状态")
    bucket: Literal["", "1-30", "31-60", "61-90", "91-365", "1-2y", "2-3y", "3y+"] = Field(default="", title="账龄")
    page: int = Field(default=1, title="页码", ge=1, le=100000)

    def wanted(self, community_id: int, today: dt.date) -> BillFilter:
        """Return the store's filter within one community."""
        return BillFilter(
            scope=Scope(community_id, self.building, self.item, self.steward),
            as_of=self.as_of or today,
            due=Due(self.due_from, self.due_to),
            state=self.state,
            bucket=self.bucket,
            search=self.q,
        )


class PaymentQuery(forms.FormModel):
    q: forms.Text = Field(default="", title="房号或姓名", max_length=40)
    from_on: forms.Date | None = Field(default=None, title="收款日起")
    to_on: forms.Date | None = Field(default=None, title="收款日止")
    method: Literal["", "cash", "pos", "bank", "wechat", "alipay", "credit", "other"] = Field(
        default="", title="收款方式"
    )
    cashier: int | None = Field(default=None, title="收款人", ge=0, le=2**31 - 1)
    building: forms.Text = Field(default="", title="楼栋", max_length=30)
    kind: Literal["", "received", "reversed"] = Field(default="", title="种类")
    page: int = Field(default=1, title="页码", ge=1, le=100000)

    def wanted(self, community_id: int, today: dt.date) -> PaymentFilter:
        """Return the store's filter: this month where no day is named."""
        from_on = self.from_on or month_of(self.to_on or today)[0]
        return PaymentFilter(
            community_id=community_id,
            from_on=from_on,
            to_on=self.to_on or max(from_on, month_of(today)[1]),
            method=self.method,
            cashier_id=self.cashier,
            building=self.building,
            search=self.q,
            kind=self.kind,
        )


class StewardsForm(forms.FormModel):
    building: list[forms.Text] = Field(default_factory=list, title="楼栋", max_length=1000)
    user: list[forms.Text] = Field(default_factory=list, title="管家", max_length=1000)


def _kept(form: forms.Filled[BillQuery] | forms.Filled[PaymentQuery]) -> dict[str, str]:
    return {key: value for key, value in form.values.items() if isinstance(value, str) and key != "page"}


@router.get("/reports/bills")
def show_bills(request: Request, here: Viewer, session: Reading) -> Response:
    form = forms.of_address(BillQuery, request)
    if here.community_id is None:
        return pages.page(request, "reports/empty.html", here=here, title=zh_cn.LABELS["report.bills"])
    query, today = form.model or BillQuery(), clock.today()
    wanted = query.wanted(here.community_id, today)
    foot = report_lists.bills_foot(session, wanted)
    pager = Pager("/reports/bills", _kept(form), 1, foot.bills)
    pager = Pager(pager.path, pager.params, min(query.page, pager.last), foot.bills)
    return pages.page(
        request,
        "reports/bills.html",
        here=here,
        status=422 if form.faults else 200,
        form=form,
        rows=report_lists.bills(session, wanted, limit=PAGE_SIZE, offset=(pager.number - 1) * PAGE_SIZE),
        foot=foot,
        pager=pager,
        wanted=wanted,
        is_trial=wanted.as_of != today,
        choices=reports.choices(session, here.community_id),
    )


_BILL_HEADS = (
    Measure("room", Kind.TEXT), Measure("item", Kind.TEXT), Measure("fee_period", Kind.TEXT),
    Measure("due_on", Kind.DATE), Measure("billed_row"), Measure("discount_row"), Measure("paid_row"),
    Measure("principal"), Measure("late"),
)  # fmt: skip
_PAYMENT_HEADS = (
    Measure("day", Kind.DATE), Measure("room", Kind.TEXT), Measure("state", Kind.TEXT), Measure("amount"),
    Measure("method", Kind.TEXT), Measure("reference", Kind.TEXT), Measure("cashier", Kind.TEXT),
    Measure("receipt", Kind.TEXT),
)  # fmt: skip


@router.get("/reports/bills/export.xlsx")
def export_bills(request: Request, here: Exporter, engine: Database) -> Response:
    """Send every bill the filter finds, not only this page."""
    query, today = _asked(forms.of_address(BillQuery, request)), clock.today()
    wanted = query.wanted(_community(here), today)
    with db.reading(engine) as session:
        rows, foot = report_lists.bills(session, wanted, limit=None), report_lists.bills_foot(session, wanted)
    lines = tuple(
        (
            row.label, row.item, pages.span(row.period_from_on, row.period_to_on), row.due_on, row.billed_fen,
            row.discount_fen, row.paid_fen, row.principal_fen, row.late_fen,
        )
        for row in rows
    )  # fmt: skip
    sums = (foot.billed_fen, foot.discount_fen, foot.paid_fen, foot.principal_fen, foot.late_fen)
    end = (zh_cn.LABELS["report.sum"], "", "", None, *sums)
    return _workbook(here, engine, "bills", wanted.as_of, _BILL_HEADS, lines, end)


@router.get("/reports/payments")
def show_payments(request: Request, here: Viewer, session: Reading) -> Response:
    form = forms.of_address(PaymentQuery, request)
    if here.community_id is None:
        return pages.page(request, "reports/empty.html", here=here, title=zh_cn.LABELS["report.payments"])
    query, today = form.model or PaymentQuery(), clock.today()
    wanted = query.wanted(here.community_id, today)
    count, came, gone = report_lists.payments_foot(session, wanted)
    pager = Pager("/reports/payments", _kept(form), 1, count)
    pager = Pager(pager.path, pager.params, min(query.page, pager.last), count)
    return pages.page(
        request,
        "reports/payments.html",
        here=here,
        status=422 if form.faults else 200,
        form=form,
        rows=report_lists.payments(session, wanted, limit=PAGE_SIZE, offset=(pager.number - 1) * PAGE_SIZE),
        count=count,
        came=came,
        gone=gone,
        pager=pager,
        wanted=wanted,
        methods=METHODS,
        cashiers=report_lists.cashiers(session, community_id=here.community_id),
        choices=reports.choices(session, here.community_id),
    )


@router.get("/reports/payments/export.xlsx")
def export_payments(request: Request, here: Exporter, engine: Database) -> Response:
    """Send every payment the filter finds, not only this page."""
    query, today = _asked(forms.of_address(PaymentQuery, request)), clock.today()
    wanted = query.wanted(_community(here), today)
    with db.reading(engine) as session:
        rows = report_lists.payments(session, wanted, limit=None)
        _, came, gone = report_lists.payments_foot(session, wanted)
    lines = tuple(
        (
            row.on, row.label, zh_cn.LABELS[f"payment_kind.{row.kind}"], row.amount_fen,
            pages.named(row.method, "method"), row.reference, row.cashier, row.receipt,
        )
        for row in rows
    )  # fmt: skip
    end = (None, zh_cn.LABELS["report.sum"], "", came - gone, "", "", "", "")
    return _workbook(here, engine, "payments", wanted.to_on, _PAYMENT_HEADS, lines, end)


@router.get("/reports/limitation")
def show_limitation(request: Request, here: Viewer, session: Reading) -> Response:
    return reports.page_of(request, here, session, "limitation")


@router.get("/reports/stewards")
def show_stewards(request: Request, here: Editor, session: Reading) -> Response:
    return _stewards_page(request, here, session, forms.Filled({}))


@router.post("/reports/stewards")
def set_stewards(
    request: Request,
    here: Editor,
    engine: Database,
    form: Annotated[forms.Filled[StewardsForm], forms.filled(StewardsForm)],
) -> Response:
    community_id = reachable(here, here.community_id)
    if form.model is not None and len(form.model.building) == len(form.model.user):
        pairs = zip(form.model.building, form.model.user, strict=True)
        wanted = {building: int(user) if NUMBER.fullmatch(user) else 0 for building, user in pairs if user}
        try:
            with db.transaction(engine) as session:
                steward_service.set_all(
                    session, community_id=community_id, wanted=wanted, now=clock.now(), actor=here.actor.login
                )
        except Refusal as refusal:
            form = form.with_refusal(refusal)
        else:
            return pages.back_to(request, "/reports/stewards", here=here, code="steward.saved", count=len(wanted))
    else:
        form = form.with_refusal(Refusal("steward.building_unknown"))
    with db.reading(engine) as session:
        return _stewards_page(request, here, session, form)


def _stewards_page(request: Request, here: Here, session: Reading, form: forms.Filled[StewardsForm]) -> Response:
    number = here.community_id
    chosen: dict[str, int | str] = dict(stewards.of_community(session, number)) if number else {}
    if form.model is not None:
        chosen |= dict(zip(form.model.building, form.model.user, strict=False))
    return pages.page(
        request,
        "reports/stewards.html",
        here=here,
        status=422 if form.faults else 200,
        form=form,
        buildings=unit_search.buildings(session, number) if number else [],
        chosen=chosen,
        people=stewards.candidates(session, number) if number else [],
    )


def _asked(form: forms.Filled[forms.M]) -> forms.M:
    if form.model is None:
        raise Refusal("request.invalid")
    return form.model


def _community(here: Here) -> int:
    if here.community_id is None:
        raise Refusal("estate.empty")
    return here.community_id


def _workbook(
    here: Here,
    engine: Database,
    code: str,
    as_of: dt.date,
    measures: tuple[Measure, ...],
    rows: tuple[tuple[report_book.Value, ...], ...],
    foot: tuple[report_book.Value, ...],
) -> Response:
    title = zh_cn.LABELS["report.file"].format(
        community=here.community, title=zh_cn.LABELS[f"report.{code}"], as_of=as_of.isoformat()
    )
    heads = tuple(report_book.Head(one.name, one.kind, 16) for one in measures)
    sheet = report_book.Sheet(zh_cn.LABELS[f"table.{code}"], title, heads, rows, foot)
    notes = [(one.name, one.how) for one in measures if one.how]
    body = report_book.workbook(
        sheets=[sheet], notes_name=zh_cn.LABELS["report.notes"], notes=notes, footer=here.actor.name
    )
    with db.transaction(engine) as session:
        audit.record(
            session,
            at=clock.now(),
            actor=here.actor.login,
            action="report.exported",
            subject=f"report:{code}",
            community_id=here.community_id,
            facts={"as_of": as_of.isoformat(), "kind": "xlsx"},
        )
    return pages.download(body, name=f"{title}.xlsx", media_type=XLSX)
