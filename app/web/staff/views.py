"""Saved views of lists, and how close their rows stand."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import Engine
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from app import clock
from app.domain.access import Permission
from app.domain.errors import Kind, Refusal
from app.services import views as saved
from app.store import db, users, views
from app.web import forms, pages
from app.web.deps import AnyHere, Database, Here, Id, reachable, require
from app.web.errors import STATUS
from app.web.login import inside
from app.web.staff.arrears import ArrearsQuery, params_of

router = APIRouter()

Viewer = Annotated[Here, require(Permission.ARREARS_SEE)]


class DensityForm(forms.FormModel):
    density: Literal["compact", "loose"] = Field(title="行距")
    back: forms.Text = Field(default="/", max_length=1000)


class SaveForm(forms.FormModel):
    address: forms.Text = Field(title="列表地址", max_length=4000)
    name: forms.Text = Field(default="", title="名称", max_length=40)
    shared: bool = Field(default=False, title="共享")
    pinned: bool = Field(default=False, title="固定")


class NameForm(forms.FormModel):
    name: forms.Text = Field(default="", title="名称", max_length=40)


class MarkForm(forms.FormModel):
    view: forms.Text = Field(title="视图", max_length=30)
    on: bool = Field(default=False, title="开关")


class SwitchForm(forms.FormModel):
    on: bool = Field(default=False, title="开关")


@router.post("/density")
def choose_density(
    here: AnyHere, engine: Database, form: Annotated[forms.Filled[DensityForm], forms.filled(DensityForm)]
) -> Response:
    if form.model is None:
        raise Refusal("request.invalid")
    with db.transaction(engine) as session:
        users.set_density(session, user_id=here.actor.user_id, density=form.model.density)
    return RedirectResponse(inside(form.model.back), status_code=303)


@router.get("/views")
def show(request: Request, here: Viewer, engine: Database, gone: str = "") -> Response:
    """Show every view of the community, and for a moment the way back to the one just deleted."""
    number = int(gone) if gone.isdecimal() and len(gone) < 10 else 0
    return _page(request, here, engine, forms.Filled({}), gone=number)


def _page(
    request: Request, here: Here, engine: Engine, form: forms.Filled[Any], *, gone: int = 0, status: int = 200
) -> Response:
    listed = []
    if here.community_id is not None:
        with db.reading(engine) as session:
            listed = views.listed(session, user_id=here.actor.user_id, community_id=here.community_id)
    return pages.page(request, "views/list.html", here=here, status=status, form=form, views=listed, gone=gone)


@router.post("/views/save")
def save(
    request: Request, here: Viewer, engine: Database, form: Annotated[forms.Filled[SaveForm], forms.filled(SaveForm)]
) -> Response:
    """Keep the filters, order and columns of an address under a name."""
    if form.model is None:
        return _page(request, here, engine, form, status=422)
    try:
        query = _list_of(form.model.address)
        community_id = reachable(here, here.community_id)
        kept = params_of(query, "as_of", "view", "cols")
        with db.transaction(engine) as session:
            key = saved.save(
                session,
                who=_who(here),
                community_id=community_id,
                name=form.model.name,
                query=urlencode(kept, doseq=True),
                columns=query.valid().cols,
                wanted=query.valid().wanted(community_id),
                is_shared=form.model.shared,
                is_pinned=form.model.pinned,
                now=clock.now(),
            )
    except Refusal as refusal:
        return _refused(request, here, engine, form, refusal)
    columns = {"cols": query.valid().cols} if query.valid().cols else {}
    where = urlencode({**kept, **columns, "view": key}, doseq=True)
    return pages.back_to(request, f"/arrears?{where}", here=here, code="done.view_saved", name=form.model.name)


def _list_of(address: str) -> forms.Filled[ArrearsQuery]:
    """Read the address of a list as the list itself would."""
    parts = urlsplit(address)
    if parts.path != views.PATHS[views.ARREARS] or parts.netloc:
        raise Refusal("view.not_a_list")
    known: list[tuple[str, Any]] = [
        (name, value) for name, value in parse_qsl(parts.query) if name in ArrearsQuery.model_fields
    ]
    query = forms.parse(ArrearsQuery, FormData(known))
    if query.model is None:
        raise Refusal("view.not_a_list")
    return query


def _refused(request: Request, here: Here, engine: Engine, form: forms.Filled[Any], refusal: Refusal) -> Response:
    if refusal.kind is Kind.NOT_FOUND:
        raise refusal
    return _page(request, here, engine, form.with_refusal(refusal), status=STATUS[refusal.kind])


@router.post("/views/pin")
def pin(
    request: Request, here: Viewer, engine: Database, form: Annotated[forms.Filled[MarkForm], forms.filled(MarkForm)]
) -> Response:
    """Put a view on one's desk, or take it off."""
    return _mark(request, here, engine, form, "pinned")


