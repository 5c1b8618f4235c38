"""Every page of a living estate, opened: strict headers, nothing inline, nothing personal unmasked, nothing changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from io import BytesIO

import openpyxl
import pytest
import sqlalchemy as sa
import time_machine
from fastapi import FastAPI
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app.domain.access import MATRIX, Role
from app.gateways import keys
from app.jobs import demo
from app.main import create_app
from app.store import db, persons, sealing, sessions, users
from app.store.tables import person
from app.web.security import CSP, Limits
from tests.web import estate as estates
from tests.web import stock
from tests.web.conftest import LOOSE, ORIGIN
from tests.web.test_access import permission_of, routes


@dataclass(frozen=True, slots=True)
class Living:
    """An application on the estate that comes with the product, which has something of every kind."""

    app: FastAPI
    engine: Engine
    secrets: frozenset[str]
    names: frozenset[str]
    owner_path: str


@pytest.fixture(scope="module")
def living(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    with time_machine.travel(estates.NOW, tick=True):
        settings = demo.settings_for(tmp_path_factory.mktemp("demo"), port=8000)
        made = demo.build(settings)
        engine = db.create_engine(settings.url)
        sealing.attach(engine, keys.secret("", settings.key_file))
        with db.reading(engine) as session:
            staff = {user.name for user in users.everyone(session)}
            rows = session.execute(sa.select(person.c.id, person.c.name, person.c.id_sealed)).all()
            phones = {persons.reveal_phone(session, row.id) for row in rows}
            numbers = {persons.reveal_id_number(session, row.id) for row in rows if row.id_sealed}
        secrets = {secret.removeprefix("+86") for secret in phones | numbers if len(secret) >= 11}
        names = {row.name for row in rows if 3 <= len(row.name) <= 4} - staff
        app = create_app(settings, engine=engine, limits=Limits(LOOSE, LOOSE, LOOSE, LOOSE))
        yield Living(app, engine, frozenset(secrets), frozenset(names), made.owner_path)
        engine.dispose()


def browser(living: Living, login: str) -> TestClient:
    client = TestClient(living.app, headers=ORIGIN, follow_redirects=False, raise_server_exceptions=False)
    if login == "owner":
        client.post(living.owner_path)
        return client
    with db.transaction(living.engine) as session:
        user = users.by_login(session, login)
        assert user is not None
        token = sessions.start(session, user_id=user.id, at=estates.NOW, ip="", agent="")
    client.cookies.set("sid", token, domain="testserver.local")
    return client


def addresses(living: Living) -> list[tuple[str, str]]:
    """Return every page as who opens it and where, its parts filled in with rows there are."""
    # papers take their time and are letters to one person: two of them stand for all
    printed = [path for method, path, _ in routes(living.app) if method == "GET" and PAPER.search(path)][2:]
    with db.reading(living.engine) as session:
        shelf = stock.Stock(session, 1)
        found = []
        for method, path, route in routes(living.app):
            if method != "GET" or path.startswith(("/static/", "/o/", "/join/")) or path in printed:
                continue
            permission = permission_of(route)
            who = next(
                (role.value for role in (Role.MANAGER, Role.ADMIN) if permission is None or permission in MATRIX[role]),
                "manager",
            )
            given = {
                part: number
                for part in stock.parts(path)
                if (name := stock.table_of(path, part)) and (number := shelf.found(name)) is not None
            }
            found.append(("owner" if path.startswith("/my") else who, stock.address(path, given)))
    return [*found, *(("manager", f"/units/1?tab={tab}") for tab in TABS)]


PAPER = re.compile(r"\.pdf$|/(receipt|sheet|slip|report)$")
TABS = ("payments", "waivers", "notices", "timeline", "owners", "fees", "files")


@dataclass(frozen=True, slots=True)
class Seen:
    """What one page answered."""

    who: str
    path: str
    status: int
    headers: dict[str, str]
    text: str


@pytest.fixture(scope="module")
def walked(living: Living) -> tuple[list[Seen], dict[str, int], dict[str, int]]:
    """Open every page once; return what they answered, and how many rows there were before and after."""
    with time_machine.travel(estates.NOW, tick=True):
        clients = {who: browser(living, who) for who in ("manager", "admin", "owner")}
        with db.reading(living.engine) as session:
            before = stock.counts(session)
        seen = []
        for who, path in addresses(living):
            answer = clients[who].get(path)
            kind = answer.headers.get("content-type", "")
            text = answer.text if kind.startswith(("text/", "application/json")) else ""
            if "spreadsheetml" in kind:
                book = openpyxl.load_workbook(BytesIO(answer.content), read_only=True)
                text = "\n".join(
                    str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell
                )
            seen.append(Seen(who, path, answer.status_code, dict(answer.headers), text))
        with db.reading(living.engine) as session:
            return seen, before, stock.counts(session)


def test_no_page_fails_and_most_show_something(walked: tuple[list[Seen], object, object]) -> None:
    seen = walked[0]
    assert [(one.who, one.path, one.status) for one in seen if one.status >= 500] == []
    assert sum(one.status == 200 for one in seen) > 0.6 * len(seen), [
        (one.who, one.path, one.status) for one in seen if one.status != 200
    ]


def test_every_page_carries_the_strict_headers(walked: tuple[list[Seen], object, object]) -> None:
    for one in walked[0]:
        policy = one.headers["content-security-policy"]
        strict = policy == CSP or ("script-src" not in policy and "default-src 'none'" in policy)
        assert strict, (one.path, policy)
        assert one.headers["cache-control"] == "no-store", one.path
        assert one.headers["x-content-type-options"] == "nosniff", one.path
        assert one.headers["x-frame-options"] == "DENY", one.path
        assert one.headers["referrer-policy"] in {"same-origin", "no-referrer"}, one.path


class Inline(HTMLParser):
    """Collects what a policy without inline would refuse, and where forms and resources lead."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.targets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in {"style", "base", "object", "embed", "iframe"} or (tag == "script" and not given.get("src")):
            self.faults.append(f"<{tag}>")
        for name, value in attrs:
            if name == "style" or re.fullmatch(r"on[a-z]+|hx-on.*|hx-vars|hx-vals", name):
                self.faults.append(f"{tag} {name}")
            if name in {"href", "src", "action", "formaction", "hx-get", "hx-post"} and value is not None:
                self.targets.append(value)
                if value.strip().lower().startswith(("javascript:", "data:text", "vbscript:")):
                    self.faults.append(f"{tag} {name}={value}")
        if tag in {"script", "img", "link"} or (tag == "form" and "action" in given):
            where = given.get("src") or given.get("action") or given.get("href") or ""
            if not where.startswith(("/", "data:image/", "data:,")) or where.startswith("//"):
                self.faults.append(f"{tag} {where}")
        if tag == "form" and (given.get("method") or "get").lower() not in {"get", "post", "dialog"}:
            self.faults.append(f"form {given.get('method')}")


