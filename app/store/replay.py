"""From the entries of a unit to the pure engine's account, and from its history to rows of running state."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from app.domain import ledger as engine
from app.domain.events import ConditionalWaiver, Discount, Event, Hold, LateChargeWaiver, Payment, Reversal
from app.domain.history import BillVersion, history
from app.domain.money import half_up
from app.store.plans import NO_CAP, Plan
from app.store.types import FOREVER

PREFIX = {"payment": "p", "adjustment": "a", "bill": "b", "reversal": "r"}

AllocationKey = tuple[int, int, str, dt.date]
"""(payment id, bill id, component, value date)."""


@dataclass(frozen=True, slots=True)
class Story:
    """What the ledger says about one unit: bills, the rest, and the account for the engine."""

    unit_id: int
    community_id: int
    bills: Mapping[int, Mapping[str, Any]]
    account: engine.Account


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a replay says must stand in the tables."""

    states: Mapping[int, list[dict[str, Any]]]
    holds: Mapping[int, list[dict[str, Any]]]
    allocations: Counter[AllocationKey]
    credit_fen: int
    next_credit_on: dt.date | None
    conditional: Mapping[int, tuple[str, dt.date, int]]


def day(text: str) -> dt.date:
    """Read a date back from an entry."""
    return dt.date.fromisoformat(text)


def bill_terms(row: Mapping[str, Any], plan: Plan) -> engine.Terms:
    """Return the late-charge terms frozen on a bill row."""
    return plan.terms(
        grace_mode=row["grace_mode"],
        grace_days=row["grace_days"],
        cap_fen=row["cap_fen"],
        principal_fen=row["principal_fen"],
    )


def story(
    unit_id: int,
    community_id: int,
    entries: Sequence[Mapping[str, Any]],
    plans: Mapping[int, Plan],
    policy: engine.AllocationPolicy,
    *,
    new: int = 0,
) -> Story:
    """Read the entries of one unit, in the order of the chain, into the engine's account.

    ``entries`` are the parsed payloads (``kind`` and ``row``); the last ``new`` of them are being posted now, and only
    these are judged: what was accepted once never stands in the way of a later entry, nor of reading.
    """
    bills: dict[int, Mapping[str, Any]] = {}
    domain_bills: list[engine.Bill] = []
    events: list[Event] = []
    judged: set[str] = set()
    silent: set[int] = set()
    for place, entry in enumerate(entries):
        row = entry["row"]
        match entry["kind"]:
            case "bill":
                bills[row["id"]] = row
                domain_bills.append(_bill(row, plans))
            case "credit":
                pass
            case kind:
                if _leaves_accrual(kind, row, silent):
                    continue
                events.append(_event(kind, row))
                if place >= len(entries) - new:
                    judged.add(events[-1].id)
    domain_bills.sort(key=lambda bill: (bill.due_on, bill.issued_on, int(bill.id[1:])))
    return Story(
        unit_id=unit_id,
        community_id=community_id,
        bills=bills,
        account=engine.Account(tuple(domain_bills), tuple(events), policy, frozenset(judged)),
    )


def _leaves_accrual(kind: str, row: Mapping[str, Any], silent: set[int]) -> bool:
    """Tell whether an entry is a hold on dunning or contact alone (or ends one): the engine need not know it.

    ``silent`` collects the ids of such holds.
    """
    if kind == "adjustment" and row["kind"] == "hold" and not row["stops_accrual"]:
        silent.add(row["id"])
        return True
    return kind == "reversal" and row["target_kind"] == "adjustment" and row["target_id"] in silent


def _bill(row: Mapping[str, Any], plans: Mapping[int, Plan]) -> engine.Bill:
    return engine.Bill(
        id=f"b{row['id']}",
        principal_fen=row["principal_fen"],
        due_on=day(row["due_on"]),
        issued_on=day(row["issued_on"]),
        terms=bill_terms(row, plans[row["plan_id"]]),
        costs_fen=row["costs_fen"],
    )


def _event(kind: str, row: Mapping[str, Any]) -> Event:
    match kind:
        case "payment":
            return Payment(
                id=f"p{row['id']}",
                on=day(row["received_on"]),
                amount_fen=row["amount_fen"],
                bill_ids=_bill_ids(row["designated"]),
            )
        case "reversal":
            return Reversal(
                id=f"r{row['id']}", on=day(row["value_on"]), target_id=f"{PREFIX[row['target_kind']]}{row['target_id']}"
            )
        case "adjustment":
            return _adjustment(row)
        case _:
            msg = f"unknown kind of entry: {kind}"
            raise ValueError(msg)


def _adjustment(row: Mapping[str, Any]) -> Event:
    name, on, bill_ids = f"a{row['id']}", day(row["value_on"]), _bill_ids(row["bill_ids"])
    match row["kind"]:
        case "discount":
            return Discount(
                id=name, on=on, bill_id=bill_ids[0], amount_fen=row["amount_fen"], retroactive=row["is_retroactive"]
            )
        case "late_charge_waiver":
            ratio = None if row["ratio"] is None else Fraction(row["ratio"])
            return LateChargeWaiver(id=name, on=on, bill_id=bill_ids[0], amount_fen=row["amount_fen"], ratio=ratio)
        case "conditional_waiver":
            return ConditionalWaiver(id=name, on=on, bill_ids=bill_ids, pay_by=day(row["until_on"]))
        case "hold":
            return Hold(id=name, from_on=on, to_on=day(row["until_on"]), bill_ids=bill_ids)
        case kind:
            msg = f"unknown kind of adjustment: {kind}"
            raise ValueError(msg)


def _bill_ids(text: str) -> tuple[str, ...]:
    return tuple(f"b{number}" for number in json.loads(text))


