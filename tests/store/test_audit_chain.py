"""The log's chain: every event sealed at its commit, in the order of commits, and the first broken row named."""

from __future__ import annotations

import datetime as dt
import threading
from contextlib import suppress

import sqlalchemy as sa
from sqlalchemy import Engine

from app.store import audit, audit_chain, chain, db, triggers
from app.store.tables_office import audit_event
from app.store.tables_security import audit_seal

NOW = dt.datetime(2026, 11, 23, 2, 0, 0, 123456, tzinfo=dt.UTC)


def write(engine: Engine, *actions: str) -> None:
    with db.transaction(engine) as session:
        for action in actions:
            audit.record(session, at=NOW, actor="王", action=action, subject="unit:1", facts={"rows": 3, "ip": "::1"})


def problems(engine: Engine) -> list[tuple[str, str]]:
    with db.reading(engine) as session:
        return [(problem.where, problem.what) for problem in audit_chain.problems(session)[1]]


def seals(engine: Engine) -> list[sa.Row]:
    with db.reading(engine) as session:
        return list(session.execute(sa.select(audit_seal).order_by(audit_seal.c.seq)))


def tamper(engine: Engine, table: sa.Table, *statements: sa.Executable) -> None:
    """Do what only somebody with the keys of the database could."""
    dialect = engine.dialect.name
    before, after = ([sa.text(line) for line in made(dialect, table.name)] for made in (triggers.drop, triggers.create))
    with db.transaction(engine) as session:
        for statement in (*before, *statements, *after):
            session.execute(statement)


def test_every_event_is_sealed_when_its_transaction_commits(engine: Engine) -> None:
    write(engine, "a", "b")
    write(engine, "c")
    made = seals(engine)
    assert [row.seq for row in made] == [1, 2, 3]
    assert [row.prev_hash for row in made] == [chain.GENESIS, made[0].hash, made[1].hash]
    with db.reading(engine) as session:
        assert audit_chain.head(session) == (3, made[2].hash)
    assert problems(engine) == []


def test_what_was_rolled_back_leaves_no_seal(engine: Engine) -> None:
    with suppress(RuntimeError), db.transaction(engine) as session:
        audit.record(session, at=NOW, actor="x", action="gone")
        raise RuntimeError
    with db.transaction(engine) as session:
        audit.record(session, at=NOW, actor="x", action="kept")
        with suppress(RuntimeError), session.begin_nested():
            audit.record(session, at=NOW, actor="x", action="taken back")
            raise RuntimeError
        with session.begin_nested():
            audit.record(session, at=NOW, actor="x", action="kept too")
        assert session.execute(sa.select(sa.func.count()).select_from(audit_seal)).scalar_one() == 0
    with db.rehearsal(engine) as opening, opening() as session:
        audit.record(session, at=NOW, actor="x", action="rehearsed")
    assert len(seals(engine)) == 2
    assert problems(engine) == []


def test_the_first_changed_event_is_named(engine: Engine) -> None:
    write(engine, "a", "b", "c")
    second = seals(engine)[1].event_id
    tamper(engine, audit_event, sa.update(audit_event).where(audit_event.c.id >= second).values(actor="李"))
    assert problems(engine) == [(f"audit:{second}", "verify.audit_changed")]


def test_an_event_that_was_taken_out_is_missed(engine: Engine) -> None:
    write(engine, "a", "b", "c")
    first = seals(engine)[0].event_id
    tamper(engine, audit_event, sa.delete(audit_event).where(audit_event.c.id == first))
    assert problems(engine) == [(f"audit:{first}", "verify.audit_missing")]


def test_taking_the_seal_out_as_well_breaks_the_chain(engine: Engine) -> None:
    write(engine, "a", "b", "c")
    [_, second, third] = seals(engine)
    tamper(engine, audit_event, sa.delete(audit_event).where(audit_event.c.id == second.event_id))
    tamper(engine, audit_seal, sa.delete(audit_seal).where(audit_seal.c.seq == second.seq))
    assert problems(engine) == [(f"audit:{third.event_id}", "verify.audit_seal_missing")]
    tamper(engine, audit_seal, sa.update(audit_seal).where(audit_seal.c.seq == 3).values(seq=2))
    assert problems(engine) == [(f"audit:{third.event_id}", "verify.audit_chain_broken")]


def test_an_event_written_past_the_program_is_found(engine: Engine) -> None:
    write(engine, "a")
    with db.transaction(engine) as session:
        row = {"at": NOW, "actor": "x", "action": "forged", "subject": "", "facts": "{}"}
        number = session.execute(sa.insert(audit_event).values(**row).returning(audit_event.c.id)).scalar_one()
    assert problems(engine) == [(f"audit:{number}", "verify.audit_unsealed")]


def test_many_at_once_make_one_chain(engine: Engine) -> None:
    faults: list[Exception] = []

    def work(name: int) -> None:
        try:
            for turn in range(5):
                write(engine, f"{name}.{turn}", f"{name}.{turn}b")
        except Exception as fault:  # noqa: BLE001 - told by the test
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert [row.seq for row in seals(engine)] == list(range(1, 61))
    assert problems(engine) == []


def test_two_that_log_first_and_lock_crosswise_later_do_not_wait_for_each_other(postgres_engine: Engine) -> None:
    """With the chain's lock taken when an event is written, the second would wait for the first, for ever."""
    with db.transaction(postgres_engine) as first, db.transaction(postgres_engine) as second:
        audit.record(first, at=NOW, actor="x", action="a")
        audit.record(second, at=NOW, actor="y", action="b")
    assert problems(postgres_engine) == []


def test_the_page_and_the_reveals_are_counted_by_the_same_filter(engine: Engine) -> None:
    with db.transaction(engine) as session:
        for number in range(5):
            audit.record(session, at=NOW + dt.timedelta(hours=number), actor="a", action="pii.revealed", community_id=1)
        audit.record(session, at=NOW, actor="b", action="pii.revealed", community_id=2)
        audit.record(session, at=NOW, actor="b", action="x", subject="unit:12")
    with db.reading(engine) as session:
        assert audit.reveals(session, since=NOW, community_ids=None) == [("a", 5), ("b", 1)]
        assert audit.reveals(session, since=NOW, community_ids=[2]) == [("b", 1)]
        for wanted, number in (
            (audit.Filter(), 7),
            (audit.Filter(community_ids=[1]), 5),
            (audit.Filter(actor="b"), 2),
            (audit.Filter(subject="unit"), 1),
            (audit.Filter(subject="unit:1"), 0),
            (audit.Filter(subject="unit:12"), 1),
            (audit.Filter(from_at=NOW + dt.timedelta(hours=2)), 3),
            (audit.Filter(until_at=NOW + dt.timedelta(hours=2), action="pii.revealed"), 3),
        ):
            assert audit.count(session, wanted) == number, wanted
            assert len(audit.listed(session, wanted, limit=10)) == number
        assert audit.actors(session, audit.Filter(community_ids=[1])) == ["a"]
        assert audit.actions(session, audit.Filter()) == ["pii.revealed", "x"]
