"""The one way to change the ledger: rows, chain, allocations and running state in one transaction."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Table
from sqlalchemy.orm import Session

from app.domain import ledger as engine
from app.domain.errors import conflict
from app.store import chain, clocks, closing, db, plans, replay
from app.store.tables import (
    account,
    adjustment,
    allocation,
    bill,
    bill_hold,
    bill_state,
    community,
    ledger_entry,
    payment,
    reversal,
)

TYPED: dict[str, Table] = {"bill": bill, "payment": payment, "adjustment": adjustment, "reversal": reversal}
VALUE_DATE = {"bill": "issued_on", "payment": "received_on", "adjustment": "value_on", "reversal": "value_on"}
CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Posting:
    """One row to post: ``kind`` names the typed table, ``row`` holds its columns but ``id`` and ``unit_id``.

    ``changes_on``: the first day whose figures it changes where that is after its value date (a hold cut short).
    """

    unit_id: int
    kind: str
    row: Mapping[str, Any]
    changes_on: dt.date | None = None


@dataclass(slots=True)
class _Unit:
    """What a posting needs to know of one unit while it works."""

    unit_id: int
    community_id: int
    head_seq: int
    head_hash: str
    credit_fen: int
    has_events: bool
    through: dt.date
    new: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    dates: set[dt.date] = field(default_factory=set)  # the first days the new rows change: none may be closed
    must_replay: bool = False
    outcome: replay.Outcome | None = None


def post(session: Session, posting: Posting, *, through: dt.date) -> int:
    """Post one row and return its id; see ``post_many``."""
    return post_many(session, [posting], through=through)[0]


def post_many(session: Session, postings: Sequence[Posting], *, through: dt.date) -> list[int]:
    """Post rows to any number of units and return their ids in the order given.

    ``through`` is the business date: stored credit is applied up to that day. The number of queries depends on the
    number of thousands of units, never on the number of rows.

    Raises:
        Refusal: what the engine refuses (``discount.exceeds_principal``, …), ``reversal.twice``, ``period.closed``.

    """
    _refuse_second_reversals(session, postings)
    ids = _insert_typed(session, postings)
    by_unit: dict[int, list[int]] = defaultdict(list)
    for place, posting in enumerate(postings):
        by_unit[posting.unit_id].append(place)
    for units in _chunks(sorted(by_unit)):
        work = _lock(session, units, through)
        for unit_id in units:
            unit = work[unit_id]
            for place in by_unit[unit_id]:
                row = {"id": ids[place], **_full_row(postings[place])}
                unit.new.append((postings[place].kind, row))
                unit.dates.add(postings[place].changes_on or row[VALUE_DATE[postings[place].kind]])
                unit.must_replay |= postings[place].kind != "bill" or unit.has_events
        _settle(session, work)
    return ids


def adopt_bills(session: Session, bill_ids: sa.Select[tuple[int]], *, through: dt.date) -> int:
    """Chain bills that were inserted by a set-based statement, and give them their running state.

    ``bill_ids`` selects them. Return how many were adopted.
    """
    rows = session.execute(
        sa.select(bill).where(bill.c.id.in_(bill_ids)).order_by(bill.c.unit_id, bill.c.id)
    ).mappings()
    by_unit: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_unit[row["unit_id"]].append(dict(row))
    for units in _chunks(sorted(by_unit)):
        work = _lock(session, units, through)
        for unit_id in units:
            unit = work[unit_id]
            unit.new = [("bill", row) for row in by_unit[unit_id]]
            unit.dates = {row[VALUE_DATE["bill"]] for row in by_unit[unit_id]}
            unit.must_replay = unit.has_events
        _settle(session, work)
    return sum(len(found) for found in by_unit.values())


def refresh(session: Session, unit_ids: Sequence[int], *, through: dt.date) -> None:
    """Replay units for a new business date or new rates; what moved is written as an entry of kind ``credit``."""
    for units in _chunks(sorted(set(unit_ids))):
        work = _lock(session, units, through)
        for unit in work.values():
            unit.must_replay = True
        _settle(session, work)


def stories(
    session: Session, unit_ids: Sequence[int], *, with_plans: Mapping[int, plans.Plan] | None = None
) -> dict[int, replay.Story]:
    """Return each unit's account as the engine reads it, in a constant number of queries; a trial has its own plans."""
    work = _heads(session, unit_ids)
    entries = _entries(session, unit_ids)
    plans_ = with_plans or plans.of_communities(session, [row.community_id for row in work.values()])
    policies = _policies(session, [row.community_id for row in work.values()])
    return {
        unit_id: replay.story(unit_id, row.community_id, entries[unit_id], plans_, policies[row.community_id])
        for unit_id, row in work.items()
    }


