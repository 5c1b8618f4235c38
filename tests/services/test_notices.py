"""Notice batches: who is selected, who is left out and why, what is frozen, and what a second run does."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.documents import codec
from app.documents.contexts import NoticeFacts
from app.domain.errors import Refusal
from app.domain.notices import SkipReason
from app.jobs import rendering
from app.services import billing, notice_care, notice_issue, notices, ownership, payments
from app.store import arrears, db, documents, ledger, owner_links, sealing
from app.store import notices as store
from app.store.tables import ownership as ownership_table
from app.store.tables_office import document, notice, notice_bill, owner_token
from app.store.types import canonical
from tests import making
from tests.services import noticing
from tests.services.noticing import NOW, TODAY

KEYS = ((0, "first"), (1, "second"))


@pytest.fixture
def made(engine: Engine) -> making.Estate:
    return noticing.build(engine)


def pay(engine: Engine, unit_id: int, amount_fen: int, *, on: dt.date = TODAY, bill_ids: tuple[int, ...] = ()) -> None:
    with db.transaction(engine) as session:
        payments.record(
            session,
            receipt=payments.Receipt(unit_id, on, amount_fen, payments.Method.BANK, bill_ids=bill_ids),
            today=on,
            now=NOW,
            actor_id=None,
            actor="clerk",
            may_back_date=True,
            key=f"pay {unit_id} {amount_fen} {on}",
        )


def hold(session: Session, unit_id: int, *, bill_ids: tuple[int, ...] = (), **flags: bool) -> int:
    row = {
        "kind": "hold",
        "value_on": dt.date(2026, 2, 1),
        "until_on": dt.date(2026, 6, 30),
        "bill_ids": canonical(list(bill_ids)),
        "stops_accrual": False,
        "recorded_at": NOW,
        **flags,
    }
    return ledger.post(session, ledger.Posting(unit_id, "adjustment", row), through=TODAY)


def issue_all(engine: Engine, batch_id: int, *, today: dt.date = TODAY) -> int:
    count, left = 0, True
    while left:
        with db.transaction(engine) as session:
            step = notice_issue.issue(session, batch_id=batch_id, today=today, now=NOW)
        count, left = count + step.notices, step.left
    return count


def facts_of(engine: Engine, batch_id: int) -> dict[str, NoticeFacts]:
    ids = [row["document_id"] for row in noticing.rows(engine, batch_id) if row["document_id"]]
    with db.reading(engine) as session:
        found = [codec.from_json(NoticeFacts, json.loads(row.facts)) for row in documents.by_ids(session, ids)]
    return {one.addressee.unit_label: one for one in found}


# --- selection ------------------------------------------------------------------------------------


def test_everybody_overdue_is_selected_in_walking_order(engine: Engine, made: making.Estate) -> None:
    with db.reading(engine) as session:
        seen = notices.preview(session, wanted=noticing.wanted(made), today=TODAY)
    assert [one.code for one in seen.selected] == list(noticing.CODES)
    assert not seen.skipped


def test_a_preview_writes_nothing(engine: Engine, made: making.Estate) -> None:
    with db.reading(engine) as session:
        notices.preview(session, wanted=noticing.wanted(made), today=TODAY)
        assert store.batches(session, community_ids=[made.community_id]) == []


def test_the_level_says_how_old_a_debt_must_be_unless_the_office_does(engine: Engine, made: making.Estate) -> None:
    with db.reading(engine) as session:
        by_level = notices.preview(session, wanted=noticing.wanted(made, min_days=None, level=3), today=TODAY)
        by_hand = notices.preview(session, wanted=noticing.wanted(made, min_days=50, level=3), today=TODAY)
    assert len(by_level.candidates) == 0  # level 3 waits for 91 days
    assert len(by_hand.candidates) == 5


def test_units_picked_one_by_one_are_all_accounted_for(engine: Engine, made: making.Estate) -> None:
    pay(engine, made.units[0], 100_000)
    with db.transaction(engine) as session:
        other = making.make_estate(session, units=("1-1-101",), name="望江苑")
    picked = (made.units[0], made.units[1], other.units[0])
    with db.reading(engine) as session:
        by_level = noticing.wanted(made, unit_ids=picked, min_days=None, level=3)
        early = notices.preview(session, wanted=by_level, today=TODAY)
        seen = notices.preview(session, wanted=noticing.wanted(made, unit_ids=picked), today=TODAY)
    assert {one.code: one.reason for one in early.candidates} == {
        "1-1-101": SkipReason.PAID,
        "1-1-102": SkipReason.NOT_YET,
    }
    assert {one.code: one.reason for one in seen.candidates} == {"1-1-101": SkipReason.PAID, "1-1-102": None}


def test_a_level_that_is_not_there_is_refused(engine: Engine, made: making.Estate) -> None:
    with db.reading(engine) as session, pytest.raises(Refusal, match="level_unknown"):
        notices.preview(session, wanted=noticing.wanted(made, level=9), today=TODAY)


def test_a_unit_that_paid_is_not_selected_and_one_that_paid_since_is_left_out(
    engine: Engine, made: making.Estate
) -> None:
    pay(engine, made.units[0], 100_000)
    batch_id = noticing.draft(engine, made)
    pay(engine, made.units[1], 100_000)
    noticing.release(engine, batch_id)
    assert issue_all(engine, batch_id) == 3
    assert noticing.reasons(engine, batch_id) == noticing.only(SkipReason.PAID, "1-1-102")


def test_what_was_settled_after_the_day_of_the_figures_is_not_asked_for(engine: Engine, made: making.Estate) -> None:
    batch_id = noticing.draft(engine, made)
    later = TODAY + dt.timedelta(days=2)
    pay(engine, made.units[1], 100_000, on=later)
    pay(engine, made.units[2], 25_000, on=later)
    pay(engine, made.units[3], 48_000 + 1_272 + 100, on=later)
    noticing.release(engine, batch_id, today=later)
    assert issue_all(engine, batch_id, today=later) == 4
    assert noticing.reasons(engine, batch_id) == noticing.only(SkipReason.PAID, "1-1-102")
    found = {row["code"]: row for row in noticing.rows(engine, batch_id)}
    assert found["1-1-201"]["skip_reason"] == SkipReason.BALANCE_CHANGED.value
    told = facts_of(engine, batch_id)
    assert len(told[found["1-1-201"]["label"]].bills) == 2  # its late charge is still owed
    assert len(told[found["1-1-202"]["label"]].bills) == 1
    assert found["1-1-301"]["skip_reason"] == ""


def test_what_was_paid_in_part_after_the_day_of_the_figures_is_taken_off_them(
    engine: Engine, made: making.Estate
) -> None:
    batch_id = noticing.draft(engine, made)
    later = TODAY + dt.timedelta(days=2)
    pay(engine, made.units[0], 20_000, on=later)
    pay(engine, made.units[1], 48_000 + 100, on=later)
    noticing.release(engine, batch_id, today=later)
    issue_all(engine, batch_id, today=later)
    told = facts_of(engine, batch_id)
    [part, principal, *_, untouched] = [told[row["label"]] for row in noticing.rows(engine, batch_id)]
    # The late charge stays that of the 51 and 20 days up to the day of the figures.
    assert [(one.principal_fen, one.late_charge_fen) for one in part.bills] == [(4_000, 1_224), (24_000, 480)]
    assert [(one.principal_fen, one.late_charge_fen) for one in principal.bills] == [(0, 1_124), (0, 480)]
    assert (principal.bills[0].accrued_fen, principal.bills[0].late_paid_fen) == (1_224, 100)
    assert [one.deducted_fen for one in (part, principal, untouched)] == [20_000, 48_100, 0]
    assert part.as_of == TODAY


def test_a_bill_taken_back_after_the_day_of_the_figures_is_not_asked_for(engine: Engine, made: making.Estate) -> None:
    batch_id = noticing.draft(engine, made)
    later = TODAY + dt.timedelta(days=2)
    for place, count in ((0, 1), (1, 2)):
        with db.transaction(engine) as session:
            for found in arrears.bills_on(session, as_of=TODAY, unit_ids=[made.units[place]])[:count]:
                back = {"on": later, "reason": "重复出账", "today": later, "now": NOW, "actor_id": None}
                billing.reverse_bill(session, bill_id=found.bill_id, **back)  # type: ignore[arg-type]
    noticing.release(engine, batch_id, today=later)
    assert issue_all(engine, batch_id, today=later) == 4
    assert noticing.reasons(engine, batch_id) == noticing.only(SkipReason.PAID, "1-1-102")
    row = noticing.rows(engine, batch_id)[0]
    assert [one.due_on for one in facts_of(engine, batch_id)[row["label"]].bills] == [dt.date(2026, 2, 10)]


def test_a_unit_whose_charge_was_worked_out_anew_is_left_out(engine: Engine, made: making.Estate) -> None:
    batch_id = noticing.draft(engine, made)
    later = TODAY + dt.timedelta(days=2)
    with db.transaction(engine) as session:
        bill_id = arrears.bills_on(session, as_of=TODAY, unit_ids=[made.units[0]])[0].bill_id
        row = {
            "kind": "discount",
            "value_on": later,
            "bill_ids": canonical([bill_id]),
            "amount_fen": 4_000,
            "is_retroactive": True,
            "recorded_at": NOW,
        }
        ledger.post(session, ledger.Posting(made.units[0], "adjustment", row), through=later)
    noticing.release(engine, batch_id, today=later)
    assert issue_all(engine, batch_id, today=later) == 4
    assert noticing.reasons(engine, batch_id) == noticing.only(SkipReason.BALANCE_CHANGED, "1-1-101")


def test_a_dunning_hold_on_every_bill_leaves_the_unit_out_and_one_on_a_bill_only_that_bill(
    engine: Engine, made: making.Estate
) -> None:
    with db.transaction(engine) as session:
        hold(session, made.units[0], stops_dunning=True)
        bills = [one.bill_id for one in arrears.bills_on(session, as_of=TODAY, unit_ids=[made.units[1]])]
        hold(session, made.units[1], bill_ids=(bills[0],), stops_dunning=True)
        hold(session, made.units[2])  # stops neither letters nor calls
    batch_id = noticing.draft(engine, made)
    noticing.release(engine, batch_id)
    assert issue_all(engine, batch_id) == 4
    assert noticing.reasons(engine, batch_id) == noticing.only(SkipReason.ON_HOLD, "1-1-101")
    found = {row["code"]: row for row in noticing.rows(engine, batch_id)}
    assert found["1-1-102"]["skip_reason"] == SkipReason.ON_HOLD.value
    assert len(facts_of(engine, batch_id)[found["1-1-102"]["label"]].bills) == 1


def test_a_contact_hold_leaves_the_unit_out_until_it_is_taken_back(engine: Engine, made: making.Estate) -> None:
    with db.transaction(engine) as session:
        adjustment_id = hold(session, made.units[0], stops_contact=True)
    with db.reading(engine) as session:
        seen = notices.preview(session, wanted=noticing.wanted(made), today=TODAY)
    assert [(one.code, one.reason) for one in seen.skipped] == [("1-1-101", SkipReason.CONTACT_STOPPED)]
    with db.transaction(engine) as session:
        row = {"target_kind": "adjustment", "target_id": adjustment_id, "value_on": TODAY, "recorded_at": NOW}
        ledger.post(session, ledger.Posting(made.units[0], "reversal", row), through=TODAY)
    with db.reading(engine) as session:
        assert not notices.preview(session, wanted=noticing.wanted(made), today=TODAY).skipped


def test_a_unit_without_an_owner_is_left_out(engine: Engine, made: making.Estate) -> None:
    with db.transaction(engine) as session:
        session.execute(sa.delete(ownership_table).where(ownership_table.c.unit_id == made.units[0]))
    with db.reading(engine) as session:
        seen = notices.preview(session, wanted=noticing.wanted(made), today=TODAY)
    assert [(one.code, one.reason) for one in seen.skipped] == [("1-1-101", SkipReason.NO_OWNER)]


def test_a_name_the_font_lacks_is_left_out_rather_than_printed_in_another_look(
    engine: Engine, made: making.Estate
) -> None:
    with db.transaction(engine) as session:
        code = session.execute(sa.text("SELECT code FROM unit WHERE id = :id"), {"id": made.units[0]}).scalar_one()
        making.add_owner(session, made, made.units[0], "王\U0001f600")
    with db.reading(engine) as session:
        seen = notices.preview(session, wanted=noticing.wanted(made), today=TODAY)
    assert [(one.code, one.reason) for one in seen.skipped] == [(code, SkipReason.NAME_NOT_PRINTABLE)]


def test_nobody_is_asked_for_the_debt_of_a_former_owner(engine: Engine, made: making.Estate) -> None:
    for place, transfer_on in ((0, dt.date(2026, 2, 1)), (1, dt.date(2026, 2, 20))):
        with db.transaction(engine) as session:
            ownership.transfer(
                session,
                unit_id=made.units[place],
                transfer_on=transfer_on,
                as_of=transfer_on,
                owners=[ownership.NewOwner("钱多多")],
                source="",
                now=NOW,
                actor="clerk",
            )
    batch_id = noticing.draft(engine, made)
    noticing.release(engine, batch_id)
    assert issue_all(engine, batch_id) == 4
    assert noticing.reasons(engine, batch_id) == noticing.only(SkipReason.FORMER_OWNER, "1-1-102")
    row = noticing.rows(engine, batch_id)[0]
    found = facts_of(engine, batch_id)[row["label"]]
    assert row["skip_reason"] == SkipReason.FORMER_OWNER.value
    assert found.addressee.owners == ("钱多多",)
    assert [one.due_on for one in found.bills] == [dt.date(2026, 2, 10)]


def test_a_new_co_owner_is_not_asked_for_what_fell_due_before(engine: Engine, made: making.Estate) -> None:
    with db.transaction(engine) as session:
        making.add_owner(session, made, made.units[0], "钱多多", from_on=dt.date(2026, 2, 1))
    batch_id = noticing.draft(engine, made, unit_ids=(made.units[0],))
    noticing.release(engine, batch_id)
    assert issue_all(engine, batch_id) == 1
    [found] = facts_of(engine, batch_id).values()
    assert found.addressee.owners == ("王秀英", "钱多多")
    assert [one.due_on for one in found.bills] == [dt.date(2026, 2, 10)]


# --- drafting and releasing -----------------------------------------------------------------------


def test_the_same_form_sent_twice_drafts_one_batch(engine: Engine, made: making.Estate) -> None:
    assert noticing.draft(engine, made) == noticing.draft(engine, made)


def test_a_batch_for_nobody_is_refused(engine: Engine, made: making.Estate) -> None:
    with pytest.raises(Refusal, match="nobody"):
        noticing.draft(engine, made, min_days=500)


def test_a_draft_issues_nothing_and_a_released_batch_is_not_released_again(engine: Engine, made: making.Estate) -> None:
    batch_id = noticing.draft(engine, made)
    with pytest.raises(Refusal, match="not_released"):
        issue_all(engine, batch_id)
    noticing.release(engine, batch_id)
    with pytest.raises(Refusal, match="not_draft"):
        noticing.release(engine, batch_id)
    with db.transaction(engine) as session, pytest.raises(Refusal, match="not_draft"):
        notice_care.cancel(session, batch_id=batch_id, now=NOW, actor="clerk")


def test_a_draft_may_be_thrown_away(engine: Engine, made: making.Estate) -> None:
    batch_id = noticing.draft(engine, made)
    with db.transaction(engine) as session:
        notice_care.cancel(session, batch_id=batch_id, now=NOW, actor="clerk")
    with pytest.raises(Refusal, match="not_draft"):
        noticing.release(engine, batch_id)


def test_the_deadline_leaves_fifteen_days_from_release_and_ends_on_a_working_day(
    engine: Engine, made: making.Estate
) -> None:
    batch_id = noticing.draft(engine, made)
    friday = dt.date(2026, 3, 6)
    noticing.release(engine, batch_id, today=friday)
    issue_all(engine, batch_id, today=friday)
    found = next(iter(facts_of(engine, batch_id).values()))
    assert (found.as_of, found.issued_on) == (TODAY, friday)
    assert friday + dt.timedelta(days=15) == dt.date(2026, 3, 21)  # a Saturday
    assert found.deadline_on == dt.date(2026, 3, 23)


def test_a_batch_of_a_day_to_come_is_neither_drafted_nor_released(engine: Engine, made: making.Estate) -> None:
    tomorrow = TODAY + dt.timedelta(days=1)
    with pytest.raises(Refusal, match="as_of_in_future") as refused:
        noticing.draft(engine, made, as_of=tomorrow)
    assert refused.value.field == "as_of"
    batch_id = noticing.draft(engine, made)
    with pytest.raises(Refusal, match="as_of_in_future"):
        noticing.release(engine, batch_id, today=TODAY - dt.timedelta(days=1))
    noticing.release(engine, batch_id)


@pytest.mark.parametrize("address", ["", "http://127.0.0.1:8000"])
def test_a_batch_whose_codes_nobody_could_open_is_not_released_but_in_a_demonstration(
    engine: Engine, made: making.Estate, address: str
) -> None:
    batch_id = noticing.draft(engine, made)
    who: dict[str, Any] = {"batch_id": batch_id, "today": TODAY, "now": NOW, "actor_id": None, "actor": "manager"}
    with db.transaction(engine) as session, pytest.raises(Refusal, match="address_local"):
        notices.release(session, **who, public_url=address)
    with db.transaction(engine) as session:
        notices.release(session, **who, public_url=address, may_be_local=True)
    assert issue_all(engine, batch_id) == 5


# --- what is frozen -------------------------------------------------------------------------------


def test_a_notice_lists_every_overdue_bill_with_figures_that_foot(engine: Engine, made: making.Estate) -> None:
    pay(engine, made.units[0], 10_000, on=dt.date(2026, 2, 20))
    batch_id = noticing.draft(engine, made)
    noticing.release(engine, batch_id)
    issue_all(engine, batch_id)
    row = noticing.rows(engine, batch_id)[0]
    found = facts_of(engine, batch_id)[row["label"]]
    with db.reading(engine) as session:
        bills = arrears.bills_on(session, as_of=TODAY, unit_ids=[made.units[0]], overdue_only=True)
        listed = session.execute(
            sa.select(notice_bill).join(notice).where(notice.c.unit_id == made.units[0]).order_by(notice_bill.c.bill_id)
        ).all()
    assert [(one.principal_fen, one.late_charge_fen) for one in found.bills] == [
        (one.principal_fen, one.late_charge_fen) for one in bills
    ]
    assert [(one.bill_id, one.principal_fen, one.late_charge_fen) for one in listed] == [
        (one.bill_id, one.principal_fen, one.late_charge_fen) for one in bills
    ]
    first = found.bills[0]
    assert (first.original_fen, first.paid_fen, first.principal_fen) == (24_000, 10_000, 14_000)
    # 240 yuan for the 41 days to 20 February, 140 yuan for the 10 days since: 9.84 + 1.40
    assert [one.exact for one in first.segments] == ["9.84", "1.40"]
    assert first.late_charge_fen == 1_124
    assert row["principal_fen"] == found.principal_fen == 38_000


def test_a_notice_words_the_order_in_force_and_shows_a_working_only_where_it_holds(engine: Engine) -> None:
    sealing.attach(engine, b"k" * 32)
    with db.transaction(engine) as session:
        made = making.make_estate(session, allocation_across="art560")
        making.add_owner(session, made, made.units[0], "王秀英")
        for month, principal in ((1, 24_000), (2, 25_000)):
            row = {
                "community_id": made.community_id,
                "fee_item_id": made.item_id,
                "period_from_on": dt.date(2026, month, 1),
                "period_to_on": dt.date(2026, month, 28),
                "principal_fen": principal,
                "issued_on": dt.date(2026, month, 1),
                "due_on": dt.date(2026, month, 10),
                "plan_id": made.plan_id,
                "quantity_e3": 100_000,
                "price_e4": 24_000,
                "months": 1,
                "grace_mode": "none",
                "grace_days": 0,
            }
            ledger.post(session, ledger.Posting(made.units[0], "bill", row), through=TODAY)
    batch_id = noticing.draft(engine, made)
    noticing.release(engine, batch_id)
    issue_all(engine, batch_id)
    [found] = facts_of(engine, batch_id).values()
    assert not found.is_oldest_first
    assert [one.price_e4 for one in found.bills] == [24_000, None]


def test_numbers_have_no_gaps_and_notices_are_counted(engine: Engine, made: making.Estate) -> None:
    first = noticing.draft(engine, made, level=1)
    noticing.release(engine, first)
    issue_all(engine, first)
    later = TODAY + dt.timedelta(days=40)
    with db.transaction(engine) as session:
        second = notices.draft(
            session,
            wanted=noticing.wanted(made, as_of=later),
            today=later,
            now=NOW,
            actor_id=None,
            actor="clerk",
            source="office",
            key="k2",
        )
    noticing.release(engine, second, today=later)
    issue_all(engine, second, today=later)
    numbers = [row["number"] for batch_id in (first, second) for row in noticing.rows(engine, batch_id)]
    assert [int(number[-6:]) for number in numbers] == list(range(1, 11))
    assert {one.nth for one in facts_of(engine, second).values()} == {2}


def test_only_notices_that_listed_one_of_the_bills_are_counted(engine: Engine, made: making.Estate) -> None:
    first = noticing.draft(engine, made, level=1)
    noticing.release(engine, first)
    issue_all(engine, first)
    later = TODAY + dt.timedelta(days=60)
    with db.transaction(engine) as session:
        listed = arrears.bills_on(session, as_of=TODAY, unit_ids=made.units[:1])
        for unit_id in made.units[:2]:
            making.add_bill(session, made, dt.date(2026, 4, 10), unit_id=unit_id)
    everything = 48_000 + 2_664 + 1_920
    pay(engine, made.units[0], everything, on=later, bill_ids=tuple(one.bill_id for one in listed))
    second = noticing.draft(engine, made, key="k2", as_of=later, today=later, unit_ids=made.units[:2])
    noticing.release(engine, second, today=later)
    issue_all(engine, second, today=later)
    told = facts_of(engine, second)
    found = [told[row["label"]] for row in noticing.rows(engine, second)]
    assert [(one.nth, len(one.bills)) for one in found] == [(1, 1), (2, 3)]


def test_a_unit_is_left_in_peace_for_the_days_between_two_notices(engine: Engine, made: making.Estate) -> None:
    batch_id = noticing.draft(engine, made, level=1)
    noticing.release(engine, batch_id)
    issue_all(engine, batch_id)
    for days, reason in ((0, SkipReason.PAUSED), (14, SkipReason.PAUSED), (15, None)):
        on = TODAY + dt.timedelta(days=days)
        with db.reading(engine) as session:
            seen = notices.preview(session, wanted=noticing.wanted(made, as_of=on), today=on)
        assert {one.reason for one in seen.candidates} == {reason}


def test_two_batches_of_one_level_and_day_give_each_unit_one_notice(engine: Engine, made: making.Estate) -> None:
    batches = [noticing.draft(engine, made, key=key) for key in ("a", "b")]
    for batch_id in batches:
        noticing.release(engine, batch_id)
    assert [issue_all(engine, batch_id) for batch_id in batches] == [5, 0]
    assert noticing.reasons(engine, batches[1]) == noticing.only(SkipReason.ALREADY_NOTICED, *noticing.CODES)


def test_the_owners_link_is_kept_as_a_hash_and_printed_the_same_for_ever(
    engine: Engine, made: making.Estate, tmp_path: Path
) -> None:
    batch_id = noticing.draft(engine, made)
    noticing.release(engine, batch_id)
    issue_all(engine, batch_id)
    row = noticing.rows(engine, batch_id)[0]
    with db.reading(engine) as session:
        token = owner_links.notice_token(session, made.community_id, row["number"])
        opened = owner_links.link(session, token=token, at=NOW)
        assert opened is not None
        assert opened.unit_id == made.units[0]
        texts = session.execute(sa.select(document.c.facts)).scalars().all()
        assert session.execute(sa.select(sa.func.count()).select_from(owner_token)).scalar_one() == 5
    assert len(token) == 22
    assert not [text for text in texts if token in text]
    assert [text for text in texts if f'"owner_url":"{noticing.URL}/o/"' in text] == texts
    sealing.attach(engine, b"x" * 32)
    with db.reading(engine) as session:
        assert owner_links.notice_token(session, made.community_id, row["number"]) != token


def test_an_issued_notice_cannot_be_changed(engine: Engine, made: making.Estate) -> None:
    batch_id = noticing.draft(engine, made)
    noticing.release(engine, batch_id)
    issue_all(engine, batch_id)
    for table in (notice, notice_bill, document):
        with pytest.raises(DBAPIError, match="append-only"), db.transaction(engine) as session:
            session.execute(sa.delete(table))


# --- printing -------------------------------------------------------------------------------------


def finish(engine: Engine, batch_id: int, folder: Path, **printer: Any) -> rendering.Finished:
    return noticing.finish(engine, noticing.gateways(folder, noticing.PlainPrinter(**printer)), batch_id)


def test_a_finished_batch_has_a_file_for_each_notice_and_one_to_print_in_walking_order(
    engine: Engine, made: making.Estate, tmp_path: Path
) -> None:
    batch_id = noticing.draft(engine, made)
    noticing.release(engine, batch_id)
    done = finish(engine, batch_id, tmp_path)
    assert (done.issued, done.total, done.printed, done.problems) == (5, 5, 5, ())
    rows = noticing.rows(engine, batch_id)
    outside = noticing.gateways(tmp_path)
    assert [row["code"] for row in rows] == list(noticing.CODES)
    assert all(outside.files.has(row["sha256"]) for row in rows)
    with db.reading(engine) as session:
        batch = store.batch(session, batch_id)
    assert batch.state == "done"
    joined = outside.files.get(batch.print_sha256)
    assert joined.startswith(b"%PDF")


def test_finishing_again_changes_nothing(engine: Engine, made: making.Estate, tmp_path: Path) -> None:
    batch_id = noticing.draft(engine, made)
    noticing.release(engine, batch_id)
    finish(engine, batch_id, tmp_path)
    before, files = noticing.rows(engine, batch_id), sorted(tmp_path.rglob("*"))
    again = finish(engine, batch_id, tmp_path)
    assert (again.issued, again.printed) == (0, 5)
    assert noticing.rows(engine, batch_id) == before
    assert sorted(tmp_path.rglob("*")) == files


@pytest.mark.parametrize("after", [0, 1, 3, 4])
def test_a_run_killed_while_printing_is_taken_up_where_it_stopped(
    engine: Engine, made: making.Estate, tmp_path: Path, after: int
) -> None:
    batch_id = noticing.draft(engine, made)
    noticing.release(engine, batch_id)
    with pytest.raises(KeyboardInterrupt):
        finish(engine, batch_id, tmp_path, fails_after=after)
    numbers = [row["number"] for row in noticing.rows(engine, batch_id)]
    done = finish(engine, batch_id, tmp_path)
    assert (done.total, done.printed) == (5, 5)
    rows = noticing.rows(engine, batch_id)
    assert [row["number"] for row in rows] == numbers
    assert len({row["sha256"] for row in rows}) == 5
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 6  # five notices and the print file


def test_a_run_killed_while_issuing_loses_and_doubles_nothing(
    engine: Engine, made: making.Estate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = noticing.draft(engine, made)
    noticing.release(engine, batch_id)
    monkeypatch.setattr(notice_issue, "CHUNK", 2)
    kept, calls = store.settle_units, []

    def killed(session: Session, rows: Any) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        kept(session, rows)

    monkeypatch.setattr(store, "settle_units", killed)
    with pytest.raises(KeyboardInterrupt):
        finish(engine, batch_id, tmp_path)
    monkeypatch.setattr(store, "settle_units", kept)
    assert sum(1 for row in noticing.rows(engine, batch_id) if row["number"]) == 2
    done = finish(engine, batch_id, tmp_path)
    assert (done.issued, done.total, done.printed) == (3, 5, 5)
    assert [int(row["number"][-6:]) for row in noticing.rows(engine, batch_id)] == [1, 2, 3, 4, 5]


def test_one_notice_that_cannot_be_printed_is_named_and_the_others_are_printed(
    engine: Engine, made: making.Estate, tmp_path: Path
) -> None:
    batch_id = noticing.draft(engine, made)
    noticing.release(engine, batch_id)

    class Jam(noticing.PlainPrinter):
        def __call__(self, kind: str, facts: Any, *, token: str) -> Any:
            if facts["number"].endswith("3"):
                raise ValueError(kind)
            return super().__call__(kind, facts, token=token)

    done = noticing.finish(engine, noticing.gateways(tmp_path, Jam()), batch_id)
    assert (done.total, done.printed, [number[-6:] for number in done.problems]) == (5, 4, ["000003"])
    assert not done.is_done
    assert finish(engine, batch_id, tmp_path).is_done


def test_a_stop_between_two_steps_is_heard(engine: Engine, made: making.Estate, tmp_path: Path) -> None:
    batch_id = noticing.draft(engine, made)
    noticing.release(engine, batch_id)
    done = rendering.finish(
        engine, noticing.gateways(tmp_path), batch_id=batch_id, executor=rendering.Here(), go_on=lambda: False
    )
    assert (done.issued, done.printed) == (0, 0)
    assert [one.is_done for one in rendering.finish_all(engine, noticing.gateways(tmp_path), workers=1)] == [True]
    assert rendering.finish_all(engine, noticing.gateways(tmp_path), workers=1) == []


def test_a_batch_that_cannot_be_finished_does_not_stop_the_next(
    engine: Engine, made: making.Estate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = (noticing.draft(engine, made, key=key, unit_ids=made.units[place : place + 1]) for place, key in KEYS)
    for batch_id in (bad, good):
        noticing.release(engine, batch_id)
    issue = notice_issue.issue

    def fails(session: Session, *, batch_id: int, **how: Any) -> notice_issue.Issued:
        if batch_id == bad:
            raise KeyError(batch_id)
        return issue(session, batch_id=batch_id, **how)

    monkeypatch.setattr(notice_issue, "issue", fails)
    done = rendering.finish_all(engine, noticing.gateways(tmp_path), workers=1)
    assert [(one.batch_id, one.printed) for one in done] == [(good, 1)]


def test_a_receipt_is_printed_once_and_the_same_on_reprint(engine: Engine, made: making.Estate, tmp_path: Path) -> None:
    pay(engine, made.units[0], 10_000)
    with db.reading(engine) as session:
        [found] = documents.of_unit(session, made.units[0])
    printer = noticing.PlainPrinter()
    outside = noticing.gateways(tmp_path, printer)
    first = rendering.print_one(engine, outside, document_id=found.id)
    assert rendering.print_one(engine, outside, document_id=found.id) == first
    assert len(printer.printed) == 1


def test_what_the_nightly_run_found_due_waits_as_a_draft(engine: Engine, made: making.Estate) -> None:
    with db.transaction(engine) as session:
        batch_id = notices.draft_due(
            session, community_id=made.community_id, level=1, unit_ids=made.units[:2], as_of=TODAY, now=NOW
        )
        assert batch_id is not None
        batch = store.batch(session, batch_id)
    assert (batch.state, batch.source) == ("draft", "nightly")
    assert len(noticing.rows(engine, batch_id)) == 2