def play(story_: Story, through: dt.date, plans: Mapping[int, Plan]) -> Outcome:
    """Run the engine and return the rows that must stand; ``through`` is the last day closed or booked."""
    told = history(story_.account, through)
    states: dict[int, list[dict[str, Any]]] = {number: [] for number in story_.bills}
    holds: dict[int, list[dict[str, Any]]] = {number: [] for number in story_.bills}
    for name, from_on, to_on in told.holds:
        number = int(name[1:])
        plan = plans[story_.bills[number]["plan_id"]]
        holds[number].append(
            {
                "bill_id": number,
                "from_on": from_on,
                "to_on": to_on,
                "r_before": plan.r(from_on - dt.timedelta(days=1)),
                "r_to": plan.r(to_on),
            }
        )
    for version in told.versions:
        number = int(version.bill_id[1:])
        bill = story_.bills[number]
        has_holds = any(window["to_on"] > version.anchor_on for window in holds[number])
        states[number].append(_state(story_, version, bill, plans[bill["plan_id"]], has_holds=has_holds))
    allocations: Counter[AllocationKey] = Counter()
    for part in told.allocations:
        allocations[int(part.payment_id[1:]), int(part.bill_id[1:]), part.component, part.on] += part.amount_fen
    return Outcome(
        states=states,
        holds=holds,
        allocations=allocations,
        credit_fen=told.credit_fen,
        next_credit_on=told.next_credit_on,
        conditional={
            int(name[1:]): (status, on, sum(waived.values())) for name, (status, on, waived) in told.conditional.items()
        },
    )


def _state(
    story_: Story, version: BillVersion, bill: Mapping[str, Any], plan: Plan, *, has_holds: bool
) -> dict[str, Any]:
    if version.den != plan.den:
        msg = "the bill and its plan count in different fractions of a fen"
        raise AssertionError(msg)
    cap = NO_CAP if version.cap_fen is None else version.cap_fen
    accrued = half_up(version.accrued_num, plan.den)
    late = max(0, min(accrued, cap) - version.late_paid_fen - version.late_waived_fen)
    is_settled = version.principal_fen == 0 and version.costs_fen == 0 and late == 0
    return {
        "bill_id": bill["id"],
        "since_on": version.since_on,
        "until_on": min(version.until_on, FOREVER),
        "community_id": story_.community_id,
        "unit_id": story_.unit_id,
        "due_on": day(bill["due_on"]),
        "plan_id": bill["plan_id"],
        "principal_fen": version.principal_fen,
        "costs_fen": version.costs_fen,
        "late_paid_fen": version.late_paid_fen,
        "late_waived_fen": version.late_waived_fen,
        "cap_fen": cap,
        "silent_until_on": silent_until(bill),
        "anchor_on": version.anchor_on,
        "anchor_num": version.accrued_num,
        "anchor_r": plan.r(version.anchor_on),
        "has_holds": has_holds,
        "settled_on": version.since_on if is_settled else None,
    }


def silent_until(bill: Mapping[str, Any]) -> dt.date:
    """Return the last day on which no late charge shows: the due day, later under a threshold grace."""
    due = day(bill["due_on"]) if isinstance(bill["due_on"], str) else bill["due_on"]
    return due + dt.timedelta(days=bill["grace_days"]) if bill["grace_mode"] == "threshold" else due


def starts_after(bill: Mapping[str, Any]) -> dt.date:
    """Return the last day that is not charged: the due day, later under a shifting grace."""
    due = day(bill["due_on"]) if isinstance(bill["due_on"], str) else bill["due_on"]
    return due + dt.timedelta(days=bill["grace_days"]) if bill["grace_mode"] == "shift" else due


def first_state(bill: Mapping[str, Any], *, community_id: int, unit_id: int, plan: Plan) -> dict[str, Any]:
    """Return the only version of a bill to which nothing has happened (the engine would say the same)."""
    start = starts_after(bill)
    return {
        "bill_id": bill["id"],
        "since_on": bill["issued_on"],
        "until_on": FOREVER,
        "community_id": community_id,
        "unit_id": unit_id,
        "due_on": bill["due_on"],
        "plan_id": bill["plan_id"],
        "principal_fen": bill["principal_fen"],
        "costs_fen": bill["costs_fen"],
        "late_paid_fen": 0,
        "late_waived_fen": 0,
        "cap_fen": NO_CAP if bill["cap_fen"] is None else bill["cap_fen"],
        "silent_until_on": silent_until(bill),
        "anchor_on": start,
        "anchor_num": 0,
        "anchor_r": plan.r(start),
        "has_holds": False,
        "settled_on": bill["issued_on"] if bill["principal_fen"] == 0 and bill["costs_fen"] == 0 else None,
    }


def conditions_of(story_: Story, through: dt.date) -> dict[int, tuple[str, int]]:
    """Return for each conditional waiver, by adjustment id, (pending | met | lapsed, fen).

    Met: what was forgiven. Pending: the late charge on its bills as it stands, which it would forgive. Lapsed: nothing.
    """
    told = history(story_.account, through)
    names = {event.id: event.bill_ids for event in story_.account.events if isinstance(event, ConditionalWaiver)}
    is_pending = any(status == "pending" for status, _, _ in told.conditional.values())
    bills = engine.statement(story_.account, through).bills if is_pending else ()
    late = {bill.bill.id: bill.late_charge_fen for bill in bills}
    found = {}
    for name, (status, _, waived) in told.conditional.items():
        fen = sum(late.get(bill, 0) for bill in set(names[name])) if status == "pending" else sum(waived.values())
        found[int(name[1:])] = (status, fen)
    return found
