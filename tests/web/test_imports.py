"""Importing through the page: a preview that writes nothing, the same file twice, the faults back, taking it back."""

from __future__ import annotations

import io

import openpyxl
import sqlalchemy as sa
from sqlalchemy import Engine

from app.store import db
from app.store.tables import bill, unit
from tests.web.conftest import Browser

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook(rows: list[list[object]], title: str = "欠费明细") -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


UNITS = workbook(
    [
        ["房号", "业主姓名", "建筑面积", "联系电话"],
        ["7-1-101", "钱多", 88.5, "13900001111"],
        ["7-1-102", "孙少", "九十", ""],
    ],
    "房产",
)


def count(engine: Engine, table: sa.Table) -> int:
    with db.reading(engine) as session:
        return int(session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def preview(browser: Browser, content: bytes = UNITS, name: str = "房产.xlsx", who: str = "clerk"):
    return browser(who).post("/imports", data={"community": "新小区", "due_day": "10"}, files={"file": (name, content)})


def tickets(text: str) -> list[str]:
    return [part.split('"')[0] for part in text.split('name="file" value="')[1:]]


def test_a_preview_names_the_bad_row_and_writes_nothing(browser: Browser, engine: Engine) -> None:
    before = count(engine, unit)
    answer = preview(browser)
    assert answer.status_code == 200, answer.text[-1500:]
    assert "以下还没有写入" in answer.text
    assert "九十" in answer.text
    assert count(engine, unit) == before


def test_good_rows_go_in_the_same_file_adds_nothing_and_it_can_be_taken_back(browser: Browser, engine: Engine) -> None:
    before = count(engine, unit)
    form = {"file": tickets(preview(browser).text), "community": "新小区", "due_day": "10"}
    done = browser("clerk").post("/imports/commit", data=form)
    assert done.status_code == 303, done.text[-1500:]
    assert count(engine, unit) > before
    after = count(engine, unit)
    browser("clerk").post("/imports/commit", data=form)
    assert count(engine, unit) == after
    where = done.headers["location"]
    assert browser("clerk").post(f"{where}/undo").status_code == 403
    assert browser("finance").post(f"{where}/undo").status_code == 303
    assert count(engine, unit) == before
    assert browser("finance").post(f"{where}/undo").status_code == 409


def test_the_faults_come_back_as_a_workbook(browser: Browser) -> None:
    form = {"file": tickets(preview(browser).text), "community": "新小区", "due_day": "10"}
    answer = browser("clerk").post("/imports/error-workbook", data=form)
    assert answer.headers["content-type"] == XLSX
    assert openpyxl.load_workbook(io.BytesIO(answer.content)).sheetnames == ["房产"]


A_FILE_THAT_CANNOT = [
    ("x.xlsx", b""),
    ("x.xlsx", b"PK\x03\x04 not a workbook"),
    ("x.xlsm", UNITS),
    ("x.exe", UNITS),
    ("x.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 encrypted"),
    ("../../etc/passwd", b"root"),
    ("x.csv", b"\xff\xfe\x00"),
]


def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(browser: Browser, engine: Engine) -> None:
    for name, content in A_FILE_THAT_CANNOT:
        before = count(engine, bill)
        answer = preview(browser, content, name)
        assert answer.status_code in {200, 422}, answer.text[-800:]
        assert count(engine, bill) == before


def test_no_file_and_a_forged_ticket_are_refused(browser: Browser) -> None:
    client = browser("clerk")
    empty = client.post("/imports", data={"community": "", "due_day": "10"})
    assert empty.status_code == 422
    assert "请选择要上传的文件" in empty.text
    for ticket in ("../../secret.key/x.xlsx", "0" * 64 + "/x.xlsx", "x", ""):
        forged = client.post("/imports/commit", data={"file": ticket, "community": "", "due_day": "10"})
        assert forged.status_code in {404, 422}, ticket


def test_a_confined_person_imports_only_into_their_own_community(browser: Browser, engine: Engine) -> None:
    before = count(engine, unit)
    client = browser("confined")
    answer = client.post(
        "/imports", data={"community": "望江苑", "due_day": "10"}, files={"file": ("房产.xlsx", UNITS)}
    )
    assert answer.status_code == 403
    own = client.post(
        "/imports", data={"community": "锦绣花园（一期）", "due_day": "10"}, files={"file": ("房产.xlsx", UNITS)}
    )
    forged = {"file": tickets(own.text), "community": "望江苑", "due_day": "10"}
    assert client.post("/imports/commit", data=forged).status_code == 403
    assert count(engine, unit) == before
