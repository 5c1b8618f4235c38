"""The frozen facts of the counter's papers: slips of a deposit, the sheet of a shift, the report of a closed period."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositFacts:
    """The receipt of a deposit, or the slip its payer signs when it is returned; never mixed with fees."""

    number: str
    issued_on: dt.date
    value_on: dt.date
    community: str
    company: str
    office_phone: str
    unit_label: str
    kind: str
    payer: str
    to_whom: str
    method: str
    reference: str
    amount_fen: int
    held_fen: int
    deducted_fen: int
    note: str
    cashier: str
    is_return: bool = False
    template: str = "deposit-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodSum:
    """What a shift took by one method, by kind of row; money that went out is negative."""

    method: str
    payments_fen: int
    reversals_fen: int
    deposits_fen: int
    unclaimed_fen: int

    @property
    def total_fen(self) -> int:
        """All of it."""
        return self.payments_fen + self.reversals_fen + self.deposits_fen + self.unclaimed_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """Notes or coins of one value that were counted."""

    value_fen: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRun:
    """Receipt numbers without a gap."""

    first: str
    last: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftFacts:
    """The sheet a cashier signs when handing over, and the one who counts after them."""

    number: str
    issued_on: dt.date
    community: str
    company: str
    cashier: str
    from_at: str
    until_at: str
    lines: int
    sums: tuple[MethodSum, ...]
    pieces: tuple[Pieces, ...]
    cash_fen: int
    counted_fen: int
    reason: str
    receipts: tuple[NumberRun, ...]
    slips: tuple[NumberRun, ...]
    voided: tuple[str, ...]
    template: str = "shift-1"

    @property
    def total_fen(self) -> int:
        """What the shift took by every method."""
        return sum(line.total_fen for line in self.sums)

    @property
    def difference_fen(self) -> int:
        """Counted less booked."""
        return self.counted_fen - self.cash_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseLine:
    """One sum of a closed period: kind of row, method, how many, how much."""

    kind: str
    method: str
    count: int
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseShare:
    """What of a period's payments stands on one fee item."""

    item: str
    component: str
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseFacts:
    """The report of a closed day or month, with the hash over the heads of every account."""

    number: str
    issued_on: dt.date
    community: str
    company: str
    first_on: dt.date
    last_on: dt.date
    version: int
    by: str
    lines: tuple[CloseLine, ...]
    shares: tuple[CloseShare, ...]
    issued_fen: int
    taken_back_fen: int
    forgiven_fen: int
    accounts: int
    heads_digest: str
    open_shifts: tuple[str, ...]
    unclaimed_fen: int
    note: str = ""
    is_month: bool = False
    template: str = "close-1"

    def total(self, *kinds: str) -> int:
        """Return the sum of some kinds of rows."""
        return sum(line.amount_fen for line in self.lines if line.kind in kinds)

    @property
    def received_fen(self) -> int:
        """Payments received in the period, taken back or not."""
        return self.total("payment")

    @property
    def till_fen(self) -> int:
        """What came in less what went out: fees, deposits and unclaimed money."""
        return sum(line.amount_fen for line in self.lines if line.kind != "deposit_deduct")

    @property
    def credit_fen(self) -> int:
        """What of the payments stands on no bill; payments taken back since stand on none either."""
        return self.received_fen - sum(share.amount_fen for share in self.shares)
