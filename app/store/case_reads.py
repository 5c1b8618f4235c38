"""Lists over cases: which there are, what falls due next, what was paid after filing, what they cost and brought."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.cases import PENDING, PREPARING, Stage
from app.store.cases import held_by
from app.store.figures import day
from app.store.tables import allocation, payment, unit
from app.store.tables_cases import (
    case_bill,
    case_cost,
    case_counsel,
    case_date,
    case_file,
    case_judgment,
    case_party,
    court_case,
)
from app.store.tables_office import app_user, user_community

Row = Mapping[str, Any]
SOON = dt.timedelta(days=7)
STATES = ("open", "preparing", "pending", "after", "closed", "all")


@dataclass(frozen=True, slots=True)
class Filter:
    """What narrows a list; ``held_by_id`` leaves only what that lawyer holds on ``today``."""

    community_ids: Sequence[int]
    today: dt.date
    state: str = "open"
    path: str = ""
    search: str = ""
    held_by_id: int | None = None


def listing(session: Session, wanted: Filter, *, limit: int, offset: int) -> list[Row]:
    """Return one page of cases with the next day of each, what falls due first on top."""
    next_on = (
        sa.select(sa.func.min(case_date.c.due_on))
        .where(case_date.c.case_id == court_case.c.id, *_open_dates())
        .scalar_subquery()
    )
    query = (
        sa.select(court_case, unit.c.label, next_on.label("next_on"))
        .join(unit, unit.c.id == court_case.c.unit_id)
        .where(*_wanted(wanted))
        .order_by(next_on.is_(None), next_on, court_case.c.id.desc())
    )
    return _rows(session, query.limit(limit).offset(offset))


def totals(session: Session, wanted: Filter) -> Row:
    """Return how many cases the filter finds and what is claimed in them."""
    query = (
        sa.select(
            sa.func.count().label("cases"),
            _sum(court_case.c.principal_fen).label("principal_fen"),
            _sum(court_case.c.late_charge_fen).label("late_charge_fen"),
        )
        .select_from(court_case.join(unit, unit.c.id == court_case.c.unit_id))
        .where(*_wanted(wanted))
    )
    return dict(session.execute(query).mappings().one())


def counts(session: Session, wanted: Filter) -> dict[str, int]:
    """Return how many cases stand in each stage, within reach and whatever the filter's state."""
    within = Filter(wanted.community_ids, wanted.today, "all", held_by_id=wanted.held_by_id)
    query = (
        sa.select(court_case.c.stage, sa.func.count().label("number"))
        .select_from(court_case.join(unit, unit.c.id == court_case.c.unit_id))
        .where(*_wanted(within))
        .group_by(court_case.c.stage)
    )
    return {row.stage: row.number for row in session.execute(query)}


def agenda(session: Session, wanted: Filter, *, until_on: dt.date | None = None, limit: int = 200) -> list[Row]:
    """Return the open days of the cases within reach, the earliest first."""
    query = (
        sa.select(
            case_date,
            court_case.c.number,
            court_case.c.path,
            court_case.c.stage,
            court_case.c.court,
            court_case.c.court_no,
            unit.c.label,
        )
        .join(court_case, court_case.c.id == case_date.c.case_id)
        .join(unit, unit.c.id == court_case.c.unit_id)
        .where(*_wanted(wanted), *_open_dates())
        .order_by(case_date.c.due_on, case_date.c.clock_time, case_date.c.id)
    )
    if until_on is not None:
        query = query.where(case_date.c.due_on <= day(until_on))
    return _rows(session, query.limit(limit))


def count_due(session: Session, *, community_ids: Sequence[int], today: dt.date, held_by_id: int | None = None) -> int:
    """Return how many days fall due within a week, or are past: the desk leads there."""
    wanted = Filter(community_ids, today, "all", held_by_id=held_by_id)
    query = (
        sa.select(sa.func.count())
        .select_from(case_date.join(court_case, court_case.c.id == case_date.c.case_id))
        .join(unit, unit.c.id == court_case.c.unit_id)
        .where(*_wanted(wanted), *_open_dates(), case_date.c.due_on <= day(today + SOON))
    )
    return int(session.execute(query).scalar_one())


def paid_since(session: Session, case_id: int, *, since: dt.date) -> list[Row]:
    """Return what the ledger allocated to the bills of a case after a day: by payment, its day and component."""
    amount = _sum(allocation.c.amount_fen)
    query = (
        sa.select(
            allocation.c.payment_id,
            allocation.c.value_on,
            allocation.c.component,
            payment.c.method,
            amount.label("amount_fen"),
        )
        .join(case_bill, case_bill.c.bill_id == allocation.c.bill_id)
        .join(payment, payment.c.id == allocation.c.payment_id)
        .where(case_bill.c.case_id == case_id, allocation.c.value_on > day(since))
        .group_by(allocation.c.payment_id, allocation.c.value_on, allocation.c.component, payment.c.method)
        .having(amount != 0)
        .order_by(allocation.c.value_on, allocation.c.payment_id, allocation.c.component.desc())
    )
    return _rows(session, query)


