"""A run or a reversal drafted by one person and released by another: what is posted is what was previewed."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.domain.errors import Refusal, conflict, forbidden
from app.services.billing.review import Review, review_of
from app.services.billing.running import write
from app.store import audit, billing_drafts, billing_review, charges, ledger, run_plan
from app.store.billing_drafts import RunBill
from app.store.run_plan import ALL, Scope
from app.store.types import canonical


@dataclass(frozen=True, slots=True)
class Reversible:
    """What taking back a run or a bill would do: what goes, and what stays because something stands on it."""

    free: tuple[RunBill, ...]
    kept: tuple[RunBill, ...]
    back: int

    @property
    def amount_fen(self) -> int:
        """What would be taken back."""
        return sum(one.principal_fen for one in self.free)

    @property
    def fingerprint(self) -> str:
        """One hash of the bills that would be taken back."""
        return hashlib.sha256(repr([one.bill_id for one in self.free]).encode()).hexdigest()


def draft_run(
    session: Session,
    *,
    community_id: int,
    period: str,
    scope: Scope = ALL,
    today: dt.date,
    now: dt.datetime,
    actor_id: int,
    actor: str,
) -> int:
    """Keep a run for a second person to release; return the draft's id.

    Raises:
        Refusal: as ``preview``; ``billing.nothing_to_bill``, ``billing_draft.waits_already``.

    """
    kept = scope_text(scope)
    _refuse_twin(session, community_id, "run", period=period, scope=kept)
    _, found = _run(session, community_id, period, scope, today)
    if not found.result.created:
        raise conflict("billing.nothing_to_bill", period=period)
    row = {
        "kind": "run",
        "period": period,
        "scope": kept,
        "fingerprint": found.fingerprint,
        "bills": found.result.created,
        "amount_fen": found.result.amount_fen,
    }
    return _add(session, row, community_id=community_id, now=now, actor_id=actor_id, actor=actor)


def reversible(session: Session, *, run_id: int | None = None, bill_id: int | None = None) -> Reversible:
    """Return what taking back a run, or one bill, would do.

    Of a run, bills with money, waivers, holds or notices on them stay. One bill alone goes even when it was paid: its
    money is then booked to the unit's other bills.
    """
    rows = billing_drafts.bills_of(session, run_id=run_id, bill_id=bill_id)
    standing = [row for row in rows if not row.is_reversed]
    stays = [row for row in standing if row.reason and not (bill_id is not None and row.reason in {"paid", "noticed"})]
    free = tuple(row for row in standing if row not in stays)
    return Reversible(free, tuple(stays), len(rows) - len(standing))


def draft_reversal(
    session: Session,
    *,
    community_id: int,
    run_id: int | None = None,
    bill_id: int | None = None,
    may_leave: bool = False,
    on: dt.date,
    reason: str,
    today: dt.date,
    now: dt.datetime,
    actor_id: int,
    actor: str,
) -> int:
    """Keep the reversal of a run, or of one bill, for a second person to release; return the draft's id.

    Raises:
        Refusal: ``reversal.reason_missing``, ``date.in_future``, ``billing_draft.waits_already``,
            ``billing_run.has_dependents`` when something stands on some bills and they are not to be left,
            ``billing_run.nothing_to_reverse``.

    """
    if not reason.strip():
        raise Refusal("reversal.reason_missing", field="reason")
    if on > today:
        raise Refusal("date.in_future", field="on", on=on.isoformat())
    kind = "run_reversal" if run_id is not None else "bill_reversal"
    _refuse_twin(session, community_id, kind, run_id=run_id, bill_id=bill_id)
    found = reversible(session, run_id=run_id, bill_id=bill_id)
    _refuse_dependents(found, may_leave=may_leave)
    row = {
        "kind": kind,
        "run_id": run_id,
        "bill_id": bill_id,
        "scope": canonical({"may_leave": may_leave}),
        "value_on": on,
        "reason": reason.strip(),
        "fingerprint": found.fingerprint,
        "bills": len(found.free),
        "amount_fen": found.amount_fen,
    }
    return _add(session, row, community_id=community_id, now=now, actor_id=actor_id, actor=actor)


def release(session: Session, *, draft_id: int, today: dt.date, now: dt.datetime, actor_id: int, actor: str) -> None:
    """Release a draft as a second person; ``carry_out`` then does it.

    Raises:
        Refusal: ``billing_draft.unknown``, ``billing_draft.not_waiting``, ``billing_draft.same_person``,
            ``billing_draft.changed`` when it would no longer do what was previewed.

    """
    row = _waiting(session, draft_id)
    if row.drafted_by == actor_id:
        raise forbidden("billing_draft.same_person")
    _check_unchanged(session, row, today)
    billing_drafts.change(session, draft_id, state="released", released_by=actor_id, released_at=now)
    _record(session, row, "billing_draft.released", now, actor)


def carry_out(session: Session, *, draft_id: int, today: dt.date, now: dt.datetime) -> int:
    """Do what was released, exactly as it was previewed, and return how many bills it concerned; done once.

    Raises:
        Refusal: ``billing_draft.unknown``, ``billing_draft.not_released``, ``billing_draft.changed``.

    """
    row = billing_drafts.one(session, draft_id, is_locked=True)
    if row.state == "done":
        return int(row.bills)
    if row.state != "released":
        raise conflict("billing_draft.not_released")
    run_id = row.run_id
    if row.kind == "run":
        wanted = _check_unchanged(session, row, today)
        run_id, _, _ = write(
            session,
            wanted=wanted,
            community_id=row.community_id,
            period=row.period,
            today=today,
            now=now,
            actor_id=row.released_by,
        )
    else:
        _check_unchanged(session, row, today)
        found = reversible(session, run_id=row.run_id, bill_id=row.bill_id)
        ledger.post_many(session, [_taking_back(one, row, now) for one in found.free], through=today)
    billing_drafts.change(session, draft_id, state="done", run_id=run_id, closed_at=now)
    _record(session, row, f"billing_draft.{row.kind}_done", now, row.released_by_name or "")
    return int(row.bills)


def give_up(session: Session, *, draft_id: int, why: str, now: dt.datetime) -> None:
    """Note that a released draft could not be carried out, and why; it has to be drafted again."""
    row = billing_drafts.one(session, draft_id, is_locked=True)
    if row.state == "released":
        billing_drafts.change(session, draft_id, state="failed", closed_at=now, closed_note=why[:200])


def close(session: Session, *, draft_id: int, reason: str, now: dt.datetime, actor_id: int, actor: str) -> str:
    """Take a draft back as the one who made it, or refuse it as another, with a reason; return the new state.

    Raises:
        Refusal: ``billing_draft.unknown``, ``billing_draft.not_waiting``, ``billing_draft.reason_missing``.

    """
    row = _waiting(session, draft_id, or_failed=True)
    if not reason.strip():
        raise Refusal("billing_draft.reason_missing", field="reason")
    state = "withdrawn" if row.drafted_by == actor_id else "refused"
    billing_drafts.change(
        session, draft_id, state=state, closed_by=actor_id, closed_at=now, closed_note=reason.strip()[:200]
    )
    _record(session, row, f"billing_draft.{state}", now, actor)
    return state


def scope_text(scope: Scope) -> str:
    """Write a scope as a draft keeps it."""
    return canonical(
        {
            "buildings": sorted(scope.buildings),
            "items": sorted(scope.item_ids),
            "rebill": scope.is_rebilling,
        }
    )


def scope_of(text: str) -> Scope:
    """Read a scope back."""
    kept = json.loads(text)
    return Scope(tuple(kept.get("buildings", ())), tuple(kept.get("items", ())), bool(kept.get("rebill")))


def _run(
    session: Session, community_id: int, period: str, scope: Scope, today: dt.date
) -> tuple[list[charges.ItemPeriod], Review]:
    wanted = run_plan.wanted(session, community_id=community_id, period=period, today=today, scope=scope)
    return wanted, review_of([(one, billing_review.lines(session, one)) for one in wanted])


def _check_unchanged(session: Session, row: Any, today: dt.date) -> Sequence[charges.ItemPeriod]:  # noqa: ANN401 - a row
    """Refuse when the draft would not do any more what its maker saw; return what a run bills."""
    if row.kind == "run":
        wanted, found = _run(session, row.community_id, row.period, scope_of(row.scope), today)
        now_is, bills, amount_fen = found.fingerprint, found.result.created, found.result.amount_fen
    else:
        back = reversible(session, run_id=row.run_id, bill_id=row.bill_id)
        _refuse_dependents(back, may_leave=bool(json.loads(row.scope).get("may_leave")))
        wanted, now_is, bills, amount_fen = [], back.fingerprint, len(back.free), back.amount_fen
    if now_is != row.fingerprint:
        raise conflict(
            "billing_draft.changed",
            then_bills=row.bills,
            then_amount_fen=row.amount_fen,
            now_bills=bills,
            now_amount_fen=amount_fen,
        )
    return wanted


def _refuse_dependents(found: Reversible, *, may_leave: bool) -> None:
    if found.kept and not may_leave:
        raise conflict("billing_run.has_dependents", field="leave", unit=found.kept[0].label, count=len(found.kept))
    if not found.free:
        raise conflict("billing_run.nothing_to_reverse")


def _refuse_twin(session: Session, community_id: int, kind: str, **columns: object) -> None:
    twin = billing_drafts.open_like(session, community_id, kind, **columns)
    if twin is not None:
        raise conflict("billing_draft.waits_already", number=twin)


def _add(
    session: Session, row: dict[str, Any], *, community_id: int, now: dt.datetime, actor_id: int, actor: str
) -> int:
    draft_id = billing_drafts.add(
        session, {"community_id": community_id, "drafted_by": actor_id, "drafted_at": now, **row}
    )
    audit.record(
        session,
        at=now,
        actor=actor,
        action=f"billing_draft.{row['kind']}_drafted",
        subject=f"billing_draft:{draft_id}",
        community_id=community_id,
        facts={"bills": row["bills"]},
    )
    return draft_id


def _waiting(session: Session, draft_id: int, *, or_failed: bool = False) -> Any:  # noqa: ANN401 - a row
    row = billing_drafts.one(session, draft_id, is_locked=True)
    if row.state != "draft" and not (or_failed and row.state == "failed"):
        raise conflict("billing_draft.not_waiting", state=row.state)
    return row


def _taking_back(one: RunBill, row: Any, now: dt.datetime) -> ledger.Posting:  # noqa: ANN401 - a row
    facts = {
        "target_kind": "bill",
        "target_id": one.bill_id,
        "value_on": max(row.value_on, one.issued_on),
        "reason": row.reason,
        "recorded_at": now,
        "recorded_by": row.released_by,
    }
    return ledger.Posting(one.unit_id, "reversal", facts)


def _record(session: Session, row: Any, action: str, now: dt.datetime, actor: str) -> None:  # noqa: ANN401 - a row
    audit.record(
        session,
        at=now,
        actor=actor,
        action=action,
        subject=f"billing_draft:{row.id}",
        community_id=row.community_id,
    )
