"""Real processes, forked from one that has imported the application already: each starts at once and may be killed."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

PATIENCE = 60
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["app.cli", "app.jobs.worker", "app.jobs.nightly", "app.services.notices", __name__])


class Process:
    """A call of a function in a process of its own; what it writes to standard error is kept."""

    def __init__(self, task: Callable[..., None], *arguments: object, environment: dict[str, str]) -> None:
        reader, writer = CONTEXT.Pipe(duplex=False)
        self.process = CONTEXT.Process(target=_begin, args=(task, arguments, environment, writer))
        self.process.start()
        writer.close()
        self.errors = os.fdopen(os.dup(reader.fileno()), encoding="utf-8")
        reader.close()

    def wait(self) -> int:
        """Return the exit code, negative for a signal."""
        self.process.join(PATIENCE)
        assert self.process.exitcode is not None, f"still running after {PATIENCE} s"
        return self.process.exitcode

    def terminate(self) -> None:
        self.process.terminate()

    def kill(self) -> None:
        self.process.kill()
        self.wait()

    def close(self) -> None:
        self.kill()
        self.process.close()
        self.errors.close()


def _begin(
    task: Callable[..., None], arguments: tuple[object, ...], environment: dict[str, str], errors: Connection
) -> None:
    os.dup2(errors.fileno(), sys.stderr.fileno())
    errors.close()
    os.environ.clear()
    os.environ.update(environment)
    task(*arguments)


# --- what they do -----------------------------------------------------------------------------------


def command(*arguments: str) -> None:
    """Run a command as its console script does."""
    from app import cli

    sys.argv = ["qingqian", *arguments]
    cli.main()


def nights(url: str, where: str, after: int, is_killed: bool) -> None:
    """Close the days to 20 February 2026; killed right after the n-th call of one step."""
    import datetime as dt
    import signal

    from app.jobs import nightly as job
    from app.services import nightly as service
    from app.services import notices
    from app.store import db
    from app.store import nightly as store

    module, name = {
        "settle": (service, "settle_accounts"),
        "levels": (store, "reach_levels"),
        "close": (store, "close"),
        "finish": (store, "finish"),
        "begin": (store, "begin"),
        "draft": (notices, "draft_due"),
    }[where]
    original, calls = getattr(module, name), 0

    def deadly(*args: object, **words: object) -> object:
        nonlocal calls
        calls += 1
        result = original(*args, **words)
        if is_killed and calls == after:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(module, name, deadly)
    job.run(db.create_engine(url), through=dt.date(2026, 2, 20))


def papers(url: str, folder: Path, batch_id: int) -> None:
    """Print the papers of a batch one by one; killed at the third."""
    import signal

    from app.gateways.files import FileStore
    from app.gateways.ports import Gateways
    from app.jobs import rendering
    from app.store import db, sealing
    from tests.services import noticing

    printer = noticing.PlainPrinter()

    def press(kind: str, facts: object, *, token: str) -> bytes:
        if len(printer.printed) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return printer(kind, facts, token=token)

    rendering.CHUNK = 1
    engine = db.create_engine(url)
    sealing.attach(engine, b"k" * 32)
    noticing.finish(engine, Gateways(FileStore(folder), press), batch_id)
