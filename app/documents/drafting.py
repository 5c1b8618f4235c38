"""From the rows of the books and the working of an account to frozen facts; nothing is looked up or computed anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from app.documents import coverage
from app.documents.contexts import Addressee, BillFacts, Company, Contract, NoticeFacts, SegmentFacts
from app.domain import wording
from app.domain.billing import is_plain_product
from app.domain.ledger import BillStatement, Segment
from app.domain.money import half_up_fraction
from app.domain.notices import SkipReason, Verdict
from app.i18n import numerals
from app.i18n import wording as words

Row = Any
"""A row of the store, read by attribute."""


def company(community: Row) -> Company:
    """Return who demands; a community without a company of its own speaks in its own name."""
    return Company(
        name=community.company_name or community.name,
        code=community.company_code,
        address=community.company_address,
        contact=community.contact_person,
        phone=community.office_phone,
        hours=community.office_hours,
        payee_name=community.payee_name,
        payee_bank=community.payee_bank,
        payee_account=community.payee_account,
    )


def contract(community: Row) -> Contract:
    """Return what the debt rests on."""
    return Contract(
        title=community.contract_title,
        number=community.contract_no,
        signed_on=community.contract_on,
        fee_clause=community.fee_clause,
        late_charge_clause=community.late_charge_clause,
    )


def addressee(community: Row, unit: Row, *, owners: Sequence[str], phone_mask: str) -> Addressee:
    """Return whom it is for."""
    return Addressee(
        owners=tuple(owners),
        community=community.name,
        unit_label=unit.label,
        area_e3=unit.area_e3,
        address=community.address,
        phone_mask=phone_mask,
    )


def wording_values(facts: NoticeFacts) -> dict[str, str]:
    """Return what fills in the blanks of a community's own sentences, as it stands on the notice itself."""
    known = {
        "owners": "、".join(facts.addressee.owners),
        "unit": facts.addressee.unit_label,
        "community": facts.addressee.community,
        "as_of": numerals.day(facts.as_of),
        "deadline": numerals.day(facts.deadline_on),
        "bills": str(len(facts.bills)),
        "principal": numerals.yuan(facts.principal_fen),
        "late_charge": numerals.yuan(facts.late_charge_fen),
        "total": numerals.yuan(facts.total_fen),
        "nth": str(facts.nth),
        "company": facts.company.name,
        "contact": facts.company.contact,
        "phone": facts.company.phone,
        "hours": facts.company.hours,
    }
    return {name: known[key] for name, key in words.BLANKS.items()}


def worded(facts: NoticeFacts, said: Row | None) -> NoticeFacts:
    """Return the notice with a version of the community's own sentences filled in; None leaves it as it is."""
    if said is None:
        return facts
    values = wording_values(facts)
    return replace(
        facts,
        opening=wording.fill(said.opening, values),
        closing=wording.fill(said.closing, values),
        contact_note=wording.fill(said.contact, values),
        wording=f"{said.tone}-{said.number}",
    )


def printable(verdict: Verdict) -> Verdict:
    """Return the verdict, or the reason why nothing is sent when a name cannot be printed."""
    if coverage.missing_in(verdict.owners):
        return Verdict(reason=SkipReason.NAME_NOT_PRINTABLE)
    return verdict


def bills(stated: Sequence[BillStatement], posted: Mapping[int, Row]) -> tuple[BillFacts, ...]:
    """Return bills with their working; ``posted`` holds them as they were posted, by id."""
    return tuple(_bill(one, posted[int(one.bill.id[1:])]) for one in stated)


def _bill(stated: BillStatement, row: Row) -> BillFacts:
    exact = sum((segment.amount for segment in stated.segments), Fraction(0))
    is_plain = is_plain_product(row.principal_fen, row.quantity_e3, row.price_e4, row.months)
    return BillFacts(
        item=row.item,
        from_on=row.period_from_on,
        to_on=row.period_to_on,
        due_on=row.due_on,
        original_fen=row.principal_fen,
        principal_fen=stated.principal_fen,
        costs_fen=stated.costs_fen,
        late_charge_fen=stated.late_charge_fen,
        accrued_fen=stated.accrued_fen,
        late_paid_fen=stated.late_paid_fen,
        late_waived_fen=stated.late_waived_fen,
        days_overdue=stated.days_overdue,
        exact_sum=numerals.exact_yuan(exact),
        segments=tuple(_segment(segment) for segment in stated.segments),
        is_capped=stated.cap_fen is not None and half_up_fraction(exact) > stated.accrued_fen,
        quantity_e3=row.quantity_e3 if is_plain else None,
        price_e4=row.price_e4 if is_plain else None,
        months=row.months if is_plain else None,
        is_by_area=row.basis == "by_area",
        grace_mode=stated.bill.terms.grace.mode.value,
        grace_days=stated.bill.terms.grace.days,
        is_limited=stated.cap_fen is not None,
    )


def _segment(segment: Segment) -> SegmentFacts:
    return SegmentFacts(
        from_on=segment.from_on,
        to_on=segment.to_on,
        days=segment.days,
        principal_fen=segment.principal_fen,
        rate=numerals.daily_rate(segment.rate.fraction),
        exact=numerals.exact_yuan(segment.amount),
    )
