"""The figures behind the reports: where bills stood on a day and who had paid, each in a fixed number of statements."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, FromClause, Select
from sqlalchemy.orm import Session

from app.domain.reporting import Households, Standing
from app.store import arrears, db
from app.store.arrears import day
from app.store.tables import adjustment, allocation, bill, bill_state, fee_item, reversal, unit
from app.store.tables_office import app_user
from app.store.tables_reports import steward


class By(StrEnum):
    """What the rows of a report stand for."""

    NONE = "none"
    BUILDING = "building"
    ITEM = "item"
    STEWARD = "steward"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which bills a report speaks of; an empty field does not narrow, ``steward_id`` 0 is "nobody"."""

    community_id: int
    building: str = ""
    item_id: int | None = None
    steward_id: int | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """The due dates a figure looks at, both ends counted."""

    from_on: dt.date | None = None
    to_on: dt.date | None = None


EVER = Due()


def standings(session: Session, scope: Scope, *, on: dt.date, by: By, due: Due = EVER) -> dict[str, Standing]:
    """Return where the bills stood at the end of ``on``, as known then, for each group that has any."""
    parts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for query in (_billed(scope, on, by, due), _owed(session, scope, on, by, due), _late(scope, on, by, due)):
        for row in session.execute(query).mappings():
            parts[str(row["key"])] |= {name: int(row[name] or 0) for name in row if name != "key"}
    return {key: Standing(**found) for key, found in parts.items()}


def _billed(scope: Scope, on: dt.date, by: By, due: Due) -> Select[Any]:
    """Select what was billed and discounted: bills issued by then and not taken back by then."""
    off = discounts(on)
    query = (
        _select(
            key_of(by),
            sa.func.count().label("bills"),
            _sum(bill.c.principal_fen, "billed_fen"),
            _sum(bill.c.costs_fen, "costs_billed_fen"),
            _sum(off.c.fen, "discount_fen"),
        )
        .select_from(_joined(bill, bill.c.unit_id).outerjoin(off, off.c.bill_id == bill.c.id))
        .where(*standing_bills(on), *narrowed(scope, due, bill.c.due_on))
    )
    return grouped(query, by)


def _owed(session: Session, scope: Scope, on: dt.date, by: By, due: Due) -> Select[Any]:
    f = arrears.figures(session, on, *_states(scope, due), overdue_only=False)
    query = (
        _select(
            key_of(by),
            _sum(f.c.principal_fen, "principal_fen"),
            _sum(f.c.costs_fen, "costs_fen"),
            _sum(f.c.late_charge_fen, "late_fen"),
        )
        .select_from(_joined(f.join(bill, bill.c.id == f.c.bill_id), bill.c.unit_id))
        .where(*narrowed(scope, due, f.c.due_on))
    )
    return grouped(query, by)


def _late(scope: Scope, on: dt.date, by: By, due: Due) -> Select[Any]:
    """Select what was paid and waived of the late charge, on settled bills too."""
    c = bill_state.c
    query = (
        _select(key_of(by), _sum(c.late_paid_fen, "late_paid_fen"), _sum(c.late_waived_fen, "late_waived_fen"))
        .select_from(_joined(bill_state.join(bill, bill.c.id == c.bill_id), bill.c.unit_id))
        .where(
            c.since_on <= day(on),
            c.until_on > day(on),
            c.late_paid_fen + c.late_waived_fen > 0,
            # Few bills have any: the states are read through, unless the due dates name a few bills to begin with.
            *narrowed(scope, due, bill.c.due_on, c.community_id if due.from_on is None else bill.c.community_id),
        )
    )
    return grouped(query, by)


