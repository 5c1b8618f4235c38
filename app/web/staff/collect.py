"""The counter, all by keyboard: a room, its open bills, the amount, F9; the same form serves the unit's own page."""

from __future__ import annotations

import datetime as dt
import unicodedata
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app import clock
from app.domain.access import Permission
from app.domain.counter import Method
from app.domain.errors import Kind, Refusal
from app.i18n import numerals
from app.services import payments
from app.store import db, deposits, estate_marks, search, unit_reads
from app.store import payments as payment_reads
from app.web import counter_frame, forms, pages, pay_form, unit_view
from app.web.deps import Database, Here, Id, Reading, reachable, require
from app.web.errors import STATUS
from app.web.pay_form import PaymentForm
from app.web.staff import units
from app.web.staff.payments import new_key

router = APIRouter()

Cashier = Annotated[Here, require(Permission.PAYMENT_RECORD)]
PayForm = Annotated[forms.Filled[PaymentForm], forms.filled(PaymentForm)]

MOST_HITS = 9
"""As many as there are digit keys."""

LONGEST = 16
"""No id and no amount has more digits."""


class RoomQuery(forms.FormModel):
    q: forms.Text = Field(default="", title="房号", max_length=40)
    done: forms.Number | None = Field(default=None, title="收款")
    paper: bool = Field(default=False, title="打印")


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page of a unit shows beside the form."""

    unit: unit_view.UnitView
    banner: tuple[str, ...]
    holds: tuple[unit_reads.AdjustmentRow, ...]
    open_requests: int
    deposits_fen: int
    tabs: tuple[counter_frame.Tab, ...]
    till: counter_frame.Till


@router.get("/collect")
def ask_room(request: Request, here: Cashier, session: Reading) -> Response:
    """Ask for a room; one that is found leads on, several are chosen by digit or arrow."""
    form = forms.of_address(RoomQuery, request)
    query = form.model or RoomQuery()
    text = unicodedata.normalize("NFKC", query.q).strip()
    hits: list[search.Hit] = []
    if text and here.community_id is not None:
        found = search.everywhere(
            session, text=text, community_ids=[here.community_id], on=clock.today(), limit=MOST_HITS
        )
        hits = [hit for _, group in found.groups for hit in group]
        rooms = list(dict.fromkeys(hit.unit_id for hit in hits))
        if len(rooms) == 1:
            return RedirectResponse(f"/collect/units/{rooms[0]}", status_code=303)
    done = payment_reads.row(session, query.done) if query.done is not None and not text else None
    if done is not None:
        reachable(here, done.community_id)
    return pages.page(
        request,
        "collect/room.html",
        here=here,
        text=text,
        hits=hits[:MOST_HITS],
        done=done,
        done_unit=unit_reads.head(session, done.unit_id) if done is not None else None,
        prints=query.paper,
        tabs=counter_frame.tabs(session, here, "collect"),
        till=counter_frame.till(session, here, done.community_id if done is not None else None),
    )


@router.get("/collect/units/{unit_id}")
@router.get("/units/{unit_id}/pay")
def ask(request: Request, unit_id: Id, here: Cashier, engine: Database) -> Response:
    today = clock.today()
    with db.reading(engine) as session:
        shown = _shown(session, here, unit_id, today)
        fen = shown.unit.total_fen or shown.unit.not_due_fen
        receipt = payments.Receipt(unit_id, today, fen, Method.CASH)
        effect = payments.preview(session, receipt=receipt, today=today) if fen else None
    values: dict[str, str | list[str]] = {"key": new_key()}
    if effect is not None:
        values |= {"amount": _plain(fen), "proposal": pay_form.written(effect.shares())}
    return _page(request, here, shown, forms.Filled(values), effect=effect)


@router.post("/collect/units/{unit_id}")
@router.post("/units/{unit_id}/pay")
def pay(request: Request, unit_id: Id, here: Cashier, engine: Database, form: PayForm) -> Response:
    today = clock.today()
    if form.model is None:
        return _again(request, here, engine, unit_id, form, status=422)
    try:
        if form.model.act == "preview":
            effect, values = _preview(engine, here, form.model, unit_id, today)
            fresh = forms.Filled({**form.values, **values}, {}, form.model)
            return _again(request, here, engine, unit_id, fresh, effect=effect)
        done = _record(engine, here, form.model, unit_id, today)
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return _again(request, here, engine, unit_id, form.with_refusal(refusal), status=STATUS[refusal.kind])
    if not request.url.path.startswith("/collect/"):
        return RedirectResponse(f"/payments/{done.payment_id}", status_code=303)
    paper = "&paper=1" if form.model.act == "print" else ""
    return RedirectResponse(f"/collect?done={done.payment_id}{paper}", status_code=303)


@router.post("/collect/units/{unit_id}/preview")
@router.post("/units/{unit_id}/pay/preview")
def preview(unit_id: Id, here: Cashier, engine: Database, form: PayForm) -> Response:
    """Answer with the preview alone, for the page that asks while somebody types."""
    faults: dict[str, str] = form.faults
    effect: payments.Effect | None = None
    values: dict[str, str] = {}
    if form.model is not None:
        try:
            effect, values = _preview(engine, here, form.model, unit_id, clock.today())
        except Refusal as refusal:
            if refusal.kind is Kind.NOT_FOUND:
                raise
            faults = form.with_refusal(refusal).faults
    with db.reading(engine) as session:
        found = units.reachable_view(session, here, unit_id, clock.today())
    body = pages.fragment(
        "collect/preview.html",
        effect=effect,
        faults=faults,
        unit=found,
        amount_fen=form.model.amount if form.model is not None else 0,
        capitals=_capitals(form.model.amount if form.model is not None else 0),
        proposal=values.get("proposal", ""),
    )
    return HTMLResponse(body, status_code=200 if effect else 422)


def _preview(
    engine: Engine, here: Here, model: PaymentForm, unit_id: int, today: dt.date
) -> tuple[payments.Effect, dict[str, str]]:
    """Return what the payment would do, and what the form must remember of the shares it proposes."""
    with db.reading(engine) as session:
        lines = units.reachable_view(session, here, unit_id, min(model.received_on or today, today)).open_lines
        receipt = model.receipt(unit_id, today, lines)
        effect = payments.preview(session, receipt=receipt, today=today)
    return effect, {"proposal": "" if receipt.bill_ids else pay_form.written(effect.shares())}


def _record(engine: Engine, here: Here, model: PaymentForm, unit_id: int, today: dt.date) -> payments.Recorded:
    with db.transaction(engine) as session:
        lines = units.reachable_view(session, here, unit_id, min(model.received_on or today, today)).open_lines
        return payments.record(
            session,
            receipt=model.receipt(unit_id, today, lines),
            today=today,
            now=clock.now(),
            actor_id=here.actor.user_id,
            actor=here.actor.login,
            may_back_date=here.actor.may(Permission.PAYMENT_BACKDATE),
            key=model.key,
            cashier=here.actor.name,
            may_be_twin=model.confirm_twin,
        )


def _shown(session: Session, here: Here, unit_id: int, today: dt.date) -> Shown:
    found = units.reachable_view(session, here, unit_id, today)
    adjustments = unit_reads.adjustments(session, unit_id)
    return Shown(
        unit=found,
        banner=estate_marks.flags_of(session, [unit_id], on=today).get(unit_id, ()),
        holds=tuple(row for row in adjustments if _is_held(row, today)),
        open_requests=unit_reads.open_requests(session, unit_id),
        deposits_fen=sum(row.held_fen for row in deposits.held_of_unit(session, unit_id)),
        tabs=counter_frame.tabs(session, here, "collect"),
        till=counter_frame.till(session, here, found.head.community_id),
    )


def _is_held(row: unit_reads.AdjustmentRow, today: dt.date) -> bool:
    is_over = row.until_on is not None and row.until_on < today
    return row.kind == "hold" and row.reversed_on is None and row.value_on <= today and not is_over


def _again(
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
        shown = _shown(session, here, unit_id, clock.today())
    return _page(request, here, shown, form, status=status, effect=effect)


def _page(
    request: Request,
    here: Here,
    shown: Shown,
    form: forms.Filled[PaymentForm],
    *,
    status: int = 200,
    effect: payments.Effect | None = None,
) -> Response:
    amount = form.model.amount if form.model is not None else _fen(form.values.get("amount", ""))
    return pages.page(
        request,
        "collect/unit.html",
        here=here,
        status=status,
        shown=shown,
        unit=shown.unit,
        tabs=shown.tabs,
        till=shown.till,
        form=form,
        effect=effect,
        faults={},
        methods=list(Method),
        boxes=_boxes(form, effect),
        amount_fen=amount,
        capitals=_capitals(amount),
        proposal=str(form.values.get("proposal", "")),
        key=str(form.values.get("key") or new_key()),
    )


def _boxes(form: forms.Filled[PaymentForm], effect: payments.Effect | None) -> dict[int, str]:
    """Return what stands beside each bill: what the payment would pay of it, else what was typed."""
    if effect is not None:
        return {bill_id: _plain(fen) for bill_id, fen in effect.shares().items()}
    rows, parts = form.values.get("row", []), form.values.get("part", [])
    pairs = zip(rows, parts, strict=False)
    return {int(row): part for row, part in pairs if row.isascii() and row.isdecimal() and len(row) <= LONGEST}


def _plain(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def _fen(text: object) -> int:
    whole, _, rest = str(text)[:LONGEST].partition(".")
    return int(whole) * 100 + int(rest or 0) if whole.isdecimal() and len(rest) in {0, 2} and rest.isdecimal() else 0


def _capitals(fen: int) -> str:
    return numerals.capitals(fen) if fen > 0 else ""
