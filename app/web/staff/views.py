"""Saved views of lists, and how close their rows stand."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import RedirectResponse, Response

from app.domain.errors import Refusal
from app.store import db, users
from app.web import forms
from app.web.deps import AnyHere, Database
from app.web.login import inside

router = APIRouter()


class DensityForm(forms.FormModel):
    density: Literal["compact", "loose"] = Field(title="行距")
    back: forms.Text = Field(default="/", max_length=1000)


@router.post("/density")
def choose_density(
    here: AnyHere, engine: Database, form: Annotated[forms.Filled[DensityForm], forms.filled(DensityForm)]
) -> Response:
    if form.model is None:
        raise Refusal("request.invalid")
    with db.transaction(engine) as session:
        users.set_density(session, user_id=here.actor.user_id, density=form.model.density)
    return RedirectResponse(inside(form.model.back), status_code=303)
