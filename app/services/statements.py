"""The account of a unit on a day, as it goes to paper."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from app.documents import drafting
from app.documents.contexts import StatementFacts
from app.domain.ledger import statement
from app.domain.notices import owed_by
from app.store import estate, ledger, notices, persons


def facts(session: Session, *, unit_id: int, as_of: dt.date, issued_on: dt.date) -> StatementFacts:
    """Return what the owners of ``as_of`` owe, bill by bill; a bill of a former owner is not theirs and not on it.

    Raises:
        Refusal: ``unit.unknown``.

    """
    unit = estate.unit_row(session, unit_id)
    community = estate.community_row(session, unit.community_id)
    told = statement(ledger.stories(session, [unit_id])[unit_id].account, as_of)
    periods = notices.ownerships(session, [unit_id]).get(unit_id, [])
    addressed = {period.person_id for period in periods if period.covers(as_of)}
    stated = [
        one
        for one in told.bills
        if one.bill.issued_on <= as_of and one.total_fen and addressed <= owed_by(periods, one.bill.due_on)
    ]
    owners = persons.owners_on(session, unit_ids=[unit_id], as_of=as_of)[unit_id]
    return StatementFacts(
        number=f"DZ{unit_id % 10**6:06d}{as_of:%y%m%d}",
        issued_on=issued_on,
        as_of=as_of,
        company=drafting.company(community),
        contract=drafting.contract(community),
        addressee=drafting.addressee(
            community,
            unit,
            owners=list(dict.fromkeys(owner.name for owner in owners)),
            phone_mask=next((owner.phone_mask for owner in owners if owner.phone_mask), ""),
        ),
        bills=drafting.bills(stated, notices.bill_rows(session, [int(one.bill.id[1:]) for one in stated])),
        credit_fen=told.credit_fen,
    )
