"""What can happen to the bills of one account; a list of these, in recording order, is the whole story."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date
    from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Payment:
    """Money received on ``on``; ``bill_ids`` are the bills the payer named, in the order named (Civil Code 560)."""

    id: str
    on: date
    amount_fen: int
    bill_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Discount:
    """Less principal from ``on``; ``retroactive`` as though the bill had been issued lower, known from ``on``."""

    id: str
    on: date
    bill_id: str
    amount_fen: int
    retroactive: bool = False


@dataclass(frozen=True, slots=True)
class LateChargeWaiver:
    """Late charge accrued to ``on`` forgiven: an amount, or a ratio of what is outstanding (exactly one is given)."""

    id: str
    on: date
    bill_id: str
    amount_fen: int | None = None
    ratio: Fraction | None = None


@dataclass(frozen=True, slots=True)
class ConditionalWaiver:
    """If all principal of the bills is paid by ``pay_by``, the late charge outstanding on them that day is forgiven."""

    id: str
    on: date
    bill_ids: tuple[str, ...]
    pay_by: date


@dataclass(frozen=True, slots=True)
class Hold:
    """No accrual on the closed dates ``from_on`` to ``to_on``, on the bills named or (empty) on all."""

    id: str
    from_on: date
    to_on: date
    bill_ids: tuple[str, ...] = ()

    @property
    def on(self) -> date:
        """The day from which it is part of the story."""
        return self.from_on


@dataclass(frozen=True, slots=True)
class Reversal:
    """From ``on`` the event or bill ``target_id`` counts as never made; before ``on`` it counted."""

    id: str
    on: date
    target_id: str


Event = Payment | Discount | LateChargeWaiver | ConditionalWaiver | Hold | Reversal
