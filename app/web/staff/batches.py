"""One notice batch: its units by state, the difference to the last one, release, progress, stop and papers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask
from starlette.responses import RedirectResponse, Response

from app import clock
from app.domain import wording
from app.domain.access import Permission
from app.domain.errors import Kind, Refusal, not_found
from app.domain.notices import MAY_OVERRULE, SkipReason
from app.i18n import wording as words
from app.i18n import zh_cn
from app.services import notice_care, notice_issue, notices, printing
from app.sheets import exports
from app.sheets.exports import Column, ColumnKind
from app.store import audit, db, estate, notice_papers, procedure
from app.store import notices as notice_reads
from app.web import forms, pages, streams
from app.web.deps import Config, Database, Finish, Here, Id, Outside, reachable, require, require_fresh
from app.web.errors import STATUS
from app.web.listing import PAGE_SIZE, Pager
from app.web.staff import batch_run
from app.web.staff.arrears import XLSX

router = APIRouter()

Viewer = Annotated[Here, require(Permission.NOTICE_SEE)]
Drafter = Annotated[Here, require(Permission.NOTICE_DRAFT)]
Starter = Annotated[Here, require(Permission.NOTICE_RELEASE)]
Releaser = Annotated[Here, require_fresh(Permission.NOTICE_RELEASE)]


class UnitsQuery(forms.FormModel):
    """What narrows the units of a batch; blank fields do not."""

    q: forms.Text = Field(default="", title="房号或姓名", max_length=40)
    state: Literal["", "waiting", "numbered", "printed", "skipped", "failed"] = Field(default="", title="状态")
    reason: forms.Text = Field(default="", title="原因", max_length=60)
    page: int = Field(default=1, title="页码", ge=1, le=100000)

    def wanted(self) -> notice_papers.UnitFilter:
        """Return the store's filter."""
        return notice_papers.UnitFilter(self.state, self.reason, self.q)


class UnitForm(forms.FormModel):
    act: Literal["exclude", "include"] = Field(title="操作")
    reason: forms.Text = Field(default="", title="原因", max_length=200)


class PrintForm(forms.FormModel):
    reason: forms.Text = Field(default="", title="原因", max_length=200)


OneUnit = Annotated[forms.Filled[UnitForm], forms.filled(UnitForm)]
Printed = Annotated[forms.Filled[PrintForm], forms.filled(PrintForm)]


@router.get("/notices/{batch_id}")
def show_batch(request: Request, batch_id: Id, here: Viewer, engine: Database) -> Response:
    return _batch_page(request, here, engine, batch_id, {})


def _batch_page(
    request: Request, here: Here, engine: Engine, batch_id: int, faults: dict[str, str], *, status: int = 200
) -> Response:
    form = forms.of_address(UnitsQuery, request)
    query = form.model or UnitsQuery()
    with db.reading(engine) as session:
        row = _reach(session, here, batch_id)
        count = notice_papers.count_units(session, batch_id, query.wanted())
        params = {key: str(value) for key, value in form.values.items() if key != "page"}
        pager = Pager(f"/notices/{batch_id}", params, 1, count)
        pager = Pager(pager.path, params, min(query.page, pager.last), count)
        start = (pager.number - 1) * PAGE_SIZE
        units = notice_papers.list_units(session, batch_id, query.wanted(), limit=PAGE_SIZE, offset=start)
        reasons = notice_papers.reasons(session, batch_id)
        context = _progress_context(session, here, row) | _review(session, row)
    return pages.page(
        request,
        "notices/batch.html",
        here=here,
        status=422 if form.faults else status,
        faults={**form.faults, **faults},
        form=form,
        units=units,
        pager=pager,
        reasons=reasons,
        states=notice_papers.STATES,
        may_overrule={reason.value for reason in MAY_OVERRULE},
        **context,
    )


def _reach(session: Session, here: Here, batch_id: int) -> Any:  # noqa: ANN401 - a row of the store
    row = notice_reads.batch(session, batch_id)
    reachable(here, row.community_id)
    return row


