"""The owner's ways in: a one-time link with a button, or a code to the phone; room and phone tail open nothing."""

from __future__ import annotations

import re
import secrets
import unicodedata
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Request
from pydantic import Field
from sqlalchemy import Engine
from starlette.responses import RedirectResponse, Response

from app import clock
from app.domain.errors import Refusal, not_found
from app.gateways.messages import MemoryOutbox
from app.gateways.ports import Messages
from app.i18n import zh_cn
from app.services import owner_visits
from app.store import db, owner_links, unit_reads
from app.store import owner_visits as visit_reads
from app.web import forms, pages
from app.web.deps import Config, Database, Outside, address_of, token_of
from app.web.errors import STATUS
from app.web.login import set_cookie
from app.web.security import CODE_COOKIE, OWNER_COOKIE, cookie_names

router = APIRouter()

NO_REFERRER = {"Referrer-Policy": "no-referrer"}
TAIL = 2
_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)


class PhoneForm(forms.FormModel):
    phone: forms.Text = Field(title="手机号", max_length=30)


class CodeForm(forms.FormModel):
    code: forms.Text = Field(title="验证码", max_length=20)


Asked = Annotated[forms.Filled[PhoneForm], forms.filled(PhoneForm)]
Typed = Annotated[forms.Filled[CodeForm], forms.filled(CodeForm)]


@router.get("/o/{token}")
def knock(request: Request, token: str, engine: Database) -> Response:
    """Show which home the link is for, and a button; link checkers fetch this too, so it changes nothing."""
    with db.reading(engine) as session:
        link = owner_links.link(session, token=token[:64], at=clock.now())
        head = unit_reads.head(session, link.unit_id) if link else None
    if head is None:
        raise not_found("owner.link_invalid")
    room = head.code.rsplit("-", 1)[-1]
    return pages.page(
        request, "portal/knock.html", headers=NO_REFERRER, community=head.community, tail=room[-TAIL:], token=token
    )


@router.post("/o/{token}")
def open_door(request: Request, token: str, engine: Database, settings: Config) -> Response:
    """Exchange the link for a short session of its one unit."""
    agent = request.headers.get("user-agent", "")
    with db.transaction(engine) as session:
        made = owner_visits.open_by_link(
            session, token=token[:64], ip=address_of(request), agent=agent, now=clock.now()
        )
    if made is None:
        raise not_found("owner.link_invalid")
    answer = RedirectResponse("/my", status_code=303, headers=NO_REFERRER)
    set_cookie(answer, OWNER_COOKIE, made, secure=settings.secure_cookies)
    return answer


@router.get("/my/sign-in")
def ask_phone(request: Request) -> Response:
    return _phone_page(request, forms.Filled({}))


@router.post("/my/sign-in")
def send_code(
    request: Request, later: BackgroundTasks, engine: Database, outside: Outside, settings: Config, form: Asked
) -> Response:
    """Send a code where the number is an owner's, and answer everybody alike, in the same time."""
    if form.model is None:
        return _phone_page(request, form, status=422)
    challenge, code = secrets.token_urlsafe(24), f"{secrets.randbelow(10**6):06d}"
    try:
        phone = read_mobile(form.model.phone)
        with db.transaction(engine) as session:
            is_known = owner_visits.ask_code(
                session,
                phone=phone,
                code=code,
                challenge=challenge,
                ip=address_of(request),
                today=clock.today(),
                now=clock.now(),
            )
    except Refusal as refusal:
        return _phone_page(request, form.with_refusal(refusal), status=STATUS[refusal.kind])
    answer = RedirectResponse("/my/code", status_code=303)
    set_cookie(answer, CODE_COOKIE, challenge, secure=settings.secure_cookies)
    if is_known and outside.messages is not None:
        # After the answer has left: how long a message takes tells nobody whether the number is known.
        later.add_task(_send, outside.messages, phone, code)
        answer.background = later
    return answer


def _send(messages: Messages, phone: str, code: str) -> None:
    messages.send(to=phone, text=zh_cn.LABELS["owner.code_message"].format(code=code))


@router.get("/my/code")
def ask_for_code(request: Request, engine: Database) -> Response:
    return _code_page(request, engine, forms.Filled({}))


@router.post("/my/code")
def enter_code(request: Request, engine: Database, settings: Config, form: Typed) -> Response:
    """Open the account of a number's holder for six right digits; every wrong try is counted."""
    if form.model is None:
        return _code_page(request, engine, form, status=422)
    digits = "".join(sign for sign in unicodedata.normalize("NFKC", form.model.code) if sign.isdigit())
    with db.transaction(engine) as session:
        made = owner_visits.enter(
            session,
            challenge=token_of(request, CODE_COOKIE),
            code=digits,
            ip=address_of(request),
            agent=request.headers.get("user-agent", "")[:200],
            now=clock.now(),
        )
    if made is None:
        return _code_page(request, engine, form.with_refusal(Refusal("owner.code_wrong", field="code")), status=422)
    answer = RedirectResponse("/my", status_code=303)
    set_cookie(answer, OWNER_COOKIE, made, secure=settings.secure_cookies)
    forget(answer, CODE_COOKIE)
    return answer


@router.post("/my/leave")
def leave(request: Request, engine: Database) -> Response:
    token = token_of(request, OWNER_COOKIE)
    if token:
        with db.transaction(engine) as session:
            visit_reads.end(session, token=token, at=clock.now())
    answer = pages.page(request, "portal/left.html")
    forget(answer, OWNER_COOKIE)
    return answer


def read_mobile(text: str) -> str:
    """Read a mobile number as people type it: with blanks, dashes or +86.

    Raises:
        Refusal: ``owner.phone_format``, the same for everybody.

    """
    digits = "".join(sign for sign in unicodedata.normalize("NFKC", text) if sign.isdigit())
    if len(digits) == 13 and digits.startswith("86"):
        digits = digits[2:]
    if not _MOBILE.fullmatch(digits):
        raise Refusal("owner.phone_format", field="phone")
    return digits


def forget(answer: Response, cookie: str) -> None:
    """Take a cookie back under both its names."""
    for name in cookie_names(cookie):
        answer.delete_cookie(name, path="/", secure=name.startswith("__Host-"), httponly=True, samesite="lax")


def _phone_page(request: Request, form: forms.Filled[PhoneForm], *, status: int = 200) -> Response:
    return pages.page(request, "portal/sign_in.html", status=status, form=form)


def _code_page(request: Request, engine: Engine, form: forms.Filled[CodeForm], *, status: int = 200) -> Response:
    with db.reading(engine) as session:
        mask = visit_reads.mask_of(session, token_of(request, CODE_COOKIE), at=clock.now())
    if mask is None:
        return RedirectResponse("/my/sign-in", status_code=303)
    settings, messages = request.app.state.settings, request.app.state.gateways.messages
    # The demo sends nothing: its people are made up, and so are their telephones.
    shown = messages.sent[-1][1] if settings.demo and isinstance(messages, MemoryOutbox) and messages.sent else ""
    return pages.page(request, "portal/code.html", status=status, form=form, mask=mask, shown=shown)
