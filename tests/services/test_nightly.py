"""Days are closed account by account, oldest first; levels come on their true dates; nothing happens twice."""

from __future__ import annotations

import datetime as dt
import json

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, event

from app.domain.errors import Refusal
from app.jobs import nightly
from app.store import arrears, db, verify
from app.store.tables import account, bill_state, ledger_entry
from app.store.tables_office import nightly_run, notice_batch, notice_batch_unit, procedure_level
from tests.databases import PostgresDatabases, SqliteDatabases
from tests.services import nightly_estate as place
from tests.services.nightly_estate import NOON

D = dt.date


def entries(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(ledger_entry)).scalar_one()


def assert_verified(engine: Engine) -> None:
    with db.reading(engine) as session:
        assert verify.ledger_report(session).problems == ()


def test_a_fresh_estate_closes_from_the_day_it_was_booked_on(engine: Engine) -> None:
    made = place.build(engine, units=3)
    place.post_bills(engine, made, D(2026, 1, 10), through=D(2026, 2, 1))
    result = nightly.run(engine, through=D(2026, 2, 3))
    assert (result.closed_through, result.days, result.accounts, result.problems) == (D(2026, 2, 3), 3, 9, ())
    assert set(place.closed_dates(engine).values()) == {D(2026, 2, 3)}


def test_a_second_run_for_the_same_date_changes_nothing(engine: Engine) -> None:
    made = place.build(engine, units=3)
    place.post_bills(engine, made, D(2026, 1, 10), through=D(2026, 2, 1))
    nightly.run(engine, through=D(2026, 2, 3))
    before = place.levels(engine), entries(engine)
    again = nightly.run(engine, through=D(2026, 2, 3))
    assert (again.days, again.accounts, again.levels) == (0, 0, 0)
    assert (place.levels(engine), entries(engine)) == before
    with engine.connect() as connection:
        rows = connection.execute(sa.select(nightly_run.c.business_on, nightly_run.c.accounts).order_by("business_on"))
        assert [tuple(row) for row in rows] == [(D(2026, 2, day), 3) for day in (1, 2, 3)]


def test_an_earlier_date_than_the_last_closed_is_nothing_to_do(engine: Engine) -> None:
    place.build(engine, units=2)
    nightly.run(engine, through=D(2026, 2, 3))
    assert nightly.run(engine, through=D(2026, 1, 3)).days == 0
    assert set(place.closed_dates(engine).values()) == {D(2026, 2, 3)}


def test_a_day_that_has_not_come_is_refused(sqlite_engine: Engine) -> None:
    with pytest.raises(Refusal, match="in_future"):
        nightly.run(sqlite_engine, through=D(9998, 1, 1))


def test_stored_credit_is_booked_on_the_day_a_bill_is_issued(engine: Engine) -> None:
    made = place.build(engine, units=2)
    payer = made.units[0]
    place.post_bills(engine, made, D(2026, 3, 20), issued_on=D(2026, 3, 5), through=D(2026, 2, 1))
    place.pay(engine, made, payer, D(2026, 2, 2), 15_000)
    place.set_closed(engine, D(2026, 2, 28))

    def credit() -> tuple[object, ...]:
        query = sa.select(account.c.credit_fen, account.c.next_credit_on).where(account.c.unit_id == payer)
        with engine.connect() as connection:
            return tuple(connection.execute(query).one())

    nightly.run(engine, through=D(2026, 3, 4))
    assert credit() == (15_000, D(2026, 3, 5))
    nightly.run(engine, through=D(2026, 3, 6))
    assert credit() == (5_000, None)
    assert_verified(engine)
    assert place.levels(engine) == []


def test_levels_are_reached_on_their_true_dates_after_a_long_standstill(engine: Engine) -> None:
    made = place.build(engine, units=1)
    [unit_id] = made.units
    place.post_bills(engine, made, D(2026, 1, 10), through=D(2026, 1, 5))
    place.set_closed(engine, D(2026, 1, 5))
    result = nightly.run(engine, through=D(2026, 4, 20))
    assert result.days == 105
    assert place.levels(engine) == [
        (unit_id, 1, D(2026, 1, 11), 2),
        (unit_id, 2, D(2026, 2, 10), 3),
        (unit_id, 3, D(2026, 4, 11), None),
    ]


