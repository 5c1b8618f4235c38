"""A batch as the office works with it: counts, its units page by page, print files, and who printed what again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import not_found
from app.store import acknowledgements, db
from app.store.tables import unit
from app.store.tables_office import app_user, document, document_file, notice, notice_batch, notice_batch_unit
from app.store.tables_procedure import notice_batch_release, notice_print_file, notice_print_log

Row = Any
"""A row, read by attribute."""
STATES = ("waiting", "numbered", "printed", "skipped", "failed")
"""Where a unit of a batch stands: still to be numbered, numbered, printed, left out, or not printable."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many units of a batch stand where, and what the notices ask for."""

    waiting: int = 0
    numbered: int = 0
    printed: int = 0
    skipped: int = 0
    failed: int = 0
    selected_fen: int = 0

    @property
    def notices(self) -> int:
        """How many get a notice, or have one."""
        return self.waiting + self.numbered + self.printed + self.failed

    @property
    def units(self) -> int:
        """How many units the batch looked at."""
        return self.notices + self.skipped


def counts(session: Session, batch_id: int) -> Counts:
    """Return where the units of a batch stand: one query, however many there are."""
    state = _state()
    tallies = [sa.func.coalesce(sa.func.sum(sa.case((state == name, 1), else_=0)), 0) for name in STATES]
    asked = sa.case((notice_batch_unit.c.state != "skipped", notice_batch_unit.c.selected_fen), else_=0)
    row = session.execute(
        _joined(sa.select(*tallies, sa.cast(sa.func.coalesce(sa.func.sum(asked), 0), sa.BigInteger))).where(
            notice_batch_unit.c.batch_id == batch_id
        )
    ).one()
    return Counts(*(int(value) for value in row))


def reasons(session: Session, batch_id: int) -> list[Row]:
    """Return why units are left out, with how many and the sum, most first."""
    table = notice_batch_unit
    return list(
        session.execute(
            sa.select(
                table.c.skip_reason,
                sa.func.count().label("units"),
                sa.cast(sa.func.sum(table.c.selected_fen), sa.BigInteger).label("total_fen"),
            )
            .where(table.c.batch_id == batch_id, table.c.state == "skipped")
            .group_by(table.c.skip_reason)
            .order_by(sa.func.count().desc(), table.c.skip_reason)
        )
    )


@dataclass(frozen=True, slots=True)
class UnitFilter:
    """What narrows the units of a batch; an empty field does not narrow."""

    state: str = ""
    reason: str = ""
    search: str = ""


def count_units(session: Session, batch_id: int, wanted: UnitFilter) -> int:
    """Return how many units the filter finds."""
    query = _narrow(_joined(sa.select(sa.func.count())), batch_id, wanted)
    return int(session.execute(query).scalar_one())


def list_units(
    session: Session, batch_id: int, wanted: UnitFilter, *, limit: int | None = None, offset: int = 0
) -> list[Row]:
    """Return units of a batch in walking order, with what became of each."""
    query = _joined(
        sa.select(
            notice_batch_unit,
            _state().label("stands"),
            unit.c.code,
            unit.c.label,
            notice.c.id.label("notice_id"),
            notice.c.number,
            notice.c.document_id,
            notice.c.principal_fen,
            notice.c.late_charge_fen,
            document_file.c.sha256,
            acknowledgements.slip_of(notice.c.id).label("slip"),
            app_user.c.name.label("overruled_by_name"),
        )
    ).outerjoin(app_user, app_user.c.id == notice_batch_unit.c.overruled_by)
    query = _narrow(query, batch_id, wanted).order_by(unit.c.sort_key, unit.c.id)
    return list(session.execute(query if limit is None else query.limit(limit).offset(offset)))


def unit_row(session: Session, batch_id: int, unit_id: int) -> Row:
    """Return one unit of a batch.

    Raises:
        Refusal: ``notice_batch.unit_unknown``.

    """
    query = _joined(sa.select(notice_batch_unit, _state().label("stands"), unit.c.code, unit.c.label))
    found = session.execute(
        query.where(notice_batch_unit.c.batch_id == batch_id, notice_batch_unit.c.unit_id == unit_id)
    ).one_or_none()
    if found is None:
        raise not_found("notice_batch.unit_unknown")
    return found


def first_selected(session: Session, batch_id: int) -> int | None:
    """Return the first unit, in walking order, that is to get a notice."""
    return session.execute(
        sa.select(notice_batch_unit.c.unit_id)
        .join(unit, unit.c.id == notice_batch_unit.c.unit_id)
        .where(notice_batch_unit.c.batch_id == batch_id, notice_batch_unit.c.state != "skipped")
        .order_by(unit.c.sort_key, unit.c.id)
        .limit(1)
    ).scalar_one_or_none()


