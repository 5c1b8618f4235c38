"""Unit codes: what people write for a flat or a shop, and the one code, label and order it stands for."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files

from app.domain.errors import Refusal

NO_ENTRANCE = "0"
PART_LIMIT = 16
SORT_KEY_LIMIT = 120

BEFORE_RECORDS = date(1990, 1, 1)
"""The first day of whoever a list names without one: they owned when anything on record fell due."""

_WORDS = tomllib.loads(files("app.domain").joinpath("registry.toml").read_text(encoding="utf-8"))


class Usage(StrEnum):
    """What a unit is used for; tariffs may differ by it."""

    RESIDENTIAL = "residential"
    SHOP = "shop"
    OFFICE = "office"
    DORMITORY = "dormitory"
    PARKING = "parking"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class UnitCode:
    """Where a unit is: building, entrance (``0`` where the building has none) and room."""

    building: str
    entrance: str
    room: str

    @property
    def code(self) -> str:
        """The canonical code, ``1-1-202``; unique within a community."""
        return f"{self.building}-{self.entrance}-{self.room}"

    @property
    def label(self) -> str:
        """The name printed on paper and pages."""
        words = _WORDS["label"]
        room = words["numbered_room"].format(room=self.room) if self.room[0].isascii() else self.room
        pattern = words["without_entrance"] if self.entrance == NO_ENTRANCE else words["with_entrance"]
        return str(pattern.format(building=self.building, entrance=self.entrance, room=room))

    @property
    def floor(self) -> int | None:
        """The floor a plain room number tells (``1103`` is on the eleventh), None for a shop or a cellar."""
        if self.room.isascii() and self.room.isdecimal() and len(self.room) in {3, 4}:
            return int(self.room[:-2])
        return None

    @property
    def sort_key(self) -> str:
        """The walking order as digits only, so that every database collation sorts it alike.

        Building 2 comes before 10 and room 101 before 1001; a shop comes after the numbered rooms.
        """
        return (_natural(self.building) + _natural(self.entrance) + _natural(self.room))[:SORT_KEY_LIMIT]


def parse_unit(text: str) -> UnitCode:
    """Read a whole address as people write it, with or without an entrance.

    Refuses ``unit.unreadable`` when building and room cannot both be told.
    """
    plain = _plain(text)
    spaced = _separators().sub("-", plain)
    parts = [part for part in spaced.strip("-").split("-") if part]
    if len(parts) > 3:  # a room such as 202-1 keeps its own hyphen
        parts = [parts[0], parts[1], "-".join(parts[2:])]
    match parts:
        case [building, entrance, room]:
            return unit_of(building, entrance, room)
        case [building, room]:
            return unit_of(building, NO_ENTRANCE, room)
        case _:
            raise Refusal("unit.unreadable", value=text[:40])


def unit_of(building: str, entrance: str, room: str) -> UnitCode:
    """Build a code from three separate cells, each with or without its word (building, entrance, room)."""
    return UnitCode(
        _part(building, "building_words", numbered=True),
        _part(entrance, "entrance_words", numbered=True) if entrance else NO_ENTRANCE,
        _part(room, "room_words", numbered=False),
    )


def read_usage(text: str) -> Usage | None:
    """The usage a word or a code of the trade stands for; None when it is not known."""
    return _usages().get(_plain(text))


@lru_cache(maxsize=4096)
def _part(text: str, words: str, *, numbered: bool) -> str:
    plain = _plain(text)
    for word in sorted(_WORDS[words], key=len, reverse=True):
        if plain.endswith(word) and len(plain) > len(word):
            plain = plain[: -len(word)]
            break
    if numbered:
        plain = _arabic(plain)
        plain = plain.lstrip("0") or NO_ENTRANCE if plain.isdecimal() else plain
    if not plain or len(plain) > PART_LIMIT or not _PART.fullmatch(plain):
        raise Refusal("unit.unreadable", value=text[:40])
    return plain


_PART = re.compile(r"\w(?:[\w.()+/#-]*[\w)])?")
_BLANK = re.compile(r"[\s\u200b\ufeff]+")
_DIGITS = re.compile(r"\d+|\D+", re.ASCII)


def _plain(text: str) -> str:
    """The text in half-width capitals without blanks, every dash a hyphen."""
    folded = unicodedata.normalize("NFKC", text).upper()
    return _BLANK.sub("", folded).translate(_DASHES)


_DASHES = {ord(dash): "-" for dash in "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u30fc_~"}


@cache
def _separators() -> re.Pattern[str]:
    def either(words: list[str]) -> str:
        return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))

    # An entrance word separates only after a number: it also begins words for a shop.
    numbers = f"[0-9A-Z{_WORDS['numerals']}]"
    return re.compile(f"{either(_WORDS['building_words'])}|(?<={numbers})(?:{either(_WORDS['entrance_words'])})")


@cache
def _usages() -> dict[str, Usage]:
    return {word: Usage(usage) for usage, words in _WORDS["usage"].items() for word in words}


def _arabic(text: str) -> str:
    """Write a Chinese numeral up to ninety-nine in digits; anything else stays as it is."""
    numerals: str = _WORDS["numerals"]
    if not text or any(mark not in numerals for mark in text):
        return text
    tens, ten, ones = text.rpartition(numerals[-1])
    if not ten:
        return "".join(str(numerals.index(mark)) for mark in text)
    if len(tens) > 1 or len(ones) > 1 or numerals[-1] in tens:
        return text
    return str((numerals.index(tens) if tens else 1) * 10 + (numerals.index(ones) if ones else 0))


@lru_cache(maxsize=4096)
def _natural(part: str) -> str:
    """Chunks of digits (their count first) and of other text as decimals, then an end mark that sorts first."""
    chunks = []
    for chunk in _DIGITS.findall(part):
        if chunk.isdecimal():
            digits = str(int(chunk))
            chunks.append(f"1{len(digits):02d}{digits}")
        else:
            chunks.append("2" + "".join(f"{ord(mark):05d}" for mark in chunk) + "00000")
    return "".join(chunks) + "0"
