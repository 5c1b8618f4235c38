"""The claim for one bill as it really ran: the yardsticks of courts over the balances and days the charge ran on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING

from app.domain.claim import Series, Warn
from app.domain.lpr import lpr_on
from app.domain.money import half_up_fraction

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from app.domain.ledger import BillStatement, Segment

YEAR_DAYS = 365
_AMBER = Fraction(24, 100)
_RED_MULTIPLE = 12


class Basis(StrEnum):
    """What the late charge is claimed by, the dearest first as a rule."""

    CONTRACT = "contract"
    CAPPED = "capped"
    LPR_4_FIXED = "lpr_4_fixed"
    LPR_4_FLOATING = "lpr_4_floating"
    LPR_15_FIXED = "lpr_15_fixed"
    LPR_15_FLOATING = "lpr_15_floating"
    LPR_13_FIXED = "lpr_13_fixed"
    LPR_13_FLOATING = "lpr_13_floating"
    LPR_1_FIXED = "lpr_1_fixed"
    LPR_1_FLOATING = "lpr_1_floating"


_MULTIPLES = {"4": Fraction(4), "15": Fraction(3, 2), "13": Fraction(13, 10), "1": Fraction(1)}
PRIMARY = Basis.CONTRACT
ALTERNATIVE = Basis.LPR_15_FIXED


@dataclass(frozen=True, slots=True)
class Figures:
    """The late charge of one bill still to be claimed by each basis; None where no LPR is known."""

    late_fen: dict[Basis, int | None]
    warnings: tuple[Warn, ...]


def figures(stated: BillStatement, as_of: date, series: Series) -> Figures:
    """Return what may be claimed of one bill, each figure rounded once, less what was paid and waived on it.

    The yardsticks run on the days on which the contract's own charge runs, so that a hold or a grace rests both.
    """
    gone = stated.late_paid_fen + stated.late_waived_fen
    first_rate = lpr_on(stated.bill.due_on + timedelta(days=1), series)
    fen_days = sum((Fraction(one.principal_fen * one.days) for one in stated.segments), Fraction(0))
    fixed = None if first_rate is None else fen_days * first_rate / YEAR_DAYS
    floating = _floating(stated.segments, series)
    late: dict[Basis, int | None] = {
        Basis.CONTRACT: stated.late_charge_fen,
        Basis.CAPPED: max(0, min(stated.accrued_fen, stated.bill.principal_fen) - gone),
    }
    for name, multiple in _MULTIPLES.items():
        late[Basis(f"lpr_{name}_fixed")] = _left(fixed, multiple, gone)
        late[Basis(f"lpr_{name}_floating")] = _left(floating, multiple, gone)
    return Figures(late, _warnings(stated, fen_days, first_rate, as_of, series))


def _left(exact: Fraction | None, multiple: Fraction, gone: int) -> int | None:
    return None if exact is None else max(0, half_up_fraction(exact * multiple) - gone)


def _floating(segments: Sequence[Segment], series: Series) -> Fraction | None:
    """Return the charge at the rate of each day, or None if one of the days has none."""
    total = Fraction(0)
    for one in segments:
        if lpr_on(one.from_on, series) is None:
            return None
        ends = [*(from_on - timedelta(days=1) for from_on, _ in series[1:]), one.to_on]
        for (from_on, rate), end in zip(series, ends, strict=True):
            days = (min(end, one.to_on) - max(from_on, one.from_on)).days + 1
            total += one.principal_fen * rate * max(0, days) / YEAR_DAYS
    return total


def _warnings(
    stated: BillStatement, fen_days: Fraction, first_rate: Fraction | None, as_of: date, series: Series
) -> tuple[Warn, ...]:
    """Warn as the calculator does: amber above 24 % a year, red above the principal or above twelve times the LPR."""
    charge, a_year = Fraction(stated.accrued_fen), fen_days / YEAR_DAYS
    exact = sum((one.amount for one in stated.segments), Fraction(0))
    charge = min(exact, charge) if stated.cap_fen is not None else exact
    found = []
    if charge > a_year * _AMBER:
        found.append(Warn.ABOVE_24_PERCENT)
    if charge > stated.bill.principal_fen:
        found.append(Warn.ABOVE_PRINCIPAL)
    if first_rate is None:
        found.append(Warn.LPR_BEFORE_FIRST_KNOWN)
    elif charge > a_year * first_rate * _RED_MULTIPLE:
        found.append(Warn.ABOVE_12_LPR)
    if as_of > series[-1][0]:
        found.append(Warn.LPR_PAST_LAST_KNOWN)
    return tuple(found)


def added(parts: Iterable[dict[Basis, int | None]]) -> dict[Basis, int | None]:
    """Add up what is claimed of several bills; a figure one bill has not, the whole has not."""
    listed = list(parts)
    return {
        basis: None if any(one[basis] is None for one in listed) else sum(one[basis] or 0 for one in listed)
        for basis in Basis
    }
