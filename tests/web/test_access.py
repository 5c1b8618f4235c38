"""Every route names who may use it, and means it; nobody reaches another community."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.testclient import TestClient

from app.domain.access import MATRIX, Permission, Role
from app.web.deps import PERMISSION_MARK, signed_in
from tests.web.conftest import Browser
from tests.web.estate import Estate

OPEN = {
    ("GET", "/static/{name}"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("POST", "/api/v1/calc/{kind}"),
    ("GET", "/login"),
    ("POST", "/login"),
    ("POST", "/logout"),
    ("GET", "/login/code"),
    ("POST", "/login/code"),
    ("GET", "/join/{token}"),
    ("POST", "/join/{token}"),
    ("GET", "/o/{token}"),
    ("POST", "/o/{token}"),
    ("GET", "/my"),
    ("POST", "/my/leave"),
    ("GET", "/my/receipts/{payment_id}.pdf"),
    ("GET", "/my/notices/{notice_id}.pdf"),
    ("GET", "/my/notices/{notice_id}/sealed.pdf"),
    ("GET", "/my/sign-in"),
    ("POST", "/my/sign-in"),
    ("GET", "/my/code"),
    ("POST", "/my/code"),
    ("GET", "/my/units/{unit_id}"),
    ("GET", "/my/notices/{notice_id}"),
    ("POST", "/my/notices/{notice_id}/sign"),
    ("GET", "/my/notices/{notice_id}/signature.png"),
    ("GET", "/my/units/{unit_id}/ask/{kind}"),
    ("POST", "/my/units/{unit_id}/ask/{kind}"),
    ("GET", "/my/requests/{request_id}"),
    ("POST", "/my/requests/{request_id}/withdraw"),
    ("GET", "/my/requests/{request_id}/files/{file_id}"),
    ("GET", "/my/units/{unit_id}/pay"),
    ("POST", "/my/units/{unit_id}/pay"),
    ("GET", "/my/units/{unit_id}/payee-code"),
    ("GET", "/my/paid/{reference}"),
    ("GET", "/my/simulator/{reference}"),
    ("POST", "/my/simulator/{reference}"),
    ("POST", "/pay/callback/{name}"),
}


@pytest.fixture
def database_kind() -> str:
    """Who may do what is decided before anything that differs between the engines."""
    return "sqlite"


def routes(app: FastAPI) -> Iterator[tuple[str, str, APIRoute]]:
    for context in iter_route_contexts(app.routes):
        route = context.route
        if isinstance(route, APIRoute):
            yield from ((method, route.path, route) for method in sorted(route.methods - {"HEAD"}))


def calls(dependant: Dependant) -> Iterator[object]:
    for part in dependant.dependencies:
        yield part.call
        yield from calls(part)


def permission_of(route: APIRoute) -> Permission | None:
    found = [getattr(call, PERMISSION_MARK) for call in calls(route.dependant) if hasattr(call, PERMISSION_MARK)]
    assert len(found) <= 1, f"{route.path} asks for several permissions"
    return found[0] if found else None


def filled(path: str, unit_id: int = 1) -> str:
    path = path.replace("{unit_id}", str(unit_id)).replace("{kind}", "period").replace("{token}", "x" * 22)
    return re.sub(r"\{[a-z_]+\}", "1", path)


def test_every_route_is_open_on_purpose_or_asks_for_a_permission(app: FastAPI) -> None:
    unguarded = {
        (method, path)
        for method, path, route in routes(app)
        if permission_of(route) is None and signed_in not in set(calls(route.dependant))
    }
    assert unguarded - OPEN == set()


def test_nobody_gets_past_the_sign_in(app: FastAPI, anonymous: TestClient) -> None:
    for method, path, route in routes(app):
        if permission_of(route) or signed_in in set(calls(route.dependant)):
            answer = anonymous.request(method, filled(path))
            assert answer.status_code == 303, (method, path)
            assert answer.headers["location"].startswith("/login"), (method, path)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_what_its_row_of_the_matrix_says(
    app: FastAPI, browser: Browser, estate: Estate, role: Role
) -> None:
    client = browser(role.value)
    unit_id = estate.units[estate.communities[0]][0]
    for method, path, route in routes(app):
        permission = permission_of(route)
        if permission is None:
            continue
        answer = client.request(method, filled(path, unit_id))
        assert answer.status_code < 500, (method, path, answer.text[-300:])
        assert (answer.status_code == 403) == (permission not in MATRIX[role]), (method, path, role)


def test_search_and_lists_stay_within_reach(browser: Browser, estate: Estate) -> None:
    client = browser("confined")
    for path in ("/search?q=101", "/units", "/arrears", "/waivers?state=all", "/imports", "/"):
        answer = client.get(path, follow_redirects=True)
        assert answer.status_code == 200
        assert "望江苑" not in answer.text, path


def test_a_denial_is_written_down(browser: Browser) -> None:
    assert browser("cashier").post("/billing/single").status_code == 403
    log = browser("admin").get("/audit")
    assert "越权被拒" in log.text
    assert "正式出账" in log.text