def households(
    session: Session, scope: Scope, *, from_on: dt.date, to_on: dt.date, as_of: dt.date, by: By
) -> dict[str, Households]:
    """Return how many units were asked and are clear: on the bills of the period, on those before it, on either."""
    per_unit = _per_unit(session, scope, from_on, to_on, as_of, by)
    p = per_unit.c
    current, prior = p.net > 0, p.opening > 0
    clear_now, clear_before = p.open_now == 0, p.open_before == 0
    both = sa.or_(current, prior)

    def count(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
        return sa.func.count().filter(sa.and_(*conditions))

    rows = session.execute(
        sa.select(
            p.key,
            count(current),
            count(current, clear_now),
            count(prior),
            count(prior, clear_before),
            count(both),
            count(both, clear_now, clear_before),
        ).group_by(p.key)
    )
    return {str(key): Households(*(int(value) for value in values)) for key, *values in rows}


def _per_unit(session: Session, scope: Scope, from_on: dt.date, to_on: dt.date, as_of: dt.date, by: By) -> sa.Subquery:
    """Return one row for each group and unit: asked in the period, open of it, owed before it, open of that."""
    before = from_on - dt.timedelta(days=1)
    start = arrears.figures(session, before, *_states(scope, Due(None, before)), overdue_only=False)
    now = arrears.figures(session, as_of, *_states(scope, Due(None, to_on)), overdue_only=False)
    key, off, zero = key_of(by), discounts(as_of), sa.literal(0, sa.BigInteger())
    in_period, older = Due(from_on, to_on), Due(None, before)
    asked = sa.select(
        key, bill.c.unit_id, (bill.c.principal_fen - sa.func.coalesce(off.c.fen, 0)).label("net"),
        zero.label("opening"), zero.label("open_now"), zero.label("open_before"),
    ).select_from(_joined(bill, bill.c.unit_id).outerjoin(off, off.c.bill_id == bill.c.id)).where(
        *standing_bills(as_of), *narrowed(scope, in_period, bill.c.due_on)
    )  # fmt: skip
    owed = sa.select(
        key, bill.c.unit_id, zero, start.c.principal_fen, zero, zero
    ).select_from(_joined(start.join(bill, bill.c.id == start.c.bill_id), bill.c.unit_id)).where(
        *narrowed(scope, older, start.c.due_on)
    )  # fmt: skip
    is_old = now.c.due_on < day(from_on)
    left = sa.select(
        key, bill.c.unit_id, zero, zero,
        sa.case((is_old, 0), else_=now.c.principal_fen), sa.case((is_old, now.c.principal_fen), else_=0),
    ).select_from(_joined(now.join(bill, bill.c.id == now.c.bill_id), bill.c.unit_id)).where(
        *narrowed(scope, Due(None, to_on), now.c.due_on)
    )  # fmt: skip
    rows = sa.union_all(asked, owed, left).subquery("parts")
    sums = [sa.func.sum(rows.c[name]).label(name) for name in ("net", "opening", "open_now", "open_before")]
    return sa.select(rows.c.key, rows.c.unit_id, *sums).group_by(rows.c.key, rows.c.unit_id).subquery("per_unit")


@dataclass(frozen=True, slots=True)
class Age:
    """What of one group is overdue at one age."""

    bills: int
    units: int
    principal_fen: int
    late_fen: int


def ages(session: Session, scope: Scope, *, on: dt.date, by: By) -> dict[str, dict[str, Age]]:
    """Return what is overdue by age of the bill, group by group, in one statement."""
    f = arrears.figures(session, on, bill_state.c.community_id == scope.community_id)
    key = key_of(by)
    columns: list[ColumnElement[Any]] = []
    for name in arrears.BUCKETS:
        youngest, eldest = arrears.bucket_bounds(on, name)
        is_so_old = sa.and_(f.c.due_on <= day(youngest), f.c.due_on > day(eldest))
        columns += [
            sa.func.count().filter(is_so_old),
            sa.func.count(f.c.unit_id.distinct()).filter(is_so_old),
            _sum(f.c.principal_fen, None, is_so_old),
            _sum(f.c.late_charge_fen, None, is_so_old),
        ]
    query: Select[Any] = (
        sa.select(key, *columns)
        .select_from(_joined(f.join(bill, bill.c.id == f.c.bill_id), bill.c.unit_id))
        .where(arrears.is_owed(f), *narrowed(scope, EVER, f.c.due_on))
    )
    return {
        str(name): {
            bucket: Age(*(int(value or 0) for value in values[4 * place : 4 * place + 4]))
            for place, bucket in enumerate(arrears.BUCKETS)
        }
        for name, *values in session.execute(grouped(query, by))
    }


def net_by_month(
    session: Session, scope: Scope, *, on: dt.date, months: Sequence[tuple[dt.date, dt.date]]
) -> list[int]:
    """Return the principal asked for, less discounts, of the bills that fall due in each of some months."""
    off = discounts(on)
    net = bill.c.principal_fen - sa.func.coalesce(off.c.fen, 0)
    sums = [
        _sum(net, f"m{place}", sa.and_(bill.c.due_on >= day(first), bill.c.due_on <= day(last)))
        for place, (first, last) in enumerate(months)
    ]
    query = sa.select(*sums).select_from(_joined(bill, bill.c.unit_id).outerjoin(off, off.c.bill_id == bill.c.id))
    due = Due(months[0][0], months[-1][1])
    row = session.execute(query.where(*standing_bills(on), *narrowed(scope, due, bill.c.due_on))).one()
    return [int(value or 0) for value in row]


def group_names(session: Session, *, community_id: int, by: By) -> Mapping[str, str]:
    """Return what the groups of a community are called, in the order they are listed; '' is what is in none."""
    match by:
        case By.NONE:
            return {}
        case By.BUILDING:
            query = (
                sa.select(unit.c.building, unit.c.building, sa.func.min(unit.c.sort_key).label("place"))
                .where(unit.c.community_id == community_id)
                .group_by(unit.c.building)
                .order_by("place")
            )
        case By.ITEM:
            query = (
                sa.select(fee_item.c.id, fee_item.c.name, fee_item.c.id)
                .where(fee_item.c.community_id == community_id)
                .order_by(fee_item.c.id)
            )
        case By.STEWARD:
            query = (
                sa.select(app_user.c.id, app_user.c.name, app_user.c.id)
                .where(app_user.c.id.in_(sa.select(steward.c.user_id).where(steward.c.community_id == community_id)))
                .order_by(app_user.c.id)
            )
    return {str(row[0]): str(row[1]) for row in session.execute(query)}


# --- pieces the lists behind the reports share ------------------------------------------------------


def key_of(by: By) -> ColumnElement[str]:
    """Return the group of a bill as text; '' where it is in none."""
    match by:
        case By.NONE:
            return sa.literal_column("''", sa.String()).label("key")
        case By.BUILDING:
            return unit.c.building.label("key")
        case By.ITEM:
            return sa.cast(bill.c.fee_item_id, sa.String()).label("key")
        case By.STEWARD:
            return sa.func.coalesce(sa.cast(steward.c.user_id, sa.String()), sa.literal_column("''")).label("key")


def grouped(query: Select[Any], by: By) -> Select[Any]:
    """Group by the key; a constant is no group on PostgreSQL, and a sum over everything needs none."""
    return query if by is By.NONE else query.group_by(key_of(by))


def looked_after() -> ColumnElement[bool]:
    """Say that a steward's row is that of the unit's building."""
    return sa.and_(steward.c.community_id == unit.c.community_id, steward.c.building == unit.c.building)


def _joined(rows: FromClause, unit_id: ColumnElement[int]) -> sa.Join:
    return rows.join(unit, unit.c.id == unit_id).outerjoin(steward, looked_after())


def narrowed(
    scope: Scope, due: Due, due_on: ColumnElement[Any], community_id: ColumnElement[int] = bill.c.community_id
) -> list[ColumnElement[bool]]:
    """Return the conditions of a scope on rows that join bill, unit and steward."""
    conditions = [community_id == scope.community_id]
    if due.from_on is not None:
        conditions.append(due_on >= day(due.from_on))
    if due.to_on is not None:
        conditions.append(due_on <= day(due.to_on))
    if scope.building:
        conditions.append(unit.c.building == scope.building)
    if scope.item_id is not None:
        conditions.append(bill.c.fee_item_id == scope.item_id)
    if scope.steward_id is not None:
        conditions.append(
            steward.c.user_id.is_(None) if scope.steward_id == 0 else steward.c.user_id == scope.steward_id
        )
    return conditions


def _states(scope: Scope, due: Due) -> list[ColumnElement[bool]]:
    """Narrow the states before their late charge is worked out: by what the covering index holds."""
    c = bill_state.c
    ends = [] if due.from_on is None else [c.due_on >= day(due.from_on)]
    ends += [] if due.to_on is None else [c.due_on <= day(due.to_on)]
    return [c.community_id == scope.community_id, *ends]


def standing_bills(on: dt.date) -> list[ColumnElement[bool]]:
    """Say that a bill was issued by the end of ``on`` and not taken back by then."""
    gone = sa.exists().where(
        reversal.c.target_kind == "bill", reversal.c.target_id == bill.c.id, reversal.c.value_on <= day(on)
    )
    return [bill.c.issued_on <= day(on), ~gone]


def discounts(on: dt.date) -> sa.Subquery:
    """Return what was taken off the principal of each bill by the end of ``on``, as known then."""
    # A discount names one bill; the list is read only where it is a discount, since others name several or none.
    text = sa.func.replace(sa.func.replace(adjustment.c.bill_ids, "[", ""), "]", "")
    number = sa.case((adjustment.c.kind == "discount", sa.cast(text, sa.BigInteger)), else_=None).label("bill_id")
    undone = sa.exists().where(
        reversal.c.target_kind == "adjustment", reversal.c.target_id == adjustment.c.id, reversal.c.value_on <= day(on)
    )
    granted = (
        sa.select(number, sa.cast(sa.func.sum(adjustment.c.amount_fen), sa.BigInteger).label("fen"))
        .where(adjustment.c.kind == "discount", adjustment.c.value_on <= day(on), ~undone)
        .group_by(number)
        .subquery("granted")
    )
    own = bill.alias("own")
    paid = (
        sa.select(sa.cast(sa.func.coalesce(sa.func.sum(allocation.c.amount_fen), 0), sa.BigInteger))
        .where(
            allocation.c.unit_id == own.c.unit_id,
            allocation.c.bill_id == own.c.id,
            allocation.c.component == "principal",
            allocation.c.value_on <= day(on),
        )
        .correlate(own)
        .scalar_subquery()
    )
    # A payment entered later with an earlier date leaves less to discount: never more than what was not paid.
    fen = db.least(granted.c.fen, own.c.principal_fen - paid).label("fen")
    return sa.select(granted.c.bill_id, fen).join(own, own.c.id == granted.c.bill_id).subquery("off")


def _select(*columns: ColumnElement[Any]) -> Select[Any]:
    return sa.select(*columns)


def _sum(column: ColumnElement[Any], name: str | None, where: ColumnElement[bool] | None = None) -> ColumnElement[int]:
    added = sa.func.sum(column)
    whole = sa.cast(added if where is None else added.filter(where), sa.BigInteger)
    return whole if name is None else whole.label(name)
