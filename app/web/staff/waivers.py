"""Waivers and discounts: asking with reason and facts, the queue, and a second person's decision."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from app import clock
from app.domain import waiver_rules
from app.domain.access import Permission
from app.domain.errors import Kind, Refusal, not_found
from app.domain.waivers import SEEN_AT_LEAST, WaiverKind, WaiverReason, WaiverState, check_evidence
from app.gateways.ports import Files
from app.gateways.uploads import Checked
from app.i18n import zh_cn
from app.services import waivers
from app.store import arrears, db, stored_files, unit_reads, waiver_review
from app.store import waivers as waiver_reads
from app.web import forms, pages, unit_view, uploads
from app.web.deps import Database, Here, Id, Reading, Stored, must_have_factor, reachable, require, require_fresh
from app.web.errors import STATUS
from app.web.listing import PAGE_SIZE, Pager
from app.web.staff import units
from app.web.staff.payments import new_key

router = APIRouter()

Asker = Annotated[Here, require(Permission.WAIVER_REQUEST)]
Viewer = Annotated[Here, require(Permission.WAIVER_SEE)]
Decider = Annotated[Here, require_fresh(Permission.WAIVER_DECIDE)]
# Whoever asked may withdraw, whoever decides may end what was granted: the service tells the two apart.
Undoer = Annotated[Here, require_fresh(Permission.WAIVER_SEE)]


class WishForm(forms.FormModel):
    kind: WaiverKind = Field(default=WaiverKind.LATE_CHARGE_WAIVER, title="种类")
    bill: list[forms.Number] = Field(default_factory=list, title="账单", max_length=400)
    amount: forms.Fen | None = Field(default=None, title="金额")
    percent: int | None = Field(default=None, title="比例", ge=1, le=100)
    pay_by: forms.Date | None = Field(default=None, title="缴清期限")
    retroactive: bool = Field(default=False, title="追溯")
    reason: WaiverReason = Field(title="理由")
    note: forms.Text = Field(default="", title="说明", max_length=500)
    key: str = Field(title="表单编号", min_length=8, max_length=80, pattern=r"^[A-Za-z0-9_-]+$")
    act: Literal["preview", "send"] = "send"

    def wish(self, unit_id: int) -> waivers.Wish:
        """Return what the form asks for."""
        conditional = self.kind is WaiverKind.CONDITIONAL_WAIVER
        return waivers.Wish(
            unit_id=unit_id,
            kind=self.kind,
            bill_ids=tuple(dict.fromkeys(self.bill)),
            reason=self.reason,
            note=self.note,
            amount_fen=None if conditional else self.amount,
            ratio=None if conditional or self.percent is None else Fraction(self.percent, 100),
            pay_by_on=self.pay_by if conditional else None,
            is_retroactive=self.retroactive and self.kind is WaiverKind.DISCOUNT,
        )


class DecisionForm(forms.FormModel):
    decision: Literal["approve", "refuse"] = Field(title="决定")
    note: forms.Text = Field(default="", title="意见", max_length=500)


class UndoForm(forms.FormModel):
    reason: forms.Text = Field(default="", title="原因", max_length=200)


Wished = Annotated[forms.Filled[WishForm], forms.filled(WishForm)]
Decided = Annotated[forms.Filled[DecisionForm], forms.filled(DecisionForm)]
Undone = Annotated[forms.Filled[UndoForm], forms.filled(UndoForm)]


@router.get("/units/{unit_id}/waive")
def ask(request: Request, unit_id: Id, here: Asker, engine: Database) -> Response:
    # An owner's request leads here with its reason and number in the address.
    given = {name: request.query_params[name][:500] for name in ("reason", "note") if name in request.query_params}
    form: forms.Filled[WishForm] = forms.Filled({"key": new_key(), **given})
    return _wish_page(request, here, engine, unit_id, form)


@router.post("/units/{unit_id}/waive")
def send(request: Request, unit_id: Id, here: Asker, engine: Database, files: Stored, form: Wished) -> Response:
    if form.model is None:
        return _wish_page(request, here, engine, unit_id, form, status=422)
    today = clock.today()
    try:
        evidence = uploads.of_form(form, "attachment")
        if form.model.act == "preview":
            with db.reading(engine) as session:
                units.reachable_head(session, here, unit_id)
                effect = waivers.effect(session, wish=form.model.wish(unit_id), today=today)
            return _wish_page(request, here, engine, unit_id, form, effect=effect)
        check_evidence(form.model.reason, form.model.note, has_file=evidence is not None)
        made = _request(engine, here, form.model, unit_id, files, evidence)
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return _wish_page(request, here, engine, unit_id, form.with_refusal(refusal), status=STATUS[refusal.kind])
    return RedirectResponse(f"/waivers/{made}", status_code=303)


def _request(
    engine: Engine,
    here: Here,
    model: WishForm,
    unit_id: int,
    files: Files,
    evidence: Checked | None,
) -> int:
    kept = [uploads.keep(files, evidence)] if evidence else []
    now = clock.now()
    with db.transaction(engine) as session:
        units.reachable_head(session, here, unit_id)
        made = waivers.request(
            session,
            wish=model.wish(unit_id),
            today=clock.today(),
            now=now,
            actor_id=here.actor.user_id,
            actor=here.actor.login,
            key=model.key,
        )
        is_open = one(session, here, made)["state"] == "requested"
        if is_open and not waiver_reads.attachments(session, made):
            stored_files.add(session, subject=f"waiver:{made}", files=kept, at=now, by=here.actor.user_id)
    return made


def _wish_page(
    request: Request,
    here: Here,
    engine: Engine,
    unit_id: int,
    form: forms.Filled[WishForm],
    *,
    status: int = 200,
    effect: waivers.Effect | None = None,
) -> Response:
    today = clock.today()
    with db.reading(engine) as session:
        found = units.reachable_view(session, here, unit_id, today)
        facts = waiver_reads.payment_facts(session, unit_id=unit_id, as_of=today)
    return pages.page(
        request,
        "waivers/ask.html",
        here=here,
        status=status,
        unit=found,
        form=form,
        facts=facts,
        effect=effect,
        key=str(form.values.get("key") or new_key()),
        chosen={str(number) for number in form.values.get("bill", [])},
        kinds=[kind.value for kind in WaiverKind],
        reasons=[reason.value for reason in WaiverReason],
    )


class QueueQuery(forms.FormModel):
    """What narrows the queue; blank fields do not."""

    state: Literal["", "requested", "approved", "met", "refused", "lapsed", "undone", "expired", "withdrawn", "all"] = (
        Field(default="", title="状态")
    )
    kind: Literal["", "discount", "late_charge_waiver", "conditional_waiver"] = Field(default="", title="种类")
    reason: WaiverReason | None = Field(default=None, title="理由")
    q: forms.Text = Field(default="", title="房号或姓名", max_length=40)
    mine: bool = Field(default=False, title="我申请的")
    unit: int = Field(default=0, title="房产", ge=0, le=forms.MAX_ID)
    page: int = Field(default=1, title="页码", ge=1, le=100000)

    def wanted(self, here: Here) -> waiver_review.QueueFilter:
        """Return the store's filter: what waits, unless something else is asked for."""
        of_unit = self.unit or None
        state = "" if self.state == "all" or (of_unit and not self.state) else self.state or "requested"
        return waiver_review.QueueFilter(
            community_ids=[number for number, _ in here.communities],
            state=state,
            kind=self.kind,
            reason=self.reason.value if self.reason else "",
            search=self.q,
            unit_id=of_unit,
            requested_by=here.actor.user_id if self.mine else None,
        )


