"""Notice batches: select who is overdue, show who is left out and why, draft, and release."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.documents import drafting
from app.domain.errors import Refusal, conflict
from app.domain.notices import BatchState, Debt, SkipReason, Verdict
from app.domain.web_address import is_public
from app.store import arrears, audit, calendars, documents, notices, once
from app.store.types import canonical

Row = Any
"""A row of the store, read by attribute."""
NIGHTLY = "nightly"
MAX_UNITS = 20_000
_UNITS = 1000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which units a batch is for: one community, date and level, narrowed as the list of arrears is.

    ``min_days`` None takes what the level of the procedure says.
    """

    community_id: int
    level: int
    as_of: dt.date
    min_days: int | None = None
    unit_ids: tuple[int, ...] | None = None
    search: str = ""
    building: str = ""
    bucket: str = ""
    min_total_fen: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit of a selection; ``reason`` says why it is left out, ``left_out`` why some of its bills are."""

    unit_id: int
    code: str
    label: str
    total_fen: int
    reason: SkipReason | None
    left_out: SkipReason | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a batch would hold."""

    deadline_on: dt.date
    calendar_known: bool
    candidates: tuple[Candidate, ...]

    @property
    def selected(self) -> tuple[Candidate, ...]:
        """The units that would get a notice."""
        return tuple(one for one in self.candidates if one.reason is None)

    @property
    def skipped(self) -> tuple[Candidate, ...]:
        """The units left out."""
        return tuple(one for one in self.candidates if one.reason is not None)


def preview(session: Session, *, wanted: Wanted, today: dt.date) -> Preview:
    """Return who would get a notice and who would not, and why; nothing is written.

    Raises:
        Refusal: ``notice.level_unknown``, ``notice.too_many_units``, ``notice.as_of_in_future``.

    """
    _refuse_the_future(wanted.as_of, today)
    level = notices.level_row(session, community_id=wanted.community_id, level=wanted.level)
    deadline_on, known = _deadline(session, today, level.deadline_days)
    return Preview(deadline_on, known, tuple(_candidates(session, wanted, level)))


def draft(
    session: Session,
    *,
    wanted: Wanted,
    today: dt.date,
    now: dt.datetime,
    actor_id: int | None,
    actor: str,
    source: str,
    key: str,
) -> int:
    """Write a draft batch with everybody selected or left out, and return its id; the same ``key`` acts once.

    Raises:
        Refusal: as ``preview``; ``notice.nobody`` when nobody is left to be sent one; ``form.key_reused``.

    """
    asked = {"criteria": _criteria(wanted), "actor": actor_id}
    if (answered := once.claim(session, key=key, scope="notice_batch", request=asked, now=now)) is not None:
        return int(answered["batch_id"])
    seen = preview(session, wanted=wanted, today=today)
    if not seen.selected:
        raise Refusal("notice.nobody", skipped=len(seen.skipped))
    batch_id = _new_batch(session, wanted, seen.deadline_on, source=source, now=now, actor_id=actor_id)
    notices.put_units(session, batch_id, [_unit_row(one) for one in seen.candidates])
    _log(session, "notice_batch.drafted", batch_id, wanted.community_id, now=now, actor=actor)
    once.settle(session, key=key, scope="notice_batch", result={"batch_id": batch_id})
    return batch_id


def draft_due(
    session: Session, *, community_id: int, level: int, unit_ids: Sequence[int], as_of: dt.date, now: dt.datetime
) -> int | None:
    """Draft what the nightly run found due, for a person to release; None when everybody is left out."""
    wanted = Wanted(community_id=community_id, level=level, as_of=as_of, min_days=1, unit_ids=tuple(unit_ids))
    seen = preview(session, wanted=wanted, today=as_of)
    if not seen.selected:
        return None
    batch_id = _new_batch(session, wanted, seen.deadline_on, source=NIGHTLY, now=now, actor_id=None)
    notices.put_units(session, batch_id, [_unit_row(one) for one in seen.candidates])
    _log(session, "notice_batch.drafted", batch_id, community_id, now=now, actor=NIGHTLY)
    return batch_id


