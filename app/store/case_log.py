"""What happens in a case goes into the log and, where it proves something, into the chain of evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.domain.deeds import By
from app.store import audit, evidence

SUBJECT = "case"


def log(session: Session, row: Mapping[str, Any], action: str, by: By, **facts: object) -> None:
    """Write one event of a case into the log."""
    audit.record(
        session,
        at=by.now,
        actor=by.actor,
        action=action,
        subject=f"unit:{row['unit_id']}:case:{row['id']}",
        community_id=row["community_id"],
        facts={"number": row["number"], **facts},
    )


def tell(session: Session, row: Mapping[str, Any], event: str, by: By, **facts: object) -> None:
    """Write one event of a case into the chain of evidence of its unit."""
    evidence.append(
        session,
        community_id=row["community_id"],
        unit_id=row["unit_id"],
        kind=event,
        subject_kind=SUBJECT,
        subject_id=row["id"],
        facts={"case": row["number"], **facts},
        at=by.now,
    )
