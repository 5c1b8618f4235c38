"""The chain of evidence: what is written down about a unit, sealed at the commit with the hash of what came before.

Entries are sealed last of all in a transaction, under one lock that is held for the length of a commit and always taken
at the end: writers never wait for each other in a circle, and two at once make one chain. What is hashed is
:func:`text_of`, the RFC 8785 JSON of the entry and its place in the chain of its unit.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from app.store import chain, db
from app.store.tables_evidence import evidence_entry, evidence_seal
from app.store.types import canonical

_PENDING = "qingqian_evidence"
_LOCK = 0x65766964  # "evid": any number, as long as every process takes the same
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class New:
    """An entry to be written: what happened, to what, and the facts (text, whole numbers, lists and objects)."""

    community_id: int
    unit_id: int
    kind: str
    subject_kind: str
    subject_id: int
    facts: Mapping[str, Any]
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Link:
    """An entry in its place; ``text`` is what was hashed together with ``prev_hash``."""

    id: int
    unit_id: int
    seq: int
    kind: str
    subject_kind: str
    subject_id: int
    at: dt.datetime
    facts: Mapping[str, Any]
    text: str
    prev_hash: str
    hash: str


def append(
    session: Session,
    *,
    community_id: int,
    unit_id: int,
    kind: str,
    subject_kind: str,
    subject_id: int,
    facts: Mapping[str, Any],
    at: dt.datetime,
) -> int:
    """Write one entry into the chain of a unit and return its id; it is sealed when the transaction commits."""
    return append_many(session, [New(community_id, unit_id, kind, subject_kind, subject_id, facts, at)])[0]


def append_many(session: Session, rows: Sequence[New | Mapping[str, Any]]) -> list[int]:
    """Write entries, of any units, in the order given and return their ids; a handful of statements for any number.

    A row is a :class:`New` or a mapping with its names.
    """
    found = [row if isinstance(row, New) else New(**row) for row in rows]
    ids = db.insert_many(
        session,
        evidence_entry,
        [
            {
                "community_id": row.community_id,
                "unit_id": row.unit_id,
                "kind": row.kind,
                "subject_kind": row.subject_kind,
                "subject_id": row.subject_id,
                "facts": _frozen(row.facts),
                "at": row.at,
            }
            for row in found
        ],
    )
    session.info.setdefault(_PENDING, []).extend(ids)
    return ids


def _frozen(facts: Mapping[str, Any]) -> str:
    """Return the facts as canonical JSON; dates and instants become ISO text, a float is a programmer's mistake."""
    plain = chain.facts(facts)
    _refuse_floats(plain)
    return canonical(plain)


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        msg = "evidence holds whole numbers and text, never a float"
        raise TypeError(msg)
    if isinstance(value, Mapping):
        for one in value.values():
            _refuse_floats(one)
    elif isinstance(value, list | tuple):
        for one in value:
            _refuse_floats(one)


def text_of(row: Any, *, seq: int) -> str:  # noqa: ANN401 - a row of the store, read by attribute
    """Return what is hashed of an entry at its place."""
    return canonical(
        {
            "unit": row.unit_id,
            "seq": seq,
            "community": row.community_id,
            "kind": row.kind,
            "subject": [row.subject_kind, row.subject_id],
            "at": row.at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
            # as it is stored, byte for byte, so that not even a blank can be changed
            "facts": row.facts,
        }
    )


@event.listens_for(Session, "before_commit")
def _seal(session: Session) -> None:
    """Seal what this transaction wrote; what a savepoint took back is not there any more."""
    if session.in_nested_transaction() or not session.info.get(_PENDING):
        return
    waiting = session.info.pop(_PENDING)
    if not db.is_sqlite(session):
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    for start in range(0, len(waiting), _CHUNK):
        _seal_some(session, waiting[start : start + _CHUNK])


def _seal_some(session: Session, waiting: Sequence[int]) -> None:
    query = (
        sa.select(evidence_entry)
        .outerjoin(evidence_seal, evidence_seal.c.entry_id == evidence_entry.c.id)
        .where(evidence_entry.c.id.in_(waiting), evidence_seal.c.seq.is_(None))
        .order_by(evidence_entry.c.id)
    )
    rows = session.execute(query).all()
    ends = heads(session, {row.unit_id for row in rows})
    made: list[dict[str, Any]] = []
    for row in rows:
        seq, prev = ends.get(row.unit_id, (0, chain.GENESIS))
        seq += 1
        digest = chain.digest(prev, text_of(row, seq=seq))
        made.append({"entry_id": row.id, "unit_id": row.unit_id, "seq": seq, "prev_hash": prev, "hash": digest})
        ends[row.unit_id] = seq, digest
    if made:
        session.execute(sa.insert(evidence_seal), made)


def heads(session: Session, unit_ids: Iterable[int] | None = None) -> dict[int, tuple[int, str]]:
    """Return how many entries the chain of each unit has, and the hash of the last; all units where none are named."""
    last = sa.select(evidence_seal.c.unit_id, sa.func.max(evidence_seal.c.seq).label("seq")).group_by(
        evidence_seal.c.unit_id
    )
    if unit_ids is not None:
        last = last.where(evidence_seal.c.unit_id.in_(list(unit_ids)))
    end = last.subquery()
    query = sa.select(evidence_seal.c.unit_id, evidence_seal.c.seq, evidence_seal.c.hash).join(
        end, sa.and_(end.c.unit_id == evidence_seal.c.unit_id, end.c.seq == evidence_seal.c.seq)
    )
    return {row.unit_id: (row.seq, row.hash) for row in session.execute(query)}


def chain_of_unit(session: Session, unit_id: int) -> list[Link]:
    """Return the chain of a unit from its beginning; entries of this very transaction come with its commit."""
    query = (
        sa.select(evidence_entry, evidence_seal.c.seq, evidence_seal.c.prev_hash, evidence_seal.c.hash)
        .join(evidence_seal, evidence_seal.c.entry_id == evidence_entry.c.id)
        .where(evidence_seal.c.unit_id == unit_id)
        .order_by(evidence_seal.c.seq)
    )
    return [
        Link(
            id=row.id,
            unit_id=row.unit_id,
            seq=row.seq,
            kind=row.kind,
            subject_kind=row.subject_kind,
            subject_id=row.subject_id,
            at=row.at,
            facts=json.loads(row.facts),
            text=text_of(row, seq=row.seq),
            prev_hash=row.prev_hash,
            hash=row.hash,
        )
        for row in session.execute(query)
    ]
