"""What is known of units before their arrears go to court, and who could be sued for them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.cases import Capacity, Stage, Standing
from app.domain.limitation import Interruption
from app.domain.limitation_states import State, cuts
from app.domain.waivers import HoldReason
from app.store import arrears, calendars, clocks, db
from app.store.clock_facts import standing
from app.store.figures import day
from app.store.tables import account, adjustment, bill, contact, ownership, person, reversal, unit
from app.store.tables_cases import case_bill, court_case
from app.store.tables_claims import bill_clock, interruption
from app.store.tables_estate import hold_case
from app.store.tables_portal import owner_request

_OVER = (Stage.CLOSED.value, Stage.WITHDRAWN.value, Stage.DISMISSED.value)
_WAITING = "open"


@dataclass(frozen=True, slots=True)
class Suggested:
    """Somebody the register names as one who owes, and why."""

    person_id: int
    unit_id: int
    name: str
    capacity: Capacity
    is_joint: bool
    reason: str
    has_id: bool
    phone_mask: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A unit as it stands before a case: its overdue bills, what was found, who would be sued."""

    bills: tuple[arrears.BillFigure, ...]
    standing: Standing
    people: tuple[Suggested, ...]


def check(session: Session, *, community: sa.Row[Any], unit_ids: Sequence[int], as_of: dt.date) -> dict[int, Checked]:
    """Return what is known of each unit on a day, in a constant number of statements."""
    bills: dict[int, list[arrears.BillFigure]] = defaultdict(list)
    for one in arrears.bills_on(session, as_of=as_of, unit_ids=unit_ids, overdue_only=True):
        bills[one.unit_id].append(one)
    taken = _in_other_case(session, unit_ids)
    objections, holds = _holds(session, unit_ids, as_of)
    requests = _requests(session, unit_ids)
    proved, states = _clocks(session, unit_ids, as_of)
    people = _people(session, unit_ids, bills, as_of)
    found = {}
    for number in unit_ids:
        mine, owed = people[number], bills[number]
        ids = [one.bill_id for one in owed]
        owners = [one for one in mine if one.capacity in {Capacity.OWNER, Capacity.CO_OWNER, Capacity.DEVELOPER}]
        state = [states.get(one) for one in ids]
        found[number] = Checked(
            tuple(owed),
            Standing(
                bills=len(owed),
                owners=len(owners),
                principal_fen=sum(one.principal_fen for one in owed),
                bills_in_other_case=len(taken & set(ids)),
                open_objections=objections.get(number, 0),
                open_holds=holds.get(number, 0),
                open_requests=requests.get(number, 0),
                bills_without_proof=sum(one not in proved for one in ids),
                bills_expired=state.count(State.EXPIRED.value),
                bills_soon=state.count(State.CRITICAL.value) + state.count(State.SOON.value),
                owners_without_id=sum(not one.has_id for one in owners),
                owners_at_due_differ=any(one.reason == "owner_then" for one in mine),
                has_company=bool(community.company_name and community.company_code and community.company_address),
                has_contract=bool(community.contract_title and community.fee_clause),
            ),
            tuple(mine),
        )
    return found


def lock(session: Session, unit_ids: Sequence[int]) -> None:
    """Let one transaction at a time open cases of these units."""
    query = sa.select(account.c.unit_id).where(account.c.unit_id.in_(sorted(unit_ids))).order_by(account.c.unit_id)
    session.execute(db.lock_row(session, query))


def places(session: Session, unit_ids: Sequence[int]) -> dict[int, Any]:
    """Return label and community of the units there are, in one statement."""
    query = sa.select(unit.c.id, unit.c.label, unit.c.code, unit.c.community_id).where(unit.c.id.in_(list(unit_ids)))
    return {row.id: row for row in session.execute(query)}


def _in_other_case(session: Session, unit_ids: Sequence[int]) -> set[int]:
    query = (
        sa.select(case_bill.c.bill_id)
        .join(court_case, court_case.c.id == case_bill.c.case_id)
        .where(court_case.c.unit_id.in_(list(unit_ids)), court_case.c.stage.not_in(_OVER))
    )
    return set(session.execute(query).scalars())


def _holds(session: Session, unit_ids: Sequence[int], as_of: dt.date) -> tuple[dict[int, int], dict[int, int]]:
    """Count the objections and the other holds in force on a day."""
    is_objection = sa.func.coalesce(hold_case.c.is_objection, adjustment.c.reason == HoldReason.DISPUTE.value)
    query = (
        sa.select(adjustment.c.unit_id, is_objection.label("is_objection"), sa.func.count().label("number"))
        .outerjoin(hold_case, hold_case.c.adjustment_id == adjustment.c.id)
        .outerjoin(reversal, sa.and_(reversal.c.target_kind == "adjustment", reversal.c.target_id == adjustment.c.id))
        .where(
            adjustment.c.kind == "hold",
            adjustment.c.unit_id.in_(list(unit_ids)),
            adjustment.c.until_on >= day(as_of),
            reversal.c.id.is_(None),
        )
        .group_by(adjustment.c.unit_id, is_objection)
    )
    objections: dict[int, int] = {}
    others: dict[int, int] = {}
    for row in session.execute(query):
        (objections if row.is_objection else others)[row.unit_id] = row.number
    return objections, others


