"""Signing in and out, one's own sessions, password and theme."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from app import clock
from app.domain.errors import Refusal, not_found
from app.gateways import passwords
from app.i18n import zh_cn
from app.services import signin
from app.store import db, sessions, users
from app.web import forms, pages
from app.web.deps import AnyHere, Config, Database, Here, Id, Reading, address_of, here_if_any
from app.web.security import STAFF_COOKIE, cookie_names

router = APIRouter()


class SignInForm(forms.FormModel):
    """Both are capped before any work is done with them."""

    login: forms.Text = Field(title="用户名", max_length=60)
    password: forms.Text = Field(title="密码", max_length=passwords.MAX_LENGTH)
    next: forms.Text = Field(default="/", max_length=500)


class PasswordForm(forms.FormModel):
    current: forms.Text = Field(title="当前密码", max_length=passwords.MAX_LENGTH)
    password: forms.Text = Field(title="新密码", max_length=passwords.MAX_LENGTH)


class ThemeForm(forms.FormModel):
    theme: Literal["auto", "light", "dark"]
    back: forms.Text = Field(default="/", max_length=500)


def inside(target: str) -> str:
    """Return a path within this site, or the front page: never somebody else's address."""
    safe = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if safe and "\\" not in target else "/"


@router.get("/login")
async def show(request: Request, next: str = "/", out: str = "") -> Response:  # noqa: A002 - the address says next
    if await here_if_any(request) is not None:
        return RedirectResponse(inside(next), status_code=303)
    notice = zh_cn.sentence(Refusal("done.signed_out")) if out else ""
    return pages.page(request, "login/login.html", next=inside(next[:500]), login="", fault="", notice=notice)


@router.post("/login")
async def sign_in(
    request: Request,
    engine: Database,
    settings: Config,
    form: Annotated[forms.Filled[SignInForm], forms.filled(SignInForm)],
) -> Response:
    token = None
    if form.model is not None:
        agent = request.headers.get("user-agent", "")
        token = await run_in_threadpool(_try, engine, form.model, address_of(request), agent)
    if token is None:
        shown = form.values.get("login", "")
        return pages.page(
            request,
            "login/login.html",
            status=422,
            next=inside(str(form.values.get("next", "/"))),
            login=shown if isinstance(shown, str) else "",
            fault=zh_cn.sentence(Refusal("signin.refused")),
            notice="",
        )
    answer = RedirectResponse(inside(form.valid().next), status_code=303)
    set_cookie(answer, STAFF_COOKIE, token, secure=settings.secure_cookies)
    return answer


def set_cookie(answer: Response, name: str, token: str, *, secure: bool) -> None:
    """Hand over a session token; it ends with the browser, and on the server long before."""
    strict, plain = cookie_names(name)
    answer.set_cookie(strict if secure else plain, token, httponly=True, secure=secure, samesite="lax", path="/")


def _try(engine: Engine, form: SignInForm, ip: str, agent: str) -> str | None:
    now = clock.now()
    with db.reading(engine) as session:
        attempt = signin.look_up(session, login=form.login, at=now)
    # The slow part runs outside both transactions, and for an unknown login just as long as for a known one.
    matched, rehashed = passwords.verify(form.password, attempt.stored or passwords.decoy())
    with db.transaction(engine) as session:
        return signin.settle(
            session,
            attempt=attempt,
            matched=matched and bool(attempt.stored),
            rehashed=rehashed,
            at=now,
            ip=ip,
            agent=agent,
        )


@router.post("/logout")
async def sign_out(request: Request, engine: Database) -> Response:
    here = await here_if_any(request)
    if here is not None:
        await run_in_threadpool(_end, engine, here)
    answer = RedirectResponse("/login?out=1", status_code=303)
    for name in cookie_names(STAFF_COOKIE):
        answer.delete_cookie(name, path="/", secure=name.startswith("__Host-"), httponly=True, samesite="lax")
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


def _end(engine: Engine, here: Here) -> None:
    with db.transaction(engine) as session:
        signin.sign_out(
            session,
            session_id=here.session_id,
            user_id=here.actor.user_id,
            login=here.actor.login,
            at=clock.now(),
        )


@router.get("/me")
def me(request: Request, here: AnyHere, session: Reading) -> Response:
    return _me(request, here, sessions.of_user(session, user_id=here.actor.user_id, at=clock.now()), None)


def _me(
    request: Request, here: Here, own: list[sessions.SignedIn], form: forms.Filled[PasswordForm] | None
) -> Response:
    blank: forms.Filled[PasswordForm] = forms.Filled({})
    status = 422 if form is not None else 200
    return pages.page(request, "login/me.html", here=here, status=status, sessions=own, form=form or blank)


@router.post("/me/sessions/{session_id}/end")
def end_session(request: Request, session_id: Id, here: AnyHere, engine: Database) -> Response:
    with db.transaction(engine) as session:
        if not sessions.end(session, session_id=session_id, user_id=here.actor.user_id, at=clock.now()):
            raise not_found("access.not_found")
    return pages.back_to(request, "/me", here=here, code="done.session_ended")


@router.post("/me/password")
def change_password(
    request: Request,
    here: AnyHere,
    engine: Database,
    form: Annotated[forms.Filled[PasswordForm], forms.filled(PasswordForm)],
) -> Response:
    try:
        if form.model is None:
            raise Refusal("request.invalid")
        _check_current(engine, here, form.model)
        fresh = passwords.hashed(form.model.password)
    except Refusal as refusal:
        faulty = form.with_refusal(refusal) if form.model is not None else form
        with db.reading(engine) as session:
            own = sessions.of_user(session, user_id=here.actor.user_id, at=clock.now())
        return _me(request, here, own, faulty)
    with db.transaction(engine) as session:
        signin.change_password(
            session,
            login=here.actor.login,
            password_hash=fresh,
            at=clock.now(),
            by=here.actor.login,
            keep_session=here.session_id,
        )
    return pages.back_to(request, "/me", here=here, code="done.password_changed")


def _check_current(engine: Engine, here: Here, form: PasswordForm) -> None:
    passwords.check_choice(form.password, login=here.actor.login)
    # Counted apart from signing in: guessing at an open desk must not lock its owner out elsewhere.
    subject, now = f"me:{here.actor.user_id}", clock.now()
    with db.reading(engine) as session:
        user = users.by_id(session, here.actor.user_id)
        is_locked = sessions.is_locked(session, subject=subject, at=now)
    if is_locked:
        raise Refusal("signin.current_locked", field="current")
    if user is None or not passwords.verify(form.current, user.password_hash)[0]:
        with db.transaction(engine) as session:
            sessions.count_failure(session, subject=subject, at=now)
        raise Refusal("signin.current_wrong", field="current")
    with db.transaction(engine) as session:
        sessions.forget_failures(session, subject=subject)


@router.post("/theme")
def choose_theme(
    here: AnyHere, engine: Database, form: Annotated[forms.Filled[ThemeForm], forms.filled(ThemeForm)]
) -> Response:
    if form.model is None:
        raise Refusal("request.invalid")
    with db.transaction(engine) as session:
        users.set_theme(session, user_id=here.actor.user_id, theme=form.model.theme)
    return RedirectResponse(inside(form.model.back), status_code=303)
