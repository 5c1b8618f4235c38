"""Shifts: the money rows a cashier has not handed over, hand-overs, and who confirmed them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import not_found
from app.store import db
from app.store.tables import community, payment, reversal, unit
from app.store.tables_counter import (
    deposit,
    deposit_entry,
    shift,
    shift_confirmation,
    shift_line,
    unclaimed,
    unclaimed_entry,
)
from app.store.tables_office import app_user, document

# How far back a warning about money nobody handed over looks.
WARN_DAYS = 62


@dataclass(frozen=True, slots=True)
class Line:
    """One money row of a shift; ``amount_fen`` is what it did to the till."""

    kind: str
    row_id: int
    method: str
    amount_fen: int
    recorded_at: dt.datetime
    number: str
    unit_label: str
    payment_id: int | None
    is_void: bool


@dataclass(frozen=True, slots=True)
class Holder:
    """A cashier with money that was not handed over."""

    user_id: int
    name: str
    lines: int
    amount_fen: int
    since: dt.datetime


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which rows: of a community, by a person, since an instant; None leaves it open."""

    community_id: int | None = None
    user_id: int | None = None
    since: dt.datetime | None = None

    def where(
        self, place: sa.Column[Any], row: sa.Table, holder: sa.ColumnElement[Any] | None = None
    ) -> list[sa.ColumnElement[bool]]:
        """Return the conditions; what nobody recorded at a counter never lay in a till."""
        by = row.c.recorded_by if holder is None else holder
        found: list[sa.ColumnElement[bool]] = [row.c.recorded_by.is_not(None)]
        if self.community_id is not None:
            found.append(place == self.community_id)
        if self.user_id is not None:
            found.append(by == self.user_id)
        if self.since is not None:
            found.append(row.c.recorded_at >= self.since)
        return found


_NOBODY = sa.cast(sa.null(), sa.BigInteger)
_NOTHING = sa.literal("", sa.String)


def _money(wanted: _Wanted) -> sa.Subquery:
    """Return every money row recorded by a person; what came by import never lay in a till."""
    return sa.union_all(*_payments(wanted), _deposits(wanted), *_unclaimed(wanted)).subquery("money")


def _payments(wanted: _Wanted) -> tuple[sa.Select[Any], sa.Select[Any]]:
    """Return payments, and those that were taken back."""
    taken_back = sa.and_(reversal.c.target_kind == "payment", reversal.c.target_id == payment.c.id)
    paper = sa.select(document.c.number).where(document.c.payment_id == payment.c.id, document.c.kind == "receipt")
    number = sa.func.coalesce(paper.order_by(document.c.id).limit(1).correlate(payment).scalar_subquery(), "")
    other = reversal.alias("other")
    is_void = sa.exists().where(other.c.target_kind == "payment", other.c.target_id == payment.c.id)
    here, is_ours = payment.c.community_id, payment.c.import_id.is_(None)
    taken = sa.select(
        sa.literal("payment", sa.String).label("kind"),
        payment.c.id.label("row_id"),
        here.label("community_id"),
        payment.c.unit_id.label("unit_id"),
        payment.c.recorded_by.label("recorded_by"),
        payment.c.recorded_at.label("recorded_at"),
        payment.c.method.label("method"),
        payment.c.amount_fen.label("amount_fen"),
        number.label("number"),
        payment.c.id.label("payment_id"),
        sa.case((is_void, 1), else_=0).label("is_void"),
    ).where(is_ours, *wanted.where(here, payment))
    # Money that never left the cashier's till is missing there, whoever took the payment back; once it was handed over,
    # it leaves the till of the one who gives it back.
    handed = sa.exists().where(
        shift_line.c.kind == "payment",
        shift_line.c.row_id == payment.c.id,
        shift.c.id == shift_line.c.shift_id,
        shift.c.until_at <= reversal.c.recorded_at,
    )
    holder = sa.case(
        (sa.or_(handed, payment.c.recorded_by.is_(None)), reversal.c.recorded_by), else_=payment.c.recorded_by
    )
    back = (
        sa.select(
            sa.literal("reversal", sa.String), reversal.c.id, here, payment.c.unit_id, holder,
            reversal.c.recorded_at, payment.c.method, -payment.c.amount_fen, number, payment.c.id, sa.literal(0),
        )
        .join(payment, taken_back)
        .where(is_ours, *wanted.where(here, reversal, holder))
    )  # fmt: skip
    return taken, back


