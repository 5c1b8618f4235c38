"""What happened to a unit, newest first: one line a fact, whatever table it lies in, filtered by kind and paged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app import clock
from app.store import (
    contacts,
    delivery_reads,
    estate_marks,
    holds,
    transfers,
    unit_files,
    unit_reads,
    unit_story,
    upkeep,
)
from app.store.types import FOREVER

GROUPS = ("money", "notices", "relief", "people", "upkeep", "files", "owner_page", "reveals")
PAGE = 50
ONE = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Happening:
    """One line; the words for ``kind`` are in the template, ``row`` fills them."""

    on: dt.date
    group: str
    kind: str
    row: Any
    by: str = ""
    at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """One page of the story, and how many lines each group has."""

    lines: tuple[Happening, ...]
    counts: Mapping[str, int]
    count: int
    group: str
    number: int


def of_unit(session: Session, unit_id: int, *, today: dt.date, group: str = "", number: int = 1) -> Timeline:
    """Read the whole story in a fixed number of statements and return one page of it."""
    told = sorted(_told(session, unit_id, today), key=_order, reverse=True)
    counts = {name: sum(1 for line in told if line.group == name) for name in GROUPS}
    chosen = [line for line in told if not group or line.group == group]
    first = (max(1, number) - 1) * PAGE
    return Timeline(tuple(chosen[first : first + PAGE]), counts, len(chosen), group, number)


def _order(line: Happening) -> tuple[dt.date, dt.datetime]:
    return line.on, line.at or dt.datetime.min.replace(tzinfo=dt.UTC)


def _told(session: Session, unit_id: int, today: dt.date) -> Iterator[Happening]:
    yield from _money(session, unit_id)
    yield from _relief(session, unit_id, today)
    yield from _people(session, unit_id)
    yield from _upkeep(session, unit_id)
    yield from _owner_page(session, unit_id)
    for row in unit_reads.notices(session, unit_id):
        yield Happening(row.as_of, "notices", "notice", row)
    for file in unit_files.of_unit(session, unit_id):
        yield _at(file["added_at"], "files", "file", file, file["added_by_name"])
        if file["withdrawn_at"]:
            yield _at(file["withdrawn_at"], "files", "file_withdrawn", file, file["withdrawn_by_name"])


def _money(session: Session, unit_id: int) -> Iterator[Happening]:
    for bill in unit_reads.bills(session, unit_id).values():
        yield Happening(bill.issued_on, "money", "bill", bill)
        if bill.reversed_on is not None:
            yield Happening(bill.reversed_on, "money", "bill_reversed", bill)
    for payment in unit_reads.payments(session, unit_id):
        yield Happening(payment.received_on, "money", "payment", payment, payment.recorded_by, at=payment.recorded_at)
        if payment.reversed_on is not None:
            yield Happening(payment.reversed_on, "money", "payment_reversed", payment)


def _relief(session: Session, unit_id: int, today: dt.date) -> Iterator[Happening]:
    for change in unit_reads.adjustments(session, unit_id):
        if change.kind == "hold":
            continue
        yield Happening(change.value_on, "relief", change.kind, change)
        if change.reversed_on is not None:
            yield Happening(change.reversed_on, "relief", "adjustment_reversed", change)
    for hold in holds.of_unit(session, unit_id, today=today):
        kind = "objection" if hold["is_objection"] else "hold"
        yield _at(hold["recorded_at"], "relief", kind, hold, hold["recorded_by_name"])
        if hold["ended_at"]:
            yield _at(hold["ended_at"], "relief", "hold_ended", hold, hold["ended_by_name"])


def _people(session: Session, unit_id: int) -> Iterator[Happening]:
    for owner in contacts.owners_of(session, unit_id):
        yield Happening(owner["from_on"], "people", "owner", owner)
        if owner["until_on"] != FOREVER:
            yield Happening(owner["until_on"] - ONE, "people", "owner_left", owner)
    for contact in contacts.of_unit(session, unit_id):
        yield Happening(contact["from_on"], "people", "contact", contact, contact["by_name"] or "")
        if contact["until_on"] != FOREVER:
            yield Happening(contact["until_on"] - ONE, "people", "contact_left", contact)
    for change in transfers.of_unit(session, unit_id):
        yield _at(change["made_at"], "people", "transfer", change, change["made_by_name"])
        if change["reversed_at"]:
            yield _at(change["reversed_at"], "people", "transfer_reversed", change, change["reversed_by_name"])
    for change in contacts.changes(session, unit_id):
        yield _at(change["changed_at"], "people", f"person_{change['field']}", change, change["by_name"])
    for row in contacts.withdrawn(session, unit_id):
        yield _at(row["withdrawn_at"], "people", f"withdrawn_{row['noun']}", row, row["by_name"])


def _upkeep(session: Session, unit_id: int) -> Iterator[Happening]:
    for change in upkeep.changes(session, unit_id):
        yield _at(change["changed_at"], "upkeep", f"unit_{change['field']}", change, change["by_name"])
    for row in upkeep.vacancies(session, unit_id):
        yield Happening(row["from_on"], "upkeep", "vacancy", row, row["by_name"] or "")
        if row["until_on"] != FOREVER:
            yield Happening(row["until_on"] - ONE, "upkeep", "vacancy_over", row)
    for row in upkeep.unit_fees(session, unit_id):
        yield Happening(row["from_on"], "upkeep", "unit_fee", row, row["by_name"] or "")
    for row in estate_marks.of_unit(session, unit_id):
        yield _at(row["marked_at"], "upkeep", "mark", row, row["marked_by_name"])
        if row["ended_at"]:
            yield _at(row["ended_at"], "upkeep", "mark_ended", row, row["ended_by_name"])


def _owner_page(session: Session, unit_id: int) -> Iterator[Happening]:
    for row in unit_story.requests(session, unit_id):
        yield _at(row["made_at"], "owner_page", "request", row)
        if row["answered_at"]:
            yield _at(row["answered_at"], "owner_page", "request_answered", row, row["answered_by_name"])
    for row in unit_story.readings(session, unit_id):
        yield _at(row["read_at"], "notices", "notice_read", row)
    for row in unit_story.signatures(session, unit_id):
        yield _at(row["signed_at"], "notices", "notice_signed", row)
    for row in delivery_reads.story(session, unit_id):
        yield Happening(row["happened_on"], "notices", "delivery", row, row["by_name"] or "", at=row["recorded_at"])
    people = {row["person_id"] for row in contacts.owners_of(session, unit_id)}
    people |= {row["person_id"] for row in contacts.of_unit(session, unit_id)}
    for row in unit_story.done(session, unit_id, people=sorted(people)):
        is_link = row["action"] == "owner_link.issued"
        group, kind = ("owner_page", "link") if is_link else ("reveals", "reveal")
        yield _at(row["at"], group, kind, row, row["name"] or row["actor"])


def _at(at: dt.datetime, group: str, kind: str, row: object, by: str | None = "") -> Happening:
    return Happening(at.astimezone(clock.SHANGHAI).date(), group, kind, row, by or "", at)
