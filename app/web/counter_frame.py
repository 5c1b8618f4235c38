"""What the pages of the counter share: the tabs above them, and the till of whoever is signed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from app import clock
from app.domain.access import Permission
from app.domain.counter import By
from app.store import shifts, till_counts
from app.web.deps import Here

_TABS = (
    ("collect", "/collect", Permission.PAYMENT_RECORD),
    ("unclaimed", "/collect/unclaimed", Permission.PAYMENT_RECORD),
    ("deposits", "/collect/deposits", Permission.DEPOSIT_HANDLE),
    ("shifts", "/collect/shifts", Permission.PAYMENT_RECORD),
    ("closing", "/closing", Permission.PERIOD_CLOSE),
)


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab with what waits behind it."""

    name: str
    address: str
    count: int
    is_current: bool


@dataclass(frozen=True, slots=True)
class Till:
    """What the person at the counter took and has not handed over: added up, and the last few rows, newest first."""

    whole: shifts.Till = field(default_factory=shifts.Till)
    latest: Sequence[shifts.Line] = ()


LATEST = 8


def tabs(session: Session, here: Here, current: str) -> tuple[Tab, ...]:
    """Return the tabs this person may open."""
    counts = till_counts.waiting(session, community_id=here.community_id or 0)
    return tuple(
        Tab(name, address, counts.get(name, 0), name == current)
        for name, address, permission in _TABS
        if here.actor.may(permission)
    )


def till(session: Session, here: Here, community_id: int | None = None) -> Till:
    """Return the open shift of the person signed in, in the community of a unit or in the one the lists show."""
    place = community_id or here.community_id
    if not place:
        return Till()
    mine: dict[str, int] = {"community_id": place, "cashier_id": here.actor.user_id}
    latest = shifts.open_lines(session, newest=LATEST, **mine)
    return Till(shifts.till(session, **mine), latest[::-1])


def by(here: Here, key: str) -> By:
    """Return who acts, now."""
    actor = here.actor
    may_back_date = actor.may(Permission.PAYMENT_BACKDATE)
    return By(actor.user_id, actor.login, actor.name, clock.today(), clock.now(), key, may_back_date)
