"""Notice batches and notices: what was selected, what was issued, and what units have had so far."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import not_found
from app.domain.notices import NOTHING_YET, Debt, Hold, Ownership, Past, Verdict, decide
from app.store import db, estate_marks
from app.store.arrears import day
from app.store.tables import adjustment, bill, community, fee_item, ownership, person, reversal, unit
from app.store.tables_office import (
    app_user,
    document,
    document_file,
    notice,
    notice_batch,
    notice_batch_unit,
    notice_bill,
    procedure_level,
)

Row = sa.Row[Any]
CHUNK = 1000

# --- the procedure --------------------------------------------------------------------------------


def levels(session: Session, community_id: int) -> list[Row]:
    """Return the levels of a community's procedure that are in use, mildest first."""
    return list(
        session.execute(
            sa.select(procedure_level)
            .where(procedure_level.c.community_id == community_id, procedure_level.c.is_active)
            .order_by(procedure_level.c.level)
        )
    )


def level_row(session: Session, *, community_id: int, level: int) -> Row:
    """Return one level of the procedure.

    Raises:
        Refusal: ``notice.level_unknown``.

    """
    found = next((row for row in levels(session, community_id) if row.level == level), None)
    if found is None:
        raise not_found("notice.level_unknown", level=level)
    return found


# --- what is known of units -----------------------------------------------------------------------


def past(session: Session, unit_ids: Sequence[int], *, level: int, as_of: dt.date) -> dict[int, Past]:
    """Return what each unit was sent so far, and whether it has a notice of this level and date already."""
    this = sa.case((sa.and_(notice.c.level == level, notice.c.as_of == day(as_of)), 1), else_=0)
    found: dict[int, Past] = dict.fromkeys(unit_ids, NOTHING_YET)
    for ids in _chunks(unit_ids):
        for row in session.execute(
            sa.select(
                notice.c.unit_id,
                sa.func.max(notice.c.as_of).label("last_on"),
                sa.func.max(this).label("has_this"),
            )
            .where(notice.c.unit_id.in_(ids))
            .group_by(notice.c.unit_id)
        ):
            found[row.unit_id] = Past(row.last_on, bool(row.has_this))
    return found