@router.get("/waivers")
def show_queue(request: Request, here: Viewer, session: Reading) -> Response:
    form = forms.of_address(QueueQuery, request)
    query = form.model or QueueQuery()
    wanted = query.wanted(here)
    count, total_fen = waiver_review.queue_totals(session, wanted)
    params = {key: str(value) for key, value in form.values.items() if key != "page"}
    pager = Pager("/waivers", params, 1, count)
    pager = Pager("/waivers", params, min(query.page, pager.last), count)
    rows = waiver_review.queue(session, wanted, limit=PAGE_SIZE, offset=(pager.number - 1) * PAGE_SIZE)
    year = clock.today().year
    community_id = here.community_id
    return pages.page(
        request,
        "waivers/queue.html",
        here=here,
        status=422 if form.faults else 200,
        form=form,
        rows=rows,
        pager=pager,
        total_fen=total_fen,
        is_waiting=wanted.state == "requested",
        states=[state.value for state in WaiverState],
        kinds=[kind.value for kind in WaiverKind],
        reasons=[reason.value for reason in WaiverReason],
        budget=None if community_id is None else waiver_review.budget(session, community_id=community_id, year=year),
    )


@router.get("/waivers/{request_id}")
def show(request: Request, request_id: Id, here: Viewer, engine: Database) -> Response:
    return request_page(request, here, engine, request_id, forms.Filled({}))


@router.post("/waivers/{request_id}/decide")
def decide(request: Request, request_id: Id, here: Decider, engine: Database, form: Decided) -> Response:
    if form.model is None:
        return request_page(request, here, engine, request_id, form, status=422)
    try:
        with db.transaction(engine) as session:
            one(session, here, request_id)
            waivers.decide(
                session,
                request_id=request_id,
                approve=form.model.decision == "approve",
                note=form.model.note,
                today=clock.today(),
                now=clock.now(),
                actor_id=here.actor.user_id,
                actor=here.actor.login,
                limit_fen=here.actor.waiver_limit_fen,
                may_exceed_budget=here.actor.may(Permission.WAIVER_BUDGET),
            )
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return request_page(request, here, engine, request_id, form.with_refusal(refusal), status=STATUS[refusal.kind])
    code = "done.waiver_approved" if form.model.decision == "approve" else "done.waiver_refused"
    return pages.back_to(request, f"/waivers/{request_id}", here=here, code=code)


