"""The further columns of the list of arrears: what each unit's row can tell beside its sums."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.store import arrears_filter
from app.store.figures import day
from app.store.tables import account, bill, bill_state, payment, reversal, unit
from app.store.tables_office import app_user, notice
from app.store.tables_reports import steward

SORTS: Mapping[str, Any] = dict.fromkeys(("months", "credit", "paid", "noticed"))
"""The further columns that can be sorted by; their expressions depend on the day."""


@dataclass(frozen=True, slots=True)
class More:
    """The further columns of one unit."""

    months: int = 0
    credit_fen: int = 0
    paid_on: dt.date | None = None
    noticed_on: dt.date | None = None
    steward: str = ""
    flags: tuple[str, ...] = ()


NOTHING = More()


def of(name: str, as_of: dt.date) -> ColumnElement[Any]:
    """Return a further column as an expression on ``unit``."""
    on = day(as_of)
    match name:
        case "months":
            # The versions of that day, whatever came later.
            query = (
                sa.select(sa.func.sum(sa.func.coalesce(bill.c.months, 1)))
                .select_from(bill_state.join(bill, bill.c.id == bill_state.c.bill_id))
                .where(
                    bill_state.c.unit_id == unit.c.id,
                    bill_state.c.due_on < on,
                    bill_state.c.since_on <= on,
                    bill_state.c.until_on > on,
                    bill_state.c.settled_on.is_(None),
                    bill_state.c.principal_fen > 0,
                )
            )
        case "credit":
            query = sa.select(account.c.credit_fen).where(account.c.unit_id == unit.c.id)
        case "paid":
            taken_back = sa.exists(
                sa.select(sa.literal(1)).where(
                    reversal.c.target_kind == "payment", reversal.c.target_id == payment.c.id, reversal.c.value_on <= on
                )
            )
            query = sa.select(sa.func.max(payment.c.received_on)).where(
                payment.c.unit_id == unit.c.id, payment.c.received_on <= on, ~taken_back
            )
        case "noticed":
            query = sa.select(sa.func.max(notice.c.as_of)).where(notice.c.unit_id == unit.c.id, notice.c.as_of <= on)
        case "steward":
            query = (
                sa.select(app_user.c.name)
                .join(steward, steward.c.user_id == app_user.c.id)
                .where(steward.c.community_id == unit.c.community_id, steward.c.building == unit.c.building)
            )
        case _:
            raise KeyError(name)
    return query.correlate(unit).scalar_subquery()


def of_units(session: Session, unit_ids: Sequence[int], *, as_of: dt.date, names: Collection[str]) -> dict[int, More]:
    """Return the further columns in ``names`` of these units, in one statement."""
    wanted = [name for name in ("months", "credit", "paid", "noticed", "steward") if name in names]
    flags = arrears_filter.FLAGS if "flags" in names else ()
    if not unit_ids or not (wanted or flags):
        return {}
    query = sa.select(
        unit.c.id,
        *(of(name, as_of).label(name) for name in wanted),
        *(sa.case((arrears_filter.flag(name, as_of), 1), else_=0).label(f"is_{name}") for name in flags),
    ).where(unit.c.id.in_(list(unit_ids)))
    found = {}
    for row in session.execute(query).mappings():
        found[row["id"]] = More(
            months=int(row.get("months") or 0),
            credit_fen=int(row.get("credit") or 0),
            paid_on=row.get("paid"),
            noticed_on=row.get("noticed"),
            steward=row.get("steward") or "",
            flags=tuple(name for name in flags if row[f"is_{name}"]),
        )
    return found


def stewards(session: Session, community_id: int) -> dict[int, str]:
    """Return the people who look after a building of the community, by name."""
    looking = sa.select(steward.c.user_id).where(steward.c.community_id == community_id)
    query = sa.select(app_user.c.id, app_user.c.name).where(app_user.c.id.in_(looking))
    return {row.id: row.name for row in session.execute(query.order_by(app_user.c.name, app_user.c.id))}
