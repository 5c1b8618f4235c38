"""The register of deliveries: how each notice went out, and what came back."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.domain.access import Permission
from app.domain.delivery import SOURCES, Channel, Ground
from app.domain.errors import Kind, Refusal, not_found
from app.services import deliveries
from app.store import db, delivery_reads, stored_files
from app.store import deliveries as store
from app.web import delivery_frame, forms, pages, papers, uploads
from app.web.deps import Database, Here, Id, Outside, Reading, Stored, reachable, require
from app.web.errors import STATUS
from app.web.listing import PAGE_SIZE, Pager
from app.web.staff.delivery_records import POST_NUMBER, WAY_OF, by
from app.web.staff.payments import new_key

router = APIRouter()

Viewer = Annotated[Here, require(Permission.DELIVERY_SEE)]
Recorder = Annotated[Here, require(Permission.DELIVERY_RECORD)]

KEY = r"^[A-Za-z0-9_-]+$"
# What the page of a delivery says of an event, where the event says so itself.
TOLD = (
    "time", "receiver", "relation", "place", "staff", "witness", "witness_of", "left_at", "reason", "contact", "basis",
    "words", "content_line", "note", "photos", "record", "record_id", "source_file", "source_row",
)  # fmt: skip
STATES = ("open", "sent", "accepted", "delivered", "refused", "returned", "read", "signed", "made")


class RegisterQuery(forms.FormModel):
    state: Literal[
        "", "open", "made", "printed", "sent", "accepted", "delivered", "refused", "returned", "read", "signed"
    ] = Field(default="", title="状态")
    channel: Literal["", "hand", "ems", "post", "mailbox", "door", "email", "message", "page"] = Field(
        default="", title="方式"
    )
    level: int | None = Field(default=None, title="级别", ge=1, le=9)
    batch: forms.Number | None = Field(default=None, title="批次")
    gap: Literal["", "any", "arrival", "content"] = Field(default="", title="证据缺口")
    q: forms.Text = Field(default="", title="房号或编号", max_length=40)
    page: int = Field(default=1, title="页码", ge=1, le=100_000)

    def wanted(self, community_id: int) -> delivery_reads.Filter:
        """Return the filter the store takes."""
        return delivery_reads.Filter(
            community_id=community_id,
            state=self.state,
            channel=self.channel,
            level=self.level,
            batch_id=self.batch,
            gap=self.gap,
            text=self.q,
        )


class SentForm(RegisterQuery):
    """The filters of the register, the notices ticked on it, and how they went out."""

    notice: list[forms.Number] = Field(default_factory=list, title="通知书", max_length=4000)
    everything: bool = Field(default=False, title="整个筛选结果")
    by_channel: Channel = Field(title="送达方式")
    sent_on: forms.Date = Field(title="发出日期")
    who: forms.Text = Field(default="", title="经办人", max_length=40)
    numbers: forms.Text = Field(default="", title="邮件号", max_length=60_000)
    has_line: bool = Field(default=False, title="内件品名")
    key: str = Field(title="表单编号", min_length=8, max_length=80, pattern=KEY)


class CorrectForm(forms.FormModel):
    reason: forms.Text = Field(default="", title="更正原因", max_length=200)


SentFilled = Annotated[forms.Filled[SentForm], forms.filled(SentForm)]
Corrected = Annotated[forms.Filled[CorrectForm], forms.filled(CorrectForm)]
BLANK: forms.Filled[Any] = forms.Filled({})


# --- the register ---------------------------------------------------------------------------------


@router.get("/deliveries")
def show(request: Request, here: Viewer, session: Reading) -> Response:
    return _register(request, here, session, BLANK)


@router.post("/deliveries/sent")
def register_sent(request: Request, here: Recorder, engine: Database, form: SentFilled) -> Response:
    """Register a selection, or the whole filtered list, as handed over; say who was left out and why."""
    try:
        if form.model is None:
            raise Refusal("request.invalid")
        model, community_id = form.model, reachable(here, here.community_id)
        numbers = _numbers(model.numbers)
        with db.transaction(engine) as session:
            chosen = list(dict.fromkeys(model.notice))
            if model.everything:
                wanted = model.wanted(community_id)
                chosen = delivery_reads.notice_ids(session, wanted, limit=deliveries.MOST + 1)
            done = deliveries.register_sent(
                session,
                notice_ids=chosen,
                community_id=community_id,
                channel=model.by_channel,
                sent_on=model.sent_on,
                numbers=numbers,
                has_line=model.has_line,
                who=model.who,
                key=model.key,
                by=by(here),
            )
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        told = form if form.model is None else form.with_refusal(refusal)
        with db.reading(engine) as session:
            return _register(request, here, session, told, status=STATUS[refusal.kind])
    if done.left_out:
        return pages.page(request, "deliveries/left_out.html", here=here, done=done, channel=model.by_channel)
    return pages.back_to(
        request, "/deliveries", here=here, code="done.deliveries_sent", count=len(done.delivery_ids), left_out=0
    )


def _numbers(text: str) -> dict[str, str]:
    """Read the post's numbers, one a line behind the number of the notice."""
    found: dict[str, str] = {}
    for place, line in enumerate(text.splitlines(), start=1):
        parts = line.replace("\t", " ").replace("，", " ").replace(",", " ").split()
        if not parts:
            continue
        if len(parts) != 2 or POST_NUMBER.fullmatch(parts[1]) is None:
            raise Refusal("delivery.numbers_unreadable", field="numbers", line=place)
        found[parts[0].upper()] = parts[1].upper()
    return found


