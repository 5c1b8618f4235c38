"""Walks the demo as each of its people do, link by link: nothing is broken, nothing speaks English or in codes."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app import clock
from app.jobs import demo
from app.main import create_app
from app.settings import Settings
from app.store import db, sealing, sessions, users
from app.web.security import Limits

LOOSE = "100000/minute"
FILES = (".pdf", ".xlsx", "/receipt", "/export")

# Latin letters a Chinese page may show: file kinds, keys, names of things everybody calls so.
KNOWN = re.compile(
    r"""
    Excel|PDF|PNG|JPE?G|WEBP|CSV|TXT|ZIP|XLSX?|DOCX|SHA-?\d*|HMAC|AES|GCM|TOTP|Google|Authenticator|Microsoft
    |Enter|Esc|Tab|Alt|Shift|Ctrl|Backspace|F\d+|MB|KB|GiB|LPR|EMS|IP|URL|UTF|Linux|Windows|Chrome|Firefox|Safari|Mac
    |QINGQIAN_[A-Z_]+|qingqian(?:\s(?:worker|migrate|serve|verify|backup|demo))?|sqlite|postgresql|http\S*|WeChat|ID
    |[\w.-]*\.(?:xlsx?|pdf|png|jpg|csv|zip|key|txt)|(?:/[\w.-]+)+|[A-Z]{2}-?\d+|[0-9a-f]{12,}
    """,
    re.VERBOSE,
)
WORD = re.compile(r"[A-Za-z_][A-Za-z_.]{3,}")


class Page(HTMLParser):
    """The links of a page and the words people read on it."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.words: list[str] = []
        self.skipping = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))
        if tag in {"script", "style", "code", "pre", "svg", "title"}:
            self.skipping += tag != "svg" or 1
        for name in ("placeholder", "title", "aria-label", "alt"):
            self.words.append(given.get(name) or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style", "code", "pre", "svg", "title"}:
            self.skipping -= 1

    def handle_data(self, data: str) -> None:
        if not self.skipping:
            self.words.append(data)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    made = demo.settings_for(tmp_path_factory.mktemp("walk") / "demo", port=8766)
    demo.wipe(made.data_dir)
    demo.build(made)
    return made


@pytest.fixture(scope="module")
def engine(settings: Settings) -> Iterator[Engine]:
    made = db.create_engine(settings.url)
    sealing.attach(made, bytes.fromhex(settings.key_file.read_text()))
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def app(settings: Settings, engine: Engine) -> FastAPI:
    return create_app(settings, engine=engine, limits=Limits(LOOSE, LOOSE, LOOSE, LOOSE))


def signed_in(app: FastAPI, engine: Engine, login: str) -> TestClient:
    with db.transaction(engine) as session:
        user = users.by_login(session, login)
        assert user is not None
        token = sessions.start(session, user_id=user.id, at=clock.now(), ip="", agent="")
    return TestClient(app, cookies={"sid": token}, follow_redirects=True, raise_server_exceptions=False)


def shape(address: str) -> str:
    """Return what an address has in common with others of its kind: numbers and values left out, files told once."""
    parts = urlsplit(address)
    names = sorted({part.split("=")[0] for part in parts.query.split("&") if part})
    path = re.sub(r"\d+", "0", parts.path)
    return path if path.endswith(FILES) else f"{path}?{'&'.join(names)}"


def walk(client: TestClient) -> Iterator[tuple[str, str, int, Page | None]]:
    """Yield every page that links lead to from the desk: where it was linked, its address, its status, what is on it."""
    waiting, seen = deque([("", "/")]), {shape("/")}
    while waiting:
        origin, address = waiting.popleft()
        answer = client.get(address)
        page = None
        if answer.headers.get("content-type", "").startswith("text/html"):
            page = Page()
            page.feed(answer.text)
        yield origin, address, answer.status_code, page
        for link in page.links if page else []:
            there = urlsplit(urljoin(f"http://testserver{address}", link))
            target = there.path + (f"?{there.query}" if there.query else "")
            if there.netloc == "testserver" and shape(target) not in seen and not target.startswith("/static"):
                seen.add(shape(target))
                waiting.append((address, target))


@pytest.mark.parametrize("login", ["manager", "admin"])
def test_no_link_is_broken_and_no_page_speaks_in_codes(app: FastAPI, engine: Engine, login: str) -> None:
    """The manager opens every kind of page but the administrator's own; together they open all of them."""
    broken, foreign = [], []
    logins = {"manager", "clerk", "finance", "cashier", "lawyer", "admin", "demo", "nightly", "worker", "owner"}
    for origin, address, status, page in walk(signed_in(app, engine, login)):
        if status != 200:
            broken.append((origin, address, status))
        for text in page.words if page and status == 200 else []:
            left = [word for word in WORD.findall(KNOWN.sub(" ", text)) if word.lower() not in logins]
            if left:
                foreign.append((address, left, text.strip()[:60]))
    assert broken == []
    assert foreign == []
