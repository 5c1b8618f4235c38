"""The desk: four figures that lead to their lists, the age of arrears, and what waits today."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import RedirectResponse, Response

from app import clock
from app.domain.access import Permission
from app.domain.calendar import years_known
from app.store import arrears, calendars, db, desk_reads, payments, sessions
from app.web import forms, pages
from app.web.deps import AnyHere, Database, Here, Reading, reachable, require

router = APIRouter()

FIRST_WARNING_MONTH = 11


class CommunityForm(forms.FormModel):
    community_id: int = Field(title="小区", ge=1, le=2**31 - 1)


@router.get("/")
def show(request: Request, here: Annotated[Here, require(Permission.DASHBOARD_SEE)], session: Reading) -> Response:
    today = clock.today()
    first = today.replace(day=1)
    last = (first + dt.timedelta(days=32)).replace(day=1) - dt.timedelta(days=1)
    figures: dict[str, object] = {}
    if here.community_id is not None:
        number = here.community_id
        figures = {
            "billed": desk_reads.billed(session, community_id=number, from_on=first, to_on=last),
            "received": payments.received(session, community_id=number, from_on=first, to_on=today),
            "totals": arrears.totals(session, as_of=today, wanted=arrears.Filter(community_id=number)),
            "aging": arrears.aging(session, as_of=today, community_id=number),
            "waiting": desk_reads.waiting(session, community_id=number),
        }
    next_year = today.year + 1
    year_missing = today.month >= FIRST_WARNING_MONTH and next_year not in years_known(calendars.load(session))
    return pages.page(
        request, "desk/desk.html", here=here, next_year=next_year if year_missing else None, figures=figures
    )


@router.post("/community")
def choose(
    here: AnyHere, engine: Database, form: Annotated[forms.Filled[CommunityForm], forms.filled(CommunityForm)]
) -> Response:
    chosen = reachable(here, form.model.community_id if form.model else None)
    if chosen not in dict(here.communities):
        chosen = reachable(here, None)
    with db.transaction(engine) as session:
        sessions.choose_community(session, session_id=here.session_id, community_id=chosen)
    return RedirectResponse("/", status_code=303)
