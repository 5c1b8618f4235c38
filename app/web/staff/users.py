"""Users and their roles, for the administrator: add, shut out, let in again, set a new password."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from starlette.responses import Response

from app import clock
from app.domain.access import Permission, Role, matrix_rows
from app.domain.errors import Refusal, conflict, not_found
from app.gateways import passwords
from app.services import signin
from app.store import audit, db, sessions, users
from app.web import forms, pages
from app.web.deps import Database, Here, Id, reachable, require
from app.web.errors import STATUS

router = APIRouter()

Admin = Annotated[Here, require(Permission.USER_MANAGE)]


class UserForm(forms.FormModel):
    login: forms.Text = Field(title="用户名", max_length=40)
    name: forms.Text = Field(title="姓名", max_length=40)
    role: Role = Field(title="岗位")
    community: list[forms.Number] = Field(default_factory=list, title="小区", max_length=400)
    everywhere: bool = Field(default=False, title="全部小区")


class SwitchForm(forms.FormModel):
    is_active: bool = Field(title="状态")


Switched = Annotated[forms.Filled[SwitchForm], forms.filled(SwitchForm)]
NewUser = Annotated[forms.Filled[UserForm], forms.filled(UserForm)]


@router.get("/users")
def show(request: Request, here: Admin, engine: Database) -> Response:
    return _page(request, here, engine, forms.Filled({}))


@router.post("/users")
def add(request: Request, here: Admin, engine: Database, form: NewUser) -> Response:
    """Add a user with a password made here and shown once; the user changes it after the first sign-in."""
    if form.model is None:
        return _page(request, here, engine, form, status=422)
    if form.model.everywhere == bool(form.model.community):
        # Nobody is given every community by leaving something out.
        return _page(
            request, here, engine, form.with_refusal(Refusal("user.communities", field="community")), status=422
        )
    password = secrets.token_urlsafe(12)
    fresh = passwords.hashed(password)
    chosen = tuple(dict.fromkeys(reachable(here, number) for number in form.model.community))
    if not set(chosen) <= set(dict(here.communities)):
        raise not_found("access.other_community")
    try:
        with db.transaction(engine) as session:
            signin.add_user(
                session,
                login=form.model.login,
                name=form.model.name,
                role=form.model.role.value,
                password_hash=fresh,
                at=clock.now(),
                by=here.actor.login,
                community_ids=chosen or (None if here.actor.community_ids is None else tuple(here.actor.community_ids)),
            )
    except Refusal as refusal:
        return _page(request, here, engine, form.with_refusal(refusal), status=STATUS[refusal.kind])
    return _page(request, here, engine, forms.Filled({}), made=(form.model.login, password))


@router.post("/users/{user_id}/password")
def renew_password(request: Request, user_id: Id, here: Admin, engine: Database) -> Response:
    """Give a user a new password, shown once; their sessions end."""
    password = secrets.token_urlsafe(12)
    fresh = passwords.hashed(password)
    with db.transaction(engine) as session:
        user = users.by_id(session, user_id)
        if user is None:
            raise not_found("access.not_found")
        signin.change_password(session, login=user.login, password_hash=fresh, at=clock.now(), by=here.actor.login)
    return _page(request, here, engine, forms.Filled({}), made=(user.login, password))


@router.post("/users/{user_id}/active")
def switch(request: Request, user_id: Id, here: Admin, engine: Database, form: Switched) -> Response:
    """Shut a user out, or let them in again, as the form says: pressed twice it does the same; never oneself."""
    if form.model is None:
        raise Refusal("request.invalid")
    if user_id == here.actor.user_id:
        raise conflict("user.yourself")
    with db.transaction(engine) as session:
        user = users.by_id(session, user_id)
        if user is None:
            raise not_found("access.not_found")
        users.set_active(session, user_id=user_id, is_active=form.model.is_active)
        sessions.end_all(session, user_id=user_id, at=clock.now())
        action = "user.let_in" if form.model.is_active else "user.shut_out"
        audit.record(session, at=clock.now(), actor=here.actor.login, action=action, subject=user.login)
    return pages.back_to(request, "/users", here=here, code="done.user_switched")


def _page(
    request: Request,
    here: Here,
    engine: Engine,
    form: forms.Filled[UserForm],
    *,
    status: int = 200,
    made: tuple[str, str] | None = None,
) -> Response:
    with db.reading(engine) as session:
        everyone = users.everyone(session)
    return pages.page(
        request,
        "people/users.html",
        here=here,
        status=status,
        form=form,
        made=made,
        everyone=everyone,
        roles=[role.value for role in Role],
        matrix=matrix_rows(),
    )
