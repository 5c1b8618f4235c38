"""Posted rows stay as they are: every append-only table refuses changes, and a forged chain does not hold."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from app.store import chain, db, documents, schema, triggers, verify
from app.store.tables import bill, ledger_entry
from app.store.tables_office import audit_event, document
from tests.making import NOW, Estate, add_bill, make_estate


@pytest.fixture
def made(engine: Engine) -> Estate:
    """Return a unit with four bills, a document and an event in the log."""
    with db.transaction(engine) as session:
        found = make_estate(session)
        for month in (1, 2, 3, 4):
            add_bill(session, found, dt.date(2025, month, 10))
        row = {"community_id": found.community_id, "unit_id": found.units[0], "kind": "receipt", "number": "SJ1"}
        documents.freeze(session, [row | {"facts": {"amount_fen": 30_000}, "created_at": NOW}])
        session.execute(sa.insert(audit_event).values(at=NOW, actor="a", action="x"))
    return found


def tamper(engine: Engine, *statements: sa.Executable) -> None:
    """Write past the triggers, as somebody with the file or the server would."""
    with engine.begin() as connection:
        for table in schema.APPEND_ONLY:
            for text in triggers.drop(engine.dialect.name, table.name):
                connection.execute(sa.text(text))
        for statement in statements:
            assert connection.execute(statement).rowcount == 1


def problems(engine: Engine) -> list[tuple[str, str]]:
    with db.reading(engine) as session:
        return [(problem.where, problem.what) for problem in verify.ledger_report(session).problems]


@pytest.mark.parametrize("table", schema.APPEND_ONLY, ids=lambda table: str(table.name))
def test_an_append_only_table_refuses_update_and_delete(engine: Engine, made: Estate, table: sa.Table) -> None:
    assert made.units
    with engine.connect() as connection:
        if not connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one():
            guards = sa.text(
                "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :name"
                if engine.dialect.name == "sqlite"
                else "SELECT count(*) FROM pg_trigger WHERE tgrelid = CAST(:name AS regclass) AND NOT tgisinternal"
            )
            assert connection.execute(guards, {"name": table.name}).scalar_one() == 2
            return
    column = next(column for column in table.columns if column.name != "id")
    for statement in (sa.update(table).values({column: column}), sa.delete(table)):
        with pytest.raises(DBAPIError, match=f"append-only: {table.name}"), engine.begin() as connection:
            connection.execute(statement)


def test_postgresql_refuses_to_empty_a_table_too(postgres_engine: Engine) -> None:
    with pytest.raises(DBAPIError, match="append-only: allocation"), postgres_engine.begin() as connection:
        connection.execute(sa.text("TRUNCATE allocation"))


def test_a_forged_hash_breaks_the_next_link_and_at_last_the_end_of_the_chain(engine: Engine, made: Estate) -> None:
    assert made.units
    with engine.connect() as connection:
        rows = {row.seq: row for row in connection.execute(sa.select(ledger_entry))}
    forged = rows[3].payload.replace("24000", "14000")
    changed = chain.digest(rows[3].prev_hash, forged)
    third, fourth = (sa.update(ledger_entry).where(ledger_entry.c.seq == seq) for seq in (3, 4))
    tamper(
        engine,
        third.values(payload=forged, hash=changed),
        sa.update(bill).where(bill.c.id == rows[3].row_id).values(principal_fen=14_000),
    )
    assert problems(engine)[0] == ("1-1-101 entry:4", "verify.chain_broken")
    tamper(engine, fourth.values(prev_hash=changed, hash=chain.digest(changed, rows[4].payload)))
    assert problems(engine)[0] == ("1-1-101 entry:4", "verify.chain_end_differs")


def test_swapped_entries_are_named(engine: Engine, made: Estate) -> None:
    assert made.units
    moves = ((2, 90), (3, 2), (90, 3))
    tamper(
        engine,
        *(sa.update(ledger_entry).where(ledger_entry.c.seq == old).values(seq=new) for old, new in moves),
    )
    assert problems(engine)[0] == ("1-1-101 entry:2", "verify.chain_broken")


def test_a_document_whose_facts_were_changed_is_named(engine: Engine, made: Estate) -> None:
    assert made.units
    tamper(engine, sa.update(document).values(facts='{"amount_fen":1}'))
    assert problems(engine) == [("document:SJ1", "verify.facts_changed")]
