"""Who belongs to a case: its parties, its lawyers, what they say about it and the papers they bring."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.domain.access import Role
from app.domain.cases import Capacity, Stage
from app.domain.deeds import By
from app.domain.errors import Refusal, conflict, not_found
from app.store import audit, case_log, cases, persons, users


@dataclass(frozen=True, slots=True)
class Party:
    """A party as somebody enters it; a person of the register brings name and number of identity along."""

    role: str
    capacity: Capacity
    name: str = ""
    person_id: int | None = None
    sex: str = ""
    birth_on: dt.date | None = None
    ethnicity: str = ""
    employer: str = ""
    address: str = ""
    code: str = ""
    representative: str = ""
    is_joint: bool = False
    note: str = ""


def add_party(session: Session, *, case_id: int, party: Party, by: By) -> int:
    """Add a party and return its id.

    Raises:
        Refusal: ``case.unknown``, ``case.closed``, ``case_party.name_missing``, ``case_party.twice``,
            ``person.unknown``.

    """
    row = _open(session, case_id)
    name = _name(session, row, party)
    if any(one["name"] == name and one["role"] == party.role for one in cases.parties(session, case_id)):
        raise conflict("case_party.twice", field="name")
    made = cases.add(session, "party", [_columns(case_id, party, name, by)])[0]
    case_log.log(session, row, "case.party_added", by, party=made, capacity=party.capacity.value)
    return made


def change_party(session: Session, *, case_id: int, party_id: int, party: Party, by: By) -> None:
    """Correct what is written of a party: the row as it was is kept as removed, a new one takes its place.

    Raises:
        Refusal: as :func:`add_party`; ``case_party.unknown``.

    """
    row = _open(session, case_id)
    old = cases.party_row(session, case_id=case_id, party_id=party_id)
    kept = Party(**{**{name: getattr(party, name) for name in Party.__slots__}, "person_id": old["person_id"]})
    name = old["name"] if old["person_id"] else _name(session, row, kept)
    cases.change(session, "party", party_id, removed_by=by.actor_id, removed_at=by.now)
    cases.add(session, "party", [_columns(case_id, kept, name, by) | {"reason": old["reason"]}])
    case_log.log(session, row, "case.party_changed", by, party=party_id)


def remove_party(session: Session, *, case_id: int, party_id: int, by: By) -> None:
    """Take a party out; the last defendant of a case that is filed stays.

    Raises:
        Refusal: ``case.unknown``, ``case.closed``, ``case_party.unknown``, ``case_party.last``.

    """
    row = _open(session, case_id)
    old = cases.party_row(session, case_id=case_id, party_id=party_id)
    peers = [one for one in cases.parties(session, case_id) if one["role"] == old["role"]]
    if old["role"] == "plaintiff" or (len(peers) == 1 and row["filed_on"] is not None):
        raise conflict("case_party.last")
    cases.change(session, "party", party_id, removed_by=by.actor_id, removed_at=by.now)
    case_log.log(session, row, "case.party_removed", by, party=party_id)


def reveal(session: Session, *, case_id: int, party_id: int, field: str, by: By) -> str:
    """Return a party's name, phone or number of identity in full; the look is logged.

    Raises:
        Refusal: ``case.unknown``, ``case_party.unknown``.

    """
    row = cases.case_row(session, case_id)
    found = cases.party_row(session, case_id=case_id, party_id=party_id)
    text = str(found["name"])
    if field != "name":
        if found["person_id"] is None:
            raise not_found("case_party.unknown")
        shown = persons.reveal_phone if field == "phone" else persons.reveal_id_number
        text = shown(session, found["person_id"])
    audit.record(
        session,
        at=by.now,
        actor=by.actor,
        action=audit.REVEALED,
        subject=f"unit:{row['unit_id']}:case:{case_id}",
        community_id=row["community_id"],
        facts={"field": field, "party": party_id},
    )
    return text


def assign(session: Session, *, case_id: int, user_id: int, expires_on: dt.date, by: By) -> int:
    """Give a case to a lawyer until a day; what they held of it before ends.

    Raises:
        Refusal: ``case.unknown``, ``case_counsel.not_a_lawyer``, ``case_counsel.expired``.

    """
    row = cases.locked(session, case_id)
    user = users.by_id(session, user_id)
    fits = user is not None and user.is_active and user.role is Role.LAWYER
    if user is None or not fits or not users.actor(session, user).sees(row["community_id"]):
        raise Refusal("case_counsel.not_a_lawyer", field="user")
    if expires_on < by.today:
        raise Refusal("case_counsel.expired", field="expires_on")
    for one in cases.counsel(session, case_id):
        if one["user_id"] == user_id and one["ended_at"] is None:
            cases.change(session, "counsel", one["id"], ended_by=by.actor_id, ended_at=by.now)
    new = {"case_id": case_id, "user_id": user_id, "expires_on": expires_on}
    made = cases.add(session, "counsel", [new | {"assigned_by": by.actor_id, "assigned_at": by.now}])[0]
    case_log.log(session, row, "case.assigned", by, user=user_id, until=expires_on.isoformat())
    return made


def unassign(session: Session, *, case_id: int, counsel_id: int, by: By) -> None:
    """Take a case back from a lawyer at once.

    Raises:
        Refusal: ``case.unknown``, ``case_counsel.unknown``.

    """
    row = cases.locked(session, case_id)
    live = {one["id"] for one in cases.counsel(session, case_id) if one["ended_at"] is None}
    if counsel_id not in live:
        raise not_found("case_counsel.unknown")
    cases.change(session, "counsel", counsel_id, ended_by=by.actor_id, ended_at=by.now)
    case_log.log(session, row, "case.unassigned", by, counsel=counsel_id)


def comment(session: Session, *, case_id: int, text: str, by: By) -> int:
    """Write down what somebody says about a case.

    Raises:
        Refusal: ``case.unknown``, ``case_comment.empty``.

    """
    row = cases.case_row(session, case_id)
    if not text.strip():
        raise Refusal("case_comment.empty", field="text")
    made = cases.add(
        session,
        "comment",
        [{"case_id": case_id, "text": text.strip(), "written_by": by.actor_id, "written_at": by.now}],
    )[0]
    case_log.log(session, row, "case.commented", by, comment=made)
    return made


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A paper that lies in the store of files already."""

    kind: str
    name: str
    media_type: str
    sha256: str
    size: int
    note: str = ""


