"""What the worker does: the nightly run with its catch-up at the start, and the files of released batches."""

from __future__ import annotations

import datetime as dt
import threading
from functools import partial

from sqlalchemy import Engine

from app import clock
from app.gateways.ports import Gateways
from app.jobs import caretaking, leader, nightly, rendering, scheduler, stamping
from app.jobs.caretaking import Caretaker
from app.jobs.errands import Errands

RENDER_EVERY_SECONDS = 10
STAMP_EVERY_SECONDS = 60
LEASE_SECONDS = 30.0


def run(
    engine: Engine,
    gateways: Gateways,
    *,
    nightly_at: dt.time,
    render_workers: int,
    stop: threading.Event,
    lease_seconds: float = LEASE_SECONDS,
    caretaker: Caretaker | None = None,
) -> None:
    """Work until told to stop; of any number of workers on one database, one works and the others stand by."""
    tasks = [
        scheduler.Task("nightly", partial(close_yesterday, engine), at=nightly_at),
        scheduler.Task(
            "rendering",
            partial(render, engine, gateways, render_workers),
            every_seconds=RENDER_EVERY_SECONDS,
        ),
    ]
    tasks.append(
        scheduler.Task(
            "errands", Errands(engine, gateways.files, gateways).catch_up, every_seconds=RENDER_EVERY_SECONDS
        )
    )
    if gateways.timestamps is not None:
        tasks.append(scheduler.Task("timestamps", partial(stamp, engine, gateways), every_seconds=STAMP_EVERY_SECONDS))
    if caretaker is not None and caretaker.settings.backup_at:
        at = dt.time.fromisoformat(caretaker.settings.backup_at)
        tasks.append(scheduler.Task("backup", partial(back_up, caretaker), at=at))
    claim = leader.contend(engine, ttl_seconds=lease_seconds)
    scheduler.work(claim, tasks, stop=stop, poll_seconds=min(lease_seconds / 3, 2), now=clock.now)


def close_yesterday(engine: Engine, go_on: scheduler.GoOn) -> None:
    """Close every day that is over."""
    nightly.run(engine, through=nightly.yesterday(), go_on=go_on)


def stamp(engine: Engine, gateways: Gateways, go_on: scheduler.GoOn) -> None:
    """Have the roots stamped that wait."""
    assert gateways.timestamps is not None
    stamping.stamp_due(engine, gateways.timestamps, at=clock.now(), go_on=go_on)


def back_up(caretaker: Caretaker, _go_on: scheduler.GoOn) -> None:
    """Take the day's backup."""
    caretaking.back_up_daily(caretaker)


def render(engine: Engine, gateways: Gateways, workers: int, go_on: scheduler.GoOn) -> None:
    """Finish the batches people released."""
    rendering.finish_all(engine, gateways, workers=workers, go_on=go_on)
