"""Nobody reaches another community: every address that names a row is opened with the row of another one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app.domain.access import MATRIX, Role
from app.store import db, sessions
from app.store.tables_office import app_user
from app.web.deps import FRESH_MARK, signed_in
from tests.web import estate as estates
from tests.web import stock
from tests.web.conftest import ORIGIN
from tests.web.estate import Estate
from tests.web.test_access import OPEN, calls, permission_of, routes


@pytest.fixture
def database_kind() -> str:
    """Who may see a row is decided before anything that differs between the engines."""
    return "sqlite"


@pytest.fixture
def rows(engine: Engine, estate: Estate, app: FastAPI) -> tuple[dict[str, int], dict[str, int]]:
    """Return the ids of a row of every kind in the first community, and in the second."""
    wanted = {
        name
        for _method, path, _route in routes(app)
        for part in stock.parts(path)
        if (name := stock.table_of(path, part)) is not None
    }
    with db.transaction(engine) as session:
        first, second = (stock.Stock(session, number) for number in estate.communities)
        for name in sorted(wanted):
            first.row(name)
            second.row(name)
    return first.known, second.known


@pytest.fixture
def confined(app: FastAPI, engine: Engine, estate: Estate) -> TestClient:
    """Return a browser of somebody who may do everything, in the first community alone."""
    client = TestClient(app, headers=ORIGIN, follow_redirects=False, raise_server_exceptions=False)
    with db.transaction(engine) as session:
        token = sessions.start(session, user_id=estate.users["confined"], at=estates.NOW, ip="", agent="")
    client.cookies.set("sid", token, domain="testserver.local")
    return client


def staff_routes(app: FastAPI):
    for method, path, route in routes(app):
        if (method, path) not in OPEN and (permission_of(route) or signed_in in set(calls(route.dependant))):
            yield method, path, route


def test_every_part_of_an_address_is_known(app: FastAPI) -> None:
    unknown = set()
    for _method, path, _route in routes(app):
        for part in stock.parts(path):
            try:
                stock.table_of(path, part)
            except AssertionError as fault:
                unknown.add(str(fault))
    assert unknown == set()


@pytest.fixture
def managing(engine: Engine, estate: Estate) -> Callable[[str], None]:
    """Return what makes the confined person a manager or an administrator."""

    def become(role: str) -> None:
        with db.transaction(engine) as session:
            session.execute(sa.update(app_user).where(app_user.c.id == estate.users["confined"]).values(role=role))

    return become


def test_a_row_of_another_community_does_not_exist(
    app: FastAPI,
    confined: TestClient,
    rows: tuple[dict[str, int], dict[str, int]],
    managing: Callable[[str], None],
    engine: Engine,
) -> None:
    own, other = rows
    with db.reading(engine) as session:
        before = stock.counts(session)
    found, tried, opened = [], 0, 0
    for role in (Role.MANAGER, Role.ADMIN):
        managing(role.value)
        for method, path, route in staff_routes(app):
            names = {part: table for part in stock.parts(path) if (table := stock.table_of(path, part)) is not None}
            permission = permission_of(route)
            if not names or (role is Role.ADMIN and (permission is None or permission in MATRIX[Role.MANAGER])):
                continue
            model = stock.model_of(route)
            data = stock.filled_form(model) if model is not None and method == "POST" else None
            # all of it elsewhere, and for rows below a row: each of them elsewhere below one's own
            mixes = [set(names), *({part} for part in names if len(names) > 1 and part != next(iter(names)))]
            for foreign in mixes:
                given = {part: (other if part in foreign else own)[table] for part, table in names.items()}
                answer = confined.request(method, stock.address(path, given), data=data)
                tried += 1
                if answer.status_code not in {403, 404} or "望江苑" in answer.text:
                    found.append((method, path, sorted(foreign), answer.status_code))
            if method == "GET" and path in PLAIN:
                mine = stock.address(path, {part: own[table] for part, table in names.items()})
                opened += confined.get(mine).status_code == 200
    assert found == []
    assert tried > 150
    assert opened == len(PLAIN), "what is one's own is found by the same address"
    with db.reading(engine) as session:
        after = stock.counts(session)
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= {"audit_event", "audit_seal"}, "only the denials are written down"


PLAIN = {"/units/{unit_id}", "/units/{unit_id}/pay", "/units/{unit_id}/waive"}

FIELDS = {
    "unit": "unit", "unit_id": "unit", "bill": "bill", "bill_id": "bill", "person_id": "person", "payment_id": "payment",
    "item": "fee_item", "item_id": "fee_item", "fee_item_id": "fee_item", "plan_id": "rate_plan", "notice_id": "notice",
    "batch_id": "notice_batch", "deposit_id": "deposit", "view_id": "saved_view", "community_id": "community",
    "community": "community",
}  # fmt: skip


def test_a_form_that_names_a_row_of_another_community_changes_nothing_there(
    app: FastAPI, confined: TestClient, rows: tuple[dict[str, int], dict[str, int]], engine: Engine, estate: Estate
) -> None:
    own, other = rows
    found, tried = [], 0
    with db.reading(engine) as session:
        before = theirs(session, estate.communities[1])
    for _method, path, route in (
        (method, path, route) for method, path, route in staff_routes(app) if method == "POST"
    ):
        model = stock.model_of(route)
        if model is None:
            continue
        for name in sorted(set(FIELDS) & set(model.model_fields)):
            names = {part: table for part in stock.parts(path) if (table := stock.table_of(path, part)) is not None}
            given = {part: own[table] for part, table in names.items()}
            data = stock.filled_form(model) | {name: str(other[FIELDS[name]])}
            answer = confined.post(stock.address(path, given), data=data)
            tried += 1
            if answer.status_code >= 500 or "望江苑" in answer.text:
                found.append((path, name, answer.status_code))
    with db.reading(engine) as session:
        after = theirs(session, estate.communities[1])
    assert found == []
    assert tried > 10
    assert after == before


def theirs(session, community_id: int) -> dict[str, int]:
    """Count what belongs to a community."""
    from app.store.schema import metadata

    return {
        table.name: session.execute(
            sa.select(sa.func.count()).select_from(table).where(table.c.community_id == community_id)
        ).scalar_one()
        for table in metadata.sorted_tables
        if "community_id" in table.c and table.name not in {"audit_event", "user_session"}
    }


# Acts that undo, approve or hand out rights ask again who somebody is. What stands here does not, and why.
GRAVE = {
    "payment:reverse", "waiver:decide", "notice:release", "user:manage", "period:reopen", "import:undo",
    "billing:reverse", "tariff:publish", "procedure:edit", "settings:edit", "community:edit", "period:close",
    "shift:confirm", "unclaimed:match",
}  # fmt: skip
GRAVE_PATHS = {
    "/transfers/{transfer_id}/reverse", "/billing/drafts/{draft_id}/release", "/waivers/{request_id}/undo",
}  # fmt: skip
"""Grave acts under a permission that mostly covers daily ones."""
CALM = {
    "/notices/{batch_id}/resume": "finishes what was released already",
    "/billing/runs/{run_id}/reverse": "asks; a second person takes it back, and is asked again",
    "/billing/bills/{bill_id}/reverse": "asks; a second person takes it back, and is asked again",
    "/waivers/{request_id}/ask": "sends a question back",
    "/settings/calendar": "days off; nothing already posted moves",
    "/collect/unclaimed/{unclaimed_id}/match": "books money on a unit; taking it back is asked again",
    "/reports/stewards": "who looks after which building",
}


def test_grave_acts_ask_again_who_somebody_is(app: FastAPI) -> None:
    careless = {
        path
        for method, path, route in routes(app)
        if method == "POST"
        and (permission := permission_of(route)) is not None
        and (permission.value in GRAVE or path in GRAVE_PATHS)
        and not any(hasattr(call, FRESH_MARK) for call in calls(route.dependant))
    }
    assert careless - set(CALM) == set()
