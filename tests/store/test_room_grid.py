"""Where rooms stand: months owed, sums that tie to the list of arrears, flags, and as many statements for many rooms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from app.store import arrears, db, estate_marks, ledger, room_grid, unit_list
from app.store.tables import vacancy
from app.web import room_plan
from tests.making import NOW, TODAY, add_bill, add_owner, add_unit, make_estate


@contextmanager
def counting(engine: Engine) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(*arguments: object) -> None:
        seen.append(str(arguments[2]))

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def test_a_room_is_clear_current_or_owes_so_many_months(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session, units=("1-1-101", "1-1-102", "1-1-103"))
        clear, current, owing = made.units
        add_bill(session, made, dt.date(2026, 3, 10), unit_id=current)
        for month in (11, 12):
            add_bill(session, made, dt.date(2025, month, 10), unit_id=owing)
        add_bill(session, made, dt.date(2026, 3, 20), unit_id=owing)
        found = {cell.unit_id: cell for cell in room_grid.cells(session, community_id=made.community_id, on=TODAY)}
        assert [found[number].state for number in (clear, current, owing)] == ["clear", "current", "owing"]
        assert found[owing].months == 2
        assert found[current].not_due_fen == found[owing].not_due_fen == 24_000
        assert found[clear].months == 0


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        (dt.date(2025, 2, 1), dt.date(2025, 2, 28), 1),
        (dt.date(2025, 1, 1), dt.date(2025, 1, 31), 1),
        (dt.date(2025, 2, 1), dt.date(2025, 3, 31), 2),
        (dt.date(2024, 10, 1), dt.date(2024, 12, 31), 3),
        (dt.date(2025, 1, 1), dt.date(2025, 3, 31), 3),
        (dt.date(2024, 7, 1), dt.date(2024, 12, 31), 6),
        (dt.date(2025, 1, 1), dt.date(2025, 12, 31), 12),
        (dt.date(2024, 1, 1), dt.date(2024, 12, 31), 12),
    ],
)
def test_months_are_those_of_the_period(engine: Engine, first: dt.date, last: dt.date, months: int) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        row: dict[str, object] = {
            "community_id": made.community_id,
            "fee_item_id": made.item_id,
            "plan_id": made.plan_id,
        }
        row |= {"period_from_on": first, "period_to_on": last, "principal_fen": 10_000, "issued_on": first}
        row |= {"due_on": first.replace(day=10)}
        ledger.post(session, ledger.Posting(made.units[0], "bill", row), through=TODAY)
        [cell] = room_grid.cells(session, community_id=made.community_id, on=TODAY)
        assert cell.months == months


def test_sums_tie_to_the_list_of_arrears_building_by_building(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session, units=("1-1-101", "1-2-101", "2-1-101"))
        other = make_estate(session, units=("1-1-101",), name="望江苑")
        for place, number in enumerate(made.units):
            add_bill(session, made, dt.date(2026, 1, 10), 10_000 * (place + 1), unit_id=number)
        add_bill(session, other, dt.date(2026, 1, 10))
        for building in ("", "1", "2"):
            cells = room_grid.cells(session, community_id=made.community_id, on=TODAY, building=building)
            wanted = arrears.Filter(community_id=made.community_id, building=building)
            told = arrears.totals(session, as_of=TODAY, wanted=wanted)
            assert sum(cell.overdue_fen for cell in cells) == told.total_fen
            page = unit_list.page(
                session,
                wanted=unit_list.Wanted(made.community_id, building=building),
                on=TODAY,
                sort="-balance",
                limit=50,
                offset=0,
            )
            assert (page.overdue_fen, page.owing) == (told.total_fen, told.units)
            assert sum(line.overdue_fen for line in page.lines) == told.total_fen
        places = room_grid.places(session, made.community_id)
        assert [(one.building, one.entrance, one.units) for one in places] == [
            ("1", "1", 1),
            ("1", "2", 1),
            ("2", "1", 1),
        ]


def test_flags_last_as_long_as_they_were_set_for(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session, units=("1-1-101", "1-1-102"))
        one, two = made.units
        mark = {"unit_id": one, "kind": "no_dunning", "note": "x", "marked_at": NOW}
        estate_marks.add(session, mark | {"until_on": TODAY})
        ended = estate_marks.add(session, {"unit_id": two, "kind": "elderly", "marked_at": NOW})
        estate_marks.end(session, ended, at=NOW, by=None)
        days = {"from_on": TODAY, "until_on": TODAY + dt.timedelta(days=1), "reported_on": TODAY}
        session.execute(sa.insert(vacancy).values(unit_id=two, **days))
        tomorrow = TODAY + dt.timedelta(days=1)
        assert estate_marks.flags_of(session, made.units, on=TODAY) == {one: ("no_dunning",), two: ("vacant",)}
        assert estate_marks.flags_of(session, made.units, on=tomorrow) == {}
        assert estate_marks.flags_of(session, made.units) == {one: ("no_dunning",)}
        cells = room_grid.cells(session, community_id=made.community_id, on=TODAY)
        assert [cell.flags for cell in cells] == [("no_dunning",), ("vacant",)]


def test_the_list_and_the_plan_take_as_many_statements_for_300_rooms_as_for_one(engine: Engine) -> None:
    counts = []
    with db.transaction(engine) as session:
        made = make_estate(session)
        add_owner(session, made, made.units[0], "单英")
    for more in (0, 300):
        with db.transaction(engine) as session:
            units = [add_unit(session, made.community_id, f"9-1-{101 + number}") for number in range(more)]
            for number in units[::50]:
                add_bill(session, made, dt.date(2026, 1, 10), unit_id=number)
        with db.reading(engine) as session, counting(engine) as seen:
            room_grid.cells(session, community_id=made.community_id, on=TODAY)
            wanted = unit_list.Wanted(made.community_id)
            unit_list.page(session, wanted=wanted, on=TODAY, sort="room", limit=50, offset=0)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 20


def test_the_plan_lays_out_floors_from_the_top_and_loses_no_room(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session, units=("1-1-101", "1-1-1203", "1-1-1201", "1-1-商铺3", "1-1-B05"))
        cells = room_grid.cells(session, community_id=made.community_id, on=TODAY)
        plan = room_plan.of_cells(cells, building="", entrance="")
        [block] = plan.blocks
        assert block.doors == ("01", "03")
        assert [(row.floor, [cell.room if cell else "" for cell in row.cells]) for row in block.rows] == [
            (12, ["1201", "1203"]),
            (1, ["101", ""]),
        ]
        assert len(block.others) == 2
        assert plan.units == sum(plan.states.values()) == 5


def test_a_large_community_is_shown_a_building_at_a_time() -> None:
    large = [room_grid.Place("1", "1", 300), room_grid.Place("2", "1", 300)]
    small = [room_grid.Place("1", "1", 100)]
    assert room_plan.chosen_building(large, "", wants_all=False) == "1"
    assert room_plan.chosen_building(large, "2", wants_all=False) == "2"
    assert room_plan.chosen_building(large, "nowhere", wants_all=True) == ""
    assert room_plan.chosen_building(small, "", wants_all=False) == ""
    assert room_plan.chosen_building([], "", wants_all=False) == ""
