"""The limitation of every bill: what is safe, what must be interrupted now, and by what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from app import clock
from app.domain.access import Permission
from app.domain.errors import Refusal
from app.domain.limitation_states import SOON_DAYS, State
from app.i18n import zh_cn
from app.sheets import exports
from app.sheets.exports import Column, ColumnKind
from app.store import audit, calendars, db, limitation_reads, procedure, unit_search
from app.store.limitation_reads import Count, Filter, Row
from app.web import forms, limitation_words, pages
from app.web.deps import Database, Here, Reading, reachable, require
from app.web.listing import PAGE_SIZE, Pager
from app.web.staff.arrears import XLSX
from app.web.staff.payments import new_key

router = APIRouter()

Viewer = Annotated[Here, require(Permission.CLAIM_SEE)]
CHUNK = 1000
STATES = ("urgent", *(state.value for state in State))


class LimitationQuery(forms.FormModel):
    q: forms.Text = Field(default="", title="房号或姓名", max_length=40)
    state: Literal["", "urgent", "expired", "critical", "soon", "watch", "safe", "pending"] = Field(
        default="", title="状态"
    )
    building: forms.Text = Field(default="", title="楼栋", max_length=30)
    from_on: forms.Date | None = Field(default=None, title="最迟行动日起")
    to_on: forms.Date | None = Field(default=None, title="最迟行动日止")
    page: int = Field(default=1, title="页码", ge=1, le=100000)

    def wanted(self, community_id: int, *, any_state: bool = False) -> Filter:
        """Return the store's filter within one community; the counts by state leave the state open."""
        return Filter(
            community_id=community_id,
            state="" if any_state else self.state,
            building=self.building,
            search=self.q,
            from_on=self.from_on.isoformat() if self.from_on else "",
            to_on=self.to_on.isoformat() if self.to_on else "",
        )


def say(key: str) -> str:
    """Return a label of this page."""
    return zh_cn.LABELS[key]


@router.get("/limitation")
def show(request: Request, here: Viewer, session: Reading) -> Response:
    form, today = forms.of_address(LimitationQuery, request), clock.today()
    if here.community_id is None:
        return pages.page(request, "reports/empty.html", here=here, title=say("limitation.title"))
    query = form.model or LimitationQuery()
    community_id = here.community_id
    counts = limitation_reads.counts(session, as_of=today, wanted=query.wanted(community_id, any_state=True))
    found = _of_state(counts, query.state)
    params = {key: value for key, value in form.values.items() if isinstance(value, str) and key != "page"}
    total = sum(one.bills for one in found)
    pager = Pager("/limitation", params, 1, total)
    pager = Pager(pager.path, params, min(query.page, pager.last), total)
    rows = limitation_reads.rows(
        session,
        as_of=today,
        wanted=query.wanted(community_id),
        limit=PAGE_SIZE,
        offset=(pager.number - 1) * PAGE_SIZE,
    )
    return pages.page(
        request,
        "limitation/list.html",
        here=here,
        status=422 if form.faults else 200,
        form=form,
        query=query,
        counts={one.state.value: one for one in counts},
        found=found,
        rows=rows,
        pager=pager,
        states=STATES,
        last_known=max(calendars.load(session).years_known),
        buildings=unit_search.buildings(session, community_id),
        levels=[row for row in procedure.levels_on(session, community_id, on=today) if row.is_active],
        soon_days=SOON_DAYS,
        key=new_key(),
        words=limitation_words,
    )


def _of_state(counts: Sequence[Count], state: str) -> list[Count]:
    if state == "urgent":
        return [one for one in counts if one.state in {State.CRITICAL, State.SOON}]
    return [one for one in counts if not state or one.state.value == state]


@router.get("/limitation/export.xlsx")
def export(request: Request, here: Annotated[Here, require(Permission.ARREARS_EXPORT)], engine: Database) -> Response:
    """Send every bill the filter finds, as it is on screen, with the sum of each column of money."""
    here.actor.must(Permission.CLAIM_SEE)
    form, today = forms.of_address(LimitationQuery, request), clock.today()
    if form.model is None:
        raise Refusal("request.invalid")
    community_id = reachable(here, here.community_id)
    title = say("limitation_export.title").format(community=here.community, as_of=today.isoformat())
    with db.reading(engine) as session:
        counts = limitation_reads.counts(session, as_of=today, wanted=form.model.wanted(community_id, any_state=True))
        counts = _of_state(counts, form.model.state)
        parts = limitation_reads.streamed(session, as_of=today, wanted=form.model.wanted(community_id), size=CHUNK)
        body = exports.workbook(
            name=say("limitation.title"),
            columns=[Column(say(f"limitation_column.{key}"), kind, width) for key, kind, width in _COLUMNS],
            rows=_lines(parts, counts, today),
            title=title,
            notes=[say("limitation_export.note"), say("limitation.posted_only")],
            footer=here.actor.name,
        )
    with db.transaction(engine) as session:
        audit.record(
            session,
            at=clock.now(),
            actor=here.actor.login,
            action="limitation.exported",
            subject=f"as_of:{today.isoformat()}",
            community_id=community_id,
            facts={"bills": sum(one.bills for one in counts)},
        )
    return pages.download(body, name=f"{title}.xlsx", media_type=XLSX)


_COLUMNS = (
    ("room", ColumnKind.TEXT, 22),
    ("item", ColumnKind.TEXT, 14),
    ("period", ColumnKind.TEXT, 22),
    ("due_on", ColumnKind.DATE, 12),
    ("principal", ColumnKind.MONEY, 14),
    ("late_charge", ColumnKind.MONEY, 14),
    ("base_on", ColumnKind.DATE, 12),
    ("last", ColumnKind.TEXT, 26),
    ("strength", ColumnKind.TEXT, 8),
    ("act_by_on", ColumnKind.DATE, 12),
    ("expires_on", ColumnKind.TEXT, 24),
    ("days", ColumnKind.NUMBER, 10),
    ("state", ColumnKind.TEXT, 12),
)


def _lines(parts: Iterator[list[Row]], counts: Sequence[Count], today: dt.date) -> Iterator[Sequence[exports.Value]]:
    """Yield the rows, then the foot: it ties to the list, since both come from the same statement."""
    for part in parts:
        for row in part:
            yield _line(row, today)
    sums: dict[str, exports.Value] = {
        "room": say("report.sum"),
        "principal": sum(one.principal_fen for one in counts),
        "late_charge": sum(one.late_charge_fen for one in counts),
    }
    yield [sums.get(key) for key, _, _ in _COLUMNS]


def _line(row: Row, today: dt.date) -> list[exports.Value]:
    return [
        row.label,
        row.item,
        pages.span(row.period_from_on, row.period_to_on),
        row.due_on,
        row.principal_fen,
        row.late_charge_fen,
        row.base_on,
        f"{pages.day(row.last_on)} {pages.named(row.last_kind, 'interruption')}" if row.last_kind else "",
        row.strength,
        row.act_by_on,
        limitation_words.rolled(row),
        (row.act_by_on - today).days if row.act_by_on else None,
        pages.named(row.state.value, "limitation_state"),
    ]
