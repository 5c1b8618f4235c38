"""Asking for a waiver or a discount, deciding on it as a second person, and taking it back where that is allowed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy.orm import Session

from app.domain.errors import Refusal, conflict, forbidden
from app.domain.events import ConditionalWaiver, Discount, Event, LateChargeWaiver
from app.domain.ledger import Account, statement
from app.domain.money import half_up_fraction
from app.domain.waivers import Share, WaiverKind, WaiverReason, spread
from app.store import audit, estate, ledger, once, replay, waiver_review, waivers
from app.store.types import canonical

DECIDE_WITHIN_DAYS = 30
LONGEST_CONDITION_DAYS = 184
"""Half a year: a promise to pay that runs longer is an instalment plan, not a condition."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for; exactly one of amount and ratio, none for a conditional waiver."""

    unit_id: int
    kind: WaiverKind
    bill_ids: Sequence[int]
    reason: WaiverReason
    note: str = ""
    amount_fen: int | None = None
    ratio: Fraction | None = None
    pay_by_on: dt.date | None = None
    is_retroactive: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """What it would change on one bill, in fen."""

    bill_id: int
    principal_before_fen: int
    principal_after_fen: int
    late_charge_before_fen: int
    late_charge_after_fen: int


@dataclass(frozen=True, slots=True)
class Effect:
    """What approving today would change on the unit's account, in fen."""

    principal_before_fen: int
    principal_after_fen: int
    late_charge_before_fen: int
    late_charge_after_fen: int
    facts: Mapping[str, Any]
    most_fen: int = 0
    """The most a condition can come to give away: the late charge as it would stand on its last day."""
    lines: tuple[Line, ...] = ()

    @property
    def given_fen(self) -> int:
        """What would be given away."""
        return (
            self.principal_before_fen
            + self.late_charge_before_fen
            - self.principal_after_fen
            - self.late_charge_after_fen
        )


def effect(session: Session, *, wish: Wish, today: dt.date) -> Effect:
    """Return what approving the wish today would do; nothing is written.

    Raises:
        Refusal: whatever would refuse the request itself.

    """
    story = _story(session, wish.unit_id)
    bills = _bills(story, wish.bill_ids)
    before = statement(story.account, today)
    events = _events(wish, _shares(story.account, wish, bills, today), today)
    most = 0
    if wish.kind is WaiverKind.CONDITIONAL_WAIVER:
        most = _late_charge_on(story.account, bills, wish.pay_by_on or today)
        late = sum(bill.late_charge_fen for bill in before.bills if bill.bill.id in bills)
        if late == 0:
            raise Refusal("waiver.nothing_outstanding", field="bills")
        after = before
        after_principal, after_late = _sums(before)[0], _sums(before)[1] - late
    else:
        after = statement(story.account.adding(*events), today)
        after_principal, after_late = _sums(after)
    principal, late_charge = _sums(before)
    facts = waivers.payment_facts(session, unit_id=wish.unit_id, as_of=today)
    lines = _lines(before, after, bills, is_met=wish.kind is WaiverKind.CONDITIONAL_WAIVER)
    return Effect(principal, after_principal, late_charge, after_late, facts, most, lines)


def wish_of(row: Mapping[str, Any]) -> Wish:
    """Return what a stored request asks for."""
    return _wish(row)


