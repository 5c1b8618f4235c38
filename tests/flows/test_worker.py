"""Workers as real processes: one leads, another takes over when it is killed, and no night is lost or done twice."""

from __future__ import annotations

import datetime as dt
import json
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from app.jobs import nightly
from app.store import db, verify
from app.store.tables import ledger_entry
from app.store.tables_office import nightly_run, notice_batch, notice_batch_unit
from tests.flows import processes
from tests.flows.processes import PATIENCE, Process
from tests.services import nightly_estate as place

D = dt.date


class Worker(Process):
    """A worker whose log lines arrive as events."""

    def __init__(self, environment: dict[str, str]) -> None:
        super().__init__(processes.command, "worker", "--lease-seconds", "1", environment=environment)
        self.lines: queue.Queue[str] = queue.Queue()
        self.seen: list[str] = []
        self.reading = threading.Thread(target=self._read, daemon=True)
        self.reading.start()

    def _read(self) -> None:
        for line in self.errors:
            self.lines.put(line)

    def wait_for(self, word: str) -> str:
        """Return the next log line with that event."""
        while True:
            try:
                line = self.lines.get(timeout=PATIENCE)
            except queue.Empty:
                pytest.fail(f"no {word!r} within {PATIENCE} s; seen: {''.join(self.seen)}")
            self.seen.append(line)
            if f'"{word}"' in line:
                return line

    def close(self) -> None:
        self.kill()
        self.reading.join(PATIENCE)
        super().close()


@pytest.fixture
def environment(database_url: str, tmp_path: Path) -> dict[str, str]:
    return os.environ | {
        "QINGQIAN_DATABASE_URL": database_url,
        "QINGQIAN_DATA_DIR": str(tmp_path),
        "QINGQIAN_LOG_JSON": "true",
    }


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Callable[[], Worker]]:
    started: list[Worker] = []

    def new() -> Worker:
        started.append(Worker(environment))
        return started[-1]

    yield new
    for process in started:
        process.close()


def test_another_worker_takes_over_when_the_leader_is_killed(engine: Engine, start: Callable[[], Worker]) -> None:
    place.build(engine, units=3)
    first = start()
    first.wait_for("worker.leads")
    first.wait_for("nightly.done")
    assert set(place.closed_dates(engine).values()) == {nightly.yesterday()}
    second = start()
    second.wait_for("worker.stands_by")
    with engine.begin() as connection:  # a day was lost
        connection.execute(sa.text("UPDATE account SET closed_through_on = closed_through_on - 3"))
    first.kill()
    second.wait_for("worker.leads")
    done = json.loads(second.wait_for("nightly.done"))
    assert (done["days"], done["accounts"]) == (3, 9)
    assert set(place.closed_dates(engine).values()) == {nightly.yesterday()}


def test_a_worker_told_to_stop_makes_room_at_once(engine: Engine, start: Callable[[], Worker]) -> None:
    first = start()
    first.wait_for("nightly.done")
    second = start()
    second.wait_for("worker.stands_by")
    first.terminate()
    assert first.wait() == 0
    second.wait_for("worker.leads")


# --- a run that is killed -------------------------------------------------------------------------


def estate(engine: Engine) -> place.Place:
    """Build an estate whose next fifty days hold credit to book and levels to reach."""
    made = place.build(engine, units=4)
    place.post_bills(engine, made, D(2026, 1, 10), through=D(2026, 1, 1))
    place.post_bills(engine, made, D(2026, 2, 20), issued_on=D(2026, 2, 5), through=D(2026, 1, 1))
    place.pay(engine, made, made.units[0], D(2026, 1, 2), 15_000)
    place.pay(engine, made, made.units[1], D(2026, 1, 2), 25_000)
    with db.transaction(engine) as session:
        for unit_id in made.units:
            place.own(session, made, unit_id)
    place.set_closed(engine, D(2026, 1, 2))
    return made


def outcome(engine: Engine) -> dict[str, object]:
    """Return everything a run leaves behind."""
    with engine.connect() as connection:
        entries = connection.execute(
            sa.select(ledger_entry.c.hash).order_by(ledger_entry.c.unit_id, ledger_entry.c.seq)
        )
        runs = connection.execute(
            sa.select(
                nightly_run.c.business_on, nightly_run.c.accounts, nightly_run.c.finished_at.is_not(None)
            ).order_by(nightly_run.c.business_on)
        )
        drafts = connection.execute(
            sa.select(
                notice_batch.c.level, notice_batch.c.as_of, notice_batch_unit.c.unit_id, notice_batch_unit.c.state
            )
            .join(notice_batch_unit, notice_batch_unit.c.batch_id == notice_batch.c.id)
            .order_by(notice_batch.c.id, notice_batch_unit.c.unit_id)
        )
        found = {
            "entries": [tuple(row) for row in entries],
            "runs": [tuple(row) for row in runs],
            "drafts": [tuple(row) for row in drafts],
        }
    return found | {"levels": place.levels(engine), "closed": place.closed_dates(engine)}


@pytest.mark.parametrize(
    ("where", "after"),
    [("begin", 1), ("settle", 1), ("levels", 9), ("close", 1), ("close", 34), ("finish", 49), ("draft", 1)],
)
def test_a_run_killed_midway_is_completed_by_the_next(
    engine: Engine, where: str, after: int, environment: dict[str, str], database_url: str
) -> None:
    made = estate(engine)
    killed = Process(processes.nights, database_url, where, after, True, environment=environment)
    assert killed.wait() == -signal.SIGKILL, killed.errors.read()
    killed.close()
    nightly.run(engine, through=D(2026, 2, 20))
    found = outcome(engine)
    assert set(place.closed_dates(engine).values()) == {D(2026, 2, 20)}
    assert found["runs"] == [(D(2026, 1, 3) + dt.timedelta(days=day), 4, True) for day in range(49)]
    late = made.units[2:]
    assert [row[:3] for row in place.levels(engine)] == [
        (unit_id, level, on) for unit_id in late for level, on in ((1, D(2026, 1, 11)), (2, D(2026, 2, 10)))
    ]
    assert found["drafts"] == [(2, D(2026, 2, 20), unit_id, "selected") for unit_id in late]
    with db.reading(engine) as session:
        assert verify.ledger_report(session).problems == ()
    again = nightly.run(engine, through=D(2026, 2, 20))
    assert (again.days, again.drafts) == (0, 0)
    assert outcome(engine) == found


def test_two_processes_at_once_close_every_day_once(
    engine: Engine, environment: dict[str, str], database_url: str
) -> None:
    made = estate(engine)
    both = [Process(processes.nights, database_url, "begin", 1, False, environment=environment) for _ in range(2)]
    for process in both:
        assert process.wait() == 0, process.errors.read()
        process.close()
    found = outcome(engine)
    assert found["runs"] == [(D(2026, 1, 3) + dt.timedelta(days=day), 4, True) for day in range(49)]
    assert found["drafts"] == [(2, D(2026, 2, 20), unit_id, "selected") for unit_id in made.units[2:]]
    with db.reading(engine) as session:
        assert verify.ledger_report(session).problems == ()
