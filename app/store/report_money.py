"""Money behind the reports: receipts by day, method and cashier, what was given away, and what notices brought."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import Session

from app.domain.limitation import Clock
from app.domain.reporting import EFFECT_DAYS
from app.store import arrears, calendars, clock_facts, clocks
from app.store.arrears import day, days_between
from app.store.clock_facts import Story
from app.store.report_reads import EVER, Scope, looked_after, narrowed
from app.store.tables import adjustment, allocation, bill, bill_state, fee_item, payment, reversal, unit
from app.store.tables_claims import bill_clock
from app.store.tables_office import app_user, notice, notice_bill, waiver_request
from app.store.tables_reports import steward

CHINA = dt.timedelta(hours=8)
"""Civil dates are those of Shanghai, which has known no summer time since 1991."""


@dataclass(frozen=True, slots=True)
class Receipts:
    """What came in and was taken back on one day, by one method, at one cashier."""

    on: dt.date
    method: str
    cashier_id: int | None
    cashier: str
    count: int
    in_fen: int
    back_count: int
    back_fen: int

    @property
    def net_fen(self) -> int:
        """What stays."""
        return self.in_fen - self.back_fen


def receipts(session: Session, *, community_id: int, from_on: dt.date, to_on: dt.date) -> list[Receipts]:
    """Return the money of closed dates in day order; a reversal counts on its own day, so that a past day stands."""
    came = _by_day(community_id, payment.c.received_on, from_on, to_on)
    gone = _by_day(community_id, reversal.c.value_on, from_on, to_on).join(reversal, _takes_back())
    found: defaultdict[tuple[dt.date, str, int | None], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    names: dict[int | None, str] = {None: ""}
    for place, query in enumerate((came, gone)):
        for row in session.execute(query):
            sums = found[row.on, row.method, row.recorded_by]
            sums[2 * place], sums[2 * place + 1] = int(row.times), int(row.fen)
            names[row.recorded_by] = row.name or ""
    return [
        Receipts(on, method, who, names[who], *found[on, method, who])
        for on, method, who in sorted(found, key=lambda key: (key[0], key[1], key[2] or 0))
    ]


def _by_day(community_id: int, on: ColumnElement[Any], from_on: dt.date, to_on: dt.date) -> Select[Any]:
    return (
        sa.select(
            on.label("on"),
            payment.c.method,
            payment.c.recorded_by,
            app_user.c.name,
            sa.func.count().label("times"),
            sa.cast(sa.func.sum(payment.c.amount_fen), sa.BigInteger).label("fen"),
        )
        .select_from(payment)
        .outerjoin(app_user, app_user.c.id == payment.c.recorded_by)
        .where(payment.c.community_id == community_id, on >= day(from_on), on <= day(to_on))
        .group_by(on, payment.c.method, payment.c.recorded_by, app_user.c.name)
    )


def _takes_back() -> ColumnElement[bool]:
    return sa.and_(reversal.c.target_kind == "payment", reversal.c.target_id == payment.c.id)


def in_hand(session: Session, scope: Scope, *, on: dt.date) -> dict[str, int]:
    """Return the money of each building received by the end of ``on`` and not taken back by then, in fen."""
    gone = sa.exists().where(_takes_back(), reversal.c.value_on <= day(on))
    query = (
        sa.select(unit.c.building, sa.cast(sa.func.sum(payment.c.amount_fen), sa.BigInteger))
        .join(unit, unit.c.id == payment.c.unit_id)
        .where(payment.c.community_id == scope.community_id, payment.c.received_on <= day(on), ~gone)
        .group_by(unit.c.building)
    )
    if scope.building:
        query = query.where(unit.c.building == scope.building)
    return {building: int(fen) for building, fen in session.execute(query)}


def monthly(session: Session, *, community_id: int, months: Sequence[tuple[dt.date, dt.date]]) -> list[int]:
    """Return what came in, less what was taken back, in each of some months, in two statements."""
    came = _in_months(payment.c.received_on, months).where(payment.c.community_id == community_id)
    gone = _in_months(reversal.c.value_on, months).join(reversal, _takes_back())
    gone = gone.where(payment.c.community_id == community_id)
    ins, outs = session.execute(came).one(), session.execute(gone).one()
    return [int(one or 0) - int(other or 0) for one, other in zip(ins, outs, strict=True)]


def _in_months(on: ColumnElement[Any], months: Sequence[tuple[dt.date, dt.date]]) -> Select[Any]:
    sums = [
        sa.func.sum(payment.c.amount_fen).filter(on >= day(first), on <= day(last)).label(f"m{place}")
        for place, (first, last) in enumerate(months)
    ]
    return sa.select(*sums).select_from(payment).where(on >= day(months[0][0]), on <= day(months[-1][1]))


# --- what was given away ----------------------------------------------------------------------------


@dataclass(slots=True)
class Given:
    """What one decision gave, as it took effect in the period; without a request it is '' and 0."""

    kind: str
    reason: str
    decider: str
    request_id: int = 0
    unit: str = ""
    unit_id: int = 0
    fen: int = 0
    days: list[dt.date] = field(default_factory=list)


def given(session: Session, scope: Scope, *, from_on: dt.date, to_on: dt.date) -> list[Given]:
    """Return the discounts and waivers that took effect on closed dates, a row for each decision."""
    decisions = _decisions(session, scope)
    rows = [*_discounted(decisions, from_on, to_on), *_waived(session, scope, decisions, from_on, to_on)]
    return [row for row in rows if row.fen]


def _decisions(session: Session, scope: Scope) -> list[dict[str, Any]]:
    undone = sa.and_(reversal.c.target_kind == "adjustment", reversal.c.target_id == adjustment.c.id)
    query = (
        sa.select(
            adjustment.c.id,
            adjustment.c.unit_id,
            adjustment.c.kind,
            adjustment.c.value_on,
            adjustment.c.bill_ids,
            adjustment.c.amount_fen,
            adjustment.c.request_id,
            adjustment.c.reason,
            reversal.c.value_on.label("undone_on"),
            waiver_request.c.reason_code,
            app_user.c.name.label("decider"),
            unit.c.label,
        )
        .join(unit, unit.c.id == adjustment.c.unit_id)
        .outerjoin(reversal, undone)
        .outerjoin(waiver_request, waiver_request.c.id == adjustment.c.request_id)
        .outerjoin(app_user, app_user.c.id == waiver_request.c.decided_by)
        .where(unit.c.community_id == scope.community_id, adjustment.c.kind != "hold")
        .order_by(adjustment.c.id)
    )
    if scope.building:
        query = query.where(unit.c.building == scope.building)
    rows = [dict(row) for row in session.execute(query).mappings()]
    return [{**row, "bills": frozenset(json.loads(row["bill_ids"]))} for row in rows]


def _row(decision: dict[str, Any]) -> Given:
    reason = decision["reason_code"] or ""
    made = Given(decision["kind"], reason, decision["decider"] or "", decision["request_id"] or 0)
    made.unit, made.unit_id = decision["label"], decision["unit_id"]
    return made


def _discounted(decisions: Sequence[dict[str, Any]], from_on: dt.date, to_on: dt.date) -> list[Given]:
    rows = []
    for decision in decisions:
        if decision["kind"] != "discount":
            continue
        row = _row(decision)
        if from_on <= decision["value_on"] <= to_on:
            row.fen += decision["amount_fen"]
        if decision["undone_on"] is not None and from_on <= decision["undone_on"] <= to_on:
            row.fen -= decision["amount_fen"]
        rows.append(row)
    return rows


def _waived(
    session: Session, scope: Scope, decisions: Sequence[dict[str, Any]], from_on: dt.date, to_on: dt.date
) -> list[Given]:
    """Return the late charge forgiven, told by the steps of the bills' own state, so that it ties to the ledger."""
    after, before = bill_state, bill_state.alias("before")
    step = after.c.late_waived_fen - sa.func.coalesce(before.c.late_waived_fen, 0)
    query = (
        sa.select(after.c.bill_id, after.c.unit_id, after.c.since_on, step.label("fen"), unit.c.label)
        .join(unit, unit.c.id == after.c.unit_id)
        .outerjoin(before, sa.and_(before.c.bill_id == after.c.bill_id, before.c.until_on == after.c.since_on))
        .where(
            after.c.community_id == scope.community_id,
            after.c.since_on >= day(from_on),
            after.c.since_on <= day(to_on),
            step != 0,
        )
        .order_by(after.c.bill_id, after.c.since_on)
    )
    if scope.building:
        query = query.where(unit.c.building == scope.building)
    by_bill: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for decision in decisions:
        for bill_id in decision["bills"] if decision["kind"] != "discount" else ():
            by_bill[bill_id].append(decision)
    rows: dict[int, Given] = {}
    for found in session.execute(query):
        behind = _responsible(by_bill.get(found.bill_id, ()), found.since_on)
        key = behind["id"] if behind else -found.bill_id
        row = rows.setdefault(key, _row(behind) if behind else Given("correction", "", "", unit=found.label))
        row.unit_id = found.unit_id
        row.fen += int(found.fen)
    return list(rows.values())


