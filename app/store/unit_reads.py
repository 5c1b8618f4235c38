"""What the pages show of units: who owns them, what was billed, paid, forgiven and sent; no row leaves unmasked."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.billing import is_plain_product
from app.domain.privacy import mask_name
from app.store import acknowledgements
from app.store.tables import (
    account,
    adjustment,
    allocation,
    bill,
    community,
    contact,
    fee_item,
    ownership,
    payment,
    person,
    reversal,
    tariff,
    unit,
)
from app.store.tables_office import app_user, document, notice, notice_batch, waiver_request

OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Head:
    """A unit as the top of its page names it."""

    unit_id: int
    community_id: int
    community: str
    code: str
    label: str
    usage_type: str
    area_e3: int
    credit_fen: int
    closed_through_on: dt.date | None
    problem_code: str | None


@dataclass(frozen=True, slots=True)
class Party:
    """An owner or contact, masked."""

    person_id: int
    unit_id: int
    name: str
    phone: str
    relation: str
    from_on: dt.date
    until_on: dt.date


@dataclass(frozen=True, slots=True)
class BillRow:
    """A bill as it was posted, with the clauses it rests on."""

    bill_id: int
    item: str
    basis: str
    period_from_on: dt.date
    period_to_on: dt.date
    issued_on: dt.date
    due_on: dt.date
    principal_fen: int
    quantity_e3: int | None
    price_e4: int | None
    months: int | None
    plan_id: int
    price_clause: str
    reversed_on: dt.date | None

    @property
    def is_plain_product(self) -> bool:
        """Say whether quantity × price, rounded each month, × months is what was billed; the page shows all three."""
        if self.quantity_e3 is None or not self.months:
            return False
        return is_plain_product(self.principal_fen, self.quantity_e3, self.price_e4, self.months)


@dataclass(frozen=True, slots=True)
class Part:
    """A share of a payment: which bill and component it went to."""

    bill_id: int
    component: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment with where it went, who took it and, where it was taken back, when and why."""

    payment_id: int
    received_on: dt.date
    amount_fen: int
    method: str
    reference: str
    note: str
    recorded_at: dt.datetime
    recorded_by: str
    parts: tuple[Part, ...]
    receipt_id: int | None
    receipt_number: str
    reversed_on: dt.date | None
    reversal_reason: str

    @property
    def to_credit_fen(self) -> int:
        """What is not booked on any bill."""
        return self.amount_fen - sum(part.amount_fen for part in self.parts)


@dataclass(frozen=True, slots=True)
class AdjustmentRow:
    """A discount, waiver or hold on a unit."""

    adjustment_id: int
    kind: str
    value_on: dt.date
    until_on: dt.date | None
    bill_ids: tuple[int, ...]
    amount_fen: int | None
    ratio: str | None
    is_retroactive: bool
    reason: str
    reversed_on: dt.date | None


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice that was issued to a unit."""

    notice_id: int
    number: str
    level: int
    as_of: dt.date
    deadline_on: dt.date
    principal_fen: int
    late_charge_fen: int
    document_id: int
    batch_id: int
    is_released: bool
    slip: acknowledgements.Mark
    """Whether the owner opened it on the page, and signed for it."""


def head(session: Session, unit_id: int) -> Head | None:
    """Return the unit's head, or None when there is none."""
    row = (
        session.execute(
            sa.select(
                unit,
                community.c.name.label("community"),
                account.c.credit_fen,
                account.c.closed_through_on,
                account.c.problem_code,
            )
            .join(community, community.c.id == unit.c.community_id)
            .outerjoin(account, account.c.unit_id == unit.c.id)
            .where(unit.c.id == unit_id)
        )
        .mappings()
        .first()
    )
    if row is None:
        return None
    return Head(
        unit_id=row["id"],
        community_id=row["community_id"],
        community=row["community"],
        code=row["code"],
        label=row["label"],
        usage_type=row["usage_type"],
        area_e3=row["area_e3"],
        credit_fen=row["credit_fen"] or 0,
        closed_through_on=row["closed_through_on"],
        problem_code=row["problem_code"],
    )


