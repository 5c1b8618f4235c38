"""Court cases: opened from arrears, their parties, path, stages and deadlines."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from app import clock
from app.domain import case_paths
from app.domain.access import Permission
from app.domain.case_paths import Path
from app.domain.errors import Refusal, not_found
from app.domain.privacy import mask_name
from app.services import cases as services
from app.store import case_checks, case_reads, db, unit_reads
from app.web import case_view, forms, pages
from app.web.case_gate import case_of, path_words, stage_word, within
from app.web.deps import Database, Here, Id, Reading, reachable, require
from app.web.estate_fields import Key
from app.web.listing import PAGE_SIZE, Pager
from app.web.staff.acting import by, carry_out, head_of
from app.web.staff.payments import new_key

router = APIRouter()

Looker = Annotated[Here, require(Permission.CASE_SEE)]
Editor = Annotated[Here, require(Permission.CASE_EDIT)]


class CasesQuery(forms.FormModel):
    state: Literal["open", "preparing", "pending", "after", "closed", "all"] = Field(default="open", title="状态")
    path: Literal["", "mediation", "payment_order", "small_claims", "simplified", "ordinary", "arbitration"] = Field(
        default="", title="途径"
    )
    search: forms.Text = Field(default="", title="案号或房号", max_length=60)
    page: int = Field(default=1, title="页码", ge=1, le=100000)


class CaseQuery(forms.FormModel):
    tab: Literal["overview", "parties", "dates", "money", "papers", "talk"] = Field(default="overview", title="栏目")


class OpenForm(forms.FormModel):
    unit: list[forms.Number] = Field(default_factory=list, title="房号", max_length=services.MOST)
    bill: list[forms.Number] = Field(default_factory=list, title="账单", max_length=400)
    person: list[forms.Number] = Field(default_factory=list, title="被告", max_length=20)
    as_of: forms.Date | None = Field(default=None, title="截止日")
    path: Literal["", "mediation", "payment_order", "small_claims", "simplified", "ordinary", "arbitration"] = Field(
        default="", title="途径"
    )
    province: forms.Text = Field(default="", title="法院所在省份", max_length=10)
    arbitration: bool = Field(default=False, title="合同有仲裁条款")
    missing: bool = Field(default=False, title="被告下落不明")
    mediated: bool = Field(default=False, title="已经调解过")
    reason: forms.Text = Field(default="", title="仍要建案的理由", max_length=500)
    note: forms.Text = Field(default="", title="备注", max_length=500)
    key: Key = Field(default="", title="表单编号", min_length=0, pattern=r"^[A-Za-z0-9_-]*$")
    act: Literal["preview", "open"] = "preview"

    def wish(self) -> services.Wish:
        """Return how the cases are to be opened."""
        return services.Wish(
            unit_ids=tuple(dict.fromkeys(self.unit)),
            as_of=self.as_of or clock.today(),
            bill_ids=tuple(self.bill),
            person_ids=tuple(self.person),
            path=Path(self.path) if self.path else None,
            province=self.province,
            has_arbitration_clause=self.arbitration,
            is_missing=self.missing,
            mediation_tried=self.mediated,
            reason=self.reason,
            note=self.note,
        )


Opened = Annotated[forms.Filled[OpenForm], forms.filled(OpenForm)]


@router.get("/cases")
def show_list(request: Request, here: Looker, session: Reading) -> Response:
    form = forms.of_address(CasesQuery, request)
    query = form.model or CasesQuery()
    wanted = within(here, state=query.state, path=query.path, search=query.search)
    rows = case_reads.listing(session, wanted, limit=PAGE_SIZE, offset=(query.page - 1) * PAGE_SIZE)
    totals = case_reads.totals(session, wanted)
    names = case_reads.defendants(session, [row["id"] for row in rows])
    params = {key: value for key, value in form.values.items() if isinstance(value, str) and key != "page"}
    return pages.page(
        request,
        "cases/list.html",
        here=here,
        status=422 if form.faults else 200,
        form=form,
        query=query,
        rows=rows,
        totals=totals,
        names={number: [mask_name(name) for name in found] for number, found in names.items()},
        counts=case_reads.counts(session, wanted),
        due=case_reads.agenda(session, within(here, state="all"), until_on=clock.today() + case_reads.SOON, limit=20),
        stage_word=stage_word,
        paths=path_words(),
        pager=Pager("/cases", params, query.page, totals["cases"]),
    )


@router.get("/cases/calendar")
def show_calendar(request: Request, here: Looker, session: Reading) -> Response:
    rows = case_reads.agenda(session, within(here, state="all"))
    months = {month: list(mine) for month, mine in groupby(rows, key=lambda row: row["due_on"].isoformat()[:7])}
    return pages.page(request, "cases/calendar.html", here=here, months=months, stage_word=stage_word)


@router.get("/cases/new")
def ask(request: Request, here: Editor, engine: Database) -> Response:
    form = forms.of_address(OpenForm, request)
    return _wizard(request, here, engine, form, status=422 if form.faults else 200)


@router.post("/cases/new")
def open_cases(request: Request, here: Editor, engine: Database, form: Opened) -> Response:
    if form.model is None or form.model.act == "preview":
        return _wizard(request, here, engine, form, status=422 if form.faults else 200)
    places = _places(engine, here, form.model.unit)
    if not places:
        return _wizard(request, here, engine, form.with_refusal(Refusal("case.none_chosen", field="unit")), status=422)
    community_id = next(iter(places.values())).community_id

    def work(session: Session, model: OpenForm) -> list[int]:
        strict, key = len(places) == 1, model.key or new_key()
        return services.open_many(
            session, wish=model.wish(), community_id=community_id, by=by(here), key=key, strict=strict
        )

    def done(made: list[int]) -> Response:
        where = f"/cases/{made[0]}" if len(made) == 1 else "/cases?state=preparing"
        return pages.back_to(request, where, here=here, code="done.case_opened", count=len(made))

    return carry_out(
        engine,
        form,
        work=work,
        show=lambda filled, status: _wizard(request, here, engine, filled, status=status),
        done=done,
    )


def _places(engine: Engine, here: Here, unit_ids: Sequence[int]) -> dict[int, Any]:
    """Return the units chosen, all of one community within reach: any other does not exist."""
    wanted = list(dict.fromkeys(unit_ids))
    with db.reading(engine) as session:
        found = case_checks.places(session, wanted)
    for number in wanted:
        reachable(here, found[number].community_id if number in found else None)
    if len({row.community_id for row in found.values()}) > 1:
        raise not_found("access.other_community")
    return {number: found[number] for number in wanted}


def _wizard(
    request: Request, here: Here, engine: Engine, form: forms.Filled[OpenForm], *, status: int = 200
) -> Response:
    model = form.model
    units = list(dict.fromkeys(model.unit)) if model else _numbers(form.values.get("unit", []))
    places = _places(engine, here, units)
    proposals: Sequence[services.Proposal] = ()
    wish = model.wish() if model else services.Wish(unit_ids=units, as_of=clock.today())
    if places:
        community_id = next(iter(places.values())).community_id
        with db.reading(engine) as session:
            try:
                proposals = services.propose(session, community_id=community_id, wish=wish)
            except Refusal as refusal:
                form, status = form.with_refusal(refusal), 422
    return pages.page(
        request,
        "cases/new.html",
        here=here,
        status=status,
        form=form,
        places=places,
        proposals=proposals,
        wish=wish,
        article=lambda one: case_view.article_text(one, wish.as_of),
        mask=mask_name,
        owes=services.OWES,
        paths=path_words(),
        provinces=case_paths.provinces(),
        key=str(form.values.get("key") or new_key()),
    )


def _numbers(given: object) -> list[int]:
    texts = given if isinstance(given, list) else [given]
    found = [int(text) for text in map(str, texts) if text.isdecimal() and len(text) <= len(str(forms.MAX_ID))]
    return [number for number in found if 0 < number < forms.MAX_ID][: services.MOST]


@router.get("/units/{unit_id}/case")
def ask_for_unit(unit_id: Id, here: Editor, engine: Database) -> Response:
    head_of(engine, here, unit_id)
    return RedirectResponse(f"/cases/new?unit={unit_id}", status_code=303)


@router.get("/cases/{case_id}")
def show(request: Request, case_id: Id, here: Looker, session: Reading) -> Response:
    return case_page(request, here, session, case_id)


def case_page(
    request: Request,
    here: Here,
    session: Session,
    case_id: int,
    *,
    form: forms.Filled[Any] | None = None,
    tab: str = "",
    status: int = 200,
    revealed: dict[int, dict[str, str]] | None = None,
) -> Response:
    """Render the page of a case, with a form of a tab that was at fault or what was just revealed."""
    row = case_of(session, here, case_id)
    query = forms.of_address(CaseQuery, request).model or CaseQuery()
    people = unit_reads.parties(session, [row["unit_id"]], on=clock.today()).get(row["unit_id"], [])
    return pages.page(
        request,
        "cases/case.html",
        here=here,
        status=status,
        tab=tab or query.tab,
        tabs=case_view.TABS,
        form=form or forms.Filled({}),
        people=people,
        revealed=revealed or {},
        key=new_key(),
        article=lambda one: case_view.article_text(one, clock.today()),
        may_edit=here.actor.may(Permission.CASE_EDIT) and row["stage"] != "closed",
        **case_view.view(session, row, clock.today()),
    )