def _responsible(own: Sequence[dict[str, Any]], on: dt.date) -> dict[str, Any] | None:
    """Return the decision on a bill behind a step of its waived late charge: that of the day, else a pending one."""
    of_the_day = [d for d in own if on in {d["value_on"], d["undone_on"]}]
    pending = [d for d in own if d["kind"] == "conditional_waiver" and d["value_on"] <= on]
    return next(iter([*of_the_day, *pending]), None)


# --- what notices brought ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Effect:
    """What the notices of one level brought within thirty days of their date."""

    level: int
    notices: int
    waiting: int
    asked_fen: int
    paying: int
    paid_fen: int


def effects(session: Session, scope: Scope, *, from_on: dt.date, to_on: dt.date, as_of: dt.date) -> list[Effect]:
    """Return, level by level, the notices dated in the period and what was paid on the bills they list."""
    paid = (
        sa.select(notice_bill.c.notice_id, sa.func.sum(allocation.c.amount_fen).label("fen"))
        .join(notice, notice.c.id == notice_bill.c.notice_id)
        .join(
            allocation,
            sa.and_(allocation.c.unit_id == notice.c.unit_id, allocation.c.bill_id == notice_bill.c.bill_id),
        )
        .where(
            notice.c.community_id == scope.community_id,
            allocation.c.component != "costs",
            allocation.c.value_on > notice.c.as_of,
            allocation.c.value_on <= day(as_of),
            days_between(allocation.c.value_on, notice.c.as_of) <= EFFECT_DAYS,
        )
        .group_by(notice_bill.c.notice_id)
        .subquery("paid")
    )
    got = sa.func.coalesce(paid.c.fen, 0)
    young = notice.c.as_of > day(as_of - dt.timedelta(days=EFFECT_DAYS))
    query = (
        sa.select(
            notice.c.level,
            sa.func.count(),
            sa.func.count().filter(young),
            sa.cast(sa.func.sum(notice.c.principal_fen + notice.c.late_charge_fen), sa.BigInteger),
            sa.func.count().filter(got > 0),
            sa.cast(sa.func.sum(got), sa.BigInteger),
        )
        .join(unit, unit.c.id == notice.c.unit_id)
        .outerjoin(paid, paid.c.notice_id == notice.c.id)
        .where(
            notice.c.community_id == scope.community_id,
            notice.c.as_of >= day(from_on),
            notice.c.as_of <= day(min(to_on, as_of)),
        )
        .group_by(notice.c.level)
        .order_by(notice.c.level)
    )
    if scope.building:
        query = query.where(unit.c.building == scope.building)
    return [Effect(*(int(value) for value in row)) for row in session.execute(query)]


