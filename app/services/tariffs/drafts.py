"""A new item, price or late charge: drafted by one person, published by another, or sent back with a reason."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy.orm import Session

from app.domain.errors import Refusal, conflict, forbidden
from app.domain.ledger import Grace, GraceMode
from app.domain.rates import ALWAYS, Rate, RateIndex
from app.services.tariffs.publishing import MAX_PRICE_E4, check_price, publish_late_charge, publish_price
from app.store import audit, estate, plans, tariffs
from app.store.types import canonical


@dataclass(frozen=True, slots=True)
class NewPrice:
    """A price version somebody wants: 1/10000 yuan a unit of the basis and month, and a fixed addition a month."""

    usage_type: str
    price_e4: int
    addition_e4: int
    source_clause: str


@dataclass(frozen=True, slots=True)
class LateCharge:
    """A version of the late charge somebody wants: rate a day as ``num/den``, grace, cap in 1/10000 of a principal."""

    rate: str
    grace_mode: str
    grace_days: int
    cap_e4: int | None
    source_clause: str

    @property
    def terms(self) -> tuple[Rate, Grace, Fraction | None]:
        """The rate, the grace and the cap as the engine reads them."""
        num, _, den = self.rate.partition("/")
        cap = None if self.cap_e4 is None else Fraction(self.cap_e4, 10_000)
        return Rate(int(num), int(den or 1)), Grace(GraceMode(self.grace_mode), self.grace_days), cap


@dataclass(frozen=True, slots=True)
class NewItem:
    """A fee item somebody wants, with its first price; ``plan_id`` None makes a plan of its own from ``late``."""

    name: str
    basis: str
    cycle_months: int
    due_day: int
    due_in: str
    applies_to: str
    plan_id: int | None
    price: NewPrice
    late: LateCharge | None = None


def draft_price(
    session: Session,
    *,
    community_id: int,
    item_id: int,
    from_on: dt.date,
    wish: NewPrice,
    note: str,
    now: dt.datetime,
    actor_id: int,
    actor: str,
) -> int:
    """Keep a price version for a second person to publish; return the draft's id.

    Raises:
        Refusal: as ``publish_price``; ``tariff.clause_missing``.

    """
    _refuse_empty(wish.source_clause, "tariff.clause_missing")
    check_price(
        session,
        community_id=community_id,
        fee_item_id=item_id,
        from_on=from_on,
        price_e4=wish.price_e4,
        addition_e4=wish.addition_e4,
    )
    row = {"kind": "price", "fee_item_id": item_id, "facts": asdict(wish)}
    return _add(session, row, community_id, from_on=from_on, note=note, now=now, actor_id=actor_id, actor=actor)


def draft_late_charge(
    session: Session,
    *,
    community_id: int,
    plan_id: int,
    from_on: dt.date,
    wish: LateCharge,
    note: str,
    now: dt.datetime,
    actor_id: int,
    actor: str,
) -> int:
    """Keep a version of the late charge for a second person to publish; return the draft's id.

    Raises:
        Refusal: ``policy.exists``, ``policy.clause_missing``, ``rate.too_fine``, ``rate_plan.unknown``.

    """
    _refuse_empty(wish.source_clause, "policy.clause_missing")
    if tariffs.plan(session, plan_id).community_id != community_id:
        raise Refusal("rate_plan.unknown")
    known = plans.load(session, [plan_id])[plan_id]
    if any(policy.from_on == from_on for policy in known.policies):
        raise conflict("policy.exists", field="from_on", on=from_on.isoformat())
    steps = sorted([*((policy.from_on, policy.rate) for policy in known.policies), (from_on, wish.terms[0])])
    RateIndex(tuple(steps)).check_fits_database()
    row = {"kind": "late_charge", "plan_id": plan_id, "facts": asdict(wish)}
    return _add(session, row, community_id, from_on=from_on, note=note, now=now, actor_id=actor_id, actor=actor)


def draft_item(
    session: Session,
    *,
    community_id: int,
    starts_on: dt.date,
    wish: NewItem,
    note: str,
    now: dt.datetime,
    actor_id: int,
    actor: str,
) -> int:
    """Keep a new fee item for a second person to publish; return the draft's id.

    Raises:
        Refusal: ``fee_item.exists``, ``tariff.clause_missing``, ``tariff.price_out_of_range``,
            ``policy.clause_missing``, ``rate_plan.unknown``.

    """
    _refuse_empty(wish.price.source_clause, "tariff.clause_missing")
    _check_item(session, community_id, wish)
    row = {"kind": "item", "plan_id": wish.plan_id, "facts": asdict(wish)}
    return _add(session, row, community_id, from_on=starts_on, note=note, now=now, actor_id=actor_id, actor=actor)


def publish(session: Session, *, draft_id: int, today: dt.date, now: dt.datetime, actor_id: int, actor: str) -> None:
    """Publish a draft as a second person; everything that was checked at the drafting is checked again.

    Raises:
        Refusal: ``tariff_draft.unknown``, ``tariff_draft.not_waiting``, ``tariff_draft.same_person``; as the drafting.

    """
    row = _waiting(session, draft_id)
    if row.drafted_by == actor_id:
        raise forbidden("tariff_draft.same_person")
    facts = json.loads(row.facts)
    who: dict[str, Any] = {"now": now, "actor": actor}
    columns: dict[str, Any] = {}
    match row.kind:
        case "price":
            _publish_price(session, row, row.fee_item_id, NewPrice(**facts), who)
        case "late_charge":
            rate, grace, cap = LateCharge(**facts).terms
            publish_late_charge(
                session,
                plan_id=row.plan_id,
                from_on=row.from_on,
                rate=rate,
                grace=grace,
                cap_ratio=cap,
                source_clause=facts["source_clause"],
                today=today,
                **who,
            )
        case _:
            columns["fee_item_id"] = _publish_item(session, row, item_of(facts), who)
    tariffs.change_draft(session, draft_id, state="published", published_by=actor_id, published_at=now, **columns)
    _record(session, row, "tariff_draft.published", now, actor)


def close(session: Session, *, draft_id: int, reason: str, now: dt.datetime, actor_id: int, actor: str) -> str:
    """Take a draft back as the one who made it, or send it back as another, with a reason; return the new state.

    Raises:
        Refusal: ``tariff_draft.unknown``, ``tariff_draft.not_waiting``, ``tariff_draft.reason_missing``.

    """
    row = _waiting(session, draft_id)
    if not reason.strip():
        raise Refusal("tariff_draft.reason_missing", field="reason")
    state = "withdrawn" if row.drafted_by == actor_id else "refused"
    tariffs.change_draft(
        session, draft_id, state=state, closed_by=actor_id, closed_at=now, closed_note=reason.strip()[:200]
    )
    _record(session, row, f"tariff_draft.{state}", now, actor)
    return state


def item_of(facts: dict[str, Any]) -> NewItem:
    """Read a new item back from a draft's facts."""
    late = facts["late"]
    return NewItem(
        **{**facts, "price": NewPrice(**facts["price"]), "late": None if late is None else LateCharge(**late)}
    )


