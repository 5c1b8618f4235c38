"""What one owner may see: the session on the page, the units it reaches, and each unit without other people's debts."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from app import clock
from app.domain.errors import forbidden, not_found
from app.domain.notices import Ownership, owed_by
from app.domain.pay_reference import pay_reference
from app.services.owner_visits import Caller
from app.store import arrears, db, notices, owner_requests, owner_visits, unit_reads
from app.store.owner_visits import Place, Visit
from app.web import unit_view
from app.web.deps import address_of, engine_of, token_of
from app.web.security import OWNER_COOKIE
from app.web.working import BillLine

SEEN_EVERY = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class OwnerView:
    """What the owner sees: bills that fell due, and payments made, while one of the present owners owned."""

    unit: unit_view.UnitView
    lines: list[BillLine]
    payments: list[unit_reads.PaymentRow]
    notices: list[unit_reads.NoticeRow]
    requests: list[dict[str, Any]]
    held: Mapping[int, dt.date | None]
    """Bills whose late charge stands still today, and until when."""

    @property
    def unit_id(self) -> int:
        """The unit."""
        return self.unit.head.unit_id

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

    @property
    def reference(self) -> str:
        """What to write beside a transfer."""
        return pay_reference(self.unit_id)

    def line_of(self, bill_id: int) -> BillLine | None:
        """Return an open bill of this owner, or None."""
        return next((line for line in self.open_lines if line.row.bill_id == bill_id), None)


@dataclass(frozen=True, slots=True)
class Card:
    """One unit in the list of an owner of several."""

    place: Place
    total_fen: int
    bills: int


def owner_session(request: Request) -> Visit:
    """Return who is on the page, or say that the page closed itself."""
    token, now = token_of(request, OWNER_COOKIE), clock.now()
    if token:
        engine = engine_of(request)
        with db.reading(engine) as session:
            found = owner_visits.of_token(session, token=token, at=now, on=clock.today())
        if found is not None:
            if now - found.seen_at >= SEEN_EVERY:
                with db.transaction(engine) as session:
                    owner_visits.touch(session, token=token, at=now)
            return found
    raise forbidden("owner.session_over")


Owner = Annotated[Visit, Depends(owner_session)]


def caller_of(request: Request, visit: Visit) -> Caller:
    """Return the evidence of who acts: session, address, browser."""
    return Caller(visit.name, address_of(request), request.headers.get("user-agent", "")[:200])


def own_unit(visit: Visit, unit_id: int) -> int:
    """Return the unit if the session reaches it; any other does not exist."""
    if unit_id not in visit.unit_ids:
        raise not_found("access.not_found")
    return unit_id


def owner_view(session: Session, unit_id: int, today: dt.date) -> OwnerView:
    """Read the unit without what is other people's: a change of owner moves no debt, and a co-owner's leaving none."""
    found = unit_view.view(session, unit_id, today)
    history = notices.ownerships(session, [unit_id]).get(unit_id, [])

    def is_own(day: dt.date) -> bool:
        return is_of_present_owners(history, day, today)

    return OwnerView(
        unit=found,
        lines=[line for line in found.lines if is_own(line.row.due_on)],
        payments=[row for row in unit_reads.payments(session, unit_id) if is_own(row.received_on)],
        notices=[row for row in unit_reads.notices(session, unit_id) if row.is_released and is_own(row.as_of)],
        requests=[
            row
            for row in owner_requests.of_units(session, [unit_id])
            if is_own(row["made_at"].astimezone(clock.SHANGHAI).date())
        ],
        held=_held(session, unit_id, [line.row.bill_id for line in found.lines], today),
    )


def is_of_present_owners(history: Sequence[Ownership], day: dt.date, today: dt.date) -> bool:
    """Say whether what happened on ``day`` is a matter of somebody who owns today."""
    present = {period.person_id for period in history if period.covers(today)}
    return not history or not present.isdisjoint(owed_by(history, day))


def cards(session: Session, unit_ids: Sequence[int], today: dt.date) -> list[Card]:
    """Return what stands open on each of an owner's units, in a constant number of queries."""
    histories = notices.ownerships(session, unit_ids)
    sums: dict[int, list[int]] = defaultdict(list)
    for bill in arrears.bills_on(session, as_of=today, unit_ids=unit_ids):
        if bill.total_fen and is_of_present_owners(histories.get(bill.unit_id, []), bill.due_on, today):
            sums[bill.unit_id].append(bill.total_fen)
    return [
        Card(place, sum(sums[place.unit_id]), len(sums[place.unit_id]))
        for place in owner_visits.places(session, unit_ids)
    ]


def _held(session: Session, unit_id: int, bill_ids: Sequence[int], today: dt.date) -> dict[int, dt.date | None]:
    holds = [
        row
        for row in unit_reads.adjustments(session, unit_id)
        if row.kind == "hold"
        and row.reversed_on is None
        and row.value_on <= today
        and (row.until_on is None or row.until_on >= today)
    ]
    return {bill_id: hold.until_on for hold in holds for bill_id in hold.bill_ids or bill_ids}
