"""Reading scanned slips: outside any transaction, page by page, and filed at once when the whole file is read."""

from __future__ import annotations

import structlog
from sqlalchemy import Engine

from app import clock
from app.documents import slip_reading
from app.gateways.ports import Files
from app.i18n import zh_cn
from app.services import scans
from app.services.scans import Cut
from app.store import db, estate, jobs, users
from app.store import scans as scan_reads

log = structlog.get_logger()


def run(engine: Engine, files: Files, batch_id: int) -> None:
    """Read a scan that was handed in; begun again after a crash it starts over, run twice it files once."""
    with db.transaction(engine) as session:
        batch = scan_reads.batch(session, batch_id)
        if batch.state != "waiting":
            return
        job_id = jobs.start(
            session,
            kind="scan",
            subject=f"scan:{batch_id}",
            name=batch.file_name,
            total=0,
            now=clock.now(),
            community_id=batch.community_id,
            started_by=batch.uploaded_by,
        )
    try:
        content = files.get(batch.sha256)
        pages = slip_reading.count(content, batch.media_type)
        cuts = _read(engine, files, job_id, content, batch.media_type, pages)
    except slip_reading.UnreadableScan:
        _give_up(engine, batch_id, job_id)
        return
    with db.transaction(engine) as session:
        user = users.by_id(session, batch.uploaded_by)
        actor = users.actor(session, user) if user else None
        reach = [row.id for row in estate.communities(session) if actor is not None and actor.sees(row.id)]
        scans.settle(session, batch_id=batch_id, pages=pages, cuts=cuts, reach=reach, now=clock.now())
        jobs.finish(session, job_id=job_id, now=clock.now(), result=f"/scans/{batch_id}")


def _read(engine: Engine, files: Files, job_id: int, content: bytes, media_type: str, pages: int) -> list[Cut]:
    cuts: list[Cut] = []
    for page in slip_reading.read(content, media_type):
        cuts += [_kept(files, page.page, slip) for slip in page.slips]
        if page.shown:
            reading = {"has_rest": page.has_rest}
            cuts.append(Cut(page.page, 0, slip_sha256=files.put(page.shown), reading=reading))
        with db.transaction(engine) as session:
            jobs.advance(session, job_id=job_id, done=page.page, total=pages)
    return cuts


def _kept(files: Files, page: int, slip: slip_reading.FoundSlip) -> Cut:
    reading = {
        "ink": slip.ink,
        "proposal": list(slip.proposal),
        "confidence": slip.confidence,
        "corners": [[round(x), round(y)] for x, y in slip.corners],
    }
    return Cut(
        page,
        slip.place,
        slip.number,
        files.put(slip.slip),
        files.put(slip.ticks),
        files.put(slip.signature),
        reading,
    )


def _give_up(engine: Engine, batch_id: int, job_id: int) -> None:
    why = zh_cn.LABELS["scan_failure.unreadable"]
    log.warning("scan.unreadable", batch=batch_id)
    with db.transaction(engine) as session:
        scans.give_up(session, batch_id=batch_id, why=why, now=clock.now())
        jobs.advance(session, job_id=job_id, done=0, line=why)
        jobs.finish(session, job_id=job_id, now=clock.now(), state="failed", result=f"/scans/{batch_id}")
