"""The remembered clocks of bills tell what the pure engine tells, whatever happened to the bills and in what order."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.domain.calendar import OFFICIAL, add_months
from app.domain.errors import Refusal
from app.domain.limitation import OURS, Interrupted, Interruption, Suspended, clock
from app.domain.limitation_states import State, cuts
from app.store import clock_checks, clocks, db, interruptions, ledger, limitation_reads, obstacles
from app.store.clock_facts import stories
from app.store.tables import bill
from app.store.tables_claims import bill_clock, interruption
from app.store.tables_office import stored_file
from tests.making import NOW, TODAY, Estate, add_bill, make_estate

DUE = dt.date(2023, 4, 10)


@pytest.fixture
def made(engine: Engine) -> Estate:
    """Return two units; the bills are each test's own."""
    with db.transaction(engine) as session:
        return make_estate(session, units=("1-1-101", "1-1-102"))


def demand(
    session: Session, bills: list[int], on: dt.date, *, proof: int = 1, kind: str = "demand", **more: object
) -> int:
    return interruptions.record(
        session,
        bill_ids=bills,
        kind=Interruption(kind),
        happened_on=on,
        proof_kind="delivery_event",
        proof_id=proof,
        strength="A",
        by=None,
        at=NOW,
        **more,  # type: ignore[arg-type]
    )


def a_file(session: Session) -> int:
    row = {"sha256": "0" * 64, "size": 1, "media_type": "image/png", "name": "a.png", "subject": "x", "stored_at": NOW}
    return int(session.execute(sa.insert(stored_file).values(**row).returning(stored_file.c.id)).scalar_one())


def act_by(session: Session, bill_id: int) -> dt.date | None:
    """Read the last day as lists do: in SQL, from the remembered clock or the due date."""
    query = (
        sa.select(clocks.act_by(bill.c.due_on))
        .select_from(bill)
        .outerjoin(bill_clock, bill_clock.c.bill_id == bill.c.id)
    )
    return session.execute(query.where(bill.c.id == bill_id)).scalar_one()


def pay(session: Session, made: Estate, on: dt.date, fen: int) -> int:
    row = {
        "community_id": made.community_id,
        "received_on": on,
        "amount_fen": fen,
        "method": "cash",
        "recorded_at": NOW,
    }
    return ledger.post(session, ledger.Posting(made.units[0], "payment", row), through=TODAY)