def open_accounts(session: Session, units: Sequence[tuple[int, int]]) -> None:
    """Open the account of new units, given as (unit id, community id)."""
    if units:
        session.execute(
            sa.insert(account), [{"unit_id": unit_id, "community_id": community_id} for unit_id, community_id in units]
        )


# --- reading what a posting needs -----------------------------------------------------------------


def _chunks(units: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(units), CHUNK):
        yield units[start : start + CHUNK]


def _heads(session: Session, unit_ids: Sequence[int]) -> dict[int, sa.Row[Any]]:
    rows = session.execute(sa.select(account).where(account.c.unit_id.in_(unit_ids)))
    return {row.unit_id: row for row in rows}


def _lock(session: Session, unit_ids: Sequence[int], through: dt.date) -> dict[int, _Unit]:
    statement = sa.select(account).where(account.c.unit_id.in_(unit_ids)).order_by(account.c.unit_id)
    rows = session.execute(db.lock_row(session, statement)).all()
    return {
        row.unit_id: _Unit(
            unit_id=row.unit_id,
            community_id=row.community_id,
            head_seq=row.head_seq,
            head_hash=row.head_hash,
            credit_fen=row.credit_fen,
            has_events=row.has_events,
            through=max(through, row.through_on or through),
        )
        for row in rows
    }


