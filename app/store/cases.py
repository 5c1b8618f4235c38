"""Court cases as rows: one case with everything it holds, and the writes that change it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import not_found
from app.store import db
from app.store.figures import day
from app.store.tables import bill, fee_item, person, unit
from app.store.tables_cases import (
    case_bill,
    case_comment,
    case_cost,
    case_counsel,
    case_date,
    case_file,
    case_instalment,
    case_judgment,
    case_party,
    case_plan,
    case_step,
    court_case,
)
from app.store.tables_office import app_user

Row = Mapping[str, Any]


def case_row(session: Session, case_id: int) -> Row:
    """Return one case with the label of its unit and who opened it.

    Raises:
        Refusal: ``case.unknown``.

    """
    found = session.execute(_query().where(court_case.c.id == case_id)).mappings().one_or_none()
    if found is None:
        raise not_found("case.unknown")
    return _read(dict(found))


def by_number(session: Session, number: str, community_id: int | None = None) -> int | None:
    """Return the case of a number, in one community or in any; None where there is none, or more than one."""
    query = sa.select(court_case.c.id).where(court_case.c.number == number.strip())
    if community_id is not None:
        query = query.where(court_case.c.community_id == community_id)
    found = list(session.execute(query.limit(2)).scalars())
    return found[0] if len(found) == 1 else None


def locked(session: Session, case_id: int) -> Row:
    """Return one case, locked until the commit.

    Raises:
        Refusal: ``case.unknown``.

    """
    session.execute(sa.select(court_case.c.id).where(court_case.c.id == case_id).with_for_update())
    return case_row(session, case_id)


def of_unit(session: Session, unit_id: int) -> list[Row]:
    """Return the cases of a unit, the newest first."""
    query = _query().where(court_case.c.unit_id == unit_id).order_by(court_case.c.id.desc())
    return [_read(row) for row in _rows(session, query)]


def _query() -> sa.Select[Any]:
    return (
        sa.select(court_case, unit.c.label, unit.c.code, app_user.c.name.label("opened_by_name"))
        .join(unit, unit.c.id == court_case.c.unit_id)
        .outerjoin(app_user, app_user.c.id == court_case.c.opened_by)
    )


def _read(row: Row) -> Row:
    return {**row, "path_facts": json.loads(row["path_facts"]), "findings": json.loads(row["findings"])}


def _rows(session: Session, query: sa.Select[Any]) -> list[Row]:
    return [dict(row) for row in session.execute(query).mappings()]


def bills_of(session: Session, case_id: int) -> list[Row]:
    """Return the bills a case was opened with, as they stood then, oldest first."""
    query = (
        sa.select(
            case_bill.c.bill_id,
            case_bill.c.principal_fen,
            case_bill.c.late_charge_fen,
            case_bill.c.costs_fen,
            bill.c.period_from_on,
            bill.c.period_to_on,
            bill.c.due_on,
            bill.c.principal_fen.label("original_fen"),
            fee_item.c.name.label("item"),
        )
        .join(bill, bill.c.id == case_bill.c.bill_id)
        .join(fee_item, fee_item.c.id == bill.c.fee_item_id)
        .where(case_bill.c.case_id == case_id)
        .order_by(bill.c.due_on, bill.c.id)
    )
    return _rows(session, query)


def parties(session: Session, case_id: int) -> list[Row]:
    """Return the parties of a case in full, plaintiff first; whoever shows them masks the names."""
    order = sa.case((case_party.c.role == "plaintiff", 0), (case_party.c.role == "defendant", 1), else_=2)
    query = (
        sa.select(case_party, person.c.phone_mask, person.c.id_kind, person.c.id_mask)
        .outerjoin(person, person.c.id == case_party.c.person_id)
        .where(case_party.c.case_id == case_id, case_party.c.removed_at.is_(None))
        .order_by(order, case_party.c.id)
    )
    return _rows(session, query)


def party_row(session: Session, *, case_id: int, party_id: int) -> Row:
    """Return a party that still stands.

    Raises:
        Refusal: ``case_party.unknown``.

    """
    for found in parties(session, case_id):
        if found["id"] == party_id:
            return found
    raise not_found("case_party.unknown")


def stages(session: Session, case_id: int) -> list[Row]:
    """Return every step of a case in order, those taken back too (``is_undone``)."""
    later = case_step.alias("later")
    query = (
        sa.select(case_step, app_user.c.name.label("moved_by_name"), later.c.id.is_not(None).label("is_undone"))
        .outerjoin(app_user, app_user.c.id == case_step.c.moved_by)
        .outerjoin(later, later.c.undoes_id == case_step.c.id)
        .where(case_step.c.case_id == case_id)
        .order_by(case_step.c.id)
    )
    return _rows(session, query)


def dates_of(session: Session, case_id: int) -> list[Row]:
    """Return the days in the calendar of a case, cancelled ones left out."""
    query = (
        sa.select(case_date)
        .where(case_date.c.case_id == case_id, case_date.c.cancelled_at.is_(None))
        .order_by(case_date.c.due_on, case_date.c.id)
    )
    return _rows(session, query)


def judgments(session: Session, case_id: int) -> list[Row]:
    """Return what was decided, the latest first: that one counts."""
    query = sa.select(case_judgment).where(case_judgment.c.case_id == case_id).order_by(case_judgment.c.id.desc())
    return _rows(session, query)


def plans(session: Session, case_id: int) -> list[Row]:
    """Return what was agreed, the latest first, each with its instalments."""
    query = sa.select(case_plan).where(case_plan.c.case_id == case_id).order_by(case_plan.c.id.desc())
    found = [dict(row) for row in session.execute(query).mappings()]
    parts = session.execute(
        sa.select(case_instalment)
        .where(case_instalment.c.plan_id.in_([row["id"] for row in found]))
        .order_by(case_instalment.c.plan_id, case_instalment.c.nth)
    ).all()
    for row in found:
        row["instalments"] = [(one.nth, one.due_on, one.amount_fen) for one in parts if one.plan_id == row["id"]]
    return list(found)


def costs(session: Session, case_id: int) -> list[Row]:
    """Return what a case cost, oldest first; a row taken back is ``is_void``, and so is the row that did it."""
    later = case_cost.alias("later")
    is_void = sa.or_(later.c.id.is_not(None), case_cost.c.takes_back_id.is_not(None))
    query = (
        sa.select(case_cost, is_void.label("is_void"))
        .outerjoin(later, later.c.takes_back_id == case_cost.c.id)
        .where(case_cost.c.case_id == case_id)
        .order_by(case_cost.c.paid_on, case_cost.c.id)
    )
    return _rows(session, query)


def counsel(session: Session, case_id: int) -> list[Row]:
    """Return who was given the case and until when, the latest first."""
    query = (
        sa.select(case_counsel, app_user.c.name, app_user.c.login)
        .join(app_user, app_user.c.id == case_counsel.c.user_id)
        .where(case_counsel.c.case_id == case_id)
        .order_by(case_counsel.c.id.desc())
    )
    return _rows(session, query)


def may_read(session: Session, *, case_id: int, user_id: int, on: dt.date) -> bool:
    """Say whether a lawyer holds this case on a day."""
    query = sa.select(case_counsel.c.id).where(case_counsel.c.case_id == case_id, *held_by(user_id, on))
    return session.execute(query.limit(1)).scalar_one_or_none() is not None


def held_by(user_id: int, on: dt.date) -> list[sa.ColumnElement[bool]]:
    """Return the conditions on ``case_counsel`` under which a lawyer holds a case."""
    return [
        case_counsel.c.user_id == user_id,
        case_counsel.c.ended_at.is_(None),
        case_counsel.c.expires_on >= day(on),
    ]


def comments(session: Session, case_id: int) -> list[Row]:
    """Return what was said about a case, oldest first."""
    query = (
        sa.select(case_comment, app_user.c.name, app_user.c.role)
        .join(app_user, app_user.c.id == case_comment.c.written_by)
        .where(case_comment.c.case_id == case_id)
        .order_by(case_comment.c.id)
    )
    return _rows(session, query)


def files(session: Session, case_id: int) -> list[Row]:
    """Return the court's papers and others of a case, the newest first."""
    query = (
        sa.select(case_file, app_user.c.name.label("added_by_name"))
        .outerjoin(app_user, app_user.c.id == case_file.c.added_by)
        .where(case_file.c.case_id == case_id)
        .order_by(case_file.c.id.desc())
    )
    return _rows(session, query)


