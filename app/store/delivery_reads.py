"""The register of deliveries as lists: every notice with its latest delivery, filters, counts, gaps in the proof."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.delivery import State
from app.domain.errors import not_found
from app.store import notices
from app.store.arrears import day
from app.store.tables import community, ownership, person, unit
from app.store.tables_deliveries import delivery, delivery_event, delivery_import
from app.store.tables_office import app_user, document_file, notice, notice_batch

Row = Mapping[str, Any]
D, E, N = delivery.c, delivery_event.c, notice.c
OPEN = ("made", "printed")


@dataclass(frozen=True, slots=True)
class Filter:
    """What narrows the register; an empty field does not narrow."""

    community_id: int
    state: str = ""
    channel: str = ""
    level: int | None = None
    batch_id: int | None = None
    gap: str = ""
    text: str = ""


# --- the register ---------------------------------------------------------------------------------


def _latest() -> sa.Subquery:
    """The delivery of each notice that tells most: the one that arrived, else the last one opened."""
    place = sa.func.row_number().over(
        partition_by=D.notice_id,
        order_by=(sa.case((D.arrived_on.is_not(None), 0), else_=1), D.strength == "", D.strength, D.id.desc()),
    )
    ranked = sa.select(delivery, place.label("place")).subquery("ranked")
    return sa.select(ranked).where(ranked.c.place == 1).subquery("latest")


def _state(latest: sa.Subquery) -> sa.ColumnElement[str]:
    """The state of a notice: what its delivery says, else whether it was printed."""
    known = sa.and_(latest.c.id.is_not(None), latest.c.state != State.MADE.value)
    return sa.case((known, latest.c.state), (document_file.c.sha256.is_not(None), "printed"), else_="made")


def _query(wanted: Filter) -> tuple[sa.Select[Any], sa.ColumnElement[str], sa.Subquery]:
    latest = _latest()
    state = _state(latest)
    query = (
        sa.select(
            N.id.label("notice_id"),
            N.number,
            N.level,
            N.nth,
            N.as_of,
            N.batch_id,
            N.document_id,
            N.unit_id,
            unit.c.label,
            latest.c.id.label("delivery_id"),
            latest.c.channel,
            latest.c.attempt,
            latest.c.state_on,
            latest.c.arrived_on,
            latest.c.dispatched_on,
            latest.c.signed_on,
            latest.c.has_content,
            latest.c.strength,
            latest.c.post_number,
            state.label("state"),
        )
        .join(unit, unit.c.id == N.unit_id)
        .outerjoin(latest, latest.c.notice_id == N.id)
        .outerjoin(document_file, document_file.c.document_id == N.document_id)
        .where(N.community_id == wanted.community_id, ~notices.is_void())
    )
    if wanted.level is not None:
        query = query.where(N.level == wanted.level)
    if wanted.batch_id is not None:
        query = query.where(N.batch_id == wanted.batch_id)
    if wanted.channel:
        query = query.where(latest.c.channel == wanted.channel)
    if wanted.text:
        likeness = f"%{wanted.text.replace('%', '').replace('_', '')}%"
        found = (unit.c.label.like(likeness), unit.c.code.like(likeness), N.number.like(likeness))
        query = query.where(sa.or_(*found, latest.c.post_number.like(likeness)))
    if wanted.gap:
        query = query.where(_gap(latest, wanted.gap))
    return query, state, latest


def _gap(latest: sa.Subquery, kind: str) -> sa.ColumnElement[bool]:
    is_arrived = sa.and_(latest.c.arrived_on.is_not(None), latest.c.strength.in_(("A", "B")))
    if kind == "content":
        return sa.and_(latest.c.arrived_on.is_not(None), latest.c.has_content.is_(False))
    if kind == "arrival":
        return sa.or_(latest.c.id.is_(None), latest.c.arrived_on.is_(None))
    return sa.or_(latest.c.id.is_(None), sa.not_(is_arrived))


def listed(session: Session, wanted: Filter, *, limit: int, offset: int) -> list[Row]:
    """Return notices with how their delivery stands, those that wait for something first, newest first."""
    query, state, _ = _query(wanted)
    if wanted.state == "open":
        query = query.where(state.in_(OPEN))
    elif wanted.state:
        query = query.where(state == wanted.state)
    query = query.order_by(N.batch_id.desc(), unit.c.sort_key, N.id).limit(limit).offset(offset)
    return [dict(row) for row in session.execute(query).mappings()]


def counts(session: Session, wanted: Filter) -> dict[str, int]:
    """Return how many notices are in which state, under every filter but the state's own."""
    query, _, _ = _query(wanted)
    inner = query.subquery("found")
    rows = session.execute(sa.select(inner.c.state, sa.func.count()).group_by(inner.c.state))
    return {str(state): int(number) for state, number in rows}


