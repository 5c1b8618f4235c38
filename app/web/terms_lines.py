"""What somebody wants changed of a unit's terms, as its pages say it."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """One draft: its row, and its facts with dates read back."""

    row: Any
    facts: dict[str, Any]


def line(row: Any) -> Line:  # noqa: ANN401 - a row of the store
    """Return a draft for a page."""
    facts = json.loads(row.facts)
    days = {name: dt.date.fromisoformat(facts[name]) for name in ("from_on", "last_on") if name in facts}
    return Line(row, facts | days)
