"""Notice batches: select who is overdue, show who is left out and why, draft, and release."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from app.documents import drafting
from app.domain.errors import Refusal, conflict, forbidden
from app.domain.notices import BatchState, Debt, SkipReason, Verdict
from app.domain.web_address import is_public
from app.store import arrears, audit, calendars, documents, notice_papers, notice_verdicts, notices, once, procedure
from app.store.types import canonical

Row = Any
"""A row of the store, read by attribute."""
NIGHTLY = "nightly"
MAX_UNITS = 20_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which units a batch is for: one community, date and level, narrowed as the list of arrears is.

    ``min_days`` None takes what the level of the procedure says. ``narrow`` is the list of arrears as somebody saw it:
    everybody on it is accounted for, as is every unit picked one by one.
    """

    community_id: int
    level: int
    as_of: dt.date
    min_days: int | None = None
    unit_ids: tuple[int, ...] | None = None
    narrow: arrears.Filter | None = None

    @property
    def is_picked(self) -> bool:
        """Tell whether somebody chose these units, by name or from a list."""
        return self.unit_ids is not None or self.narrow is not None


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
    level = procedure.level_on(session, community_id=wanted.community_id, level=wanted.level, on=today)
    deadline_on, known = _deadline(session, today, level.deadline_days)
    return Preview(deadline_on, known, tuple(_candidates(session, wanted, level, today)))


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
    _refuse_the_future(wanted.as_of, today)
    level = procedure.level_on(session, community_id=wanted.community_id, level=wanted.level, on=today)
    deadline_on, _ = _deadline(session, today, level.deadline_days)
    batch_id = _new_batch(session, wanted, level, deadline_on, source=source, now=now, actor_id=actor_id)
    _select(session, batch_id, wanted, level, today)
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
    at = procedure.level_on(session, community_id=community_id, level=level, on=as_of)
    batch_id = _new_batch(session, wanted, at, seen.deadline_on, source=NIGHTLY, now=now, actor_id=None)
    notices.put_units(session, batch_id, [_candidate_row(one) for one in seen.candidates])
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
    if found is None:
        level = procedure.level_on(session, community_id=wanted.community_id, level=wanted.level, on=today)
        batch_id = _new_batch(session, wanted, level, seen.deadline_on, source=source, now=now, actor_id=None)
    else:
        batch_id = found.id
    notices.put_units(session, batch_id, [_candidate_row(one) for one in seen.candidates])
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

    A person releases what another person, or the nightly run, drafted. Programs release what they drafted themselves.

    The address is frozen into every code that is printed, so one that owners cannot open is taken only where
    ``may_be_local`` (a demonstration) says so.

    Raises:
        Refusal: ``notice_batch.unknown``, ``notice_batch.not_draft``, ``notice_batch.same_person``,
            ``notice_batch.nobody_left``, ``notice.as_of_in_future``, ``notice_batch.address_local``.

    """
    batch = notices.locked_batch(session, batch_id)
    if batch.state != BatchState.DRAFT:
        raise conflict("notice_batch.not_draft")
    if actor_id is not None and batch.created_by == actor_id:
        raise forbidden("notice_batch.same_person")
    if actor_id is not None and not notice_papers.counts(session, batch_id).notices:
        raise conflict("notice_batch.nobody_left")
    _refuse_the_future(batch.as_of, today)
    if not may_be_local and not is_public(public_url):
        raise conflict("notice_batch.address_local", address=public_url)
    level = procedure.level_of_batch(session, batch)
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
    if actor_id is not None:
        notice_papers.sign_release(session, batch_id=batch_id, drafted_by=batch.created_by, by=actor_id, at=now)
    _log(session, "notice_batch.released", batch_id, batch.community_id, now=now, actor=actor)


# --- who is selected ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Judged:
    """What is decided of one unit, and the sum its notice would ask for."""

    verdict: Verdict
    total_fen: int


def _filter(wanted: Wanted, level: Row) -> arrears.Filter:
    """Return the list of arrears the selection is taken from."""
    if wanted.narrow is not None:
        return replace(wanted.narrow, community_id=wanted.community_id)
    if wanted.unit_ids is not None:
        return arrears.Filter(community_id=wanted.community_id, unit_ids=wanted.unit_ids)
    min_days = level.min_days if wanted.min_days is None else wanted.min_days
    return arrears.Filter(community_id=wanted.community_id, min_days=min_days, min_total_fen=level.min_amount_fen)


def _candidates(session: Session, wanted: Wanted, level: Row, today: dt.date) -> list[Candidate]:
    """Return everybody the filters find; units picked by hand are all accounted for."""
    narrow = _filter(wanted, level)
    units = arrears.list_units(session, as_of=wanted.as_of, wanted=narrow)
    _refuse_too_many(len(units))
    rows = arrears.unit_rows(session, wanted.as_of, narrow).subquery("listed")
    judged = _judge(session, wanted, level, notices.ids_of(rows), today)
    found = [
        Candidate(unit.unit_id, unit.code, unit.label, one.total_fen, one.verdict.reason, one.verdict.left_out)
        for unit in units
        for one in [judged[unit.unit_id]]
    ]
    gone = sorted(set(wanted.unit_ids or ()) - {unit.unit_id for unit in units})
    settled = notices.unit_rows(session, gone, community_id=wanted.community_id) if gone else []
    return [*found, *(Candidate(row.id, row.code, row.label, 0, SkipReason.PAID, None) for row in settled)]


def _select(session: Session, batch_id: int, wanted: Wanted, level: Row, today: dt.date) -> None:
    """Fill a draft: the list goes in by one statement, then whoever is left out, or asked for less, is marked."""
    count = notices.select_units(session, batch_id, as_of=wanted.as_of, wanted=_filter(wanted, level))
    _refuse_too_many(count)
    judged = _judge(session, wanted, level, notices.units_of(batch_id), today)
    skipped = sum(1 for one in judged.values() if one.verdict.reason)
    if skipped == len(judged):
        raise Refusal("notice.nobody", skipped=max(skipped, len(wanted.unit_ids or ())))
    changed = [_unit_row(unit_id, one) for unit_id, one in judged.items() if one.verdict.reason or one.verdict.left_out]
    notices.judge_units(session, batch_id, changed)
    if wanted.unit_ids is not None:
        notices.select_settled(session, batch_id, community_id=wanted.community_id, unit_ids=wanted.unit_ids)


def _judge(session: Session, wanted: Wanted, level: Row, within: notices.Scope, today: dt.date) -> dict[int, _Judged]:
    """Decide of every unit in a constant number of questions, by the facts of ``today`` on the debts of ``as_of``."""
    owed = notice_verdicts.overdue(session, as_of=wanted.as_of, within=within)
    still_open = None
    if today > wanted.as_of:
        now_owed = notice_verdicts.overdue(session, as_of=today, within=within)
        still_open = {one.bill_id for bills in now_owed.values() for one in bills}
    verdicts = notice_verdicts.verdicts(
        session,
        level=wanted.level,
        as_of=wanted.as_of,
        on=max(today, wanted.as_of),
        debts={unit_id: [Debt(one.bill_id, one.due_on) for one in bills] for unit_id, bills in owed.items()},
        pause_days=level.pause_days,
        within=within,
    )
    return {unit_id: _judged(verdicts[unit_id], bills, wanted, level, still_open) for unit_id, bills in owed.items()}


def _judged(
    verdict: Verdict,
    bills: Sequence[notice_verdicts.Owed],
    wanted: Wanted,
    level: Row,
    still_open: Collection[int] | None,
) -> _Judged:
    verdict = drafting.printable(verdict)
    total = sum(one.total_fen for one in bills)
    days = (wanted.as_of - min(one.due_on for one in bills)).days
    min_days = level.min_days if wanted.min_days is None else wanted.min_days
    if verdict.reason is None and (days < min_days or total < level.min_amount_fen):
        verdict = Verdict(reason=SkipReason.NOT_YET)
    if verdict.reason is None and still_open is not None:
        left = tuple(number for number in verdict.bill_ids if number in still_open)
        if not left:
            verdict = Verdict(reason=SkipReason.PAID)
        elif left != verdict.bill_ids:
            verdict = replace(verdict, bill_ids=left, left_out=verdict.left_out or SkipReason.BALANCE_CHANGED)
    if verdict.reason is None:
        total = sum(one.total_fen for one in bills if one.bill_id in set(verdict.bill_ids))
    return _Judged(verdict, total)


def _refuse_too_many(units: int) -> None:
    if units > MAX_UNITS:
        raise Refusal("notice.too_many_units", units=units, most=MAX_UNITS)


def _criteria(wanted: Wanted) -> dict[str, Any]:
    narrow = {} if wanted.narrow is None else asdict(wanted.narrow)
    return {
        "level": wanted.level,
        "as_of": wanted.as_of.isoformat(),
        "min_days": wanted.min_days,
        "unit_ids": None if wanted.unit_ids is None else list(wanted.unit_ids),
        "narrow": {name: value for name, value in narrow.items() if value not in (None, "", 0, ())},
    }


def _new_batch(
    session: Session,
    wanted: Wanted,
    level: Row,
    deadline_on: dt.date,
    *,
    source: str,
    now: dt.datetime,
    actor_id: int | None,
) -> int:
    """Write a batch that keeps the versions of procedure and wording it is drafted under."""
    said = procedure.wording_in_force(session, community_id=wanted.community_id, tone=level.tone)
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
        "procedure_version_id": level.version_id,
        "wording_id": None if said is None else said.id,
    }
    return notices.create_batch(session, row)


def _unit_row(unit_id: int, judged: _Judged) -> dict[str, Any]:
    why = judged.verdict.reason or judged.verdict.left_out
    return {
        "unit_id": unit_id,
        "state": "skipped" if judged.verdict.reason else "selected",
        "skip_reason": why.value if why else "",
        "selected_fen": judged.total_fen,
    }


def _candidate_row(one: Candidate) -> dict[str, Any]:
    return _unit_row(one.unit_id, _Judged(Verdict(reason=one.reason, left_out=one.left_out), one.total_fen))


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
