"""Care of a unit: area, usage, handover, vacancy, marks, fees of its own; posted bills never change by it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.domain.deeds import By
from app.domain.errors import Refusal, conflict
from app.domain.registry import Usage
from app.store import audit, estate, estate_marks, upkeep
from app.store.types import FOREVER

ONE = dt.timedelta(days=1)
MAX_AREA_E3 = 100_000_000
"""A hundred thousand square metres: no unit is larger, and a slip of the pen is."""


# --- corrections ----------------------------------------------------------------------------------


def correct_area(session: Session, *, unit_id: int, area_e3: int, reason: str, by: By) -> int:
    """Correct the area bills are made from; return how many posted bills stay as they are.

    Raises:
        Refusal: ``unit.unknown``, ``estate.reason_missing``, ``unit.area_out_of_range``, ``unit.nothing_new``.

    """
    row = upkeep.locked(session, unit_id)
    _check_reason(reason)
    if not 0 < area_e3 <= MAX_AREA_E3:
        raise Refusal("unit.area_out_of_range", field="area")
    if area_e3 == row.area_e3:
        raise Refusal("unit.nothing_new", field="area")
    note = _note("area", str(row.area_e3), str(area_e3), reason, by)
    upkeep.change(session, unit_id, column="area_e3", value=area_e3, note=note)
    _log(session, "unit.area_corrected", row, by, before=row.area_e3, after=area_e3)
    return upkeep.bills_from(session, unit_id, on=dt.date(1900, 1, 1))[0]


def correct_usage(session: Session, *, unit_id: int, usage: Usage, reason: str, by: By) -> None:
    """Correct the usage prices depend on.

    Raises:
        Refusal: ``unit.unknown``, ``estate.reason_missing``, ``unit.nothing_new``.

    """
    row = upkeep.locked(session, unit_id)
    _check_reason(reason)
    if usage.value == row.usage_type:
        raise Refusal("unit.nothing_new", field="usage")
    note = _note("usage", row.usage_type, usage.value, reason, by)
    upkeep.change(session, unit_id, column="usage_type", value=usage.value, note=note)
    _log(session, "unit.usage_corrected", row, by, before=row.usage_type, after=usage.value)


def set_handover(session: Session, *, unit_id: int, on: dt.date | None, reason: str, by: By) -> int:
    """Set or correct the day of handover; return how many posted bills start before it and stay.

    Raises:
        Refusal: ``unit.unknown``, ``estate.reason_missing`` where a day was set before, ``unit.nothing_new``,
            ``date.in_future``.

    """
    row = upkeep.locked(session, unit_id)
    if row.handed_over_on is not None:
        _check_reason(reason)
    if on == row.handed_over_on:
        raise Refusal("unit.nothing_new", field="handed_over_on")
    if on is not None and on > by.today:
        raise Refusal("date.in_future", field="handed_over_on", on=on.isoformat())
    before, after = (value.isoformat() if value else "" for value in (row.handed_over_on, on))
    upkeep.change(
        session, unit_id, column="handed_over_on", value=on, note=_note("handed_over", before, after, reason, by)
    )
    _log(session, "unit.handover_set", row, by, before=before, after=after)
    return upkeep.bills_from(session, unit_id, on=dt.date(1900, 1, 1))[0] if on else 0


# --- vacancy --------------------------------------------------------------------------------------


def check_vacancy(
    session: Session, *, unit_id: int, from_on: dt.date, last_on: dt.date | None, reported_on: dt.date, today: dt.date
) -> None:
    """Refuse a vacancy that cannot stand.

    Raises:
        Refusal: ``vacancy.ends_before``, ``vacancy.reported_later``, ``vacancy.overlap``.

    """
    if last_on is not None and last_on < from_on:
        raise Refusal("vacancy.ends_before", field="last_on")
    if reported_on > today:
        raise Refusal("vacancy.reported_later", field="reported_on")
    until_on = FOREVER if last_on is None else last_on + ONE
    for row in upkeep.vacancies(session, unit_id):
        if row["from_on"] < until_on and from_on < row["until_on"]:
            raise conflict("vacancy.overlap", field="from_on", first=row["from_on"].isoformat())


def add_vacancy(
    session: Session,
    *,
    unit_id: int,
    from_on: dt.date,
    last_on: dt.date | None,
    reported_on: dt.date,
    note: str,
    by: By,
) -> int:
    """Register that a unit stands empty; what is billed already stays.

    Raises:
        Refusal: as ``check_vacancy``; ``unit.unknown``.

    """
    unit = upkeep.locked(session, unit_id)
    check_vacancy(session, unit_id=unit_id, from_on=from_on, last_on=last_on, reported_on=reported_on, today=by.today)
    made = upkeep.add_vacancy(
        session,
        {
            "unit_id": unit_id,
            "from_on": from_on,
            "until_on": FOREVER if last_on is None else last_on + ONE,
            "reported_on": reported_on,
            "note": note.strip(),
            "recorded_at": by.now,
            "recorded_by": by.actor_id,
        },
    )
    _log(session, "vacancy.registered", unit, by, vacancy=made)
    return made


def end_vacancy(session: Session, *, unit_id: int, vacancy_id: int, last_on: dt.date, by: By) -> None:
    """End a vacancy after its last empty day.

    Raises:
        Refusal: ``vacancy.unknown``, ``vacancy.ends_before``, ``vacancy.ended``.

    """
    row = upkeep.vacancy_row(session, unit_id=unit_id, vacancy_id=vacancy_id)
    if last_on < row.from_on:
        raise Refusal("vacancy.ends_before", field="last_on")
    if last_on + ONE >= row.until_on:
        raise Refusal("vacancy.ended", field="last_on")
    upkeep.end_vacancy(session, vacancy_id, until_on=last_on + ONE)
    _log(session, "vacancy.ended", estate.unit_row(session, unit_id), by, vacancy=vacancy_id)


def withdraw_vacancy(session: Session, *, unit_id: int, vacancy_id: int, reason: str, by: By) -> None:
    """Take out a vacancy entered by mistake; it is kept among the withdrawn rows.

    Raises:
        Refusal: ``vacancy.unknown``, ``estate.reason_missing``.

    """
    _check_reason(reason)
    row = upkeep.vacancy_row(session, unit_id=unit_id, vacancy_id=vacancy_id)
    upkeep.withdraw_vacancy(session, row, reason=reason.strip(), at=by.now, by=by.actor_id)
    _log(session, "vacancy.withdrawn", estate.unit_row(session, unit_id), by, vacancy=vacancy_id)


# --- marks ----------------------------------------------------------------------------------------


def mark(session: Session, *, unit_id: int, kind: str, note: str, until_on: dt.date | None, by: By) -> int:
    """Mark a unit; one that is marked so already keeps its mark.

    Raises:
        Refusal: ``mark.note_missing``, ``mark.twice``, ``mark.past``, ``unit.unknown``.

    """
    unit = upkeep.locked(session, unit_id)
    if kind in {"note", estate_marks.NO_DUNNING} and not note.strip():
        raise Refusal("mark.note_missing", field="note")
    if until_on is not None and until_on < by.today:
        raise Refusal("mark.past", field="until_on")
    standing = [row for row in estate_marks.of_unit(session, unit_id) if row["ended_at"] is None]
    if kind != "note" and any(row["kind"] == kind and _lasts(row, by.today) for row in standing):
        raise conflict("mark.twice", field="kind")
    row = {"unit_id": unit_id, "kind": kind, "note": note.strip(), "until_on": until_on}
    made = estate_marks.add(session, row | {"marked_at": by.now, "marked_by": by.actor_id})
    _log(session, "unit.marked", unit, by, mark=made, kind=kind)
    return made


def unmark(session: Session, *, unit_id: int, mark_id: int, by: By) -> None:
    """End a mark.

    Raises:
        Refusal: ``mark.unknown``.

    """
    row = estate_marks.standing(session, unit_id=unit_id, mark_id=mark_id)
    estate_marks.end(session, mark_id, at=by.now, by=by.actor_id)
    _log(session, "unit.unmarked", estate.unit_row(session, unit_id), by, mark=mark_id, kind=row.kind)


def _lasts(row: Mapping[str, Any], today: dt.date) -> bool:
    return row["until_on"] is None or row["until_on"] >= today


# --- fees of the unit's own -----------------------------------------------------------------------


def add_fee(
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
    """Give a unit terms of its own for an item from a day on; the version before ends the day before.

    Raises:
        Refusal: ``fee_item.unknown``, ``unit_fee.billed``, ``unit_fee.later``, ``unit_fee.quantity``.

    """
    unit = upkeep.locked(session, unit_id)
    item = estate.fee_item_row(session, fee_item_id, community_id=unit.community_id)
    if quantity_e3 <= 0:
        raise Refusal("unit_fee.quantity", field="quantity")
    _refuse_billed(session, unit_id, fee_item_id, from_on, "from_on")
    standing = [row for row in upkeep.unit_fees(session, unit_id) if row["fee_item_id"] == fee_item_id]
    if later := [row["from_on"] for row in standing if row["from_on"] >= from_on]:
        raise conflict("unit_fee.later", field="from_on", on=min(later).isoformat())
    for row in standing:
        if row["until_on"] > from_on:
            upkeep.end_fee(session, row["id"], until_on=from_on)
    made = upkeep.add_fee(
        session,
        {
            "unit_id": unit_id,
            "fee_item_id": fee_item_id,
            "quantity_e3": quantity_e3,
            "price_e4": price_e4,
            "from_on": from_on,
            "until_on": FOREVER,
            "note": note.strip(),
            "recorded_at": by.now,
            "recorded_by": by.actor_id,
        },
    )
    _log(session, "unit_fee.added", unit, by, unit_fee=made, item=item.name)
    return made


def end_fee(session: Session, *, unit_id: int, unit_fee_id: int, last_on: dt.date, by: By) -> None:
    """End a unit's own terms after their last day.

    Raises:
        Refusal: ``unit_fee.unknown``, ``unit_fee.ends_before``, ``unit_fee.ended``, ``unit_fee.billed``.

    """
    row = upkeep.fee_row(session, unit_id=unit_id, unit_fee_id=unit_fee_id)
    if last_on + ONE >= row.until_on:
        raise Refusal("unit_fee.ended", field="last_on")
    if last_on < row.from_on:
        raise Refusal("unit_fee.ends_before", field="last_on")
    _refuse_billed(session, unit_id, row.fee_item_id, last_on + ONE, "last_on")
    upkeep.end_fee(session, unit_fee_id, until_on=last_on + ONE)
    _log(session, "unit_fee.ended", estate.unit_row(session, unit_id), by, unit_fee=unit_fee_id)


def withdraw_fee(session: Session, *, unit_id: int, unit_fee_id: int, reason: str, by: By) -> None:
    """Take out terms entered by mistake, as long as nothing was billed by them.

    Raises:
        Refusal: ``unit_fee.unknown``, ``unit_fee.billed``, ``estate.reason_missing``.

    """
    _check_reason(reason)
    row = upkeep.fee_row(session, unit_id=unit_id, unit_fee_id=unit_fee_id)
    _refuse_billed(session, unit_id, row.fee_item_id, row.from_on, "reason")
    unit = estate.unit_row(session, unit_id)
    item = estate.fee_item_row(session, row.fee_item_id, community_id=unit.community_id)
    upkeep.withdraw_fee(session, row, item=item.name, reason=reason.strip(), at=by.now, by=by.actor_id)
    _log(session, "unit_fee.withdrawn", unit, by, unit_fee=unit_fee_id)


def _refuse_billed(session: Session, unit_id: int, fee_item_id: int, on: dt.date, field: str) -> None:
    count, through = upkeep.bills_from(session, unit_id, on=on, fee_item_id=fee_item_id)
    if count:
        raise conflict("unit_fee.billed", field=field, through=through.isoformat())


# --- private --------------------------------------------------------------------------------------


def _note(field: str, before: str, after: str, reason: str, by: By) -> dict[str, Any]:
    return {
        "field": field,
        "before": before,
        "after": after,
        "reason": reason.strip(),
        "changed_at": by.now,
        "changed_by": by.actor_id,
    }


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise Refusal("estate.reason_missing", field="reason")


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
