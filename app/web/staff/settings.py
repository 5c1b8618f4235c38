"""Settings: what there is to set, a community's own data, its seal, and the calendar of working days."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from app import clock
from app.domain import announced
from app.domain.access import Permission
from app.domain.allocation import Across, Credit, Within
from app.domain.errors import Refusal, not_found
from app.gateways.uploads import PICTURES, PNG
from app.i18n import zh_cn
from app.services import office as service
from app.services import owner_payments
from app.store import db, estate, office
from app.web import forms, pages, uploads
from app.web.deps import Database, Here, Reading, Stored, reachable, require, require_fresh
from app.web.errors import STATUS

router = APIRouter()

Everybody = Annotated[Here, require(Permission.DASHBOARD_SEE)]
Editor = Annotated[Here, require_fresh(Permission.COMMUNITY_EDIT)]
Keeper = Annotated[Here, require(Permission.SETTINGS_EDIT)]

SEAL_BYTES = 1024 * 1024

# address, icon, and any one of the permissions that open it; the words are in the template
CARDS = (
    ("start", "/settings/start", "list-check", (Permission.DASHBOARD_SEE,)),
    ("community", "/settings/community", "building-community", (Permission.COMMUNITY_EDIT,)),
    ("users", "/users", "users", (Permission.USER_MANAGE,)),
    ("procedure", "/procedure", "mail-forward", (Permission.PROCEDURE_EDIT,)),
    ("calendar", "/settings/calendar", "calendar", (Permission.SETTINGS_EDIT,)),
    ("lpr", "/settings/lpr", "chart-bar", (Permission.SETTINGS_EDIT,)),
    ("numbers", "/settings/numbers", "receipt", (Permission.SETTINGS_EDIT,)),
    ("backups", "/settings/backups", "package", (Permission.SETTINGS_EDIT,)),
    ("keys", "/settings/keys", "key", (Permission.SETTINGS_EDIT,)),
    ("state", "/settings/state", "device-desktop", (Permission.SETTINGS_EDIT,)),
    ("check", "/settings/check", "shield-check", (Permission.SETTINGS_EDIT,)),
    ("evidence", "/settings/evidence", "rosette-discount-check", (Permission.EVIDENCE_SEE,)),
    ("audit", "/audit", "history", (Permission.AUDIT_SEE,)),
    ("wipe", "/settings/wipe", "refresh", (Permission.SETTINGS_EDIT,)),
)


class CommunityForm(forms.FormModel):
    name: forms.Text = Field(title="小区名称", max_length=120)
    address: forms.Text = Field(default="", title="小区地址", max_length=200)
    company_name: forms.Text = Field(default="", title="物业公司全称", max_length=120)
    company_code: forms.Text = Field(default="", title="统一社会信用代码", max_length=32)
    company_address: forms.Text = Field(default="", title="公司住所", max_length=200)
    office_phone: forms.Text = Field(default="", title="服务电话", max_length=40)
    office_hours: forms.Text = Field(default="", title="接待时间", max_length=80)
    contact_person: forms.Text = Field(default="", title="联系人", max_length=40)
    payee_name: forms.Text = Field(default="", title="收款户名", max_length=120)
    payee_bank: forms.Text = Field(default="", title="开户银行", max_length=120)
    payee_account: forms.Text = Field(default="", title="收款账号", max_length=60)
    contract_title: forms.Text = Field(default="", title="合同名称", max_length=160)
    contract_no: forms.Text = Field(default="", title="合同编号", max_length=60)
    contract_on: forms.Date | None = Field(default=None, title="签订日期")
    fee_clause: forms.Text = Field(default="", title="收费条款", max_length=2000)
    late_charge_clause: forms.Text = Field(default="", title="违约金条款", max_length=2000)
    allocation_within: Within = Field(default=Within.PRINCIPAL_FIRST, title="同一笔账单内的抵充顺序")
    allocation_across: Across = Field(default=Across.OLDEST_FIRST, title="各笔账单之间的抵充顺序")
    credit_mode: Credit = Field(default=Credit.APPLY_WHEN_DUE, title="预存款")
    roll_due: bool = Field(default=False, title="应缴日遇休息日顺延")

    def columns(self) -> dict[str, object]:
        """Return the columns of the community's row."""
        return {name: getattr(value, "value", value) for name, value in self}


