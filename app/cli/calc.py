"""The calculators as a tool: one JSON case in, one answer out, no database."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from app.cli.output import REFUSED


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(calc)


def calc(
    kind: Annotated[str, typer.Argument(help="statement, limitation, period, court-fee or claim.")],
    *,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="One case a line in, one answer a line out.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Taken for granted: every answer is JSON.")] = False,
) -> None:
    """Work a case out from standard input with the product's own rules; a refused case exits with 1."""
    del as_json
    from app.services import calculators

    # Bytes that are no UTF-8 become marks that the case is refused for, never a crash.
    sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    if jsonl:
        found = calculators.calculate_jsonl(kind=kind, lines=sys.stdin)
    else:
        found = iter([calculators.calculate_text(kind=kind, text=sys.stdin.read())])
    all_answered = True
    for answer, answered in found:
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
        all_answered = all_answered and answered
    if not all_answered:
        raise typer.Exit(REFUSED)
