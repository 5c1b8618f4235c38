"""The import wizard: a clerk says what columns are, it is remembered, the write goes on by itself, two at once."""

from __future__ import annotations

import functools
import html
import io
import re
import threading

import openpyxl
import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from app.domain.errors import Refusal
from app.services import imports
from app.sheets import parsing
from app.store import db
from app.store.tables import community, unit
from app.store.tables_tariffs import import_mapping, import_task
from app.web.staff import imports as import_pages
from tests.making import NOW, TODAY
from tests.web.conftest import Browser
from tests.web.estate import Estate

OWN = "锦绣花园（一期）"
NOWHERE = '[["' + "0" * 64 + '","x.xlsx"]]'
ODD: list[list[object]] = [["门牌全称", "户主大名", "平米"], ["7-1-101", "钱多", 88.5], ["7-1-102", "孙少", "九十"]]
SAID = {
    "kind-0-0": "units",
    "row-0-0": "1",
    "col-0-0-0": "room",
    "col-0-0-1": "owner",
    "col-0-0-2": "area",
}


def workbook(rows: list[list[object]], title: str = "台账") -> bytes:
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


@functools.cache
def odd() -> bytes:
    """The one file: a workbook holds the moment it was made, so another one would be another file."""
    return workbook(ODD)


def upload(browser: Browser, rows: list[list[object]] = ODD, who: str = "manager"):
    answer = browser(who).post(
        "/imports",
        data={"community": OWN, "due_day": "10"},
        files={"file": ("台账.xlsx", odd() if rows is ODD else workbook(rows))},
    )
    assert answer.status_code == 200, answer.text[-1500:]
    return answer


def hidden(text: str, form: str) -> dict[str, str]:
    """Return the hidden fields of the form with this action."""
    part = text.split(f'action="{form}"')[1].split("</form>", maxsplit=1)[0]
    return {
        name: html.unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', part)
    }


def corrected(browser: Browser, who: str = "manager", rows: list[list[object]] = ODD):
    form = hidden(upload(browser, rows, who).text, "/imports/preview")
    answer = browser(who).post("/imports/preview", data=form | SAID)
    assert answer.status_code == 200, answer.text[-1500:]
    return answer


def units(engine: Engine) -> int:
    with db.reading(engine) as session:
        return int(session.execute(sa.select(sa.func.count()).select_from(unit)).scalar_one())


def test_columns_a_clerk_explains_are_read_written_and_remembered(browser: Browser, engine: Engine) -> None:
    first = upload(browser)
    for text in ("门牌全称", "7-1-101；7-1-102", "不读这一列"):
        assert text in first.text, text
    seen = corrected(browser)
    assert "按您的更正读取" in seen.text
    assert "“九十”不是可用的面积" in seen.text
    before = units(engine)
    done = browser("manager").post("/imports/commit", data=hidden(seen.text, "/imports/commit"))
    assert done.status_code == 303, done.text[-800:]
    assert units(engine) == before + 1
    with db.reading(engine) as session:
        assert session.execute(sa.select(sa.func.count()).select_from(import_mapping)).scalar_one() == 1
    again = upload(browser, [*ODD[:1], ["7-1-103", "李四", 70]])
    assert "按上次更正的对应读取" in again.text
    assert "新增 <b>1</b>" in again.text


def test_the_same_file_again_is_said_so_and_adds_nothing(browser: Browser, engine: Engine) -> None:
    form = hidden(corrected(browser).text, "/imports/commit")
    browser("manager").post("/imports/commit", data=form)
    before = units(engine)
    again = upload(browser)
    assert "同一个文件已于" in again.text
    browser("manager").post("/imports/commit", data=hidden(again.text, "/imports/commit"))
    assert units(engine) == before


def test_a_memory_can_be_left_aside_once_or_forgotten_for_good(browser: Browser, engine: Engine) -> None:
    browser("manager").post("/imports/commit", data=hidden(corrected(browser).text, "/imports/commit"))
    again = upload(browser, [*ODD[:1], ["7-1-104", "赵六", 70]])
    form = hidden(again.text, "/imports/preview")
    aside = browser("manager").post("/imports/preview", data=form | {"act": "anew"})
    assert "按上次更正的对应读取" not in aside.text
    anew = browser("manager").post("/imports/preview", data=hidden(aside.text, "/imports/preview") | SAID)
    assert "按您的更正读取" in anew.text
    page = browser("confined").get("/imports")
    assert "记住的表头" in page.text
    where = re.search(r'action="(/imports/mappings/\d+/forget)"', page.text)[1]  # type: ignore[index]
    assert browser("cashier").post(where).status_code == 403
    assert browser("manager").post(where).status_code == 303
    assert browser("manager").post(where).status_code == 404
    assert "按上次更正的对应读取" not in upload(browser, [*ODD[:1], ["7-1-105", "周七", 70]]).text


def test_the_error_workbook_of_an_explained_sheet_names_its_faults(browser: Browser) -> None:
    form = hidden(corrected(browser).text, "/imports/commit")
    answer = browser("manager").post("/imports/error-workbook", data=form)
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert "九十" in str(sheet["B3"].value)
    done = browser("manager").post("/imports/commit", data=form)
    assert "下载错误工作簿（1 行）" in browser("manager").get(done.headers["location"]).text


