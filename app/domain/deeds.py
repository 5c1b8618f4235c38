"""Who does something, and when: handed to every act that leaves a trace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class By:
    """A member of staff at an instant; ``today`` is the civil date of the office."""

    today: date
    now: datetime
    actor: str
    actor_id: int
