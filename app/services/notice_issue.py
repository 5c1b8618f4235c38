"""Issuing a released batch: one notice after another is numbered and frozen; who paid meanwhile is left out."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from app.documents import codec, contexts, drafting
from app.domain.errors import Refusal, conflict, not_found
from app.domain.events import Discount
from app.domain.ledger import BillStatement, statement
from app.domain.notices import BatchState, Debt, SkipReason, Verdict
from app.store import (
    documents,
    estate,
    evidence_notices,
    ledger,
    notice_papers,
    notice_verdicts,
    notices,
    owner_links,
    persons,
    procedure,
    replay,
)

Row = Any
"""A row of the store, read by attribute."""
CHUNK = 100
INCLUDED = "included"
SAMPLE_NUMBER = "SAMPLE"


@dataclass(frozen=True, slots=True)
class Issued:
    """What one step of issuing wrote; ``left`` tells whether there is more to do."""

    notices: int
    skipped: int
    left: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """What a sample is to show; ``said`` is the wording to try, in force or not."""

    community_id: int
    tone: str
    level: int
    as_of: dt.date
    deadline_on: dt.date
    said: Row | None
    procedure_version_id: int | None = None
    public_url: str = ""


@dataclass(frozen=True, slots=True)
class _State:
    """A unit's account: overdue and open on the day of the figures, what is left of that by now, and stored credit.

    ``left`` has the figures of that day less all that was paid, forgiven or taken back since: a bill that was reversed
    is not in it. ``is_recast`` says that something since changed how the charge up to that day is worked out.
    """

    open: Mapping[int, BillStatement]
    left: Mapping[int, BillStatement]
    by_now_fen: Mapping[int, int]
    is_recast: bool
    credit_fen: int


def issue(session: Session, *, batch_id: int, today: dt.date, now: dt.datetime) -> Issued:
    """Issue the next notices of a released batch: number, frozen facts, bills listed and owner's link, all or nothing.

    Whoever paid since the selection, or may no longer be asked, is left out with the reason. Call it in one transaction
    after another until nothing is left; a crash between two of them loses nothing.

    Raises:
        Refusal: ``notice_batch.unknown``, ``notice_batch.not_released``.

    """
    batch = notices.locked_batch(session, batch_id)
    if batch.state not in {BatchState.RELEASED, BatchState.DONE}:
        raise conflict("notice_batch.not_released")
    documents.queue_up(session, community_id=batch.community_id, kind="notice", year=today.year)
    rows = notices.waiting_units(session, batch_id, limit=CHUNK)
    if not rows:
        return Issued(0, 0, left=False)
    stories = ledger.stories(session, [row.unit_id for row in rows])
    now_on = max(today, batch.as_of)
    states = {row.unit_id: _state(stories[row.unit_id], batch.as_of, now_on) for row in rows}
    verdicts = notice_verdicts.verdicts(
        session,
        level=batch.level,
        as_of=batch.as_of,
        on=now_on,
        debts={
            unit_id: [Debt(number, one.bill.due_on) for number, one in state.open.items()]
            for unit_id, state in states.items()
        },
        pause_days=procedure.level_of_batch(session, batch).pause_days,
        unpaused={row.unit_id for row in rows if row.overruled == INCLUDED},
    )
    settled: list[dict[str, Any]] = []
    sent: list[tuple[Row, Verdict]] = []
    for row in rows:
        verdict = _still_owed(states[row.unit_id], drafting.printable(verdicts[row.unit_id]))
        why = verdict.reason or verdict.left_out
        state = "skipped" if verdict.reason else "noticed"
        settled.append({"id": row.id, "state": state, "skip_reason": why.value if why else ""})
        if verdict.reason is None:
            sent.append((row, verdict))
    _write(session, batch, sent, states, now)
    notices.settle_units(session, settled)
    return Issued(len(sent), len(rows) - len(sent), left=True)


def close(
    session: Session, *, batch_id: int, print_sha256: str | None, parts: Sequence[Mapping[str, Any]] = ()
) -> None:
    """Remember the print files and end the batch; one that was stopped keeps saying so."""
    batch = notices.locked_batch(session, batch_id)
    notice_papers.put_parts(session, batch_id, parts)
    state = batch.state if batch.state == BatchState.CANCELLED else BatchState.DONE.value
    notices.update_batch(session, batch_id, state=state, print_sha256=print_sha256)


def sample(session: Session, *, wanted: Sample, unit_id: int, today: dt.date) -> contexts.NoticeFacts:
    """Return the notice a unit would get today, unnumbered and marked as a sample; nothing is written.

    Raises:
        Refusal: ``notice.sample_nothing_due``, ``notice.sample_no_owner``; ``access.not_found`` for a unit elsewhere.

    """
    rows = notices.sample_rows(session, [unit_id], community_id=wanted.community_id)
    if not rows:
        raise not_found("access.not_found")
    state = _state(ledger.stories(session, [unit_id])[unit_id], wanted.as_of, max(today, wanted.as_of))
    if not state.left:
        raise Refusal("notice.sample_nothing_due")
    owners = persons.owners_on(session, unit_ids=[unit_id], as_of=today)[unit_id]
    if not owners:
        raise Refusal("notice.sample_no_owner")
    verdict = Verdict(tuple(one.name for one in owners), tuple(state.left))
    sheet = _Sheet(
        community_id=wanted.community_id,
        tone=wanted.tone,
        level=wanted.level,
        as_of=wanted.as_of,
        issued_on=today,
        deadline_on=wanted.deadline_on,
        batch="",
        owner_url=f"{wanted.public_url.rstrip('/')}/o/" if wanted.public_url else "",
        procedure=_procedure_label(session, wanted.procedure_version_id),
        said=wanted.said,
    )
    return _facts(session, sheet, [(SAMPLE_NUMBER, (rows[0], verdict))], {unit_id: state}, is_sample=True)[0]


# --- what is written ------------------------------------------------------------------------------


def _state(story: replay.Story, as_of: dt.date, now_on: dt.date) -> _State:
    then = statement(story.account, as_of)
    after = then if now_on == as_of else statement(story.account, now_on)
    overdue = {
        int(one.bill.id[1:]): one
        for one in then.bills
        if one.bill.due_on < as_of and one.bill.issued_on <= as_of and one.total_fen
    }
    by_now = {int(one.bill.id[1:]): one for one in after.bills}
    left = {number: _less(one, by_now[number]) for number, one in overdue.items() if number in by_now}
    return _State(
        open=overdue,
        left={number: one for number, one in left.items() if one.total_fen},
        by_now_fen={number: by_now[number].total_fen for number in left},
        is_recast=any(
            isinstance(event, Discount) and event.retroactive and as_of < event.on <= now_on
            for event in story.account.events
        ),
        credit_fen=min(then.credit_fen, after.credit_fen),
    )


def _less(then: BillStatement, now: BillStatement) -> BillStatement:
    """Return the figures of then, less what came off since: nobody is asked for money that is there already.

    The late charge stays that of the days up to then; what was paid or forgiven of it since is taken off.
    """
    waived = max(0, now.late_waived_fen - then.late_waived_fen)
    paid = max(0, now.late_paid_fen - then.late_paid_fen)
    late_charge = max(0, then.late_charge_fen - waived - paid)
    off = then.late_charge_fen - late_charge
    return replace(
        then,
        principal_fen=min(then.principal_fen, now.principal_fen),
        costs_fen=min(then.costs_fen, now.costs_fen),
        late_charge_fen=late_charge,
        late_waived_fen=then.late_waived_fen + min(waived, off),
        late_paid_fen=then.late_paid_fen + off - min(waived, off),
    )


def _still_owed(state: _State, verdict: Verdict) -> Verdict:
    """Take off what was settled between the day of the figures and today; say so where less is owed than then."""
    if verdict.reason is not None:
        return verdict
    if not any(state.by_now_fen.get(number) for number in verdict.bill_ids):
        return Verdict(reason=SkipReason.PAID)
    open_still = tuple(number for number in verdict.bill_ids if number in state.left)
    if state.is_recast or not open_still:
        return Verdict(reason=SkipReason.BALANCE_CHANGED)
    is_less = any(state.left.get(number) != state.open[number] for number in verdict.bill_ids)
    left_out = verdict.left_out or (SkipReason.BALANCE_CHANGED if is_less else None)
    return replace(verdict, bill_ids=open_still, left_out=left_out)


def _deducted_fen(state: _State, bill_ids: Sequence[int]) -> int:
    return sum(state.open[number].total_fen - state.left[number].total_fen for number in bill_ids)


def _write(
    session: Session,
    batch: Row,
    sent: Sequence[tuple[Row, Verdict]],
    states: Mapping[int, _State],
    now: dt.datetime,
) -> None:
    """Number and freeze what is sent, in walking order."""
    if not sent:
        return
    criteria = json.loads(batch.criteria)
    issued_on, public_url = dt.date.fromisoformat(criteria["issued_on"]), criteria["public_url"].rstrip("/")
    numbers = documents.next_numbers(
        session, community_id=batch.community_id, kind="notice", year=issued_on.year, count=len(sent)
    )
    sheet = _Sheet(
        community_id=batch.community_id,
        tone=batch.tone,
        level=batch.level,
        as_of=batch.as_of,
        issued_on=issued_on,
        deadline_on=batch.deadline_on,
        batch=str(batch.id),
        owner_url=f"{public_url}/o/" if public_url else "",
        procedure=_procedure_label(session, batch.procedure_version_id),
        said=None if batch.wording_id is None else procedure.wording(session, batch.wording_id),
    )
    facts = _facts(session, sheet, list(zip(numbers, sent, strict=True)), states)
    _store(session, batch, sent, facts, now)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What all notices of a batch have in common."""

    community_id: int
    tone: str
    level: int
    as_of: dt.date
    issued_on: dt.date
    deadline_on: dt.date
    batch: str
    owner_url: str
    procedure: str
    said: Row | None


