"""What a vacancy would do to the coming bills, month by month, by the rule of the community."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from app.domain.billing import Vacancy, monthly_fen, vacant_month_fen
from app.domain.calendar import add_months
from app.store.unit_terms import Term

MONTHS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Month:
    """One month still to be billed: what it costs as it is, and with the vacancy."""

    month_on: dt.date
    before_fen: int
    after_fen: int


def months(
    terms: Sequence[Term],
    rule: Any,  # noqa: ANN401 - a row or None
    *,
    from_on: dt.date,
    last_on: dt.date | None,
    today: dt.date,
) -> list[Month]:
    """Return the months from the next one to be billed on; a month counts only where it is empty to its end."""
    charged = [term for term in terms if term.applies and term.is_active and term.price_e4 is not None]
    billed = max((term.billed_through_on for term in charged if term.billed_through_on), default=None)
    first = (billed + dt.timedelta(days=1) if billed else today).replace(day=1)
    found = []
    for place in range(MONTHS_SHOWN):
        month = add_months(first, place)
        is_whole = last_on is None or last_on >= add_months(month, 1) - dt.timedelta(days=1)
        before = [monthly_fen(term.quantity_e3, term.price_e4 or 0) for term in charged]
        after = before
        if rule is not None and is_whole:
            eased = Vacancy(rule.months, Fraction(rule.ratio_e4, 10_000))
            after = [vacant_month_fen(fen, month, from_on, eased) for fen in before]
        found.append(Month(month, sum(before), sum(after)))
    return found
