"""The plan of rooms: floors from the top down, doors from left to right, one table an entrance, and what it counts."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.store.room_grid import STATES, Cell, Place

WHOLE = 400
"""So many rooms are shown on one page; of a larger community one building at a time."""
_ROOM = re.compile(r"(\d{1,3}?)(\d{2})([A-Za-z]?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Row:
    """One floor: a cell for each door, None where there is no such room."""

    floor: int
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """One entrance of a building; ``others`` are rooms whose numbers name no floor."""

    building: str
    entrance: str
    doors: tuple[str, ...]
    rows: tuple[Row, ...]
    others: tuple[Cell, ...]
    units: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What is shown, and how many rooms stand where; the states add up to all, the flags are of those."""

    building: str
    entrance: str
    blocks: tuple[Block, ...]
    units: int
    states: Mapping[str, int]
    vacant: int
    disputed: int
    overdue_fen: int


def chosen_building(places: Sequence[Place], wanted: str, *, wants_all: bool) -> str:
    """Return the building to show: the one asked for, all of a small community, else the first."""
    if wanted in {place.building for place in places}:
        return wanted
    small = sum(place.units for place in places) <= WHOLE
    return "" if not places or small or wants_all else places[0].building


def of_cells(cells: Sequence[Cell], *, building: str, entrance: str) -> Plan:
    """Lay cells out floor by floor."""
    blocks: dict[tuple[str, str], list[Cell]] = defaultdict(list)
    for cell in cells:
        blocks[cell.building, cell.entrance].append(cell)
    return Plan(
        building=building,
        entrance=entrance,
        blocks=tuple(_block(*place, found) for place, found in blocks.items()),
        units=len(cells),
        states={state: sum(1 for cell in cells if cell.state == state) for state in STATES},
        vacant=sum(1 for cell in cells if "vacant" in cell.flags),
        disputed=sum(1 for cell in cells if "disputed" in cell.flags),
        overdue_fen=sum(cell.overdue_fen for cell in cells),
    )


def _block(building: str, entrance: str, cells: Sequence[Cell]) -> Block:
    placed: dict[tuple[int, str], Cell] = {}
    others: list[Cell] = []
    for cell in cells:
        place = _place(cell)
        if place is None or place in placed:
            others.append(cell)
        else:
            placed[place] = cell
    doors = tuple(sorted({door for _, door in placed}))
    floors = sorted({floor for floor, _ in placed}, reverse=True)
    rows = tuple(Row(floor, tuple(placed.get((floor, door)) for door in doors)) for floor in floors)
    return Block(building, entrance, doors, rows, tuple(others), len(cells))


def _place(cell: Cell) -> tuple[int, str] | None:
    """Return floor and door of a room: 1203 is door 03 on floor 12; what is not numbered so has no place."""
    found = _ROOM.fullmatch(cell.room)
    if found is None:
        return None
    floor = cell.floor if cell.floor is not None else int(found[1])
    return floor, found[2] + found[3]
