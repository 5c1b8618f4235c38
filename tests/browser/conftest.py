"""A served estate and a real Chromium; axe comes from the files beside the tests."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from app import clock
from app.main import create_app
from app.settings import Settings
from app.store import db, owner_links, sealing, sessions
from app.web.security import Limits
from tests.databases import SqliteDatabases
from tests.web import estate as estates
from tests.web.estate import Estate

AXE = (Path(__file__).parent / "vendor" / "axe-core@4.14.1" / "axe.min.js").read_text()
DESK, PHONE = (1366, 768), (390, 844)
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
LOOSE = "100000/minute"
# What axe says may change with the theme only where colours are compared; everything else is looked at once a size.
OF_COLOURS = ["color-contrast", "link-in-text-block"]
RUN = "async options => (await axe.run(document, options)).violations"


@dataclass(frozen=True, slots=True)
class Office:
    """A running application with its estate."""

    url: str
    estate: Estate
    engine: object
    app: FastAPI

    def session_of(self, login: str) -> str:
        """Return a fresh session token, without the slow hashing."""
        with db.transaction(self.engine) as session:  # type: ignore[arg-type]
            return sessions.start(
                session, user_id=self.estate.users[login], at=clock.now(), ip="127.0.0.1", agent="test"
            )

    def link_of(self, unit_id: int) -> str:
        """Return a fresh owner's link."""
        token = owner_links.new_token()
        with db.transaction(self.engine) as session:  # type: ignore[arg-type]
            owner_links.keep(session, token=token, unit_id=unit_id, at=clock.now())
        return f"{self.url}/o/{token}"


@pytest.fixture(scope="module")
def office(sqlite_databases: SqliteDatabases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    engine = db.create_engine(sqlite_databases.new())
    sealing.attach(engine, b"k" * 32)
    estate = estates.build(engine, units=24)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), public_url="https://fees.example")
    app = create_app(settings, engine=engine, limits=Limits(LOOSE, LOOSE, LOOSE, LOOSE))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    waiting = threading.Event()
    while not server.started:
        waiting.wait(0.05)
    yield Office(url, estate, engine, app)
    server.should_exit = True
    thread.join(timeout=10)
    engine.dispose()


# Once a file, not once a session: as long as Playwright lives, its event loop is the thread's, and no other may run.
@pytest.fixture(scope="module")
def chrome(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=SWITCHES)
        yield browser
        browser.close()


@dataclass(slots=True)
class Desk:
    """Makes pages and remembers what their consoles complained about."""

    chrome: Browser
    office: Office
    contexts: list[BrowserContext]
    complaints: list[str]

    def page(self, login: str = "", *, size: tuple[int, int] = DESK, dark: bool = False, script: bool = True) -> Page:
        """Open a page, signed in where a login is given."""
        context = self.chrome.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",  # axe must not meet a colour on its way to another
            java_script_enabled=script,
            locale="zh-CN",
        )
        self.contexts.append(context)
        if login:
            context.add_cookies([{"name": "sid", "value": self.office.session_of(login), "url": self.office.url}])
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda message: self.complaints.append(message.text) if message.type == "error" else None,
        )
        return page


@pytest.fixture
def desk(chrome: Browser, office: Office) -> Iterator[Desk]:
    made = Desk(chrome, office, [], [])
    yield made
    for context in made.contexts:
        context.close()
    assert made.complaints == []


def faults(page: Page, *, only: list[str] | None = None) -> list[str]:
    """Return what axe finds wrong on the page as it stands, by all of its rules or by some."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)  # through the debugger: the page's own policy lets no foreign script in
    options: dict[str, object] = {"resultTypes": ["violations"], "preload": False}  # preloading is for rules on media
    if only:
        options["runOnly"] = {"type": "rule", "values": only}
    where = f"{page.url} {page.viewport_size}"
    return [
        f"{where} {fault['id']}: {node['html'][:120]} {node['failureSummary'][:160]}"
        for fault in page.evaluate(RUN, options)
        for node in fault["nodes"]
    ]


def flaws(page: Page) -> list[str]:
    """Return what is wrong with the page as it stands at a desk and on a phone, by light and by dark.

    That is what axe finds, and a page wider than its window. The page is loaded once and left as it was.
    """
    before, found = page.viewport_size, []
    for width, height in (DESK, PHONE):
        page.set_viewport_size({"width": width, "height": height})
        found += faults(page)
        page.emulate_media(color_scheme="dark")
        found += [f"dark: {fault}" for fault in faults(page, only=OF_COLOURS)]
        page.emulate_media(color_scheme="light")
        needed = page.evaluate("document.documentElement.scrollWidth")
        if needed > width:
            found.append(f"{page.url} takes {needed} px of {width}")
    if before:
        page.set_viewport_size(before)
    return found


def walk(page: Page, office: Office, paths: Iterable[str]) -> list[str]:
    """Return what is wrong with each of the pages."""
    found = []
    for path in paths:
        page.goto(f"{office.url}{path}")
        found += flaws(page)
    return found
