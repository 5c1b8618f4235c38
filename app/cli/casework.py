"""The commands of court cases: case open."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.opening import community_id, engine, today
from app.cli.output import Community, DryRun, Json, answer, day, yuan

ACTOR = "cli"
NOBODY = 0


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    group = typer.Typer(help="Court cases.", no_args_is_help=True, rich_markup_mode=None)
    group.callback()(_cases)
    group.command("open")(open_)
    app.add_typer(group, name="case")


def _cases() -> None:
    """Court cases."""


def open_(
    unit: Annotated[str, typer.Argument(help="A unit: 1-1-202, or as people write it.")],
    *,
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="The day the arrears are fixed at.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why to go on although something was found.")] = "",
    community: Community = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Open a case from the arrears of a unit, with everything overdue and every owner who owes."""
    import secrets

    from app import clock
    from app.domain.deeds import By
    from app.domain.registry import parse_unit
    from app.i18n import zh_cn
    from app.services import cases as services
    from app.store import cases, db, estate

    on, opened = day(as_of) if as_of else today(), engine()
    told = reason or zh_cn.LABELS["case_open.cli_reason"]
    with db.transaction(opened) as session:
        found = estate.unit_by_code(session, parse_unit(unit).code, community_id(session, community))
        wish = services.Wish(unit_ids=(found.id,), as_of=on, reason=told)
        proposal = services.propose(session, community_id=found.community_id, wish=wish)[0]
        by = By(today(), clock.now(), ACTOR, NOBODY)
        key = secrets.token_urlsafe(16)
        made = services.open_case(session, wish=wish, community_id=found.community_id, by=by, key=key)
        number = cases.case_row(session, made)["number"]
        if dry_run:
            session.rollback()
            number = None
    total = proposal.principal_fen + proposal.late_charge_fen + proposal.costs_fen
    payload = {
        "case": number,
        "unit": found.code,
        "as_of": on,
        "path": proposal.choice.path.value,
        "bills": len(proposal.checked.bills),
        "principal": yuan(proposal.principal_fen),
        "late_charge": yuan(proposal.late_charge_fen),
        "total": yuan(total),
        "findings": [{"code": one.code, "weight": one.weight, "count": one.count} for one in proposal.findings],
        "dry_run": dry_run,
    }
    lines = [f"{number or 'not opened'}: {found.label}, {yuan(total)} yuan on {on}, {proposal.choice.path.value}"]
    answer(payload, as_json=as_json, lines=[*lines, *(one.code for one in proposal.findings)])
