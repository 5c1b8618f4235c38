"""One cell to one value: text, money, areas, prices, phones, identity numbers; what cannot be read is refused."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from functools import lru_cache

import phonenumbers
from stdnum.cn import ric

from app.domain.errors import Refusal
from app.domain.money import read_yuan
from app.domain.registry import UnitCode, Usage, parse_unit, read_usage, unit_of
from app.sheets import words
from app.sheets.reading import UNCALCULATED, Cell

TEXT_LIMIT = 200
AREA_LIMIT_E3 = 1_000_000_000
PRICE_LIMIT_E4 = 100_000_000
E3_DECIMALS = 3
E4_DECIMALS = 4

_EXACT_FLOAT = 2**53
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060\ufeff\ufffe\uffff]")
_BLANKS = re.compile(r"\s+")
_NUMBER = re.compile(r"(\d{1,12})(?:\.(\d{1,9}))?", re.ASCII)


def text(value: Cell) -> str:
    """Return the cell as people see it: whole numbers without ``.0``, outer blanks and control marks gone."""
    if type(value) is str:
        # Printable text holds no control or zero-width marks and no blank but the plain one: nearly every cell.
        if value.isprintable() and len(value) <= TEXT_LIMIT and "  " not in value:
            return value.strip()
        return _tidy(value)
    if value is UNCALCULATED:
        raise Refusal("import.formula_without_value")
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, float | int):
        return number_text(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    return str(value)


@lru_cache(maxsize=16384)
def _tidy(value: str) -> str:
    tidy = _BLANKS.sub(" ", _CONTROL.sub("", value)).strip()
    if len(tidy) > TEXT_LIMIT:
        raise Refusal("import.too_long", limit=TEXT_LIMIT)
    if any("\ud800" <= mark <= "\udfff" for mark in tidy):
        raise Refusal("import.bad_character")
    return tidy


def number_text(value: float) -> str:
    """A number as Excel shows it: fifteen significant digits, which drops the noise of binary fractions."""
    if float(value).is_integer() and abs(value) < _EXACT_FLOAT:
        return str(int(value))
    return f"{value:.15g}"


def name(value: Cell) -> str:
    """A person's name, kept as written except blanks between Chinese characters."""
    given = text(value)
    if " " in given and not given.isascii():
        given = _BETWEEN_HAN.sub("", unicodedata.normalize("NFC", given))
    return given[:80]


_BETWEEN_HAN = re.compile(r"(?<=[\u2e80-\u9fff\uf900-\ufaff])\s+(?=[\u2e80-\u9fff\uf900-\ufaff])")


def names(value: Cell) -> tuple[str, ...]:
    """The names in one cell; co-owners are written with a comma or a pause mark between them."""
    given = name(value)
    if given in words.NO_OWNER or (len(given) == 1 and words.fold(given) in words.NO_OWNER):
        return ()
    if given.isalpha():
        return (given,)
    parts = (part.strip() for part in words.NAME_SEPARATORS.split(_half_comma(given)))
    return tuple(dict.fromkeys(part for part in parts if part))


def _half_comma(given: str) -> str:
    return given.translate({0xFF0C: ",", 0xFF1B: ";", 0xFF0F: "/"})


def fen(value: Cell) -> int:
    """An amount that is zero or more; refuses ``import.bad_amount``."""
    return _fen(value, allow_negative=False)


def signed_fen(value: Cell) -> int:
    """An amount that may be negative, as in a sheet's own totals."""
    return _fen(value, allow_negative=True)


def owed_fen(value: Cell) -> int:
    """The amount owed in a matrix cell: zero for an empty cell, a dash or a word for paid."""
    if type(value) is float:
        return _fen(value, allow_negative=False)
    if type(value) is str and (value == "" or words.fold(value) in words.NOTHING_OWED):
        return 0
    return _fen(value, allow_negative=False)


def _fen(value: Cell, *, allow_negative: bool) -> int:
    if isinstance(value, bool | dt.date | dt.time | dt.timedelta):
        raise Refusal("import.bad_amount", value=_shown(value))
    shown = text(value)
    if type(value) is float and "e" in shown:
        raise Refusal("import.bad_amount", value=shown[:40])
    return _fen_of(shown, allow_negative)


@lru_cache(maxsize=16384)
def _fen_of(shown: str, allow_negative: bool) -> int:  # noqa: FBT001 - cached by position
    folded = words.fold(shown)
    times = 1
    if folded.removesuffix("元").endswith(words.TEN_THOUSAND):
        folded, times = folded.removesuffix("元").removesuffix(words.TEN_THOUSAND), 10_000
        whole, dot, decimals = folded.partition(".")
        if dot and decimals.isascii() and decimals.isdecimal():
            # Ten-thousands may carry six decimals down to the fen; shift the point before reading.
            folded = f"{whole}{decimals[:4].ljust(4, '0')}.{decimals[4:] or '0'}"
            times = 1
    try:
        amount = read_yuan(folded, allow_negative=allow_negative) * times
    except Refusal as refusal:
        raise Refusal("import.bad_amount", value=shown[:40], reason=refusal.code) from refusal
    if abs(amount) > 10**12:
        raise Refusal("import.bad_amount", value=shown[:40], reason="money.too_large")
    return amount


def area_e3(value: Cell) -> int:
    """An area in thousandths of a square metre, more than zero; refuses ``import.bad_area``."""
    shown = text(value) if not isinstance(value, bool | dt.date | dt.time | dt.timedelta) else _shown(value)
    found = _scaled(shown, E3_DECIMALS, words.AREA_MARKS)
    if found is None or not 0 < found <= AREA_LIMIT_E3:
        raise Refusal("import.bad_area", value=shown[:40])
    return found