def gaps(session: Session, *, community_id: int) -> Row:
    """Return what is missing in a community: notices without any proof of arrival, and arrivals of unknown content."""
    latest = _latest()
    counted = sa.select(
        sa.func.count().label("notices"),
        sa.func.coalesce(sa.func.sum(sa.case((_gap(latest, "arrival"), 1), else_=0)), 0).label("arrival"),
        sa.func.coalesce(sa.func.sum(sa.case((_gap(latest, "content"), 1), else_=0)), 0).label("content"),
    ).select_from(notice.outerjoin(latest, latest.c.notice_id == N.id))
    found = session.execute(counted.where(N.community_id == community_id, ~notices.is_void())).one()
    return {"notices": int(found.notices), "arrival": int(found.arrival), "content": int(found.content)}


def batches(session: Session, *, community_id: int) -> list[Row]:
    """Return the batches a community's notices belong to, newest first, to choose from."""
    query = sa.select(notice_batch.c.id, notice_batch.c.level, notice_batch.c.as_of).where(
        notice_batch.c.community_id == community_id, notice_batch.c.state.in_(("released", "done"))
    )
    return [dict(row) for row in session.execute(query.order_by(notice_batch.c.id.desc()).limit(50)).mappings()]


def open_notices() -> sa.Select[Any]:
    """Return the statement that counts printed notices nothing was registered of; takes ``community_id``."""
    where = sa.bindparam("community_id", type_=sa.BigInteger())
    known = sa.exists().where(D.notice_id == N.id, D.state != State.MADE.value)
    return (
        sa.select(sa.func.count())
        .select_from(notice.join(document_file, document_file.c.document_id == N.document_id))
        .where(N.community_id == where, ~known)
    )


# --- notices to be registered ---------------------------------------------------------------------


def head(session: Session, notice_id: int) -> Row:
    """Return one notice as the pages of deliveries show it.

    Raises:
        Refusal: ``notice.unknown``.

    """
    rows = heads(session, [notice_id])
    if not rows:
        raise not_found("notice.unknown")
    return rows[0]


def heads(session: Session, notice_ids: Sequence[int]) -> list[Row]:
    """Return notices in walking order, with unit, community, and pages and hash of their file."""
    query = (
        sa.select(
            notice,
            unit.c.label,
            unit.c.code,
            unit.c.sort_key,
            community.c.name.label("community"),
            community.c.address.label("community_address"),
            community.c.company_name,
            community.c.office_phone,
            document_file.c.pages,
            document_file.c.sha256,
        )
        .join(unit, unit.c.id == N.unit_id)
        .join(community, community.c.id == N.community_id)
        .outerjoin(document_file, document_file.c.document_id == N.document_id)
        .where(N.id.in_(list(notice_ids)))
        .order_by(unit.c.sort_key, N.id)
    )
    return [dict(row) for row in session.execute(query).mappings()]


def notice_ids(session: Session, wanted: Filter, *, limit: int) -> list[int]:
    """Return the notices of a filtered register, in walking order."""
    query, state, _ = _query(wanted)
    if wanted.state == "open":
        query = query.where(state.in_(OPEN))
    elif wanted.state:
        query = query.where(state == wanted.state)
    query = query.with_only_columns(N.id, unit.c.sort_key).order_by(unit.c.sort_key, N.id).limit(limit)
    return [row.id for row in session.execute(query)]


def owners(session: Session, unit_ids: Sequence[int], *, on: dt.date) -> dict[int, list[Any]]:
    """Return who owns each unit on a day: names, and phones still sealed."""
    query = (
        sa.select(
            ownership.c.unit_id,
            person.c.id,
            person.c.name,
            person.c.phone_sealed,
            person.c.row_key,
            person.c.phone_bad_on,
        )
        .join(person, person.c.id == ownership.c.person_id)
        .where(ownership.c.unit_id.in_(unit_ids), ownership.c.from_on <= day(on), ownership.c.until_on > day(on))
        .order_by(ownership.c.unit_id, ownership.c.id)
    )
    found: dict[int, list[Any]] = {}
    for row in session.execute(query):
        found.setdefault(row.unit_id, []).append(row)
    return found


def notices_numbered(session: Session, numbers: Iterable[str], *, community_id: int) -> dict[str, int]:
    """Return the notices that bear these numbers."""
    query = sa.select(N.number, N.id).where(N.community_id == community_id, N.number.in_(list(numbers)))
    return {row.number: row.id for row in session.execute(query)}


def mailed(session: Session, numbers: Iterable[str], *, community_id: int) -> dict[str, Any]:
    """Return the latest delivery by post of the notices that bear these numbers, by number."""
    query = (
        sa.select(delivery, N.number)
        .join(notice, N.id == D.notice_id)
        .where(D.community_id == community_id, N.number.in_(list(numbers)), D.channel.in_(("ems", "post")))
        .order_by(D.id)
    )
    return {row.number: row for row in session.execute(query)}


# --- one delivery ---------------------------------------------------------------------------------


