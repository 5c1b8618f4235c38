"""What a decision on a waiver rests on: how this unit paid, like cases, the year's budget, and what was given away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.calendar import add_months
from app.store import db
from app.store.arrears import day
from app.store.tables import adjustment, bill, bill_state, payment, reversal, unit
from app.store.tables_estate import hold_case
from app.store.tables_office import app_user, waiver_request
from app.store.tables_procedure import waiver_budget, waiver_message

Row = Any
"""A row, read by attribute."""
Select = Any
"""A statement, whatever its columns."""
GIVEN = ("approved", "met")
DECIDED = ("approved", "met", "lapsed", "undone", "refused")
BANDS_FEN = (0, 10_000, 50_000, 200_000, 500_000)
"""Where the bands of amounts begin within which cases are alike."""
LIKE_CASES = 8


# --- the unit ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class History:
    """How a unit paid and what it was forgiven, up to a day."""

    bills_due: int
    on_time: int
    overdue_now: int
    late: int
    payments: tuple[Row, ...]
    waivers: tuple[Row, ...]
    disputes: int
    hardships: int


def history(session: Session, *, unit_id: int, as_of: dt.date) -> History:
    """Return the facts beside a request; facts for a person to judge, no label."""
    due, on_time, still_open = session.execute(_punctuality(unit_id, as_of)).one()
    undone = sa.and_(reversal.c.target_kind == "payment", reversal.c.target_id == payment.c.id)
    payments = session.execute(
        sa.select(payment.c.received_on, payment.c.amount_fen, payment.c.method)
        .outerjoin(reversal, undone)
        .where(payment.c.unit_id == unit_id, payment.c.received_on <= day(as_of), reversal.c.id.is_(None))
        .order_by(payment.c.received_on.desc(), payment.c.id.desc())
        .limit(3)
    ).all()
    earlier = session.execute(
        _named()
        .where(
            waiver_request.c.unit_id == unit_id,
            waiver_request.c.state.in_(DECIDED),
            waiver_request.c.value_on > day(add_months(as_of, -24)),
        )
        .order_by(waiver_request.c.id.desc())
    ).all()
    is_objection = sa.func.coalesce(hold_case.c.is_objection, adjustment.c.reason == "dispute")
    held = sa.and_(reversal.c.target_kind == "adjustment", reversal.c.target_id == adjustment.c.id)
    disputes, hardships = session.execute(
        sa.select(
            sa.func.coalesce(sa.func.sum(sa.case((is_objection, 1), else_=0)), 0),
            sa.func.coalesce(sa.func.sum(sa.case((adjustment.c.reason == "hardship_review", 1), else_=0)), 0),
        )
        .select_from(adjustment)
        .outerjoin(reversal, held)
        .outerjoin(hold_case, hold_case.c.adjustment_id == adjustment.c.id)
        .where(
            adjustment.c.unit_id == unit_id,
            adjustment.c.kind == "hold",
            adjustment.c.value_on <= day(as_of),
            adjustment.c.until_on >= day(as_of),
            reversal.c.id.is_(None),
        )
    ).one()
    return History(
        bills_due=int(due or 0),
        on_time=int(on_time or 0),
        overdue_now=int(still_open or 0),
        late=int(due or 0) - int(on_time or 0) - int(still_open or 0),
        payments=tuple(payments),
        waivers=tuple(earlier),
        disputes=int(disputes),
        hardships=int(hardships),
    )


def _punctuality(unit_id: int, as_of: dt.date) -> Select:
    """Return (bills due, principal cleared by the due day, still open) of a unit."""
    cleared = (
        sa.select(bill_state.c.bill_id, sa.func.min(bill_state.c.since_on).label("cleared_on"))
        .where(bill_state.c.unit_id == unit_id, bill_state.c.principal_fen == 0)
        .group_by(bill_state.c.bill_id)
        .subquery("cleared")
    )
    on_time = sa.case((cleared.c.cleared_on <= bill.c.due_on, 1), else_=0)
    still_open = sa.case((cleared.c.cleared_on.is_(None), 1), else_=0)
    return (
        sa.select(sa.func.count(), sa.func.sum(on_time), sa.func.sum(still_open))
        .select_from(bill.outerjoin(cleared, cleared.c.bill_id == bill.c.id))
        .where(bill.c.unit_id == unit_id, bill.c.due_on < day(as_of))
    )


# --- like cases -------------------------------------------------------------------------------------


def band(amount_fen: int) -> tuple[int, int | None]:
    """Return the band an amount falls into: from, inclusive, and up to, exclusive (None for the last)."""
    place = max(index for index, start in enumerate(BANDS_FEN) if amount_fen >= start)
    return BANDS_FEN[place], BANDS_FEN[place + 1] if place + 1 < len(BANDS_FEN) else None


def like_cases(session: Session, row: Mapping[str, Any]) -> list[Row]:
    """Return how requests like this one were decided: same community, kind, reason and band of amount, newest first."""
    lowest, highest = band(row["effect_fen"])
    query = _named().where(
        waiver_request.c.community_id == row["community_id"],
        waiver_request.c.kind == row["kind"],
        waiver_request.c.reason_code == row["reason_code"],
        waiver_request.c.state.in_(DECIDED),
        waiver_request.c.id != row["id"],
        waiver_request.c.effect_fen >= lowest,
    )
    if highest is not None:
        query = query.where(waiver_request.c.effect_fen < highest)
    return list(session.execute(query.order_by(waiver_request.c.decided_at.desc()).limit(LIKE_CASES)))


# --- the budget -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Budget:
    """A community's year: what may be given away (None: nobody set it), what was, and what is asked for."""

    year: int
    amount_fen: int | None
    used_fen: int
    pending_fen: int
    set_by: str = ""
    set_at: dt.datetime | None = None
    note: str = ""

    @property
    def left_fen(self) -> int | None:
        """What is left, less than nothing where more was given."""
        return None if self.amount_fen is None else self.amount_fen - self.used_fen

    @property
    def used_percent(self) -> int:
        """How much of it is used, in whole per cent."""
        return self.used_fen * 100 // self.amount_fen if self.amount_fen else (100 if self.used_fen else 0)

    @property
    def is_tight(self) -> bool:
        """Tell whether four fifths are gone."""
        return self.amount_fen is not None and self.used_fen * 5 >= self.amount_fen * 4


