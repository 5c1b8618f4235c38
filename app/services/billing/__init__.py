"""Billing: what a period would bill, drafting and releasing it, single bills, and taking bills back."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from app.domain.errors import Refusal
from app.services.billing.drafts import (
    Reversible,
    carry_out,
    close,
    draft_reversal,
    draft_run,
    give_up,
    release,
    reversible,
    scope_of,
    scope_text,
)
from app.services.billing.review import PERCENT, Change, Oddity, Review, Reviewed, review
from app.services.billing.running import ItemPreview, RunResult, post, preview
from app.services.billing.singles import Single, SinglePreview, post_by_hand, post_single, preview_single
from app.store import billing, ledger
from app.store.run_plan import MONTHS_AHEAD, MONTHS_BACK, Scope

__all__ = [
    "MONTHS_AHEAD",
    "MONTHS_BACK",
    "PERCENT",
    "Change",
    "ItemPreview",
    "Oddity",
    "Reversible",
    "Review",
    "Reviewed",
    "RunResult",
    "Scope",
    "Single",
    "SinglePreview",
    "carry_out",
    "close",
    "draft_reversal",
    "draft_run",
    "give_up",
    "post",
    "post_by_hand",
    "post_single",
    "preview",
    "preview_single",
    "release",
    "reverse_bill",
    "reversible",
    "review",
    "scope_of",
    "scope_text",
]


def reverse_bill(
    session: Session, *, bill_id: int, on: dt.date, reason: str, today: dt.date, now: dt.datetime, actor_id: int | None
) -> int:
    """Take a bill back from ``on`` (红冲): what was paid on it is booked anew by the default order.

    Raises:
        Refusal: ``bill.unknown``, ``reversal.twice``, ``reversal.reason_missing``, ``date.in_future``.

    """
    if not reason.strip():
        raise Refusal("reversal.reason_missing", field="reason")
    if on > today:
        raise Refusal("date.in_future", field="on", on=on.isoformat())
    found = billing.bill_row(session, bill_id)
    row = {
        "target_kind": "bill",
        "target_id": bill_id,
        "value_on": max(on, found.issued_on),
        "reason": reason.strip(),
        "recorded_at": now,
        "recorded_by": actor_id,
    }
    return ledger.post(session, ledger.Posting(found.unit_id, "reversal", row), through=today)
