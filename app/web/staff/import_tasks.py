"""Imports that go on when their page is closed, and headers a clerk explained once."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Request
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import clock
from app.domain.access import Permission
from app.domain.errors import not_found
from app.services.imports import Options
from app.store import audit, db, estate, import_mappings
from app.store.types import canonical
from app.web import pages, streams
from app.web.deps import Database, Here, Id, Reading, reachable, require
from app.web.staff import import_files
from app.web.staff.import_files import Chosen, Upload

router = APIRouter()

Viewer = Annotated[Here, require(Permission.IMPORT_SEE)]
Runner = Annotated[Here, require(Permission.IMPORT_RUN)]


def ask(engine: Engine, here: Here, uploads: list[Upload], chosen: Chosen, options: Options) -> int:
    """Write down an import to be carried out, and return its number."""
    with db.transaction(engine) as session:
        known = estate.community_by_name(session, options.community)
        return import_mappings.add_task(
            session,
            {
                "community_id": known.id if known else None,
                "community_name": options.community,
                "files": canonical([[one.sha256, one.name] for one in uploads]),
                "options": canonical({"community": options.community, "due_day": options.due_day}),
                "choices": import_files.write(chosen),
                "created_by": here.actor.user_id,
                "login": here.actor.login,
                "created_at": clock.now(),
            },
        )


def _task(session: Session, here: Here, task_id: int) -> dict[str, Any]:
    """Return an import under way to whoever started it or works in its community."""
    row = import_mappings.task(session, task_id)
    is_own = row.created_by == here.actor.user_id
    known = estate.community_by_name(session, row.community_name)
    if not is_own and (known is None or not here.actor.sees(known.id)):
        raise not_found("import.unknown")
    result = json.loads(row.result)
    return {"row": row, "result": result, "names": [name for _, name in json.loads(row.files)]}


@router.get("/imports/tasks/{task_id}")
def show(request: Request, task_id: Id, here: Viewer, session: Reading) -> Response:
    return pages.page(request, "imports/task.html", here=here, **_task(session, here, task_id))


@router.get("/imports/tasks/{task_id}/progress")
def progress(request: Request, task_id: Id, here: Viewer, engine: Database) -> Response:
    """Answer the page while the import goes on."""

    def show(session: Session) -> tuple[str, bool]:
        told = _task(session, here, task_id)
        return pages.fragment("imports/progress.html", here=here, **told), bool(told["row"].finished_at)

    return streams.told(request, engine, show, when_over={"X-Poll": "stop"})


@router.post("/imports/mappings/{mapping_id}/forget")
def forget(request: Request, mapping_id: Id, here: Runner, engine: Database) -> Response:
    """Forget how a header was explained; the next file with it speaks for itself again."""
    with db.transaction(engine) as session:
        row = import_mappings.mapping(session, mapping_id)
        reachable(here, row.community_id)
        import_mappings.forget(session, mapping_id)
        audit.record(
            session,
            at=clock.now(),
            actor=here.actor.login,
            action="import_mapping.forgotten",
            subject=f"import_mapping:{mapping_id}",
            community_id=row.community_id,
        )
    return pages.back_to(request, "/imports", here=here, code="done.mapping_forgotten")
