"""Files of a unit: uploaded through the one checker, handed out as downloads, withdrawn and never deleted."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from app.domain.access import Permission
from app.domain.errors import Refusal
from app.gateways.uploads import PAPERS
from app.services import filing
from app.store import db
from app.store import unit_files as file_reads
from app.web import forms, pages, uploads
from app.web.deps import Database, Here, Id, Stored, require
from app.web.errors import STATUS
from app.web.staff import units
from app.web.staff.acting import by, carry_out, head_of

router = APIRouter()

Editor = Annotated[Here, require(Permission.UNIT_EDIT)]
Looker = Annotated[Here, require(Permission.UNIT_SEE)]
Kind = Literal["contract", "identity", "handover", "authority", "photo", "other"]


class FileForm(forms.FormModel):
    kind: Kind = Field(title="种类")
    note: forms.Text = Field(default="", title="备注", max_length=200)


class WithdrawForm(forms.FormModel):
    reason: forms.Text = Field(default="", title="原因", max_length=200)


Handed = Annotated[forms.Filled[FileForm], forms.filled(FileForm)]
Withdrawn = Annotated[forms.Filled[WithdrawForm], forms.filled(WithdrawForm)]


@router.get("/units/{unit_id}/files")
def show_files(request: Request, unit_id: Id, here: Looker, engine: Database) -> Response:
    with db.reading(engine) as session:
        return units.page_of_unit(request, here, session, unit_id, tab="files")


@router.post("/units/{unit_id}/files")
def add_file(request: Request, unit_id: Id, here: Editor, engine: Database, files: Stored, form: Handed) -> Response:
    head_of(engine, here, unit_id)

    def show(filled: forms.Filled[FileForm], status: int) -> Response:
        with db.reading(engine) as session:
            return units.page_of_unit(request, here, session, unit_id, tab="files", filled=filled, status=status)

    if form.model is None:
        return show(form, 422)
    try:
        checked = uploads.of_form(form, "file", allow=PAPERS)
        if checked is None:
            raise Refusal("unit_file.missing", field="file")
    except Refusal as refusal:
        shown = forms.Filled(form.values, {"file": _said(form, refusal)}, form.model, form.files)
        return show(shown, STATUS[refusal.kind])
    # The bytes are kept before the transaction: a row never names a file that is not there.
    kept = uploads.keep(files, checked)
    made = filing.KeptFile(form.model.kind, kept.name, kept.media_type, kept.sha256, kept.size, note=form.model.note)
    return carry_out(
        engine,
        form,
        work=lambda session, _: filing.add_file(session, unit_id=unit_id, kept=made, by=by(here)),
        show=show,
        done=lambda _: pages.back_to(request, f"/units/{unit_id}?tab=files", here=here, code="done.file_added"),
    )


def _said(form: forms.Filled[Any], refusal: Refusal) -> str:
    return next(iter(form.with_refusal(refusal).faults.values()))


@router.get("/units/{unit_id}/files/{file_id}")
def download(unit_id: Id, file_id: Id, here: Looker, engine: Database, files: Stored) -> Response:
    """Send a file as a download; papers of identity only to those who may see personal fields, and with a trace."""
    head_of(engine, here, unit_id)
    with db.transaction(engine) as session:
        row = file_reads.row(session, unit_id=unit_id, file_id=file_id)
        if row.kind in file_reads.SENSITIVE:
            here.actor.must(Permission.PII_REVEAL)
        filing.opened_file(session, unit_id=unit_id, file_id=file_id, by=by(here))
    return uploads.original(files, sha256=row.sha256, name=row.name, media_type=row.media_type)


@router.get("/units/{unit_id}/files/{file_id}/withdraw")
def ask_withdraw(request: Request, unit_id: Id, file_id: Id, here: Editor, engine: Database) -> Response:
    head_of(engine, here, unit_id)
    return _page(request, here, engine, unit_id, file_id, forms.Filled({}))


@router.post("/units/{unit_id}/files/{file_id}/withdraw")
def withdraw(request: Request, unit_id: Id, file_id: Id, here: Editor, engine: Database, form: Withdrawn) -> Response:
    head_of(engine, here, unit_id)
    return carry_out(
        engine,
        form,
        work=lambda session, model: filing.withdraw_file(
            session, unit_id=unit_id, file_id=file_id, reason=model.reason, by=by(here)
        ),
        show=lambda filled, status: _page(request, here, engine, unit_id, file_id, filled, status),
        done=lambda _: pages.back_to(request, f"/units/{unit_id}?tab=files", here=here, code="done.file_withdrawn"),
    )


def _page(
    request: Request,
    here: Here,
    engine: Any,  # noqa: ANN401 - the engine
    unit_id: int,
    file_id: int,
    form: forms.Filled[WithdrawForm],
    status: int = 200,
) -> Response:
    head = head_of(engine, here, unit_id)
    with db.reading(engine) as session:
        row = file_reads.row(session, unit_id=unit_id, file_id=file_id)
    return pages.page(request, "estate/file_withdraw.html", here=here, status=status, unit=head, row=row, form=form)
