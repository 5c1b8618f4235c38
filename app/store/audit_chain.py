"""The chain of the log: each event is sealed at the commit with the hash of the one sealed before it.

Sealing is the last thing a transaction does, so its one lock is held for the length of a commit and is always taken
last: no two transactions can wait for each other over it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, event, func, insert, select
from sqlalchemy.orm import Session

from app.store import chain, db
from app.store.problems import Problem
from app.store.tables_office import audit_event
from app.store.tables_security import audit_seal
from app.store.types import canonical

_PENDING = "qingqian_audit_events"
_LOCK = 0x61756469  # "audi": any number, as long as every process takes the same


def remember(session: Session, event_id: int) -> None:
    """Note an event that is to be sealed when the session commits."""
    session.info.setdefault(_PENDING, []).append(event_id)


@event.listens_for(Session, "before_commit")
def _seal(session: Session) -> None:
    """Seal what this transaction wrote; what a savepoint took back is not there any more."""
    if session.in_nested_transaction() or not session.info.get(_PENDING):
        return
    waiting = session.info.pop(_PENDING)
    if not db.is_sqlite(session):
        session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    query = (
        select(audit_event)
        .outerjoin(audit_seal, audit_seal.c.event_id == audit_event.c.id)
        .where(audit_event.c.id.in_(waiting), audit_seal.c.seq.is_(None))
        .order_by(audit_event.c.id)
    )
    last = session.execute(select(audit_seal).order_by(audit_seal.c.seq.desc()).limit(1)).first()
    seq, prev = (0, chain.GENESIS) if last is None else (last.seq, last.hash)
    made: list[dict[str, Any]] = []
    for row in session.execute(query):
        seq, digest = seq + 1, _digest(prev, row)
        made.append({"seq": seq, "event_id": row.id, "prev_hash": prev, "hash": digest})
        prev = digest
    if made:
        session.execute(insert(audit_seal), made)


def _digest(prev: str, row: Row[Any]) -> str:
    facts = {column.name: getattr(row, column.name) for column in audit_event.columns}
    return chain.digest(prev, canonical(chain.facts(facts)))


def head(session: Session) -> tuple[int, str]:
    """Return how many events are sealed, and the hash that stands for all of them."""
    last = session.execute(select(audit_seal).order_by(audit_seal.c.seq.desc()).limit(1)).first()
    return (0, chain.GENESIS) if last is None else (last.seq, last.hash)


def problems(session: Session) -> tuple[int, list[Problem]]:
    """Return how many events were checked, and the first broken one and every unsealed one."""
    query = (
        select(audit_seal.c.seq, audit_seal.c.event_id, audit_seal.c.prev_hash, audit_seal.c.hash, audit_event)
        .outerjoin(audit_event, audit_seal.c.event_id == audit_event.c.id)
        .order_by(audit_seal.c.seq)
    )
    checked, prev, found = 0, chain.GENESIS, list[Problem]()
    with session.execute(query, execution_options={"yield_per": 2_000}) as rows:
        for checked, row in enumerate(rows, 1):
            fault = _fault(row, place=checked, prev=prev)
            if fault:
                # From here on every hash differs: the first one says where somebody was at work.
                found.append(Problem(f"audit:{row.event_id}", fault))
                break
            prev = row.hash
    unsealed = (
        select(audit_event.c.id)
        .outerjoin(audit_seal, audit_seal.c.event_id == audit_event.c.id)
        .where(audit_seal.c.seq.is_(None))
        .order_by(audit_event.c.id)
        .limit(100)
    )
    found += [Problem(f"audit:{number}", "verify.audit_unsealed") for number in session.execute(unsealed).scalars()]
    return checked, found


def _fault(row: Row[Any], *, place: int, prev: str) -> str:
    """Return what is wrong with a sealed event that should stand at ``place`` after ``prev``."""
    if row.seq != place:
        return "verify.audit_seal_missing"
    if row.id is None:
        return "verify.audit_missing"
    if row.prev_hash != prev:
        return "verify.audit_chain_broken"
    return "" if row.hash == _digest(prev, row) else "verify.audit_changed"
