"""Two tabs share a session: a form goes to the community its page showed, or nowhere."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app.store import db
from app.store import estate as communities
from tests.web.conftest import Browser
from tests.web.estate import Estate

FIELD = re.compile(r'name="at_community" value="(\d+)"')


@pytest.fixture
def database_kind() -> str:
    return "sqlite"


@pytest.fixture
def manager(browser: Browser, estate: Estate) -> TestClient:
    client = browser("manager")
    client.post("/community", data={"community_id": str(estate.communities[0])})
    return client


def test_every_form_of_a_page_says_which_community_it_showed(manager: TestClient, estate: Estate) -> None:
    page = manager.get("/settings/start").text
    forms = re.findall(r"<form\b[^>]*method=\"post\"[^>]*>(?:\s*<input[^>]*>)?", page)
    shown = [form for form in forms if not re.search(r'action="/(?:community|logout|theme|density)"', form)]
    assert shown
    assert all(FIELD.search(form) for form in shown), shown
    assert {int(number) for number in FIELD.findall(page)} == {estate.communities[0]}


def test_somebody_with_one_community_needs_no_such_field(browser: Browser) -> None:
    assert "at_community" not in browser("confined").get("/settings/start").text


def test_a_form_of_the_other_tab_is_refused_and_changes_nothing(
    manager: TestClient, engine: Engine, estate: Estate
) -> None:
    stale = {"at_community": str(estate.communities[1]), "name": "改错了"}
    answer = manager.post("/settings/community", data=stale)
    assert answer.status_code == 409
    assert "切换到了" in answer.text
    with db.reading(engine) as session:
        assert communities.community_row(session, estate.communities[0]).name != "改错了"


def test_a_form_about_one_unit_goes_on_since_the_unit_says_where_it_is(manager: TestClient, estate: Estate) -> None:
    other = estate.units[estate.communities[1]][0]
    data = {"at_community": str(estate.communities[1]), "amount": "1", "key": "k" * 22, "act": "preview"}
    assert manager.post(f"/units/{other}/pay", data=data).status_code in {200, 303}


def test_switching_and_signing_out_work_from_any_tab(manager: TestClient, estate: Estate) -> None:
    for number in (estate.communities[1], estate.communities[0]):
        assert manager.post("/community", data={"community_id": str(number)}).status_code == 303
    assert manager.post("/logout").status_code == 303