def _deposits(wanted: _Wanted) -> sa.Select[Any]:
    """Return what came in and went out of deposits."""
    row = deposit_entry.c
    slip = sa.select(document.c.number).where(document.c.id == row.document_id).correlate(deposit_entry)
    return (
        sa.select(
            sa.literal("deposit", sa.String), row.id, deposit.c.community_id, deposit.c.unit_id, row.recorded_by,
            row.recorded_at, row.method, row.till_fen, sa.func.coalesce(slip.scalar_subquery(), ""), _NOBODY,
            sa.literal(0),
        )
        .join(deposit, deposit.c.id == row.deposit_id)
        .where(*wanted.where(deposit.c.community_id, deposit_entry))
    )  # fmt: skip


def _unclaimed(wanted: _Wanted) -> tuple[sa.Select[Any], sa.Select[Any]]:
    """Return money that came in unclaimed, and what became of it: a match is a payment here and less of it there."""
    row, here = unclaimed_entry.c, unclaimed.c.community_id
    found = sa.select(
        sa.literal("unclaimed", sa.String), unclaimed.c.id, here, _NOBODY, unclaimed.c.recorded_by,
        unclaimed.c.recorded_at, unclaimed.c.method, unclaimed.c.amount_fen, _NOTHING, _NOBODY, sa.literal(0),
    ).where(*wanted.where(here, unclaimed))  # fmt: skip
    became = (
        sa.select(
            sa.literal("unclaimed_entry", sa.String), row.id, here, _NOBODY, row.recorded_by, row.recorded_at,
            row.method, row.amount_fen, _NOTHING, row.payment_id, sa.literal(0),
        )
        .join(unclaimed, unclaimed.c.id == row.unclaimed_id)
        .where(*wanted.where(here, unclaimed_entry))
    )  # fmt: skip
    return found, became


def _not_handed_over(money: sa.Subquery) -> sa.ColumnElement[bool]:
    line = sa.exists().where(shift_line.c.kind == money.c.kind, shift_line.c.row_id == money.c.row_id)
    return ~line


def last(session: Session, *, community_id: int, cashier_id: int) -> sa.Row[Any] | None:
    """Return a cashier's latest hand-over in a community."""
    return session.execute(
        sa.select(shift)
        .where(shift.c.community_id == community_id, shift.c.cashier_id == cashier_id)
        .order_by(shift.c.id.desc())
        .limit(1)
    ).one_or_none()


def open_lines(session: Session, *, community_id: int, cashier_id: int) -> list[Line]:
    """Return what a cashier recorded in a community and has not handed over, oldest first."""
    before = last(session, community_id=community_id, cashier_id=cashier_id)
    # No transaction outlives a day: whatever is older than that lies in the shift before.
    since = before.until_at - dt.timedelta(days=1) if before is not None else None
    money = _money(_Wanted(community_id, cashier_id, since))
    return _lines(session, money, _not_handed_over(money))


def _lines(session: Session, money: sa.Subquery, *where: sa.ColumnElement[bool]) -> list[Line]:
    rows = session.execute(
        sa.select(money, unit.c.label)
        .outerjoin(unit, unit.c.id == money.c.unit_id)
        .where(*where)
        .order_by(money.c.recorded_at, money.c.kind, money.c.row_id)
    )
    return [
        Line(
            row.kind,
            row.row_id,
            row.method,
            row.amount_fen,
            row.recorded_at,
            row.number,
            row.label or "",
            row.payment_id,
            bool(row.is_void),
        )
        for row in rows
    ]


def lines_of(session: Session, shift_id: int) -> list[Line]:
    """Return the money rows of one hand-over."""
    head = by_id(session, shift_id)
    money = _money(_Wanted(head.community_id, head.cashier_id, head.from_at))
    mine = sa.exists().where(
        shift_line.c.shift_id == shift_id, shift_line.c.kind == money.c.kind, shift_line.c.row_id == money.c.row_id
    )
    return _lines(session, money, mine)


