"""What handlers ask for: the application's parts, a session of the database, and who is signed in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, cast

from fastapi import Depends, Path, Request
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from app import clock
from app.domain.access import Actor, Permission
from app.domain.errors import forbidden, not_found
from app.gateways.ports import Files, Gateways
from app.settings import Settings
from app.store import audit, db, estate, sessions, users
from app.web.security import STAFF_COOKIE, cookie_names

PERMISSION_MARK = "__permission__"

Id = Annotated[int, Path(ge=1, le=2**31 - 1)]


class SignInRequired(Exception):
    """Nobody is signed in: a page leads to the sign-in form, a program gets a 401."""


@dataclass(frozen=True, slots=True)
class Here:
    """The signed-in person, their session and how they like the pages."""

    actor: Actor
    session_id: int
    communities: tuple[tuple[int, str], ...]
    community_id: int | None
    flash: str
    theme: str

    @property
    def community(self) -> str:
        """The name of the community the lists show."""
        return dict(self.communities).get(self.community_id or 0, "")


def settings_of(request: Request) -> Settings:
    """Return the settings the application was made with."""
    return cast("Settings", request.app.state.settings)


def engine_of(request: Request) -> Engine:
    """Return the database engine the application was made with."""
    return cast("Engine", request.app.state.engine)


def gateways_of(request: Request) -> Gateways:
    """Return the outside world: files by hash and the printer."""
    return cast("Gateways", request.app.state.gateways)


def files_of(request: Request) -> Files:
    """Return the store of files by hash."""
    return gateways_of(request).files


def finish_of(request: Request) -> Callable[[int], None]:
    """Return what brings a released batch to its end."""
    return cast("Callable[[int], None]", request.app.state.finish_batch)


def reading(request: Request) -> Iterator[Session]:
    """Yield a session that only reads."""
    with db.reading(engine_of(request)) as session:
        yield session


def writing(request: Request) -> Iterator[Session]:
    """Yield the one writing session of the request; it commits before the answer leaves."""
    with db.transaction(engine_of(request)) as session:
        yield session


# With the default scope the commit would come after the answer, and a failing one still show 200.
Reading = Annotated[Session, Depends(reading, scope="function")]
Writing = Annotated[Session, Depends(writing, scope="function")]
Database = Annotated[Engine, Depends(engine_of)]
Outside = Annotated[Gateways, Depends(gateways_of)]
Finish = Annotated[Callable[[int], None], Depends(finish_of)]
Stored = Annotated[Files, Depends(files_of)]
Config = Annotated[Settings, Depends(settings_of)]


def address_of(request: Request) -> str:
    """Return the caller's address."""
    return request.client.host if request.client else ""


def token_of(request: Request, name: str) -> str:
    """Return a session cookie under either of its two names, or an empty string."""
    return next((token for key in cookie_names(name) if (token := request.cookies.get(key, ""))), "")


def _look_up(engine: Engine, token: str, at: dt.datetime, *, keep_flash: bool) -> Here | None:
    with db.reading(engine) as session:
        found = sessions.live(session, token=token, at=at)
        user = None if found is None else users.by_id(session, found.user_id)
        if found is None or user is None or not user.is_active:
            return None
        actor = users.actor(session, user)
        known = tuple((row.id, row.name) for row in estate.communities(session) if actor.sees(row.id))
    takes_flash = bool(found.flash) and not keep_flash
    if takes_flash or at - found.seen_at >= sessions.SEEN_EVERY:
        with db.transaction(engine) as session:
            sessions.touch(session, session_id=found.id, at=at)
            if takes_flash:
                sessions.set_flash(session, session_id=found.id, text="")
    first = known[0][0] if known else None
    chosen = found.community_id if found.community_id in dict(known) else first
    return Here(actor, found.id, known, chosen, found.flash, user.theme)


async def here_if_any(request: Request) -> Here | None:
    """Return who is signed in, or None; looked up once a request."""
    if not hasattr(request.state, "here"):
        token = token_of(request, STAFF_COOKIE)
        partial = request.method != "GET" or "hx-request" in request.headers
        request.state.here = (
            await run_in_threadpool(_look_up, engine_of(request), token, clock.now(), keep_flash=partial)
            if token
            else None
        )
    return cast("Here | None", request.state.here)


async def signed_in(request: Request) -> Here:
    """Return who is signed in, or lead to the sign-in form."""
    here = await here_if_any(request)
    if here is None:
        raise SignInRequired
    return here


def require(permission: Permission) -> Any:  # noqa: ANN401 - a dependency, typed where it is used
    """Return a dependency that lets through only people with ``permission`` and logs whom it turned away."""

    async def check(request: Request) -> Here:
        here = await signed_in(request)
        if not here.actor.may(permission):
            await run_in_threadpool(_log_denial, engine_of(request), here, permission, request.url.path)
            raise forbidden("access.denied", permission=permission.value)
        return here

    setattr(check, PERMISSION_MARK, permission)
    return Depends(check)


def _log_denial(engine: Engine, here: Here, permission: Permission, path: str) -> None:
    with db.transaction(engine) as session:
        audit.record(
            session,
            at=clock.now(),
            actor=here.actor.login,
            action="access.denied",
            subject=permission.value,
            facts={"path": path[:120]},
        )


def reachable(here: Here, community_id: int | None) -> int:
    """Return the community id, refusing one outside the person's reach as though it did not exist."""
    if community_id is None or not here.actor.sees(community_id):
        raise not_found("access.other_community")
    return community_id


AnyHere = Annotated[Here, Depends(signed_in)]
