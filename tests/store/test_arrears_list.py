"""The list of arrears: every filter against plain Python, the foot against the rows, the count of the menu against both."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from app.domain.calendar import add_months
from app.store import arrears, arrears_columns, db, documents, ledger, menu_counts
from app.store.arrears import Filter, UnitArrears
from app.store.tables import unit
from app.store.tables_estate import unit_mark
from app.store.tables_office import notice, notice_batch
from app.store.tables_reports import steward
from tests import making

TODAY = making.TODAY
CODES = tuple(f"{building}-1-{room}" for building in (1, 2, 3) for room in (101, 102, 201, 202))
AGES = (1, 5, 20, 31, 62, 100, 200, 364, 366, 800, 1090, 1200)


@dataclass(frozen=True, slots=True)
class Made:
    """The units of the estate, and the estate."""

    estate: making.Estate
    user_id: int


def build(engine: Engine) -> Made:
    """Make twelve units, each with bills of several ages; the third owes nothing overdue, one pays its late charge."""
    with db.transaction(engine) as session:
        made = making.make_estate(session, units=CODES)
        user_id = making.add_user(session, "guan")
        for place, unit_id in enumerate(made.units):
            if place == 2:
                making.add_bill(session, made, TODAY + dt.timedelta(days=5), unit_id=unit_id)
                continue
            months = set[tuple[int, int]]()
            for age in AGES[: place + 1][-3:]:
                due = TODAY - dt.timedelta(days=age)
                if (due.year, due.month) not in months:
                    months.add((due.year, due.month))
                    making.add_bill(session, made, due, 10_000 + 1_111 * place, unit_id=unit_id)
        _mark(session, made, user_id)
    return Made(made, user_id)


def _mark(session: Session, made: making.Estate, user_id: int) -> None:
    first, second, third = made.units[3], made.units[4], made.units[5]
    hold = {
        "kind": "hold",
        "value_on": TODAY - dt.timedelta(days=3),
        "until_on": TODAY + dt.timedelta(days=30),
        "bill_ids": "[]",
        "reason": "x",
        "recorded_at": making.NOW,
    }
    ledger.post(session, ledger.Posting(first, "adjustment", hold), through=TODAY)
    row = {"kind": "no_dunning", "marked_at": making.NOW}
    session.execute(sa.insert(unit_mark).values(unit_id=second, **row))
    session.execute(sa.insert(unit_mark).values(unit_id=third, ended_at=making.NOW, **row))
    session.execute(sa.insert(steward).values(community_id=made.community_id, building="2", user_id=user_id))
    session.execute(sa.update(unit).where(unit.c.id == third).values(usage_type="shop"))


def listed(engine: Engine, wanted: Filter, sort: str = "room", as_of: dt.date = TODAY) -> list[UnitArrears]:
    with db.reading(engine) as session:
        return arrears.list_units(session, as_of=as_of, wanted=wanted, sort=sort)


def oldest_in(days: int) -> dt.date:
    return TODAY - dt.timedelta(days=days)


CASES: dict[str, tuple[dict[str, object], Callable[[UnitArrears], bool]]] = {
    "two buildings": ({"buildings": ("1", "3")}, lambda row: row.building in {"1", "3"}),
    "usage": ({"usage": "shop"}, lambda row: row.usage_type == "shop"),
    "between two sums": (
        {"min_total_fen": 20_000, "max_total_fen": 45_000},
        lambda row: 20_000 <= row.total_fen <= 45_000,
    ),
    "twelve months": ({"min_months": 12}, lambda row: row.oldest_due_on <= add_months(TODAY, -12)),
    "oldest between two days": (
        {"oldest_from": oldest_in(400).isoformat(), "oldest_to": oldest_in(31).isoformat()},
        lambda row: oldest_in(400) <= row.oldest_due_on <= oldest_in(31),
    ),
    "new this month": ({"is_new": True}, lambda row: row.oldest_due_on >= TODAY.replace(day=1)),
    "an age": ({"bucket": "91-365"}, lambda row: 91 <= (TODAY - row.oldest_due_on).days <= 365),
    "words": ({"search": "2-1 101"}, lambda row: row.code == "2-1-101"),
    "a level": ({"level": 1}, lambda row: False),
}


def test_a_filter_finds_what_it_says_and_nothing_else(engine: Engine) -> None:
    made = build(engine)
    everything = listed(engine, Filter(community_id=made.estate.community_id))
    for case, (facts, holds) in CASES.items():
        wanted = Filter(community_id=made.estate.community_id, **facts)  # type: ignore[arg-type]
        assert listed(engine, wanted) == [row for row in everything if holds(row)], case


def test_marks_stewards_and_notices_narrow_the_list(engine: Engine) -> None:
    made = build(engine)
    units, where = made.estate.units, {"community_id": made.estate.community_id}

    def found(**facts: object) -> list[int]:
        return [row.unit_id for row in listed(engine, Filter(**where, **facts))]  # type: ignore[arg-type]

    assert found(flag="hold") == [units[3]]
    assert found(flag="objection") == []
    assert found(flag="no_dunning") == [units[4]]
    assert found(flag="credit") == found(flag="request") == found(flag="vacant") == []
    assert found(steward_id=made.user_id) == list(units[4:8])
    assert found(steward_id=arrears.UNNAMED) == [one for one in [*units[:4], *units[8:]] if one != units[2]]
    _send_notice(engine, made, units[6], oldest_in(10))
    assert units[6] not in found(silent_days=11)
    assert units[6] in found(silent_days=10)


def _send_notice(engine: Engine, made: Made, unit_id: int, on: dt.date) -> None:
    with db.transaction(engine) as session:
        batch = {"community_id": made.estate.community_id, "level": 1, "tone": "reminder", "as_of": on}
        batch_id = session.execute(
            sa.insert(notice_batch).values(deadline_on=on, created_at=making.NOW, **batch).returning(notice_batch.c.id)
        ).scalar_one()
        paper = {"community_id": made.estate.community_id, "unit_id": unit_id, "kind": "notice", "number": "CJ1"}
        [document_id] = documents.freeze(session, [{**paper, "facts": {}, "created_at": making.NOW}])
        row = {"batch_id": batch_id, "unit_id": unit_id, "document_id": document_id, "number": "CJ1", "nth": 1}
        sums = {"level": 1, "as_of": on, "deadline_on": on, "principal_fen": 1, "late_charge_fen": 0}
        session.execute(sa.insert(notice).values(community_id=made.estate.community_id, **row, **sums))


def test_the_foot_the_pages_and_the_menu_tell_the_same_on_any_day(engine: Engine) -> None:
    made = build(engine)
    for days in (0, -150, 90):
        _check_the_foot(engine, made, TODAY + dt.timedelta(days=days))


def _check_the_foot(engine: Engine, made: Made, as_of: dt.date) -> None:
    wanted = Filter(community_id=made.estate.community_id)
    rows = listed(engine, wanted, "-total", as_of)
    with db.reading(engine) as session:
        foot = arrears.totals(session, as_of=as_of, wanted=wanted)
        pages = [
            arrears.page_of(session, as_of=as_of, wanted=wanted, sort="-total", limit=4, page=page)
            for page in (1, 2, 3)
        ]
        beyond = arrears.page_of(session, as_of=as_of, wanted=wanted, sort="-total", limit=4, page=99)
        none = arrears.page_of(session, as_of=as_of, wanted=Filter(community_id=10**6), sort="room", limit=4, page=1)
        count = menu_counts.overdue_units(session, community_id=made.estate.community_id, as_of=as_of)
    assert foot.units == count == len(rows)
    assert foot.total_fen == sum(row.total_fen for row in rows)
    assert foot.bills == sum(row.bills for row in rows)
    assert [row for _, part, _ in pages for row in part][: len(rows)] == rows[:12]
    assert {page[0] for page in pages} == {foot}
    assert beyond[0] == foot
    assert beyond[2] == max(1, -(-len(rows) // 4))
    assert none == (arrears.NOTHING, [], 1)


def test_every_column_that_can_be_sorted_is_sorted_both_ways(engine: Engine) -> None:
    made = build(engine)
    for sort in arrears.SORTS:
        _check_the_order(engine, made, sort)


def _check_the_order(engine: Engine, made: Made, sort: str) -> None:
    wanted = Filter(community_id=made.estate.community_id)
    up, down = listed(engine, wanted, sort), listed(engine, wanted, f"-{sort}")
    with db.reading(engine) as session:
        more = arrears_columns.of_units(
            session, [row.unit_id for row in up], as_of=TODAY, names=arrears_columns.SORTS.keys()
        )

    def value(row: UnitArrears) -> object:
        extra = more[row.unit_id]
        return {
            "room": row.code,
            "area": row.area_e3,
            "oldest": row.oldest_due_on,
            "days": (TODAY - row.oldest_due_on).days,
            "months": extra.months,
            "credit": extra.credit_fen,
            "paid": extra.paid_on or dt.date.max,
            "noticed": extra.noticed_on or dt.date.max,
        }.get(sort) or getattr(row, f"{sort}_fen", getattr(row, sort, 0))

    assert {row.unit_id for row in up} == {row.unit_id for row in down}
    assert [value(row) for row in up] == sorted(value(row) for row in up)  # type: ignore[type-var]
    if sort not in {"paid", "noticed"}:
        assert [value(row) for row in down] == sorted((value(row) for row in down), reverse=True)  # type: ignore[type-var]


def test_the_further_columns_are_of_the_day(engine: Engine) -> None:
    made = build(engine)
    unit_id = made.estate.units[11]
    with db.transaction(engine) as session:
        row = {
            "community_id": made.estate.community_id,
            "received_on": TODAY,
            "amount_fen": 500_000,
            "method": "cash",
            "recorded_at": making.NOW,
        }
        ledger.post(session, ledger.Posting(unit_id, "payment", row), through=TODAY)
    names = [*arrears_columns.SORTS, "steward", "flags"]
    with db.reading(engine) as session:
        now = arrears_columns.of_units(session, made.estate.units, as_of=TODAY, names=names)
        before = arrears_columns.of_units(session, [unit_id], as_of=TODAY - dt.timedelta(days=1), names=names)
        nothing = arrears_columns.of_units(session, [unit_id], as_of=TODAY, names=["total"])
    assert now[unit_id].paid_on == TODAY
    assert now[unit_id].months == 0
    assert now[unit_id].credit_fen > 0
    assert "credit" in now[unit_id].flags
    assert (before[unit_id].paid_on, before[unit_id].months) == (None, 3)
    assert now[made.estate.units[3]].flags == ("hold",)
    assert now[made.estate.units[5]].steward == "guan"
    assert nothing == {}


def test_units_whose_limitation_runs_out_soon_are_found(engine: Engine) -> None:
    made = build(engine)
    wanted = Filter(community_id=made.estate.community_id, expiring_days=90)
    found = [row.unit_id for row in listed(engine, wanted)]
    assert found == [made.estate.units[place] for place in (10, 11)]  # those with a bill due 1,090 days ago


def test_a_list_of_ten_thousand_units_takes_a_fixed_number_of_queries(sqlite_engine: Engine) -> None:
    """With the sums, the page, its owners and its further columns."""
    with db.transaction(sqlite_engine) as session:
        made = making.make_estate(session, units=("1-1-101",))
        making.add_bill(session, made, TODAY - dt.timedelta(days=50))
    _multiply(sqlite_engine, 10_000)
    wanted = Filter(community_id=made.community_id)
    seen: list[str] = []
    event.listen(sqlite_engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    with db.reading(sqlite_engine) as session:
        foot, rows, _ = arrears.page_of(session, as_of=TODAY, wanted=wanted, sort="-total", limit=50, page=3)
        arrears_columns.of_units(
            session, [row.unit_id for row in rows], as_of=TODAY, names=[*arrears_columns.SORTS, "flags", "steward"]
        )
    assert foot.units == 10_000
    assert len(seen) == 5  # with the BEGIN
    seen.clear()
    with db.reading(sqlite_engine) as session:
        assert menu_counts.overdue_units(session, community_id=made.community_id, as_of=TODAY) == 10_000
    assert len(seen) == 4


def _multiply(engine: Engine, count: int) -> None:
    """Copy the one unit, its account, bill and state until there are ``count``."""
    numbers = f"(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count - 1}) SELECT n FROM s)"
    with engine.begin() as connection:
        for table, keys in (
            ("unit", {"id": "id + n", "code": "'c' || n", "sort_key": "'k' || n"}),
            ("account", {"unit_id": "unit_id + n"}),
            ("bill", {"id": "id + n", "unit_id": "unit_id + n"}),
            ("bill_state", {"bill_id": "bill_id + n", "unit_id": "unit_id + n"}),
        ):
            names = [row[1] for row in connection.exec_driver_sql(f"PRAGMA table_info({table})")]
            values = ", ".join(keys.get(name, f'"{name}"') for name in names)
            columns = ", ".join(f'"{name}"' for name in names)
            connection.exec_driver_sql(f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table}, {numbers}")
