"""Opening cases from arrears: what stands against it, which way is proposed, who is sued, and what is written down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.case_paths import Choice, Path, PathFacts, choose, province_in, wage_of
from app.domain.cases import ASKS, BLOCKS, Capacity, Finding, Stage, findings
from app.domain.deeds import By
from app.domain.errors import Refusal, not_found
from app.store import audit, case_checks, cases, documents, estate, evidence, once
from app.store.case_checks import Checked, Suggested
from app.store.types import canonical

OWES = frozenset({Capacity.OWNER, Capacity.CO_OWNER, Capacity.DEVELOPER})
MOST = 200
"""So many units may be taken to court in one go."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How the cases are to be opened; no bills means every overdue one, no people means every owner who owes."""

    unit_ids: Sequence[int]
    as_of: dt.date
    bill_ids: Sequence[int] = ()
    person_ids: Sequence[int] = ()
    path: Path | None = None
    province: str = ""
    has_arbitration_clause: bool = False
    is_missing: bool = False
    mediation_tried: bool = False
    reason: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One unit as it would go to court."""

    unit_id: int
    checked: Checked
    findings: tuple[Finding, ...]
    choice: Choice
    province: str
    principal_fen: int
    late_charge_fen: int
    costs_fen: int

    @property
    def blocks(self) -> tuple[Finding, ...]:
        """What no reason can overrule."""
        return tuple(one for one in self.findings if one.weight == BLOCKS)

    @property
    def asks(self) -> tuple[Finding, ...]:
        """What is overruled with a reason."""
        return tuple(one for one in self.findings if one.weight == ASKS)


def propose(session: Session, *, community_id: int, wish: Wish) -> list[Proposal]:
    """Return how each unit would go to court, in the order asked for; nothing is written.

    Raises:
        Refusal: ``case.too_many_units``, ``case.unknown_bill``, ``unit.unknown``, ``case.as_of_ahead`` is the caller's.

    """
    if len(wish.unit_ids) > MOST:
        raise Refusal("case.too_many_units", field="unit", most=MOST)
    community = estate.community_row(session, community_id)
    found = case_checks.check(session, community=community, unit_ids=wish.unit_ids, as_of=wish.as_of)
    return [_proposal(community, number, found[number], wish) for number in dict.fromkeys(wish.unit_ids)]


def open_case(session: Session, *, wish: Wish, community_id: int, by: By, key: str) -> int:
    """Open the case of one unit and return its id; the same ``key`` acts once.

    Raises:
        Refusal: ``case.reason_needed``, ``case.no_defendant``, ``case.unknown_bill``, ``case.as_of_ahead``,
            a ``case_finding.…`` that blocks, ``form.key_reused``.

    """
    return open_many(session, wish=wish, community_id=community_id, by=by, key=key, strict=True)[0]


def open_many(session: Session, *, wish: Wish, community_id: int, by: By, key: str, strict: bool = False) -> list[int]:
    """Open a case for each unit nothing stands against and return their ids; ``strict`` refuses instead of leaving out.

    What asks for a reason is overruled by ``wish.reason`` and left out (or refused) without one.

    Raises:
        Refusal: as :func:`open_case`; ``case.none_opened`` where every unit was left out.

    """
    asked = {**asdict(wish), "actor": by.actor_id, "community": community_id}
    if (answered := once.claim(session, key=key, scope="case", request=asked, now=by.now)) is not None:
        return list(answered["cases"])
    if wish.as_of > by.today:
        raise Refusal("case.as_of_ahead", field="as_of")
    case_checks.lock(session, wish.unit_ids)
    proposals = propose(session, community_id=community_id, wish=wish)
    wanted = [one for one in proposals if not one.blocks and (wish.reason.strip() or not one.asks)]
    if strict and len(wanted) < len(proposals):
        _refuse(next(one for one in proposals if one not in wanted))
    if not wanted:
        raise Refusal("case.none_opened")
    made = _write(session, estate.community_row(session, community_id), wanted, wish, by)
    once.settle(session, key=key, scope="case", result={"cases": made})
    return made


# --- private ----------------------------------------------------------------------------------------


def _refuse(proposal: Proposal) -> None:
    if proposal.blocks:
        one = proposal.blocks[0]
        raise Refusal(one.code, count=one.count)
    raise Refusal("case.reason_needed", field="reason", count=len(proposal.asks))


def _proposal(community: sa.Row[Any], unit_id: int, checked: Checked, wish: Wish) -> Proposal:
    bills = checked.bills
    if wish.bill_ids:
        bills = tuple(one for one in bills if one.bill_id in set(wish.bill_ids))
        if len(bills) < len(set(wish.bill_ids)):
            raise Refusal("case.unknown_bill", field="bill")
        checked = Checked(bills, checked.standing, checked.people)
    principal, late, costs = (
        sum(getattr(one, name) for one in bills) for name in ("principal_fen", "late_charge_fen", "costs_fen")
    )
    standing = checked.standing
    province = wish.province or province_in(community.company_address) or province_in(community.address)
    facts = PathFacts(
        amount_fen=principal + late + costs,
        has_arbitration_clause=wish.has_arbitration_clause,
        is_undisputed=standing.open_objections == 0,
        is_reachable=any(one.phone_mask for one in checked.people if one.capacity in OWES),
        has_open_ticket=standing.open_requests > 0,
        is_missing=wish.is_missing,
        has_late_charge=late > 0,
        has_late_charge_clause=bool(community.late_charge_clause),
        mediation_tried=wish.mediation_tried,
    )
    choice = choose(facts, wage_of(province, year=wish.as_of.year))
    return Proposal(unit_id, checked, findings(standing), choice, province, principal, late, costs)


def _write(session: Session, community: sa.Row[Any], wanted: list[Proposal], wish: Wish, by: By) -> list[int]:
    """Write cases with their bills, parties and first step: a constant number of statements for any number."""
    defendants = [_defendants(one.checked.people, wish.person_ids) for one in wanted]
    numbers = documents.next_numbers(
        session, community_id=community.id, kind="case", year=by.today.year, count=len(wanted)
    )
    rows = [_case(community.id, one, number, wish, by) for one, number in zip(wanted, numbers, strict=True)]
    made = cases.add(session, "case", rows)
    bills, people, steps, told = [], [], [], []
    for case_id, one, sued, row in zip(made, wanted, defendants, rows, strict=True):
        bills += [
            {
                "case_id": case_id,
                "bill_id": bill.bill_id,
                "principal_fen": bill.principal_fen,
                "late_charge_fen": bill.late_charge_fen,
                "costs_fen": bill.costs_fen,
            }
            for bill in one.checked.bills
        ]
        people += [_plaintiff(case_id, community, by), *(_defendant(case_id, person, by) for person in sued)]
        steps.append(_first_step(case_id, by))
        told.append(_told(case_id, one, row, by))
    cases.add(session, "bill", bills)
    cases.add(session, "party", people)
    cases.add(session, "step", steps)
    evidence.append_many(session, told)
    for case_id, one, row in zip(made, wanted, rows, strict=True):
        audit.record(
            session,
            at=by.now,
            actor=by.actor,
            action="case.opened",
            subject=f"unit:{one.unit_id}:case:{case_id}",
            community_id=community.id,
            facts={"number": str(row["number"]), "bills": len(one.checked.bills), "overruled": len(one.asks)},
        )
    return made


def _defendants(people: Sequence[Suggested], chosen: Sequence[int]) -> list[Suggested]:
    known = {one.person_id for one in people}
    if set(chosen) - known:
        raise not_found("person.unknown")
    sued = [one for one in people if (one.person_id in chosen if chosen else one.capacity in OWES)]
    if not sued:
        raise Refusal("case.no_defendant", field="person")
    return sued


def _case(community_id: int, one: Proposal, number: str, wish: Wish, by: By) -> dict[str, Any]:
    reasons = [{"code": each.code, "article": each.article, "facts": dict(each.facts)} for each in one.choice.reasons]
    found = [{"code": each.code, "weight": each.weight, "count": each.count} for each in one.findings]
    return {
        "community_id": community_id,
        "unit_id": one.unit_id,
        "number": number,
        "path": (wish.path or one.choice.path).value,
        "stage": Stage.DRAFT.value,
        "as_of": wish.as_of,
        "principal_fen": one.principal_fen,
        "late_charge_fen": one.late_charge_fen,
        "costs_fen": one.costs_fen,
        "path_facts": canonical(
            {
                "proposed": one.choice.path.value,
                "province": one.province,
                "reasons": reasons,
                "missing": wish.is_missing,
                "has_arbitration_clause": wish.has_arbitration_clause,
            }
        ),
        "findings": canonical(found),
        "override_reason": wish.reason.strip() if one.asks else "",
        "opened_on": by.today,
        "opened_by": by.actor_id,
        "opened_at": by.now,
        "note": wish.note,
    }


def _plaintiff(case_id: int, community: sa.Row[Any], by: By) -> dict[str, Any]:
    return _party(case_id, by) | {
        "role": "plaintiff",
        "capacity": Capacity.COMPANY.value,
        "name": community.company_name or community.payee_name or community.name,
        "code": community.company_code,
        "address": community.company_address,
    }


def _defendant(case_id: int, person: Suggested, by: By) -> dict[str, Any]:
    return _party(case_id, by) | {
        "role": "defendant",
        "person_id": person.person_id,
        "capacity": person.capacity.value,
        "name": person.name,
        "is_joint": person.is_joint,
        "reason": person.reason,
    }


def _party(case_id: int, by: By) -> dict[str, Any]:
    blank: dict[str, Any] = {"case_id": case_id, "person_id": None, "code": "", "address": "", "reason": ""}
    return blank | {"is_joint": False, "added_by": by.actor_id, "added_at": by.now}


def _first_step(case_id: int, by: By) -> dict[str, Any]:
    return {
        "case_id": case_id,
        "from_stage": "",
        "to_stage": Stage.DRAFT.value,
        "happened_on": by.today,
        "moved_by": by.actor_id,
        "moved_at": by.now,
    }


def _told(case_id: int, one: Proposal, row: Mapping[str, Any], by: By) -> dict[str, Any]:
    facts = {
        "number": row["number"],
        "as_of": row["as_of"].isoformat(),
        "path": row["path"],
        "bills": [bill.bill_id for bill in one.checked.bills],
        "principal_fen": one.principal_fen,
        "late_charge_fen": one.late_charge_fen,
    }
    return {
        "community_id": row["community_id"],
        "unit_id": one.unit_id,
        "kind": "case.opened",
        "subject_kind": "case",
        "subject_id": case_id,
        "facts": facts,
        "at": by.now,
    }