def test_a_first_night_over_old_arrears_reaches_the_highest_level_only(engine: Engine) -> None:
    made = place.build(engine, units=1)
    place.post_bills(engine, made, D(2022, 1, 10), through=D(2026, 1, 5))
    nightly.run(engine, through=D(2026, 1, 5))
    assert [(level, by) for _, level, _, by in place.levels(engine)] == [(1, 3), (2, 3), (3, None)]


def test_day_by_day_and_all_at_once_reach_the_same(engine: Engine) -> None:
    made = [place.build(engine, units=2, name=name) for name in ("甲苑", "乙苑")]
    for one in made:
        place.post_bills(engine, one, D(2026, 1, 10), through=D(2026, 1, 5))
        place.pay(engine, one, one.units[0], D(2026, 1, 25), 10_000)
    place.set_closed(engine, D(2026, 1, 5))
    sleeping = sa.update(account).where(account.c.community_id == made[1].community_id)
    with engine.begin() as connection:
        connection.execute(sleeping.values(closed_through_on=D(2999, 1, 1)))
    for day in range(40):
        nightly.run(engine, through=D(2026, 1, 6) + dt.timedelta(days=day))
    with engine.begin() as connection:
        connection.execute(sleeping.values(closed_through_on=D(2026, 1, 5)))
    nightly.run(engine, through=D(2026, 2, 14))
    told: list[list[tuple[int, dt.date]]] = [
        [(level, on) for unit_id, level, on, _ in place.levels(engine) if unit_id in one.units] for one in made
    ]
    assert told[0] == told[1] != []


def test_who_paid_everything_starts_over(engine: Engine) -> None:
    made = place.build(engine, units=1)
    [unit_id] = made.units
    place.post_bills(engine, made, D(2026, 1, 10), through=D(2026, 1, 5))
    place.set_closed(engine, D(2026, 1, 5))
    nightly.run(engine, through=D(2026, 2, 15))
    place.pay(engine, made, unit_id, D(2026, 2, 16), 10_000 + 370)
    place.post_bills(engine, made, D(2026, 3, 10), through=D(2026, 3, 1))
    nightly.run(engine, through=D(2026, 3, 15))
    assert [(level, on) for _, level, on, _ in place.levels(engine)] == [
        (1, D(2026, 1, 11)),
        (2, D(2026, 2, 10)),
        (1, D(2026, 3, 11)),
    ]


def test_a_bounced_payment_does_not_start_the_levels_over(engine: Engine) -> None:
    made = place.build(engine, units=1)
    [unit_id] = made.units
    place.post_bills(engine, made, D(2026, 1, 10), through=D(2026, 1, 5))
    place.set_closed(engine, D(2026, 1, 5))
    nightly.run(engine, through=D(2026, 1, 15))
    payment_id = place.pay(engine, made, unit_id, D(2026, 1, 16), 20_000)
    nightly.run(engine, through=D(2026, 1, 20))
    place.bounce(engine, unit_id, payment_id, D(2026, 1, 21))
    nightly.run(engine, through=D(2026, 2, 15))
    assert [(level, on) for _, level, on, _ in place.levels(engine)] == [(1, D(2026, 1, 11)), (2, D(2026, 2, 10))]


def test_a_small_debt_reaches_no_level_below_the_amount_the_procedure_names(engine: Engine) -> None:
    made = place.build(engine, units=2)
    with engine.begin() as connection:
        connection.execute(sa.update(procedure_level).values(min_amount_fen=10_000))
    place.post_bills(engine, made, D(2026, 1, 10), through=D(2026, 1, 5), units=made.units[:1], fen=9_000)
    place.post_bills(engine, made, D(2026, 1, 10), through=D(2026, 1, 5), units=made.units[1:], fen=10_000)
    place.set_closed(engine, D(2026, 1, 5))
    nightly.run(engine, through=D(2026, 1, 20))
    assert [row[0] for row in place.levels(engine)] == made.units[1:]


