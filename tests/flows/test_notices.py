"""Notices from the command line to paper: real PDFs, two runs at once, a run killed with its process."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdf
import pytest
from sqlalchemy import Engine

from app import cli, settings
from app.gateways.files import FileStore
from app.gateways.ports import Gateways
from app.jobs import notice_run, rendering
from app.services import payments, printing
from app.settings import Settings
from app.store import arrears, db, documents, sealing
from tests import making
from tests.flows import processes
from tests.flows.processes import Process
from tests.services import noticing

KEY = b"k" * 32
ORDER = ("--as-of", noticing.TODAY.isoformat(), "--level", "2")
Run = Callable[..., dict[str, Any]]


@pytest.fixture
def made(engine: Engine) -> making.Estate:
    return noticing.build(engine)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, database_url: str) -> Run:
    """Return a function that runs one command on this test's own installation and returns its answer."""
    mine = Settings(
        data_dir=tmp_path / "data", database_url=database_url, secret_key=KEY.hex(), public_url=noticing.URL
    )
    monkeypatch.setattr(settings, "load", lambda: mine)

    def command(*arguments: str) -> dict[str, Any]:
        monkeypatch.setattr(sys, "argv", ["qingqian", *arguments, "--json"])
        status: object = 0
        try:
            cli.main()
        except SystemExit as end:
            status = end.code
        said = capsys.readouterr()
        assert not status, said.err
        return dict(json.loads(said.out))

    return command


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def text_of(pdf: bytes) -> str:
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def test_the_notices_of_a_date_are_made_once_and_lie_ready_to_print(
    run: Run, engine: Engine, made: making.Estate, tmp_path: Path
) -> None:
    with db.transaction(engine) as session:
        for unit_id in made.units[2:]:
            payments.record(
                session,
                receipt=payments.Receipt(unit_id, noticing.TODAY, 100_000, payments.Method.BANK),
                today=noticing.TODAY,
                now=noticing.NOW,
                actor_id=None,
                actor="clerk",
                may_back_date=True,
                key=f"pay {unit_id}",
            )
    out = tmp_path / "out"
    tried = run("notices", *ORDER, "--out", str(out), "--dry-run")
    assert (tried["batch"], tried["notices"], tried["print_file"]) == (None, 2, None)
    assert not out.exists()

    done = run("notices", *ORDER, "--out", str(out))
    assert (done["notices"], done["created"], done["skipped"], done["problems"]) == (2, 2, [], [])
    assert done["seconds"] > 0
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    listed = manifest["notices"]
    assert [one["unit"] for one in listed] == ["1-1-101", "1-1-102"]
    assert [one["file"] for one in listed] == [
        f"00{n}_1-1-10{n}_{one['number']}.pdf" for n, one in enumerate(listed, 1)
    ]
    for one in listed:
        assert hashlib.sha256((out / one["file"]).read_bytes()).hexdigest() == one["sha256"]
    joined = Path(done["print_file"]).read_bytes()
    assert hashlib.sha256(joined).hexdigest() == manifest["print_file"]["sha256"]
    assert len(pypdf.PdfReader(io.BytesIO(joined)).pages) == sum(one["pages"] for one in listed)

    with db.reading(engine) as session:
        [owed] = arrears.list_units(session, as_of=noticing.TODAY, wanted=arrears.Filter(unit_ids=made.units[:1]))
    first = text_of((out / listed[0]["file"]).read_bytes())
    for words in ("王秀英", listed[0]["number"], "480.00", f"{owed.late_charge_fen / 100:.2f}", "2026年3月2日"):
        assert words in first

    before = files(out)
    again = run("notices", *ORDER, "--out", str(out))
    assert (again["batch"], again["notices"], again["created"]) == (done["batch"], 2, 0)
    assert files(out) == before
    elsewhere = tmp_path / "elsewhere"
    run("notices", *ORDER, "--out", str(elsewhere))
    assert files(elsewhere) == before
    assert run("verify")["ok"] is True

    with db.reading(engine) as session:
        [receipt] = documents.of_unit(session, made.units[2])
    outside = Gateways(FileStore(tmp_path / "data" / "files"), printing.press)
    paper = rendering.print_one(engine, outside, document_id=receipt.id)
    assert receipt.number in text_of(paper)
    assert rendering.print_one(engine, outside, document_id=receipt.id) == paper

    run("statement", "1-1-102", "--as-of", noticing.TODAY.isoformat(), "--pdf", str(tmp_path / "s.pdf"))
    assert "李建国" in text_of((tmp_path / "s.pdf").read_bytes())


