"""Whoever changes the books behind the product's back is found out, and the first changed row is named."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Engine, Table

from app.store import db, schema, verify
from app.store.tables import (
    account,
    adjustment,
    allocation,
    bill,
    bill_hold,
    bill_state,
    ledger_entry,
    payment,
)
from tests.services import nightly_estate as place

D = dt.date


@pytest.fixture
def made(engine: Engine) -> place.Place:
    """Write two units; the second has bills, a payment in part, one taken back, and a hold."""
    made = place.build(engine, units=2)
    place.post_bills(engine, made, D(2026, 1, 10), through=D(2026, 2, 1))
    place.post_bills(engine, made, D(2026, 2, 10), through=D(2026, 2, 1))
    unit_id = made.units[1]
    place.pay(engine, made, unit_id, D(2026, 2, 20), 13_000)
    bounced = place.pay(engine, made, unit_id, D(2026, 2, 21), 50_000)
    place.bounce(engine, unit_id, bounced, D(2026, 2, 25))
    place.hold(engine, unit_id, D(2026, 3, 1), D(2026, 3, 10))
    return made


def found(engine: Engine) -> list[tuple[str, str]]:
    with db.reading(engine) as session:
        return [(problem.where, problem.what) for problem in verify.ledger_report(session).problems]


def unguarded(connection: Connection) -> None:
    """Take the triggers off, as somebody with the file or the server's password can."""
    for table in schema.APPEND_ONLY:
        if connection.dialect.name == "sqlite":
            for verb in ("update", "delete"):
                connection.exec_driver_sql(f"DROP TRIGGER {table.name}_no_{verb}")
        else:
            connection.exec_driver_sql(f"ALTER TABLE {table.name} DISABLE TRIGGER USER")


def rowid(connection: Connection, table: Table, unit_id: int, *, place: int = 0) -> int:
    numbers = connection.execute(sa.select(table.c.id).where(table.c.unit_id == unit_id).order_by(table.c.id)).scalars()
    return list(numbers)[place]


Tamper = Callable[[Connection, int], object]


def change_payment(connection: Connection, unit_id: int) -> None:
    number = rowid(connection, payment, unit_id)
    connection.execute(sa.update(payment).where(payment.c.id == number).values(amount_fen=14_000))


def change_bill(connection: Connection, unit_id: int) -> None:
    number = rowid(connection, bill, unit_id)
    connection.execute(sa.update(bill).where(bill.c.id == number).values(due_on=D(2026, 1, 20)))


def drop_bill_row(connection: Connection, unit_id: int) -> None:
    number = rowid(connection, adjustment, unit_id)
    connection.execute(sa.delete(adjustment).where(adjustment.c.id == number))


def add_payment(connection: Connection, unit_id: int) -> None:
    connection.execute(
        sa.insert(payment).values(
            unit_id=unit_id,
            community_id=1,
            received_on=D(2026, 2, 1),
            amount_fen=5,
            method="cash",
            recorded_at=place.NOON,
        )
    )


def change_entry(connection: Connection, unit_id: int) -> None:
    first = ledger_entry.c.unit_id == unit_id, ledger_entry.c.seq == 3
    text = connection.execute(sa.select(ledger_entry.c.payload).where(*first)).scalar_one()
    changed = text.replace("13000", "14000")
    assert changed != text
    connection.execute(sa.update(ledger_entry).where(*first).values(payload=changed))


def change_entry_and_its_hash(connection: Connection, unit_id: int) -> None:
    change_entry(connection, unit_id)
    this = ledger_entry.c.unit_id == unit_id, ledger_entry.c.seq == 3
    row = connection.execute(sa.select(ledger_entry).where(*this)).one()
    digest = verify.chain.digest(row.prev_hash, row.payload)
    connection.execute(sa.update(ledger_entry).where(*this).values(hash=digest))


