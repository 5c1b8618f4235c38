"""Changing a community's procedure or the wording of its notices: one person drafts, another publishes."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.documents import coverage
from app.documents.contexts import Tone
from app.domain import wording as wordings
from app.domain.errors import Refusal, conflict, forbidden
from app.i18n import wording as words
from app.store import audit, procedure

Row = Any
"""A row of the store, read by attribute."""
MAX_LEVELS = 5
SHORTEST_DEADLINE_DAYS = 3
"""A demand must leave a reasonable time to pay (Civil Code 944)."""


@dataclass(frozen=True, slots=True)
class Level:
    """One level as it is asked for; amounts in fen."""

    level: int
    min_days: int
    min_amount_fen: int
    pause_days: int
    tone: str
    deadline_days: int
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Words:
    """What a community adds to the shipped template of one tone."""

    tone: Tone
    opening: str = ""
    closing: str = ""
    contact: str = ""


def draft(
    session: Session,
    *,
    community_id: int,
    levels: Sequence[Level],
    from_on: dt.date,
    note: str,
    today: dt.date,
    now: dt.datetime,
    actor_id: int,
    actor: str,
) -> int:
    """Write a draft of the procedure and return its id; nothing changes until a second person publishes it.

    Raises:
        Refusal: ``procedure.no_level``, ``procedure.days_not_rising``, ``procedure.deadline_short``,
            ``procedure.from_past``, ``procedure.note_missing``.

    """
    _check_levels(levels)
    if from_on < today:
        raise Refusal("procedure.from_past", field="from_on")
    if not note.strip():
        raise Refusal("procedure.note_missing", field="note")
    row = {
        "community_id": community_id,
        "from_on": from_on,
        "note": note.strip(),
        "created_by": actor_id,
        "created_at": now,
    }
    made = procedure.draft_version(session, row, [asdict(level) for level in levels])
    _log(session, "procedure.drafted", f"procedure:{made}", community_id, now=now, actor=actor)
    return made


def publish(
    session: Session, *, version_id: int, today: dt.date, now: dt.datetime, actor_id: int, actor: str
) -> dt.date:
    """Put a draft in force from its day, today at the earliest, and return that day.

    Raises:
        Refusal: ``procedure.version_unknown``, ``procedure.not_draft``, ``procedure.same_person``.

    """
    row = _draft(procedure.lock_version(session, version_id), actor_id)
    from_on: dt.date = max(row.from_on, today)
    procedure.update_version(
        session, version_id, state=procedure.PUBLISHED, from_on=from_on, published_by=actor_id, published_at=now
    )
    _log(session, "procedure.published", f"procedure:{version_id}", row.community_id, now=now, actor=actor)
    return from_on


def discard(session: Session, *, version_id: int, now: dt.datetime, actor: str) -> None:
    """Throw a draft away; its number stays taken.

    Raises:
        Refusal: ``procedure.version_unknown``, ``procedure.not_draft``.

    """
    row = procedure.lock_version(session, version_id)
    if row.state != procedure.DRAFT:
        raise conflict("procedure.not_draft")
    procedure.update_version(session, version_id, state=procedure.DISCARDED)
    _log(session, "procedure.discarded", f"procedure:{version_id}", row.community_id, now=now, actor=actor)


def draft_wording(
    session: Session, *, community_id: int, said: Words, note: str, now: dt.datetime, actor_id: int, actor: str
) -> int:
    """Write a draft of the wording and return its id.

    Raises:
        Refusal: what ``check_words`` refuses; ``procedure.note_missing``.

    """
    check_words(said)
    if not note.strip():
        raise Refusal("procedure.note_missing", field="note")
    row = {
        "community_id": community_id,
        "tone": said.tone.value,
        "opening": said.opening.strip(),
        "closing": said.closing.strip(),
        "contact": said.contact.strip(),
        "note": note.strip(),
        "created_by": actor_id,
        "created_at": now,
    }
    made = procedure.draft_wording(session, row)
    _log(session, "wording.drafted", f"wording:{made}", community_id, now=now, actor=actor)
    return made


def publish_wording(session: Session, *, wording_id: int, now: dt.datetime, actor_id: int, actor: str) -> None:
    """Let notices drafted from now on say this.

    The words are checked again: the list of what must not be said may have grown since they were drafted.

    Raises:
        Refusal: ``wording.version_unknown``, ``procedure.not_draft``, ``procedure.same_person``, and what
            ``check_words`` refuses.

    """
    row = _draft(procedure.lock_wording(session, wording_id), actor_id)
    check_words(Words(Tone(row.tone), row.opening, row.closing, row.contact))
    procedure.update_wording(session, wording_id, state=procedure.PUBLISHED, published_by=actor_id, published_at=now)
    _log(session, "wording.published", f"wording:{wording_id}", row.community_id, now=now, actor=actor)


def discard_wording(session: Session, *, wording_id: int, now: dt.datetime, actor: str) -> None:
    """Throw a draft away; its number stays taken.

    Raises:
        Refusal: ``wording.version_unknown``, ``procedure.not_draft``.

    """
    row = procedure.lock_wording(session, wording_id)
    if row.state != procedure.DRAFT:
        raise conflict("procedure.not_draft")
    procedure.update_wording(session, wording_id, state=procedure.DISCARDED)
    _log(session, "wording.discarded", f"wording:{wording_id}", row.community_id, now=now, actor=actor)


def check_words(said: Words) -> None:
    """Refuse words that cannot be filled in, must not be said, or that the shipped fonts cannot print.

    Raises:
        Refusal: ``wording.too_long``, ``wording.blank_unknown``, ``wording.brace_left``, ``wording.forbidden``,
            ``wording.unprintable``.

    """
    for field in ("opening", "closing", "contact"):
        text = getattr(said, field)
        wordings.check(text, field=field, known=words.BLANKS, forbidden=words.FORBIDDEN)
        if missing := coverage.missing_in(text.split()):
            raise Refusal("wording.unprintable", field=field, signs="".join(sorted(missing))[:20])


# --- private --------------------------------------------------------------------------------------


def _draft(row: Row, actor_id: int) -> Row:
    if row.state != procedure.DRAFT:
        raise conflict("procedure.not_draft")
    if row.created_by == actor_id:
        raise forbidden("procedure.same_person")
    return row


def _check_levels(levels: Sequence[Level]) -> None:
    active = [level for level in levels if level.is_active]
    if not active:
        raise Refusal("procedure.no_level", field="active_1")
    for level in levels:
        if level.deadline_days < SHORTEST_DEADLINE_DAYS:
            raise Refusal("procedure.deadline_short", field=f"deadline_{level.level}", least=SHORTEST_DEADLINE_DAYS)
    for before, after in itertools.pairwise(active):
        if after.min_days <= before.min_days:
            raise Refusal("procedure.days_not_rising", field=f"days_{after.level}", level=after.level)


def _log(session: Session, action: str, subject: str, community_id: int, *, now: dt.datetime, actor: str) -> None:
    audit.record(session, at=now, actor=actor, action=action, subject=subject, community_id=community_id)
