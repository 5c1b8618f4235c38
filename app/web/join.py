"""The one-time link by which somebody sets their own password: the first one, or a new one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import Field
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from app import clock
from app.domain.errors import Kind, Refusal, not_found
from app.gateways import passwords
from app.i18n import zh_cn
from app.services import staff
from app.store import db, estate, factors, users
from app.web import forms, pages
from app.web.deps import Database, Reading

router = APIRouter()

Token = Annotated[str, Path(min_length=8, max_length=200)]


class JoinForm(forms.FormModel):
    password: forms.Text = Field(title="新密码", max_length=passwords.MAX_LENGTH)
    # for the browser's own memory of passwords; the link alone says whose password it is
    login: forms.Text = Field(default="", title="用户名", max_length=60)


Joined = Annotated[forms.Filled[JoinForm], forms.filled(JoinForm)]


@router.get("/join/{token}")
def ask(request: Request, token: Token, session: Reading) -> Response:
    user = _user(session, token)
    if user is None:
        return _over(request)
    return pages.page(request, "login/join.html", token=token, login=user.login, form=forms.Filled({}), is_over="")


@router.post("/join/{token}")
def set_password(request: Request, token: Token, engine: Database, form: Joined) -> Response:
    with db.reading(engine) as session:
        user = _user(session, token)
        places = tuple(row.name for row in estate.communities(session))
    if user is None:
        return _over(request)
    try:
        if form.model is None:
            raise Refusal("signin.password_too_short", field="password")
        passwords.check_choice(form.model.password, login=user.login, words=(user.name, *places))
        # the slow part, outside the transaction
        fresh = passwords.hashed(form.model.password)
        with db.transaction(engine) as session:
            staff.use_link(session, token=token, password_hash=fresh, at=clock.now())
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            return _over(request)
        # a password never comes back on a page
        faulty: forms.Filled[JoinForm] = forms.Filled({}, {"password": zh_cn.sentence(refusal)})
        return pages.page(
            request, "login/join.html", status=422, token=token, login=user.login, form=faulty, is_over=""
        )
    return RedirectResponse("/login?out=set", status_code=303)


def _user(session: Session, token: str) -> users.User | None:
    user_id = factors.link_opens(session, token=token, at=clock.now())
    user = None if user_id is None else users.by_id(session, user_id)
    return user if user is not None and user.is_active else None


def _over(request: Request) -> Response:
    sentence = zh_cn.sentence(not_found("user.link_over"))
    return pages.page(request, "login/join.html", status=404, is_over=sentence)
