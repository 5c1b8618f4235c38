"""What may be claimed of one owner to a day, in every figure courts use, and a claim frozen to that day."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import clock
from app.documents import codec
from app.domain.access import Permission
from app.domain.claim import Warn
from app.domain.claim_figures import ALTERNATIVE, PRIMARY, Basis
from app.domain.errors import Refusal
from app.i18n import zh_cn
from app.services import claims as service
from app.store import audit, claims, db, estate, limitation_reads
from app.web import claim_paper, forms, pages
from app.web.deps import Database, Here, Id, Outside, Reading, reachable, require
from app.web.errors import STATUS
from app.web.estate_fields import Key
from app.web.listing import PAGE_SIZE, Pager
from app.web.staff.acting import by, carry_out, head_of
from app.web.staff.payments import new_key

router = APIRouter()

Viewer = Annotated[Here, require(Permission.CLAIM_SEE)]
Freezer = Annotated[Here, require(Permission.CLAIM_FREEZE)]
RED = frozenset({Warn.ABOVE_PRINCIPAL.value, Warn.ABOVE_12_LPR.value})


class PanelQuery(forms.FormModel):
    as_of: forms.Date | None = Field(default=None, title="截至日期")
    bill: list[forms.Number] = Field(default_factory=list, title="账单", max_length=400)


class FreezeForm(forms.FormModel):
    as_of: forms.Date = Field(title="截至日期")
    primary: Basis = Field(default=PRIMARY, title="主诉请")
    alternative: Basis = Field(default=ALTERNATIVE, title="备用诉请")
    bill: list[forms.Number] = Field(default_factory=list, title="账单", max_length=400)
    note: forms.Text = Field(default="", title="备注", max_length=200)
    key: Key = Field(title="表单编号")


class ListQuery(forms.FormModel):
    page: int = Field(default=1, title="页码", ge=1, le=100000)


Frozen = Annotated[forms.Filled[FreezeForm], forms.filled(FreezeForm)]


@router.get("/claims")
def show_list(request: Request, here: Viewer, session: Reading) -> Response:
    form = forms.of_address(ListQuery, request)
    query = form.model or ListQuery()
    count = claims.count(session, here.community_id or 0)
    pager = Pager("/claims", {}, 1, count)
    pager = Pager("/claims", {}, min(query.page, pager.last), count)
    start = (pager.number - 1) * PAGE_SIZE
    rows = claims.of_community(session, here.community_id or 0, limit=PAGE_SIZE, offset=start)
    return pages.page(
        request, "claims/list.html", here=here, status=422 if form.faults else 200, form=form, rows=rows, pager=pager
    )


@router.get("/claims/{unit_id}")
def show(request: Request, unit_id: Id, here: Viewer, engine: Database) -> Response:
    return _panel(request, here, engine, unit_id, forms.of_address(PanelQuery, request))


@router.get("/claims/{unit_id}/panel.pdf")
def print_panel(request: Request, unit_id: Id, here: Viewer, engine: Database, outside: Outside) -> Response:
    """Print the figures of a day; nothing of it is kept, since the same address gives it again."""
    head = head_of(engine, here, unit_id)
    form, today = forms.of_address(PanelQuery, request), clock.today()
    if form.model is None:
        raise Refusal("request.invalid")
    as_of = min(form.model.as_of or today, today)
    with db.reading(engine) as session:
        facts = service.panel(session, unit_id=unit_id, as_of=as_of, bill_ids=form.model.bill)
        company = estate.community_row(session, head.community_id).company_name
    return _paper(engine, outside, here, facts, company, f"unit:{unit_id}")


@router.post("/claims/{unit_id}")
def freeze(request: Request, unit_id: Id, here: Freezer, engine: Database, form: Frozen) -> Response:
    head_of(engine, here, unit_id)

    def work(session: Session, model: FreezeForm) -> int:
        wish = service.Wish(
            unit_id=unit_id,
            as_of=model.as_of,
            primary=model.primary,
            alternative=model.alternative,
            bill_ids=tuple(dict.fromkeys(model.bill)),
            note=model.note,
        )
        return service.freeze(session, wish=wish, by=by(here), key=model.key)

    return carry_out(
        engine,
        form,
        work=work,
        show=lambda filled, status: _panel(request, here, engine, unit_id, filled, status=status),
        done=lambda made: pages.back_to(request, f"/claims/frozen/{made}", here=here, code="done.claim_frozen"),
    )


def _panel(
    request: Request, here: Here, engine: Engine, unit_id: int, form: forms.Filled[Any], *, status: int = 200
) -> Response:
    head, today = head_of(engine, here, unit_id), clock.today()
    as_of = min(getattr(form.model, "as_of", None) or today, today)
    chosen = tuple(getattr(form.model, "bill", ()))
    with db.reading(engine) as session:
        try:
            facts = service.panel(session, unit_id=unit_id, as_of=as_of, bill_ids=chosen)
        except Refusal as refusal:
            form, status = form.with_refusal(refusal), STATUS[refusal.kind]
            facts = service.panel(session, unit_id=unit_id, as_of=as_of)
            chosen = ()
        every = service.panel(session, unit_id=unit_id, as_of=as_of) if facts["left_out"] else facts
        frozen = claims.of_unit(session, unit_id)
        clocks = limitation_reads.clocks_of_unit(session, unit_id, as_of)
    return pages.page(
        request,
        "claims/panel.html",
        here=here,
        status=422 if form.faults and status == 200 else status,
        unit=head,
        form=form,
        facts=facts,
        every=every,
        frozen=frozen,
        clocks={one.bill_id: one for one in clocks},
        as_of=as_of,
        is_trial=as_of != today,
        chosen=set(chosen),
        bases=[basis.value for basis in Basis],
        red=RED,
        paper=claim_paper,
        may_freeze=here.actor.may(Permission.CLAIM_FREEZE),
        may_open=here.actor.may(Permission.CASE_EDIT),
        chosen_bases=(form.values.get("primary", PRIMARY.value), form.values.get("alternative", ALTERNATIVE.value)),
        key=str(form.values.get("key") or new_key()),
    )


@router.get("/claims/frozen/{claim_id}")
def show_frozen(request: Request, claim_id: Id, here: Viewer, session: Reading) -> Response:
    """Show a claim as it was frozen, and what was posted since."""
    row = _reach(session, here, claim_id)
    since = service.since(session, claim_id=claim_id, today=clock.today())
    return pages.page(
        request,
        "claims/frozen.html",
        here=here,
        row=row,
        unit=estate.unit_row(session, row.unit_id),
        facts=claims.claim_facts(session, claim_id),
        is_intact=claims.is_intact(row),
        since=since,
        bases=[basis.value for basis in Basis],
        red=RED,
        paper=claim_paper,
        may_open=here.actor.may(Permission.CASE_EDIT),
    )


@router.get("/claims/frozen/{claim_id}/panel.pdf")
def print_frozen(claim_id: Id, here: Viewer, engine: Database, outside: Outside) -> Response:
    """Print a claim as it was frozen."""
    with db.reading(engine) as session:
        row = _reach(session, here, claim_id)
        facts = claims.claim_facts(session, claim_id)
        company = estate.community_row(session, row.community_id).company_name
    return _paper(engine, outside, here, facts, company, f"claim:{claim_id}")


def _reach(session: Session, here: Here, claim_id: int) -> Any:  # noqa: ANN401 - a row of the store
    row = claims.row(session, claim_id)
    reachable(here, row.community_id)
    return row


def _paper(
    engine: Engine, outside: Outside, here: Here, claimed: service.Facts, company: str, subject: str
) -> Response:
    made = claim_paper.facts_of(claimed, community=here.community, company=company, by=here.actor.name, at=clock.now())
    printed = outside.printer("report", codec.to_json(made), token="")
    with db.transaction(engine) as session:
        audit.record(
            session,
            at=clock.now(),
            actor=here.actor.login,
            action="claim.printed",
            subject=subject,
            community_id=here.community_id,
            facts={"as_of": claimed["as_of"]},
        )
    name = zh_cn.LABELS["claim.file"].format(unit=claimed["unit_label"], as_of=claimed["as_of"])
    return pages.download(printed.content, name=f"{name}.pdf", media_type="application/pdf", inline=True)
