"""What happened to bills that their limitation depends on: rows of proof, the ledger's payments, signed slips."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.limitation import Interrupted, Interruption, Suspended
from app.store.tables import allocation, payment, reversal
from app.store.tables_claims import (
    interruption,
    interruption_end,
    interruption_withdrawal,
    obstacle,
    obstacle_change,
)
from app.store.tables_office import notice_bill
from app.store.tables_portal import acknowledgement
from app.store.tables_scans import acknowledgement_withdrawal

PAYMENT, SLIP = "payment", "acknowledgement"
SHANGHAI = dt.timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Fact:
    """One interruption with what proves it; a derived one has no ``id``."""

    kind: Interruption
    on: dt.date
    ended_on: dt.date | None
    proof_kind: str
    proof_id: int
    strength: str
    id: int | None = None
    note: str = ""
    recorded_by: int | None = None
    gone_on: dt.date | None = None
    """From that day on it counts as never made: the payment was taken back."""

    @property
    def order(self) -> tuple[Any, ...]:
        """Two facts of one day always count in the same order; of a demand and what proves it, the stronger last."""
        return self.on, self.kind.value, _WEAKEST_FIRST.index(self.strength), self.proof_kind, self.proof_id


_WEAKEST_FIRST = "CBA"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """An obstacle of one bill as it stands."""

    id: int
    reason: str
    from_on: dt.date
    until_on: dt.date | None
    file_id: int
    note: str


@dataclass(slots=True)
class Story:
    """Everything that happened to one bill."""

    facts: list[Fact] = field(default_factory=list)
    obstacles: list[Obstacle] = field(default_factory=list)

    def told(self, as_of: dt.date | None) -> list[tuple[Fact, Interrupted]]:
        """Return each fact that counts with its event, in order; as it is known now where no day is named."""
        return [
            (fact, Interrupted(fact.kind, fact.on, _before(fact.ended_on, as_of)))
            for fact in sorted(self.facts, key=lambda fact: fact.order)
            if as_of is None or fact.on <= as_of
            if fact.gone_on is None or (as_of is not None and fact.gone_on > as_of)
        ]

    def suspended(self, as_of: dt.date | None) -> list[Interrupted | Suspended]:
        """Return the obstacles as the engine reads them."""
        return [
            Suspended(one.from_on, _before(one.until_on, as_of))
            for one in self.obstacles
            if as_of is None or one.from_on <= as_of
        ]


def _before(day: dt.date | None, as_of: dt.date | None) -> dt.date | None:
    return None if day is None or (as_of is not None and day > as_of) else day


def stories(session: Session, bill_ids: Sequence[int]) -> dict[int, Story]:
    """Return the story of every bill something happened to, in four queries (at most some thousand bills at once)."""
    found: dict[int, Story] = defaultdict(Story)
    for row in session.execute(_recorded(bill_ids)):
        fact = Fact(
            Interruption(row.kind),
            row.happened_on,
            row.later_end or row.ended_on,
            row.proof_kind,
            row.proof_id,
            row.strength,
            row.id,
            row.note,
            row.recorded_by,
        )
        found[row.bill_id].facts.append(fact)
    for row in session.execute(_paid(bill_ids)):
        part = Interruption.PART_PAYMENT
        fact = Fact(part, row.received_on, None, PAYMENT, row.payment_id, "A", gone_on=row.gone_on)
        found[row.bill_id].facts.append(fact)
    for row in session.execute(_signed(bill_ids)):
        on = (row.signed_at + SHANGHAI).date()
        found[row.bill_id].facts.append(Fact(Interruption.DEMAND, on, None, SLIP, row.id, "A"))
    for row in session.execute(_obstacles(bill_ids)):
        one = Obstacle(row.id, row.reason, row.from_on, row.later_end or row.until_on, row.file_id, row.note)
        found[row.bill_id].obstacles.append(one)
    return dict(found)


def standing() -> sa.ColumnElement[bool]:
    """Say of a row of ``interruption`` that nobody withdrew it."""
    return ~sa.exists().where(interruption_withdrawal.c.interruption_id == interruption.c.id)


def _recorded(bill_ids: Sequence[int]) -> sa.Select[Any]:
    return (
        sa.select(interruption, interruption_end.c.ended_on.label("later_end"))
        .outerjoin(interruption_end, interruption_end.c.interruption_id == interruption.c.id)
        .where(interruption.c.bill_id.in_(bill_ids), standing())
        .order_by(interruption.c.id)
    )


def _paid(bill_ids: Sequence[int]) -> sa.Select[Any]:
    """Select payments that went to a bill the day they came: stored credit that moves by itself is nobody's act.

    One that was taken back still stands for the days before that.
    """
    gone = sa.and_(reversal.c.target_kind == "payment", reversal.c.target_id == payment.c.id)
    return (
        sa.select(
            allocation.c.bill_id, allocation.c.payment_id, payment.c.received_on, reversal.c.value_on.label("gone_on")
        )
        .join(payment, payment.c.id == allocation.c.payment_id)
        .outerjoin(reversal, gone)
        .where(allocation.c.bill_id.in_(bill_ids), allocation.c.value_on == payment.c.received_on)
        .group_by(allocation.c.bill_id, allocation.c.payment_id, payment.c.received_on, reversal.c.value_on)
        .having(sa.or_(sa.func.sum(allocation.c.amount_fen) > 0, reversal.c.value_on.is_not(None)))
        .order_by(allocation.c.bill_id, allocation.c.payment_id)
    )


def _signed(bill_ids: Sequence[int]) -> sa.Select[Any]:
    """Select slips signed in the owner's own name; who signed with another name is judged with its delivery."""
    a = acknowledgement.c
    gone = sa.exists().where(acknowledgement_withdrawal.c.acknowledgement_id == a.id)
    return (
        sa.select(notice_bill.c.bill_id, a.id, a.signed_at)
        .join(acknowledgement, a.notice_id == notice_bill.c.notice_id)
        .where(notice_bill.c.bill_id.in_(bill_ids), a.is_owner_name, ~gone)
        .order_by(notice_bill.c.bill_id, a.id)
    )


def _obstacles(bill_ids: Sequence[int]) -> sa.Select[Any]:
    ended, withdrawn = obstacle_change.alias("ended"), obstacle_change.alias("withdrawn")
    return (
        sa.select(obstacle, ended.c.until_on.label("later_end"))
        .outerjoin(ended, sa.and_(ended.c.obstacle_id == obstacle.c.id, ended.c.kind == "ended"))
        .outerjoin(withdrawn, sa.and_(withdrawn.c.obstacle_id == obstacle.c.id, withdrawn.c.kind == "withdrawn"))
        .where(obstacle.c.bill_id.in_(bill_ids), withdrawn.c.id.is_(None))
        .order_by(obstacle.c.id)
    )
