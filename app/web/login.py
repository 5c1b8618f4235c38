"""Signing in, in one step or two, signing out, and the theme."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from app import clock
from app.domain.errors import Refusal
from app.gateways import passwords
from app.i18n import zh_cn
from app.services import second_factor, signin
from app.store import db, sessions, users
from app.web import forms, pages
from app.web.deps import AnyHere, Config, Database, Here, Reading, address_of, here_if_any, token_of
from app.web.security import STAFF_COOKIE, cookie_names

router = APIRouter()


class SignInForm(forms.FormModel):
    """Both are capped before any work is done with them."""

    login: forms.Text = Field(title="用户名", max_length=60)
    password: forms.Text = Field(title="密码", max_length=passwords.MAX_LENGTH)
    next: forms.Text = Field(default="/", max_length=500)


class CodeForm(forms.FormModel):
    code: forms.Text = Field(title="验证码", max_length=40)
    next: forms.Text = Field(default="/", max_length=500)


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
    notice = zh_cn.sentence(Refusal("done.password_set" if out == "set" else "done.signed_out")) if out else ""
    return pages.page(request, "login/login.html", next=inside(next[:500]), login="", fault="", notice=notice)


@router.post("/login")
async def sign_in(
    request: Request,
    engine: Database,
    settings: Config,
    form: Annotated[forms.Filled[SignInForm], forms.filled(SignInForm)],
) -> Response:
    opened = None
    if form.model is not None:
        agent = request.headers.get("user-agent", "")
        opened = await run_in_threadpool(_try, engine, form.model, address_of(request), agent)
    if opened is None:
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
    where = inside(form.valid().next)
    if opened.needs_code:
        where = "/login/code" if where == "/" else f"/login/code?next={quote(where, safe='')}"
    elif opened.lacks_factor and settings.require_second_factor:
        where = "/me/second-factor?needed=1"
    answer = RedirectResponse(where, status_code=303)
    set_cookie(answer, STAFF_COOKIE, opened.token, secure=settings.secure_cookies)
    return answer


@router.get("/login/code")
def show_code(request: Request, session: Reading, next: str = "/") -> Response:  # noqa: A002 - the address says next
    """Ask for the second factor of whoever just gave the right password."""
    if sessions.pending(session, token=token_of(request, STAFF_COOKIE), at=clock.now()) is None:
        return RedirectResponse("/login", status_code=303)
    return pages.page(request, "login/code.html", next=inside(next[:500]), fault="")


@router.post("/login/code")
def sign_in_with_code(
    request: Request,
    engine: Database,
    settings: Config,
    form: Annotated[forms.Filled[CodeForm], forms.filled(CodeForm)],
) -> Response:
    given = form.model.code if form.model is not None else ""
    with db.transaction(engine) as session:
        step = second_factor.second_step(
            session,
            token=token_of(request, STAFF_COOKIE),
            code=given,
            at=clock.now(),
            ip=address_of(request),
            agent=request.headers.get("user-agent", ""),
        )
    if step.outcome is second_factor.Outcome.WRONG:
        where = inside(str(form.values.get("next", "/")))
        fault = zh_cn.sentence(Refusal("factor.code_wrong"))
        return pages.page(request, "login/code.html", status=422, next=where, fault=fault)
    if step.outcome is second_factor.Outcome.OVER:
        fault = zh_cn.sentence(Refusal("factor.over"))
        return pages.page(request, "login/login.html", status=422, next="/", login="", fault=fault, notice="")
    answer = RedirectResponse("/me/second-factor" if step.needs_codes else inside(form.valid().next), status_code=303)
    set_cookie(answer, STAFF_COOKIE, step.token, secure=settings.secure_cookies)
    return answer


def set_cookie(answer: Response, name: str, token: str, *, secure: bool) -> None:
    """Hand over a session token; it ends with the browser, and on the server long before."""
    strict, plain = cookie_names(name)
    answer.set_cookie(strict if secure else plain, token, httponly=True, secure=secure, samesite="lax", path="/")


def _try(engine: Engine, form: SignInForm, ip: str, agent: str) -> signin.Opened | None:
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


@router.post("/theme")
def choose_theme(
    here: AnyHere, engine: Database, form: Annotated[forms.Filled[ThemeForm], forms.filled(ThemeForm)]
) -> Response:
    if form.model is None:
        raise Refusal("request.invalid")
    with db.transaction(engine) as session:
        users.set_theme(session, user_id=here.actor.user_id, theme=form.model.theme)
    return RedirectResponse(inside(form.model.back), status_code=303)
