"""Settings of the installation: numbers, backups and their drill, the key, its state, the check, a demo's end."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.background import BackgroundTask
from starlette.responses import RedirectResponse, Response

from app import clock
from app.domain.access import Permission
from app.domain.errors import Refusal, conflict
from app.domain.setup import Counts, SetupStep, next_step, progress
from app.services import office as service
from app.store import audit, db, estate, nightly, office
from app.store.documents import PREFIX
from app.web import forms, pages
from app.web.care import Care
from app.web.deps import Database, Here, Reading, reachable, require, require_fresh
from app.web.errors import STATUS

router = APIRouter()

Keeper = Annotated[Here, require_fresh(Permission.SETTINGS_EDIT)]
Everybody = Annotated[Here, require(Permission.DASHBOARD_SEE)]
Importer = Annotated[Here, require(Permission.IMPORT_RUN)]

PAGE_OF = {"backup": "/settings/backups", "drill": "/settings/backups", "check": "/settings/check"}


class NumberForm(forms.FormModel):
    kind: str = Field(title="种类", max_length=20)
    year: int = Field(title="年份", ge=2000, le=2099)
    last: int = Field(title="已用到", ge=1, le=899_999)


class CareForm(forms.FormModel):
    kind: Literal["backup", "drill", "check"] = Field(title="操作")


class WipeForm(forms.FormModel):
    name: forms.Text = Field(title="小区名称", max_length=120)


class StepForm(forms.FormModel):
    step: SetupStep = Field(title="步骤")
    note: forms.Text = Field(default="", title="说明", max_length=200)


NumberFilled = Annotated[forms.Filled[NumberForm], forms.filled(NumberForm)]
CareFilled = Annotated[forms.Filled[CareForm], forms.filled(CareForm)]
WipeFilled = Annotated[forms.Filled[WipeForm], forms.filled(WipeForm)]
StepFilled = Annotated[forms.Filled[StepForm], forms.filled(StepForm)]


# --- numbers --------------------------------------------------------------------------------------


@router.get("/settings/numbers")
def show_numbers(request: Request, here: Keeper, engine: Database) -> Response:
    return _numbers_page(request, here, engine, forms.Filled({"year": str(clock.today().year)}))


@router.post("/settings/numbers")
def set_number(request: Request, here: Keeper, engine: Database, form: NumberFilled) -> Response:
    if form.model is None:
        return _numbers_page(request, here, engine, form, status=422)
    try:
        with db.transaction(engine) as session:
            service.set_last_number(
                session,
                community_id=reachable(here, here.community_id),
                kind=form.model.kind,
                year=form.model.year,
                last=form.model.last,
                now=clock.now(),
                actor=here.actor.login,
            )
    except Refusal as refusal:
        return _numbers_page(request, here, engine, form.with_refusal(refusal), status=STATUS[refusal.kind])
    return pages.back_to(request, "/settings/numbers", here=here, code="done.number_raised")


def _numbers_page(
    request: Request, here: Here, engine: Database, form: forms.Filled[NumberForm], *, status: int = 200
) -> Response:
    with db.reading(engine) as session:
        rows = office.counters(session, [number for number, _ in here.communities])
    return pages.page(request, "settings/numbers.html", here=here, status=status, form=form, rows=rows, prefixes=PREFIX)


# --- backups, drills, checks, key, state ----------------------------------------------------------


@router.get("/settings/backups")
def show_backups(request: Request, here: Keeper, session: Reading, care: Care) -> Response:
    return pages.page(
        request,
        "settings/backups.html",
        here=here,
        runs=office.care_runs(session, ("backup", "drill")),
        last=office.last_care(session, "backup"),
        drilled=office.last_care(session, "drill"),
        folder=str(care.backups()),
        now=clock.now(),
    )


@router.get("/settings/check")
def show_check(request: Request, here: Keeper, session: Reading) -> Response:
    runs = office.care_runs(session, ("check",))
    return pages.page(request, "settings/check.html", here=here, runs=runs, last=runs[0] if runs else None)


@router.post("/settings/care")
def begin(here: Keeper, engine: Database, care: Care, request: Request, form: CareFilled) -> Response:
    """Begin a backup, a drill or a check; it goes on when the page is closed."""
    if form.model is None:
        raise Refusal("request.invalid")
    kind = form.model.kind
    run_id = care.begin(kind, by=here.actor.login)
    with db.transaction(engine) as session:
        audit.record(session, at=clock.now(), actor=here.actor.login, action=f"care.{kind}", subject=f"run:{run_id}")
    answer = pages.back_to(request, PAGE_OF[kind], here=here, code="done.care_begun")
    answer.background = BackgroundTask(care.carry_out, run_id)
    return answer


@router.get("/settings/keys")
def show_keys(request: Request, here: Keeper, care: Care) -> Response:
    return pages.page(request, "settings/keys.html", here=here, key=care.key())


@router.get("/settings/state")
def show_state(request: Request, here: Keeper, engine: Database, care: Care) -> Response:
    checks = care.look_over(today=clock.today())
    with db.reading(engine) as session:
        night = next(iter(nightly.runs(session, limit=1)), None)
        backup = office.last_care(session, "backup")
    return pages.page(request, "settings/state.html", here=here, checks=checks, night=night, backup=backup)


# --- a demo's end ---------------------------------------------------------------------------------


@router.get("/settings/wipe")
def ask_wipe(request: Request, here: Keeper, engine: Database) -> Response:
    return _wipe_page(request, here, engine, forms.Filled({}))


@router.post("/settings/wipe")
def wipe(request: Request, here: Keeper, engine: Database, care: Care, form: WipeFilled) -> Response:
    """End the demo once its name was typed; whoever asked goes on as the administrator of an empty office."""
    if form.model is None:
        return _wipe_page(request, here, engine, form, status=422)
    try:
        if form.model.name != here.community:
            raise Refusal("demo.name_differs", field="name", name=here.community)
        care.wipe(keep=here.actor.login)
    except Refusal as refusal:
        return _wipe_page(request, here, engine, form.with_refusal(refusal), status=STATUS[refusal.kind])
    return RedirectResponse("/login", status_code=303)


def _wipe_page(
    request: Request, here: Here, engine: Database, form: forms.Filled[WipeForm], *, status: int = 200
) -> Response:
    with db.reading(engine) as session:
        if not office.demo_only(session):
            raise conflict("demo.not_a_demo")
    return pages.page(request, "settings/wipe.html", here=here, status=status, form=form)


# --- setting up -----------------------------------------------------------------------------------


@router.get("/settings/start")
def show_start(request: Request, here: Everybody, engine: Database) -> Response:
    return _start_page(request, here, engine, forms.Filled({}))


@router.post("/settings/start")
def confirm(request: Request, here: Importer, engine: Database, form: StepFilled) -> Response:
    if form.model is None:
        return _start_page(request, here, engine, form, status=422)
    try:
        with db.transaction(engine) as session:
            service.confirm_step(
                session,
                community_id=reachable(here, here.community_id),
                step=form.model.step,
                note=form.model.note,
                user_id=here.actor.user_id,
                now=clock.now(),
                actor=here.actor.login,
            )
    except Refusal as refusal:
        return _start_page(request, here, engine, form.with_refusal(refusal), status=STATUS[refusal.kind])
    return pages.back_to(request, "/settings/start", here=here, code="done.step_confirmed")


def _start_page(
    request: Request, here: Here, engine: Database, form: forms.Filled[StepForm], *, status: int = 200
) -> Response:
    counts, confirmations, row = Counts(), {}, None
    if here.community_id is not None:
        with db.reading(engine) as session:
            counts = office.setup_counts(session, here.community_id)
            confirmations = office.confirmations(session, here.community_id)
            row = estate.community_row(session, here.community_id)
    steps = progress(counts)
    return pages.page(
        request,
        "settings/start.html",
        here=here,
        status=status,
        form=form,
        steps=steps,
        coming=next_step(steps),
        counts=counts,
        confirmations=confirmations,
        row=row,
    )