def standing_batch(
    session: Session,
    *,
    wanted: Wanted,
    today: dt.date,
    now: dt.datetime,
    actor: str,
    source: str,
    public_url: str,
) -> int | None:
    """Return the one released batch of this source for a level and date: what is due now minus what is there.

    None when nothing is overdue and there is no batch.

    For programs: running it again adds nothing, running it in two processes at once gives one set. Whoever names a
    later day here prepares the letters of that day; an address that only this machine knows is the caller's to warn of.
    """
    today = max(today, wanted.as_of)
    documents.queue_up(session, community_id=wanted.community_id, kind="notice", year=today.year)
    found = notices.find_batch(
        session, community_id=wanted.community_id, level=wanted.level, as_of=wanted.as_of, source=source
    )
    seen = preview(session, wanted=wanted, today=today)
    if found is None and not seen.candidates:
        return None
    batch_id = (
        found.id if found else _new_batch(session, wanted, seen.deadline_on, source=source, now=now, actor_id=None)
    )
    notices.put_units(session, batch_id, [_unit_row(one) for one in seen.candidates])
    if found is None or found.state == BatchState.DRAFT:
        release(
            session,
            batch_id=batch_id,
            today=today,
            now=now,
            actor_id=None,
            actor=actor,
            public_url=public_url,
            may_be_local=True,
        )
    elif seen.selected and found.state == BatchState.DONE:
        notices.update_batch(session, batch_id, state=BatchState.RELEASED.value)
    return int(batch_id)


def release(
    session: Session,
    *,
    batch_id: int,
    today: dt.date,
    now: dt.datetime,
    actor_id: int | None,
    actor: str,
    public_url: str,
    may_be_local: bool = False,
) -> None:
    """Release a draft: from now on its notices may be issued; the deadline counts from today.

    The address is frozen into every code that is printed, so one that owners cannot open is taken only where
    ``may_be_local`` (a demonstration) says so.

    Raises:
        Refusal: ``notice_batch.unknown``, ``notice_batch.not_draft``, ``notice.as_of_in_future``,
            ``notice_batch.address_local``.

    """
    batch = notices.locked_batch(session, batch_id)
    if batch.state != BatchState.DRAFT:
        raise conflict("notice_batch.not_draft")
    _refuse_the_future(batch.as_of, today)
    if not may_be_local and not is_public(public_url):
        raise conflict("notice_batch.address_local", address=public_url)
    level = notices.level_row(session, community_id=batch.community_id, level=batch.level)
    deadline_on, _ = _deadline(session, today, level.deadline_days)
    criteria = json.loads(batch.criteria) | {"issued_on": today.isoformat(), "public_url": public_url}
    notices.update_batch(
        session,
        batch_id,
        state=BatchState.RELEASED.value,
        released_by=actor_id,
        released_at=now,
        deadline_on=deadline_on,
        criteria=canonical(criteria),
    )
    _log(session, "notice_batch.released", batch_id, batch.community_id, now=now, actor=actor)


def cancel(session: Session, *, batch_id: int, now: dt.datetime, actor: str) -> None:
    """Throw a draft away; a released batch stays.

    Raises:
        Refusal: ``notice_batch.unknown``, ``notice_batch.not_draft``.

    """
    batch = notices.locked_batch(session, batch_id)
    if batch.state != BatchState.DRAFT:
        raise conflict("notice_batch.not_draft")
    notices.update_batch(session, batch_id, state=BatchState.CANCELLED.value)
    _log(session, "notice_batch.cancelled", batch_id, batch.community_id, now=now, actor=actor)


# --- who is selected ------------------------------------------------------------------------------


