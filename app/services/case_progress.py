"""How a case goes on: its steps, the periods they begin, the days to keep."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.domain import cases as rules
from app.domain.case_paths import Path
from app.domain.cases import DateKind, Stage
from app.domain.deeds import By
from app.domain.errors import Refusal, conflict, not_found
from app.domain.limitation import Interruption
from app.store import calendars, case_log, cases, interruptions

PROOF = "case"
# What the next stage makes idle; a day somebody still has to keep stays open.
_IDLE: Mapping[Stage, tuple[DateKind, ...]] = {
    Stage.JUDGMENT: (
        DateKind.HEARING,
        DateKind.EVIDENCE,
        DateKind.FEE_PAYMENT,
        DateKind.TRIAL_LIMIT,
        DateKind.ORDER_ISSUE,
    ),
    Stage.SETTLEMENT: (DateKind.HEARING, DateKind.EVIDENCE, DateKind.TRIAL_LIMIT, DateKind.ORDER_ISSUE),
    Stage.EFFECTIVE: (DateKind.APPEAL, DateKind.OBJECTION, DateKind.ORDER_SERVICE, DateKind.CONFIRMATION),
    Stage.ENFORCEMENT: (DateKind.PERFORM, DateKind.ENFORCEMENT),
    Stage.WITHDRAWN: tuple(DateKind),
    Stage.DISMISSED: tuple(kind for kind in DateKind if kind is not DateKind.APPEAL),
    Stage.CLOSED: tuple(DateKind),
}
_RESULTS: Mapping[Stage, str] = {
    Stage.WITHDRAWN: "withdrawn",
    Stage.DISMISSED: "dismissed",
    Stage.SETTLEMENT: "settled",
    Stage.EFFECTIVE: "awarded",
}


@dataclass(frozen=True, slots=True)
class Step:
    """A step as somebody records it."""

    to: Stage
    on: dt.date
    note: str = ""
    court: str = ""
    court_no: str = ""


def move(session: Session, *, case_id: int, step: Step, by: By) -> int:
    """Take a case to another stage and return the id of the step; the periods it begins are written down with it.

    Raises:
        Refusal: ``case.unknown``, ``case.move_not_allowed``, ``case.step_ahead``, ``case.step_before_last``,
            ``case.no_defendant``, ``case.judgment_missing``, ``case.court_missing``.

    """
    row = cases.locked(session, case_id)
    before, path = Stage(row["stage"]), Path(row["path"])
    _check_move(session, row, step, by)
    step_id = cases.add(session, "step", [_step(case_id, before.value, step.to.value, step.on, step.note, by)])[0]
    changes: dict[str, Any] = {"stage": step.to.value}
    changes |= {name: text for name, text in (("court", step.court), ("court_no", step.court_no)) if text}
    if rules.begins(before, step.to):
        changes["filed_on"] = step.on
        _interrupt(session, row, step.on, by)
    if rules.ends(before, step.to):
        changes["ended_on"] = step.on
        interruptions.end(session, proof_kind=PROOF, proof_id=case_id, ended_on=step.on, by=by.actor_id, at=by.now)
    if step.to is Stage.ACCEPTED and before is Stage.JUDGMENT:
        changes["path"] = (path := _suit_after_order(row)).value
    if step.to in _RESULTS:
        changes["result"] = _RESULTS[step.to]
    if step.to is Stage.CLOSED:
        changes["closed_on"] = step.on
    cases.update(session, case_id, **changes)
    if step.to in _IDLE:
        kinds = [kind.value for kind in _IDLE[step.to]]
        cases.finish_dates(session, case_id=case_id, kinds=kinds, by=by.actor_id, at=by.now)
    _begin_periods(session, row, step, path, step_id, by)
    case_log.log(session, row, "case.moved", by, before=before.value, after=step.to.value, on=step.on.isoformat())
    case_log.tell(session, row, "case.moved", by, before=before.value, after=step.to.value, on=step.on.isoformat())
    return step_id


def undo(session: Session, *, case_id: int, by: By) -> None:
    """Take back the last step; the end of a proceeding stays, since it set clocks going.

    Raises:
        Refusal: ``case.unknown``, ``case.nothing_to_undo``, ``case.step_final``.

    """
    row = cases.locked(session, case_id)
    last = _last_step(cases.stages(session, case_id))
    if last is None or not last["from_stage"]:
        raise conflict("case.nothing_to_undo")
    before, after = Stage(last["from_stage"]), Stage(last["to_stage"])
    is_turned = before is Stage.JUDGMENT and after is Stage.ACCEPTED
    if not rules.can_be_undone(before, after) or is_turned:
        raise conflict("case.step_final")
    back = _step(case_id, after.value, before.value, by.today, "", by) | {"undoes_id": last["id"]}
    cases.add(session, "step", [back])
    cases.cancel_dates(session, step_id=last["id"], by=by.actor_id, at=by.now)
    changes: dict[str, Any] = {"stage": before.value}
    if rules.begins(before, after):
        changes["filed_on"] = None
        interruptions.withdraw_of(
            session, proof_kind=PROOF, proof_id=case_id, reason="undone", by=by.actor_id, at=by.now
        )
    if after in _RESULTS:
        changes["result"] = ""
    cases.update(session, case_id, **changes)
    case_log.log(session, row, "case.step_undone", by, before=after.value, after=before.value)
    case_log.tell(session, row, "case.step_undone", by, before=after.value, after=before.value)


@dataclass(frozen=True, slots=True)
class Day:
    """A day to keep as somebody enters it: a hearing with its hour and room, or a period the court set."""

    kind: DateKind
    due_on: dt.date
    clock_time: str = ""
    place: str = ""
    note: str = ""


def add_day(session: Session, *, case_id: int, day: Day, by: By) -> int:
    """Write a day into the calendar of a case and return its id.

    A period the court set takes the place of the one the law would give: the open one of that kind is cancelled.

    Raises:
        Refusal: ``case.unknown``, ``case.closed``.

    """
    row = cases.locked(session, case_id)
    _open(row)
    if day.kind not in {DateKind.HEARING, DateKind.OTHER}:
        for one in cases.dates_of(session, case_id):
            if one["kind"] == day.kind.value and one["done_at"] is None:
                cases.change(session, "date", one["id"], cancelled_by=by.actor_id, cancelled_at=by.now)
    new = {
        "case_id": case_id,
        "kind": day.kind.value,
        "due_on": day.due_on,
        "clock_time": day.clock_time,
        "place": day.place,
        "note": day.note,
        "added_by": by.actor_id,
        "added_at": by.now,
    }
    made = cases.add(session, "date", [new])[0]
    case_log.log(session, row, "case.day_added", by, kind=day.kind.value, on=day.due_on.isoformat())
    return made


def close_day(session: Session, *, case_id: int, date_id: int, act: str, by: By) -> None:
    """Tick a day off (``done``), open it again (``reopen``) or strike it (``cancel``).

    Raises:
        Refusal: ``case.unknown``, ``case_date.unknown``.

    """
    row = cases.locked(session, case_id)
    if date_id not in {one["id"] for one in cases.dates_of(session, case_id)}:
        raise not_found("case_date.unknown")
    values: dict[str, dict[str, Any]] = {
        "done": {"done_by": by.actor_id, "done_at": by.now},
        "reopen": {"done_by": None, "done_at": None},
        "cancel": {"cancelled_by": by.actor_id, "cancelled_at": by.now},
    }
    cases.change(session, "date", date_id, **values[act])
    case_log.log(session, row, "case.day_changed", by, date=date_id, act=act)


# --- private ----------------------------------------------------------------------------------------


def _check_move(session: Session, row: Mapping[str, Any], step: Step, by: By) -> None:
    before = Stage(row["stage"])
    if step.to not in rules.moves(before, Path(row["path"])):
        raise conflict("case.move_not_allowed", field="to")
    if step.on > by.today:
        raise Refusal("case.step_ahead", field="on")
    last = _last_step(cases.stages(session, row["id"]))
    # The day a case was opened in our books says nothing about when it was filed.
    if last is not None and before not in rules.PREPARING and step.on < last["happened_on"]:
        raise Refusal("case.step_before_last", field="on", last=last["happened_on"].isoformat())
    if step.to is Stage.FILED:
        if not any(one["role"] == "defendant" for one in cases.parties(session, row["id"])):
            raise Refusal("case.no_defendant", field="to")
        if not (step.court or row["court"]):
            raise Refusal("case.court_missing", field="court")
    if step.to is Stage.EFFECTIVE and not cases.judgments(session, row["id"]):
        raise Refusal("case.judgment_missing", field="to")


def _last_step(steps: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return next((one for one in reversed(steps) if not one["is_undone"] and one["undoes_id"] is None), None)


def _interrupt(session: Session, row: Mapping[str, Any], on: dt.date, by: By) -> None:
    """Filing interrupts every bill of the case (诉讼时效规定 11, 12; 民法典 195)."""
    interruptions.record(
        session,
        bill_ids=[one["bill_id"] for one in cases.bills_of(session, row["id"])],
        kind=Interruption.PROCEEDING,
        happened_on=on,
        proof_kind=PROOF,
        proof_id=row["id"],
        strength="A",
        by=by.actor_id,
        at=by.now,
        note=row["number"],
    )


def _suit_after_order(row: Mapping[str, Any]) -> Path:
    """A payment order that lapsed turns into a suit; whoever has gone missing gets the ordinary procedure."""
    return Path.ORDINARY if row["path_facts"].get("missing") else Path.SIMPLIFIED


def _begin_periods(session: Session, row: Mapping[str, Any], step: Step, path: Path, step_id: int, by: By) -> None:
    decided = cases.judgments(session, row["id"])
    perform_by_on = decided[0]["perform_by_on"] if decided else None
    periods = rules.deadlines(step.to, path, step.on, perform_by_on=perform_by_on, calendar=calendars.load(session))
    rows = [
        {
            "case_id": row["id"],
            "kind": one.kind.value,
            "due_on": one.due_on,
            "article": one.article,
            "is_calendar_known": one.is_known,
            "step_id": step_id,
            "added_by": by.actor_id,
            "added_at": by.now,
        }
        for one in periods
    ]
    cases.add(session, "date", rows)


def _step(case_id: int, before: str, after: str, on: dt.date, note: str, by: By) -> dict[str, Any]:
    return {
        "case_id": case_id,
        "from_stage": before,
        "to_stage": after,
        "happened_on": on,
        "note": note,
        "moved_by": by.actor_id,
        "moved_at": by.now,
    }


def _open(row: Mapping[str, Any]) -> None:
    if row["stage"] == Stage.CLOSED.value:
        raise conflict("case.closed")
