"""The register of deliveries: sent in bulk or one by one, what came of it, wrong entries corrected by further ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from app.documents import codec
from app.documents.visits import VisitFacts
from app.domain import delivery as rules
from app.domain.deeds import By
from app.domain.delivery import AddressKind, Channel, EventKind, State
from app.domain.errors import Refusal, conflict, not_found
from app.i18n import print_words
from app.store import audit, deliveries, delivery_addresses, delivery_reads, documents, once
from app.store.deliveries import Going, News

MOST = 4000
CONTACT = {Channel.EMAIL: AddressKind.EMAIL, Channel.MESSAGE: AddressKind.PHONE}
"""What a channel is reached by, where that is not a postal address."""

ENDED = frozenset({State.DELIVERED, State.REFUSED, State.RETURNED, State.READ, State.SIGNED})


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A notice that was not registered, and why; ``code`` is a sentence's."""

    notice_id: int
    number: str
    label: str
    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a bulk registration came to."""

    delivery_ids: tuple[int, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing to file: a notice, how it went, what became of it."""

    notice_id: int
    channel: Channel
    kind: EventKind
    on: dt.date
    time: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    delivery_id: int | None = None


@dataclass(frozen=True, slots=True)
class Filed:
    """What was filed, and the record to be signed where there is one."""

    delivery_id: int
    event_id: int
    document_id: int | None = None


def register_sent(
    session: Session,
    *,
    notice_ids: Sequence[int],
    community_id: int,
    channel: Channel,
    sent_on: dt.date,
    numbers: Mapping[str, str],
    has_line: bool,
    who: str,
    key: str,
    by: By,
) -> Sent:
    """Register many notices as handed over to a channel; whoever cannot be sent to is left out with the reason.

    ``numbers`` gives the post's number by the number of the notice; ``has_line`` says that the slips name what is in
    them. The same key acts once.

    Raises:
        Refusal: ``delivery.none_selected``, ``delivery.too_many``, ``date.in_future``, ``notice.unknown``,
            ``form.key_reused``.

    """
    if not notice_ids:
        raise Refusal("delivery.none_selected", field="notice")
    if len(notice_ids) > MOST:
        raise Refusal("delivery.too_many", field="notice", most=MOST)
    asked = {"notices": ",".join(map(str, sorted(notice_ids))), "channel": channel.value, "on": sent_on}
    done = once.claim(session, key=key, scope="delivery_sent", request=asked, now=by.now)
    if done is not None:
        return Sent(tuple(done.get("ids", ())), ())
    _check_day(sent_on, by, "sent_on")
    heads = _heads(session, notice_ids, community_id)
    sorted_out = _sortable(session, heads, channel, numbers, by)
    pairs = [one for one in sorted_out if isinstance(one, Going)]
    left_out = tuple(one for one in sorted_out if isinstance(one, LeftOut))
    ids = deliveries.open_many(session, pairs, by=by.actor_id, at=by.now)
    news = []
    for delivery_id, one in zip(ids, pairs, strict=True):
        facts: dict[str, Any] = {"staff": [who] if who else []}
        if channel in rules.BY_MAIL:
            facts |= {"post_number": one.post_number, "content_line": one.content_line if has_line else ""}
        news.append(News(delivery_id, EventKind.SENT, sent_on, facts))
    if news:
        deliveries.add_events(session, news, by=by.actor_id, at=by.now)
    told = {"channel": channel.value, "count": len(ids), "left_out": len(left_out)}
    _audit(session, "delivery.sent", f"community:{community_id}", community_id, by, told)
    once.settle(session, key=key, scope="delivery_sent", result={"ids": ids})
    return Sent(tuple(ids), left_out)


