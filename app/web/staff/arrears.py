"""The list of arrears: filtered by what its address says, footed by the ledger, exported as it is seen."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, Response

from app import clock
from app.domain.access import Permission
from app.domain.errors import Refusal
from app.i18n import zh_cn
from app.sheets import exports
from app.sheets.exports import Column, ColumnKind
from app.store import arrears, audit, db, unit_reads, unit_search
from app.web import forms, pages
from app.web.deps import Database, Here, Reading, require
from app.web.listing import PAGE_SIZE, Pager

router = APIRouter()

CHUNK = 1000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

EXPORTED = (
    ("room", ColumnKind.TEXT, 18),
    ("owner", ColumnKind.TEXT, 14),
    ("phone", ColumnKind.TEXT, 14),
    ("oldest", ColumnKind.DATE, 12),
    ("bills", ColumnKind.NUMBER, 8),
    ("principal", ColumnKind.MONEY, 14),
    ("late_charge", ColumnKind.MONEY, 14),
    ("costs", ColumnKind.MONEY, 14),
    ("total", ColumnKind.MONEY, 14),
    ("level", ColumnKind.TEXT, 12),
)

Sort = Literal[
    "room", "-room", "principal", "-principal", "late_charge", "-late_charge", "total", "-total", "oldest", "-oldest"
]


class ArrearsQuery(forms.FormModel):
    """The filters of the list; blank ones do not narrow."""

    q: forms.Text = Field(default="", title="房号或姓名", max_length=40)
    building: forms.Text = Field(default="", title="楼栋", max_length=30)
    bucket: Literal["", "1-30", "31-60", "61-90", "91-365", "1-2y", "2-3y", "3y+"] = Field(default="", title="账龄")
    level: int | None = Field(default=None, title="催缴阶段", ge=0, le=9)
    min_days: int = Field(default=0, title="逾期天数", ge=0, le=20000)
    min_amount: forms.Fen | None = Field(default=None, title="最低金额")
    as_of: forms.Date | None = Field(default=None, title="截至日期")
    sort: Sort = Field(default="-total", title="排序")
    page: int = Field(default=1, title="页码", ge=1, le=100000)

    def wanted(self, community_id: int) -> arrears.Filter:
        """Return the store's filter within one community."""
        return arrears.Filter(
            community_id=community_id,
            search=self.q,
            building=self.building,
            min_days=self.min_days,
            min_total_fen=self.min_amount or 0,
            bucket=self.bucket,
            level=self.level,
        )


def query_of(request: Request) -> forms.Filled[ArrearsQuery]:
    """Read the filters from the address."""
    return forms.of_address(ArrearsQuery, request)


@router.get("/arrears")
def show(request: Request, here: Annotated[Here, require(Permission.ARREARS_SEE)], session: Reading) -> HTMLResponse:
    form = query_of(request)
    is_partial = "hx-request" in request.headers
    name = "arrears/rows.html" if is_partial else "arrears/list.html"
    context = _context(session, here, form)
    if is_partial:
        body = pages.fragment(name, here=here, form=form, **context)
        return HTMLResponse(body, status_code=422 if form.faults else 200, headers={"Vary": "HX-Request"})
    return pages.page(
        request,
        name,
        here=here,
        form=form,
        status=422 if form.faults else 200,
        headers={"Vary": "HX-Request"},
        buildings=unit_search.buildings(session, here.community_id) if here.community_id else [],
        buckets=arrears.BUCKETS,
        **context,
    )


def _context(session: Session, here: Here, form: forms.Filled[ArrearsQuery]) -> dict[str, object]:
    today = clock.today()
    params = {key: value for key, value in form.values.items() if isinstance(value, str) and key != "page"}
    if form.model is None or here.community_id is None:
        nothing = arrears.Totals(0, 0, 0, 0, 0)
        pager = Pager("/arrears", params, 1, 0)
        return {"rows": [], "totals": nothing, "owners": {}, "pager": pager, "as_of": today, "is_trial": False}
    query = form.model
    as_of = query.as_of or today
    wanted = query.wanted(here.community_id)
    totals = arrears.totals(session, as_of=as_of, wanted=wanted)
    pager = Pager("/arrears", {"sort": query.sort, **params}, 1, totals.units)
    pager = Pager("/arrears", pager.params, min(query.page, pager.last), totals.units)
    rows = arrears.list_units(
        session,
        as_of=as_of,
        wanted=wanted,
        sort=query.sort,
        limit=PAGE_SIZE,
        offset=(pager.number - 1) * PAGE_SIZE,
    )
    owners = unit_reads.owner_names(session, [row.unit_id for row in rows], on=_known_day(as_of, today))
    return {
        "rows": rows,
        "totals": totals,
        "owners": owners,
        "pager": pager,
        "as_of": as_of,
        "is_trial": as_of != today,
    }


def _known_day(as_of: dt.date, today: dt.date) -> dt.date:
    """Return the day whose owners the list names: never one in the future."""
    return min(as_of, today)


def wanted_of(form: forms.Filled[ArrearsQuery], here: Here) -> arrears.Filter:
    """Return the filter, refusing a faulty address and an empty estate."""
    if form.model is None:
        raise Refusal("request.invalid")
    if here.community_id is None:
        raise Refusal("estate.empty")
    return form.model.wanted(here.community_id)


@router.get("/arrears/export")
def export(request: Request, here: Annotated[Here, require(Permission.ARREARS_EXPORT)], engine: Database) -> Response:
    """Send the whole filtered list as a workbook: the same query as the page, masked as the page is, and logged."""
    form = query_of(request)
    wanted = wanted_of(form, here)
    query, today = form.valid(), clock.today()
    as_of = query.as_of or today
    with db.reading(engine) as session:
        rows = arrears.list_units(session, as_of=as_of, wanted=wanted, sort=query.sort)
        totals = arrears.totals(session, as_of=as_of, wanted=wanted)
        ids = [row.unit_id for row in rows]
        owners: dict[int, list[unit_reads.Party]] = {}
        for start in range(0, len(ids), CHUNK):
            owners |= unit_reads.owner_names(session, ids[start : start + CHUNK], on=_known_day(as_of, today))
    with db.transaction(engine) as session:
        audit.record(
            session,
            at=clock.now(),
            actor=here.actor.login,
            action="arrears.exported",
            subject=f"as_of:{as_of.isoformat()}",
            community_id=here.community_id,
            facts={"units": len(rows)},
        )
    columns = [Column(_say(key), kind, width) for key, kind, width in EXPORTED]
    lines = [_export_row(row, owners.get(row.unit_id, [])) for row in rows]
    sums = [totals.bills, totals.principal_fen, totals.late_charge_fen, totals.costs_fen, totals.total_fen]
    lines.append([_say("sum"), "", "", None, *sums, ""])
    title = _say("title").format(community=here.community, as_of=as_of.isoformat())
    body = exports.workbook(name=_say("sheet"), columns=columns, rows=lines, title=title, footer=here.actor.name)
    return pages.download(body, name=f"{title}.xlsx", media_type=XLSX)


def _say(key: str) -> str:
    return zh_cn.LABELS[f"export.{key}"]


def _export_row(row: arrears.UnitArrears, owners: list[unit_reads.Party]) -> list[exports.Value]:
    return [
        row.label,
        "、".join(party.name for party in owners),
        "、".join(party.phone for party in owners if party.phone),
        row.oldest_due_on,
        row.bills,
        row.principal_fen,
        row.late_charge_fen,
        row.costs_fen,
        row.total_fen,
        pages.named(row.level, "level"),
    ]