def _procedure_label(session: Session, version_id: int | None) -> str:
    return "" if version_id is None else str(procedure.version(session, version_id).number)


def _facts(
    session: Session,
    sheet: _Sheet,
    numbered: Sequence[tuple[str, tuple[Row, Verdict]]],
    states: Mapping[int, _State],
    *,
    is_sample: bool = False,
) -> list[contexts.NoticeFacts]:
    community = estate.community_row(session, sheet.community_id)
    sent = [one for _, one in numbered]
    posted = notices.bill_rows(session, [number for _, verdict in sent for number in verdict.bill_ids])
    before = notices.times_listed(session, {row.unit_id: verdict.bill_ids for row, verdict in sent})
    on = max(sheet.issued_on, sheet.as_of)
    people = persons.owners_on(session, unit_ids=[row.unit_id for row, _ in sent], as_of=on)
    facts = [
        contexts.NoticeFacts(
            number=number,
            tone=contexts.Tone(sheet.tone),
            level=sheet.level,
            nth=before[row.unit_id] + 1,
            issued_on=sheet.issued_on,
            as_of=sheet.as_of,
            deadline_on=sheet.deadline_on,
            company=drafting.company(community),
            contract=drafting.contract(community),
            addressee=drafting.addressee(
                community,
                row,
                owners=verdict.owners,
                phone_mask=next((one.phone_mask for one in people[row.unit_id] if one.phone_mask), ""),
            ),
            bills=drafting.bills([states[row.unit_id].left[one] for one in verdict.bill_ids], posted),
            owner_url=sheet.owner_url,
            batch=sheet.batch,
            credit_fen=states[row.unit_id].credit_fen,
            deducted_fen=_deducted_fen(states[row.unit_id], verdict.bill_ids),
            is_principal_first=community.allocation_within == "principal_first",
            is_oldest_first=community.allocation_across == "oldest_first",
            procedure=sheet.procedure,
            is_sample=is_sample,
        )
        for number, (row, verdict) in numbered
    ]
    return [drafting.worded(one, sheet.said) for one in facts]


