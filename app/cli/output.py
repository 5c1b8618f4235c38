"""How a command answers: the answer on standard output, everything else on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would happen; write nothing.")]
Community = Annotated[str | None, typer.Option("--community", help="Only this community (its name).")]

REFUSED, WRONG_USAGE, SET_UP_MISSING = 1, 2, 3


class SetUpMissing(Exception):
    """The command cannot start on this machine as it is; the message says what to do."""


def say(text: str) -> None:
    """Tell the person at the terminal, out of the answer's way."""
    sys.stderr.write(text + "\n")


def answer(payload: Mapping[str, Any], *, as_json: bool, lines: Iterable[str] = ()) -> None:
    """Print the one answer of a command: its JSON object, or the lines a person reads."""
    if as_json:
        json.dump(payload, sys.stdout, ensure_ascii=False, default=_plain)
        sys.stdout.write("\n")
        return
    for line in lines:
        sys.stdout.write(line + "\n")


def yuan(fen: int) -> str:
    """Return an amount as other programs read it: two decimals, no separators."""
    sign, fen = ("-" if fen < 0 else ""), abs(fen)
    return f"{sign}{fen // 100}.{fen % 100:02d}"


def day(text: str) -> date:
    """Read an ISO date from the command line; Typer turns the error into exit status 2."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        message = f"{text!r} is not a date like 2026-01-31"
        raise typer.BadParameter(message) from error


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    message = f"{type(value).__name__} has no place in an answer"
    raise TypeError(message)
