"""What the bills of one unit rest on (area, usage, prices of its own) and prices taken back: two people change it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from app.domain.deeds import By
from app.domain.errors import Refusal, conflict, forbidden
from app.domain.registry import Usage
from app.store import audit, db, estate, tariffs, terms_drafts, upkeep
from app.store.types import FOREVER, canonical

ONE = dt.timedelta(days=1)
FIRST_DAY = dt.date(1900, 1, 1)
MAX_AREA_E3 = 100_000_000
"""A hundred thousand square metres: no unit is larger, and a slip of the pen is."""

Row = Any
"""A row of the store."""
Facts = Mapping[str, Any]


class Kind(StrEnum):
    """What is to change."""

    AREA = "area"
    USAGE = "usage"
    OWN_PRICE = "own_price"
    OWN_PRICE_END = "own_price_end"
    OWN_PRICE_BACK = "own_price_back"
    PRICE_BACK = "price_back"


# --- wanting --------------------------------------------------------------------------------------


def want_area(session: Session, *, unit_id: int, area_e3: int, reason: str, by: By) -> int:
    """Ask for another area to bill from; return the draft's id.

    Raises:
        Refusal: ``unit.unknown``, ``estate.reason_missing``, ``unit.area_out_of_range``, ``unit.nothing_new``.

    """
    unit = upkeep.locked(session, unit_id)
    _check_reason(reason)
    return _want(session, Kind.AREA, unit, {"area_e3": area_e3, "before": unit.area_e3}, reason, by)


def want_usage(session: Session, *, unit_id: int, usage: Usage, reason: str, by: By) -> int:
    """Ask for another usage, which prices depend on; return the draft's id.

    Raises:
        Refusal: ``unit.unknown``, ``estate.reason_missing``, ``unit.nothing_new``.

    """
    unit = upkeep.locked(session, unit_id)
    _check_reason(reason)
    return _want(session, Kind.USAGE, unit, {"usage": usage.value, "before": unit.usage_type}, reason, by)


def want_own_price(
    session: Session,
    *,
    unit_id: int,
    fee_item_id: int,
    quantity_e3: int,
    price_e4: int | None,
    from_on: dt.date,
    note: str,
    by: By,
) -> int:
    """Ask for terms of a unit's own for an item from a day on; return the draft's id.

    Raises:
        Refusal: ``fee_item.unknown``, ``unit_fee.billed``, ``unit_fee.later``, ``unit_fee.quantity``.

    """
    unit = upkeep.locked(session, unit_id)
    item = estate.fee_item_row(session, fee_item_id, community_id=unit.community_id)
    facts = {
        "fee_item_id": fee_item_id,
        "item": item.name,
        "quantity_e3": quantity_e3,
        "price_e4": price_e4,
        "from_on": from_on.isoformat(),
    }
    return _want(session, Kind.OWN_PRICE, unit, facts, note, by)


def want_own_price_end(session: Session, *, unit_id: int, unit_fee_id: int, last_on: dt.date, by: By) -> int:
    """Ask for a unit's own terms to end after a day; return the draft's id.

    Raises:
        Refusal: ``unit_fee.unknown``, ``unit_fee.ends_before``, ``unit_fee.ended``, ``unit_fee.billed``.

    """
    unit, facts = _of_own_price(session, unit_id, unit_fee_id)
    return _want(session, Kind.OWN_PRICE_END, unit, facts | {"last_on": last_on.isoformat()}, "", by)


def want_own_price_back(session: Session, *, unit_id: int, unit_fee_id: int, reason: str, by: By) -> int:
    """Ask for terms entered by mistake to be taken out; return the draft's id.

    Raises:
        Refusal: ``unit_fee.unknown``, ``unit_fee.billed``, ``estate.reason_missing``.

    """
    _check_reason(reason)
    unit, facts = _of_own_price(session, unit_id, unit_fee_id)
    return _want(session, Kind.OWN_PRICE_BACK, unit, facts, reason, by)


def want_price_back(session: Session, *, version_id: int, reason: str, by: By) -> int:
    """Ask for a published price no bill was made with to be taken back; return the draft's id.

    Raises:
        Refusal: ``tariff.unknown``, ``tariff.used`` naming the bills, ``tariff_draft.reason_missing``.

    """
    if not reason.strip():
        raise Refusal("tariff_draft.reason_missing", field="reason")
    row = tariffs.version(session, version_id)
    facts = {"version_id": version_id, "item": row.name, "price_e4": row.price_e4, "from_on": row.from_on.isoformat()}
    return _want(session, Kind.PRICE_BACK, row, facts, reason, by)


# --- deciding -------------------------------------------------------------------------------------


def decide(session: Session, *, draft_id: int, grant: bool, note: str, by: By) -> str:
    """Carry a draft out as a second person, or send it back with a reason; return the new state.

    Raises:
        Refusal: ``terms_draft.unknown``, ``terms_draft.not_waiting``, ``terms_draft.same_person``,
            ``terms_draft.note_missing``, ``terms_draft.moved``; as the wanting.

    """
    row = _waiting(session, draft_id)
    if row.drafted_by == by.actor_id:
        raise forbidden("terms_draft.same_person")
    if not grant and not note.strip():
        raise Refusal("terms_draft.note_missing", field="note")
    state = "granted" if grant else "refused"
    if grant:
        place = tariffs.version(session, json.loads(row.facts)["version_id"]) if row.unit_id is None else None
        target = upkeep.locked(session, row.unit_id) if place is None else place
        action, facts = _CARRY[Kind(row.kind)](session, target, json.loads(row.facts), row.reason, by)
        _log(session, action, row, by, **facts)
    terms_drafts.change(
        session, draft_id, state=state, decided_by=by.actor_id, decided_at=by.now, decided_note=note.strip()
    )
    _log(session, f"terms.{state}", row, by, draft=draft_id)
    return state


def withdraw(session: Session, *, draft_id: int, by: By) -> None:
    """Take one's own draft back.

    Raises:
        Refusal: ``terms_draft.unknown``, ``terms_draft.not_waiting``, ``terms_draft.not_yours``.

    """
    row = _waiting(session, draft_id)
    if row.drafted_by != by.actor_id:
        raise forbidden("terms_draft.not_yours")
    terms_drafts.change(session, draft_id, state="withdrawn")
    _log(session, "terms.withdrawn", row, by, draft=draft_id)


# --- carrying out ---------------------------------------------------------------------------------


def _area(session: Session, unit: Row, facts: Facts, reason: str, by: By) -> tuple[str, Facts]:
    area_e3 = facts["area_e3"]
    if not 0 < area_e3 <= MAX_AREA_E3:
        raise Refusal("unit.area_out_of_range", field="area")
    if area_e3 == unit.area_e3:
        raise Refusal("unit.nothing_new", field="area")
    if facts["before"] != unit.area_e3:
        raise conflict("terms_draft.moved")
    note = _note("area", str(unit.area_e3), str(area_e3), reason, by)
    upkeep.change(session, unit.id, column="area_e3", value=area_e3, note=note)
    return "unit.area_corrected", {"before": unit.area_e3, "after": area_e3}


def _usage(session: Session, unit: Row, facts: Facts, reason: str, by: By) -> tuple[str, Facts]:
    if facts["usage"] == unit.usage_type:
        raise Refusal("unit.nothing_new", field="usage")
    if facts["before"] != unit.usage_type:
        raise conflict("terms_draft.moved")
    note = _note("usage", unit.usage_type, facts["usage"], reason, by)
    upkeep.change(session, unit.id, column="usage_type", value=facts["usage"], note=note)
    return "unit.usage_corrected", {"before": unit.usage_type, "after": facts["usage"]}


def _own_price(session: Session, unit: Row, facts: Facts, reason: str, by: By) -> tuple[str, Facts]:
    """Give a unit its own terms from a day on; the version before ends the day before."""
    item_id, from_on = facts["fee_item_id"], dt.date.fromisoformat(facts["from_on"])
    if facts["quantity_e3"] <= 0:
        raise Refusal("unit_fee.quantity", field="quantity")
    _refuse_billed(session, unit.id, item_id, from_on, "from_on")
    standing = [row for row in upkeep.unit_fees(session, unit.id) if row["fee_item_id"] == item_id]
    if later := [row["from_on"] for row in standing if row["from_on"] >= from_on]:
        raise conflict("unit_fee.later", field="from_on", on=min(later).isoformat())
    for row in standing:
        if row["until_on"] > from_on:
            upkeep.end_fee(session, row["id"], until_on=from_on)
    made = upkeep.add_fee(
        session,
        {
            "unit_id": unit.id,
            "fee_item_id": item_id,
            "quantity_e3": facts["quantity_e3"],
            "price_e4": facts["price_e4"],
            "from_on": from_on,
            "until_on": FOREVER,
            "note": reason.strip(),
            "recorded_at": by.now,
            "recorded_by": by.actor_id,
        },
    )
    return "unit_fee.added", {"unit_fee": made, "item": facts["item"]}


def _own_price_end(session: Session, unit: Row, facts: Facts, reason: str, by: By) -> tuple[str, Facts]:
    del reason, by
    row, last_on = _own(session, unit, facts), dt.date.fromisoformat(facts["last_on"])
    if last_on + ONE >= row.until_on:
        raise Refusal("unit_fee.ended", field="last_on")
    if last_on < row.from_on:
        raise Refusal("unit_fee.ends_before", field="last_on")
    _refuse_billed(session, unit.id, row.fee_item_id, last_on + ONE, "last_on")
    upkeep.end_fee(session, row.id, until_on=last_on + ONE)
    return "unit_fee.ended", {"unit_fee": row.id}


def _own_price_back(session: Session, unit: Row, facts: Facts, reason: str, by: By) -> tuple[str, Facts]:
    row = _own(session, unit, facts)
    _refuse_billed(session, unit.id, row.fee_item_id, row.from_on, "reason")
    upkeep.withdraw_fee(session, row, item=facts["item"], reason=reason.strip(), at=by.now, by=by.actor_id)
    return "unit_fee.withdrawn", {"unit_fee": row.id}


def _price_back(session: Session, version: Row, facts: Facts, reason: str, by: By) -> tuple[str, Facts]:
    """Take a version away; the one before it lasts on."""
    del facts, by
    count, label, period = tariffs.users_of(session, version)
    if count:
        raise conflict("tariff.used", count=count, unit=label, period=period)
    tariffs.remove_version(session, version)
    return "tariff.withdrawn", {"from_on": version.from_on.isoformat(), "reason": reason.strip()[:100]}


_CARRY: Mapping[Kind, Callable[[Session, Row, Facts, str, By], tuple[str, Facts]]] = {
    Kind.AREA: _area,
    Kind.USAGE: _usage,
    Kind.OWN_PRICE: _own_price,
    Kind.OWN_PRICE_END: _own_price_end,
    Kind.OWN_PRICE_BACK: _own_price_back,
    Kind.PRICE_BACK: _price_back,
}


# --- private --------------------------------------------------------------------------------------


def _want(session: Session, kind: Kind, target: Row, facts: Facts, reason: str, by: By) -> int:
    """Refuse what could not be carried out today, and keep the rest for a second person."""
    with db.rehearsing(session):
        _CARRY[kind](session, target, facts, reason, by)
    row = {
        "community_id": target.community_id,
        "unit_id": None if kind is Kind.PRICE_BACK else target.id,
        "kind": kind.value,
        "facts": canonical(dict(facts)),
        "reason": reason.strip(),
        "drafted_by": by.actor_id,
        "drafted_at": by.now,
    }
    draft_id = terms_drafts.add(session, row)
    _log(session, "terms.wanted", terms_drafts.by_id(session, draft_id), by, draft=draft_id)
    return draft_id


def _of_own_price(session: Session, unit_id: int, unit_fee_id: int) -> tuple[Row, dict[str, Any]]:
    unit = upkeep.locked(session, unit_id)
    row = upkeep.fee_row(session, unit_id=unit_id, unit_fee_id=unit_fee_id)
    item = estate.fee_item_row(session, row.fee_item_id, community_id=unit.community_id)
    return unit, {"unit_fee_id": unit_fee_id, "item": item.name}


def _own(session: Session, unit: Row, facts: Facts) -> Row:
    return upkeep.fee_row(session, unit_id=unit.id, unit_fee_id=facts["unit_fee_id"])


def _waiting(session: Session, draft_id: int) -> Row:
    row = terms_drafts.by_id(session, draft_id, lock=True)
    if row.state != "draft":
        raise conflict("terms_draft.not_waiting")
    return row


def _refuse_billed(session: Session, unit_id: int, fee_item_id: int, on: dt.date, field: str) -> None:
    count, through = upkeep.bills_from(session, unit_id, on=on, fee_item_id=fee_item_id)
    if count:
        raise conflict("unit_fee.billed", field=field, through=through.isoformat())


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise Refusal("estate.reason_missing", field="reason")


def _note(field: str, before: str, after: str, reason: str, by: By) -> dict[str, Any]:
    made = {"field": field, "before": before, "after": after, "reason": reason.strip()}
    return made | {"changed_at": by.now, "changed_by": by.actor_id}


def _log(session: Session, action: str, row: Row, by: By, **facts: object) -> None:
    audit.record(
        session,
        at=by.now,
        actor=by.actor,
        action=action,
        subject=f"unit:{row.unit_id}" if row.unit_id else f"terms_draft:{row.id}",
        community_id=row.community_id,
        facts=facts,
    )