def _joined(query: sa.Select[Any]) -> sa.Select[Any]:
    mine = sa.and_(notice.c.batch_id == notice_batch_unit.c.batch_id, notice.c.unit_id == notice_batch_unit.c.unit_id)
    return (
        query.select_from(notice_batch_unit)
        .join(unit, unit.c.id == notice_batch_unit.c.unit_id)
        .outerjoin(notice, mine)
        .outerjoin(document_file, document_file.c.document_id == notice.c.document_id)
    )


def _state() -> sa.ColumnElement[str]:
    table = notice_batch_unit
    return sa.case(
        (table.c.state == "skipped", "skipped"),
        (table.c.state == "selected", "waiting"),
        (document_file.c.sha256.is_not(None), "printed"),
        (table.c.failure != "", "failed"),
        else_="numbered",
    )


def _narrow(query: sa.Select[Any], batch_id: int, wanted: UnitFilter) -> sa.Select[Any]:
    query = query.where(notice_batch_unit.c.batch_id == batch_id)
    if wanted.state:
        query = query.where(_state() == wanted.state)
    if wanted.reason:
        query = query.where(notice_batch_unit.c.skip_reason == wanted.reason)
    for word in wanted.search.lower().split():
        query = query.where(unit.c.search_key.contains(word, autoescape=True))
    return query


# --- what a person changed --------------------------------------------------------------------------


def overrule(session: Session, row_id: int, **columns: object) -> None:
    """Set aside or take in one unit of a draft."""
    session.execute(sa.update(notice_batch_unit).where(notice_batch_unit.c.id == row_id).values(**columns))


def sign_release(session: Session, *, batch_id: int, drafted_by: int | None, by: int, at: dt.datetime) -> None:
    """Sign the release of a batch; the table itself refuses the person who drafted it."""
    row = {"batch_id": batch_id, "drafted_by": drafted_by, "released_by": by, "released_at": at}
    session.execute(sa.insert(notice_batch_release).values(**row))