def _candidates(session: Session, wanted: Wanted, level: Row) -> list[Candidate]:
    """Return everybody the filters find; units named one by one are all accounted for."""
    min_days = level.min_days if wanted.min_days is None else wanted.min_days
    named = wanted.unit_ids is not None
    units = arrears.list_units(
        session,
        as_of=wanted.as_of,
        wanted=arrears.Filter(
            community_id=wanted.community_id,
            search=wanted.search,
            building=wanted.building,
            bucket=wanted.bucket,
            min_days=0 if named else min_days,
            min_total_fen=0 if named else max(wanted.min_total_fen, level.min_amount_fen),
            unit_ids=wanted.unit_ids,
        ),
    )
    if len(units) > MAX_UNITS:
        raise Refusal("notice.too_many_units", units=len(units), most=MAX_UNITS)
    bills = _bills(session, wanted.as_of, [unit.unit_id for unit in units])
    verdicts = notices.verdicts(
        session,
        level=wanted.level,
        as_of=wanted.as_of,
        debts={unit.unit_id: [Debt(one.bill_id, one.due_on) for one in bills[unit.unit_id]] for unit in units},
        pause_days=level.pause_days,
    )
    found = []
    for unit in units:
        verdict = drafting.printable(verdicts[unit.unit_id])
        days = (wanted.as_of - unit.oldest_due_on).days
        if verdict.reason is None and (days < min_days or unit.total_fen < level.min_amount_fen):
            verdict = Verdict(reason=SkipReason.NOT_YET)
        found.append(_candidate(unit, verdict, bills[unit.unit_id]))
    return [*found, *_settled(session, wanted, {unit.unit_id for unit in units})]


def _bills(session: Session, as_of: dt.date, unit_ids: Sequence[int]) -> dict[int, list[arrears.BillFigure]]:
    bills: dict[int, list[arrears.BillFigure]] = defaultdict(list)
    for start in range(0, len(unit_ids), _UNITS):
        ids = unit_ids[start : start + _UNITS]
        for found in arrears.bills_on(session, as_of=as_of, unit_ids=ids, overdue_only=True):
            if found.total_fen:
                bills[found.unit_id].append(found)
    return bills


def _settled(session: Session, wanted: Wanted, found: set[int]) -> list[Candidate]:
    """Return the units named that owe nothing overdue any more: whoever picked them is told so."""
    gone = [number for number in wanted.unit_ids or () if number not in found]
    if not gone or wanted.search or wanted.building or wanted.bucket:
        return []
    rows = notices.unit_rows(session, gone, community_id=wanted.community_id)
    return [Candidate(row.id, row.code, row.label, 0, SkipReason.PAID, None) for row in rows]


def _candidate(unit: arrears.UnitArrears, verdict: Verdict, bills: Iterable[arrears.BillFigure]) -> Candidate:
    listed = set(verdict.bill_ids)
    total = sum(one.total_fen for one in bills if one.bill_id in listed) if listed else unit.total_fen
    return Candidate(unit.unit_id, unit.code, unit.label, total, verdict.reason, verdict.left_out)


def _criteria(wanted: Wanted) -> dict[str, Any]:
    return {
        "level": wanted.level,
        "as_of": wanted.as_of.isoformat(),
        "min_days": wanted.min_days,
        "unit_ids": None if wanted.unit_ids is None else list(wanted.unit_ids),
        "search": wanted.search,
        "building": wanted.building,
        "bucket": wanted.bucket,
        "min_total_fen": wanted.min_total_fen,
    }


def _new_batch(
    session: Session, wanted: Wanted, deadline_on: dt.date, *, source: str, now: dt.datetime, actor_id: int | None
) -> int:
    level = notices.level_row(session, community_id=wanted.community_id, level=wanted.level)
    row = {
        "community_id": wanted.community_id,
        "level": wanted.level,
        "tone": level.tone,
        "as_of": wanted.as_of,
        "deadline_on": deadline_on,
        "criteria": canonical(_criteria(wanted)),
        "source": source,
        "created_by": actor_id,
        "created_at": now,
    }
    return notices.create_batch(session, row)


def _unit_row(one: Candidate) -> dict[str, Any]:
    why = one.reason or one.left_out
    return {
        "unit_id": one.unit_id,
        "state": "skipped" if one.reason else "selected",
        "skip_reason": why.value if why else "",
        "selected_fen": one.total_fen,
    }


def _refuse_the_future(as_of: dt.date, today: dt.date) -> None:
    """A letter never demands a late charge that has not run up yet, nor a bill that is not due."""
    if as_of > today:
        raise Refusal("notice.as_of_in_future", field="as_of", on=as_of.isoformat())


def _deadline(session: Session, issued_on: dt.date, days: int) -> tuple[dt.date, bool]:
    return calendars.load(session).roll(issued_on + dt.timedelta(days=days))


def _log(session: Session, action: str, batch_id: int, community_id: int, *, now: dt.datetime, actor: str) -> None:
    audit.record(
        session, at=now, actor=actor, action=action, subject=f"notice_batch:{batch_id}", community_id=community_id
    )
