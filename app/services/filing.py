"""Files of a unit: tied to it once kept, handed out with a trace, withdrawn and never deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.domain.deeds import By
from app.domain.errors import Refusal, conflict
from app.store import audit, estate, unit_files


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that lies in the store of files already."""

    kind: str
    name: str
    media_type: str
    sha256: str
    size: int
    note: str = ""
    subject: str = ""


def add_file(session: Session, *, unit_id: int, kept: KeptFile, by: By) -> int:
    """Tie a kept file to a unit and return its id.

    Raises:
        Refusal: ``unit.unknown``.

    """
    unit = estate.unit_row(session, unit_id)
    made = unit_files.add(
        session,
        {
            "community_id": unit.community_id,
            "unit_id": unit_id,
            "kind": kept.kind,
            "name": kept.name,
            "media_type": kept.media_type,
            "sha256": kept.sha256,
            "size": kept.size,
            "note": kept.note.strip(),
            "subject": kept.subject,
            "added_at": by.now,
            "added_by": by.actor_id,
        },
    )
    _log(session, "unit_file.added", unit, by, file=made, kind=kept.kind, sha256=kept.sha256)
    return made


def withdraw_file(session: Session, *, unit_id: int, file_id: int, reason: str, by: By) -> None:
    """Strike a file through; nothing is deleted.

    Raises:
        Refusal: ``unit_file.unknown``, ``unit_file.withdrawn``, ``estate.reason_missing``.

    """
    row = unit_files.row(session, unit_id=unit_id, file_id=file_id)
    if row.withdrawn_at is not None:
        raise conflict("unit_file.withdrawn")
    _check_reason(reason)
    unit_files.withdraw(session, file_id, reason=reason.strip(), at=by.now, by=by.actor_id)
    _log(session, "unit_file.withdrawn", estate.unit_row(session, unit_id), by, file=file_id)


def opened_file(session: Session, *, unit_id: int, file_id: int, by: By) -> Any:  # noqa: ANN401 - a row
    """Return a file to hand out; who takes one with somebody's papers is written down first.

    Raises:
        Refusal: ``unit_file.unknown``.

    """
    row = unit_files.row(session, unit_id=unit_id, file_id=file_id)
    if row.kind in unit_files.SENSITIVE:
        _log(session, "unit_file.opened", estate.unit_row(session, unit_id), by, file=file_id)
    return row


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise Refusal("estate.reason_missing", field="reason")


def _log(
    session: Session,
    action: str,
    unit: Any,  # noqa: ANN401 - a row
    by: By,
    **facts: object,
) -> None:
    audit.record(
        session,
        at=by.now,
        actor=by.actor,
        action=action,
        subject=f"unit:{unit.id}",
        community_id=unit.community_id,
        facts=facts,
    )
