"""The root of a day: one hash for every unit's chain of evidence and ledger and for the log, and its timestamp."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain import merkle
from app.domain.evidence import Token, TokenState
from app.store import audit_chain, chain, evidence, leadership
from app.store.tables import account
from app.store.tables_evidence import evidence_leaf, evidence_root, timestamp_task, timestamp_token
from app.store.types import canonical

TURN = "evidence root"
# A pause that doubles with every attempt, at most this many times.
FIRST_PAUSE, LONGEST_DOUBLING = dt.timedelta(minutes=1), 9
FAILURES_UNTIL_SAID = 5


@dataclass(frozen=True, slots=True)
class Leaf:
    """How far a unit's chain of evidence and its ledger had come."""

    evidence_seq: int
    evidence_hash: str
    ledger_seq: int
    ledger_hash: str

    def text(self, unit_id: int) -> str:
        """Return the leaf as it is hashed (``app.domain.merkle``)."""
        return canonical(
            {
                "unit": unit_id,
                "evidence": [self.evidence_seq, self.evidence_hash],
                "ledger": [self.ledger_seq, self.ledger_hash],
            }
        )


def statement_of(row: Any) -> str:  # noqa: ANN401 - a row of the store, or a mapping of its names
    """Return what is hashed of a root, behind the hash of the root before."""
    return canonical(
        {
            "day": row["day_on"].isoformat(),
            "leaves": row["leaves"],
            "merkle_root": row["merkle_root"],
            "audit": [row["audit_seq"], row["audit_hash"]],
            "made_at": row["made_at"].astimezone(dt.UTC).isoformat(timespec="microseconds"),
        }
    )


def make(session: Session, *, day_on: dt.date, at: dt.datetime) -> int | None:
    """Make the root of a civil day that is over, once; None where it is there, a later one is, or nothing ever was.

    It says how things stand now: for a day that was missed none is made up.
    """
    leadership.wait_turn(session, TURN)
    last = session.execute(sa.select(evidence_root).order_by(evidence_root.c.day_on.desc()).limit(1)).first()
    if last is not None and last.day_on >= day_on:
        return None
    leaves = now(session)
    if not leaves:
        return None
    before = leaves_at(session)
    audit_seq, audit_hash = audit_chain.head(session)
    prev = chain.GENESIS if last is None else last.hash
    row: dict[str, Any] = {
        "day_on": day_on,
        "leaves": len(leaves),
        "merkle_root": merkle.root([leaf.text(unit_id) for unit_id, leaf in sorted(leaves.items())]),
        "audit_seq": audit_seq,
        "audit_hash": audit_hash,
        "prev_hash": prev,
        "made_at": at,
    }
    row["hash"] = chain.digest(prev, statement_of(row))
    root_id = int(session.execute(sa.insert(evidence_root).values(**row).returning(evidence_root.c.id)).scalar_one())
    changed = [
        {
            "root_id": root_id,
            "unit_id": unit_id,
            "evidence_seq": leaf.evidence_seq,
            "evidence_hash": leaf.evidence_hash,
            "ledger_seq": leaf.ledger_seq,
            "ledger_hash": leaf.ledger_hash,
        }
        for unit_id, leaf in sorted(leaves.items())
        if before.get(unit_id) != leaf
    ]
    if changed:
        session.execute(sa.insert(evidence_leaf), changed)
    session.execute(sa.insert(timestamp_task).values(root_id=root_id, state=TokenState.PENDING.value))
    return root_id


def now(session: Session) -> dict[int, Leaf]:
    """Return how far every unit has come."""
    heads = evidence.heads(session)
    query = sa.select(account.c.unit_id, account.c.head_seq, account.c.head_hash).where(account.c.head_seq > 0)
    ledgers = {row.unit_id: (row.head_seq, row.head_hash) for row in session.execute(query)}
    none = (0, chain.GENESIS)
    return {
        unit_id: Leaf(*heads.get(unit_id, none), *ledgers.get(unit_id, none))
        for unit_id in heads.keys() | ledgers.keys()
    }


def leaves_at(session: Session, root_id: int | None = None) -> dict[int, Leaf]:
    """Return the leaves of a root, by default those of the last one."""
    newest = sa.select(evidence_leaf.c.unit_id, sa.func.max(evidence_leaf.c.root_id).label("root_id"))
    if root_id is not None:
        newest = newest.where(evidence_leaf.c.root_id <= root_id)
    last = newest.group_by(evidence_leaf.c.unit_id).subquery()
    query = sa.select(evidence_leaf).join(
        last, sa.and_(last.c.unit_id == evidence_leaf.c.unit_id, last.c.root_id == evidence_leaf.c.root_id)
    )
    return {row.unit_id: leaf_of(row) for row in session.execute(query)}


