"""The claim panel: the contract's late charge beside the yardsticks courts use (rules §7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING

from app.domain.lpr import LPR_1Y, lpr_on
from app.domain.money import half_up_fraction

if TYPE_CHECKING:
    from app.domain.rates import Rate

FIXED_MULTIPLES = ("1.0", "1.3", "1.5", "4")
FLOATING_MULTIPLES = ("1.0", "1.3", "1.5")
_AMBER = Fraction(24, 100)
_RED_MULTIPLE = 12
_YEAR_DAYS = 365

Series = tuple[tuple[date, Fraction], ...]


class Warn(StrEnum):
    """What to say beside the figures."""

    ABOVE_24_PERCENT = "claim.above_24_percent"
    ABOVE_PRINCIPAL = "claim.above_principal"
    ABOVE_12_LPR = "claim.above_12_lpr"
    LPR_PAST_LAST_KNOWN = "lpr.past_last_known"
    LPR_BEFORE_FIRST_KNOWN = "lpr.before_first_known"


@dataclass(frozen=True, slots=True)
class Claim:
    """Figures in fen for one debt; a yardstick is None where no LPR is known."""

    days: int
    contract_fen: int
    fixed_fen: dict[str, int | None]
    floating_fen: dict[str, int | None]
    warnings: tuple[Warn, ...]


def claim_panel(
    *, principal_fen: int, due_on: date, as_of: date, rate: Rate, basis: int = _YEAR_DAYS, series: Series = LPR_1Y
) -> Claim:
    """Return contract charge and yardsticks for the days after ``due_on`` through ``as_of``, each rounded once."""
    days = max(0, (as_of - due_on).days)
    contract = principal_fen * days * rate.fraction
    default_on = due_on + timedelta(days=1)
    first_rate = lpr_on(default_on, series)
    rate_days = _rate_days(default_on, as_of, series)
    unit = Fraction(principal_fen, basis)
    return Claim(
        days=days,
        contract_fen=half_up_fraction(contract),
        fixed_fen={name: _charge(unit, first_rate, days, name) for name in FIXED_MULTIPLES},
        floating_fen={name: _charge(unit, rate_days, 1, name) for name in FLOATING_MULTIPLES},
        warnings=tuple(_warnings(principal_fen, days, contract, first_rate, is_past=as_of > series[-1][0])),
    )


def _charge(unit: Fraction, rate: Fraction | None, days: int, multiple: str) -> int | None:
    return None if rate is None else half_up_fraction(unit * rate * days * Fraction(multiple))


def _rate_days(first_on: date, last_on: date, series: Series) -> Fraction | None:
    """Return the sum of each day's yearly rate, or None if one of the days has none."""
    if last_on < first_on:
        return Fraction(0)
    if lpr_on(first_on, series) is None:
        return None
    ends = [*(from_on - timedelta(days=1) for from_on, _ in series[1:]), last_on]
    return sum(
        (
            rate * max(0, (min(end, last_on) - max(from_on, first_on)).days + 1)
            for (from_on, rate), end in zip(series, ends, strict=True)
        ),
        Fraction(0),
    )


def _warnings(
    principal_fen: int, days: int, contract: Fraction, first_rate: Fraction | None, *, is_past: bool
) -> list[Warn]:
    """Amber above 24 % a year; red above the principal or above twelve times the LPR."""
    found: list[Warn] = []
    a_year = Fraction(principal_fen * days, _YEAR_DAYS)
    if contract > a_year * _AMBER:
        found.append(Warn.ABOVE_24_PERCENT)
    if contract > principal_fen:
        found.append(Warn.ABOVE_PRINCIPAL)
    if first_rate is None:
        found.append(Warn.LPR_BEFORE_FIRST_KNOWN)
    elif contract > a_year * first_rate * _RED_MULTIPLE:
        found.append(Warn.ABOVE_12_LPR)
    if is_past:
        found.append(Warn.LPR_PAST_LAST_KNOWN)
    return found
