"""The office's own settings: a community's data, its seal, calendar years, numbers, and the steps of setting up."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.domain.company import is_credit_code
from app.domain.errors import Refusal, conflict
from app.domain.setup import CONFIRMED, SetupStep, progress
from app.store import audit, clocks, estate, office
from app.store.documents import PREFIX

RULES = ("allocation_within", "allocation_across", "credit_mode", "roll_due")
MAX_NUMBER = 899_999
CALENDAR_YEARS = range(2000, 2100)
MOST_EXCEPTIONS = 60

_ACCOUNT = re.compile(r"[0-9][0-9 -]{5,58}[0-9]")
_PHONE = re.compile(r"[0-9+][0-9 ()+-]{5,38}[0-9]")


def create_community(session: Session, *, columns: Mapping[str, Any], now: dt.datetime, actor: str) -> int:
    """Create a community from its own data and return its id.

    Raises:
        Refusal: ``community.name_missing``, ``community.exists``, ``demo.never_mixed`` and those of
            :func:`save_community`.

    """
    name = str(columns.get("name", "")).strip()
    _check(columns)
    if estate.community_by_name(session, name) is not None:
        raise conflict("community.exists", field="name", name=name)
    made = estate.create_community(session, **dict(columns))
    audit.record(session, at=now, actor=actor, action="community.created", subject=name, community_id=made)
    return made


def save_community(
    session: Session, *, community_id: int, columns: Mapping[str, Any], now: dt.datetime, actor: str
) -> tuple[str, ...]:
    """Change a community's own data and return the names of the columns that differ.

    Raises:
        Refusal: ``community.name_missing``, ``community.exists``, ``community.code_invalid``,
            ``community.account_invalid``, ``community.phone_invalid``, ``community.rules_in_use`` when a rule of
            allocation differs and money has been booked, ``text.too_long``.

    """
    _check(columns)
    row = estate.community_row(session, community_id)._mapping  # noqa: SLF001 - SQLAlchemy's public name of a row's mapping
    changed = tuple(name for name, value in columns.items() if row[name] != value)
    namesake = estate.community_by_name(session, str(columns["name"]))
    if namesake is not None and namesake.id != community_id:
        raise conflict("community.exists", field="name", name=str(columns["name"]))
    touched = next((name for name in changed if name in RULES), None)
    if touched is not None and office.has_ledger(session, community_id):
        raise conflict("community.rules_in_use", field=touched)
    if changed:
        office.save_community(session, community_id, {name: columns[name] for name in changed})
        facts = {name: [_shown(row[name]), _shown(columns[name])] for name in changed if name != "contact_person"}
        audit.record(
            session,
            at=now,
            actor=actor,
            action="community.changed",
            subject=f"community:{community_id}",
            community_id=community_id,
            facts=facts,
        )
    return changed


def put_seal(session: Session, *, community_id: int, sha256: str, now: dt.datetime, actor: str) -> None:
    """Keep the picture of the company's seal, or none where ``sha256`` is empty."""
    office.save_community(session, community_id, {"seal_sha256": sha256})
    audit.record(
        session,
        at=now,
        actor=actor,
        action="community.seal_changed",
        subject=f"community:{community_id}",
        community_id=community_id,
        facts={"sha256": sha256[:16]},
    )


def save_year(
    session: Session, *, year: int, days: Mapping[dt.date, bool], source: str, now: dt.datetime, actor: str
) -> None:
    """Enter the official calendar of a year: ``days`` are the exceptions of :func:`app.domain.announced.exceptions`.

    Raises:
        Refusal: ``calendar.year_out_of_range``, ``calendar.no_days``, ``calendar.too_many_days``,
            ``calendar.source_missing``.

    """
    if year not in CALENDAR_YEARS:
        raise Refusal("calendar.year_out_of_range", field="year")
    if not source.strip():
        raise Refusal("calendar.source_missing", field="source")
    if not days:
        raise Refusal("calendar.no_days", field="rest")
    if len(days) > MOST_EXCEPTIONS:
        raise Refusal("calendar.too_many_days", field="rest", count=len(days), most=MOST_EXCEPTIONS)
    office.put_year(session, year=year, days=days, source=source.strip())
    clocks.rebuild(session)  # a rest day more or less can decide whether something came in time
    audit.record(
        session, at=now, actor=actor, action="calendar.entered", subject=str(year), facts={"source": source.strip()}
    )


def set_last_number(
    session: Session, *, community_id: int, kind: str, year: int, last: int, now: dt.datetime, actor: str
) -> None:
    """Let the next number of a kind and year follow ``last`` (used numbers of an earlier system).

    Raises:
        Refusal: ``number.kind_unknown``, ``number.out_of_range``, ``number.already_passed``.

    """
    if kind not in PREFIX:
        raise Refusal("number.kind_unknown", field="kind")
    if not 1 <= last <= MAX_NUMBER:
        raise Refusal("number.out_of_range", field="last", most=MAX_NUMBER)
    if not office.raise_counter(session, community_id=community_id, kind=kind, year=year, last=last):
        raise conflict("number.already_passed", field="last", last=last)
    audit.record(
        session,
        at=now,
        actor=actor,
        action="number.raised",
        subject=f"{kind}:{year}",
        community_id=community_id,
        facts={"last": last},
    )


def confirm_step(
    session: Session,
    *,
    community_id: int,
    step: SetupStep,
    note: str,
    user_id: int,
    now: dt.datetime,
    actor: str,
) -> None:
    """Confirm one of the two steps a person must confirm; the steps before it must be done.

    Raises:
        Refusal: ``setup.not_to_confirm``, ``setup.earlier_step_open``.

    """
    if step not in CONFIRMED:
        raise Refusal("setup.not_to_confirm")
    for one in progress(office.setup_counts(session, community_id)):
        if one.step == step:
            break
        if not one.is_done:
            raise conflict("setup.earlier_step_open", step=one.step.value)
    if office.confirm_step(session, community_id=community_id, step=step, note=note, user_id=user_id, at=now):
        audit.record(
            session, at=now, actor=actor, action="setup.confirmed", subject=step.value, community_id=community_id
        )


def _check(columns: Mapping[str, Any]) -> None:
    if not str(columns.get("name", "")).strip():
        raise Refusal("community.name_missing", field="name")
    office.check_columns(columns)
    code = str(columns.get("company_code", ""))
    if code and not is_credit_code(code):
        raise Refusal("community.code_invalid", field="company_code")
    number = str(columns.get("payee_account", ""))
    if number and not _ACCOUNT.fullmatch(number):
        raise Refusal("community.account_invalid", field="payee_account")
    phone = str(columns.get("office_phone", ""))
    if phone and not _PHONE.fullmatch(phone):
        raise Refusal("community.phone_invalid", field="office_phone")


def _shown(value: object) -> object:
    return value.isoformat() if isinstance(value, dt.date) else value
