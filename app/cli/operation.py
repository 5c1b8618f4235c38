"""Commands that keep an installation running: migrate, backup, restore, doctor."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.cli.opening import engine, today
from app.cli.output import REFUSED, DryRun, Json, answer


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    for command in (migrate, backup, restore, doctor):
        app.command()(command)


def migrate(*, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Create the database, or bring it to the newest version."""
    from app.store import db

    opened = engine(any_version=True)
    before, newest = db.head(opened), db.newest(opened)
    head = newest if dry_run else db.migrate(opened)
    answer(
        {"head": head, "before": before, "dry_run": dry_run}, as_json=as_json, lines=[f"{before or 'new'} -> {head}"]
    )


def backup(
    file: Annotated[Path, typer.Argument(help="The backup to write; an existing file is never overwritten.")],
    *,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Write database, files and key into one file. It opens everything: keep it as safe as the office's seal."""
    from app import settings
    from app.jobs import backup as job

    opened, data_dir = engine(), settings.load().data_dir
    written = job.measure(opened, data_dir=data_dir) if dry_run else job.write(opened, data_dir=data_dir, target=file)
    line = f"{written.rows} rows, {written.files} files" + ("" if dry_run else f", SHA-256 {written.sha256}")
    answer(asdict(written) | {"dry_run": dry_run}, as_json=as_json, lines=[line])


def restore(
    file: Annotated[Path, typer.Argument(help="A backup made by this program.", exists=True, dir_okay=False)],
    *,
    into: Annotated[Path, typer.Option("--into", help="A new or empty folder; it becomes a data folder.")],
    database_url: Annotated[
        str, typer.Option("--database-url", help="An empty database to fill instead of SQLite in the folder.")
    ] = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Bring a backup back into a new folder (or an empty database), never over a live one."""
    from app.jobs import backup as job

    found = job.check(file) if dry_run else job.restore(file, into=into, url=database_url)
    problems = [] if dry_run else job.examine(into, url=database_url)
    lines = [f"{found.rows} rows, {found.files} files, SHA-256 {found.sha256}"]
    if not dry_run:
        lines.append(f"checked after restoring: {len(problems)} problems")
        lines += [f"{problem['where']}: {problem['what']}" for problem in problems]
    payload = asdict(found) | {"ok": not problems, "problems": problems, "dry_run": dry_run}
    answer(payload, as_json=as_json, lines=lines)
    if problems:
        raise typer.Exit(REFUSED)


def doctor(*, as_json: Json = False) -> None:
    """Look the installation over and say what is not fit for work."""
    from app import settings
    from app.jobs import doctor as job

    checks = job.examine(settings.load(), today=today())
    ok = all(check.ok for check in checks)
    lines = [
        f"{'ok     ' if c.ok and not c.warning else 'WARNING' if c.ok else 'FAULT  '} {c.name}: {c.detail}"
        for c in checks
    ]
    answer({"ok": ok, "checks": [asdict(check) for check in checks]}, as_json=as_json, lines=lines)
    if not ok:
        raise typer.Exit(REFUSED)
