"""Commands that ask and move the books: bill, arrears, statement, verify."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.opening import community_id, engine, today
from app.cli.output import REFUSED, Community, DryRun, Json, answer, day, say, yuan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine

    from app.store.arrears import Totals, UnitArrears

CHUNK = 5_000
AsOf = Annotated[str, typer.Option("--as-of", metavar="DATE", help="The day asked for; today unless said.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    for command in (bill, arrears, statement, verify):
        app.command()(command)


def bill(
    *,
    period: Annotated[str, typer.Option("--period", metavar="MONTH", help="The month whose run is posted: 2026-01.")],
    community: Community = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Post the billing run of a month; bills that exist stay as they are, so it is safe to repeat."""
    from app import clock
    from app.services import billing
    from app.store import db, estate

    day(f"{period}-01")
    opened = engine()
    with db.reading(opened) as session:
        chosen = community_id(session, community)
        wanted = [row.id for row in estate.communities(session) if chosen in (None, row.id)]
    runs = []
    for number in wanted:
        if dry_run:
            with db.reading(opened) as session:
                runs.append(billing.preview(session, community_id=number, period=period, today=today()))
        else:
            with db.transaction(opened) as session:
                runs.append(
                    billing.post(
                        session, community_id=number, period=period, today=today(), now=clock.now(), actor_id=None
                    )
                )
    created, existing = sum(run.created for run in runs), sum(run.existing for run in runs)
    amount = yuan(sum(run.amount_fen for run in runs))
    payload = {"period": period, "created": created, "existing": existing, "amount": amount, "dry_run": dry_run}
    answer(payload, as_json=as_json, lines=[f"{created} bills, {amount} yuan; {existing} were there already"])


def arrears(
    *,
    as_of: AsOf = "",
    community: Community = None,
    xlsx: Annotated[Path | None, typer.Option("--xlsx", help="Write the list as a workbook, too.")] = None,
    as_json: Json = False,
) -> None:
    """List what is overdue, unit by unit, with its age."""
    from app.store import arrears as store
    from app.store import db, unit_reads

    on = day(as_of) if as_of else today()
    with db.reading(engine()) as session:
        chosen = community_id(session, community)
        wanted = store.Filter(community_id=chosen)
        totals = store.totals(session, as_of=on, wanted=wanted)
        rows = store.list_units(session, as_of=on, wanted=wanted)
        buckets = store.aging(session, as_of=on, community_id=chosen)
        names: dict[int, str] = {}
        for start in range(0, len(rows), CHUNK):
            numbers = [row.unit_id for row in rows[start : start + CHUNK]]
            for number, found in unit_reads.owner_names(session, numbers, on=min(on, today())).items():
                names[number] = "、".join(party.name for party in found)
    payload = {
        "as_of": on,
        "units": totals.units,
        "bills": totals.bills,
        "principal": yuan(totals.principal_fen),
        "late_charge": yuan(totals.late_charge_fen),
        "costs": yuan(totals.costs_fen),
        "total": yuan(totals.total_fen),
        "aging": [{"bucket": b.bucket, "units": b.units, "principal": yuan(b.principal_fen)} for b in buckets],
        "rows": [_row(row, names) for row in rows],
    }
    if xlsx is not None:
        xlsx.write_bytes(_workbook(rows, names, totals, title=f"{community or ''} {on}".strip()))
    answer(payload, as_json=as_json, lines=_table(rows, names, payload))


def _row(row: UnitArrears, names: dict[int, str]) -> dict[str, Any]:
    return {
        "unit": row.code,
        "owner": names.get(row.unit_id, ""),
        "principal": yuan(row.principal_fen),
        "late_charge": yuan(row.late_charge_fen),
        "total": yuan(row.total_fen),
        "oldest_due_on": row.oldest_due_on,
        "level": row.level,
    }


def _workbook(rows: Sequence[UnitArrears], names: dict[int, str], totals: Totals, *, title: str) -> bytes:
    from app.i18n.zh_cn import LABELS
    from app.sheets.exports import Column, ColumnKind, workbook

    text, money = ColumnKind.TEXT, ColumnKind.MONEY
    kinds = {"room": text, "owner": text, "oldest": ColumnKind.DATE, "bills": ColumnKind.NUMBER}
    kinds |= dict.fromkeys(("principal", "late_charge", "costs", "total"), money)
    columns = [Column(LABELS[f"export.{name}"], kind) for name, kind in kinds.items()]
    lines: list[list[str | int | date | None]] = [
        [
            row.label,
            names.get(row.unit_id, ""),
            row.oldest_due_on,
            row.bills,
            row.principal_fen,
            row.late_charge_fen,
            row.costs_fen,
            row.total_fen,
        ]
        for row in rows
    ]
    sums = [totals.bills, totals.principal_fen, totals.late_charge_fen, totals.costs_fen, totals.total_fen]
    lines.append([LABELS["export.sum"], "", None, *sums])
    return workbook(name=LABELS["export.sheet"], columns=columns, rows=lines, title=title)


