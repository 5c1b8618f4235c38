"""A form that waits while somebody confirms who they are: kept sealed in the session, then sent on as it came."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from app.domain.errors import Refusal
from app.store import db, sessions

# More than any form of ours that needs confirming; workbooks are sent to routes that do not ask.
MOST_BYTES = 1024 * 1024
_PASSED_ON = ("type", "asgi", "http_version", "server", "client", "scheme", "root_path", "state", "extensions")


@dataclass(frozen=True, slots=True)
class Parked:
    """A form as it came in, and the permission it acts by."""

    path: str
    query: str
    media_type: str
    body: bytes
    permission: str


def keep(engine: Engine, session_id: int, form: Parked, at: dt.datetime) -> None:
    """Park a form; a second one takes the place of the first."""
    if len(form.body) > MOST_BYTES:
        raise Refusal("confirm.too_large")
    text = json.dumps(
        {
            "path": form.path,
            "query": form.query,
            "media_type": form.media_type,
            "body": base64.b64encode(form.body).decode("ascii"),
            "permission": form.permission,
        }
    )
    with db.transaction(engine) as session:
        sessions.park(session, session_id=session_id, form=text, at=at)


def waiting(session: Session, session_id: int, at: dt.datetime) -> Parked | None:
    """Return the form that waits, or None."""
    text = sessions.parked(session, session_id=session_id, at=at)
    if text is None:
        return None
    found = json.loads(text)
    return Parked(**(found | {"body": base64.b64decode(found["body"])}))


class GoingOn(Response):
    """Answers with what the parked form's own page answers, and hands over the renewed session on the way."""

    def __init__(self, app: Starlette, form: Parked, *, cookie: str, token: str, set_cookie: str) -> None:
        super().__init__()
        self.app = app
        self.form = form
        self.own_cookie = f"{cookie}={token}"
        self.new_cookie = set_cookie

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Call the application once more, as though the browser had sent the form a moment later."""
        is_read = False

        async def receive() -> Message:
            nonlocal is_read
            if is_read:
                return {"type": "http.disconnect"}
            is_read = True
            return {"type": "http.request", "body": self.form.body, "more_body": False}

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                cookie = (b"set-cookie", self.new_cookie.encode("latin-1"))
                message = {**message, "headers": [*message.get("headers", []), cookie]}
            await send(message)

        await self.app(self._scope(scope), receive, send_with_cookie)

    def _scope(self, scope: Scope) -> MutableMapping[str, Any]:
        dropped = {b"content-type", b"content-length", b"cookie", b"transfer-encoding"}
        headers = [(name, value) for name, value in scope["headers"] if name not in dropped]
        headers += [
            (b"content-type", self.form.media_type.encode("latin-1")),
            (b"content-length", str(len(self.form.body)).encode("ascii")),
            (b"cookie", self.own_cookie.encode("latin-1")),
        ]
        passed = {name: scope[name] for name in _PASSED_ON if name in scope}
        return passed | {
            "method": "POST",
            "path": self.form.path,
            "raw_path": self.form.path.encode(),
            "query_string": self.form.query.encode("latin-1"),
            "headers": headers,
            # what the confirming request looked up is not carried over
            "state": {},
        }


def goes_on(request: Request, form: Parked, *, cookie: str, token: str, set_cookie: str) -> Response:
    """Return the answer that sends the parked form on."""
    return GoingOn(request.app, form, cookie=cookie, token=token, set_cookie=set_cookie)
