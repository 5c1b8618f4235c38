"""The search of every page: grouped hits within reach, the first one a key press away."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app import clock
from app.domain.access import Permission
from app.store import search
from app.web import forms, pages
from app.web.deps import Here, Reading, require

router = APIRouter()

IN_BOX = 8


class SearchQuery(forms.FormModel):
    q: forms.Text = Field(default="", title="搜索", max_length=40)


@router.get("/search")
def show(request: Request, here: Annotated[Here, require(Permission.UNIT_SEE)], session: Reading) -> Response:
    """Show what was found; one hit alone is opened, and the box under the search asks for a few lines."""
    form = forms.of_address(SearchQuery, request)
    text = form.model.q if form.model else ""
    is_partial = "hx-request" in request.headers
    reach = [number for number, _ in here.communities]
    found = search.everywhere(
        session, text=text, community_ids=reach, on=clock.today(), limit=IN_BOX if is_partial else 50
    )
    if is_partial:
        body = pages.fragment("search/box.html", here=here, found=found, text=text)
        return HTMLResponse(body, headers={"Vary": "HX-Request"})
    if found.count == 1 and found.first is not None:
        return RedirectResponse(found.first.address, status_code=303)
    return pages.page(
        request,
        "search/search.html",
        here=here,
        status=422 if form.faults else 200,
        headers={"Vary": "HX-Request"},
        form=form,
        found=found,
        text=text,
    )
