"""From the night to the check: a root is made, stamped when an authority answers, and whatever is touched is named."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy import Engine
from weasyprint import HTML

from app import clock
from app.domain.errors import Refusal
from app.gateways.files import FileStore
from app.gateways.ports import Gateways, Timestamps
from app.jobs import nightly, outside, stamping, verification, worker
from app.services import printing, sealing
from app.settings import Settings
from app.store import db, evidence, evidence_roots, triggers
from app.store.tables_evidence import timestamp_token
from tests.making import Estate, add_bill, make_estate

NIGHT = dt.datetime(2026, 3, 2, 18, 30, tzinfo=dt.UTC)  # 02:30 of the third in Shanghai
DAY = dt.date(2026, 3, 2)


@dataclass
class Silent:
    """An authority that does not answer."""

    is_demo: bool = False
    asked: int = 0

    def stamp(self, digest: bytes) -> bytes:
        self.asked += 1
        raise Refusal("timestamp.unavailable", why=f"nobody for {len(digest)} bytes")


@pytest.fixture(autouse=True)
def night() -> Iterator[None]:
    with time_machine.travel(NIGHT, tick=True):
        yield


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


@pytest.fixture
def made(engine: Engine) -> Estate:
    with db.transaction(engine) as session:
        found = make_estate(session)
        add_bill(session, found, dt.date(2026, 2, 10))
        evidence.append(
            session,
            community_id=found.community_id,
            unit_id=found.units[0],
            kind="delivery.event",
            subject_kind="delivery",
            subject_id=1,
            facts={"kind": "signed"},
            at=clock.now(),
        )
    return found


def state(engine: Engine) -> tuple[str, int]:
    with db.reading(engine) as session:
        (row,) = evidence_roots.rows(session, limit=5)
    assert row["day_on"] == DAY
    return row["state"], row["attempts"]


def stamp(engine: Engine, authority: Timestamps) -> int:
    return stamping.stamp_due(engine, authority, at=clock.now())


def problems(engine: Engine, settings: Settings) -> list[tuple[str, str]]:
    found = verification.examine(engine, files_dir=settings.files_dir, trust=outside.trust(settings))
    return [(problem.where, problem.what) for problem in found.problems]


def test_the_night_makes_the_root_of_the_day_before_and_waits_for_no_authority(
    engine: Engine, made: Estate, settings: Settings
) -> None:
    assert made.units
    worker.close_yesterday(engine, lambda: True)
    worker.close_yesterday(engine, lambda: True)
    assert state(engine) == ("pending", 0)
    silent = Silent()
    assert stamp(engine, silent) == stamp(engine, silent) == 0  # the second finds that it is not its turn yet
    assert (state(engine), silent.asked) == (("pending", 1), 1)
    with time_machine.travel(NIGHT + dt.timedelta(hours=1), tick=True):
        gateways = Gateways(FileStore(settings.files_dir), printing.press, timestamps=outside.timestamps(settings))
        worker.stamp(engine, gateways, lambda: True)
        assert state(engine) == ("stamped", 2)
        assert stamp(engine, outside.timestamps(settings)) == 0
    assert problems(engine, settings) == []


def test_a_rehearsal_of_the_night_leaves_no_root(engine: Engine, made: Estate) -> None:
    assert made.units
    nightly.rehearse(engine, through=DAY)
    with db.reading(engine) as session:
        assert evidence_roots.rows(session, limit=1) == []


def test_a_token_that_was_changed_or_exchanged_is_named(engine: Engine, made: Estate, settings: Settings) -> None:
    assert made.units
    worker.close_yesterday(engine, lambda: True)
    authority = outside.timestamps(settings)
    assert stamp(engine, authority) == 1
    with db.reading(engine) as session:
        ((_, digest, token, is_demo),) = evidence_roots.tokens(session)
    assert is_demo
    place = token.index(digest)
    changed = token[:place] + bytes(1) + token[place + 1 :]
    other = authority.stamp(hashlib.sha256(b"another root").digest())
    with engine.begin() as connection:
        for text in triggers.drop(engine.dialect.name, timestamp_token.name):
            connection.execute(sa.text(text))
    for forged in (changed, other, b"", token[:-30] + bytes(30)):
        with engine.begin() as connection:
            connection.execute(sa.update(timestamp_token).values(token=forged))
        ((where, what),) = problems(engine, settings)
        assert where == f"timestamp:{DAY}"
        assert what in {"timestamp.imprint_differs", "timestamp.invalid"}


def test_a_sealed_document_is_checked_byte_for_byte_and_seal_for_seal(
    engine: Engine, made: Estate, settings: Settings
) -> None:
    files = FileStore(settings.files_dir)
    gateways = Gateways(files, printing.press, sealer=outside.sealer(settings))
    source = files.put(HTML(string="<p>送达确认（盖章）</p>").write_pdf())
    done = sealing.produce(gateways, source_sha256=source, reason="x" * 500, at=clock.now(), company="青前物业")
    assert (done.level, len(done.reason), done.signer.is_demo) == ("B-T", 200, True)
    for _ in range(2):
        with db.transaction(engine) as session:
            sealing.settle(
                session,
                sealed=done,
                community_id=made.community_id,
                unit_id=made.units[0],
                subject_kind="document",
                subject_id=7,
            )
    assert problems(engine, settings) == []
    path = files.path(done.sealed_sha256)
    path.chmod(0o640)
    content = path.read_bytes()
    path.write_bytes(content[:500] + bytes([content[500] ^ 1]) + content[501:])
    assert problems(engine, settings) == [("sealed:document#7", "verify.file_changed")]
    path.unlink()
    assert problems(engine, settings) == [("sealed:document#7", "verify.file_missing")]
    path.write_bytes(content)
    # another root is set: what this machine made for itself is not trusted any more
    (settings.certificates_dir).rename(settings.data_dir / "elsewhere")
    assert problems(engine, settings) == [("sealed:document#7", "seal.not_trusted")]


def test_an_office_without_a_sealer_says_so(settings: Settings) -> None:
    gateways = Gateways(FileStore(settings.files_dir), printing.press)
    with pytest.raises(Refusal, match=r"seal\.not_set_up"):
        sealing.produce(gateways, source_sha256="0" * 64, reason="", at=NIGHT)


def test_a_check_makes_no_keys_where_there_is_nothing_to_check(engine: Engine, settings: Settings) -> None:
    assert problems(engine, settings) == []
    assert not settings.certificates_dir.exists()