@router.post("/waivers/{request_id}/undo")
def undo(request: Request, request_id: Id, here: Undoer, engine: Database, form: Undone) -> Response:
    if form.model is None:
        return request_page(request, here, engine, request_id, form, status=422)
    may_decide = here.actor.may(Permission.WAIVER_DECIDE)
    if may_decide:
        must_have_factor(request, here, Permission.WAIVER_DECIDE)
    try:
        with db.transaction(engine) as session:
            one(session, here, request_id)
            waivers.undo(
                session,
                request_id=request_id,
                reason=form.model.reason,
                today=clock.today(),
                now=clock.now(),
                actor_id=here.actor.user_id,
                actor=here.actor.login,
                may_decide=may_decide,
            )
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return request_page(request, here, engine, request_id, form.with_refusal(refusal), status=STATUS[refusal.kind])
    return pages.back_to(request, f"/waivers/{request_id}", here=here, code="done.waiver_undone")


def one(session: Session, here: Here, request_id: int) -> dict[str, Any]:
    """Return one request within the person's reach."""
    reach = [number for number, _ in here.communities]
    found = waiver_reads.by_id(session, request_id)
    if found is None or found["community_id"] not in reach:
        raise not_found("waiver.unknown")
    reachable(here, found["community_id"])
    return dict(found)


def request_page(
    request: Request, here: Here, engine: Engine, request_id: int, form: forms.Filled[Any], *, status: int = 200
) -> Response:
    today = clock.today()
    with db.reading(engine) as session:
        found = one(session, here, request_id)
        unit = unit_view.view(session, found["unit_id"], today)
        bills = unit_reads.bills(session, found["unit_id"])
        files = waiver_reads.attachments(session, request_id)
        history = waiver_review.history(session, unit_id=found["unit_id"], as_of=today)
        budget = waiver_review.budget(session, community_id=found["community_id"], year=today.year)
        like = waiver_review.like_cases(session, found)
        said = waiver_review.messages(session, request_id)
        lines, given_fen, fault = _lines_today(session, found, today)
    return pages.page(
        request,
        "waivers/request.html",
        here=here,
        status=status,
        form=form,
        row=found,
        unit=unit,
        bills=bills,
        chosen=[bills[number] for number in json.loads(found["bill_ids"]) if number in bills],
        lines=lines,
        given_fen=given_fen,
        effect_fault=fault,
        facts=json.loads(found["facts"]),
        history=history,
        ages=_ages(unit, today),
        budget=budget,
        like=like,
        band=waiver_review.band(found["effect_fen"]),
        said=said,
        is_asked=bool(said) and said[-1].kind == "question",
        files=files,
        checks=waiver_rules.check(_case(here, found, given_fen, history, budget, today, has_file=bool(files))),
        may_decide=here.actor.may(Permission.WAIVER_DECIDE) and found["requested_by"] != here.actor.user_id,
    )


def _lines_today(session: Session, row: Mapping[str, Any], today: dt.date) -> tuple[list[Any], int, str]:
    """Return what the request does bill by bill: as it was decided, or as it would be today, or why it no longer is."""
    if row["state"] != "requested":
        return [waivers.Line(**line) for line in json.loads(row["effect_lines"])], row["effect_fen"], ""
    try:
        effect = waivers.effect(session, wish=waivers.wish_of(row), today=today)
    except Refusal as refusal:
        return [], row["effect_fen"], zh_cn.sentence(refusal)
    return list(effect.lines), max(effect.given_fen, effect.most_fen), ""


def _ages(unit: unit_view.UnitView, today: dt.date) -> list[tuple[str, int]]:
    """Return what is overdue by age, only the ages there are."""
    sums = dict.fromkeys(arrears.BUCKETS, 0)
    for line in unit.overdue_lines:
        for name in arrears.BUCKETS:
            youngest, eldest = arrears.bucket_bounds(today, name)
            if eldest < line.row.due_on <= youngest:
                sums[name] += line.total_fen
    return [(name, fen) for name, fen in sums.items() if fen]


def _case(
    here: Here,
    row: Mapping[str, Any],
    effect_fen: int,
    history: waiver_review.History,
    budget: waiver_review.Budget,
    today: dt.date,
    *,
    has_file: bool,
) -> waiver_rules.Case:
    return waiver_rules.Case(
        kind=WaiverKind(row["kind"]),
        reason=WaiverReason(row["reason_code"]),
        effect_fen=effect_fen,
        is_own_request=row["requested_by"] == here.actor.user_id,
        is_expired=row["expires_on"] is not None and row["expires_on"] < today,
        has_evidence=has_file or len(row["note"].strip()) >= SEEN_AT_LEAST,
        limit_fen=here.actor.waiver_limit_fen if here.actor.may(Permission.WAIVER_DECIDE) else None,
        budget_left_fen=budget.left_fen,
        may_exceed_budget=here.actor.may(Permission.WAIVER_BUDGET),
        waivers_24_months=sum(1 for one in history.waivers if one.state in waiver_review.GIVEN and one.id != row["id"]),
        bills_due=history.bills_due,
        bills_on_time=history.on_time,
        open_disputes=history.disputes,
    )
