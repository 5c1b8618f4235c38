"""Deposits: taken against a receipt, deducted from for a reason, returned against a signature; no fees among them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.documents import codec
from app.documents.till import DepositFacts
from app.domain.counter import By, Method
from app.domain.errors import Refusal, conflict, forbidden
from app.domain.money import MAX_FEN
from app.store import audit, closing, deposits, documents, estate, once


@dataclass(frozen=True, slots=True)
class Wish:
    """A deposit to take."""

    unit_id: int
    kind_id: int
    amount_fen: int
    received_on: dt.date
    method: Method
    reference: str = ""
    payer: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: the deposit, the entry, and its slip where it has one."""

    deposit_id: int
    entry_id: int
    document_id: int | None


def take(session: Session, *, wish: Wish, by: By) -> Written:
    """Take a deposit and issue its receipt; the same key acts once.

    Raises:
        Refusal: ``money.not_positive``, ``money.too_large``, ``date.in_future``, ``payment.back_dated``,
            ``deposit.unknown_kind``, ``unit.unknown``, ``period.closed``, ``form.key_reused``.

    """
    asked = {"unit": wish.unit_id, "kind": wish.kind_id, "amount": wish.amount_fen, "on": wish.received_on}
    if (answered := _claim(session, by, "deposit_take", asked | {"method": wish.method})) is not None:
        return answered
    _check_amount(wish.amount_fen)
    _check_date(wish.received_on, by, "received_on")
    unit = estate.unit_row(session, wish.unit_id)
    kind = deposits.kind_row(session, wish.kind_id, community_id=unit.community_id)
    closing.guard(session, [(unit.community_id, wish.received_on)])
    deposit_id = deposits.open_one(
        session,
        {
            "community_id": unit.community_id,
            "unit_id": unit.id,
            "kind_id": kind.id,
            "payer": wish.payer.strip(),
            "note": wish.note.strip(),
            "recorded_at": by.now,
            "recorded_by": by.user_id,
        },
    )
    head = {
        "deposit_id": deposit_id,
        "community_id": unit.community_id,
        "unit_id": unit.id,
        "unit_label": unit.label,
        "kind": kind.name,
        "payer": wish.payer.strip(),
    }
    entry = {
        "kind": "take",
        "amount_fen": wish.amount_fen,
        "method": wish.method.value,
        "reference": wish.reference.strip(),
        "value_on": wish.received_on,
        "reason": wish.note.strip(),
    }
    document_id = _slip(session, head, entry, by, held_fen=wish.amount_fen, deducted_fen=0)
    entry_id = deposits.append(
        session,
        {
            **entry,
            "deposit_id": deposit_id,
            "seq": 1,
            "before_fen": 0,
            "held_fen": wish.amount_fen,
            "till_fen": wish.amount_fen,
            "document_id": document_id,
            "recorded_at": by.now,
            "recorded_by": by.user_id,
        },
    )
    return _done(session, by, "deposit_take", "deposit.taken", head, Written(deposit_id, entry_id, document_id))


def deduct(session: Session, *, deposit_id: int, amount_fen: int, reason: str, by: By) -> Written:
    """Keep a part for damage or unpaid clearing, for a reason that names its evidence; no money leaves the till.

    Raises:
        Refusal: ``deposit.unknown``, ``deposit.not_enough``, ``deposit.reason_missing``, ``money.not_positive``,
            ``period.closed``, ``form.key_reused``.

    """
    asked = {"deposit": deposit_id, "amount": amount_fen, "reason": reason}
    if (answered := _claim(session, by, "deposit_deduct", asked)) is not None:
        return answered
    _check_amount(amount_fen)
    if not reason.strip():
        raise Refusal("deposit.reason_missing", field="reason")
    entry = {"kind": "deduct", "amount_fen": -amount_fen, "method": Method.OTHER.value, "reason": reason.strip()}
    head, written = _append(session, deposit_id, {**entry, "value_on": by.today, "till_fen": 0}, by)
    return _done(session, by, "deposit_deduct", "deposit.deducted", head, written)


def give_back(
    session: Session,
    *,
    deposit_id: int,
    amount_fen: int,
    to_whom: str,
    method: Method,
    reference: str,
    note: str,
    by: By,
) -> Written:
    """Return the whole or a part, to a named person, against a slip they sign.

    Raises:
        Refusal: as ``deduct``, and ``deposit.to_whom_missing``.

    """
    asked = {"deposit": deposit_id, "amount": amount_fen, "to": to_whom, "method": method}
    if (answered := _claim(session, by, "deposit_return", asked)) is not None:
        return answered
    _check_amount(amount_fen)
    if not to_whom.strip():
        raise Refusal("deposit.to_whom_missing", field="to_whom")
    entry = {
        "kind": "return",
        "amount_fen": -amount_fen,
        "till_fen": -amount_fen,
        "method": method.value,
        "reference": reference.strip(),
        "to_whom": to_whom.strip(),
        "reason": note.strip(),
        "value_on": by.today,
    }
    head, written = _append(session, deposit_id, entry, by)
    return _done(session, by, "deposit_return", "deposit.returned", head, written)


