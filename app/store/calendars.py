"""The working-day calendar: the years the product ships, and those an office has added."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.calendar import OFFICIAL, Calendar
from app.store.tables import calendar_day


def load(session: Session) -> Calendar:
    """Return the calendar in force: a year the office has entered replaces the one shipped."""
    rows = session.execute(sa.select(calendar_day.c.day_on, calendar_day.c.is_working)).all()
    calendar = OFFICIAL
    for year in sorted({row.day_on.year for row in rows}):
        days = [row for row in rows if row.day_on.year == year]
        calendar = calendar.with_year(
            year,
            rest_on=frozenset(row.day_on for row in days if not row.is_working),
            work_on=frozenset(row.day_on for row in days if row.is_working),
        )
    return calendar
