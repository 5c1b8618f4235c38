"""Objections and holds: setting one, seeing beforehand what it does, ending it early, taking back a wrong one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from app.domain.deeds import By
from app.domain.errors import Refusal, conflict
from app.domain.events import Hold
from app.domain.ledger import Account, statement
from app.domain.waivers import HoldReason
from app.store import audit, estate, holds, ledger, once, replay
from app.store.types import canonical

LONGEST_DAYS = 366
BACK_DAYS = 31
"""So far back a hold may reach without the right to decide on waivers: a longer one gives late charge away."""
ONE = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Wish:
    """A hold on closed dates; no bills means all of them, also those to come."""

    unit_id: int
    bill_ids: Sequence[int]
    reason: HoldReason
    is_objection: bool
    from_on: dt.date
    until_on: dt.date
    stops_accrual: bool
    stops_dunning: bool
    stops_contact: bool
    note: str = ""
    review_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """What a hold does to the late charge, today and on its last day, if nothing is paid meanwhile."""

    bills: int
    today_before_fen: int
    today_after_fen: int
    until_on: dt.date
    last_before_fen: int
    last_after_fen: int


def effect(session: Session, *, wish: Wish, today: dt.date, may_decide: bool) -> Effect:
    """Return what the hold would do; nothing is written.

    Raises:
        Refusal: whatever would refuse the hold itself.

    """
    story = _story(session, wish.unit_id)
    _check(wish, story, today, may_decide=may_decide)
    account, held = story.account, story.account
    if wish.stops_accrual:
        names = tuple(f"b{number}" for number in wish.bill_ids)
        held = account.adding(Hold(id="a0", from_on=wish.from_on, to_on=wish.until_on, bill_ids=names))
    last_on = max(wish.until_on, today)
    return Effect(
        bills=len(wish.bill_ids) or len(story.bills),
        today_before_fen=_late(account, today),
        today_after_fen=_late(held, today),
        until_on=last_on,
        last_before_fen=_late(account, last_on),
        last_after_fen=_late(held, last_on),
    )


def place(session: Session, *, wish: Wish, may_decide: bool, by: By, key: str) -> int:
    """Set a hold and return its id; the same ``key`` acts once.

    Raises:
        Refusal: ``hold.no_effect``, ``hold.to_before_from``, ``hold.too_long``, ``hold.too_far_back``,
            ``hold.note_missing``, ``hold.unknown_bill``, ``form.key_reused``, ``unit.unknown``.

    """
    asked = {"unit": wish.unit_id, "bills": list(wish.bill_ids), "from": wish.from_on, "until": wish.until_on}
    asked |= {"reason": wish.reason, "actor": by.actor_id, "objection": wish.is_objection}
    if (answered := once.claim(session, key=key, scope="hold", request=asked, now=by.now)) is not None:
        return int(answered["hold_id"])
    _check(wish, _story(session, wish.unit_id), by.today, may_decide=may_decide)
    unit = estate.unit_row(session, wish.unit_id)
    made = ledger.post(session, _posting(wish, by), through=by.today)
    _add_case(session, made, wish, unit)
    _log(session, "hold.placed", unit, by, hold=made, objection=wish.is_objection)
    once.settle(session, key=key, scope="hold", result={"hold_id": made})
    return made


def end(session: Session, *, hold_id: int, last_on: dt.date, reason: str, by: By, key: str) -> int | None:
    """End a hold after ``last_on``: what rested until then stays; return the id of the shorter hold that stands.

    A hold that began in a closed month can be ended too, as long as only open days are charged again.

    Raises:
        Refusal: ``hold.unknown``, ``hold.over``, ``hold.end_out_of_range``, ``reversal.reason_missing``,
            ``period.closed`` where a day after ``last_on`` is closed.

    """
    row = holds.by_id(session, hold_id, today=by.today)
    asked = {"hold": hold_id, "last": last_on, "actor": by.actor_id}
    if (answered := once.claim(session, key=key, scope="hold_end", request=asked, now=by.now)) is not None:
        return answered["hold_id"] or None
    _check_open(row, reason)
    if not row["value_on"] <= last_on < row["until_on"]:
        raise Refusal("hold.end_out_of_range", field="last_on", first=str(row["value_on"]), last=str(row["until_on"]))
    wish = _wish(row, until_on=last_on)
    back, shorter = _reversal(row, reason, by), replace(_posting(wish, by), changes_on=last_on + ONE)
    made = ledger.post_many(session, [back, shorter], through=by.today)[1]
    unit = estate.unit_row(session, row["unit_id"])
    _add_case(session, made, wish, unit)
    _log(session, "hold.ended", unit, by, hold=hold_id, shorter=made)
    once.settle(session, key=key, scope="hold_end", result={"hold_id": made})
    return made


def withdraw(session: Session, *, hold_id: int, reason: str, by: By, key: str) -> None:
    """Take back a hold entered by mistake: it counts as never set, the late charge runs as without it.

    Raises:
        Refusal: ``hold.unknown``, ``hold.over``, ``reversal.reason_missing``.

    """
    row = holds.by_id(session, hold_id, today=by.today)
    asked = {"hold": hold_id, "actor": by.actor_id}
    if once.claim(session, key=key, scope="hold_back", request=asked, now=by.now) is not None:
        return
    if row["ended_on"] is not None:
        raise conflict("hold.over")
    if not reason.strip():
        raise Refusal("reversal.reason_missing", field="reason")
    ledger.post(session, _reversal(row, reason, by), through=by.today)
    _log(session, "hold.withdrawn", estate.unit_row(session, row["unit_id"]), by, hold=hold_id)
    once.settle(session, key=key, scope="hold_back", result={"hold_id": 0})


# --- private --------------------------------------------------------------------------------------


def _check(wish: Wish, story: replay.Story, today: dt.date, *, may_decide: bool) -> None:
    if not (wish.stops_accrual or wish.stops_dunning or wish.stops_contact):
        raise Refusal("hold.no_effect", field="stops_dunning")
    if wish.until_on < wish.from_on:
        raise Refusal("hold.to_before_from", field="until_on")
    if (wish.until_on - wish.from_on).days >= LONGEST_DAYS:
        raise Refusal("hold.too_long", field="until_on", days=LONGEST_DAYS)
    if wish.until_on < today:
        raise Refusal("hold.past", field="until_on")
    if wish.stops_accrual and not may_decide and (today - wish.from_on).days > BACK_DAYS:
        raise Refusal("hold.too_far_back", field="from_on", days=BACK_DAYS)
    if not wish.note.strip():
        raise Refusal("hold.note_missing", field="note")
    if wish.review_on is not None and not wish.from_on <= wish.review_on <= wish.until_on:
        raise Refusal("hold.review_out_of_range", field="review_on")
    if any(number not in story.bills for number in wish.bill_ids):
        raise Refusal("hold.unknown_bill", field="bill")


def _check_open(row: holds.Row, reason: str) -> None:
    if not row["is_open"]:
        raise conflict("hold.over")
    if not reason.strip():
        raise Refusal("reversal.reason_missing", field="reason")


def _story(session: Session, unit_id: int) -> replay.Story:
    estate.unit_row(session, unit_id)
    return ledger.stories(session, [unit_id])[unit_id]


def _late(account: Account, on: dt.date) -> int:
    return sum(bill.late_charge_fen for bill in statement(account, on).bills)


def _posting(wish: Wish, by: By) -> ledger.Posting:
    return ledger.Posting(
        wish.unit_id,
        "adjustment",
        {
            "kind": "hold",
            "value_on": wish.from_on,
            "until_on": wish.until_on,
            "bill_ids": canonical(list(wish.bill_ids)),
            "stops_accrual": wish.stops_accrual,
            "stops_dunning": wish.stops_dunning,
            "stops_contact": wish.stops_contact,
            "reason": wish.reason.value,
            "recorded_at": by.now,
            "recorded_by": by.actor_id,
        },
    )


def _reversal(row: holds.Row, reason: str, by: By) -> ledger.Posting:
    back = {
        "target_kind": "adjustment",
        "target_id": row["id"],
        "value_on": max(by.today, row["value_on"]),
        "reason": reason.strip(),
        "recorded_at": by.now,
        "recorded_by": by.actor_id,
    }
    return ledger.Posting(row["unit_id"], "reversal", back)


def _wish(row: holds.Row, *, until_on: dt.date) -> Wish:
    return Wish(
        unit_id=row["unit_id"],
        bill_ids=row["bill_ids"],
        reason=HoldReason(row["reason"]),
        is_objection=row["is_objection"],
        from_on=row["value_on"],
        until_on=until_on,
        stops_accrual=row["stops_accrual"],
        stops_dunning=row["stops_dunning"],
        stops_contact=row["stops_contact"],
        note=row["note"],
    )


def _add_case(session: Session, hold_id: int, wish: Wish, unit: Any) -> None:  # noqa: ANN401 - a row
    holds.add_case(
        session,
        {
            "adjustment_id": hold_id,
            "community_id": unit.community_id,
            "unit_id": wish.unit_id,
            "is_objection": wish.is_objection,
            "note": wish.note.strip(),
            "review_on": wish.review_on,
        },
    )


def _log(
    session: Session,
    action: str,
    unit: Any,  # noqa: ANN401 - a row
    by: By,
    **facts: object,
) -> None:
    audit.record(
        session,
        at=by.now,
        actor=by.actor,
        action=action,
        subject=f"unit:{unit.id}",
        community_id=unit.community_id,
        facts=facts,
    )
