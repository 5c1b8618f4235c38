"""The reports tie to the ledger: their figures are those the pure engine gives, and their parts sum to the whole."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Mapping
from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.domain.events import Payment, Reversal
from app.domain.history import history
from app.domain.ledger import Account, statement
from app.domain.reporting import Standing, total
from app.store import arrears, db, ledger, report_reads
from app.store.report_reads import By, Due, Scope
from tests.making import Estate, add_bill, add_unit, make_estate
from tests.store.test_running_state import FIRST, STEPS, Step, post_all

names = itertools.count()
DUE = (dt.date(2025, 1, 31), dt.date(2025, 4, 10), dt.date(2025, 9, 10), dt.date(2025, 6, 30))


def two_buildings(session: Session, steps: list[list[Step]]) -> tuple[Estate, list[Account]]:
    """Make a unit in each of two buildings, each with four bills, and let things happen to both."""
    made = make_estate(session, units=(), name=f"台账{next(names)}", cap_ratio=Fraction(1))
    units = [add_unit(session, made.community_id, code) for code in ("1-1-101", "2-1-101")]
    for unit_id, happened in zip(units, steps, strict=True):
        bills = [add_bill(session, made, on, 12_345 + place, unit_id=unit_id) for place, on in enumerate(DUE)]
        post_all(session, made, unit_id, bills, happened)
    told = ledger.stories(session, units)
    return made, [told[unit_id].account for unit_id in units]


def engine_says(account: Account, on: dt.date) -> Standing:
    """Return what the pure engine says of one account at the end of a day, as known then."""
    gone = {event.target_id for event in account.events if isinstance(event, Reversal) and event.on <= on}
    bills = [bill for bill in account.bills if bill.issued_on <= on and bill.id not in gone]
    owed = [line for line in statement(account, on).bills if line.bill.issued_on <= on]
    told = history(account, on)
    booked: Counter[str] = Counter()
    standing = {bill.id for bill in bills}
    for part in told.allocations:
        booked[part.component] += part.amount_fen if part.bill_id in standing else 0
    versions = [version for version in told.versions if version.since_on <= on < version.until_on]
    billed, left = sum(bill.principal_fen for bill in bills), sum(line.principal_fen for line in owed)
    return Standing(
        bills=len(bills),
        billed_fen=billed,
        discount_fen=billed - left - booked["principal"],
        principal_fen=left,
        late_fen=sum(line.late_charge_fen for line in owed),
        late_paid_fen=booked["late_charge"],
        late_waived_fen=sum(version.late_waived_fen for version in versions),
    )


@given(steps=st.tuples(STEPS, STEPS))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_where_bills_stand_is_what_the_engine_says_and_the_parts_sum_to_the_whole(
    engine: Engine, steps: tuple[list[Step], list[Step]]
) -> None:
    with db.transaction(engine) as session:
        made, accounts = two_buildings(session, list(steps))
        scope = Scope(made.community_id)
        before: Standing | None = None
        for place in range(20, 420, 90):
            on = FIRST + dt.timedelta(days=place)
            by_building = report_reads.standings(session, scope, on=on, by=By.BUILDING)
            whole = report_reads.standings(session, scope, on=on, by=By.NONE).get("", Standing())
            for building, account in zip("12", accounts, strict=True):
                assert by_building.get(building, Standing()) == engine_says(account, on), (on, building)
            assert total(by_building.values()) == whole
            by_item = report_reads.standings(session, scope, on=on, by=By.ITEM)
            assert total(by_item.values()) == whole
            due = [Due(None, DUE[0]), Due(DUE[0] + dt.timedelta(days=1), None)]
            halves = [report_reads.standings(session, scope, on=on, by=By.NONE, due=half) for half in due]
            assert total(half.get("", Standing()) for half in halves) == whole
            assert whole.received_fen + told_credit(accounts, on) == received(accounts, on)
            if before is not None:
                moved = whole - before
                given_away = moved.discount_fen + moved.late_waived_fen
                came = moved.billed_fen + moved.accrued_fen - moved.received_fen - given_away
                assert before.open_fen + came == whole.open_fen
            before = whole
        session.rollback()


def told_credit(accounts: list[Account], on: dt.date) -> int:
    """Return the money not booked on a bill that stands: credit, and what was paid on bills not issued yet."""
    told = [history(account, on) for account in accounts]
    early = {bill.id for account in accounts for bill in account.bills if bill.issued_on > on}
    ahead = sum(part.amount_fen for one in told for part in one.allocations if part.bill_id in early)
    return sum(one.credit_fen for one in told) + ahead


def received(accounts: list[Account], on: dt.date) -> int:
    """Return the money in hand: payments received by then and not taken back by then."""
    events = [event for account in accounts for event in account.events if event.on <= on]
    gone = {event.target_id for event in events if isinstance(event, Reversal)}
    return sum(event.amount_fen for event in events if isinstance(event, Payment) and event.id not in gone)


@given(steps=st.tuples(STEPS, STEPS))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_households_and_ages_are_what_the_engine_says(engine: Engine, steps: tuple[list[Step], list[Step]]) -> None:
    with db.transaction(engine) as session:
        made, accounts = two_buildings(session, list(steps))
        scope, from_on, to_on = Scope(made.community_id), dt.date(2025, 4, 1), dt.date(2025, 6, 30)
        on, before = to_on, from_on - dt.timedelta(days=1)
        found = report_reads.households(session, scope, from_on=from_on, to_on=to_on, as_of=on, by=By.BUILDING)
        for building, account in zip("12", accounts, strict=True):
            held = found.get(building)
            opening = sum(left(account, before, lambda due: due < from_on).values())
            old = sum(left(account, on, lambda due: due < from_on).values())
            new = sum(left(account, on, lambda due: from_on <= due <= to_on).values())
            assert ((held.prior, held.prior_clear) if held else (0, 0)) == (
                int(opening > 0),
                int(opening > 0 and not old),
            )
            if held and held.current:
                assert held.current_clear == int(new == 0)
        ages = report_reads.ages(session, scope, on=on, by=By.NONE).get("", {})
        listed = arrears.aging(session, as_of=on, community_id=made.community_id)
        assert {one.bucket: (one.principal_fen, one.late_charge_fen) for one in listed} == {
            bucket: (ages[bucket].principal_fen, ages[bucket].late_fen) if ages else (0, 0)
            for bucket in arrears.BUCKETS
        }
        session.rollback()


def left(account: Account, on: dt.date, wanted: object) -> Mapping[str, int]:
    """Return the principal open on a day of the bills whose due date is wanted."""
    return {
        line.bill.id: line.principal_fen
        for line in statement(account, on).bills
        if line.bill.issued_on <= on and wanted(line.bill.due_on)
    }
