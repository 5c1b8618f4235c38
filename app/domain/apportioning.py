"""How a bill divides by days between who leaves and who comes: for the two to settle, never for the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.money import half_up

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True, slots=True)
class Parts:
    """Days and fen before a day and from it on; together they are the whole bill."""

    days_before: int
    days_after: int
    before_fen: int
    after_fen: int


def by_days(principal_fen: int, *, from_on: date, to_on: date, on: date) -> Parts:
    """Divide what a period (both ends count) costs at ``on``, the first day of the second part; rounded once."""
    days = (to_on - from_on).days + 1
    before = min(max((on - from_on).days, 0), days)
    before_fen = half_up(principal_fen * before, days)
    return Parts(before, days - before, before_fen, principal_fen - before_fen)
