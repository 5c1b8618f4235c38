"""What happens in a case: hearings, payments, settlement, judgment and enforcement."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BeforeValidator, Field
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.domain.access import Permission
from app.domain.cases import CostKind, DateKind, Stage
from app.domain.errors import Refusal
from app.domain.money import read_yuan
from app.services import case_money, case_progress
from app.store import db
from app.web import forms, pages
from app.web.case_gate import reach
from app.web.deps import Database, Here, Id, require
from app.web.estate_fields import Key
from app.web.staff.acting import by, carry_out
from app.web.staff.cases import case_page

router = APIRouter()

Editor = Annotated[Here, require(Permission.CASE_EDIT)]
# nothing awarded of a kind is an amount too
Awarded = Annotated[int, BeforeValidator(forms.refusing(read_yuan)), Field(ge=0)]
_MOST_PARTS = 120
_AT = re.compile(r"([01]?\d|2[0-3]):[0-5]\d", re.ASCII)


class StepForm(forms.FormModel):
    to: Stage = Field(title="新的阶段")
    on: forms.Date = Field(title="日期")
    court: forms.Text = Field(default="", title="法院或机构", max_length=120)
    court_no: forms.Text = Field(default="", title="案号", max_length=80)
    note: forms.Text = Field(default="", title="说明", max_length=500)


class UndoForm(forms.FormModel):
    pass


class DayForm(forms.FormModel):
    kind: DateKind = Field(default=DateKind.HEARING, title="种类")
    due_on: forms.Date = Field(title="日期")
    clock_time: forms.Text = Field(default="", title="时间", max_length=5, pattern=rf"^({_AT.pattern})?$")
    place: forms.Text = Field(default="", title="地点", max_length=120)
    note: forms.Text = Field(default="", title="说明", max_length=200)


class DayActForm(forms.FormModel):
    act: Literal["done", "reopen", "cancel"] = Field(title="操作")


class JudgmentForm(forms.FormModel):
    kind: Literal["judgment", "mediation", "payment_order", "award", "confirmation"] = Field(title="文书")
    number: forms.Text = Field(default="", title="文书号", max_length=80)
    issued_on: forms.Date = Field(title="文书日期")
    principal: Awarded = Field(title="判给本金")
    late_charge: Awarded = Field(default=0, title="判给违约金")
    costs: Awarded = Field(default=0, title="对方负担费用")
    perform_by_on: forms.Date | None = Field(default=None, title="履行期限")
    note: forms.Text = Field(default="", title="说明", max_length=500)
    key: Key = Field(title="表单编号")


class PlanForm(forms.FormModel):
    plan_kind: Literal["settlement", "instalments"] = Field(default="instalments", title="种类")
    agreed_on: forms.Date = Field(title="签订日期")
    parts: forms.Text = Field(title="各期日期和金额", max_length=4000)
    plan_note: forms.Text = Field(default="", title="说明", max_length=500)
    key: Key = Field(title="表单编号")


class CostForm(forms.FormModel):
    cost_kind: CostKind = Field(default=CostKind.COURT_FEE, title="费用")
    amount: forms.Fen = Field(title="金额")
    paid_on: forms.Date = Field(title="支付日期")
    borne_by: Literal["us", "debtor", "open"] = Field(default="open", title="由谁承担")
    cost_note: forms.Text = Field(default="", title="说明", max_length=200)
    key: Key = Field(title="表单编号")


@router.post("/cases/{case_id}/step")
def move(
    request: Request,
    case_id: Id,
    here: Editor,
    engine: Database,
    form: Annotated[forms.Filled[StepForm], forms.filled(StepForm)],
) -> Response:
    def work(session: Session, model: StepForm) -> None:
        step = case_progress.Step(model.to, model.on, model.note, model.court, model.court_no)
        case_progress.move(session, case_id=case_id, step=step, by=by(here))

    return act_on(request, here, engine, case_id, form, work, tab="dates", code="done.case_moved")


@router.post("/cases/{case_id}/undo")
def undo(
    request: Request,
    case_id: Id,
    here: Editor,
    engine: Database,
    form: Annotated[forms.Filled[UndoForm], forms.filled(UndoForm)],
) -> Response:
    def work(session: Session, _: UndoForm) -> None:
        case_progress.undo(session, case_id=case_id, by=by(here))

    return act_on(request, here, engine, case_id, form, work, tab="dates", code="done.case_undone")


@router.post("/cases/{case_id}/dates")
def add_day(
    request: Request,
    case_id: Id,
    here: Editor,
    engine: Database,
    form: Annotated[forms.Filled[DayForm], forms.filled(DayForm)],
) -> Response:
    def work(session: Session, model: DayForm) -> None:
        day = case_progress.Day(model.kind, model.due_on, model.clock_time, model.place, model.note)
        case_progress.add_day(session, case_id=case_id, day=day, by=by(here))

    return act_on(request, here, engine, case_id, form, work, tab="dates")


@router.post("/cases/{case_id}/dates/{date_id}")
def close_day(
    request: Request,
    case_id: Id,
    date_id: Id,
    here: Editor,
    engine: Database,
    form: Annotated[forms.Filled[DayActForm], forms.filled(DayActForm)],
) -> Response:
    def work(session: Session, model: DayActForm) -> None:
        case_progress.close_day(session, case_id=case_id, date_id=date_id, act=model.act, by=by(here))

    return act_on(request, here, engine, case_id, form, work, tab="dates")


@router.post("/cases/{case_id}/judgments")
def add_judgment(
    request: Request,
    case_id: Id,
    here: Editor,
    engine: Database,
    form: Annotated[forms.Filled[JudgmentForm], forms.filled(JudgmentForm)],
) -> Response:
    def work(session: Session, model: JudgmentForm) -> None:
        decided = case_money.Judgment(
            kind=model.kind,
            number=model.number,
            issued_on=model.issued_on,
            principal_fen=model.principal,
            late_charge_fen=model.late_charge,
            costs_fen=model.costs,
            perform_by_on=model.perform_by_on,
            note=model.note,
        )
        case_money.add_judgment(session, case_id=case_id, judgment=decided, by=by(here), key=model.key)

    return act_on(request, here, engine, case_id, form, work, tab="money")


@router.post("/cases/{case_id}/plans")
def add_plan(
    request: Request,
    case_id: Id,
    here: Editor,
    engine: Database,
    form: Annotated[forms.Filled[PlanForm], forms.filled(PlanForm)],
) -> Response:
    def work(session: Session, model: PlanForm) -> None:
        case_money.add_plan(
            session,
            case_id=case_id,
            kind=model.plan_kind,
            agreed_on=model.agreed_on,
            parts=_parts(model.parts),
            note=model.plan_note,
            by=by(here),
            key=model.key,
        )

    return act_on(request, here, engine, case_id, form, work, tab="money")


@router.post("/cases/{case_id}/costs")
def add_cost(
    request: Request,
    case_id: Id,
    here: Editor,
    engine: Database,
    form: Annotated[forms.Filled[CostForm], forms.filled(CostForm)],
) -> Response:
    def work(session: Session, model: CostForm) -> None:
        case_money.add_cost(
            session,
            case_id=case_id,
            kind=model.cost_kind,
            amount_fen=model.amount,
            paid_on=model.paid_on,
            borne_by=model.borne_by,
            note=model.cost_note,
            by=by(here),
            key=model.key,
        )

    return act_on(request, here, engine, case_id, form, work, tab="money")


@router.post("/cases/{case_id}/costs/{cost_id}/undo")
def take_back_cost(
    request: Request,
    case_id: Id,
    cost_id: Id,
    here: Editor,
    engine: Database,
    form: Annotated[forms.Filled[UndoForm], forms.filled(UndoForm)],
) -> Response:
    def work(session: Session, _: UndoForm) -> None:
        case_money.take_back_cost(session, case_id=case_id, cost_id=cost_id, by=by(here))

    return act_on(request, here, engine, case_id, form, work, tab="money")


def act_on(
    request: Request,
    here: Here,
    engine: Any,  # noqa: ANN401 - the engine
    case_id: int,
    form: forms.Filled[Any],
    work: Callable[[Session, Any], Any],
    *,
    tab: str,
    code: str = "done.case_saved",
) -> Response:
    """Act on a form of a case within reach, and lead back to its tab; a fault shows the tab with what was typed."""
    reach(engine, here, case_id)

    def show(filled: forms.Filled[Any], status: int) -> Response:
        with db.reading(engine) as session:
            return case_page(request, here, session, case_id, form=filled, tab=tab, status=status)

    where = f"/cases/{case_id}?tab={tab}"
    return carry_out(
        engine, form, work=work, show=show, done=lambda _: pages.back_to(request, where, here=here, code=code)
    )


def _parts(text: str) -> list[tuple[dt.date, int]]:
    """Read one instalment a line: its day and its amount.

    Raises:
        Refusal: ``case_plan.unreadable``, ``case_plan.too_many``.

    """
    lines = [line.split() for line in text.replace("\r", "").split("\n") if line.strip()]
    if len(lines) > _MOST_PARTS:
        raise Refusal("case_plan.too_many", field="parts", most=_MOST_PARTS)
    found = []
    for number, words in enumerate(lines, start=1):
        try:
            on, amount = words
            found.append((forms.read_date(on), _positive(amount)))
        except (ValueError, Refusal) as fault:
            raise Refusal("case_plan.unreadable", field="parts", line=number) from fault
    return found


def _positive(text: str) -> int:
    fen = read_yuan(text)
    if fen <= 0:
        raise Refusal("form.amount_not_positive")
    return fen
