"""The owner's phone page: every unit of its own, what is owed and why, the papers, and nothing of anybody else."""

from __future__ import annotations

import datetime as dt

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import clock
from app.domain.errors import not_found
from app.store import db, estate, owner_visits, unit_reads
from app.store.owner_visits import Visit
from app.web import owner_view, pages, papers
from app.web.deps import Database, Id, Outside
from app.web.owner_view import Owner, OwnerView, own_unit

router = APIRouter()


@router.get("/my")
def show(request: Request, owner: Owner, engine: Database) -> Response:
    """Show the one unit there is, or all of them with their sum."""
    if len(owner.unit_ids) == 1:
        return show_unit(request, owner.unit_ids[0], owner, engine)
    with db.reading(engine) as session:
        cards = owner_view.cards(session, owner.unit_ids, clock.today())
    return pages.page(request, "portal/units.html", cards=cards, total_fen=sum(card.total_fen for card in cards))


@router.get("/my/units/{unit_id}")
def show_unit(request: Request, unit_id: Id, owner: Owner, engine: Database) -> Response:
    with db.reading(engine) as session:
        found = owner_view.owner_view(session, own_unit(owner, unit_id), clock.today())
        community = estate.community_row(session, found.unit.head.community_id)
        places = owner_visits.places(session, owner.unit_ids) if len(owner.unit_ids) > 1 else []
    return pages.page(
        request,
        "portal/account.html",
        owner=found,
        community=community,
        places=places,
        is_by_code=owner.is_by_code,
    )


def own_payment(session: Session, owner: Visit, payment_id: int) -> unit_reads.PaymentRow:
    """Return a payment of one of the session's units and this owner's time; any other does not exist."""
    unit_id = unit_reads.unit_of_payment(session, payment_id)
    if unit_id in owner.unit_ids:
        for row in owner_view.owner_view(session, unit_id, clock.today()).payments:
            if row.payment_id == payment_id:
                return row
    raise not_found("access.not_found")


def own_notice(
    session: Session, owner: Visit, notice_id: int, today: dt.date
) -> tuple[OwnerView, unit_reads.NoticeRow]:
    """Return a released notice of one of the session's units and this owner's time; any other does not exist."""
    unit_id = unit_reads.unit_of_notice(session, notice_id)
    if unit_id in owner.unit_ids:
        found = owner_view.owner_view(session, unit_id, today)
        for row in found.notices:
            if row.notice_id == notice_id:
                return found, row
    raise not_found("access.not_found")


@router.get("/my/receipts/{payment_id}.pdf")
def receipt(payment_id: Id, owner: Owner, engine: Database, outside: Outside) -> Response:
    with db.reading(engine) as session:
        found = own_payment(session, owner, payment_id)
    if found.receipt_id is None:
        raise not_found("access.not_found")
    content, number = papers.pdf_of(engine, outside, found.receipt_id)
    return pages.pdf(content, name=f"{number}.pdf")
