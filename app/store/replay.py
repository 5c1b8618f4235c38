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
    holds: tuple[tuple[Hold, dt.date], ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a replay says must stand in the tables."""

    states: Mapping[int, list[dict[str, Any]]]
    holds: Mapping[int, list[dict[str, Any]]]
    allocations: Counter[AllocationKey]
    credit_fen: int
    next_credit_on: dt.date | None
    conditional: Mapping[int, tuple[str, dt.date | None, int]]


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
) -> Story:
    """Read the entries of one unit, in the order of the chain, into the engine's account.

    ``entries`` are the parsed payloads (``kind`` and ``row``).
    """
    bills: dict[int, Mapping[str, Any]] = {}
    domain_bills: list[engine.Bill] = []
    events: list[Event] = []
    for entry in entries:
        row = entry["row"]
        match entry["kind"]:
            case "bill":
                bills[row["id"]] = row
                domain_bills.append(_bill(row, plans))
            case "credit":
                pass
            case kind:
                events.append(_event(kind, row))
    domain_bills.sort(key=lambda bill: (bill.due_on, bill.issued_on, int(bill.id[1:])))
    reversed_on = {event.target_id: event.on for event in events if isinstance(event, Reversal)}
    holds = tuple((event, reversed_on.get(event.id, FOREVER)) for event in events if isinstance(event, Hold))
    return Story(
        unit_id=unit_id,
        community_id=community_id,
        bills=bills,
        account=engine.Account(bills=tuple(domain_bills), events=tuple(events), policy=policy),
        holds=holds,
    )


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
    msg = f"unknown kind of adjustment: {row['kind']}"
    raise ValueError(msg)


def _bill_ids(text: str) -> tuple[str, ...]:
    return tuple(f"b{number}" for number in json.loads(text))


def play(story_: Story, through: dt.date, plans: Mapping[int, Plan]) -> Outcome:
    """Run the engine and return the rows that must stand; ``through`` is the last day that has been closed or booked."""
    history = engine.history(story_.account, through)
    states: dict[int, list[dict[str, Any]]] = {number: [] for number in story_.bills}
    holds: dict[int, list[dict[str, Any]]] = {number: [] for number in story_.bills}
    for version in history.versions:
        number = int(version.bill_id[1:])
        bill = story_.bills[number]
        plan = plans[bill["plan_id"]]
        windows = _windows(story_, version, plan)
        holds[number] += windows
        states[number].append(_state(story_, version, bill, plan, has_holds=bool(windows)))
    allocations: Counter[AllocationKey] = Counter()
    for part in history.allocations:
        allocations[int(part.payment_id[1:]), int(part.bill_id[1:]), part.component, part.on] += part.amount_fen
    return Outcome(
        states=states,
        holds=holds,
        allocations=allocations,
        credit_fen=history.credit_fen,
        next_credit_on=history.next_credit_on,
        conditional={
            int(name[1:]): (status, on, sum(waived.values()))
            for name, (status, on, waived) in history.conditional.items()
        },
    )


def _windows(story_: Story, version: engine.BillVersion, plan: Plan) -> list[dict[str, Any]]:
    """Return the held days still to come in this version, merged, as index values."""
    spans = sorted(
        (max(hold.from_on, version.since_on + dt.timedelta(days=1)), hold.to_on)
        for hold, forgotten_on in story_.holds
        if (not hold.bill_ids or version.bill_id in hold.bill_ids)
        and hold.to_on > version.since_on
        and hold.from_on < version.until_on
        and forgotten_on > version.since_on
    )
    merged: list[tuple[dt.date, dt.date]] = []
    for start, end in spans:
        if merged and start <= merged[-1][1] + dt.timedelta(days=1):
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return [
        {
            "bill_id": int(version.bill_id[1:]),
            "since_on": version.since_on,
            "from_on": start,
            "to_on": end,
            "r_before": plan.r(start - dt.timedelta(days=1)),
            "r_to": plan.r(end),
        }
        for start, end in merged
    ]


def _state(
    story_: Story, version: engine.BillVersion, bill: Mapping[str, Any], plan: Plan, *, has_holds: bool
) -> dict[str, Any]:
    num = version.accrued * plan.den
    if num.denominator != 1:
        msg = "late charge is not a whole number of 1/den fen"
        raise AssertionError(msg)
    accrued = (2 * num.numerator + plan.den) // (2 * plan.den)
    cap = NO_CAP if bill["cap_fen"] is None else bill["cap_fen"]
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
        "anchor_num": num.numerator,
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
