"""What decides whether a unit gets a notice: debts, holds, marks, owners, earlier notices; for any number at once."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.notices import NOTHING_YET, Debt, Hold, Past, Verdict, decide
from app.store import arrears
from app.store.arrears import day
from app.store.estate_marks import NO_DUNNING
from app.store.notices import Scope, is_void, ownerships, portions
from app.store.tables import adjustment, bill_state, reversal
from app.store.tables_estate import unit_mark
from app.store.tables_office import notice


@dataclass(frozen=True, slots=True)
class Owed:
    """One overdue bill and all that is outstanding on it."""

    bill_id: int
    due_on: dt.date
    total_fen: int


def overdue(session: Session, *, as_of: dt.date, within: Scope) -> dict[int, list[Owed]]:
    """Return what is overdue of each unit on a day, oldest first."""
    found: dict[int, list[Owed]] = defaultdict(list)
    for part in portions(within):
        f = arrears.figures(session, as_of, bill_state.c.unit_id.in_(part))
        total = f.c.principal_fen + f.c.late_charge_fen + f.c.costs_fen
        query = sa.select(f.c.unit_id, f.c.bill_id, f.c.due_on, total.label("total_fen")).where(arrears.is_owed(f))
        for row in session.execute(query.order_by(f.c.unit_id, f.c.due_on, f.c.bill_id)):
            found[row.unit_id].append(Owed(row.bill_id, row.due_on, int(row.total_fen)))
    return found


def past(session: Session, within: Scope, *, level: int, as_of: dt.date) -> dict[int, Past]:
    """Return what each unit that was sent anything was sent, and whether it has this level and date already.

    A notice that was numbered but never printed, since its batch was stopped, holds nobody back on another day.
    """
    this = sa.case((sa.and_(notice.c.level == level, notice.c.as_of == day(as_of)), 1), else_=0)
    sent_on = sa.case((~is_void(), notice.c.as_of))
    found: dict[int, Past] = {}
    for part in portions(within):
        for row in session.execute(
            sa.select(notice.c.unit_id, sa.func.max(sent_on).label("last_on"), sa.func.max(this).label("has_this"))
            .where(notice.c.unit_id.in_(part))
            .group_by(notice.c.unit_id)
        ):
            found[row.unit_id] = Past(row.last_on, bool(row.has_this))
    return found


def holds(session: Session, within: Scope, *, on: dt.date) -> dict[int, list[Hold]]:
    """Return the holds in force on a day; one that was taken back by then does not count."""
    taken_back = sa.and_(
        reversal.c.target_kind == "adjustment",
        reversal.c.target_id == adjustment.c.id,
        reversal.c.value_on <= day(on),
    )
    found: dict[int, list[Hold]] = defaultdict(list)
    for part in portions(within):
        for row in session.execute(
            sa.select(adjustment)
            .outerjoin(reversal, taken_back)
            .where(
                adjustment.c.unit_id.in_(part),
                adjustment.c.kind == "hold",
                adjustment.c.value_on <= day(on),
                adjustment.c.until_on >= day(on),
                reversal.c.id.is_(None),
            )
        ):
            bills = frozenset(json.loads(row.bill_ids))
            found[row.unit_id].append(Hold(bills, row.stops_dunning, row.stops_contact))
    return found


def marked(session: Session, within: Scope, *, on: dt.date) -> set[int]:
    """Return the units the office marked not to be dunned on a day."""
    found: set[int] = set()
    for part in portions(within):
        query = sa.select(unit_mark.c.unit_id).where(
            unit_mark.c.unit_id.in_(part),
            unit_mark.c.kind == NO_DUNNING,
            unit_mark.c.ended_at.is_(None),
            sa.or_(unit_mark.c.until_on.is_(None), unit_mark.c.until_on >= day(on)),
        )
        found.update(session.execute(query).scalars())
    return found


def verdicts(
    session: Session,
    *,
    level: int,
    as_of: dt.date,
    on: dt.date,
    debts: Mapping[int, Sequence[Debt]],
    pause_days: int,
    within: Scope | None = None,
    unpaused: Collection[int] = (),
) -> dict[int, Verdict]:
    """Say of each unit, given with what is overdue, who is addressed for what, or why nobody is.

    ``as_of`` is the day of the figures, ``on`` the day holds, marks and owners are looked at. ``unpaused`` names units
    for which somebody decided not to wait out the pause.
    """
    scope = list(debts) if within is None else within
    before = past(session, scope, level=level, as_of=as_of)
    held = holds(session, scope, on=on)
    left_alone = marked(session, scope, on=on)
    owned = ownerships(session, scope)
    return {
        unit_id: decide(
            debts=owed,
            ownerships=owned.get(unit_id, ()),
            holds=held.get(unit_id, ()),
            past=before.get(unit_id, NOTHING_YET),
            pause_days=0 if unit_id in unpaused else pause_days,
            as_of=as_of,
            on=on,
            is_marked_not_to_dun=unit_id in left_alone,
        )
        for unit_id, owed in debts.items()
    }
