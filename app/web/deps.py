"""What handlers ask for: the application's parts, a session of the database, and who is signed in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, cast

from fastapi import Depends, Path, Request
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from app import clock
from app.domain.access import MFA_PERMISSIONS, Actor, Permission
from app.domain.errors import forbidden, not_found
from app.gateways.ports import Files, Gateways
from app.settings import Settings
from app.store import audit, db, estate, factors, sessions, users
from app.store.jobs import JobLine
from app.web import parking, standing
from app.web.security import SAFE_METHODS, STAFF_COOKIE, cookie_names

PERMISSION_MARK = "__permission__"
FRESH_MARK = "__fresh__"

Id = Annotated[int, Path(ge=1, le=2**31 - 1)]


class SignInRequired(Exception):
    """Nobody is signed in: a page leads to the sign-in form, a program gets a 401."""


class SecondFactorRequired(Exception):
    """The act needs a second factor that this person has not set up yet: a page leads there."""


class ConfirmationRequired(Exception):
    """The act needs the person to prove who they are again; the form waits in their session."""


@dataclass(frozen=True, slots=True)
class Here:
    """The signed-in person, their session and how they like the pages."""

    actor: Actor
    session_id: int
    communities: tuple[tuple[int, str], ...]
    community_id: int | None
    flash: str
    theme: str
    reauth_at: dt.datetime
    has_second_factor: bool
    density: str = "compact"
    is_demo: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)
    counted_at: dt.datetime | None = None
    jobs: tuple[JobLine, ...] = ()

    def is_fresh(self, at: dt.datetime) -> bool:
        """Say whether the person proved who they are a short while ago."""
        return at - self.reauth_at < sessions.FRESH

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


def _look_up(
    engine: Engine, token: str, at: dt.datetime, *, keep_flash: bool, kept: standing.Kept | None
) -> Here | None:
    with db.reading(engine) as session:
        found = sessions.live(session, token=token, at=at)
        user = None if found is None else users.by_id(session, found.user_id)
        if found is None or user is None or not user.is_active:
            return None
        actor = users.actor(session, user)
        rows = [row for row in estate.communities(session) if actor.sees(row.id)]
        known = tuple((row.id, row.name) for row in rows)
        has_factor = user.id in factors.confirmed(session, [user.id])
        first = known[0][0] if known else None
        chosen = found.community_id if found.community_id in dict(known) else first
        frame = standing.of(session, actor=actor, communities=known, community_id=chosen, kept=kept)
    takes_flash = bool(found.flash) and not keep_flash
    if takes_flash or at - found.seen_at >= sessions.SEEN_EVERY:
        with db.transaction(engine) as session:
            sessions.touch(session, session_id=found.id, at=at)
            if takes_flash:
                sessions.set_flash(session, session_id=found.id, text="")
    return Here(
        actor=actor,
        session_id=found.id,
        communities=known,
        is_demo=any(row.is_demo for row in rows),
        community_id=chosen,
        flash=found.flash,
        theme=user.theme,
        reauth_at=found.reauth_at,
        has_second_factor=has_factor,
        density=user.density,
        counts=frame.counts,
        counted_at=frame.at,
        jobs=frame.jobs,
    )


async def here_if_any(request: Request) -> Here | None:
    """Return who is signed in, or None; looked up once a request."""
    if not hasattr(request.state, "here"):
        token = token_of(request, STAFF_COOKIE)
        partial = request.method != "GET" or "hx-request" in request.headers
        kept: standing.Kept = request.app.state.kept
        framed = kept if "hx-request" not in request.headers else None
        request.state.here = (
            await run_in_threadpool(_look_up, engine_of(request), token, clock.now(), keep_flash=partial, kept=framed)
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
        return await _permitted(request, permission)

    setattr(check, PERMISSION_MARK, permission)
    return Depends(check)


def require_fresh(permission: Permission) -> Any:  # noqa: ANN401 - a dependency, typed where it is used
    """Return a dependency like :func:`require` for acts that undo, approve or hand out rights.

    Reading passes. A form from somebody who last proved who they are ten minutes ago or longer is kept, sealed, in
    their session; they confirm on a page of its own, and the form goes on as it was sent.
    """

    async def check(request: Request) -> Here:
        here = await _permitted(request, permission)
        await _fresh(request, here, permission.value)
        return here

    setattr(check, PERMISSION_MARK, permission)
    setattr(check, FRESH_MARK, permission)
    return Depends(check)


async def fresh(request: Request, here: Annotated[Here, Depends(signed_in)]) -> Here:
    """Return who is signed in, once they proved who they are a short while ago: for what concerns themselves."""
    await _fresh(request, here, "")
    return here


async def _fresh(request: Request, here: Here, permission: str) -> None:
    if request.method in SAFE_METHODS or here.is_fresh(clock.now()):
        return
    form = parking.Parked(
        path=request.url.path,
        query=request.url.query,
        media_type=request.headers.get("content-type", ""),
        body=await request.body(),
        permission=permission,
    )
    await run_in_threadpool(parking.keep, engine_of(request), here.session_id, form, clock.now())
    raise ConfirmationRequired


async def _permitted(request: Request, permission: Permission) -> Here:
    here = await signed_in(request)
    if not here.actor.may(permission):
        await run_in_threadpool(_log_denial, engine_of(request), here, permission, request.url.path)
        raise forbidden("access.denied", permission=permission.value)
    must_have_factor(request, here, permission)
    return here


def must_have_factor(request: Request, here: Here, permission: Permission) -> None:
    """Lead to setting up a second factor where an act under ``permission`` needs one that is not there yet."""
    needs_factor = permission in MFA_PERMISSIONS and not here.has_second_factor
    if needs_factor and settings_of(request).require_second_factor:
        raise SecondFactorRequired


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
    if community_id is None and not here.communities:
        raise not_found("community.none_yet")
    if community_id is None or not here.actor.sees(community_id):
        raise not_found("access.other_community")
    return community_id


AnyHere = Annotated[Here, Depends(signed_in)]
FreshHere = Annotated[Here, Depends(fresh)]
