"""One bill while an account is replayed: its exact charge so far, and what was paid and waived."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from app.domain.account import Bill, charged_after, silent_until_on
from app.domain.allocation import Component
from app.domain.money import half_up_fraction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from app.domain.events import Hold

Windows = tuple[tuple[int, int], ...]
"""Closed runs of held days by ordinal: disjoint, apart, in order."""


class RunningBill:
    """One bill while it is replayed. All days are ordinals, all charges numerators over ``den``."""

    __slots__ = (
        "_anchor", "_anchor_index", "_costs", "_cums", "_num", "_slopes", "_starts", "bill", "burden", "cap_fen",
        "closed", "den", "due", "held", "issued", "paid", "place", "principal", "principals", "silent", "start",
        "waived",
    )  # fmt: skip

    def __init__(self, bill: Bill, place: int, lowered: int, held: Windows) -> None:
        """Start the bill at its issue, ``lowered`` by the retroactive discounts that are known."""
        terms = bill.terms
        self.bill, self.place, self.held = bill, place, held
        self.due, self.issued, self.burden = bill.due_on.toordinal(), bill.issued_on.toordinal(), terms.burden
        self.start = charged_after(bill).toordinal()
        silent = silent_until_on(bill)
        self.silent = silent.toordinal() if silent else -1
        self.principal = bill.principal_fen - lowered
        self._costs, self.paid, self.waived = bill.costs_fen, 0, 0
        ratio = terms.cap_ratio
        self.cap_fen = None if ratio is None else half_up_fraction(ratio * self.principal)
        self.den = terms.rates.den
        self._starts, self._cums, self._slopes = _effective_index(terms.rates.slopes_from(self.start + 1), held)
        self._anchor, self._anchor_index, self._num = self.start, 0, 0
        self.principals = [(0, self.principal)]
        self.closed = False

    @property
    def costs(self) -> int:
        """Costs outstanding."""
        return self._costs

    @property
    def anchor(self) -> int:
        """The day up to which the charge is summed up; later days run on the present principal."""
        return self._anchor

    def index_at(self, day: int) -> int:
        """Return the charge on a principal of one to the end of ``day``, a day after the start."""
        place = bisect_right(self._starts, day) - 1
        return self._cums[place] + self._slopes[place] * (day - self._starts[place] + 1)

    def stretches(self, after: int, through: int) -> Iterator[tuple[int, int, int]]:
        """Yield (first day, last day, slope) of the days in (after, through] on which something accrues."""
        for place in range(max(0, bisect_right(self._starts, after) - 1), bisect_right(self._starts, through)):
            end = self._starts[place + 1] - 1 if place + 1 < len(self._starts) else through
            first, last = max(self._starts[place], after + 1), min(end, through)
            if self._slopes[place] and first <= last:
                yield first, last, self._slopes[place]

    def num_at(self, day: int) -> int:
        """Return the exact charge to the end of ``day``, as though nothing more happened."""
        if day <= self._anchor:
            return self._num
        return self._num + self.principal * (self.index_at(day) - self._anchor_index)

    def accrued(self, day: int) -> int:
        """Return the charge accrued to the end of ``day`` in fen: rounded once, then capped."""
        if day <= self.silent:
            return 0
        fen = (2 * self.num_at(day) + self.den) // (2 * self.den)
        return fen if self.cap_fen is None else min(fen, self.cap_fen)

    def late_charge(self, day: int) -> int:
        """Return the late charge outstanding at the end of ``day``."""
        return max(0, self.accrued(day) - self.paid - self.waived)

    def is_open(self, day: int) -> bool:
        """Tell whether anything is outstanding."""
        return bool(self.principal or self._costs or self.late_charge(day))

    def lower_principal(self, fen: int, day: int) -> None:
        """Take ``fen`` off the principal; ``day`` itself still counts on the old balance."""
        self._num = self.num_at(day)
        if day > self._anchor:
            self._anchor, self._anchor_index = day, self.index_at(day)
        self.principal -= fen
        if not self.principal and day <= self.silent:
            self._num = 0
        self.principals.append((day, self.principal))

    def owed(self, component: Component, day: int) -> int:
        """Return what is outstanding of one component."""
        match component:
            case Component.PRINCIPAL:
                return self.principal
            case Component.LATE_CHARGE:
                return self.late_charge(day)
            case Component.COSTS:  # pragma: no branch - mypy sees that every kind is named
                return self._costs

    def take(self, component: Component, fen: int, day: int) -> None:
        """Book a payment of one component."""
        match component:
            case Component.PRINCIPAL:
                self.lower_principal(fen, day)
            case Component.LATE_CHARGE:
                self.paid += fen
            case Component.COSTS:  # pragma: no branch - mypy sees that every kind is named
                self._costs -= fen


def held_windows(bill_id: str, holds: Iterable[Hold]) -> Windows:
    """Return the days on which the bill is held, merged into disjoint runs that do not touch."""
    runs = sorted(
        (hold.from_on.toordinal(), hold.to_on.toordinal())
        for hold in holds
        if not hold.bill_ids or bill_id in hold.bill_ids
    )
    merged: list[tuple[int, int]] = []
    for first, last in runs:
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return tuple(merged)


def _effective_index(slopes: list[tuple[int, int]], held: Windows) -> tuple[list[int], list[int], list[int]]:
    """Cut the slopes at the held days; return first days, totals before them, and slopes."""
    begin = slopes[0][0]
    if held:
        slopes = _without_held_days(slopes, held)
    starts, cums, nums, total = [begin], [0], [slopes[0][1]], 0
    for day, num in slopes[1:]:
        total += nums[-1] * (day - starts[-1])
        starts.append(day)
        cums.append(total)
        nums.append(num)
    return starts, cums, nums


def _without_held_days(slopes: list[tuple[int, int]], held: Windows) -> list[tuple[int, int]]:
    """Return the slopes cut at the held windows, zero inside them."""
    changes = dict(slopes)
    cuts = {day for first, last in held for day in (first, last + 1) if day > slopes[0][0]}
    result: list[tuple[int, int]] = []
    window, slope = 0, 0
    for day in sorted(cuts.union(changes)):
        slope = changes.get(day, slope)
        while window < len(held) and held[window][1] < day:
            window += 1
        is_held = window < len(held) and held[window][0] <= day
        result.append((day, 0 if is_held else slope))
    return result
