"""Notice batches and notices: what was selected, what was issued, and what units have had so far."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import not_found
from app.domain.notices import Ownership
from app.store import arrears, db
from app.store.arrears import day
from app.store.tables import bill, community, fee_item, ownership, person, unit
from app.store.tables_office import (
    app_user,
    document,
    document_file,
    notice,
    notice_batch,
    notice_batch_unit,
    notice_bill,
)
from app.store.types import BigId

Row = sa.Row[Any]
Scope = Sequence[int] | sa.Select[Any]
"""Which units a question is about: their ids, or a query for them, which then stays one question however many."""
CHUNK = 1000


def portions(within: Scope) -> list[Any]:
    """Return what may stand in ``IN``: a query as it is, ids in portions the engines take."""
    return [within] if isinstance(within, sa.Select) else _chunks(within)


def is_void() -> sa.ColumnElement[bool]:
    """Say that a notice was numbered but never printed, since its batch was stopped: nobody was sent it."""
    stopped = sa.select(notice_batch.c.id).where(notice_batch.c.state == "cancelled")
    printed = sa.exists().where(document_file.c.document_id == notice.c.document_id).correlate(notice)
    return sa.and_(notice.c.batch_id.in_(stopped), ~printed)


# --- what is known of units -----------------------------------------------------------------------


def times_listed(session: Session, bill_ids: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """Return how many notices of each unit listed one of these bills of it: what else it was sent does not count."""
    wanted = {unit_id: frozenset(listed) for unit_id, listed in bill_ids.items()}
    found: dict[int, set[int]] = {unit_id: set() for unit_id in wanted}
    for ids in _chunks(list(wanted)):
        for row in session.execute(
            sa.select(notice.c.unit_id, notice.c.id, notice_bill.c.bill_id)
            .join(notice_bill, notice_bill.c.notice_id == notice.c.id)
            .where(notice.c.unit_id.in_(ids), ~is_void())
        ):
            if row.bill_id in wanted[row.unit_id]:
                found[row.unit_id].add(row.id)
    return {unit_id: len(told) for unit_id, told in found.items()}


def ownerships(session: Session, within: Scope) -> dict[int, list[Ownership]]:
    """Return everybody who ever owned each unit, in the order they were entered."""
    found: dict[int, list[Ownership]] = defaultdict(list)
    for part in portions(within):
        for row in session.execute(
            sa.select(ownership, person.c.name)
            .join(person, person.c.id == ownership.c.person_id)
            .where(ownership.c.unit_id.in_(part))
            .order_by(ownership.c.unit_id, ownership.c.id)
        ):
            found[row.unit_id].append(Ownership(row.person_id, row.name, row.from_on, row.until_on))
    return found


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


def unit_named(session: Session, *, community_id: int, room: str) -> int | None:
    """Return the unit whose room is written so, as a code or in full; None where there is none."""
    query = sa.select(unit.c.id).where(
        unit.c.community_id == community_id, sa.or_(unit.c.code == room, unit.c.label == room)
    )
    return session.execute(query.order_by(unit.c.id).limit(1)).scalar_one_or_none()


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


def select_units(session: Session, batch_id: int, *, as_of: dt.date, wanted: arrears.Filter) -> int:
    """Select everybody on a list of arrears for a batch, in one statement, and return how many that were."""
    found = arrears.unit_rows(session, as_of, wanted).subquery("found")
    query = sa.select(sa.literal(batch_id, BigId), found.c.unit_id, sa.literal("selected"), found.c.total_fen)
    # SQLite takes the ON of the conflict for that of a join unless a WHERE stands between.
    query = query.where(found.c.unit_id > 0)
    return db.insert_from(session, notice_batch_unit, ["batch_id", "unit_id", "state", "selected_fen"], query)


def select_settled(session: Session, batch_id: int, *, community_id: int, unit_ids: Sequence[int]) -> None:
    """Account for units that were picked one by one and owe nothing: they are left out as paid."""
    query = sa.select(
        sa.literal(batch_id, BigId), unit.c.id, sa.literal("skipped"), sa.literal("paid"), sa.literal(0, sa.BigInteger)
    ).where(unit.c.community_id == community_id)
    columns = ["batch_id", "unit_id", "state", "skip_reason", "selected_fen"]
    for ids in _chunks(unit_ids):
        db.insert_from(session, notice_batch_unit, columns, query.where(unit.c.id.in_(ids)))


def ids_of(rows: sa.Subquery) -> sa.Select[Any]:
    """Return the query for the units of a list, for ``IN``."""
    return sa.select(rows.c.unit_id)


def units_of(batch_id: int) -> sa.Select[Any]:
    """Return the query for the units of a batch, for ``IN``."""
    return sa.select(notice_batch_unit.c.unit_id).where(notice_batch_unit.c.batch_id == batch_id)


def judge_units(session: Session, batch_id: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Set state, reason and amount of units of a batch, given by ``unit_id``."""
    if not rows:
        return
    table = notice_batch_unit
    session.connection().execute(
        sa.update(table)
        .where(table.c.batch_id == batch_id, table.c.unit_id == sa.bindparam("b_unit"))
        .values(
            state=sa.bindparam("b_state"), skip_reason=sa.bindparam("b_reason"), selected_fen=sa.bindparam("b_fen")
        ),
        [
            {
                "b_unit": row["unit_id"],
                "b_state": row["state"],
                "b_reason": row["skip_reason"],
                "b_fen": row["selected_fen"],
            }
            for row in rows
        ],
    )


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


def sample_rows(session: Session, unit_ids: Sequence[int], *, community_id: int) -> list[Row]:
    """Return units as ``waiting_units`` gives them, whether or not they are in a batch."""
    query = sa.select(unit.c.id.label("unit_id"), unit.c.code, unit.c.label, unit.c.area_e3)
    return list(session.execute(query.where(unit.c.community_id == community_id, unit.c.id.in_(list(unit_ids)))))


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
    """Return the batches that were released and have work left that did not fail before, oldest first."""
    mine = notice_batch_unit.c.batch_id == notice_batch.c.id
    to_issue = sa.exists().where(mine, notice_batch_unit.c.state == "selected").correlate(notice_batch)
    unprinted = (
        sa.select(notice_batch_unit.c.id)
        .join(
            notice,
            sa.and_(notice.c.batch_id == notice_batch_unit.c.batch_id, notice.c.unit_id == notice_batch_unit.c.unit_id),
        )
        .outerjoin(document_file, document_file.c.document_id == notice.c.document_id)
        .where(mine, document_file.c.document_id.is_(None))
        .correlate(notice_batch)
    )
    to_print = sa.exists(unprinted.where(notice_batch_unit.c.failure == ""))
    return list(
        session.execute(
            sa.select(notice_batch.c.id)
            .where(notice_batch.c.state == "released", sa.or_(to_issue, to_print, ~sa.exists(unprinted)))
            .order_by(notice_batch.c.id)
        ).scalars()
    )


def _chunks(ids: Sequence[int]) -> list[list[int]]:
    return [list(ids[start : start + CHUNK]) for start in range(0, len(ids), CHUNK)]
