"""What an owner may ask of the office on the page, how long an answer may take, and what it may be."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

from app.domain.calendar import Calendar
from app.domain.errors import Refusal

MOST_OPEN = 5
"""So many requests of one unit may wait for an answer at a time."""
MOST_A_DAY = 10
MOST_PHOTOS = 4
MONTHS = (2, 24)
FIRST_WITHIN_DAYS = 60


class RequestKind(StrEnum):
    """What is asked."""

    DISPUTE = "dispute"
    INSTALMENTS = "instalments"
    HARDSHIP = "hardship"
    CORRECTION = "correction"


class RequestState(StrEnum):
    """Where a request stands."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Outcome(StrEnum):
    """What the office answers."""

    AGREED = "agreed"
    PARTLY = "partly"
    EXPLAINED = "explained"
    DECLINED = "declined"


ANSWER_WITHIN: Mapping[RequestKind, int] = MappingProxyType(
    {
        RequestKind.DISPUTE: 10,
        RequestKind.INSTALMENTS: 10,
        RequestKind.HARDSHIP: 10,
        # The law on personal information wants an answer "in time"; five working days is our own promise.
        RequestKind.CORRECTION: 5,
    }
)

TOPICS: Mapping[RequestKind, tuple[str, ...]] = MappingProxyType(
    {
        RequestKind.DISPUTE: ("amount", "paid", "service", "not_mine", "late_charge", "other"),
        RequestKind.INSTALMENTS: (),
        RequestKind.HARDSHIP: ("illness", "low_income", "unemployed", "bereavement", "other"),
        RequestKind.CORRECTION: ("phone", "name", "area", "other"),
    }
)

# What a family tells about illness or poverty is read by those who answer, and by nobody else.
RESTRICTED = frozenset({RequestKind.HARDSHIP})


def answer_by(kind: RequestKind, made_on: date, calendar: Calendar) -> date:
    """Return the last day for an answer: working days, the day of asking not counted (Civil Code 201)."""
    day, left = made_on, ANSWER_WITHIN[kind]
    while left:
        day += timedelta(days=1)
        left -= calendar.is_working_day(day)
    return day


def check(
    kind: RequestKind, *, topic: str, bills: int, text: str, months: int | None, first_on: date | None, today: date
) -> None:
    """Refuse a request that cannot be worked on.

    Raises:
        Refusal: ``owner_request.no_bills``, ``owner_request.topic``, ``owner_request.text``,
            ``owner_request.months``, ``owner_request.first_on``.

    """
    if kind is RequestKind.DISPUTE and not bills:
        raise Refusal("owner_request.no_bills", field="bill")
    if TOPICS[kind] and topic not in TOPICS[kind]:
        raise Refusal("owner_request.topic", field="topic")
    if kind is RequestKind.INSTALMENTS:
        if months is None or not MONTHS[0] <= months <= MONTHS[1]:
            raise Refusal("owner_request.months", field="months", least=MONTHS[0], most=MONTHS[1])
        if first_on is None or not today < first_on <= today + timedelta(days=FIRST_WITHIN_DAYS):
            raise Refusal("owner_request.first_on", field="first_on", days=FIRST_WITHIN_DAYS)
    elif len(text.strip()) < 5:
        raise Refusal("owner_request.text", field="text")