def _register(
    request: Request, here: Here, session: Session, form: forms.Filled[Any], *, status: int = 200
) -> Response:
    asked = forms.of_address(RegisterQuery, request) if form is BLANK else replace(form, faults={})
    query = asked.model or RegisterQuery()
    rows, counts, batches = list[Any](), dict[str, int](), list[Any]()
    gaps: Any = None
    if here.community_id is not None:
        wanted = query.wanted(here.community_id)
        counts = delivery_reads.counts(session, wanted)
        offset = (query.page - 1) * PAGE_SIZE
        rows = delivery_reads.listed(session, wanted, limit=PAGE_SIZE, offset=offset)
        gaps = delivery_reads.gaps(session, community_id=here.community_id)
        batches = delivery_reads.batches(session, community_id=here.community_id)
    known = RegisterQuery.model_fields
    params = {key: str(value) for key, value in asked.values.items() if key in known and key != "page" and value}
    return pages.page(
        request,
        "deliveries/list.html",
        here=here,
        status=422 if asked.faults and status == 200 else status,
        form=form,
        query=asked,
        asked=query,
        rows=rows,
        counts=counts,
        gaps=gaps,
        batches=batches,
        states=STATES,
        count=_count(query.state, counts),
        everything=sum(counts.values()),
        waiting=counts.get("printed", 0) + counts.get("made", 0),
        channels=[channel.value for channel in Channel if channel is not Channel.PAGE],
        tabs=delivery_frame.tabs(here, "deliveries"),
        params=params,
        pager=Pager("/deliveries", params, query.page, _count(query.state, counts)),
        key=str(form.values.get("key") or new_key()),
    )


def _count(state: str, counts: dict[str, int]) -> int:
    if state == "open":
        return counts.get("printed", 0) + counts.get("made", 0)
    return counts.get(state, 0) if state else sum(counts.values())


# --- one delivery ---------------------------------------------------------------------------------


@router.get("/deliveries/{delivery_id}")
def show_delivery(request: Request, delivery_id: Id, here: Viewer, session: Reading) -> Response:
    return _delivery_page(request, here, session, delivery_id, BLANK)


@router.post("/deliveries/{delivery_id}/events/{event_id}/correct")
def correct(
    request: Request, delivery_id: Id, event_id: Id, here: Recorder, engine: Database, form: Corrected
) -> Response:
    """Take a wrongly filed event back; the row stays, a further one says why it no longer counts."""
    try:
        with db.transaction(engine) as session:
            _reachable(session, here, delivery_id)
            if form.model is not None:
                deliveries.correct(
                    session, delivery_id=delivery_id, event_id=event_id, reason=form.model.reason, by=by(here)
                )
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        with db.reading(engine) as session:
            told = form.with_refusal(refusal)
            return _delivery_page(request, here, session, delivery_id, told, status=STATUS[refusal.kind])
    if form.model is None:
        with db.reading(engine) as session:
            return _delivery_page(request, here, session, delivery_id, form, status=422)
    return pages.back_to(request, f"/deliveries/{delivery_id}", here=here, code="done.delivery_corrected")


@router.get("/deliveries/{delivery_id}/events/{event_id}/record.pdf")
def record_sheet(delivery_id: Id, event_id: Id, here: Viewer, engine: Database, outside: Outside) -> Response:
    """Send the record of a refusal or absence, to be signed by two of the staff and the witness."""
    with db.reading(engine) as session:
        facts = _event(session, here, delivery_id, event_id)["facts"]
    if not facts.get("record_id"):
        raise not_found("access.not_found")
    content, number = papers.pdf_of(engine, outside, int(facts["record_id"]))
    return pages.pdf(content, name=f"{number}.pdf")


@router.get("/deliveries/{delivery_id}/events/{event_id}/files/{place}")
def event_file(delivery_id: Id, event_id: Id, place: Id, here: Viewer, engine: Database, files: Stored) -> Response:
    """Send a photo or scan of an event as it was handed in."""
    with db.reading(engine) as session:
        _event(session, here, delivery_id, event_id)
        found = stored_files.of_subject(session, f"delivery_event:{event_id}")
    if place > len(found):
        raise not_found("access.not_found")
    one = found[place - 1]
    return uploads.original(files, sha256=one.sha256, name=one.name, media_type=one.media_type)


def _reachable(session: Session, here: Here, delivery_id: int) -> Any:  # noqa: ANN401 - a row
    row = store.by_id(session, delivery_id)
    reachable(here, row.community_id)
    return row


def _event(session: Session, here: Here, delivery_id: int, event_id: int) -> Any:  # noqa: ANN401 - a row
    _reachable(session, here, delivery_id)
    found = [row for row in delivery_reads.timeline(session, delivery_id) if row["id"] == event_id]
    if not found:
        raise not_found("delivery_event.unknown")
    return found[0]


def _delivery_page(
    request: Request, here: Here, session: Session, delivery_id: int, form: forms.Filled[Any], *, status: int = 200
) -> Response:
    row = _reachable(session, here, delivery_id)
    events = delivery_reads.timeline(session, delivery_id)
    for event in events:
        event["facts"] = {**dict.fromkeys(TOLD, ""), **event["facts"]}
    return pages.page(
        request,
        "deliveries/one.html",
        here=here,
        status=status,
        form=form,
        row=row,
        head=delivery_reads.head(session, row.notice_id),
        events=events,
        way=WAY_OF[Channel(row.channel)],
        sources=delivery_frame.sources(),
        ground=SOURCES.get(Ground(row.source)),
        tabs=delivery_frame.tabs(here, "deliveries"),
    )
