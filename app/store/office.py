"""What the settings pages read and write: a community's own data, calendar years, numbers, steps and care runs."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.calendar import OFFICIAL
from app.domain.setup import Counts, SetupStep
from app.store import db
from app.store.tables import (
    bill,
    calendar_day,
    community,
    fee_item,
    late_charge_policy,
    ledger_entry,
    ownership,
    rate_plan,
    tariff,
    unit,
)
from app.store.tables_office import app_user, number_counter
from app.store.tables_settings import care_run, setup_step
from app.store.types import canonical

# --- the community's own data ---------------------------------------------------------------------


def save_community(session: Session, community_id: int, columns: Mapping[str, Any]) -> None:
    """Overwrite columns of a community; documents printed before keep what they were printed with."""
    session.execute(sa.update(community).where(community.c.id == community_id).values(**columns))


def check_columns(columns: Mapping[str, Any]) -> None:
    """Refuse text that is longer than its column of a community.

    Raises:
        Refusal: ``text.too_long`` or ``text.unreadable``, naming the column.

    """
    db.check_text(community, columns)


def has_ledger(session: Session, community_id: int) -> bool:
    """Say whether money has been booked, so that the order of allocation can no longer change."""
    rows = sa.select(ledger_entry.c.id).join(unit, unit.c.id == ledger_entry.c.unit_id)
    return session.execute(rows.where(unit.c.community_id == community_id).limit(1)).first() is not None


def demo_only(session: Session) -> bool:
    """Say whether there are communities and all of them are the demo's."""
    total, demos = session.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(sa.cast(community.c.is_demo, sa.Integer)), 0))
    ).one()
    return 0 < int(total) == int(demos)


def any_demo(session: Session) -> bool:
    """Say whether a demo's community is in the books."""
    return session.execute(sa.select(community.c.id).where(community.c.is_demo).limit(1)).first() is not None


# --- calendar years -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Year:
    """One year of the working-day calendar and where it comes from; ``source`` is empty for a shipped one."""

    year: int
    rest_days: int
    work_days: int
    source: str


def years(session: Session) -> list[Year]:
    """Return every known year, newest first; one the office entered stands for the one shipped."""
    rows = session.execute(sa.select(calendar_day.c.day_on, calendar_day.c.is_working, calendar_day.c.source)).all()
    entered: dict[int, list[Any]] = {}
    for row in rows:
        entered.setdefault(row.day_on.year, []).append(row)
    found = [
        Year(
            year,
            sum(day.year == year for day in OFFICIAL.rest_on),
            sum(day.year == year for day in OFFICIAL.work_on),
            "",
        )
        for year in OFFICIAL.years_known - entered.keys()
    ]
    found += [
        Year(year, sum(not row.is_working for row in days), sum(row.is_working for row in days), days[0].source)
        for year, days in entered.items()
    ]
    return sorted(found, key=lambda one: -one.year)


def put_year(session: Session, *, year: int, days: Mapping[dt.date, bool], source: str) -> None:
    """Write a year anew: each exceptional day and whether people work on it."""
    first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
    session.execute(sa.delete(calendar_day).where(calendar_day.c.day_on.between(first, last)))
    rows = [{"day_on": on, "is_working": works, "source": source} for on, works in sorted(days.items())]
    session.execute(sa.insert(calendar_day), rows)


# --- numbers --------------------------------------------------------------------------------------


def counters(session: Session, community_ids: Collection[int]) -> list[sa.Row[Any]]:
    """Return the last number given of each kind and year, newest year first."""
    return list(
        session.execute(
            sa.select(number_counter, community.c.name)
            .join(community, community.c.id == number_counter.c.community_id)
            .where(number_counter.c.community_id.in_(list(community_ids)))
            .order_by(community.c.name, number_counter.c.year.desc(), number_counter.c.kind)
        )
    )


def raise_counter(session: Session, *, community_id: int, kind: str, year: int, last: int) -> bool:
    """Let the next number follow ``last``; a number already passed is never given again: False, nothing changed."""
    row = {"community_id": community_id, "kind": kind, "year": year, "last": 0}
    db.insert_one_new(session, number_counter, row)
    done = session.execute(
        sa.update(number_counter)
        .where(
            number_counter.c.community_id == community_id,
            number_counter.c.kind == kind,
            number_counter.c.year == year,
            number_counter.c.last < last,
        )
        .values(last=last)
        .returning(number_counter.c.last)
    )
    return done.first() is not None


# --- setting up -----------------------------------------------------------------------------------


