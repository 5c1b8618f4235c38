"""Taking an import back as a whole, while nothing stands on it."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.domain.errors import conflict, not_found
from app.sheets import words
from app.store import audit, import_undo, ledger


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back; ``units_kept`` stay, empty, because the ledger names them for ever."""

    batch_id: int
    bills: int
    payments: int
    units: int
    units_kept: int


def undo(
    session: Session, *, batch_id: int, today: dt.date, now: dt.datetime, actor_id: int | None, actor: str
) -> Undone:
    """Reverse every bill and payment of a batch and remove the units it created that no ledger row names.

    Raises:
        Refusal: ``import.unknown``, ``import.undone_already``, ``import.undo_has_later_events``.

    """
    batch = import_undo.batch(session, batch_id)
    if batch is None:
        raise not_found("import.unknown")
    if batch.state == "undone":
        raise conflict("import.undone_already")
    dependents = import_undo.dependent_units(session, batch_id)
    if dependents:
        raise conflict("import.undo_has_later_events", unit=dependents[0].label, count=len(dependents))
    posted = import_undo.posted(session, batch_id)
    postings = [
        ledger.Posting(
            unit_id,
            "reversal",
            {
                "target_kind": kind,
                "target_id": number,
                "value_on": on,
                "reason": words.UNDO_REASON,
                "recorded_at": now,
                "recorded_by": actor_id,
            },
        )
        for kind, number, unit_id, on in posted
    ]
    ledger.post_many(session, postings, through=today)
    import_undo.restore_units(session, json.loads(batch.summary).get("before", []))
    units, kept = import_undo.remove_created(session, batch_id)
    import_undo.mark_undone(session, batch_id, at=now, by=actor_id)
    audit.record(
        session, at=now, actor=actor, action="import.undone", subject=f"import:{batch_id}",
        community_id=batch.community_id,
    )  # fmt: skip
    bills = sum(kind == "bill" for kind, _, _, _ in posted)
    return Undone(batch_id, bills, len(posted) - bills, units, kept)
