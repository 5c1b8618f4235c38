"""Units: the list in walking order, the search everywhere, and the page that explains every figure of one unit."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import clock
from app.domain.access import Permission
from app.store import unit_reads, unit_search
from app.web import forms, pages, timeline
from app.web.deps import Here, Id, Reading, reachable, require
from app.web.listing import PAGE_SIZE, Pager
from app.web.unit_view import UnitView, view

router = APIRouter()

Looker = Annotated[Here, require(Permission.UNIT_SEE)]


class UnitQuery(forms.FormModel):
    as_of: forms.Date | None = Field(default=None, title="截至日期")
    tab: Literal["bills", "payments", "waivers", "notices", "timeline"] = Field(default="bills", title="栏目")


class UnitsQuery(forms.FormModel):
    q: forms.Text = Field(default="", title="房号或姓名", max_length=40)
    building: forms.Text = Field(default="", title="楼栋", max_length=30)
    page: int = Field(default=1, title="页码", ge=1, le=100000)


def reachable_head(session: Session, here: Here, unit_id: int) -> unit_reads.Head:
    """Return the head of a unit, refusing one outside the person's communities as though it did not exist."""
    head = unit_reads.head(session, unit_id)
    reachable(here, head.community_id if head else None)
    assert head is not None
    return head


def reachable_view(session: Session, here: Here, unit_id: int, as_of: dt.date) -> UnitView:
    """Read a unit, refusing one outside the person's communities as though it did not exist."""
    reachable_head(session, here, unit_id)
    return view(session, unit_id, as_of)


@router.get("/units")
def show_list(request: Request, here: Looker, session: Reading) -> Response:
    form = forms.of_address(UnitsQuery, request)
    query = form.model or UnitsQuery()
    count, rows = 0, list[unit_search.Found]()
    if here.community_id is not None:
        count, rows = unit_search.page_of_units(
            session,
            community_id=here.community_id,
            text=query.q,
            building=query.building,
            on=clock.today(),
            limit=PAGE_SIZE,
            offset=(query.page - 1) * PAGE_SIZE,
        )
    params = {key: value for key, value in form.values.items() if isinstance(value, str) and key != "page"}
    return pages.page(
        request,
        "units/list.html",
        here=here,
        status=422 if form.faults else 200,
        form=form,
        rows=rows,
        pager=Pager("/units", params, query.page, count),
        buildings=unit_search.buildings(session, here.community_id) if here.community_id else [],
    )


@router.get("/units/{unit_id}")
def show(request: Request, unit_id: Id, here: Looker, session: Reading) -> Response:
    return page_of_unit(request, here, session, unit_id)


def page_of_unit(
    request: Request, here: Here, session: Session, unit_id: int, *, revealed: dict[int, tuple[str, str]] | None = None
) -> Response:
    """Render the page of a unit, with what was just revealed of its people."""
    form = forms.of_address(UnitQuery, request)
    query = form.model or UnitQuery()
    as_of = query.as_of or clock.today()
    found = reachable_view(session, here, unit_id, as_of)
    payments = unit_reads.payments(session, unit_id)
    adjustments = unit_reads.adjustments(session, unit_id)
    notices = unit_reads.notices(session, unit_id)
    bills = unit_reads.bills(session, unit_id)
    return pages.page(
        request,
        "units/unit.html",
        here=here,
        status=422 if form.faults else 200,
        form=form,
        tab=query.tab,
        unit=found,
        bills=bills,
        payments=payments,
        adjustments=adjustments,
        notices=notices,
        open_requests=unit_reads.open_requests(session, unit_id),
        revealed=revealed or {},
        is_trial=as_of != clock.today(),
        happenings=timeline.of_unit(
            bills=bills.values(),
            payments=payments,
            adjustments=adjustments,
            notices=notices,
            parties=found.parties,
        ),
    )
