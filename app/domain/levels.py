"""When a unit reaches a level of the arrears procedure, told from the facts of the day and from nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date


@dataclass(frozen=True, slots=True)
class Step:
    """One level of a community's procedure: how old and how much the arrears must be."""

    level: int
    min_days: int
    min_amount_fen: int = 0


@dataclass(frozen=True, slots=True)
class Reached:
    """A level and the day it was reached on."""

    level: int
    reached_on: date


@dataclass(frozen=True, slots=True)
class Overdue:
    """What is overdue and outstanding at the end of a day; ``oldest_due_on`` is the due day of the oldest such bill."""

    oldest_due_on: date
    total_fen: int

    def days(self, on: date) -> int:
        """Return the age in days; the day after the due day is day 1 (Civil Code 201, 203)."""
        return (on - self.oldest_due_on).days


def stands_at(history: Iterable[Reached], overdue: Overdue | None, on: date) -> int:
    """Return the level a unit stands at on a day, 0 for none.

    A level counts as long as the oldest debt of today was overdue already when it was reached: whoever has paid
    everything starts over with the next debt, and a payment that bounces brings back what it had ended.
    """
    if overdue is None:
        return 0
    standing = (row.level for row in history if overdue.oldest_due_on < row.reached_on <= on)
    return max(standing, default=0)


def newly_reached(
    steps: Iterable[Step], history: Iterable[Reached], overdue: Overdue | None, on: date
) -> tuple[int, ...]:
    """Return the levels a unit reaches on a day, lowest first; all but the last are superseded at once."""
    if overdue is None:
        return ()
    before = stands_at(history, overdue, on)
    return tuple(
        sorted(
            step.level
            for step in steps
            if step.level > before and step.min_days <= overdue.days(on) and step.min_amount_fen <= overdue.total_fen
        )
    )
