"""Units: the list in walking order, the plan of rooms, and the page that explains every figure of one unit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import clock
from app.domain.access import Permission
from app.domain.registry import Usage
from app.store import (
    arrears,
    contacts,
    delivery_reads,
    estate,
    estate_marks,
    holds,
    room_grid,
    transfers,
    unit_files,
    unit_list,
    unit_reads,
    unit_terms,
    upkeep,
)
from app.store.types import FOREVER
from app.web import forms, pages, room_plan, timeline
from app.web.deps import Here, Id, Reading, reachable, require
from app.web.listing import PAGE_SIZE, Pager
from app.web.unit_view import UnitView, view
from app.web.working import rate_text

router = APIRouter()

Looker = Annotated[Here, require(Permission.UNIT_SEE)]

TABS = ("bills", "payments", "waivers", "notices", "timeline", "owners", "basis", "files")
Tab = Literal["bills", "payments", "waivers", "notices", "timeline", "owners", "basis", "files"]
Group = Literal["", "money", "notices", "relief", "people", "upkeep", "files", "owner_page", "reveals"]
State = Literal["", "owing", "clear", "vacant", "disputed", "held", "no_dunning", "care", "no_owner"]
Sort = Literal["room", "-room", "area", "-area", "balance", "-balance"]


class UnitQuery(forms.FormModel):
    as_of: forms.Date | None = Field(default=None, title="截至日期")
    tab: Tab = Field(default="bills", title="栏目")
    kind: Group = Field(default="", title="种类")
    page: int = Field(default=1, title="页码", ge=1, le=100000)


class UnitsQuery(forms.FormModel):
    q: forms.Text = Field(default="", title="房号或姓名", max_length=40)
    building: forms.Text = Field(default="", title="楼栋", max_length=30)
    entrance: forms.Text = Field(default="", title="单元", max_length=30)
    usage: Literal["", "residential", "shop", "office", "dormitory", "parking", "other"] = Field(
        default="", title="用途"
    )
    state: State = Field(default="", title="状态")
    sort: Sort = Field(default="room", title="排序")
    page: int = Field(default=1, title="页码", ge=1, le=100000)


class PlanQuery(forms.FormModel):
    building: forms.Text = Field(default="", title="楼栋", max_length=30)
    entrance: forms.Text = Field(default="", title="单元", max_length=30)
    all: bool = Field(default=False, title="全部楼栋")


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
    found = unit_list.Page(0, 0, 0, ())
    places: list[room_grid.Place] = []
    if here.community_id is not None:
        found = unit_list.page(
            session,
            wanted=unit_list.Wanted(
                here.community_id, query.q, query.building, query.entrance, query.usage, query.state
            ),
            on=clock.today(),
            sort=query.sort,
            limit=PAGE_SIZE,
            offset=(query.page - 1) * PAGE_SIZE,
        )
        places = room_grid.places(session, here.community_id)
    params = {key: value for key, value in form.values.items() if isinstance(value, str) and key != "page"}
    return pages.page(
        request,
        "units/list.html",
        here=here,
        status=422 if form.faults else 200,
        form=form,
        found=found,
        places=places,
        chosen=(query.building, query.entrance),
        pager=Pager("/units", params, query.page, found.count),
        buildings=list(dict.fromkeys(place.building for place in places)),
        states=unit_list.STATES,
        usages=[usage.value for usage in Usage],
    )


@router.get("/units/map")
def show_plan(request: Request, here: Looker, session: Reading) -> Response:
    """Show every room of a building as a cell; a community that is small enough is shown whole."""
    form = forms.of_address(PlanQuery, request)
    query = form.model or PlanQuery()
    plan, places = None, list[room_grid.Place]()
    if here.community_id is not None:
        places = room_grid.places(session, here.community_id)
        building = room_plan.chosen_building(places, query.building, wants_all=query.all)
        cells = room_grid.cells(
            session,
            community_id=here.community_id,
            on=clock.today(),
            building=building,
            entrance=query.entrance if building else "",
        )
        plan = room_plan.of_cells(cells, building=building, entrance=query.entrance if building else "")
    return pages.page(
        request,
        "units/map.html",
        here=here,
        status=422 if form.faults else 200,
        form=form,
        plan=plan,
        places=places,
        buildings=list(dict.fromkeys(place.building for place in places)),
        fits=sum(place.units for place in places) <= room_plan.WHOLE,
    )


@router.get("/units/{unit_id}")
def show(request: Request, unit_id: Id, here: Looker, session: Reading) -> Response:
    return page_of_unit(request, here, session, unit_id)


def page_of_unit(
    request: Request,
    here: Here,
    session: Session,
    unit_id: int,
    *,
    revealed: Mapping[int, Mapping[str, str]] | None = None,
    tab: Tab | None = None,
    filled: forms.Filled[Any] | None = None,
    status: int = 200,
) -> Response:
    """Render the page of a unit, with what was just revealed of its people or a form of a tab that was at fault."""
    form = forms.of_address(UnitQuery, request)
    query = form.model or UnitQuery()
    today = clock.today()
    as_of, shown = query.as_of or today, tab or query.tab
    found = reachable_view(session, here, unit_id, as_of)
    bills = unit_reads.bills(session, unit_id)
    payments = unit_reads.payments(session, unit_id)
    adjustments = unit_reads.adjustments(session, unit_id)
    held = holds.of_unit(session, unit_id, today=today)
    # The whole story takes a statement for each table it lies in: only who asks for it waits for it.
    story = None
    if shown == "timeline":
        story = timeline.of_unit(session, unit_id, today=today, group=query.kind, number=query.page)
    params = {"tab": "timeline", "kind": query.kind}
    return pages.page(
        request,
        "units/unit.html",
        here=here,
        status=status if not form.faults else 422,
        form=form,
        filled=filled or forms.Filled({}),
        tab=shown,
        unit=found,
        place=estate.unit_row(session, unit_id),
        bills=bills,
        payments=payments,
        adjustments=adjustments,
        notices=unit_reads.notices(session, unit_id),
        open_requests=unit_reads.open_requests(session, unit_id),
        revealed=revealed or {},
        is_trial=as_of != today,
        flags=estate_marks.flags_of(session, [unit_id], on=today).get(unit_id, ()),
        level=_level(session, found, today),
        marks=estate_marks.of_unit(session, unit_id),
        holds=held,
        open_holds=[row for row in held if row["is_open"]],
        story=story,
        story_pager=Pager(f"/units/{unit_id}", params, query.page, story.count if story else 0, timeline.PAGE),
        groups=timeline.GROUPS,
        files=unit_files.of_unit(session, unit_id),
        sensitive=unit_files.SENSITIVE,
        forever=FOREVER,
        rate_text=rate_text,
        **_of_tab(session, found.head, shown, today),
    )


def _level(session: Session, found: UnitView, today: dt.date) -> int | None:
    """Return how far the reminding has come, None where nothing is overdue."""
    wanted = arrears.Filter(community_id=found.head.community_id, unit_ids=(found.head.unit_id,))
    rows = arrears.list_units(session, as_of=today, wanted=wanted)
    return rows[0].level if rows else None


def _of_tab(session: Session, head: unit_reads.Head, tab: str, today: dt.date) -> dict[str, Any]:
    """Read what one tab alone shows."""
    nothing: Sequence[Any] = ()
    more: dict[str, Any] = dict.fromkeys(
        ("owners", "contacts", "transfers", "withdrawn", "terms", "unit_fees", "vacancies", "changes"), nothing
    )
    if tab == "notices":
        more |= {"delivered": delivery_reads.of_notices(session, head.unit_id)}
    if tab == "owners":
        more |= {
            "owners": contacts.owners_of(session, head.unit_id),
            "contacts": contacts.of_unit(session, head.unit_id),
            "transfers": transfers.of_unit(session, head.unit_id),
            "withdrawn": contacts.withdrawn(session, head.unit_id),
        }
    if tab == "basis":
        more |= {
            "terms": unit_terms.of_unit(session, head.unit_id, on=today),
            "unit_fees": upkeep.unit_fees(session, head.unit_id),
            "vacancies": upkeep.vacancies(session, head.unit_id),
            "changes": upkeep.changes(session, head.unit_id),
            "vacancy_rule": unit_terms.vacancy_rule_on(session, head.community_id, on=today),
            "community": estate.community_row(session, head.community_id),
        }
    return more
