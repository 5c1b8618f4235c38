"""Waivers and discounts: two people, limits, conditions that lapse, and what a discharge is."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.domain.errors import Refusal
from app.domain.waivers import WaiverKind, WaiverReason
from app.services import payments, waivers
from app.store import arrears, db, verify, waiver_review
from app.store import waivers as requests
from app.store.tables_office import waiver_request
from tests.making import NOW, TODAY, Estate, add_bill, add_user, make_estate

ASKED, DECIDES = 1, 2


@pytest.fixture
def made(engine: Engine) -> Estate:
    """Return a unit that owes 240.00 since 10 January (12.24 late charge) and since 10 February (4.80)."""
    with db.transaction(engine) as session:
        for login in ("asks", "decides"):
            add_user(session, login)
        found = make_estate(session)
        for due_on in (dt.date(2026, 1, 10), dt.date(2026, 2, 10)):
            add_bill(session, found, due_on)
    return found


def bills(session: Session, made: Estate) -> list[int]:
    return [bill.bill_id for bill in arrears.bills_on(session, as_of=TODAY, unit_ids=made.units)]


def owed(session: Session, made: Estate, as_of: dt.date = TODAY) -> list[tuple[int, int]]:
    found = arrears.bills_on(session, as_of=as_of, unit_ids=made.units)
    return [(bill.principal_fen, bill.late_charge_fen) for bill in found if bill.total_fen]


def ask(session: Session, made: Estate, kind: WaiverKind, **fields: object) -> int:
    wish = {"unit_id": made.units[0], "kind": kind, "bill_ids": bills(session, made), "reason": WaiverReason.HARDSHIP}
    return waivers.request(
        session,
        wish=waivers.Wish(**(wish | fields)),  # type: ignore[arg-type]
        today=TODAY,
        now=NOW,
        actor_id=ASKED,
        actor="asks",
        key=f"ask-{kind}-{fields}",
    )


def decide(session: Session, request_id: int, *, approve: bool = True, **fields: object) -> None:
    given = {"note": "属实", "actor_id": DECIDES, "actor": "decides", "limit_fen": 100_000}
    waivers.decide(
        session,
        request_id=request_id,
        approve=approve,
        today=TODAY,
        now=NOW,
        **(given | fields),  # type: ignore[arg-type]
    )


def take(session: Session, made: Estate, amount_fen: int) -> payments.Recorded:
    return payments.record(
        session,
        receipt=payments.Receipt(made.units[0], TODAY, amount_fen, payments.Method.CASH),
        today=TODAY,
        now=NOW,
        actor_id=None,
        actor="a",
        may_back_date=True,
        key=f"pay-{amount_fen}",
    )


def state(session: Session, request_id: int) -> str:
    return str(session.execute(sa.select(waiver_request.c.state).where(waiver_request.c.id == request_id)).scalar_one())


def test_a_waiver_forgives_late_charge_and_leaves_principal_and_tomorrow_alone(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        asked = ask(session, made, WaiverKind.LATE_CHARGE_WAIVER, ratio=Fraction(1, 2))
        assert owed(session, made) == [(24_000, 1_224), (24_000, 480)], "asking changes nothing"
        decide(session, asked)
        assert owed(session, made) == [(24_000, 612), (24_000, 240)]
        assert owed(session, made, TODAY + dt.timedelta(days=1)) == [(24_000, 636), (24_000, 264)]
        assert not verify.ledger_report(session).problems


def test_a_discount_lowers_principal_and_slows_the_late_charge(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        asked = ask(session, made, WaiverKind.DISCOUNT, amount_fen=30_000)
        decide(session, asked)
        assert owed(session, made) == [(0, 1_224), (18_000, 480)]
        assert owed(session, made, TODAY + dt.timedelta(days=1)) == [(0, 1_224), (18_000, 498)]


def test_the_effect_shown_is_the_effect_it_has(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        for kind, fields in (
            (WaiverKind.LATE_CHARGE_WAIVER, {"amount_fen": 600}),
            (WaiverKind.DISCOUNT, {"ratio": Fraction(1, 10), "is_retroactive": True}),
        ):
            wish = waivers.Wish(made.units[0], kind, bills(session, made), WaiverReason.ILLNESS, **fields)  # type: ignore[arg-type]
            shown = waivers.effect(session, wish=wish, today=TODAY)
            before = sum(principal + late for principal, late in owed(session, made))
            decide(session, ask(session, made, kind, **fields))
            after = sum(principal + late for principal, late in owed(session, made))
            assert before - after == shown.given_fen > 0


def test_nobody_decides_on_their_own_request(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        asked = ask(session, made, WaiverKind.LATE_CHARGE_WAIVER, ratio=Fraction(1))
        with pytest.raises(Refusal, match=r"waiver\.same_person"):
            decide(session, asked, actor_id=ASKED)
    with pytest.raises(IntegrityError), db.transaction(engine) as session:
        session.execute(sa.update(waiver_request).values(decided_by=ASKED, state="approved"))
    with pytest.raises(IntegrityError), db.transaction(engine) as session:
        session.execute(sa.update(waiver_request).values(decided_by=None, state="approved"))


def test_a_limit_holds_and_a_refusal_needs_a_reason(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        asked = ask(session, made, WaiverKind.LATE_CHARGE_WAIVER, ratio=Fraction(1))
        with pytest.raises(Refusal, match=r"waiver\.over_limit"):
            decide(session, asked, limit_fen=1_703)
        with pytest.raises(Refusal, match=r"waiver\.note_missing"):
            decide(session, asked, approve=False, note=" ")
        decide(session, asked, limit_fen=1_704)
        with pytest.raises(Refusal, match=r"waiver\.decided_already"):
            decide(session, asked)


def test_a_condition_that_is_met_forgives_and_a_bounced_payment_takes_it_back(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        asked = ask(session, made, WaiverKind.CONDITIONAL_WAIVER, pay_by_on=dt.date(2026, 3, 31))
        decide(session, asked)
        assert owed(session, made) == [(24_000, 1_224), (24_000, 480)], "nothing is forgiven before it is paid"
        taken = take(session, made, 48_000)
        assert owed(session, made) == []
        assert state(session, asked) == "met"
        payments.reverse(
            session,
            payment_id=taken.payment_id,
            on=TODAY,
            reason="退票",
            today=TODAY,
            now=NOW,
            actor_id=None,
            actor="a",
            key="back",
        )
        assert owed(session, made) == [(24_000, 1_224), (24_000, 480)]
        assert state(session, asked) == "approved"
        assert not verify.ledger_report(session).problems


def test_a_promise_counts_with_the_most_it_can_come_to_until_it_is_met_and_again_when_the_payment_bounces(
    engine: Engine, made: Estate
) -> None:
    def counted(session: Session) -> tuple[int, int, int]:
        year = waiver_review.budget(session, community_id=made.community_id, year=2026)
        told = waiver_review.given(
            session, community_id=made.community_id, first_on=dt.date(2026, 1, 1), last_on=dt.date(2026, 12, 31)
        )
        return year.used_fen, year.pending_fen, sum(row.effect_fen for row in told)

    with db.transaction(engine) as session:
        asked = ask(session, made, WaiverKind.CONDITIONAL_WAIVER, pay_by_on=dt.date(2026, 3, 12))
        assert counted(session) == (0, 2_184, 0), "17.04 today, 4.80 more by the last day"
        decide(session, asked)
        assert counted(session) == (2_184, 0, 1_704)
        taken = take(session, made, 48_000)
        assert counted(session) == (1_704, 0, 1_704), "what it came to, once it is met"
        payments.reverse(
            session, payment_id=taken.payment_id, on=TODAY, reason="退票", today=TODAY, now=NOW, actor_id=None,
            actor="a", key="back",
        )  # fmt: skip
        assert counted(session) == (2_184, 0, 1_704), "the promise stands again, with all it can come to"
        later = dt.date(2026, 3, 13)
        assert requests.follow_conditions(session, unit_ids=made.units, through=later) == 1
        assert counted(session) == (0, 0, 0), "a promise that lapsed gave nothing"


def test_a_condition_that_is_not_met_lapses_by_itself_and_all_is_owed(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        asked = ask(session, made, WaiverKind.CONDITIONAL_WAIVER, pay_by_on=dt.date(2026, 3, 5))
        decide(session, asked)
        later = dt.date(2026, 3, 6)
        assert requests.lapsing_units(session, before=later) == [made.units[0]]
        assert requests.follow_conditions(session, unit_ids=made.units, through=later) == 1
        assert state(session, asked) == "lapsed"
        assert owed(session, made, later) == [(24_000, 1_320), (24_000, 576)]


def test_a_condition_is_limited_in_time_and_by_what_it_may_come_to(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session, pytest.raises(Refusal, match=r"waiver\.pay_by_far"):
        ask(session, made, WaiverKind.CONDITIONAL_WAIVER, pay_by_on=dt.date(2099, 1, 1))
    with db.transaction(engine) as session:
        asked = ask(session, made, WaiverKind.CONDITIONAL_WAIVER, pay_by_on=dt.date(2026, 3, 12))
        # 17.04 today, 24.00 x 2 x 10 days more on the last day
        with pytest.raises(Refusal, match=r"waiver\.over_limit"):
            decide(session, asked, limit_fen=2_183)
        decide(session, asked, limit_fen=2_184)


def test_a_discharge_stays_and_a_promise_can_be_ended(engine: Engine, made: Estate) -> None:
    with db.transaction(engine) as session:
        given = ask(session, made, WaiverKind.LATE_CHARGE_WAIVER, amount_fen=100)
        who = {"today": TODAY, "now": NOW, "actor_id": DECIDES, "actor": "decides", "reason": "承诺作废"}
        who |= {"may_decide": True}
        with pytest.raises(Refusal, match=r"waiver\.not_yours"):
            waivers.undo(session, request_id=given, **who)  # type: ignore[arg-type]
        decide(session, given)
        with pytest.raises(Refusal, match=r"waiver\.discharged"):
            waivers.undo(session, request_id=given, **who)  # type: ignore[arg-type]
        promised = ask(session, made, WaiverKind.CONDITIONAL_WAIVER, pay_by_on=dt.date(2026, 3, 31))
        decide(session, promised)
        for changed, code in (({"may_decide": False}, "not_deciding"), ({"actor_id": ASKED}, "same_person")):
            with pytest.raises(Refusal, match=rf"waiver\.{code}"):
                waivers.undo(session, request_id=promised, **(who | changed))  # type: ignore[arg-type]
        waivers.undo(session, request_id=promised, **who)  # type: ignore[arg-type]
        assert state(session, promised) == "undone"
        take(session, made, 48_000)
        assert owed(session, made) == [(0, 1_124), (0, 480)]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "waiver.amount_or_ratio"),
        ({"amount_fen": 1, "ratio": Fraction(1)}, "waiver.amount_or_ratio"),
        ({"amount_fen": 0}, "money.not_positive"),
        ({"amount_fen": 1_705}, "waiver.exceeds_outstanding"),
        ({"ratio": Fraction(3, 2)}, "waiver.ratio_out_of_range"),
        ({"amount_fen": 1, "bill_ids": []}, "waiver.no_bills"),
        ({"amount_fen": 1, "bill_ids": [10**9]}, "waiver.unknown_bill"),
        ({"amount_fen": 1, "reason": WaiverReason.OTHER}, "waiver.reason_note_missing"),
    ],
)
def test_what_cannot_be_asked_for(engine: Engine, made: Estate, fields: dict[str, object], code: str) -> None:
    with db.transaction(engine) as session, pytest.raises(Refusal) as refused:
        ask(session, made, WaiverKind.LATE_CHARGE_WAIVER, **fields)
    assert refused.value.code == code
    assert refused.value.field


def test_money_found_late_is_booked_though_it_leaves_less_to_waive_than_was_waived(
    engine: Engine, made: Estate
) -> None:
    with db.transaction(engine) as session:
        decide(session, ask(session, made, WaiverKind.LATE_CHARGE_WAIVER, amount_fen=1_704))
    early = payments.Receipt(made.units[0], dt.date(2026, 2, 15), 24_000, payments.Method.BANK)
    with db.transaction(engine) as session:
        payments.record(
            session, receipt=early, today=TODAY, now=NOW, actor_id=None, actor="a", may_back_date=True, key="early"
        )
        assert owed(session, made) == [(24_000, 0)]
        assert not verify.ledger_report(session).problems
