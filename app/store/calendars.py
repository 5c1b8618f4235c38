"""The working-day calendar: the years the product ships, and those an office has added."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.calendar import DEFAULT, Calendar
from app.store.tables import calendar_day


def load(session: Session) -> Calendar:
    """Return the calendar in force."""
    rows = session.execute(sa.select(calendar_day.c.day_on, calendar_day.c.is_working)).all()
    return DEFAULT.extended({row.day_on: row.is_working for row in rows}) if rows else DEFAULT