def _entries(session: Session, unit_ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    rows = session.execute(
        sa.select(ledger_entry.c.unit_id, ledger_entry.c.payload)
        .where(ledger_entry.c.unit_id.in_(unit_ids))
        .order_by(ledger_entry.c.unit_id, ledger_entry.c.seq)
    )
    found: dict[int, list[dict[str, Any]]] = {unit_id: [] for unit_id in unit_ids}
    for unit_id, text in rows:
        found[unit_id].append(json.loads(text))
    return found


def _policies(session: Session, communities: Sequence[int]) -> dict[int, engine.AllocationPolicy]:
    rows = session.execute(sa.select(community).where(community.c.id.in_(sorted(set(communities)))))
    return {
        row.id: engine.AllocationPolicy(
            within=engine.Within(row.allocation_within),
            across=engine.Across(row.allocation_across),
            tie=engine.Tie.BY_ID,
            credit=engine.Credit(row.credit_mode),
        )
        for row in rows
    }


# --- writing --------------------------------------------------------------------------------------


def _refuse_second_reversals(session: Session, postings: Sequence[Posting]) -> None:
    wanted = {(p.row["target_kind"], p.row["target_id"]) for p in postings if p.kind == "reversal"}
    if not wanted:
        return
    target = sa.tuple_(reversal.c.target_kind, reversal.c.target_id)
    if session.execute(sa.select(reversal.c.id).where(target.in_(sorted(wanted)))).first():
        raise conflict("reversal.twice")


def _insert_typed(session: Session, postings: Sequence[Posting]) -> list[int]:
    places: dict[str, list[int]] = defaultdict(list)
    for place, posting in enumerate(postings):
        places[posting.kind].append(place)
    ids = [0] * len(postings)
    for kind, found in places.items():
        table = TYPED[kind]
        rows = [_full_row(postings[place]) for place in found]
        for place, number in zip(found, db.insert_many(session, table, rows), strict=True):
            ids[place] = number
    return ids


def _full_row(posting: Posting) -> dict[str, Any]:
    """Return every column but ``id`` as the database will hold it: what was given, else the schema's default."""
    given = {"unit_id": posting.unit_id, **posting.row}
    db.check_text(TYPED[posting.kind], given)
    columns = [column for column in TYPED[posting.kind].columns if column.name != "id"]
    return {column.name: given[column.name] if column.name in given else _default(column) for column in columns}


def _default(column: sa.Column[Any]) -> object:
    default = column.server_default
    if default is None:
        return None
    text = str(getattr(default, "arg", ""))
    if isinstance(column.type, sa.Boolean):
        return text == "true"
    return int(text) if isinstance(column.type, sa.Integer) else text


def _settle(session: Session, work: Mapping[int, _Unit]) -> None:
    """Replay what must be replayed, then write entries, allocations, states and account heads."""
    dates = {(unit.community_id, on) for unit in work.values() for on in unit.dates}
    closing.guard(session, dates)  # stored credit the nightly run applies has no row, so no date to refuse
    communities = [unit.community_id for unit in work.values()]
    plans_ = plans.of_communities(session, communities)
    replayed = [unit for unit in work.values() if unit.must_replay]
    if replayed:
        _replay(session, replayed, plans_, _policies(session, communities))
    moved = _allocation_differences(session, replayed)
    _append(session, work, moved)
    _write_states(session, work, plans_)
    _write_accounts(session, work)


def _replay(
    session: Session,
    units: Sequence[_Unit],
    plans_: Mapping[int, plans.Plan],
    policies: Mapping[int, engine.AllocationPolicy],
) -> None:
    entries = _entries(session, [unit.unit_id for unit in units])
    for unit in units:
        fresh = [{"kind": kind, "row": chain.facts(row)} for kind, row in unit.new]
        told = replay.story(
            unit.unit_id,
            unit.community_id,
            [*entries[unit.unit_id], *fresh],
            plans_,
            policies[unit.community_id],
            new=len(fresh),
        )
        unit.outcome = replay.play(told, unit.through, plans_)


def _allocation_differences(session: Session, units: Sequence[_Unit]) -> dict[int, list[list[Any]]]:
    """Return, for each unit, what must be added so that the allocation rows sum to what the replay says."""
    if not units:
        return {}
    key = (allocation.c.payment_id, allocation.c.bill_id, allocation.c.component, allocation.c.value_on)
    rows = session.execute(
        sa.select(allocation.c.unit_id, *key, sa.func.sum(allocation.c.amount_fen))
        .where(allocation.c.unit_id.in_([unit.unit_id for unit in units]))
        .group_by(allocation.c.unit_id, *key)
    )
    standing: dict[int, Counter[replay.AllocationKey]] = defaultdict(Counter)
    for unit_id, payment_id, bill_id, component, value_on, amount in rows:
        standing[unit_id][payment_id, bill_id, component, value_on] = int(amount)
    moved: dict[int, list[list[Any]]] = {}
    for unit in units:
        wanted = unit.outcome.allocations if unit.outcome else Counter[replay.AllocationKey]()
        before = standing[unit.unit_id]
        moved[unit.unit_id] = [
            [*name[:3], name[3].isoformat(), wanted[name] - before[name]]
            for name in sorted(wanted.keys() | before.keys())
            if wanted[name] != before[name]
        ]
    return moved


def _append(session: Session, work: Mapping[int, _Unit], moved: Mapping[int, list[list[Any]]]) -> None:
    """Write the chain entries; what moved between payments and bills hangs on the last one of each unit."""
    rows: list[dict[str, Any]] = []
    for unit in work.values():
        parts = moved.get(unit.unit_id, [])
        new = unit.new or ([("credit", {"id": 0, "through_on": unit.through})] if parts else [])
        for place, (kind, row) in enumerate(new):
            unit.head_seq += 1
            text = chain.payload(
                unit_id=unit.unit_id,
                seq=unit.head_seq,
                kind=kind,
                row=row,
                allocations=parts if place == len(new) - 1 else [],
            )
            before, unit.head_hash = unit.head_hash or chain.GENESIS, chain.digest(unit.head_hash, text)
            rows.append(
                {
                    "unit_id": unit.unit_id,
                    "seq": unit.head_seq,
                    "kind": kind,
                    "value_on": row[VALUE_DATE[kind]] if kind in VALUE_DATE else unit.through,
                    "row_id": row["id"],
                    "payload": text,
                    "prev_hash": before,
                    "hash": unit.head_hash,
                }
            )
            unit.has_events |= kind not in {"bill", "credit"}
    if not rows:
        return
    if not any(moved.values()):
        session.execute(sa.insert(ledger_entry), rows)
        return
    ids = db.insert_many(session, ledger_entry, rows)
    last = {row["unit_id"]: number for row, number in zip(rows, ids, strict=True)}
    session.execute(
        sa.insert(allocation),
        [
            {
                "unit_id": unit_id,
                "payment_id": payment_id,
                "bill_id": bill_id,
                "component": component,
                "value_on": dt.date.fromisoformat(on),
                "amount_fen": amount,
                "entry_id": last[unit_id],
            }
            for unit_id, parts in moved.items()
            for payment_id, bill_id, component, on, amount in parts
        ],
    )


def _write_states(session: Session, work: Mapping[int, _Unit], plans_: Mapping[int, plans.Plan]) -> None:
    fresh: list[dict[str, Any]] = []
    holds: list[dict[str, Any]] = []
    replayed = [unit for unit in work.values() if unit.outcome]
    changed = _changed_bills(session, replayed)
    for start in range(0, len(changed), CHUNK):
        part = changed[start : start + CHUNK]
        session.execute(sa.delete(bill_hold).where(bill_hold.c.bill_id.in_(part)))
        session.execute(sa.delete(bill_state).where(bill_state.c.bill_id.in_(part)))
    wanted = set(changed)
    for unit in work.values():
        if unit.outcome:
            fresh += [row for number, rows in unit.outcome.states.items() if number in wanted for row in rows]
            holds += [row for number, rows in unit.outcome.holds.items() if number in wanted for row in rows]
        else:
            fresh += [
                replay.first_state(
                    row, community_id=unit.community_id, unit_id=unit.unit_id, plan=plans_[row["plan_id"]]
                )
                for _, row in unit.new
            ]
    if fresh:
        session.execute(sa.insert(bill_state), fresh)
    if holds:
        session.execute(sa.insert(bill_hold), holds)
    clocks.follow(session, changed)


def _changed_bills(session: Session, units: Sequence[_Unit]) -> list[int]:
    """Return the bills whose remembered versions differ from what the replay says."""
    if not units:
        return []
    numbers = [unit.unit_id for unit in units]
    standing: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in session.execute(
        sa.select(bill_state)
        .where(bill_state.c.unit_id.in_(numbers))
        .order_by(bill_state.c.bill_id, bill_state.c.since_on)
    ).mappings():
        standing[row["bill_id"]].append(dict(row))
    held: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in session.execute(
        sa.select(bill_hold)
        .join(bill, bill.c.id == bill_hold.c.bill_id)
        .where(bill.c.unit_id.in_(numbers))
        .order_by(bill_hold.c.bill_id, bill_hold.c.from_on)
    ).mappings():
        held[row["bill_id"]].append(dict(row))
    return [
        number
        for unit in units
        if unit.outcome
        for number, rows in unit.outcome.states.items()
        if rows != standing[number] or unit.outcome.holds[number] != held[number]
    ]


def _write_accounts(session: Session, work: Mapping[int, _Unit]) -> None:
    rows = [
        {
            "b_unit": unit.unit_id,
            "b_seq": unit.head_seq,
            "b_hash": unit.head_hash,
            "b_credit": unit.outcome.credit_fen if unit.outcome else unit.credit_fen,
            "b_next": unit.outcome.next_credit_on if unit.outcome else None,
            "b_events": unit.has_events,
            "b_through": unit.through,
        }
        for unit in work.values()
    ]
    table = account
    session.connection().execute(
        sa.update(table)
        .where(table.c.unit_id == sa.bindparam("b_unit"))
        .values(
            head_seq=sa.bindparam("b_seq"),
            head_hash=sa.bindparam("b_hash"),
            credit_fen=sa.bindparam("b_credit"),
            next_credit_on=sa.bindparam("b_next"),
            has_events=sa.bindparam("b_events"),
            through_on=sa.bindparam("b_through"),
        ),
        rows,
    )
