"""The only module that reads the clock."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> dt.datetime:
    """Return this instant in UTC."""
    return dt.datetime.now(dt.UTC)


def today() -> dt.date:
    """Return the civil date in Asia/Shanghai."""
    return dt.datetime.now(SHANGHAI).date()