def record(session: Session, *, wish: Wish, key: str, by: By) -> Filed:
    """File one event of a notice; a delivery by the channel is opened where there is none that waits for news.

    Raises:
        Refusal: ``delivery.not_the_notice``, ``delivery.address_bad``, ``delivery.contact_bad``,
            ``delivery.before_notice``, ``date.in_future``, ``notice.unknown``, ``form.key_reused``;
            as ``store.deliveries.add_event``.

    """
    request = {"notice": wish.notice_id, "channel": wish.channel.value, "kind": wish.kind.value, "on": wish.on}
    done = once.claim(session, key=key, scope="delivery_event", request=request, now=by.now)
    if done is not None:
        return Filed(done["delivery"], done["event"], done.get("document"))
    head = delivery_reads.head(session, wish.notice_id)
    _check_day(wish.on, by, "on")
    if wish.on < head["as_of"]:
        raise Refusal("delivery.before_notice", field="on", as_of=head["as_of"].isoformat())
    facts = {name: value for name, value in wish.facts.items() if value not in ("", [], None)}
    facts |= {"time": wish.time} if wish.time else {}
    if wish.channel in CONTACT:
        facts |= _contact(session, wish, head["unit_id"])
    rules.check(wish.channel, wish.kind, facts)
    delivery_id = _delivery(session, wish, head, facts, by)
    document_id = None
    if wish.channel is Channel.HAND and wish.kind in {EventKind.REFUSED, EventKind.ABSENT}:
        document_id, number = _record_sheet(session, wish, head, facts, by)
        facts |= {"record": number, "record_id": document_id}
    event_id = deliveries.add_event(
        session,
        delivery_id=delivery_id,
        kind=wish.kind,
        happened_on=wish.on,
        facts=facts,
        file_sha256=wish.files,
        by=by.actor_id,
        at=by.now,
    )
    told = {"channel": wish.channel.value, "kind": wish.kind.value}
    _audit(session, "delivery.recorded", f"notice:{wish.notice_id}", head["community_id"], by, told)
    result = {"delivery": delivery_id, "event": event_id, "document": document_id}
    once.settle(session, key=key, scope="delivery_event", result=result)
    return Filed(delivery_id, event_id, document_id)


def correct(session: Session, *, delivery_id: int, event_id: int, reason: str, by: By) -> int:
    """Take a wrongly filed event back, for a reason; both stay readable, and the right one is filed anew.

    Raises:
        Refusal: ``delivery.reason_missing``, ``delivery_event.unknown``.

    """
    row = deliveries.by_id(session, delivery_id)
    if deliveries.event_row(session, event_id).delivery_id != delivery_id:
        raise not_found("delivery_event.unknown")
    if not reason.strip():
        raise Refusal("delivery.reason_missing", field="reason")
    made = deliveries.correct(session, event_id=event_id, reason=reason.strip(), by=by.actor_id, at=by.now)
    facts = {"event": event_id}
    _audit(session, "delivery.corrected", f"notice:{row.notice_id}", row.community_id, by, facts)
    return made


def _heads(session: Session, notice_ids: Sequence[int], community_id: int) -> list[Mapping[str, Any]]:
    heads = delivery_reads.heads(session, notice_ids)
    if len(heads) < len(set(notice_ids)) or any(head["community_id"] != community_id for head in heads):
        raise not_found("notice.unknown")
    return heads


def _sortable(
    session: Session, heads: Sequence[Mapping[str, Any]], channel: Channel, numbers: Mapping[str, str], by: By
) -> list[Going | LeftOut]:
    """Return for each notice how it goes out, or why it does not."""
    unit_ids = sorted({head["unit_id"] for head in heads})
    good, bad = delivery_addresses.places(session, unit_ids, on=by.today)
    taken = deliveries.taken_numbers(session, numbers.values())
    found: list[Going | LeftOut] = []
    for head in heads:
        number = numbers.get(head["number"], "")
        code, detail = "", ""
        if not head["sha256"]:
            code = "delivery.not_printed"
        elif head["unit_id"] in bad:
            code, detail = "delivery.address_bad", bad[head["unit_id"]].reason
        elif channel in rules.BY_MAIL and not number:
            code = "delivery.post_number_missing"
        elif number and number in taken:
            code, detail = "delivery.post_number_taken", number
        if code:
            found.append(LeftOut(head["id"], head["number"], head["label"], code, detail))
            continue
        taken |= {number} - {""}
        place = good[head["unit_id"]]
        line = print_words.content_line(head) if channel in rules.BY_MAIL else ""
        found.append(Going(head["id"], channel, place.address_id, place.mask, number, line))
    return found


