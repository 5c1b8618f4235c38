"""Taking money: any amount, named bills, credit, back-dating, reversal, and the same form sent twice."""

from __future__ import annotations

import datetime as dt
import threading
from itertools import permutations

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.domain.calendar import add_months
from app.domain.errors import Refusal
from app.domain.ledger import statement
from app.services import payments
from app.store import arrears, db, documents, ledger, verify
from app.store.payments import allocations
from app.store.tables import account, allocation, payment
from tests.making import NOW, TODAY, Estate, add_bill, add_owner, make_estate

JAN, FEB = dt.date(2026, 1, 10), dt.date(2026, 2, 10)


@pytest.fixture
def made(engine: Engine) -> Estate:
    """Return a unit that owes 240.00 for January and for February."""
    with db.transaction(engine) as session:
        found = make_estate(session)
        add_owner(session, found, found.units[0], "欧阳娜")
        for due_on in (JAN, FEB):
            add_bill(session, found, due_on)
    return found


def take(session: Session, made: Estate, amount_fen: int, **changes: object) -> payments.Recorded:
    fields = {"unit_id": made.units[0], "received_on": TODAY, "amount_fen": amount_fen, "method": payments.Method.CASH}
    key = str(changes.pop("key", f"key-{amount_fen}-{changes}"))
    may_back_date = bool(changes.pop("may_back_date", True))
    may_be_twin = bool(changes.pop("may_be_twin", True))
    return payments.record(
        session,
        receipt=payments.Receipt(**(fields | changes)),  # type: ignore[arg-type]
        today=TODAY,
        now=NOW,
        actor_id=None,
        actor="陈会计",
        may_back_date=may_back_date,
        may_be_twin=may_be_twin,
        key=key,
    )


def open_bills(session: Session, made: Estate, as_of: dt.date = TODAY) -> list[tuple[int, int]]:
    found = arrears.bills_on(session, as_of=as_of, unit_ids=made.units)
    return [(bill.principal_fen, bill.late_charge_fen) for bill in found if bill.total_fen]


