"""Commands of the office's day: close days, make notices."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.opening import engine
from app.cli.output import REFUSED, DryRun, Json, answer, day


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command()(close)


def close(
    *,
    through: Annotated[
        str, typer.Option("--through", metavar="DATE", help="The last day to close; yesterday unless said.")
    ] = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Do the nightly work by hand: close every open day of every account, oldest first; safe to repeat."""
    from app import settings
    from app.cli import logs
    from app.jobs import nightly

    logs.configure(as_json=settings.load().log_json)
    on = day(through) if through else nightly.yesterday()
    found = (nightly.rehearse if dry_run else nightly.run)(engine(), through=on)
    problems = [
        {
            "unit": problem.unit,
            "label": problem.label,
            "code": problem.code,
            "closed_through": problem.closed_through_on,
        }
        for problem in found.problems
    ]
    payload = {
        "closed_through": found.closed_through,
        "days": found.days,
        "accounts": found.accounts,
        "levels": found.levels,
        "drafts": found.drafts,
        "problems": problems,
        "dry_run": dry_run,
    }
    line = f"closed through {on}: {found.days} days, {found.levels} levels reached, {found.drafts} drafts"
    answer(payload, as_json=as_json, lines=[line, *(f"waits: {one['unit']} {one['code']}" for one in problems)])
    if problems:
        raise typer.Exit(REFUSED)