def reverse(session: Session, *, entry_id: int, reason: str, by: By) -> Written:
    """Take an entry back (红冲): its opposite is written, both stay.

    Raises:
        Refusal: ``deposit.unknown``, ``deposit.reversed_already``, ``deposit.is_reversal``, ``deposit.spent``,
            ``reversal.reason_missing``, ``period.closed``.

    """
    if (answered := _claim(session, by, "deposit_reversal", {"entry": entry_id})) is not None:
        return answered
    if not reason.strip():
        raise Refusal("reversal.reason_missing", field="reason")
    entry = deposits.entry_row(session, entry_id)
    now = deposits.locked(session, entry.deposit_id)
    if entry.kind == "reversal":
        raise conflict("deposit.is_reversal")
    if deposits.is_reversed(session, entry_id):
        raise conflict("deposit.reversed_already")
    if now.held_fen < entry.amount_fen:
        raise conflict("deposit.spent", held_fen=now.held_fen, amount_fen=entry.amount_fen)
    row = {
        "kind": "reversal",
        "amount_fen": -entry.amount_fen,
        "till_fen": -entry.till_fen,
        "method": entry.method,
        "reason": reason.strip(),
        "value_on": by.today,
        "reverses_id": entry_id,
    }
    head, written = _append(session, entry.deposit_id, row, by)
    return _done(session, by, "deposit_reversal", "deposit.reversed", head, written)


def add_kind(session: Session, *, community_id: int, name: str, amount_fen: int, by: By) -> None:
    """Add a kind of deposit a community takes.

    Raises:
        Refusal: ``deposit.kind_exists``.

    """
    if not deposits.add_kind(session, community_id=community_id, name=name.strip(), amount_fen=amount_fen):
        raise conflict("deposit.kind_exists", field="name")
    audit.record(session, at=by.now, actor=by.login, action="deposit.kind_added", community_id=community_id)


def _append(session: Session, deposit_id: int, entry: Mapping[str, Any], by: By) -> tuple[dict[str, Any], Written]:
    """Write an entry behind the last one, with its slip where money goes back."""
    now = deposits.locked(session, deposit_id)
    held = now.held_fen + int(entry["amount_fen"])
    if held < 0:
        raise conflict("deposit.not_enough", field="amount", held_fen=now.held_fen)
    closing.guard(session, [(now.community_id, entry["value_on"])])
    head = dict(now._mapping)  # noqa: SLF001 - SQLAlchemy's public name
    document_id = None
    if entry["kind"] == "return":
        taken = [row for row in deposits.entries(session, deposit_id) if row.kind in {"deduct", "reversal"}]
        deducted = -sum(row.amount_fen for row in taken if row.till_fen == 0)
        document_id = _slip(session, head, entry, by, held_fen=held, deducted_fen=deducted)
    entry_id = deposits.append(
        session,
        {
            **entry,
            "deposit_id": deposit_id,
            "seq": now.seq + 1,
            "prev_seq": now.seq,
            "before_fen": now.held_fen,
            "held_fen": held,
            "document_id": document_id,
            "recorded_at": by.now,
            "recorded_by": by.user_id,
        },
    )
    return head, Written(deposit_id, entry_id, document_id)


def _slip(
    session: Session, head: Mapping[str, Any], entry: Mapping[str, Any], by: By, *, held_fen: int, deducted_fen: int
) -> int:
    kind = "deposit_return" if entry["kind"] == "return" else "deposit"
    community = estate.community_row(session, head["community_id"])
    number = documents.next_numbers(session, community_id=community.id, kind=kind, year=by.today.year)[0]
    facts = DepositFacts(
        number=number,
        issued_on=by.today,
        value_on=entry["value_on"],
        community=community.name,
        company=community.company_name or community.name,
        office_phone=community.office_phone,
        unit_label=head["unit_label"],
        kind=head["kind"],
        payer=head["payer"],
        to_whom=entry.get("to_whom", ""),
        method=entry["method"],
        reference=entry.get("reference", ""),
        amount_fen=abs(entry["amount_fen"]),
        held_fen=held_fen,
        deducted_fen=deducted_fen,
        note=entry.get("reason", ""),
        cashier=by.name,
        is_return=kind == "deposit_return",
    )
    row = {
        "community_id": community.id,
        "unit_id": head["unit_id"],
        "kind": kind,
        "number": number,
        "facts": codec.to_json(facts),
        "created_at": by.now,
    }
    return documents.freeze(session, [row])[0]


def _claim(session: Session, by: By, scope: str, asked: Mapping[str, object]) -> Written | None:
    answered = once.claim(session, key=by.key, scope=scope, request={**asked, "actor": by.user_id}, now=by.now)
    return None if answered is None else Written(**answered)


def _done(session: Session, by: By, scope: str, action: str, head: Mapping[str, Any], written: Written) -> Written:
    subject = f"deposit:{written.deposit_id}"
    audit.record(session, at=by.now, actor=by.login, action=action, subject=subject, community_id=head["community_id"])
    answer = {"deposit_id": written.deposit_id, "entry_id": written.entry_id, "document_id": written.document_id}
    once.settle(session, key=by.key, scope=scope, result=answer)
    return written


def _check_amount(amount_fen: int) -> None:
    if amount_fen <= 0:
        raise Refusal("money.not_positive", field="amount")
    if amount_fen > MAX_FEN:
        raise Refusal("money.too_large", field="amount", given="")


def _check_date(on: dt.date, by: By, name: str) -> None:
    if on > by.today:
        raise Refusal("date.in_future", field=name, on=on.isoformat())
    if on < by.today and not by.may_back_date:
        raise forbidden("payment.back_dated", on=on.isoformat())