def test_the_older_principal_goes_first_and_then_the_late_charge(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        take(session, made, 50_000)
        # late charge to 2 March: 240.00 x 51 days = 12.24 and x 20 days = 4.80; 20.00 is left after the principal
        assert open_bills(session, made) == []
        head = session.execute(sa.select(account.c.credit_fen)).scalar_one()
        assert head == 50_000 - 48_000 - 1_224 - 480


def test_a_part_payment_of_one_fen_is_taken(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        take(session, made, 1)
        assert open_bills(session, made) == [(23_999, 1_224), (24_000, 480)]


def test_the_payers_choice_of_bill_wins(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        second = arrears.bills_on(session, as_of=TODAY, unit_ids=made.units)[1].bill_id
        take(session, made, 24_000, bill_ids=[second])
        assert open_bills(session, made) == [(24_000, 1_224), (0, 480)]


def test_what_is_shown_before_is_what_is_booked_after(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        wish = payments.Receipt(made.units[0], TODAY, 30_000, payments.Method.WECHAT)
        shown = payments.preview(session, receipt=wish, today=TODAY)
        assert session.execute(sa.select(sa.func.count()).select_from(payment)).scalar_one() == 0
        take(session, made, 30_000)
        booked = [
            (row["bill_id"], row["component"], row["amount_fen"]) for row in allocations(session, unit_id=made.units[0])
        ]
        assert sorted(booked) == sorted((part.bill_id, part.component, part.amount_fen) for part in shown.parts)
        after = sum(principal + late for principal, late in open_bills(session, made))
        assert after == shown.due_after_fen


def test_the_same_form_sent_twice_is_one_payment_and_one_receipt(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        first = take(session, made, 10_000, key="form-1")
    with db.transaction(engine) as session:
        second = take(session, made, 10_000, key="form-1")
        assert (second.payment_id, second.receipt_number, second.repeated) == (
            first.payment_id,
            first.receipt_number,
            True,
        )
        assert session.execute(sa.select(sa.func.count()).select_from(payment)).scalar_one() == 1
        with pytest.raises(Refusal, match=r"payment\.key_reused"):
            take(session, made, 10_001, key="form-1")


def test_two_clerks_paying_the_same_bill_at_once_make_credit_not_nonsense(engine: Engine, made: Estate) -> None:
    start = threading.Barrier(2, timeout=20)
    failures: list[Exception] = []

    def clerk(name: str) -> None:
        try:
            start.wait()
            with db.transaction(engine) as session:
                take(session, made, 30_000, key=f"clerk-{name}")
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            failures.append(error)

    clerks = [threading.Thread(target=clerk, args=(name,)) for name in "ab"]
    for one in clerks:
        one.start()
    for one in clerks:
        one.join(timeout=60)
    assert failures == []
    with db.transaction(engine) as session:
        booked = int(session.execute(sa.select(sa.func.sum(allocation.c.amount_fen))).scalar_one())
        credit = session.execute(sa.select(account.c.credit_fen)).scalar_one()
        assert (booked + credit, credit) == (60_000, 60_000 - 48_000 - 1_224 - 480)
        numbers = session.execute(sa.text("SELECT number FROM document ORDER BY number")).scalars().all()
        assert numbers == ["SJ0126000001", "SJ0126000002"]
        assert not verify.ledger_report(session).problems


def test_the_same_form_sent_twice_at_once_is_one_payment(engine: Engine, made: Estate) -> None:
    start = threading.Barrier(2, timeout=20)
    answers: list[payments.Recorded] = []

    def click() -> None:
        start.wait()
        with db.transaction(engine) as session:
            answers.append(take(session, made, 7_000, key="double-click"))

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join(timeout=60)
    assert len({answer.payment_id for answer in answers}) == 1
    assert sorted(answer.repeated for answer in answers) == [False, True]


def test_what_a_colleague_has_just_taken_needs_a_second_look(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        take(session, made, 9_000, key="mine")
        with pytest.raises(Refusal) as refused:
            take(session, made, 9_000, key="yours", may_be_twin=False)
        assert (refused.value.code, refused.value.facts["receipt"]) == ("payment.twin", "SJ0126000001")
        session.rollback()


def test_money_entered_late_gives_the_figures_of_money_entered_in_time(engine: Engine) -> None:
    found = []
    entered = [(dt.date(2026, 1, 20), 5_000), (dt.date(2026, 2, 1), 20_000), (dt.date(2026, 2, 20), 3_000)]
    for place, order in enumerate(permutations(entered)):
        with db.transaction(engine) as session:
            made = make_estate(session, name=f"小区{place}")
            for due_on in (JAN, FEB):
                add_bill(session, made, due_on)
            for on, amount in order:
                take(session, made, amount, received_on=on, key=f"{place}-{amount}")
            found.append(
                [open_bills(session, made, as_of) for as_of in (dt.date(2026, 1, 31), dt.date(2026, 2, 15), TODAY)]
            )
            assert not verify.ledger_report(session).problems
    assert all(one == found[0] for one in found)


def test_back_dating_needs_the_right_and_the_future_is_refused(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        with pytest.raises(Refusal, match=r"payment\.back_dated"):
            take(session, made, 100, received_on=JAN, may_back_date=False)
        with pytest.raises(Refusal, match=r"date\.in_future"):
            take(session, made, 100, received_on=TODAY + dt.timedelta(days=1))
        session.rollback()


@pytest.mark.parametrize(
    ("amount_fen", "code"), [(0, "money.not_positive"), (-500, "money.not_positive"), (10**13, "money.too_large")]
)
def test_no_payment_of_nothing_or_of_everything(engine: Engine, made: Estate, amount_fen: int, code: str) -> None:
    with db.transaction(engine) as session, pytest.raises(Refusal) as refused:
        take(session, made, amount_fen)
    assert (refused.value.code, refused.value.field) == (code, "amount")


def test_a_bounced_cheque_counts_as_never_made_from_its_day(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        before = open_bills(session, made)
        taken = take(session, made, 48_000, received_on=dt.date(2026, 2, 20))
        back = {"payment_id": taken.payment_id, "today": TODAY, "now": NOW, "actor_id": None, "actor": "陈会计"}
        with pytest.raises(Refusal, match=r"reversal\.before_payment"):
            payments.reverse(session, on=JAN, reason="退票", key="r0", **back)  # type: ignore[arg-type]
        payments.reverse(session, on=TODAY, reason="退票", key="r1", **back)  # type: ignore[arg-type]
        payments.reverse(session, on=TODAY, reason="退票", key="r1", **back)  # type: ignore[arg-type]
        assert open_bills(session, made) == before
        yesterday = TODAY - dt.timedelta(days=1)
        assert sum(principal for principal, _ in open_bills(session, made, yesterday)) == 0, "it counted until then"
        with pytest.raises(Refusal, match=r"reversal\.twice"):
            payments.reverse(session, on=TODAY, reason="退票", key="r2", **back)  # type: ignore[arg-type]
        assert not verify.ledger_report(session).problems
        session.rollback()


def test_a_receipt_freezes_what_was_paid_and_what_is_left(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        taken = take(session, made, 30_000, reference="4200001234", payer="欧阳娜")
        facts = documents.facts_of(documents.by_id(session, taken.receipt_id))
        assert (facts["number"], facts["amount_fen"], facts["owners"]) == ("SJ0126000001", 30_000, ["欧阳娜"])
        assert [(line["due_fen"], line["paid_fen"], line["left_fen"]) for line in facts["lines"]] == [
            (24_000, 24_000, 0),
            (1_224, 0, 1_224),
            (24_000, 6_000, 18_000),
            (480, 0, 480),
        ]
        take(session, made, 1_000)
        again = documents.facts_of(documents.by_id(session, taken.receipt_id))
        assert again == facts


def test_a_receipt_names_what_of_the_bills_it_touched_is_still_open(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        taken = take(session, made, 48_000)
        facts = documents.facts_of(documents.by_id(session, taken.receipt_id))
        # 51 and 20 days at 0.24 yuan are owed still, though nothing was paid on them.
        assert [(line["component"], line["paid_fen"], line["left_fen"]) for line in facts["lines"]] == [
            ("principal", 24_000, 0),
            ("late_charge", 0, 1_224),
            ("principal", 24_000, 0),
            ("late_charge", 0, 480),
        ]
        assert sum(line["left_fen"] for line in facts["lines"]) == sum(map(sum, open_bills(session, made)))


def test_a_receipt_shows_what_was_waived_of_a_bill_it_settles(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        bill_id = arrears.bills_on(session, as_of=TODAY, unit_ids=made.units)[0].bill_id
        row = {
            "kind": "late_charge_waiver",
            "value_on": TODAY,
            "bill_ids": f"[{bill_id}]",
            "amount_fen": 1_000,
            "recorded_at": NOW,
        }
        ledger.post(session, ledger.Posting(made.units[0], "adjustment", row), through=TODAY)
        taken = take(session, made, 24_224, bill_ids=(bill_id,))
        facts = documents.facts_of(documents.by_id(session, taken.receipt_id))
        wanted = ("component", "due_fen", "waived_fen", "paid_fen", "left_fen")
        assert [tuple(line[name] for name in wanted) for line in facts["lines"]] == [
            ("principal", 24_000, 0, 24_000, 0),
            ("late_charge", 1_224, 1_000, 224, 0),
        ]


def test_a_receipt_freezes_the_order_and_what_becomes_of_credit(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session, allocation_across="art560", credit_mode="keep")
        add_bill(session, made, JAN)
        agreed = make_estate(session, name="望江苑")
        add_bill(session, agreed, JAN)
        for place, is_agreed in ((made, False), (agreed, True)):
            taken = take(session, place, 30_000, key=f"receipt {is_agreed}")
            facts = documents.facts_of(documents.by_id(session, taken.receipt_id))
            assert (facts["is_oldest_first"], facts["is_credit_applied"]) == (is_agreed, is_agreed)


def test_a_receipt_prints_a_working_only_where_it_gives_the_amount(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session, area_e3=89_120, price_e4=28_000)
        first, last = dt.date(2025, 1, 1), dt.date(2025, 3, 31)
        for place, (principal, price) in enumerate(((74_862, 28_000), (78_426, 30_000))):
            row = {
                "community_id": made.community_id,
                "fee_item_id": made.item_id,
                "period_from_on": add_months(first, 3 * place),
                "period_to_on": last if not place else dt.date(2025, 6, 30),
                "principal_fen": principal,
                "issued_on": first,
                "due_on": dt.date(2025, 1, 10 + place),
                "plan_id": made.plan_id,
                "quantity_e3": 89_120,
                "price_e4": price,
                "months": 3,
                "grace_mode": "none",
                "grace_days": 0,
            }
            ledger.post(session, ledger.Posting(made.units[0], "bill", row), through=TODAY)
        taken = take(session, made, 153_288)
        lines = documents.facts_of(documents.by_id(session, taken.receipt_id))["lines"]
        plain, changed = (line for line in lines if line["component"] == "principal")
        assert (plain["quantity_e3"], plain["price_e4"], plain["months"]) == (89_120, 28_000, 3)
        assert (changed["quantity_e3"], changed["price_e4"], changed["months"]) == (None, None, None)


def test_nothing_is_gained_or_lost_whatever_is_taken_and_taken_back(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        taken = [take(session, made, amount) for amount in (11, 23_989, 60_000)]
        payments.reverse(
            session,
            payment_id=taken[1].payment_id,
            on=TODAY,
            reason="录错户",
            today=TODAY,
            now=NOW,
            actor_id=None,
            actor="a",
            key="back",
        )
        booked = int(session.execute(sa.select(sa.func.sum(allocation.c.amount_fen))).scalar_one())
        credit = session.execute(sa.select(account.c.credit_fen)).scalar_one()
        assert booked + credit == 11 + 60_000
        told = statement(ledger.stories(session, made.units)[made.units[0]].account, TODAY)
        assert told.credit_fen == credit
