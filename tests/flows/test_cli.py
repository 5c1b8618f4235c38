"""The command line as other programs rely on it: answers, exit statuses, and a dry run that writes nothing."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa

from app import cli, settings
from app.jobs import demo
from app.settings import Settings
from app.store import db
from tests.architecture import rules

OFFICE = [str(rules.ROOT / "app/demo_data" / name) for name in demo.WORKBOOKS]


@dataclass(frozen=True)
class Said:
    """What one command said."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        assert self.out.count("\n") == 1, "one JSON object, and nothing else on standard output"
        return json.loads(self.out)


Run = Callable[..., Said]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, database_url: str) -> Run:
    """Return a function that runs one command on this test's own installation."""
    mine = Settings(data_dir=tmp_path / "data", database_url=database_url)
    monkeypatch.setattr(settings, "load", lambda: mine)

    def command(*arguments: str, stdin: str = "") -> Said:
        monkeypatch.setattr(sys, "argv", ["qingqian", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        status = 0
        try:
            cli.main()
        except SystemExit as end:
            status = int(end.code or 0)
        said = capsys.readouterr()
        return Said(status, said.out, said.err)

    return command


def test_an_office_comes_in_and_its_books_answer(run: Run, tmp_path: Path) -> None:
    tried = run("import", *OFFICE, "--dry-run", "--json").json
    assert run("arrears", "--json").json["units"] == 0, "a dry run writes nothing"
    done = run("import", *OFFICE, "--json").json
    assert done["created"] == tried["created"] == {"units": 264, "owners": 264, "bills": 632, "payments": 40}
    assert done["amounts"] == {"bills": "149825.53", "payments": "47477.78"}
    again = run("import", *OFFICE, "--json").json
    assert set(again["created"].values()) == {0}
    assert all(file["already_imported"] for file in again["files"])

    on_the_last_day = run("arrears", "--as-of", "2025-12-31", "--json").json
    assert on_the_last_day["units"] > 0
    listed = run("arrears", "--xlsx", str(tmp_path / "list.xlsx"), "--json").json
    sheet = openpyxl.load_workbook(tmp_path / "list.xlsx").active
    assert sheet is not None
    assert sheet.cell(sheet.max_row, 8).value == float(listed["total"])
    assert listed["total"] == f"{sum(round(float(row['total']) * 100) for row in listed['rows']) / 100:.2f}"
    assert sum(bucket["units"] for bucket in listed["aging"]) >= listed["units"]
    assert "*" in listed["rows"][0]["owner"]

    for spelling in ("1-1-202", "1幢1单元202室", "1栋1单元202"):
        stated = run("statement", spelling, "--as-of", "2026-01-31", "--json").json
        owed = sum(round(float(bill["principal"]) * 100) for bill in stated["bills"].values())
        assert (stated["unit"], owed) == ("1-1-202", 67342)

    assert run("close", "--through", "2026-03-01", "--dry-run", "--json").json["closed_through"] == "2026-03-01"
    assert run("close", "--through", "2026-03-01", "--json").json["problems"] == []
    assert run("close", "--through", "2026-03-01", "--json").json["days"] == 0, "closed once is closed"
    assert run("verify", "--json").json["ok"] is True


def test_a_backup_brings_the_same_books_back(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("import", *OFFICE)
    before = run("arrears", "--as-of", "2026-06-30", "--json").out
    tried = run("backup", str(tmp_path / "b.zip"), "--dry-run", "--json").json
    assert not (tmp_path / "b.zip").exists()
    written = run("backup", str(tmp_path / "b.zip"), "--json").json
    assert written["rows"] == tried["rows"]
    checked = run("restore", str(tmp_path / "b.zip"), "--into", str(tmp_path / "new"), "--dry-run", "--json").json
    assert not (tmp_path / "new").exists()
    restored = run("restore", str(tmp_path / "b.zip"), "--into", str(tmp_path / "new"), "--json").json
    assert ({**restored, "dry_run": True}, restored["ok"]) == (checked, True)
    mine = Settings(data_dir=tmp_path / "new", database_url="")
    monkeypatch.setattr(settings, "load", lambda: mine)
    assert run("arrears", "--as-of", "2026-06-30", "--json").out == before
    assert run("verify", "--json").json["ok"] is True


def test_a_refusal_is_a_code_and_a_sentence_and_exit_status_1(run: Run) -> None:
    said = run("statement", "9-9-909", "--json")
    assert (said.status, said.json["error"]["code"]) == (1, "unit.unknown")
    assert "9-9-909" in said.err


@pytest.mark.parametrize(
    "arguments",
    [("bill", "--period", "2026-13"), ("arrears", "--as-of", "tomorrow"), ("nonsense",), ("close", "--through", "x")],
)
def test_wrong_usage_is_exit_status_2(run: Run, arguments: tuple[str, ...]) -> None:
    said = run(*arguments)
    assert (said.status, said.out) == (2, "")


def test_a_blank_database_is_given_its_schema(
    run: Run, empty_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = Settings(data_dir=tmp_path / "data", database_url=empty_database_url)
    monkeypatch.setattr(settings, "load", lambda: mine)
    assert run("migrate", "--dry-run", "--json").json["before"] == ""
    assert run("arrears", "--json").json["units"] == 0
    engine = db.create_engine(empty_database_url)
    assert run("migrate", "--json").json["head"] == db.newest(engine) == db.head(engine)
    engine.dispose()


def test_a_database_of_another_version_is_exit_status_3(run: Run, database_url: str) -> None:
    engine = db.create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'another'"))
    engine.dispose()
    said = run("arrears", "--json")
    assert (said.status, said.out, "qingqian migrate" in said.err) == (3, "", True)


def test_a_person_is_added_once_and_gets_a_new_password(run: Run) -> None:
    tried = run("user", "add", "wang", "--name", "王芳", "--role", "clerk", "--dry-run", "--json").json
    assert "password" not in tried
    made = run("user", "add", "wang", "--name", "王芳", "--role", "clerk", "--json").json
    assert len(made["password"]) >= 16
    assert run("user", "add", "wang", "--name", "王芳", "--role", "clerk", "--json").json["error"]["code"] == (
        "signin.login_taken"
    )
    assert run("user", "password", "wang", "--password-stdin", stdin="short\n").status == 1
    assert run("user", "password", "wang", "--password-stdin", stdin="a sentence only I know\n").status == 0


def test_the_doctor_looks_and_changes_nothing(run: Run) -> None:
    found = run("doctor", "--json").json
    assert {"data_dir", "disk", "database", "schema", "calendar", "libraries", "fonts", "public_url"} <= {
        check["name"] for check in found["checks"]
    }


def test_calculators_answer_line_by_line_and_exit_1_when_one_was_refused(run: Run) -> None:
    good = '{"id": 1, "start_on": "2026-01-01", "days": 15}'
    said = run("calc", "period", "--jsonl", stdin=f"{good}\nnot json\n{good}\n")
    answers = [json.loads(line) for line in said.out.splitlines()]
    assert ([("error" in answer) for answer in answers], said.status) == ([False, True, False], 1)


def test_the_shell_script_explains_itself() -> None:
    for arguments, status in ((["--help"], 0), ([], 2), (["nonsense"], 2)):
        said = subprocess.run([rules.ROOT / "dev", *arguments], capture_output=True, text=True, check=False)
        assert (said.returncode, "usage: ./dev" in said.stdout + said.stderr) == (status, True)
