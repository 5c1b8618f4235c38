"""Where the limitation of bills stands: one list over every open bill, and every detail of one unit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import Session

from app.domain.calendar import Calendar
from app.domain.limitation_states import Cuts, State, cuts
from app.store import arrears, calendars, clocks
from app.store.clock_facts import Fact, Obstacle, Story, stories
from app.store.figures import day, figures, is_owed
from app.store.tables import bill, bill_state, fee_item, unit
from app.store.tables_claims import bill_clock


@dataclass(frozen=True, slots=True)
class Filter:
    """What narrows the list; an empty field does not narrow. The state ``urgent``: less than sixty days left."""

    community_id: int
    state: str = ""
    building: str = ""
    search: str = ""
    from_on: str = ""
    to_on: str = ""
    unit_id: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One open bill with its clock."""

    bill_id: int
    unit_id: int
    label: str
    item: str
    period_from_on: dt.date
    period_to_on: dt.date
    due_on: dt.date
    principal_fen: int
    late_charge_fen: int
    base_on: dt.date | None
    act_by_on: dt.date | None
    state: State
    last_kind: str
    last_on: dt.date | None
    proof_kind: str
    proof_id: int | None
    strength: str
    late_events: int
    expires_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """How much stands in one state."""

    state: State
    units: int
    bills: int
    principal_fen: int
    late_charge_fen: int
    first_on: dt.date | None


@dataclass(frozen=True, slots=True)
class BillClock:
    """One bill of a unit: its clock on a day, what it counts from, and what did not help."""

    bill_id: int
    item: str
    period_from_on: dt.date
    period_to_on: dt.date
    due_on: dt.date
    principal_fen: int
    base_on: dt.date | None
    act_by_on: dt.date | None
    expires_on: dt.date | None
    state: State
    last: Fact | None
    facts: tuple[Fact, ...]
    too_late: tuple[Fact, ...]
    obstacles: tuple[Obstacle, ...]


def _listed(session: Session, as_of: dt.date, cut: Cuts, wanted: Filter) -> Select[Any]:
    """Select every overdue open bill with its clock: one statement on either engine."""
    narrow = [bill_state.c.community_id == wanted.community_id]
    if wanted.unit_id is not None:
        narrow.append(bill_state.c.unit_id == wanted.unit_id)
    f = figures(session, as_of, *narrow)
    act_by_on = clocks.act_by(f.c.due_on)
    state = clocks.state(act_by_on, cut)
    query = (
        sa.select(
            *(f.c.bill_id, f.c.unit_id, unit.c.label, unit.c.sort_key, f.c.due_on),
            *(f.c.principal_fen, f.c.late_charge_fen),
            sa.case((bill_clock.c.bill_id.is_(None), f.c.due_on), else_=bill_clock.c.base_on).label("base_on"),
            act_by_on.label("act_by_on"),
            state.label("state"),
            *(sa.func.coalesce(bill_clock.c[name], "").label(name) for name in ("last_kind", "proof_kind", "strength")),
            *(bill_clock.c.last_on, bill_clock.c.proof_id),
            sa.func.coalesce(bill_clock.c.late_events, 0).label("late_events"),
        )
        .select_from(f)
        .join(unit, unit.c.id == f.c.unit_id)
        .outerjoin(bill_clock, bill_clock.c.bill_id == f.c.bill_id)
        .where(is_owed(f))
    )
    if wanted.building:
        query = query.where(unit.c.building == wanted.building)
    for word in wanted.search.lower().split()[:6]:
        query = query.where(unit.c.search_key.contains(word, autoescape=True))
    if wanted.from_on:
        query = query.where(act_by_on >= day(dt.date.fromisoformat(wanted.from_on)))
    if wanted.to_on:
        query = query.where(act_by_on <= day(dt.date.fromisoformat(wanted.to_on)))
    return query if not wanted.state else query.where(_in_state(state, wanted.state))


def _in_state(state: ColumnElement[str], wanted: str) -> ColumnElement[bool]:
    """Say that a bill is in a state; ``urgent`` stands for everything with less than sixty days left."""
    if wanted == "urgent":
        return state.in_([State.CRITICAL.value, State.SOON.value])
    return state == wanted


