"""Handing over the till: all a cashier took goes into one shift, the cash is counted, a second person confirms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.documents import codec
from app.documents.till import MethodSum, NumberRun, Pieces, ShiftFacts
from app.domain.counter import MOST_PIECES, PIECES, By, Method, counted, runs
from app.domain.errors import Refusal, conflict, forbidden
from app.store import audit, documents, estate, once, shifts
from app.store.types import canonical

SHANGHAI = dt.timezone(dt.timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Seen:
    """What the cashier saw when counting: how many rows and how much; what came since is not in the count."""

    lines: int
    total_fen: int


def sums(lines: Sequence[shifts.Line] | Sequence[shifts.TillSum]) -> tuple[MethodSum, ...]:
    """Return what a shift took by method, in the order methods are listed, those without a row left out."""
    found = []
    for method in Method:
        mine = [line for line in lines if line.method == method.value]
        if mine:
            found.append(
                MethodSum(
                    method=method.value,
                    payments_fen=_sum(mine, "payment"),
                    reversals_fen=_sum(mine, "reversal"),
                    deposits_fen=_sum(mine, "deposit"),
                    unclaimed_fen=_sum(mine, "unclaimed", "unclaimed_entry"),
                )
            )
    return tuple(found)


def hand_over(session: Session, *, community_id: int, pieces: Sequence[int], reason: str, seen: Seen, by: By) -> int:
    """Close the cashier's shift with what was counted, and return its id; the same key acts once.

    Raises:
        Refusal: ``shift.nothing``, ``shift.changed`` when rows came in since it was counted,
            ``shift.reason_missing`` for a difference nobody explains, ``shift.pieces``, ``form.key_reused``.

    """
    asked = {"community": community_id, "pieces": list(pieces), "actor": by.user_id, "lines": seen.lines}
    if (answered := once.claim(session, key=by.key, scope="shift", request=asked, now=by.now)) is not None:
        return int(answered["shift_id"])
    if len(pieces) != len(PIECES) or any(not 0 <= count <= MOST_PIECES for count in pieces):
        raise Refusal("shift.pieces", field="pieces")
    shifts.queue_up(session, by.user_id)
    lines = shifts.open_lines(session, community_id=community_id, cashier_id=by.user_id)
    if not lines:
        raise conflict("shift.nothing")
    total = sum(line.amount_fen for line in lines)
    if (len(lines), total) != (seen.lines, seen.total_fen):
        raise conflict("shift.changed", lines=len(lines), total_fen=total)
    facts = _facts(session, community_id, lines, pieces, reason, by)
    if facts.difference_fen and not reason.strip():
        raise Refusal("shift.reason_missing", field="reason", difference_fen=facts.difference_fen)
    shift_id = _write(session, community_id, lines, pieces, facts, by)
    audit.record(
        session, at=by.now, actor=by.login, action="shift.handed_over", subject=f"shift:{shift_id}",
        community_id=community_id,
    )  # fmt: skip
    once.settle(session, key=by.key, scope="shift", result={"shift_id": shift_id})
    return shift_id


def confirm(session: Session, *, shift_id: int, note: str, by: By) -> None:
    """Confirm as a second person that the cash is what the sheet says.

    Raises:
        Refusal: ``shift.unknown``, ``shift.same_person``, ``shift.confirmed_already``.

    """
    found = shifts.by_id(session, shift_id)
    if found.cashier_id == by.user_id:
        raise forbidden("shift.same_person")
    if found.confirmed_by is not None:
        raise conflict("shift.confirmed_already", by=found.confirmed_by_name)
    shifts.confirm(
        session,
        {
            "shift_id": shift_id,
            "cashier_id": found.cashier_id,
            "confirmed_by": by.user_id,
            "confirmed_at": by.now,
            "note": note.strip(),
        },
    )
    audit.record(
        session, at=by.now, actor=by.login, action="shift.confirmed", subject=f"shift:{shift_id}",
        community_id=found.community_id,
    )  # fmt: skip


def _write(
    session: Session,
    community_id: int,
    lines: Sequence[shifts.Line],
    pieces: Sequence[int],
    facts: ShiftFacts,
    by: By,
) -> int:
    """Freeze the sheet and write the shift with its rows."""
    document_id = documents.freeze(
        session,
        [
            {
                "community_id": community_id,
                "unit_id": None,
                "kind": "shift",
                "number": facts.number,
                "facts": codec.to_json(facts),
                "created_at": by.now,
            }
        ],
    )[0]
    return shifts.insert(
        session,
        {
            "community_id": community_id,
            "number": facts.number,
            "cashier_id": by.user_id,
            "from_at": lines[0].recorded_at,
            "until_at": by.now,
            "lines": len(lines),
            "total_fen": facts.total_fen,
            "cash_fen": facts.cash_fen,
            "counted_fen": facts.counted_fen,
            "difference_fen": facts.difference_fen,
            "pieces": canonical(list(pieces)),
            "totals": canonical([codec.to_json(one) for one in facts.sums]),
            "reason": facts.reason,
            "document_id": document_id,
        },
        lines,
    )


def _facts(
    session: Session, community_id: int, lines: Sequence[shifts.Line], pieces: Sequence[int], reason: str, by: By
) -> ShiftFacts:
    community = estate.community_row(session, community_id)
    number = documents.next_numbers(session, community_id=community_id, kind="shift", year=by.today.year)[0]
    return ShiftFacts(
        number=number,
        issued_on=by.today,
        community=community.name,
        company=community.company_name or community.name,
        cashier=by.name,
        from_at=_moment(lines[0].recorded_at),
        until_at=_moment(by.now),
        lines=len(lines),
        sums=sums(lines),
        pieces=tuple(
            Pieces(value_fen=value, count=count) for value, count in zip(PIECES, pieces, strict=True) if count
        ),
        cash_fen=sum(line.amount_fen for line in lines if line.method == Method.CASH.value),
        counted_fen=counted(pieces),
        reason=reason.strip(),
        receipts=_runs(lines, "payment"),
        slips=_runs(lines, "deposit"),
        voided=tuple(sorted({line.number for line in lines if line.is_void and line.number})),
    )


def _runs(lines: Sequence[shifts.Line], kind: str) -> tuple[NumberRun, ...]:
    numbers = [line.number for line in lines if line.kind == kind and line.number]
    return tuple(NumberRun(first=run.first, last=run.last, count=run.count) for run in runs(numbers))


def _sum(lines: Sequence[shifts.Line | shifts.TillSum], *kinds: str) -> int:
    return sum(line.amount_fen for line in lines if line.kind in kinds)


def _moment(at: dt.datetime) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
