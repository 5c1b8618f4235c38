"""The chain of evidence: one chain a unit, sealed at the commit; whatever is done to it past the program is named."""

from __future__ import annotations

import datetime as dt
import json
import threading
from contextlib import suppress

import pytest
import rfc8785
import sqlalchemy as sa
from sqlalchemy import Engine

from app.domain import merkle
from app.domain.evidence import Token
from app.store import chain, db, evidence, evidence_checks, evidence_reads, evidence_roots, triggers
from app.store.tables import account
from app.store.tables_evidence import evidence_entry, evidence_leaf, evidence_root, evidence_seal
from tests.making import NOW, Estate, add_bill, make_estate

DAY = dt.date(2026, 3, 1)


@pytest.fixture
def made(engine: Engine) -> Estate:
    """Return two units; the first has a ledger of two bills."""
    with db.transaction(engine) as session:
        found = make_estate(session, units=("1-1-101", "1-1-102"))
        for month in (1, 2):
            add_bill(session, found, dt.date(2025, month, 10))
    return found


def new(made: Estate, unit: int, what: str, **facts: object) -> evidence.New:
    return evidence.New(made.community_id, made.units[unit], what, "notice", 7, {"note": "送达", **facts}, NOW)


def write(engine: Engine, *rows: evidence.New) -> list[int]:
    with db.transaction(engine) as session:
        return evidence.append_many(session, rows)


def root(engine: Engine, day: dt.date = DAY) -> int | None:
    with db.transaction(engine) as session:
        return evidence_roots.make(session, day_on=day, at=NOW)


def problems(engine: Engine) -> list[tuple[str, str]]:
    with db.reading(engine) as session:
        return [(problem.where, problem.what) for problem in evidence_checks.problems(session)[1]]


def links(engine: Engine, unit_id: int) -> list[evidence.Link]:
    with db.reading(engine) as session:
        return evidence.chain_of_unit(session, unit_id)


def tamper(engine: Engine, table: sa.Table, *statements: sa.Executable) -> None:
    """Do what only somebody with the keys of the database could."""
    dialect = engine.dialect.name
    before, after = ([sa.text(line) for line in made(dialect, table.name)] for made in (triggers.drop, triggers.create))
    with db.transaction(engine) as session:
        for statement in (*before, *statements, *after):
            session.execute(statement)


# --- writing --------------------------------------------------------------------------------------


def test_each_unit_has_a_chain_of_its_own(engine: Engine, made: Estate) -> None:
    write(engine, new(made, 0, "a"), new(made, 1, "b"), new(made, 0, "c"))
    write(engine, new(made, 0, "d"))
    first, second = (links(engine, unit_id) for unit_id in made.units)
    assert [(link.seq, link.kind) for link in first] == [(1, "a"), (2, "c"), (3, "d")]
    assert [(link.seq, link.kind) for link in second] == [(1, "b")]
    assert [link.prev_hash for link in first] == [chain.GENESIS, first[0].hash, first[1].hash]
    assert problems(engine) == []


def test_what_is_hashed_is_the_canonical_json_of_the_entry(engine: Engine, made: Estate) -> None:
    write(engine, new(made, 0, "a", on=dt.date(2026, 2, 3), count=3, bills=[1, 2]))
    (link,) = links(engine, made.units[0])
    body = json.loads(link.text)
    assert link.text.encode() == rfc8785.dumps(body)
    assert body["facts"].encode() == rfc8785.dumps(json.loads(body["facts"]))
    assert link.facts == {"note": "送达", "on": "2026-02-03", "count": 3, "bills": [1, 2]}
    assert link.hash == chain.digest(chain.GENESIS, link.text)


def test_a_float_is_a_programmers_mistake(engine: Engine, made: Estate) -> None:
    with pytest.raises(TypeError), db.transaction(engine) as session:
        evidence.append_many(session, [new(made, 0, "a", deep=[{"x": 1.5}])])


