"""Taking money at the counter: the form, what it would pay, recording it once, its receipt, and taking it back."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app import clock
from app.domain.access import Permission
from app.domain.errors import Kind, Refusal, not_found
from app.services import payments
from app.services.payments import Method
from app.store import db
from app.store import payments as payment_reads
from app.web import forms, pages, papers, unit_view
from app.web.deps import Database, Here, Id, Outside, Reading, reachable, require, require_fresh
from app.web.errors import STATUS
from app.web.staff import units

router = APIRouter()

Cashier = Annotated[Here, require(Permission.PAYMENT_RECORD)]
Reverser = Annotated[Here, require_fresh(Permission.PAYMENT_REVERSE)]


class PaymentForm(forms.FormModel):
    amount: forms.Fen = Field(title="收款金额")
    method: Method = Field(default=Method.CASH, title="收款方式")
    reference: forms.Text = Field(default="", title="流水号", max_length=80)
    payer: forms.Text = Field(default="", title="缴款人", max_length=40)
    note: forms.Text = Field(default="", title="备注", max_length=200)
    received_on: forms.Date | None = Field(default=None, title="收款日期")
    bill: list[forms.Number] = Field(default_factory=list, title="指定账单", max_length=400)
    key: str = Field(title="表单编号", min_length=8, max_length=80, pattern=r"^[A-Za-z0-9_-]+$")
    confirm_twin: bool = Field(default=False, title="确认不是重复收款")
    act: Literal["preview", "record"] = "record"

    def receipt(self, unit_id: int, today: dt.date) -> payments.Receipt:
        """Return the payment the form describes."""
        return payments.Receipt(
            unit_id=unit_id,
            received_on=self.received_on or today,
            amount_fen=self.amount,
            method=self.method,
            reference=self.reference,
            payer=self.payer,
            note=self.note,
            bill_ids=tuple(dict.fromkeys(self.bill)),
        )


class ReversalForm(forms.FormModel):
    reason: forms.Text = Field(title="红冲原因", max_length=200)
    on: forms.Date | None = Field(default=None, title="红冲日期")
    key: str = Field(title="表单编号", min_length=8, max_length=80, pattern=r"^[A-Za-z0-9_-]+$")


PayForm = Annotated[forms.Filled[PaymentForm], forms.filled(PaymentForm)]
UndoForm = Annotated[forms.Filled[ReversalForm], forms.filled(ReversalForm)]


def new_key() -> str:
    """Return a key that makes one form act once, however often it is sent."""
    return secrets.token_urlsafe(16)


@router.get("/units/{unit_id}/pay")
def ask(request: Request, unit_id: Id, here: Cashier, engine: Database) -> Response:
    blank = FormData([("key", new_key())])
    form: forms.Filled[PaymentForm] = forms.Filled({key: str(value) for key, value in blank.items()})
    return _page(request, here, engine, unit_id, form)


@router.post("/units/{unit_id}/pay")
def pay(request: Request, unit_id: Id, here: Cashier, engine: Database, form: PayForm) -> Response:
    if form.model is None:
        return _page(request, here, engine, unit_id, form, status=422)
    today = clock.today()
    receipt = form.model.receipt(unit_id, today)
    try:
        if form.model.act == "preview":
            effect = _preview(engine, here, receipt, today)
            return _page(request, here, engine, unit_id, form, effect=effect)
        done = _record(engine, here, receipt, form.model, today)
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return _page(request, here, engine, unit_id, form.with_refusal(refusal), status=STATUS[refusal.kind])
    return RedirectResponse(f"/payments/{done.payment_id}", status_code=303)


@router.post("/units/{unit_id}/pay/preview")
def preview(unit_id: Id, here: Cashier, engine: Database, form: PayForm) -> Response:
    """Answer with the preview alone, for the page that asks while somebody types."""
    faults: dict[str, str] = form.faults
    effect = None
    if form.model is not None:
        today = clock.today()
        try:
            effect = _preview(engine, here, form.model.receipt(unit_id, today), today)
        except Refusal as refusal:
            if refusal.kind is Kind.NOT_FOUND:
                raise
            faults = form.with_refusal(refusal).faults
    with db.reading(engine) as session:
        found = units.reachable_view(session, here, unit_id, clock.today())
    body = pages.fragment("payments/preview.html", effect=effect, faults=faults, unit=found)
    return HTMLResponse(body, status_code=200 if effect else 422)


def _preview(engine: Engine, here: Here, receipt: payments.Receipt, today: dt.date) -> payments.Effect:
    with db.reading(engine) as session:
        units.reachable_view(session, here, receipt.unit_id, today)
        return payments.preview(session, receipt=receipt, today=today)


def _record(
    engine: Engine, here: Here, receipt: payments.Receipt, model: PaymentForm, today: dt.date
) -> payments.Recorded:
    with db.transaction(engine) as session:
        units.reachable_head(session, here, receipt.unit_id)
        return payments.record(
            session,
            receipt=receipt,
            today=today,
            now=clock.now(),
            actor_id=here.actor.user_id,
            actor=here.actor.login,
            may_back_date=here.actor.may(Permission.PAYMENT_BACKDATE),
            key=model.key,
            cashier=here.actor.name,
            may_be_twin=model.confirm_twin,
        )


def _page(
    request: Request,
    here: Here,
    engine: Engine,
    unit_id: int,
    form: forms.Filled[PaymentForm],
    *,
    status: int = 200,
    effect: payments.Effect | None = None,
) -> Response:
    with db.reading(engine) as session:
        found = units.reachable_view(session, here, unit_id, clock.today())
    return pages.page(
        request,
        "payments/pay.html",
        here=here,
        status=status,
        unit=found,
        form=form,
        effect=effect,
        faults={},
        methods=list(Method),
        key=str(form.values.get("key") or new_key()),
        chosen={str(number) for number in form.values.get("bill", [])},
    )


@router.get("/payments/{payment_id}")
def show(
    request: Request, payment_id: Id, here: Annotated[Here, require(Permission.UNIT_SEE)], session: Reading
) -> Response:
    found = payment_reads.row(session, payment_id)
    reachable(here, found.community_id)
    unit = unit_view.view(session, found.unit_id, clock.today())
    own = unit_view.payment_of(session, found.unit_id, payment_id)
    return pages.page(
        request,
        "payments/done.html",
        here=here,
        unit=unit,
        payment=own,
        bills=unit_view.bills_of(session, found.unit_id),
    )


@router.get("/payments/{payment_id}/reverse")
def ask_reversal(request: Request, payment_id: Id, here: Reverser, engine: Database) -> Response:
    form: forms.Filled[ReversalForm] = forms.Filled({"key": new_key()})
    return _reversal_page(request, here, engine, payment_id, form)


@router.post("/payments/{payment_id}/reverse")
def reverse(request: Request, payment_id: Id, here: Reverser, engine: Database, form: UndoForm) -> Response:
    if form.model is None:
        return _reversal_page(request, here, engine, payment_id, form, status=422)
    today = clock.today()
    try:
        with db.transaction(engine) as session:
            found = payment_reads.row(session, payment_id)
            reachable(here, found.community_id)
            payments.reverse(
                session,
                payment_id=payment_id,
                on=form.model.on or today,
                reason=form.model.reason,
                today=today,
                now=clock.now(),
                actor_id=here.actor.user_id,
                actor=here.actor.login,
                key=form.model.key,
            )
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return _reversal_page(
            request, here, engine, payment_id, form.with_refusal(refusal), status=STATUS[refusal.kind]
        )
    where = f"/units/{found.unit_id}?tab=payments"
    return pages.back_to(request, where, here=here, code="done.payment_reversed")


def _reversal_page(
    request: Request,
    here: Here,
    engine: Engine,
    payment_id: int,
    form: forms.Filled[ReversalForm],
    *,
    status: int = 200,
) -> Response:
    with db.reading(engine) as session:
        found = payment_reads.row(session, payment_id)
        reachable(here, found.community_id)
        unit = unit_view.view(session, found.unit_id, clock.today())
        payment = unit_view.payment_of(session, found.unit_id, payment_id)
    key = str(form.values.get("key") or new_key())
    return pages.page(
        request, "payments/reverse.html", here=here, status=status, unit=unit, payment=payment, form=form, key=key
    )


@router.get("/payments/{payment_id}/receipt")
def receipt_pdf(
    payment_id: Id, here: Annotated[Here, require(Permission.RECEIPT_PRINT)], engine: Database, outside: Outside
) -> Response:
    """Send the receipt as it was issued: the same bytes on every reprint."""
    with db.reading(engine) as session:
        found = payment_reads.row(session, payment_id)
        reachable(here, found.community_id)
        if found.receipt_id is None:
            raise not_found("access.not_found")
    content, number = papers.pdf_of(engine, outside, found.receipt_id)
    return pages.pdf(content, name=f"{number}.pdf")