def _table(rows: Sequence[UnitArrears], names: dict[int, str], payload: dict[str, Any]) -> list[str]:
    lines = [
        f"{row.code:<12} {yuan(row.principal_fen):>12} {yuan(row.late_charge_fen):>12} {yuan(row.total_fen):>12}"
        f"  {row.oldest_due_on}  {names.get(row.unit_id, '')}"
        for row in rows
    ]
    foot = f"{payload['units']} units, {payload['bills']} bills, {payload['total']} yuan on {payload['as_of']}"
    return [*lines, foot]


def statement(
    unit: Annotated[str, typer.Argument(help="A unit: 1-1-202, or as people write it.")],
    *,
    as_of: AsOf = "",
    community: Community = None,
    pdf: Annotated[
        Path | None, typer.Option("--pdf", metavar="FILE", dir_okay=False, help="Print it to this file as well.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what one unit owes and how every figure came about."""
    from app.domain.calc_statement import described
    from app.domain.ledger import statement as work_out
    from app.domain.registry import parse_unit
    from app.store import db, estate, ledger

    on, opened = day(as_of) if as_of else today(), engine()
    with db.reading(opened) as session:
        found = estate.unit_by_code(session, parse_unit(unit).code, community_id(session, community))
        account = ledger.stories(session, [found.id])[found.id].account
    told = work_out(account, on)
    if pdf is not None:
        _print_statement(opened, found.id, on, pdf)
    payload = {"unit": found.code} | described(told, payments={event.id: event.id for event in account.events})
    lines = [
        f"{bill.bill.id:<8} due {bill.bill.due_on}  principal {yuan(bill.principal_fen)}"
        f"  late charge {yuan(bill.late_charge_fen)} ({bill.days_overdue} days)"
        for bill in told.bills
        if bill.principal_fen or bill.late_charge_fen or bill.costs_fen
    ]
    lines.append(f"{found.label}: {yuan(told.total_due_fen)} yuan on {on}, credit {yuan(told.credit_fen)}")
    answer(payload, as_json=as_json, lines=lines)


def _print_statement(opened: Engine, unit_id: int, on: date, file: Path) -> None:
    from app.documents import render
    from app.services import statements
    from app.store import db

    with db.reading(opened) as session:
        facts = statements.facts(session, unit_id=unit_id, as_of=on, issued_on=today())
    content, _ = render.pdf(facts)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    say(f"printed to {file}")


def verify(
    file: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, help="A bundle; without one, this installation.")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Recompute the books, the evidence, every file, seal and timestamp, or check a bundle; name what differs."""
    if file is not None:
        _verify_bundle(file, as_json=as_json)
        return
    from app import settings
    from app.i18n import zh_cn
    from app.jobs import outside, verification

    configured = settings.load()
    found = verification.examine(engine(), files_dir=configured.files_dir, trust=outside.trust(configured))
    problems = [
        {"where": problem.where, "what": problem.what, "message": zh_cn.SENTENCES.get(problem.what, "")}
        for problem in found.problems
    ]
    payload = {"ok": not problems, "checked": dict(found.checked), "problems": problems}
    counts = ", ".join(f"{count} {name}" for name, count in sorted(found.checked.items()))
    answer(payload, as_json=as_json, lines=[f"checked {counts or 'an empty ledger'}: {len(problems)} problems"])
    for problem in problems:
        say(f"{problem['where']}: {problem['what']} {problem['message']}")
    if problems:
        raise typer.Exit(REFUSED)


def _verify_bundle(file: Path, *, as_json: bool) -> None:
    from app.cli.bundling import examined

    checked, problems = examined(file)
    payload = {"ok": not problems, "checked": checked, "problems": problems}
    answer(payload, as_json=as_json, lines=[f"checked {checked}: {len(problems)} problems"])
    for problem in problems:
        say(f"{problem['where']}: {problem['message']}")
    if problems:
        raise typer.Exit(REFUSED)
