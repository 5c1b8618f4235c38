"""The facts of the list in front of a print file: what is in it, in walking order, to be ticked off and signed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ListLine:
    """One notice on the list the walker carries; names are masked, since the list is carried about."""

    place: int
    unit_label: str
    owners: str
    number: str
    total_fen: int


@dataclass(frozen=True, slots=True)
class BatchListFacts:
    """One part of a batch; ``tone`` is that of its notices, places count through all parts."""

    number: str
    tone: str
    community: str
    company: str
    as_of: dt.date
    deadline_on: dt.date
    issued_on: dt.date
    part: int
    parts: int
    lines: tuple[ListLine, ...]
    template: str = "batch-list-1"

    @property
    def total_fen(self) -> int:
        """What the notices listed ask for."""
        return sum(line.total_fen for line in self.lines)
