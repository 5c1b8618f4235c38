"""One's own account: sessions, password, second factor and recovery codes."""

from __future__ import annotations

from typing import Annotated

import segno
from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import clock
from app.domain.access import needs_second_factor
from app.domain.errors import Refusal, not_found
from app.gateways import passwords
from app.gateways import second_factor as codes
from app.services import second_factor, signin
from app.store import audit, db, factors, sessions, users
from app.web import devices, forms, pages
from app.web.deps import AnyHere, Config, Database, FreshHere, Here, Id, Reading
from app.web.errors import STATUS

router = APIRouter()


class PasswordForm(forms.FormModel):
    current: forms.Text = Field(title="当前密码", max_length=passwords.MAX_LENGTH)
    password: forms.Text = Field(title="新密码", max_length=passwords.MAX_LENGTH)


class FirstCodeForm(forms.FormModel):
    code: forms.Text = Field(title="验证码", max_length=40)


@router.get("/me")
def me(request: Request, here: AnyHere, session: Reading) -> Response:
    return _me(request, here, _own(session, here), None)


def _own(session: Session, here: Here) -> list[devices.Line]:
    found = sessions.of_user(session, user_id=here.actor.user_id, at=clock.now())
    return [devices.line(item, is_this=item.id == here.session_id) for item in found]


def _me(request: Request, here: Here, own: list[devices.Line], form: forms.Filled[PasswordForm] | None) -> Response:
    blank: forms.Filled[PasswordForm] = forms.Filled({})
    status = 422 if form is not None else 200
    return pages.page(
        request,
        "login/me.html",
        here=here,
        status=status,
        sessions=own,
        form=form or blank,
        needs_factor=needs_second_factor(here.actor.role),
    )


@router.post("/me/sessions/{session_id}/end")
def end_session(request: Request, session_id: Id, here: AnyHere, engine: Database) -> Response:
    with db.transaction(engine) as session:
        if not sessions.end(session, session_id=session_id, user_id=here.actor.user_id, at=clock.now()):
            raise not_found("access.not_found")
        audit.record(
            session, at=clock.now(), actor=here.actor.login, action="signin.ended", subject=f"session:{session_id}"
        )
    return pages.back_to(request, "/me", here=here, code="done.session_ended")


@router.post("/me/end-others")
def end_others(request: Request, here: AnyHere, engine: Database) -> Response:
    with db.transaction(engine) as session:
        sessions.end_all(session, user_id=here.actor.user_id, at=clock.now(), but=here.session_id)
        audit.record(session, at=clock.now(), actor=here.actor.login, action="signin.others_ended")
    return pages.back_to(request, "/me", here=here, code="done.sessions_ended")


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
        passwords.check_choice(form.model.password, login=here.actor.login, words=_words(here))
        check_own_password(engine, here, form.model.current, field="current")
        fresh = passwords.hashed(form.model.password)
    except Refusal as refusal:
        faulty = form.with_refusal(refusal) if form.model is not None else form
        with db.reading(engine) as session:
            own = _own(session, here)
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


def _words(here: Here) -> tuple[str, ...]:
    """Return the words around this person that a guesser would try."""
    return (here.actor.name, *(name for _, name in here.communities))


def check_own_password(engine: Engine, here: Here, given: str, *, field: str) -> None:
    """Refuse unless ``given`` is the password of whoever sits there; five wrong ones close this door for a while."""
    # Counted apart from signing in: guessing at an open desk must not lock its owner out elsewhere.
    subject, now = f"me:{here.actor.user_id}", clock.now()
    with db.reading(engine) as session:
        user = users.by_id(session, here.actor.user_id)
        is_locked = sessions.is_locked(session, subject=subject, at=now)
    if is_locked:
        raise Refusal("signin.current_locked", field=field)
    if user is None or not passwords.verify(given, user.password_hash)[0]:
        with db.transaction(engine) as session:
            sessions.count_failure(session, subject=subject, at=now)
            audit.record(session, at=now, actor=here.actor.login, action="signin.current_wrong")
        raise Refusal("signin.current_wrong", field=field)
    with db.transaction(engine) as session:
        sessions.forget_failures(session, subject=subject)


# --- the second factor ----------------------------------------------------------------------------


@router.get("/me/second-factor")
def show_factor(request: Request, here: AnyHere, engine: Database, settings: Config, needed: str = "") -> Response:
    return _factor_page(request, here, engine, is_strict=settings.require_second_factor, is_led=bool(needed))


@router.post("/me/second-factor/begin")
def begin_factor(request: Request, here: FreshHere, engine: Database) -> Response:
    with db.transaction(engine) as session:
        second_factor.begin(session, user_id=here.actor.user_id, at=clock.now())
    return pages.back_to(request, "/me/second-factor")


@router.post("/me/second-factor/confirm")
def confirm_factor(
    request: Request,
    here: FreshHere,
    engine: Database,
    settings: Config,
    form: Annotated[forms.Filled[FirstCodeForm], forms.filled(FirstCodeForm)],
) -> Response:
    """Take the first code; the answer shows the recovery codes, this once."""
    try:
        if form.model is None:
            raise Refusal("factor.first_code_wrong", field="code")
        with db.transaction(engine) as session:
            made = second_factor.confirm(
                session,
                user_id=here.actor.user_id,
                login=here.actor.login,
                code=form.model.code,
                at=clock.now(),
            )
    except Refusal as refusal:
        return _factor_page(
            request,
            here,
            engine,
            is_strict=settings.require_second_factor,
            form=form.with_refusal(refusal),
            status=STATUS[refusal.kind],
        )
    return pages.page(request, "login/recovery.html", here=here, codes=made)


@router.post("/me/second-factor/codes")
def new_codes(request: Request, here: FreshHere, engine: Database) -> Response:
    """Make new recovery codes; the answer shows them, this once."""
    with db.transaction(engine) as session:
        made = second_factor.new_recovery_codes(
            session, user_id=here.actor.user_id, login=here.actor.login, at=clock.now()
        )
    return pages.page(request, "login/recovery.html", here=here, codes=made)


@router.post("/me/second-factor/off")
def turn_off(request: Request, here: FreshHere, engine: Database, settings: Config) -> Response:
    with db.transaction(engine) as session:
        second_factor.turn_off(
            session,
            user_id=here.actor.user_id,
            login=here.actor.login,
            at=clock.now(),
            is_needed=settings.require_second_factor and needs_second_factor(here.actor.role),
        )
    return pages.back_to(request, "/me", here=here, code="done.factor_off")


def _factor_page(
    request: Request,
    here: Here,
    engine: Engine,
    *,
    is_strict: bool,
    is_led: bool = False,
    form: forms.Filled[FirstCodeForm] | None = None,
    status: int = 200,
) -> Response:
    with db.reading(engine) as session:
        found = factors.seen(session, here.actor.user_id)
        left = factors.recovery_codes_left(session, here.actor.user_id)
    secret = found.secret if found is not None and found.confirmed_at is None else ""
    address = codes.address(secret, login=here.actor.login) if secret else ""
    blank: forms.Filled[FirstCodeForm] = forms.Filled({})
    return pages.page(
        request,
        "login/factor.html",
        here=here,
        status=status,
        found=found,
        left=left,
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        code=segno.make(address, error="m").svg_data_uri(scale=5, border=3) if address else "",
        form=form or blank,
        is_led=is_led,
        is_needed=is_strict and needs_second_factor(here.actor.role),
    )
