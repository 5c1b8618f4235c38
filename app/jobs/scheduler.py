"""Runs tasks at their times while this process leads: the only module that knows APScheduler."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from app.clock import SHANGHAI
from app.jobs.leader import Leadership

GoOn = Callable[[], bool]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do when leadership begins and then daily ``at`` a time in Shanghai, or ``every`` so many seconds.

    ``run`` gets a question to ask between its steps: once the answer is no, this process leads no longer.
    """

    name: str
    run: Callable[[GoOn], object]
    at: dt.time | None = None
    every_seconds: float = 0


def work(
    claim: Leadership,
    tasks: Sequence[Task],
    *,
    stop: threading.Event,
    poll_seconds: float,
    now: Callable[[], dt.datetime],
) -> None:
    """Lead whenever nobody else does, until told to stop; the scheduler lives exactly as long as the leadership."""
    term: Term | None = None
    stands_by = False
    try:
        while not stop.is_set():
            leads = claim.lead()
            if leads and term is None:
                log.info("worker.leads")
                term = Term(tasks, now)
            elif not leads and term is not None:
                log.warning("worker.no_longer_leads")
                term.end(wait=False)
                term = None
            elif not leads and not stands_by:
                log.info("worker.stands_by")
            stands_by = not leads
            stop.wait(poll_seconds)
    finally:
        if term is not None:
            term.end(wait=True)
        claim.leave()


class Term:
    """One time in office: a scheduler with jobs declared in code and kept in memory only.

    A job store shared by two schedulers runs jobs twice; what was done is known by unique rows of the business data.
    """

    def __init__(self, tasks: Sequence[Task], now: Callable[[], dt.datetime]) -> None:
        self._in_office = threading.Event()
        self._in_office.set()
        # Missed firings make one, however late: a run catches up by itself.
        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler = BackgroundScheduler(timezone=SHANGHAI, job_defaults=defaults)
        for task in tasks:
            trigger = _trigger(task)
            self._scheduler.add_job(self._run, trigger, args=[task], id=task.name, next_run_time=now())
        self._scheduler.start()

    def end(self, *, wait: bool) -> None:
        """Stop the scheduler at once; with ``wait`` the step a task is in may finish."""
        self._in_office.clear()
        self._scheduler.shutdown(wait=wait)

    def _run(self, task: Task) -> None:
        try:
            task.run(self._in_office.is_set)
        except Exception:  # the next firing tries again; a worker that died of one bad night helps nobody
            log.exception("worker.task_failed", task=task.name)


def _trigger(task: Task) -> CronTrigger | IntervalTrigger:
    if task.at is not None:
        return CronTrigger(hour=task.at.hour, minute=task.at.minute, timezone=SHANGHAI)
    return IntervalTrigger(seconds=task.every_seconds, timezone=SHANGHAI)
