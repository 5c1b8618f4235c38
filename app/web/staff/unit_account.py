"""The account of a unit over a period, to print and hand out: what it owed, what came, what it owes; and its PDF."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from app import clock
from app.documents import codec
from app.domain.access import Permission
from app.domain.calendar import add_months
from app.domain.errors import Refusal
from app.i18n import zh_cn
from app.services import statements
from app.store import db, estate, unit_reads
from app.web import account_lines, forms, pages
from app.web.deps import Database, Here, Id, Outside, Reading, require
from app.web.staff import units

router = APIRouter()

Looker = Annotated[Here, require(Permission.UNIT_SEE)]


class PeriodQuery(forms.FormModel):
    from_on: forms.Date | None = Field(default=None, title="自")
    to_on: forms.Date | None = Field(default=None, title="至")


@router.get("/units/{unit_id}/account")
def show(request: Request, unit_id: Id, here: Looker, session: Reading) -> Response:
    """Show the movements of a period between two balances; they foot, or the page says nothing."""
    form = forms.of_address(PeriodQuery, request)
    today = clock.today()
    query = form.model or PeriodQuery()
    to_on = min(query.to_on or today, today)
    from_on = query.from_on or add_months(to_on.replace(day=1), -11)
    head = units.reachable_head(session, here, unit_id)
    if from_on > to_on:
        fault = zh_cn.sentence(Refusal("account.period_reversed"))
        form = forms.Filled(form.values, {**form.faults, "from_on": fault})
        from_on = add_months(to_on.replace(day=1), -11)
    return pages.page(
        request,
        "estate/account.html",
        here=here,
        status=422 if form.faults else 200,
        unit=head,
        form=form,
        community=estate.community_row(session, head.community_id),
        parties=unit_reads.parties(session, [unit_id], on=to_on).get(unit_id, []),
        account=account_lines.between(session, unit_id, from_on=from_on, to_on=to_on),
    )


@router.get("/units/{unit_id}/account.pdf")
def pdf(request: Request, unit_id: Id, here: Looker, engine: Database, outside: Outside) -> Response:
    """Print what the owners of a day owe, bill by bill, as the office's own form."""
    form = forms.of_address(PeriodQuery, request)
    today = clock.today()
    as_of = min(form.model.to_on or today, today) if form.model else today
    with db.reading(engine) as session:
        units.reachable_head(session, here, unit_id)
        facts = statements.facts(session, unit_id=unit_id, as_of=as_of, issued_on=today)
    printed = outside.printer("statement", codec.to_json(facts), token="")
    return pages.pdf(printed.content, name=f"{facts.number}.pdf")
