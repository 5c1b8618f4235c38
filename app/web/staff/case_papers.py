"""The papers of a case and its bundle: drafted, looked at, sealed by another, handed over."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.background import BackgroundTasks
from starlette.responses import Response

from app import clock
from app.documents import bundle as bundle_files
from app.documents import bundle_contents, watermark, word_file
from app.domain.access import Permission, Role
from app.domain.case_facts import AFTER_JUDGMENT, EDITABLE, Paper
from app.domain.errors import Kind, Refusal, not_found
from app.domain.privacy import mask_name
from app.i18n import zh_cn
from app.services import bundles as services
from app.services import case_papers as paper_services
from app.store import bundles, case_papers, case_reads, cases, db
from app.web import forms, pages, uploads
from app.web.case_gate import case_of, reach, stage_word, within
from app.web.deps import Database, Here, Id, Outside, Reading, Stored, require, require_fresh
from app.web.errors import STATUS
from app.web.listing import PAGE_SIZE, Pager
from app.web.staff.acting import by

router = APIRouter()

Looker = Annotated[Here, require(Permission.CASE_SEE)]
Drafter = Annotated[Here, require(Permission.BUNDLE_DRAFT)]
Sealer = Annotated[Here, require_fresh(Permission.BUNDLE_SEAL)]
Taker = Annotated[Here, require(Permission.BUNDLE_TAKE)]
_PDF = "application/pdf"
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_ZIP = "application/zip"
PaperName = Literal[
    "complaint",
    "payment_order",
    "exhibit_list",
    "calculation",
    "limitation",
    "delivery",
    "demand",
    "power",
    "enforcement",
    "instalments",
    "mediation",
]


class PaperForm(forms.FormModel):
    kind: PaperName = Field(title="文书")


class HandForm(forms.FormModel):
    to_whom: forms.Text = Field(default="", title="移交给", max_length=120)
    note: forms.Text = Field(default="", title="备注", max_length=200)


class ManyForm(forms.FormModel):
    case: list[forms.Number] = Field(default_factory=list, title="案件", max_length=200)


class ManyQuery(forms.FormModel):
    page: int = Field(default=1, title="页码", ge=1, le=100000)


Asked = Annotated[forms.Filled[PaperForm], forms.filled(PaperForm)]
Handed = Annotated[forms.Filled[HandForm], forms.filled(HandForm)]
Many = Annotated[forms.Filled[ManyForm], forms.filled(ManyForm)]


@router.get("/cases/{case_id}/papers")
def show(request: Request, case_id: Id, here: Looker, engine: Database) -> Response:
    with db.reading(engine) as session:
        return _page(request, here, session, case_id, forms.Filled({}))


@router.post("/cases/{case_id}/papers")
def draft(request: Request, case_id: Id, here: Drafter, engine: Database, form: Asked) -> Response:
    reach(engine, here, case_id)
    if form.model is None:
        return _again(request, here, engine, case_id, form)
    kind = Paper(form.model.kind)
    try:
        with db.transaction(engine) as session:
            paper_services.draft(session, case_id=case_id, kind=kind, by=by(here))
    except Refusal as refusal:
        return _refused(request, here, engine, case_id, form, refusal)
    return pages.back_to(request, f"/cases/{case_id}/papers", here=here, code="done.paper_drafted")


@router.get("/cases/{case_id}/papers/{paper_id}/pdf")
def read_paper(case_id: Id, paper_id: Id, here: Taker, engine: Database, gateways: Outside) -> Response:
    """Show a paper: the file it was frozen to, or the draft printed anew; a lawyer's copy says who took it."""
    case, row = _paper(engine, here, case_id, paper_id)
    frozen = row["pdf_sha256"]
    content = gateways.files.get(frozen) if frozen else paper_services.pdf(gateways, facts=paper_services.facts_of(row))
    return _pdf(here, content, _name(case, row, "pdf"), case["number"])


@router.get("/cases/{case_id}/papers/{paper_id}/docx")
def edit_paper(case_id: Id, paper_id: Id, here: Taker, engine: Database, files: Stored) -> Response:
    case, row = _paper(engine, here, case_id, paper_id)
    if Paper(row["kind"]) not in EDITABLE:
        raise not_found("case_paper.unknown")
    frozen = row["docx_sha256"]
    content = files.get(frozen) if frozen else word_file.word_file(paper_services.facts_of(row))
    return pages.download(content, name=_name(case, row, "docx"), media_type=_WORD)


def _name(case: Any, row: Any, ending: str) -> str:  # noqa: ANN401 - rows of the store
    paper = zh_cn.LABELS["paper." + row["kind"]]
    return f"{case['number']}-{paper}.{ending}"


