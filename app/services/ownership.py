"""Change of owner: from its day on the new owner is billed; what fell due before stays where it was."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from app.domain.errors import Refusal, conflict
from app.domain.settling import Plan, frozen
from app.store import audit, estate, once, owner_links, persons, search_keys, settlements, transfers
from app.store.types import FOREVER, canonical

SCOPE = "transfer"
JUST_MADE = dt.timedelta(hours=24)
"""So long a transfer may be taken back although bills were posted meanwhile."""


class CreditChoice(StrEnum):
    """What becomes of money paid ahead; it lies with the unit, so the ledger never moves it by itself."""

    NONE = "none"
    STAYS = "stays"
    REFUND = "refund"


@dataclass(frozen=True, slots=True)
class NewOwner:
    """One of the new owners (several own jointly, Civil Code 307); phone, ID number and share may be empty."""

    name: str
    phone: str = ""
    id_kind: str = ""
    id_number: str = ""
    share: str = ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What the leaving owners owe on the day of transfer; it stays with them."""

    principal_fen: int
    late_charge_fen: int
    bills: int


def settlement(session: Session, *, unit_id: int, transfer_on: dt.date) -> Settlement:
    """Return what fell due before the transfer and is open on that day."""
    bills = settlements.stays(session, unit_id, transfer_on)
    return Settlement(sum(b.principal_fen for b in bills), sum(b.late_charge_fen for b in bills), len(bills))


def plan(session: Session, *, unit_id: int, transfer_on: dt.date, today: dt.date) -> Plan:
    """Return who would owe what if the unit changed hands on ``transfer_on``; nothing is written.

    Raises:
        Refusal: ``date.in_future``, ``owner.nothing_to_end``, ``unit.unknown``.

    """
    estate.unit_row(session, unit_id)
    _check_day(transfer_on, today)
    had = transfers.owners(session, unit_id)
    leaving = [row for row in had if row.from_on < transfer_on < row.until_on]
    if had and not leaving:
        raise Refusal("owner.nothing_to_end", field="transfer_on", on=transfer_on.isoformat())
    return settlements.figures(session, unit_id, transfer_on, today, [row.name for row in leaving])


def transfer(
    session: Session,
    *,
    unit_id: int,
    transfer_on: dt.date,
    owners: Sequence[NewOwner],
    source: str,
    now: dt.datetime,
    actor: str,
    actor_id: int | None = None,
    note: str = "",
    credit: CreditChoice = CreditChoice.NONE,
    as_of: dt.date,
) -> Settlement:
    """End the old ownership on ``transfer_on`` (not included) and start the new one; no debt moves.

    ``as_of`` is the day on which what falls due later is read: today, never before the day of transfer.

    Raises:
        Refusal: ``owner.none``, ``owner.name_missing``, ``owner.nothing_to_end``, ``owner.starts_later``,
            ``unit.unknown``.

    """
    unit = estate.unit_row(session, unit_id)
    if not owners:
        raise Refusal("owner.none", field="owners")
    if any(not owner.name.strip() for owner in owners):
        raise Refusal("owner.name_missing", field="name")
    transfers.lock_unit(session, unit_id)
    had = transfers.owners(session, unit_id)
    ending = [row for row in had if row.from_on < transfer_on < row.until_on]
    if had and not ending:
        raise Refusal("owner.nothing_to_end", field="transfer_on", on=transfer_on.isoformat())
    if later := [row.from_on for row in had if row.from_on >= transfer_on]:
        raise Refusal("owner.starts_later", field="transfer_on", on=min(later).isoformat())
    names = [row.name for row in ending]
    figures = settlements.figures(session, unit_id, transfer_on, max(transfer_on, as_of), names)
    facts = {
        **frozen(figures),
        "ended": [[row.id, row.until_on.isoformat()] for row in ending],
        "head_seq": transfers.head_seq(session, unit_id),
    }
    transfer_id = transfers.insert(
        session,
        {
            "community_id": unit.community_id,
            "unit_id": unit_id,
            "transfer_on": transfer_on,
            "source": source,
            "note": note,
            "credit": credit.value,
            "facts": canonical(facts),
            "made_at": now,
            "made_by": actor_id,
        },
    )
    persons.end_ownership(session, unit_id=unit_id, until_on=transfer_on)
    _add(session, unit, owners, transfer_on=transfer_on, source=source, transfer_id=transfer_id)
    _settle_in(session, unit_id, now)
    _log(session, "owner.transferred", unit, {"transfer": transfer_id}, now=now, actor=actor)
    return Settlement(
        sum(bill.principal_fen for bill in figures.stays),
        sum(bill.late_charge_fen for bill in figures.stays),
        len(figures.stays),
    )


def transfer_once(
    session: Session,
    *,
    unit_id: int,
    transfer_on: dt.date,
    owners: Sequence[NewOwner],
    source: str,
    note: str,
    credit: CreditChoice | None,
    today: dt.date,
    now: dt.datetime,
    actor: str,
    actor_id: int,
    key: str,
) -> int:
    """Do ``transfer`` for a form: the same key acts once; return the id of the transfer.

    Raises:
        Refusal: as ``transfer``; ``date.in_future``, ``transfer.credit_missing``, ``transfer.source_missing``.

    """
    asked = {"unit": unit_id, "on": transfer_on, "actor": actor_id, "owners": [owner.name for owner in owners]}
    if (answered := once.claim(session, key=key, scope=SCOPE, request=asked, now=now)) is not None:
        return int(answered["transfer_id"])
    _check_day(transfer_on, today)
    if not source.strip():
        raise Refusal("transfer.source_missing", field="source")
    if credit is None and transfers.credit_of(session, unit_id):
        raise Refusal("transfer.credit_missing", field="credit")
    transfer(
        session,
        unit_id=unit_id,
        transfer_on=transfer_on,
        owners=owners,
        source=source.strip(),
        now=now,
        actor=actor,
        actor_id=actor_id,
        note=note.strip(),
        credit=credit or CreditChoice.NONE,
        as_of=today,
    )
    made = int(transfers.of_unit(session, unit_id)[0]["id"])
    once.settle(session, key=key, scope=SCOPE, result={"transfer_id": made})
    return made


