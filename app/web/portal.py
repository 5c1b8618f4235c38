"""The owner's phone page: a link shows next to nothing, a button opens one unit's account, and nothing else."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from fastapi import APIRouter, Request
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from app import clock
from app.domain.errors import forbidden, not_found
from app.domain.notices import owed_by
from app.store import audit, db, estate, notices, owner_links, unit_reads
from app.web import pages, papers, unit_view
from app.web.deps import Config, Database, Id, Outside, address_of, token_of
from app.web.login import set_cookie
from app.web.security import OWNER_COOKIE, cookie_names
from app.web.working import BillLine

router = APIRouter()

NO_REFERRER = {"Referrer-Policy": "no-referrer"}
TAIL = 2


@dataclass(frozen=True, slots=True)
class OwnerView:
    """What the owner sees: bills that fell due, and payments made, while one of the present owners owned."""

    unit: unit_view.UnitView
    lines: list[BillLine]
    payments: list[unit_reads.PaymentRow]
    notices: list[unit_reads.NoticeRow]
    bills: dict[int, unit_reads.BillRow]

    @property
    def open_lines(self) -> list[BillLine]:
        """Bills with something outstanding."""
        return [line for line in self.lines if line.total_fen]

    @property
    def total_fen(self) -> int:
        """Everything billed and unpaid today."""
        return sum(line.total_fen for line in self.open_lines)

    @property
    def late_charge_fen(self) -> int:
        """Late charge outstanding."""
        return sum(line.late_charge_fen for line in self.open_lines)

    @property
    def credit_fen(self) -> int:
        """What of these payments is not booked on any bill."""
        return sum(row.to_credit_fen for row in self.payments if row.reversed_on is None)

    @property
    def split(self) -> list[tuple[str, int]]:
        """Principal and costs by fee item."""
        sums: dict[str, int] = defaultdict(int)
        for line in self.open_lines:
            sums[line.row.item] += line.principal_fen + line.costs_fen
        return [(item, fen) for item, fen in sums.items() if fen]


@router.get("/o/{token}")
def knock(request: Request, token: str, engine: Database) -> Response:
    """Show which home the link is for, and a button; link checkers fetch this too, so it changes nothing."""
    with db.reading(engine) as session:
        link = owner_links.link(session, token=token[:64], at=clock.now())
        head = unit_reads.head(session, link.unit_id) if link else None
    if head is None:
        raise not_found("owner.link_invalid")
    room = head.code.rsplit("-", 1)[-1]
    return pages.page(
        request, "portal/knock.html", headers=NO_REFERRER, community=head.community, tail=room[-TAIL:], token=token
    )


@router.post("/o/{token}")
def open_door(request: Request, token: str, engine: Database, settings: Config) -> Response:
    """Exchange the link for a short session of its one unit."""
    now = clock.now()
    agent = request.headers.get("user-agent", "")
    with db.transaction(engine) as session:
        link = owner_links.link(session, token=token[:64], at=now)
        if link is None:
            raise not_found("owner.link_invalid")
        made = owner_links.start(session, opened=link, at=now, ip=address_of(request), agent=agent)
        facts = {"ip": address_of(request), "agent": agent[:200]}
        audit.record(session, at=now, actor="owner", action="owner.opened", subject=f"unit:{link.unit_id}", facts=facts)
    answer = RedirectResponse("/my", status_code=303, headers=NO_REFERRER)
    set_cookie(answer, OWNER_COOKIE, made, secure=settings.secure_cookies)
    return answer


def unit_of(request: Request, engine: Engine) -> int:
    """Return the one unit this browser may see."""
    token, now = token_of(request, OWNER_COOKIE), clock.now()
    if token:
        with db.reading(engine) as session:
            unit_id = owner_links.unit_of(session, token=token, at=now)
        if unit_id is not None:
            with db.transaction(engine) as session:
                owner_links.touch(session, token=token, at=now)
            return unit_id
    raise forbidden("owner.session_over")


@router.get("/my")
def show(request: Request, engine: Database) -> Response:
    unit_id = unit_of(request, engine)
    with db.reading(engine) as session:
        found = owner_view(session, unit_id, clock.today())
        community = estate.community_row(session, found.unit.head.community_id)
    return pages.page(request, "portal/account.html", owner=found, community=community)


def owner_view(session: Session, unit_id: int, today: dt.date) -> OwnerView:
    """Read the unit without what is other people's: a change of owner moves no debt, and a co-owner's leaving none."""
    found = unit_view.view(session, unit_id, today)
    history = notices.ownerships(session, [unit_id]).get(unit_id, [])
    present = {period.person_id for period in history if period.covers(today)}

    def is_own(day: dt.date) -> bool:
        return not history or not present.isdisjoint(owed_by(history, day))

    return OwnerView(
        unit=found,
        lines=[line for line in found.lines if is_own(line.row.due_on)],
        payments=[row for row in unit_reads.payments(session, unit_id) if is_own(row.received_on)],
        notices=[row for row in unit_reads.notices(session, unit_id) if row.is_released and is_own(row.as_of)],
        bills=unit_reads.bills(session, unit_id),
    )


@router.post("/my/leave")
async def leave(request: Request, engine: Database) -> Response:
    token = token_of(request, OWNER_COOKIE)
    if token:
        await run_in_threadpool(_end, engine, token)
    answer = pages.page(request, "portal/left.html")
    for name in cookie_names(OWNER_COOKIE):
        answer.delete_cookie(name, path="/", secure=name.startswith("__Host-"), httponly=True, samesite="lax")
    return answer


def _end(engine: Engine, token: str) -> None:
    with db.transaction(engine) as session:
        owner_links.end(session, token=token, at=clock.now())


def own_payment(session: Session, unit_id: int, payment_id: Id) -> unit_reads.PaymentRow:
    """Return a payment of this very unit and this owner's time; any other does not exist."""
    found = [row for row in owner_view(session, unit_id, clock.today()).payments if row.payment_id == payment_id]
    if not found:
        raise not_found("access.not_found")
    return found[0]


def own_notice(session: Session, unit_id: int, notice_id: Id) -> unit_reads.NoticeRow:
    """Return a released notice of this very unit; any other does not exist."""
    found = [row for row in owner_view(session, unit_id, clock.today()).notices if row.notice_id == notice_id]
    if not found:
        raise not_found("access.not_found")
    return found[0]


@router.get("/my/receipts/{payment_id}.pdf")
def receipt(request: Request, payment_id: Id, engine: Database, outside: Outside) -> Response:
    unit_id = unit_of(request, engine)
    with db.reading(engine) as session:
        found = own_payment(session, unit_id, payment_id)
        if found.receipt_id is None:
            raise not_found("access.not_found")
    content, number = papers.pdf_of(engine, outside, found.receipt_id)
    return pages.pdf(content, name=f"{number}.pdf")


@router.get("/my/notices/{notice_id}.pdf")
def notice(request: Request, notice_id: Id, engine: Database, outside: Outside) -> Response:
    """Send the notice as it was issued; that the owner opened it is written down."""
    unit_id = unit_of(request, engine)
    with db.reading(engine) as session:
        found = own_notice(session, unit_id, notice_id)
    content, number = papers.pdf_of(engine, outside, found.document_id)
    with db.transaction(engine) as session:
        audit.record(
            session, at=clock.now(), actor="owner", action="owner.notice_opened", subject=f"notice:{notice_id}"
        )
    return pages.pdf(content, name=f"{number}.pdf")
