"""Users and their roles, for the administrator: add, change, shut out, let in again, and give a way back in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BeforeValidator, Field
from sqlalchemy import Engine
from starlette.responses import Response

from app import clock
from app.domain import money
from app.domain.access import MFA_PERMISSIONS, Permission, Role, matrix_rows, needs_second_factor
from app.domain.errors import Kind, Refusal, not_found
from app.i18n import zh_cn
from app.services import signin, staff
from app.store import db, factors, sessions, users
from app.web import devices, forms, pages
from app.web.deps import Config, Database, Here, Id, require_fresh
from app.web.errors import STATUS

router = APIRouter()

Admin = Annotated[Here, require_fresh(Permission.USER_MANAGE)]

# A limit of nothing is a limit.
Limit = Annotated[int, BeforeValidator(forms.refusing(money.read_yuan)), Field(ge=0, le=10**12)]


class UserForm(forms.FormModel):
    name: forms.Text = Field(title="姓名", max_length=40)
    role: Role = Field(title="岗位")
    limit: Limit | None = Field(default=None, title="单笔减免限额")
    community: list[forms.Number] = Field(default_factory=list, title="小区", max_length=400)
    everywhere: bool = Field(default=False, title="全部小区")

    def wish(self) -> staff.Wish:
        """Return what the form asks for; every community only where that was ticked, and nothing beside it."""
        if self.everywhere == bool(self.community):
            raise Refusal("user.communities", field="community")
        chosen = None if self.everywhere else frozenset(self.community)
        return staff.Wish(self.name, self.role, self.limit, chosen)


class NewUserForm(UserForm):
    login: forms.Text = Field(title="用户名", max_length=40)


class SwitchForm(forms.FormModel):
    is_active: bool = Field(title="状态")


Switched = Annotated[forms.Filled[SwitchForm], forms.filled(SwitchForm)]
NewUser = Annotated[forms.Filled[NewUserForm], forms.filled(NewUserForm)]
Changed = Annotated[forms.Filled[UserForm], forms.filled(UserForm)]


@dataclass(frozen=True, slots=True)
class Line:
    """A user as the list shows them."""

    user: users.User
    where: str
    has_factor: bool
    needs_factor: bool
    seen: str


@router.get("/users")
def show(request: Request, here: Admin, engine: Database) -> Response:
    with db.reading(engine) as session:
        everyone = users.everyone(session)
        ids = [user.id for user in everyone]
        assigned = users.communities_of(session, ids)
        with_factor = factors.confirmed(session, ids)
        seen = sessions.last_seen(session, ids)
    names = dict(here.communities)
    lines = [
        Line(
            user=user,
            where="" if user.all_communities else "、".join(names.get(one, "?") for one in sorted(assigned[user.id])),
            has_factor=user.id in with_factor,
            needs_factor=needs_second_factor(user.role),
            seen=pages.moment(seen.get(user.id)),
        )
        for user in everyone
        if staff.in_reach(here.actor, user, assigned[user.id])
    ]
    return pages.page(request, "people/users.html", here=here, lines=lines)


@router.get("/users/roles")
def show_roles(request: Request, here: Admin) -> Response:
    """Show who may do what, straight from the code that decides it."""
    return pages.page(
        request,
        "people/roles.html",
        here=here,
        roles=list(Role),
        matrix=matrix_rows(),
        grave=MFA_PERMISSIONS,
        strict={role: needs_second_factor(role) for role in Role},
    )


@router.get("/users/new")
def ask(request: Request, here: Admin, engine: Database) -> Response:
    return _form_page(request, here, engine, None, forms.Filled({}))


@router.post("/users/new")
def add(request: Request, here: Admin, engine: Database, settings: Config, form: NewUser) -> Response:
    """Add a user; they set their own password by a link that is shown once."""
    if form.model is None:
        return _form_page(request, here, engine, None, form, status=422)
    try:
        if not signin.LOGIN.fullmatch(form.model.login):
            raise Refusal("signin.login_invalid", field="login")
        with db.transaction(engine) as session:
            token = staff.add(
                session,
                by=here.actor,
                login=form.model.login,
                wish=form.model.wish(),
                at=clock.now(),
            )
    except Refusal as refusal:
        return _refused(request, here, engine, None, form, refusal)
    return _link_page(request, here, settings.public_url, form.model.login, token, is_new=True)


@router.get("/users/{user_id}")
def show_one(request: Request, user_id: Id, here: Admin, engine: Database) -> Response:
    return _form_page(request, here, engine, user_id, forms.Filled({}))


@router.post("/users/{user_id}")
def change(request: Request, user_id: Id, here: Admin, engine: Database, form: Changed) -> Response:
    if form.model is None:
        return _form_page(request, here, engine, user_id, form, status=422)
    try:
        with db.transaction(engine) as session:
            staff.change(session, by=here.actor, user_id=user_id, wish=form.model.wish(), at=clock.now())
    except Refusal as refusal:
        return _refused(request, here, engine, user_id, form, refusal)
    return pages.back_to(request, "/users", here=here, code="done.user_changed")


@router.post("/users/{user_id}/active")
def switch(request: Request, user_id: Id, here: Admin, engine: Database, form: Switched) -> Response:
    """Shut a user out, or let them in again, as the form says: pressed twice it does the same."""
    if form.model is None:
        raise Refusal("request.invalid")
    with db.transaction(engine) as session:
        staff.switch(session, by=here.actor, user_id=user_id, is_active=form.model.is_active, at=clock.now())
    return pages.back_to(request, "/users", here=here, code="done.user_switched")


@router.post("/users/{user_id}/link")
def issue_link(request: Request, user_id: Id, here: Admin, engine: Database, settings: Config) -> Response:
    """Make a link by which the user sets a new password; it is shown this once, since only its hash is kept."""
    with db.transaction(engine) as session:
        name, token = staff.issue_link(session, by=here.actor, user_id=user_id, at=clock.now())
    return _link_page(request, here, settings.public_url, name, token, is_new=False)


@router.post("/users/{user_id}/sessions/end")
def end_sessions(request: Request, user_id: Id, here: Admin, engine: Database) -> Response:
    with db.transaction(engine) as session:
        staff.end_sessions(session, by=here.actor, user_id=user_id, at=clock.now())
    return pages.back_to(request, f"/users/{user_id}", here=here, code="done.session_ended_all")


@router.post("/users/{user_id}/factor-off")
def reset_factor(request: Request, user_id: Id, here: Admin, engine: Database) -> Response:
    with db.transaction(engine) as session:
        staff.reset_factor(session, by=here.actor, user_id=user_id, at=clock.now())
    return pages.back_to(request, f"/users/{user_id}", here=here, code="done.factor_reset")


def _refused(
    request: Request,
    here: Here,
    engine: Engine,
    user_id: int | None,
    form: forms.Filled[NewUserForm] | forms.Filled[UserForm],
    refusal: Refusal,
) -> Response:
    if refusal.kind is Kind.NOT_FOUND:
        raise refusal
    if "role" in refusal.facts:
        refusal.facts["role"] = zh_cn.LABELS[f"role.{refusal.facts['role']}"]
    return _form_page(request, here, engine, user_id, form.with_refusal(refusal), status=STATUS[refusal.kind])


def _form_page(
    request: Request,
    here: Here,
    engine: Engine,
    user_id: int | None,
    form: forms.Filled[NewUserForm] | forms.Filled[UserForm],
    *,
    status: int = 200,
) -> Response:
    user, assigned, own, has_factor = None, frozenset[int](), [], False
    if user_id is not None:
        with db.reading(engine) as session:
            user = users.by_id(session, user_id)
            assigned = users.communities_of(session, [user_id])[user_id]
            own = [devices.line(one) for one in sessions.of_user(session, user_id=user_id, at=clock.now())]
            has_factor = bool(factors.confirmed(session, [user_id]))
        if user is None or not staff.in_reach(here.actor, user, assigned):
            raise not_found("access.not_found")
    is_typed = bool(form.values)
    ticked = form.values.get("community", []) if is_typed else [str(number) for number in assigned]
    everywhere = bool(form.values.get("everywhere")) if is_typed else bool(user and user.all_communities)
    return pages.page(
        request,
        "people/user.html",
        here=here,
        status=status,
        form=form,
        user=user,
        ticked=set(ticked),
        everywhere=everywhere,
        sessions=own,
        has_factor=has_factor,
        roles=[role.value for role in Role],
    )


def _link_page(request: Request, here: Here, public_url: str, name: str, token: str, *, is_new: bool) -> Response:
    address = f"{public_url.rstrip('/')}/join/{token}"
    hours = (staff.INVITED_FOR if is_new else staff.RESET_FOR).total_seconds() // 3600
    return pages.page(
        request, "people/user_link.html", here=here, login=name, address=address, hours=int(hours), is_new=is_new
    )
