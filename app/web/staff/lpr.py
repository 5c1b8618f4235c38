"""The values of the LPR: those shipped, those entered with where they were read, and how far they reach."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.domain.access import Permission
from app.domain.errors import Refusal
from app.services import claims as service
from app.store import claims, db
from app.web import claim_paper, forms, pages
from app.web.deps import Database, Here, require, require_fresh
from app.web.staff.acting import by, carry_out

router = APIRouter()

Keeper = Annotated[Here, require(Permission.SETTINGS_EDIT)]
Entering = Annotated[Here, require_fresh(Permission.SETTINGS_EDIT)]
_PERCENT = re.compile(r"(\d{1,2})(?:\.(\d{1,2}))?%?", re.ASCII)


class RateForm(forms.FormModel):
    from_on: forms.Date = Field(title="公布日")
    percent: forms.Text = Field(title="利率", max_length=8)
    source: forms.Text = Field(title="来源", max_length=200)


Entered = Annotated[forms.Filled[RateForm], forms.filled(RateForm)]


@router.get("/settings/lpr")
def show(request: Request, here: Keeper, engine: Database) -> Response:
    return _page(request, here, engine, forms.Filled({}))


@router.post("/settings/lpr")
def enter(request: Request, here: Entering, engine: Database, form: Entered) -> Response:
    def work(session: Session, model: RateForm) -> int:
        rate_e4 = _rate_e4(model.percent)
        return service.add_rate(session, from_on=model.from_on, rate_e4=rate_e4, source=model.source, by=by(here))

    return carry_out(
        engine,
        form,
        work=work,
        show=lambda filled, status: _page(request, here, engine, filled, status=status),
        done=lambda _: pages.back_to(request, "/settings/lpr", here=here, code="done.base_rate_entered"),
    )


def _rate_e4(text: str) -> int:
    """Read per cent with at most two decimals, ``3.00``, as ten-thousandths."""
    found = _PERCENT.fullmatch(text.strip())
    if found is None:
        raise Refusal("lpr.out_of_range", field="percent")
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def _page(request: Request, here: Here, engine: Engine, form: forms.Filled[RateForm], *, status: int = 200) -> Response:
    with db.reading(engine) as session:
        rates = claims.base_rates(session)
    return pages.page(
        request, "settings/lpr.html", here=here, status=status, form=form, rates=rates[::-1], paper=claim_paper
    )