def budget(session: Session, *, community_id: int, year: int, lock: bool = False) -> Budget:
    """Return the year's budget as it was set last, with what counts against it; ``lock`` lets one decide at a time."""
    query = (
        sa.select(waiver_budget)
        .where(waiver_budget.c.community_id == community_id, waiver_budget.c.year == year)
        .order_by(waiver_budget.c.id.desc())
        .limit(1)
    )
    row = session.execute(db.lock_row(session, query) if lock else query).one_or_none()
    first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
    in_year = sa.and_(waiver_request.c.value_on >= day(first), waiver_request.c.value_on <= day(last))

    # Until a condition is met nobody knows what it will forgive: so much of the budget as it can come to is spoken for.
    is_promise = sa.and_(waiver_request.c.kind == "conditional_waiver", waiver_request.c.state != "met")
    counts = sa.case((is_promise, waiver_request.c.most_fen), else_=waiver_request.c.effect_fen)

    def total(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        asked = sa.case((condition, counts), else_=0)
        return sa.cast(sa.func.coalesce(sa.func.sum(asked), 0), sa.BigInteger)

    used, pending = session.execute(
        sa.select(
            total(sa.and_(waiver_request.c.state.in_(GIVEN), in_year)), total(waiver_request.c.state == "requested")
        ).where(waiver_request.c.community_id == community_id)
    ).one()
    if row is None:
        return Budget(year, None, int(used), int(pending))
    name = session.execute(sa.select(app_user.c.name).where(app_user.c.id == row.set_by)).scalar_one_or_none()
    return Budget(year, row.amount_fen, int(used), int(pending), name or "", row.set_at, row.note)


def budget_history(session: Session, community_id: int) -> list[Row]:
    """Return every budget a community ever set, newest first."""
    return list(
        session.execute(
            sa.select(waiver_budget, app_user.c.name.label("set_by_name"))
            .outerjoin(app_user, app_user.c.id == waiver_budget.c.set_by)
            .where(waiver_budget.c.community_id == community_id)
            .order_by(waiver_budget.c.id.desc())
            .limit(50)
        )
    )


def set_budget(session: Session, row: Mapping[str, Any]) -> None:
    """Write a budget; the one before stays as it was."""
    db.check_text(waiver_budget, row)
    session.execute(sa.insert(waiver_budget).values(**row))


# --- questions --------------------------------------------------------------------------------------


def messages(session: Session, request_id: int) -> list[Row]:
    """Return what was asked back and answered, in order."""
    return list(
        session.execute(
            sa.select(waiver_message, app_user.c.name)
            .outerjoin(app_user, app_user.c.id == waiver_message.c.written_by)
            .where(waiver_message.c.request_id == request_id)
            .order_by(waiver_message.c.id)
        )
    )


def is_asked(session: Session, request_id: int) -> bool:
    """Tell whether a question waits for its answer."""
    query = sa.select(waiver_message.c.kind).where(waiver_message.c.request_id == request_id)
    return session.execute(query.order_by(waiver_message.c.id.desc()).limit(1)).scalar_one_or_none() == "question"


def say(session: Session, row: Mapping[str, Any]) -> None:
    """Write a question or an answer."""
    session.execute(sa.insert(waiver_message).values(**row))


# --- the queue and the report -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What narrows the queue; an empty field does not."""

    community_ids: Sequence[int]
    state: str = "requested"
    kind: str = ""
    reason: str = ""
    search: str = ""
    unit_id: int | None = None
    requested_by: int | None = None


def queue(session: Session, wanted: QueueFilter, *, limit: int, offset: int = 0) -> list[Row]:
    """Return requests, those that wait the longest first, decided ones newest first; and whether a question is open."""
    last = (
        sa.select(waiver_message.c.kind)
        .where(waiver_message.c.request_id == waiver_request.c.id)
        .order_by(waiver_message.c.id.desc())
        .limit(1)
        .correlate(waiver_request)
        .scalar_subquery()
    )
    query = _narrow(_named().add_columns(last.label("last_said")), wanted)
    order = waiver_request.c.id if wanted.state == "requested" else waiver_request.c.id.desc()
    return list(session.execute(query.order_by(order).limit(limit).offset(offset)))


def queue_totals(session: Session, wanted: QueueFilter) -> tuple[int, int]:
    """Return how many requests the filter finds, and what they would give or gave away."""
    total = sa.cast(sa.func.coalesce(sa.func.sum(waiver_request.c.effect_fen), 0), sa.BigInteger)
    base = sa.select(sa.func.count(), total).join(unit, unit.c.id == waiver_request.c.unit_id)
    count, fen = session.execute(_narrow(base, wanted)).one()
    return int(count), int(fen)


def given(session: Session, *, community_id: int, first_on: dt.date, last_on: dt.date) -> list[Row]:
    """Return what was given away between two days, both included, oldest first; what lapsed or was undone is not."""
    return list(
        session.execute(
            _named()
            .where(
                waiver_request.c.community_id == community_id,
                waiver_request.c.state.in_(GIVEN),
                waiver_request.c.value_on >= day(first_on),
                waiver_request.c.value_on <= day(last_on),
            )
            .order_by(waiver_request.c.value_on, waiver_request.c.id)
        )
    )


def _narrow(query: Select, wanted: QueueFilter) -> Select:
    query = query.where(waiver_request.c.community_id.in_(list(wanted.community_ids)))
    if wanted.state:
        query = query.where(waiver_request.c.state == wanted.state)
    if wanted.kind:
        query = query.where(waiver_request.c.kind == wanted.kind)
    if wanted.reason:
        query = query.where(waiver_request.c.reason_code == wanted.reason)
    if wanted.unit_id is not None:
        query = query.where(waiver_request.c.unit_id == wanted.unit_id)
    if wanted.requested_by is not None:
        query = query.where(waiver_request.c.requested_by == wanted.requested_by)
    for word in wanted.search.lower().split():
        query = query.where(unit.c.search_key.contains(word, autoescape=True))
    return query


def _named() -> Select:
    asked, decided = app_user.alias("asked"), app_user.alias("decided")
    return (
        sa.select(
            waiver_request,
            unit.c.label,
            unit.c.building,
            asked.c.name.label("requested_by_name"),
            decided.c.name.label("decided_by_name"),
        )
        .join(unit, unit.c.id == waiver_request.c.unit_id)
        .outerjoin(asked, asked.c.id == waiver_request.c.requested_by)
        .outerjoin(decided, decided.c.id == waiver_request.c.decided_by)
    )