def _requests(session: Session, unit_ids: Sequence[int]) -> dict[int, int]:
    query = (
        sa.select(owner_request.c.unit_id, sa.func.count().label("number"))
        .where(owner_request.c.unit_id.in_(list(unit_ids)), owner_request.c.state == _WAITING)
        .group_by(owner_request.c.unit_id)
    )
    return {row.unit_id: row.number for row in session.execute(query)}


def _clocks(session: Session, unit_ids: Sequence[int], as_of: dt.date) -> tuple[set[int], dict[int, str]]:
    """Return the bills a demand is proved for, and the state of each bill's clock."""
    demands = (Interruption.DEMAND.value, Interruption.DEMAND_CO_OWNER.value, Interruption.PROMISE.value)
    proved = sa.select(interruption.c.bill_id).where(
        interruption.c.unit_id.in_(list(unit_ids)), interruption.c.kind.in_(demands), standing()
    )
    state = clocks.state(clocks.act_by(bill.c.due_on), cuts(as_of, calendars.load(session)))
    states = (
        sa.select(bill.c.id, state.label("state"))
        .outerjoin(bill_clock, bill_clock.c.bill_id == bill.c.id)
        .where(bill.c.unit_id.in_(list(unit_ids)))
    )
    return set(session.execute(proved).scalars()), {row.id: row.state for row in session.execute(states)}


def _people(
    session: Session, unit_ids: Sequence[int], bills: Mapping[int, Sequence[arrears.BillFigure]], as_of: dt.date
) -> dict[int, list[Suggested]]:
    """Name who owned a unit when one of its bills fell due, then who lives there: owners owe, others may be joined."""
    owners = session.execute(
        sa.select(ownership.c.unit_id, ownership.c.from_on, ownership.c.until_on, ownership.c.share, person)
        .join(person, person.c.id == ownership.c.person_id)
        .where(ownership.c.unit_id.in_(list(unit_ids)))
        .order_by(ownership.c.unit_id, ownership.c.from_on, ownership.c.id)
    ).all()
    handed = {
        row.id: row.handed_over_on
        for row in session.execute(sa.select(unit.c.id, unit.c.handed_over_on).where(unit.c.id.in_(list(unit_ids))))
    }
    others = session.execute(
        sa.select(contact.c.unit_id, contact.c.relation, person)
        .join(person, person.c.id == contact.c.person_id)
        .where(
            contact.c.unit_id.in_(list(unit_ids)),
            contact.c.from_on <= day(as_of),
            contact.c.until_on > day(as_of),
            contact.c.relation.in_(list(_RELATIONS)),
        )
        .order_by(contact.c.unit_id, contact.c.id)
    ).all()
    found: dict[int, list[Suggested]] = {number: [] for number in unit_ids}
    for number in unit_ids:
        dues = [one.due_on for one in bills.get(number, ())]
        mine = [
            row for row in owners if row.unit_id == number and any(row.from_on <= due < row.until_on for due in dues)
        ]
        is_joint = any(
            one.id != two.id
            and any(one.from_on <= due < one.until_on and two.from_on <= due < two.until_on for due in dues)
            for one in mine
            for two in mine
        )
        for row in {one.id: one for one in mine}.values():
            early = handed.get(number) is not None and bool(dues) and max(dues) < handed[number]
            capacity = Capacity.DEVELOPER if early else Capacity.CO_OWNER if is_joint else Capacity.OWNER
            reason = "before_handover" if early else "owner" if row.until_on > as_of else "owner_then"
            found[number].append(_suggest(row, capacity, reason, is_joint=is_joint))
    for row in others:
        if row.id not in {one.person_id for one in found[row.unit_id]}:
            capacity, reason = _RELATIONS[row.relation]
            found[row.unit_id].append(_suggest(row, capacity, reason, is_joint=capacity is not Capacity.HEIR))
    return found


# A tenant or relative owes nothing by the register alone: suggested, never sued without somebody's tick.
_RELATIONS = {
    "tenant": (Capacity.USER, "user"),
    "spouse": (Capacity.SPOUSE, "spouse"),
    "relative": (Capacity.SPOUSE, "relative"),
    "family": (Capacity.SPOUSE, "relative"),
    "heir": (Capacity.HEIR, "heir"),
}


def _suggest(row: sa.Row[Any], capacity: Capacity, reason: str, *, is_joint: bool) -> Suggested:
    return Suggested(
        row.id, row.unit_id, row.name, capacity, is_joint, reason, row.id_index is not None, row.phone_mask
    )
