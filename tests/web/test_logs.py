"""What the log keeps of a request: which page it was for, never the key in its address."""

from __future__ import annotations

from typing import Any

import pytest
import structlog
import uvicorn
from sqlalchemy.exc import IntegrityError, OperationalError
from starlette.testclient import TestClient
from typer.testing import CliRunner

from app.cli import app as program
from app.cli import serving
from app.store import owner_links

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


@pytest.mark.usefixtures("anonymous")
def test_the_server_keeps_no_log_of_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[dict[str, Any]] = []
    monkeypatch.setattr(uvicorn, "run", lambda *_, **options: started.append(options))
    monkeypatch.setattr(serving, "engine", type("Engine", (), {"dispose": lambda _: None}))
    result = CliRunner().invoke(program, ["serve"])
    assert result.exit_code == 0, result.output
    assert [options["access_log"] for options in started] == [False]
