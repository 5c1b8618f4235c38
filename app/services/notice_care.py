"""Looking after a batch: leaving out or taking in single units, stopping it, trying again, printing it once more."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from app.documents import drafting
from app.domain.errors import Refusal, conflict, not_found
from app.domain.notices import MAY_OVERRULE, BatchState, Debt, SkipReason
from app.i18n import zh_cn
from app.store import audit, documents, notice_papers, notice_verdicts, notices, procedure

Row = Any
"""A row of the store, read by attribute."""
EXCLUDED, INCLUDED = "excluded", "included"


def set_aside(
    session: Session, *, batch_id: int, unit_id: int, reason: str, now: dt.datetime, actor_id: int, actor: str
) -> None:
    """Leave one unit out of a draft, with a reason; whoever drafted may, since it only spares somebody a letter.

    Raises:
        Refusal: ``notice_batch.unknown``, ``notice_batch.not_draft``, ``notice_batch.unit_unknown``,
            ``notice_batch.reason_missing``, ``notice_batch.left_out_already``.

    """
    batch, row = _draft_unit(session, batch_id, unit_id, reason)
    if row.state == "skipped":
        raise conflict("notice_batch.left_out_already")
    notice_papers.overrule(
        session,
        row.id,
        state="skipped",
        skip_reason=SkipReason.SET_ASIDE.value,
        overruled=EXCLUDED,
        overrule_reason=reason.strip(),
        overruled_by=actor_id,
        overruled_at=now,
    )
    _log(session, "notice_batch.unit_excluded", batch, now=now, actor=actor, facts={"unit_id": unit_id})


def take_in(
    session: Session,
    *,
    batch_id: int,
    unit_id: int,
    reason: str,
    today: dt.date,
    now: dt.datetime,
    actor_id: int,
    actor: str,
) -> None:
    """Take one unit into a draft that its rules left out; only the office's own timing may be overruled.

    Who is paid up, not to be asked, or not the debtor stays out, however good the reason.

    Raises:
        Refusal: as ``set_aside``; ``notice_batch.taken_in_already``, ``notice_batch.not_overruled``.

    """
    batch, row = _draft_unit(session, batch_id, unit_id, reason)
    if row.state != "skipped":
        raise conflict("notice_batch.taken_in_already")
    owed = notice_verdicts.overdue(session, as_of=batch.as_of, within=[unit_id]).get(unit_id, [])
    verdict = drafting.printable(
        notice_verdicts.verdicts(
            session,
            level=batch.level,
            as_of=batch.as_of,
            on=max(today, batch.as_of),
            debts={unit_id: [Debt(one.bill_id, one.due_on) for one in owed]},
            pause_days=procedure.level_of_batch(session, batch).pause_days,
            unpaused={unit_id},
        )[unit_id]
    )
    stays_out = verdict.reason or (None if row.skip_reason in MAY_OVERRULE else SkipReason(row.skip_reason))
    if stays_out is not None:
        raise conflict("notice_batch.not_overruled", why=zh_cn.label(stays_out))
    listed = set(verdict.bill_ids)
    notice_papers.overrule(
        session,
        row.id,
        state="selected",
        skip_reason=verdict.left_out.value if verdict.left_out else "",
        selected_fen=sum(one.total_fen for one in owed if one.bill_id in listed),
        overruled=INCLUDED,
        overrule_reason=reason.strip(),
        overruled_by=actor_id,
        overruled_at=now,
    )
    _log(session, "notice_batch.unit_included", batch, now=now, actor=actor, facts={"unit_id": unit_id})


def cancel(
    session: Session,
    *,
    batch_id: int,
    now: dt.datetime,
    actor: str,
    actor_id: int | None = None,
    may_stop: bool = False,
) -> None:
    """Throw a draft away, or stop a released batch: what is printed stays, nothing more is numbered or printed.

    Raises:
        Refusal: ``notice_batch.unknown``, ``notice_batch.over``, ``notice_batch.not_draft`` for whoever may not stop.

    """
    batch = notices.locked_batch(session, batch_id)
    if batch.state in {BatchState.DONE, BatchState.CANCELLED}:
        raise conflict("notice_batch.over")
    if batch.state == BatchState.RELEASED and not may_stop:
        raise conflict("notice_batch.not_draft")
    notices.update_batch(session, batch_id, state=BatchState.CANCELLED.value, cancelled_by=actor_id, cancelled_at=now)
    left = 0
    if batch.state == BatchState.RELEASED:
        left = notice_papers.stop_units(session, batch_id, reason=SkipReason.STOPPED.value)
    action = "notice_batch.stopped" if batch.state == BatchState.RELEASED else "notice_batch.cancelled"
    _log(session, action, batch, now=now, actor=actor, facts={"units_left_out": left})


def try_again(session: Session, *, batch_id: int, now: dt.datetime, actor: str) -> int:
    """Let what could not be printed be tried again, and return how many notices that are.

    Raises:
        Refusal: ``notice_batch.unknown``, ``notice_batch.not_released``.

    """
    batch = notices.locked_batch(session, batch_id)
    if batch.state != BatchState.RELEASED:
        raise conflict("notice_batch.not_released")
    count = notice_papers.forgive_failures(session, batch_id)
    if count:
        _log(session, "notice_batch.tried_again", batch, now=now, actor=actor, facts={"notices": count})
    return count


def take_part(
    session: Session, *, batch_id: int, part: int, reason: str, now: dt.datetime, actor_id: int, actor: str
) -> str:
    """Return the hash of a print file and note who took it; a second time needs a reason.

    Raises:
        Refusal: ``notice_batch.unknown``, ``notice_batch.not_printed``, ``notice_batch.reprint_reason_missing``.

    """
    batch = notices.batch(session, batch_id)
    found = next((row for row in notice_papers.parts(session, batch_id) if row.part == part), None)
    if found is None:
        raise not_found("notice_batch.not_printed")
    if notice_papers.was_printed(session, batch_id=batch_id, part=part) and not reason.strip():
        raise Refusal("notice_batch.reprint_reason_missing", field="reason")
    _note_print(session, batch, found.sha256, reason, now=now, actor_id=actor_id, actor=actor, part=part)
    return str(found.sha256)


def take_notice(session: Session, *, document_id: int, reason: str, now: dt.datetime, actor_id: int, actor: str) -> str:
    """Return the hash of one notice and note who printed it again, and why.

    Raises:
        Refusal: ``document.unknown``, ``notice_batch.not_printed``, ``notice_batch.reprint_reason_missing``.

    """
    documents.by_id(session, document_id)
    found = notice_papers.batch_of_document(session, document_id)
    if found is None or found.sha256 is None:
        raise not_found("notice_batch.not_printed")
    if not reason.strip():
        raise Refusal("notice_batch.reprint_reason_missing", field="reason")
    batch = notices.batch(session, found.id)
    _note_print(session, batch, found.sha256, reason, now=now, actor_id=actor_id, actor=actor, document_id=document_id)
    return str(found.sha256)


# --- private --------------------------------------------------------------------------------------


def _draft_unit(session: Session, batch_id: int, unit_id: int, reason: str) -> tuple[Row, Row]:
    batch = notices.locked_batch(session, batch_id)
    if batch.state != BatchState.DRAFT:
        raise conflict("notice_batch.not_draft")
    row = notice_papers.unit_row(session, batch_id, unit_id)
    if not reason.strip():
        raise Refusal("notice_batch.reason_missing", field="reason")
    return batch, row


def _note_print(
    session: Session,
    batch: Row,
    sha256: str,
    reason: str,
    *,
    now: dt.datetime,
    actor_id: int,
    actor: str,
    part: int | None = None,
    document_id: int | None = None,
) -> None:
    row = {
        "batch_id": batch.id,
        "part": part,
        "document_id": document_id,
        "sha256": sha256,
        "reason": reason.strip(),
        "printed_by": actor_id,
        "printed_at": now,
    }
    notice_papers.log_print(session, row)
    facts: dict[str, object] = {"part": part, "document_id": document_id, "is_reprint": bool(reason.strip())}
    _log(session, "notice_batch.downloaded", batch, now=now, actor=actor, facts=facts)


def _log(
    session: Session, action: str, batch: Row, *, now: dt.datetime, actor: str, facts: dict[str, object] | None = None
) -> None:
    audit.record(
        session,
        at=now,
        actor=actor,
        action=action,
        subject=f"notice_batch:{batch.id}",
        community_id=batch.community_id,
        facts=facts,
    )
