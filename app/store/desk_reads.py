"""What the desk shows at a glance: billed and received this month, and what waits for somebody."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.store.arrears import day
from app.store.tables import account, bill, reversal
from app.store.tables_office import notice_batch, waiver_request


def billed(session: Session, *, community_id: int, from_on: dt.date, to_on: dt.date) -> tuple[int, int]:
    """Return (bills, fen) that fall due over closed dates; bills taken back are left out."""
    taken_back = sa.and_(reversal.c.target_kind == "bill", reversal.c.target_id == bill.c.id)
    count, amount = session.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(bill.c.principal_fen), 0))
        .outerjoin(reversal, taken_back)
        .where(
            bill.c.community_id == community_id,
            bill.c.due_on >= day(from_on),
            bill.c.due_on <= day(to_on),
            reversal.c.id.is_(None),
        )
    ).one()
    return int(count), int(amount)


def waiting(session: Session, *, community_id: int) -> dict[str, int]:
    """Return how many waiver requests, draft batches and failing accounts wait in a community."""

    def count(query: sa.Select[Any]) -> int:
        found: int = session.execute(query).scalar_one()
        return found

    number = sa.select(sa.func.count())
    return {
        "waivers": count(
            number.select_from(waiver_request).where(
                waiver_request.c.community_id == community_id, waiver_request.c.state == "requested"
            )
        ),
        "batches": count(
            number.select_from(notice_batch).where(
                notice_batch.c.community_id == community_id, notice_batch.c.state == "draft"
            )
        ),
        "problems": count(
            number.select_from(account).where(
                account.c.community_id == community_id, account.c.problem_code.is_not(None)
            )
        ),
    }
