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
    till_opening,
    unclaimed,
    unclaimed_entry,
)
from app.store.tables_office import app_user, document


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
class Till:
    """What a cashier has not handed over, added up: the sums of each kind and method, and since when."""

    sums: Sequence[TillSum] = ()

    @property
    def count(self) -> int:
        """How many rows."""
        return sum(one.lines for one in self.sums)

    @property
    def total_fen(self) -> int:
        """What they come to."""
        return sum(one.amount_fen for one in self.sums)

    @property
    def since(self) -> dt.datetime | None:
        """When the oldest of them was recorded."""
        return min((one.since for one in self.sums), default=None)


@dataclass(frozen=True, slots=True)
class TillSum:
    """The rows of one kind and method in a till."""

    kind: str
    method: str
    lines: int
    amount_fen: int
    since: dt.datetime


@dataclass(frozen=True, slots=True)
class _Span:
    """What some people recorded in a community since an instant; None: since ever."""

    community_id: int
    user_ids: Sequence[int]
    since: dt.datetime | None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which rows: those of any of these spans."""

    spans: Sequence[_Span]

    def where(
        self, place: sa.Column[Any], row: sa.Table, holder: sa.ColumnElement[Any] | None = None
    ) -> list[sa.ColumnElement[bool]]:
        """Return the conditions; what nobody recorded at a counter never lay in a till."""
        by = row.c.recorded_by if holder is None else holder
        found = [
            sa.and_(
                place == span.community_id,
                by.in_(list(span.user_ids)),
                *([row.c.recorded_at >= span.since] if span.since is not None else []),
            )
            for span in self.spans
        ]
        return [row.c.recorded_by.is_not(None), sa.or_(sa.false(), *found)]


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


def _spans(session: Session, *, community_ids: Sequence[int], user_ids: Sequence[int]) -> _Wanted:
    """Return from when on each person's till in each community counts, in two statements.

    What is older than a hand-over lies in it or in one before; before the first one, the till began with the
    community's opening, and in a community without one with the first row ever recorded.
    """
    until = sa.func.max(shift.c.until_at, type_=shift.c.until_at.type)
    handed = session.execute(
        sa.select(shift.c.community_id, shift.c.cashier_id, until)
        .where(shift.c.community_id.in_(list(community_ids)), shift.c.cashier_id.in_(list(user_ids)))
        .group_by(shift.c.community_id, shift.c.cashier_id)
    ).all()
    here = till_opening.c.community_id.in_(list(community_ids))
    openings = session.execute(sa.select(till_opening.c.community_id, till_opening.c.opened_at).where(here)).all()
    opened = {place: at for place, at in openings}  # noqa: C416 - a row is no tuple to dict()
    # No transaction outlives a day: whatever is older than that lies in the shift before.
    spans = [_Span(place, [user], at - dt.timedelta(days=1)) for place, user, at in handed]
    known = {(place, user) for place, user, _ in handed}
    for place in community_ids:
        others = [user for user in user_ids if (place, user) not in known]
        spans += [_Span(place, others, opened.get(place))] if others else []
    return _Wanted(spans)


def _of_cashier(session: Session, community_id: int, cashier_id: int) -> sa.Subquery:
    return _money(_spans(session, community_ids=[community_id], user_ids=[cashier_id]))


def open_lines(session: Session, *, community_id: int, cashier_id: int, newest: int | None = None) -> list[Line]:
    """Return what a cashier recorded in a community and has not handed over, oldest first; or only the ``newest``."""
    money = _of_cashier(session, community_id, cashier_id)
    found = _lines(session, money, _not_handed_over(money), newest=newest)
    return found if newest is None else found[::-1]


def till(session: Session, *, community_id: int, cashier_id: int) -> Till:
    """Return what lies in a cashier's till in a community, added up by the database."""
    money = _of_cashier(session, community_id, cashier_id)
    amount = sa.cast(sa.func.sum(money.c.amount_fen), sa.BigInteger)
    since = sa.func.min(money.c.recorded_at, type_=money.c.recorded_at.type)
    rows = session.execute(
        sa.select(money.c.kind, money.c.method, sa.func.count(), amount, since)
        .where(_not_handed_over(money))
        .group_by(money.c.kind, money.c.method)
        .order_by(money.c.kind, money.c.method)
    )
    return Till([TillSum(kind, method, int(count), int(fen), at) for kind, method, count, fen, at in rows])


def _lines(
    session: Session, money: sa.Subquery, *where: sa.ColumnElement[bool], newest: int | None = None
) -> list[Line]:
    order: list[sa.ColumnElement[Any]] = [money.c.recorded_at, money.c.kind, money.c.row_id]
    query = sa.select(money, unit.c.label).outerjoin(unit, unit.c.id == money.c.unit_id).where(*where)
    if newest is not None:
        query, order = query.limit(newest), [column.desc() for column in order]
    rows = session.execute(query.order_by(*order))
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
    money = _money(_Wanted([_Span(head.community_id, [head.cashier_id], head.from_at)]))
    mine = sa.exists().where(
        shift_line.c.shift_id == shift_id, shift_line.c.kind == money.c.kind, shift_line.c.row_id == money.c.row_id
    )
    return _lines(session, money, mine)


def elsewhere(session: Session, *, cashier_id: int, but: int | None) -> list[tuple[str, int, int]]:
    """Return what a cashier has not handed over in other communities: name, rows, fen."""
    others = session.execute(sa.select(community.c.id).where(community.c.id != (but or 0))).scalars().all()
    money = _money(_spans(session, community_ids=others, user_ids=[cashier_id]))
    amount = sa.cast(sa.func.sum(money.c.amount_fen), sa.BigInteger)
    rows = session.execute(
        sa.select(community.c.name, sa.func.count(), amount)
        .join(community, community.c.id == money.c.community_id)
        .where(_not_handed_over(money))
        .group_by(community.c.id, community.c.name)
        .order_by(community.c.id)
    )
    return [(name, int(count), int(fen)) for name, count, fen in rows]


def holders(session: Session, *, community_id: int) -> list[Holder]:
    """Return who has money that was not handed over, however long ago it came in, the longest first."""
    people = session.execute(sa.select(app_user.c.id)).scalars().all()
    money = _money(_spans(session, community_ids=[community_id], user_ids=people))
    since = sa.func.min(money.c.recorded_at, type_=money.c.recorded_at.type).label("since")
    amount = sa.cast(sa.func.sum(money.c.amount_fen), sa.BigInteger)
    rows = session.execute(
        sa.select(money.c.recorded_by, app_user.c.name, sa.func.count(), amount, since)
        .join(app_user, app_user.c.id == money.c.recorded_by)
        .where(_not_handed_over(money))
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