@pytest.mark.parametrize("named", [False, True])
def test_a_disputed_bill_reaches_no_level_while_the_hold_lasts(engine: Engine, named: bool) -> None:
    made = place.build(engine, units=2)
    disputed, other = made.units
    [bill_id, _] = place.post_bills(engine, made, D(2026, 1, 10), through=D(2026, 1, 5))
    place.set_closed(engine, D(2026, 1, 5))
    bill_ids = json.dumps([bill_id], separators=(",", ":")) if named else "[]"
    place.hold(engine, disputed, D(2026, 1, 6), D(2026, 1, 20), bill_ids=bill_ids)
    nightly.run(engine, through=D(2026, 1, 25))
    assert [(row[0], row[2]) for row in place.levels(engine)] == [(disputed, D(2026, 1, 21)), (other, D(2026, 1, 11))]


def test_an_inactive_level_is_never_reached(engine: Engine) -> None:
    made = place.build(engine, units=1)
    with engine.begin() as connection:
        connection.execute(sa.update(procedure_level).where(procedure_level.c.level == 1).values(is_active=False))
    place.post_bills(engine, made, D(2026, 1, 10), through=D(2026, 1, 5))
    place.set_closed(engine, D(2026, 1, 5))
    nightly.run(engine, through=D(2026, 2, 15))
    assert [row[1] for row in place.levels(engine)] == [2]


def test_a_letter_that_was_drafted_is_not_superseded(engine: Engine) -> None:
    made = place.build(engine, units=1)
    [unit_id] = made.units
    place.post_bills(engine, made, D(2026, 1, 10), through=D(2026, 1, 5))
    place.set_closed(engine, D(2026, 1, 5))
    nightly.run(engine, through=D(2026, 1, 11))
    with engine.begin() as connection:
        connection.execute(sa.delete(notice_batch_unit))
        connection.execute(sa.delete(notice_batch))
        batch_id = connection.execute(
            sa.insert(notice_batch)
            .values(
                community_id=made.community_id,
                level=1,
                tone="reminder",
                as_of=D(2026, 1, 12),
                deadline_on=D(2026, 1, 27),
                created_at=NOON,
            )
            .returning(notice_batch.c.id)
        ).scalar_one()
        connection.execute(sa.insert(notice_batch_unit).values(batch_id=batch_id, unit_id=unit_id))
    nightly.run(engine, through=D(2026, 2, 15))
    assert [(row[1], row[3]) for row in place.levels(engine)] == [(1, None), (2, None)]


# --- bad accounts ---------------------------------------------------------------------------------


def break_entry(engine: Engine, unit_id: int) -> str:
    """Make the entries of a unit unreadable and return what they were."""
    with engine.begin() as connection:
        sqlite = engine.dialect.name == "sqlite"
        off = "DROP TRIGGER ledger_entry_no_update" if sqlite else "ALTER TABLE ledger_entry DISABLE TRIGGER USER"
        connection.exec_driver_sql(off)
        first = ledger_entry.c.unit_id == unit_id, ledger_entry.c.seq == 1
        payload = connection.execute(sa.select(ledger_entry.c.payload).where(*first)).scalar_one()
        connection.execute(sa.update(ledger_entry).where(*first).values(payload="{}"))
    return payload


def test_one_bad_account_stops_nobody_and_is_listed_until_it_is_mended(engine: Engine) -> None:
    made = place.build(engine, units=5)
    bad = made.units[2]
    place.post_bills(engine, made, D(2026, 3, 20), issued_on=D(2026, 3, 5), through=D(2026, 2, 1))
    for unit_id in made.units:
        place.pay(engine, made, unit_id, D(2026, 2, 2), 4_000)
    place.set_closed(engine, D(2026, 3, 1))
    payload = break_entry(engine, bad)
    result = nightly.run(engine, through=D(2026, 3, 8))
    assert [(found.unit, found.code, found.closed_through_on) for found in result.problems] == [
        ("1-1-3", "nightly.account_failed", D(2026, 3, 4))
    ]
    dates = place.closed_dates(engine)
    assert dates.pop(bad) == D(2026, 3, 4)
    assert set(dates.values()) == {D(2026, 3, 8)}

    again = nightly.run(engine, through=D(2026, 3, 9))
    assert (again.days, len(again.problems), place.closed_dates(engine)[bad]) == (1, 1, D(2026, 3, 4))

    with engine.begin() as connection:
        connection.execute(
            sa.update(ledger_entry)
            .where(ledger_entry.c.unit_id == bad, ledger_entry.c.seq == 1)
            .values(payload=payload)
        )
    mended = nightly.run(engine, through=D(2026, 3, 9))
    assert (mended.days, mended.accounts, mended.problems) == (5, 5, ())
    assert set(place.closed_dates(engine).values()) == {D(2026, 3, 9)}
    assert_verified(engine)