def setup_counts(session: Session, community_id: int) -> Counts:
    """Return what a community has so far, in one statement and one for the confirmed steps."""

    def number(table: sa.Table, *where: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
        return sa.select(sa.func.count()).select_from(table).where(*where).scalar_subquery()

    of_unit = ownership.c.unit_id == unit.c.id
    owned = sa.exists().where(of_unit).correlate(unit)
    priced = sa.exists().where(tariff.c.fee_item_id == fee_item.c.id).correlate(fee_item)
    clauses = (
        sa.select(sa.func.count())
        .select_from(late_charge_policy.join(rate_plan, rate_plan.c.id == late_charge_policy.c.plan_id))
        .where(rate_plan.c.community_id == community_id, late_charge_policy.c.source_clause != "")
        .scalar_subquery()
    )
    here = unit.c.community_id == community_id
    item = sa.and_(fee_item.c.community_id == community_id, fee_item.c.is_active)
    row = session.execute(
        sa.select(
            number(unit, here),
            number(unit, here, owned),
            number(fee_item, item),
            number(fee_item, item, priced),
            clauses,
            sa.exists().where(bill.c.community_id == community_id),
        )
    ).one()
    done = session.execute(sa.select(setup_step.c.step).where(setup_step.c.community_id == community_id)).scalars()
    units, owned_units, items, with_price, with_clause, has_bills = row
    return Counts(
        units=int(units),
        units_with_owner=int(owned_units),
        fee_items=int(items),
        fee_items_with_price=int(with_price),
        late_charge_clauses=int(with_clause),
        bills=int(bool(has_bills)),
        confirmed=frozenset(SetupStep(step) for step in done),
    )


def confirm_step(
    session: Session, *, community_id: int, step: SetupStep, note: str, user_id: int, at: dt.datetime
) -> bool:
    """Write down that somebody confirmed a step; False when it was confirmed before."""
    row = {"community_id": community_id, "step": step.value, "note": note, "done_by": user_id, "done_at": at}
    return db.insert_one_new(session, setup_step, row)


def confirmations(session: Session, community_id: int) -> dict[str, sa.Row[Any]]:
    """Return who confirmed which step and when."""
    query = (
        sa.select(setup_step, app_user.c.name.label("by_name"))
        .outerjoin(app_user, app_user.c.id == setup_step.c.done_by)
        .where(setup_step.c.community_id == community_id)
    )
    return {row.step: row for row in session.execute(query)}


# --- care: backups, drills, checks ----------------------------------------------------------------


def begin_care(session: Session, *, kind: str, by: str, at: dt.datetime, file_name: str = "") -> int:
    """Note that a backup, a drill or a check has begun and return its id."""
    row = {"kind": kind, "started_by": by[:60], "started_at": at, "file_name": file_name}
    return int(session.execute(sa.insert(care_run).values(**row).returning(care_run.c.id)).scalar_one())


def finish_care(session: Session, run_id: int, *, at: dt.datetime, **columns: Any) -> None:  # noqa: ANN401 - column values
    """Note how it ended; ``problems`` is a list of ``{where, what}``."""
    if "problems" in columns:
        columns["problems"] = canonical(columns["problems"])
    session.execute(sa.update(care_run).where(care_run.c.id == run_id).values(finished_at=at, **columns))


def care_runs(session: Session, kinds: Sequence[str], *, limit: int = 30) -> list[dict[str, Any]]:
    """Return the newest runs of these kinds with their problems read back."""
    query = sa.select(care_run).where(care_run.c.kind.in_(list(kinds))).order_by(care_run.c.id.desc()).limit(limit)
    return [{**row, "problems": json.loads(row["problems"])} for row in session.execute(query).mappings()]


def last_care(session: Session, kind: str) -> dict[str, Any] | None:
    """Return the newest run of a kind that ended well, or None."""
    query = (
        sa.select(care_run)
        .where(care_run.c.kind == kind, care_run.c.finished_at.is_not(None), care_run.c.failure == "")
        .order_by(care_run.c.id.desc())
        .limit(1)
    )
    row = session.execute(query).mappings().first()
    return None if row is None else {**row, "problems": json.loads(row["problems"])}


def running_care(session: Session, kind: str, *, since: dt.datetime) -> bool:
    """Say whether a run of this kind began after ``since`` and has not ended."""
    query = sa.select(care_run.c.id).where(
        care_run.c.kind == kind, care_run.c.finished_at.is_(None), care_run.c.started_at > since
    )
    return session.execute(query.limit(1)).first() is not None
