"""Deliveries and their events: written once, corrected by further rows; state and proof follow from what stands."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain import delivery as rules
from app.domain.delivery import Assessment, Channel, Event, EventKind, State
from app.domain.errors import not_found
from app.store import db, delivery_addresses, evidence, interruptions
from app.store.tables_deliveries import delivery, delivery_event
from app.store.tables_office import document_file, notice
from app.store.tables_portal import acknowledgement
from app.store.types import canonical

Row = sa.Row[Any]
D, E = delivery.c, delivery_event.c
PROOF = "delivery_event"
"""The kind of proof an interruption of limitation names when a delivery's event stands behind it."""

SHANGHAI = dt.timezone(dt.timedelta(hours=8))
UNREACHABLE = frozenset({rules.ReturnReason.UNKNOWN, rules.ReturnReason.MOVED})


@dataclass(frozen=True, slots=True)
class News:
    """What was learnt of a delivery; ``source_key`` is the same whenever the same news comes again."""

    delivery_id: int
    kind: EventKind
    happened_on: dt.date
    facts: Mapping[str, Any] = field(default_factory=dict)
    happened_at: dt.datetime | None = None
    files: tuple[str, ...] = ()
    source_key: str | None = None


@dataclass(frozen=True, slots=True)
class Going:
    """A notice on its way: by which channel, to where, under which number of the post."""

    notice_id: int
    channel: Channel
    address_id: int | None = None
    to_address: str = ""
    post_number: str = ""
    content_line: str = ""


def civil(at: dt.datetime) -> dt.date:
    """Return the office's date of an instant."""
    return at.astimezone(SHANGHAI).date()


def open_delivery(
    session: Session,
    *,
    notice_id: int,
    channel: Channel | str,
    address_id: int | None = None,
    to_address: str = "",
    post_number: str = "",
    content_line: str = "",
    by: int | None,
    at: dt.datetime,
) -> int:
    """Open a delivery of a notice and return its id; one of the channel that nothing is known of yet is taken up."""
    going = Going(notice_id, Channel(channel), address_id, to_address, post_number, content_line)
    return open_many(session, [going], by=by, at=at)[0]


def open_many(session: Session, going: Sequence[Going], *, by: int | None, at: dt.datetime) -> list[int]:
    """Open deliveries and return their ids in the order given, in a constant number of statements.

    Raises:
        Refusal: ``notice.unknown``.

    """
    notice_ids = sorted({one.notice_id for one in going})
    known = {row.id: row for row in session.execute(sa.select(notice).where(notice.c.id.in_(notice_ids)))}
    if len(known) < len(notice_ids):
        raise not_found("notice.unknown")
    attempts: dict[tuple[int, str], int] = defaultdict(int)
    blank: dict[tuple[int, str], int] = {}
    for row in session.execute(sa.select(delivery).where(D.notice_id.in_(notice_ids)).order_by(D.attempt)):
        attempts[row.notice_id, row.channel] = row.attempt
        blank.pop((row.notice_id, row.channel), None)
        if row.state == State.MADE and not row.post_number:
            blank[row.notice_id, row.channel] = row.id
    ids: list[int | None] = []
    fresh, taken_up = [], []
    for one in going:
        place = (one.notice_id, one.channel.value)
        where = {"address_id": one.address_id, "to_address": one.to_address[:200]}
        where |= {"post_number": one.post_number, "content_line": one.content_line[:120]}
        if place in blank:
            ids.append(blank.pop(place))
            taken_up.append({"b_id": ids[-1], **{f"b_{name}": value for name, value in where.items()}})
            continue
        attempts[place] += 1
        of = known[one.notice_id]
        head = {"community_id": of.community_id, "unit_id": of.unit_id, "notice_id": of.id, "batch_id": of.batch_id}
        head |= {"level": of.level, "channel": one.channel.value, "attempt": attempts[place], **where}
        fresh.append(head | {"state_on": civil(at), "opened_at": at, "opened_by": by})
        ids.append(None)
    _take_up(session, taken_up)
    made = iter(db.insert_many(session, delivery, fresh))
    return [next(made) if number is None else number for number in ids]


