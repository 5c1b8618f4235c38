"""The command that brings an office's workbooks in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.opening import engine, today
from app.cli.output import REFUSED, DryRun, Json, answer, say

ACTOR = "cli"


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command("import")(import_files)
    app.command("undo-import")(undo_import)


def import_files(
    files: Annotated[list[Path], typer.Argument(help="Workbooks (.xlsx, .xls) or .csv.", exists=True, dir_okay=False)],
    *,
    community: Annotated[str, typer.Option("--community", help="Where to; else the title says it.")] = "",
    kind: Annotated[str, typer.Option("--kind", help="auto, or units, owners, tariffs, arrears, receipts.")] = "auto",
    due_day: Annotated[int, typer.Option("--due-day", min=1, max=31, help="Due day of opening arrears.")] = 10,
    error_workbook: Annotated[
        Path | None, typer.Option("--error-workbook", help="Write the sheets again with the faults marked.")
    ] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Read workbooks: units and owners, tariffs, opening arrears, receipts. Good rows go in, bad ones are named."""
    from app import clock
    from app.domain.errors import Refusal
    from app.i18n import zh_cn
    from app.services import imports
    from app.sheets import error_workbook as marked
    from app.sheets import parsing
    from app.store import db

    wanted = _kind(kind)
    books, contents, unread = [], [], []
    for path in files:
        data = path.read_bytes()
        try:
            books.append(parsing.parse(path.name, data, kind=wanted))
        except Refusal as refusal:
            unread.append((path.name, refusal))
        else:
            contents.append((path.name, data))
    if not books:
        raise unread[0][1]
    opened = engine()
    options = imports.Options(community=community, due_day=due_day)
    if dry_run:
        with db.reading(opened) as session:
            told = imports.preview(session, books=books, options=options, today=today())
    else:
        with db.transaction(opened) as session:
            told = imports.commit(
                session, books=books, options=options, today=today(), now=clock.now(),
                actor_id=None, actor=ACTOR,
            )  # fmt: skip
    if error_workbook is not None:
        tallies = [tally for file in told.files for tally in file.tallies]
        error_workbook.write_bytes(marked.build(contents, tallies))
    payload = imports.answer(told) | {"dry_run": dry_run}
    payload["unread"] = [
        {"file": name, "code": refusal.code, "message": zh_cn.sentence(refusal)} for name, refusal in unread
    ]
    answer(payload, as_json=as_json, lines=_lines(payload))
    if not any(sheet["rows"] for file in payload["files"] for sheet in file["sheets"]):
        say("Nothing in these files could be read.")
        raise typer.Exit(REFUSED)


def undo_import(
    batch: Annotated[int, typer.Argument(help="The batch number the import answered with.", min=1)],
    *,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Take one import back as a whole, while nothing later stands on it."""
    from dataclasses import asdict

    from app import clock
    from app.services import imports
    from app.store import db

    with db.transaction(engine()) as session:
        done = imports.undo(session, batch_id=batch, today=today(), now=clock.now(), actor_id=None, actor=ACTOR)
        if dry_run:
            session.rollback()
    line = f"{done.bills} bills and {done.payments} payments reversed, {done.units} units removed"
    answer(asdict(done) | {"dry_run": dry_run}, as_json=as_json, lines=[line])


def _kind(text: str) -> Any:  # noqa: ANN401 - the enum is imported late, for a quick start
    from app.sheets.records import SheetKind

    if text == "auto":
        return None
    if text not in set(SheetKind) - {SheetKind.IGNORED}:
        message = f"{text!r} is none of auto, units, owners, tariffs, arrears, receipts"
        raise typer.BadParameter(message)
    return SheetKind(text)


def _lines(payload: dict[str, Any]) -> list[str]:
    lines = []
    for file in payload["files"]:
        lines.append(f"{file['file']}" + (" (imported before)" if file["already_imported"] else ""))
        for sheet in file["sheets"]:
            counts = " ".join(f"{name}={sheet[name]}" for name in ("rows", "created", "updated", "unchanged"))
            lines.append(f"  {sheet['sheet']}: {sheet['kind']} {counts} rejected={len(sheet['rejected'])}")
            lines += [
                f"    {said['row']} {said['column']}: {said['message']} [{said['code']}]"
                for said in (*sheet["rejected"], *sheet["warnings"])
            ]
    lines += [f"{file['file']}: {file['message']} [{file['code']}]" for file in payload["unread"]]
    return [*lines, f"{payload['created']} {payload['amounts']}"]
