"""The limitation clock of one bill (诉讼时效): Civil Code 188, 192, 194, 195, 202 and 203."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from app.domain.calendar import OFFICIAL, Calendar, add_months

if TYPE_CHECKING:
    from collections.abc import Iterable

YEARS = 3
LONG_STOP_YEARS = 20
_OLD_YEARS = 2
_GENERAL_PROVISIONS_ON = date(2017, 10, 1)
_SUSPENSION_MONTHS = 6
_MONTHS = 12


class Interruption(StrEnum):
    """What starts the period anew, if it reached the debtor (or came from the debtor) in time."""

    DEMAND = "demand"
    PART_PAYMENT = "part_payment"
    PROMISE = "promise"
    DEMAND_CO_OWNER = "demand_co_owner"
    PROMISE_AFTER_EXPIRY = "promise_after_expiry"
    PROCEEDING = "proceeding"


class Status(StrEnum):
    """Where the clock stands on a day."""

    RUNNING = "running"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Interrupted:
    """An interruption; a proceeding restarts the clock when it ends (``ended_on``: None while it is pending)."""

    kind: Interruption
    on: date
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class Suspended:
    """An obstacle from ``on`` until it was gone on ``removed_on`` (None while it lasts)."""

    on: date
    removed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """When to act; both dates are None while a proceeding or an obstacle keeps the clock from running out.

    ``act_by_on`` is the plain last day; ``expires_on`` that day rolled past rest days (203), or None when the official
    calendar is not known that far. ``last_on`` is the best answer there is, for comparing days.
    """

    act_by_on: date | None
    expires_on: date | None
    last_on: date

    def status(self, as_of: date) -> Status:
        """Tell whether the period has run out by the end of ``as_of``."""
        return Status.RUNNING if as_of <= self.last_on else Status.EXPIRED

    def in_time(self, filed_on: date) -> bool:
        """Tell whether something filed that day was in time."""
        return filed_on <= self.last_on


@dataclass(frozen=True, slots=True)
class Trace:
    """A clock and where it comes from: from which day it counts (None while a proceeding is pending), by what event."""

    clock: Clock
    base_on: date | None
    last: Interrupted | None
    too_late: tuple[Interrupted, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """Three years, with two years before 2017-10-01 (``transition_2017``), or the long stop of twenty by itself."""

    years: int = YEARS
    transition_2017: bool = False


ORDINARY = Rules()
OURS = Rules(transition_2017=True)
"""What bills are counted by: three years, and what had run out before 2017-10-01 stays so."""


def clock(
    due_on: date,
    events: Iterable[Interrupted | Suspended] = (),
    rules: Rules = ORDINARY,
    calendar: Calendar = OFFICIAL,
) -> Clock:
    """Return the clock of a debt due on ``due_on`` after ``events`` (any order).

    An event after expiry changes nothing, except that the debtor agrees to perform (192). Twenty years after the due
    date it is over whatever happened (188): the long stop is neither interrupted nor suspended (总则编解释 35). Only
    what was before a court or a committee by then goes on.
    """
    return trace(due_on, events, rules, calendar).clock


def trace(
    due_on: date,
    events: Iterable[Interrupted | Suspended] = (),
    rules: Rules = ORDINARY,
    calendar: Calendar = OFFICIAL,
) -> Trace:
    """Return the clock and how it came about: from which day it counts, by which event, and what came too late."""
    happened = sorted(events, key=lambda event: event.on)
    if rules.years >= LONG_STOP_YEARS:
        happened = []
    obstacles = [event for event in happened if isinstance(event, Suspended)]
    base: date | None = due_on
    last: Interrupted | None = None
    too_late: list[Interrupted] = []
    stop = add_months(due_on, LONG_STOP_YEARS * _MONTHS)
    end = _end(due_on, stop, obstacles, rules, calendar)
    for event in happened:
        if isinstance(event, Suspended) or base is None or event.on < base:
            continue
        is_late = end is not None and event.on > calendar.roll(end)[0]
        is_over = event.on > calendar.roll(stop)[0]
        if is_over or (is_late and event.kind is not Interruption.PROMISE_AFTER_EXPIRY):
            too_late.append(event)
            continue
        last = event
        base = event.ended_on if event.kind is Interruption.PROCEEDING else event.on
        end = None if base is None else _end(base, stop, obstacles, rules, calendar)
    if end is None:
        return Trace(Clock(None, None, date.max), base, last, tuple(too_late))
    rolled, known = calendar.roll(end)
    return Trace(Clock(end, rolled if known else None, rolled), base, last, tuple(too_late))


def _end(base: date, stop: date, obstacles: list[Suspended], rules: Rules, calendar: Calendar) -> date | None:
    """Return the last day of the period from ``base``, or None while an obstacle in its last six months lasts.

    It is never after ``stop``, which no obstacle moves.
    """
    end = _plain_end(base, rules, calendar)
    for obstacle in obstacles:
        if obstacle.on > end:
            continue
        if obstacle.removed_on is None:
            return None if end < stop else stop
        if obstacle.removed_on > add_months(end, -_SUSPENSION_MONTHS):
            end = max(end, add_months(obstacle.removed_on, _SUSPENSION_MONTHS))
    return min(end, stop)


def _plain_end(base: date, rules: Rules, calendar: Calendar) -> date:
    end = add_months(base, rules.years * _MONTHS)
    if rules.transition_2017 and rules.years == YEARS:
        old_end = add_months(base, _OLD_YEARS * _MONTHS)
        if calendar.roll(old_end)[0] < _GENERAL_PROVISIONS_ON:
            end = old_end
    return end


def period(start_on: date, days: int, calendar: Calendar = OFFICIAL) -> Clock:
    """Return the end of a period of days from ``start_on``, which is not counted (201)."""
    end = date.fromordinal(start_on.toordinal() + days)
    rolled, known = calendar.roll(end)
    return Clock(end, rolled if known else None, rolled)
