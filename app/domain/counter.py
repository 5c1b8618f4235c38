"""The counter: ways to pay, counting the cash drawer, and runs of receipt numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from app.domain.errors import Refusal
from app.domain.registry import parse_unit

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence


class Method(StrEnum):
    """How money came in."""

    CASH = "cash"
    WECHAT = "wechat"
    ALIPAY = "alipay"
    BANK = "bank"
    POS = "pos"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class By:
    """Who does something with money, when, and under which key of a form."""

    user_id: int
    login: str
    name: str
    today: dt.date
    now: dt.datetime
    key: str
    may_back_date: bool = False


PIECES = (10_000, 5_000, 2_000, 1_000, 500, 100, 50, 10)
"""Notes and coins in use, in fen."""

MOST_PIECES = 99_999
LONGEST_ROOM = 24


def counted(pieces: Sequence[int]) -> int:
    """Return what so many notes and coins of each kind come to, in fen."""
    assert len(pieces) == len(PIECES)
    return sum(value * count for value, count in zip(PIECES, pieces, strict=True))


@dataclass(frozen=True, slots=True)
class Run:
    """Numbers that follow each other without a gap."""

    first: str
    last: str
    count: int


_NUMBER = re.compile(r"(.*?)(\d{1,9})")


def runs(numbers: Iterable[str]) -> tuple[Run, ...]:
    """Return document numbers as runs without a gap, in their order."""
    found: list[Run] = []
    for number in sorted(set(numbers)):
        before = found[-1] if found else None
        if before is not None and _follows(before.last, number):
            found[-1] = Run(before.first, number, before.count + 1)
        else:
            found.append(Run(number, number, 1))
    return tuple(found)


def _follows(before: str, number: str) -> bool:
    one, two = _NUMBER.fullmatch(before), _NUMBER.fullmatch(number)
    if one is None or two is None or len(one[2]) != len(two[2]) or one[1] != two[1]:
        return False
    return int(two[2]) == int(one[2]) + 1


@dataclass(frozen=True, slots=True)
class Box:
    """What a clerk typed beside a bill."""

    bill_id: int
    owed_fen: int
    typed_fen: int


def named_by_boxes(boxes: Sequence[Box]) -> tuple[int, ...] | None:
    """Return the bills in the order that pays what the boxes say: full ones first, then the one paid in part.

    None when two bills are to be paid in part, or one with more than is owed: no order of payment gives that.
    """
    wanted = [box for box in boxes if box.typed_fen]
    partial = [box for box in wanted if box.typed_fen < box.owed_fen]
    if len(partial) > 1 or any(box.typed_fen > box.owed_fen for box in wanted):
        return None
    full = [box for box in wanted if box.typed_fen == box.owed_fen]
    return tuple(box.bill_id for box in (*full, *partial))


def rooms_in(text: str) -> tuple[str, ...]:
    """Return the codes of the rooms a text seems to name, ``3-2-1502`` among them; most words name none."""
    found = []
    for word in re.split(r"[\s,，;；。/()（）]+", text):
        digit = re.search(r"[0-9]", word)
        if digit is None or len(word) > LONGEST_ROOM:
            continue
        for place in {0, digit.start()}:  # what stands before the first digit may belong to the sentence
            try:
                found.append(parse_unit(word[place:]).code)
            except Refusal:
                continue
    return tuple(dict.fromkeys(found))
