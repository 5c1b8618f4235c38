"""Closing a day or a month: look what is still open, freeze the dates, write the report; reopening it by right."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.documents import codec
from app.documents.till import CloseFacts, CloseLine, CloseShare
from app.domain.calendar import add_months
from app.domain.counter import By
from app.domain.errors import Refusal, conflict
from app.store import audit, closing, documents, estate, once, shifts, unclaimed
from app.store.types import canonical


@dataclass(frozen=True, slots=True)
class Period:
    """A day or a month of a community."""

    community_id: int
    first_on: dt.date
    last_on: dt.date

    @classmethod
    def day(cls, community_id: int, on: dt.date) -> Period:
        """Return one day."""
        return cls(community_id, on, on)

    @classmethod
    def month(cls, community_id: int, on: dt.date) -> Period:
        """Return the month a day lies in."""
        first = on.replace(day=1)
        return cls(community_id, first, add_months(first, 1) - dt.timedelta(days=1))

    @property
    def span(self) -> str:
        """``day`` or ``month``."""
        return "day" if self.first_on == self.last_on else "month"


@dataclass(frozen=True, slots=True)
class Review:
    """What is looked at before a period is closed."""

    facts: CloseFacts
    holders: tuple[shifts.Holder, ...]
    failing_accounts: int
    outside_the_chain: int
    unclaimed: int
    is_closed: bool
    version: int

    @property
    def is_clean(self) -> bool:
        """Nothing is open that belongs into the period."""
        return not (self.holders or self.failing_accounts or self.outside_the_chain or self.unclaimed)


def review(session: Session, *, period: Period, by_name: str, today: dt.date) -> Review:
    """Return what closing the period now would write down, and what is still open."""
    community = estate.community_row(session, period.community_id)
    here, first, last = period.community_id, period.first_on, period.last_on
    billed = closing.billed(session, community_id=here, from_on=first, to_on=last)
    standing = closing.standing(session, community_id=period.community_id, span=period.span, first_on=period.first_on)
    holders = tuple(shifts.holders(session, community_id=period.community_id))
    count, left, _ = unclaimed.listed(session, community_id=period.community_id, limit=1)
    digest, accounts = closing.heads_digest(session, period.community_id)
    facts = CloseFacts(
        number="",
        issued_on=today,
        community=community.name,
        company=community.company_name or community.name,
        first_on=period.first_on,
        last_on=period.last_on,
        version=standing.version + 1 if standing is not None else 1,
        by=by_name,
        lines=tuple(
            CloseLine(kind=line.kind, method=line.method, count=line.count, amount_fen=line.amount_fen)
            for line in closing.lines(session, community_id=here, from_on=first, to_on=last)
        ),
        shares=tuple(
            CloseShare(item=item, component=component, amount_fen=fen)
            for item, component, fen in closing.shares(session, community_id=here, from_on=first, to_on=last)
        ),
        issued_fen=billed["issued_fen"],
        taken_back_fen=billed["taken_back_fen"],
        forgiven_fen=billed["forgiven_fen"],
        accounts=accounts,
        heads_digest=digest,
        open_shifts=tuple(holder.name for holder in holders),
        unclaimed_fen=left,
        is_month=period.span == "month",
    )
    return Review(
        facts=facts,
        holders=holders,
        failing_accounts=closing.failing_accounts(session, period.community_id),
        outside_the_chain=closing.outside_the_chain(session, community_id=here, from_on=first, to_on=last),
        unclaimed=count,
        is_closed=standing is not None and standing.is_closed,
        version=facts.version,
    )


def close(session: Session, *, period: Period, accepts_open: bool, note: str, by: By) -> int:
    """Freeze the period and write its report; return the version's id. The same key acts once.

    Raises:
        Refusal: ``period.not_over``, ``period.closed_already``, ``period.ledger_differs``,
            ``period.still_open`` unless ``accepts_open``, ``form.key_reused``.

    """
    asked = {"community": period.community_id, "first": period.first_on, "last": period.last_on, "actor": by.user_id}
    if (answered := once.claim(session, key=by.key, scope="period_close", request=asked, now=by.now)) is not None:
        return int(answered["close_id"])
    if period.last_on > by.today:
        raise Refusal("period.not_over", last=period.last_on.isoformat())
    closing.hold(session, period.community_id)
    found = review(session, period=period, by_name=by.name, today=by.today)
    if found.is_closed:
        raise conflict("period.closed_already", first=period.first_on.isoformat())
    if found.outside_the_chain:
        raise conflict("period.ledger_differs", count=found.outside_the_chain)
    if not found.is_clean and not accepts_open:
        raise conflict("period.still_open", field="accept")
    number = documents.next_numbers(session, community_id=period.community_id, kind="close", year=period.first_on.year)[
        0
    ]
    facts = codec.to_json(found.facts) | {"number": number, "note": note.strip()}
    document = {"unit_id": None, "kind": "close", "number": number, "facts": facts, "created_at": by.now}
    document_id = documents.freeze(session, [{"community_id": period.community_id, **document}])[0]
    close_id = closing.insert(
        session,
        {
            **_head(period, found.version, by),
            "is_closed": True,
            "reason": note.strip(),
            "totals": canonical({"received_fen": found.facts.received_fen, "till_fen": found.facts.till_fen}),
            "heads_digest": found.facts.heads_digest,
            "document_id": document_id,
        },
    )
    _log(session, by, "period.closed", period, close_id)
    once.settle(session, key=by.key, scope="period_close", result={"close_id": close_id})
    return close_id


def reopen(session: Session, *, period: Period, reason: str, by: By) -> int:
    """Open a closed period again, for a reason; what was reported stays, the next close is a new version.

    Raises:
        Refusal: ``period.not_closed``, ``period.reason_missing``, ``form.key_reused``.

    """
    asked = {"community": period.community_id, "first": period.first_on, "last": period.last_on, "actor": by.user_id}
    if (answered := once.claim(session, key=by.key, scope="period_reopen", request=asked, now=by.now)) is not None:
        return int(answered["close_id"])
    if not reason.strip():
        raise Refusal("period.reason_missing", field="reason")
    closing.hold(session, period.community_id)
    standing = closing.standing(session, community_id=period.community_id, span=period.span, first_on=period.first_on)
    if standing is None or not standing.is_closed:
        raise conflict("period.not_closed", first=period.first_on.isoformat())
    row = {**_head(period, standing.version + 1, by), "is_closed": False, "reason": reason.strip()}
    close_id = closing.insert(session, row)
    _log(session, by, "period.reopened", period, close_id)
    once.settle(session, key=by.key, scope="period_reopen", result={"close_id": close_id})
    return close_id


def _head(period: Period, version: int, by: By) -> dict[str, object]:
    return {
        "community_id": period.community_id,
        "span": period.span,
        "first_on": period.first_on,
        "last_on": period.last_on,
        "version": version,
        "recorded_at": by.now,
        "recorded_by": by.user_id,
    }


def _log(session: Session, by: By, action: str, period: Period, close_id: int) -> None:
    audit.record(
        session,
        at=by.now,
        actor=by.login,
        action=action,
        subject=f"period:{close_id}",
        community_id=period.community_id,
        facts={"first": period.first_on.isoformat(), "last": period.last_on.isoformat()},
    )