def add_file(session: Session, *, case_id: int, file: KeptFile, by: By) -> int:
    """File a paper of the court or of a party, and return its id.

    Raises:
        Refusal: ``case.unknown``.

    """
    row = cases.case_row(session, case_id)
    new = {name: getattr(file, name) for name in KeptFile.__slots__}
    made = cases.add(session, "file", [{"case_id": case_id, **new, "added_by": by.actor_id, "added_at": by.now}])[0]
    case_log.log(session, row, "case.file_added", by, file=made, kind=file.kind)
    case_log.tell(session, row, "case.file_added", by, kind=file.kind, sha256=file.sha256, size=file.size)
    return made


def took_file(session: Session, *, case_id: int, file_id: int, by: By) -> None:
    """Log that somebody downloaded a paper."""
    row = cases.case_row(session, case_id)
    case_log.log(session, row, "case.file_taken", by, file=file_id)


# --- private ----------------------------------------------------------------------------------------


def _open(session: Session, case_id: int) -> Mapping[str, Any]:
    row = cases.locked(session, case_id)
    if row["stage"] == Stage.CLOSED.value:
        raise conflict("case.closed")
    return row


def _name(session: Session, row: Mapping[str, Any], party: Party) -> str:
    if party.person_id is not None:
        if not persons.belongs(session, person_id=party.person_id, unit_id=row["unit_id"]):
            raise not_found("person.unknown")
        return persons.name_of(session, party.person_id)
    if not party.name.strip():
        raise Refusal("case_party.name_missing", field="name")
    return party.name.strip()


def _columns(case_id: int, party: Party, name: str, by: By) -> dict[str, Any]:
    new = {field: getattr(party, field) for field in Party.__slots__}
    new |= {"capacity": party.capacity.value, "name": name}
    return {"case_id": case_id, **new, "added_by": by.actor_id, "added_at": by.now}
