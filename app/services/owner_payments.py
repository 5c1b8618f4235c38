"""Owners paying on the page: an order with the channel, what the channel says of it, and the office's own code."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.domain.errors import Refusal, conflict
from app.gateways.ports import Paid
from app.store import audit, estate, once, payment_intents
from app.store.types import canonical

OWNER = "owner"
ORDER_FOR = dt.timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Order:
    """What an owner wants to pay: always for bills of their own time, named one by one (Civil Code 560)."""

    unit_id: int
    amount_fen: int
    bill_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a callback: ``to_pay`` and the state the order is in, if a payment is to be recorded now."""

    outcome: str
    unit_id: int = 0
    amount_fen: int = 0
    bill_ids: tuple[int, ...] = ()

    @property
    def is_new_payment(self) -> bool:
        """Tell whether money came in that no payment stands for yet."""
        return self.outcome == "paid"


def begin(session: Session, *, order: Order, gateway: str, visit: str, now: dt.datetime, key: str) -> str:
    """Open an order and return its reference; the same ``key`` opens one.

    Raises:
        Refusal: ``owner_payment.nothing_due``, ``form.key_reused``.

    """
    asked = {"unit": order.unit_id, "amount": order.amount_fen, "bills": order.bill_ids, "visit": visit}
    if (answered := once.claim(session, key=key, scope="payment_intent", request=asked, now=now)) is not None:
        return str(answered["reference"])
    if order.amount_fen <= 0 or not order.bill_ids:
        raise Refusal("owner_payment.nothing_due")
    reference = secrets.token_hex(12)
    community_id = estate.unit_row(session, order.unit_id).community_id
    payment_intents.insert(
        session,
        {
            "community_id": community_id,
            "unit_id": order.unit_id,
            "reference": reference,
            "gateway": gateway,
            "amount_fen": order.amount_fen,
            "bill_ids": canonical(list(order.bill_ids)),
            "visit": visit,
            "made_at": now,
            "expires_at": now + ORDER_FOR,
        },
    )
    audit.record(
        session,
        at=now,
        actor=OWNER,
        action="owner_payment.begun",
        subject=f"unit:{order.unit_id}",
        community_id=community_id,
    )
    once.settle(session, key=key, scope="payment_intent", result={"reference": reference})
    return reference


def take(session: Session, *, paid: Paid, body: bytes, gateway: str, now: dt.datetime) -> Taken:
    """Keep what the channel says and decide what it means; the caller records the payment in this same transaction.

    An event that comes again changes nothing and gets the same outcome. Money for an order that we do not know, of
    another amount, or paid already, is kept and told to nobody but the office.

    Raises:
        Refusal: ``payment_gateway.event_changed`` when an event comes again with another content.

    """
    intent = payment_intents.locked(session, paid.reference)
    digest = hashlib.sha256(body).hexdigest()
    before = payment_intents.callback(session, gateway=gateway, event_id=paid.event_id)
    if before is not None:
        if (before.reference, before.amount_fen) != (paid.reference, paid.amount_fen):
            raise conflict("payment_gateway.event_changed")
        return Taken("repeated" if before.outcome == "paid" else before.outcome)
    outcome = "paid"
    if intent is None or intent["gateway"] != gateway:
        outcome = "unknown"
    elif not paid.is_paid:
        outcome = "failed"
    elif intent["amount_fen"] != paid.amount_fen:
        outcome = "amount_differs"
    elif intent["state"] == "paid":
        outcome = "paid_before"
    row = {"gateway": gateway, "event_id": paid.event_id, "reference": paid.reference, "amount_fen": paid.amount_fen}
    payment_intents.add_callback(session, row | {"outcome": outcome, "body_sha256": digest, "received_at": now})
    if intent is None or outcome != "paid":
        facts = {"event": paid.event_id, "outcome": outcome}
        audit.record(session, at=now, actor=gateway, action="owner_payment.odd_callback", facts=facts)
        return Taken(outcome)
    return Taken("paid", intent["unit_id"], intent["amount_fen"], intent["bill_ids"])


def note_refused(session: Session, *, paid: Paid, gateway: str, code: str, now: dt.datetime) -> None:
    """Tell the office that money came in which could not be recorded (a closed day): the channel will say it again."""
    facts = {"event": paid.event_id, "outcome": code}
    audit.record(session, at=now, actor=gateway, action="owner_payment.odd_callback", facts=facts)


def settle(session: Session, *, reference: str, payment_id: int, now: dt.datetime) -> None:
    """Tie the recorded payment to its order, in the same transaction."""
    payment_intents.set_paid(session, reference=reference, payment_id=payment_id, at=now)


def set_payee_code(
    session: Session, *, community_id: int, sha256: str, shown_sha256: str, now: dt.datetime, actor: str
) -> None:
    """Set the picture of the office's own payment code that owners scan; empty hashes take it away.

    Raises:
        Refusal: ``community.unknown``.

    """
    estate.set_payee_code(session, community_id=community_id, sha256=sha256, shown_sha256=shown_sha256)
    audit.record(
        session,
        at=now,
        actor=actor,
        action="community.payee_code_set",
        subject=f"community:{community_id}",
        community_id=community_id,
        facts={"sha256": sha256[:12]},
    )
