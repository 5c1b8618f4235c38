"""Long work that goes on when its page is closed: the bell, the list, and one piece with its progress and log."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, Response

from app import clock
from app.domain.access import Permission
from app.domain.errors import forbidden, not_found
from app.store import audit, db, jobs
from app.store.jobs import JobLine
from app.web import pages, standing, streams
from app.web.deps import AnyHere, Database, Here, Id, Reading

router = APIRouter()

SHOWN = 60


def _lines(session: Session, here: Here, limit: int = SHOWN) -> list[JobLine]:
    return jobs.recent(
        session,
        community_ids=[number for number, _ in here.communities],
        user_id=here.actor.user_id,
        sees_notices=here.actor.may(Permission.NOTICE_SEE),
        sees_imports=here.actor.may(Permission.IMPORT_SEE),
        limit=limit,
    )


@router.get("/jobs")
def show(request: Request, here: AnyHere, session: Reading) -> Response:
    lines = _lines(session, here)
    running = sum(line.is_at_work for line in lines)
    return pages.page(request, "jobs/list.html", here=here, lines=lines, running=running)


@router.get("/jobs/bell")
def bell(here: AnyHere, session: Reading) -> Response:
    """Answer the bell while something is at work; 204 once nothing is, so that it stops asking."""
    lines = _lines(session, here, standing.IN_BELL)
    body = pages.fragment("parts/bell.html", here={"jobs": lines})
    return HTMLResponse(body)


@router.get("/jobs/rows")
def rows(here: AnyHere, session: Reading) -> Response:
    """Answer the list while something is at work."""
    lines = _lines(session, here)
    headers = {} if any(line.is_at_work for line in lines) else {"X-Poll": "stop"}
    return HTMLResponse(pages.fragment("jobs/rows.html", here=here, lines=lines), headers=headers)


@router.get("/jobs/{job_id}")
def show_one(request: Request, job_id: Id, here: AnyHere, session: Reading) -> Response:
    return pages.page(request, "jobs/job.html", here=here, **_context(session, here, job_id))


@router.get("/jobs/{job_id}/progress")
def progress(request: Request, job_id: Id, here: AnyHere, engine: Database) -> Response:
    def show(session: Session) -> tuple[str, bool]:
        context = _context(session, here, job_id)
        return pages.fragment("jobs/progress.html", here=here, **context), not context["is_at_work"]

    return streams.told(request, engine, show, when_over={"X-Poll": "stop"})


@router.post("/jobs/{job_id}/cancel")
def cancel(request: Request, job_id: Id, here: AnyHere, engine: Database) -> Response:
    """Ask a piece of work to stop at its next step; only who started it, or who runs the office, may."""
    with db.transaction(engine) as session:
        row = _reachable(session, here, job_id)
        if not _may_stop(here, row):
            raise forbidden("job.not_yours")
        jobs.ask_to_stop(session, job_id=job_id, now=clock.now())
        audit.record(
            session,
            at=clock.now(),
            actor=here.actor.login,
            action="job.cancelled",
            subject=f"job:{job_id}",
            community_id=row.community_id,
        )
    return pages.back_to(request, f"/jobs/{job_id}", here=here, code="done.job_stopping")


def _context(session: Session, here: Here, job_id: int) -> dict[str, Any]:
    row = _reachable(session, here, job_id)
    return {"job": row, "is_at_work": row.state in jobs.AT_WORK, "may_stop": _may_stop(here, row)}


def _reachable(session: Session, here: Here, job_id: int) -> Any:  # noqa: ANN401 - a row of the store
    row = jobs.row_of(session, job_id)
    is_own = row.started_by == here.actor.user_id
    if not is_own and (row.community_id is None or row.community_id not in dict(here.communities)):
        raise not_found("job.unknown")
    return row


def _may_stop(here: Here, row: Any) -> bool:  # noqa: ANN401 - a row of the store
    return row.started_by == here.actor.user_id or here.actor.may(Permission.COMMUNITY_EDIT)
