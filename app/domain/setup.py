"""Setting up in five steps: what is done is read from the books, two steps are confirmed by a person."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SetupStep(StrEnum):
    """The steps in the order an office takes them."""

    UNITS = "units"
    OWNERS = "owners"
    TARIFFS = "tariffs"
    OPENING = "opening"
    TRIAL = "trial"


CONFIRMED = frozenset({SetupStep.OPENING, SetupStep.TRIAL})
"""Steps that somebody says are done: that there are no older arrears, and that the trial was compared with paper."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What a community has: counts of rows, and the steps confirmed."""

    units: int = 0
    units_with_owner: int = 0
    fee_items: int = 0
    fee_items_with_price: int = 0
    late_charge_clauses: int = 0
    bills: int = 0
    confirmed: frozenset[SetupStep] = frozenset()


@dataclass(frozen=True, slots=True)
class Progress:
    """One step: whether it is done, and how much of how much."""

    step: SetupStep
    is_done: bool
    have: int
    of: int


def progress(counts: Counts) -> tuple[Progress, ...]:
    """Return the five steps with what is there; a step that needs a person is done once they confirmed it."""
    opening = SetupStep.OPENING in counts.confirmed or counts.bills > 0
    return (
        Progress(SetupStep.UNITS, counts.units > 0, counts.units, counts.units),
        Progress(
            SetupStep.OWNERS,
            0 < counts.units == counts.units_with_owner,
            counts.units_with_owner,
            counts.units,
        ),
        Progress(
            SetupStep.TARIFFS,
            0 < counts.fee_items == counts.fee_items_with_price and counts.late_charge_clauses > 0,
            counts.fee_items_with_price,
            counts.fee_items,
        ),
        Progress(SetupStep.OPENING, opening, counts.bills, counts.bills),
        Progress(SetupStep.TRIAL, SetupStep.TRIAL in counts.confirmed, 0, 0),
    )


def next_step(steps: tuple[Progress, ...]) -> SetupStep | None:
    """Return the first step that is not done, or None when the community is ready for work."""
    return next((one.step for one in steps if not one.is_done), None)
