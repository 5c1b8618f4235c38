"""A payment that was taken: where it went, its receipt, and taking it back."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from starlette.responses import Response

from app import clock
from app.domain.access import Permission
from app.domain.errors import Kind, Refusal, not_found
from app.services import payments
from app.store import db
from app.store import payments as payment_reads
from app.web import forms, pages, papers, unit_view
from app.web.deps import Database, Here, Id, Outside, Reading, reachable, require, require_fresh
from app.web.errors import STATUS

router = APIRouter()

Reverser = Annotated[Here, require_fresh(Permission.PAYMENT_REVERSE)]


class ReversalForm(forms.FormModel):
    reason: forms.Text = Field(title="红冲原因", max_length=200)
    on: forms.Date | None = Field(default=None, title="红冲日期")
    key: str = Field(title="表单编号", min_length=8, max_length=80, pattern=r"^[A-Za-z0-9_-]+$")


UndoForm = Annotated[forms.Filled[ReversalForm], forms.filled(ReversalForm)]


def new_key() -> str:
    """Return a key that makes one form act once, however often it is sent."""
    return secrets.token_urlsafe(16)


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
    request: Request,
    payment_id: Id,
    here: Annotated[Here, require(Permission.RECEIPT_PRINT)],
    engine: Database,
    outside: Outside,
) -> Response:
    """Send the receipt as it was issued: the same bytes on every reprint; the counter may show it in its own page."""
    with db.reading(engine) as session:
        found = payment_reads.row(session, payment_id)
        reachable(here, found.community_id)
        if found.receipt_id is None:
            raise not_found("access.not_found")
    content, number = papers.pdf_of(engine, outside, found.receipt_id)
    answer = pages.pdf(content, name=f"{number}.pdf")
    if "inside" in request.query_params:
        policy = answer.headers["Content-Security-Policy"].replace("frame-ancestors 'none'", "frame-ancestors 'self'")
        answer.headers["Content-Security-Policy"] = policy
        answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    return answer
