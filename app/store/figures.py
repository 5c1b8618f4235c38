"""What stands open on a bill on a day: the one place where the late charge is written in SQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import Session

from app.store import db
from app.store.plans import NO_CAP
from app.store.tables import bill_hold, bill_state, rate_plan, rate_segment
from app.store.types import FOREVER, CivilDate

FEW_PLANS = 8


def day(value: dt.date) -> ColumnElement[Any]:
    """Return a date as a typed literal."""
    return sa.literal(value, CivilDate())


def days_between(later: ColumnElement[Any], earlier: ColumnElement[Any]) -> ColumnElement[int]:
    """Return whole days from ``earlier`` to ``later`` (both engines subtract civil dates into an integer)."""
    return later.op("-", return_type=sa.Integer())(earlier)


def _rate_on(as_of: dt.date) -> Select[Any]:
    """Select plan id, denominator and R(as_of) of every plan."""
    r = rate_segment.c.cum + rate_segment.c.num * days_between(day(as_of), rate_segment.c.from_on)
    return (
        sa.select(rate_segment.c.plan_id, rate_plan.c.den, r.label("r"))
        .join(rate_plan, rate_plan.c.id == rate_segment.c.plan_id)
        .where(rate_segment.c.from_on <= day(as_of), rate_segment.c.until_on > day(as_of))
    )


def late_charge(
    r: ColumnElement[int], den: ColumnElement[int] | int, joined: Sequence[sa.FromClause] = ()
) -> ColumnElement[int]:
    """Return the outstanding late charge of a state version in fen, exact for any day inside the version.

    accrued = anchor + principal * max(0, R - R(anchor) - held), rounded once, half up; then the cap, then what was
    paid and waived. See docs/decisions/0002. The common cases come first: no hold, no cap, nothing paid or waived.
    """
    c = bill_state.c
    part = db.least(r, bill_hold.c.r_to) - db.greatest(bill_hold.c.r_before, c.anchor_r)
    held = (
        sa.select(sa.cast(sa.func.coalesce(sa.func.sum(db.greatest(part, 0)), 0), sa.BigInteger))
        .where(bill_hold.c.bill_id == c.bill_id)
        .correlate(bill_state, *joined)
        .scalar_subquery()
    )
    since = sa.case((c.has_holds, db.greatest(r - c.anchor_r - held, 0)), (r > c.anchor_r, r - c.anchor_r), else_=0)
    accrued = db.half_up(c.anchor_num + c.principal_fen * since, den)
    is_plain = sa.and_(c.late_paid_fen + c.late_waived_fen == 0, c.cap_fen == NO_CAP)
    outstanding = db.greatest(db.least(accrued, c.cap_fen) - c.late_paid_fen - c.late_waived_fen, 0)
    return sa.case((is_plain, accrued), else_=outstanding)


def _charge_on(
    session: Session, as_of: dt.date, community_id: int | None = None
) -> tuple[ColumnElement[int], sa.Subquery | None]:
    """Return the late charge on a day, and what must be joined for it.

    For a few plans the rates stand in the statement as constants, which halves the time; for many they are joined.
    """
    rates = _rate_on(as_of)
    if community_id is not None:
        rates = rates.where(rate_plan.c.community_id == community_id)
    found = session.execute(rates.limit(FEW_PLANS + 1)).all()
    joined = rates.subquery("rate_on") if len(found) > FEW_PLANS or not found else None
    if joined is not None:
        charge = late_charge(joined.c.r, joined.c.den, [joined])
    else:
        constants = {(int(row.r), int(row.den)) for row in found}
        formula = {(r, den): late_charge(sa.literal(r, sa.BigInteger()), den) for r, den in constants}
        by_plan = {row.plan_id: formula[int(row.r), int(row.den)] for row in found}
        charge = next(iter(formula.values())) if len(formula) == 1 else sa.case(by_plan, value=bill_state.c.plan_id)
    return sa.case((bill_state.c.silent_until_on >= day(as_of), 0), else_=charge), joined


def figures(session: Session, as_of: dt.date, *narrow: ColumnElement[bool], overdue_only: bool = True) -> sa.Subquery:
    """Return one row for each open bill on ``as_of``, narrowed by conditions on ``bill_state``, as a subquery.

    Only the current versions are read, from one covering index, unless a version ended after ``as_of``.
    """
    charge, rates = _charge_on(session, as_of)
    c = bill_state.c
    query = sa.select(
        c.bill_id,
        c.unit_id,
        c.community_id,
        c.due_on,
        c.principal_fen,
        c.costs_fen,
        c.late_paid_fen,
        c.late_waived_fen,
        charge.label("late_charge_fen"),
    ).where(c.settled_on.is_(None), c.since_on <= day(as_of), *narrow)
    if rates is not None:
        query = query.join(rates, rates.c.plan_id == c.plan_id)
    if overdue_only:
        query = query.where(c.due_on < day(as_of))
    # Literals, so that both engines see that the partial indexes hold these rows.
    forever = sa.bindparam("forever", FOREVER, CivilDate(), literal_execute=True)
    current = query.where(c.until_on == forever)
    if not _ends_after(session, as_of):
        return current.subquery("owed")
    return sa.union_all(current, query.where(c.until_on < forever, c.until_on > day(as_of))).subquery("owed")


def owes_overdue(
    session: Session, *, as_of: dt.date, unit_id: ColumnElement[int], community_id: int
) -> ColumnElement[bool] | None:
    """Say of a unit of another statement that something overdue is outstanding; the first such bill ends the search.

    None when versions end after ``as_of``: then the current ones do not tell the whole.
    """
    charge, rates = _charge_on(session, as_of, community_id)
    forever = sa.bindparam("forever", FOREVER, CivilDate(), literal_execute=True)
    if _ends_after(session, as_of):
        return None
    c = bill_state.c
    owing = bill_state if rates is None else bill_state.join(rates, rates.c.plan_id == c.plan_id)
    query = (
        sa.select(sa.literal(1))
        .select_from(owing)
        .where(
            c.community_id == community_id,
            c.unit_id == unit_id,
            c.due_on < day(as_of),
            c.since_on <= day(as_of),
            c.settled_on.is_(None),
            c.until_on == forever,
            sa.or_(c.principal_fen > 0, c.costs_fen > 0, charge > 0),
        )
    )
    return sa.exists(query)


def _ends_after(session: Session, as_of: dt.date) -> bool:
    """Tell whether an open bill's version ended after ``as_of``."""
    forever = sa.bindparam("forever", FOREVER, CivilDate(), literal_execute=True)
    past = sa.and_(bill_state.c.settled_on.is_(None), bill_state.c.until_on < forever)
    newest = session.execute(
        sa.select(bill_state.c.until_on).where(past).order_by(bill_state.c.until_on.desc()).limit(1)
    ).scalar()
    return newest is not None and newest > as_of


def is_owed(f: sa.Subquery) -> ColumnElement[bool]:
    """Say that something of a bill is outstanding; the late charge is looked at last, since it costs the most."""
    return sa.or_(f.c.principal_fen > 0, f.c.costs_fen > 0, f.c.late_charge_fen > 0)
