"""Care of a unit: handover, vacancy, marks; posted bills never change by it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.domain.deeds import By
from app.domain.errors import Refusal, conflict
from app.store import audit, estate, estate_marks, upkeep
from app.store.types import FOREVER

ONE = dt.timedelta(days=1)


# --- corrections ----------------------------------------------------------------------------------


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