def price_e4(value: Cell) -> int:
    """A unit price in ten-thousandths of a yuan, zero or more; refuses ``import.bad_price``."""
    shown = text(value) if not isinstance(value, bool | dt.date | dt.time | dt.timedelta) else _shown(value)
    found = _scaled(shown, E4_DECIMALS, (*words.PRICE_MARKS, "元"))
    if found is None or found > PRICE_LIMIT_E4:
        raise Refusal("import.bad_price", value=shown[:40])
    return found


@lru_cache(maxsize=16384)
def _scaled(shown: str, decimals: int, marks: tuple[str, ...]) -> int | None:
    bare = words.fold(shown).removeprefix("¥")
    for mark in marks:
        if bare.endswith(mark):
            bare = bare[: -len(mark)]
            break
    match = _NUMBER.fullmatch(bare)
    if match is None:
        return None
    fraction = (match[2] or "").rstrip("0")
    if len(fraction) > decimals:
        return None
    return int(match[1] + fraction.ljust(decimals, "0"))


def phones(value: Cell) -> tuple[str, ...]:
    """The phone numbers in one cell in E.164, without placeholders; refuses ``import.bad_phone``."""
    if isinstance(value, bool | dt.date | dt.time | dt.timedelta):
        raise Refusal("import.bad_phone", value=_shown(value))
    shown = text(value)
    if len(shown) == _MOBILE_DIGITS and "13" <= shown[:2] <= "19" and shown.isascii() and shown.isdecimal():
        return () if shown in words.PLACEHOLDER_PHONES else ("+86" + shown,)
    folded = words.fold(_half_comma(shown))
    if not folded or folded in words.PLACEHOLDER_PHONES:
        return ()
    return tuple(dict.fromkeys(filter(None, map(_phone, re.split(r"[,;/\u3001|]", folded)))))


def _phone(folded: str) -> str:
    if folded in words.PLACEHOLDER_PHONES or not folded:
        return ""
    bare = folded.replace("-", "")
    if len(bare) == _MOBILE_DIGITS and bare.isascii() and bare.isdecimal() and "13" <= bare[:2] <= "19":
        return "+86" + bare
    return _other_phone(folded)


_MOBILE_DIGITS = 11


@lru_cache(maxsize=4096)
def _other_phone(folded: str) -> str:
    try:
        number = phonenumbers.parse(folded[:40], "CN")
    except phonenumbers.NumberParseException as error:
        raise Refusal("import.bad_phone", value=folded[:20]) from error
    if not phonenumbers.is_possible_number(number) or (
        not phonenumbers.is_valid_number(number) and not folded.startswith("+")
    ):
        raise Refusal("import.bad_phone", value=folded[:20])
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def id_number(value: Cell) -> str:
    """A number of identity in capitals, empty for a placeholder; refuses ``import.bad_id_number``.

    Fifteen digits of a kind that a spreadsheet has rounded can never be right, so a number cell is refused.
    """
    if isinstance(value, bool | dt.date | dt.time | dt.timedelta):
        raise Refusal("import.bad_id_number", value=_shown(value))
    folded = words.fold(text(value)).replace("-", "")
    if not folded or folded in words.PLACEHOLDER_IDS or set(folded) in ({"1"}, {"0"}):
        return ""
    if not folded.isascii() or not folded.isalnum() or not 6 <= len(folded) <= 20:
        raise Refusal("import.bad_id_number", value=_masked(folded))
    if folded[:17].isdecimal() and len(folded) == 18 and not ric.is_valid(folded):
        raise Refusal("import.bad_id_number", value=_masked(folded))
    if isinstance(value, float) and len(folded) > 15:  # Excel keeps fifteen digits
        raise Refusal("import.bad_id_number", value=_masked(folded))
    return folded


def _masked(number: str) -> str:
    return number[:3] + "*" * max(0, len(number) - 5) + number[-2:]


def unit(value: Cell) -> UnitCode:
    """A whole address in one cell; refuses ``import.bad_unit`` (a date cell is what Excel made of ``1-1-2``)."""
    if not isinstance(value, str | float | int) or isinstance(value, bool):
        raise Refusal("import.bad_unit", value=_shown(value))
    shown = text(value)
    try:
        return parse_unit(shown)
    except Refusal as refusal:
        raise Refusal("import.bad_unit", value=shown[:40]) from refusal


def unit_from(building: Cell, entrance: Cell, room: Cell) -> UnitCode:
    """An address in two or three cells; refuses ``import.bad_unit``."""
    parts = [text(part) if isinstance(part, str | float | int) else _shown(part) for part in (building, entrance, room)]
    try:
        return unit_of(*parts)
    except Refusal as refusal:
        raise Refusal("import.bad_unit", value="-".join(parts)[:40]) from refusal


def usage(value: Cell) -> Usage | None:
    """What the unit is used for; None where the cell does not say it in a word that is known."""
    return read_usage(text(value))


def whole(value: Cell, *, least: int, most: int) -> int:
    """A whole number within bounds; refuses ``import.bad_number``."""
    shown = text(value)
    folded = words.fold(shown)
    if not folded.isascii() or not folded.isdecimal() or len(folded) > 9 or not least <= int(folded) <= most:
        raise Refusal("import.bad_number", value=shown[:40], least=least, most=most)
    return int(folded)


def method(value: Cell) -> str:
    """The code of a way of payment; an unknown word is ``other``."""
    return words.METHODS.get(words.fold(text(value)), "other")


def _shown(value: Cell) -> str:
    return str(value)[:40]