def _ordered(query: Select[Any]) -> Select[Any]:
    q = query.subquery("listed")
    return (
        sa.select(q, fee_item.c.name.label("item"), bill.c.period_from_on, bill.c.period_to_on)
        .join(bill, bill.c.id == q.c.bill_id)
        .join(fee_item, fee_item.c.id == bill.c.fee_item_id)
        .order_by(q.c.act_by_on.asc().nulls_last(), q.c.sort_key, q.c.due_on, q.c.bill_id)
    )


def rows(session: Session, *, as_of: dt.date, wanted: Filter, limit: int | None = None, offset: int = 0) -> list[Row]:
    """Return one page of the bills, the first to run out first; those whose clock stands still come last."""
    calendar = calendars.load(session)
    query = _ordered(_listed(session, as_of, cuts(as_of, calendar), wanted)).limit(limit).offset(offset)
    return [_row(found, calendar) for found in session.execute(query).mappings()]


def streamed(session: Session, *, as_of: dt.date, wanted: Filter, size: int) -> Iterator[list[Row]]:
    """Yield the whole list in parts: nobody holds it all at once."""
    calendar = calendars.load(session)
    query = _ordered(_listed(session, as_of, cuts(as_of, calendar), wanted))
    for part in session.execute(query, execution_options={"yield_per": size}).mappings().partitions():
        yield [_row(found, calendar) for found in part]


def _row(found: sa.RowMapping, calendar: Calendar) -> Row:
    names = [name for name in Row.__slots__ if name not in {"state", "expires_on"}]
    values = {name: found[name] for name in names}
    return Row(**values, state=State(found["state"]), expires_on=_rolled(found["act_by_on"], calendar))


def _rolled(act_by_on: dt.date | None, calendar: Calendar) -> dt.date | None:
    if act_by_on is None:
        return None
    rolled, known = calendar.roll(act_by_on)
    return rolled if known else None


def counts(session: Session, *, as_of: dt.date, wanted: Filter) -> list[Count]:
    """Return what stands in each state, the worst first, every state named; they foot to the list."""
    q = _listed(session, as_of, cuts(as_of, calendars.load(session)), wanted).subquery("listed")
    sums = [sa.cast(sa.func.sum(q.c[name]), sa.BigInteger) for name in ("principal_fen", "late_charge_fen")]
    first_on = sa.func.min(q.c.act_by_on, type_=q.c.act_by_on.type)
    query = sa.select(q.c.state, sa.func.count(q.c.unit_id.distinct()), sa.func.count(), *sums, first_on)
    found = {
        row[0]: Count(State(row[0]), row[1], row[2], int(row[3]), int(row[4]), row[5])
        for row in session.execute(query.group_by(q.c.state))
    }
    return [found.get(state.value) or Count(state, 0, 0, 0, 0, None) for state in State]


def count_urgent(session: Session, *, community_id: int, as_of: dt.date) -> int:
    """Return how many bills have less than sixty days left."""
    wanted = Filter(community_id=community_id, state="urgent")
    q = _listed(session, as_of, cuts(as_of, calendars.load(session)), wanted).subquery("listed")
    return int(session.execute(sa.select(sa.func.count()).select_from(q)).scalar_one())


def clocks_of_unit(session: Session, unit_id: int, as_of: dt.date) -> list[BillClock]:
    """Return the clock of every open bill of a unit on a day, worked out by the engine from what was known by then."""
    bills = arrears.bills_on(session, as_of=as_of, unit_ids=[unit_id])
    calendar = calendars.load(session)
    cut = cuts(as_of, calendar)
    told = stories(session, [one.bill_id for one in bills]) if bills else {}
    found = []
    for one in bills:
        story = told.get(one.bill_id, Story())
        traced, last, late = clocks.traced(one.due_on, story, calendar, as_of)
        found.append(
            BillClock(
                bill_id=one.bill_id,
                item=one.item,
                period_from_on=one.period_from_on,
                period_to_on=one.period_to_on,
                due_on=one.due_on,
                principal_fen=one.principal_fen,
                base_on=traced.base_on,
                act_by_on=traced.clock.act_by_on,
                expires_on=traced.clock.expires_on,
                state=cut.state(traced.clock.act_by_on),
                last=last,
                facts=tuple(fact for fact, _ in story.told(as_of)),
                too_late=tuple(late),
                obstacles=tuple(sorted(story.obstacles, key=lambda entry: entry.from_on)),
            )
        )
    return found
