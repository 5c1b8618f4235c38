"""The counter's small rules: cash that is counted, numbers that follow each other, boxes, and rooms named in a note."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.counter import PIECES, Box, Run, counted, named_by_boxes, rooms_in, runs

BOXES = st.lists(
    st.builds(Box, st.integers(1, 50), st.integers(1, 900), st.integers(0, 950)),
    max_size=6,
    unique_by=lambda b: b.bill_id,
)


def test_the_cash_is_the_sum_of_its_pieces() -> None:
    assert counted([1] * len(PIECES)) == 10_000 + 5_000 + 2_000 + 1_000 + 500 + 100 + 50 + 10
    assert counted([0] * len(PIECES)) == 0


def test_numbers_that_follow_each_other_are_one_run() -> None:
    assert runs(["SJ0126000003", "SJ0126000001", "SJ0126000002", "SJ0126000002", "SJ0126000009"]) == (
        Run("SJ0126000001", "SJ0126000003", 3),
        Run("SJ0126000009", "SJ0126000009", 1),
    )
    assert runs(["YJ0126000001", "YT0126000002"]) == (
        Run("YJ0126000001", "YJ0126000001", 1),
        Run("YT0126000002", "YT0126000002", 1),
    )
    assert runs(["x", "y1"]) == (Run("x", "x", 1), Run("y1", "y1", 1))
    assert runs([]) == ()


@given(st.sets(st.integers(1, 60)))
def test_runs_name_every_number_once(places: set[int]) -> None:
    found = runs(f"SJ01{place:04d}" for place in places)
    assert sum(run.count for run in found) == len(places)
    assert {int(run.first[4:]) + step for run in found for step in range(run.count)} == places


@given(BOXES)
def test_boxes_name_bills_in_an_order_that_pays_just_what_they_say(boxes: list[Box]) -> None:
    named = named_by_boxes(boxes)
    wanted = {box.bill_id: box.typed_fen for box in boxes if box.typed_fen}
    partial = [box for box in boxes if 0 < box.typed_fen < box.owed_fen]
    if len(partial) > 1 or any(box.typed_fen > box.owed_fen for box in boxes):
        assert named is None
        return
    assert named is not None
    owed, left, paid = {box.bill_id: box.owed_fen for box in boxes}, sum(wanted.values()), dict[int, int]()
    for bill_id in named:  # each by itself, in order, as the ledger books a payment that names its bills
        paid[bill_id] = min(owed[bill_id], left)
        left -= paid[bill_id]
    assert (paid, left) == (wanted, 0)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("3-2-1502 物业费", ("3-2-1502",)),
        ("交3幢2单元1502，谢谢", ("3-2-1502",)),
        ("3幢2单元1502，3-2-1503", ("3-2-1502", "3-2-1503")),
        ("物业费 2026年11月", ()),
        ("", ()),
        ("1" * 500, ()),
    ],
)
def test_a_note_names_the_rooms_it_spells_out(text: str, codes: tuple[str, ...]) -> None:
    assert {code for code in rooms_in(text) if code[0].isdecimal()} == set(codes)
