"""The open calculators over HTTP: the contract's answers, its errors, and no 500 whatever is sent."""

from __future__ import annotations

import json

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from app.web.security import Limits

LOOSE = "1000000/minute"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory):
    app = create_app(Settings(data_dir=tmp_path_factory.mktemp("data")), limits=Limits(LOOSE, LOOSE, LOOSE, LOOSE))
    with TestClient(app, raise_server_exceptions=False) as made:
        yield made


def test_a_case_is_answered_without_signing_in(client: TestClient) -> None:
    answer = client.post("/api/v1/calc/court-fee", json={"id": "a", "amount": "10000.00"})
    assert answer.status_code == 200
    assert answer.json() == {"id": "a"} | answer.json()
    assert answer.json()["ordinary"] == "50.00"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"1e999",
        b'{"id": 1e400}',
        b"\xff\xfe",
        b'{"id":"x","id":"y"}',
        b"[" * 100_000,
        b'{"amount": NaN}',
    ],
)
def test_an_unreadable_case_is_a_422_with_a_sentence(client: TestClient, body: bytes) -> None:
    for kind in ("statement", "limitation", "period", "court-fee", "claim"):
        answer = client.post(f"/api/v1/calc/{kind}", content=body)
        assert answer.status_code == 422, (kind, body[:40])
        error = answer.json()["error"]
        assert set(error) == {"code", "message", "field"}
        assert error["message"]


def test_an_unknown_calculator_is_a_404_in_json(client: TestClient) -> None:
    answer = client.post("/api/v1/calc/horoscope", json={})
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "access.not_found"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(["2026-02-30", "1e3", "9" * 70, "-5", "2026-01-01", "0.00"]),
    lambda children: st.lists(children, max_size=4)
    | st.dictionaries(
        st.sampled_from(["id", "as_of", "bills", "events", "policy", "amount", "principal", "due_on", "type", "on", "rate"])
        | st.text(max_size=5),
        children,
        max_size=5,
    ),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=JSON, kind=st.sampled_from(["statement", "limitation", "period", "court-fee", "claim"]))
def test_no_json_whatever_breaks_a_calculator(client: TestClient, case: object, kind: str) -> None:
    answer = client.post(f"/api/v1/calc/{kind}", content=json.dumps(case).encode())
    assert answer.status_code in {200, 422}, (kind, case)
    assert ("error" in answer.json()) == (answer.status_code == 422)


def test_the_published_schema_holds(client: TestClient) -> None:
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", client.app)

    for operation in schema.get_all_operations():
        made = operation.ok()  # type: ignore[union-attr]

        @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
        @given(case=made.as_strategy())
        def run(case) -> None:
            case.call_and_validate(excluded_checks=[positive_data_acceptance])

        run()


def test_health_says_little(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"ok": True}
    ready = client.get("/readyz")
    assert ready.status_code == 503
    assert ready.json() == {"ok": False}
