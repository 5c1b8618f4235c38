"""Importing workbooks: upload, sheets and columns to correct, a preview that writes nothing, writing, taking back."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.responses import Response

from app import clock
from app.domain.access import Permission
from app.domain.errors import Refusal, forbidden, not_found
from app.gateways.ports import Files
from app.i18n import zh_cn
from app.services import imports
from app.sheets import error_workbook, mapping, templates
from app.sheets.mapping import Understood
from app.sheets.plan import Tally
from app.sheets.records import SheetKind
from app.store import db, import_mappings, import_undo
from app.web import forms, pages
from app.web.deps import Database, Here, Id, Reading, Stored, reachable, require, require_fresh
from app.web.errors import STATUS
from app.web.staff import import_files, import_tasks
from app.web.staff.arrears import XLSX
from app.web.staff.import_files import Chosen, Upload

router = APIRouter()

MAX_FILES = 10
LARGE = 600
"""From so many rows on an import goes on by itself while the page may be closed."""

Viewer = Annotated[Here, require(Permission.IMPORT_SEE)]
Runner = Annotated[Here, require(Permission.IMPORT_RUN)]


class UploadForm(forms.FormModel):
    community: forms.Text = Field(default="", title="小区名称", max_length=120)
    due_day: int = Field(default=10, title="每月应缴日", ge=1, le=31)


class CommitForm(UploadForm):
    file: list[str] = Field(title="文件", min_length=1, max_length=MAX_FILES)
    choices: str = Field(default="", title="列的对应", max_length=import_files.MAX_TEXT)
    memory: bool = Field(default=True, title="沿用记住的对应")


Committed = Annotated[forms.Filled[CommitForm], forms.filled(CommitForm)]


@router.get("/imports")
def show(request: Request, here: Viewer, session: Reading) -> Response:
    return _list_page(request, here, session, forms.Filled({}))


def _list_page(
    request: Request, here: Here, session: Session, form: forms.Filled[Any], *, status: int = 200
) -> Response:
    reach = dict(here.communities)
    rows = [row for row in import_undo.batches(session) if row.community_id in reach]
    known = import_mappings.of_community(session, here.community_id) if here.community_id else []
    return pages.page(
        request,
        "imports/list.html",
        here=here,
        status=status,
        form=form,
        rows=[_row(row, reach) for row in rows],
        mappings=[(row, SheetKind(json.loads(row.choices)["kind"])) for row in known],
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
        "ticket": f"{row.sha256}/{row.file_name}",
        "sheets": sheets,
        "created": sum(sheet["created"] for sheet in sheets),
        "rejected": sum(sheet["rejected"] for sheet in sheets),
    }


@router.get("/imports/template.xlsx")
def template(_here: Viewer) -> Response:
    """Send the workbook to fill in: an example row a sheet, lists to choose from, instructions."""
    return pages.download(templates.build(), name=templates.file_name(), media_type=XLSX)


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
    return await run_in_threadpool(_first_preview, request, here, engine, files, form, contents)


def _first_preview(
    request: Request,
    here: Here,
    engine: Engine,
    files: Files,
    form: forms.Filled[UploadForm],
    contents: list[tuple[str, bytes]],
) -> Response:
    try:
        for name, content in contents:
            mapping.read(name, content)
        uploads = [Upload(files.put(content), name) for name, content in contents]
    except Refusal as refusal:
        return _refused(request, here, engine, form.with_refusal(refusal), STATUS[refusal.kind])
    return _preview(request, here, engine, files, form, uploads, {})


@router.post("/imports/preview")
async def preview(request: Request, here: Runner, engine: Database, files: Stored) -> Response:
    """Show the preview again, as the clerk now says what sheets and columns are."""
    fields = await forms.fields_of(request)
    known = FormData([(key, value) for key, value in fields.multi_items() if key in CommitForm.model_fields])
    form = forms.parse(CommitForm, known)
    return await run_in_threadpool(_corrected_preview, request, here, engine, files, form, fields)


def _corrected_preview(
    request: Request,
    here: Here,
    engine: Engine,
    files: Files,
    form: forms.Filled[CommitForm],
    fields: FormData,
) -> Response:
    if form.model is None:
        return _refused(request, here, engine, form)
    try:
        uploads = import_files.of_tickets(form.model.file)
        before = import_files.understand(files, uploads, import_files.read(form.model.choices))
        is_anew = fields.get("act") == "anew"
        chosen = {} if is_anew else import_files.corrected(fields, before)
    except Refusal as refusal:
        return _refused(request, here, engine, form.with_refusal(refusal), STATUS[refusal.kind])
    if is_anew:
        off = {"memory": "false"}
        form = forms.Filled({**form.values, **off}, form.faults, form.model.model_copy(update={"memory": False}))
    return _preview(request, here, engine, files, form, uploads, chosen)


def _preview(
    request: Request,
    here: Here,
    engine: Engine,
    files: Files,
    form: forms.Filled[Any],
    uploads: list[Upload],
    chosen: Chosen,
) -> Response:
    """Show what importing would do; a header that a clerk explained before is read as it was then."""
    try:
        understood = import_files.understand(files, uploads, chosen)
        with db.reading(engine) as session:
            told = _told(session, here, form, understood)
            use_memory = getattr(form.model, "memory", True)
            known = import_mappings.by_fingerprint(session, told.community) if use_memory else {}
            if known:
                understood = import_files.understand(files, uploads, chosen, known)
                told = _told(session, here, form, understood)
            books = import_mappings.in_the_books(session, told.community)
            twins = import_mappings.seen_before(session, [one.sha256 for one in uploads], told.community)
    except Refusal as refusal:
        return _refused(request, here, engine, form.with_refusal(refusal), STATUS[refusal.kind])
    return pages.page(
        request,
        "imports/preview.html",
        here=here,
        form=form,
        told=imports.answer(told),
        report=told,
        uploads=uploads,
        understood=understood,
        choices=import_files.write(import_files.chosen_of(understood)),
        kinds=list(SheetKind),
        fields=mapping.FIELDS,
        shown=import_files.SHOWN_COLUMNS,
        books=books,
        twins=twins,
        has_news=any(tally.created or tally.updated for file in told.files for tally in file.tallies),
        is_large=import_files.rows_of(understood) > LARGE,
    )


def _told(session: Session, here: Here, form: forms.Filled[Any], understood: list[Understood]) -> imports.Report:
    books = mapping.of_books(understood)
    told = imports.preview(session, books=books, options=_options(form, here), today=clock.today())
    _check_reach(here, told.community)
    return told


def _refused(request: Request, here: Here, engine: Engine, form: forms.Filled[Any], status: int = 422) -> Response:
    with db.reading(engine) as session:
        return _list_page(request, here, session, form, status=status)


def _options(form: forms.Filled[Any], here: Here) -> imports.Options:
    model = form.valid()
    assert isinstance(model, UploadForm)
    only = here.community if len(here.communities) == 1 and here.actor.community_ids is not None else ""
    return imports.Options(community=model.community or only, due_day=model.due_day)


def _check_reach(here: Here, community: str) -> None:
    """Refuse to write into a community that is not this person's, or to make a new one with a limited reach."""
    if here.actor.community_ids is not None and community not in dict(here.communities).values():
        raise forbidden("access.denied", permission=Permission.IMPORT_RUN.value)