def request(
    session: Session, *, wish: Wish, today: dt.date, now: dt.datetime, actor_id: int, actor: str, key: str
) -> int:
    """Write the request and return its id; a second person decides on it.

    Raises:
        Refusal: ``waiver.reason_note_missing``, ``waiver.pay_by_missing``, ``waiver.pay_by_past``,
            ``waiver.unknown_bill``, and what the ledger itself would refuse.

    """
    asked = {"unit": wish.unit_id, "kind": wish.kind, "bills": list(wish.bill_ids), "amount": wish.amount_fen}
    asked |= {"ratio": wish.ratio, "pay_by": wish.pay_by_on, "reason": wish.reason, "actor": actor_id}
    if (answered := once.claim(session, key=key, scope="waiver", request=asked, now=now)) is not None:
        return int(answered["request_id"])
    _check(wish, today)
    found = effect(session, wish=wish, today=today)
    unit = estate.unit_row(session, wish.unit_id)
    made = waivers.insert(
        session,
        {
            "community_id": unit.community_id,
            "unit_id": wish.unit_id,
            "kind": wish.kind.value,
            "bill_ids": canonical(list(wish.bill_ids)),
            "amount_fen": wish.amount_fen,
            "ratio": None if wish.ratio is None else str(wish.ratio),
            "pay_by_on": wish.pay_by_on,
            "is_retroactive": wish.is_retroactive,
            "value_on": today,
            "reason_code": wish.reason.value,
            "note": wish.note.strip(),
            "facts": canonical(dict(found.facts)),
            "effect_fen": found.given_fen,
            "most_fen": max(found.given_fen, found.most_fen),
            "requested_by": actor_id,
            "requested_at": now,
            "expires_on": today + dt.timedelta(days=DECIDE_WITHIN_DAYS),
        },
    )
    audit.record(
        session,
        at=now,
        actor=actor,
        action="waiver.requested",
        subject=f"waiver:{made}",
        community_id=unit.community_id,
    )
    once.settle(session, key=key, scope="waiver", result={"request_id": made})
    return made


def decide(
    session: Session,
    *,
    request_id: int,
    approve: bool,
    note: str,
    today: dt.date,
    now: dt.datetime,
    actor_id: int,
    actor: str,
    limit_fen: int,
    may_exceed_budget: bool = False,
) -> None:
    """Approve or refuse a request; approving writes the ledger rows in the same transaction.

    Raises:
        Refusal: ``waiver.decided_already``, ``waiver.same_person``, ``waiver.over_limit``,
            ``waiver.note_missing`` (a refusal needs a reason), ``waiver.expired``, ``waiver.question_open``,
            ``waiver.budget_exceeded``.

    """
    row = waivers.locked(session, request_id)
    if row.state != "requested":
        raise conflict("waiver.decided_already")
    if row.requested_by == actor_id:
        raise forbidden("waiver.same_person")
    if row.expires_on is not None and row.expires_on < today:
        raise conflict("waiver.expired")
    if not approve and not note.strip():
        raise Refusal("waiver.note_missing", field="note")
    wish = _wish(dict(row._mapping))  # noqa: SLF001 - SQLAlchemy's public name
    decided = {"decided_by": actor_id, "decided_at": now, "decision_note": note.strip()}
    if approve:
        found = effect(session, wish=wish, today=today)
        given = max(found.given_fen, found.most_fen)
        if given > limit_fen:
            raise forbidden("waiver.over_limit", limit_fen=limit_fen, effect_fen=given)
        if waiver_review.is_asked(session, request_id):
            raise conflict("waiver.question_open")
        _keep_to_budget(session, row.community_id, given, today, may_exceed=may_exceed_budget)
        ledger.post_many(
            session,
            _postings(session, wish, request_id=request_id, today=today, now=now, actor_id=actor_id),
            through=today,
        )
        lines = canonical([asdict(line) for line in found.lines])
        waivers.update(
            session,
            request_id,
            state="approved",
            value_on=today,
            effect_fen=found.given_fen,
            most_fen=given,
            effect_lines=lines,
            **decided,
        )
        waivers.follow_conditions(session, unit_ids=[wish.unit_id], through=today)
    else:
        waivers.update(session, request_id, state="refused", **decided)
    action = "waiver.approved" if approve else "waiver.refused"
    audit.record(
        session, at=now, actor=actor, action=action, subject=f"waiver:{request_id}", community_id=row.community_id
    )


