"""Recompute everything the ledger remembers from its entries, and name what differs."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.store import bundles, chain, ledger, plans, replay, scans
from app.store.problems import Problem, Report
from app.store.tables import account, allocation, bill, bill_hold, bill_state, ledger_entry, unit
from app.store.tables_office import document, document_file, stored_file
from app.store.tables_portal import acknowledgement

BROKEN = frozenset({"verify.entry_missing", "verify.chain_broken", "verify.entry_changed"})


def ledger_report(session: Session) -> Report:
    """Check the chain, the typed rows, the allocations, the running state and the account heads of every unit."""
    checked: Counter[str] = Counter()
    problems: list[Problem] = []
    for part in _unit_chunks(session):
        broken: set[int] = set()
        problems += _check_chains(session, part, checked, broken)
        # From entries that are not what was written nothing can be recomputed.
        sound = {unit_id: head for unit_id, head in part.items() if unit_id not in broken}
        problems += _check_state(session, sound, checked)
    problems += _check_strays(session)
    problems += _check_documents(session, checked)
    return Report(dict(checked), tuple(problems))


def stored_files(session: Session) -> list[tuple[str, str]]:
    """Return (document number, SHA-256) of every rendered document, for the caller to check the files."""
    rows = session.execute(
        sa.select(document.c.number, document_file.c.sha256).join(
            document_file, document_file.c.document_id == document.c.id
        )
    )
    return [(number, sha256) for number, sha256 in rows] + _files_of_owners(session)


def _files_of_owners(session: Session) -> list[tuple[str, str]]:
    """Return the same of what people handed in and of what owners signed."""
    found = [
        (f"{row.subject}#{row.id}", sha256)
        for row in session.execute(sa.select(stored_file))
        for sha256 in (row.sha256, row.shown_sha256)
    ]
    found += [
        (f"slip:{row.notice_id}", sha256)
        for row in session.execute(sa.select(acknowledgement))
        for sha256 in (row.record_sha256, row.picture_sha256)
    ]
    return [(name, sha256) for name, sha256 in found + scans.files_of(session) + bundles.files_of(session) if sha256]


def _unit_chunks(session: Session) -> Iterator[dict[int, sa.Row[Any]]]:
    last = 0
    while True:
        rows = session.execute(
            sa.select(account, unit.c.code)
            .join(unit, unit.c.id == account.c.unit_id)
            .where(account.c.unit_id > last)
            .order_by(account.c.unit_id)
            .limit(ledger.CHUNK)
        ).all()
        if not rows:
            return
        yield {row.unit_id: row for row in rows}
        last = rows[-1].unit_id


def _check_chains(
    session: Session, part: Mapping[int, sa.Row[Any]], checked: Counter[str], broken: set[int]
) -> list[Problem]:
    typed = _typed_rows(session, list(part))
    found: dict[int, list[sa.Row[Any]]] = defaultdict(list)
    for row in session.execute(
        sa.select(ledger_entry).where(ledger_entry.c.unit_id.in_(list(part))).order_by(ledger_entry.c.seq)
    ):
        found[row.unit_id].append(row)
    problems: list[Problem] = []
    for unit_id, head in part.items():
        checked["entries"] += len(found[unit_id])
        problem = _first_fault(head, found[unit_id], typed)
        if problem:
            problems.append(problem)
            if problem.what in BROKEN:
                broken.add(unit_id)
    problems += [
        Problem(f"{part[row['unit_id']].code} {kind}:{number}", "verify.row_without_entry")
        for (kind, number), row in typed.items()
    ]
    return problems


def _first_fault(
    head: sa.Row[Any], entries: Sequence[sa.Row[Any]], typed: dict[tuple[str, int], Mapping[str, Any]]
) -> Problem | None:
    """Walk one chain; typed rows that match are taken out of ``typed``."""
    before = chain.GENESIS
    fault: Problem | None = None
    for place, entry in enumerate(entries, start=1):
        where = f"{head.code} entry:{entry.seq}"
        if fault is None:
            fault = _entry_fault(where, place, before, entry)
        before = entry.hash
        if entry.kind not in ledger.TYPED:
            continue
        row = typed.pop((entry.kind, entry.row_id), None)
        if fault is None and row is None:
            fault = Problem(f"{where} {entry.kind}:{entry.row_id}", "verify.row_missing")
        elif fault is None and row is not None and chain.facts(row) != json.loads(entry.payload)["row"]:
            fault = Problem(f"{where} {entry.kind}:{entry.row_id}", "verify.row_differs")
    if fault is None and (head.head_seq, head.head_hash or chain.GENESIS) != (len(entries), before):
        fault = Problem(f"{head.code} entry:{len(entries)}", "verify.chain_end_differs")
    return fault


def _entry_fault(where: str, place: int, before: str, entry: sa.Row[Any]) -> Problem | None:
    if entry.seq != place:
        return Problem(where, "verify.entry_missing")
    if entry.prev_hash != before:
        return Problem(where, "verify.chain_broken")
    if chain.digest(before, entry.payload) != entry.hash:
        return Problem(where, "verify.entry_changed")
    body = json.loads(entry.payload)
    if (body["unit"], body["seq"], body["kind"]) != (entry.unit_id, entry.seq, entry.kind):
        return Problem(where, "verify.entry_changed")
    return None


def _typed_rows(session: Session, unit_ids: Sequence[int]) -> dict[tuple[str, int], Mapping[str, Any]]:
    return {
        (kind, row["id"]): dict(row)
        for kind, table in ledger.TYPED.items()
        for row in session.execute(sa.select(table).where(table.c.unit_id.in_(unit_ids))).mappings()
    }


def _check_state(session: Session, part: Mapping[int, sa.Row[Any]], checked: Counter[str]) -> list[Problem]:
    stories = ledger.stories(session, list(part))
    plans_ = plans.of_communities(session, [row.community_id for row in part.values()])
    states = _grouped(session, bill_state, list(part), lambda row: row["unit_id"])
    holds = _grouped_holds(session, list(part))
    allocated = _allocated(session, list(part))
    problems: list[Problem] = []
    for unit_id, head in part.items():
        story = stories[unit_id]
        wanted = replay.play(story, head.through_on, plans_) if head.through_on else None
        checked["states"] += len(states[unit_id])
        if wanted is None:
            continue
        problems += _differences(head, wanted, states[unit_id], holds[unit_id], allocated[unit_id])
    return problems


def _differences(
    head: sa.Row[Any],
    wanted: replay.Outcome,
    states: Sequence[Mapping[str, Any]],
    holds: Sequence[Mapping[str, Any]],
    allocated: Counter[replay.AllocationKey],
) -> Iterator[Problem]:
    by_bill: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for row in states:
        by_bill[row["bill_id"]].append(row)
    for number in sorted(wanted.states.keys() | by_bill.keys()):
        if list(wanted.states.get(number, [])) != by_bill[number]:
            yield Problem(f"{head.code} bill:{number}", "verify.state_differs")
    if [row for rows in wanted.holds.values() for row in rows] != list(holds):
        yield Problem(head.code, "verify.holds_differ")
    if +wanted.allocations != +allocated:
        yield Problem(head.code, "verify.allocations_differ")
    if wanted.credit_fen != head.credit_fen:
        yield Problem(head.code, "verify.credit_differs")


def _grouped(
    session: Session, table: sa.Table, unit_ids: Sequence[int], key: Callable[[Mapping[str, Any]], int]
) -> dict[int, list[Mapping[str, Any]]]:
    found: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    query = sa.select(table).where(table.c.unit_id.in_(unit_ids)).order_by(table.c.bill_id, table.c.since_on)
    for row in session.execute(query).mappings():
        fresh = dict(row)
        found[key(fresh)].append(fresh)
    return found


def _grouped_holds(session: Session, unit_ids: Sequence[int]) -> dict[int, list[Mapping[str, Any]]]:
    found: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    query = (
        sa.select(bill.c.unit_id, bill_hold)
        .join(bill, bill.c.id == bill_hold.c.bill_id)
        .where(bill.c.unit_id.in_(unit_ids))
        .order_by(bill_hold.c.bill_id, bill_hold.c.from_on)
    )
    for row in session.execute(query).mappings():
        found[row["unit_id"]].append({name: value for name, value in row.items() if name != "unit_id"})
    return found


def _allocated(session: Session, unit_ids: Sequence[int]) -> dict[int, Counter[replay.AllocationKey]]:
    found: dict[int, Counter[replay.AllocationKey]] = defaultdict(Counter)
    for row in session.execute(sa.select(allocation).where(allocation.c.unit_id.in_(unit_ids))):
        found[row.unit_id][row.payment_id, row.bill_id, row.component, row.value_on] += row.amount_fen
    return found


def _check_strays(session: Session) -> list[Problem]:
    """Name units that have ledger entries but no account."""
    rows = session.execute(
        sa.select(ledger_entry.c.unit_id)
        .outerjoin(account, account.c.unit_id == ledger_entry.c.unit_id)
        .where(account.c.unit_id.is_(None))
        .distinct()
    ).scalars()
    return [Problem(f"unit:{unit_id}", "verify.account_missing") for unit_id in rows]


def _check_documents(session: Session, checked: Counter[str]) -> list[Problem]:
    problems: list[Problem] = []
    for number, facts, digest in session.execute(
        sa.select(document.c.number, document.c.facts, document.c.facts_hash).order_by(document.c.id)
    ):
        checked["documents"] += 1
        if hashlib.sha256(facts.encode()).hexdigest() != digest:
            problems.append(Problem(f"document:{number}", "verify.facts_changed"))
    return problems
