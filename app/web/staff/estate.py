"""Care of a unit: area, usage and handover, vacancy, marks, fees of its own; each act leaves what was before."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import clock
from app.domain.access import Permission
from app.domain.registry import Usage
from app.services import terms, upkeep
from app.store import db, estate, estate_marks, terms_drafts, unit_reads, unit_terms
from app.store import upkeep as upkeep_reads
from app.store.types import FOREVER
from app.web import forms, pages, terms_lines, vacancy_preview
from app.web.deps import Database, Here, Id, require
from app.web.estate_fields import AreaE3, PriceE4, QuantityE3
from app.web.staff.acting import by, carry_out, head_of

router = APIRouter()

Editor = Annotated[Here, require(Permission.UNIT_EDIT)]


class DetailsForm(forms.FormModel):
    what: Literal["area", "usage", "handover"] = Field(title="更正内容")
    area: AreaE3 | None = Field(default=None, title="面积")
    usage: Usage | None = Field(default=None, title="用途")
    handed_over_on: forms.Date | None = Field(default=None, title="交付日")
    reason: forms.Text = Field(default="", title="原因", max_length=200)


class VacancyForm(forms.FormModel):
    from_on: forms.Date = Field(title="空置自")
    last_on: forms.Date | None = Field(default=None, title="空置至")
    reported_on: forms.Date = Field(title="报备日")
    note: forms.Text = Field(default="", title="备注", max_length=200)
    act: Literal["preview", "save"] = "save"


class EndingForm(forms.FormModel):
    """End something after a day, or take out what was entered by mistake."""

    act: Literal["end", "withdraw"] = Field(default="end", title="操作")
    last_on: forms.Date | None = Field(default=None, title="最后一天")
    reason: forms.Text = Field(default="", title="原因", max_length=200)


class MarkForm(forms.FormModel):
    kind: Literal["no_dunning", "elderly", "disabled", "note"] = Field(title="标记")
    note: forms.Text = Field(default="", title="说明", max_length=200)
    until_on: forms.Date | None = Field(default=None, title="至")


class NoForm(forms.FormModel):
    """A button without fields."""


class FeeForm(forms.FormModel):
    fee_item_id: forms.Number = Field(title="收费项目")
    quantity: QuantityE3 = Field(default=1000, title="数量")
    price: PriceE4 | None = Field(default=None, title="约定单价")
    from_on: forms.Date = Field(title="自")
    note: forms.Text = Field(default="", title="备注", max_length=200)


Details = Annotated[forms.Filled[DetailsForm], forms.filled(DetailsForm)]
Vacant = Annotated[forms.Filled[VacancyForm], forms.filled(VacancyForm)]
Ending = Annotated[forms.Filled[EndingForm], forms.filled(EndingForm)]
Marked = Annotated[forms.Filled[MarkForm], forms.filled(MarkForm)]
Nothing = Annotated[forms.Filled[NoForm], forms.filled(NoForm)]
Charged = Annotated[forms.Filled[FeeForm], forms.filled(FeeForm)]


# --- area, usage, handover ------------------------------------------------------------------------


@router.get("/units/{unit_id}/details")
def ask_details(request: Request, unit_id: Id, here: Editor, engine: Database) -> Response:
    return _details(request, here, engine, head_of(engine, here, unit_id), forms.Filled({}))


@router.post("/units/{unit_id}/details")
def correct_details(request: Request, unit_id: Id, here: Editor, engine: Database, form: Details) -> Response:
    head = head_of(engine, here, unit_id)

    def work(session: Session, model: DetailsForm) -> str:
        if model.what == "area":
            terms.want_area(session, unit_id=unit_id, area_e3=model.area or 0, reason=model.reason, by=by(here))
            return "done.terms_wanted"
        if model.what == "usage":
            usage = model.usage or Usage(head.usage_type)
            terms.want_usage(session, unit_id=unit_id, usage=usage, reason=model.reason, by=by(here))
            return "done.terms_wanted"
        upkeep.set_handover(session, unit_id=unit_id, on=model.handed_over_on, reason=model.reason, by=by(here))
        return "done.details_corrected"

    return carry_out(
        engine,
        form,
        work=work,
        show=lambda filled, status: _details(request, here, engine, head, filled, status),
        done=lambda code: pages.back_to(request, f"/units/{unit_id}?tab=basis", here=here, code=code),
    )


def _details(
    request: Request,
    here: Here,
    engine: Engine,
    head: unit_reads.Head,
    form: forms.Filled[DetailsForm],
    status: int = 200,
) -> Response:
    with db.reading(engine) as session:
        place = estate.unit_row(session, head.unit_id)
        bills, through = upkeep_reads.bills_from(session, head.unit_id, on=dt.date(1900, 1, 1))
        waiting = terms_drafts.waiting_of(session, unit_id=head.unit_id)
    return pages.page(
        request,
        "estate/details.html",
        here=here,
        status=status,
        unit=head,
        place=place,
        bills=bills,
        through=through,
        waiting=[terms_lines.line(row) for row in waiting],
        form=form,
        usages=[usage.value for usage in Usage],
    )


# --- vacancy --------------------------------------------------------------------------------------


@router.get("/units/{unit_id}/vacancy")
def ask_vacancy(request: Request, unit_id: Id, here: Editor, engine: Database) -> Response:
    return _vacancy(request, here, engine, head_of(engine, here, unit_id), forms.Filled({}))


@router.post("/units/{unit_id}/vacancy")
def add_vacancy(request: Request, unit_id: Id, here: Editor, engine: Database, form: Vacant) -> Response:
    head = head_of(engine, here, unit_id)

    def work(session: Session, model: VacancyForm) -> VacancyForm:
        days = {"from_on": model.from_on, "last_on": model.last_on, "reported_on": model.reported_on}
        if model.act == "preview":
            upkeep.check_vacancy(session, unit_id=unit_id, today=clock.today(), **days)  # type: ignore[arg-type]
        else:
            upkeep.add_vacancy(session, unit_id=unit_id, note=model.note, by=by(here), **days)  # type: ignore[arg-type]
        return model

    def done(model: VacancyForm) -> Response:
        if model.act == "preview":
            return _vacancy(request, here, engine, head, form, wanted=model)
        return pages.back_to(request, f"/units/{unit_id}?tab=basis", here=here, code="done.vacancy_registered")

    return carry_out(
        engine,
        form,
        work=work,
        show=lambda filled, status: _vacancy(request, here, engine, head, filled, status),
        done=done,
    )


def _vacancy(
    request: Request,
    here: Here,
    engine: Engine,
    head: unit_reads.Head,
    form: forms.Filled[VacancyForm],
    status: int = 200,
    wanted: VacancyForm | None = None,
) -> Response:
    today = clock.today()
    with db.reading(engine) as session:
        rule = unit_terms.vacancy_rule_on(session, head.community_id, on=today)
        found = unit_terms.of_unit(session, head.unit_id, on=today)
        bills, through = upkeep_reads.bills_from(session, head.unit_id, on=wanted.from_on if wanted else today)
    effect = None
    if wanted is not None:
        effect = vacancy_preview.months(found, rule, from_on=wanted.from_on, last_on=wanted.last_on, today=today)
    return pages.page(
        request,
        "estate/vacancy.html",
        here=here,
        status=status,
        unit=head,
        form=form,
        rule=rule,
        effect=effect,
        bills=bills,
        through=through,
    )


@router.get("/units/{unit_id}/vacancy/{vacancy_id}")
def ask_end_vacancy(request: Request, unit_id: Id, vacancy_id: Id, here: Editor, engine: Database) -> Response:
    head = head_of(engine, here, unit_id)
    return _ending_vacancy(request, here, engine, head, vacancy_id, forms.Filled({}))


@router.post("/units/{unit_id}/vacancy/{vacancy_id}")
def end_vacancy(
    request: Request, unit_id: Id, vacancy_id: Id, here: Editor, engine: Database, form: Ending
) -> Response:
    head = head_of(engine, here, unit_id)

    def work(session: Session, model: EndingForm) -> None:
        named = {"unit_id": unit_id, "vacancy_id": vacancy_id, "by": by(here)}
        if model.act == "withdraw":
            upkeep.withdraw_vacancy(session, reason=model.reason, **named)  # type: ignore[arg-type]
        else:
            upkeep.end_vacancy(session, last_on=model.last_on or clock.today(), **named)  # type: ignore[arg-type]

    return carry_out(
        engine,
        form,
        work=work,
        show=lambda filled, status: _ending_vacancy(request, here, engine, head, vacancy_id, filled, status),
        done=lambda _: pages.back_to(request, f"/units/{unit_id}?tab=basis", here=here, code="done.saved"),
    )


def _ending_vacancy(
    request: Request,
    here: Here,
    engine: Engine,
    head: unit_reads.Head,
    vacancy_id: int,
    form: forms.Filled[EndingForm],
    status: int = 200,
) -> Response:
    with db.reading(engine) as session:
        row = upkeep_reads.vacancy_row(session, unit_id=head.unit_id, vacancy_id=vacancy_id)
    return pages.page(
        request, "estate/ending.html", here=here, status=status, unit=head, row=row, form=form, noun="vacancy",
        path=f"/units/{head.unit_id}/vacancy/{vacancy_id}", tab="basis", forever=FOREVER, what="",
    )  # fmt: skip


# --- marks ----------------------------------------------------------------------------------------


@router.get("/units/{unit_id}/marks")
def ask_mark(request: Request, unit_id: Id, here: Editor, engine: Database) -> Response:
    return _marks(request, here, engine, head_of(engine, here, unit_id), forms.Filled({}))


@router.post("/units/{unit_id}/marks")
def mark(request: Request, unit_id: Id, here: Editor, engine: Database, form: Marked) -> Response:
    head = head_of(engine, here, unit_id)
    return carry_out(
        engine,
        form,
        work=lambda session, model: upkeep.mark(
            session, unit_id=unit_id, kind=model.kind, note=model.note, until_on=model.until_on, by=by(here)
        ),
        show=lambda filled, status: _marks(request, here, engine, head, filled, status),
        done=lambda _: pages.back_to(request, f"/units/{unit_id}/marks", here=here, code="done.saved"),
    )


@router.post("/units/{unit_id}/marks/{mark_id}/end")
def unmark(request: Request, unit_id: Id, mark_id: Id, here: Editor, engine: Database, form: Nothing) -> Response:
    head = head_of(engine, here, unit_id)
    return carry_out(
        engine,
        form,
        work=lambda session, _: upkeep.unmark(session, unit_id=unit_id, mark_id=mark_id, by=by(here)),
        show=lambda filled, status: _marks(request, here, engine, head, forms.Filled({}, filled.faults), status),
        done=lambda _: pages.back_to(request, f"/units/{unit_id}/marks", here=here, code="done.saved"),
    )


def _marks(
    request: Request,
    here: Here,
    engine: Engine,
    head: unit_reads.Head,
    form: forms.Filled[MarkForm],
    status: int = 200,
) -> Response:
    with db.reading(engine) as session:
        rows = estate_marks.of_unit(session, head.unit_id)
    return pages.page(
        request,
        "estate/marks.html",
        here=here,
        status=status,
        unit=head,
        rows=rows,
        form=form,
        kinds=estate_marks.KINDS,
    )


# --- fees of the unit's own -----------------------------------------------------------------------


@router.get("/units/{unit_id}/fees")
def ask_fee(request: Request, unit_id: Id, here: Editor, engine: Database) -> Response:
    return _fees(request, here, engine, head_of(engine, here, unit_id), forms.Filled({}))


@router.post("/units/{unit_id}/fees")
def add_fee(request: Request, unit_id: Id, here: Editor, engine: Database, form: Charged) -> Response:
    head = head_of(engine, here, unit_id)
    return carry_out(
        engine,
        form,
        work=lambda session, model: terms.want_own_price(
            session,
            unit_id=unit_id,
            fee_item_id=model.fee_item_id,
            quantity_e3=model.quantity,
            price_e4=model.price,
            from_on=model.from_on,
            note=model.note,
            by=by(here),
        ),
        show=lambda filled, status: _fees(request, here, engine, head, filled, status),
        done=lambda _: pages.back_to(request, f"/units/{unit_id}?tab=basis", here=here, code="done.terms_wanted"),
    )


def _fees(
    request: Request,
    here: Here,
    engine: Engine,
    head: unit_reads.Head,
    form: forms.Filled[FeeForm],
    status: int = 200,
) -> Response:
    with db.reading(engine) as session:
        found = unit_terms.of_unit(session, head.unit_id, on=clock.today())
        waiting = terms_drafts.waiting_of(session, unit_id=head.unit_id)
    return pages.page(
        request,
        "estate/fees.html",
        here=here,
        status=status,
        unit=head,
        form=form,
        waiting=[terms_lines.line(row) for row in waiting],
        terms=[term for term in found if term.is_active and term.basis != "one_off"],
    )


@router.get("/units/{unit_id}/fees/{unit_fee_id}")
def ask_end_fee(request: Request, unit_id: Id, unit_fee_id: Id, here: Editor, engine: Database) -> Response:
    head = head_of(engine, here, unit_id)
    return _ending_fee(request, here, engine, head, unit_fee_id, forms.Filled({}))


@router.post("/units/{unit_id}/fees/{unit_fee_id}")
def end_fee(request: Request, unit_id: Id, unit_fee_id: Id, here: Editor, engine: Database, form: Ending) -> Response:
    head = head_of(engine, here, unit_id)

    def work(session: Session, model: EndingForm) -> None:
        named = {"unit_id": unit_id, "unit_fee_id": unit_fee_id, "by": by(here)}
        if model.act == "withdraw":
            terms.want_own_price_back(session, reason=model.reason, **named)  # type: ignore[arg-type]
        else:
            terms.want_own_price_end(session, last_on=model.last_on or clock.today(), **named)  # type: ignore[arg-type]

    return carry_out(
        engine,
        form,
        work=work,
        show=lambda filled, status: _ending_fee(request, here, engine, head, unit_fee_id, filled, status),
        done=lambda _: pages.back_to(request, f"/units/{unit_id}?tab=basis", here=here, code="done.terms_wanted"),
    )


def _ending_fee(
    request: Request,
    here: Here,
    engine: Engine,
    head: unit_reads.Head,
    unit_fee_id: int,
    form: forms.Filled[EndingForm],
    status: int = 200,
) -> Response:
    with db.reading(engine) as session:
        row = upkeep_reads.fee_row(session, unit_id=head.unit_id, unit_fee_id=unit_fee_id)
        item = estate.fee_item_row(session, row.fee_item_id, community_id=head.community_id).name
    return pages.page(
        request, "estate/ending.html", here=here, status=status, unit=head, row=row, form=form, noun="unit_fee",
        path=f"/units/{head.unit_id}/fees/{unit_fee_id}", tab="basis", forever=FOREVER, what=item,
    )  # fmt: skip