def elsewhere(session: Session, *, cashier_id: int, but: int | None, now: dt.datetime) -> list[tuple[str, int, int]]:
    """Return what a cashier has not handed over in other communities: name, rows, fen; looks back two months."""
    money = _money(_Wanted(user_id=cashier_id, since=now - dt.timedelta(days=WARN_DAYS)))
    amount = sa.cast(sa.func.sum(money.c.amount_fen), sa.BigInteger)
    rows = session.execute(
        sa.select(community.c.name, sa.func.count(), amount)
        .join(community, community.c.id == money.c.community_id)
        .where(_not_handed_over(money), money.c.community_id != (but or 0))
        .group_by(community.c.id, community.c.name)
        .order_by(community.c.id)
    )
    return [(name, int(count), int(fen)) for name, count, fen in rows]


def holders(session: Session, *, community_id: int, now: dt.datetime) -> list[Holder]:
    """Return who has money that was not handed over, the longest first; looks back two months."""
    people = sa.select(app_user.c.id)
    money = _money(_Wanted(community_id, since=now - dt.timedelta(days=WARN_DAYS)))
    since = sa.func.min(money.c.recorded_at).label("since")
    amount = sa.cast(sa.func.sum(money.c.amount_fen), sa.BigInteger)
    rows = session.execute(
        sa.select(money.c.recorded_by, app_user.c.name, sa.func.count(), amount, since)
        .join(app_user, app_user.c.id == money.c.recorded_by)
        .where(_not_handed_over(money), money.c.recorded_by.in_(people))
        .group_by(money.c.recorded_by, app_user.c.name)
        .order_by(since)
    )
    return [Holder(user_id, name, int(count), int(fen), at) for user_id, name, count, fen, at in rows]


def queue_up(session: Session, cashier_id: int) -> None:
    """Let one hand-over of a cashier at a time be made."""
    session.execute(db.lock_row(session, sa.select(app_user.c.id).where(app_user.c.id == cashier_id))).all()


def insert(session: Session, row: Mapping[str, Any], lines: Sequence[Line]) -> int:
    """Write a hand-over with its money rows; a row that lies in another one already is refused by the database."""
    shift_id = int(session.execute(sa.insert(shift).values(**row).returning(shift.c.id)).scalar_one())
    session.execute(
        sa.insert(shift_line),
        [
            {
                "shift_id": shift_id,
                "kind": line.kind,
                "row_id": line.row_id,
                "method": line.method,
                "amount_fen": line.amount_fen,
            }
            for line in lines
        ],
    )
    return shift_id


def _query() -> sa.Select[Any]:
    second = app_user.alias("second")
    return (
        sa.select(
            shift,
            app_user.c.name.label("cashier"),
            community.c.name.label("community"),
            shift_confirmation.c.confirmed_by,
            shift_confirmation.c.confirmed_at,
            shift_confirmation.c.note.label("confirmation_note"),
            second.c.name.label("confirmed_by_name"),
        )
        .join(app_user, app_user.c.id == shift.c.cashier_id)
        .join(community, community.c.id == shift.c.community_id)
        .outerjoin(shift_confirmation, shift_confirmation.c.shift_id == shift.c.id)
        .outerjoin(second, second.c.id == shift_confirmation.c.confirmed_by)
    )


def by_id(session: Session, shift_id: int) -> sa.Row[Any]:
    """Return one hand-over with its cashier and, where it was confirmed, by whom.

    Raises:
        Refusal: ``shift.unknown``.

    """
    found = session.execute(_query().where(shift.c.id == shift_id)).one_or_none()
    if found is None:
        raise not_found("shift.unknown")
    return found


def listed(session: Session, *, community_id: int, limit: int, offset: int = 0) -> tuple[int, list[sa.Row[Any]]]:
    """Return how many hand-overs a community has and one page of them, newest first."""
    here = shift.c.community_id == community_id
    count = session.execute(sa.select(sa.func.count()).select_from(shift).where(here)).scalar_one()
    rows = session.execute(_query().where(here).order_by(shift.c.id.desc()).limit(limit).offset(offset)).all()
    return int(count), list(rows)


def waiting(session: Session, *, community_ids: Collection[int]) -> int:
    """Return how many hand-overs wait for a second person."""
    query = (
        sa.select(sa.func.count())
        .select_from(shift.outerjoin(shift_confirmation, shift_confirmation.c.shift_id == shift.c.id))
        .where(shift.c.community_id.in_(list(community_ids)), shift_confirmation.c.id.is_(None))
    )
    return int(session.execute(query).scalar_one())


def confirm(session: Session, row: Mapping[str, Any]) -> None:
    """Write that a second person counted it."""
    session.execute(sa.insert(shift_confirmation).values(**row))
