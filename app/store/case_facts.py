"""Everything a case's papers print, collected from where it is kept: bills, proof, parties, claim, exhibits, gaps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.case_facts import (
    Agreement,
    CaseFacts,
    Claimed,
    Due,
    Figure,
    Home,
    Instalment,
    Judgment,
    Party,
    Sent,
    Settlement,
    Stretch,
)
from app.domain.court_fees import court_fees
from app.domain.ledger import statement
from app.domain.money import half_up_fraction
from app.i18n import labels_case_papers, numerals, zh_cn
from app.store import case_exhibits, case_gaps, cases, claims, estate, ledger, limitation_reads, notices, persons
from app.store.tables_deliveries import delivery
from app.store.tables_office import document, notice
from app.store.unit_files import of_unit as files_of_unit

Row = Mapping[str, Any]
_WORDS = labels_case_papers.LABELS


def collect(session: Session, *, case_id: int) -> CaseFacts:
    """Return the case as it stands, to its own day: a constant number of statements.

    Raises:
        Refusal: ``case.unknown``.

    """
    case = cases.case_row(session, case_id)
    community = estate.community_row(session, case["community_id"])
    unit = estate.unit_row(session, case["unit_id"])
    parties = _parties(session, case_id)
    claim = claims.claim_facts(session, case["claim_id"]) if case["claim_id"] else None
    as_of = dt.date.fromisoformat(claim["as_of"]) if claim else case["as_of"]
    bills = _bills(session, case, claim, as_of)
    sent = _sent(session, case["unit_id"], as_of)
    files = [one for one in files_of_unit(session, case["unit_id"]) if one["withdrawn_at"] is None]
    exhibits = case_exhibits.exhibits(session, case=case, files=files, sent=sent)
    claimed = _claimed(claim, bills, community.late_charge_clause)
    facts = CaseFacts(
        number=case["number"],
        as_of=as_of,
        court=case["court"],
        path=case["path"],
        home=Home(
            community.name,
            unit.label,
            community.address,
            unit.area_e3,
            owner="、".join(one.name for one in parties["defendant"] if not one.is_company),
        ),
        creditor=_company(community, parties["plaintiff"]),
        debtors=parties["defendant"],
        thirds=parties["third"],
        agreement=_agreement(community, bool(case["path_facts"].get("has_arbitration_clause"))),
        bills=bills,
        claimed=claimed,
        cause=_WORDS["case_paper.cause"],
        agents=(),
        sent=sent,
        exhibits=exhibits,
        settlement=_settlement(session, case_id, bills),
        judgment=_judgment(session, case),
        has_preservation=bool(case["path_facts"].get("has_preservation")),
        bank=community.payee_bank,
        bank_account=community.payee_account,
        bank_name=community.payee_name,
        serial=case_id,
    )
    return case_gaps.with_gaps(facts, unit_id=case["unit_id"], case_id=case_id, files=files)


def _parties(session: Session, case_id: int) -> dict[str, tuple[Party, ...]]:
    found: dict[str, list[Party]] = {"plaintiff": [], "defendant": [], "third": []}
    for row in cases.parties(session, case_id):
        number = row["person_id"]
        phone = persons.reveal_phone(session, number) if number else ""
        id_number = persons.reveal_id_number(session, number) if number else ""
        is_company = row["capacity"] in {"company", "developer"}
        found[row["role"]].append(
            Party(
                name=row["name"],
                is_company=is_company,
                capacity=zh_cn.LABELS.get(f"case_capacity.{row['capacity']}", ""),
                code=row["code"],
                address=row["address"],
                head=row["representative"],
                phone=phone,
                sex={"m": "male", "f": "female"}.get(row["sex"], ""),
                born_on=row["birth_on"],
                nation=row["ethnicity"],
                workplace=row["employer"],
                id_kind=zh_cn.LABELS.get(f"id_kind.{row['id_kind']}", "") if id_number else "",
                id_number=id_number,
            )
        )
    return {role: tuple(members) for role, members in found.items()}


def _company(community: Any, plaintiffs: Sequence[Party]) -> Party:  # noqa: ANN401 - a row of the store
    named = plaintiffs[0] if plaintiffs else None
    return Party(
        name=(named.name if named else "") or community.company_name or community.name,
        is_company=True,
        code=(named.code if named else "") or community.company_code,
        address=(named.address if named else "") or community.company_address,
        head=named.head if named else "",
        phone=community.office_phone,
    )


def _agreement(community: Any, has_arbitration: bool) -> Agreement:  # noqa: ANN401, FBT001
    return Agreement(
        title=community.contract_title,
        number=community.contract_no,
        signed_on=community.contract_on,
        fee_text=community.fee_clause,
        pay_text=community.fee_clause,
        late_text=community.late_charge_clause,
        forum_text=_WORDS["case_paper.arbitration"] if has_arbitration else "",
    )


def _bills(session: Session, case: Row, claim: Row | None, as_of: dt.date) -> tuple[Due, ...]:
    """Return the bills of the claim as they were frozen, or those of the case as they stand on its day."""
    clocks = {one.bill_id: one for one in limitation_reads.clocks_of_unit(session, case["unit_id"], as_of)}
    told = claim["bills"] if claim else _told(session, case, as_of)
    posted = notices.bill_rows(session, [one["bill_id"] for one in told])
    return tuple(_due(one, posted[one["bill_id"]], clocks.get(one["bill_id"])) for one in told)


def _told(session: Session, case: Row, as_of: dt.date) -> list[dict[str, Any]]:
    account = ledger.stories(session, [case["unit_id"]])[case["unit_id"]].account
    wanted = {one["bill_id"] for one in cases.bills_of(session, case["id"])}
    found = []
    for one in statement(account, as_of).bills:
        number = int(one.bill.id[1:])
        if number not in wanted:
            continue
        found.append(
            {
                "bill_id": number,
                "days": one.days_overdue,
                "principal_fen": one.principal_fen,
                "accrued_fen": one.accrued_fen,
                "late_paid_fen": one.late_paid_fen,
                "late_waived_fen": one.late_waived_fen,
                "cap_fen": one.cap_fen,
                "segments": [
                    {
                        "from_on": part.from_on.isoformat(),
                        "to_on": part.to_on.isoformat(),
                        "days": part.days,
                        "principal_fen": part.principal_fen,
                        "rate": str(part.rate.fraction),
                        "amount": str(part.amount),
                    }
                    for part in one.segments
                ],
            }
        )
    return sorted(found, key=lambda one: one["bill_id"])


def _due(told: Row, row: Any, clock: Any) -> Due:  # noqa: ANN401 - rows of the store
    exact = sum((Fraction(part["amount"]) for part in told["segments"]), Fraction(0))
    late = told["accrued_fen"] - told["late_paid_fen"] - told["late_waived_fen"]
    last = clock.last if clock else None
    return Due(
        item=row.item,
        from_on=row.period_from_on,
        to_on=row.period_to_on,
        due_on=row.due_on,
        original_fen=row.principal_fen,
        principal_fen=told["principal_fen"],
        late_charge_fen=late,
        accrued_fen=told["accrued_fen"],
        days=told["days"],
        exact=numerals.exact_yuan(exact),
        stretches=tuple(_stretch(part) for part in told["segments"]),
        late_paid_fen=told["late_paid_fen"],
        late_waived_fen=told["late_waived_fen"],
        is_capped=told["cap_fen"] is not None and half_up_fraction(exact) > told["accrued_fen"],
        basis=_size(row),
        clock_from_on=clock.base_on if clock else None,
        act_by_on=clock.act_by_on if clock else None,
        expires_on=clock.expires_on if clock else None,
        clock_state=zh_cn.LABELS.get(f"limitation_state.{clock.state.value}", "") if clock else "",
        interrupted=f"{last.on} {zh_cn.LABELS.get(f'interruption.{last.kind.value}', '')}" if last else "",
        proof=zh_cn.LABELS.get(f"interruption_proof.{last.proof_kind}", "") if last else "",
    )


def _stretch(part: Row) -> Stretch:
    return Stretch(
        dt.date.fromisoformat(part["from_on"]),
        dt.date.fromisoformat(part["to_on"]),
        part["days"],
        part["principal_fen"],
        numerals.daily_rate(Fraction(part["rate"])),
        numerals.exact_yuan(Fraction(part["amount"])),
    )


def _size(row: Any) -> str:  # noqa: ANN401 - a row of the store
    if row.price_e4 is None or row.quantity_e3 is None or row.basis != "by_area":
        return ""
    months = _WORDS["case_paper.months"].format(months=row.months) if row.months and row.months > 1 else ""
    return f"{numerals.thousandths(row.quantity_e3)}㎡×{numerals.price(row.price_e4)}{months}"


def _sent(session: Session, unit_id: int, as_of: dt.date) -> tuple[Sent, ...]:
    """Return every notice up to the day with each attempt to deliver it, oldest first."""
    query = (
        sa.select(
            notice.c.number,
            notice.c.as_of,
            (notice.c.principal_fen + notice.c.late_charge_fen).label("asked_fen"),
            document.c.created_at,
            delivery.c.channel,
            delivery.c.to_address,
            delivery.c.dispatched_on,
            delivery.c.arrived_on,
            delivery.c.state,
            delivery.c.strength,
            delivery.c.post_number,
            delivery.c.has_content,
        )
        .join(document, document.c.id == notice.c.document_id)
        .outerjoin(delivery, delivery.c.notice_id == notice.c.id)
        .where(notice.c.unit_id == unit_id)
        .order_by(notice.c.id, delivery.c.id)
    )
    return tuple(_attempt(row) for row in session.execute(query) if row.as_of <= as_of)


def _attempt(row: Any) -> Sent:  # noqa: ANN401 - a row of the store
    interrupts = row.arrived_on is not None and bool(row.has_content) and row.strength in {"A", "B"}
    return Sent(
        number=row.number,
        issued_on=row.as_of,
        asked_fen=int(row.asked_fen),
        channel=zh_cn.LABELS.get(f"delivery_channel.{row.channel or ''}", ""),
        to=row.to_address or "",
        dispatched_on=row.dispatched_on,
        arrived_on=row.arrived_on,
        outcome=zh_cn.LABELS.get(f"delivery_state.{row.state}", "") if row.state else _WORDS["case_paper.not_sent"],
        post_number=row.post_number or "",
        strength=row.strength or "",
        interrupts=interrupts,
    )


def _claimed(claim: Row | None, bills: Sequence[Due], clause: str) -> Claimed:
    principal = sum(one.principal_fen for one in bills)
    if claim is None:
        late = sum(one.late_charge_fen for one in bills)
        fees = court_fees(principal + late) if principal + late > 0 else None
        return Claimed(
            late_fen=late,
            late_text=_WORDS["case_paper.late_by_contract"] if clause else "",
            court_fee_fen=fees.ordinary_fen if fees else 0,
            order_fee_fen=fees.payment_order_fen if fees else 0,
        )
    primary, alternative = claim["primary"], claim["alternative"]
    chosen = claim["claims"][primary]
    other = claim["claims"][alternative]
    name = zh_cn.LABELS[f"basis.{alternative}"]
    return Claimed(
        late_fen=chosen["late_fen"],
        late_text=_WORDS["case_paper.late_by_contract"]
        if primary == "contract"
        else _WORDS["case_paper.late_by_basis"].format(basis=zh_cn.LABELS[f"basis.{primary}"]),
        alternative_text=_WORDS["case_paper.alternative"].format(
            basis=name,
            amount=numerals.amount(other["late_fen"]),
            day=numerals.day(dt.date.fromisoformat(claim["as_of"])),
        ),
        figures=tuple(
            Figure(
                zh_cn.LABELS[f"basis.{basis}"],
                found["late_fen"] if found else None,
                found["fee_fen"] if found else None,
                is_primary=basis == primary,
                is_alternative=basis == alternative,
            )
            for basis, found in claim["claims"].items()
        ),
        court_fee_fen=chosen["fee_fen"],
        order_fee_fen=chosen["order_fen"],
        warnings=tuple(claim["warnings"]),
        rate_source=_WORDS["case_paper.rate_source"].format(
            day=numerals.day(dt.date.fromisoformat(claim["lpr_known_through"]))
        ),
    )


def _settlement(session: Session, case_id: int, bills: Sequence[Due]) -> Settlement | None:
    found = cases.plans(session, case_id)
    if not found:
        return None
    plan = found[0]
    whole = sum(one.principal_fen + one.late_charge_fen for one in bills)
    return Settlement(
        total_fen=plan["total_fen"],
        instalments=tuple(Instalment(due_on, amount) for _, due_on, amount in plan["instalments"]),
        waived_fen=max(0, whole - plan["total_fen"]),
        agreed_on=plan["agreed_on"],
    )


def _judgment(session: Session, case: Row) -> Judgment | None:
    found = cases.judgments(session, case["id"])
    if not found:
        return None
    row = found[0]
    return Judgment(
        kind={"judgment": "judgment", "mediation": "mediation", "payment_order": "order"}.get(
            str(row["kind"]), str(row["kind"])
        ),
        court=case["court"],
        number=row["number"],
        effective_on=None,
        perform_by_on=row["perform_by_on"],
        text=row["note"],
        principal_fen=row["principal_fen"],
        interest_fen=row["late_charge_fen"],
        costs_fen=row["costs_fen"],
    )
