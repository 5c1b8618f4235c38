"""Owners coming in by a code to their phone, and what they do with a notice: open it, sign for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.domain.errors import Refusal, conflict
from app.store import acknowledgements, audit, deliveries, owner_links, owner_visits

OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is on the page, as far as evidence goes: the session, the address and the browser."""

    visit: str
    ip: str
    agent: str


def ask_code(
    session: Session, *, phone: str, code: str, challenge: str, ip: str, today: dt.date, now: dt.datetime
) -> bool:
    """Write down a code for a number and return whether to send it; a stranger's number costs the same work.

    Raises:
        Refusal: ``owner.code_too_often``, for known and unknown numbers alike.

    """
    index = owner_visits.phone_index(session, phone)
    if owner_visits.is_too_often(session, index=index, ip=ip, at=now):
        raise conflict("owner.code_too_often", field="phone")
    is_known = bool(owner_visits.units_of(session, index, on=today))
    owner_visits.new_code(session, phone=phone, code=code, challenge=challenge, is_known=is_known, ip=ip, at=now)
    audit.record(session, at=now, actor=OWNER, action="owner.code_asked", facts={"ip": ip})
    return is_known


def enter(session: Session, *, challenge: str, code: str, ip: str, agent: str, now: dt.datetime) -> str | None:
    """Return the token of a new session where the code is right; a wrong one is counted, so the caller must commit."""
    taken = owner_visits.take(session, challenge=challenge, code=code, at=now)
    action = "owner.code_refused" if taken is None else "owner.signed_in"
    audit.record(session, at=now, actor=OWNER, action=action, facts={"ip": ip, "agent": agent[:200]})
    return None if taken is None else owner_visits.start(session, code=taken, at=now, ip=ip, agent=agent)


def open_by_link(session: Session, *, token: str, ip: str, agent: str, now: dt.datetime) -> str | None:
    """Exchange a link for a short session of its one unit; None where the link is not good."""
    link = owner_links.link(session, token=token, at=now)
    if link is None:
        return None
    made = owner_links.start(session, opened=link, at=now, ip=ip, agent=agent)
    facts = {"ip": ip, "agent": agent[:200]}
    audit.record(session, at=now, actor=OWNER, action="owner.opened", subject=f"unit:{link.unit_id}", facts=facts)
    return made


def read_notice(
    session: Session,
    *,
    notice_id: int,
    unit_id: int,
    community_id: int,
    sha256: str,
    caller: Caller,
    now: dt.datetime,
) -> None:
    """Write down that the very PDF was opened (已阅): when, from where, with what, and its hash."""
    row = {"notice_id": notice_id, "unit_id": unit_id, "document_sha256": sha256, "visit": caller.visit}
    row |= {"read_at": now, "ip": caller.ip[:45], "agent": caller.agent[:200]}
    if acknowledgements.add_reading(session, row):
        _log(session, "owner.notice_opened", notice_id, community_id, now)


def sign_notice(
    session: Session,
    *,
    slip: Mapping[str, Any],
    strokes: str,
    picture_sha256: str,
    record_sha256: str,
    now: dt.datetime,
) -> None:
    """Write down that receipt was confirmed on the screen; the slip's facts lie sealed under ``record_sha256``.

    Raises:
        Refusal: ``acknowledgement.name_missing``, ``acknowledgement.twice``.

    """
    if not str(slip["signed_name"]).strip():
        raise Refusal("acknowledgement.name_missing", field="name")
    row = {name: slip[name] for name in ("notice_id", "unit_id", "community_id", "document_sha256", "visit")}
    row |= {"signed_name": slip["signed_name"], "is_owner_name": slip["is_owner_name"], "signed_at": now}
    row |= {"strokes": strokes, "picture_sha256": picture_sha256, "record_sha256": record_sha256}
    row |= {"ip": slip["ip"][:45], "agent": slip["agent"][:200]}
    if not acknowledgements.add(session, row):
        raise conflict("acknowledgement.twice")
    signed = acknowledgements.signed(session, slip["notice_id"])
    if signed is not None:
        deliveries.mirror_acknowledgement(session, signed.id, now)
    _log(session, "owner.notice_signed", slip["notice_id"], slip["community_id"], now)


def _log(session: Session, action: str, notice_id: int, community_id: int, now: dt.datetime) -> None:
    subject = f"notice:{notice_id}"
    audit.record(session, at=now, actor=OWNER, action=action, subject=subject, community_id=community_id)
