"""Importing workbooks: upload, a preview that writes nothing, writing it, the faults as a workbook, taking it back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from app import clock
from app.domain.access import Permission
from app.domain.errors import Refusal, forbidden, not_found
from app.gateways.ports import Files
from app.i18n import zh_cn
from app.services import imports
from app.sheets import error_workbook, guard, parsing
from app.sheets.records import ParsedBook
from app.store import db, import_undo
from app.web import forms, pages
from app.web.deps import Database, Here, Id, Reading, Stored, reachable, require, require_fresh
from app.web.errors import STATUS
from app.web.staff.arrears import XLSX

router = APIRouter()

MAX_FILES = 10

Viewer = Annotated[Here, require(Permission.IMPORT_SEE)]
Runner = Annotated[Here, require(Permission.IMPORT_RUN)]


class UploadForm(forms.FormModel):
    community: forms.Text = Field(default="", title="小区名称", max_length=120)
    due_day: int = Field(default=10, title="每月应缴日", ge=1, le=31)


class CommitForm(UploadForm):
    file: list[str] = Field(title="文件", min_length=1, max_length=MAX_FILES)


@dataclass(frozen=True, slots=True)
class Upload:
    """One uploaded workbook as the next form names it: ``sha256/name``."""

    sha256: str
    name: str

    @property
    def ticket(self) -> str:
        """Return what the confirming form carries."""
        return f"{self.sha256}/{self.name}"


Committed = Annotated[forms.Filled[CommitForm], forms.filled(CommitForm)]


@router.get("/imports")
def show(request: Request, here: Viewer, session: Reading) -> Response:
    return _list_page(request, here, session, forms.Filled({}))


def _list_page(
    request: Request, here: Here, session: Session, form: forms.Filled[Any], *, status: int = 200
) -> Response:
    reach = dict(here.communities)
    rows = [row for row in import_undo.batches(session) if row.community_id in reach]
    return pages.page(
        request, "imports/list.html", here=here, status=status, form=form, rows=[_row(row, reach) for row in rows]
    )


def _row(row: Any, reach: dict[int, str]) -> dict[str, Any]:  # noqa: ANN401 - a row of the store
    summary = json.loads(row.summary)
    sheets = summary.get("sheets", [])
    return {
        "id": row.id,
        "file_name": row.file_name,
        "kind": row.kind,
        "community": reach.get(row.community_id, ""),
        "created_at": row.created_at,
        "is_undone": row.state == "undone",
        "sheets": sheets,
        "created": sum(sheet["created"] for sheet in sheets),
        "rejected": sum(sheet["rejected"] for sheet in sheets),
    }


@router.post("/imports")
async def upload(request: Request, here: Runner, engine: Database, files: Stored) -> Response:
    """Keep the files, read them and show what importing them would do."""
    fields = await forms.fields_of(request)
    form = forms.parse(UploadForm, fields)
    sent = [item for item in fields.getlist("file") if not isinstance(item, str) and item.filename]
    if not sent and not form.faults:
        form = form.with_refusal(Refusal("form.file_missing"))
    if form.model is None or form.faults:
        await fields.close()
        return await run_in_threadpool(_refused, request, here, engine, form)
    contents = [((item.filename or "")[-120:], await item.read()) for item in sent[:MAX_FILES]]
    await fields.close()
    return await run_in_threadpool(_preview, request, here, engine, files, form, contents)


def _refused(request: Request, here: Here, engine: Engine, form: forms.Filled[Any], status: int = 422) -> Response:
    with db.reading(engine) as session:
        return _list_page(request, here, session, form, status=status)


def _preview(
    request: Request,
    here: Here,
    engine: Engine,
    files: Files,
    form: forms.Filled[UploadForm],
    contents: list[tuple[str, bytes]],
) -> Response:
    try:
        books = [parsing.parse(name, content) for name, content in contents]
        uploads = [Upload(files.put(content), name) for name, content in contents]
        with db.reading(engine) as session:
            told = imports.preview(session, books=books, options=_options(form, here), today=clock.today())
        _check_reach(here, told.community)
    except Refusal as refusal:
        return _refused(request, here, engine, form.with_refusal(refusal), STATUS[refusal.kind])
    return pages.page(
        request, "imports/preview.html", here=here, form=form, told=imports.answer(told), report=told, uploads=uploads
    )


def _options(form: forms.Filled[Any], here: Here) -> imports.Options:
    model = form.valid()
    assert isinstance(model, UploadForm)
    only = here.community if len(here.communities) == 1 and here.actor.community_ids is not None else ""
    return imports.Options(community=model.community or only, due_day=model.due_day)


def _check_reach(here: Here, community: str) -> None:
    """Refuse to write into a community that is not this person's, or to make a new one with a limited reach."""
    if here.actor.community_ids is not None and community not in dict(here.communities).values():
        raise forbidden("access.denied", permission=Permission.IMPORT_RUN.value)


