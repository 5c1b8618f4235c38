"""What became of one batch of the demo's notices: every way to deliver, and every way it can end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app import clock
from app.domain.deeds import By
from app.domain.delivery import AddressKind, Basis, Channel, EventKind
from app.gateways import uploads
from app.gateways.ports import Gateways
from app.i18n import print_words
from app.jobs import rendering
from app.services import addresses, deliveries, notice_issue, notices
from app.store import arrears, db, delivery_reads, persons, stored_files, users

ACTOR = "demo"
LEVEL = 2
BEFORE = dt.timedelta(days=20)
UNITS = 13


@dataclass(frozen=True, slots=True)
class _Photo:
    sha256: str
    size: int
    media_type: str
    name: str
    shown_sha256: str
    is_encrypted: bool = False


def fill(
    engine: Engine,
    gateways: Gateways,
    *,
    community_id: int,
    public_url: str,
    clerk: str,
    photo: bytes,
    told: Sequence[Mapping[str, Any]],
    **words: str,
) -> None:
    """Issue and print a batch dated three weeks ago, and file what ``told`` says of each place in it."""
    then, now = clock.today() - BEFORE, clock.now() - BEFORE
    with db.transaction(engine) as session:
        unit_ids = _units(session, community_id)
        batch_id = notices.standing_batch(
            session,
            wanted=notices.Wanted(community_id=community_id, level=LEVEL, as_of=then, unit_ids=tuple(unit_ids)),
            today=then,
            now=now,
            actor=ACTOR,
            source=ACTOR,
            public_url=public_url,
        )
        if batch_id is None:
            return
        notice_issue.issue(session, batch_id=batch_id, today=then, now=now)
        user = users.by_login(session, clerk)
    assert user is not None
    rendering.finish(engine, gateways, batch_id=batch_id, executor=rendering.Here())
    checked = uploads.check(photo, "photo.png")
    kept = _Photo(
        gateways.files.put(photo), len(photo), checked.media_type, checked.name, gateways.files.put(checked.shown)
    )
    with db.transaction(engine) as session:
        wanted = delivery_reads.Filter(community_id, batch_id=batch_id)
        notice_ids = delivery_reads.notice_ids(session, wanted, limit=UNITS)
        by = By(clock.today(), clock.now(), clerk, user.id)
        _confirm_numbers(session, notice_ids, told, by, words["phone_note"])
        for place, one in enumerate(told):
            if one["place"] < len(notice_ids):
                _file(session, notice_ids[one["place"]], one, kept, by=by, key=f"demo-{place}", user=user, words=words)


def _units(session: Session, community_id: int) -> list[int]:
    wanted = arrears.Filter(community_id=community_id)
    rows = arrears.list_units(session, as_of=clock.today(), wanted=wanted, sort="-total", limit=UNITS + 5)
    return [row.unit_id for row in rows[5:]]


def _confirm_numbers(
    session: Session, notice_ids: Sequence[int], told: Sequence[Mapping[str, Any]], by: By, note: str
) -> None:
    """Let the owner who is sent a message have confirmed the number before."""
    places = {one["place"] for one in told if one["channel"] == "message" and one["place"] < len(notice_ids)}
    for head in delivery_reads.heads(session, [notice_ids[place] for place in places]):
        owners = persons.owners_on(session, unit_ids=[head["unit_id"]], as_of=by.today)[head["unit_id"]]
        number = next((persons.reveal_phone(session, one.id) for one in owners if one.phone_sealed), "")
        if number:
            wish = addresses.Wish(AddressKind.PHONE, number, Basis.CONFIRMED, note, head["as_of"])
            addresses.add(session, unit_id=head["unit_id"], wish=wish, by=by)


def _file(
    session: Session,
    notice_id: int,
    one: Mapping[str, Any],
    kept: stored_files.Kept,
    *,
    by: By,
    key: str,
    user: Any,  # noqa: ANN401 - a row
    words: Mapping[str, str],
) -> None:
    facts: dict[str, Any] = {"staff": [user.name], **one.get("facts", {})}
    files: tuple[str, ...] = ()
    head = delivery_reads.head(session, notice_id)
    if one.get("has_line"):
        facts["content_line"] = print_words.content_line(head)
    if one.get("witnessed"):
        facts |= {"staff": [user.name, words["second_staff"]], "witness": words["witness"]}
        facts |= {"witness_of": words["witness_of"], "photos": 1}
        files = (kept.sha256,)
    wish = deliveries.Wish(
        notice_id,
        Channel(one["channel"]),
        EventKind(one["kind"]),
        head["as_of"] + dt.timedelta(days=one["after"]),
        facts=facts,
        files=files,
    )
    done = deliveries.record(session, wish=wish, key=key, by=by)
    if files:
        subject = f"delivery_event:{done.event_id}"
        stored_files.add(session, subject=subject, files=[kept], at=by.now, by=by.actor_id)
