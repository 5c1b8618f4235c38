"""Who belongs to a case: parties, lawyers, what they say and the papers they bring."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import clock
from app.documents import watermark
from app.domain.access import Permission, Role
from app.domain.cases import Capacity
from app.domain.errors import Refusal
from app.gateways.uploads import PAPERS
from app.services import case_people
from app.store import cases, db
from app.web import forms, pages, uploads
from app.web.case_gate import reach
from app.web.deps import Database, Here, Id, Stored, require
from app.web.errors import STATUS
from app.web.staff.acting import by
from app.web.staff.case_stages import act_on
from app.web.staff.cases import case_page

router = APIRouter()

Editor = Annotated[Here, require(Permission.CASE_EDIT)]
Speaker = Annotated[Here, require(Permission.CASE_COMMENT)]
Looker = Annotated[Here, require(Permission.CASE_SEE)]
Revealer = Annotated[Here, require(Permission.PII_REVEAL)]
_PDF = "application/pdf"


class PartyForm(forms.FormModel):
    role: Literal["defendant", "third", "plaintiff"] = Field(default="defendant", title="地位")
    capacity: Capacity = Field(default=Capacity.OWNER, title="身份")
    person: forms.Number | None = Field(default=None, title="登记人员")
    name: forms.Text = Field(default="", title="姓名或名称", max_length=120)
    sex: Literal["", "m", "f"] = Field(default="", title="性别")
    birth_on: forms.Date | None = Field(default=None, title="出生日期")
    ethnicity: forms.Text = Field(default="", title="民族", max_length=20)
    employer: forms.Text = Field(default="", title="工作单位", max_length=120)
    address: forms.Text = Field(default="", title="住址", max_length=200)
    code: forms.Text = Field(default="", title="统一社会信用代码", max_length=32)
    representative: forms.Text = Field(default="", title="法定代表人", max_length=60)
    is_joint: bool = Field(default=False, title="连带责任")
    note: forms.Text = Field(default="", title="说明", max_length=200)
    act: Literal["save", "remove"] = "save"

    def party(self) -> case_people.Party:
        """Return the party the form describes."""
        return case_people.Party(
            role=self.role,
            capacity=self.capacity,
            name=self.name,
            person_id=self.person,
            sex=self.sex,
            birth_on=self.birth_on,
            ethnicity=self.ethnicity,
            employer=self.employer,
            address=self.address,
            code=self.code,
            representative=self.representative,
            is_joint=self.is_joint,
            note=self.note,
        )


class RevealForm(forms.FormModel):
    field: Literal["name", "phone", "id_number"] = Field(title="字段")


class CounselForm(forms.FormModel):
    user: forms.Number = Field(title="律师")
    expires_on: forms.Date = Field(title="授权到期日")


class EndForm(forms.FormModel):
    pass


class CommentForm(forms.FormModel):
    text: forms.Text = Field(default="", title="备注", max_length=2000)


class FileForm(forms.FormModel):
    file_kind: Literal["court", "filed", "contract", "other"] = Field(default="court", title="种类")
    file_note: forms.Text = Field(default="", title="说明", max_length=200)


@router.post("/cases/{case_id}/parties")
def add_party(
    request: Request,
    case_id: Id,
    here: Editor,
    engine: Database,
    form: Annotated[forms.Filled[PartyForm], forms.filled(PartyForm)],
) -> Response:
    def work(session: Session, model: PartyForm) -> None:
        case_people.add_party(session, case_id=case_id, party=model.party(), by=by(here))

    return act_on(request, here, engine, case_id, form, work, tab="parties")


@router.post("/cases/{case_id}/parties/{party_id}")
def change_party(
    request: Request,
    case_id: Id,
    party_id: Id,
    here: Editor,
    engine: Database,
    form: Annotated[forms.Filled[PartyForm], forms.filled(PartyForm)],
) -> Response:
    def work(session: Session, model: PartyForm) -> None:
        if model.act == "remove":
            case_people.remove_party(session, case_id=case_id, party_id=party_id, by=by(here))
        else:
            case_people.change_party(session, case_id=case_id, party_id=party_id, party=model.party(), by=by(here))

    return act_on(request, here, engine, case_id, form, work, tab="parties")


@router.post("/cases/{case_id}/parties/{party_id}/reveal")
def reveal(
    request: Request,
    case_id: Id,
    party_id: Id,
    here: Revealer,
    engine: Database,
    form: Annotated[forms.Filled[RevealForm], forms.filled(RevealForm)],
) -> Response:
    """Show one field of a party once; a name stays masked on every other page."""
    reach(engine, here, case_id)
    shown: dict[int, dict[str, str]] = {}
    if form.model is not None:
        with db.transaction(engine) as session:
            field = form.model.field
            text = case_people.reveal(session, case_id=case_id, party_id=party_id, field=field, by=by(here))
        shown = {party_id: {field: text}}
    with db.reading(engine) as session:
        status = 422 if form.faults else 200
        return case_page(request, here, session, case_id, form=form, tab="parties", status=status, revealed=shown)


@router.post("/cases/{case_id}/counsel")
def assign(
    request: Request,
    case_id: Id,
    here: Editor,
    engine: Database,
    form: Annotated[forms.Filled[CounselForm], forms.filled(CounselForm)],
) -> Response:
    def work(session: Session, model: CounselForm) -> None:
        case_people.assign(session, case_id=case_id, user_id=model.user, expires_on=model.expires_on, by=by(here))

    return act_on(request, here, engine, case_id, form, work, tab="talk")


@router.post("/cases/{case_id}/counsel/{counsel_id}/end")
def unassign(
    request: Request,
    case_id: Id,
    counsel_id: Id,
    here: Editor,
    engine: Database,
    form: Annotated[forms.Filled[EndForm], forms.filled(EndForm)],
) -> Response:
    def work(session: Session, _: EndForm) -> None:
        case_people.unassign(session, case_id=case_id, counsel_id=counsel_id, by=by(here))

    return act_on(request, here, engine, case_id, form, work, tab="talk")


@router.post("/cases/{case_id}/comments")
def comment(
    request: Request,
    case_id: Id,
    here: Speaker,
    engine: Database,
    form: Annotated[forms.Filled[CommentForm], forms.filled(CommentForm)],
) -> Response:
    def work(session: Session, model: CommentForm) -> None:
        case_people.comment(session, case_id=case_id, text=model.text, by=by(here))

    return act_on(request, here, engine, case_id, form, work, tab="talk")


@router.post("/cases/{case_id}/files")
def add_file(
    request: Request,
    case_id: Id,
    here: Speaker,
    engine: Database,
    files: Stored,
    form: Annotated[forms.Filled[FileForm], forms.filled(FileForm)],
) -> Response:
    reach(engine, here, case_id)
    try:
        checked = uploads.of_form(form, "file", allow=PAPERS)
        if checked is None:
            raise Refusal("case_file.missing", field="file")
    except Refusal as refusal:
        said = next(iter(form.with_refusal(refusal).faults.values()))
        again = forms.Filled(form.values, {**form.faults, "file": said}, form.model, form.files)
        with db.reading(engine) as session:
            return case_page(request, here, session, case_id, form=again, tab="papers", status=STATUS[refusal.kind])
    # the bytes are kept before the transaction: a row never names a file that is not there
    kept = uploads.keep(files, checked)

    def work(session: Session, model: FileForm) -> None:
        new = case_people.KeptFile(model.file_kind, kept.name, kept.media_type, kept.sha256, kept.size, model.file_note)
        case_people.add_file(session, case_id=case_id, file=new, by=by(here))

    return act_on(request, here, engine, case_id, form, work, tab="papers")


@router.get("/cases/{case_id}/files/{file_id}")
def take_file(case_id: Id, file_id: Id, here: Looker, engine: Database, files: Stored) -> Response:
    """Send a paper; a lawyer's copy of a PDF says on every page who took it and when."""
    row = reach(engine, here, case_id)
    with db.transaction(engine) as session:
        found = cases.file_row(session, case_id=case_id, file_id=file_id)
        case_people.took_file(session, case_id=case_id, file_id=file_id, by=by(here))
    if here.actor.role is not Role.LAWYER or found["media_type"] != _PDF:
        return uploads.original(files, sha256=found["sha256"], name=found["name"], media_type=found["media_type"])
    marked = watermark.marked(files.get(found["sha256"]), login=here.actor.login, number=row["number"], at=clock.now())
    answer = pages.download(marked, name=found["name"], media_type=_PDF)
    answer.headers["Content-Security-Policy"] = uploads.SEALED_OFF
    return answer