def leaf_of(row: Any) -> Leaf:  # noqa: ANN401 - a row of the store, read by attribute
    """Return the leaf a row keeps."""
    return Leaf(row.evidence_seq, row.evidence_hash, row.ledger_seq, row.ledger_hash)


def proof_of(session: Session, *, root_id: int, unit_id: int) -> tuple[str, tuple[merkle.Step, ...]] | None:
    """Return the leaf of a unit in a root and the steps that prove it; None where the unit has none."""
    leaves = sorted(leaves_at(session, root_id).items())
    texts = [leaf.text(number) for number, leaf in leaves]
    place = next((place for place, (number, _) in enumerate(leaves) if number == unit_id), None)
    return None if place is None else (texts[place], merkle.proof(texts, place))


# --- timestamps -----------------------------------------------------------------------------------


def unstamped(session: Session, *, at: dt.datetime) -> list[tuple[int, bytes]]:
    """Return (root, digest) of those whose turn to be stamped has come, oldest first."""
    query = (
        sa.select(evidence_root.c.id, evidence_root.c.hash, timestamp_task.c.attempts, timestamp_task.c.tried_at)
        .join(timestamp_task, timestamp_task.c.root_id == evidence_root.c.id)
        .where(timestamp_task.c.state != TokenState.STAMPED.value)
        .order_by(evidence_root.c.day_on)
    )
    return [
        (row.id, bytes.fromhex(row.hash))
        for row in session.execute(query)
        if row.tried_at is None or row.tried_at + FIRST_PAUSE * 2 ** min(row.attempts, LONGEST_DOUBLING) <= at
    ]


def stamped(session: Session, *, root_id: int, token: bytes, facts: Token, at: dt.datetime) -> bool:
    """Keep the token of a root; False where another process was faster."""
    done = session.execute(
        sa.update(timestamp_task)
        .where(timestamp_task.c.root_id == root_id, timestamp_task.c.state != TokenState.STAMPED.value)
        .values(state=TokenState.STAMPED.value, attempts=timestamp_task.c.attempts + 1, tried_at=at, failure="")
        .returning(timestamp_task.c.root_id)
    ).first()
    if done is None:
        return False
    session.execute(
        sa.insert(timestamp_token).values(
            root_id=root_id,
            token=token,
            authority=facts.authority[:200],
            policy=facts.policy[:80],
            serial=facts.serial[:80],
            gen_at=facts.gen_at,
            is_demo=facts.is_demo,
            stamped_at=at,
        )
    )
    return True


def not_stamped(session: Session, *, root_id: int, why: str, at: dt.datetime) -> None:
    """Note an attempt that came to nothing; it is tried again, ever less often."""
    attempts = timestamp_task.c.attempts + 1
    state = sa.case((attempts >= FAILURES_UNTIL_SAID, TokenState.FAILED.value), else_=TokenState.PENDING.value)
    session.execute(
        sa.update(timestamp_task)
        .where(timestamp_task.c.root_id == root_id, timestamp_task.c.state != TokenState.STAMPED.value)
        .values(state=state, attempts=attempts, tried_at=at, failure=why[:200])
    )


def rows(session: Session, *, limit: int) -> list[Mapping[str, Any]]:
    """Return the last roots with their timestamps, newest first."""
    query = (
        sa.select(
            evidence_root,
            timestamp_task.c.state,
            timestamp_task.c.attempts,
            timestamp_task.c.tried_at,
            timestamp_task.c.failure,
            timestamp_token.c.authority,
            timestamp_token.c.gen_at,
            timestamp_token.c.serial,
            timestamp_token.c.is_demo,
        )
        .outerjoin(timestamp_task, timestamp_task.c.root_id == evidence_root.c.id)
        .outerjoin(timestamp_token, timestamp_token.c.root_id == evidence_root.c.id)
        .order_by(evidence_root.c.day_on.desc(), timestamp_token.c.id)
        .limit(limit)
    )
    return [dict(row) for row in session.execute(query).mappings()]


def tokens(session: Session) -> list[tuple[dt.date, bytes, bytes, bool]]:
    """Return (day, digest, token, whether it is a demo's) of every timestamp."""
    query = sa.select(
        evidence_root.c.day_on, evidence_root.c.hash, timestamp_token.c.token, timestamp_token.c.is_demo
    ).join(evidence_root, evidence_root.c.id == timestamp_token.c.root_id)
    return [(row.day_on, bytes.fromhex(row.hash), row.token, row.is_demo) for row in session.execute(query)]
