"""A released batch to its end: issue, print, merge, close; each step is kept, so a second run goes on from there."""

from __future__ import annotations

import threading
import traceback

import structlog
from sqlalchemy import Engine

from app import clock
from app.gateways.ports import Gateways
from app.services import notice_issue, printing
from app.store import db, notices

CHUNK = 20

log = structlog.get_logger()
_running: set[int] = set()
_guard = threading.Lock()


def is_running(batch_id: int) -> bool:
    """Say whether this process is at work on the batch."""
    return batch_id in _running


def run(engine: Engine, gateways: Gateways, batch_id: int) -> None:
    """Work until every notice of the batch has its file; what fails is logged and waits for the next run."""
    with _guard:
        if batch_id in _running:
            return
        _running.add(batch_id)
    try:
        _issue(engine, batch_id)
        _print(engine, gateways, batch_id)
        _finish(engine, gateways, batch_id)
    except Exception as error:  # noqa: BLE001 - nobody waits for the answer; the page offers to go on
        trace = "".join(traceback.format_exception(error))
        log.error("batch failed", batch=batch_id, trace=trace)  # noqa: TRY400 - that would log the values of variables
    finally:
        _running.discard(batch_id)


def _issue(engine: Engine, batch_id: int) -> None:
    while True:
        with db.transaction(engine) as session:
            step = notice_issue.issue(session, batch_id=batch_id, today=clock.today(), now=clock.now())
        if not step.left:
            return


def _print(engine: Engine, gateways: Gateways, batch_id: int) -> None:
    with db.reading(engine) as session:
        waiting = [row.id for row in notices.without_file(session, batch_id)]
    for start in range(0, len(waiting), CHUNK):
        with db.reading(engine) as session:
            papers = printing.papers(session, document_ids=waiting[start : start + CHUNK])
        made = [printing.produce(gateways, paper=paper) for paper in papers]
        with db.transaction(engine) as session:
            printing.settle(session, made=made, now=clock.now())


def _finish(engine: Engine, gateways: Gateways, batch_id: int) -> None:
    with db.reading(engine) as session:
        files = [row["sha256"] for row in notices.batch_units(session, batch_id) if row["sha256"]]
    merged = printing.merge(gateways, sha256s=files) if files else None
    with db.transaction(engine) as session:
        notice_issue.close(session, batch_id=batch_id, print_sha256=merged)
