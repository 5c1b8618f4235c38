"""What a run made, tied to the ledger; and taking back a run or one bill, asked for by one and released by another."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import clock
from app.domain.access import Permission
from app.domain.errors import Kind, Refusal
from app.i18n import zh_cn
from app.services import billing
from app.sheets import exports
from app.sheets.exports import Column, ColumnKind
from app.store import audit, billing_drafts, db
from app.store import billing as billing_reads
from app.store.billing_drafts import RunBill
from app.web import forms, pages
from app.web.deps import Database, Here, Id, reachable, require, require_fresh
from app.web.errors import STATUS
from app.web.listing import Pager
from app.web.staff.billing import SHOWN, XLSX, release_draft

router = APIRouter()

Previewer = Annotated[Here, require(Permission.BILLING_PREVIEW)]
Reverser = Annotated[Here, require(Permission.BILLING_REVERSE)]
Releaser = Annotated[Here, require_fresh(Permission.BILLING_REVERSE)]


class ReversalForm(forms.FormModel):
    reason: forms.Text = Field(title="红冲原因", max_length=200)
    on: forms.Date | None = Field(default=None, title="红冲日期")
    leave: bool = Field(default=False, title="保留有后续记录的账单")


Wished = Annotated[forms.Filled[ReversalForm], forms.filled(ReversalForm)]


@router.get("/billing/runs/{run_id}")
def show(request: Request, run_id: Id, here: Previewer, engine: Database) -> Response:
    """Show what a run made; its totals are added up from the bills, and the head must say the same."""
    with db.reading(engine) as session:
        row = _run(session, here, run_id)
        bills = billing_drafts.bills_of(session, run_id=run_id)
        drafts = billing_drafts.listed(session, row.community_id, run_id=run_id)
        chained = billing_drafts.chained(session, run_id)
    page = request.query_params.get("page", "")
    number = min(int(page) if page.isdecimal() and len(page) < 6 else 1, max(1, -(-len(bills) // SHOWN))) or 1
    return pages.page(
        request,
        "billing/run.html",
        here=here,
        row=row,
        bills=bills[(number - 1) * SHOWN : number * SHOWN],
        pager=Pager(request.url.path, {}, number, len(bills), SHOWN),
        totals=_totals(bills),
        chained=chained,
        drafts=drafts,
    )


def _totals(bills: list[RunBill]) -> dict[str, Any]:
    """Add the bills of a run up, by item and in all."""
    by_item: dict[str, list[RunBill]] = {}
    for one in bills:
        by_item.setdefault(one.item, []).append(one)
    standing = [one for one in bills if not one.is_reversed]
    return {
        "items": [(name, len(found), sum(one.principal_fen for one in found)) for name, found in by_item.items()],
        "bills": len(bills),
        "amount_fen": sum(one.principal_fen for one in bills),
        "standing": len(standing),
        "standing_fen": sum(one.principal_fen for one in standing),
        "paid_fen": sum(one.paid_fen for one in standing),
    }


def _run(session: Session, here: Here, run_id: int) -> Any:  # noqa: ANN401 - a row of the store
    row = billing_drafts.run_row(session, run_id)
    reachable(here, row.community_id)
    return row


@router.get("/billing/runs/{run_id}/export")
def export(run_id: Id, here: Previewer, engine: Database) -> Response:
    with db.transaction(engine) as session:
        row = _run(session, here, run_id)
        bills = billing_drafts.bills_of(session, run_id=run_id)
        audit.record(
            session,
            at=clock.now(),
            actor=here.actor.login,
            action="billing.exported",
            subject=f"billing_run:{run_id}",
            community_id=row.community_id,
        )
    kinds = (
        ("unit", ColumnKind.TEXT, 22),
        ("item", ColumnKind.TEXT, 16),
        ("from_on", ColumnKind.DATE, 12),
        ("to_on", ColumnKind.DATE, 12),
        ("due_on", ColumnKind.DATE, 12),
        ("principal", ColumnKind.MONEY, 14),
        ("paid", ColumnKind.MONEY, 14),
        ("state", ColumnKind.TEXT, 12),
    )
    columns = [Column(zh_cn.LABELS[f"billing_column.{key}"], kind, width) for key, kind, width in kinds]
    lines: list[list[exports.Value]] = [
        [
            one.label,
            one.item,
            one.from_on,
            one.to_on,
            one.due_on,
            one.principal_fen,
            one.paid_fen,
            zh_cn.LABELS["billing_state.reversed"] if one.is_reversed else "",
        ]
        for one in bills
    ]
    name = f"{row.period}-{zh_cn.LABELS['billing_change.run']}-{run_id}"
    body = exports.workbook(name=name, columns=columns, rows=lines, title=name, footer=here.actor.name)
    return pages.download(body, name=f"{name}.xlsx", media_type=XLSX)


@router.get("/billing/runs/{run_id}/reverse")
def ask_run(request: Request, run_id: Id, here: Reverser, engine: Database) -> Response:
    return _page(request, here, engine, forms.Filled({}), run_id=run_id)


@router.post("/billing/runs/{run_id}/reverse")
def reverse_run(request: Request, run_id: Id, here: Reverser, engine: Database, form: Wished) -> Response:
    return _draft(request, here, engine, form, run_id=run_id)


@router.get("/billing/bills/{bill_id}/reverse")
def ask_bill(request: Request, bill_id: Id, here: Reverser, engine: Database) -> Response:
    return _page(request, here, engine, forms.Filled({}), bill_id=bill_id)


@router.post("/billing/bills/{bill_id}/reverse")
def reverse_bill(request: Request, bill_id: Id, here: Reverser, engine: Database, form: Wished) -> Response:
    return _draft(request, here, engine, form, bill_id=bill_id)


@router.post("/billing/reversals/{draft_id}/release")
def release(request: Request, draft_id: Id, here: Releaser, engine: Database) -> Response:
    return release_draft(request, here, engine, draft_id, {"run_reversal", "bill_reversal"})


def _target(session: Session, here: Here, run_id: int | None, bill_id: int | None) -> Any:  # noqa: ANN401 - a row
    if run_id is not None:
        return _run(session, here, run_id)
    assert bill_id is not None
    row = billing_reads.bill_row(session, bill_id)
    reachable(here, row.community_id)
    return row


def _draft(
    request: Request,
    here: Here,
    engine: Engine,
    form: forms.Filled[ReversalForm],
    *,
    run_id: int | None = None,
    bill_id: int | None = None,
) -> Response:
    if form.model is None:
        return _page(request, here, engine, form, run_id=run_id, bill_id=bill_id, status=422)
    today = clock.today()
    try:
        with db.transaction(engine) as session:
            row = _target(session, here, run_id, bill_id)
            draft_id = billing.draft_reversal(
                session,
                community_id=row.community_id,
                run_id=run_id,
                bill_id=bill_id,
                may_leave=form.model.leave,
                on=form.model.on or today,
                reason=form.model.reason,
                today=today,
                now=clock.now(),
                actor_id=here.actor.user_id,
                actor=here.actor.login,
            )
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        told = form.with_refusal(refusal)
        return _page(request, here, engine, told, run_id=run_id, bill_id=bill_id, status=STATUS[refusal.kind])
    return pages.back_to(request, f"/billing/drafts/{draft_id}", here=here, code="done.billing_reversal_drafted")


def _page(
    request: Request,
    here: Here,
    engine: Engine,
    form: forms.Filled[ReversalForm],
    *,
    run_id: int | None = None,
    bill_id: int | None = None,
    status: int = 200,
) -> Response:
    with db.reading(engine) as session:
        row = _target(session, here, run_id, bill_id)
        back = billing.reversible(session, run_id=run_id, bill_id=bill_id)
    return pages.page(
        request,
        "billing/reverse.html",
        here=here,
        status=status,
        row=row,
        run_id=run_id,
        bill_id=bill_id,
        back=back,
        form=form,
        shown=SHOWN,
    )
