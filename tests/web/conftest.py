"""An application on a fresh estate, and browsers that are signed in without the slow hashing."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app import clock
from app.main import create_app
from app.settings import Settings
from app.store import db, sealing, sessions
from app.web.security import Limits
from tests.databases import PostgresDatabases, SqliteDatabases
from tests.web import estate as estates
from tests.web.estate import Estate

LOOSE = "100000/minute"
ORIGIN = {"Origin": "http://testserver"}

Browser = Callable[[str], TestClient]

BUILT: dict[type, Estate] = {}


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    """Stand on one day, with the clock running."""
    with time_machine.travel(estates.NOW, tick=True):
        yield


@pytest.fixture
def database_url(databases: SqliteDatabases | PostgresDatabases) -> Iterator[str]:
    """Yield a database of the test's own with the estate in it: built once, copied for each test."""
    kind = type(databases)

    def fill(url: str) -> None:
        made = db.create_engine(url)
        sealing.attach(made, b"k" * 32)
        BUILT[kind] = estates.build(made)
        made.dispose()

    url = databases.copy_of("estate", fill)
    yield url
    databases.drop(url)


@pytest.fixture
def estate(databases: SqliteDatabases | PostgresDatabases, database_url: str) -> Estate:
    """Return the ids of what is in the test's database."""
    assert database_url
    return copy.deepcopy(BUILT[type(databases)])


@pytest.fixture
def app(engine: Engine, estate: Estate, tmp_path: Path) -> FastAPI:
    settings = Settings(data_dir=tmp_path, public_url="http://testserver")
    return create_app(settings, engine=engine, limits=Limits(LOOSE, LOOSE, LOOSE, LOOSE))


@pytest.fixture
def anonymous(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, headers=ORIGIN, follow_redirects=False, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def browser(app: FastAPI, engine: Engine, estate: Estate) -> Iterator[Browser]:
    """Return a maker of browsers signed in as a role."""
    made: list[TestClient] = []

    def signed_in(login: str) -> TestClient:
        client = TestClient(app, headers=ORIGIN, follow_redirects=False, raise_server_exceptions=False)
        with db.transaction(engine) as session:
            token = sessions.start(session, user_id=estate.users[login], at=clock.now(), ip="127.0.0.1", agent="test")
        client.cookies.set("sid", token, domain="testserver.local")  # as the jar keeps what the server sets
        made.append(client)
        return client

    yield signed_in
    for client in made:
        client.close()