class SealForm(forms.FormModel):
    act: str = Field(default="put", title="操作", max_length=10)


class YearForm(forms.FormModel):
    year: int = Field(title="年份", ge=2000, le=2099)
    source: forms.Text = Field(title="依据", max_length=120)
    rest: forms.Text = Field(title="放假日", max_length=2000)
    work: forms.Text = Field(default="", title="调休上班日", max_length=1000)


CommunityFilled = Annotated[forms.Filled[CommunityForm], forms.filled(CommunityForm)]
SealFilled = Annotated[forms.Filled[SealForm], forms.filled(SealForm)]
YearFilled = Annotated[forms.Filled[YearForm], forms.filled(YearForm)]


@router.get("/settings")
def index(request: Request, here: Everybody, session: Reading) -> Response:
    is_demo = office.demo_only(session)
    cards = [
        card
        for card in CARDS
        if any(here.actor.may(permission) for permission in card[3]) and (card[0] != "wipe" or is_demo)
    ]
    return pages.page(request, "settings/index.html", here=here, cards=cards)


# --- the community's own data ---------------------------------------------------------------------


@router.get("/settings/community")
def show_community(request: Request, here: Editor, engine: Database) -> Response:
    return _community_page(request, here, engine, forms.Filled({}), here.community_id)


@router.post("/settings/community")
def save_community(request: Request, here: Editor, engine: Database, form: CommunityFilled) -> Response:
    number = reachable(here, here.community_id)
    if form.model is None:
        return _community_page(request, here, engine, form, number, status=422)
    try:
        with db.transaction(engine) as session:
            service.save_community(
                session,
                community_id=number,
                columns=form.model.columns(),
                now=clock.now(),
                actor=here.actor.login,
            )
    except Refusal as refusal:
        return _community_page(request, here, engine, form.with_refusal(refusal), number, status=STATUS[refusal.kind])
    return pages.back_to(request, "/settings/community", here=here, code="done.community_saved")


@router.get("/settings/community/new")
def ask_community(request: Request, here: Editor, engine: Database) -> Response:
    _must_reach_all(here)
    return _community_page(request, here, engine, forms.Filled({}), None)


@router.post("/settings/community/new")
def create_community(request: Request, here: Editor, engine: Database, form: CommunityFilled) -> Response:
    _must_reach_all(here)
    if form.model is None:
        return _community_page(request, here, engine, form, None, status=422)
    try:
        with db.transaction(engine) as session:
            service.create_community(session, columns=form.model.columns(), now=clock.now(), actor=here.actor.login)
    except Refusal as refusal:
        return _community_page(request, here, engine, form.with_refusal(refusal), None, status=STATUS[refusal.kind])
    return pages.back_to(request, "/settings/start", here=here, code="done.community_created", name=form.model.name)


def _must_reach_all(here: Here) -> None:
    """A person confined to some communities could not see the new one."""
    if here.actor.community_ids is not None:
        raise not_found("access.other_community")


def _community_page(
    request: Request,
    here: Here,
    engine: Database,
    form: forms.Filled[CommunityForm],
    community_id: int | None,
    *,
    status: int = 200,
) -> Response:
    row, in_use = None, False
    if community_id is not None:
        with db.reading(engine) as session:
            row = estate.community_row(session, reachable(here, community_id))
            in_use = office.has_ledger(session, community_id)
    return pages.page(
        request,
        "settings/community.html",
        here=here,
        status=status,
        form=form,
        row=row,
        in_use=in_use,
        withins=list(Within),
        acrosses=list(Across),
        credits=list(Credit),
    )


