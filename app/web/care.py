"""What the settings pages ask of the installation they run in; the composition root hands it in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Protocol, cast

from fastapi import Depends, Request


class KeyFacts(Protocol):
    """Which key seals personal fields."""

    @property
    def fingerprint(self) -> str: ...
    @property
    def is_configured(self) -> bool: ...
    @property
    def path(self) -> str: ...


class Check(Protocol):
    """One part of the installation."""

    @property
    def name(self) -> str: ...
    @property
    def ok(self) -> bool: ...
    @property
    def warning(self) -> bool: ...
    @property
    def code(self) -> str: ...
    @property
    def facts(self) -> Mapping[str, str | int]: ...


class Caretaker(Protocol):
    """Who looks after the installation: backups, drills, checks, and the end of a demo."""

    def look_over(self, *, today: dt.date) -> Sequence[Check]:
        """Return every check of the installation."""
        ...

    def key(self) -> KeyFacts:
        """Return what tells one key from another."""
        ...

    def backups(self) -> Path:
        """Return the folder of the backups."""
        ...

    def begin(self, kind: str, *, by: str) -> int:
        """Note the start of a ``backup``, ``drill`` or ``check``; refuse ``care.running`` and ``care.no_backup``."""
        ...

    def carry_out(self, run_id: int) -> None:
        """Do what was begun."""
        ...

    def wipe(self, *, keep: str) -> None:
        """End a demo; refuse ``demo.not_a_demo``."""
        ...


def caretaker_of(request: Request) -> Caretaker:
    """Return who looks after this installation."""
    return cast("Caretaker", request.app.state.caretaker)


Care = Annotated[Caretaker, Depends(caretaker_of)]
