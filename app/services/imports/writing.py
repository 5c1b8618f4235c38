"""Writing a plan: fee items, people, units and their ties, then bills and payments through the ledger."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from app.domain.ledger import Grace, GraceMode
from app.domain.rates import ALWAYS, Rate
from app.domain.registry import BEFORE_RECORDS
from app.services.imports.report import Options, Work
from app.sheets import words
from app.sheets.plan import BillKey, KnownUnit, NewBill, NewPayment
from app.sheets.records import Relation
from app.store import estate, imports, ledger, plans, search_keys
from app.store.types import canonical


def write_estate(session: Session, *, work: Work, batches: dict[int, int], options: Options) -> None:
    """Write fee items, people, units and what ties them together."""
    _write_items(session, work, options)
    _write_people(session, work, batches)
    _write_units(session, work, batches)
    units = work.snapshot.units
    owners, contacts = [], []
    for tie in work.plan.ties:
        row: dict[str, Any] = {
            "unit_id": units[tie.unit].id,
            "person_id": tie.someone.id,
            "from_on": BEFORE_RECORDS,
        }
        if tie.relation is Relation.OWNER:
            owners.append({**row, "source": "import", "import_id": batches[tie.file]})
        else:
            contacts.append({**row, "relation": tie.relation.value})
    imports.add_ownerships(session, owners)
    imports.add_contacts(session, contacts)
    search_keys.refresh(session, [known.id or 0 for known in units.values() if not known.is_new and _is_touched(known)])
    items = work.snapshot.items
    estate.set_unit_fees(
        session,
        [
            {"unit_id": units[code].id, "fee_item_id": items[name].id, "from_on": from_on, "price_e4": price}
            for code, name, from_on, price in work.plan.fees
        ],
    )


def _write_items(session: Session, work: Work, options: Options) -> None:
    plan_id = None
    for item in work.plan.items:
        if item.id is None:
            plan_id = plan_id or _rate_plan(session, work, options.late_charge)
            item.id = estate.create_fee_item(
                session,
                {
                    "community_id": work.community_id,
                    "name": item.name,
                    "basis": item.basis.value,
                    "cycle_months": item.cycle_months,
                    "due_day": options.due_day,
                    "plan_id": plan_id,
                    "starts_on": item.starts_on,
                    "applies_to": "listed" if item.is_listed else "all",
                },
            )
        if item.new_tariff_on is not None:
            estate.add_tariff(
                session, fee_item_id=item.id, usage_type="", from_on=item.new_tariff_on,
                price_e4=item.price_e4 or 0, addition_e4=item.addition_e4, source_clause="",
            )  # fmt: skip


def _rate_plan(session: Session, work: Work, rate: Rate) -> int:
    """Return the community's first rate plan, or a new one with the rate the import was given."""
    standing = [row.plan_id for row in estate.fee_items(session, _community_id(work))]
    if standing:
        return int(min(standing))
    first = plans.Policy(ALWAYS, rate, Grace(mode=GraceMode.NONE, days=0), None, "")
    return plans.create(session, community_id=_community_id(work), name=words.DEFAULT_ITEM, policies=[first])


def _write_people(session: Session, work: Work, batches: dict[int, int]) -> None:
    fresh = [someone for someone in work.plan.people if someone.id is None]
    changed = [someone for someone in work.plan.people if someone.id is not None]
    ids = imports.add_people(
        session,
        [
            {
                "community_id": work.community_id,
                "name": someone.name,
                "phone": someone.phone,
                "id_number": someone.id_number,
                "import_id": batches[someone.file],
            }
            for someone in fresh
        ],
    )
    for someone, number in zip(fresh, ids, strict=True):
        someone.id = number
    imports.change_people(session, [(someone.id or 0, someone.phone, someone.id_number) for someone in changed])