@router.post("/settings/seal")
def save_seal(request: Request, here: Editor, engine: Database, files: Stored, form: SealFilled) -> Response:
    """Keep the picture of the seal; the working copy is what pages show and paper prints."""
    number = reachable(here, here.community_id)
    try:
        if form.model is not None and form.model.act == "remove":
            sha256 = ""
        else:
            found = uploads.of_form(form, "seal", allow=(PNG,), max_bytes=SEAL_BYTES)
            if found is None:
                raise Refusal("community.seal_missing", field="seal")
            sha256 = uploads.keep(files, found).shown_sha256
        with db.transaction(engine) as session:
            service.put_seal(session, community_id=number, sha256=sha256, now=clock.now(), actor=here.actor.login)
    except Refusal as refusal:
        fault: forms.Filled[CommunityForm] = forms.Filled({}, {"seal": zh_cn.sentence(refusal)})
        return _community_page(request, here, engine, fault, number, status=STATUS[refusal.kind])
    code = "done.seal_saved" if sha256 else "done.seal_removed"
    return pages.back_to(request, "/settings/community", here=here, code=code)


@router.post("/settings/payee-code")
def save_payee_code(request: Request, here: Editor, engine: Database, files: Stored, form: SealFilled) -> Response:
    """Keep the picture of the office's own payment code, which owners see on their page to pay."""
    number = reachable(here, here.community_id)
    sha256 = shown = ""
    try:
        if form.model is None or form.model.act != "remove":
            found = uploads.of_form(form, "payee_code", allow=PICTURES, max_bytes=SEAL_BYTES)
            if found is None:
                raise Refusal("community.payee_code_missing", field="payee_code")
            kept = uploads.keep(files, found)
            sha256, shown = kept.sha256, kept.shown_sha256
        with db.transaction(engine) as session:
            owner_payments.set_payee_code(
                session,
                community_id=number,
                sha256=sha256,
                shown_sha256=shown,
                now=clock.now(),
                actor=here.actor.login,
            )
    except Refusal as refusal:
        fault: forms.Filled[CommunityForm] = forms.Filled({}, {"payee_code": zh_cn.sentence(refusal)})
        return _community_page(request, here, engine, fault, number, status=STATUS[refusal.kind])
    code = "done.payee_code_saved" if sha256 else "done.payee_code_removed"
    return pages.back_to(request, "/settings/community", here=here, code=code)


@router.get("/settings/payee-code/picture")
def payee_code_picture(here: Editor, session: Reading, files: Stored) -> Response:
    row = estate.community_row(session, reachable(here, here.community_id))
    if not row.payee_qr_shown_sha256:
        raise not_found("access.not_found")
    return uploads.picture(files, shown_sha256=row.payee_qr_shown_sha256)


@router.get("/settings/seal/picture")
def seal_picture(here: Editor, session: Reading, files: Stored) -> Response:
    row = estate.community_row(session, reachable(here, here.community_id))
    if not row.seal_sha256:
        raise not_found("access.not_found")
    return uploads.picture(files, shown_sha256=row.seal_sha256)


# --- the calendar ---------------------------------------------------------------------------------


@router.get("/settings/calendar")
def show_calendar(request: Request, here: Keeper, engine: Database) -> Response:
    return _calendar_page(request, here, engine, forms.Filled({"year": str(clock.today().year + 1)}))


@router.post("/settings/calendar")
def save_year(request: Request, here: Keeper, engine: Database, form: YearFilled) -> Response:
    if form.model is None:
        return _calendar_page(request, here, engine, form, status=422)
    model = form.model
    try:
        days = announced.exceptions(
            rest=announced.read_days(model.rest, year=model.year, field="rest"),
            work=announced.read_days(model.work, year=model.year, field="work"),
        )
        with db.transaction(engine) as session:
            service.save_year(
                session, year=model.year, days=days, source=model.source, now=clock.now(), actor=here.actor.login
            )
    except Refusal as refusal:
        return _calendar_page(request, here, engine, form.with_refusal(refusal), status=STATUS[refusal.kind])
    return pages.back_to(request, "/settings/calendar", here=here, code="done.year_saved", year=model.year)


def _calendar_page(
    request: Request, here: Here, engine: Database, form: forms.Filled[YearForm], *, status: int = 200
) -> Response:
    with db.reading(engine) as session:
        years = office.years(session)
    return pages.page(
        request,
        "settings/calendar.html",
        here=here,
        status=status,
        form=form,
        years=years,
        missing=_missing_year(years),
    )


def _missing_year(years: list[office.Year]) -> int | None:
    """Return next year where it is November or later and nobody has entered it."""
    today, november = clock.today(), 11
    coming = today.year + 1
    return coming if today.month >= november and coming not in {one.year for one in years} else None