def _paper(engine: Engine, here: Here, case_id: int, paper_id: int) -> tuple[Any, Any]:
    """Return the case and one of its papers, and leave a trace: it shows names and numbers in full."""
    with db.transaction(engine) as session:
        case = case_of(session, here, case_id)
        row = case_papers.one(session, case_id=case_id, paper_id=paper_id)
        paper_services.opened(session, case_id=case_id, paper_id=paper_id, by=by(here))
    return case, row


@router.post("/cases/{case_id}/papers/{paper_id}/freeze")
def freeze(request: Request, case_id: Id, paper_id: Id, here: Drafter, engine: Database, gateways: Outside) -> Response:
    with db.reading(engine) as session:
        case_of(session, here, case_id)
        row = case_papers.one(session, case_id=case_id, paper_id=paper_id)
    made = paper_services.produce(gateways, paper_id=paper_id, facts=paper_services.facts_of(row))
    try:
        with db.transaction(engine) as session:
            paper_services.freeze(session, case_id=case_id, made=made, by=by(here))
    except Refusal as refusal:
        return _refused(request, here, engine, case_id, forms.Filled({}), refusal)
    return pages.back_to(request, f"/cases/{case_id}/papers", here=here, code="done.paper_frozen")


@router.post("/cases/{case_id}/bundles")
def draft_bundle(request: Request, case_id: Id, here: Drafter, engine: Database) -> Response:
    reach(engine, here, case_id)
    try:
        with db.transaction(engine) as session:
            made = services.draft(session, case_ids=[case_id], by=by(here))
    except Refusal as refusal:
        return _refused(request, here, engine, case_id, forms.Filled({}), refusal)
    answer = pages.back_to(request, f"/cases/{case_id}/papers", here=here, code="done.bundle_asked")
    answer.background = _errands(request, made)
    return answer


@router.post("/cases/{case_id}/bundles/{bundle_id}/seal")
def seal(request: Request, case_id: Id, bundle_id: Id, here: Sealer, engine: Database, gateways: Outside) -> Response:
    """Seal a bundle: whoever drafted it cannot; the file is made outside any transaction."""
    _bundle(engine, here, case_id, bundle_id)
    deed = by(here)
    try:
        with db.reading(engine) as session:
            sealing = services.check_seal(session, bundle_id=bundle_id, by=deed)
            plan = services.plan(session, bundle_id=bundle_id)
        built = services.produce(gateways, plan=plan, sealing=sealing)
        with db.transaction(engine) as session:
            services.settle_seal(session, built=built, by=deed)
    except Refusal as refusal:
        return _refused(request, here, engine, case_id, forms.Filled({}), refusal)
    return pages.back_to(request, f"/cases/{case_id}/papers", here=here, code="done.bundle_sealed")


@router.get("/cases/{case_id}/bundles/{bundle_id}/zip")
def take(case_id: Id, bundle_id: Id, here: Taker, engine: Database, files: Stored) -> Response:
    """Send the bundle itself, byte for byte: its seal and hashes would not outlive a mark."""
    _bundle(engine, here, case_id, bundle_id)
    with db.transaction(engine) as session:
        sha256, name = services.take(session, bundle_id=bundle_id, by=by(here))
    return uploads.original(files, sha256=sha256, name=name, media_type=_ZIP)


@router.get("/cases/{case_id}/bundles/{bundle_id}/pdf")
def read(case_id: Id, bundle_id: Id, here: Taker, engine: Database, files: Stored) -> Response:
    """Show the joined file of a bundle; a lawyer's copy says on every page who took it and when."""
    row = _bundle(engine, here, case_id, bundle_id)
    with db.transaction(engine) as session:
        sha256, _ = services.take(session, bundle_id=bundle_id, by=by(here))
    content = dict(bundle_files.pdfs_of(files.get(sha256)))[bundle_contents.PDF_PATH]
    return _pdf(here, content, f"{row['case_number']}-{bundle_contents.PDF_PATH}", row["case_number"])


@router.post("/cases/{case_id}/bundles/{bundle_id}/handover")
def hand_over(request: Request, case_id: Id, bundle_id: Id, here: Drafter, engine: Database, form: Handed) -> Response:
    _bundle(engine, here, case_id, bundle_id)
    if form.model is None:
        return _again(request, here, engine, case_id, form)
    given = form.model
    try:
        with db.transaction(engine) as session:
            services.hand_over(session, bundle_id=bundle_id, to_whom=given.to_whom, note=given.note, by=by(here))
    except Refusal as refusal:
        return _refused(request, here, engine, case_id, form, refusal)
    return pages.back_to(request, f"/cases/{case_id}/papers", here=here, code="done.bundle_handed")