def stop_units(session: Session, batch_id: int, *, reason: str) -> int:
    """Leave out whoever of a batch has no number yet, and return how many that were."""
    result = session.execute(
        sa.update(notice_batch_unit)
        .where(notice_batch_unit.c.batch_id == batch_id, notice_batch_unit.c.state == "selected")
        .values(state="skipped", skip_reason=reason)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


# --- what could not be printed ----------------------------------------------------------------------


def fail(session: Session, *, batch_id: int, failed: Mapping[int, str]) -> None:
    """Note why documents of a batch could not be printed."""
    if not failed:
        return
    whose = sa.select(notice.c.unit_id).where(
        notice.c.batch_id == batch_id, notice.c.document_id == sa.bindparam("b_document")
    )
    session.connection().execute(
        sa.update(notice_batch_unit)
        .where(notice_batch_unit.c.batch_id == batch_id, notice_batch_unit.c.unit_id == whose.scalar_subquery())
        .values(failure=sa.bindparam("b_failure")),
        [{"b_document": number, "b_failure": code[:200]} for number, code in failed.items()],
    )


def forgive_failures(session: Session, batch_id: int) -> int:
    """Let everything that failed be tried again, and return how many that are."""
    result = session.execute(
        sa.update(notice_batch_unit)
        .where(notice_batch_unit.c.batch_id == batch_id, notice_batch_unit.c.failure != "")
        .values(failure="")
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


# --- print files ------------------------------------------------------------------------------------


def printed(session: Session, batch_id: int) -> list[Row]:
    """Return what is printed of a batch in walking order, with the frozen facts: what goes into its print files."""
    return list(
        session.execute(
            sa.select(
                notice.c.number,
                notice.c.document_id,
                (notice.c.principal_fen + notice.c.late_charge_fen).label("total_fen"),
                unit.c.label,
                document.c.facts,
                document_file.c.sha256,
            )
            .join(document, document.c.id == notice.c.document_id)
            .join(document_file, document_file.c.document_id == notice.c.document_id)
            .join(unit, unit.c.id == notice.c.unit_id)
            .where(notice.c.batch_id == batch_id)
            .order_by(unit.c.sort_key, unit.c.id)
        )
    )


def parts(session: Session, batch_id: int) -> list[Row]:
    """Return the print files of a batch."""
    query = sa.select(notice_print_file).where(notice_print_file.c.batch_id == batch_id)
    return list(session.execute(query.order_by(notice_print_file.c.part)))


def put_parts(session: Session, batch_id: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Remember the print files of a batch in place of any there were; the files themselves stay."""
    if rows:
        session.execute(sa.delete(notice_print_file).where(notice_print_file.c.batch_id == batch_id))
        session.execute(sa.insert(notice_print_file), [{"batch_id": batch_id, **row} for row in rows])


def log_print(session: Session, row: Mapping[str, Any]) -> None:
    """Note that somebody took a print file or one notice to the printer."""
    db.check_text(notice_print_log, row)
    session.execute(sa.insert(notice_print_log).values(**row))


def prints(session: Session, batch_id: int, *, limit: int = 100) -> list[Row]:
    """Return who printed what of a batch, newest first."""
    return list(
        session.execute(
            sa.select(notice_print_log, app_user.c.name, document.c.number)
            .outerjoin(app_user, app_user.c.id == notice_print_log.c.printed_by)
            .outerjoin(document, document.c.id == notice_print_log.c.document_id)
            .where(notice_print_log.c.batch_id == batch_id)
            .order_by(notice_print_log.c.id.desc())
            .limit(limit)
        )
    )


def was_printed(session: Session, *, batch_id: int, part: int | None = None, document_id: int | None = None) -> bool:
    """Tell whether somebody had this part or this notice before."""
    table = notice_print_log
    which = table.c.part == part if document_id is None else table.c.document_id == document_id
    return (
        session.execute(sa.select(table.c.id).where(table.c.batch_id == batch_id, which).limit(1)).first() is not None
    )


def batch_of_document(session: Session, document_id: int) -> Row | None:
    """Return the batch a notice belongs to, with the hash of its file if it has one."""
    return session.execute(
        sa.select(notice_batch.c.id, notice_batch.c.state, document_file.c.sha256)
        .join(notice, notice.c.batch_id == notice_batch.c.id)
        .outerjoin(document_file, document_file.c.document_id == notice.c.document_id)
        .where(notice.c.document_id == document_id)
    ).one_or_none()


# --- the difference to the last batch ---------------------------------------------------------------


def people(session: Session, batch: Row) -> dict[str, str]:
    """Return the names of who drafted, released and stopped a batch."""
    ids = {"created": batch.created_by, "released": batch.released_by, "cancelled": batch.cancelled_by}
    wanted = [number for number in ids.values() if number is not None]
    rows = session.execute(sa.select(app_user.c.id, app_user.c.name).where(app_user.c.id.in_(wanted)))
    names = {row.id: row.name for row in rows}
    return {act: names.get(number or 0, "") for act, number in ids.items()}


def last_before(session: Session, batch: Row) -> Row | None:
    """Return the batch of the same community and level that was released last before this one."""
    return session.execute(
        sa.select(notice_batch)
        .where(
            notice_batch.c.community_id == batch.community_id,
            notice_batch.c.level == batch.level,
            notice_batch.c.id < batch.id,
            notice_batch.c.state.in_(["released", "done"]),
        )
        .order_by(notice_batch.c.id.desc())
        .limit(1)
    ).one_or_none()


@dataclass(frozen=True, slots=True)
class Difference:
    """Who is new, who is there again and who is gone, each with the sum; of those gone, what they were asked for."""

    new: int
    new_fen: int
    again: int
    again_fen: int
    before_fen: int
    gone: int
    gone_fen: int


def difference(session: Session, *, batch_id: int, last_id: int) -> Difference:
    """Compare who is asked for what in two batches, in one query."""
    now = _asked(batch_id).subquery("now")
    then = _asked(last_id).subquery("then")
    both = sa.select(now.c.asked_fen.label("now_fen"), then.c.asked_fen.label("then_fen")).select_from(
        now.outerjoin(then, then.c.unit_id == now.c.unit_id)
    )
    gone = sa.select(sa.cast(sa.null(), sa.BigInteger).label("now_fen"), then.c.asked_fen.label("then_fen")).where(
        ~sa.exists().where(now.c.unit_id == then.c.unit_id)
    )
    row = sa.union_all(both, gone).subquery("compared").c

    def tally(case: sa.ColumnElement[bool], amount: sa.ColumnElement[int] | int) -> sa.ColumnElement[int]:
        return sa.cast(sa.func.coalesce(sa.func.sum(sa.case((case, amount), else_=0)), 0), sa.BigInteger)

    is_new, is_gone = row.then_fen.is_(None), row.now_fen.is_(None)
    is_both = sa.and_(row.then_fen.is_not(None), row.now_fen.is_not(None))
    found = session.execute(
        sa.select(
            tally(is_new, 1),
            tally(is_new, row.now_fen),
            tally(is_both, 1),
            tally(is_both, row.now_fen),
            tally(is_both, row.then_fen),
            tally(is_gone, 1),
            tally(is_gone, row.then_fen),
        )
    ).one()
    return Difference(*(int(value) for value in found))


def _asked(batch_id: int) -> sa.Select[Any]:
    """Return what each unit of a batch is asked for: the notice once there is one, what was selected until then."""
    issued = notice.c.principal_fen + notice.c.late_charge_fen
    mine = sa.and_(notice.c.batch_id == notice_batch_unit.c.batch_id, notice.c.unit_id == notice_batch_unit.c.unit_id)
    return (
        sa.select(
            notice_batch_unit.c.unit_id,
            sa.func.coalesce(issued, notice_batch_unit.c.selected_fen).label("asked_fen"),
        )
        .outerjoin(notice, mine)
        .where(notice_batch_unit.c.batch_id == batch_id, notice_batch_unit.c.state != "skipped")
    )