def timeline(session: Session, delivery_id: int) -> list[dict[str, Any]]:
    """Return every event of a delivery as it was filed, with who filed it and what took it back."""
    query = (
        sa.select(delivery_event, app_user.c.name.label("by_name"))
        .outerjoin(app_user, app_user.c.id == E.recorded_by)
        .where(E.delivery_id == delivery_id)
        .order_by(E.id)
    )
    rows = [dict(row) for row in session.execute(query).mappings()]
    gone = {row["corrects_id"] for row in rows if row["corrects_id"] is not None}
    for row in rows:
        row["facts"], row["files"] = json.loads(row["facts"]), json.loads(row["files"])
        row["is_corrected"] = row["id"] in gone
    return rows


def story(session: Session, unit_id: int) -> list[Row]:
    """Return what was learnt of a unit's deliveries, with channel and number, for its timeline; taken back or not."""
    later = delivery_event.alias("later")
    query = (
        sa.select(
            E.delivery_id,
            E.kind,
            E.happened_on,
            E.recorded_at,
            D.channel,
            N.number,
            app_user.c.name.label("by_name"),
            sa.exists().where(later.c.corrects_id == E.id).label("is_corrected"),
        )
        .join(delivery, D.id == E.delivery_id)
        .join(notice, N.id == D.notice_id)
        .outerjoin(app_user, app_user.c.id == E.recorded_by)
        .where(E.unit_id == unit_id)
        .order_by(E.id)
    )
    return [dict(row) for row in session.execute(query).mappings()]


def of_notices(session: Session, unit_id: int) -> dict[int, Row]:
    """Return for each notice of a unit the delivery that tells most of it."""
    latest = _latest()
    query = sa.select(latest).where(latest.c.unit_id == unit_id, latest.c.state != State.MADE.value)
    return {row["notice_id"]: dict(row) for row in session.execute(query).mappings()}


def imports(session: Session, *, community_id: int) -> list[dict[str, Any]]:
    """Return the files of the post office that were read, newest first."""
    query = (
        sa.select(delivery_import, app_user.c.name.label("by_name"))
        .outerjoin(app_user, app_user.c.id == delivery_import.c.recorded_by)
        .where(delivery_import.c.community_id == community_id)
        .order_by(delivery_import.c.id.desc())
        .limit(50)
    )
    rows = [dict(row) for row in session.execute(query).mappings()]
    for row in rows:
        row["problems"] = json.loads(row["problems"])
    return rows


def add_import(session: Session, row: Row) -> int:
    """Write down that a file was read, and return its id."""
    query = sa.insert(delivery_import).values(**row).returning(delivery_import.c.id)
    return int(session.execute(query).scalar_one())


# --- the report -----------------------------------------------------------------------------------


def rates(session: Session, *, community_id: int, from_on: dt.date, to_on: dt.date) -> list[Row]:
    """Return by level and channel how many notices went out, arrived, were signed for, and by what strength.

    A notice counts once, under the delivery that tells most of it; those nothing was registered of stand under an
    empty channel.
    """
    latest = _latest()

    def count(*where: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sa.func.sum(sa.case((sa.and_(*where), 1), else_=0)), 0)

    is_known = sa.and_(latest.c.id.is_not(None), latest.c.state != State.MADE.value)
    channel = sa.case((is_known, latest.c.channel), else_="")
    query = (
        sa.select(
            N.level,
            channel.label("channel"),
            sa.func.count().label("notices"),
            count(latest.c.dispatched_on.is_not(None)).label("sent"),
            count(latest.c.arrived_on.is_not(None)).label("arrived"),
            count(latest.c.signed_on.is_not(None)).label("signed"),
            count(latest.c.state == "refused").label("refused"),
            count(latest.c.state == "returned").label("returned"),
            count(latest.c.arrived_on.is_not(None), latest.c.has_content.is_(True)).label("proven"),
            count(latest.c.arrived_on.is_(None)).label("no_arrival"),
            count(latest.c.arrived_on.is_not(None), latest.c.has_content.is_(False)).label("no_content"),
        )
        .select_from(notice.outerjoin(latest, latest.c.notice_id == N.id))
        .where(N.community_id == community_id, N.as_of >= day(from_on), N.as_of <= day(to_on), ~notices.is_void())
        .group_by(N.level, channel)
        .order_by(N.level, channel)
    )
    return [dict(row) for row in session.execute(query).mappings()]


def without_proof(session: Session, *, community_id: int, from_on: dt.date, to_on: dt.date, limit: int) -> list[Row]:
    """Return the notices of a period that lack the proof of arrival, or of what it was that arrived."""
    query, _, latest = _query(Filter(community_id))
    query = query.where(
        N.as_of >= day(from_on),
        N.as_of <= day(to_on),
        sa.or_(_gap(latest, "arrival"), _gap(latest, "content")),
    )
    query = query.order_by(N.level.desc(), unit.c.sort_key, N.id).limit(limit)
    return [dict(row) for row in session.execute(query).mappings()]
