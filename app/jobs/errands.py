"""Long work that people start from a page: carried out once, with a record, and picked up again after a crash."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import Engine

from app import clock
from app.domain.errors import Refusal
from app.gateways.ports import Files, Gateways
from app.i18n import zh_cn
from app.jobs import bundling, importing, scanning
from app.services import billing
from app.store import billing_drafts, bundles, db, import_mappings, jobs, scans

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Errands:
    """What a page may ask for; each errand may be run any number of times and acts once."""

    engine: Engine
    files: Files
    gateways: Gateways | None = None

    def bundle(self, bundle_id: int) -> None:
        """Make the file of a bundle that was drafted."""
        if self.gateways is not None:
            bundling.run(self.engine, self.gateways, bundle_id)

    def bring_in(self, task_id: int) -> None:
        """Carry out an import that was asked for."""
        importing.run(self.engine, self.files, task_id)

    def read_scan(self, batch_id: int) -> None:
        """Read a scan of signed slips that was handed in."""
        scanning.run(self.engine, self.files, batch_id)

    def bill(self, draft_id: int) -> None:
        """Carry out a released run or reversal; when its data changed meanwhile, say so and give it up."""
        with db.transaction(self.engine) as session:
            row = billing_drafts.one(session, draft_id)
            if row.state != "released":
                return
            job_id = jobs.start(
                session,
                kind="billing" if row.kind == "run" else "billing_reversal",
                subject=f"billing_draft:{draft_id}",
                name=row.period or row.reason,
                total=row.bills,
                now=clock.now(),
                community_id=row.community_id,
                started_by=row.released_by,
            )
        try:
            with db.transaction(self.engine) as session:
                done = billing.carry_out(session, draft_id=draft_id, today=clock.today(), now=clock.now())
        except Refusal as refusal:
            self._give_up(draft_id, job_id, refusal)
        except Exception:
            # Nothing of it was written; left released it would be tried for ever and stand in the way of a new draft.
            log.exception("billing.not_carried_out", draft=draft_id)
            self._give_up(draft_id, job_id, Refusal("billing_draft.not_carried_out"))
        else:
            with db.transaction(self.engine) as session:
                jobs.advance(session, job_id=job_id, done=done)
            self._finish(job_id, "done", f"/billing/drafts/{draft_id}")

    def _give_up(self, draft_id: int, job_id: int, refusal: Refusal) -> None:
        why = zh_cn.sentence(refusal)
        with db.transaction(self.engine) as session:
            billing.give_up(session, draft_id=draft_id, why=why, now=clock.now())
            jobs.advance(session, job_id=job_id, done=0, line=why)
        self._finish(job_id, "failed", f"/billing/drafts/{draft_id}")

    def catch_up(self, go_on: Callable[[], bool] = lambda: True) -> None:
        """Carry out what was released or asked for and is not done: what the worker does when it wakes."""
        with db.reading(self.engine) as session:
            drafts, tasks = billing_drafts.unfinished(session), import_mappings.unfinished(session)
            unread = scans.unread(session)
            unbuilt = bundles.unbuilt(session, drafted_before=clock.now() - bundling.GRACE)
        errands: list[tuple[Callable[[int], None], int]] = [(self.bill, number) for number in drafts]
        errands += [(self.bring_in, number) for number in tasks]
        errands += [(self.read_scan, number) for number in unread]
        errands += [(self.bundle, number) for number in unbuilt]
        for errand, number in errands:
            if go_on():
                try:
                    errand(number)
                except Exception:
                    # One that cannot be carried out never starves those after it; it is tried again at the next wake.
                    log.exception("errand.not_carried_out", errand=getattr(errand, "__name__", ""), number=number)

    def _finish(self, job_id: int, state: str, result: str) -> None:
        with db.transaction(self.engine) as session:
            jobs.finish(session, job_id=job_id, now=clock.now(), state=state, result=result)