def _store(
    session: Session,
    batch: Row,
    sent: Sequence[tuple[Row, Verdict]],
    facts: Sequence[contexts.NoticeFacts],
    now: dt.datetime,
) -> None:
    common = {"community_id": batch.community_id}
    document_ids = documents.freeze(
        session,
        [
            common
            | {
                "unit_id": row.unit_id,
                "kind": "notice",
                "number": one.number,
                "facts": codec.to_json(one),
                "created_at": now,
            }
            for (row, _), one in zip(sent, facts, strict=True)
        ],
    )
    notice_ids = notices.insert(
        session,
        [
            common
            | {
                "batch_id": batch.id,
                "unit_id": row.unit_id,
                "document_id": document_id,
                "number": one.number,
                "level": batch.level,
                "nth": one.nth,
                "as_of": batch.as_of,
                "deadline_on": batch.deadline_on,
                "principal_fen": one.principal_fen,
                "late_charge_fen": one.late_charge_fen,
            }
            for (row, _), document_id, one in zip(sent, document_ids, facts, strict=True)
        ],
    )
    notices.insert_bills(
        session,
        [
            {
                "notice_id": notice_id,
                "bill_id": bill_id,
                "principal_fen": line.principal_fen,
                "late_charge_fen": line.late_charge_fen,
            }
            for (_, verdict), notice_id, one in zip(sent, notice_ids, facts, strict=True)
            for bill_id, line in zip(verdict.bill_ids, one.bills, strict=True)
        ],
    )
    evidence_notices.issued(session, notice_ids, at=now)
    tokens = [
        (owner_links.notice_token(session, batch.community_id, one.number), row.unit_id, notice_id)
        for (row, _), notice_id, one in zip(sent, notice_ids, facts, strict=True)
        if one.owner_url
    ]
    owner_links.keep_many(session, tokens, at=now)
