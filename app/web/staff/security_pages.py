"""Proving again who one is before an act that undoes, approves or hands out rights; then the act goes on."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from starlette.responses import RedirectResponse, Response

from app import clock
from app.domain.errors import Refusal
from app.gateways import passwords
from app.i18n import zh_cn
from app.services import second_factor
from app.store import audit, db, sessions
from app.web import forms, login, me, pages, parking
from app.web.deps import AnyHere, Config, Database, Here, address_of
from app.web.errors import STATUS
from app.web.security import STAFF_COOKIE, cookie_names

router = APIRouter()


class ConfirmForm(forms.FormModel):
    secret: forms.Text = Field(title="验证码或密码", max_length=passwords.MAX_LENGTH)
    mark: str = Field(default="", max_length=64)


Confirmed = Annotated[forms.Filled[ConfirmForm], forms.filled(ConfirmForm)]


@router.get("/confirm")
def ask(request: Request, here: AnyHere, engine: Database) -> Response:
    return _page(request, here, engine, forms.Filled({}))


@router.post("/confirm")
def go_on(request: Request, here: AnyHere, engine: Database, settings: Config, form: Confirmed) -> Response:
    """Check the code or password, renew the session, and send the waiting form on as it came."""
    with db.reading(engine) as session:
        waiting = parking.waiting(session, here.session_id, clock.now())
    if waiting is None:
        return pages.back_to(request, "/", here=here, code="done.nothing_waits")
    try:
        if form.model is None:
            raise Refusal("confirm.empty", field="secret")
        if form.model.mark != _mark(waiting):
            raise Refusal("confirm.another_waits")
        _prove(engine, here, form.model.secret, ip=address_of(request))
    except Refusal as refusal:
        # what was typed is a secret: it never comes back on the page
        faulty: forms.Filled[ConfirmForm] = forms.Filled({}, {"secret": zh_cn.sentence(refusal)})
        return _page(request, here, engine, faulty, status=STATUS[refusal.kind])
    token = _renew(engine, here, waiting)
    name = cookie_names(STAFF_COOKIE)[0 if settings.secure_cookies else 1]
    carrier = Response()
    login.set_cookie(carrier, STAFF_COOKIE, token, secure=settings.secure_cookies)
    cookie = carrier.headers["set-cookie"]
    return parking.goes_on(request, waiting, cookie=name, token=token, set_cookie=cookie)


@router.post("/confirm/cancel")
def cancel(here: AnyHere, engine: Database) -> Response:
    """Forget the waiting form."""
    with db.transaction(engine) as session:
        sessions.unpark(session, session_id=here.session_id)
    return RedirectResponse("/", status_code=303)


def _prove(engine: Engine, here: Here, given: str, *, ip: str) -> None:
    if not here.has_second_factor:
        me.check_own_password(engine, here, given, field="secret")
        return
    with db.transaction(engine) as session:
        outcome = second_factor.prove(
            session,
            user_id=here.actor.user_id,
            login=here.actor.login,
            code=given,
            at=clock.now(),
            ip=ip,
        )
    if outcome is second_factor.Outcome.WRONG:
        raise Refusal("factor.code_wrong", field="secret")
    if outcome is second_factor.Outcome.OVER:
        raise Refusal("factor.locked", field="secret")


def _renew(engine: Engine, here: Here, waiting: parking.Parked) -> str:
    with db.transaction(engine) as session:
        token = sessions.renew(session, session_id=here.session_id, at=clock.now())
        sessions.unpark(session, session_id=here.session_id)
        audit.record(
            session,
            at=clock.now(),
            actor=here.actor.login,
            action="signin.confirmed",
            subject=waiting.permission or "me",
        )
    return token


def _mark(waiting: parking.Parked) -> str:
    """Name the waiting form, so that nobody confirms another than the page showed."""
    return hashlib.sha256(f"{waiting.path}\n{waiting.query}\n".encode() + waiting.body).hexdigest()


def _page(
    request: Request, here: Here, engine: Engine, form: forms.Filled[ConfirmForm], *, status: int = 200
) -> Response:
    with db.reading(engine) as session:
        waiting = parking.waiting(session, here.session_id, clock.now())
    if waiting is None:
        return RedirectResponse("/", status_code=303)
    return pages.page(
        request,
        "login/confirm.html",
        here=here,
        status=status,
        form=form,
        permission=waiting.permission,
        mark=_mark(waiting),
    )
