"""The log on a page: who did what and when, by filter, and as a workbook; nothing here changes it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import clock
from app.domain.access import Permission
from app.domain.errors import Refusal
from app.i18n import zh_cn
from app.sheets import exports
from app.store import audit, audit_chain, db, users
from app.web import audit_words, forms, pages
from app.web.deps import Database, Here, Reading, reachable, require
from app.web.listing import Pager

router = APIRouter()

Reader = Annotated[Here, require(Permission.AUDIT_SEE)]

PAGE_SIZE = 100
MAX_EXPORT = 20_000
COLUMNS = (("at", 17), ("actor", 18), ("action", 18), ("subject", 24), ("community", 20), ("facts", 60))
REVEALS_SINCE = dt.timedelta(days=30)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class AuditForm(forms.FormModel):
    actor: forms.Text = Field(default="", title="人员", max_length=60)
    action: forms.Text = Field(default="", title="操作", max_length=60)
    subject: forms.Text = Field(default="", title="对象", max_length=120)
    from_on: forms.Date | None = Field(default=None, title="起")
    to_on: forms.Date | None = Field(default=None, title="止")
    community: int | None = Field(default=None, title="小区", ge=1, le=forms.MAX_ID)
    page: int = Field(default=1, ge=1, le=1_000_000, title="页码")

    def wanted(self, here: Here) -> audit.Filter:
        """Return the events to show; one community is asked for only within reach."""
        if self.community is not None:
            reachable(here, self.community)
        return audit.Filter(
            community_ids=here.actor.community_ids,
            community_id=self.community,
            actor=self.actor,
            action=self.action,
            subject=_subject(self.subject),
            from_at=_midnight(self.from_on),
            until_at=_midnight(self.to_on + dt.timedelta(days=1) if self.to_on else None),
        )


def _midnight(on: dt.date | None) -> dt.datetime | None:
    return None if on is None else dt.datetime.combine(on, dt.time(), clock.SHANGHAI)


def _subject(typed: str) -> str:
    """Return a subject as it is kept: ``房产 12`` is ``unit:12``, and anything else is itself."""
    word, _, number = typed.partition(" ")
    nouns = {text: key.removeprefix("subject.") for key, text in zh_cn.LABELS.items() if key.startswith("subject.")}
    if word not in nouns:
        return typed
    return f"{nouns[word]}:{number}" if number else nouns[word]


@router.get("/audit")
def show(request: Request, here: Reader, session: Reading) -> Response:
    form = forms.of_address(AuditForm, request)
    asked = form.model or AuditForm()
    wanted = asked.wanted(here)
    count = audit.count(session, wanted) if form.model else 0
    params = {name: str(value) for name, value in form.values.items() if isinstance(value, str)}
    pager = Pager("/audit", params, asked.page, count, PAGE_SIZE)
    offset = (asked.page - 1) * PAGE_SIZE
    rows = audit.listed(session, wanted, limit=PAGE_SIZE, offset=offset) if form.model else []
    known, names = audit.actions(session, wanted), _names(session)
    since = clock.now() - REVEALS_SINCE
    sealed, _hash = audit_chain.head(session)
    return pages.page(
        request,
        "people/audit.html",
        here=here,
        status=200 if form.model else 422,
        form=form,
        lines=[audit_words.line(row, here.actor) for row in rows],
        pager=pager,
        actors=[(name, names.get(name, name)) for name in audit.actors(session, wanted)],
        actions=sorted(((name, zh_cn.LABELS.get(f"action.{name}", name)) for name in known), key=lambda pair: pair[1]),
        names=names,
        places=dict(here.communities),
        reveals=audit.reveals(session, since=since, community_ids=here.actor.community_ids),
        sealed=sealed,
        export=pager.address(page="").replace("/audit", "/audit/export", 1),
    )


@router.get("/audit/export")
def export(request: Request, here: Reader, engine: Database) -> Response:
    """Send what the filter shows as a workbook; that is an event itself."""
    form = forms.of_address(AuditForm, request)
    if form.model is None:
        raise Refusal("request.invalid")
    wanted = form.model.wanted(here)
    with db.reading(engine) as session:
        count = audit.count(session, wanted)
        if count > MAX_EXPORT:
            raise Refusal("audit.too_many", limit=MAX_EXPORT, count=count)
        lines = [audit_words.line(row, here.actor) for row in audit.listed(session, wanted, limit=MAX_EXPORT)]
        names = _names(session)
    with db.transaction(engine) as session:
        audit.record(
            session,
            at=clock.now(),
            actor=here.actor.login,
            action="audit.exported",
            community_id=form.model.community,
            facts={"rows": len(lines)},
        )
    places = dict(here.communities)
    columns = [exports.Column(zh_cn.LABELS[f"audit_column.{name}"], width=width) for name, width in COLUMNS]
    rows = (
        (
            pages.moment(one.at),
            names.get(one.actor, one.actor),
            one.action,
            one.subject,
            places.get(one.community_id or 0, ""),
            one.told,
        )
        for one in lines
    )
    title = zh_cn.LABELS["audit.title"]
    body = exports.workbook(name=title, columns=columns, rows=rows, title=title)
    return pages.download(body, name=f"{title}_{clock.today().isoformat()}.xlsx", media_type=XLSX)


def _names(session: Session) -> dict[str, str]:
    """Return what people and programs are called, by the name they sign in or act with."""
    programs = {key.removeprefix("actor."): word for key, word in zh_cn.LABELS.items() if key.startswith("actor.")}
    return programs | {user.login: f"{user.name}（{user.login}）" for user in users.everyone(session)}
