"""Change of owner: from its day on the new owner is billed; what fell due before stays where it was."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.domain.errors import Refusal
from app.store import arrears, audit, estate, owner_links, persons, search_keys


@dataclass(frozen=True, slots=True)
class NewOwner:
    """One of the new owners (several own jointly, Civil Code 307); phone and ID number may be empty."""

    name: str
    phone: str = ""
    id_kind: str = ""
    id_number: str = ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What the leaving owners owe on the day of transfer; it stays with them."""

    principal_fen: int
    late_charge_fen: int
    bills: int


def settlement(session: Session, *, unit_id: int, transfer_on: dt.date) -> Settlement:
    """Return what fell due before the transfer and is open on that day."""
    bills = [
        bill
        for bill in arrears.bills_on(session, as_of=transfer_on, unit_ids=[unit_id])
        if bill.due_on < transfer_on and bill.total_fen
    ]
    return Settlement(sum(b.principal_fen for b in bills), sum(b.late_charge_fen for b in bills), len(bills))


def transfer(
    session: Session,
    *,
    unit_id: int,
    transfer_on: dt.date,
    owners: Sequence[NewOwner],
    source: str,
    now: dt.datetime,
    actor: str,
) -> Settlement:
    """End the old ownership on ``transfer_on`` (not included) and start the new one; no debt moves.

    Raises:
        Refusal: ``owner.none``, ``owner.name_missing``, ``owner.nothing_to_end``, ``unit.unknown``.

    """
    unit = estate.unit_row(session, unit_id)
    if not owners:
        raise Refusal("owner.none", field="owners")
    if any(not owner.name.strip() for owner in owners):
        raise Refusal("owner.name_missing", field="name")
    had = persons.owner_history(session, unit_id)
    if had and not persons.end_ownership(session, unit_id=unit_id, until_on=transfer_on):
        raise Refusal("owner.nothing_to_end", field="transfer_on", on=transfer_on.isoformat())
    rows = [
        persons.row_of(
            session,
            community_id=unit.community_id,
            name=owner.name.strip(),
            phone=owner.phone,
            id_kind=owner.id_kind,
            id_number=owner.id_number,
        )
        for owner in owners
    ]
    ids = persons.insert(session, rows)
    persons.add_owners(
        session,
        [{"unit_id": unit_id, "person_id": number, "from_on": transfer_on, "source": source} for number in ids],
    )
    search_keys.refresh(session, [unit_id])
    owner_links.revoke_unit(session, unit_id=unit_id, at=now)
    audit.record(
        session,
        at=now,
        actor=actor,
        action="owner.transferred",
        subject=f"unit:{unit_id}",
        community_id=unit.community_id,
    )
    return settlement(session, unit_id=unit_id, transfer_on=transfer_on)
