"""Exact daily rates and the additive index that turns any run of days into one multiplication."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from app.domain.errors import Refusal
from app.domain.money import MAX_FEN
from app.domain.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

ALWAYS = date(1900, 1, 1)
"""The first day of a rate that was never otherwise: before any debt this product can hold."""

_DECIMAL = re.compile(r"[0-9]{1,4}(\.[0-9]{1,12})?", re.ASCII)
_BASES = (360, 365, 366)
_BIGINT_MAX = 2**63 - 1
_HORIZON_DAYS = 40 * 366
_DAILY_MAX = 1


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate per day as a reduced fraction; 1‰ a day is ``Rate(1, 1000)``."""

    num: int
    den: int

    def __post_init__(self) -> None:
        """Reduce, so that equal rates are equal values."""
        if self.den <= 0 or self.num < 0:
            message = "a rate is a non-negative fraction"
            raise ValueError(message)
        divisor = math.gcd(self.num, self.den)
        object.__setattr__(self, "num", self.num // divisor)
        object.__setattr__(self, "den", self.den // divisor)

    @property
    def fraction(self) -> Fraction:
        """The rate as a fraction per day."""
        return Fraction(self.num, self.den)

    @staticmethod
    def of(value: Fraction) -> Rate:
        """Return the rate that charges ``value`` of the principal a day."""
        return Rate(value.numerator, value.denominator)


ONE_PER_MILLE = Rate(1, 1000)


@dataclass(frozen=True, slots=True)
class RateSegment:
    """One slope of an index: ``num`` more on every day from ``from_on``, and ``cum`` on ``from_on`` itself."""

    from_on: date
    num: int
    cum: int


@dataclass(frozen=True, slots=True)
class RateIndex:
    """The rates in force over time, as a running total over one common denominator.

    ``R(t) = cum + num * (t - from_on)`` with the last segment that began by ``t``, and 0 before the first one: the
    rate of a day counts on that day, and no day before the first segment is charged. The charge on a constant principal
    for the days after ``a`` up to and including ``t`` is ``principal * (R(t) - R(a)) / den``.
    """

    steps: tuple[tuple[date, Rate], ...]
    den: int = field(init=False, compare=False)
    segments: tuple[RateSegment, ...] = field(init=False, compare=False, repr=False)
    _days: tuple[int, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Work out the integer form once."""
        days = tuple(from_on.toordinal() for from_on, _ in self.steps)
        if not days or any(later <= earlier for earlier, later in pairwise(days)):
            message = "an index has at least one step, in order of date, each date once"
            raise ValueError(message)
        den = math.lcm(*(rate.den for _, rate in self.steps))
        segments: list[RateSegment] = []
        total = 0
        for place, (from_on, rate) in enumerate(self.steps):
            num = rate.num * (den // rate.den)
            if place:
                total += segments[-1].num * (days[place] - days[place - 1] - 1)
            total += num
            segments.append(RateSegment(from_on, num, total))
        object.__setattr__(self, "den", den)
        object.__setattr__(self, "segments", tuple(segments))
        object.__setattr__(self, "_days", days)

    @staticmethod
    def constant(rate: Rate, changes: Iterable[tuple[date, Rate]] = ()) -> RateIndex:
        """Return the index of ``rate``, replaced from each of ``changes`` on (any order, each date once)."""
        return RateIndex(((ALWAYS, rate), *sorted(changes, key=lambda change: change[0])))

    @property
    def first_rate(self) -> Rate:
        """The rate before any change."""
        return self.steps[0][1]

    def at(self, day: date) -> int:
        """Return R at the end of ``day``, over ``den``."""
        return self.at_ordinal(day.toordinal())

    def at_ordinal(self, day: int) -> int:
        """Return R at the end of the day with this ordinal, over ``den``."""
        place = bisect_right(self._days, day) - 1
        if place < 0:
            return 0
        segment = self.segments[place]
        return segment.cum + segment.num * (day - self._days[place])

    def rate_on(self, day: date) -> Rate:
        """Return the rate in force on ``day`` (zero before the first step)."""
        place = bisect_right(self._days, day.toordinal()) - 1
        return self.steps[place][1] if place >= 0 else Rate(0, 1)

    def slopes_from(self, day: int) -> list[tuple[int, int]]:
        """Return (first day, slope over ``den``) for each stretch of days from ``day`` on, by ordinal."""
        place = bisect_right(self._days, day) - 1
        stretches = [(day, self.segments[place].num if place >= 0 else 0)]
        stretches += [
            (start, segment.num)
            for start, segment in zip(self._days[place + 1 :], self.segments[place + 1 :], strict=True)
        ]
        return stretches

    def check_fits_database(self) -> RateIndex:
        """Return the index if SQL's 64-bit integers can carry it for forty years, else refuse.

        The widest figure a query makes is ``2 * principal * (R(t) - R(a)) + den``.

        Raises:
            Refusal: ``rate.too_fine``.

        """
        reach = max(
            self.segments[-1].cum + self.segments[-1].num * _HORIZON_DAYS,
            max(segment.num for segment in self.segments) * _HORIZON_DAYS,
        )
        if 2 * MAX_FEN * reach + self.den > _BIGINT_MAX:
            raise Refusal("rate.too_fine", denominator=self.den)
        return self


def parse_rate(value: object) -> Rate:
    """Read ``"0.001"``, ``{"per_day": "0.001"}`` or ``{"per_year": "0.24", "basis": 365}``; nothing is guessed.

    Raises:
        Refusal: ``rate.not_readable``, ``rate.unknown_basis`` or ``rate.too_large`` (above 100 % a day).

    """
    basis: object = 1
    given = value
    if isinstance(value, dict):
        if set(value) == {"per_day"}:
            given = value["per_day"]
        elif "per_year" in value and set(value) <= {"per_year", "basis"}:
            given, basis = value["per_year"], value.get("basis", 365)
            if isinstance(basis, bool) or not isinstance(basis, int) or basis not in _BASES:
                raise Refusal("rate.unknown_basis")
    if not isinstance(given, str) or _DECIMAL.fullmatch(given) is None:
        raise Refusal("rate.not_readable", given=quoted(given) if isinstance(given, str) else type(given).__name__)
    per_day = Fraction(given) / (basis if isinstance(basis, int) else 1)
    if per_day > _DAILY_MAX:
        raise Refusal("rate.too_large", given=given)
    return Rate.of(per_day)
