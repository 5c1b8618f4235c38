"""The import command: marked copies, files that do not open, a kind insisted on, and taking an import back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl

from tests.flows.test_cli import Run, run
from tests.sheets.workbooks import OFFICE, xlsx

__all__ = ["run"]

UNITS: list[list[Any]] = [["房号", "业主", "建筑面积"], ["1-1-101", "张三", 80], ["1-1-102", "李四", "不详"]]


def write(folder: Path, name: str, data: bytes) -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)


def test_a_marked_copy_comes_back_and_can_be_sent_again(run: Run, tmp_path: Path) -> None:
    marked = tmp_path / "marked.xlsx"
    said = run("import", str(OFFICE / "register.xlsx"), "--error-workbook", str(marked))
    assert "272" in said.out
    assert openpyxl.load_workbook(marked).active["A272"].value == "未导入"
    assert set(run("import", str(marked), "--json").json["created"].values()) == {0}


def test_a_file_that_does_not_open_stops_no_other_one(run: Run, tmp_path: Path) -> None:
    good = write(tmp_path, "good.xlsx", xlsx({"表": UNITS}))
    bad = write(tmp_path, "bad.xlsm", b"PK")
    said = run("import", bad, good, "--community", "甲", "--json")
    assert (said.status, said.json["created"]["units"]) == (0, 1)
    assert [(file["file"], file["code"]) for file in said.json["unread"]] == [("bad.xlsm", "sheet.has_macros")]
    assert "sheet.has_macros" in run("import", bad, good, "--community", "甲").out
    alone = run("import", bad, "--json")
    assert (alone.status, alone.json["error"]["code"]) == (1, "sheet.has_macros")


def test_where_nothing_could_be_read_the_exit_status_says_so(run: Run, tmp_path: Path) -> None:
    assert run("import", write(tmp_path, "a.xlsx", xlsx({"表": [["今天", "天气"]]})), "--json").status == 1


def test_a_kind_is_insisted_on_or_not_known(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path, "a.xlsx", xlsx({"表": UNITS}))
    assert run("import", file, "--kind", "units", "--dry-run", "--json").json["created"]["units"] == 1
    assert run("import", file, "--kind", "weather", "--json").status == 2


def test_an_import_is_taken_back_by_its_number(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path, "good.xlsx", xlsx({"表": UNITS}))
    batch = str(run("import", file, "--json").json["files"][0]["batch"])
    assert run("undo-import", batch, "--dry-run", "--json").json["units"] == 1
    assert run("undo-import", batch, "--json").json["units"] == 1
    assert run("undo-import", batch, "--json").status == 1
    assert run("import", file, "--json").json["created"]["units"] == 1