def may_take_back(session: Session, *, transfer_id: int, now: dt.datetime) -> None:
    """Refuse unless a transfer may be taken back: the last one of its unit, and nothing rests on it.

    Raises:
        Refusal: ``transfer.reversed``, ``transfer.not_last``, ``transfer.billed_since``, ``transfer.noticed_since``.

    """
    row = transfers.by_id(session, transfer_id)
    if row["reversed_at"] is not None:
        raise conflict("transfer.reversed")
    standing = [one["id"] for one in transfers.of_unit(session, row["unit_id"]) if one["reversed_at"] is None]
    if standing[0] != transfer_id:
        raise conflict("transfer.not_last")
    facts = json.loads(row["facts"])
    bills, notices = transfers.since(session, unit_id=row["unit_id"], seq=facts["head_seq"], at=row["made_at"])
    if notices:
        raise conflict("transfer.noticed_since", notices=notices)
    if bills and now - row["made_at"] > JUST_MADE:
        raise conflict("transfer.billed_since", bills=bills)


def take_back(
    session: Session,
    *,
    transfer_id: int,
    reason: str,
    now: dt.datetime,
    actor: str,
    actor_id: int,
) -> int:
    """Undo a transfer entered by mistake: the earlier owners own on, the rows of the others are kept as withdrawn.

    Raises:
        Refusal: as ``may_take_back``; ``reversal.reason_missing``.

    """
    row = transfers.locked(session, transfer_id)
    transfers.lock_unit(session, row.unit_id)
    if not reason.strip():
        raise Refusal("reversal.reason_missing", field="reason")
    may_take_back(session, transfer_id=transfer_id, now=now)
    facts = json.loads(row.facts)
    transfers.take_back(
        session, unit_id=row.unit_id, transfer_on=row.transfer_on, reason=reason.strip(), at=now, by=actor_id
    )
    ended = [(int(number), dt.date.fromisoformat(until)) for number, until in facts["ended"]]
    if ended:
        transfers.reopen(session, ended)
    transfers.close(session, transfer_id, at=now, by=actor_id, reason=reason.strip())
    _settle_in(session, row.unit_id, now)
    _log(
        session,
        "owner.transfer_reversed",
        estate.unit_row(session, row.unit_id),
        {"transfer": transfer_id},
        now=now,
        actor=actor,
    )
    return int(row.unit_id)


def add_co_owner(
    session: Session,
    *,
    unit_id: int,
    owner: NewOwner,
    from_on: dt.date,
    source: str,
    today: dt.date,
    now: dt.datetime,
    actor: str,
) -> None:
    """Add somebody who owns together with the owners of the day (several own jointly, Civil Code 307).

    Raises:
        Refusal: ``owner.name_missing``, ``owner.nobody_yet``, ``owner.ended_since``, ``date.in_future``,
            ``unit.unknown``.

    """
    unit = estate.unit_row(session, unit_id)
    if not owner.name.strip():
        raise Refusal("owner.name_missing", field="name")
    _check_day(from_on, today)
    transfers.lock_unit(session, unit_id)
    had = transfers.owners(session, unit_id)
    if not any(row.from_on <= from_on < row.until_on for row in had):
        raise Refusal("owner.nobody_yet", field="from_on", on=from_on.isoformat())
    # Somebody who owned with earlier owners owned with them only; their time is over.
    if ended := [row.until_on for row in had if row.from_on <= from_on < row.until_on <= today]:
        raise Refusal("owner.ended_since", field="from_on", on=max(ended).isoformat())
    _add(session, unit, [owner], transfer_on=from_on, source=source, transfer_id=None)
    search_keys.refresh(session, [unit_id])
    _log(session, "owner.co_owner_added", unit, {}, now=now, actor=actor)


# --- private --------------------------------------------------------------------------------------


def _check_day(on: dt.date, today: dt.date) -> None:
    if on > today:
        raise Refusal("date.in_future", field="transfer_on", on=on.isoformat())


def _add(
    session: Session,
    unit: Any,  # noqa: ANN401 - a row
    owners: Sequence[NewOwner],
    *,
    transfer_on: dt.date,
    source: str,
    transfer_id: int | None,
) -> None:
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
    common = {"unit_id": unit.id, "from_on": transfer_on, "source": source, "until_on": FOREVER}
    persons.add_owners(
        session,
        [
            {**common, "person_id": number, "share": owner.share, "transfer_id": transfer_id}
            for number, owner in zip(persons.insert(session, rows), owners, strict=True)
        ],
    )


def _settle_in(session: Session, unit_id: int, now: dt.datetime) -> None:
    """Let the search find who owns now, and close every way in of who owned before."""
    search_keys.refresh(session, [unit_id])
    owner_links.revoke_unit(session, unit_id=unit_id, at=now)


def _log(
    session: Session,
    action: str,
    unit: Any,  # noqa: ANN401 - a row
    facts: Mapping[str, object],
    *,
    now: dt.datetime,
    actor: str,
) -> None:
    audit.record(
        session,
        at=now,
        actor=actor,
        action=action,
        subject=f"unit:{unit.id}",
        community_id=unit.community_id,
        facts=facts,
    )
