"""What waits for a second person: areas, usages and prices of single units, and prices to be taken back."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from starlette.responses import Response

from app.domain.access import Permission
from app.services import terms
from app.store import db, terms_drafts
from app.web import forms, pages, terms_lines
from app.web.deps import Database, Here, Id, reachable, require, require_fresh
from app.web.staff.acting import by, carry_out

router = APIRouter()

Viewer = Annotated[Here, require(Permission.TARIFF_SEE)]
Decider = Annotated[Here, require_fresh(Permission.TARIFF_PUBLISH)]


class DecisionForm(forms.FormModel):
    act: Literal["grant", "refuse"] = Field(title="决定")
    note: forms.Text = Field(default="", title="说明", max_length=200)


class NoForm(forms.FormModel):
    """A button without fields."""


Decision = Annotated[forms.Filled[DecisionForm], forms.filled(DecisionForm)]
Nothing = Annotated[forms.Filled[NoForm], forms.filled(NoForm)]


@router.get("/terms")
def show(request: Request, here: Viewer, engine: Database) -> Response:
    return _page(request, here, engine, forms.Filled({}))


@router.post("/terms/{draft_id}")
def decide(request: Request, draft_id: Id, here: Decider, engine: Database, form: Decision) -> Response:
    _reach(here, engine, draft_id)
    return carry_out(
        engine,
        form,
        work=lambda session, model: terms.decide(
            session, draft_id=draft_id, grant=model.act == "grant", note=model.note, by=by(here)
        ),
        show=lambda filled, status: _page(request, here, engine, filled, status=status, at=draft_id),
        done=lambda state: pages.back_to(request, "/terms", here=here, code=f"done.terms_{state}"),
    )


@router.post("/terms/{draft_id}/withdraw")
def withdraw(request: Request, draft_id: Id, here: Viewer, engine: Database, form: Nothing) -> Response:
    _reach(here, engine, draft_id)
    return carry_out(
        engine,
        form,
        work=lambda session, _: terms.withdraw(session, draft_id=draft_id, by=by(here)),
        show=lambda filled, status: _page(request, here, engine, filled, status=status, at=draft_id),
        done=lambda _: pages.back_to(request, "/terms", here=here, code="done.terms_withdrawn"),
    )


def _reach(here: Here, engine: Engine, draft_id: int) -> None:
    with db.reading(engine) as session:
        reachable(here, terms_drafts.by_id(session, draft_id).community_id)


def _page(
    request: Request, here: Here, engine: Engine, form: forms.Filled[Any], *, status: int = 200, at: int = 0
) -> Response:
    with db.reading(engine) as session:
        rows = terms_drafts.listed(session, community_id=here.community_id) if here.community_id else []
    lines = [terms_lines.line(row) for row in rows]
    return pages.page(
        request,
        "rates/terms.html",
        here=here,
        status=status,
        form=form,
        at=at,
        waiting=[line for line in lines if line.row.state == "draft"],
        over=[line for line in lines if line.row.state != "draft"],
    )
