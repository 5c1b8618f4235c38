"""Lists for the post office, results read back from its files, and what deliveries came to."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from starlette.responses import Response

from app import clock
from app.domain.access import Permission
from app.domain.errors import Kind, Refusal
from app.i18n import print_words, zh_cn
from app.services import delivery_lists
from app.services.deliveries import MOST
from app.sheets import exports, tracking
from app.store import db, delivery_reads, stored_files
from app.web import delivery_frame, forms, pages
from app.web.deps import Database, Here, Stored, reachable, require
from app.web.errors import STATUS
from app.web.staff.arrears import XLSX
from app.web.staff.deliveries import RegisterQuery
from app.web.staff.delivery_records import by
from app.web.uploads import Kept

router = APIRouter()

Recorder = Annotated[Here, require(Permission.DELIVERY_RECORD)]

COLUMNS = (
    ("number", 18),
    ("label", 16),
    ("addressee", 16),
    ("address", 40),
    ("phone", 16),
    ("content", 52),
    ("pages", 8),
    ("basis", 20),
    ("post_number", 20),
)
MOST_BYTES = 20 * 1024 * 1024
SHEETS = {"xlsx": XLSX, "xls": "application/vnd.ms-excel", "csv": "text/csv"}


class ResultsForm(forms.FormModel):
    note: forms.Text = Field(default="", title="备注", max_length=100)


Results = Annotated[forms.Filled[ResultsForm], forms.filled(ResultsForm)]
BLANK: forms.Filled[Any] = forms.Filled({})


@router.get("/deliveries/results")
def show(request: Request, here: Recorder, engine: Database) -> Response:
    return _page(request, here, engine, BLANK)


@router.get("/deliveries/slips.xlsx")
def slips(request: Request, here: Recorder, engine: Database) -> Response:
    """Send the list for the post office: whole names, addresses and phones, so taking it is logged."""
    form = forms.of_address(RegisterQuery, request)
    if form.model is None:
        raise Refusal("request.invalid")
    community_id = reachable(here, here.community_id)
    with db.transaction(engine) as session:
        chosen = delivery_reads.notice_ids(session, form.model.wanted(community_id), limit=MOST)
        made = delivery_lists.slips(session, notice_ids=chosen, community_id=community_id, by=by(here))
    title = _say("title").format(community=here.community, on=clock.today().isoformat())
    notes = [_say("note")]
    if made.skipped:
        rooms = print_words.listed([f"{one.label}（{_why(one)}）" for one in made.skipped])
        notes.append(_say("left_out").format(count=len(made.skipped), rooms=rooms))
    body = exports.workbook(
        name=_say("sheet"),
        columns=[exports.Column(_say(name), _kind(name), width) for name, width in COLUMNS],
        rows=[_row(slip) for slip in made.slips],
        title=title,
        notes=notes,
        footer=here.actor.name,
    )
    return pages.download(body, name=f"{title}.xlsx", media_type=XLSX)


@router.post("/deliveries/results")
def take_results(request: Request, here: Recorder, engine: Database, files: Stored, form: Results) -> Response:
    """Read a file of the post office; the original is kept byte for byte beside what was filed from it."""
    try:
        if form.model is None:
            raise Refusal("request.invalid")
        community_id = reachable(here, here.community_id)
        found = form.files.get("file")
        data = b"" if found is None else found.file.read(MOST_BYTES + 1)
        name = (found.filename or "") if found is not None else ""
        try:
            read = tracking.parse(name, data)
        except Refusal as refusal:
            raise refusal.at("file") from refusal
        sha256 = files.put(data)
        with db.transaction(engine) as session:
            done = delivery_lists.file_results(
                session, read=read, file_name=name, community_id=community_id, by=by(here)
            )
            kind = SHEETS.get(name.rpartition(".")[2].lower(), "application/octet-stream")
            kept = Kept(sha256, len(data), kind, name[-120:])
            subject = f"delivery_import:{done.import_id}"
            stored_files.add(session, subject=subject, files=[kept], at=clock.now(), by=here.actor.user_id)
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        told = form if form.model is None else form.with_refusal(refusal)
        return _page(request, here, engine, told, status=STATUS[refusal.kind])
    return pages.back_to(
        request,
        "/deliveries/results",
        here=here,
        code="done.results_imported",
        rows=done.rows,
        filed=done.filed,
        repeated=done.repeated,
        problems=len(done.problems),
    )


def _page(request: Request, here: Here, engine: Engine, form: forms.Filled[Any], *, status: int = 200) -> Response:
    rows, batches = list[Any](), list[Any]()
    with db.reading(engine) as session:
        if here.community_id is not None:
            rows = delivery_reads.imports(session, community_id=here.community_id)
            batches = delivery_reads.batches(session, community_id=here.community_id)
    return pages.page(
        request,
        "deliveries/results.html",
        here=here,
        status=status,
        form=form,
        rows=rows,
        batches=batches,
        tabs=delivery_frame.tabs(here, "results"),
    )


def _row(slip: delivery_lists.Slip) -> list[exports.Value]:
    basis = pages.named(slip.delivered_to, "address_basis")
    return [
        slip.number,
        slip.label,
        slip.addressee,
        slip.address,
        slip.phone,
        slip.content,
        slip.pages,
        basis,
        "",
    ]


def _kind(name: str) -> exports.ColumnKind:
    return exports.ColumnKind.NUMBER if name == "pages" else exports.ColumnKind.TEXT


def _why(one: delivery_lists.Skipped) -> str:
    return pages.said(one.code, detail=one.detail)


def _say(name: str) -> str:
    return zh_cn.LABELS[f"slips.{name}"]