@router.get("/bundles")
def show_many(request: Request, here: Looker, session: Reading) -> Response:
    """List cases with their newest bundle, to draft many at once."""
    return _many(request, here, session, forms.of_address(ManyQuery, request))


@router.post("/bundles")
def draft_many(request: Request, here: Drafter, engine: Database, form: Many) -> Response:
    try:
        with db.transaction(engine) as session:
            chosen = form.model.case if form.model else []
            for case_id in chosen:
                case_of(session, here, case_id)
            made = services.draft(session, case_ids=chosen, by=by(here))
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        with db.reading(engine) as session:
            return _many(request, here, session, form.with_refusal(refusal), status=STATUS[refusal.kind])
    answer = pages.back_to(request, "/bundles", here=here, code="done.bundle_asked")
    answer.background = _errands(request, made)
    return answer


# --- private ----------------------------------------------------------------------------------------


def _bundle(engine: Engine, here: Here, case_id: int, bundle_id: int) -> Any:  # noqa: ANN401 - a row of the store
    with db.reading(engine) as session:
        case_of(session, here, case_id)
        row = bundles.one(session, bundle_id)
    if row["case_id"] != case_id:
        raise not_found("bundle.unknown")
    return row


def _errands(request: Request, made: list[int]) -> BackgroundTasks:
    tasks = BackgroundTasks()
    for number in made:
        tasks.add_task(request.app.state.errands.bundle, number)
    return tasks


def _pdf(here: Here, content: bytes, name: str, number: str) -> Response:
    if here.actor.role is Role.LAWYER:
        content = watermark.marked(content, login=here.actor.login, number=number, at=clock.now())
    answer = pages.download(content, name=name, media_type=_PDF, inline=True)
    answer.headers["Content-Security-Policy"] = uploads.SEALED_OFF
    return answer


def _refused(
    request: Request, here: Here, engine: Engine, case_id: int, form: forms.Filled[Any], refusal: Refusal
) -> Response:
    if refusal.kind is Kind.NOT_FOUND:
        raise refusal
    return _again(request, here, engine, case_id, form.with_refusal(refusal), status=STATUS[refusal.kind])


def _again(
    request: Request, here: Here, engine: Engine, case_id: int, form: forms.Filled[Any], status: int = 422
) -> Response:
    with db.reading(engine) as session:
        return _page(request, here, session, case_id, form, status)


def _page(
    request: Request, here: Here, session: Session, case_id: int, form: forms.Filled[Any], status: int = 200
) -> Response:
    case = case_of(session, here, case_id)
    drafts = case_papers.newest(session, case_id)
    decided = bool(cases.judgments(session, case_id))
    found = bundles.of_case(session, case_id)
    newest = found[0] if found else None
    return pages.page(
        request,
        "case_papers/papers.html",
        here=here,
        status=status,
        case=case,
        stage_name=stage_word(case["path"], case["stage"]),
        form=form,
        papers=[(kind.value, drafts.get(kind.value), kind in EDITABLE) for kind in Paper],
        waiting={kind.value for kind in AFTER_JUDGMENT if not decided},
        bundle=newest,
        older=found[1:],
        gaps=[(gap, *_gap_words(gap)) for gap in newest["gaps"]] if newest else [],
        handovers=bundles.handovers(session, case_id),
        may_seal=here.actor.may(Permission.BUNDLE_SEAL)
        and newest is not None
        and newest["drafted_by"] != here.actor.user_id,
    )


def _gap_words(gap: Any) -> tuple[str, str]:  # noqa: ANN401 - a gap as it was frozen
    code = gap["code"]
    return zh_cn.LABELS[f"gap.{code}"].format(count=gap["count"]), zh_cn.LABELS[f"gap_fix.{code}"]


def _many(request: Request, here: Here, session: Session, form: forms.Filled[Any], status: int = 200) -> Response:
    query = form.model if isinstance(form.model, ManyQuery) else ManyQuery()
    wanted = within(here)
    rows = case_reads.listing(session, wanted, limit=PAGE_SIZE, offset=(query.page - 1) * PAGE_SIZE)
    numbers = [row["id"] for row in rows]
    names = case_reads.defendants(session, numbers)
    return pages.page(
        request,
        "case_papers/many.html",
        here=here,
        status=status,
        form=form,
        rows=rows,
        newest=bundles.newest_of(session, numbers),
        names={number: [mask_name(name) for name in found] for number, found in names.items()},
        pager=Pager("/bundles", {}, query.page, case_reads.totals(session, wanted)["cases"]),
    )
