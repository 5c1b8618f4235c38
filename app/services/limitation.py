"""What the office records about limitation by hand: interruptions with their proof, obstacles, and taking them back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.domain.deeds import By
from app.domain.errors import Refusal, conflict
from app.domain.limitation import Interruption
from app.domain.limitation_states import Obstacle
from app.store import audit, estate, interruptions, limitation_reads, obstacles, once, stored_files
from app.store.stored_files import Kept

PROOF = "file"
"""The kind of proof that is a file handed in with the entry."""
BY_HAND = (
    Interruption.PROMISE,
    Interruption.DEMAND,
    Interruption.DEMAND_CO_OWNER,
    Interruption.PROCEEDING,
    Interruption.PROMISE_AFTER_EXPIRY,
)
MOST_BACK_DAYS = 3660


@dataclass(frozen=True, slots=True)
class Event:
    """An interruption as somebody enters it; no bills means every overdue one of the unit."""

    unit_id: int
    kind: Interruption
    happened_on: dt.date
    ended_on: dt.date | None
    bill_ids: tuple[int, ...]
    strength: str
    note: str


@dataclass(frozen=True, slots=True)
class Hindrance:
    """An obstacle as somebody enters it; no bills means every overdue one of the unit."""

    unit_id: int
    reason: Obstacle
    from_on: dt.date
    until_on: dt.date | None
    bill_ids: tuple[int, ...]
    note: str


def record(session: Session, *, event: Event, proof: Kept | None, by: By, key: str) -> int:
    """Write an interruption with the file that proves it; return how many bills it concerns.

    Raises:
        Refusal: ``interruption.proof_missing``, ``interruption.note_missing``, ``interruption.ahead``,
            ``interruption.ended_early``, ``interruption.proves_effort_only``, ``limitation.unknown_bill``,
            ``limitation.no_bills``, ``interruption.recorded``, ``form.key_reused``.

    """
    asked = {"unit": event.unit_id, "kind": event.kind, "on": event.happened_on, "bills": sorted(event.bill_ids)}
    asked |= {"ended": event.ended_on, "actor": by.actor_id}
    if (answered := once.claim(session, key=key, scope="interruption", request=asked, now=by.now)) is not None:
        return int(answered["bills"])
    unit = estate.unit_row(session, event.unit_id)
    if event.happened_on > by.today or (event.ended_on or event.happened_on) > by.today:
        raise Refusal("interruption.ahead", field="happened_on", on=event.happened_on.isoformat())
    if event.ended_on is not None and (event.kind is not Interruption.PROCEEDING or event.ended_on < event.happened_on):
        raise Refusal("interruption.ended_early", field="ended_on")
    if not event.note.strip():
        raise Refusal("interruption.note_missing", field="note")
    bills = _bills(session, event.unit_id, event.bill_ids, by.today)
    if proof is None:
        raise Refusal("interruption.proof_missing", field="file")
    file_id = _keep(session, event.unit_id, proof, by)
    count = interruptions.record(
        session,
        bill_ids=bills,
        kind=event.kind,
        happened_on=event.happened_on,
        ended_on=event.ended_on,
        proof_kind=PROOF,
        proof_id=file_id,
        strength=event.strength,
        by=by.actor_id,
        at=by.now,
        note=event.note.strip(),
    )
    if not count:
        raise conflict("interruption.recorded")
    facts = {"kind": event.kind.value, "on": event.happened_on.isoformat(), "bills": count, "sha256": proof.sha256}
    _log(session, "interruption.recorded", unit, by, facts)
    once.settle(session, key=key, scope="interruption", result={"bills": count})
    return count


def end_proceeding(session: Session, *, unit_id: int, interruption_id: int, ended_on: dt.date, by: By) -> int:
    """Say when a proceeding ended; return how many rows of its proof that ends.

    Raises:
        Refusal: ``interruption.unknown``, ``interruption.ahead``, ``interruption.not_pending``.

    """
    unit, row = estate.unit_row(session, unit_id), interruptions.row(session, unit_id=unit_id, number=interruption_id)
    count = interruptions.end(
        session, proof_kind=row.proof_kind, proof_id=row.proof_id, ended_on=ended_on, by=by.actor_id, at=by.now
    )
    if not count:
        raise conflict("interruption.not_pending")
    _log(session, "interruption.ended", unit, by, {"on": ended_on.isoformat(), "bills": count})
    return count


def withdraw(session: Session, *, unit_id: int, interruption_id: int, reason: str, by: By) -> int:
    """Take back what rests on the proof of a row; return how many rows fall.

    Raises:
        Refusal: ``interruption.unknown``, ``interruption.reason_missing``, ``interruption.withdrawn``,
            ``interruption.not_by_hand``.

    """
    unit, row = estate.unit_row(session, unit_id), interruptions.row(session, unit_id=unit_id, number=interruption_id)
    if row.proof_kind != PROOF:
        raise conflict("interruption.not_by_hand")
    if not reason.strip():
        raise Refusal("interruption.reason_missing", field="reason")
    count = interruptions.withdraw_of(
        session, proof_kind=row.proof_kind, proof_id=row.proof_id, reason=reason.strip(), by=by.actor_id, at=by.now
    )
    if not count:
        raise conflict("interruption.withdrawn")
    _log(session, "interruption.withdrawn", unit, by, {"bills": count, "reason": reason.strip()})
    return count


def obstruct(session: Session, *, hindrance: Hindrance, proof: Kept | None, by: By, key: str) -> int:
    """Write an obstacle with the file that shows it; return how many bills it concerns.

    Raises:
        Refusal: ``obstacle.proof_missing``, ``obstacle.note_missing``, ``obstacle.ahead``, ``obstacle.dates``,
            ``limitation.unknown_bill``, ``limitation.no_bills``, ``form.key_reused``.

    """
    asked = {"unit": hindrance.unit_id, "reason": hindrance.reason, "from": hindrance.from_on}
    asked |= {"until": hindrance.until_on, "bills": sorted(hindrance.bill_ids), "actor": by.actor_id}
    if (answered := once.claim(session, key=key, scope="obstacle", request=asked, now=by.now)) is not None:
        return int(answered["bills"])
    unit = estate.unit_row(session, hindrance.unit_id)
    if hindrance.from_on > by.today or (hindrance.until_on or by.today) > by.today:
        raise Refusal("obstacle.ahead", field="from_on")
    if not hindrance.note.strip():
        raise Refusal("obstacle.note_missing", field="said")
    bills = _bills(session, hindrance.unit_id, hindrance.bill_ids, by.today)
    if proof is None:
        raise Refusal("obstacle.proof_missing", field="file")
    file_id = _keep(session, hindrance.unit_id, proof, by)
    count = obstacles.add(
        session,
        bill_ids=bills,
        reason=hindrance.reason.value,
        from_on=hindrance.from_on,
        until_on=hindrance.until_on,
        file_id=file_id,
        entry_key=f"o{file_id}",
        note=hindrance.note.strip(),
        by=by.actor_id,
        at=by.now,
    )
    facts = {"reason": hindrance.reason.value, "from_on": hindrance.from_on.isoformat(), "bills": count}
    _log(session, "obstacle.recorded", unit, by, facts)
    once.settle(session, key=key, scope="obstacle", result={"bills": count})
    return count


def change_obstacle(
    session: Session, *, unit_id: int, entry_key: str, until_on: dt.date | None, reason: str, by: By
) -> int:
    """End an obstacle (``until_on``) or take back its entry (``reason``); return how many bills that concerns.

    Raises:
        Refusal: ``obstacle.unknown``, ``obstacle.dates``, ``obstacle.ahead``, ``obstacle.ended``,
            ``obstacle.withdrawn``, ``obstacle.reason_missing``.

    """
    unit = estate.unit_row(session, unit_id)
    obstacles.entry(session, unit_id=unit_id, entry_key=entry_key)
    if until_on is not None:
        if until_on > by.today:
            raise Refusal("obstacle.ahead", field="until_on")
        count = obstacles.end(session, entry_key=entry_key, until_on=until_on, by=by.actor_id, at=by.now)
        _log(session, "obstacle.ended", unit, by, {"on": until_on.isoformat(), "bills": count})
        return count
    if not reason.strip():
        raise Refusal("obstacle.reason_missing", field="reason")
    count = obstacles.withdraw(session, entry_key=entry_key, reason=reason.strip(), by=by.actor_id, at=by.now)
    _log(session, "obstacle.withdrawn", unit, by, {"bills": count, "reason": reason.strip()})
    return count


def _bills(session: Session, unit_id: int, chosen: Sequence[int], today: dt.date) -> list[int]:
    owed = [one.bill_id for one in limitation_reads.clocks_of_unit(session, unit_id, today)]
    if set(chosen) - set(owed):
        raise Refusal("limitation.unknown_bill", field="bill")
    if not owed:
        raise Refusal("limitation.no_bills", field="bill")
    return list(chosen) or owed


def _keep(session: Session, unit_id: int, proof: Kept, by: By) -> int:
    return stored_files.add_one(session, subject=f"limitation:{unit_id}", file=proof, at=by.now, by=by.actor_id)


def _log(session: Session, action: str, unit: Any, by: By, facts: Mapping[str, object]) -> None:  # noqa: ANN401 - a row
    audit.record(
        session,
        at=by.now,
        actor=by.actor,
        action=action,
        subject=f"unit:{unit.id}",
        community_id=unit.community_id,
        facts=facts,
    )
