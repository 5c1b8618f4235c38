"""What the tests of the owner's page share: an outbox, a channel that moves no money, a notice, and ways in."""

from __future__ import annotations

import datetime as dt
import io
import re
from dataclasses import replace

from fastapi import FastAPI
from PIL import Image
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app import clock
from app.gateways.messages import MemoryOutbox
from app.gateways.simulator import Simulator
from app.services import notice_issue, notices
from app.store import db, owner_links, unit_reads
from tests.services.noticing import plain_page

KEY = "p" * 22
PHONE = "13800008000"
"""The owner of the first unit of each community."""
NEIGHBOUR = "13800018001"


def outside(app: FastAPI) -> tuple[MemoryOutbox, Simulator]:
    """Give the application an outbox, a channel and a printer that is quick; return the first two."""
    outbox, channel = MemoryOutbox(), Simulator()
    app.state.gateways = replace(app.state.gateways, messages=outbox, payments=channel, printer=plain_page)
    return outbox, channel


def by_link(client: TestClient, engine: Engine, unit_id: int) -> TestClient:
    """Open the page of one unit by a fresh link."""
    token = owner_links.new_token()
    with db.transaction(engine) as session:
        owner_links.keep(session, token=token, unit_id=unit_id, at=clock.now())
    assert client.post(f"/o/{token}").status_code == 303
    return client


def by_code(client: TestClient, outbox: MemoryOutbox, phone: str = PHONE) -> TestClient:
    """Open everything of a number's holder by a code."""
    assert client.post("/my/sign-in", data={"phone": phone}).headers["location"] == "/my/code"
    assert client.post("/my/code", data={"code": code_of(outbox, phone)}).headers["location"] == "/my"
    return client


def code_of(outbox: MemoryOutbox, phone: str) -> str:
    found = re.search(r"\d{6}", outbox.last_to(phone))
    assert found, "no message was sent"
    return found[0]


def send_notice(engine: Engine, community_id: int, unit_id: int) -> int:
    """Issue a notice of today to one unit and return its id."""
    today = clock.today()
    with db.transaction(engine) as session:
        batch_id = notices.standing_batch(
            session,
            wanted=notices.Wanted(community_id=community_id, level=1, as_of=today, min_days=1, unit_ids=(unit_id,)),
            today=today,
            now=clock.now(),
            actor="test",
            source=f"test{unit_id}"[:12],
            public_url="http://testserver",
        )
        assert batch_id is not None
        notice_issue.issue(session, batch_id=batch_id, today=today, now=clock.now())
        return unit_reads.notices(session, unit_id)[0].notice_id


def photo(colour: tuple[int, int, int] = (90, 120, 60)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, "JPEG")
    return out.getvalue()


def later(**span: float) -> dt.datetime:
    return clock.now() + dt.timedelta(**span)
