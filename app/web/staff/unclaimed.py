"""Money whose unit is not known: recording it, guessing whose it is, matching it to a unit, sending it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import clock
from app.domain.access import Permission
from app.domain.counter import Method
from app.domain.errors import Kind, Refusal
from app.services import payments, unclaimed
from app.store import db, search, unit_reads
from app.store import unclaimed as unclaimed_reads
from app.web import counter_frame, forms, pages, unit_view
from app.web.deps import Database, Here, Id, Reading, reachable, require, require_fresh
from app.web.errors import STATUS
from app.web.listing import PAGE_SIZE, Pager
from app.web.pages import total
from app.web.staff.payments import new_key

router = APIRouter()

Cashier = Annotated[Here, require(Permission.PAYMENT_RECORD)]
Matcher = Annotated[Here, require(Permission.UNCLAIMED_MATCH)]
Returner = Annotated[Here, require_fresh(Permission.UNCLAIMED_MATCH)]

KEY = r"^[A-Za-z0-9_-]+$"


class MoneyForm(forms.FormModel):
    amount: forms.Fen = Field(title="金额")
    method: Method = Field(default=Method.BANK, title="收款方式")
    received_on: forms.Date | None = Field(default=None, title="收款日期")
    payer: forms.Text = Field(default="", title="缴款人", max_length=80)
    reference: forms.Text = Field(default="", title="流水号", max_length=80)
    note: forms.Text = Field(default="", title="备注", max_length=200)
    key: str = Field(title="表单编号", min_length=8, max_length=80, pattern=KEY)


class MatchForm(forms.FormModel):
    unit: forms.Text = Field(title="房号", max_length=60)
    amount: forms.Fen = Field(title="金额")
    key: str = Field(title="表单编号", min_length=8, max_length=80, pattern=KEY)
    act: Literal["preview", "match"] = "match"


class ReturnForm(forms.FormModel):
    back_amount: forms.Fen = Field(title="退回金额")
    to_whom: forms.Text = Field(default="", title="收款人", max_length=80)
    method: Method = Field(default=Method.BANK, title="退回方式")
    reason: forms.Text = Field(default="", title="原因", max_length=200)
    key: str = Field(title="表单编号", min_length=8, max_length=80, pattern=KEY)


class ListQuery(forms.FormModel):
    page: int = Field(default=1, title="页码", ge=1, le=100_000)
    all: bool = Field(default=False, title="全部")


@dataclass(frozen=True, slots=True)
class Trial:
    """What a match would do, shown before it is made."""

    unit: unit_view.UnitView
    effect: payments.Effect


Money = Annotated[forms.Filled[MoneyForm], forms.filled(MoneyForm)]
Match = Annotated[forms.Filled[MatchForm], forms.filled(MatchForm)]
Returned = Annotated[forms.Filled[ReturnForm], forms.filled(ReturnForm)]
BLANK: forms.Filled[Any] = forms.Filled({})


@router.get("/collect/unclaimed")
def show_list(request: Request, here: Cashier, engine: Database) -> Response:
    return _list_page(request, here, engine, forms.Filled({}))


@router.post("/collect/unclaimed")
def record(request: Request, here: Cashier, engine: Database, form: Money) -> Response:
    if form.model is None:
        return _list_page(request, here, engine, form, status=422)
    model = form.model
    found = unclaimed.Found(
        community_id=reachable(here, here.community_id),
        received_on=model.received_on or clock.today(),
        amount_fen=model.amount,
        method=model.method,
        payer=model.payer,
        reference=model.reference,
        note=model.note,
    )
    try:
        with db.transaction(engine) as session:
            made = unclaimed.record(session, found=found, by=counter_frame.by(here, model.key))
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return _list_page(request, here, engine, form.with_refusal(refusal), status=STATUS[refusal.kind])
    where = f"/collect/unclaimed/{made}" if here.actor.may(Permission.UNCLAIMED_MATCH) else "/collect/unclaimed"
    return pages.back_to(request, where, here=here, code="done.unclaimed_recorded", amount_fen=model.amount)


def _list_page(
    request: Request, here: Here, engine: Engine, form: forms.Filled[MoneyForm], *, status: int = 200
) -> Response:
    query = forms.of_address(ListQuery, request).model or ListQuery()
    count, left, rows = 0, 0, list[Any]()
    guesses: dict[int, list[unclaimed_reads.Guess]] = {}
    with db.reading(engine) as session:
        if here.community_id is not None:
            count, left, rows = unclaimed_reads.listed(
                session,
                community_id=here.community_id,
                everything=query.all,
                limit=PAGE_SIZE,
                offset=(query.page - 1) * PAGE_SIZE,
            )
            is_open = [row for row in rows if row.left_fen]
            guesses = unclaimed_reads.guesses(session, is_open, community_id=here.community_id, as_of=clock.today())
        tabs = counter_frame.tabs(session, here, "unclaimed")
    return pages.page(
        request,
        "collect/unclaimed.html",
        here=here,
        status=status,
        form=form,
        tabs=tabs,
        rows=rows,
        guesses=guesses,
        left_fen=left,
        is_all=query.all,
        pager=Pager("/collect/unclaimed", {"all": "true"} if query.all else {}, query.page, count),
        methods=list(Method),
        key=str(form.values.get("key") or new_key()),
    )


@router.get("/collect/unclaimed/{unclaimed_id}")
def show(request: Request, unclaimed_id: Id, here: Cashier, session: Reading) -> Response:
    return _page(request, here, session, unclaimed_id)


@router.post("/collect/unclaimed/{unclaimed_id}/match")
def match(request: Request, unclaimed_id: Id, here: Matcher, engine: Database, form: Match) -> Response:
    """Show what the match would pay, or make it."""
    try:
        if form.model is None:
            raise _Faulty
        if form.model.act == "preview":
            with db.reading(engine) as session:
                trial = _trial(session, here, unclaimed_id, form.model)
                return _page(request, here, session, unclaimed_id, match=form, trial=trial)
        with db.transaction(engine) as session:
            row = _reachable(session, here, unclaimed_id)
            unit_id = _unit_of(session, row.community_id, form.model.unit)
            made = unclaimed.match(
                session, unclaimed_id=unclaimed_id, unit_id=unit_id, amount_fen=form.model.amount,
                by=counter_frame.by(here, form.model.key),
            )  # fmt: skip
            head = unit_reads.head(session, unit_id)
    except _Faulty:
        return _refused(request, here, engine, unclaimed_id, 422, match=form)
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        told = form.with_refusal(refusal)
        return _refused(request, here, engine, unclaimed_id, STATUS[refusal.kind], match=told)
    return pages.back_to(
        request,
        f"/collect/unclaimed/{unclaimed_id}",
        here=here,
        code="done.unclaimed_matched",
        unit=head.label if head else "",
        number=made.receipt_number,
        amount_fen=form.model.amount,
    )


@router.post("/collect/unclaimed/{unclaimed_id}/return")
def give_back(request: Request, unclaimed_id: Id, here: Returner, engine: Database, form: Returned) -> Response:
    if form.model is None:
        return _refused(request, here, engine, unclaimed_id, 422, back=form)
    model = form.model
    try:
        with db.transaction(engine) as session:
            _reachable(session, here, unclaimed_id)
            unclaimed.give_back(
                session,
                unclaimed_id=unclaimed_id,
                amount_fen=model.back_amount,
                to_whom=model.to_whom,
                method=model.method,
                reason=model.reason,
                by=counter_frame.by(here, model.key),
            )
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        told = form.with_refusal(refusal)
        return _refused(request, here, engine, unclaimed_id, STATUS[refusal.kind], back=told)
    where = f"/collect/unclaimed/{unclaimed_id}"
    return pages.back_to(request, where, here=here, code="done.unclaimed_returned", amount_fen=model.back_amount)


class _Faulty(Exception):
    """The form itself is wrong."""


def _reachable(session: Session, here: Here, unclaimed_id: int) -> Any:  # noqa: ANN401 - a row of the store
    row = unclaimed_reads.by_id(session, unclaimed_id)
    reachable(here, row.community_id)
    return row


def _unit_of(session: Session, community_id: int, text: str) -> int:
    """Return the one unit a text names in a community.

    Raises:
        Refusal: ``unclaimed.unit_missing`` for none, or several.

    """
    found = search.everywhere(session, text=text, community_ids=[community_id], on=clock.today(), limit=3)
    units = list(dict.fromkeys(hit.unit_id for _, hits in found.groups for hit in hits if not hit.number))
    exact = [hit.unit_id for _, hits in found.groups for hit in hits if hit.label == text.strip()]
    if len(units) != 1 and len(set(exact)) != 1:
        raise Refusal("unclaimed.unit_missing", field="unit", text=text)
    return units[0] if len(units) == 1 else exact[0]


def _trial(session: Session, here: Here, unclaimed_id: int, model: MatchForm) -> Trial:
    row = _reachable(session, here, unclaimed_id)
    today = clock.today()
    unit_id = _unit_of(session, row.community_id, model.unit)
    on = unclaimed.posting_day(session, row=row)
    receipt = payments.Receipt(unit_id, on, model.amount, Method(row.method))
    return Trial(unit_view.view(session, unit_id, today), payments.preview(session, receipt=receipt, today=today))


def _refused(
    request: Request,
    here: Here,
    engine: Engine,
    unclaimed_id: int,
    status: int,
    *,
    match: forms.Filled[Any] = BLANK,
    back: forms.Filled[Any] = BLANK,
) -> Response:
    with db.reading(engine) as session:
        return _page(request, here, session, unclaimed_id, status=status, match=match, back=back)


def _page(
    request: Request,
    here: Here,
    session: Session,
    unclaimed_id: int,
    *,
    status: int = 200,
    match: forms.Filled[Any] = BLANK,
    back: forms.Filled[Any] = BLANK,
    trial: Trial | None = None,
) -> Response:
    row = _reachable(session, here, unclaimed_id)
    guesses = unclaimed_reads.guesses(session, [row], community_id=row.community_id, as_of=clock.today())
    is_mine = row.recorded_by == here.actor.user_id
    return pages.page(
        request,
        "collect/unclaimed_one.html",
        here=here,
        status=status,
        row=row,
        entries=unclaimed_reads.entries(session, unclaimed_id),
        guesses=guesses.get(unclaimed_id, []),
        tabs=counter_frame.tabs(session, here, "unclaimed"),
        match=match,
        back=back,
        trial=trial,
        posting_on=unclaimed.posting_day(session, row=row),
        may_match=row.left_fen > 0 and not is_mine and here.actor.may(Permission.UNCLAIMED_MATCH),
        is_mine=is_mine,
        wanted=request.query_params.get("unit", "")[:60],
        methods=list(Method),
        match_key=str(match.values.get("key") or new_key()),
        back_key=str(back.values.get("key") or new_key()),
        left_text=total(row.left_fen)[1:].replace(",", ""),
    )
