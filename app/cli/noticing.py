"""The command that makes arrears notices: issued, printed, and laid out in a folder."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer

from app.cli.opening import community_id, engine, today
from app.cli.output import REFUSED, Community, DryRun, Json, answer, day, say


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command()(notices)


def notices(
    *,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", file_okay=False, help="Where the PDFs and the manifest go.")
    ],
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="DATE", help="The day of the figures; today unless said.")
    ] = "",
    min_days: Annotated[int, typer.Option("--min-days", min=1, help="Only units overdue for so many days.")] = 1,
    level: Annotated[int, typer.Option("--level", min=1, help="The level of the procedure: it sets the tone.")] = 2,
    community: Community = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Make the arrears notices of a date and level; run again, it adds none and gives the same files."""
    from app import settings
    from app.cli import logs
    from app.domain.web_address import is_public
    from app.gateways.files import FileStore
    from app.gateways.ports import Gateways
    from app.i18n import zh_cn
    from app.jobs import notice_run
    from app.services import printing
    from app.store import db

    started, configured, opened = perf_counter(), settings.load(), engine()
    logs.configure(as_json=configured.log_json)
    on = day(as_of) if as_of else today()
    with db.reading(opened) as session:
        chosen = community_id(session, community)
    order = notice_run.Order(as_of=on, level=level, min_days=min_days, community_id=chosen)
    if dry_run:
        done = notice_run.rehearse(opened, order=order)
    else:
        done = notice_run.run(
            opened,
            Gateways(FileStore(configured.files_dir), printing.press),
            order=order,
            public_url=configured.public_url,
            workers=configured.render_workers,
            out=out,
        )
    left = [
        {"unit": one.unit, "reason": one.reason, "message": zh_cn.LABELS.get(f"skip_reason.{one.reason}", "")}
        | ({"partial": True} if one.is_partial else {})
        for one in done.left
    ]
    skipped = [one for one in left if "partial" not in one]
    faults = {"address_local": not is_public(configured.public_url), "as_of_in_future": on > today()}
    warned = [
        {"unit": "", "reason": name, "message": zh_cn.LABELS[f"notice_warning.{name}"]}
        for name, is_so in faults.items()
        if is_so
    ]
    payload = {
        "batch": done.batches[0] if len(done.batches) == 1 else list(done.batches) or None,
        "notices": done.notices,
        "created": done.created,
        "skipped": skipped,
        "warnings": [*warned, *(one for one in left if "partial" in one)],
        "problems": list(done.problems),
        "print_file": str(done.print_file) if done.print_file else None,
        "seconds": round(perf_counter() - started, 3),
        "dry_run": dry_run,
    }
    line = f"{done.notices} notices ({done.created} new), {len(skipped)} units left out; {payload['print_file'] or ''}"
    answer(payload, as_json=as_json, lines=[line, *(f"{one['unit']}: {one['message']}" for one in skipped)])
    for one in warned:
        say(str(one["message"]))
    for number in done.problems:
        say(f"not printed: {number}")
    if done.problems:
        raise typer.Exit(REFUSED)