def parsed(one: Seen) -> Inline:
    reader = Inline()
    reader.feed(one.text)
    return reader


def pages_of(seen: list[Seen]) -> list[Seen]:
    return [one for one in seen if one.headers.get("content-type", "").startswith("text/html")]


def test_nothing_is_inline_and_forms_stay_on_this_site(walked: tuple[list[Seen], object, object]) -> None:
    pages = pages_of(walked[0])
    assert len(pages) > 80
    assert {one.path: faults for one in pages if (faults := parsed(one).faults)} == {}


# The owner's own page greets nobody by name; these show what somebody typed in a moment ago, to them alone. The post
# office needs whom and where in full (taking the list is logged); who signs at the door compares their own name.
SHOWN_IN_FULL = re.compile(
    r"^/units/\d+/people/|^/units/\d+/contacts/\d+|^/my|^/settings/community|^/deliveries/slips\.xlsx"
    r"|^/notices/\d+/sign-at-door|^/scans/slips/\d+"
)


def told_in_full(living: Living, text: str) -> set[str]:
    """Return the telephones and numbers of people that stand in a text, with or without the country before them."""
    return {
        tail
        for found in set(re.findall(r"\d{11,17}[\dXx]?", text))
        for tail in (found, found[-11:])
        if tail in living.secrets
    }


def test_a_telephone_in_full_would_be_seen(living: Living) -> None:
    phone = next(secret for secret in living.secrets if len(secret) == 11)
    for text in (phone, f"+86{phone}", f"tel:{phone}", f"<td>{phone}</td>"):
        assert told_in_full(living, text) == {phone}


def test_no_page_and_no_workbook_shows_a_telephone_or_a_number_or_a_name_in_full(
    living: Living, walked: tuple[list[Seen], object, object]
) -> None:
    assert len(living.secrets) > 100
    assert len(living.names) > 50
    found = {}
    for one in walked[0]:
        digits = set() if one.path.startswith("/deliveries/slips.xlsx") else set(told_in_full(living, one.text))
        names = set() if SHOWN_IN_FULL.match(one.path) else {name for name in living.names if name in one.text}
        if digits or names:
            found[one.who, one.path] = sorted(digits | names)[:3]
    assert found == {}


def test_no_address_holds_anything_personal(living: Living, walked: tuple[list[Seen], object, object]) -> None:
    for one in pages_of(walked[0]):
        for target in parsed(one).targets:
            assert not told_in_full(living, target), (one.path, target)
            assert not any(name in target for name in living.names), (one.path, target)


# Opening is an event in itself: exports and reveals in the log, a notice read by its owner. A document is printed
# when it is first opened, and the same bytes are sent ever after.
WRITTEN_BY_READING = {
    *("audit_event", "audit_seal", "notice_reading", "document_file"),
    *("evidence_entry", "evidence_seal"),  # that it was read or printed is written into the chain of its unit
}


def test_opening_every_page_changes_nothing(walked: tuple[object, dict[str, int], dict[str, int]]) -> None:
    _seen, before, after = walked
    assert {name for name in after if after[name] != before[name]} <= WRITTEN_BY_READING
