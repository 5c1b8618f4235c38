"""Makes the files of drafted bundles: read, print and join outside every transaction, write down what came of it."""

from __future__ import annotations

import datetime as dt

import structlog
from sqlalchemy import Engine

from app import clock
from app.domain.errors import Refusal
from app.gateways.ports import Gateways
from app.i18n import zh_cn
from app.services import bundles
from app.store import bundles as store
from app.store import db, jobs

GRACE = dt.timedelta(minutes=3)
"""So long whoever asked for a bundle is left to make it; then its process is taken for dead."""

log = structlog.get_logger()


def run(engine: Engine, gateways: Gateways, bundle_id: int) -> None:
    """Make the file of one draft; one that was made, or given up, is left as it is."""
    with db.transaction(engine) as session:
        row = store.one(session, bundle_id)
        if row["state"] != "building":
            return
        job_id = jobs.start(
            session,
            kind="bundle",
            subject=f"bundle:{bundle_id}",
            name=row["case_number"],
            total=1,
            now=clock.now(),
            community_id=row["community_id"],
            started_by=row["drafted_by"],
        )
        plan = bundles.plan(session, bundle_id=bundle_id)
    try:
        built = bundles.produce(gateways, plan=plan)
    except Refusal as refusal:
        _give_up(engine, bundle_id, job_id, zh_cn.sentence(refusal))
        return
    except Exception:
        # left as it is it would be tried for ever; the draft says so and a new one can be made
        log.exception("bundle.not_built", bundle=bundle_id)
        _give_up(engine, bundle_id, job_id, zh_cn.sentence(Refusal("bundle.not_built_error")))
        return
    with db.transaction(engine) as session:
        bundles.settle(session, built=built, now=clock.now())
        jobs.advance(session, job_id=job_id, done=1)
        jobs.finish(session, job_id=job_id, now=clock.now(), result=f"/cases/{row['case_id']}/papers")


def _give_up(engine: Engine, bundle_id: int, job_id: int, why: str) -> None:
    with db.transaction(engine) as session:
        bundles.give_up(session, bundle_id=bundle_id, why=why, now=clock.now())
        jobs.advance(session, job_id=job_id, done=0, line=why)
        jobs.finish(session, job_id=job_id, now=clock.now(), state="failed")
