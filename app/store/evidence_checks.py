"""The check of the evidence: every chain recomputed, every root against its leaves, every leaf against the chains."""

from __future__ import annotations

from collections import Counter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain import merkle
from app.store import chain, evidence, evidence_roots
from app.store.problems import Problem
from app.store.tables import ledger_entry, unit
from app.store.tables_evidence import evidence_entry, evidence_leaf, evidence_root, evidence_seal
from app.store.tables_security import audit_seal

NAMED = 100


def problems(session: Session) -> tuple[dict[str, int], list[Problem]]:
    """Return what was checked and what differs, the first broken entry of each unit first."""
    checked = Counter[str]({"evidence": 0, "roots": 0})
    found = [*_chains(session, checked), *_unsealed(session), *_roots(session, checked), *_forged(session)]
    return dict(checked), found


def _chains(session: Session, checked: Counter[str]) -> list[Problem]:
    query = (
        sa.select(
            evidence_seal.c.entry_id,
            evidence_seal.c.unit_id.label("sealed_unit_id"),
            evidence_seal.c.seq,
            evidence_seal.c.prev_hash,
            evidence_seal.c.hash,
            evidence_entry,
            unit.c.code,
        )
        .outerjoin(evidence_entry, evidence_entry.c.id == evidence_seal.c.entry_id)
        .outerjoin(unit, unit.c.id == evidence_seal.c.unit_id)
        .order_by(evidence_seal.c.unit_id, evidence_seal.c.seq)
    )
    found: list[Problem] = []
    at, place, prev, is_broken = 0, 0, chain.GENESIS, False
    with session.execute(query, execution_options={"yield_per": 2_000}) as rows:
        for row in rows:
            checked["evidence"] += 1
            if row.sealed_unit_id != at:
                at, place, prev, is_broken = row.sealed_unit_id, 0, chain.GENESIS, False
            place += 1
            if is_broken:
                # From here on every hash differs: the first one says where somebody was at work.
                continue
            fault = _fault(row, place=place, prev=prev)
            if fault:
                found.append(Problem(f"{row.code or at} evidence:{row.seq}", fault))
                is_broken = True
            prev = row.hash
    return found


def _fault(row: Any, *, place: int, prev: str) -> str:  # noqa: ANN401 - a row of the store, read by attribute
    if row.seq != place:
        return "verify.evidence_seal_missing"
    if row.id is None:
        return "verify.evidence_missing"
    if row.prev_hash != prev:
        return "verify.evidence_chain_broken"
    is_same = row.unit_id == row.sealed_unit_id and row.hash == chain.digest(prev, evidence.text_of(row, seq=row.seq))
    return "" if is_same else "verify.evidence_changed"


def _unsealed(session: Session) -> list[Problem]:
    query = (
        sa.select(evidence_entry.c.id, unit.c.code)
        .join(unit, unit.c.id == evidence_entry.c.unit_id)
        .outerjoin(evidence_seal, evidence_seal.c.entry_id == evidence_entry.c.id)
        .where(evidence_seal.c.seq.is_(None))
        .order_by(evidence_entry.c.id)
        .limit(NAMED)
    )
    return [
        Problem(f"{row.code} evidence-entry:{row.id}", "verify.evidence_unsealed") for row in session.execute(query)
    ]


def _roots(session: Session, checked: Counter[str]) -> list[Problem]:
    """Recompute every root from its leaves; the leaves of a day are those before with the changes of the day."""
    leaves: dict[int, str] = {}
    changes = iter(
        session.execute(sa.select(evidence_leaf).order_by(evidence_leaf.c.root_id, evidence_leaf.c.unit_id)).all()
    )
    change, prev, found, known = next(changes, None), chain.GENESIS, list[Problem](), ""
    for row in session.execute(sa.select(evidence_root).order_by(evidence_root.c.day_on)).mappings():
        checked["roots"] += 1
        is_fresh = not known
        while change is not None and change.root_id <= row["id"]:
            leaves[change.unit_id] = evidence_roots.leaf_of(change).text(change.unit_id)
            change, is_fresh = next(changes, None), True
        if is_fresh:
            known = merkle.root([leaves[number] for number in sorted(leaves)])
        where = f"root:{row['day_on']}"
        if row["prev_hash"] != prev:
            found.append(Problem(where, "verify.root_chain_broken"))
        elif row["hash"] != chain.digest(prev, evidence_roots.statement_of(row)):
            found.append(Problem(where, "verify.root_changed"))
        elif (row["leaves"], row["merkle_root"]) != (len(leaves), known):
            found.append(Problem(where, "verify.root_leaves_differ"))
        prev = row["hash"]
    return found


def _forged(session: Session) -> list[Problem]:
    """Name what a root has seen and is not there any more as it was: whole chains made anew do not go unnoticed."""
    days = sa.select(evidence_leaf, evidence_root.c.day_on, unit.c.code).join(
        evidence_root, evidence_root.c.id == evidence_leaf.c.root_id
    )
    days = days.outerjoin(unit, unit.c.id == evidence_leaf.c.unit_id)
    of_evidence = (
        days.outerjoin(
            evidence_seal,
            sa.and_(
                evidence_seal.c.unit_id == evidence_leaf.c.unit_id,
                evidence_seal.c.seq == evidence_leaf.c.evidence_seq,
            ),
        )
        .where(
            evidence_leaf.c.evidence_seq > 0,
            sa.func.coalesce(evidence_seal.c.hash, "") != evidence_leaf.c.evidence_hash,
        )
        .limit(NAMED)
    )
    of_ledger = (
        days.outerjoin(
            ledger_entry,
            sa.and_(
                ledger_entry.c.unit_id == evidence_leaf.c.unit_id,
                ledger_entry.c.seq == evidence_leaf.c.ledger_seq,
            ),
        )
        .where(
            evidence_leaf.c.ledger_seq > 0,
            sa.func.coalesce(ledger_entry.c.hash, "") != evidence_leaf.c.ledger_hash,
        )
        .limit(NAMED)
    )
    of_log = (
        sa.select(evidence_root.c.day_on, evidence_root.c.audit_seq)
        .outerjoin(audit_seal, audit_seal.c.seq == evidence_root.c.audit_seq)
        .where(evidence_root.c.audit_seq > 0, sa.func.coalesce(audit_seal.c.hash, "") != evidence_root.c.audit_hash)
        .limit(NAMED)
    )
    return [
        *(
            Problem(
                f"{row.code or row.unit_id} evidence:{row.evidence_seq} root:{row.day_on}", "verify.evidence_forged"
            )
            for row in session.execute(of_evidence)
        ),
        *(
            Problem(f"{row.code or row.unit_id} entry:{row.ledger_seq} root:{row.day_on}", "verify.ledger_forged")
            for row in session.execute(of_ledger)
        ),
        *(
            Problem(f"audit-seal:{row.audit_seq} root:{row.day_on}", "verify.audit_forged")
            for row in session.execute(of_log)
        ),
    ]
