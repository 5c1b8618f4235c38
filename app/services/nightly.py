"""Closing one business day: credit and conditions of the accounts that need it, then levels and dates of all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.domain.errors import Refusal
from app.store import audit, leadership, ledger, nightly, waivers

ACTOR = "nightly"
TURN = "nightly close"


@dataclass(frozen=True, slots=True)
class Failure:
    """An account that could not be brought to a day, and what went wrong in the words of the program."""

    unit_id: int
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Closed:
    """What closing a day did."""

    accounts: int
    levels: int
    expired_requests: int
    failures: tuple[Failure, ...]


def first_open_on(session: Session, *, through: dt.date) -> dt.date | None:
    """Return the oldest date some account has still to close, or None when there is nothing to do."""
    return nightly.first_open_on(session, through=through)


def begin_day(session: Session, *, on: dt.date, through: dt.date, now: dt.datetime) -> list[int]:
    """Note the start of a date and return the accounts that need work before they can be closed.

    Nothing is noted for a date that no account waits for.
    """
    if not nightly.open_accounts(session, on=on, through=through).accounts:
        return []
    nightly.begin(session, on=on, now=now)
    return nightly.accounts_with_work(session, on=on, through=through)


def settle_accounts(session: Session, *, unit_ids: Sequence[int], on: dt.date) -> tuple[Failure, ...]:
    """Book stored credit through a day and follow conditions; an account that fails keeps its date and the rest go on.

    All are tried at once, one by one only when that fails: the number of statements does not depend on how many.
    """

    def together() -> None:
        _settle(session, unit_ids, on)

    if _attempt(session, together) is None:
        return ()
    failures: list[Failure] = []
    for unit_id in unit_ids:

        def alone(unit_id: int = unit_id) -> None:
            _settle(session, [unit_id], on)

        fault = _attempt(session, alone)
        if fault is not None:
            failures.append(_failure(session, unit_id, on, fault))
    return tuple(failures)


def close_day(session: Session, *, on: dt.date, through: dt.date, now: dt.datetime) -> Closed:
    """Reach the levels of a day and close it for every account that may be; a handful of statements for any number."""
    leadership.wait_turn(session, TURN)
    found = nightly.open_accounts(session, on=on, through=through)
    if not found.accounts:
        return Closed(0, 0, 0, ())
    nightly.lock_open(session, on=on, through=through)
    expired = waivers.expire_requests(session, before=on)
    accounts, levels, failures = _close(session, on, through, found.span if found.accounts == 1 else None)
    nightly.supersede(session, on=on)
    nightly.finish(session, on=on, now=now, accounts=accounts)
    facts = {"accounts": accounts, "levels": levels, "expired_requests": expired}
    audit.record(session, at=now, actor=ACTOR, action="nightly.closed", subject=f"day:{on.isoformat()}", facts=facts)
    return Closed(accounts, levels, expired, failures)


def problems(session: Session) -> list[nightly.Problem]:
    """Return the accounts that wait for somebody to look."""
    return nightly.problems(session)


def drafts_due(session: Session, *, on: dt.date) -> list[tuple[int, int]]:
    """Return each (community, level) for which a batch of notices is to be drafted."""
    return nightly.drafts_due(session, on=on)


def units_to_draft(session: Session, *, on: dt.date, community_id: int, level: int) -> list[int]:
    """Return the units of such a batch; whoever asks has the turn until the commit, so nobody drafts them twice."""
    leadership.wait_turn(session, TURN)
    return nightly.units_to_draft(session, on=on, community_id=community_id, level=level)


# --- private --------------------------------------------------------------------------------------


def _settle(session: Session, unit_ids: Sequence[int], on: dt.date) -> None:
    ledger.refresh(session, unit_ids, through=on)
    waivers.follow_conditions(session, unit_ids=unit_ids, through=on)
    nightly.clear_problems(session, unit_ids)


def _close(
    session: Session, on: dt.date, through: dt.date, span: nightly.Span | None
) -> tuple[int, int, tuple[Failure, ...]]:
    """Close all accounts of a span at once; when the database refuses, halve it until the bad ones stand alone."""
    done = [0, 0]

    def at_once() -> None:
        done[1] = nightly.reach_levels(session, on=on, through=through, span=span)
        done[0] = nightly.close(session, on=on, through=through, span=span)

    fault = _attempt(session, at_once)
    if fault is None:
        return done[0], done[1], ()
    low, high = span or nightly.open_accounts(session, on=on, through=through).span
    if low == high:
        return 0, 0, (_failure(session, low, on, fault),)
    middle = (low + high) // 2
    left = _close(session, on, through, (low, middle))
    right = _close(session, on, through, (middle + 1, high))
    return left[0] + right[0], left[1] + right[1], left[2] + right[2]


def _attempt(session: Session, act: Callable[[], None]) -> Exception | None:
    """Do something that either happens as a whole or leaves no trace, and return what stopped it."""
    try:
        with session.begin_nested():
            act()
    except DBAPIError as error:
        if _is_not_the_accounts_fault(error):
            raise
        return error
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one account, the others go on
        return error
    return None


def _is_not_the_accounts_fault(error: DBAPIError) -> bool:
    """Tell a server that is gone, or a lock that was not to be had, from a row that cannot be."""
    return error.connection_invalidated or type(error).__name__ in {"OperationalError", "InterfaceError"}


def _failure(session: Session, unit_id: int, on: dt.date, fault: Exception) -> Failure:
    code = fault.code if isinstance(fault, Refusal) else "nightly.account_failed"
    nightly.mark_problem(session, unit_id=unit_id, on=on, code=code)
    detail = str(fault.orig) if isinstance(fault, DBAPIError) else str(fault)
    return Failure(unit_id, code, f"{type(fault).__name__}: {detail}"[:500])
