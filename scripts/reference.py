"""Writes docs/reference from the code: settings, commands, permissions and refusals (``./dev docs``)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from pydantic import SecretStr

from app.cli import app
from app.domain.access import MATRIX, Permission, Role
from app.i18n import zh_cn
from app.settings import Settings

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference"
NOTE = "Written from the code by `./dev docs`; a test fails when it is out of date."


def settings() -> Iterator[str]:
    """Yield the page of settings."""
    yield from ("# Settings", "", "Read once from the environment when a process starts.", NOTE, "")
    yield from ("| variable | default | meaning |", "|---|---|---|")
    prefix = Settings.model_config.get("env_prefix", "")
    for name, field in Settings.model_fields.items():
        silent = field.default in ("", None) or isinstance(field.default, SecretStr)
        default = "" if silent else f"`{field.default}`"
        yield f"| `{prefix}{name.upper()}` | {default} | {field.description} |"


def commands() -> Iterator[str]:
    """Yield the page of commands."""
    yield from ("# Commands", "", "`qingqian COMMAND`, or `./dev run COMMAND` in a checkout.", NOTE, "")
    yield "Exit status: 0 done; 1 something was refused or failed the check; 2 wrong usage; 3 set-up missing."
    yield "With `--json` one JSON object goes to standard output; everything else goes to standard error."
    group = typer.main.get_command(app)
    yield from _group(group, "qingqian")


def _group(group: object, path: str) -> Iterator[str]:
    children = getattr(group, "commands", {})
    for name, command in children.items():
        if getattr(command, "commands", None):
            yield from _group(command, f"{path} {name}")
            continue
        yield from ("", f"## `{path} {name}`", "", (command.help or "").strip().replace("\n\n", "\n"), "")
        for parameter in command.params:
            if "--help" not in parameter.opts:
                yield _parameter(parameter)


def _parameter(parameter: Any) -> str:  # noqa: ANN401 - whichever click Typer carries
    names = ", ".join(f"`{name}`" for name in parameter.opts)
    if parameter.param_type_name == "argument":
        names = f"`{(parameter.metavar or parameter.name or '').upper()}`"
    text = getattr(parameter, "help", None) or ""
    need = " (required)" if parameter.required else ""
    return f"- {names}{need} {text}".rstrip()


def permissions() -> Iterator[str]:
    """Yield the page of permissions: the matrix the routes are checked against."""
    yield from ("# Permissions", "", "Who may do what; every staff page asks for exactly one permission.", NOTE, "")
    yield "| permission | " + " | ".join(f"{zh_cn.label(role)} `{role}`" for role in Role) + " |"
    yield "|---|" + "---|" * len(Role)
    for permission in Permission:
        ticks = " | ".join("✓" if permission in MATRIX[role] else "" for role in Role)
        yield f"| {zh_cn.label(permission)} `{permission}` | {ticks} |"


def refusals() -> Iterator[str]:
    """Yield the page of refusals: each code with what a person reads."""
    yield from ("# Refusals", "", "Every refusal is a code with facts; this is what a person reads.", NOTE, "")
    yield from ("| code | sentence |", "|---|---|")
    for code, sentence in sorted(zh_cn.SENTENCES.items()):
        text = sentence.replace("|", "\\|")
        yield f"| `{code}` | {text} |"


PAGES = {"settings.md": settings, "commands.md": commands, "permissions.md": permissions, "refusals.md": refusals}


def page(name: str) -> str:
    """Return the text of one page."""
    return "\n".join(PAGES[name]()) + "\n"


def main() -> int:
    """Write every page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in PAGES:
        (FOLDER / name).write_text(page(name), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
