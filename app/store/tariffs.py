"""Prices and late charges as people look at them: versions, drafts, whom a new price touches, and a trial's working."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import not_found
from app.store import charges, db
from app.store.charges import ItemPeriod, Version
from app.store.figures import day
from app.store.tables import (
    bill,
    bill_state,
    fee_item,
    late_charge_policy,
    rate_plan,
    reversal,
    tariff,
    unit,
)
from app.store.tables_office import app_user
from app.store.tables_tariffs import tariff_draft
from app.store.types import FOREVER

TOP = 20


def items(session: Session, community_id: int) -> list[sa.Row[Any]]:
    """Return the fee items of a community with the name of their late-charge plan and the last day billed."""
    through = (
        sa.select(bill.c.fee_item_id, sa.func.max(bill.c.period_to_on).label("through_on"))
        .where(bill.c.community_id == community_id)
        .group_by(bill.c.fee_item_id)
        .subquery()
    )
    query = (
        sa.select(fee_item, rate_plan.c.name.label("plan"), through.c.through_on)
        .join(rate_plan, rate_plan.c.id == fee_item.c.plan_id)
        .outerjoin(through, through.c.fee_item_id == fee_item.c.id)
        .where(fee_item.c.community_id == community_id)
        .order_by(fee_item.c.name)
    )
    return list(session.execute(query))


def item(session: Session, item_id: int) -> sa.Row[Any]:
    """Return one fee item.

    Raises:
        Refusal: ``fee_item.unknown``.

    """
    query = sa.select(fee_item, rate_plan.c.name.label("plan")).join(rate_plan, rate_plan.c.id == fee_item.c.plan_id)
    row = session.execute(query.where(fee_item.c.id == item_id)).one_or_none()
    if row is None:
        raise not_found("fee_item.unknown")
    return row


def plan(session: Session, plan_id: int) -> sa.Row[Any]:
    """Return the head of a late-charge plan.

    Raises:
        Refusal: ``rate_plan.unknown``.

    """
    row = session.execute(sa.select(rate_plan).where(rate_plan.c.id == plan_id)).one_or_none()
    if row is None:
        raise not_found("rate_plan.unknown")
    return row


def plans(session: Session, community_id: int) -> list[sa.Row[Any]]:
    """Return the late-charge plans of a community."""
    return list(
        session.execute(sa.select(rate_plan).where(rate_plan.c.community_id == community_id).order_by(rate_plan.c.id))
    )


def versions(session: Session, item_id: int) -> list[sa.Row[Any]]:
    """Return the price versions of an item, newest first, those of one usage together."""
    return list(
        session.execute(
            sa.select(tariff)
            .where(tariff.c.fee_item_id == item_id)
            .order_by(tariff.c.usage_type, tariff.c.from_on.desc())
        )
    )


def version(session: Session, version_id: int) -> sa.Row[Any]:
    """Return one price version with the community it belongs to.

    Raises:
        Refusal: ``tariff.unknown``.

    """
    query = sa.select(tariff, fee_item.c.community_id, fee_item.c.name).join(
        fee_item, fee_item.c.id == tariff.c.fee_item_id
    )
    row = session.execute(query.where(tariff.c.id == version_id)).one_or_none()
    if row is None:
        raise not_found("tariff.unknown")
    return row


def policies(session: Session, plan_ids: list[int]) -> list[sa.Row[Any]]:
    """Return the versions of late-charge plans, newest first."""
    return list(
        session.execute(
            sa.select(late_charge_policy)
            .where(late_charge_policy.c.plan_id.in_(plan_ids))
            .order_by(late_charge_policy.c.plan_id, late_charge_policy.c.from_on.desc())
        )
    )


def users_of(session: Session, row: Any) -> tuple[int, str, str]:  # noqa: ANN401 - a row of the store
    """Return how many bills a price version is in, and the unit and the period of the first of them."""
    usage = [unit.c.usage_type == row.usage_type] if row.usage_type else []
    conditions = [
        bill.c.fee_item_id == row.fee_item_id,
        bill.c.period_to_on >= day(row.from_on),
        bill.c.period_from_on < day(row.until_on),
        *usage,
    ]
    joined = bill.join(unit, unit.c.id == bill.c.unit_id)
    count = session.execute(sa.select(sa.func.count()).select_from(joined).where(*conditions)).scalar_one()
    first = session.execute(
        sa.select(unit.c.label, bill.c.period_from_on)
        .select_from(joined)
        .where(*conditions)
        .order_by(bill.c.id)
        .limit(1)
    ).one_or_none()
    return int(count), first.label if first else "", first.period_from_on.isoformat()[:7] if first else ""


def remove_version(session: Session, row: Any) -> None:  # noqa: ANN401 - a row of the store
    """Take an unused version away; the one before it lasts on."""
    session.execute(sa.delete(tariff).where(tariff.c.id == row.id))
    session.execute(
        sa.update(tariff)
        .where(
            tariff.c.fee_item_id == row.fee_item_id,
            tariff.c.usage_type == row.usage_type,
            tariff.c.until_on == day(row.from_on),
        )
        .values(until_on=row.until_on)
    )


# --- drafts ---------------------------------------------------------------------------------------


def add_draft(session: Session, row: Mapping[str, Any]) -> int:
    """Write a draft and return its id."""
    statement = sa.insert(tariff_draft).values(**row).returning(tariff_draft.c.id)
    return int(session.execute(statement).scalar_one())


def draft(session: Session, draft_id: int, *, is_locked: bool = False) -> sa.Row[Any]:
    """Return a draft with the names of its people, item and plan.

    Raises:
        Refusal: ``tariff_draft.unknown``.

    """
    if is_locked:
        session.execute(db.lock_row(session, sa.select(tariff_draft.c.id).where(tariff_draft.c.id == draft_id)))
    row = session.execute(_drafts().where(tariff_draft.c.id == draft_id)).one_or_none()
    if row is None:
        raise not_found("tariff_draft.unknown")
    return row


def drafts(session: Session, community_id: int, limit: int = 100) -> list[sa.Row[Any]]:
    """Return the drafts of a community, those that wait first."""
    waits = sa.case((tariff_draft.c.state == "draft", 0), else_=1)
    query = _drafts().where(tariff_draft.c.community_id == community_id)
    return list(session.execute(query.order_by(waits, tariff_draft.c.id.desc()).limit(limit)))


def _drafts() -> sa.Select[Any]:
    drafted, published, closed = (app_user.alias(name) for name in ("drafted", "published", "closed"))
    return (
        sa.select(
            tariff_draft,
            drafted.c.name.label("drafted_by_name"),
            published.c.name.label("published_by_name"),
            closed.c.name.label("closed_by_name"),
            fee_item.c.name.label("item"),
            rate_plan.c.name.label("plan"),
        )
        .outerjoin(drafted, drafted.c.id == tariff_draft.c.drafted_by)
        .outerjoin(published, published.c.id == tariff_draft.c.published_by)
        .outerjoin(closed, closed.c.id == tariff_draft.c.closed_by)
        .outerjoin(fee_item, fee_item.c.id == tariff_draft.c.fee_item_id)
        .outerjoin(rate_plan, rate_plan.c.id == tariff_draft.c.plan_id)
    )


def change_draft(session: Session, draft_id: int, **columns: object) -> None:
    """Change where a draft stands."""
    session.execute(sa.update(tariff_draft).where(tariff_draft.c.id == draft_id).values(**columns))


# --- whom a new price touches -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Touched:
    """One unit at the old and at the new price."""

    unit_id: int
    label: str
    before_fen: int
    after_fen: int


@dataclass(frozen=True, slots=True)
class Impact:
    """The units of a period at the old and the new price: how many change, by how much, and the largest ones."""

    units: int
    changed: int
    before_fen: int
    after_fen: int
    top: tuple[Touched, ...]


def impact(session: Session, before: ItemPeriod, after: ItemPeriod) -> Impact:
    """Compare one period at two sets of prices, in two statements whatever the size of the estate."""
    old, new = charges.amounts(before).subquery("old_amount"), charges.amounts(after).subquery("new_amount")
    was, becomes = sa.func.coalesce(old.c.principal_fen, 0), sa.func.coalesce(new.c.principal_fen, 0)
    joined = unit.outerjoin(old, old.c.unit_id == unit.c.id).outerjoin(new, new.c.unit_id == unit.c.id)
    concerned = [*charges.in_scope(after), sa.or_(was != 0, becomes != 0)]
    totals = session.execute(
        sa.select(
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(sa.case((was != becomes, 1), else_=0)), 0),
            sa.func.coalesce(sa.func.sum(was), 0),
            sa.func.coalesce(sa.func.sum(becomes), 0),
        )
        .select_from(joined)
        .where(*concerned)
    ).one()
    rows = session.execute(
        sa.select(unit.c.id, unit.c.label, was, becomes)
        .select_from(joined)
        .where(*concerned, was != becomes)
        .order_by(sa.func.abs(becomes - was).desc(), unit.c.sort_key)
        .limit(TOP)
    )
    top = tuple(Touched(row[0], row[1], int(row[2]), int(row[3])) for row in rows)
    return Impact(int(totals[0]), int(totals[1]), int(totals[2]), int(totals[3]), top)


def late_impact(session: Session, plan_id: int, *, on: dt.date) -> tuple[int, int, int]:
    """Return (units, bills, fen of principal) that are overdue under a plan: what a new rate runs on."""
    row = session.execute(
        sa.select(
            sa.func.count(sa.distinct(bill_state.c.unit_id)),
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(bill_state.c.principal_fen), 0),
        ).where(
            bill_state.c.plan_id == plan_id,
            bill_state.c.until_on == day(FOREVER),
            bill_state.c.settled_on.is_(None),
            bill_state.c.principal_fen > 0,
            bill_state.c.due_on < day(on),
            ~sa.exists(
                sa.select(sa.literal(1)).where(
                    reversal.c.target_kind == "bill", reversal.c.target_id == bill_state.c.bill_id
                )
            ),
        )
    ).one()
    return int(row[0]), int(row[1]), int(row[2])


def working(session: Session, wanted: ItemPeriod, *, limit: int) -> list[sa.Row[Any]]:
    """Return how each amount of a trial comes about, month by month and version by version."""
    return list(session.execute(charges.working(wanted).limit(limit)))


def in_force(session: Session, item_id: int) -> tuple[Version, ...]:
    """Return the versions of an item as a run reads them."""
    return tuple(
        Version(row.usage_type, row.from_on, row.until_on, row.price_e4, row.addition_e4)
        for row in versions(session, item_id)
    )
