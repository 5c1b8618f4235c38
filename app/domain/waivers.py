"""Waivers, discounts and holds: what may be asked for, and how an amount spreads over bills."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from app.domain.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction


class WaiverKind(StrEnum):
    """What is given away, and how."""

    DISCOUNT = "discount"
    LATE_CHARGE_WAIVER = "late_charge_waiver"
    CONDITIONAL_WAIVER = "conditional_waiver"


class WaiverReason(StrEnum):
    """Why it is given away; each code needs the evidence its label names."""

    HARDSHIP = "hardship"
    ILLNESS = "illness"
    BEREAVEMENT = "bereavement"
    SERVICE_FAULT = "service_fault"
    BILLING_FAULT = "billing_fault"
    FIRST_TIME = "first_time"
    LATE_NOTICE = "late_notice"
    SETTLEMENT = "settlement"
    VACANCY = "vacancy"
    OTHER = "other"


SEEN_AT_LEAST = 10


def check_evidence(reason: WaiverReason, note: str, *, has_file: bool) -> None:
    """Ask for a file, or for a note that says which papers were seen; the account itself shows a first time.

    Raises:
        Refusal: ``waiver.evidence_missing``.

    """
    if reason is not WaiverReason.FIRST_TIME and not has_file and len(note.strip()) < SEEN_AT_LEAST:
        raise Refusal("waiver.evidence_missing", field="note", least=SEEN_AT_LEAST)


class WaiverState(StrEnum):
    """How far a request has come."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
    MET = "met"
    LAPSED = "lapsed"
    UNDONE = "undone"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class HoldReason(StrEnum):
    """Why accrual, dunning or contact rests."""

    DISPUTE = "dispute"
    HARDSHIP_REVIEW = "hardship_review"
    BEREAVEMENT = "bereavement"
    AGREED = "agreed"


@dataclass(frozen=True, slots=True)
class Share:
    """What one bill gets of a request: an amount in fen, or a ratio of what is outstanding on the day."""

    bill_id: int
    amount_fen: int | None
    ratio: Fraction | None


def spread(
    outstanding: Sequence[tuple[int, int]], *, amount_fen: int | None, ratio: Fraction | None
) -> tuple[Share, ...]:
    """Spread a request over bills given as (bill id, outstanding fen), oldest first.

    A ratio applies to each bill; an amount fills the oldest bill first.

    Raises:
        Refusal: ``waiver.amount_or_ratio`` unless exactly one is given; ``waiver.nothing_outstanding``;
            ``waiver.ratio_out_of_range``; ``money.not_positive``; ``waiver.exceeds_outstanding``.

    """
    if (amount_fen is None) == (ratio is None):
        raise Refusal("waiver.amount_or_ratio", field="amount")
    open_bills = [(bill_id, fen) for bill_id, fen in outstanding if fen > 0]
    if not open_bills:
        raise Refusal("waiver.nothing_outstanding", field="bills")
    if ratio is not None:
        if not 0 < ratio <= 1:
            raise Refusal("waiver.ratio_out_of_range", field="ratio")
        return tuple(Share(bill_id, None, ratio) for bill_id, _ in open_bills)
    left = amount_fen or 0
    if left <= 0:
        raise Refusal("money.not_positive", field="amount")
    if left > sum(fen for _, fen in open_bills):
        raise Refusal("waiver.exceeds_outstanding", field="amount", outstanding_fen=sum(fen for _, fen in open_bills))
    shares: list[Share] = []
    for bill_id, fen in open_bills:
        part = min(fen, left)
        if part:
            shares.append(Share(bill_id, part, None))
        left -= part
    return tuple(shares)
