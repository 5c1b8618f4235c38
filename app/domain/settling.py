"""What a change of owner settles: who owes which bill before and after, and what the two should settle by days."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.domain.apportioning import Parts, by_days


@dataclass(frozen=True, slots=True)
class Owed:
    """One open bill of a settlement."""

    item: str
    period_from_on: dt.date
    period_to_on: dt.date
    due_on: dt.date
    principal_fen: int
    late_charge_fen: int
    costs_fen: int

    @property
    def total_fen(self) -> int:
        """What is outstanding on it."""
        return self.principal_fen + self.late_charge_fen + self.costs_fen


@dataclass(frozen=True, slots=True)
class Across:
    """A bill whose period lies on both sides of the day; it is one debt, of whoever owns on its due date."""

    item: str
    period_from_on: dt.date
    period_to_on: dt.date
    due_on: dt.date
    principal_fen: int
    is_new_owners: bool
    parts: Parts


@dataclass(frozen=True, slots=True)
class Unbilled:
    """Days before the transfer that no bill covers yet."""

    item: str
    from_on: dt.date
    days: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a transfer on a day would mean, before anybody confirms it."""

    transfer_on: dt.date
    leaving: tuple[str, ...]
    stays: tuple[Owed, ...]
    moves: tuple[Owed, ...]
    across: tuple[Across, ...]
    unbilled: tuple[Unbilled, ...]
    credit_fen: int

    @property
    def stays_fen(self) -> int:
        """What the leaving owners owe."""
        return sum(bill.total_fen for bill in self.stays)

    @property
    def moves_fen(self) -> int:
        """What is billed and falls due on the day or later: the new owners owe it."""
        return sum(bill.total_fen for bill in self.moves)


def settled(facts_text: str, transfer_on: dt.date) -> Plan:
    """Return the figures of a transfer as they stood when it was recorded."""
    facts = json.loads(facts_text)
    day = dt.date.fromisoformat

    def owed(line: Mapping[str, Any]) -> Owed:
        return Owed(
            line["item"],
            day(line["from"]),
            day(line["to"]),
            day(line["due"]),
            line["principal_fen"],
            line["late_charge_fen"],
            line["costs_fen"],
        )

    return Plan(
        transfer_on=transfer_on,
        leaving=tuple(facts["leaving"]),
        stays=tuple(map(owed, facts["stays"])),
        moves=tuple(map(owed, facts["moves"])),
        across=tuple(
            Across(
                line["item"],
                day(line["from"]),
                day(line["to"]),
                day(line["due"]),
                line["principal_fen"],
                line["is_new_owners"],
                by_days(line["principal_fen"], from_on=day(line["from"]), to_on=day(line["to"]), on=transfer_on),
            )
            for line in facts["across"]
        ),
        unbilled=tuple(Unbilled(line["item"], day(line["from"]), line["days"]) for line in facts["unbilled"]),
        credit_fen=facts["credit_fen"],
    )


def frozen(plan: Plan) -> dict[str, object]:
    """Return the figures as facts; names are masked in them, whoever reads the log."""

    def line(bill: Owed | Across) -> dict[str, object]:
        return {
            "item": bill.item,
            "from": bill.period_from_on.isoformat(),
            "to": bill.period_to_on.isoformat(),
            "due": bill.due_on.isoformat(),
            "principal_fen": bill.principal_fen,
        }

    def owed(bill: Owed) -> dict[str, object]:
        return line(bill) | {"late_charge_fen": bill.late_charge_fen, "costs_fen": bill.costs_fen}

    return {
        "leaving": list(plan.leaving),
        "stays": [owed(bill) for bill in plan.stays],
        "moves": [owed(bill) for bill in plan.moves],
        "across": [line(bill) | {"is_new_owners": bill.is_new_owners} for bill in plan.across],
        "unbilled": [{"item": u.item, "from": u.from_on.isoformat(), "days": u.days} for u in plan.unbilled],
        "credit_fen": plan.credit_fen,
    }
