"""Money behind the reports: a past day stands, what was given away ties to the ledger, and no clock is called late."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from app.domain.reporting import Standing
from app.store import clocks, db, report_money, report_reads
from app.store.report_reads import By, Scope
from app.store.tables import account
from app.store.tables_portal import acknowledgement
from tests.making import add_unit
from tests.store import reporting
from tests.store.reporting import FEB, JAN, Books, adjust, make, notify, pay, take_back
from tests.store.test_report_reads import two_buildings
from tests.store.test_running_state import STEPS, Step

YEAR = {"from_on": dt.date(2026, 1, 1), "to_on": dt.date(2026, 12, 31)}


def scope_of(books: Books, building: str = "") -> Scope:
    return Scope(books.made.community_id, building)


def whole(session: Session, scope: Scope, on: dt.date) -> Standing:
    return report_reads.standings(session, scope, on=on, by=By.NONE).get("", Standing())


def test_a_reversal_counts_on_its_own_day_so_that_a_past_day_stands(engine: Engine) -> None:
    with db.transaction(engine) as session:
        books = make(session)
        number = pay(session, books, books.first, JAN, 10_000, method="wechat", by=books.cashier)
        pay(session, books, books.second, JAN, 500, method="cash")

        def day(on: dt.date) -> dict[tuple[str, str], int]:
            rows = report_money.receipts(session, community_id=books.made.community_id, from_on=on, to_on=on)
            return {(row.method, row.cashier): row.net_fen for row in rows}

        before = day(JAN)
        take_back(session, books.first, "payment", number, FEB)
        name = f"cashier-{books.made.community_id}"
        assert before == day(JAN) == {("wechat", name): 10_000, ("cash", ""): 500}
        assert day(FEB) == {("wechat", name): -10_000}
        months = [(JAN.replace(day=1), JAN.replace(day=31)), (FEB.replace(day=1), FEB.replace(day=28))]
        assert report_money.monthly(session, community_id=books.made.community_id, months=months) == [10_500, -10_000]


def test_what_is_in_hand_less_what_is_booked_is_the_credit_of_the_accounts(engine: Engine) -> None:
    with db.transaction(engine) as session:
        books = make(session)
        pay(session, books, books.first, JAN, 100_000)
        pay(session, books, books.second, JAN, 300)
        on, scope = dt.date(2026, 3, 2), scope_of(books)
        held = report_money.in_hand(session, scope, on=on)
        booked = report_reads.standings(session, scope, on=on, by=By.BUILDING)
        credit = {key: held[key] - booked[key].received_fen for key in held}
        rows = session.execute(sa.select(account.c.unit_id, account.c.credit_fen)).all()
        assert credit == {"1": dict(rows)[books.first], "2": dict(rows)[books.second]}
        assert credit["1"] > 0
        assert report_money.in_hand(session, scope_of(books, "2"), on=on) == {"2": 300}


def test_each_discount_and_waiver_is_told_with_what_it_really_took_off(engine: Engine) -> None:
    with db.transaction(engine) as session:
        books = make(session)
        adjust(session, books.first, "discount", FEB, [books.january], amount_fen=1_000)
        adjust(session, books.first, "late_charge_waiver", FEB, [books.january], ratio="1/2")
        on, scope = dt.date(2026, 2, 28), scope_of(books)
        rows = report_money.given(session, scope, from_on=FEB, to_on=on)
        assert {row.kind: row.fen for row in rows} == {"discount": 1_000, "late_charge_waiver": 372}
        assert {row.unit_id for row in rows} == {books.first}
        assert sum(row.fen for row in rows) == whole(session, scope, on).given_fen
        assert report_money.given(session, scope, from_on=JAN, to_on=FEB - dt.timedelta(days=1)) == []
        assert report_money.given(session, scope_of(books, "2"), from_on=FEB, to_on=on) == []


def test_a_discount_taken_back_counts_against_the_month_it_was_taken_back_in(engine: Engine) -> None:
    with db.transaction(engine) as session:
        books = make(session)
        number = adjust(session, books.first, "discount", JAN, [books.january], amount_fen=1_000)
        take_back(session, books.first, "adjustment", number, FEB)
        scope = scope_of(books)

        def fen(from_on: dt.date, to_on: dt.date) -> int:
            return sum(row.fen for row in report_money.given(session, scope, from_on=from_on, to_on=to_on))

        assert fen(JAN, dt.date(2026, 1, 31)) == 1_000
        assert fen(FEB, FEB) == -1_000
        assert fen(JAN, FEB) == 0


def test_a_conditional_waiver_counts_on_the_day_its_condition_is_met(engine: Engine) -> None:
    with db.transaction(engine) as session:
        books = make(session)
        until = dt.date(2026, 2, 28)
        adjust(session, books.second, "conditional_waiver", JAN, [books.other], until_on=until)
        scope, met = scope_of(books), dt.date(2026, 2, 20)
        assert report_money.given(session, scope, from_on=JAN, to_on=until) == []
        pay(session, books, books.second, met, 10_000)
        rows = report_money.given(session, scope, from_on=met, to_on=met)
        assert [(row.kind, row.fen) for row in rows] == [("conditional_waiver", 410)]
        assert report_money.given(session, scope, from_on=JAN, to_on=met - dt.timedelta(days=1)) == []


@given(steps=STEPS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_all_that_was_waived_is_told_whatever_happened(sqlite_engine: Engine, steps: list[Step]) -> None:
    kept = [step for step in steps if step.kind not in {"undo", "discount", "retro"}]
    with db.transaction(sqlite_engine) as session:
        made, _ = two_buildings(session, [kept, []])
        scope, start = Scope(made.community_id), dt.date(2024, 12, 31)
        for on in (dt.date(2025, 5, 5), dt.date(2025, 12, 31)):
            rows = report_money.given(session, scope, from_on=start, to_on=on)
            assert sum(row.fen for row in rows) == whole(session, scope, on).late_waived_fen
        session.rollback()


def test_a_notice_is_credited_with_what_was_paid_on_its_own_bills_within_thirty_days(engine: Engine) -> None:
    with db.transaction(engine) as session:
        books = make(session)
        sent, as_of = dt.date(2026, 1, 20), dt.date(2026, 3, 31)
        notify(session, books, books.first, sent, {books.january: 24_000})
        notify(session, books, books.second, sent, {books.other: 10_000}, level=2)
        pay(session, books, books.first, sent, 1_000, bills=(books.january,))  # that very day: not its effect
        pay(session, books, books.first, dt.date(2026, 2, 1), 2_000, bills=(books.january,))
        pay(session, books, books.first, dt.date(2026, 2, 2), 7_000, bills=(books.february,))  # another bill
        pay(session, books, books.first, dt.date(2026, 2, 20), 4_000, bills=(books.january,))  # day 31: too late
        bounced = pay(session, books, books.second, dt.date(2026, 2, 1), 5_000)
        take_back(session, books.second, "payment", bounced, dt.date(2026, 2, 5))
        rows = report_money.effects(session, scope_of(books), as_of=as_of, **YEAR)
        assert [(row.level, row.notices, row.waiting, row.asked_fen, row.paying, row.paid_fen) for row in rows] == [
            (1, 1, 0, 24_000, 1, 2_000),
            (2, 1, 0, 10_000, 0, 0),
        ]
        early = report_money.effects(session, scope_of(books, "1"), as_of=dt.date(2026, 1, 25), **YEAR)
        assert [(row.level, row.waiting, row.paid_fen) for row in early] == [(1, 1, 0)]


def limited(
    session: Session, books: Books, as_of: dt.date, days: int = 90, *, older: bool = False
) -> dict[int, dt.date | None]:
    rows = report_money.limited(session, scope_of(books), as_of=as_of, days=days, older=older)
    return {row.bill_id: row.clock.act_by_on for row in rows}


def test_a_bill_is_called_ninety_days_before_its_three_years_end(engine: Engine) -> None:
    with db.transaction(engine) as session:
        books = make(session)
        end = dt.date(2026, 3, 10)
        assert limited(session, books, end - dt.timedelta(days=91)) == {}
        assert limited(session, books, end - dt.timedelta(days=90)) == {books.old: end}
        assert limited(session, books, end) == {books.old: end}
        assert limited(session, books, end + dt.timedelta(days=1)) == {}
        assert limited(session, books, end + dt.timedelta(days=1), older=True) == {books.old: end}
        assert limited(session, books, end, older=True) == {}


def test_a_part_payment_of_the_owner_starts_the_clock_anew_and_its_reversal_undoes_that(engine: Engine) -> None:
    with db.transaction(engine) as session:
        books = make(session)
        paid = dt.date(2025, 6, 1)
        number = pay(session, books, books.first, paid, 1_000, bills=(books.old,))
        as_of = dt.date(2026, 3, 1)
        assert limited(session, books, as_of) == {}
        assert limited(session, books, dt.date(2028, 4, 1)) == {books.old: dt.date(2028, 6, 1)}
        take_back(session, books.first, "payment", number, dt.date(2025, 7, 1))
        assert limited(session, books, as_of) == {books.old: dt.date(2026, 3, 10)}


def test_credit_that_was_applied_by_itself_starts_no_clock(engine: Engine) -> None:
    with db.transaction(engine) as session:
        books = make(session)
        unit_id = add_unit(session, books.made.community_id, "3-1-101")
        pay(session, books, unit_id, dt.date(2023, 1, 5), 1_000)
        old = reporting.add_bill(session, books.made, dt.date(2023, 3, 31), 5_000, unit_id=unit_id)
        found = limited(session, books, dt.date(2026, 3, 1))
        assert found[old] == dt.date(2026, 3, 31)


def test_a_notice_the_owner_signed_for_starts_the_clock_anew(engine: Engine) -> None:
    with db.transaction(engine) as session:
        books = make(session)
        notice_id = notify(session, books, books.first, dt.date(2025, 9, 1), {books.old: 5_000})

        def sign(*, is_owner: bool, channel: str) -> None:
            row: dict[str, object] = {
                "notice_id": notice_id,
                "unit_id": books.first,
                "community_id": books.made.community_id,
            }
            row |= {"document_sha256": "", "signed_name": "x", "record_sha256": "", "visit": ""}
            at = dt.datetime(2025, 9, 2, 17, 0, tzinfo=dt.UTC)  # the next day in Shanghai
            session.execute(
                sa.insert(acknowledgement).values(**row, is_owner_name=is_owner, channel=channel, signed_at=at)
            )
            clocks.follow_notice(session, notice_id)

        as_of = dt.date(2026, 3, 1)
        sign(is_owner=False, channel="paper")
        assert limited(session, books, as_of) == {books.old: dt.date(2026, 3, 10)}
        sign(is_owner=True, channel="screen")
        assert limited(session, books, as_of) == {}
        assert limited(session, books, dt.date(2028, 8, 1)) == {books.old: dt.date(2028, 9, 3)}


def test_the_money_reports_ask_the_same_number_of_questions_at_any_size(sqlite_engine: Engine) -> None:
    def asked(session: Session, books: Books) -> Counter[str]:
        found: Counter[str] = Counter()

        def count(*args: object) -> None:
            found["statements"] += 1

        event.listen(sqlite_engine, "before_cursor_execute", count)
        report_money.receipts(session, community_id=books.made.community_id, **YEAR)
        report_money.given(session, scope_of(books), **YEAR)
        report_money.effects(session, scope_of(books), as_of=FEB, **YEAR)
        report_money.limited(session, scope_of(books), as_of=FEB, days=90)
        event.remove(sqlite_engine, "before_cursor_execute", count)
        return found

    with db.transaction(sqlite_engine) as session:
        books = make(session)
        pay(session, books, books.first, JAN, 1_000)
        few = asked(session, books)
        for number in range(12):
            unit_id = add_unit(session, books.made.community_id, f"5-1-{101 + number}")
            reporting.add_bill(session, books.made, reporting.OLD, 5_000, unit_id=unit_id)
            pay(session, books, unit_id, FEB, 600)
        assert asked(session, books) == few
