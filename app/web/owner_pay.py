"""Paying on the owner's page: the office's own code and account, or a channel whose word alone records a payment."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

import structlog
from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, RedirectResponse, Response

from app import clock
from app.domain.counter import Method
from app.domain.errors import Kind, Refusal, not_found
from app.gateways.ports import Gateways, Paid
from app.gateways.simulator import Simulator
from app.i18n import zh_cn
from app.services import owner_payments, payments
from app.store import db, estate, payment_intents, unit_reads
from app.store.owner_visits import Visit
from app.web import forms, owner_view, pages, uploads
from app.web.deps import Database, Id, Outside, Stored
from app.web.errors import STATUS
from app.web.owner_view import Owner, own_unit
from app.web.staff.payments import new_key

router = APIRouter()
log = structlog.get_logger()

MAX_CALLBACK = 64 * 1024


class PayForm(forms.FormModel):
    """The amount is never taken from the form: it says for what, and the account says how much."""

    what: Literal["all", "overdue", "bill"] = Field(default="all", title="缴哪些")
    bill: forms.Number | None = Field(default=None, title="账单")
    key: str = Field(title="表单编号", min_length=8, max_length=80, pattern=r"^[A-Za-z0-9_-]+$")


Wanted = Annotated[forms.Filled[PayForm], forms.filled(PayForm)]


@router.get("/my/units/{unit_id}/pay")
def ask(request: Request, unit_id: Id, owner: Owner, engine: Database, outside: Outside, bill: int = 0) -> Response:
    values: dict[str, str | list[str]] = {"what": "bill", "bill": str(bill)} if bill else {"what": "all"}
    return _page(request, engine, outside, owner, unit_id, forms.Filled(values))


@router.post("/my/units/{unit_id}/pay")
def begin(request: Request, unit_id: Id, owner: Owner, engine: Database, outside: Outside, form: Wanted) -> Response:
    """Open an order with the channel and lead there."""
    if outside.payments is None:
        raise not_found("access.not_found")
    if form.model is None:
        return _page(request, engine, outside, owner, unit_id, form, status=422)
    try:
        with db.transaction(engine) as session:
            view = owner_view.owner_view(session, own_unit(owner, unit_id), clock.today())
            order = _order(view, form.model)
            reference = owner_payments.begin(
                session,
                order=order,
                gateway=outside.payments.name,
                visit=owner.name,
                now=clock.now(),
                key=form.model.key,
            )
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return _page(request, engine, outside, owner, unit_id, form.with_refusal(refusal), status=STATUS[refusal.kind])
    where = outside.payments.begin(reference=reference, amount_fen=order.amount_fen, subject=view.unit.head.label)
    return RedirectResponse(where, status_code=303)


def _order(view: owner_view.OwnerView, model: PayForm) -> owner_payments.Order:
    """Name the bills one by one, so that what an owner pays never goes to what an earlier owner left open."""
    lines = view.open_lines
    if model.what == "bill":
        lines = [line for line in lines if line.row.bill_id == model.bill]
    elif model.what == "overdue":
        lines = [line for line in lines if line.row.due_on < view.unit.as_of]
    return owner_payments.Order(
        view.unit_id, sum(line.total_fen for line in lines), tuple(line.row.bill_id for line in lines)
    )


@router.get("/my/units/{unit_id}/payee-code")
def payee_code(unit_id: Id, owner: Owner, engine: Database, files: Stored) -> Response:
    """Show the picture of the office's payment code to whoever may see the unit."""
    with db.reading(engine) as session:
        head = unit_reads.head(session, own_unit(owner, unit_id))
        community = estate.community_row(session, head.community_id) if head else None
    if community is None or not community.payee_qr_shown_sha256:
        raise not_found("access.not_found")
    return uploads.picture(files, shown_sha256=community.payee_qr_shown_sha256)


@router.get("/my/paid/{reference}")
def result(request: Request, reference: str, owner: Owner, engine: Database) -> Response:
    """Show what became of an order; only the channel's word makes it paid."""
    order = _own_order(engine, owner, reference)
    with db.reading(engine) as session:
        view = owner_view.owner_view(session, order["unit_id"], clock.today())
        community = estate.community_row(session, order["community_id"])
    receipt = next((row for row in view.payments if row.payment_id == order["payment_id"]), None)
    return pages.page(request, "portal/paid.html", owner=view, order=order, receipt=receipt, community=community)


# --- what the channel tells us ----------------------------------------------------------------------