def _delivery(session: Session, wish: Wish, head: Mapping[str, Any], facts: Mapping[str, Any], by: By) -> int:
    """Return the delivery an event belongs to, opened where none waits for it."""
    if wish.delivery_id is not None:
        row = deliveries.by_id(session, wish.delivery_id)
        if row.notice_id != wish.notice_id or row.channel != wish.channel:
            raise not_found("delivery.unknown")
        return wish.delivery_id
    known = [row for row in deliveries.deliveries_of_notice(session, wish.notice_id) if row["channel"] == wish.channel]
    is_sent_again = wish.kind is EventKind.SENT or (
        wish.kind in {EventKind.REFUSED, EventKind.ABSENT, EventKind.SIGNED}
        and bool(known)
        and known[0]["state"] in {State.REFUSED, State.RETURNED}
    )
    if known and not is_sent_again:
        return int(known[0]["id"])
    number = str(facts.get("post_number", ""))
    if number and number in deliveries.taken_numbers(session, [number]):
        raise conflict("delivery.post_number_taken", field="post_number", number=number)
    address_id, where = _place(session, wish, head, by)
    return deliveries.open_delivery(
        session,
        notice_id=wish.notice_id,
        channel=wish.channel,
        address_id=address_id,
        to_address=where,
        post_number=number,
        content_line=str(facts.get("content_line", "")),
        by=by.actor_id,
        at=by.now,
    )


def _place(session: Session, wish: Wish, head: Mapping[str, Any], by: By) -> tuple[int | None, str]:
    """Return where it goes; nothing is sent to a place that is known not to reach the owner."""
    if wish.channel is Channel.PAGE:
        return None, ""
    if wish.channel in CONTACT:
        kind = CONTACT[wish.channel]
        row = delivery_addresses.own_contact(session, unit_id=head["unit_id"], kind=kind, on=wish.on)
        return (None, "") if row is None else (row.id, row.value_mask)
    good, bad = delivery_addresses.places(session, [head["unit_id"]], on=by.today)
    if head["unit_id"] in bad:
        # what did happen is always filed; only setting out there again is stopped
        if wish.kind is EventKind.SENT:
            fault = bad[head["unit_id"]]
            raise Refusal("delivery.address_bad", field="kind", detail=fault.reason)
        return bad[head["unit_id"]].address_id, bad[head["unit_id"]].mask
    place = good[head["unit_id"]]
    return place.address_id, place.mask


def _contact(session: Session, wish: Wish, unit_id: int) -> dict[str, Any]:
    """Return why the number or mailbox counts as the owner's own, or nothing where nobody said so."""
    kind = CONTACT[wish.channel]
    row = delivery_addresses.own_contact(session, unit_id=unit_id, kind=kind, on=wish.on)
    if row is not None:
        return {"basis": row.basis, "contact": row.value_mask, "contact_id": row.id}
    known = delivery_addresses.of_unit(session, unit_id)
    is_bad = any(one["kind"] == kind.value and one["bad_on"] is not None for one in known)
    if is_bad and wish.kind is EventKind.SENT:
        raise Refusal("delivery.contact_bad", field="kind")
    return {}


def _record_sheet(
    session: Session, wish: Wish, head: Mapping[str, Any], facts: Mapping[str, Any], by: By
) -> tuple[int, str]:
    """Freeze the record two of the staff and the witness sign, and return its id and number."""
    community_id = head["community_id"]
    number = documents.next_numbers(session, community_id=community_id, kind="visit", year=by.today.year)[0]
    owners = delivery_reads.owners(session, [head["unit_id"]], on=wish.on).get(head["unit_id"], [])
    sheet = VisitFacts(
        number=number,
        issued_on=by.today,
        community=head["community"],
        company=head["company_name"],
        office_phone=head["office_phone"],
        unit_label=head["label"],
        owners=tuple(row.name for row in owners),
        notice_number=head["number"],
        notice_sha256=head["sha256"] or "",
        is_refused=wish.kind is EventKind.REFUSED,
        visited_on=wish.on,
        visited_at=wish.time,
        place=str(facts.get("place", "")),
        receiver=str(facts.get("receiver", "")),
        relation=str(facts.get("relation", "")),
        what=str(facts.get("note", "")),
        left_at=str(facts.get("left_at", "")),
        staff=tuple(str(name) for name in facts.get("staff", ())),
        witness=str(facts.get("witness", "")),
        witness_of=str(facts.get("witness_of", "")),
        photos=int(facts.get("photos", 0)),
        photo_hashes=wish.files,
    )
    row = {"community_id": community_id, "unit_id": head["unit_id"], "kind": "visit", "number": number}
    return documents.freeze(session, [row | {"facts": codec.to_json(sheet), "created_at": by.now}])[0], number


def _check_day(on: dt.date, by: By, where: str) -> None:
    if on > by.today:
        raise Refusal("date.in_future", field=where, on=on.isoformat())


def _audit(session: Session, action: str, subject: str, community_id: int, by: By, facts: Mapping[str, object]) -> None:
    audit.record(
        session,
        at=by.now,
        actor=by.actor,
        action=action,
        subject=subject,
        community_id=community_id,
        facts=facts,
    )
