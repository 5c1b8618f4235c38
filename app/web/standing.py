"""What the frame of every page tells: what waits behind each entry of the menu, and the work behind the bell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from app import clock
from app.domain.access import Actor, Permission
from app.store import jobs, menu_counts
from app.store.jobs import JobLine

KEPT_FOR = dt.timedelta(seconds=30)
IN_BELL = 6


@dataclass(frozen=True, slots=True)
class Frame:
    """The counts of the menu with the instant they are of, and the newest jobs."""

    counts: Mapping[str, int] = field(default_factory=dict)
    at: dt.datetime | None = None
    jobs: tuple[JobLine, ...] = ()


class Kept:
    """The count of who owes, kept half a minute in this process, or until anything is posted to the ledger."""

    def __init__(self) -> None:
        self._counts: dict[tuple[int, dt.date], tuple[int, dt.datetime]] = {}
        self._ledger_at: int = 0

    def overdue(self, session: Session, community_id: int) -> tuple[int, dt.datetime]:
        """Return how many units of a community owe something overdue, and when that was counted."""
        now, today = clock.now(), clock.today()
        if (at := menu_counts.ledger_at(session)) != self._ledger_at:
            self._counts, self._ledger_at = {}, at
        found = self._counts.get((community_id, today))
        if found is None or not dt.timedelta(0) <= now - found[1] < KEPT_FOR:
            count = menu_counts.overdue_units(session, community_id=community_id, as_of=today)
            found = self._counts[community_id, today] = (count, now)
        return found


def of(
    session: Session,
    *,
    actor: Actor,
    communities: tuple[tuple[int, str], ...],
    community_id: int | None,
    kept: Kept | None,
) -> Frame:
    """Return what the frame tells; nothing for a part of a page, which has no frame."""
    if kept is None or community_id is None:
        return Frame()
    counts = menu_counts.waiting(session, community_id=community_id)
    overdue, at = kept.overdue(session, community_id)
    lines = jobs.recent(
        session,
        community_ids=[number for number, _ in communities],
        user_id=actor.user_id,
        sees_notices=actor.may(Permission.NOTICE_SEE),
        sees_imports=actor.may(Permission.IMPORT_SEE),
        limit=IN_BELL,
    )
    return Frame({**counts, "arrears": overdue}, at, tuple(lines))
