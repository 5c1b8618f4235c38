"""Scanned slips: handed in, filed where their code says, and confirmed by a person before they prove anything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from app.domain.deeds import By
from app.domain.delivery import Channel, EventKind, Relation
from app.domain.errors import Refusal, conflict, not_found
from app.store import acknowledgements, audit, deliveries, evidence, persons, scans
from app.store.scans import Target
from app.store.types import canonical

Row = Any
NOON = dt.time(12, tzinfo=dt.timezone(dt.timedelta(hours=8)))
"""A slip says the day; as an instant it stands for the middle of it."""


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A file that lies in the store of files already."""

    name: str
    media_type: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Cut:
    """A slip as it was read, its pictures kept under their hashes; a page without any has no number and place 0."""

    page: int
    place: int
    number: str = ""
    slip_sha256: str = ""
    ticks_sha256: str = ""
    signature_sha256: str = ""
    reading: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Said:
    """What a person says stands on a slip."""

    received_on: dt.date
    receiver: str
    relation: Relation
    ticks: tuple[str, ...] = ()
    note: str = ""


def hand_in(session: Session, *, community_id: int, file: HandedIn, by: By) -> tuple[int, bool]:
    """Write down a scan that is to be read and return its id, and whether it is new; the same file is never doubled."""
    row = {"community_id": community_id, "file_name": file.name[-200:], "media_type": file.media_type}
    row |= {"sha256": file.sha256, "size": file.size, "uploaded_by": by.actor_id, "uploaded_at": by.now}
    batch_id, is_new = scans.add_batch(session, row)
    if is_new:
        _log(session, "scan.handed_in", f"scan:{batch_id}", community_id, by, sha256=file.sha256)
    return batch_id, is_new


def settle(
    session: Session, *, batch_id: int, pages: int, cuts: Sequence[Cut], reach: Iterable[int], now: dt.datetime
) -> int:
    """File what was read from a scan and return how many slips there are; done once, however often it is read.

    A number is looked for only where the person who handed in the scan works: elsewhere it is as unknown as any.
    """
    batch = scans.batch(session, batch_id, is_locked=True)
    if batch.state != "waiting":
        return 0
    known = scans.targets(session, {cut.number for cut in cuts if cut.number}, sorted(reach))
    taken = scans.waiting_for(session, {target.notice_id for target in known.values()})
    rows = []
    for cut in cuts:
        target = known.get(cut.number)
        row = {"batch_id": batch_id, "page": cut.page, "place": cut.place, "number": cut.number[:24]}
        row |= {"community_id": target.community_id if target else batch.community_id}
        row |= {"notice_id": target.notice_id if target else None, "unit_id": target.unit_id if target else None}
        row |= {"state": _state(cut, target, taken), "parent_sha256": batch.sha256, "found_at": now}
        row |= {"slip_sha256": cut.slip_sha256, "ticks_sha256": cut.ticks_sha256}
        row |= {"signature_sha256": cut.signature_sha256, "reading": canonical(cut.reading)}
        rows.append(row)
        if target:
            taken.add(target.notice_id)
    scans.insert(session, rows)
    scans.settle_batch(session, batch_id, state="done", pages=pages, at=now)
    return sum(1 for cut in cuts if cut.number)


def _state(cut: Cut, target: Target | None, taken: Iterable[int]) -> str:
    if not cut.number:
        return "unreadable"
    if target is None:
        return "unknown"
    return "double" if target.is_signed or target.notice_id in taken else "found"


def give_up(session: Session, *, batch_id: int, why: str, now: dt.datetime) -> None:
    """Note that a scan cannot be read; the file stays."""
    if scans.batch(session, batch_id, is_locked=True).state == "waiting":
        scans.settle_batch(session, batch_id, state="failed", pages=0, at=now, failure=why)


# --- what people say ------------------------------------------------------------------------------


