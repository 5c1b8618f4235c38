"""Taking money: what it would pay, recording it with its receipt, and taking it back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.domain.allocation import Across, Credit, Within
from app.domain.counter import Method
from app.domain.errors import Refusal, conflict, forbidden
from app.domain.events import Payment
from app.domain.ledger import Statement, statement
from app.domain.money import MAX_FEN
from app.store import audit, estate, ledger, once, payments, receipts, replay, unclaimed, waivers
from app.store.types import canonical


@dataclass(frozen=True, slots=True)
class Receipt:
    """A payment to record; ``bill_ids`` are the bills the payer named, in that order (Civil Code 560)."""

    unit_id: int
    received_on: dt.date
    amount_fen: int
    method: Method
    reference: str = ""
    payer: str = ""
    note: str = ""
    bill_ids: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """What a payment pays of one bill."""

    bill_id: int
    component: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Left:
    """What stays open of a bill once the payment is booked."""

    bill_id: int
    principal_fen: int
    late_charge_fen: int
    costs_fen: int

    @property
    def total_fen(self) -> int:
        """All of it."""
        return self.principal_fen + self.late_charge_fen + self.costs_fen


@dataclass(frozen=True, slots=True)
class Effect:
    """What a payment would do, before it is recorded."""

    parts: tuple[Part, ...]
    to_credit_fen: int
    due_before_fen: int
    due_after_fen: int
    twins: tuple[str, ...]
    """Receipt numbers (or dates) of payments that look the same."""
    left: tuple[Left, ...] = ()
    is_principal_first: bool = True
    is_oldest_first: bool = True
    is_credit_applied: bool = True

    def shares(self) -> dict[int, int]:
        """Return what each bill gets, in fen."""
        found: dict[int, int] = {}
        for part in self.parts:
            found[part.bill_id] = found.get(part.bill_id, 0) + part.amount_fen
        return found


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded payment."""

    payment_id: int
    receipt_id: int
    receipt_number: str
    repeated: bool
    """True when the very same form had been sent before and nothing was written now."""


def preview(session: Session, *, receipt: Receipt, today: dt.date) -> Effect:
    """Return what recording the payment would do; nothing is written.

    Raises:
        Refusal: as ``record``.

    """
    _check(receipt, today)
    story = _story(session, receipt)
    before, after = _before_after(story, receipt, today)
    found = _twins(session, receipt)
    return Effect(
        parts=tuple(
            Part(int(part.bill_id[1:]), part.component, part.amount_fen)
            for part in after.allocations
            if part.payment_id == "p0"
        ),
        to_credit_fen=after.credit_fen - before.credit_fen,
        due_before_fen=before.total_due_fen,
        due_after_fen=after.total_due_fen,
        twins=tuple(twin.receipt_number or twin.received_on.isoformat() for twin in found),
        left=tuple(
            Left(int(bill.bill.id[1:]), bill.principal_fen, bill.late_charge_fen, bill.costs_fen)
            for bill in after.bills
            if bill.principal_fen or bill.late_charge_fen or bill.costs_fen
        ),
        is_principal_first=story.account.policy.within is Within.PRINCIPAL_FIRST,
        is_oldest_first=story.account.policy.across is Across.OLDEST_FIRST,
        is_credit_applied=story.account.policy.credit is Credit.APPLY_WHEN_DUE,
    )


def record(
    session: Session,
    *,
    receipt: Receipt,
    today: dt.date,
    now: dt.datetime,
    actor_id: int | None,
    actor: str,
    may_back_date: bool,
    key: str,
    may_be_twin: bool = True,
    cashier: str = "",
) -> Recorded:
    """Record a payment, allocate it and issue its receipt, all in one transaction; the same ``key`` acts once.

    Raises:
        Refusal: ``money.not_positive``, ``money.too_large``, ``date.in_future``, ``payment.back_dated``,
            ``payment.unknown_bill``, ``unit.unknown``, ``payment.key_reused``, ``payment.twin`` unless ``may_be_twin``.

    """
    if (answered := _claim(session, key, _asked(receipt, actor_id), now)) is not None:
        return Recorded(answered["payment_id"], answered["receipt_id"], answered["receipt_number"], repeated=True)
    _check(receipt, today)
    if receipt.received_on < today and not may_back_date:
        raise forbidden("payment.back_dated", on=receipt.received_on.isoformat())
    unit = estate.unit_row(session, receipt.unit_id)
    _story(session, receipt)
    if not may_be_twin:
        _refuse_twin(session, receipt)
    payment_id = ledger.post(session, _posting(receipt, unit.community_id, now, actor_id), through=today)
    waivers.follow_conditions(session, unit_ids=[unit.id], through=today)
    receipt_id, number = receipts.issue(
        session,
        payment_id=payment_id,
        unit_id=unit.id,
        community_id=unit.community_id,
        today=today,
        now=now,
        cashier=cashier or actor,
    )
    audit.record(
        session,
        at=now,
        actor=actor,
        action="payment.recorded",
        subject=f"payment:{payment_id}",
        community_id=unit.community_id,
    )
    answer: Mapping[str, Any] = {"payment_id": payment_id, "receipt_id": receipt_id, "receipt_number": number}
    once.settle(session, key=key, scope="payment", result=answer)
    return Recorded(payment_id, receipt_id, number, repeated=False)


