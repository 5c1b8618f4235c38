"""Handing over the till: the open shift and its cash, the sheets handed over, and the word of a second person."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from starlette.responses import Response

from app import clock
from app.domain.access import Permission
from app.domain.counter import PIECES, Method
from app.domain.errors import Kind, Refusal
from app.services import shifts
from app.store import db
from app.store import shifts as shift_reads
from app.web import counter_frame, forms, pages, papers
from app.web.deps import Database, Here, Id, Outside, Reading, reachable, require, require_fresh
from app.web.errors import STATUS
from app.web.listing import PAGE_SIZE, Pager
from app.web.staff.payments import new_key

router = APIRouter()

Cashier = Annotated[Here, require(Permission.PAYMENT_RECORD)]
Second = Annotated[Here, require_fresh(Permission.SHIFT_CONFIRM)]

KEY = r"^[A-Za-z0-9_-]+$"
MOST_LINES = 500
"""So many rows of a till are listed on screen, the newest; its sums are of all of them."""


class HandOverForm(forms.FormModel):
    pieces: list[str] = Field(title="张数", max_length=len(PIECES))
    reason: forms.Text = Field(default="", title="差额原因", max_length=200)
    lines: int = Field(title="笔数", ge=0, le=10**7)
    total: int = Field(title="合计", ge=-(10**15), le=10**15)
    key: str = Field(title="表单编号", min_length=8, max_length=80, pattern=KEY)

    def counts(self) -> list[int]:
        """Return how many of each piece; an empty box is none.

        Raises:
            Refusal: ``shift.pieces``.

        """
        found = []
        for text in self.pieces:
            plain = text.strip() or "0"
            if not (plain.isascii() and plain.isdecimal() and len(plain) <= 5):
                raise Refusal("shift.pieces", field="pieces")
            found.append(int(plain))
        return found


class ConfirmForm(forms.FormModel):
    note: forms.Text = Field(default="", title="说明", max_length=200)


class ListQuery(forms.FormModel):
    page: int = Field(default=1, title="页码", ge=1, le=100_000)


HandOver = Annotated[forms.Filled[HandOverForm], forms.filled(HandOverForm)]
Confirmed = Annotated[forms.Filled[ConfirmForm], forms.filled(ConfirmForm)]


@router.get("/collect/shift")
def ask(request: Request, here: Cashier, engine: Database) -> Response:
    return _open_page(request, here, engine, forms.Filled({}))


@router.post("/collect/shift")
def hand_over(request: Request, here: Cashier, engine: Database, form: HandOver) -> Response:
    if form.model is None:
        return _open_page(request, here, engine, form, status=422)
    model = form.model
    try:
        with db.transaction(engine) as session:
            made = shifts.hand_over(
                session,
                community_id=reachable(here, here.community_id),
                pieces=model.counts(),
                reason=model.reason,
                seen=shifts.Seen(model.lines, model.total),
                by=counter_frame.by(here, model.key),
            )
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return _open_page(request, here, engine, form.with_refusal(refusal), status=STATUS[refusal.kind])
    return pages.back_to(request, f"/collect/shifts/{made}", here=here, code="done.shift_handed_over")


def _open_page(
    request: Request, here: Here, engine: Engine, form: forms.Filled[HandOverForm], *, status: int = 200
) -> Response:
    with db.reading(engine) as session:
        till = counter_frame.till(session, here)
        tabs = counter_frame.tabs(session, here, "shifts")
        before = (
            shift_reads.last(session, community_id=here.community_id, cashier_id=here.actor.user_id)
            if here.community_id is not None
            else None
        )
        others = shift_reads.elsewhere(session, cashier_id=here.actor.user_id, but=here.community_id)
        lines = list[shift_reads.Line]()
        if here.community_id is not None:
            mine: dict[str, int] = {"community_id": here.community_id, "cashier_id": here.actor.user_id}
            lines = shift_reads.open_lines(session, newest=MOST_LINES, **mine)
    counts, since = form.values.get("pieces", []), till.whole.since
    return pages.page(
        request,
        "collect/shift_open.html",
        here=here,
        status=status,
        form=form,
        tabs=tabs,
        till=till,
        lines=lines,
        sums=shifts.sums(till.whole.sums),
        cash_fen=sum(one.amount_fen for one in till.whole.sums if one.method == Method.CASH.value),
        before=before,
        others=[one for one in others if one[0] in dict(here.communities).values()],
        pieces=[
            (value, counts[place] if isinstance(counts, list) and place < len(counts) else "")
            for place, value in enumerate(PIECES)
        ],
        is_old=since is not None and since.astimezone(clock.SHANGHAI).date() < clock.today(),
        key=str(form.values.get("key") or new_key()),
    )


@router.get("/collect/shifts")
def show_list(request: Request, here: Cashier, session: Reading) -> Response:
    query = forms.of_address(ListQuery, request).model or ListQuery()
    count, rows, holders = 0, list[Any](), list[shift_reads.Holder]()
    if here.community_id is not None:
        offset = (query.page - 1) * PAGE_SIZE
        count, rows = shift_reads.listed(session, community_id=here.community_id, limit=PAGE_SIZE, offset=offset)
        holders = shift_reads.holders(session, community_id=here.community_id)
    today = clock.today()
    return pages.page(
        request,
        "collect/shifts.html",
        here=here,
        tabs=counter_frame.tabs(session, here, "shifts"),
        till=counter_frame.till(session, here),
        rows=rows,
        pager=Pager("/collect/shifts", {}, query.page, count),
        holders=[
            (holder, holder.since.astimezone(clock.SHANGHAI).date() < today)
            for holder in holders
            if here.actor.may(Permission.SHIFT_CONFIRM) or holder.user_id == here.actor.user_id
        ],
    )


@router.get("/collect/shifts/{shift_id}")
def show(request: Request, shift_id: Id, here: Cashier, engine: Database) -> Response:
    return _page(request, here, engine, shift_id, forms.Filled({}))


@router.post("/collect/shifts/{shift_id}/confirm")
def confirm(request: Request, shift_id: Id, here: Second, engine: Database, form: Confirmed) -> Response:
    if form.model is None:
        return _page(request, here, engine, shift_id, form, status=422)
    try:
        with db.transaction(engine) as session:
            reachable(here, shift_reads.by_id(session, shift_id).community_id)
            shifts.confirm(session, shift_id=shift_id, note=form.model.note, by=counter_frame.by(here, ""))
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return _page(request, here, engine, shift_id, form.with_refusal(refusal), status=STATUS[refusal.kind])
    return pages.back_to(request, f"/collect/shifts/{shift_id}", here=here, code="done.shift_confirmed")


def _page(
    request: Request, here: Here, engine: Engine, shift_id: int, form: forms.Filled[ConfirmForm], *, status: int = 200
) -> Response:
    with db.reading(engine) as session:
        row = shift_reads.by_id(session, shift_id)
        reachable(here, row.community_id)
        lines = shift_reads.lines_of(session, shift_id)
        tabs = counter_frame.tabs(session, here, "shifts")
    is_mine = row.cashier_id == here.actor.user_id
    return pages.page(
        request,
        "collect/shift.html",
        here=here,
        status=status,
        form=form,
        tabs=tabs,
        row=row,
        lines=lines,
        sums=shifts.sums(lines),
        pieces=[pair for pair in zip(PIECES, json.loads(row.pieces), strict=True) if pair[1]],
        may_confirm=row.confirmed_by is None and not is_mine and here.actor.may(Permission.SHIFT_CONFIRM),
    )


@router.get("/collect/shifts/{shift_id}/sheet")
def sheet(shift_id: Id, here: Cashier, engine: Database, outside: Outside) -> Response:
    """Send the sheet both people sign."""
    with db.reading(engine) as session:
        row = shift_reads.by_id(session, shift_id)
        reachable(here, row.community_id)
    content, number = papers.pdf_of(engine, outside, row.document_id)
    return pages.pdf(content, name=f"{number}.pdf")