def number(session: Session, *, slip_id: int, number: str, reach: Iterable[int], by: By) -> int:
    """File a slip under the number a person read on it, and return the notice's id.

    Raises:
        Refusal: ``scan.unknown``, ``scan.decided``, ``scan.number_unknown``.

    """
    row = _open(session, slip_id)
    plain = "".join(number.split()).upper()
    target = scans.targets(session, [plain], sorted(reach)).get(plain)
    if target is None:
        raise Refusal("scan.number_unknown", field="number")
    is_taken = target.is_signed or bool(scans.waiting_for(session, [target.notice_id]))
    scans.move(
        session,
        slip_id,
        state="double" if is_taken else "found",
        number=plain,
        notice_id=target.notice_id,
        unit_id=target.unit_id,
        community_id=target.community_id,
    )
    _decide(session, row, by, kind="numbered", notice_id=target.notice_id, facts={"number": plain})
    _log(session, "scan.slip_numbered", f"scan_slip:{slip_id}", target.community_id, by, number=plain)
    return target.notice_id


def confirm(session: Session, *, slip_id: int, said: Said, by: By) -> int:
    """Take a slip for what it is: the notice was received; return the event of its delivery.

    Raises:
        Refusal: ``scan.unknown``, ``scan.decided``, ``scan.not_filed``, ``scan.received_in_future``,
            ``scan.received_before_notice``, ``scan.receiver_missing``, ``scan.signed_already``.

    """
    row = _open(session, slip_id)
    if row.notice_id is None:
        raise conflict("scan.not_filed", field="number")
    notice = scans.paper(session, row.notice_id)
    _check(said, notice, by)
    owners = persons.owners_on(session, unit_ids=[row.unit_id], as_of=said.received_on)[row.unit_id]
    is_owner = said.relation is Relation.SELF and said.receiver.strip() in {one.name for one in owners}
    acknowledgement_id = _acknowledge(session, row, notice, said, is_owner=is_owner)
    delivery_id = deliveries.open_delivery(
        session, notice_id=row.notice_id, channel=Channel.HAND, by=by.actor_id, at=by.now
    )
    facts: dict[str, Any] = {
        "receiver": said.receiver.strip(),
        "relation": said.relation.value,
        "ticks": list(said.ticks),
    }
    facts |= {"note": said.note.strip(), "scan_slip": slip_id, "is_owner_name": is_owner}
    event_id = deliveries.add_event(
        session,
        delivery_id=delivery_id,
        kind=EventKind.SIGNED,
        happened_on=said.received_on,
        facts=facts,
        file_sha256=[sha256 for sha256 in (row.slip_sha256, row.signature_sha256, row.parent_sha256) if sha256],
        by=by.actor_id,
        at=by.now,
    )
    decision = {"notice_id": row.notice_id, "received_on": said.received_on, "facts": facts}
    decision |= {"delivery_event_id": event_id, "acknowledgement_id": acknowledgement_id}
    _decide(session, row, by, kind="confirmed", **decision)
    scans.move(session, slip_id, state="confirmed")
    scans.others_become(session, notice_id=row.notice_id, but=slip_id, before="found", after="double")
    proof = {"number": notice.number, "parent_sha256": row.parent_sha256, "slip_sha256": row.slip_sha256}
    proof |= {"signature_sha256": row.signature_sha256, "document_sha256": notice.document_sha256 or "", **facts}
    _prove(session, "scan.confirmed", row, proof | {"received_on": said.received_on.isoformat()}, by)
    _log(session, "scan.slip_confirmed", f"scan_slip:{slip_id}", row.community_id, by, notice=row.notice_id)
    return event_id


def reject(session: Session, *, slip_id: int, reason: str, by: By) -> None:
    """Lay a slip aside, with the reason; the original stays.

    Raises:
        Refusal: ``scan.unknown``, ``scan.decided``, ``scan.reason_missing``.

    """
    row = _open(session, slip_id)
    if not reason.strip():
        raise Refusal("scan.reason_missing", field="reason")
    scans.move(session, slip_id, state="rejected")
    _decide(session, row, by, kind="rejected", notice_id=row.notice_id, reason=reason.strip())
    _log(session, "scan.slip_rejected", f"scan_slip:{slip_id}", row.community_id, by)


