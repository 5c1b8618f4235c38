"""Long work that cannot be done: nothing is half written, it is said, and a new attempt is free to begin."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
import time_machine
from sqlalchemy import Engine

from app.gateways.files import FileStore
from app.jobs.errands import Errands
from app.services import billing
from app.store import billing_drafts, db
from app.store.tables import bill
from app.store.tables_office import job
from tests.making import NOW, TODAY, add_user, make_estate

ANNA, BERT = 1, 2


def test_a_run_that_cannot_be_written_is_given_up_and_can_be_drafted_again(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    engine, who = sqlite_engine, {"today": TODAY, "now": NOW}
    with db.transaction(engine) as session:
        assert (add_user(session, "anna"), add_user(session, "bert", "manager")) == (ANNA, BERT)
        made = make_estate(session)

    def released() -> int:
        with db.transaction(engine) as session:
            wanted = {"community_id": made.community_id, "period": "2026-01", "scope": billing.Scope()}
            draft_id = billing.draft_run(session, **wanted, actor_id=ANNA, actor="anna", **who)
            billing.release(session, draft_id=draft_id, actor_id=BERT, actor="bert", **who)
        return draft_id

    full = "CREATE TRIGGER full BEFORE INSERT ON billing_run BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
    with engine.begin() as connection:
        connection.execute(sa.text(full))
    errands = Errands(engine, FileStore(tmp_path))
    with time_machine.travel(NOW):
        first = released()
        errands.bill(first)
        with engine.begin() as connection:
            connection.execute(sa.text("DROP TRIGGER full"))
        with db.reading(engine) as session:
            row = billing_drafts.one(session, first)
            assert row.state == "failed"
            assert "没有执行成功" in row.closed_note
            assert session.execute(sa.select(job.c.state)).scalars().all() == ["failed"]
            assert session.execute(sa.select(bill.c.id)).first() is None
        errands.bill(released())
    with db.reading(engine) as session:
        assert len(session.execute(sa.select(bill.c.id)).all()) == 1