def _progress_context(session: Session, here: Here, row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of the store
    """Return what the progress line shows: one query, however many units there are."""
    counts = notice_papers.counts(session, row.id)
    is_running = batch_run.is_running(row.id)
    may_release = here.actor.may(Permission.NOTICE_RELEASE)
    return {"batch": row, "counts": counts, "is_running": is_running, "may_release": may_release}


def _review(session: Session, row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of the store
    """Return what a releaser looks at first: the difference to the last batch, versions, threats in the clause."""
    last = notice_papers.last_before(session, row)
    community = estate.community_row(session, row.community_id)
    clauses = f"{community.fee_clause}\n{community.late_charge_clause}"
    # The contract may call the charge by its old name; the template quotes and explains that.
    forbidden = [word for word in words.FORBIDDEN if word != words.OLD_NAME]
    return {
        "last": last,
        "difference": None if last is None else notice_papers.difference(session, batch_id=row.id, last_id=last.id),
        "version": None if row.procedure_version_id is None else procedure.version(session, row.procedure_version_id),
        "said": None if row.wording_id is None else procedure.wording(session, row.wording_id),
        "newest_said": procedure.wording_in_force(session, community_id=row.community_id, tone=row.tone),
        "threats": wording.threats(clauses, forbidden),
        "people": notice_papers.people(session, row),
        "community": community,
        "parts": notice_papers.parts(session, row.id),
        "prints": notice_papers.prints(session, row.id),
        "sample_unit": notice_papers.first_selected(session, row.id),
    }


@router.get("/notices/{batch_id}/progress")
def progress(request: Request, batch_id: Id, here: Viewer, engine: Database) -> Response:
    """Answer with the progress line alone; it stops asking once the batch is over."""

    def show(session: Session) -> tuple[str, bool]:
        context = _progress_context(session, here, _reach(session, here, batch_id))
        html = pages.fragment("notices/progress.html", here=here, **context)
        return html, context["batch"].state in {"done", "cancelled"}

    return streams.told(request, engine, show, when_over={"HX-Refresh": "true"})


@router.get("/notices/{batch_id}/sample.pdf")
def sample(
    request: Request, batch_id: Id, here: Viewer, engine: Database, outside: Outside, settings: Config
) -> Response:
    """Show the notice a unit of the batch would get: as it will look, unnumbered and marked."""
    given = request.query_params.get("unit", "")
    with db.reading(engine) as session:
        row = _reach(session, here, batch_id)
        picked = int(given) if given.isascii() and given.isdigit() and len(given) < 10 else None
        unit_id = picked or notice_papers.first_selected(session, batch_id)
        if unit_id is None:
            raise not_found("notice_batch.nobody_left")
        wanted = notice_issue.Sample(
            community_id=row.community_id,
            tone=row.tone,
            level=row.level,
            as_of=row.as_of,
            deadline_on=row.deadline_on,
            said=None if row.wording_id is None else procedure.wording(session, row.wording_id),
            procedure_version_id=row.procedure_version_id,
            public_url=settings.public_url,
        )
        facts = notice_issue.sample(session, wanted=wanted, unit_id=unit_id, today=clock.today())
    return pages.pdf(printing.proof(outside, facts=facts), name=f"sample-{batch_id}.pdf")


@router.get("/notices/{batch_id}/units.xlsx")
def export(request: Request, batch_id: Id, here: Viewer, engine: Database) -> Response:
    """Send the units as they are filtered: who gets one, who does not, and why."""
    form = forms.of_address(UnitsQuery, request)
    if form.model is None:
        raise Refusal("request.invalid")
    with db.transaction(engine) as session:
        row = _reach(session, here, batch_id)
        units = notice_papers.list_units(session, batch_id, form.model.wanted())
        _log(session, row, "notice_batch.exported", here, {"units": len(units)})
    kinds = (
        ("room", ColumnKind.TEXT, 22),
        ("state", ColumnKind.TEXT, 14),
        ("reason", ColumnKind.TEXT, 40),
        ("person", ColumnKind.TEXT, 14),
        ("person_reason", ColumnKind.TEXT, 40),
        ("number", ColumnKind.TEXT, 18),
        ("amount", ColumnKind.MONEY, 14),
    )
    columns = [Column(_say(key), kind, width) for key, kind, width in kinds]
    lines = [_export_row(unit) for unit in units]
    title = _say("title").format(number=batch_id)
    body = exports.workbook(name=_say("sheet"), columns=columns, rows=lines, title=title, footer=here.actor.name)
    return pages.download(body, name=f"{title}.xlsx", media_type=XLSX)


def _say(key: str) -> str:
    return zh_cn.LABELS[f"batch_export.{key}"]


def _export_row(unit: Any) -> list[exports.Value]:  # noqa: ANN401 - a row of the store
    why = pages.named(unit.failure, "print_failure") if unit.stands == "failed" else ""
    why = why or (pages.named(unit.skip_reason, "skip_reason") if unit.skip_reason else "")
    asked = unit.selected_fen if unit.number is None else unit.principal_fen + unit.late_charge_fen
    return [
        unit.label,
        pages.named(unit.stands, "unit_stands"),
        why,
        unit.overruled_by_name or "",
        unit.overrule_reason,
        unit.number or "",
        asked,
    ]


def _log(session: Session, row: Any, action: str, here: Here, facts: dict[str, object]) -> None:  # noqa: ANN401 - a row
    audit.record(
        session,
        at=clock.now(),
        actor=here.actor.login,
        action=action,
        subject=f"notice_batch:{row.id}",
        community_id=row.community_id,
        facts=facts,
    )


# --- single units -----------------------------------------------------------------------------------


@router.get("/notices/{batch_id}/rooms/{unit_id}")
def show_unit(request: Request, batch_id: Id, unit_id: Id, here: Drafter, engine: Database) -> Response:
    return _unit_page(request, here, engine, batch_id, unit_id, forms.Filled({}))


@router.post("/notices/{batch_id}/rooms/{unit_id}")
def overrule(request: Request, batch_id: Id, unit_id: Id, here: Drafter, engine: Database, form: OneUnit) -> Response:
    """Leave one unit out of a draft or take it in, with a reason."""
    if form.model is None:
        return _unit_page(request, here, engine, batch_id, unit_id, form, status=422)
    who = {"now": clock.now(), "actor_id": here.actor.user_id, "actor": here.actor.login}
    which = {"batch_id": batch_id, "unit_id": unit_id, "reason": form.model.reason}
    try:
        with db.transaction(engine) as session:
            _reach(session, here, batch_id)
            if form.model.act == "exclude":
                notice_care.set_aside(session, **which, **who)  # type: ignore[arg-type]
            else:
                notice_care.take_in(session, **which, **who, today=clock.today())  # type: ignore[arg-type]
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        faulty = form.with_refusal(refusal)
        return _unit_page(request, here, engine, batch_id, unit_id, faulty, status=STATUS[refusal.kind])
    return RedirectResponse(f"/notices/{batch_id}", status_code=303)


def _unit_page(
    request: Request,
    here: Here,
    engine: Engine,
    batch_id: int,
    unit_id: int,
    form: forms.Filled[UnitForm],
    *,
    status: int = 200,
) -> Response:
    with db.reading(engine) as session:
        batch = _reach(session, here, batch_id)
        row = notice_papers.unit_row(session, batch_id, unit_id)
    may_include = row.state == "skipped" and row.skip_reason in {reason.value for reason in MAY_OVERRULE}
    return pages.page(
        request,
        "notices/unit.html",
        here=here,
        status=status,
        form=form,
        batch=batch,
        row=row,
        may_include=may_include,
        was_set_aside=row.skip_reason == SkipReason.SET_ASIDE.value,
    )


# --- release, retry, stop ---------------------------------------------------------------------------


@router.post("/notices/{batch_id}/release")
def release(
    request: Request, batch_id: Id, here: Releaser, engine: Database, settings: Config, finish: Finish
) -> Response:
    try:
        with db.transaction(engine) as session:
            _reach(session, here, batch_id)
            notices.release(
                session,
                batch_id=batch_id,
                today=clock.today(),
                now=clock.now(),
                actor_id=here.actor.user_id,
                actor=here.actor.login,
                public_url=settings.public_url,
                may_be_local=settings.demo,
            )
    except Refusal as refusal:
        return _refused(request, here, engine, batch_id, refusal)
    answer = pages.back_to(request, f"/notices/{batch_id}", here=here, code="done.batch_released")
    answer.background = BackgroundTask(batch_run.run, finish, batch_id)
    return answer


@router.post("/notices/{batch_id}/resume")
def resume(request: Request, batch_id: Id, here: Starter, engine: Database, finish: Finish) -> Response:
    """Go on with a released batch after an interruption, and try again what failed; what is there stays as it is."""
    try:
        with db.transaction(engine) as session:
            row = _reach(session, here, batch_id)
            if row.state == "released":
                notice_care.try_again(session, batch_id=batch_id, now=clock.now(), actor=here.actor.login)
    except Refusal as refusal:
        return _refused(request, here, engine, batch_id, refusal)
    answer = RedirectResponse(f"/notices/{batch_id}", status_code=303)
    if row.state == "released":
        answer.background = BackgroundTask(batch_run.run, finish, batch_id)
    return answer


@router.post("/notices/{batch_id}/cancel")
def cancel(request: Request, batch_id: Id, here: Drafter, engine: Database) -> Response:
    """Throw a draft away, or stop a batch that is being printed."""
    try:
        with db.transaction(engine) as session:
            _reach(session, here, batch_id)
            notice_care.cancel(
                session,
                batch_id=batch_id,
                now=clock.now(),
                actor=here.actor.login,
                actor_id=here.actor.user_id,
                may_stop=here.actor.may(Permission.NOTICE_RELEASE),
            )
    except Refusal as refusal:
        return _refused(request, here, engine, batch_id, refusal)
    return pages.back_to(request, f"/notices/{batch_id}", here=here, code="done.batch_cancelled")


def _refused(request: Request, here: Here, engine: Engine, batch_id: int, refusal: Refusal) -> Response:
    if refusal.kind is Kind.NOT_FOUND:
        raise refusal
    faults = {"": zh_cn.sentence(refusal)}
    return _batch_page(request, here, engine, batch_id, faults, status=STATUS[refusal.kind])


# --- papers -----------------------------------------------------------------------------------------


@router.post("/notices/{batch_id}/parts/{part}")
def print_part(
    request: Request, batch_id: Id, part: Id, here: Viewer, engine: Database, outside: Outside, form: Printed
) -> Response:
    """Send a print file, the same bytes every time; who took it, when and why is written down."""
    try:
        with db.transaction(engine) as session:
            row = _reach(session, here, batch_id)
            sha256 = notice_care.take_part(
                session,
                batch_id=batch_id,
                part=part,
                reason=form.model.reason if form.model else "",
                now=clock.now(),
                actor_id=here.actor.user_id,
                actor=here.actor.login,
            )
    except Refusal as refusal:
        return _refused(request, here, engine, batch_id, refusal)
    name = f"{pages.named(row.tone, 'tone')}-{row.as_of.isoformat()}-{part}.pdf"
    return pages.pdf(outside.files.get(sha256), name=name)


@router.post("/notices/{batch_id}/papers/{document_id}")
def print_one(
    request: Request, batch_id: Id, document_id: Id, here: Viewer, engine: Database, outside: Outside, form: Printed
) -> Response:
    """Send one notice of the batch once more, the same bytes; with a reason, which is written down."""
    try:
        with db.transaction(engine) as session:
            _reach(session, here, batch_id)
            found = notice_papers.batch_of_document(session, document_id)
            if found is None or found.id != batch_id:
                raise not_found("document.unknown")
            sha256 = notice_care.take_notice(
                session,
                document_id=document_id,
                reason=form.model.reason if form.model else "",
                now=clock.now(),
                actor_id=here.actor.user_id,
                actor=here.actor.login,
            )
    except Refusal as refusal:
        return _refused(request, here, engine, batch_id, refusal)
    return pages.pdf(outside.files.get(sha256), name=f"{document_id}.pdf")