def test_what_was_rolled_back_is_not_in_the_chain(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        with suppress(RuntimeError), session.begin_nested():
            evidence.append_many(session, [new(made, 0, "gone")])
            raise RuntimeError
        evidence.append_many(session, [new(made, 0, "kept")])
    assert [link.kind for link in links(engine, made.units[0])] == ["kept"]
    assert problems(engine) == []


def test_writers_at_once_make_one_chain(engine: Engine, made: Estate) -> None:
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        for _ in range(3):
            write(engine, new(made, 0, "x"), new(made, 1, "y"))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for unit_id in made.units:
        assert [link.seq for link in links(engine, unit_id)] == list(range(1, 13))
    assert problems(engine) == []


def test_many_entries_take_as_many_statements_as_a_few(engine: Engine, made: Estate) -> None:
    def statements(count: int) -> int:
        seen: list[str] = []

        def note(*args: object) -> None:
            seen.append(str(args[2]))

        sa.event.listen(engine, "before_cursor_execute", note)
        write(engine, *(new(made, place % 2, "m") for place in range(count)))
        sa.event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    assert statements(2) == statements(60)


# --- the root of a day ----------------------------------------------------------------------------


def test_a_day_has_one_root_over_the_evidence_and_the_ledger_of_all_units(engine: Engine, made: Estate) -> None:
    write(engine, new(made, 1, "a"))
    root_id = root(engine)
    assert root_id is not None
    assert root(engine) is None
    assert root(engine, DAY - dt.timedelta(days=1)) is None  # a day that was missed is not made up
    with db.reading(engine) as session:
        leaves = evidence_roots.leaves_at(session)
        (row,) = evidence_roots.rows(session, limit=9)
        head = session.execute(
            sa.select(account.c.head_seq, account.c.head_hash).where(account.c.unit_id == made.units[0])
        ).one()
    assert set(leaves) == set(made.units)
    assert (leaves[made.units[0]].ledger_seq, leaves[made.units[0]].ledger_hash) == tuple(head)
    assert leaves[made.units[1]].evidence_hash == links(engine, made.units[1])[-1].hash
    assert row["merkle_root"] == merkle.root([leaves[number].text(number) for number in sorted(leaves)])
    assert (row["leaves"], row["state"], row["attempts"]) == (2, "pending", 0)


def test_only_what_changed_is_written_again_and_every_root_can_be_proved(engine: Engine, made: Estate) -> None:
    write(engine, new(made, 0, "a"), new(made, 1, "a"))
    first = root(engine)
    write(engine, new(made, 1, "b"))
    second = root(engine, DAY + dt.timedelta(days=1))
    assert first is not None
    assert second is not None
    with db.reading(engine) as session:
        count = sa.select(sa.func.count()).select_from(evidence_leaf).where(evidence_leaf.c.root_id == second)
        assert session.execute(count).scalar_one() == 1
        for root_id in (first, second):
            wanted = session.execute(sa.select(evidence_root.c.merkle_root).where(evidence_root.c.id == root_id))
            merkle_root = wanted.scalar_one()
            for unit_id in made.units:
                proof = evidence_roots.proof_of(session, root_id=root_id, unit_id=unit_id)
                assert proof is not None
                assert merkle.proves(*proof, merkle_root)
        assert evidence_roots.proof_of(session, root_id=first, unit_id=10**6) is None
    assert problems(engine) == []


def test_an_office_without_anything_has_no_root(engine: Engine) -> None:
    assert root(engine) is None


def test_a_root_waits_for_its_timestamp_ever_longer_and_is_stamped_once(engine: Engine, made: Estate) -> None:
    root_id = root(engine)
    assert root_id is not None
    token = Token(NOW, "1.2.3", "ab", "某时间戳机构", "", is_demo=False)

    def waiting(at: dt.datetime) -> int:
        with db.reading(engine) as session:
            return len(evidence_roots.unstamped(session, at=at))

    assert waiting(NOW) == 1
    for _ in range(5):
        with db.transaction(engine) as session:
            evidence_roots.not_stamped(session, root_id=root_id, why="没有回应" * 99, at=NOW)
    assert waiting(NOW + dt.timedelta(minutes=31)) == 0
    assert waiting(NOW + dt.timedelta(minutes=32)) == 1
    with db.reading(engine) as session:
        assert evidence_roots.rows(session, limit=1)[0]["state"] == "failed"
        assert evidence_reads.counts(session).unstamped == 1
    with db.transaction(engine) as session:
        assert evidence_roots.stamped(session, root_id=root_id, token=b"t", facts=token, at=NOW)
        assert not evidence_roots.stamped(session, root_id=root_id, token=b"u", facts=token, at=NOW)
        evidence_roots.not_stamped(session, root_id=root_id, why="too late", at=NOW)
    assert waiting(NOW + dt.timedelta(days=9)) == 0
    with db.reading(engine) as session:
        (row,) = evidence_roots.rows(session, limit=1)
        assert (row["state"], row["authority"], row["failure"]) == ("stamped", "某时间戳机构", "")
        assert [found[2] for found in evidence_roots.tokens(session)] == [b"t"]


# --- tampering ------------------------------------------------------------------------------------


def test_a_changed_entry_is_named_and_what_follows_it_is_not(engine: Engine, made: Estate) -> None:
    ids = write(engine, *(new(made, 0, kind) for kind in "abc"))
    for column, value in (("facts", '{"note":"拒收"}'), ("kind", "z"), ("at", NOW + dt.timedelta(days=1))):
        with db.reading(engine) as session:
            before = session.execute(sa.select(evidence_entry.c[column]).where(evidence_entry.c.id == ids[1])).scalar()
        change = sa.update(evidence_entry).where(evidence_entry.c.id == ids[1])
        tamper(engine, evidence_entry, change.values({column: value}))
        assert problems(engine) == [("1-1-101 evidence:2", "verify.evidence_changed")]
        tamper(engine, evidence_entry, change.values({column: before}))
    assert problems(engine) == []


def test_two_entries_that_changed_places_are_named(engine: Engine, made: Estate) -> None:
    ids = write(engine, new(made, 0, "a"), new(made, 0, "b"))
    first, second = (sa.update(evidence_entry).where(evidence_entry.c.id == number) for number in ids)
    tamper(engine, evidence_entry, first.values(kind="b"), second.values(kind="a"))
    assert problems(engine) == [("1-1-101 evidence:1", "verify.evidence_changed")]


def test_an_entry_moved_to_another_unit_is_named(engine: Engine, made: Estate) -> None:
    (number,) = write(engine, new(made, 0, "a"))
    move = sa.update(evidence_entry).where(evidence_entry.c.id == number)
    tamper(engine, evidence_entry, move.values(unit_id=made.units[1]))
    assert problems(engine) == [("1-1-101 evidence:1", "verify.evidence_changed")]


def test_a_deleted_entry_is_named_and_so_is_its_seal(engine: Engine, made: Estate) -> None:
    ids = write(engine, *(new(made, 0, kind) for kind in "abc"))
    tamper(engine, evidence_entry, sa.delete(evidence_entry).where(evidence_entry.c.id == ids[1]))
    assert problems(engine) == [("1-1-101 evidence:2", "verify.evidence_missing")]
    tamper(engine, evidence_seal, sa.delete(evidence_seal).where(evidence_seal.c.entry_id == ids[1]))
    assert problems(engine) == [("1-1-101 evidence:3", "verify.evidence_seal_missing")]


def test_an_entry_nobody_sealed_is_named(engine: Engine, made: Estate) -> None:
    row = {
        "community_id": made.community_id,
        "unit_id": made.units[0],
        "kind": "x",
        "subject_kind": "y",
        "subject_id": 1,
        "facts": "{}",
        "at": NOW,
    }
    with engine.begin() as connection:
        number = connection.execute(sa.insert(evidence_entry).values(**row).returning(evidence_entry.c.id)).scalar_one()
    assert problems(engine) == [(f"1-1-101 evidence-entry:{number}", "verify.evidence_unsealed")]


def forge(engine: Engine, made: Estate, facts: str) -> None:
    """Change an entry and make the whole chain anew, as a good forger would."""
    ids = [link.id for link in links(engine, made.units[0])]
    tamper(engine, evidence_entry, sa.update(evidence_entry).where(evidence_entry.c.id == ids[0]).values(facts=facts))
    prev, statements = chain.GENESIS, []
    for link in links(engine, made.units[0]):
        digest = chain.digest(prev, link.text)
        where = sa.update(evidence_seal).where(evidence_seal.c.entry_id == link.id)
        statements.append(where.values(prev_hash=prev, hash=digest))
        prev = digest
    tamper(engine, evidence_seal, *statements)


def test_a_chain_made_anew_does_not_agree_with_the_root_of_its_day(engine: Engine, made: Estate) -> None:
    write(engine, new(made, 0, "a"), new(made, 0, "b"))
    root(engine)
    write(engine, new(made, 0, "c"))
    forge(engine, made, '{"note":"签收"}')
    assert problems(engine) == [(f"1-1-101 evidence:2 root:{DAY}", "verify.evidence_forged")]


def test_a_chain_cut_short_does_not_agree_with_the_root_of_its_day(engine: Engine, made: Estate) -> None:
    ids = write(engine, new(made, 0, "a"), new(made, 0, "b"))
    root(engine)
    tamper(engine, evidence_seal, sa.delete(evidence_seal).where(evidence_seal.c.entry_id == ids[1]))
    tamper(engine, evidence_entry, sa.delete(evidence_entry).where(evidence_entry.c.id == ids[1]))
    assert problems(engine) == [(f"1-1-101 evidence:2 root:{DAY}", "verify.evidence_forged")]


def test_a_changed_leaf_or_root_is_named(engine: Engine, made: Estate) -> None:
    write(engine, new(made, 1, "a"))
    root(engine)
    root(engine, DAY + dt.timedelta(days=1))
    one = sa.select(sa.func.min(evidence_leaf.c.id)).scalar_subquery()
    with db.reading(engine) as session:
        before = session.execute(sa.select(evidence_leaf.c.ledger_hash).where(evidence_leaf.c.id == one)).scalar_one()
    change = sa.update(evidence_leaf).where(evidence_leaf.c.id == one)
    tamper(engine, evidence_leaf, change.values(ledger_hash="0" * 63 + "1"))
    assert {what for _, what in problems(engine)} == {"verify.root_leaves_differ", "verify.ledger_forged"}
    tamper(engine, evidence_leaf, change.values(ledger_hash=before))
    assert problems(engine) == []
    first = sa.update(evidence_root).where(evidence_root.c.day_on == DAY)
    tamper(engine, evidence_root, first.values(leaves=9))
    assert problems(engine) == [(f"root:{DAY}", "verify.root_changed")]
    tamper(engine, evidence_root, first.values(leaves=2, hash="f" * 64))
    assert problems(engine) == [
        (f"root:{DAY}", "verify.root_changed"),
        (f"root:{DAY + dt.timedelta(days=1)}", "verify.root_chain_broken"),
    ]
