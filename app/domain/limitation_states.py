"""How near the end of its limitation a bill is: the states people act on, and the days they are cut at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.domain.calendar import Calendar


class State(StrEnum):
    """Where a bill stands, the worst first."""

    EXPIRED = "expired"
    CRITICAL = "critical"
    SOON = "soon"
    WATCH = "watch"
    SAFE = "safe"
    PENDING = "pending"


CRITICAL_DAYS = 14
SOON_DAYS = 60
WATCH_DAYS = 180
URGENT = (State.CRITICAL, State.SOON)
"""What the desk warns of: less than sixty days are left."""


class Obstacle(StrEnum):
    """Why a claim cannot be pursued (Civil Code 194)."""

    FORCE_MAJEURE = "force_majeure"
    NO_GUARDIAN = "no_guardian"
    HEIRS_UNKNOWN = "heirs_unknown"
    CONTROLLED = "controlled"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Cuts:
    """The first last day that is not in a worse state: a clock ending before ``lives_from`` has run out, and so on."""

    lives_from: date
    critical_until: date
    soon_until: date
    watch_until: date

    def state(self, act_by_on: date | None) -> State:
        """Return the state of a clock whose plain last day is ``act_by_on`` (None while it stands still)."""
        if act_by_on is None:
            return State.PENDING
        for state, until in (
            (State.EXPIRED, self.lives_from),
            (State.CRITICAL, self.critical_until),
            (State.SOON, self.soon_until),
            (State.WATCH, self.watch_until),
        ):
            if act_by_on < until:
                return state
        return State.SAFE


def cuts(as_of: date, calendar: Calendar) -> Cuts:
    """Return the days of ``as_of``: what ended on a rest day lives until the working day after it."""
    lives_from = as_of
    while calendar.roll(lives_from - timedelta(days=1))[0] >= as_of:
        lives_from -= timedelta(days=1)
    critical, soon, watch = (as_of + timedelta(days=days) for days in (CRITICAL_DAYS, SOON_DAYS, WATCH_DAYS))
    return Cuts(lives_from, critical, soon, watch)