def undo(session: Session, *, slip_id: int, reason: str, by: By) -> None:
    """Take back a confirmation or rejection by a further row: what the slip had proven is proven no more.

    Raises:
        Refusal: ``scan.unknown``, ``scan.not_decided``, ``scan.reason_missing``.

    """
    row = scans.slip(session, slip_id, is_locked=True)
    if not reason.strip():
        raise Refusal("scan.reason_missing", field="undo_reason")
    last = scans.standing_decision(session, slip_id)
    if row.state not in {"confirmed", "rejected"} or last is None:
        raise conflict("scan.not_decided")
    text = reason.strip()
    if last.kind == "confirmed":
        if last.acknowledgement_id is not None:
            acknowledgements.withdraw(
                session, acknowledgement_id=last.acknowledgement_id, reason=text, at=by.now, by=by.actor_id
            )
        deliveries.correct(session, event_id=last.delivery_event_id, reason=text, by=by.actor_id, at=by.now)
        _prove(session, "scan.undone", row, {"reason": text, "decision": last.id}, by)
    _decide(session, row, by, kind="undone", notice_id=row.notice_id, reason=text, undoes_id=last.id)
    scans.move(session, slip_id, state=_reopened(session, row))
    _log(session, "scan.slip_undone", f"scan_slip:{slip_id}", row.community_id, by)


def _reopened(session: Session, row: Row) -> str:
    if row.notice_id is None:
        return "unknown" if row.number else "unreadable"
    scans.move(session, row.id, state="double")  # out of the way of the question whether the notice is signed
    target = scans.targets(session, [row.number], [row.community_id]).get(row.number)
    is_taken = (target is not None and target.is_signed) or bool(scans.waiting_for(session, [row.notice_id]))
    return "double" if is_taken else "found"


# --- the parts ------------------------------------------------------------------------------------


def _open(session: Session, slip_id: int) -> Row:
    row = scans.slip(session, slip_id, is_locked=True)
    if row.state not in scans.OPEN:
        raise conflict("scan.decided")
    return row


def _check(said: Said, notice: Row, by: By) -> None:
    if said.received_on > by.today:
        raise Refusal("scan.received_in_future", field="received_on")
    if said.received_on < notice.as_of:
        raise Refusal("scan.received_before_notice", field="received_on", first=notice.as_of.isoformat())
    if not said.receiver.strip():
        raise Refusal("scan.receiver_missing", field="receiver")


def _acknowledge(session: Session, row: Row, notice: Row, said: Said, *, is_owner: bool) -> int:
    """Write the signed slip of the notice: on paper, under the hashes of scan and cutting.

    Raises:
        Refusal: ``scan.signed_already``, ``notice.unknown`` while the notice was never printed.

    """
    if not notice.document_sha256:
        raise not_found("notice.unknown")
    if acknowledgements.signed(session, row.notice_id) is not None:
        raise conflict("scan.signed_already")
    made = {"notice_id": row.notice_id, "unit_id": row.unit_id, "community_id": row.community_id}
    made |= {"channel": "paper", "document_sha256": notice.document_sha256, "signed_name": said.receiver.strip()}
    made |= {"is_owner_name": is_owner, "picture_sha256": row.signature_sha256 or row.slip_sha256}
    made |= {"record_sha256": row.parent_sha256, "visit": f"scan:{row.id}"}
    made |= {"signed_at": dt.datetime.combine(said.received_on, NOON)}
    added = acknowledgements.add_one(session, made)
    if added is None:
        raise conflict("scan.signed_already")
    return added


def _decide(session: Session, row: Row, by: By, **columns: object) -> int:
    community_id = row.community_id
    return scans.decide(
        session,
        {"slip_id": row.id, "community_id": community_id, "decided_at": by.now, "decided_by": by.actor_id, **columns},
    )


def _prove(session: Session, kind: str, row: Row, facts: dict[str, Any], by: By) -> None:
    evidence.append(
        session,
        community_id=row.community_id,
        unit_id=row.unit_id,
        kind=kind,
        subject_kind="scan_slip",
        subject_id=row.id,
        facts={**facts, "by": by.actor},
        at=by.now,
    )


def _log(session: Session, action: str, subject: str, community_id: int, by: By, **facts: object) -> None:
    audit.record(
        session, at=by.now, actor=by.actor, action=action, subject=subject, community_id=community_id, facts=facts
    )