def file_row(session: Session, *, case_id: int, file_id: int) -> Row:
    """Return one file of a case.

    Raises:
        Refusal: ``case_file.unknown``.

    """
    query = sa.select(case_file).where(case_file.c.case_id == case_id, case_file.c.id == file_id)
    found = session.execute(query).mappings().one_or_none()
    if found is None:
        raise not_found("case_file.unknown")
    return dict(found)


# --- writes -----------------------------------------------------------------------------------------

_TABLES = {
    "case": court_case,
    "bill": case_bill,
    "party": case_party,
    "step": case_step,
    "date": case_date,
    "judgment": case_judgment,
    "plan": case_plan,
    "instalment": case_instalment,
    "cost": case_cost,
    "counsel": case_counsel,
    "comment": case_comment,
    "file": case_file,
}


def add(session: Session, noun: str, rows: Sequence[Row]) -> list[int]:
    """Write rows of one of a case's tables and return their ids."""
    table = _TABLES[noun]
    for row in rows:
        db.check_text(table, row)
    return db.insert_many(session, table, list(rows))


def update(session: Session, case_id: int, **values: object) -> None:
    """Change where a case stands."""
    db.check_text(court_case, values)
    session.execute(sa.update(court_case).where(court_case.c.id == case_id).values(**values))


def change(session: Session, noun: str, row_id: int, **values: object) -> None:
    """Change one row of a table that may change: a party, a day or an assignment."""
    table = _TABLES[noun]
    db.check_text(table, values)
    session.execute(sa.update(table).where(table.c.id == row_id).values(**values))


def cancel_dates(session: Session, *, step_id: int, by: int, at: dt.datetime) -> None:
    """Cancel the days a step began that nobody ticked off."""
    session.execute(
        sa.update(case_date)
        .where(case_date.c.step_id == step_id, case_date.c.done_at.is_(None), case_date.c.cancelled_at.is_(None))
        .values(cancelled_by=by, cancelled_at=at)
    )


def finish_dates(session: Session, *, case_id: int, kinds: Sequence[str], by: int, at: dt.datetime) -> None:
    """Tick off the days of these kinds that are still open: the next step has made them idle."""
    session.execute(
        sa.update(case_date)
        .where(
            case_date.c.case_id == case_id,
            case_date.c.kind.in_(list(kinds)),
            case_date.c.done_at.is_(None),
            case_date.c.cancelled_at.is_(None),
        )
        .values(done_by=by, done_at=at)
    )