def garble_entry(connection: Connection, unit_id: int) -> None:
    this = ledger_entry.c.unit_id == unit_id, ledger_entry.c.seq == 3
    connection.execute(sa.update(ledger_entry).where(*this).values(payload="not even JSON"))


def drop_entry(connection: Connection, unit_id: int) -> None:
    this = ledger_entry.c.unit_id == unit_id, ledger_entry.c.seq == 2
    connection.execute(sa.delete(ledger_entry).where(*this))


def drop_last_entry(connection: Connection, unit_id: int) -> None:
    last = sa.select(sa.func.max(ledger_entry.c.seq)).where(ledger_entry.c.unit_id == unit_id).scalar_subquery()
    connection.execute(sa.delete(ledger_entry).where(ledger_entry.c.unit_id == unit_id, ledger_entry.c.seq == last))


def change_state(connection: Connection, unit_id: int) -> None:
    number = rowid(connection, bill, unit_id, place=1)
    connection.execute(sa.update(bill_state).where(bill_state.c.bill_id == number).values(late_waived_fen=1))


def drop_state(connection: Connection, unit_id: int) -> None:
    number = rowid(connection, bill, unit_id, place=1)
    connection.execute(sa.delete(bill_state).where(bill_state.c.bill_id == number))


def change_allocation(connection: Connection, unit_id: int) -> None:
    number = rowid(connection, allocation, unit_id)
    connection.execute(sa.update(allocation).where(allocation.c.id == number).values(amount_fen=1))


def change_hold(connection: Connection, unit_id: int) -> None:
    connection.execute(sa.update(bill_hold).values(to_on=D(2026, 3, 20)))


def change_credit(connection: Connection, unit_id: int) -> None:
    connection.execute(sa.update(account).where(account.c.unit_id == unit_id).values(credit_fen=1))


CASES: list[tuple[Tamper, str, str]] = [
    (change_payment, "1-1-2 entry:3 payment:", "verify.row_differs"),
    (change_bill, "1-1-2 entry:1 bill:", "verify.row_differs"),
    (drop_bill_row, "1-1-2 entry:6 adjustment:", "verify.row_missing"),
    (add_payment, "1-1-2 payment:", "verify.row_without_entry"),
    (change_entry, "1-1-2 entry:3", "verify.entry_changed"),
    (change_entry_and_its_hash, "1-1-2 entry:3 payment:", "verify.row_differs"),
    (garble_entry, "1-1-2 entry:3", "verify.entry_changed"),
    (drop_entry, "1-1-2 entry:3", "verify.entry_missing"),
    (drop_last_entry, "1-1-2 entry:5", "verify.chain_end_differs"),
    (change_state, "1-1-2 bill:", "verify.state_differs"),
    (drop_state, "1-1-2 bill:", "verify.state_differs"),
    (change_allocation, "1-1-2", "verify.allocations_differ"),
    (change_hold, "1-1-2", "verify.holds_differ"),
    (change_credit, "1-1-2", "verify.credit_differs"),
]


@pytest.mark.parametrize(("tamper", "where", "what"), [pytest.param(*case, id=case[0].__name__) for case in CASES])
def test_the_first_changed_row_is_named(
    engine: Engine, made: place.Place, tamper: Tamper, where: str, what: str
) -> None:
    assert found(engine) == []
    with engine.begin() as connection:
        unguarded(connection)
        tamper(connection, made.units[1])
    problems = found(engine)
    assert problems
    first_where, first_what = problems[0]
    assert (first_what, first_where.startswith(where)) == (what, True), problems
    assert all(there.startswith("1-1-2") for there, _ in problems), "the other unit is left in peace"


def test_the_triggers_refuse_it_in_the_first_place(engine: Engine, made: place.Place) -> None:
    for table, column in ((payment, "amount_fen"), (bill, "principal_fen"), (ledger_entry, "seq")):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine.begin() as connection:
            connection.execute(sa.update(table).values({column: 1}))
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine.begin() as connection:
            connection.execute(sa.delete(table))
    assert found(engine) == []
