"""Every form there is, walked by its model: other sites, doubled fields, unknown fields, and what nobody would type."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from starlette.datastructures import FormData
from starlette.testclient import TestClient

from app.domain.access import MATRIX, Role
from app.store import db
from app.web import forms
from tests.web import stock
from tests.web.conftest import Browser
from tests.web.estate import Estate
from tests.web.test_access import permission_of, routes

ODD = [
    "", " ", "\x00", "0", "-1", "2147483648", "9" * 40, "1e9", "NaN", "٣", "１２", "0001-01-01", "9999-12-31", "2026-02-30",
    "true", "null", "[]", "{}", "'; DROP TABLE unit;--", "<script>alert(1)</script>", "{{7*7}}", "${x}", "%00", "=1+1",
    "\u202e", "𠮷" * 300, "a" * 70_000, "\ud800", "../../etc/passwd", "-0.01", "0.001", "1,234.56", "￥5",
]  # fmt: skip


@pytest.fixture
def database_kind() -> str:
    """One engine is enough to walk every form; the other has tests of its own for what it takes differently."""
    return "sqlite"


def forms_of(app: FastAPI):
    for method, path, route in routes(app):
        if method == "POST":
            yield path, permission_of(route), stock.model_of(route)


def role_for(permission) -> str:
    if permission is None or permission in MATRIX[Role.MANAGER]:
        return "manager"
    return next(role.value for role in Role if permission in MATRIX[role])


def test_every_form_from_another_site_is_refused_and_changes_nothing(
    app: FastAPI, browser: Browser, engine: Engine
) -> None:
    client = browser("manager")
    with db.reading(engine) as session:
        before = stock.counts(session)
    for path, _permission, model in forms_of(app):
        data = stock.filled_form(model) if model else {}
        for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
            if path.startswith("/o/") and headers == {"Origin": "null"}:
                continue  # see test_security.py: the token page hides its own origin, and carries no cookie
            answer = client.post(stock.address(path, {}), data=data, headers=headers)
            assert answer.status_code == 403, (path, headers)
    with db.reading(engine) as session:
        assert stock.counts(session) == before


def models(app: FastAPI) -> list[type[forms.FormModel]]:
    return sorted(
        {model for _path, _permission, model in forms_of(app) if model is not None}, key=lambda one: one.__name__
    )


def test_every_form_refuses_a_doubled_field_and_an_unknown_one(app: FastAPI) -> None:
    found = models(app)
    assert len(found) > 30
    for model in found:
        filled = list(stock.filled_form(model).items())
        assert forms.parse(model, FormData(filled)).faults == {}, model
        assert forms.parse(model, FormData([*filled, ("is_admin", "true")])).model is None, model
        for name, declared in model.model_fields.items():
            several = "list[" in str(declared.annotation) or "tuple[" in str(declared.annotation)
            if not several:
                doubled = forms.parse(model, FormData([*filled, (name, "1"), (name, "1")]))
                assert doubled.model is None, (model, name)
                assert name in doubled.faults, (model, name)


def test_no_form_fails_whatever_is_typed_into_one_of_its_fields(app: FastAPI, browser: Browser, estate: Estate) -> None:
    """One odd value after another goes round the fields, so that each field meets several and the walk stays short."""
    clients = {role: browser(role) for role in ("manager", "admin", "clerk", "finance")}
    given_ids = {"unit_id": estate.units[estate.communities[0]][1]}
    turn, found = 0, []
    for path, permission, model in forms_of(app):
        client = clients[role_for(permission)]
        if model is None or path in {"/logout", "/my/leave"}:
            continue
        right, names = stock.filled_form(model), list(model.model_fields)
        for name in names if len(names) < 3 else (names[turn % len(names)], names[(turn + 2) % len(names)]):
            turn += 1
            value = ODD[turn % len(ODD)].encode(errors="surrogatepass").decode(errors="replace")
            answer = client.post(stock.address(path, given_ids), data=right | {name: value})
            if answer.status_code >= 500:
                found.append((path, name, value[:40]))
    assert found == []
    assert turn > 80


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(data=st.data())
def test_no_model_fails_on_any_text(app: FastAPI, data: st.DataObject) -> None:
    known = models(app)
    model = data.draw(st.sampled_from(known))
    names = st.sampled_from([*model.model_fields, "other"])
    pairs = data.draw(st.lists(st.tuples(names, st.text(max_size=40)), max_size=8))
    parsed = forms.parse(model, FormData(pairs))
    assert (parsed.model is None) == bool(parsed.faults)


def test_no_body_of_any_kind_makes_a_page_fail(app: FastAPI, browser: Browser) -> None:
    client: TestClient = browser("manager")
    bodies = (
        ("application/json", b'{"a":1}'),
        ("multipart/form-data; boundary=X", b"--X\r\nno head\r\n--X--"),
        ("multipart/form-data", b"x"),
        ("application/x-www-form-urlencoded", b"%ff%fe=%00&&=&a"),
    )
    for turn, (path, _permission, model) in enumerate(forms_of(app)):
        if model is not None:
            kind, body = bodies[turn % len(bodies)]
            answer = client.post(stock.address(path, {}), content=body, headers={"content-type": kind})
            assert answer.status_code < 500, (path, kind)
