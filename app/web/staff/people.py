"""Personal data on purpose: revealing one field of one person, and the link that opens a unit to its owner."""

from __future__ import annotations

from typing import Annotated, Literal

import segno
from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import HTMLResponse, Response

from app import clock
from app.domain.access import Permission
from app.domain.errors import Refusal, not_found
from app.store import audit, db, owner_links, persons
from app.web import forms, pages
from app.web.deps import Config, Database, Here, Id, require
from app.web.staff import units

router = APIRouter()


class RevealForm(forms.FormModel):
    person_id: int = Field(title="人员", ge=1, le=2**31 - 1)
    field: Literal["name", "phone", "id_number"] = Field(default="phone", title="项目")


READ = {"name": persons.name_of, "phone": persons.reveal_phone, "id_number": persons.reveal_id_number}


@router.post("/units/{unit_id}/reveal")
def reveal(
    request: Request,
    unit_id: Id,
    here: Annotated[Here, require(Permission.PII_REVEAL)],
    engine: Database,
    form: Annotated[forms.Filled[RevealForm], forms.filled(RevealForm)],
) -> Response:
    """Show one field of one person, this once; who looked at what is written down first."""
    if form.model is None:
        raise Refusal("request.invalid")
    person_id, name = form.model.person_id, form.model.field
    with db.transaction(engine) as session:
        head = units.reachable_head(session, here, unit_id)
        if not persons.belongs(session, person_id=person_id, unit_id=unit_id):
            raise not_found("access.not_found")
        audit.record(
            session,
            at=clock.now(),
            actor=here.actor.login,
            action=audit.REVEALED,
            subject=f"person:{person_id}",
            community_id=head.community_id,
            facts={"unit": unit_id, "field": name},
        )
    with db.reading(engine) as session:
        value = READ[name](session, person_id).removeprefix("+86")
        if "hx-request" in request.headers:
            return HTMLResponse(pages.fragment("parts/revealed.html", value=value))
        return units.page_of_unit(request, here, session, unit_id, revealed={person_id: {name: value}})


@router.post("/units/{unit_id}/link")
def issue_link(
    request: Request,
    unit_id: Id,
    here: Annotated[Here, require(Permission.OWNER_LINK_ISSUE)],
    engine: Database,
    settings: Config,
) -> Response:
    """Make a link for the owner; it is shown this once, since only its hash is kept."""
    token, now = owner_links.new_token(), clock.now()
    with db.transaction(engine) as session:
        head = units.reachable_head(session, here, unit_id)
        expires_at = owner_links.keep(session, token=token, unit_id=unit_id, at=now)
        audit.record(
            session,
            at=now,
            actor=here.actor.login,
            action="owner_link.issued",
            subject=f"unit:{unit_id}",
            community_id=head.community_id,
        )
    address = f"{settings.public_url.rstrip('/')}/o/{token}"
    code = segno.make(address, error="m").svg_data_uri(scale=5, border=3)
    return pages.page(
        request, "people/link.html", here=here, head=head, address=address, code=code, expires_at=expires_at
    )