def test_a_figure_no_database_can_hold_stops_only_its_own_account(postgres_engine: Engine) -> None:
    made = place.build(postgres_engine, units=9)
    place.post_bills(postgres_engine, made, D(2026, 1, 10), through=D(2026, 1, 5))
    place.set_closed(postgres_engine, D(2026, 1, 5))
    with postgres_engine.begin() as connection:
        connection.execute(
            sa.update(bill_state).where(bill_state.c.unit_id == made.units[4]).values(principal_fen=9 * 10**18)
        )
    result = nightly.run(postgres_engine, through=D(2026, 1, 20))
    assert [found.unit for found in result.problems] == ["1-1-5"]
    assert {row[0] for row in place.levels(postgres_engine)} == set(made.units) - {made.units[4]}


# --- size -----------------------------------------------------------------------------------------


def statements(engine: Engine, units: int, name: str) -> int:
    made = place.build(engine, units=units, name=name)
    place.post_bills(engine, made, D(2026, 1, 10), through=D(2026, 1, 9))
    place.post_bills(engine, made, D(2026, 2, 10), issued_on=D(2026, 1, 10), through=D(2026, 1, 9))
    place.set_closed(engine, D(2026, 1, 9))
    count = 0

    def counted(*_: object) -> None:
        nonlocal count
        count += 1

    event.listen(engine, "before_cursor_execute", counted)
    nightly.run(engine, through=D(2026, 1, 11))
    event.remove(engine, "before_cursor_execute", counted)
    assert len(place.levels(engine)) >= units
    return count


def test_the_number_of_statements_does_not_depend_on_the_number_of_units(
    databases: SqliteDatabases | PostgresDatabases,
) -> None:
    counts = []
    for units in (10, 300):
        url = databases.new()
        engine = db.create_engine(url)
        counts.append(statements(engine, units, "锦绣花园"))
        engine.dispose()
        databases.drop(url)
    assert counts[0] == counts[1]


# --- rehearsal ------------------------------------------------------------------------------------


def test_a_rehearsal_says_what_a_run_does_and_writes_nothing(engine: Engine) -> None:
    made = place.build(engine, units=3)
    place.post_bills(engine, made, D(2026, 1, 10), through=D(2026, 2, 1))
    before = place.levels(engine), place.closed_dates(engine)
    rehearsed = nightly.rehearse(engine, through=D(2026, 2, 3))
    assert (place.levels(engine), place.closed_dates(engine)) == before
    assert nightly.run(engine, through=D(2026, 2, 3)) == rehearsed


# --- what people see ------------------------------------------------------------------------------


def test_a_list_shows_the_level_of_the_debts_of_today(engine: Engine) -> None:
    made = place.build(engine, units=1)
    [unit_id] = made.units
    older = place.post_bills(engine, made, D(2026, 1, 10), through=D(2026, 1, 5))
    place.post_bills(engine, made, D(2026, 3, 10), through=D(2026, 1, 5))
    place.set_closed(engine, D(2026, 1, 5))
    nightly.run(engine, through=D(2026, 3, 11))

    def shown(on: dt.date) -> list[int]:
        with db.reading(engine) as session:
            return [row.level for row in arrears.list_units(session, as_of=on, wanted=arrears.Filter())]

    assert (shown(D(2026, 1, 10)), shown(D(2026, 1, 11)), shown(D(2026, 3, 11))) == ([], [1], [2])
    place.pay(engine, made, unit_id, D(2026, 3, 12), 10_000 + 610, bill_ids=older)
    with db.reading(engine) as session:
        assert [one.due_on for one in arrears.bills_on(session, as_of=D(2026, 3, 20), unit_ids=[unit_id])] == [
            D(2026, 3, 10)
        ]
    nightly.run(engine, through=D(2026, 3, 20))
    assert shown(D(2026, 3, 20)) == [1]