def undo(
    session: Session,
    *,
    request_id: int,
    reason: str,
    today: dt.date,
    now: dt.datetime,
    actor_id: int,
    actor: str,
    may_decide: bool,
) -> None:
    """Withdraw a request nobody decided, or end a conditional waiver whose condition has not been met.

    Whoever asked may withdraw; ending what was granted takes the right to decide and, again, a second person.

    A waiver that took effect is a discharge (Civil Code 575) and stays; so does a discount.

    Raises:
        Refusal: ``waiver.discharged``, ``waiver.decided_already``, ``waiver.not_yours``, ``waiver.not_deciding``,
            ``waiver.same_person``, ``reversal.reason_missing``.

    """
    row = waivers.locked(session, request_id)
    if row.state == "requested":
        if row.requested_by != actor_id:
            raise forbidden("waiver.not_yours")
        waivers.update(session, request_id, state="withdrawn")
    elif row.state == "approved" and row.kind == WaiverKind.CONDITIONAL_WAIVER.value:
        if not may_decide:
            raise forbidden("waiver.not_deciding")
        if row.requested_by == actor_id:
            raise forbidden("waiver.same_person")
        if not reason.strip():
            raise Refusal("reversal.reason_missing", field="reason")
        ledger.post_many(
            session,
            [
                ledger.Posting(
                    row.unit_id,
                    "reversal",
                    {
                        "target_kind": "adjustment",
                        "target_id": made.id,
                        "value_on": today,
                        "reason": reason.strip(),
                        "recorded_at": now,
                        "recorded_by": actor_id,
                    },
                )
                for made in waivers.adjustments_of(session, request_id)
            ],
            through=today,
        )
        waivers.update(session, request_id, state="undone")
    elif row.state in {"approved", "met"}:
        raise conflict("waiver.discharged")
    else:
        raise conflict("waiver.decided_already")
    audit.record(
        session,
        at=now,
        actor=actor,
        action="waiver.undone",
        subject=f"waiver:{request_id}",
        community_id=row.community_id,
    )


# --- private --------------------------------------------------------------------------------------


def _check(wish: Wish, today: dt.date) -> None:
    if wish.reason is WaiverReason.OTHER and not wish.note.strip():
        raise Refusal("waiver.reason_note_missing", field="note")
    if wish.kind is WaiverKind.CONDITIONAL_WAIVER:
        if wish.pay_by_on is None:
            raise Refusal("waiver.pay_by_missing", field="pay_by")
        if wish.pay_by_on < today:
            raise Refusal("waiver.pay_by_past", field="pay_by")
        if wish.pay_by_on > today + dt.timedelta(days=LONGEST_CONDITION_DAYS):
            raise Refusal("waiver.pay_by_far", field="pay_by", days=LONGEST_CONDITION_DAYS)


def _keep_to_budget(session: Session, community_id: int, given_fen: int, today: dt.date, *, may_exceed: bool) -> None:
    """Refuse what the year's budget does not hold; where nobody set one, nothing is refused."""
    year = waiver_review.budget(session, community_id=community_id, year=today.year, lock=True)
    if may_exceed or year.amount_fen is None or year.used_fen + given_fen <= year.amount_fen:
        return
    raise forbidden("waiver.budget_exceeded", budget_fen=year.amount_fen, used_fen=year.used_fen, effect_fen=given_fen)


def _lines(before: Any, after: Any, bills: set[str], *, is_met: bool) -> tuple[Line, ...]:  # noqa: ANN401 - Statements
    """Return the bills concerned as they stand and as they would; a condition is shown as though it were met."""
    then = {bill.bill.id: bill for bill in after.bills}
    return tuple(
        Line(
            int(bill.bill.id[1:]),
            bill.principal_fen,
            then[bill.bill.id].principal_fen,
            bill.late_charge_fen,
            0 if is_met else then[bill.bill.id].late_charge_fen,
        )
        for bill in before.bills
        if bill.bill.id in bills
    )


def _late_charge_on(account: Account, bills: set[str], day: dt.date) -> int:
    """Return the late charge these bills would owe on ``day`` if nothing were paid until then."""
    return sum(bill.late_charge_fen for bill in statement(account, day).bills if bill.bill.id in bills)


def _story(session: Session, unit_id: int) -> replay.Story:
    estate.unit_row(session, unit_id)
    return ledger.stories(session, [unit_id])[unit_id]