def parties(session: Session, unit_ids: Sequence[int], *, on: dt.date) -> dict[int, list[Party]]:
    """Return owners first, then contacts, of each unit on a day, in two queries."""
    found: dict[int, list[Party]] = defaultdict(list)
    owners = (
        sa.select(
            ownership.c.unit_id,
            ownership.c.from_on,
            ownership.c.until_on,
            person.c.id,
            person.c.name,
            person.c.phone_mask,
            sa.literal(OWNER).label("relation"),
        )
        .join(person, person.c.id == ownership.c.person_id)
        .where(ownership.c.unit_id.in_(list(unit_ids)), ownership.c.from_on <= on, ownership.c.until_on > on)
        .order_by(ownership.c.unit_id, ownership.c.id)
    )
    others = (
        sa.select(
            contact.c.unit_id,
            contact.c.from_on,
            contact.c.until_on,
            person.c.id,
            person.c.name,
            person.c.phone_mask,
            contact.c.relation,
        )
        .join(person, person.c.id == contact.c.person_id)
        .where(contact.c.unit_id.in_(list(unit_ids)), contact.c.from_on <= on, contact.c.until_on > on)
        .order_by(contact.c.unit_id, contact.c.id)
    )
    for query in (owners, others):
        for row in session.execute(query):
            found[row.unit_id].append(
                Party(row.id, row.unit_id, mask_name(row.name), row.phone_mask, row.relation, row.from_on, row.until_on)
            )
    return found


def owner_names(session: Session, unit_ids: Sequence[int], *, on: dt.date) -> dict[int, list[Party]]:
    """Return the owners alone, masked, for a list."""
    everyone = parties(session, unit_ids, on=on) if unit_ids else {}
    return {unit_id: [party for party in found if party.relation == OWNER] for unit_id, found in everyone.items()}


def bills(session: Session, unit_id: int) -> dict[int, BillRow]:
    """Return every bill ever posted to the unit, by id, with the price clause in force when its period began."""
    reversed_bills = (
        sa.select(reversal.c.target_id, reversal.c.value_on).where(reversal.c.target_kind == "bill").subquery()
    )
    price = (
        sa.select(tariff.c.source_clause)
        .where(
            tariff.c.fee_item_id == bill.c.fee_item_id,
            tariff.c.usage_type.in_([unit.c.usage_type, ""]),
            tariff.c.from_on <= bill.c.period_from_on,
            tariff.c.until_on > bill.c.period_from_on,
        )
        .order_by(tariff.c.usage_type.desc())
        .limit(1)
        .correlate(bill, unit)
        .scalar_subquery()
    )
    query = (
        sa.select(
            bill,
            fee_item.c.name,
            fee_item.c.basis,
            price.label("clause"),
            reversed_bills.c.value_on.label("reversed_on"),
        )
        .join(fee_item, fee_item.c.id == bill.c.fee_item_id)
        .join(unit, unit.c.id == bill.c.unit_id)
        .outerjoin(reversed_bills, reversed_bills.c.target_id == bill.c.id)
        .where(bill.c.unit_id == unit_id)
        .order_by(bill.c.due_on, bill.c.id)
    )
    return {
        row["id"]: BillRow(
            bill_id=row["id"],
            item=row["name"],
            basis=row["basis"],
            period_from_on=row["period_from_on"],
            period_to_on=row["period_to_on"],
            issued_on=row["issued_on"],
            due_on=row["due_on"],
            principal_fen=row["principal_fen"],
            quantity_e3=row["quantity_e3"],
            price_e4=row["price_e4"],
            months=row["months"],
            plan_id=row["plan_id"],
            price_clause=row["clause"] or "",
            reversed_on=row["reversed_on"],
        )
        for row in session.execute(query).mappings()
    }


