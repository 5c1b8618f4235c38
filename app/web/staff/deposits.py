"""Deposits at the counter: taken, deducted from with evidence, returned against a signed slip, entries taken back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import clock
from app.domain.access import Permission
from app.domain.counter import Method
from app.domain.errors import Kind, Refusal, not_found
from app.services import deposits
from app.store import db, documents, stored_files, unit_reads
from app.store import deposits as deposit_reads
from app.web import counter_frame, forms, pages, papers, unit_view, uploads
from app.web.deps import Database, Here, Id, Outside, Reading, Stored, reachable, require
from app.web.errors import STATUS
from app.web.listing import PAGE_SIZE, Pager
from app.web.staff import units
from app.web.staff.payments import new_key

router = APIRouter()

Handler = Annotated[Here, require(Permission.DEPOSIT_HANDLE)]

KEY = r"^[A-Za-z0-9_-]+$"
LEAST_EVIDENCE = 8
"""Signs a reason must have to stand for evidence where no file was handed in."""


class ListQuery(forms.FormModel):
    q: forms.Text = Field(default="", title="房号", max_length=40)
    page: int = Field(default=1, title="页码", ge=1, le=100_000)
    all: bool = Field(default=False, title="全部")


class TakeForm(forms.FormModel):
    kind: forms.Number = Field(title="押金种类")
    amount: forms.Fen = Field(title="金额")
    method: Method = Field(default=Method.CASH, title="收款方式")
    reference: forms.Text = Field(default="", title="流水号", max_length=80)
    payer: forms.Text = Field(default="", title="交款人", max_length=80)
    received_on: forms.Date | None = Field(default=None, title="收款日期")
    note: forms.Text = Field(default="", title="备注", max_length=200)
    key: str = Field(title="表单编号", min_length=8, max_length=80, pattern=KEY)


class KindForm(forms.FormModel):
    name: forms.Text = Field(title="种类名称", max_length=40)
    usual: forms.Fen | None = Field(default=None, title="通常金额")


class DeductForm(forms.FormModel):
    deduct_amount: forms.Fen = Field(title="扣除金额")
    reason: forms.Text = Field(default="", title="原因和依据", max_length=200)
    key: str = Field(title="表单编号", min_length=8, max_length=80, pattern=KEY)


class ReturnForm(forms.FormModel):
    back_amount: forms.Fen = Field(title="退还金额")
    to_whom: forms.Text = Field(default="", title="领款人", max_length=80)
    method: Method = Field(default=Method.CASH, title="退还方式")
    reference: forms.Text = Field(default="", title="流水号", max_length=80)
    note: forms.Text = Field(default="", title="备注", max_length=200)
    key: str = Field(title="表单编号", min_length=8, max_length=80, pattern=KEY)


class ReverseForm(forms.FormModel):
    undo_reason: forms.Text = Field(default="", title="红冲原因", max_length=200)
    key: str = Field(title="表单编号", min_length=8, max_length=80, pattern=KEY)


Taken = Annotated[forms.Filled[TakeForm], forms.filled(TakeForm)]
Kinded = Annotated[forms.Filled[KindForm], forms.filled(KindForm)]
Deducted = Annotated[forms.Filled[DeductForm], forms.filled(DeductForm)]
Returned = Annotated[forms.Filled[ReturnForm], forms.filled(ReturnForm)]
Reversed = Annotated[forms.Filled[ReverseForm], forms.filled(ReverseForm)]
BLANK: forms.Filled[Any] = forms.Filled({})


@router.get("/collect/deposits")
def show_list(request: Request, here: Handler, engine: Database) -> Response:
    return _list_page(request, here, engine, BLANK)


@router.post("/collect/deposits/kinds")
def add_kind(request: Request, here: Handler, engine: Database, form: Kinded) -> Response:
    if form.model is None:
        return _list_page(request, here, engine, form, status=422)
    try:
        with db.transaction(engine) as session:
            deposits.add_kind(
                session,
                community_id=reachable(here, here.community_id),
                name=form.model.name,
                amount_fen=form.model.usual or 0,
                by=counter_frame.by(here, ""),
            )
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return _list_page(request, here, engine, form.with_refusal(refusal), status=STATUS[refusal.kind])
    return pages.back_to(request, "/collect/deposits", here=here, code="done.deposit_kind_added", name=form.model.name)


def _list_page(request: Request, here: Here, engine: Engine, form: forms.Filled[Any], *, status: int = 200) -> Response:
    asked = forms.of_address(ListQuery, request)
    query = asked.model or ListQuery()
    count, held, rows, kinds = 0, 0, list[Any](), list[Any]()
    with db.reading(engine) as session:
        if here.community_id is not None:
            count, held, rows = deposit_reads.listed(
                session,
                community_id=here.community_id,
                text=query.q,
                everything=query.all,
                limit=PAGE_SIZE,
                offset=(query.page - 1) * PAGE_SIZE,
            )
            kinds = deposit_reads.kinds(session, here.community_id)
        tabs = counter_frame.tabs(session, here, "deposits")
    params = {"q": query.q, "all": "true" if query.all else ""}
    return pages.page(
        request,
        "collect/deposits.html",
        here=here,
        status=status,
        form=form,
        query=asked,
        tabs=tabs,
        rows=rows,
        kinds=kinds,
        held_fen=held,
        is_all=query.all,
        pager=Pager("/collect/deposits", params, query.page, count),
    )


@router.get("/collect/units/{unit_id}/deposit")
def ask(request: Request, unit_id: Id, here: Handler, engine: Database) -> Response:
    return _take_page(request, here, engine, unit_id, BLANK)


@router.post("/collect/units/{unit_id}/deposit")
def take(request: Request, unit_id: Id, here: Handler, engine: Database, form: Taken) -> Response:
    if form.model is None:
        return _take_page(request, here, engine, unit_id, form, status=422)
    model = form.model
    wish = deposits.Wish(
        unit_id=unit_id,
        kind_id=model.kind,
        amount_fen=model.amount,
        received_on=model.received_on or clock.today(),
        method=model.method,
        reference=model.reference,
        payer=model.payer,
        note=model.note,
    )
    try:
        with db.transaction(engine) as session:
            units.reachable_head(session, here, unit_id)
            done = deposits.take(session, wish=wish, by=counter_frame.by(here, model.key))
            number = documents.by_id(session, done.document_id or 0).number
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return _take_page(request, here, engine, unit_id, form.with_refusal(refusal), status=STATUS[refusal.kind])
    where = f"/collect/deposits/{done.deposit_id}"
    return pages.back_to(request, where, here=here, code="done.deposit_taken", number=number)


def _take_page(
    request: Request, here: Here, engine: Engine, unit_id: int, form: forms.Filled[Any], *, status: int = 200
) -> Response:
    with db.reading(engine) as session:
        head = units.reachable_head(session, here, unit_id)
        kinds = deposit_reads.kinds(session, head.community_id)
        held = deposit_reads.held_of_unit(session, unit_id)
        parties = unit_reads.parties(session, [unit_id], on=clock.today()).get(unit_id, [])
        tabs = counter_frame.tabs(session, here, "deposits")
    return pages.page(
        request,
        "collect/deposit_take.html",
        here=here,
        status=status,
        form=form,
        head=head,
        kinds=kinds,
        held=held,
        parties=parties,
        tabs=tabs,
        methods=list(Method),
        key=str(form.values.get("key") or new_key()),
    )


@router.get("/collect/deposits/{deposit_id}")
def show(request: Request, deposit_id: Id, here: Handler, session: Reading) -> Response:
    return _page(request, here, session, deposit_id)


@router.post("/collect/deposits/{deposit_id}/deduct")
def deduct(
    request: Request, deposit_id: Id, here: Handler, engine: Database, files: Stored, form: Deducted
) -> Response:
    if form.model is None:
        return _refused(request, here, engine, deposit_id, 422, cut=form)
    model = form.model
    try:
        evidence = uploads.of_form(form, "evidence")
        if evidence is None and len(model.reason) < LEAST_EVIDENCE:
            raise Refusal("deposit.evidence_missing", field="reason")
        kept = uploads.keep(files, evidence) if evidence is not None else None
        by = counter_frame.by(here, model.key)
        with db.transaction(engine) as session:
            _reachable(session, here, deposit_id)
            done = deposits.deduct(
                session, deposit_id=deposit_id, amount_fen=model.deduct_amount, reason=model.reason, by=by
            )
            subject = f"deposit_entry:{done.entry_id}"
            if kept is not None and not stored_files.of_subject(session, subject):
                stored_files.add(session, subject=subject, files=[kept], at=by.now, by=by.user_id)
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        told = form.with_refusal(refusal)
        return _refused(request, here, engine, deposit_id, STATUS[refusal.kind], cut=told)
    where = f"/collect/deposits/{deposit_id}"
    return pages.back_to(request, where, here=here, code="done.deposit_deducted", amount_fen=model.deduct_amount)


@router.post("/collect/deposits/{deposit_id}/return")
def give_back(request: Request, deposit_id: Id, here: Handler, engine: Database, form: Returned) -> Response:
    if form.model is None:
        return _refused(request, here, engine, deposit_id, 422, back=form)
    model = form.model
    try:
        with db.transaction(engine) as session:
            _reachable(session, here, deposit_id)
            deposits.give_back(
                session,
                deposit_id=deposit_id,
                amount_fen=model.back_amount,
                to_whom=model.to_whom,
                method=model.method,
                reference=model.reference,
                note=model.note,
                by=counter_frame.by(here, model.key),
            )
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        told = form.with_refusal(refusal)
        return _refused(request, here, engine, deposit_id, STATUS[refusal.kind], back=told)
    return pages.back_to(request, f"/collect/deposits/{deposit_id}", here=here, code="done.deposit_returned")


@router.post("/collect/deposits/{deposit_id}/entries/{entry_id}/reverse")
def reverse(
    request: Request, deposit_id: Id, entry_id: Id, here: Handler, engine: Database, form: Reversed
) -> Response:
    if form.model is None:
        return _refused(request, here, engine, deposit_id, 422, undo=form)
    try:
        with db.transaction(engine) as session:
            _reachable(session, here, deposit_id)
            if deposit_reads.entry_row(session, entry_id).deposit_id != deposit_id:
                raise not_found("deposit.unknown")
            by = counter_frame.by(here, form.model.key)
            deposits.reverse(session, entry_id=entry_id, reason=form.model.undo_reason, by=by)
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        told = form.with_refusal(refusal)
        return _refused(request, here, engine, deposit_id, STATUS[refusal.kind], undo=told)
    return pages.back_to(request, f"/collect/deposits/{deposit_id}", here=here, code="done.deposit_reversed")


@router.get("/collect/deposits/{deposit_id}/entries/{entry_id}/slip")
def slip(deposit_id: Id, entry_id: Id, here: Handler, engine: Database, outside: Outside) -> Response:
    """Send the receipt of a deposit, or the slip its payer signs."""
    with db.reading(engine) as session:
        _reachable(session, here, deposit_id)
        entry = deposit_reads.entry_row(session, entry_id)
    if entry.deposit_id != deposit_id or entry.document_id is None:
        raise not_found("access.not_found")
    content, number = papers.pdf_of(engine, outside, entry.document_id)
    return pages.pdf(content, name=f"{number}.pdf")


@router.get("/collect/deposits/{deposit_id}/entries/{entry_id}/evidence")
def evidence(deposit_id: Id, entry_id: Id, here: Handler, engine: Database, files: Stored) -> Response:
    """Send what was handed in for a deduction, as a download."""
    with db.reading(engine) as session:
        _reachable(session, here, deposit_id)
        entry = deposit_reads.entry_row(session, entry_id)
        found = stored_files.of_subject(session, f"deposit_entry:{entry_id}")
    if entry.deposit_id != deposit_id or not found:
        raise not_found("access.not_found")
    return uploads.original(files, sha256=found[0].sha256, name=found[0].name, media_type=found[0].media_type)


def _reachable(session: Session, here: Here, deposit_id: int) -> Any:  # noqa: ANN401 - a row of the store
    row = deposit_reads.by_id(session, deposit_id)
    reachable(here, row.community_id)
    return row


def _refused(
    request: Request, here: Here, engine: Engine, deposit_id: int, status: int, **told: forms.Filled[Any]
) -> Response:
    with db.reading(engine) as session:
        return _page(request, here, session, deposit_id, status=status, **told)


def _page(
    request: Request,
    here: Here,
    session: Session,
    deposit_id: int,
    *,
    status: int = 200,
    cut: forms.Filled[Any] = BLANK,
    back: forms.Filled[Any] = BLANK,
    undo: forms.Filled[Any] = BLANK,
) -> Response:
    row = _reachable(session, here, deposit_id)
    entries = deposit_reads.entries(session, deposit_id)
    view = unit_view.view(session, row.unit_id, clock.today())
    return pages.page(
        request,
        "collect/deposit.html",
        here=here,
        status=status,
        row=row,
        entries=entries,
        proofs=deposit_reads.with_evidence(session, [entry.id for entry in entries if entry.kind == "deduct"]),
        owed_fen=view.total_fen,
        tabs=counter_frame.tabs(session, here, "deposits"),
        cut=cut,
        back=back,
        undo=undo,
        methods=list(Method),
        held_text=f"{row.held_fen // 100}.{row.held_fen % 100:02d}",
        keys=[str(form.values.get("key") or new_key()) for form in (cut, back, undo)],
    )
