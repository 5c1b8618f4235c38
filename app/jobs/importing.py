"""An import that goes on when its page is closed: read as the clerk said, written at once, told afterwards."""

from __future__ import annotations

import json

from sqlalchemy import Engine

from app import clock
from app.domain.errors import Refusal
from app.gateways.ports import Files
from app.i18n import zh_cn
from app.services import imports
from app.services.imports import Said
from app.sheets import guard, mapping
from app.store import db, import_mappings, jobs

STEPS = 3


def run(engine: Engine, files: Files, task_id: int) -> None:
    """Carry out an import that was asked for; run again after a crash it starts over, run twice it acts once."""
    with db.transaction(engine) as session:
        task = import_mappings.task(session, task_id, is_locked=True)
        if task.finished_at is not None:
            return
        job_id = jobs.start(
            session,
            kind="import",
            subject=f"import_task:{task_id}",
            name="、".join(name for _, name in json.loads(task.files))[:200],
            total=STEPS,
            now=clock.now(),
            community_id=task.community_id,
            started_by=task.created_by,
        )
    try:
        understood = [_read(files, sha256, name, json.loads(task.choices)) for sha256, name in json.loads(task.files)]
        with db.transaction(engine) as session:
            rows = sum(sheet.rows for one in understood for sheet in one.book.sheets)
            jobs.advance(session, job_id=job_id, done=1, line=zh_cn.LABELS["import_step.read"].format(rows=rows))
        _write(engine, task_id, understood)
    except Refusal as refusal:
        told = zh_cn.sentence(refusal)
        with db.transaction(engine) as session:
            import_mappings.finish_task(session, task_id, result={"refused": told}, at=clock.now())
            jobs.advance(session, job_id=job_id, done=0, line=told)
            jobs.finish(session, job_id=job_id, now=clock.now(), state="failed", result=f"/imports/tasks/{task_id}")
        return
    with db.transaction(engine) as session:
        jobs.advance(session, job_id=job_id, done=STEPS, line=zh_cn.LABELS["import_step.written"])
        jobs.finish(session, job_id=job_id, now=clock.now(), result=f"/imports/tasks/{task_id}")


def _read(files: Files, sha256: str, name: str, choices: dict[str, dict[str, object]]) -> mapping.Understood:
    content = files.get(sha256)
    guard.check(name, content)
    chosen = {sheet: mapping.said(kept) for sheet, kept in choices.get(sha256, {}).items()}
    return mapping.read(name, content, choices=chosen)


def _write(engine: Engine, task_id: int, understood: list[mapping.Understood]) -> None:
    """Write the import and note what came of it in the same transaction, so that it cannot be written twice."""
    with db.transaction(engine) as session:
        task = import_mappings.task(session, task_id, is_locked=True)
        if task.finished_at is not None:
            return
        options = json.loads(task.options)
        told = imports.commit(
            session,
            books=mapping.of_books(understood),
            options=imports.Options(community=options["community"], due_day=options["due_day"]),
            today=clock.today(),
            now=clock.now(),
            actor_id=task.created_by,
            actor=task.login,
            said=[
                Said(view.fingerprint, view.name, mapping.written(one.choices[view.name]))
                for one in understood
                for view in one.views
                if view.name in one.choices and view.fingerprint
            ],
        )
        batches = [file.batch_id for file in told.files if file.batch_id is not None]
        result = {
            "units": told.units,
            "owners": told.owners,
            "bills": told.bills,
            "payments": told.payments,
            "batches": batches,
            "rejected": sum(len({f.row for f in tally.faults}) for file in told.files for tally in file.tallies),
        }
        import_mappings.finish_task(session, task_id, result=result, at=clock.now())