def _bills(story: replay.Story, bill_ids: Sequence[int]) -> set[str]:
    if not bill_ids:
        raise Refusal("waiver.no_bills", field="bills")
    if any(number not in story.bills for number in bill_ids):
        raise Refusal("waiver.unknown_bill", field="bills")
    return {f"b{number}" for number in bill_ids}


def _shares(account: Account, wish: Wish, bills: set[str], today: dt.date) -> tuple[Share, ...]:
    if wish.kind is WaiverKind.CONDITIONAL_WAIVER:
        return ()
    of_principal = wish.kind is WaiverKind.DISCOUNT
    outstanding = [
        (int(bill.bill.id[1:]), bill.principal_fen if of_principal else bill.late_charge_fen)
        for bill in statement(account, today).bills
        if bill.bill.id in bills
    ]
    shares = spread(outstanding, amount_fen=wish.amount_fen, ratio=wish.ratio)
    if not of_principal or wish.ratio is None:
        return shares
    owed = dict(outstanding)
    return tuple(Share(share.bill_id, half_up_fraction(wish.ratio * owed[share.bill_id]), None) for share in shares)


def _events(wish: Wish, shares: Sequence[Share], on: dt.date) -> list[Event]:
    bill_ids = tuple(f"b{number}" for number in wish.bill_ids)
    match wish.kind:
        case WaiverKind.CONDITIONAL_WAIVER:
            return [ConditionalWaiver(id="a0", on=on, bill_ids=bill_ids, pay_by=wish.pay_by_on or on)]
        case WaiverKind.DISCOUNT:
            return [
                Discount(
                    id=f"a0.{share.bill_id}",
                    on=on,
                    bill_id=f"b{share.bill_id}",
                    amount_fen=share.amount_fen or 0,
                    retroactive=wish.is_retroactive,
                )
                for share in shares
            ]
        case WaiverKind.LATE_CHARGE_WAIVER:
            return [
                LateChargeWaiver(
                    id=f"a0.{share.bill_id}",
                    on=on,
                    bill_id=f"b{share.bill_id}",
                    amount_fen=share.amount_fen,
                    ratio=share.ratio,
                )
                for share in shares
            ]


def _postings(
    session: Session, wish: Wish, *, request_id: int, today: dt.date, now: dt.datetime, actor_id: int
) -> list[ledger.Posting]:
    story = _story(session, wish.unit_id)
    shares = _shares(story.account, wish, _bills(story, wish.bill_ids), today)
    common = {
        "kind": wish.kind.value,
        "value_on": today,
        "request_id": request_id,
        "reason": wish.reason.value,
        "is_retroactive": wish.is_retroactive,
        "recorded_at": now,
        "recorded_by": actor_id,
    }
    if wish.kind is WaiverKind.CONDITIONAL_WAIVER:
        row = {**common, "bill_ids": canonical(list(wish.bill_ids)), "until_on": wish.pay_by_on}
        return [ledger.Posting(wish.unit_id, "adjustment", row)]
    return [
        ledger.Posting(
            wish.unit_id,
            "adjustment",
            {
                **common,
                "bill_ids": canonical([share.bill_id]),
                "amount_fen": share.amount_fen,
                "ratio": None if share.ratio is None else str(share.ratio),
            },
        )
        for share in shares
    ]


def _wish(row: Mapping[str, Any]) -> Wish:
    return Wish(
        unit_id=row["unit_id"],
        kind=WaiverKind(row["kind"]),
        bill_ids=json.loads(row["bill_ids"]),
        reason=WaiverReason(row["reason_code"]),
        note=row["note"],
        amount_fen=row["amount_fen"],
        ratio=None if row["ratio"] is None else Fraction(row["ratio"]),
        pay_by_on=row["pay_by_on"],
        is_retroactive=row["is_retroactive"],
    )


def _sums(found: Any) -> tuple[int, int]:  # noqa: ANN401 - a Statement
    return sum(bill.principal_fen for bill in found.bills), sum(bill.late_charge_fen for bill in found.bills)