def test_a_large_import_goes_on_by_itself_and_is_told_afterwards(
    browser: Browser, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_pages, "LARGE", 1)
    before = units(engine)
    seen = corrected(browser)
    assert "可以关掉页面" in seen.text
    done = browser("manager").post("/imports/commit", data=hidden(seen.text, "/imports/commit"))
    where = done.headers["location"]
    assert where.startswith("/imports/tasks/")
    assert units(engine) == before + 1
    page = browser("manager").get(where)
    assert "已导入：房产 1 户" in page.text
    assert browser("manager").get(f"{where}/progress").headers["x-poll"] == "stop"
    assert "台账.xlsx" in browser("manager").get("/jobs").text
    with db.reading(engine) as session:
        assert session.execute(sa.select(import_task.c.finished_at)).scalar_one() is not None


def test_an_interrupted_import_is_picked_up_and_a_refused_one_says_why(
    browser: Browser, engine: Engine, app, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_pages, "LARGE", 1)
    form = hidden(corrected(browser).text, "/imports/commit")
    errand = app.state.errands
    monkeypatch.setattr(type(errand), "bring_in", lambda self, task_id: None)
    where = browser("manager").post("/imports/commit", data=form).headers["location"]
    assert "正在读取和写入" in browser("manager").get(where).text
    monkeypatch.undo()
    before = units(engine)
    errand.catch_up()
    errand.catch_up()
    assert units(engine) == before + 1
    with db.transaction(engine) as session:
        session.execute(sa.update(import_task).values(finished_at=None, files=NOWHERE))
    errand.catch_up()
    assert "没有导入：" in browser("manager").get(where).text


def test_undo_explains_its_conditions(browser: Browser) -> None:
    form = hidden(corrected(browser).text, "/imports/commit")
    where = browser("manager").post("/imports/commit", data=form).headers["location"]
    page = browser("clerk").get(where)
    assert "才能整体撤销" in page.text
    assert "请有撤销权限的同事操作" in page.text


def test_the_template_is_there_to_download_and_reads_back_clean(browser: Browser) -> None:
    answer = browser("clerk").get("/imports/template.xlsx")
    assert answer.status_code == 200
    names = openpyxl.load_workbook(io.BytesIO(answer.content)).sheetnames
    assert {"房屋业主", "欠费", "收款", "填写说明"} <= set(names)
    assert '"/imports/template.xlsx"' in browser("clerk").get("/imports").text
    assert all(not sheet.faults and not sheet.records for sheet in parsing.parse("t.xlsx", answer.content).sheets)


@pytest.mark.parametrize(
    "change",
    [{"kind-0-0": "castle"}, {"row-0-0": "x"}, {"col-0-0-0": "password"}, {"choices": "{"}, {"choices": '{"a":1}'}],
)
def test_a_forged_choice_is_refused_with_a_sentence(browser: Browser, change: dict[str, str]) -> None:
    form = hidden(upload(browser).text, "/imports/preview")
    answer = browser("manager").post("/imports/preview", data=form | SAID | change)
    assert answer.status_code == 422
    assert "看不懂提交的列对应" in answer.text


def test_an_import_under_way_is_shown_only_within_reach(browser: Browser, engine: Engine, estate: Estate) -> None:
    row = {
        "community_id": estate.communities[1],
        "community_name": "望江苑",
        "files": "[]",
        "options": "{}",
        "created_by": estate.users["manager"],
        "login": "manager",
        "created_at": NOW,
    }
    with db.transaction(engine) as session:
        session.execute(sa.insert(import_task).values(**row))
        known = {"community_id": estate.communities[1], "fingerprint": "f", "choices": '{"kind":"units"}'}
        session.execute(sa.insert(import_mapping).values(**known, created_at=NOW, used_at=NOW))
    client = browser("confined")
    assert client.get("/imports/tasks/1").status_code == 404
    assert client.get("/imports/tasks/1/progress").status_code == 404
    assert client.post("/imports/mappings/1/forget").status_code == 404
    assert browser("manager").get("/imports/tasks/1").status_code == 200


def test_two_first_imports_at_once_make_one_community_and_one_sentence(engine: Engine) -> None:
    rows: list[list[object]] = [["房号", "业主姓名", "建筑面积"], ["1-1-101", "王伟", 90]]
    told: list[str] = []
    start = threading.Barrier(2, timeout=20)

    def bring(name: str) -> None:
        book = parsing.parse("a.xlsx", workbook(rows, name))
        start.wait()
        try:
            with db.transaction(engine) as session:
                imports.commit(
                    session,
                    books=[book],
                    options=imports.Options(community="新小区"),
                    today=TODAY,
                    now=NOW,
                    actor_id=None,
                    actor="a",
                )
            told.append("written")
        except Refusal as refusal:
            told.append(refusal.code)

    threads = [threading.Thread(target=bring, args=(name,)) for name in ("甲", "乙")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(told) in (["import.community_just_made", "written"], ["written", "written"])
    with db.reading(engine) as session:
        query = sa.select(sa.func.count()).select_from(community).where(community.c.name == "新小区")
        assert session.execute(query).scalar_one() == 1