def read_back(files: Files, tickets: list[str]) -> list[ParsedBook]:
    """Read the uploaded workbooks again by their tickets; only their own bytes answer to a hash."""
    books = []
    for ticket in tickets:
        sha256, _, name = ticket.partition("/")
        content = files.get(sha256)
        guard.check(name, content)
        books.append(parsing.parse(name, content))
    return books


@router.post("/imports/commit")
def commit(request: Request, here: Runner, engine: Database, files: Stored, form: Committed) -> Response:
    if form.model is None:
        return _refused(request, here, engine, form)
    try:
        books = read_back(files, form.model.file)
        with db.transaction(engine) as session:
            told = imports.commit(
                session,
                books=books,
                options=_options(form, here),
                today=clock.today(),
                now=clock.now(),
                actor_id=here.actor.user_id,
                actor=here.actor.login,
            )
            _check_reach(here, told.community)
    except Refusal as refusal:
        return _refused(request, here, engine, form.with_refusal(refusal), STATUS[refusal.kind])
    batches = [file.batch_id for file in told.files if file.batch_id is not None]
    where = f"/imports/{batches[0]}" if len(batches) == 1 else "/imports"
    facts = {"units": told.units, "bills": told.bills, "payments": told.payments}
    return pages.back_to(
        request, where, here=here, code="done.imported" if batches else "done.imported_nothing", **facts
    )


@router.get("/imports/{batch_id}")
def show_batch(request: Request, batch_id: Id, here: Viewer, session: Reading) -> Response:
    return _batch_page(request, here, session, batch_id, forms.Filled({}))


def _batch_page(
    request: Request, here: Here, session: Session, batch_id: int, form: forms.Filled[Any], *, status: int = 200
) -> Response:
    row = _reachable_batch(session, here, batch_id)
    return pages.page(
        request,
        "imports/batch.html",
        here=here,
        status=status,
        form=form,
        row=_row(row, dict(here.communities)),
        has_dependents=bool(import_undo.dependent_units(session, batch_id)) if row.state != "undone" else True,
    )


def _reachable_batch(session: Session, here: Here, batch_id: int) -> Any:  # noqa: ANN401 - a row of the store
    row = import_undo.batch(session, batch_id)
    if row is None:
        raise not_found("import.unknown")
    reachable(here, row.community_id)
    return row


@router.post("/imports/{batch_id}/undo")
def undo(
    request: Request, batch_id: Id, here: Annotated[Here, require_fresh(Permission.IMPORT_UNDO)], engine: Database
) -> Response:
    try:
        with db.transaction(engine) as session:
            _reachable_batch(session, here, batch_id)
            done = imports.undo(
                session,
                batch_id=batch_id,
                today=clock.today(),
                now=clock.now(),
                actor_id=here.actor.user_id,
                actor=here.actor.login,
            )
    except Refusal as refusal:
        form: forms.Filled[Any] = forms.Filled({}).with_refusal(refusal)
        with db.reading(engine) as session:
            return _batch_page(request, here, session, batch_id, form, status=STATUS[refusal.kind])
    facts = {"bills": done.bills, "payments": done.payments, "units": done.units}
    return pages.back_to(request, f"/imports/{batch_id}", here=here, code="done.import_undone", **facts)


@router.post("/imports/error-workbook")
def error_workbook_file(here: Runner, engine: Database, files: Stored, form: Committed) -> Response:
    """Send the uploaded sheets back with the faults marked, ready to be corrected and uploaded again."""
    if form.model is None:
        raise Refusal("request.invalid")
    books = read_back(files, form.model.file)
    with db.reading(engine) as session:
        told = imports.preview(session, books=books, options=_options(form, here), today=clock.today())
    _check_reach(here, told.community)
    contents = [(name, files.get(sha256)) for sha256, _, name in (t.partition("/") for t in form.model.file)]
    tallies = [tally for file in told.files for tally in file.tallies]
    title = zh_cn.LABELS["export.faults"].format(name=contents[0][0].rpartition(".")[0] or contents[0][0])
    return pages.download(error_workbook.build(contents, tallies), name=f"{title}.xlsx", media_type=XLSX)