@router.post("/imports/commit")
def commit(request: Request, here: Runner, engine: Database, files: Stored, form: Committed) -> Response:
    if form.model is None:
        return _refused(request, here, engine, form)
    try:
        uploads = import_files.of_tickets(form.model.file)
        chosen = import_files.read(form.model.choices)
        understood = import_files.understand(files, uploads, chosen)
        options = _options(form, here)
        if import_files.rows_of(understood) > LARGE and options.community:
            _check_reach(here, options.community)
            task_id = import_tasks.ask(engine, here, uploads, chosen, options)
            answer = pages.back_to(request, f"/imports/tasks/{task_id}", here=here, code="done.import_started")
            answer.background = BackgroundTask(request.app.state.errands.bring_in, task_id)
            return answer
        with db.transaction(engine) as session:
            told = imports.commit(
                session,
                books=mapping.of_books(understood),
                options=options,
                today=clock.today(),
                now=clock.now(),
                actor_id=here.actor.user_id,
                actor=here.actor.login,
                said=import_files.said_of(understood),
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


@router.post("/imports/error-workbook")
def error_workbook_file(here: Runner, engine: Database, files: Stored, form: Committed) -> Response:
    """Send the uploaded sheets back with the faults marked, ready to be corrected and uploaded again."""
    if form.model is None:
        raise Refusal("request.invalid")
    uploads = import_files.of_tickets(form.model.file)
    understood = import_files.understand(files, uploads, import_files.read(form.model.choices))
    with db.reading(engine) as session:
        told = _told(session, here, form, understood)
    contents = [(upload.name, files.get(upload.sha256)) for upload in uploads]
    tallies = [tally for number, file in enumerate(told.files) for tally in file.tallies or _known(number, file)]
    title = zh_cn.LABELS["export.faults"].format(name=contents[0][0].rpartition(".")[0] or contents[0][0])
    return pages.download(error_workbook.build(contents, tallies), name=f"{title}.xlsx", media_type=XLSX)


def _known(number: int, file: imports.FileReport) -> list[Tally]:
    """Return the faults of a file that was imported before: those of its own rows."""
    found = [Tally(number, sheet) for sheet in file.book.sheets]
    for tally in found:
        tally.faults.extend(tally.sheet.faults)
    return found


# --- what was imported ----------------------------------------------------------------------------


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
        dependents=import_undo.dependent_units(session, batch_id) if row.state != "undone" else [],
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
