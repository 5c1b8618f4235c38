"""What stands of the community an import goes to, and the plan matched against it."""

from __future__ import annotations

import calendar as months
import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.domain.calendar import Calendar
from app.domain.errors import Refusal
from app.domain.registry import UnitCode, Usage
from app.services.imports.report import Options, Work
from app.sheets import matching, words
from app.sheets.plan import BillKey, BillNow, KnownItem, KnownUnit, PaymentKey, Snapshot, Someone, Terms
from app.sheets.records import Basis, ParsedBook, Relation
from app.store import calendars, estate, imports, sealing

MAX_DUE_DAY = 31


def match(session: Session, *, books: Sequence[ParsedBook], options: Options, today: dt.date, is_writing: bool) -> Work:
    """Match the files against the community they go to; a file that was imported before is left out."""
    if not 1 <= options.due_day <= MAX_DUE_DAY:
        raise Refusal("import.bad_due_day", field="due_day", given=options.due_day)
    name = _community_name(session, books, options.community)
    row = estate.community_by_name(session, name)
    community_id = None if row is None else int(row.id)
    if community_id is not None and is_writing:
        imports.lock(session, community_id)
    known = imports.batches_by_hash(session, [book.sha256 for book in books], community_id)
    snapshot = Snapshot() if community_id is None else stands(session, community_id=community_id, today=today)
    roll_due = bool(row is not None and row.roll_due)
    calendar = calendars.load(session) if roll_due else None
    fresh: dict[str, tuple[int, ParsedBook]] = {}
    for number, book in enumerate(books):
        if book.sha256 not in known or json.loads(known[book.sha256].summary).get("retry"):
            fresh.setdefault(book.sha256, (number, book))
    terms = Terms(today, _due_rule(options.due_day, calendar), sealing.of(session).index)
    return Work(name, community_id, roll_due, known, snapshot, matching.match(list(fresh.values()), snapshot, terms))


def _community_name(session: Session, books: Sequence[ParsedBook], given: str) -> str:
    """The community that was named, or the one the titles name, or the only one there is."""
    if given.strip():
        return given.strip()[:120]
    titles = {book.community for book in books if book.community}
    if len(titles) > 1:
        raise Refusal("import.communities_differ", names="、".join(sorted(titles)))
    if titles:
        return titles.pop()
    standing = estate.communities(session)
    if len(standing) > 1:
        raise Refusal("import.community_unclear", count=len(standing))
    return str(standing[0].name) if standing else words.DEFAULT_COMMUNITY


def _due_rule(day: int, calendar: Calendar | None) -> Callable[[dt.date], dt.date]:
    def due_on(period_ends_on: dt.date) -> dt.date:
        last = months.monthrange(period_ends_on.year, period_ends_on.month)[1]
        due = period_ends_on.replace(day=min(day, last))
        return due if calendar is None else calendar.roll(due)[0]

    return due_on


def stands(session: Session, *, community_id: int, today: dt.date) -> Snapshot:
    """Everything of a community that rows can meet, in nine queries whatever its size."""
    people = {
        row.id: Someone(row.name, row.id, "", "", row.phone_index, row.id_index, row.phone_tail)
        for row in imports.people(session, community_id)
    }
    by_id = {
        row.id: KnownUnit(UnitCode(row.building, row.entrance, row.room), row.area_e3, Usage(row.usage_type), row.id)
        for row in imports.units(session, community_id)
    }
    for tie in imports.ties(session, community_id, today):
        if tie.relation == Relation.OWNER:
            by_id[tie.unit_id].owners.append(people[tie.person_id])
        else:
            by_id[tie.unit_id].contacts.append((people[tie.person_id], Relation(tie.relation)))
    codes = {number: known.code.code for number, known in by_id.items()}
    bills: dict[BillKey, BillNow] = {
        (codes[row.unit_id], row.name, row.period_from_on): BillNow(
            row.id, row.principal_fen, row.period_to_on, row.issue, bool(row.is_undone)
        )
        for row in imports.bills(session, community_id)
    }
    payments: Counter[PaymentKey] = Counter(
        (codes[row.unit_id], row.received_on, row.amount_fen, row.reference)
        for row in imports.payments(session, community_id)
    )
    items = {row.name: _item(row) for row in imports.items(session, community_id)}
    fees = {(codes[row.unit_id], row.name) for row in imports.fees(session, community_id)}
    units = {known.code.code: known for known in by_id.values()}
    return Snapshot(units, items, bills, payments, list(people.values()), fees)


def _item(row: Any) -> KnownItem:  # noqa: ANN401 - a row of the store
    basis = Basis(row.basis) if row.basis in set(Basis) else Basis.FIXED
    return KnownItem(
        row.name, basis, row.id, row.cycle_months, row.starts_on, row.price_e4, row.addition_e4 or 0,
        is_listed=row.applies_to != "all",
    )  # fmt: skip