def _check_item(session: Session, community_id: int, wish: NewItem) -> None:
    if not 0 <= wish.price.price_e4 <= MAX_PRICE_E4 or not 0 <= wish.price.addition_e4 <= MAX_PRICE_E4:
        raise Refusal("tariff.price_out_of_range", field="price")
    if any(item.name == wish.name for item in estate.fee_items(session, community_id)):
        raise conflict("fee_item.exists", field="name", name=wish.name)
    if wish.plan_id is None:
        if wish.late is None:
            raise Refusal("rate_plan.unknown", field="plan")
        _refuse_empty(wish.late.source_clause, "policy.clause_missing", "late_clause")
        if any(plan.name == wish.name for plan in tariffs.plans(session, community_id)):
            raise conflict("fee_item.exists", field="name", name=wish.name)
    elif tariffs.plan(session, wish.plan_id).community_id != community_id:
        raise Refusal("rate_plan.unknown", field="plan")


def _publish_price(session: Session, row: Any, item_id: int, wish: NewPrice, who: dict[str, Any]) -> None:  # noqa: ANN401 - a row
    publish_price(
        session,
        community_id=row.community_id,
        fee_item_id=item_id,
        usage_type=wish.usage_type,
        from_on=row.from_on,
        price_e4=wish.price_e4,
        addition_e4=wish.addition_e4,
        source_clause=wish.source_clause,
        **who,
    )


def _publish_item(session: Session, row: Any, wish: NewItem, who: dict[str, Any]) -> int:  # noqa: ANN401 - a row
    _check_item(session, row.community_id, wish)
    plan_id = wish.plan_id
    if plan_id is None:
        assert wish.late is not None, "checked above"
        rate, grace, cap = wish.late.terms
        first = plans.Policy(ALWAYS, rate, grace, cap, wish.late.source_clause)
        plan_id = plans.create(session, community_id=row.community_id, name=wish.name, policies=[first])
    item_id = estate.create_fee_item(
        session,
        {
            "community_id": row.community_id,
            "name": wish.name,
            "basis": wish.basis,
            "cycle_months": wish.cycle_months,
            "due_day": wish.due_day,
            "due_in": wish.due_in,
            "plan_id": plan_id,
            "starts_on": row.from_on,
            "applies_to": wish.applies_to,
        },
    )
    _publish_price(session, row, item_id, wish.price, who)
    return item_id


def _refuse_empty(clause: str, code: str, field: str = "clause") -> None:
    if not clause.strip():
        raise Refusal(code, field=field)


def _add(
    session: Session,
    row: dict[str, Any],
    community_id: int,
    *,
    from_on: dt.date,
    note: str,
    now: dt.datetime,
    actor_id: int,
    actor: str,
) -> int:
    made = {
        **row,
        "facts": canonical(row["facts"]),
        "community_id": community_id,
        "from_on": from_on,
        "note": note.strip()[:200],
        "drafted_by": actor_id,
        "drafted_at": now,
    }
    draft_id = tariffs.add_draft(session, made)
    audit.record(
        session,
        at=now,
        actor=actor,
        action="tariff_draft.drafted",
        subject=f"tariff_draft:{draft_id}",
        community_id=community_id,
    )
    return draft_id


def _waiting(session: Session, draft_id: int) -> Any:  # noqa: ANN401 - a row
    row = tariffs.draft(session, draft_id, is_locked=True)
    if row.state != "draft":
        raise conflict("tariff_draft.not_waiting")
    return row


def _record(session: Session, row: Any, action: str, now: dt.datetime, actor: str) -> None:  # noqa: ANN401 - a row
    audit.record(
        session, at=now, actor=actor, action=action, subject=f"tariff_draft:{row.id}", community_id=row.community_id
    )
