"""What a check of the books, the log or the evidence finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One difference: ``where`` names the unit and row, ``what`` is a code."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Report:
    """What was checked (rows by kind) and the problems found, the first broken row of each unit first."""

    checked: Mapping[str, int]
    problems: tuple[Problem, ...]