def _take_up(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        names = ("address_id", "to_address", "post_number", "content_line")
        statement = sa.update(delivery).where(D.id == sa.bindparam("b_id"))
        statement = statement.values({name: sa.bindparam(f"b_{name}") for name in names})
        session.connection().execute(statement, list(rows))


def add_event(
    session: Session,
    *,
    delivery_id: int,
    kind: EventKind | str,
    happened_on: dt.date | None = None,
    happened_at: dt.datetime | None = None,
    facts: Mapping[str, Any] | None = None,
    file_sha256: Sequence[str] = (),
    by: int | None,
    at: dt.datetime,
    source_key: str | None = None,
) -> int:
    """File what was learnt of a delivery and return the event's id.

    The state moves, the proof is graded, and where the demand is now known to have arrived the limitation clocks of
    its bills restart. Either day or instant is given.

    Raises:
        Refusal: ``delivery.unknown``; as ``domain.delivery.check`` and ``after``.

    """
    on = happened_on or civil(happened_at or at)
    news = News(delivery_id, EventKind(kind), on, dict(facts or {}), happened_at, tuple(file_sha256), source_key)
    return add_events(session, [news], by=by, at=at)[0]


def add_events(session: Session, news: Sequence[News], *, by: int | None, at: dt.datetime) -> list[int]:
    """File many events and return their ids in the order given.

    Raises:
        Refusal: as :func:`add_event`; nothing of the whole is filed then.

    """
    rows = locked_many(session, {one.delivery_id for one in news})
    before = _assessed(session, rows)
    states = {number: State(row.state) for number, row in rows.items()}
    papers = _papers(session, {row.notice_id for row in rows.values()})
    written = []
    for one in news:
        row = rows[one.delivery_id]
        facts = {**one.facts, **papers[row.notice_id]}
        rules.check(Channel(row.channel), one.kind, facts)
        states[row.id] = rules.after(states[row.id], one.kind, facts=facts)
        written.append(
            {
                "delivery_id": row.id,
                "unit_id": row.unit_id,
                "kind": one.kind.value,
                "happened_on": one.happened_on,
                "happened_at": one.happened_at,
                "facts": canonical(facts),
                "files": canonical(list(one.files)),
                "source_key": one.source_key,
                "corrects_id": None,
                "recorded_at": at,
                "recorded_by": by,
            }
        )
    ids = db.insert_many(session, delivery_event, written)
    _settle(session, rows, before, by=by, at=at)
    _log(session, rows, written, ids, at=at)
    _flag(session, rows, news, by=by, at=at)
    return ids


def correct(session: Session, *, event_id: int, reason: str, by: int | None, at: dt.datetime) -> int:
    """Take an event back by a further one and return that one's id; what it had proven is proven no more.

    Raises:
        Refusal: ``delivery_event.unknown`` for one that is corrected already, too.

    """
    corrected = sa.select(E.corrects_id).where(E.corrects_id == event_id)
    query = sa.select(delivery_event).where(E.id == event_id, E.kind != EventKind.CORRECTED.value)
    wrong = session.execute(query.where(~sa.exists(corrected))).one_or_none()
    if wrong is None:
        raise not_found("delivery_event.unknown")
    rows = locked_many(session, {wrong.delivery_id})
    before = _assessed(session, rows)
    row = {"delivery_id": wrong.delivery_id, "unit_id": wrong.unit_id, "kind": EventKind.CORRECTED.value}
    row |= {"happened_on": civil(at), "happened_at": at, "facts": canonical({"reason": reason})}
    row |= {"files": "[]", "source_key": None, "corrects_id": event_id, "recorded_at": at, "recorded_by": by}
    ids = db.insert_many(session, delivery_event, [row])
    _settle(session, rows, before, by=by, at=at)
    _log(session, rows, [row], ids, at=at)
    return ids[0]


def mirror_acknowledgement(session: Session, acknowledgement_id: int, at: dt.datetime) -> int | None:
    """File a slip signed on the screen as a signature by the owner's page; None where that was done before."""
    query = sa.select(acknowledgement).where(acknowledgement.c.id == acknowledgement_id)
    slip = session.execute(query).one_or_none()
    key = f"acknowledgement:{acknowledgement_id}"
    if slip is None or slip.channel != "screen" or known_keys(session, [key]):
        return None
    delivery_id = open_delivery(session, notice_id=slip.notice_id, channel=Channel.PAGE, by=None, at=at)
    files = tuple(sha256 for sha256 in (slip.record_sha256, slip.picture_sha256) if sha256)
    facts = {"receiver": slip.signed_name, "is_owner_name": slip.is_owner_name, "visit": slip.visit}
    return add_event(
        session,
        delivery_id=delivery_id,
        kind=EventKind.SIGNED,
        happened_at=slip.signed_at,
        facts=facts,
        file_sha256=files,
        by=None,
        at=at,
        source_key=key,
    )


def known_keys(session: Session, keys: Iterable[str]) -> set[str]:
    """Return which of these pieces of news were filed before."""
    return set(session.execute(sa.select(E.source_key).where(E.source_key.in_(list(keys)))).scalars())


def by_id(session: Session, delivery_id: int) -> Row:
    """Return one delivery.

    Raises:
        Refusal: ``delivery.unknown``.

    """
    row = session.execute(sa.select(delivery).where(D.id == delivery_id)).one_or_none()
    if row is None:
        raise not_found("delivery.unknown")
    return row


def locked_many(session: Session, delivery_ids: Iterable[int]) -> dict[int, Row]:
    """Return deliveries by id, locked until the commit.

    Raises:
        Refusal: ``delivery.unknown`` when one of them is not there.

    """
    wanted = set(delivery_ids)
    query = db.lock_row(session, sa.select(delivery).where(D.id.in_(wanted)).order_by(D.id))
    rows = {row.id: row for row in session.execute(query)}
    if rows.keys() != wanted:
        raise not_found("delivery.unknown")
    return rows


def event_row(session: Session, event_id: int) -> Row:
    """Return one event.

    Raises:
        Refusal: ``delivery_event.unknown``.

    """
    row = session.execute(sa.select(delivery_event).where(E.id == event_id)).one_or_none()
    if row is None:
        raise not_found("delivery_event.unknown")
    return row


def deliveries_of_unit(session: Session, unit_id: int) -> list[Mapping[str, Any]]:
    """Return the deliveries of a unit with the number of their notice, newest first."""
    return _listed(session, D.unit_id == unit_id)


def deliveries_of_notice(session: Session, notice_id: int) -> list[Mapping[str, Any]]:
    """Return the deliveries of a notice, newest first."""
    return _listed(session, D.notice_id == notice_id)


def of_post_numbers(session: Session, numbers: Iterable[str], *, community_id: int) -> dict[str, Row]:
    """Return the deliveries that went out under these numbers of the post."""
    query = sa.select(delivery).where(D.post_number.in_(list(numbers)), D.community_id == community_id)
    return {row.post_number: row for row in session.execute(query)}


def taken_numbers(session: Session, numbers: Iterable[str]) -> set[str]:
    """Return which of these numbers of the post some delivery has already, in whatever community."""
    wanted = [number for number in numbers if number]
    return set(session.execute(sa.select(D.post_number).where(D.post_number.in_(wanted))).scalars())


def standing_events(session: Session, delivery_ids: Iterable[int]) -> dict[int, list[Event]]:
    """Return the events that were not taken back, by delivery."""
    found: dict[int, list[Event]] = defaultdict(list)
    query = sa.select(delivery_event).where(E.delivery_id.in_(list(delivery_ids))).order_by(E.id)
    rows = session.execute(query).all()
    gone = {row.corrects_id for row in rows if row.corrects_id is not None}
    for row in rows:
        if row.id not in gone and row.kind != EventKind.CORRECTED:
            found[row.delivery_id].append(Event(row.id, EventKind(row.kind), row.happened_on, json.loads(row.facts)))
    return found


def _listed(session: Session, where: sa.ColumnElement[bool]) -> list[Mapping[str, Any]]:
    query = (
        sa.select(delivery, notice.c.number, notice.c.document_id)
        .join(notice, notice.c.id == D.notice_id)
        .where(where)
        .order_by(D.id.desc())
    )
    return [dict(row) for row in session.execute(query).mappings()]


def _assessed(session: Session, rows: Mapping[int, Row]) -> dict[int, Assessment]:
    events = standing_events(session, rows)
    return {number: rules.assess(Channel(row.channel), events.get(number, [])) for number, row in rows.items()}


def _papers(session: Session, notice_ids: Iterable[int]) -> dict[int, dict[str, str]]:
    """Return number and hash of the very document each notice is: every event names what it is about."""
    query = (
        sa.select(notice.c.id, notice.c.number, document_file.c.sha256)
        .outerjoin(document_file, document_file.c.document_id == notice.c.document_id)
        .where(notice.c.id.in_(list(notice_ids)))
    )
    return {row.id: {"notice": row.number, "document_sha256": row.sha256 or ""} for row in session.execute(query)}


def _settle(
    session: Session, rows: Mapping[int, Row], before: Mapping[int, Assessment], *, by: int | None, at: dt.datetime
) -> None:
    """Remember what the events come to now, and tell the limitation clocks where that changed."""
    now = _assessed(session, rows)
    names = ("state", "state_on", "dispatched_on", "arrived_on", "signed_on", "has_content", "strength", "source")
    statement = sa.update(delivery).where(D.id == sa.bindparam("b_id"))
    statement = statement.values({name: sa.bindparam(f"b_{name}") for name in names})
    session.connection().execute(
        statement,
        [
            {
                "b_id": number,
                "b_state": one.state.value,
                "b_state_on": one.state_on or civil(at),
                "b_dispatched_on": one.dispatched_on,
                "b_arrived_on": one.arrived_on,
                "b_signed_on": one.signed_on,
                "b_has_content": one.has_content,
                "b_strength": one.strength,
                "b_source": one.ground.value,
            }
            for number, one in now.items()
        ],
    )
    for number, one in now.items():  # few: only those that arrived, or of which that is no longer true
        _restart(session, rows[number], before[number], one, by=by, at=at)


def _restart(
    session: Session, row: Row, before: Assessment, now: Assessment, *, by: int | None, at: dt.datetime
) -> None:
    was = (before.arrival_id, before.arrived_on, before.strength) if before.interrupts else None
    is_now = (now.arrival_id, now.arrived_on, now.strength) if now.interrupts else None
    if was == is_now:
        return
    if before.arrival_id is not None and was is not None and (is_now is None or was[:2] != is_now[:2]):
        interruptions.withdraw_of(
            session, proof_kind=PROOF, proof_id=before.arrival_id, reason="delivery_corrected", by=by, at=at
        )
    if now.arrival_id is not None and now.arrived_on is not None and is_now is not None:
        interruptions.record_demand(
            session,
            notice_id=row.notice_id,
            happened_on=now.arrived_on,
            proof_kind=PROOF,
            proof_id=now.arrival_id,
            strength=now.strength,
            by=by,
            at=at,
        )


def _log(
    session: Session,
    rows: Mapping[int, Row],
    written: Sequence[Mapping[str, Any]],
    ids: Sequence[int],
    *,
    at: dt.datetime,
) -> None:
    """Add every event to the unit's chain of evidence, whole."""
    evidence.append_many(
        session,
        [
            {
                "community_id": rows[event["delivery_id"]].community_id,
                "unit_id": event["unit_id"],
                "kind": "delivery.event",
                "subject_kind": PROOF,
                "subject_id": number,
                "facts": {
                    "delivery": event["delivery_id"],
                    "channel": rows[event["delivery_id"]].channel,
                    "kind": event["kind"],
                    "happened_on": event["happened_on"].isoformat(),
                    "corrects": event["corrects_id"] or 0,
                    "facts": json.loads(event["facts"]),
                    "files": json.loads(event["files"]),
                },
                "at": at,
            }
            for number, event in zip(ids, written, strict=True)
        ],
    )


def _flag(session: Session, rows: Mapping[int, Row], news: Sequence[News], *, by: int | None, at: dt.datetime) -> None:
    """Flag where items came back from because nobody is there: nothing is sent there again by mistake."""
    back = []
    for one in news:
        row = rows[one.delivery_id]
        reason = str(one.facts.get("reason", ""))
        is_gone = reason in UNREACHABLE or row.channel in {Channel.EMAIL, Channel.MESSAGE}
        if one.kind is EventKind.RETURNED and is_gone:
            found = {"delivery_id": row.id, "unit_id": row.unit_id, "community_id": row.community_id}
            found |= {"address_id": row.address_id, "to_address": row.to_address}
            back.append(found | {"reason": reason, "on": one.happened_on})
    if back:
        delivery_addresses.flag_returned(session, back, by=by, at=at)