@router.post("/pay/callback/{name}")
async def callback(request: Request, name: str, engine: Database, outside: Outside) -> Response:
    """Take a channel's word: stored and recorded before it is answered with 200, and never twice."""
    body = await request.body()
    signature = request.headers.get("x-signature", "")[:200]
    if outside.payments is None or outside.payments.name != name or len(body) > MAX_CALLBACK:
        return JSONResponse({"ok": False}, status_code=404)
    try:
        taken = await run_in_threadpool(take, engine, outside, body, signature, clock.now())
    except Refusal as refusal:
        log.warning("payment.callback_refused", code=refusal.code)
        return JSONResponse({"ok": False, "code": refusal.code}, status_code=STATUS[refusal.kind])
    done = taken.outcome in {"paid", "repeated", "failed"}
    return JSONResponse({"ok": done, "outcome": taken.outcome}, status_code=200 if done else 409)


def take(engine: Engine, outside: Gateways, body: bytes, signature: str, now: dt.datetime) -> owner_payments.Taken:
    """Check the signature, keep the event, and where money came in record the payment, all in one transaction."""
    channel = outside.payments
    assert channel is not None
    paid = channel.read(body=body, signature=signature, at=now)
    try:
        with db.transaction(engine) as session:
            taken = owner_payments.take(session, paid=paid, body=body, gateway=channel.name, now=now)
            if taken.is_new_payment:
                _record(session, taken, paid, channel.name, now)
    except Refusal as refusal:
        # Nothing of it was written; the channel is told so and comes again, and the office finds it in the log.
        with db.transaction(engine) as session:
            owner_payments.note_refused(session, paid=paid, gateway=channel.name, code=refusal.code, now=now)
        raise
    return taken


def _record(session: Session, taken: owner_payments.Taken, paid: Paid, channel: str, now: dt.datetime) -> None:
    today = clock.today()
    recorded = payments.record(
        session,
        receipt=payments.Receipt(
            unit_id=taken.unit_id,
            received_on=today,
            amount_fen=taken.amount_fen,
            method=Method(paid.method),
            reference=paid.event_id,
            bill_ids=taken.bill_ids,
        ),
        today=today,
        now=now,
        actor_id=None,
        actor=owner_payments.OWNER,
        may_back_date=False,
        key=f"callback-{channel}-{paid.reference}",
        cashier=zh_cn.LABELS["owner.cashier"],
    )
    owner_payments.settle(session, reference=paid.reference, payment_id=recorded.payment_id, now=now)


# --- the simulator: in the demo and in tests alone ---------------------------------------------------


@router.get("/my/simulator/{reference}")
def simulator(request: Request, reference: str, owner: Owner, engine: Database, outside: Outside) -> Response:
    _simulator(outside)
    order = _own_order(engine, owner, reference)
    return pages.page(request, "portal/simulator.html", order=order)


@router.post("/my/simulator/{reference}")
def simulate(reference: str, owner: Owner, engine: Database, outside: Outside) -> Response:
    """Play the channel: sign what it would send and take it through the same door."""
    channel = _simulator(outside)
    order, now = _own_order(engine, owner, reference), clock.now()
    body, signed = channel.callback(reference=reference, amount_fen=order["amount_fen"], at=now)
    take(engine, outside, body, signed, now)
    return RedirectResponse(f"/my/paid/{reference}", status_code=303)


def _simulator(outside: Gateways) -> Simulator:
    if not isinstance(outside.payments, Simulator):
        raise not_found("access.not_found")
    return outside.payments


def _own_order(engine: Engine, owner: Visit, reference: str) -> dict[str, Any]:
    with db.reading(engine) as session:
        order = payment_intents.by_reference(session, reference[:40])
        if order is None or order["unit_id"] not in owner.unit_ids:
            raise not_found("access.not_found")
        view = owner_view.owner_view(session, order["unit_id"], clock.today())
    own = {line.row.bill_id for line in view.lines}
    if not own.issuperset(order["bill_ids"]):
        raise not_found("access.not_found")
    return order


def _page(
    request: Request,
    engine: Engine,
    outside: Gateways,
    owner: Visit,
    unit_id: int,
    form: forms.Filled[PayForm],
    *,
    status: int = 200,
) -> Response:
    with db.reading(engine) as session:
        view = owner_view.owner_view(session, own_unit(owner, unit_id), clock.today())
        community = estate.community_row(session, view.unit.head.community_id)
    return pages.page(
        request,
        "portal/pay.html",
        status=status,
        owner=view,
        community=community,
        form=form,
        key=str(form.values.get("key") or new_key()),
        has_channel=outside.payments is not None,
        is_simulated=isinstance(outside.payments, Simulator),
        overdue_fen=sum(line.total_fen for line in view.open_lines if line.row.due_on < view.unit.as_of),
    )