@router.post("/views/default")
def choose_default(
    request: Request, here: Viewer, engine: Database, form: Annotated[forms.Filled[MarkForm], forms.filled(MarkForm)]
) -> Response:
    """Open the list with a view from now on, or with everything again."""
    return _mark(request, here, engine, form, "default")


def _mark(request: Request, here: Here, engine: Engine, form: forms.Filled[MarkForm], what: str) -> Response:
    if form.model is None:
        raise Refusal("request.invalid")
    is_on = form.model.on
    try:
        with db.transaction(engine) as session:
            saved.mark(
                session,
                who=_who(here),
                community_id=reachable(here, here.community_id),
                view=form.model.view,
                is_pinned=is_on if what == "pinned" else None,
                is_default=is_on if what == "default" else None,
            )
    except Refusal as refusal:
        return _refused(request, here, engine, form, refusal)
    said = {"pinned": ("view_pinned", "view_unpinned"), "default": ("view_default", "view_no_default")}[what]
    return pages.back_to(request, "/views", here=here, code=f"done.{said[0] if is_on else said[1]}")


@router.post("/views/{view_id}/rename")
def rename(
    request: Request,
    view_id: Id,
    here: Viewer,
    engine: Database,
    form: Annotated[forms.Filled[NameForm], forms.filled(NameForm)],
) -> Response:
    if form.model is None:
        return _page(request, here, engine, form, status=422)
    try:
        with db.transaction(engine) as session:
            saved.rename(session, who=_who(here), number=view_id, name=form.model.name, now=clock.now())
    except Refusal as refusal:
        return _refused(request, here, engine, form, refusal)
    return pages.back_to(request, "/views", here=here, code="done.view_renamed")


@router.post("/views/{view_id}/share")
def share(
    request: Request,
    view_id: Id,
    here: Viewer,
    engine: Database,
    form: Annotated[forms.Filled[SwitchForm], forms.filled(SwitchForm)],
) -> Response:
    if form.model is None:
        raise Refusal("request.invalid")
    with db.transaction(engine) as session:
        saved.share(session, who=_who(here), number=view_id, is_shared=form.model.on, now=clock.now())
    code = "done.view_shared" if form.model.on else "done.view_unshared"
    return pages.back_to(request, "/views", here=here, code=code)


@router.post("/views/{view_id}/delete")
def delete(view_id: Id, here: Viewer, engine: Database) -> Response:
    """Put a view away; the page it leads to offers it back."""
    with db.transaction(engine) as session:
        saved.delete(session, who=_who(here), number=view_id, now=clock.now())
    return RedirectResponse(f"/views?gone={view_id}", status_code=303)


@router.post("/views/{view_id}/restore")
def restore(request: Request, view_id: Id, here: Viewer, engine: Database) -> Response:
    try:
        with db.transaction(engine) as session:
            saved.restore(session, who=_who(here), number=view_id, now=clock.now())
    except Refusal as refusal:
        return _refused(request, here, engine, forms.Filled({}), refusal)
    return pages.back_to(request, "/views", here=here, code="done.view_restored")


def _who(here: Here) -> saved.Who:
    return saved.Who(here.actor.user_id, here.actor.login)
