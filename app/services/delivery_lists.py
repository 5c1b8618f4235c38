"""Lists for the post office, and its results read back: each filed as an event, nothing lost, nothing filed twice."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.domain import delivery as rules
from app.domain.deeds import By
from app.domain.delivery import Channel, EventKind, State
from app.domain.errors import Refusal
from app.i18n import print_words
from app.sheets.tracking import Fault, Read, Result, sequence
from app.store import audit, deliveries, delivery_addresses, delivery_reads, sealing
from app.store.deliveries import Going, News
from app.store.types import canonical


@dataclass(frozen=True, slots=True)
class Slip:
    """One slip of the post, whole: the list goes to the post office, and taking it is logged."""

    number: str
    label: str
    addressee: str
    address: str
    phone: str
    content: str
    pages: int
    delivered_to: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A notice that is not on the list, and why."""

    number: str
    label: str
    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SlipList:
    """What is sent to the post office, and what is not."""

    slips: tuple[Slip, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a file of the post office came to."""

    import_id: int
    rows: int
    filed: int
    repeated: int
    problems: tuple[Fault, ...]


def slips(session: Session, *, notice_ids: Sequence[int], community_id: int, by: By) -> SlipList:
    """Return the slips of notices, each with the line that names what is inside; log that they were taken.

    Raises:
        Refusal: ``delivery.none_selected``.

    """
    heads = [head for head in delivery_reads.heads(session, notice_ids) if head["community_id"] == community_id]
    if not heads:
        raise Refusal("delivery.none_selected", field="notice")
    unit_ids = sorted({head["unit_id"] for head in heads})
    good, bad = delivery_addresses.places(session, unit_ids, on=by.today)
    people = delivery_reads.owners(session, unit_ids, on=by.today)
    found, skipped = [], []
    for head in heads:
        unit_id = head["unit_id"]
        owners = people.get(unit_id, [])
        if unit_id in bad:
            skipped.append(Skipped(head["number"], head["label"], "delivery.address_bad", bad[unit_id].reason))
        elif not head["sha256"]:
            skipped.append(Skipped(head["number"], head["label"], "delivery.not_printed"))
        elif not owners:
            skipped.append(Skipped(head["number"], head["label"], "delivery.no_owner"))
        else:
            found.append(
                Slip(
                    number=head["number"],
                    label=head["label"],
                    addressee=print_words.listed([row.name for row in owners]),
                    address=good[unit_id].value,
                    phone=_phone(session, owners),
                    content=print_words.content_line(head),
                    pages=int(head["pages"] or 0),
                    delivered_to=good[unit_id].basis.value,
                )
            )
    audit.record(
        session,
        at=by.now,
        actor=by.actor,
        action="delivery.list_exported",
        subject=f"community:{community_id}",
        community_id=community_id,
        facts={"count": len(found), "left_out": len(skipped)},
    )
    return SlipList(tuple(found), tuple(skipped))


def file_results(session: Session, *, read: Read, file_name: str, community_id: int, by: By) -> Outcome:
    """File the results of a tracking file; run twice it adds nothing, and every row that was not filed is named."""
    ordered = sequence(read.results)
    known = _known(session, ordered, community_id, by)
    keys = {one.row: _key(one, community_id) for one in ordered}
    seen = deliveries.known_keys(session, keys.values())
    states = {row.id: State(row.state) for row in known.values()}
    problems, news, repeated = list(read.faults), list[News](), 0
    for one in ordered:
        row = known.get(one.post_number) or known.get(one.notice_number)
        if row is None:
            problems.append(Fault(one.row, one.item, "tracking.unknown_number"))
            continue
        if keys[one.row] in seen:
            repeated += 1
            continue
        seen.add(keys[one.row])
        code, detail = _fault(one, row, states, by)
        if code:
            problems.append(Fault(one.row, one.item, code, detail))
            continue
        facts = {name: getattr(one, name) for name in ("receiver", "relation", "reason", "words")}
        facts = {name: value for name, value in facts.items() if value}
        facts |= {"source_file": read.sha256, "source_row": one.row}
        news.append(News(row.id, one.kind, one.on, facts, one.at, (read.sha256,), keys[one.row]))
    if news:
        deliveries.add_events(session, news, by=by.actor_id, at=by.now)
    problems.sort(key=lambda fault: fault.row)
    import_id = delivery_reads.add_import(
        session,
        {
            "community_id": community_id,
            "file_name": file_name[-200:],
            "sha256": read.sha256,
            "rows": read.rows,
            "filed": len(news),
            "repeated": repeated,
            "problems": canonical([_plain(fault) for fault in problems]),
            "recorded_at": by.now,
            "recorded_by": by.actor_id,
        },
    )
    audit.record(
        session,
        at=by.now,
        actor=by.actor,
        action="delivery.results_imported",
        subject=f"community:{community_id}",
        community_id=community_id,
        facts={"rows": read.rows, "filed": len(news), "problems": len(problems)},
    )
    return Outcome(import_id, read.rows, len(news), repeated, tuple(problems))


def _known(session: Session, results: Sequence[Result], community_id: int, by: By) -> dict[str, Any]:
    """Return the deliveries the file speaks of, by the number it uses: the post's, or that of our notice.

    An item the file names by both numbers and that nobody registered is opened here: the post office has it.
    """
    posts = {one.post_number for one in results if one.post_number}
    found: dict[str, Any] = dict(deliveries.of_post_numbers(session, posts, community_id=community_id))
    notices = {one.notice_number for one in results if one.notice_number}
    mailed = delivery_reads.mailed(session, notices, community_id=community_id)
    found |= {number: row for number, row in mailed.items() if number not in found}
    fresh: dict[str, Result] = {}
    for one in results:
        if one.post_number and one.notice_number and one.post_number not in found and one.notice_number not in mailed:
            fresh.setdefault(one.notice_number, one)
    ids = delivery_reads.notices_numbered(session, fresh, community_id=community_id)
    taken = deliveries.taken_numbers(session, [one.post_number for one in fresh.values()])
    going = [
        Going(ids[number], Channel.EMS, post_number=one.post_number)
        for number, one in fresh.items()
        if number in ids and one.post_number not in taken
    ]
    if going:
        deliveries.open_many(session, going, by=by.actor_id, at=by.now)
        posts |= {one.post_number for one in going}
        found |= deliveries.of_post_numbers(session, posts, community_id=community_id)
        found |= delivery_reads.mailed(session, notices, community_id=community_id)
    return found


def _fault(one: Result, row: Any, states: dict[int, State], by: By) -> tuple[str, str]:  # noqa: ANN401 - a row
    """Return why a row cannot be filed, with a detail, or an empty code; the state moves on where it can be."""
    if one.post_number and row.post_number and one.post_number != row.post_number:
        return "tracking.other_number", row.post_number
    if one.kind not in rules.KINDS[Channel(row.channel)]:
        return "tracking.other_channel", row.channel
    if one.on > by.today:
        return "tracking.in_future", one.on.isoformat()
    if row.dispatched_on is not None and one.kind is not EventKind.ACCEPTED and one.on < row.dispatched_on:
        return "tracking.before_sent", one.on.isoformat()
    try:
        states[row.id] = rules.after(states[row.id], one.kind)
    except Refusal:
        return "tracking.contradiction", states[row.id].value
    return "", ""


def _key(one: Result, community_id: int) -> str:
    parts = (community_id, one.item, one.kind.value, one.on.isoformat(), one.at.isoformat() if one.at else "")
    return hashlib.sha256(canonical(list(parts)).encode()).hexdigest()


def _plain(fault: Fault) -> Mapping[str, Any]:
    return {"row": fault.row, "item": fault.item, "code": fault.code, "detail": fault.detail}


def _phone(session: Session, owners: Sequence[Any]) -> str:
    sealer = sealing.of(session)
    good = (row for row in owners if row.phone_sealed and row.phone_bad_on is None)
    return next((sealer.open(row.phone_sealed, place=f"person.phone:{row.row_key}") for row in good), "")
