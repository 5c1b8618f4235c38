"""What a period would bill, and posting it once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.store import billing, charges, ledger, run_plan
from app.store.run_plan import ALL, Scope


@dataclass(frozen=True, slots=True)
class ItemPreview:
    """One fee item of a run."""

    item: str
    from_on: dt.date
    to_on: dt.date
    due_on: dt.date
    created: int
    existing: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run made; ``existing`` bills were there already and were left alone."""

    run_id: int | None
    created: int
    existing: int
    amount_fen: int
    items: tuple[ItemPreview, ...]


def preview(session: Session, *, community_id: int, period: str, today: dt.date, scope: Scope = ALL) -> RunResult:
    """Return what posting the run of ``period`` (``2026-01``) would do; nothing is written.

    Raises:
        Refusal: ``period.not_a_month``, ``billing.period_far``, ``billing.no_items``.

    """
    wanted = run_plan.wanted(session, community_id=community_id, period=period, today=today, scope=scope)
    return result_of(None, tuple(_preview_item(session, one) for one in wanted))


def post(
    session: Session,
    *,
    community_id: int,
    period: str,
    today: dt.date,
    now: dt.datetime,
    actor_id: int | None,
    scope: Scope = ALL,
) -> RunResult:
    """Post the run of ``period``: bills that exist stay as they are, the rest is written; safe to repeat.

    Raises:
        Refusal: as ``preview``.

    """
    wanted = run_plan.wanted(session, community_id=community_id, period=period, today=today, scope=scope)
    items = tuple(_preview_item(session, one) for one in wanted)
    if not any(item.created for item in items):
        return result_of(None, items)
    run_id, created, amount = write(
        session, wanted=wanted, community_id=community_id, period=period, today=today, now=now, actor_id=actor_id
    )
    return RunResult(run_id, created, sum(item.existing for item in items), amount, items)


def write(
    session: Session,
    *,
    wanted: Sequence[charges.ItemPeriod],
    community_id: int,
    period: str,
    today: dt.date,
    now: dt.datetime,
    actor_id: int | None,
) -> tuple[int, int, int]:
    """Write the bills that are not there yet and chain them; return (run, bills, fen)."""
    run_id = billing.start_run(session, community_id=community_id, period=period, posted_by=actor_id, posted_at=now)
    for one in wanted:
        billing.insert(session, one, run_id)
    created, amount = billing.finish_run(session, run_id)
    adopted = ledger.adopt_bills(session, billing.bills_of_run(run_id), through=today)
    if adopted != created:
        msg = "a run and its ledger entries differ in number"
        raise AssertionError(msg)
    return run_id, created, amount


def _preview_item(session: Session, wanted: charges.ItemPeriod) -> ItemPreview:
    created, existing, amount = billing.preview(session, wanted)
    item: Mapping[str, Any] = wanted.item
    return ItemPreview(item["name"], wanted.from_on, wanted.to_on, wanted.due_on, created, existing, amount)


def result_of(run_id: int | None, items: tuple[ItemPreview, ...]) -> RunResult:
    """Add the items of a run up."""
    return RunResult(
        run_id=run_id,
        created=sum(item.created for item in items),
        existing=sum(item.existing for item in items),
        amount_fen=sum(item.amount_fen for item in items),
        items=items,
    )
