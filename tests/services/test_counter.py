"""The till: every sum lies in exactly one shift, nothing is handed out twice, and what is nobody's becomes somebody's."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.domain.counter import PIECES, By, Method, counted
from app.domain.errors import Refusal
from app.services import closing, deposits, payments, shifts, unclaimed
from app.store import closing as closing_reads
from app.store import db, sealing
from app.store import deposits as deposit_reads
from app.store import shifts as shift_reads
from app.store import unclaimed as unclaimed_reads
from app.store.tables import payment, reversal
from app.store.tables_counter import (
    deposit_entry,
    shift,
    shift_confirmation,
    shift_line,
    till_opening,
    unclaimed_entry,
)
from app.store.tables_counter import unclaimed as unclaimed_table
from tests import making
from tests.databases import SqliteDatabases
from tests.making import NOW, TODAY

MARCH_1 = dt.date(2026, 3, 1)
NOTHING = [0] * len(PIECES)


@dataclass(slots=True)
class Office:
    """An estate with two units and three people, and a clock and keys that run on."""

    made: making.Estate
    kind_id: int
    users: tuple[int, int, int]
    ticks: int = 0

    def by(self, place: int = 0) -> By:
        self.ticks += 1
        now = NOW + dt.timedelta(minutes=self.ticks)
        return By(
            self.users[place], f"user{place}", f"user{place}", TODAY, now, f"key-{self.ticks}", may_back_date=True
        )

    def pay(self, session: Session, fen: int = 10_000, *, place: int = 0, method: Method = Method.CASH) -> int:
        by = self.by(place)
        return payments.record(
            session,
            receipt=payments.Receipt(self.made.units[0], TODAY, fen, method),
            today=TODAY,
            now=by.now,
            actor_id=by.user_id,
            actor=by.login,
            may_back_date=True,
            key=by.key,
        ).payment_id

    def take_back(self, session: Session, payment_id: int, *, place: int = 0) -> None:
        by = self.by(place)
        payments.reverse(
            session, payment_id=payment_id, on=TODAY, reason="登记错户", today=TODAY, now=by.now, actor_id=by.user_id,
            actor=by.login, key=by.key,
        )  # fmt: skip

    def take(self, session: Session, fen: int = 200_000, *, place: int = 0) -> int:
        wish = deposits.Wish(self.made.units[0], self.kind_id, fen, TODAY, Method.CASH)
        return deposits.take(session, wish=wish, by=self.by(place)).deposit_id

    def find(self, session: Session, fen: int = 50_000, *, place: int = 0, **facts: str) -> int:
        money = unclaimed.Found(
            self.made.community_id, TODAY - dt.timedelta(days=1), fen, Method.BANK, **{"payer": "王伟", **facts}
        )
        return unclaimed.record(session, found=money, by=self.by(place))

    def hand_over(self, session: Session, *, place: int = 0, reason: str = "差额待查") -> int:
        lines = shift_reads.open_lines(session, community_id=self.made.community_id, cashier_id=self.users[place])
        seen = shifts.Seen(len(lines), sum(line.amount_fen for line in lines))
        return shifts.hand_over(
            session, community_id=self.made.community_id, pieces=NOTHING, reason=reason, seen=seen, by=self.by(place)
        )


def furnish(session: Session) -> Office:
    made = making.make_estate(session, units=("1-1-101", "1-1-102"))
    making.add_bill(session, made, dt.date(2026, 1, 10))
    making.add_owner(session, made, made.units[0], "王伟")
    deposit_reads.add_kind(session, community_id=made.community_id, name="装修押金", amount_fen=0)
    kind_id = deposit_reads.kinds(session, made.community_id)[0].id
    roles = (("clerk", "clerk"), ("finance", "finance"), ("manager", "manager"))
    users = tuple(making.add_user(session, name, role) for name, role in roles)
    return Office(made, kind_id, (users[0], users[1], users[2]))


@pytest.fixture
def office(engine: Engine) -> Office:
    with db.transaction(engine) as session:
        return furnish(session)


def total(session: Session, column: sa.ColumnElement[int]) -> int:
    return int(session.execute(sa.select(sa.func.coalesce(sa.func.sum(column), 0))).scalar_one())


def money_rows(session: Session) -> int:
    """Return what all rows of money come to, straight from the tables."""
    taken_back = (
        sa.select(sa.func.coalesce(sa.func.sum(payment.c.amount_fen), 0))
        .join(reversal, sa.and_(reversal.c.target_kind == "payment", reversal.c.target_id == payment.c.id))
    )  # fmt: skip
    return (
        total(session, payment.c.amount_fen)
        - int(session.execute(taken_back).scalar_one())
        + total(session, deposit_entry.c.till_fen)
        + total(session, unclaimed_table.c.amount_fen)
        + total(session, unclaimed_entry.c.amount_fen)
    )


def test_every_sum_lies_in_exactly_one_shift_and_the_shifts_come_to_all_the_money(
    engine: Engine, office: Office
) -> None:
    with db.transaction(engine) as session:
        first = office.pay(session, 10_000)
        office.pay(session, 30_000, place=1, method=Method.WECHAT)
        deposit_id = office.take(session)
        money = office.find(session)
        one = office.hand_over(session)
        office.take_back(session, first)
        deposits.deduct(session, deposit_id=deposit_id, amount_fen=50_000, reason="验收单 ZX-031 墙面", by=office.by())
        deposits.give_back(
            session, deposit_id=deposit_id, amount_fen=150_000, to_whom="王伟", method=Method.CASH, reference="",
            note="", by=office.by(),
        )  # fmt: skip
        unclaimed.match(session, unclaimed_id=money, unit_id=office.made.units[1], amount_fen=20_000, by=office.by(1))
        two, three = office.hand_over(session), office.hand_over(session, place=1)
        sums = {row.id: row.total_fen for row in session.execute(sa.select(shift.c.id, shift.c.total_fen))}
        assert sums == {one: 10_000 + 200_000 + 50_000, two: -10_000 - 150_000, three: 30_000}
        assert sum(sums.values()) == total(session, shift_line.c.amount_fen) == money_rows(session)
        rows = session.execute(sa.select(shift_line.c.kind, shift_line.c.row_id)).all()
        assert len(rows) == len(set(rows)) == 3 + 1 + 3 + 1 + 1
        assert shift_reads.holders(session, community_id=office.made.community_id) == []
        assert [line.amount_fen for line in shift_reads.lines_of(session, three)] == [30_000, 20_000, -20_000]
    with pytest.raises(sa.exc.IntegrityError), db.transaction(engine) as session:
        session.execute(
            sa.insert(shift_line).values(
                shift_id=two, kind=rows[0].kind, row_id=rows[0].row_id, method="cash", amount_fen=1
            )
        )


def test_a_shift_is_counted_explained_and_confirmed_by_somebody_else(engine: Engine, office: Office) -> None:
    with db.transaction(engine) as session:
        office.pay(session, 36_050)
    pieces = [3, 1, 0, 1, 0, 0, 1, 0]
    assert counted(pieces) == 36_050
    seen = shifts.Seen(1, 36_050)

    def attempt(session: Session, pieces: list[int], seen: shifts.Seen, reason: str = "") -> int:
        return shifts.hand_over(
            session, community_id=office.made.community_id, pieces=pieces, reason=reason, seen=seen, by=office.by()
        )

    for wrong, code in (
        ((NOTHING, seen), "shift.reason_missing"),
        ((pieces, shifts.Seen(1, 1)), "shift.changed"),
        (([*pieces[:-1], -1], seen), "shift.pieces"),
    ):
        with pytest.raises(Refusal) as refused, db.transaction(engine) as session:
            attempt(session, *wrong)
        assert refused.value.code == code
    with db.transaction(engine) as session:
        shift_id = attempt(session, pieces, seen)
    with pytest.raises(Refusal, match=r"shift\.nothing"), db.transaction(engine) as session:
        attempt(session, pieces, shifts.Seen(0, 0))
    with pytest.raises(Refusal, match=r"shift\.same_person"), db.transaction(engine) as session:
        shifts.confirm(session, shift_id=shift_id, note="", by=office.by())
    for liar in office.users[:2]:  # the cashier as their own second person, then under another's name
        row = {"shift_id": shift_id, "cashier_id": liar, "confirmed_by": office.users[0], "confirmed_at": NOW}
        with pytest.raises(sa.exc.IntegrityError), db.transaction(engine) as session:
            session.execute(sa.insert(shift_confirmation).values(row))
    with db.transaction(engine) as session:
        shifts.confirm(session, shift_id=shift_id, note="点清", by=office.by(1))
    with pytest.raises(Refusal, match=r"shift\.confirmed_already"), db.transaction(engine) as session:
        shifts.confirm(session, shift_id=shift_id, note="", by=office.by(2))


def test_money_of_long_ago_that_nobody_handed_over_is_named_until_it_is(engine: Engine, office: Office) -> None:
    place, cashier = office.made.community_id, office.users[0]
    with db.transaction(engine) as session:
        payments.record(
            session, receipt=payments.Receipt(office.made.units[0], TODAY, 700, Method.CASH), today=TODAY,
            now=NOW - dt.timedelta(days=900), actor_id=cashier, actor="a", may_back_date=True, key="long ago",
        )  # fmt: skip
        found = shift_reads.holders(session, community_id=place)
        assert [(one.user_id, one.lines, one.amount_fen) for one in found] == [(cashier, 1, 700)]
        office.hand_over(session)
        assert shift_reads.holders(session, community_id=place) == []


def test_a_till_begins_with_its_opening_and_what_was_recorded_before_it_lies_in_no_shift(
    engine: Engine, office: Office
) -> None:
    place, cashier = office.made.community_id, office.users[0]
    with db.transaction(engine) as session:
        office.pay(session, 10_000)
        session.execute(sa.insert(till_opening).values(community_id=place, opened_at=office.by().now))
        assert shift_reads.till(session, community_id=place, cashier_id=cashier).count == 0
        assert shift_reads.open_lines(session, community_id=place, cashier_id=cashier) == []
        assert shift_reads.holders(session, community_id=place) == []
        office.pay(session, 500)
        office.pay(session, 300, method=Method.WECHAT)
        till = shift_reads.till(session, community_id=place, cashier_id=cashier)
        assert [(one.kind, one.method, one.lines, one.amount_fen) for one in till.sums] == [
            ("payment", "cash", 1, 500),
            ("payment", "wechat", 1, 300),
        ]
        lines = shift_reads.open_lines(session, community_id=place, cashier_id=cashier)
        assert (till.count, till.total_fen, till.since) == (2, 800, lines[0].recorded_at)
        assert shift_reads.open_lines(session, community_id=place, cashier_id=cashier, newest=1) == lines[1:]
        shift_id = office.hand_over(session)
        assert [line.amount_fen for line in shift_reads.lines_of(session, shift_id)] == [500, 300]


def test_a_form_of_the_counter_sent_twice_acts_once(engine: Engine, office: Office) -> None:
    by = office.by()
    wish = deposits.Wish(office.made.units[0], office.kind_id, 5_000, TODAY, Method.CASH)
    money = unclaimed.Found(office.made.community_id, TODAY, 5_000, Method.BANK, payer="王伟")
    with db.transaction(engine) as session:
        assert deposits.take(session, wish=wish, by=by) == deposits.take(session, wish=wish, by=by)
        assert unclaimed.record(session, found=money, by=by) == unclaimed.record(session, found=money, by=by)
        assert total(session, deposit_entry.c.till_fen) == total(session, unclaimed_table.c.amount_fen) == 5_000


def test_money_found_is_booked_on_the_day_it_came_and_split_over_units(engine: Engine, office: Office) -> None:
    with db.transaction(engine) as session:
        money = office.find(session)
        row = unclaimed_reads.by_id(session, money)
        units = office.made.units
        matches = [
            unclaimed.match(session, unclaimed_id=money, unit_id=unit_id, amount_fen=fen, by=office.by(1))
            for unit_id, fen in zip(units, (20_000, 25_000), strict=True)
        ]
        booked = session.execute(sa.select(payment.c.received_on, payment.c.amount_fen).order_by(payment.c.id)).all()
        assert [tuple(one) for one in booked] == [(row.received_on, 20_000), (row.received_on, 25_000)]
        assert row.received_on < TODAY
        assert unclaimed_reads.by_id(session, money).left_fen == 5_000
    with pytest.raises(Refusal, match=r"unclaimed\.not_enough"), db.transaction(engine) as session:
        unclaimed.match(session, unclaimed_id=money, unit_id=units[0], amount_fen=5_001, by=office.by(1))
    with db.transaction(engine) as session:  # the wrong unit: the money is unclaimed again
        office.take_back(session, matches[0].payment_id, place=2)
        assert unclaimed_reads.by_id(session, money).left_fen == 25_000
        unclaimed.give_back(
            session, unclaimed_id=money, amount_fen=25_000, to_whom="王伟", method=Method.BANK, reason="误转",
            by=office.by(1),
        )  # fmt: skip
        assert unclaimed_reads.by_id(session, money).left_fen == 0
        assert money_rows(session) == 25_000


def test_money_of_a_closed_month_is_booked_on_the_first_open_day_and_its_receipt_says_when_it_came(
    engine: Engine, office: Office
) -> None:
    month_end = TODAY.replace(day=1) - dt.timedelta(days=1)
    with db.transaction(engine) as session:
        found = office.find(session, 50_000)
        assert unclaimed_reads.by_id(session, found).received_on == TODAY - dt.timedelta(days=1)
        period = closing.Period.month(office.made.community_id, month_end)
        closing.close(session, period=period, accepts_open=True, note="", by=office.by(2))
        before = closing_reads.lines(session, community_id=office.made.community_id, from_on=MARCH_1, to_on=MARCH_1)
        closing.close(
            session, period=closing.Period.day(office.made.community_id, MARCH_1), accepts_open=True, note="",
            by=office.by(2),
        )  # fmt: skip
        matched = unclaimed.match(
            session, unclaimed_id=found, unit_id=office.made.units[0], amount_fen=20_000, by=office.by(1)
        )
        row = session.execute(sa.select(payment).where(payment.c.id == matched.payment_id)).one()
        assert row.received_on == TODAY, "the second of March: February and the first are closed"
        assert "2026-03-01" in row.note
        after = closing_reads.lines(session, community_id=office.made.community_id, from_on=MARCH_1, to_on=MARCH_1)
        assert after == before
        entry = unclaimed_reads.entries(session, found)[-1]
        assert (entry.value_on, entry.left_fen) == (TODAY, 30_000)


def test_whoever_recorded_money_neither_matches_nor_returns_it(engine: Engine, office: Office) -> None:
    with db.transaction(engine) as session:
        money, unit_id = office.find(session), office.made.units[0]
        other = making.make_estate(session, name="望江苑")
    with pytest.raises(Refusal, match=r"unclaimed\.same_person"), db.transaction(engine) as session:
        unclaimed.match(session, unclaimed_id=money, unit_id=unit_id, amount_fen=1, by=office.by())
    with pytest.raises(Refusal, match=r"unclaimed\.other_community"), db.transaction(engine) as session:
        unclaimed.match(session, unclaimed_id=money, unit_id=other.units[0], amount_fen=1, by=office.by(1))
    entry = {
        "unclaimed_id": money, "taken_by": office.users[0], "total_fen": 50_000, "seq": 1, "kind": "return",
        "amount_fen": -1, "before_fen": 50_000, "left_fen": 49_999, "method": "bank", "value_on": TODAY,
        "recorded_at": NOW, "recorded_by": office.users[0],
    }  # fmt: skip
    with pytest.raises(sa.exc.IntegrityError), db.transaction(engine) as session:
        unclaimed_reads.append(session, entry)


def test_guesses_name_the_room_the_owner_and_the_amount(engine: Engine, office: Office) -> None:
    with db.transaction(engine) as session:
        by_room = office.find(session, payer="某人", note="交1-1-102物业费 1-1-102")
        by_owner, by_amount = office.find(session, 777), office.find(session, 24_000 + 1_224, payer="某人")
        _, _, rows = unclaimed_reads.listed(session, community_id=office.made.community_id, limit=50)
        found = unclaimed_reads.guesses(session, rows, community_id=office.made.community_id, as_of=TODAY)
    told = {number: [(guess.unit_id, guess.reasons) for guess in guesses] for number, guesses in found.items()}
    first, second = office.made.units
    assert told[by_room] == [(second, ["room"])]
    assert told[by_owner] == [(first, ["owner"])]
    assert told[by_amount] == [(first, ["amount"])]


def test_two_matches_of_the_same_money_at_once_hand_it_out_once(engine: Engine, office: Office) -> None:
    with db.transaction(engine) as session:
        money = office.find(session)
    codes, gate = [], threading.Barrier(2)
    people = [office.by(1), office.by(2)]

    def run(place: int) -> None:
        gate.wait()
        try:
            with db.transaction(engine) as session:
                unit_id = office.made.units[place]
                unclaimed.match(session, unclaimed_id=money, unit_id=unit_id, amount_fen=50_000, by=people[place])
            codes.append("matched")
        except Refusal as refusal:
            codes.append(refusal.code)

    threads = [threading.Thread(target=run, args=(place,)) for place in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == ["matched", "unclaimed.not_enough"]
    with db.reading(engine) as session:
        assert money_rows(session) == 50_000


def test_the_database_itself_lets_nobody_return_more_than_is_held(engine: Engine, office: Office) -> None:
    with db.transaction(engine) as session:
        deposit_id = office.take(session, 10_000)
    row = {
        "deposit_id": deposit_id, "seq": 2, "prev_seq": 1, "kind": "return", "method": "cash", "value_on": TODAY,
        "recorded_at": NOW, "recorded_by": office.users[0],
    }  # fmt: skip
    for amount, before, held in ((-10_001, 10_000, -1), (-20_000, 30_000, 10_000), (-1, 10_000, 10_000)):
        sums = {"amount_fen": amount, "till_fen": amount, "before_fen": before, "held_fen": held}
        with pytest.raises(sa.exc.IntegrityError), db.transaction(engine) as session:
            deposit_reads.append(session, {**row, **sums})


class Counter(RuleBasedStateMachine):
    """Deposits and unclaimed money under any order of acts: a plain model beside the books."""

    databases: SqliteDatabases

    @initialize()
    def open_office(self) -> None:
        self.url = self.databases.new()
        self.engine = db.create_engine(self.url)
        sealing.attach(self.engine, b"k" * 32)
        with db.transaction(self.engine) as session:
            self.office = furnish(session)
        self.held: dict[int, int] = {}
        self.left: dict[int, int] = {}
        self.matched: list[tuple[int, int, int]] = []

    @rule(fen=st.integers(1, 300))
    def take(self, fen: int) -> None:
        with db.transaction(self.engine) as session:
            self.held[self.office.take(session, fen)] = fen

    @precondition(lambda self: self.held)
    @rule(data=st.data(), fen=st.integers(1, 300), deducts=st.booleans())
    def hand_out(self, data: st.DataObject, fen: int, deducts: bool) -> None:
        deposit_id = data.draw(st.sampled_from(sorted(self.held)))
        common = {"deposit_id": deposit_id, "amount_fen": fen, "by": self.office.by()}
        try:
            with db.transaction(self.engine) as session:
                if deducts:
                    deposits.deduct(session, reason="验收单", **common)
                else:
                    deposits.give_back(session, to_whom="王伟", method=Method.CASH, reference="", note="", **common)
        except Refusal as refusal:
            assert refusal.code == "deposit.not_enough"
            assert fen > self.held[deposit_id]
        else:
            self.held[deposit_id] -= fen

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        deposit_id = data.draw(st.sampled_from(sorted(self.held)))
        with db.reading(self.engine) as session:
            entries = deposit_reads.entries(session, deposit_id)
        entry = data.draw(st.sampled_from(entries))
        try:
            with db.transaction(self.engine) as session:
                deposits.reverse(session, entry_id=entry.id, reason="登记错误", by=self.office.by())
        except Refusal as refusal:
            assert refusal.code in {"deposit.is_reversal", "deposit.reversed_already", "deposit.spent"}
        else:
            self.held[deposit_id] -= entry.amount_fen

    @rule(fen=st.integers(1, 300))
    def find(self, fen: int) -> None:
        with db.transaction(self.engine) as session:
            self.left[self.office.find(session, fen)] = fen

    @precondition(lambda self: self.left)
    @rule(data=st.data(), fen=st.integers(1, 300), place=st.integers(0, 1), returns=st.booleans())
    def claim(self, data: st.DataObject, fen: int, place: int, returns: bool) -> None:
        money = data.draw(st.sampled_from(sorted(self.left)))
        common = {"unclaimed_id": money, "amount_fen": fen, "by": self.office.by(1)}
        try:
            with db.transaction(self.engine) as session:
                if returns:
                    unclaimed.give_back(session, to_whom="王伟", method=Method.BANK, reason="误转", **common)
                else:
                    unit_id = self.office.made.units[place]
                    found = unclaimed.match(session, unit_id=unit_id, **common)
                    self.matched.append((money, found.payment_id, fen))
        except Refusal as refusal:
            assert refusal.code == "unclaimed.not_enough"
            assert fen > self.left[money]
        else:
            self.left[money] -= fen

    @precondition(lambda self: self.matched)
    @rule()
    def unmatch(self) -> None:
        money, payment_id, fen = self.matched.pop()
        with db.transaction(self.engine) as session:
            self.office.take_back(session, payment_id, place=2)
        self.left[money] += fen

    @rule(place=st.integers(0, 2))
    def hand_over(self, place: int) -> None:
        try:
            with db.transaction(self.engine) as session:
                self.office.hand_over(session, place=place)
        except Refusal as refusal:
            assert refusal.code == "shift.nothing"

    @invariant()
    def books_say_what_the_model_says(self) -> None:
        if not hasattr(self, "office"):
            return
        with db.reading(self.engine) as session:
            for deposit_id, fen in self.held.items():
                assert deposit_reads.by_id(session, deposit_id).held_fen == fen
            for money, fen in self.left.items():
                assert unclaimed_reads.by_id(session, money).left_fen == fen
            open_fen = sum(
                line.amount_fen
                for user_id in self.office.users
                for line in shift_reads.open_lines(
                    session, community_id=self.office.made.community_id, cashier_id=user_id
                )
            )
            assert open_fen + total(session, shift_line.c.amount_fen) == money_rows(session)

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            self.engine.dispose()
            self.databases.drop(self.url)


@pytest.fixture
def machine(sqlite_databases: SqliteDatabases) -> type[Counter]:
    Counter.databases = sqlite_databases
    return Counter


def test_no_order_of_acts_makes_or_loses_money(machine: type[Counter]) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    quick = settings(
        max_examples=5, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    run_state_machine_as_test(machine, settings=quick)