def times_listed(session: Session, bill_ids: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """Return how many notices of each unit listed one of these bills of it: what else it was sent does not count."""
    wanted = {unit_id: frozenset(listed) for unit_id, listed in bill_ids.items()}
    found: dict[int, set[int]] = {unit_id: set() for unit_id in wanted}
    for ids in _chunks(list(wanted)):
        for row in session.execute(
            sa.select(notice.c.unit_id, notice.c.id, notice_bill.c.bill_id)
            .join(notice_bill, notice_bill.c.notice_id == notice.c.id)
            .where(notice.c.unit_id.in_(ids))
        ):
            if row.bill_id in wanted[row.unit_id]:
                found[row.unit_id].add(row.id)
    return {unit_id: len(told) for unit_id, told in found.items()}


def holds(session: Session, unit_ids: Sequence[int], *, on: dt.date) -> dict[int, list[Hold]]:
    """Return the holds in force on a day; one that was taken back by then does not count."""
    taken_back = sa.and_(
        reversal.c.target_kind == "adjustment",
        reversal.c.target_id == adjustment.c.id,
        reversal.c.value_on <= day(on),
    )
    found: dict[int, list[Hold]] = defaultdict(list)
    for ids in _chunks(unit_ids):
        for row in session.execute(
            sa.select(adjustment)
            .outerjoin(reversal, taken_back)
            .where(
                adjustment.c.unit_id.in_(ids),
                adjustment.c.kind == "hold",
                adjustment.c.value_on <= day(on),
                adjustment.c.until_on >= day(on),
                reversal.c.id.is_(None),
            )
        ):
            bills = frozenset(json.loads(row.bill_ids))
            found[row.unit_id].append(Hold(bills, row.stops_dunning, row.stops_contact))
    return found


def ownerships(session: Session, unit_ids: Sequence[int]) -> dict[int, list[Ownership]]:
    """Return everybody who ever owned each unit, in the order they were entered."""
    found: dict[int, list[Ownership]] = defaultdict(list)
    for ids in _chunks(unit_ids):
        for row in session.execute(
            sa.select(ownership, person.c.name)
            .join(person, person.c.id == ownership.c.person_id)
            .where(ownership.c.unit_id.in_(ids))
            .order_by(ownership.c.unit_id, ownership.c.id)
        ):
            found[row.unit_id].append(Ownership(row.person_id, row.name, row.from_on, row.until_on))
    return found


def verdicts(
    session: Session, *, level: int, as_of: dt.date, debts: Mapping[int, Sequence[Debt]], pause_days: int
) -> dict[int, Verdict]:
    """Say of each unit, given with what is overdue, who is addressed for what, or why nobody is."""
    unit_ids = list(debts)
    before = past(session, unit_ids, level=level, as_of=as_of)
    held = holds(session, unit_ids, on=as_of)
    owned = ownerships(session, unit_ids)
    spared = estate_marks.not_to_dun(session, unit_ids, on=as_of)
    return {
        unit_id: decide(
            debts=owed,
            ownerships=owned.get(unit_id, ()),
            holds=held.get(unit_id, ()),
            past=before[unit_id],
            pause_days=pause_days,
            as_of=as_of,
            is_marked_not_to_dun=unit_id in spared,
        )
        for unit_id, owed in debts.items()
    }


def bill_rows(session: Session, bill_ids: Sequence[int]) -> dict[int, Row]:
    """Return bills as they were posted, with name and basis of their fee item."""
    query = sa.select(bill, fee_item.c.name.label("item"), fee_item.c.basis).join(
        fee_item, fee_item.c.id == bill.c.fee_item_id
    )
    return {row.id: row for ids in _chunks(bill_ids) for row in session.execute(query.where(bill.c.id.in_(ids)))}


def unit_rows(session: Session, unit_ids: Sequence[int], *, community_id: int) -> list[Row]:
    """Return those of the units that belong to a community, in walking order."""
    query = sa.select(unit).where(unit.c.community_id == community_id)
    rows = [row for ids in _chunks(unit_ids) for row in session.execute(query.where(unit.c.id.in_(ids)))]
    return sorted(rows, key=lambda row: (row.sort_key, row.id))


# --- batches --------------------------------------------------------------------------------------


def create_batch(session: Session, row: Mapping[str, Any]) -> int:
    """Write a batch and return its id."""
    return int(session.execute(sa.insert(notice_batch).values(**row).returning(notice_batch.c.id)).scalar_one())


def find_batch(session: Session, *, community_id: int, level: int, as_of: dt.date, source: str) -> Row | None:
    """Return the batch of this source for a level and date, unless it was cancelled."""
    return session.execute(
        sa.select(notice_batch)
        .where(
            notice_batch.c.community_id == community_id,
            notice_batch.c.level == level,
            notice_batch.c.as_of == day(as_of),
            notice_batch.c.source == source,
            notice_batch.c.state != "cancelled",
        )
        .order_by(notice_batch.c.id)
        .limit(1)
    ).one_or_none()


def batch(session: Session, batch_id: int) -> Row:
    """Return one batch.

    Raises:
        Refusal: ``notice_batch.unknown``.

    """
    return _one(session, sa.select(notice_batch).where(notice_batch.c.id == batch_id))


def locked_batch(session: Session, batch_id: int) -> Row:
    """Return one batch, locked until the commit.

    Raises:
        Refusal: ``notice_batch.unknown``.

    """
    return _one(session, db.lock_row(session, sa.select(notice_batch).where(notice_batch.c.id == batch_id)))


def _one(session: Session, query: sa.Select[Any]) -> Row:
    row = session.execute(query).one_or_none()
    if row is None:
        raise not_found("notice_batch.unknown")
    return row


def update_batch(session: Session, batch_id: int, **columns: object) -> None:
    """Change the mutable columns of a batch."""
    session.execute(sa.update(notice_batch).where(notice_batch.c.id == batch_id).values(**columns))


def batches(session: Session, *, community_ids: Sequence[int], limit: int = 100) -> list[Mapping[str, Any]]:
    """Return batches, newest first, with how many units are in which state and how many files are there."""

    def count(state: str) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sa.func.sum(sa.case((notice_batch_unit.c.state == state, 1), else_=0)), 0).label(state)

    files = (
        sa.select(sa.func.count())
        .select_from(notice.join(document_file, document_file.c.document_id == notice.c.document_id))
        .where(notice.c.batch_id == notice_batch.c.id)
        .correlate(notice_batch)
        .scalar_subquery()
    )
    query = (
        sa.select(
            notice_batch,
            community.c.name.label("community"),
            app_user.c.name.label("created_by_name"),
            count("selected"),
            count("skipped"),
            count("noticed"),
            files.label("files"),
        )
        .join(community, community.c.id == notice_batch.c.community_id)
        .outerjoin(app_user, app_user.c.id == notice_batch.c.created_by)
        .outerjoin(notice_batch_unit, notice_batch_unit.c.batch_id == notice_batch.c.id)
        .where(notice_batch.c.community_id.in_(list(community_ids)))
        .group_by(notice_batch.c.id, community.c.name, app_user.c.name)
        .order_by(notice_batch.c.id.desc())
        .limit(limit)
    )
    return [dict(row) for row in session.execute(query).mappings()]


