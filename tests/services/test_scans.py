"""Slips from scan to proof, on both engines: filed by their number, confirmed by a person, taken back by a further row."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from app.domain.deeds import By
from app.domain.delivery import Relation
from app.domain.errors import Refusal
from app.services import door_signing, scans
from app.services.scans import Cut, HandedIn, Said
from app.store import acknowledgements, db, evidence, limitation_reads
from app.store import deliveries as delivery_reads
from app.store import scans as reads
from app.store.tables_office import document_file, notice
from app.store.tables_scans import scan_decision
from tests import making
from tests.making import NOW, TODAY, Estate
from tests.services import noticing

SHA = "a" * 64
LATER = NOW + dt.timedelta(days=10)
RECEIVED = TODAY + dt.timedelta(days=3)


@dataclass(slots=True)
class Office:
    """What the tests need: the estate, its notices, and somebody who acts."""

    made: Estate
    numbers: list[str]
    notices: list[int]
    by: By


@pytest.fixture
def office(engine: Engine, tmp_path: Path) -> Office:
    made = noticing.build(engine)
    outside = noticing.gateways(tmp_path)
    batch_id = noticing.draft(engine, made)
    noticing.release(engine, batch_id)
    noticing.finish(engine, outside, batch_id)
    with db.transaction(engine) as session:
        user_id = making.add_user(session, "clerk")
        rows = session.execute(sa.select(notice.c.id, notice.c.number).order_by(notice.c.id)).all()
    by = By(TODAY + dt.timedelta(days=10), LATER, "clerk", user_id)
    return Office(made, [row.number for row in rows], [row.id for row in rows], by)


def hand_in(engine: Engine, office: Office, sha256: str = SHA) -> tuple[int, bool]:
    file = HandedIn("slips.pdf", "application/pdf", sha256, 1000)
    with db.transaction(engine) as session:
        return scans.hand_in(session, community_id=office.made.community_id, file=file, by=office.by)


def file(engine: Engine, office: Office, *numbers: str, sha256: str = SHA, reach: list[int] | None = None) -> list[int]:
    """Hand in a scan with these numbers on its page and return the ids of the slips."""
    batch_id, _ = hand_in(engine, office, sha256)
    cuts = [
        Cut(1, place, number, "b" * 64, "c" * 64, "d" * 64, {"proposal": ["received"]})
        for place, number in enumerate(numbers, 1)
    ]
    within = [office.made.community_id] if reach is None else reach
    with db.transaction(engine) as session:
        scans.settle(session, batch_id=batch_id, pages=1, cuts=cuts, reach=within, now=LATER)
    with db.reading(engine) as session:
        rows = reads.queue(session, office.made.community_id, states=(), batch_id=batch_id, limit=50, offset=0)
    return [row["id"] for row in rows]


def state(engine: Engine, slip_id: int) -> str:
    with db.reading(engine) as session:
        return str(reads.slip(session, slip_id).state)


def confirm(engine: Engine, office: Office, slip_id: int, **changes: object) -> int:
    said = {"received_on": RECEIVED, "receiver": "王秀英", "relation": Relation.SELF, "ticks": ("received",)} | changes
    with db.transaction(engine) as session:
        return scans.confirm(session, slip_id=slip_id, said=Said(**said), by=office.by)  # type: ignore[arg-type]


def undo(engine: Engine, office: Office, slip_id: int, reason: str = "填错") -> None:
    with db.transaction(engine) as session:
        scans.undo(session, slip_id=slip_id, reason=reason, by=office.by)


def act_by(engine: Engine, office: Office) -> set[dt.date | None]:
    with db.reading(engine) as session:
        return {clock.base_on for clock in limitation_reads.clocks_of_unit(session, office.made.units[0], RECEIVED)}


def test_the_same_file_handed_in_twice_is_one_scan(engine: Engine, office: Office) -> None:
    first, is_new = hand_in(engine, office)
    assert is_new
    assert hand_in(engine, office) == (first, False)
    assert hand_in(engine, office, "e" * 64)[0] != first


def test_each_slip_goes_to_its_notice_or_to_its_queue(engine: Engine, office: Office) -> None:
    one, two = office.numbers[:2]
    ids = file(engine, office, one, two, one, "CJ9926000001")
    assert [state(engine, number) for number in ids] == ["found", "found", "double", "unknown"]
    with db.transaction(engine) as session:  # read again after a crash: filed once
        batch_id = reads.slip(session, ids[0]).batch_id
        cuts = [Cut(1, 1, one)]
        assert scans.settle(session, batch_id=batch_id, pages=1, cuts=cuts, reach=[], now=LATER) == 0
    assert file(engine, office, two, sha256="e" * 64)
    assert state(engine, ids[1]) == "found"


def test_a_slip_of_a_community_out_of_reach_is_as_unknown_as_any(engine: Engine, office: Office) -> None:
    (slip_id,) = file(engine, office, office.numbers[0], reach=[])
    with db.reading(engine) as session:
        row = reads.slip(session, slip_id)
    assert (row.state, row.notice_id, row.unit_id) == ("unknown", None, None)
    with db.transaction(engine) as session, pytest.raises(Refusal, match="number_unknown"):
        scans.number(session, slip_id=slip_id, number=office.numbers[0], reach=[], by=office.by)


def test_a_confirmed_slip_is_a_delivery_a_signature_an_interruption_and_evidence(
    engine: Engine, office: Office
) -> None:
    before = act_by(engine, office)
    (slip_id,) = file(engine, office, office.numbers[0])
    event_id = confirm(engine, office, slip_id)
    with db.reading(engine) as session:
        (delivery,) = delivery_reads.deliveries_of_notice(session, office.notices[0])
        signed = acknowledgements.signed(session, office.notices[0])
        event = delivery_reads.event_row(session, event_id)
    assert (delivery["channel"], delivery["state"], delivery["strength"]) == ("hand", "signed", "A")
    assert delivery["signed_on"] == RECEIVED
    assert signed is not None
    assert (signed.channel, signed.signed_name, signed.is_owner_name) == ("paper", "王秀英", True)
    assert SHA in event.files
    assert act_by(engine, office) == {RECEIVED} != before
    assert state(engine, slip_id) == "confirmed"
    with db.reading(engine) as session:
        chain = evidence.chain_of_unit(session, office.made.units[0])
    (entry,) = [link for link in chain if link.kind == "scan.confirmed"]
    assert entry.facts["parent_sha256"] == SHA
    assert entry.facts["receiver"] == "王秀英"


def test_a_wrong_confirmation_is_taken_back_with_all_it_had_proven_and_can_be_made_anew(
    engine: Engine, office: Office
) -> None:
    before = act_by(engine, office)
    (slip_id,) = file(engine, office, office.numbers[0])
    confirm(engine, office, slip_id)
    undo(engine, office, slip_id)
    assert state(engine, slip_id) == "found"
    assert act_by(engine, office) == before
    with db.reading(engine) as session:
        assert acknowledgements.signed(session, office.notices[0]) is None
        assert not acknowledgements.marks(session, [office.made.units[0]])
        assert [row["kind"] for row in reads.decisions(session, slip_id)] == ["confirmed", "undone"]
    confirm(engine, office, slip_id, receiver="王小明", relation=Relation.FAMILY)
    with db.reading(engine) as session:
        signed = acknowledgements.signed(session, office.notices[0])
    assert signed is not None
    assert (signed.signed_name, signed.is_owner_name, signed.nth) == ("王小明", False, 2)


def test_a_second_slip_of_a_notice_waits_as_double_and_is_never_filed_twice(engine: Engine, office: Office) -> None:
    first, second = file(engine, office, office.numbers[0], office.numbers[0])
    confirm(engine, office, first)
    with pytest.raises(Refusal, match="signed_already"):
        confirm(engine, office, second)
    (third,) = file(engine, office, office.numbers[0], sha256="e" * 64)
    assert state(engine, third) == "double"
    with pytest.raises(Refusal, match="decided"):
        confirm(engine, office, first)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"received_on": TODAY + dt.timedelta(days=11)}, "received_in_future"),
        ({"received_on": TODAY - dt.timedelta(days=1)}, "received_before_notice"),
        ({"receiver": "  "}, "receiver_missing"),
    ],
)
def test_what_cannot_stand_on_a_slip_is_refused(
    engine: Engine, office: Office, changes: dict[str, object], code: str
) -> None:
    (slip_id,) = file(engine, office, office.numbers[0])
    with pytest.raises(Refusal, match=code):
        confirm(engine, office, slip_id, **changes)
    assert state(engine, slip_id) == "found"


def test_a_page_without_a_code_is_filed_by_hand_or_laid_aside(engine: Engine, office: Office) -> None:
    batch_id, _ = hand_in(engine, office)
    cuts = [Cut(page, 0, slip_sha256="f" * 64) for page in (1, 2)]
    with db.transaction(engine) as session:
        scans.settle(session, batch_id=batch_id, pages=2, cuts=cuts, reach=[office.made.community_id], now=LATER)
        one, two = [
            row["id"]
            for row in reads.queue(session, office.made.community_id, states=("unreadable",), limit=9, offset=0)
        ]
    with pytest.raises(Refusal, match="not_filed"):
        confirm(engine, office, one)
    with db.transaction(engine) as session:
        lower = f" {office.numbers[1].lower()} "
        scans.number(session, slip_id=one, number=lower, reach=[office.made.community_id], by=office.by)
    confirm(engine, office, one, receiver="李建国")
    with db.transaction(engine) as session, pytest.raises(Refusal, match="reason_missing"):
        scans.reject(session, slip_id=two, reason=" ", by=office.by)
    with db.transaction(engine) as session:
        scans.reject(session, slip_id=two, reason="白纸", by=office.by)
    undo(engine, office, two)
    assert (state(engine, one), state(engine, two)) == ("confirmed", "unreadable")
    with pytest.raises(Refusal, match="not_decided"):
        undo(engine, office, two)


def test_what_was_said_of_a_slip_cannot_be_changed(engine: Engine, office: Office) -> None:
    (slip_id,) = file(engine, office, office.numbers[0])
    confirm(engine, office, slip_id)
    with pytest.raises(DBAPIError), db.transaction(engine) as session:
        session.execute(sa.update(scan_decision).values(reason="x"))


# --- at the door ----------------------------------------------------------------------------------


def at_the_door(engine: Engine, office: Office, key: str = "k" * 32, **changes: object) -> int:
    with db.reading(engine) as session:
        sha256 = session.execute(
            sa.select(document_file.c.sha256)
            .join(notice, notice.c.document_id == document_file.c.document_id)
            .where(notice.c.id == office.notices[0])
        ).scalar_one()
    given = {
        "key": key,
        "name": "王秀英",
        "relation": Relation.SELF,
        "is_owner_name": True,
        "document_sha256": sha256,
        "strokes": "[[[1,1,0],[9,9,9]]]",
        "picture_sha256": "1" * 64,
        "record_sha256": "2" * 64,
        "context": {"server_at": "2026-03-12T01:30:00+00:00"},
    } | changes
    with db.transaction(engine) as session:
        signed = door_signing.Signed(**given)  # type: ignore[arg-type]
        return door_signing.sign(session, notice_id=office.notices[0], signed=signed, by=office.by)


def test_a_signature_at_the_door_is_written_once_and_is_proof_at_once(engine: Engine, office: Office) -> None:
    event_id = at_the_door(engine, office)
    assert at_the_door(engine, office) == event_id
    with pytest.raises(Refusal, match="signed_already"):
        at_the_door(engine, office, key="l" * 32)
    with db.reading(engine) as session:
        signed = acknowledgements.signed(session, office.notices[0])
        (delivery,) = delivery_reads.deliveries_of_notice(session, office.notices[0])
    assert signed is not None
    assert signed.channel == "door"
    assert (delivery["state"], delivery["strength"]) == ("signed", "A")
    (slip_id,) = file(engine, office, office.numbers[0])
    assert state(engine, slip_id) == "double"


def test_a_signature_under_another_document_is_refused(engine: Engine, office: Office) -> None:
    with pytest.raises(Refusal, match="not_printed"):
        at_the_door(engine, office, document_sha256="0" * 64)


def test_the_hash_of_a_signature_changes_with_each_of_its_parts() -> None:
    base = door_signing.digest(SHA, "[]", {"a": 1})
    others = {
        door_signing.digest("b" * 64, "[]", {"a": 1}),
        door_signing.digest(SHA, "[[]]", {"a": 1}),
        door_signing.digest(SHA, "[]", {"a": 2}),
    }
    assert len(others) == 3
    assert base not in others