def lawyers(session: Session, *, community_id: int) -> list[Row]:
    """Return the lawyers who may be given cases of a community."""
    sees = sa.select(user_community.c.user_id).where(user_community.c.community_id == community_id)
    query = (
        sa.select(app_user.c.id, app_user.c.name)
        .where(
            app_user.c.role == "lawyer",
            app_user.c.is_active,
            sa.or_(app_user.c.all_communities, app_user.c.id.in_(sees)),
        )
        .order_by(app_user.c.name)
    )
    return _rows(session, query)


def report(session: Session, wanted: Filter, *, from_on: dt.date, to_on: dt.date) -> list[Row]:
    """Return each case opened in a period: claimed, awarded, collected, cost and days, in one statement."""
    latest = (
        sa.select(sa.func.max(case_judgment.c.id))
        .where(case_judgment.c.case_id == court_case.c.id)
        .correlate(court_case)
        .scalar_subquery()
    )
    awarded = (
        sa.select(case_judgment.c.principal_fen + case_judgment.c.late_charge_fen + case_judgment.c.costs_fen)
        .where(case_judgment.c.id == latest)
        .correlate(court_case)
        .scalar_subquery()
    )
    collected = (
        sa.select(_sum(allocation.c.amount_fen))
        .join(case_bill, case_bill.c.bill_id == allocation.c.bill_id)
        .where(case_bill.c.case_id == court_case.c.id, allocation.c.value_on > court_case.c.as_of)
        .correlate(court_case)
        .scalar_subquery()
    )
    cost = (
        sa.select(_sum(case_cost.c.amount_fen))
        .where(case_cost.c.case_id == court_case.c.id)
        .correlate(court_case)
        .scalar_subquery()
    )
    query = (
        sa.select(
            court_case,
            unit.c.label,
            awarded.label("awarded_fen"),
            collected.label("collected_fen"),
            cost.label("cost_fen"),
        )
        .join(unit, unit.c.id == court_case.c.unit_id)
        .where(*_wanted(wanted), court_case.c.opened_on >= day(from_on), court_case.c.opened_on <= day(to_on))
        .order_by(court_case.c.opened_on, court_case.c.id)
    )
    return _rows(session, query)


def file_counts(session: Session, case_ids: Sequence[int]) -> dict[int, int]:
    """Return how many papers each case has."""
    query = (
        sa.select(case_file.c.case_id, sa.func.count().label("number"))
        .where(case_file.c.case_id.in_(list(case_ids)))
        .group_by(case_file.c.case_id)
    )
    return {row.case_id: row.number for row in session.execute(query)}


def defendants(session: Session, case_ids: Sequence[int]) -> dict[int, list[str]]:
    """Return the full names of the defendants of cases; whoever shows them masks them."""
    query = (
        sa.select(case_party.c.case_id, case_party.c.name)
        .where(
            case_party.c.case_id.in_(list(case_ids)),
            case_party.c.role == "defendant",
            case_party.c.removed_at.is_(None),
        )
        .order_by(case_party.c.id)
    )
    found: dict[int, list[str]] = {number: [] for number in case_ids}
    for row in session.execute(query):
        found[row.case_id].append(row.name)
    return found


# --- private ----------------------------------------------------------------------------------------


def _open_dates() -> list[sa.ColumnElement[bool]]:
    return [case_date.c.done_at.is_(None), case_date.c.cancelled_at.is_(None)]


def _wanted(wanted: Filter) -> list[sa.ColumnElement[bool]]:
    narrow: list[sa.ColumnElement[bool]] = [court_case.c.community_id.in_(list(wanted.community_ids))]
    match wanted.state:
        case "open":
            narrow.append(court_case.c.stage != Stage.CLOSED.value)
        case "preparing":
            narrow.append(court_case.c.stage.in_([one.value for one in PREPARING]))
        case "pending":
            narrow.append(court_case.c.stage.in_([one.value for one in PENDING]))
        case "after":
            narrow.append(court_case.c.stage.in_([Stage.EFFECTIVE.value, Stage.ENFORCEMENT.value]))
        case "closed":
            narrow.append(court_case.c.stage == Stage.CLOSED.value)
        case _:
            pass
    if wanted.path:
        narrow.append(court_case.c.path == wanted.path)
    if wanted.search:
        text = wanted.search
        narrow.append(
            sa.or_(
                court_case.c.number.contains(text.upper(), autoescape=True),
                court_case.c.court_no.contains(text, autoescape=True),
                unit.c.label.contains(text, autoescape=True),
                unit.c.code.contains(text, autoescape=True),
            )
        )
    if wanted.held_by_id is not None:
        mine = sa.select(case_counsel.c.case_id).where(*held_by(wanted.held_by_id, wanted.today))
        narrow.append(court_case.c.id.in_(mine))
    return narrow


def _sum(column: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    return sa.cast(sa.func.coalesce(sa.func.sum(column), 0), sa.BigInteger)


def _rows(session: Session, query: sa.Select[Any]) -> list[Row]:
    return [dict(row) for row in session.execute(query).mappings()]