# --- the limitation clock ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Limited:
    """One open bill and the clock of its limitation."""

    bill_id: int
    unit_id: int
    label: str
    building: str
    steward: str
    item: str
    due_on: dt.date
    period_from_on: dt.date
    period_to_on: dt.date
    principal_fen: int
    late_fen: int
    interrupted_on: dt.date | None
    clock: Clock


def limited(session: Session, scope: Scope, *, as_of: dt.date, days: int, older: bool = False) -> list[Limited]:
    """Return the open bills to act on within ``days`` of ``as_of``, or (``older``) those whose day is past.

    Their clocks are the remembered ones; only what happened to a bill after ``as_of`` is taken off again by the engine.
    """
    f = arrears.figures(session, as_of, bill_state.c.community_id == scope.community_id)
    last, act_by_on = as_of + dt.timedelta(days=days), clocks.act_by(f.c.due_on)
    is_wanted = act_by_on < day(as_of) if older else act_by_on.between(day(as_of), day(last))
    later = sa.or_(
        bill_clock.c.last_on > day(as_of),
        bill_clock.c.base_on > day(as_of),
        sa.and_(bill_clock.c.bill_id.is_not(None), bill_clock.c.act_by_on.is_(None)),
    )
    query = (
        sa.select(
            f.c.bill_id, f.c.unit_id, f.c.due_on, f.c.principal_fen, f.c.late_charge_fen, unit.c.label,
            unit.c.building, app_user.c.name.label("steward"), fee_item.c.name.label("item"),
            bill.c.period_from_on, bill.c.period_to_on, act_by_on.label("act_by_on"), bill_clock.c.last_on,
            sa.func.coalesce(later, sa.false()).label("is_later"),
        )
        .select_from(
            f.join(bill, bill.c.id == f.c.bill_id)
            .join(unit, unit.c.id == f.c.unit_id)
            .join(fee_item, fee_item.c.id == bill.c.fee_item_id)
            .outerjoin(bill_clock, bill_clock.c.bill_id == f.c.bill_id)
            .outerjoin(steward, looked_after())
            .outerjoin(app_user, app_user.c.id == steward.c.user_id)
        )
        .where(f.c.principal_fen > 0, sa.or_(is_wanted, later), *narrowed(scope, EVER, f.c.due_on))
    )  # fmt: skip
    found = session.execute(query).all()
    told = {row.bill_id: (row.act_by_on, row.last_on) for row in found} | _then(session, found, as_of)
    calendar, rows = calendars.load(session), []
    for row in found:
        act_by, interrupted_on = told[row.bill_id]
        if act_by is None or act_by > last or (act_by < as_of) is not older:
            continue
        rolled, known = calendar.roll(act_by)
        rows.append(
            Limited(
                row.bill_id, row.unit_id, row.label, row.building, row.steward or "", row.item, row.due_on,
                row.period_from_on, row.period_to_on, int(row.principal_fen), int(row.late_charge_fen),
                interrupted_on, Clock(act_by, rolled if known else None, rolled),
            )
        )  # fmt: skip
    return sorted(rows, key=lambda one: (one.clock.last_on, one.label, one.bill_id))


def _then(session: Session, found: Sequence[Any], as_of: dt.date) -> dict[int, tuple[dt.date | None, dt.date | None]]:
    """Return (last day, last interruption) of the bills something happened to after ``as_of``, as it was then."""
    later = [row for row in found if row.is_later]
    if not later:
        return {}
    calendar, told = calendars.load(session), {}
    for start in range(0, len(later), clocks.CHUNK):
        part = later[start : start + clocks.CHUNK]
        stories = clock_facts.stories(session, [row.bill_id for row in part])
        for row in part:
            traced, last, _ = clocks.traced(row.due_on, stories.get(row.bill_id, Story()), calendar, as_of)
            told[row.bill_id] = (traced.clock.act_by_on, last.on if last else None)
    return told
