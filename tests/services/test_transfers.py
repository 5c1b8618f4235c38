"""Recording a change of owner for good: its figures are frozen, it acts once, and a wrong one leaves all as it was."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.domain.errors import Refusal
from app.domain.settling import settled
from app.services import ownership
from app.services.ownership import CreditChoice, NewOwner
from app.store import db, desk_reads, ledger, persons, transfers, verify
from app.store.tables_estate import estate_withdrawal
from tests.making import NOW, TODAY, Estate, add_bill, add_owner, add_user, make_estate

ON = dt.date(2026, 2, 1)
KEY = "k" * 20


def made_with_bills(session: Session) -> tuple[Estate, int]:
    """Return an estate whose unit owes January, and February after the transfer, and a user."""
    made = make_estate(session)
    add_owner(session, made, made.units[0], "单英")
    add_bill(session, made, dt.date(2026, 1, 10))
    add_bill(session, made, dt.date(2026, 2, 10))
    return made, add_user(session, "clerk")


def once(session: Session, made: Estate, user: int, *, now: dt.datetime = NOW, **more: object) -> int:
    asked: dict[str, object] = {
        "unit_id": made.units[0],
        "transfer_on": ON,
        "owners": [NewOwner("仇国华", share="50%"), NewOwner("解娜", share="50%")],
        "source": "不动产权证",
        "note": "",
        "credit": None,
        "today": TODAY,
        "now": now,
        "actor": "clerk",
        "actor_id": user,
        "key": KEY,
    }
    return ownership.transfer_once(session, **{**asked, **more})  # type: ignore[arg-type]


def back(session: Session, transfer_id: int, user: int, *, now: dt.datetime = NOW) -> int:
    return ownership.take_back(session, transfer_id=transfer_id, reason="登错户", now=now, actor="c", actor_id=user)


def code_of(refused: pytest.ExceptionInfo[Refusal]) -> str:
    return refused.value.code


def test_the_same_form_transfers_once(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made, user = made_with_bills(session)
        first = once(session, made, user)
        assert once(session, made, user) == first
        assert len(transfers.of_unit(session, made.units[0])) == 1
        with pytest.raises(Refusal) as refused:
            once(session, made, user, transfer_on=dt.date(2026, 2, 2))
        assert code_of(refused) == "form.key_reused"


def test_the_figures_of_a_transfer_stay_as_they_were(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made, user = made_with_bills(session)
        seen = ownership.plan(session, unit_id=made.units[0], transfer_on=ON, today=TODAY)
        row = transfers.by_id(session, once(session, made, user))
        assert settled(row["facts"], row["transfer_on"]) == seen
        assert (seen.stays_fen, seen.moves_fen) == (24_000 + 22 * 24, 24_000 + 20 * 24)
        pay = {"received_on": TODAY, "amount_fen": 10_000, "method": "cash", "recorded_at": NOW}
        pay |= {"community_id": made.community_id}
        ledger.post(session, ledger.Posting(made.units[0], "payment", pay), through=TODAY)
        row = transfers.by_id(session, row["id"])
        assert settled(row["facts"], row["transfer_on"]) == seen


def test_days_no_bill_covers_yet_and_a_bill_across_the_day_are_named(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made, _ = made_with_bills(session)
        seen = ownership.plan(session, unit_id=made.units[0], transfer_on=dt.date(2026, 2, 11), today=TODAY)
        [across] = seen.across
        assert (across.parts.days_before, across.parts.days_after) == (10, 18)
        assert across.parts.before_fen + across.parts.after_fen == across.principal_fen
        assert not across.is_new_owners
        later = ownership.plan(session, unit_id=made.units[0], transfer_on=TODAY, today=TODAY)
        assert [(one.from_on, one.days) for one in later.unbilled] == [(dt.date(2026, 3, 1), 1)]


def test_money_paid_ahead_asks_for_a_choice(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made, user = made_with_bills(session)
        pay = {"received_on": TODAY, "amount_fen": 100_000, "method": "cash", "recorded_at": NOW}
        pay |= {"community_id": made.community_id}
        ledger.post(session, ledger.Posting(made.units[0], "payment", pay), through=TODAY)
        with pytest.raises(Refusal) as refused:
            once(session, made, user)
        assert code_of(refused) == "transfer.credit_missing"
    with db.transaction(engine) as session:
        before = transfers.credit_of(session, made.units[0])
        made_id = once(session, made, user, credit=CreditChoice.REFUND, key="r" * 20)
        assert transfers.credit_of(session, made.units[0]) == before
        assert transfers.by_id(session, made_id)["credit"] == "refund"


def test_credit_to_be_paid_out_waits_until_the_ledger_holds_none_of_it(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made, user = made_with_bills(session)
        row = {"community_id": made.community_id, "received_on": ON, "amount_fen": 100_000, "method": "cash"}
        paid = ledger.post(session, ledger.Posting(made.units[0], "payment", row | {"recorded_at": NOW}), through=TODAY)
        assert transfers.refunds(session, community_id=made.community_id) == []
        made_id = once(session, made, user, credit=CreditChoice.REFUND)
        [waits] = transfers.refunds(session, community_id=made.community_id)
        assert (waits.id, waits.credit_fen) == (made_id, transfers.credit_of(session, made.units[0]))
        told = desk_reads.waiting(session, community_id=made.community_id, user_id=user, today=TODAY)
        assert told.refunds == 1
        back_row = {
            "target_kind": "payment",
            "target_id": paid,
            "value_on": TODAY,
            "reason": "退还",
            "recorded_at": NOW,
        }
        ledger.post(session, ledger.Posting(made.units[0], "reversal", back_row), through=TODAY)
        assert transfers.refunds(session, community_id=made.community_id) == []


def test_a_wrong_transfer_leaves_history_and_ledger_as_they_were(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made, user = made_with_bills(session)
        before = [tuple(row) for row in transfers.owners(session, made.units[0])]
        story = ledger.stories(session, list(made.units))
        transfer_id = once(session, made, user)
        back(session, transfer_id, user)
        assert [tuple(row) for row in transfers.owners(session, made.units[0])] == before
        assert ledger.stories(session, list(made.units)) == story
        kept = session.execute(sa.select(estate_withdrawal)).all()
        assert [(row.noun, row.from_on, row.reason) for row in kept] == [("owner", ON, "登错户")] * 2
        with pytest.raises(Refusal) as refused:
            back(session, transfer_id, user)
        assert code_of(refused) == "transfer.reversed"
        assert not verify.ledger_report(session).problems


def test_only_the_last_transfer_can_be_taken_back(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made, user = made_with_bills(session)
        first = once(session, made, user)
        second = once(session, made, user, transfer_on=TODAY, owners=[NewOwner("查理")], key="s" * 20)
        with pytest.raises(Refusal) as refused:
            back(session, first, user)
        assert code_of(refused) == "transfer.not_last"
        back(session, second, user)
        names = [row.name for row in persons.owners_on(session, unit_ids=made.units, as_of=TODAY)[made.units[0]]]
        assert names == ["仇国华", "解娜"]


def test_a_transfer_that_was_billed_since_stays_after_a_day(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made, user = made_with_bills(session)
        transfer_id = once(session, made, user)
        add_bill(session, made, dt.date(2026, 3, 10))
        ownership.may_take_back(session, transfer_id=transfer_id, now=NOW + dt.timedelta(hours=2))
        with pytest.raises(Refusal) as refused:
            back(session, transfer_id, user, now=NOW + dt.timedelta(days=2))
        assert code_of(refused) == "transfer.billed_since"


def test_a_day_before_the_present_owner_or_in_the_future_is_refused(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made, user = made_with_bills(session)
        for on, code in (
            (dt.date(2019, 1, 1), "owner.nothing_to_end"),
            (TODAY + dt.timedelta(days=1), "date.in_future"),
        ):
            with pytest.raises(Refusal) as refused:
                ownership.plan(session, unit_id=made.units[0], transfer_on=on, today=TODAY)
            assert code_of(refused) == code
        with pytest.raises(Refusal) as refused:
            once(session, made, user, source=" ")
        assert code_of(refused) == "transfer.source_missing"


def test_a_unit_without_an_owner_gets_its_first(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        user = add_user(session, "clerk")
        transfer_id = once(session, made, user)
        assert len(transfers.owners(session, made.units[0])) == 2
        back(session, transfer_id, user)
        assert transfers.owners(session, made.units[0]) == []


def test_who_joined_the_wrong_owner_goes_with_them(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made, user = made_with_bills(session)
        unit_id = made.units[0]
        before = [tuple(row) for row in transfers.owners(session, unit_id)]
        transfer_id = once(session, made, user)
        asked = {"unit_id": unit_id, "source": "", "today": TODAY, "now": NOW, "actor": "c"}
        ownership.add_co_owner(session, owner=NewOwner("丙"), from_on=TODAY, **asked)  # type: ignore[arg-type]
        back(session, transfer_id, user)
        assert [tuple(row) for row in transfers.owners(session, unit_id)] == before


def test_nobody_joins_owners_whose_time_is_over(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made, user = made_with_bills(session)
        once(session, made, user)
        asked = {"unit_id": made.units[0], "source": "", "today": TODAY, "now": NOW, "actor": "c"}
        with pytest.raises(Refusal) as refused:
            ownership.add_co_owner(
                session,
                owner=NewOwner("丙"),
                from_on=ON - dt.timedelta(days=9),
                **asked,  # type: ignore[arg-type]
            )
        assert code_of(refused) == "owner.ended_since"