def put_units(session: Session, batch_id: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the units of a batch; one that was skipped before and is selected now is selected."""
    known = {
        row.unit_id: row
        for row in session.execute(sa.select(notice_batch_unit).where(notice_batch_unit.c.batch_id == batch_id))
    }
    new = [{"batch_id": batch_id, **row} for row in rows if row["unit_id"] not in known]
    if new:
        session.execute(sa.insert(notice_batch_unit), new)
    changed = [row for row in rows if row["unit_id"] in known and known[row["unit_id"]].state == "skipped"]
    settle_units(session, [{"id": known[row["unit_id"]].id, **row} for row in changed])


def settle_units(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Set ``state`` and ``skip_reason`` of rows of a batch, given by ``id``."""
    if not rows:
        return
    table = notice_batch_unit
    session.connection().execute(
        sa.update(table)
        .where(table.c.id == sa.bindparam("b_id"))
        .values(state=sa.bindparam("b_state"), skip_reason=sa.bindparam("b_reason")),
        [{"b_id": row["id"], "b_state": row["state"], "b_reason": row["skip_reason"]} for row in rows],
    )


def waiting_units(session: Session, batch_id: int, *, limit: int) -> list[Row]:
    """Return units of a batch that have neither a notice nor a reason yet, in walking order."""
    return list(
        session.execute(
            sa.select(notice_batch_unit, unit.c.code, unit.c.label, unit.c.area_e3)
            .join(unit, unit.c.id == notice_batch_unit.c.unit_id)
            .where(notice_batch_unit.c.batch_id == batch_id, notice_batch_unit.c.state == "selected")
            .order_by(unit.c.sort_key, unit.c.id)
            .limit(limit)
        )
    )


def batch_units(session: Session, batch_id: int) -> list[Mapping[str, Any]]:
    """Return the units of a batch in walking order, with notice, document and file where there are."""
    query = (
        sa.select(
            notice_batch_unit,
            unit.c.code,
            unit.c.label,
            notice.c.number,
            notice.c.document_id,
            notice.c.principal_fen,
            notice.c.late_charge_fen,
            document_file.c.sha256,
            document_file.c.pages,
            document_file.c.size,
        )
        .join(unit, unit.c.id == notice_batch_unit.c.unit_id)
        .outerjoin(
            notice,
            sa.and_(notice.c.batch_id == notice_batch_unit.c.batch_id, notice.c.unit_id == notice_batch_unit.c.unit_id),
        )
        .outerjoin(document_file, document_file.c.document_id == notice.c.document_id)
        .where(notice_batch_unit.c.batch_id == batch_id)
        .order_by(unit.c.sort_key, unit.c.id)
    )
    return [dict(row) for row in session.execute(query).mappings()]


# --- notices --------------------------------------------------------------------------------------


def insert(session: Session, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Write notices and return their ids in the order given."""
    if not rows:
        return []
    statement = sa.insert(notice).returning(notice.c.id, sort_by_parameter_order=True)
    return list(session.execute(statement, list(rows)).scalars())


def insert_bills(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write which bills a notice lists, with the amounts it names: a demand restarts only those (Civil Code 195)."""
    if rows:
        session.execute(sa.insert(notice_bill), list(rows))


def progress(session: Session, batch_id: int) -> tuple[int, int]:
    """Return (notices, notices whose file is there): counted, so that it is true after any crash."""
    total, done = session.execute(
        sa.select(sa.func.count(), sa.func.count(document_file.c.sha256))
        .select_from(notice.outerjoin(document_file, document_file.c.document_id == notice.c.document_id))
        .where(notice.c.batch_id == batch_id)
    ).one()
    return int(total), int(done)


def without_file(session: Session, batch_id: int) -> list[Row]:
    """Return id and number of the documents of a batch that were not printed to a file yet, in walking order."""
    return list(
        session.execute(
            sa.select(document.c.id, document.c.number)
            .join(notice, notice.c.document_id == document.c.id)
            .join(unit, unit.c.id == notice.c.unit_id)
            .outerjoin(document_file, document_file.c.document_id == document.c.id)
            .where(notice.c.batch_id == batch_id, document_file.c.document_id.is_(None))
            .order_by(unit.c.sort_key, unit.c.id)
        )
    )


def unfinished(session: Session) -> list[int]:
    """Return the batches that were released and are not done, oldest first."""
    return list(
        session.execute(
            sa.select(notice_batch.c.id).where(notice_batch.c.state == "released").order_by(notice_batch.c.id)
        ).scalars()
    )


def _chunks(ids: Sequence[int]) -> list[list[int]]:
    return [list(ids[start : start + CHUNK]) for start in range(0, len(ids), CHUNK)]
