"""What the log keeps of a request: which page it was for, never the key in its address."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
import structlog
import uvicorn
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError, OperationalError
from starlette.testclient import TestClient
from typer.testing import CliRunner

from app.cli import app as program
from app.cli import serving
from app.store import db, owner_links, users
from tests.web import estate as estates
from tests.web.conftest import Browser
from tests.web.estate import Estate

TOKEN = "t0k3n" * 5


@pytest.mark.parametrize(
    "error", [OperationalError("", {}, Exception()), IntegrityError("", {}, Exception()), RuntimeError("boom")]
)
def test_a_failing_owner_page_is_logged_without_its_key(
    anonymous: TestClient, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(owner_links, "link", fail)
    with structlog.testing.capture_logs() as lines:
        answer = anonymous.get(f"/o/{TOKEN}")
    assert answer.status_code >= 409
    assert [line["path"] for line in lines] == ["/o/{token}"]
    assert TOKEN not in str(lines)


def test_a_failing_page_is_logged_without_the_data_it_failed_on(
    browser: Browser, engine: Engine, monkeypatch: pytest.MonkeyPatch, estate: Estate
) -> None:
    secret = "13800138000"

    def fail(*_: object, **__: object) -> None:
        with db.reading(engine) as session:
            try:
                session.execute(sa.text("SELECT 1 FROM nowhere WHERE phone = :phone"), {"phone": secret})
            except Exception as error:
                message = f"no such phone: {secret}"
                raise ValueError(message) from error

    monkeypatch.setattr(users, "everyone", fail)
    with structlog.testing.capture_logs() as lines:
        answer = browser("admin").get("/users")
    assert answer.status_code == 500
    assert secret not in str(lines)
    assert secret not in answer.text
    [line] = [line for line in lines if line["event"] == "failed"]
    assert "ValueError" in line["trace"]
    assert "test_logs.py" in line["trace"]


def test_signing_in_and_setting_passwords_leaves_no_secret_in_the_log(
    anonymous: TestClient, browser: Browser, estate: Estate
) -> None:
    secrets = ["not the password at all", estates.PASSWORD, "another sentence of mine", "654321", "x" * 22]
    with structlog.testing.capture_logs() as lines:
        for password in secrets[:2]:
            anonymous.post("/login", data={"login": "clerk", "password": password})
        anonymous.post("/login/code", data={"code": secrets[3]})
        anonymous.post(f"/join/{secrets[4]}", data={"password": secrets[2]})
        client = browser("clerk")
        client.post("/me/password", data={"current": secrets[0], "password": secrets[2]})
        client.post("/me/second-factor/confirm", data={"code": secrets[3]})
        client.post("/confirm", data={"secret": secrets[1]})
    assert not [secret for secret in secrets if secret in str(lines)]


@pytest.mark.usefixtures("anonymous")
def test_the_server_keeps_no_log_of_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[dict[str, Any]] = []
    monkeypatch.setattr(uvicorn, "run", lambda *_, **options: started.append(options))
    monkeypatch.setattr(serving, "engine", type("Engine", (), {"dispose": lambda _: None}))
    result = CliRunner().invoke(program, ["serve"])
    assert result.exit_code == 0, result.output
    assert [options["access_log"] for options in started] == [False]
