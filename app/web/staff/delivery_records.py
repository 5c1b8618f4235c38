"""Registering what became of one notice: signed for, refused, posted, sent; each way asks for what it needs."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import clock
from app.domain.access import Permission
from app.domain.deeds import By
from app.domain.delivery import OWN, Channel, EventKind, Relation, ReturnReason
from app.domain.errors import Kind, Refusal
from app.services import deliveries
from app.store import db, delivery_addresses, delivery_reads, stored_files
from app.store import deliveries as store
from app.web import delivery_frame, forms, pages, uploads
from app.web.deps import Database, Here, Id, Reading, Stored, reachable, require
from app.web.errors import STATUS
from app.web.staff.payments import new_key

router = APIRouter()

Viewer = Annotated[Here, require(Permission.DELIVERY_SEE)]
Recorder = Annotated[Here, require(Permission.DELIVERY_RECORD)]

KEY = r"^[A-Za-z0-9_-]+$"
POST_NUMBER = re.compile(r"[A-Za-z0-9]{8,30}")
MOST_FILES = 6
Way = Literal["hand", "refusal", "mail", "wire", "posted"]
KINDS: dict[str, tuple[EventKind, ...]] = {
    "hand": (EventKind.SIGNED,),
    "refusal": (EventKind.REFUSED, EventKind.ABSENT),
    "mail": (
        EventKind.SENT,
        EventKind.ACCEPTED,
        EventKind.ATTEMPTED,
        EventKind.DELIVERED,
        EventKind.REFUSED,
        EventKind.RETURNED,
    ),
    "wire": (EventKind.SENT, EventKind.DELIVERED, EventKind.READ, EventKind.RETURNED),
    "posted": (EventKind.SENT, EventKind.ATTEMPTED),
}
CHANNELS: dict[str, tuple[Channel, ...]] = {
    "hand": (Channel.HAND,),
    "refusal": (Channel.HAND,),
    "mail": (Channel.EMS, Channel.POST),
    "wire": (Channel.MESSAGE, Channel.EMAIL),
    "posted": (Channel.DOOR, Channel.MAILBOX, Channel.HAND),
}
WAY_OF = {
    Channel.HAND: "hand",
    Channel.EMS: "mail",
    Channel.POST: "mail",
    Channel.MESSAGE: "wire",
    Channel.EMAIL: "wire",
    Channel.DOOR: "posted",
    Channel.MAILBOX: "posted",
    Channel.PAGE: "hand",
}


class RecordForm(forms.FormModel):
    """One thing learnt of one notice; each way of delivery shows the fields it needs."""

    channel: Channel = Field(title="送达方式")
    kind: EventKind = Field(title="结果")
    on: forms.Date = Field(title="日期")
    time: forms.Text = Field(default="", title="时刻", max_length=5)
    receiver: forms.Text = Field(default="", title="签收人", max_length=40)
    relation: Relation | None = Field(default=None, title="与业主关系")
    place: forms.Text = Field(default="", title="地点", max_length=80)
    first_staff: forms.Text = Field(default="", title="送达人", max_length=40)
    second_staff: forms.Text = Field(default="", title="第二送达人", max_length=40)
    witness: forms.Text = Field(default="", title="见证人", max_length=40)
    witness_of: forms.Text = Field(default="", title="见证人单位", max_length=60)
    left_at: forms.Text = Field(default="", title="文书留置方式", max_length=80)
    note: forms.Text = Field(default="", title="经过", max_length=500)
    post_number: forms.Text = Field(default="", title="邮件号", max_length=30)
    has_line: bool = Field(default=False, title="内件品名")
    has_text: bool = Field(default=False, title="写明内容")
    reason: ReturnReason | None = Field(default=None, title="退回原因")
    key: str = Field(title="表单编号", min_length=8, max_length=80, pattern=KEY)


Recorded = Annotated[forms.Filled[RecordForm], forms.filled(RecordForm)]
BLANK: forms.Filled[Any] = forms.Filled({})


def by(here: Here) -> By:
    """Return who acts, now."""
    return By(clock.today(), clock.now(), here.actor.login, here.actor.user_id)


@router.get("/deliveries/notices/{notice_id}")
def show_notice(request: Request, notice_id: Id, here: Viewer, session: Reading) -> Response:
    """Show every attempt to deliver a notice, and the forms to register one more thing."""
    head = _head(session, here, notice_id)
    rows = store.deliveries_of_notice(session, notice_id)
    return pages.page(
        request,
        "deliveries/notice.html",
        here=here,
        head=head,
        rows=rows,
        ways=list(KINDS),
        sources=delivery_frame.sources(),
        tabs=delivery_frame.tabs(here, "deliveries"),
    )


@router.get("/deliveries/notices/{notice_id}/{way}")
def ask(request: Request, notice_id: Id, way: Way, here: Recorder, session: Reading) -> Response:
    return _form_page(request, here, session, notice_id, way, BLANK)


@router.post("/deliveries/notices/{notice_id}/{way}")
def record(
    request: Request, notice_id: Id, way: Way, here: Recorder, engine: Database, files: Stored, form: Recorded
) -> Response:
    """File one thing learnt of a notice; photos and scans are kept byte for byte."""
    try:
        if form.model is None:
            raise Refusal("request.invalid")
        model = form.model
        if model.channel not in CHANNELS[way] or model.kind not in KINDS[way]:
            raise Refusal("delivery.not_of_channel", field="kind")
        checked = uploads.all_of_form(form, "photos", most=MOST_FILES)
        with db.reading(engine) as session:
            head = _head(session, here, notice_id)
        kept = [uploads.keep(files, one) for one in checked]
        wish = deliveries.Wish(
            notice_id,
            model.channel,
            model.kind,
            model.on,
            time=model.time,
            facts=_facts(model, way, head, len(kept)),
            files=tuple(one.sha256 for one in kept),
        )
        with db.transaction(engine) as session:
            done = deliveries.record(session, wish=wish, key=model.key, by=by(here))
            subject = f"delivery_event:{done.event_id}"
            if kept and not stored_files.of_subject(session, subject):
                stored_files.add(session, subject=subject, files=kept, at=clock.now(), by=here.actor.user_id)
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        told = form if form.model is None else form.with_refusal(refusal)
        with db.reading(engine) as session:
            status = 422 if form.model is None else STATUS[refusal.kind]
            return _form_page(request, here, session, notice_id, way, told, status=status)
    return pages.back_to(request, f"/deliveries/{done.delivery_id}", here=here, code="done.delivery_recorded")


def _facts(model: RecordForm, way: str, head: Any, photos: int) -> dict[str, Any]:  # noqa: ANN401 - a row
    """Return what the form says as facts; empty fields say nothing."""
    facts: dict[str, Any] = {
        "receiver": model.receiver,
        "relation": model.relation.value if model.relation else "",
        "place": model.place,
        "staff": [name for name in (model.first_staff, model.second_staff) if name],
        "witness": model.witness,
        "witness_of": model.witness_of,
        "left_at": model.left_at,
        "note": model.note,
        "photos": photos,
        "reason": model.reason.value if model.reason else "",
    }
    if way == "mail":
        if model.post_number and POST_NUMBER.fullmatch(model.post_number) is None:
            raise Refusal("delivery.post_number_wrong", field="post_number")
        facts["post_number"] = model.post_number.upper()
        if model.has_line:
            facts["content_line"] = delivery_frame.content_line(head)
    if way == "wire":
        facts["has_text"] = model.has_text
    return facts


def _form_page(
    request: Request,
    here: Here,
    session: Session,
    notice_id: int,
    way: str,
    form: forms.Filled[Any],
    *,
    status: int = 200,
) -> Response:
    head = _head(session, here, notice_id)
    places = delivery_addresses.places(session, [head["unit_id"]], on=clock.today())
    contacts = [row for row in delivery_addresses.of_unit(session, head["unit_id"]) if row["kind"] != "address"]
    return pages.page(
        request,
        "deliveries/record.html",
        here=here,
        status=status,
        form=form,
        head=head,
        way=way,
        kinds=[kind.value for kind in KINDS[way]],
        channels=[channel.value for channel in CHANNELS[way]],
        relations=[relation.value for relation in Relation],
        reasons=[reason.value for reason in ReturnReason],
        place=places[0].get(head["unit_id"]),
        bad=places[1].get(head["unit_id"]),
        contacts=contacts,
        own=OWN,
        line=delivery_frame.content_line(head),
        tabs=delivery_frame.tabs(here, "deliveries"),
        key=str(form.values.get("key") or new_key()),
    )


def _head(session: Session, here: Here, notice_id: int) -> Any:  # noqa: ANN401 - a row
    head = delivery_reads.head(session, notice_id)
    reachable(here, head["community_id"])
    return head
