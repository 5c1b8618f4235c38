"""Change of owner: what is owed and by whom before and after, confirming it once, its paper, and taking it back."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from app import clock
from app.domain.access import Permission
from app.domain.errors import Refusal
from app.domain.privacy import mask_name
from app.domain.settling import Plan, settled
from app.i18n import zh_cn
from app.services import ownership
from app.services.ownership import CreditChoice, NewOwner
from app.store import db, estate, persons, transfers, unit_reads
from app.web import forms, pages
from app.web.deps import Database, Here, Id, Reading, reachable, require, require_fresh
from app.web.estate_fields import Key, Phone
from app.web.staff.acting import carry_out, head_of
from app.web.staff.payments import new_key

router = APIRouter()

Changer = Annotated[Here, require(Permission.OWNER_CHANGE)]
Cashier = Annotated[Here, require(Permission.PAYMENT_RECORD)]
TakerBack = Annotated[Here, require_fresh(Permission.OWNER_CHANGE)]
Looker = Annotated[Here, require(Permission.UNIT_SEE)]


class TransferForm(forms.FormModel):
    """The day, the new owners (up to four, jointly), the paper it rests on, and what becomes of credit."""

    transfer_on: forms.Date = Field(title="过户日")
    name: forms.Text = Field(default="", title="新业主姓名", max_length=80)
    phone: Phone | None = Field(default=None, title="电话")
    share: forms.Text = Field(default="", title="份额", max_length=20)
    name_2: forms.Text = Field(default="", title="共有人姓名", max_length=80)
    phone_2: Phone | None = Field(default=None, title="共有人电话")
    share_2: forms.Text = Field(default="", title="份额", max_length=20)
    name_3: forms.Text = Field(default="", title="共有人姓名", max_length=80)
    phone_3: Phone | None = Field(default=None, title="共有人电话")
    share_3: forms.Text = Field(default="", title="份额", max_length=20)
    name_4: forms.Text = Field(default="", title="共有人姓名", max_length=80)
    phone_4: Phone | None = Field(default=None, title="共有人电话")
    share_4: forms.Text = Field(default="", title="份额", max_length=20)
    source: forms.Text = Field(default="", title="依据文件", max_length=120)
    note: forms.Text = Field(default="", title="备注", max_length=200)
    credit: CreditChoice | None = Field(default=None, title="预存款")
    key: Key = Field(title="表单编号")
    act: Literal["preview", "confirm"] = "preview"

    def owners(self) -> list[NewOwner]:
        """Return the new owners in the order given; a line without a name is none."""
        lines = [
            (self.name, self.phone, self.share),
            (self.name_2, self.phone_2, self.share_2),
            (self.name_3, self.phone_3, self.share_3),
            (self.name_4, self.phone_4, self.share_4),
        ]
        return [NewOwner(name, phone or "", share=share) for name, phone, share in lines if name]


class BackForm(forms.FormModel):
    reason: forms.Text = Field(default="", title="原因", max_length=200)


Asked = Annotated[forms.Filled[TransferForm], forms.filled(TransferForm)]
Back = Annotated[forms.Filled[BackForm], forms.filled(BackForm)]


@router.get("/units/{unit_id}/transfer")
def ask(request: Request, unit_id: Id, here: Changer, engine: Database) -> Response:
    return _page(request, here, engine, head_of(engine, here, unit_id), forms.Filled({}))


@router.post("/units/{unit_id}/transfer")
def act(request: Request, unit_id: Id, here: Changer, engine: Database, form: Asked) -> Response:
    head = head_of(engine, here, unit_id)

    def work(session: Session, model: TransferForm) -> Plan | int:
        today = clock.today()
        if model.act == "preview":
            if not model.owners():
                raise Refusal("owner.none", field="name")
            return ownership.plan(session, unit_id=unit_id, transfer_on=model.transfer_on, today=today)
        return ownership.transfer_once(
            session,
            unit_id=unit_id,
            transfer_on=model.transfer_on,
            owners=model.owners(),
            source=model.source,
            note=model.note,
            credit=model.credit,
            today=today,
            now=clock.now(),
            actor=here.actor.login,
            actor_id=here.actor.user_id,
            key=model.key,
        )

    def done(result: Plan | int) -> Response:
        if isinstance(result, Plan):
            return _page(request, here, engine, head, form, plan=result)
        return RedirectResponse(f"/transfers/{result}", status_code=303)

    return carry_out(
        engine,
        form,
        work=work,
        show=lambda filled, status: _page(request, here, engine, head, filled, status=status),
        done=done,
    )


def _page(
    request: Request,
    here: Here,
    engine: Engine,
    head: unit_reads.Head,
    form: forms.Filled[TransferForm],
    *,
    status: int = 200,
    plan: Plan | None = None,
) -> Response:
    today = clock.today()
    with db.reading(engine) as session:
        rows = transfers.owners(session, head.unit_id)
        if plan is None and form.model is not None:
            plan = _plan_if_any(session, head.unit_id, form.model)
    return pages.page(
        request,
        "estate/transfer.html",
        here=here,
        status=status,
        unit=head,
        form=form,
        plan=plan,
        owners=[
            {"name": mask_name(row.name), "phone": row.phone_mask, "from_on": row.from_on}
            for row in rows
            if row.from_on <= today < row.until_on
        ],
        coming=[mask_name(owner.name) for owner in form.model.owners()] if form.model else [],
        key=str(form.values.get("key") or new_key()),
        choices=[CreditChoice.STAYS.value, CreditChoice.REFUND.value],
    )


def _plan_if_any(session: Session, unit_id: int, model: TransferForm) -> Plan | None:
    """Return the figures beside a form that was refused, where there can be any."""
    try:
        return ownership.plan(session, unit_id=unit_id, transfer_on=model.transfer_on, today=clock.today())
    except Refusal:
        return None


@router.get("/transfers/refunds")
def show_refunds(request: Request, here: Cashier, session: Reading) -> Response:
    """List the credit that was to go back to who sold, until the ledger holds none of it."""
    rows = transfers.refunds(session, community_id=here.community_id) if here.community_id else []
    return pages.page(
        request, "estate/refunds.html", here=here, rows=rows, total_fen=sum(row.credit_fen for row in rows)
    )


@router.get("/transfers/{transfer_id}")
def show(request: Request, transfer_id: Id, here: Looker, session: Reading) -> Response:
    """Show the settlement as a paper for both sides to sign."""
    return _paper(request, here, session, transfer_id, forms.Filled({}))


@router.post("/transfers/{transfer_id}/reverse")
def reverse(request: Request, transfer_id: Id, here: TakerBack, engine: Database, form: Back) -> Response:
    with db.reading(engine) as session:
        reachable(here, transfers.by_id(session, transfer_id)["community_id"])

    def show_again(filled: forms.Filled[BackForm], status: int) -> Response:
        with db.reading(engine) as session:
            return _paper(request, here, session, transfer_id, filled, status)

    return carry_out(
        engine,
        form,
        work=lambda session, model: ownership.take_back(
            session,
            transfer_id=transfer_id,
            reason=model.reason,
            now=clock.now(),
            actor=here.actor.login,
            actor_id=here.actor.user_id,
        ),
        show=show_again,
        done=lambda unit_id: pages.back_to(
            request, f"/units/{unit_id}?tab=owners", here=here, code="done.transfer_reversed"
        ),
    )


def _paper(
    request: Request,
    here: Here,
    session: Session,
    transfer_id: int,
    form: forms.Filled[BackForm],
    status: int = 200,
) -> Response:
    row = transfers.by_id(session, transfer_id)
    reachable(here, row["community_id"])
    on = row["transfer_on"]
    came = persons.owners_on(session, unit_ids=[row["unit_id"]], as_of=on)[row["unit_id"]]
    why_not = ""
    try:
        ownership.may_take_back(session, transfer_id=transfer_id, now=clock.now())
    except Refusal as refusal:
        why_not = zh_cn.sentence(refusal)
    return pages.page(
        request,
        "estate/settlement.html",
        here=here,
        status=status,
        row=row,
        unit=unit_reads.head(session, row["unit_id"]),
        community=estate.community_row(session, row["community_id"]),
        came=[mask_name(one.name) for one in came] if row["reversed_at"] is None else [],
        plan=settled(row["facts"], row["transfer_on"]),
        form=form,
        why_not=why_not,
    )
