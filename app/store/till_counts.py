"""What waits at the counter, for the tabs above its pages, in one statement."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.store.tables_counter import deposit, deposit_entry, shift, shift_confirmation, unclaimed, unclaimed_entry


def waiting(session: Session, *, community_id: int) -> dict[str, int]:
    """Return how many sums are unclaimed, deposits held, and hand-overs not confirmed in a community."""
    last = unclaimed_entry.alias("last")
    later = unclaimed_entry.alias("later")
    is_last = ~sa.exists().where(later.c.unclaimed_id == last.c.unclaimed_id, later.c.seq > last.c.seq)
    left = sa.func.coalesce(last.c.left_fen, unclaimed.c.amount_fen)
    money = unclaimed.outerjoin(last, sa.and_(last.c.unclaimed_id == unclaimed.c.id, is_last))
    entry, after = deposit_entry.alias("entry"), deposit_entry.alias("after")
    is_newest = ~sa.exists().where(after.c.deposit_id == entry.c.deposit_id, after.c.seq > entry.c.seq)
    held = deposit.join(entry, sa.and_(entry.c.deposit_id == deposit.c.id, is_newest, entry.c.held_fen > 0))
    sheets = shift.outerjoin(shift_confirmation, shift_confirmation.c.shift_id == shift.c.id)
    number = sa.select(sa.func.count())
    row = session.execute(
        sa.select(
            number.select_from(money)
            .where(unclaimed.c.community_id == community_id, left > 0)
            .scalar_subquery()
            .label("unclaimed"),
            number.select_from(held).where(deposit.c.community_id == community_id).scalar_subquery().label("deposits"),
            number.select_from(sheets)
            .where(shift.c.community_id == community_id, shift_confirmation.c.id.is_(None))
            .scalar_subquery()
            .label("shifts"),
        )
    ).one()
    return {"unclaimed": int(row.unclaimed), "deposits": int(row.deposits), "shifts": int(row.shifts)}
