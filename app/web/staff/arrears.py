"""The list of arrears: filtered by what its address says, footed by the ledger, in the columns somebody chose."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app import clock
from app.domain.access import Permission
from app.domain.errors import Refusal
from app.domain.registry import Usage
from app.store import arrears, arrears_columns, unit_reads, unit_search, views
from app.web import arrears_table, forms, pages
from app.web.arrears_table import Column, Line
from app.web.deps import Here, Reading, require
from app.web.listing import PAGE_SIZE, Pager

router = APIRouter()

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PAGE = "arrears"
NOBODY = str(arrears.UNNAMED)
EVERY_VIEW = "all"
LEVELS = (0, 1, 2, 3)

Viewer = Annotated[Here, require(Permission.ARREARS_SEE)]
_SORTS = frozenset(arrears.SORTS)


class ArrearsQuery(forms.FormModel):
    """The filters of the list; blank ones do not narrow."""

    q: forms.Text = Field(default="", title="房号或姓名", max_length=40)
    building: list[forms.Text] = Field(default_factory=list, title="楼栋", max_length=400)
    usage: Usage | None = Field(default=None, title="用途")
    flag: Literal["", "hold", "objection", "no_dunning", "request", "credit", "vacant"] = Field(
        default="", title="标记"
    )
    steward: int | None = Field(default=None, title="管家", ge=-1, le=forms.MAX_ID)
    bucket: Literal["", "1-30", "31-60", "61-90", "91-365", "1-2y", "2-3y", "3y+"] = Field(default="", title="账龄")
    level: int | None = Field(default=None, title="催缴阶段", ge=0, le=9)
    min_days: int = Field(default=0, title="逾期天数", ge=0, le=20000)
    months: int = Field(default=0, title="欠费满几个月", ge=0, le=600)
    min_amount: forms.Fen | None = Field(default=None, title="最低金额")
    max_amount: forms.Fen | None = Field(default=None, title="最高金额")
    oldest_from: forms.Date | None = Field(default=None, title="最早应缴日（从）")
    oldest_to: forms.Date | None = Field(default=None, title="最早应缴日（到）")
    new: Literal["", "month"] = Field(default="", title="新增")
    silent: int = Field(default=0, title="多少天未发通知", ge=0, le=3660)
    expiring: int = Field(default=0, title="时效多少天内届满", ge=0, le=1100)
    as_of: forms.Date | None = Field(default=None, title="截至日期")
    sort: str = Field(default="-total", title="排序", max_length=20, pattern="^-?(" + "|".join(sorted(_SORTS)) + ")$")
    cols: str = Field(default="", title="列", max_length=400)
    view: str = Field(default="", title="视图", max_length=30)
    page: int = Field(default=1, title="页码", ge=1, le=100000)

    def wanted(self, community_id: int) -> arrears.Filter:
        """Return the store's filter within one community."""
        return arrears.Filter(
            community_id=community_id,
            search=self.q,
            buildings=tuple(name for name in self.building if name),
            usage=self.usage.value if self.usage else "",
            flag=self.flag,
            steward_id=self.steward,
            bucket=self.bucket,
            level=self.level,
            min_days=self.min_days,
            min_months=self.months,
            min_total_fen=self.min_amount or 0,
            max_total_fen=self.max_amount,
            oldest_from=self.oldest_from.isoformat() if self.oldest_from else "",
            oldest_to=self.oldest_to.isoformat() if self.oldest_to else "",
            is_new=bool(self.new),
            silent_days=self.silent,
            expiring_days=self.expiring,
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for, checked: the filter, the day and the columns."""

    wanted: arrears.Filter
    as_of: dt.date
    sort: str
    columns: tuple[Column, ...]


def query_of(request: Request) -> forms.Filled[ArrearsQuery]:
    """Read the filters from the address."""
    return forms.of_address(ArrearsQuery, request)


def asked_of(form: forms.Filled[ArrearsQuery], here: Here) -> Asked:
    """Return what the address asks for, refusing a faulty one and an empty estate."""
    if form.model is None:
        raise Refusal("request.invalid")
    if here.community_id is None:
        raise Refusal("estate.empty")
    query = form.model
    return Asked(
        query.wanted(here.community_id),
        query.as_of or clock.today(),
        query.sort,
        arrears_table.chosen(query.cols),
    )


def params_of(form: forms.Filled[ArrearsQuery], *but: str) -> dict[str, str | list[str]]:
    """Return what an address says beside its page, without what is blank."""
    kept: dict[str, str | list[str]] = {}
    for name, value in form.values.items():
        text = [one for one in value if one] if isinstance(value, list) else value
        if text and name not in {"page", *but}:
            kept[name] = text
    return kept


@router.get("/arrears")
def show(request: Request, here: Viewer, session: Reading) -> Response:
    """Show one page of the list; columns ticked or blanks left in the address are tidied away first."""
    is_partial = "hx-request" in request.headers
    if (tidy := _tidied(request, session, here)) is not None and not is_partial:
        return RedirectResponse(tidy, status_code=303)
    form = query_of(request)
    context = _context(session, here, form)
    headers = {"Vary": "HX-Request"}
    if is_partial:
        body = pages.fragment("arrears/rows.html", here=here, form=form, **context)
        headers["HX-Push-Url"] = f"/arrears?{urlencode(params_of(form), doseq=True)}"
        return pages.packed(request, HTMLResponse(body, status_code=422 if form.faults else 200, headers=headers))
    return pages.page(
        request,
        "arrears/list.html",
        here=here,
        form=form,
        status=422 if form.faults else 200,
        headers=headers,
        **_choices(session, here),
        **context,
    )


def _tidied(request: Request, session: Session, here: Here) -> str | None:
    """Return the address this one stands for: ticked columns in one word, no blanks, the default view where bare."""
    given = request.query_params.multi_items()
    if not given:
        default = views.default_address(session, user_id=here.actor.user_id, community_id=here.community_id, page=PAGE)
        return default or None
    ticked = [value for name, value in given if name == "col"]
    kept = [(name, value) for name, value in given if value != "" and name not in {"col", "cols" if ticked else ""}]
    if ticked and (text := arrears_table.packed(ticked)):
        kept.append(("cols", text))
    if len(kept) == len(given):
        return None
    return f"/arrears?{urlencode(kept)}" if kept else f"/arrears?view={EVERY_VIEW}"


def _choices(session: Session, here: Here) -> dict[str, object]:
    """Return what the filters offer."""
    known = here.community_id
    return {
        "buildings": unit_search.buildings(session, known) if known else [],
        "buckets": arrears.BUCKETS,
        "flags": arrears.FLAGS,
        "usages": [usage.value for usage in Usage],
        "levels": LEVELS,
        "stewards": arrears_columns.stewards(session, known) if known else {},
        "every_column": arrears_table.COLUMNS.values(),
        "views": views.listed(session, user_id=here.actor.user_id, community_id=known, page=PAGE) if known else [],
    }


def lines_of(
    session: Session, rows: Sequence[arrears.UnitArrears], *, as_of: dt.date, columns: Sequence[Column]
) -> list[Line]:
    """Return rows with their owners and further columns, in a fixed number of queries."""
    ids, names = [row.unit_id for row in rows], {column.name for column in columns}
    # never the owners of a day to come
    owners = unit_reads.owner_names(session, ids, on=min(as_of, clock.today())) if "owner" in names else {}
    more = arrears_columns.of_units(session, ids, as_of=as_of, names=names)
    return [Line(row, owners.get(row.unit_id, []), more.get(row.unit_id, arrears_columns.NOTHING)) for row in rows]


def _context(session: Session, here: Here, form: forms.Filled[ArrearsQuery]) -> Mapping[str, object]:
    today, params = clock.today(), params_of(form)
    if form.model is None or here.community_id is None:
        columns = arrears_table.chosen("")
        pager = Pager("/arrears", params, 1, 0)
        return {
            "lines": [],
            "totals": arrears.NOTHING,
            "pager": pager,
            "as_of": today,
            "is_trial": False,
            "columns": columns,
            "table": arrears_table,
        }
    asked = asked_of(form, here)
    totals, rows, number = arrears.page_of(
        session, as_of=asked.as_of, wanted=asked.wanted, sort=asked.sort, limit=PAGE_SIZE, page=form.model.page
    )
    return {
        "lines": lines_of(session, rows, as_of=asked.as_of, columns=asked.columns),
        "totals": totals,
        "pager": Pager("/arrears", {"sort": asked.sort, **params}, number, totals.units),
        "as_of": asked.as_of,
        "is_trial": asked.as_of != today,
        "columns": asked.columns,
        "table": arrears_table,
    }
