"""People of a unit: contacts added, ended and corrected; numbers given and corrected; co-owners."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import clock
from app.domain.access import Permission
from app.domain.privacy import mask_name
from app.services import contacts, ownership
from app.services.contacts import NewContact, Relation
from app.store import contacts as contact_reads
from app.store import db, transfers, unit_reads
from app.web import forms, pages
from app.web.deps import Database, Here, Id, require
from app.web.estate_fields import IdNumber, Phone
from app.web.staff.acting import by, carry_out, head_of

router = APIRouter()

Editor = Annotated[Here, require(Permission.UNIT_EDIT)]
Changer = Annotated[Here, require(Permission.OWNER_CHANGE)]
BACK = "?tab=owners"


class ContactForm(forms.FormModel):
    relation: Relation = Field(title="关系")
    name: forms.Text = Field(title="姓名", max_length=80)
    phone: Phone | None = Field(default=None, title="电话")
    from_on: forms.Date | None = Field(default=None, title="自")
    until_on: forms.Date | None = Field(default=None, title="至")
    note: forms.Text = Field(default="", title="备注", max_length=200)

    def who(self) -> NewContact:
        """Return the contact the form describes."""
        return NewContact(self.relation, self.name, self.phone or "", self.note)


class ChangeContactForm(forms.FormModel):
    """End a contact, put a right one in its place, or take it out."""

    act: Literal["end", "correct", "withdraw"] = Field(default="end", title="操作")
    last_on: forms.Date | None = Field(default=None, title="最后一天")
    relation: Relation = Field(default=Relation.TENANT, title="关系")
    name: forms.Text = Field(default="", title="姓名", max_length=80)
    phone: Phone | None = Field(default=None, title="电话")
    note: forms.Text = Field(default="", title="备注", max_length=200)
    reason: forms.Text = Field(default="", title="原因", max_length=200)


class PersonForm(forms.FormModel):
    act: Literal["phone", "no_phone", "bad", "good", "id_number", "name"] = Field(title="操作")
    phone: Phone | None = Field(default=None, title="电话")
    id_number: IdNumber | None = Field(default=None, title="身份证号")
    name: forms.Text = Field(default="", title="姓名", max_length=80)
    reason: forms.Text = Field(default="", title="原因", max_length=200)


class CoOwnerForm(forms.FormModel):
    name: forms.Text = Field(title="姓名", max_length=80)
    phone: Phone | None = Field(default=None, title="电话")
    share: forms.Text = Field(default="", title="份额", max_length=20)
    from_on: forms.Date = Field(title="自")
    source: forms.Text = Field(default="", title="依据", max_length=120)


Added = Annotated[forms.Filled[ContactForm], forms.filled(ContactForm)]
Changed = Annotated[forms.Filled[ChangeContactForm], forms.filled(ChangeContactForm)]
Corrected = Annotated[forms.Filled[PersonForm], forms.filled(PersonForm)]
Joined = Annotated[forms.Filled[CoOwnerForm], forms.filled(CoOwnerForm)]


# --- contacts -------------------------------------------------------------------------------------


@router.get("/units/{unit_id}/contacts")
def ask_contact(request: Request, unit_id: Id, here: Editor, engine: Database) -> Response:
    return _contact(request, here, head_of(engine, here, unit_id), forms.Filled({}))


@router.post("/units/{unit_id}/contacts")
def add_contact(request: Request, unit_id: Id, here: Editor, engine: Database, form: Added) -> Response:
    head = head_of(engine, here, unit_id)
    return carry_out(
        engine,
        form,
        work=lambda session, model: contacts.add(
            session,
            unit_id=unit_id,
            who=model.who(),
            from_on=model.from_on or clock.today(),
            until_on=model.until_on,
            by=by(here),
        ),
        show=lambda filled, status: _contact(request, here, head, filled, status),
        done=lambda _: pages.back_to(request, f"/units/{unit_id}{BACK}", here=here, code="done.saved"),
    )


def _contact(
    request: Request, here: Here, head: unit_reads.Head, form: forms.Filled[ContactForm], status: int = 200
) -> Response:
    return pages.page(
        request,
        "estate/contact.html",
        here=here,
        status=status,
        unit=head,
        form=form,
        relations=[relation.value for relation in Relation],
    )


@router.get("/units/{unit_id}/contacts/{contact_id}")
def ask_change(request: Request, unit_id: Id, contact_id: Id, here: Editor, engine: Database) -> Response:
    head = head_of(engine, here, unit_id)
    return _change(request, here, engine, head, contact_id, forms.Filled({}))


@router.post("/units/{unit_id}/contacts/{contact_id}")
def change_contact(
    request: Request, unit_id: Id, contact_id: Id, here: Editor, engine: Database, form: Changed
) -> Response:
    head = head_of(engine, here, unit_id)

    def work(session: Session, model: ChangeContactForm) -> None:
        doer = by(here)
        if model.act == "end":
            last_on = model.last_on or clock.today()
            contacts.end(session, unit_id=unit_id, contact_id=contact_id, last_on=last_on, by=doer)
        elif model.act == "withdraw":
            contacts.withdraw(session, unit_id=unit_id, contact_id=contact_id, reason=model.reason, by=doer)
        else:
            who = NewContact(model.relation, model.name, model.phone or "", model.note)
            contacts.correct(session, unit_id=unit_id, contact_id=contact_id, who=who, reason=model.reason, by=doer)

    return carry_out(
        engine,
        form,
        work=work,
        show=lambda filled, status: _change(request, here, engine, head, contact_id, filled, status),
        done=lambda _: pages.back_to(request, f"/units/{unit_id}{BACK}", here=here, code="done.saved"),
    )


def _change(
    request: Request,
    here: Here,
    engine: Engine,
    head: unit_reads.Head,
    contact_id: int,
    form: forms.Filled[ChangeContactForm],
    status: int = 200,
) -> Response:
    with db.reading(engine) as session:
        contact_reads.locked(session, unit_id=head.unit_id, contact_id=contact_id)
        row = next(row for row in contact_reads.of_unit(session, head.unit_id) if row["id"] == contact_id)
    return pages.page(
        request,
        "estate/contact_change.html",
        here=here,
        status=status,
        unit=head,
        row=row,
        form=form,
        relations=[relation.value for relation in Relation],
    )


# --- numbers and names ----------------------------------------------------------------------------


@router.get("/units/{unit_id}/people/{person_id}")
def ask_person(request: Request, unit_id: Id, person_id: Id, here: Editor, engine: Database) -> Response:
    head = head_of(engine, here, unit_id)
    return _person(request, here, engine, head, person_id, forms.Filled({}))


@router.post("/units/{unit_id}/people/{person_id}")
def change_person(
    request: Request, unit_id: Id, person_id: Id, here: Editor, engine: Database, form: Corrected
) -> Response:
    head = head_of(engine, here, unit_id)

    def work(session: Session, model: PersonForm) -> None:
        doer, why = by(here), model.reason
        match model.act:
            case "phone" | "no_phone":
                phone = (model.phone or "") if model.act == "phone" else ""
                contacts.change_phone(session, unit_id=unit_id, person_id=person_id, phone=phone, reason=why, by=doer)
            case "bad" | "good":
                is_bad = model.act == "bad"
                contacts.mark_phone(session, unit_id=unit_id, person_id=person_id, is_bad=is_bad, reason=why, by=doer)
            case "id_number":
                contacts.change_id_number(
                    session,
                    unit_id=unit_id,
                    person_id=person_id,
                    id_number=model.id_number or "",
                    reason=why,
                    by=doer,
                )
            case "name":
                contacts.correct_name(
                    session, unit_id=unit_id, person_id=person_id, name=model.name, reason=why, by=doer
                )

    return carry_out(
        engine,
        form,
        work=work,
        show=lambda filled, status: _person(request, here, engine, head, person_id, filled, status),
        done=lambda _: pages.back_to(request, f"/units/{unit_id}{BACK}", here=here, code="done.saved"),
    )


def _person(
    request: Request,
    here: Here,
    engine: Engine,
    head: unit_reads.Head,
    person_id: int,
    form: forms.Filled[PersonForm],
    status: int = 200,
) -> Response:
    with db.reading(engine) as session:
        row = contact_reads.person_of_unit(session, unit_id=head.unit_id, person_id=person_id, on=clock.today())
        changes = [
            change for change in contact_reads.changes(session, head.unit_id) if change["person_id"] == person_id
        ]
    return pages.page(
        request,
        "estate/person.html",
        here=here,
        status=status,
        unit=head,
        row=row,
        called=mask_name(row.name),
        changes=changes,
        form=form,
    )


# --- co-owners ------------------------------------------------------------------------------------


@router.get("/units/{unit_id}/co-owner")
def ask_co_owner(request: Request, unit_id: Id, here: Changer, engine: Database) -> Response:
    return _co_owner(request, here, engine, head_of(engine, here, unit_id), forms.Filled({}))


@router.post("/units/{unit_id}/co-owner")
def add_co_owner(request: Request, unit_id: Id, here: Changer, engine: Database, form: Joined) -> Response:
    head = head_of(engine, here, unit_id)
    return carry_out(
        engine,
        form,
        work=lambda session, model: ownership.add_co_owner(
            session,
            unit_id=unit_id,
            owner=ownership.NewOwner(model.name, model.phone or "", share=model.share),
            from_on=model.from_on,
            source=model.source,
            today=clock.today(),
            now=clock.now(),
            actor=here.actor.login,
        ),
        show=lambda filled, status: _co_owner(request, here, engine, head, filled, status),
        done=lambda _: pages.back_to(request, f"/units/{unit_id}{BACK}", here=here, code="done.saved"),
    )


def _co_owner(
    request: Request,
    here: Here,
    engine: Engine,
    head: unit_reads.Head,
    form: forms.Filled[CoOwnerForm],
    status: int = 200,
) -> Response:
    today = clock.today()
    with db.reading(engine) as session:
        rows = [row for row in transfers.owners(session, head.unit_id) if row.from_on <= today < row.until_on]
    since: dt.date | None = rows[0].from_on if rows else None
    return pages.page(
        request,
        "estate/co_owner.html",
        here=here,
        status=status,
        unit=head,
        form=form,
        names=[mask_name(row.name) for row in rows],
        since=since,
    )
