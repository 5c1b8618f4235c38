"""Long work as the bell and the page of jobs show it, and the record that work keeps of itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import conflict, not_found
from app.store import db
from app.store.tables import community
from app.store.tables_office import (
    app_user,
    document_file,
    import_batch,
    job,
    notice,
    notice_batch,
    notice_batch_unit,
)

AT_WORK = ("waiting", "running")
LOG_LIMIT = 20_000


@dataclass(frozen=True, slots=True)
class JobLine:
    """One piece of long work; ``kind`` and ``state`` have labels, ``address`` is where its result is seen."""

    kind: str
    number: int
    name: str
    state: str
    done: int
    total: int
    community: str
    at: dt.datetime
    address: str

    @property
    def is_at_work(self) -> bool:
        """Say whether it goes on."""
        return self.state in AT_WORK

    @property
    def percent(self) -> int:
        """How far it is, in whole per cent."""
        return min(100, self.done * 100 // self.total) if self.total else 0


def recent(
    session: Session,
    *,
    community_ids: Collection[int],
    user_id: int,
    sees_notices: bool,
    sees_imports: bool,
    limit: int = 50,
) -> list[JobLine]:
    """Return what is at work first, then what ended, newest first; at most three queries."""
    found = _of_records(session, community_ids, user_id, limit)
    if sees_notices:
        found += _of_batches(session, community_ids, limit)
    if sees_imports:
        found += _of_imports(session, community_ids, limit)
    found.sort(key=lambda line: (line.is_at_work, line.at), reverse=True)
    return found[:limit]


def _of_records(session: Session, community_ids: Collection[int], user_id: int, limit: int) -> list[JobLine]:
    given = {"reach": list(community_ids), "user_id": user_id, "most": limit}
    return [
        JobLine(
            kind=row.kind,
            number=row.id,
            name=row.message,
            state=row.state,
            done=row.done,
            total=row.total,
            community=row.community or "",
            at=row.finished_at or row.started_at or row.created_at,
            address=f"/jobs/{row.id}",
        )
        for row in session.execute(_statements()["records"], given)
    ]


def _of_batches(session: Session, community_ids: Collection[int], limit: int) -> list[JobLine]:
    """Batches need no record: how far one is can be counted, so it is true after any crash."""
    given = {"reach": list(community_ids), "most": limit}
    return [
        JobLine(
            kind="notice_batch",
            number=row.id,
            name=str(row.id),
            state="running" if row.state == "released" else "done",
            done=row.done,
            total=max(row.total, row.done),
            community=row.community,
            at=row.released_at or row.created_at,
            address=f"/notices/{row.id}",
        )
        for row in session.execute(_statements()["batches"], given)
    ]


def _of_imports(session: Session, community_ids: Collection[int], limit: int) -> list[JobLine]:
    given = {"reach": list(community_ids), "most": limit}
    return [
        JobLine(
            kind="import",
            number=row.id,
            name=row.file_name,
            state="done" if row.state == "committed" else "cancelled",
            done=0,
            total=0,
            community=row.community,
            at=row.undone_at or row.created_at,
            address=f"/imports/{row.id}",
        )
        for row in session.execute(_statements()["imports"], given)
    ]


@lru_cache(maxsize=1)
def _statements() -> Mapping[str, sa.Select[Any]]:
    """Build the three statements once: they go with every page."""
    reach = sa.bindparam("reach", expanding=True, type_=sa.BigInteger())
    most = sa.bindparam("most", type_=sa.Integer())
    total = (
        sa.select(sa.func.count())
        .where(notice_batch_unit.c.batch_id == notice_batch.c.id, notice_batch_unit.c.state != "skipped")
        .correlate(notice_batch)
        .scalar_subquery()
    )
    done = (
        sa.select(sa.func.count())
        .select_from(notice.join(document_file, document_file.c.document_id == notice.c.document_id))
        .where(notice.c.batch_id == notice_batch.c.id)
        .correlate(notice_batch)
        .scalar_subquery()
    )
    # Only what is going on is counted: this goes with every page.
    is_at_work = notice_batch.c.state == "released"
    name = community.c.name.label("community")
    return {
        "records": sa.select(job, name)
        .outerjoin(community, community.c.id == job.c.community_id)
        .where(
            sa.or_(job.c.community_id.in_(reach), job.c.started_by == sa.bindparam("user_id", type_=sa.BigInteger()))
        )
        .order_by(job.c.id.desc())
        .limit(most),
        "batches": sa.select(
            notice_batch.c.id,
            notice_batch.c.state,
            notice_batch.c.released_at,
            notice_batch.c.created_at,
            name,
            sa.case((is_at_work, total), else_=0).label("total"),
            sa.case((is_at_work, done), else_=0).label("done"),
        )
        .join(community, community.c.id == notice_batch.c.community_id)
        .where(notice_batch.c.community_id.in_(reach), notice_batch.c.state.in_(["released", "done"]))
        .order_by(notice_batch.c.id.desc())
        .limit(most),
        "imports": sa.select(import_batch, name)
        .join(community, community.c.id == import_batch.c.community_id)
        .where(import_batch.c.community_id.in_(reach))
        .order_by(import_batch.c.id.desc())
        .limit(most),
    }


def row_of(session: Session, job_id: int) -> sa.Row[Any]:
    """Return one record with the names of its community and of who started it.

    Raises:
        Refusal: ``job.unknown``.

    """
    query = (
        sa.select(job, community.c.name.label("community"), app_user.c.name.label("starter"))
        .outerjoin(community, community.c.id == job.c.community_id)
        .outerjoin(app_user, app_user.c.id == job.c.started_by)
        .where(job.c.id == job_id)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        raise not_found("job.unknown")
    return row


# --- the record work keeps of itself ----------------------------------------------------------------


def start(
    session: Session,
    *,
    kind: str,
    subject: str,
    name: str,
    total: int,
    now: dt.datetime,
    community_id: int | None = None,
    started_by: int | None = None,
) -> int:
    """Open the record of a piece of work and return its id; the same ``subject`` begun again takes its place.

    ``kind`` has a label ``job_kind.…``; ``name`` is shown beside it (a file's name, a period).
    """
    fresh = {
        "state": "running",
        "total": total,
        "done": 0,
        "message": name[:200],
        "created_at": now,
        "started_at": now,
        "finished_at": None,
        "community_id": community_id,
        "started_by": started_by,
        "log": "",
        "result": "",
        "cancel_asked_at": None,
    }
    db.upsert(session, job, {"kind": kind, "subject": subject[:60], **fresh}, ["kind", "subject"])
    query = sa.select(job.c.id).where(job.c.kind == kind, job.c.subject == subject[:60])
    return int(session.execute(query).scalar_one())


def advance(session: Session, *, job_id: int, done: int, line: str = "", total: int | None = None) -> bool:
    """Note how far it is, add a line to its log, and tell whether to go on: False once somebody asked to stop."""
    row = session.execute(sa.select(job.c.log, job.c.cancel_asked_at).where(job.c.id == job_id)).one()
    values: dict[str, Any] = {"done": done}
    if line:
        values["log"] = f"{row.log}{line}\n"[-LOG_LIMIT:]
    if total is not None:
        values["total"] = total
    session.execute(sa.update(job).where(job.c.id == job_id).values(**values))
    return row.cancel_asked_at is None


def finish(session: Session, *, job_id: int, now: dt.datetime, state: str = "done", result: str = "") -> None:
    """Close the record as ``done``, ``failed`` or ``cancelled``; ``result`` is the address of what came of it."""
    session.execute(
        sa.update(job)
        .where(job.c.id == job_id, job.c.state.in_(AT_WORK))
        .values(state=state, finished_at=now, result=result[:200])
    )


def ask_to_stop(session: Session, *, job_id: int, now: dt.datetime) -> None:
    """Ask a piece of work to stop at its next step.

    Raises:
        Refusal: ``job.over`` when it is not at work any more.

    """
    asked = session.execute(
        sa.update(job)
        .where(job.c.id == job_id, job.c.state.in_(AT_WORK))
        .values(cancel_asked_at=now)
        .returning(job.c.id)
    )
    if asked.first() is None:
        raise conflict("job.over")