def _write_units(session: Session, work: Work, batches: dict[int, int]) -> None:
    fresh = [known for known in work.plan.units if known.id is None]
    rows = [
        {
            "community_id": work.community_id,
            "code": known.code.code,
            "label": known.code.label,
            "building": known.code.building,
            "entrance": known.code.entrance,
            "room": known.code.room,
            "floor": known.code.floor,
            "sort_key": known.code.sort_key,
            "search_key": _search_key(known),
            "usage_type": known.usage.value,
            "area_e3": known.area_e3,
            "handed_over_on": known.handed_over_on,
            "import_id": batches[known.file],
        }
        for known in fresh
    ]
    for known, number in zip(fresh, imports.add_units(session, rows), strict=True):
        known.id = number
    ledger.open_accounts(session, [(known.id or 0, _community_id(work)) for known in fresh])
    new = {known.code.code for known in fresh}
    imports.change_units(
        session,
        [
            {
                "b_id": known.id,
                "area_e3": known.area_e3,
                "usage_type": known.usage.value,
            }
            for code, known in work.snapshot.units.items()
            if code not in new and known.is_changed
        ],
    )


def _is_touched(known: KnownUnit) -> bool:
    return known.is_changed or known.people_changed or any(someone.is_changed for someone in known.owners)


def _search_key(known: KnownUnit) -> str:
    people = [*known.owners, *(someone for someone, _ in known.contacts)]
    return search_keys.search_key(
        code=known.code.code,
        label=known.code.label,
        names=[someone.name for someone in people],
        phone_tails=[someone.phone_tail for someone in people],
    )


def write_money(
    session: Session, *, work: Work, batches: dict[int, int], today: dt.date, now: dt.datetime, actor_id: int | None
) -> None:
    loaded = plans.load(session, {row.plan_id for row in estate.fee_items(session, _community_id(work))})
    plan_of = {row.id: loaded[row.plan_id] for row in estate.fee_items(session, _community_id(work))}
    postings = [_bill(work, bill, plan_of, batches) for bill in work.plan.bills]
    ids = ledger.post_many(session, postings, through=today)
    numbers: dict[BillKey, int] = {key: bill.id for key, bill in work.snapshot.bills.items() if not bill.is_undone}
    numbers |= {(bill.unit, bill.item, bill.from_on): number for bill, number in zip(work.plan.bills, ids, strict=True)}
    rest = {"recorded_at": now, "recorded_by": actor_id}
    ledger.post_many(
        session,
        [_payment(work, new, numbers, {**rest, "import_id": batches[new.file]}) for new in work.plan.payments],
        through=today,
    )


def _bill(work: Work, bill: NewBill, plan_of: dict[int, plans.Plan], batches: dict[int, int]) -> ledger.Posting:
    item_id = work.snapshot.items[bill.item].id or 0
    policy = plan_of[item_id].policy_on(bill.due_on)
    row = {
        "community_id": work.community_id,
        "fee_item_id": item_id,
        "period_from_on": bill.from_on,
        "period_to_on": bill.to_on,
        "issue": bill.issue,
        "principal_fen": bill.amount_fen,
        "issued_on": bill.issued_on,
        "due_on": bill.due_on,
        "plan_id": plan_of[item_id].id,
        "grace_mode": policy.grace.mode.value,
        "grace_days": policy.grace.days,
        "cap_fen": policy.cap_fen(bill.amount_fen),
        "import_id": batches[bill.file],
    }
    return ledger.Posting(work.snapshot.units[bill.unit].id or 0, "bill", row)


def _payment(work: Work, new: NewPayment, numbers: dict[BillKey, int], rest: dict[str, Any]) -> ledger.Posting:
    receipt = new.receipt
    row = {
        "community_id": work.community_id,
        "received_on": receipt.received_on,
        "amount_fen": receipt.amount_fen,
        "method": receipt.method,
        "reference": receipt.reference,
        "payer": receipt.payer,
        "note": receipt.note or ("" if receipt.item == words.DEFAULT_ITEM else receipt.item),
        "designated": canonical([numbers[new.bill]] if new.bill is not None else []),
        **rest,
    }
    return ledger.Posting(work.snapshot.units[receipt.unit.code].id or 0, "payment", row)


def _community_id(work: Work) -> int:
    if work.community_id is None:
        msg = "nothing is written before the community is"
        raise AssertionError(msg)
    return work.community_id
