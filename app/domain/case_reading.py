"""Reading a JSON case strictly: each value knows its path, and each fault is a refusal that points at it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, NoReturn, TypeVar

from app.domain.errors import Kind, Refusal
from app.domain.money import parse_yuan
from app.domain.quoting import is_printable, quoted
from app.domain.rates import Rate, parse_rate

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import StrEnum

    Choice = TypeVar("Choice", bound=StrEnum)

T = TypeVar("T")

MAX_CHARACTERS = 2_000_000
FIRST_YEAR, LAST_YEAR = 1990, 2100
_MAX_TEXT = 200
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", re.ASCII)
_RATIO = re.compile(r"[0-9]{1,6}(\.[0-9]{1,12})?", re.ASCII)


def parse_json(text: str) -> object:
    """Read one JSON text: no NaN, no key twice, no endless nesting.

    Raises:
        Refusal: ``case.too_large``, ``case.unreadable`` or ``case.duplicate_key``.

    """
    if len(text) > MAX_CHARACTERS:
        raise Refusal("case.too_large")
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_key_twice)
    except (ValueError, RecursionError):
        raise Refusal("case.unreadable") from None


def _no_constant(_name: str) -> NoReturn:
    raise Refusal("case.unreadable")


def _no_key_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise Refusal("case.duplicate_key", key=quoted(twice))
    return found


@dataclass(frozen=True, slots=True)
class Value:
    """One JSON value and where it stands (``events[2].amount``)."""

    raw: object
    path: str = ""

    def refuse(self, code: str, **facts: str | int) -> NoReturn:
        """Refuse this value.

        Raises:
            Refusal: always.

        """
        raise Refusal(code, kind=Kind.REJECTED, field=self.path or None, **facts)

    def fields(self, required: str, optional: str = "") -> Fields:
        """Read an object with these keys (names separated by spaces) and no others; null counts as left out."""
        if not isinstance(self.raw, dict):
            self.refuse("case.not_an_object")
        allowed = {*required.split(), *optional.split()}
        for key in self.raw:
            if key not in allowed:
                Value(None, self._below(quoted(str(key)))).refuse("case.unknown_key", key=quoted(str(key)))
        for key in required.split():
            if self.raw.get(key) is None:
                Value(None, self._below(key)).refuse("case.missing_key", key=key)
        return Fields({key: Value(raw, self._below(key)) for key, raw in self.raw.items() if raw is not None})

    def items(self, at_most: int) -> list[Value]:
        """Read a list."""
        if not isinstance(self.raw, list):
            self.refuse("case.not_a_list")
        if len(self.raw) > at_most:
            self.refuse("case.too_many", most=at_most)
        return [Value(raw, f"{self.path}[{place}]") for place, raw in enumerate(self.raw)]

    def text(self) -> str:
        """Read a name: not empty, not endless."""
        if not isinstance(self.raw, str):
            self.refuse("case.not_text")
        if not 0 < len(self.raw) <= _MAX_TEXT or not is_printable(self.raw):
            self.refuse("case.bad_text")
        return self.raw

    def flag(self) -> bool:
        """Read true or false."""
        if not isinstance(self.raw, bool):
            self.refuse("case.not_true_or_false")
        return self.raw

    def whole(self, least: int, most: int) -> int:
        """Read a whole number within bounds."""
        if isinstance(self.raw, bool) or not isinstance(self.raw, int):
            self.refuse("case.not_a_whole_number")
        if not least <= self.raw <= most:
            self.refuse("case.out_of_range", least=least, most=most)
        return self.raw

    def choice(self, enum: type[Choice]) -> Choice:
        """Read one of the values of an enum."""
        chosen = next((member for member in enum if isinstance(self.raw, str) and self.raw == member.value), None)
        if chosen is None:
            self.refuse("case.unknown_choice", choices=" | ".join(member.value for member in enum))
        return chosen

    def day(self) -> date:
        """Read an ISO date."""
        if not isinstance(self.raw, str):
            self.refuse("date.not_text")
        match = _DATE.fullmatch(self.raw)
        if match is None:
            self.refuse("date.not_a_date", given=quoted(self.raw))
        year, month, day = (int(number) for number in match.groups())
        if not FIRST_YEAR <= year <= LAST_YEAR:
            self.refuse("date.out_of_range", given=quoted(self.raw), first=FIRST_YEAR, last=LAST_YEAR)
        try:
            return date(year, month, day)
        except ValueError:
            self.refuse("date.no_such_day", given=quoted(self.raw))

    def fen(self) -> int:
        """Read an amount of money, of any sign."""
        return self._pointing(lambda: parse_yuan(self.raw))

    def fen_not_negative(self) -> int:
        """Read an amount of money that cannot be negative."""
        fen = self.fen()
        if fen < 0:
            self.refuse("money.negative", given=quoted(str(self.raw)))
        return fen

    def rate(self) -> Rate:
        """Read a rate."""
        return self._pointing(lambda: parse_rate(self.raw))

    def ratio(self) -> Fraction:
        """Read a ratio written as a decimal."""
        if not isinstance(self.raw, str) or _RATIO.fullmatch(self.raw) is None:
            self.refuse("ratio.not_readable")
        return Fraction(self.raw)

    def texts(self, at_most: int) -> tuple[str, ...]:
        """Read a list of names."""
        return tuple(item.text() for item in self.items(at_most))

    def _pointing(self, read: Callable[[], T]) -> T:
        try:
            return read()
        except Refusal as refusal:
            raise refusal.at(self.path) from None

    def _below(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key


@dataclass(frozen=True, slots=True)
class Fields:
    """The keys of an object that were given."""

    given: dict[str, Value]

    def __getitem__(self, key: str) -> Value:
        """Return a required key."""
        return self.given[key]

    def __contains__(self, key: str) -> bool:
        """Tell whether an optional key was given."""
        return key in self.given

    def read(self, key: str, how: Callable[[Value], T], default: T) -> T:
        """Read an optional key, or take its default."""
        return how(self.given[key]) if key in self.given else default
