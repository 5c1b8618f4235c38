"""The command line: every command parses, calls one use case and prints its answer."""

from __future__ import annotations

import json
import sys

import typer

from app.cli.books import register as add_books
from app.cli.bundling import register as add_bundling
from app.cli.calc import register as add_calc
from app.cli.casework import register as add_casework
from app.cli.importing import register as add_importing
from app.cli.noticing import register as add_noticing
from app.cli.office import register as add_office
from app.cli.opening import close
from app.cli.operation import register as add_operation
from app.cli.output import REFUSED, SET_UP_MISSING, SetUpMissing, say
from app.cli.people import register as add_people
from app.cli.serving import register as add_serving
from app.cli.working import register as add_working
from app.domain.errors import Refusal

app = typer.Typer(
    name="qingqian",
    help="Property-fee arrears: right to the fen, explained, and provable.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for add in (
    add_books,
    add_bundling,
    add_calc,
    add_casework,
    add_importing,
    add_noticing,
    add_office,
    add_operation,
    add_people,
    add_serving,
    add_working,
):
    add(app)


def main() -> None:
    """Run a command; a refusal exits with 1, wrong usage with 2, missing set-up with 3."""
    try:
        app()
    except Refusal as refusal:
        _refuse(refusal)
        sys.exit(REFUSED)
    except SetUpMissing as missing:
        say(str(missing))
        sys.exit(SET_UP_MISSING)
    finally:
        close()


def _refuse(refusal: Refusal) -> None:
    from app.i18n import zh_cn

    sentence = zh_cn.sentence(refusal)
    say(f"{refusal.code}: {sentence}")
    if "--json" in sys.argv:
        error = {"code": refusal.code, "message": sentence, "field": refusal.field}
        sys.stdout.write(json.dumps({"error": error}, ensure_ascii=False) + "\n")
