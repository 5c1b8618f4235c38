"""The form of a payment: what is typed, the boxes beside the bills, and the payment they describe."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import Field

from app.domain import money
from app.domain.counter import Box, Method, named_by_boxes
from app.domain.errors import Refusal
from app.services import payments
from app.web import forms
from app.web.working import BillLine


class PaymentForm(forms.FormModel):
    """``row`` and ``part`` are the bills on the page and what was typed beside each; ``bill`` names bills outright."""

    amount: forms.Fen = Field(title="收款金额")
    method: Method = Field(default=Method.CASH, title="收款方式")
    reference: forms.Text = Field(default="", title="流水号", max_length=80)
    payer: forms.Text = Field(default="", title="缴款人", max_length=40)
    note: forms.Text = Field(default="", title="备注", max_length=200)
    received_on: forms.Date | None = Field(default=None, title="收款日期")
    bill: list[forms.Number] = Field(default_factory=list, title="指定账单", max_length=400)
    row: list[forms.Number] = Field(default_factory=list, title="账单", max_length=1000)
    part: list[str] = Field(default_factory=list, title="本次收", max_length=1000)
    proposal: str = Field(default="", title="分配", max_length=40_000)
    key: str = Field(title="表单编号", min_length=8, max_length=80, pattern=r"^[A-Za-z0-9_-]+$")
    confirm_twin: bool = Field(default=False, title="确认不是重复收款")
    act: Literal["preview", "record", "print"] = "record"

    def receipt(self, unit_id: int, today: dt.date, lines: Sequence[BillLine]) -> payments.Receipt:
        """Return the payment the form describes; ``lines`` are the bills open on the day the money came in.

        Raises:
            Refusal: ``payment.box_not_a_number``, ``payment.boxes_differ``, ``payment.boxes_many``.

        """
        return payments.Receipt(
            unit_id=unit_id,
            received_on=self.received_on or today,
            amount_fen=self.amount,
            method=self.method,
            reference=self.reference,
            payer=self.payer,
            note=self.note,
            bill_ids=self.named(lines),
        )

    def named(self, lines: Sequence[BillLine]) -> tuple[int, ...]:
        """Return the bills the payer named: outright, or by changing what was proposed beside them."""
        if self.bill or not self.row:
            return tuple(dict.fromkeys(self.bill))
        typed = self.typed()
        if not typed or written(typed) == self.proposal:
            return ()
        if sum(typed.values()) > self.amount:
            raise Refusal("payment.boxes_differ", field="amount", boxes_fen=sum(typed.values()), amount_fen=self.amount)
        owed = {line.row.bill_id: line.total_fen for line in lines}
        named = named_by_boxes([Box(bill_id, owed.get(bill_id, 0), fen) for bill_id, fen in typed.items()])
        if named is None:
            raise Refusal("payment.boxes_many", field="part")
        return named

    def typed(self) -> dict[int, int]:
        """Return what was typed beside each bill, in fen; empty boxes are left out."""
        found: dict[int, int] = {}
        for bill_id, text in zip(self.row, self.part, strict=False):
            try:
                fen = money.read_yuan(text) if text.strip() else 0
            except Refusal as refusal:
                raise Refusal("payment.box_not_a_number", field="part") from refusal
            if fen:
                found[bill_id] = fen
        return found


def written(shares: Mapping[int, int]) -> str:
    """Return what each bill gets as a short text, to see later whether somebody changed it."""
    return ",".join(f"{bill_id}:{fen}" for bill_id, fen in sorted(shares.items()) if fen)
