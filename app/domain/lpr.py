"""The one-year loan prime rate (LPR) by its days of change, as plain data, and the yardsticks made of it."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

# Announcements of the National Interbank Funding Center for the People's Bank of China, about the 20th of each month.
# Later values are entered by the user from that page; there was no LPR in this sense before the first day below.
_PERCENT = """
2019-08-20 4.25
2019-09-20 4.20
2019-11-20 4.15
2020-02-20 4.05
2020-04-20 3.85
2021-12-20 3.80
2022-01-20 3.70
2022-08-22 3.65
2023-06-20 3.55
2023-08-21 3.45
2024-07-22 3.35
2024-10-21 3.10
2025-05-20 3.00
"""

LPR_1Y: tuple[tuple[date, Fraction], ...] = tuple(
    (date.fromisoformat(day), Fraction(percent) / 100)
    for day, percent in (line.split() for line in _PERCENT.strip().splitlines())
)
"""(first day, rate a year), in order."""

KNOWN_FROM_ON = LPR_1Y[0][0]
KNOWN_THROUGH_ON = LPR_1Y[-1][0]
"""The last announcement known to the product: past it, pages and answers say so."""


def lpr_on(day: date, series: tuple[tuple[date, Fraction], ...] = LPR_1Y) -> Fraction | None:
    """Return the rate a year in force on ``day``, or None before the first one known."""
    return next((rate for from_on, rate in reversed(series) if from_on <= day), None)