def payments(session: Session, unit_id: int) -> list[PaymentRow]:
    """Return the unit's payments, newest first, in three queries."""
    parts: dict[int, list[Part]] = defaultdict(list)
    shares = (
        sa.select(
            allocation.c.payment_id,
            allocation.c.bill_id,
            allocation.c.component,
            sa.func.sum(allocation.c.amount_fen).label("fen"),
        )
        .where(allocation.c.unit_id == unit_id)
        .group_by(allocation.c.payment_id, allocation.c.bill_id, allocation.c.component)
        .having(sa.func.sum(allocation.c.amount_fen) != 0)
        .order_by(allocation.c.bill_id, allocation.c.component.desc())
    )
    for row in session.execute(shares):
        parts[row.payment_id].append(Part(row.bill_id, row.component, int(row.fen)))
    receipts = {
        row.payment_id: row
        for row in session.execute(
            sa.select(document.c.payment_id, document.c.id, document.c.number)
            .where(document.c.unit_id == unit_id, document.c.kind == "receipt")
            .order_by(document.c.id)
        )
    }
    query = (
        sa.select(
            payment,
            app_user.c.name,
            reversal.c.value_on.label("reversed_on"),
            reversal.c.reason.label("reversal_reason"),
        )
        .outerjoin(app_user, app_user.c.id == payment.c.recorded_by)
        .outerjoin(reversal, sa.and_(reversal.c.target_kind == "payment", reversal.c.target_id == payment.c.id))
        .where(payment.c.unit_id == unit_id)
        .order_by(payment.c.received_on.desc(), payment.c.id.desc())
    )
    return [
        PaymentRow(
            payment_id=row["id"],
            received_on=row["received_on"],
            amount_fen=row["amount_fen"],
            method=row["method"],
            reference=row["reference"],
            note=row["note"],
            recorded_at=row["recorded_at"],
            recorded_by=row["name"] or "",
            parts=tuple(parts[row["id"]]),
            receipt_id=receipts[row["id"]].id if row["id"] in receipts else None,
            receipt_number=receipts[row["id"]].number if row["id"] in receipts else "",
            reversed_on=row["reversed_on"],
            reversal_reason=row["reversal_reason"] or "",
        )
        for row in session.execute(query).mappings()
    ]


def adjustments(session: Session, unit_id: int) -> list[AdjustmentRow]:
    """Return discounts, waivers and holds of the unit, newest first."""
    query = (
        sa.select(adjustment, reversal.c.value_on.label("reversed_on"))
        .outerjoin(reversal, sa.and_(reversal.c.target_kind == "adjustment", reversal.c.target_id == adjustment.c.id))
        .where(adjustment.c.unit_id == unit_id)
        .order_by(adjustment.c.value_on.desc(), adjustment.c.id.desc())
    )
    return [
        AdjustmentRow(
            adjustment_id=row["id"],
            kind=row["kind"],
            value_on=row["value_on"],
            until_on=row["until_on"],
            bill_ids=tuple(json.loads(row["bill_ids"])),
            amount_fen=row["amount_fen"],
            ratio=row["ratio"],
            is_retroactive=row["is_retroactive"],
            reason=row["reason"],
            reversed_on=row["reversed_on"],
        )
        for row in session.execute(query).mappings()
    ]


def notices(session: Session, unit_id: int) -> list[NoticeRow]:
    """Return the notices of the unit, newest first, each with what the owner did with it."""
    slips = acknowledgements.marks(session, [unit_id])
    query = (
        sa.select(notice, notice_batch.c.state)
        .join(notice_batch, notice_batch.c.id == notice.c.batch_id)
        .where(notice.c.unit_id == unit_id)
        .order_by(notice.c.as_of.desc(), notice.c.id.desc())
    )
    return [
        NoticeRow(
            notice_id=row["id"],
            number=row["number"],
            level=row["level"],
            as_of=row["as_of"],
            deadline_on=row["deadline_on"],
            principal_fen=row["principal_fen"],
            late_charge_fen=row["late_charge_fen"],
            document_id=row["document_id"],
            batch_id=row["batch_id"],
            is_released=row["state"] in {"released", "done"},
            slip=slips.get(row["id"], acknowledgements.Mark()),
        )
        for row in session.execute(query).mappings()
    ]


def open_requests(session: Session, unit_id: int) -> int:
    """Return how many waiver or discount requests of the unit wait for a decision."""
    query = (
        sa.select(sa.func.count())
        .select_from(waiver_request)
        .where(waiver_request.c.unit_id == unit_id, waiver_request.c.state == "requested")
    )
    return int(session.execute(query).scalar_one())


def unit_of_payment(session: Session, payment_id: int) -> int | None:
    """Return the unit a payment is of, or None."""
    return session.execute(sa.select(payment.c.unit_id).where(payment.c.id == payment_id)).scalar_one_or_none()


def unit_of_notice(session: Session, notice_id: int) -> int | None:
    """Return the unit a notice is of, or None."""
    return session.execute(sa.select(notice.c.unit_id).where(notice.c.id == notice_id)).scalar_one_or_none()