def test_a_bill_nothing_happened_to_counts_from_its_due_date(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        for due_on in (DUE, dt.date(2024, 2, 29), dt.date(2015, 9, 30), dt.date(2015, 10, 1), dt.date(2012, 2, 29)):
            number = add_bill(session, made, due_on)
            assert act_by(session, number) == clock(due_on, rules=OURS).act_by_on
            assert number not in stories(session, [number])


@given(due_on=st.dates(dt.date(2008, 1, 1), dt.date(2090, 12, 31)))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_three_years_in_sql_are_three_years_of_the_code(engine: Engine, due_on: dt.date) -> None:
    with db.reading(engine) as session:
        on = clocks.day(due_on)
        found = session.execute(sa.select(clocks._plus_years(on, 3), clocks._plus_years(on, 2))).one()
        assert tuple(found) == (add_months(due_on, 36), add_months(due_on, 24))


DAYS = st.dates(dt.date(2018, 1, 1), dt.date(2026, 3, 2))
HAPPENED = st.one_of(
    st.tuples(st.sampled_from(["demand", "promise", "demand_co_owner", "promise_after_expiry"]), DAYS, st.none()),
    st.tuples(st.just("proceeding"), DAYS, st.none() | st.integers(0, 500)),
    st.tuples(st.just("obstacle"), DAYS, st.none() | st.integers(0, 500)),
)


@given(due_on=st.dates(dt.date(2015, 1, 1), dt.date(2025, 12, 31)), happened=st.lists(HAPPENED, max_size=6))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_history_is_remembered_as_the_engine_tells_it(
    engine: Engine, due_on: dt.date, happened: list[tuple[str, dt.date, int | None]]
) -> None:
    events: list[Interrupted | Suspended] = []
    with db.rehearsal(engine) as opening, opening() as session:
        made = make_estate(session, name="random")
        number = add_bill(session, made, due_on)
        file_id = a_file(session)
        for place, (kind, on, days) in enumerate(happened):
            ended_on = None if days is None else min(on + dt.timedelta(days=days), TODAY)
            if kind == "obstacle":
                events.append(Suspended(on, ended_on))
                obstacles.add(
                    session, bill_ids=[number], reason="other", from_on=on, until_on=ended_on, file_id=file_id,
                    entry_key=str(place), note="", by=None, at=NOW,
                )  # fmt: skip
            else:
                events.append(Interrupted(Interruption(kind), on, ended_on))
                demand(session, [number], on, proof=place, kind=kind, ended_on=ended_on)
        ordered = sorted(events, key=lambda one: (one.on, one.kind.value if isinstance(one, Interrupted) else ""))
        wanted = clock(due_on, ordered, OURS)
        assert act_by(session, number) == wanted.act_by_on
        one = next(c for c in limitation_reads.clocks_of_unit(session, made.units[0], TODAY) if c.bill_id == number)
        assert (one.act_by_on, one.expires_on) == (wanted.act_by_on, wanted.expires_on)
        listed = limitation_reads.rows(
            session, as_of=TODAY, wanted=limitation_reads.Filter(community_id=made.community_id), limit=10
        )
        assert [(row.act_by_on, row.state) for row in listed] == (
            [(wanted.act_by_on, one.state)] if due_on < TODAY else []
        )


@given(as_of=st.dates(dt.date(2020, 1, 1), dt.date(2026, 12, 20)), days=st.integers(-30, 200))
def test_states_are_cut_where_the_rolled_day_and_the_days_left_say(as_of: dt.date, days: int) -> None:
    act_by_on = as_of + dt.timedelta(days=days)
    found = cuts(as_of, OFFICIAL).state(act_by_on)
    assert (found is State.EXPIRED) == (OFFICIAL.roll(act_by_on)[0] < as_of)
    if found is not State.EXPIRED:
        wanted = State.CRITICAL if days < 14 else State.SOON if days < 60 else State.WATCH if days < 180 else State.SAFE
        assert found is wanted
    assert cuts(as_of, OFFICIAL).state(None) is State.PENDING


def test_a_demand_restarts_the_bills_it_lists_and_the_same_proof_counts_once(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        listed, other = add_bill(session, made, DUE), add_bill(session, made, dt.date(2023, 5, 10))
        on = dt.date(2025, 1, 6)
        assert demand(session, [listed], on) == 1
        assert demand(session, [listed], on) == 0
        assert (act_by(session, listed), act_by(session, other)) == (dt.date(2028, 1, 6), dt.date(2026, 5, 10))


def test_a_demand_in_a_chain_that_broke_before_it_does_not_count(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        number = add_bill(session, made, dt.date(2018, 4, 10))
        demand(session, [number], dt.date(2024, 4, 10))
        assert act_by(session, number) == dt.date(2021, 4, 10)
        assert session.execute(sa.select(bill_clock.c.late_events)).scalar_one() == 1
        demand(session, [number], dt.date(2021, 4, 10), proof=2)  # found in a drawer: the chain holds after all
        assert act_by(session, number) == dt.date(2027, 4, 10)


def test_what_was_withdrawn_no_longer_counts_and_may_be_filed_again(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        number = add_bill(session, made, DUE)
        demand(session, [number], dt.date(2025, 1, 6))
        taken = {"proof_kind": "delivery_event", "proof_id": 1, "reason": "签的是邻居", "by": None, "at": NOW}
        assert interruptions.withdraw_of(session, **taken) == 1  # type: ignore[arg-type]
        assert interruptions.withdraw_of(session, **taken) == 0  # type: ignore[arg-type]
        assert act_by(session, number) == dt.date(2026, 4, 10)
        assert demand(session, [number], dt.date(2025, 1, 7)) == 1
        assert act_by(session, number) == dt.date(2028, 1, 7)
        assert [row.nth for row in session.execute(sa.select(interruption).order_by(interruption.c.id))] == [0, 1]


def test_effort_alone_and_days_to_come_are_refused(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        number = add_bill(session, made, DUE)
        with pytest.raises(Refusal, match=r"interruption\.proves_effort_only"):
            interruptions.record(
                session, bill_ids=[number], kind=Interruption.DEMAND, happened_on=TODAY, proof_kind="delivery_event",
                proof_id=1, strength="D", by=None, at=NOW,
            )  # fmt: skip
        with pytest.raises(Refusal, match=r"interruption\.ahead"):
            demand(session, [number], TODAY + dt.timedelta(days=1))


def test_a_pending_proceeding_stops_the_clock_until_its_end_is_known(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        number = add_bill(session, made, DUE)
        demand(session, [number], dt.date(2025, 1, 6), kind="proceeding")
        assert act_by(session, number) is None
        demand(session, [number], dt.date(2025, 1, 6), kind="proceeding", ended_on=dt.date(2025, 6, 3))
        assert act_by(session, number) == dt.date(2028, 6, 3)


def test_a_part_payment_restarts_its_bill_and_a_bounced_one_does_not(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        first, second = add_bill(session, made, DUE), add_bill(session, made, dt.date(2023, 5, 10))
        number = pay(session, made, dt.date(2025, 8, 4), 10_000)
        assert (act_by(session, first), act_by(session, second)) == (dt.date(2028, 8, 4), dt.date(2026, 5, 10))
        back = {"target_kind": "payment", "target_id": number, "value_on": dt.date(2025, 9, 1), "recorded_at": NOW}
        ledger.post(session, ledger.Posting(made.units[0], "reversal", back), through=TODAY)
        assert act_by(session, first) == dt.date(2026, 4, 10)
        then = limitation_reads.clocks_of_unit(session, made.units[0], dt.date(2025, 8, 20))
        assert then[0].act_by_on == dt.date(2028, 8, 4)


def test_clocks_that_are_missing_are_found_and_worked_out(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        number = add_bill(session, made, DUE)
        demand(session, [number], dt.date(2025, 1, 6))
        session.execute(sa.delete(bill_clock))
        assert clocks.catch_up(session) == 1
        assert clocks.catch_up(session) == 0
        assert act_by(session, number) == dt.date(2028, 1, 6)
        assert clocks.rebuild(session) == 1


CHANGES = [
    {"act_by_on": dt.date(2029, 1, 6)},
    {"base_on": dt.date(2026, 1, 6)},
    {"last_kind": "promise"},
    {"last_on": dt.date(2025, 1, 7)},
    {"proof_id": 99},
    {"strength": "B"},
    {"late_events": 1},
]


def test_a_clock_somebody_touched_is_named_and_no_other(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        first, second = add_bill(session, made, DUE), add_bill(session, made, dt.date(2023, 5, 10))
        untouched = add_bill(session, made, dt.date(2023, 6, 10))
        demand(session, [first, second], dt.date(2025, 1, 6))
        before = session.execute(sa.select(bill_clock).where(bill_clock.c.bill_id == first)).mappings().one()
        named = [(f"1-1-101 bill:{first}", "verify.clock_differs")]
        of_first = bill_clock.c.bill_id == first

        def problems() -> list[tuple[str, str]]:
            return [(one.where, one.what) for one in clock_checks.problems(session)[1]]

        assert clock_checks.problems(session) == (3, [])
        for change in CHANGES:
            session.execute(sa.update(bill_clock).where(of_first).values(**change))
            assert problems() == named, change
            session.execute(sa.update(bill_clock).where(of_first).values(**before))
        session.execute(sa.delete(bill_clock).where(of_first))
        assert problems() == named
        session.execute(sa.insert(bill_clock).values(dict(before)))
        session.execute(sa.insert(bill_clock).values(dict(before) | {"bill_id": untouched}))
        assert problems() == [(f"1-1-101 bill:{untouched}", "verify.clock_differs")]


def test_many_clocks_are_checked_in_as_many_questions_as_a_few(engine: Engine, made: Estate) -> None:
    def asked() -> int:
        seen: list[str] = []
        with db.reading(engine) as session:

            def note(*args: object) -> None:
                seen.append(str(args[2]))

            sa.event.listen(engine, "before_cursor_execute", note)
            assert clock_checks.problems(session)[1] == []
            sa.event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    def bills(year: int) -> None:
        with db.transaction(engine) as session:
            numbers = [add_bill(session, made, dt.date(year, month, 10)) for month in range(1, 7)]
            demand(session, numbers, dt.date(2025, 1, 6))

    bills(2023)
    few = asked()
    bills(2024)
    assert asked() == few
