"""Commands for the people who sign in: user add, user password, user link, user factor-off."""

from __future__ import annotations

import secrets
import sys
from typing import Annotated

import typer

from app.cli.opening import community_id, engine
from app.cli.output import DryRun, Json, answer

Login = Annotated[str, typer.Argument(help="The name to sign in with.")]
FromInput = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input; otherwise one is made.")
]
BY = "cli"


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    group = typer.Typer(help="The people who sign in.", no_args_is_help=True, rich_markup_mode=None)
    group.command("add")(add)
    group.command("password")(password)
    group.command("link")(link)
    group.command("factor-off")(factor_off)
    app.add_typer(group, name="user")


def add(
    login: Login,
    *,
    name: Annotated[str, typer.Option("--name", help="How colleagues know them.")],
    role: Annotated[str, typer.Option("--role", help="clerk, cashier, collector, manager, finance, lawyer or admin.")],
    community: Annotated[
        list[str] | None, typer.Option("--community", help="Only these communities (may be repeated); all unless said.")
    ] = None,
    password_stdin: FromInput = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Let a person sign in; prints the password once when it was made here."""
    from app import clock
    from app.gateways import passwords
    from app.services import signin
    from app.store import db

    chosen = _chosen(login, from_input=password_stdin)
    hashed = passwords.hashed(chosen)
    with db.transaction(engine()) as session:
        names = [number for one in community or () if (number := community_id(session, one)) is not None]
        signin.add_user(
            session,
            login=login,
            name=name,
            role=role,
            password_hash=hashed,
            at=clock.now(),
            by=BY,
            community_ids=tuple(names) or None,
        )
        if dry_run:
            session.rollback()
    _tell(login, "" if password_stdin else chosen, dry_run=dry_run, as_json=as_json)


def password(
    login: Login, *, password_stdin: FromInput = False, dry_run: DryRun = False, as_json: Json = False
) -> None:
    """Give a person a new password and end every session they have."""
    from app import clock
    from app.gateways import passwords
    from app.services import signin
    from app.store import db

    chosen = _chosen(login, from_input=password_stdin)
    hashed = passwords.hashed(chosen)
    with db.transaction(engine()) as session:
        signin.change_password(session, login=login, password_hash=hashed, at=clock.now(), by=BY)
        if dry_run:
            session.rollback()
    _tell(login, "" if password_stdin else chosen, dry_run=dry_run, as_json=as_json)


def link(login: Login, *, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Print a one-time link by which a person sets their own password."""
    from app import clock, settings
    from app.services import staff
    from app.store import db

    with db.transaction(engine()) as session:
        token = staff.link_for(session, login=login, at=clock.now(), by=BY)
        if dry_run:
            session.rollback()
    address = "" if dry_run else f"{settings.load().public_url.rstrip('/')}/join/{token}"
    lines = [f"{login}: {'nothing was written' if dry_run else address}"]
    answer({"login": login, "dry_run": dry_run, "link": address}, as_json=as_json, lines=lines)


def factor_off(login: Login, *, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Take the second factor of a person away whose telephone is gone, and end every session they have."""
    from app import clock
    from app.services import staff
    from app.store import db

    with db.transaction(engine()) as session:
        staff.factor_off_for(session, login=login, at=clock.now(), by=BY)
        if dry_run:
            session.rollback()
    _tell(login, "", dry_run=dry_run, as_json=as_json)


def _chosen(login: str, *, from_input: bool) -> str:
    from app.gateways import passwords

    if not from_input:
        return secrets.token_urlsafe(15)
    given = sys.stdin.readline().rstrip("\n")
    passwords.check_choice(given, login=login)
    return given


def _tell(login: str, made: str, *, dry_run: bool, as_json: bool) -> None:
    shown = {} if dry_run or not made else {"password": made}
    lines = [f"{login}: {'nothing was written' if dry_run else 'done'}", *(f"password: {made}" for _ in shown)]
    answer({"login": login, "dry_run": dry_run} | shown, as_json=as_json, lines=lines)
