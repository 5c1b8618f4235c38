"""Progress as it goes: a stream of events where the browser can hear one, a single answer where it asks again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, Response, StreamingResponse

from app.store import db

EVENTS = "text/event-stream"
EVERY_SECONDS = 1.0
TICKS = 60
"""So many looks a stream takes; the browser then asks anew, and is asked anew who it is."""

Show = Callable[[Session], tuple[str, bool]]
"""Returns a part of a page, and whether the work it tells of is over."""


def told(request: Request, engine: Engine, show: Show, *, when_over: Mapping[str, str]) -> Response:
    """Answer with a part of a page; ``when_over`` are the headers that end asking again.

    Raises:
        Refusal: what ``show`` refuses, before anything is sent.

    """
    html, is_over = _look(engine, show)
    if EVENTS not in request.headers.get("accept", ""):
        return HTMLResponse(html, headers=dict(when_over) if is_over else {})
    return StreamingResponse(_events(engine, show, html, is_over=is_over), media_type=EVENTS)


async def _events(engine: Engine, show: Show, html: str, *, is_over: bool) -> AsyncIterator[str]:
    """Yield the part whenever it changed, and once more under the name ``over`` when there is no more to tell."""
    yield _event("message", html)
    for _ in range(TICKS):
        if is_over:
            yield _event("over", html)
            return
        await asyncio.sleep(EVERY_SECONDS)
        before = html
        html, is_over = await run_in_threadpool(_look, engine, show)
        if html != before:
            yield _event("message", html)


def _look(engine: Engine, show: Show) -> tuple[str, bool]:
    with db.reading(engine) as session:
        return show(session)


def _event(name: str, html: str) -> str:
    lines = "".join(f"data: {line}\n" for line in html.splitlines())
    return f"event: {name}\n{lines}\n"