def test_an_address_nobody_else_can_open_is_warned_of(
    run: Run, made: making.Estate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = settings.load().model_copy(update={"public_url": "http://127.0.0.1:8000"})
    monkeypatch.setattr(settings, "load", lambda: local)
    done = run("notices", *ORDER, "--out", str(tmp_path / "out"), "--dry-run")
    assert (done["notices"], [one["reason"] for one in done["warnings"]]) == (5, ["address_local"])


def test_a_new_debt_is_added_to_the_notices_of_the_date_and_nothing_else_changes(
    engine: Engine, made: making.Estate, tmp_path: Path
) -> None:
    first = order_all(engine, tmp_path, "a")
    before = files(tmp_path / "a")
    with db.transaction(engine) as session:
        unit_id = making.add_unit(session, made.community_id, "1-1-302")
        making.add_owner(session, made, unit_id, "周明")
        making.add_bill(session, made, dt.date(2026, 1, 10), unit_id=unit_id)
    second = order_all(engine, tmp_path, "b")
    assert (first.created, second.created, second.notices, second.batches) == (5, 1, 6, first.batches)
    after = files(tmp_path / "b")
    assert {name: body for name, body in after.items() if name in before and name[0] == "0"} == {
        name: body for name, body in before.items() if name[0] == "0"
    }


def test_two_runs_at_once_give_one_set(database_url: str, engine: Engine, made: making.Estate, tmp_path: Path) -> None:
    faults: list[BaseException] = []
    together = threading.Barrier(2)

    def one(name: str) -> None:
        mine = db.create_engine(database_url)
        sealing.attach(mine, KEY)
        try:
            together.wait()
            order_all(mine, tmp_path, name)
        except BaseException as fault:  # noqa: BLE001 - told below
            faults.append(fault)
        finally:
            mine.dispose()

    threads = [threading.Thread(target=one, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    order_all(engine, tmp_path, "c")
    numbers = [one["number"] for one in json.loads((tmp_path / "c" / "manifest.json").read_text())["notices"]]
    assert sorted(int(number[-6:]) for number in numbers) == [1, 2, 3, 4, 5]
    assert files(tmp_path / "a") == files(tmp_path / "b") == files(tmp_path / "c")


def test_a_run_whose_process_is_killed_is_finished_by_the_next(
    database_url: str, engine: Engine, made: making.Estate, tmp_path: Path
) -> None:
    batch_id = noticing.draft(engine, made)
    noticing.release(engine, batch_id)
    engine.dispose()
    killed = Process(processes.papers, database_url, tmp_path, batch_id, environment=dict(os.environ))
    assert killed.wait() == -signal.SIGKILL, killed.errors.read()
    killed.close()
    before = noticing.rows(engine, batch_id)
    assert sum(1 for row in before if row["sha256"]) == 2
    done = noticing.finish(engine, noticing.gateways(tmp_path), batch_id)
    assert (done.issued, done.total, done.printed) == (0, 5, 5)
    after = noticing.rows(engine, batch_id)
    assert [row["number"] for row in after] == [row["number"] for row in before]
    assert all(old["sha256"] in {None, new["sha256"]} for old, new in zip(before, after, strict=True))
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 6


def test_several_processes_print_what_one_would(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noticing.build(sqlite_engine)
    monkeypatch.setattr(rendering, "FEW", 1)
    outside = Gateways(FileStore(tmp_path / "files"), noticing.plain_page)
    done = order_all(sqlite_engine, tmp_path, "out", workers=2, outside=outside)
    rows = noticing.rows(sqlite_engine, done.batches[0])
    with db.reading(sqlite_engine) as session:
        papers = printing.papers(session, document_ids=[row["document_id"] for row in rows])
    assert done.created == 5
    assert [printing.produce(outside, paper=paper).sha256 for paper in papers] == [row["sha256"] for row in rows]


def test_where_nothing_is_overdue_nothing_is_made(engine: Engine, made: making.Estate, tmp_path: Path) -> None:
    done = order_all(engine, tmp_path, "out", as_of=dt.date(2020, 1, 1))
    assert (done.batches, done.notices, done.left, done.print_file) == ((), 0, (), None)
    assert list(files(tmp_path / "out")) == ["manifest.json"]


def order_all(
    engine: Engine,
    folder: Path,
    name: str,
    *,
    as_of: dt.date = noticing.TODAY,
    workers: int = 1,
    outside: Gateways | None = None,
) -> notice_run.Outcome:
    return notice_run.run(
        engine,
        outside or noticing.gateways(folder / "files"),
        order=notice_run.Order(as_of=as_of, level=2, min_days=1, community_id=None),
        public_url=noticing.URL,
        workers=workers,
        out=folder / name,
    )
