"""The command that stays in the background: the worker."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.opening import engine
from app.cli.output import SetUpMissing


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(worker)


def worker(
    *,
    lease_seconds: Annotated[
        float, typer.Option("--lease-seconds", min=0.5, help="After so long another worker takes over (SQLite).")
    ] = 30.0,
) -> None:
    """Run the nightly work and print released batches until interrupted; several workers stand by for each other."""
    import datetime as dt
    import signal
    import threading

    from app import settings
    from app.cli import logs
    from app.gateways.files import FileStore
    from app.gateways.ports import Gateways
    from app.jobs import outside
    from app.jobs import worker as job
    from app.jobs.caretaking import Caretaker
    from app.services import printing

    configured = settings.load()
    logs.configure(as_json=configured.log_json)
    try:
        nightly_at = dt.time.fromisoformat(configured.nightly_at)
    except ValueError as error:
        message = f"QINGQIAN_NIGHTLY_AT={configured.nightly_at!r} is not a time like 02:30"
        raise SetUpMissing(message) from error
    if configured.backup_at:
        try:
            dt.time.fromisoformat(configured.backup_at)
        except ValueError as error:
            message = f"QINGQIAN_BACKUP_AT={configured.backup_at!r} is not a time like 03:30"
            raise SetUpMissing(message) from error
    stop, opened = threading.Event(), engine()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    job.run(
        opened,
        Gateways(
            files=FileStore(configured.files_dir),
            printer=printing.press,
            timestamps=outside.timestamps(configured),
            sealer=outside.sealer(configured),
        ),
        nightly_at=nightly_at,
        render_workers=configured.render_workers,
        stop=stop,
        lease_seconds=lease_seconds,
        caretaker=Caretaker(opened, configured),
    )
