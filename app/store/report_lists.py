"""The rows behind the figures: bills as they stood on a day, payments as they were taken, each list with its foot."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import Session

from app.store import arrears
from app.store.arrears import day
from app.store.report_reads import Due, Scope, discounts, looked_after, narrowed, standing_bills
from app.store.tables import bill, bill_state, fee_item, payment, reversal, unit
from app.store.tables_office import app_user, document
from app.store.tables_reports import steward


@dataclass(frozen=True, slots=True)
class BillFilter:
    """What narrows the list of bills; ``state`` is '', open, overdue or clear, ``bucket`` an age of arrears."""

    scope: Scope
    as_of: dt.date
    due: Due = field(default_factory=Due)
    state: str = ""
    bucket: str = ""
    search: str = ""


@dataclass(frozen=True, slots=True)
class BillRow:
    """One bill as it stood."""

    bill_id: int
    unit_id: int
    label: str
    item: str
    period_from_on: dt.date
    period_to_on: dt.date
    due_on: dt.date
    billed_fen: int
    discount_fen: int
    principal_fen: int
    late_fen: int
    costs_fen: int

    @property
    def net_fen(self) -> int:
        """Principal asked for."""
        return self.billed_fen - self.discount_fen

    @property
    def paid_fen(self) -> int:
        """Principal paid."""
        return self.net_fen - self.principal_fen


@dataclass(frozen=True, slots=True)
class BillFoot:
    """The sums of every bill the filter finds."""

    bills: int
    units: int
    billed_fen: int
    discount_fen: int
    principal_fen: int
    late_fen: int
    costs_fen: int

    @property
    def net_fen(self) -> int:
        """Principal asked for."""
        return self.billed_fen - self.discount_fen

    @property
    def paid_fen(self) -> int:
        """Principal paid."""
        return self.net_fen - self.principal_fen


def bills(session: Session, wanted: BillFilter, *, limit: int | None, offset: int = 0) -> list[BillRow]:
    """Return one page of the bills, in walking order and by due date."""
    query = _bills(session, wanted).add_columns(
        unit.c.label, unit.c.sort_key, fee_item.c.name.label("item"), bill.c.period_from_on, bill.c.period_to_on
    )
    query = query.join(fee_item, fee_item.c.id == bill.c.fee_item_id)
    query = query.order_by(unit.c.sort_key, bill.c.due_on, bill.c.id).limit(limit).offset(offset)
    names = [name for name in BillRow.__slots__ if name != "bill_id"]
    return [BillRow(row["bill_id"], **{name: row[name] for name in names}) for row in session.execute(query).mappings()]


def bills_foot(session: Session, wanted: BillFilter) -> BillFoot:
    """Return the foot of the list ``bills`` gives."""
    rows = _bills(session, wanted).subquery("rows")
    sums = [
        sa.cast(sa.func.coalesce(sa.func.sum(rows.c[name]), 0), sa.BigInteger)
        for name in ("billed_fen", "discount_fen", "principal_fen", "late_fen", "costs_fen")
    ]
    row = session.execute(sa.select(sa.func.count(), sa.func.count(rows.c.unit_id.distinct()), *sums)).one()
    return BillFoot(*(int(value) for value in row))


def _bills(session: Session, wanted: BillFilter) -> Select[Any]:
    off = discounts(wanted.as_of)
    narrow = bill_state.c.community_id == wanted.scope.community_id
    f = arrears.figures(session, wanted.as_of, narrow, overdue_only=False)
    is_open = sa.and_(f.c.bill_id.is_not(None), arrears.is_owed(f))
    query = (
        sa.select(
            bill.c.id.label("bill_id"),
            bill.c.unit_id,
            bill.c.due_on,
            bill.c.principal_fen.label("billed_fen"),
            sa.func.coalesce(off.c.fen, 0).label("discount_fen"),
            sa.func.coalesce(f.c.principal_fen, 0).label("principal_fen"),
            sa.func.coalesce(f.c.late_charge_fen, 0).label("late_fen"),
            sa.func.coalesce(f.c.costs_fen, 0).label("costs_fen"),
        )
        .select_from(bill)
        .join(unit, unit.c.id == bill.c.unit_id)
        .outerjoin(steward, looked_after())
        .outerjoin(off, off.c.bill_id == bill.c.id)
        .outerjoin(f, f.c.bill_id == bill.c.id)
        .where(*standing_bills(wanted.as_of), *narrowed(wanted.scope, wanted.due, bill.c.due_on))
    )
    if wanted.state == "open":
        query = query.where(is_open)
    if wanted.state == "clear":
        query = query.where(~sa.func.coalesce(is_open, sa.false()))
    if wanted.state == "overdue" or wanted.bucket:
        query = query.where(is_open, bill.c.due_on < day(wanted.as_of))
    if wanted.bucket:
        youngest, eldest = arrears.bucket_bounds(wanted.as_of, wanted.bucket)
        query = query.where(bill.c.due_on <= day(youngest), bill.c.due_on > day(eldest))
    return _searched(query, wanted.search)


def _searched(query: Select[Any], text: str) -> Select[Any]:
    for word in text.lower().split()[:6]:
        query = query.where(unit.c.search_key.contains(word, autoescape=True))
    return query


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    """What narrows the list of payments; a reversal is a line of its own day, so that the sums of a day stand."""

    community_id: int
    from_on: dt.date
    to_on: dt.date
    method: str = ""
    cashier_id: int | None = None
    building: str = ""
    search: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """One line: money received, or (``kind`` reversed) the same money taken back, then negative."""

    payment_id: int
    kind: str
    on: dt.date
    unit_id: int
    label: str
    amount_fen: int
    method: str
    reference: str
    cashier: str
    receipt: str
    reversed_on: dt.date | None


def payments(session: Session, wanted: PaymentFilter, *, limit: int | None, offset: int = 0) -> list[PaymentRow]:
    """Return one page of the lines, newest day first."""
    rows = _lines(wanted).subquery("rows")
    query = (
        sa.select(rows).order_by(rows.c.on.desc(), rows.c.payment_id.desc(), rows.c.kind).limit(limit).offset(offset)
    )
    names = PaymentRow.__slots__
    return [PaymentRow(**{name: row[name] for name in names}) for row in session.execute(query).mappings()]


def payments_foot(session: Session, wanted: PaymentFilter) -> tuple[int, int, int]:
    """Return (lines, fen received, fen taken back) of the list ``payments`` gives."""
    rows = _lines(wanted).subquery("rows")

    def added(kind: str) -> ColumnElement[int]:
        return sa.cast(sa.func.coalesce(sa.func.sum(rows.c.amount_fen).filter(rows.c.kind == kind), 0), sa.BigInteger)

    count, came, gone = session.execute(sa.select(sa.func.count(), added("received"), added("reversed"))).one()
    return int(count), int(came), -int(gone)


def _lines(wanted: PaymentFilter) -> sa.CompoundSelect[Any] | Select[Any]:
    came = _line(wanted, "received", payment.c.received_on, payment.c.amount_fen)
    gone = _line(wanted, "reversed", reversal.c.value_on, -payment.c.amount_fen).where(reversal.c.id.is_not(None))
    match wanted.kind:
        case "received":
            return came
        case "reversed":
            return gone
        case _:
            return sa.union_all(came, gone)


def _line(wanted: PaymentFilter, kind: str, on: ColumnElement[Any], fen: ColumnElement[int]) -> Select[Any]:
    taken_back = sa.and_(reversal.c.target_kind == "payment", reversal.c.target_id == payment.c.id)
    receipt = sa.and_(document.c.payment_id == payment.c.id, document.c.kind == "receipt")
    query = (
        sa.select(
            payment.c.id.label("payment_id"),
            sa.literal_column(f"'{kind}'", sa.String()).label("kind"),
            on.label("on"),
            payment.c.unit_id,
            unit.c.label,
            fen.label("amount_fen"),
            payment.c.method,
            payment.c.reference,
            sa.func.coalesce(app_user.c.name, "").label("cashier"),
            sa.func.coalesce(document.c.number, "").label("receipt"),
            reversal.c.value_on.label("reversed_on"),
        )
        .select_from(payment)
        .join(unit, unit.c.id == payment.c.unit_id)
        .outerjoin(reversal, taken_back)
        .outerjoin(app_user, app_user.c.id == payment.c.recorded_by)
        .outerjoin(document, receipt)
        .where(payment.c.community_id == wanted.community_id, on >= day(wanted.from_on), on <= day(wanted.to_on))
    )
    if wanted.method:
        query = query.where(payment.c.method == wanted.method)
    if wanted.cashier_id is not None:
        nobody = payment.c.recorded_by.is_(None)
        query = query.where(nobody if wanted.cashier_id == 0 else payment.c.recorded_by == wanted.cashier_id)
    if wanted.building:
        query = query.where(unit.c.building == wanted.building)
    return _searched(query, wanted.search)


def cashiers(session: Session, *, community_id: int) -> list[tuple[int, str]]:
    """Return everybody who ever took money here."""
    took = sa.select(payment.c.recorded_by).where(payment.c.community_id == community_id)
    query = sa.select(app_user.c.id, app_user.c.name).where(app_user.c.id.in_(took)).order_by(app_user.c.id)
    return [(row.id, row.name) for row in session.execute(query)]
