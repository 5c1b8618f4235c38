"""Signing at the door on the clerk's own screen: the very PDF, the strokes and the circumstances under one hash."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.domain.deeds import By
from app.domain.delivery import Channel, EventKind, Relation
from app.domain.errors import Refusal, conflict
from app.store import acknowledgements, audit, deliveries, evidence, scans
from app.store.types import canonical


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature as it was given; picture and record lie in the store of files already."""

    key: str
    name: str
    relation: Relation
    is_owner_name: bool
    document_sha256: str
    strokes: str
    picture_sha256: str
    record_sha256: str
    context: dict[str, Any]
    photo_sha256: str = ""
    ip: str = ""
    agent: str = ""

    @property
    def digest(self) -> str:
        """The hash over the document, the strokes and the circumstances: none of them can be exchanged."""
        return digest(self.document_sha256, self.strokes, self.context)


def digest(document_sha256: str, strokes: str, context: dict[str, Any]) -> str:
    """Return the SHA-256 of the document's hash, the strokes' hash and the circumstances, line by line."""
    drawn = hashlib.sha256(strokes.encode()).hexdigest()
    return hashlib.sha256("\n".join((document_sha256, drawn, canonical(context))).encode()).hexdigest()


def sign(session: Session, *, notice_id: int, signed: Signed, by: By) -> int:
    """Write the signature down with its proof and return the event of the delivery; sent twice it is written once.

    Raises:
        Refusal: ``notice.unknown``, ``door.not_printed``, ``scan.receiver_missing``, ``scan.signed_already``.

    """
    before = acknowledgements.door_signing_of(session, signed.key)
    if before is not None:
        return int(before.delivery_event_id)
    notice = scans.paper(session, notice_id)
    if not notice.document_sha256 or notice.document_sha256 != signed.document_sha256:
        raise conflict("door.not_printed")
    if not signed.name.strip():
        raise Refusal("scan.receiver_missing", field="name")
    made = {"notice_id": notice_id, "unit_id": notice.unit_id, "community_id": notice.community_id, "channel": "door"}
    made |= {"document_sha256": signed.document_sha256, "signed_name": signed.name.strip(), "signed_at": by.now}
    made |= {"is_owner_name": signed.is_owner_name, "strokes": signed.strokes, "visit": f"staff:{by.actor_id}"}
    made |= {"picture_sha256": signed.picture_sha256, "record_sha256": signed.record_sha256}
    made |= {"ip": signed.ip[:45], "agent": signed.agent[:200]}
    acknowledgement_id = None
    if acknowledgements.signed(session, notice_id) is None:
        acknowledgement_id = acknowledgements.add_one(session, made)
    if acknowledgement_id is None:
        raise conflict("scan.signed_already")
    event_id = _deliver(session, notice_id, signed, by)
    acknowledgements.add_door_signing(
        session,
        {
            "acknowledgement_id": acknowledgement_id,
            "notice_id": notice_id,
            "delivery_event_id": event_id,
            "row_key": signed.key,
            "relation": signed.relation.value,
            "context": canonical(signed.context),
            "digest": signed.digest,
            "photo_sha256": signed.photo_sha256,
            "signed_at": by.now,
            "witnessed_by": by.actor_id,
        },
    )
    evidence.append(
        session,
        community_id=notice.community_id,
        unit_id=notice.unit_id,
        kind="notice.signed_at_door",
        subject_kind="notice",
        subject_id=notice_id,
        facts={"number": notice.number, "document_sha256": signed.document_sha256, "digest": signed.digest}
        | {"record_sha256": signed.record_sha256, "picture_sha256": signed.picture_sha256, "by": by.actor},
        at=by.now,
    )
    audit.record(
        session,
        at=by.now,
        actor=by.actor,
        action="notice.signed_at_door",
        subject=f"notice:{notice_id}",
        community_id=notice.community_id,
    )
    return event_id


def _deliver(session: Session, notice_id: int, signed: Signed, by: By) -> int:
    delivery_id = deliveries.open_delivery(
        session, notice_id=notice_id, channel=Channel.HAND, by=by.actor_id, at=by.now
    )
    facts: dict[str, Any] = {
        "receiver": signed.name.strip(),
        "relation": signed.relation.value,
        "digest": signed.digest,
    }
    facts |= {"is_owner_name": signed.is_owner_name, "staff": [by.actor], "is_on_screen": True}
    files = (signed.record_sha256, signed.picture_sha256, signed.photo_sha256)
    return deliveries.add_event(
        session,
        delivery_id=delivery_id,
        kind=EventKind.SIGNED,
        happened_at=by.now,
        facts=facts,
        file_sha256=[sha256 for sha256 in files if sha256],
        by=by.actor_id,
        at=by.now,
    )
