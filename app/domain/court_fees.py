"""What a court charges, estimated: 诉讼费用交纳办法 13 to 16; the court's own notice decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.errors import Refusal
from app.domain.money import half_up

if TYPE_CHECKING:
    from collections.abc import Sequence

_YUAN = 100
_TENTHS_OF_PER_MILLE = 10_000

_Brackets = tuple[tuple[int, int], ...]
# (above so many yuan, so many ten-thousandths); the base fee covers what lies below the first.
_PROPERTY: _Brackets = (
    (10_000, 250),
    (100_000, 200),
    (200_000, 150),
    (500_000, 100),
    (1_000_000, 90),
    (2_000_000, 80),
    (5_000_000, 70),
    (10_000_000, 60),
    (20_000_000, 50),
)
_EXECUTION: _Brackets = ((10_000, 150), (500_000, 100), (5_000_000, 50), (10_000_000, 10))
_PRESERVATION: _Brackets = ((1_000, 100), (100_000, 50))
_PROPERTY_BASE_FEN = 50 * _YUAN
_EXECUTION_BASE_FEN = 50 * _YUAN
_PRESERVATION_BASE_FEN = 30 * _YUAN
_PRESERVATION_MOST_FEN = 5_000 * _YUAN


@dataclass(frozen=True, slots=True)
class CourtFees:
    """Estimated fees in fen for one claim."""

    ordinary_fen: int
    halved_fen: int
    payment_order_fen: int
    execution_fen: int
    preservation_fen: int


def court_fees(amount_fen: int) -> CourtFees:
    """Return the fees of a property claim; halves and thirds are taken of the rounded full fee.

    Raises:
        Refusal: ``court_fee.amount_not_positive``.

    """
    if amount_fen <= 0:
        raise Refusal("court_fee.amount_not_positive", field="amount")
    ordinary = _fee(amount_fen, _PROPERTY_BASE_FEN, _PROPERTY)
    return CourtFees(
        ordinary_fen=ordinary,
        halved_fen=half_up(ordinary, 2),
        payment_order_fen=half_up(ordinary, 3),
        execution_fen=_fee(amount_fen, _EXECUTION_BASE_FEN, _EXECUTION),
        preservation_fen=min(_fee(amount_fen, _PRESERVATION_BASE_FEN, _PRESERVATION), _PRESERVATION_MOST_FEN),
    )


def _fee(amount_fen: int, base_fen: int, brackets: Sequence[tuple[int, int]]) -> int:
    """Add the share of each bracket to the base fee, and round once."""
    total = base_fen * _TENTHS_OF_PER_MILLE
    tops = [above * _YUAN for above, _ in brackets[1:]] + [amount_fen]
    for (above, share), top in zip(brackets, tops, strict=True):
        total += max(0, min(amount_fen, top) - above * _YUAN) * share
    return half_up(total, _TENTHS_OF_PER_MILLE)
