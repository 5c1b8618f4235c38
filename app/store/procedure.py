"""Versions of a community's procedure and wording: what is in force on a day, what waits, what was before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import not_found
from app.store import db
from app.store.arrears import day
from app.store.tables_office import app_user, procedure_level
from app.store.tables_procedure import procedure_version, procedure_version_level, wording_version
from app.store.types import BigId

Row = sa.Row[Any]
DRAFT, PUBLISHED, DISCARDED = "draft", "published", "discarded"

_LEVEL = ("level", "min_days", "min_amount_fen", "pause_days", "tone", "deadline_days", "is_active")


# --- levels ---------------------------------------------------------------------------------------


def in_force(on: dt.date) -> sa.Subquery:
    """Return the levels of every community's procedure as they apply on a day, as a subquery.

    A community that never published a version goes by the levels it was made with; ``version_id`` is then NULL.
    """
    newer = procedure_version.alias("newer")
    version = procedure_version
    applies = sa.and_(version.c.state == PUBLISHED, version.c.from_on <= day(on))
    outdone = (
        sa.exists()
        .where(
            newer.c.community_id == version.c.community_id,
            newer.c.state == PUBLISHED,
            newer.c.from_on <= day(on),
            sa.or_(
                newer.c.from_on > version.c.from_on,
                sa.and_(newer.c.from_on == version.c.from_on, newer.c.number > version.c.number),
            ),
        )
        .correlate(version)
    )
    published = (
        sa.select(version.c.community_id, version.c.id.label("version_id"), *_columns(procedure_version_level))
        .join(procedure_version_level, procedure_version_level.c.version_id == version.c.id)
        .where(applies, ~outdone)
    )
    has_version = sa.exists().where(version.c.community_id == procedure_level.c.community_id, applies)
    first = sa.select(
        procedure_level.c.community_id, sa.cast(sa.null(), BigId).label("version_id"), *_columns(procedure_level)
    ).where(~has_version.correlate(procedure_level))
    return sa.union_all(published, first).subquery("levels_in_force")


def levels_on(session: Session, community_id: int, *, on: dt.date) -> list[Row]:
    """Return every level in force on a day, idle ones too, mildest first."""
    steps = in_force(on)
    return list(session.execute(sa.select(steps).where(steps.c.community_id == community_id).order_by(steps.c.level)))


def levels_of(session: Session, *, community_id: int, version_id: int | None) -> list[Row]:
    """Return the levels of one version; None stands for those the community was made with."""
    table = procedure_level if version_id is None else procedure_version_level
    whose = table.c.community_id == community_id if version_id is None else table.c.version_id == version_id
    return list(session.execute(sa.select(*_columns(table)).where(whose).order_by(table.c.level)))


def level_on(session: Session, *, community_id: int, level: int, on: dt.date) -> Row:
    """Return one level in force on a day.

    Raises:
        Refusal: ``notice.level_unknown`` also for a level that is idle.

    """
    return _active(levels_on(session, community_id, on=on), level)


def level_of_batch(session: Session, batch: Row) -> Row:
    """Return the level a batch was drafted under, whatever is in force by now.

    Raises:
        Refusal: ``notice.level_unknown``.

    """
    found = levels_of(session, community_id=batch.community_id, version_id=batch.procedure_version_id)
    return _active(found, batch.level)


def versions(session: Session, community_id: int) -> list[Row]:
    """Return the versions of a procedure, newest first, with the names of who drafted and who published."""
    return list(
        session.execute(
            _named(procedure_version)
            .where(procedure_version.c.community_id == community_id)
            .order_by(procedure_version.c.number.desc())
        )
    )


def version(session: Session, version_id: int) -> Row:
    """Return one version.

    Raises:
        Refusal: ``procedure.version_unknown``.

    """
    return _one(session, procedure_version, version_id, "procedure.version_unknown")


def lock_version(session: Session, version_id: int) -> Row:
    """Return one version, locked until the commit.

    Raises:
        Refusal: ``procedure.version_unknown``.

    """
    return _locked(session, procedure_version, version_id, "procedure.version_unknown")


def draft_version(session: Session, row: Mapping[str, Any], levels: Sequence[Mapping[str, Any]]) -> int:
    """Write a draft with the next number and its levels, and return its id."""
    made = _insert(session, procedure_version, row, procedure_version.c.community_id == row["community_id"])
    session.execute(sa.insert(procedure_version_level), [{"version_id": made, **level} for level in levels])
    return made


def update_version(session: Session, version_id: int, **columns: object) -> None:
    """Change state and signature of a version; what it says never changes."""
    session.execute(sa.update(procedure_version).where(procedure_version.c.id == version_id).values(**columns))


# --- wording --------------------------------------------------------------------------------------


def wording_in_force(session: Session, *, community_id: int, tone: str) -> Row | None:
    """Return the wording published last for a tone, None where the shipped template stands alone."""
    return session.execute(
        _named(wording_version)
        .where(
            wording_version.c.community_id == community_id,
            wording_version.c.tone == tone,
            wording_version.c.state == PUBLISHED,
        )
        .order_by(wording_version.c.number.desc())
        .limit(1)
    ).one_or_none()


def wordings(session: Session, community_id: int, *, tone: str | None = None) -> list[Row]:
    """Return the versions of the wording, newest first, of one tone or of all."""
    query = _named(wording_version).where(wording_version.c.community_id == community_id)
    if tone is not None:
        query = query.where(wording_version.c.tone == tone)
    return list(session.execute(query.order_by(wording_version.c.tone, wording_version.c.number.desc())))


def wording(session: Session, wording_id: int) -> Row:
    """Return one version of a wording.

    Raises:
        Refusal: ``wording.version_unknown``.

    """
    return _one(session, wording_version, wording_id, "wording.version_unknown")


def lock_wording(session: Session, wording_id: int) -> Row:
    """Return one version of a wording, locked until the commit.

    Raises:
        Refusal: ``wording.version_unknown``.

    """
    return _locked(session, wording_version, wording_id, "wording.version_unknown")


def draft_wording(session: Session, row: Mapping[str, Any]) -> int:
    """Write a draft with the next number of its tone and return its id."""
    return _insert(
        session,
        wording_version,
        row,
        sa.and_(wording_version.c.community_id == row["community_id"], wording_version.c.tone == row["tone"]),
    )


def update_wording(session: Session, wording_id: int, **columns: object) -> None:
    """Change state and signature of a wording; its words never change."""
    session.execute(sa.update(wording_version).where(wording_version.c.id == wording_id).values(**columns))


# --- private --------------------------------------------------------------------------------------


def _active(levels: Sequence[Row], level: int) -> Row:
    found = next((row for row in levels if row.level == level and row.is_active), None)
    if found is None:
        raise not_found("notice.level_unknown", level=level)
    return found


def _columns(table: sa.Table) -> list[sa.Column[Any]]:
    return [table.c[name] for name in _LEVEL]


def _named(table: sa.Table) -> sa.Select[Any]:
    drafted, published = app_user.alias("drafted"), app_user.alias("published")
    return (
        sa.select(table, drafted.c.name.label("created_by_name"), published.c.name.label("published_by_name"))
        .outerjoin(drafted, drafted.c.id == table.c.created_by)
        .outerjoin(published, published.c.id == table.c.published_by)
    )


def _one(session: Session, table: sa.Table, row_id: int, unknown: str) -> Row:
    row = session.execute(_named(table).where(table.c.id == row_id)).one_or_none()
    if row is None:
        raise not_found(unknown)
    return row


def _locked(session: Session, table: sa.Table, row_id: int, unknown: str) -> Row:
    row = session.execute(db.lock_row(session, sa.select(table).where(table.c.id == row_id))).one_or_none()
    if row is None:
        raise not_found(unknown)
    return row


def _insert(session: Session, table: sa.Table, row: Mapping[str, Any], siblings: sa.ColumnElement[bool]) -> int:
    db.check_text(table, row)
    number = session.execute(sa.select(sa.func.coalesce(sa.func.max(table.c.number), 0) + 1).where(siblings))
    values = {**row, "number": number.scalar_one()}
    return int(session.execute(sa.insert(table).values(**values).returning(table.c.id)).scalar_one())