def reverse(
    session: Session,
    *,
    payment_id: int,
    on: dt.date,
    reason: str,
    today: dt.date,
    now: dt.datetime,
    actor_id: int | None,
    actor: str,
    key: str,
) -> None:
    """Take a payment back from ``on`` (红冲, a bounced cheque): it counts as never made; its rows stay.

    Raises:
        Refusal: ``payment.unknown``, ``reversal.twice``, ``reversal.reason_missing``, ``date.in_future``,
            ``reversal.before_payment``.

    """
    asked = {"payment": payment_id, "on": on, "actor": actor_id}
    if once.claim(session, key=key, scope="payment_reversal", request=asked, now=now) is not None:
        return
    if not reason.strip():
        raise Refusal("reversal.reason_missing", field="reason")
    if on > today:
        raise Refusal("date.in_future", field="on", on=on.isoformat())
    found = payments.row(session, payment_id)
    if on < found.received_on:
        raise Refusal("reversal.before_payment", field="on", on=found.received_on.isoformat())
    row = {
        "target_kind": "payment",
        "target_id": payment_id,
        "value_on": on,
        "reason": reason.strip(),
        "recorded_at": now,
        "recorded_by": actor_id,
    }
    ledger.post(session, ledger.Posting(found.unit_id, "reversal", row), through=today)
    waivers.follow_conditions(session, unit_ids=[found.unit_id], through=today)
    # Money that was matched to the wrong unit is unclaimed again; nobody handed it out.
    unclaimed.restore(session, payment_id=payment_id, on=on, reason=reason.strip(), now=now, actor_id=actor_id)
    audit.record(
        session,
        at=now,
        actor=actor,
        action="payment.reversed",
        subject=f"payment:{payment_id}",
        community_id=found.community_id,
    )
    once.settle(session, key=key, scope="payment_reversal", result={"payment_id": payment_id})


def _claim(session: Session, key: str, asked: Mapping[str, object], now: dt.datetime) -> dict[str, Any] | None:
    """Claim the key; where another payment used it, name the receipt of that one, for it stands."""
    try:
        return once.claim(session, key=key, scope="payment", request=asked, now=now)
    except Refusal as refusal:
        earlier = once.answered(session, key=key, scope="payment")
        raise conflict("payment.key_reused", receipt=earlier.get("receipt_number", "")) from refusal


def _asked(receipt: Receipt, actor_id: int | None) -> dict[str, object]:
    """Return what makes two forms the same request."""
    return {
        "unit": receipt.unit_id,
        "on": receipt.received_on,
        "amount": receipt.amount_fen,
        "method": receipt.method,
        "reference": receipt.reference,
        "bills": list(receipt.bill_ids),
        "actor": actor_id,
    }


def _refuse_twin(session: Session, receipt: Receipt) -> None:
    """Refuse what looks like a payment a colleague has just recorded, until the clerk says it is another one."""
    found = _twins(session, receipt)
    if found:
        raise conflict(
            "payment.twin",
            field="confirm_twin",
            on=found[0].received_on.isoformat(),
            receipt=found[0].receipt_number or "",
        )


def _twins(session: Session, receipt: Receipt) -> list[Any]:
    return payments.twins(
        session,
        unit_id=receipt.unit_id,
        received_on=receipt.received_on,
        amount_fen=receipt.amount_fen,
        reference=receipt.reference,
    )


def _check(receipt: Receipt, today: dt.date) -> None:
    if receipt.amount_fen <= 0:
        raise Refusal("money.not_positive", field="amount")
    if receipt.amount_fen > MAX_FEN:
        raise Refusal("money.too_large", field="amount", given="")
    if receipt.received_on > today:
        raise Refusal("date.in_future", field="received_on", on=receipt.received_on.isoformat())


def _story(session: Session, receipt: Receipt) -> replay.Story:
    estate.unit_row(session, receipt.unit_id)
    story = ledger.stories(session, [receipt.unit_id])[receipt.unit_id]
    if any(number not in story.bills for number in receipt.bill_ids):
        raise Refusal("payment.unknown_bill", field="bills")
    return story


def _before_after(story: replay.Story, receipt: Receipt, today: dt.date) -> tuple[Statement, Statement]:
    event = Payment(
        id="p0",
        on=receipt.received_on,
        amount_fen=receipt.amount_fen,
        bill_ids=tuple(f"b{number}" for number in receipt.bill_ids),
    )
    account = story.account
    return statement(account, today), statement(account.adding(event), today)


def _posting(receipt: Receipt, community_id: int, now: dt.datetime, actor_id: int | None) -> ledger.Posting:
    return ledger.Posting(
        receipt.unit_id,
        "payment",
        {
            "community_id": community_id,
            "received_on": receipt.received_on,
            "amount_fen": receipt.amount_fen,
            "method": receipt.method.value,
            "reference": receipt.reference.strip(),
            "payer": receipt.payer.strip(),
            "note": receipt.note.strip(),
            "designated": canonical(list(receipt.bill_ids)),
            "recorded_at": now,
            "recorded_by": actor_id,
        },
    )
