"""Who may be sent a notice, for which bills, and why a unit is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class SkipReason(StrEnum):
    """Why a unit gets no notice, or (``FORMER_OWNER``, ``ON_HOLD``, ``BALANCE_CHANGED``) what the notice lacks."""

    PAID = "paid"
    NOT_YET = "not_yet"
    BALANCE_CHANGED = "changed"
    ALREADY_NOTICED = "already_noticed"
    CONTACT_STOPPED = "contact_stopped"
    DO_NOT_DUN = "do_not_dun"
    ON_HOLD = "on_hold"
    PAUSED = "paused"
    NO_OWNER = "no_owner"
    FORMER_OWNER = "former_owner"
    NAME_NOT_PRINTABLE = "name_unprintable"
    SET_ASIDE = "set_aside"
    STOPPED = "stopped"


MAY_OVERRULE = frozenset({SkipReason.NOT_YET, SkipReason.PAUSED, SkipReason.SET_ASIDE})
"""Reasons a person may set aside with one of his own: the office's timing, never somebody's right to be left alone."""


class BatchState(StrEnum):
    """How far a batch of notices is."""

    DRAFT = "draft"
    RELEASED = "released"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Ownership:
    """Somebody's half-open period of owning a unit."""

    person_id: int
    name: str
    from_on: date
    until_on: date

    def covers(self, day: date) -> bool:
        """Tell whether the person owned on ``day``."""
        return self.from_on <= day < self.until_on


@dataclass(frozen=True, slots=True)
class Hold:
    """An agreed pause in force; without bills it covers all of them."""

    bill_ids: frozenset[int]
    stops_dunning: bool
    stops_contact: bool


@dataclass(frozen=True, slots=True)
class Debt:
    """One overdue bill."""

    bill_id: int
    due_on: date


@dataclass(frozen=True, slots=True)
class Past:
    """The notices a unit had so far."""

    last_on: date | None = None
    has_this: bool = False


NOTHING_YET = Past()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may be sent: the owners addressed and the bills listed, or the reason why nothing is.

    ``left_out`` says why some bills are missing from a notice that is sent all the same.
    """

    owners: tuple[str, ...] = ()
    bill_ids: tuple[int, ...] = ()
    reason: SkipReason | None = None
    left_out: SkipReason | None = None


def decide(
    *,
    debts: Sequence[Debt],
    ownerships: Sequence[Ownership],
    holds: Sequence[Hold],
    past: Past,
    pause_days: int,
    as_of: date,
    on: date,
    is_marked_not_to_dun: bool = False,
) -> Verdict:
    """Say who is addressed for what, or why nobody is.

    ``as_of`` is the day of the figures; who owns is judged on ``on``, the day the notice is issued, and the holds and
    marks given are those of that day.
    """
    free = [debt for debt in debts if not any(_holds_back(hold, debt) for hold in holds)]
    reason = _reason(debts, free, holds, past, pause_days, as_of)
    if is_marked_not_to_dun and reason not in {SkipReason.ALREADY_NOTICED, SkipReason.PAID}:
        reason = SkipReason.DO_NOT_DUN
    if reason is not None:
        return Verdict(reason=reason)
    owners = {period.person_id: period.name for period in ownerships if period.covers(on)}
    if not owners:
        return Verdict(reason=SkipReason.NO_OWNER)
    own = [debt for debt in free if set(owners) <= owed_by(ownerships, debt.due_on)]
    if not own:
        return Verdict(reason=SkipReason.FORMER_OWNER)
    left_out = None
    if len(own) < len(free):
        left_out = SkipReason.FORMER_OWNER
    elif len(free) < len(debts):
        left_out = SkipReason.ON_HOLD
    return Verdict(tuple(owners.values()), tuple(debt.bill_id for debt in own), None, left_out)


def owed_by(ownerships: Sequence[Ownership], due_on: date) -> set[int]:
    """Return who owned on the due date: a change of owner never moves a debt.

    Where nobody is known for that day, the owners known next are taken to have owned before as well.
    """
    owned = {period.person_id for period in ownerships if period.covers(due_on)}
    if owned:
        return owned
    first = min((period.from_on for period in ownerships if period.from_on > due_on), default=None)
    return {period.person_id for period in ownerships if period.from_on == first}


def _reason(
    debts: Sequence[Debt],
    free: Sequence[Debt],
    holds: Sequence[Hold],
    past: Past,
    pause_days: int,
    as_of: date,
) -> SkipReason | None:
    if past.has_this:
        return SkipReason.ALREADY_NOTICED
    if not debts:
        return SkipReason.PAID
    if any(hold.stops_contact for hold in holds):
        return SkipReason.CONTACT_STOPPED
    if not free:
        return SkipReason.ON_HOLD
    # A notice of a later date counts too: nobody is sent an older one after a newer.
    if past.last_on is not None and (as_of - past.last_on).days < pause_days:
        return SkipReason.PAUSED
    return None


def _holds_back(hold: Hold, debt: Debt) -> bool:
    return hold.stops_dunning and (not hold.bill_ids or debt.bill_id in hold.bill_ids)
