"""Fixtures every area shares: databases on both engines, Chromium, and an honest account of what did not run."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import Engine

from app.store import db, sealing
from tests.databases import PostgresDatabases, SqliteDatabases, Unavailable
from tests.sharing import share_routes

NOT_RUN = "NOT RUN: "
ENGINES = [pytest.param("sqlite"), pytest.param("postgres", marks=pytest.mark.postgres)]

# The machine's own settings are not the tests' business.
for name in [name for name in os.environ if name.startswith("QINGQIAN_")]:
    if name not in {"QINGQIAN_TEST_PG_URL", "QINGQIAN_CHROMIUM"}:
        del os.environ[name]
# Nobody of the made-up staff has a telephone; the tests of the second factor ask for it themselves.
os.environ["QINGQIAN_REQUIRE_SECOND_FACTOR"] = "false"
share_routes()


def not_run(reason: str) -> NoReturn:
    """Leave this test out, loudly: a last line on a desk, a failure where CI=true."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(NOT_RUN + reason)


# --- databases -------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> SqliteDatabases:
    return SqliteDatabases(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres_databases() -> PostgresDatabases | str:
    """Return the databases, or why there are none; asked once, since a server that fails does so slowly."""
    try:
        return PostgresDatabases()
    except Unavailable as error:
        return str(error)


@pytest.fixture(params=ENGINES)
def database_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def databases(database_kind: str, request: pytest.FixtureRequest) -> SqliteDatabases | PostgresDatabases:
    """Return what makes databases of this kind; for tests that need several, or an empty one."""
    made = request.getfixturevalue(f"{database_kind}_databases")
    if isinstance(made, str):
        not_run(made)
    return made


@pytest.fixture
def database_url(databases: SqliteDatabases | PostgresDatabases) -> Iterator[str]:
    """Yield the address of a migrated database of this test's own, once on each engine."""
    url = databases.new()
    yield url
    databases.drop(url)


@pytest.fixture
def empty_database_url(databases: SqliteDatabases | PostgresDatabases) -> Iterator[str]:
    """Yield the address of a database without a schema, once on each engine."""
    url = databases.new(migrated=False)
    yield url
    databases.drop(url)


COMPILED = 5_000
first_engines: dict[str, Engine] = {}


def engine_on(url: str) -> Engine:
    """Return an engine that shares what others of its kind have compiled: a test need not translate every query anew."""
    made = db.create_engine(url)
    first = first_engines.get(made.dialect.name)
    if first is None:
        first_engines[made.dialect.name] = made
        made._compiled_cache.capacity = COMPILED
        made.connect().close()  # the dialect learns here what server it speaks to
    else:
        # Compiled statements are kept by dialect, and every engine comes with a dialect of its own.
        made.dialect = made.pool._dialect = first.dialect
        made._compiled_cache = first._compiled_cache
    return made


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Yield an engine on a migrated database of this test's own, once on each engine."""
    made = engine_on(database_url)
    sealing.attach(made, b"k" * 32)
    yield made
    made.dispose()


@pytest.fixture
def sqlite_engine(sqlite_databases: SqliteDatabases) -> Iterator[Engine]:
    """Yield an engine on SQLite alone, for what has nothing to do with the dialect."""
    url = sqlite_databases.new()
    made = engine_on(url)
    sealing.attach(made, b"k" * 32)
    yield made
    made.dispose()
    sqlite_databases.drop(url)


@pytest.fixture
def postgres_engine(postgres_databases: PostgresDatabases | str) -> Iterator[Engine]:
    """Yield an engine on PostgreSQL alone."""
    if isinstance(postgres_databases, str):
        not_run(postgres_databases)
    url = postgres_databases.new()
    made = engine_on(url)
    sealing.attach(made, b"k" * 32)
    yield made
    made.dispose()
    postgres_databases.drop(url)


# --- Chromium --------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of the Chromium that page tests drive."""
    names = [os.environ.get("QINGQIAN_CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"]
    found = next((path for name in names if name and (path := shutil.which(name))), "")
    if not found:
        not_run("Chromium is not installed")
    return found


# --- what did not run ------------------------------------------------------------------------------

missing: dict[str, int] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count the tests left out, by reason (also those of xdist's workers)."""
    if report.skipped and isinstance(report.longrepr, tuple) and NOT_RUN in (text := str(report.longrepr[2])):
        reason = text.partition(NOT_RUN)[2]
        missing[reason] = missing.get(reason, 0) + 1


def pytest_unconfigure(config: pytest.Config) -> None:
    """Say it after pytest's own closing line, so that nobody takes the green for the whole."""
    if missing and not hasattr(config, "workerinput"):
        reasons = "; ".join(f"{count} because {reason}" for reason, count in sorted(missing.items()))
        sys.stdout.flush()
        sys.stderr.write(f"\n!!! TESTS NOT RUN: {reasons} !!!\n")


# --- the order of a run ----------------------------------------------------------------------------

# Files that take minutes go first, so that no worker sits idle while another is in the middle of one.
LONGEST_FIRST = ("flows", "browser", "web", "services")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ranks = {name: rank for rank, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: ranks.get(item.path.parent.name, len(ranks)))


@pytest.fixture(scope="session")
def repository() -> Path:
    return Path(__file__).resolve().parents[1]
