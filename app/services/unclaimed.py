"""Money whose unit is not known: recorded by one person; matched, split or sent back by another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.domain.counter import By, Method
from app.domain.errors import Refusal, conflict, forbidden
from app.domain.money import MAX_FEN
from app.i18n import zh_cn
from app.store import audit, closing, estate, ledger, once, receipts, unclaimed, waivers
from app.store.types import canonical

NOTE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Found:
    """Money that came in, as far as it is known."""

    community_id: int
    received_on: dt.date
    amount_fen: int
    method: Method
    payer: str = ""
    reference: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Matched:
    """The payment a part became."""

    payment_id: int
    receipt_id: int
    receipt_number: str


def record(session: Session, *, found: Found, by: By) -> int:
    """Record money received, and return its id; the same key acts once.

    Raises:
        Refusal: ``money.not_positive``, ``money.too_large``, ``date.in_future``, ``payment.back_dated``,
            ``unclaimed.nothing_known``, ``period.closed``, ``form.key_reused``.

    """
    asked = {"on": found.received_on, "amount": found.amount_fen, "method": found.method, "reference": found.reference}
    asked |= {"payer": found.payer, "actor": by.user_id, "community": found.community_id}
    if (answered := once.claim(session, key=by.key, scope="unclaimed", request=asked, now=by.now)) is not None:
        return int(answered["unclaimed_id"])
    _check_amount(found.amount_fen)
    if found.received_on > by.today:
        raise Refusal("date.in_future", field="received_on", on=found.received_on.isoformat())
    if found.received_on < by.today and not by.may_back_date:
        raise forbidden("payment.back_dated", on=found.received_on.isoformat())
    if not (found.payer.strip() or found.reference.strip() or found.note.strip()):
        raise Refusal("unclaimed.nothing_known", field="payer")
    estate.community_row(session, found.community_id)
    closing.guard(session, [(found.community_id, found.received_on)])
    made = unclaimed.insert(
        session,
        {
            "community_id": found.community_id,
            "received_on": found.received_on,
            "amount_fen": found.amount_fen,
            "method": found.method.value,
            "payer": found.payer.strip(),
            "reference": found.reference.strip(),
            "note": found.note.strip(),
            "recorded_at": by.now,
            "recorded_by": by.user_id,
        },
    )
    _log(session, by, "unclaimed.recorded", made, found.community_id)
    once.settle(session, key=by.key, scope="unclaimed", result={"unclaimed_id": made})
    return made


def match(session: Session, *, unclaimed_id: int, unit_id: int, amount_fen: int, by: By) -> Matched:
    """Book a part on a unit as of the day the money came in; its receipt is issued today. The same key acts once.

    Where that day is closed it is booked on the first open day after it; the receipt says when the money came in.

    Raises:
        Refusal: ``unclaimed.unknown``, ``unclaimed.same_person``, ``unclaimed.not_enough``, ``unit.unknown``,
            ``unclaimed.other_community``, ``money.not_positive``, ``period.closed``, ``form.key_reused``.

    """
    asked = {"unclaimed": unclaimed_id, "unit": unit_id, "amount": amount_fen, "actor": by.user_id}
    if (answered := once.claim(session, key=by.key, scope="unclaimed_match", request=asked, now=by.now)) is not None:
        return Matched(**answered)
    _check_amount(amount_fen)
    row = _held(session, unclaimed_id, amount_fen, by)
    unit = estate.unit_row(session, unit_id)
    if unit.community_id != row.community_id:
        raise Refusal("unclaimed.other_community", field="unit")
    on = posting_day(session, row=row)
    note = row.note
    if on != row.received_on:
        arrived = zh_cn.LABELS["unclaimed.arrived"].format(on=row.received_on.isoformat())
        note = f"{arrived} {note}"[:NOTE_LENGTH].strip()
    payment = {
        "community_id": row.community_id,
        "received_on": on,
        "amount_fen": amount_fen,
        "method": row.method,
        "reference": row.reference,
        "payer": row.payer,
        "note": note,
        "designated": canonical([]),
        "recorded_at": by.now,
        "recorded_by": by.user_id,
    }
    payment_id = ledger.post(session, ledger.Posting(unit.id, "payment", payment), through=by.today)
    waivers.follow_conditions(session, unit_ids=[unit.id], through=by.today)
    entry = {"kind": "match", "payment_id": payment_id, "method": row.method, "value_on": on}
    _append(session, row, {**entry, "amount_fen": -amount_fen}, by)
    receipt_id, number = receipts.issue(
        session, payment_id=payment_id, unit_id=unit.id, community_id=row.community_id, today=by.today, now=by.now,
        cashier=by.name,
    )  # fmt: skip
    _log(session, by, "unclaimed.matched", unclaimed_id, row.community_id, payment=payment_id)
    matched = Matched(payment_id, receipt_id, number)
    answer = {"payment_id": payment_id, "receipt_id": receipt_id, "receipt_number": number}
    once.settle(session, key=by.key, scope="unclaimed_match", result=answer)
    return matched


def posting_day(session: Session, *, row: Any) -> dt.date:  # noqa: ANN401 - a row of the store
    """Return the day money that came in is booked on: the day it came, or the first open day after it."""
    return closing.first_open(session, row.community_id, on=row.received_on)


def give_back(
    session: Session, *, unclaimed_id: int, amount_fen: int, to_whom: str, method: Method, reason: str, by: By
) -> None:
    """Send a part back to who paid it; the same key acts once.

    Raises:
        Refusal: as ``match``, and ``unclaimed.to_whom_missing``, ``unclaimed.reason_missing``.

    """
    asked = {"unclaimed": unclaimed_id, "amount": amount_fen, "to": to_whom, "method": method, "actor": by.user_id}
    if once.claim(session, key=by.key, scope="unclaimed_return", request=asked, now=by.now) is not None:
        return
    _check_amount(amount_fen)
    if not to_whom.strip():
        raise Refusal("unclaimed.to_whom_missing", field="to_whom")
    if not reason.strip():
        raise Refusal("unclaimed.reason_missing", field="reason")
    row = _held(session, unclaimed_id, amount_fen, by)
    closing.guard(session, [(row.community_id, by.today)])
    entry = {"kind": "return", "amount_fen": -amount_fen, "method": method.value, "value_on": by.today}
    _append(session, row, {**entry, "to_whom": to_whom.strip(), "reason": reason.strip()}, by)
    _log(session, by, "unclaimed.returned", unclaimed_id, row.community_id)
    once.settle(session, key=by.key, scope="unclaimed_return", result={"unclaimed_id": unclaimed_id})


def _held(session: Session, unclaimed_id: int, amount_fen: int, by: By) -> Any:  # noqa: ANN401 - a row of the store
    """Return the sum, held until the commit, refusing its own recorder and more than is left."""
    row = unclaimed.locked(session, unclaimed_id)
    if row.recorded_by == by.user_id:
        raise forbidden("unclaimed.same_person")
    if amount_fen > row.left_fen:
        raise conflict("unclaimed.not_enough", field="amount", left_fen=row.left_fen)
    return row


def _append(session: Session, row: Any, entry: Mapping[str, Any], by: By) -> None:  # noqa: ANN401 - a row of the store
    unclaimed.append(
        session,
        {
            **entry,
            "unclaimed_id": row.id,
            "taken_by": row.recorded_by,
            "total_fen": row.amount_fen,
            "seq": row.seq + 1,
            "prev_seq": row.seq or None,
            "before_fen": row.left_fen,
            "left_fen": row.left_fen + entry["amount_fen"],
            "recorded_at": by.now,
            "recorded_by": by.user_id,
        },
    )


def _log(session: Session, by: By, action: str, unclaimed_id: int, community_id: int, **facts: object) -> None:
    audit.record(
        session,
        at=by.now,
        actor=by.login,
        action=action,
        subject=f"unclaimed:{unclaimed_id}",
        community_id=community_id,
        facts=facts,
    )


def _check_amount(amount_fen: int) -> None:
    if amount_fen <= 0:
        raise Refusal("money.not_positive", field="amount")
    if amount_fen > MAX_FEN:
        raise Refusal("money.too_large", field="amount", given="")
