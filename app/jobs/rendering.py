"""Finishes released batches: issue what is due, print what has no file yet, join the files; run again when killed."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app import clock
from app.domain.notices import BatchState
from app.gateways.ports import Gateways
from app.jobs import binding
from app.services import notice_issue, printing
from app.store import db, leases, notice_papers, notices

CHUNK = 32
FEW = 8
"""Up to so many documents are not worth starting a process."""
HELD_FOR = dt.timedelta(minutes=10)
FAILED = "not_printed"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Finished:
    """Where a batch stands; ``problems`` are numbers of documents that could not be printed."""

    batch_id: int
    issued: int
    total: int
    printed: int
    problems: tuple[str, ...]

    @property
    def is_done(self) -> bool:
        """Tell whether every notice has its file."""
        return self.printed == self.total


def finish(
    engine: Engine, gateways: Gateways, *, batch_id: int, executor: Executor, go_on: Callable[[], bool] = lambda: True
) -> Finished:
    """Bring a released batch to its end; any number of processes may do so at once, and each may die at any point.

    Raises:
        Refusal: ``notice_batch.unknown``, ``notice_batch.not_released``.

    """
    issued = _issue(engine, batch_id, go_on)
    problems = _print(engine, gateways, batch_id, executor, go_on)
    with db.reading(engine) as session:
        total, printed = notices.progress(session, batch_id)
        is_stopped = notices.batch(session, batch_id).state == BatchState.CANCELLED
    if (total == printed or is_stopped) and go_on():
        binding.bind(engine, gateways, batch_id=batch_id)
    log.info("notices.finished", batch_id=batch_id, issued=issued, total=total, printed=printed)
    return Finished(batch_id, issued, total, printed, problems)


def finish_all(
    engine: Engine, gateways: Gateways, *, workers: int, go_on: Callable[[], bool] = lambda: True
) -> list[Finished]:
    """Finish every batch that was released and is not done: what the worker does when it wakes.

    Only what could be finished is returned; a batch that fails is logged.
    """
    with db.reading(engine) as session:
        batch_ids = notices.unfinished(session)
    done = []
    for batch_id in batch_ids:
        if go_on():
            try:
                with workshop(engine, batch_id=batch_id, workers=workers) as executor:
                    done.append(finish(engine, gateways, batch_id=batch_id, executor=executor, go_on=go_on))
            except Exception:
                # One batch that cannot be finished never starves those after it; it is tried again at the next wake.
                log.exception("notices.not_finished", batch_id=batch_id)
    return done


def print_one(engine: Engine, gateways: Gateways, *, document_id: int) -> bytes:
    """Return the PDF of a document: the stored one, or the one printed now and stored.

    Raises:
        Refusal: ``document.unknown``, ``file.missing``, ``file.damaged``.

    """
    with db.reading(engine) as session:
        paper = printing.paper(session, document_id=document_id)
    if paper.sha256 is None:
        made = printing.produce(gateways, paper=paper)
        with db.transaction(engine) as session:
            printing.settle(session, made=[made], now=clock.now())
        with db.reading(engine) as session:
            paper = printing.paper(session, document_id=document_id)
    assert paper.sha256 is not None, "settled just now"
    return gateways.files.get(paper.sha256)


class Here(Executor):
    """Works in this process, one after another: for a few documents, and where processes cannot be had."""

    def submit(self, fn, /, *args, **kwargs):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002, ANN003, ANN201 - as declared above
        """Do it now."""
        future: Future[object] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as fault:  # noqa: BLE001 - handed on by the future
            future.set_exception(fault)
        return future


@contextmanager
def workshop(engine: Engine, *, batch_id: int, workers: int) -> Iterator[Executor]:
    """Yield what the batch is worth: this process for a few notices, several for many."""
    with db.reading(engine) as session:
        waiting = len(notices.without_file(session, batch_id)) + len(
            notices.waiting_units(session, batch_id, limit=FEW + 1)
        )
    if workers < 2 or waiting <= FEW:
        yield Here()
        return
    # A fresh interpreter each: a fork of a process with threads and database connections may hang.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield pool


def _issue(engine: Engine, batch_id: int, go_on: Callable[[], bool]) -> int:
    issued, left = 0, True
    while left and go_on():
        with db.transaction(engine) as session:
            if _is_stopped(session, batch_id):
                break
            step = notice_issue.issue(session, batch_id=batch_id, today=clock.today(), now=clock.now())
        issued, left = issued + step.notices, step.left
    return issued


def _print(
    engine: Engine, gateways: Gateways, batch_id: int, executor: Executor, go_on: Callable[[], bool]
) -> tuple[str, ...]:
    """Read a chunk, act outside any transaction, settle; until nothing is without a file."""
    me, failed, left = secrets.token_hex(8), dict[int, str](), True
    while left and go_on():
        with db.transaction(engine) as session:
            if _is_stopped(session, batch_id):
                break
            left, chunk = _claim(session, batch_id, me, failed)
        made = _produce(gateways, chunk, executor, failed)
        with db.transaction(engine) as session:
            printing.settle(session, made=made, now=clock.now())
            codes = {paper.document_id: FAILED for paper in chunk if paper.document_id in failed}
            notice_papers.fail(session, batch_id=batch_id, failed=codes)
            leases.drop(session, [_lease(paper.document_id) for paper in chunk])
    return tuple(failed.values())


def _is_stopped(session: Session, batch_id: int) -> bool:
    """Say whether somebody stopped the batch; locked, so that a stop falls between two steps, never into one."""
    return bool(notices.locked_batch(session, batch_id).state == BatchState.CANCELLED)


def _claim(session: Session, batch_id: int, me: str, failed: dict[int, str]) -> tuple[bool, list[printing.Paper]]:
    """Take documents nobody works on; at the end also those another process has in hand. Tell whether any were left.

    The other may have died, and printing twice is harmless: the same facts give the same file under the same name.
    """
    waiting = [row.id for row in notices.without_file(session, batch_id) if row.id not in failed]
    now = clock.now()
    busy = leases.held(session, [_lease(number) for number in waiting], now=now)
    free = [number for number in waiting if _lease(number) not in busy][:CHUNK]
    if free:
        names = [_lease(number) for number in free]
        mine = leases.take(session, names, holder=me, now=now, until=now + HELD_FOR)
        chosen = [number for number in free if _lease(number) in mine]
    else:
        chosen = waiting[::-1][:CHUNK]
    return bool(waiting), printing.papers(session, document_ids=chosen)


def _produce(
    gateways: Gateways, chunk: Sequence[printing.Paper], executor: Executor, failed: dict[int, str]
) -> list[printing.Made]:
    futures = [executor.submit(partial(printing.produce, gateways, paper=paper)) for paper in chunk]
    made = []
    for paper, future in zip(chunk, futures, strict=True):
        try:
            made.append(future.result())
        except BrokenExecutor:
            raise
        except Exception:
            # One that cannot be printed is named; the others go on.
            log.exception("notices.not_printed", number=paper.number)
            failed[paper.document_id] = paper.number
    return made


def _lease(document_id: int) -> str:
    return f"print:{document_id}"
