"""Whole fen: one way to round, and the two ways in which an amount of money is read."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from app.domain.errors import Refusal
from app.domain.quoting import quoted

if TYPE_CHECKING:
    from fractions import Fraction

MAX_FEN = 10**12
"""Ten thousand million yuan: far above any bill, and small enough for SQL integers times a rate index."""

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
_EXPONENT = re.compile(r"[-+]?[0-9.]+[eE][-+]?[0-9]*", re.ASCII)
_TYPED = re.compile(r"([0-9]+|[0-9]{1,3}(,[0-9]{3})+)?(\.[0-9]*)?", re.ASCII)
_LONGEST = 64
_DECIMALS = 2


def half_up(numerator: int, denominator: int) -> int:
    """Return ``numerator / denominator`` as a whole number, halves away from zero."""
    if denominator <= 0:
        message = "a denominator is positive"
        raise ValueError(message)
    if numerator < 0:
        return -half_up(-numerator, denominator)
    return (2 * numerator + denominator) // (2 * denominator)


def half_up_fraction(value: Fraction) -> int:
    """Return ``value`` as a whole number, halves away from zero."""
    return half_up(value.numerator, value.denominator)


def parse_yuan(text: object) -> int:
    """Read an amount another program wrote (``"1234.50"``) as fen; nothing is guessed.

    Raises:
        Refusal: ``money.not_text``, ``money.exponent``, ``money.not_a_number``, ``money.too_many_decimals``
            or ``money.too_large``. A sign is read; whether it may stand is for the caller to say.

    """
    if not isinstance(text, str):
        raise Refusal("money.not_text", given=type(text).__name__)
    if len(text) > _LONGEST:
        raise Refusal("money.too_large", given=quoted(text))
    if _EXPONENT.fullmatch(text):
        raise Refusal("money.exponent", given=quoted(text))
    if _NUMBER.fullmatch(text) is None:
        raise Refusal("money.not_a_number", given=quoted(text))
    return _fen(text, text)


def read_yuan(text: object, *, allow_negative: bool = False) -> int:
    """Read an amount a person typed or pasted (``￥１２３４元``) as fen.

    Full-width digits, currency signs, thousands commas and spaces are understood; ``(12.00)`` is minus twelve.

    Raises:
        Refusal: the codes of ``parse_yuan`` and ``money.empty``, ``money.negative``.

    """
    if not isinstance(text, str):
        raise Refusal("money.not_text", given=type(text).__name__)
    if len(text) > _LONGEST:
        raise Refusal("money.too_large", given=quoted(text))
    bare = "".join(unicodedata.normalize("NFKC", text).split())
    if not bare:
        raise Refusal("money.empty")
    negative = False
    if bare.startswith("(") and bare.endswith(")"):
        negative, bare = True, bare[1:-1]
    bare = _without_currency(bare.replace("\N{MINUS SIGN}", "-"))
    if bare.startswith("-") and not negative:
        negative, bare = True, _without_currency(bare[1:])
    if _EXPONENT.fullmatch(bare):
        raise Refusal("money.exponent", given=quoted(text))
    if _TYPED.fullmatch(bare) is None or not any(sign.isdigit() for sign in bare):
        raise Refusal("money.not_a_number", given=quoted(text))
    whole, _, decimals = bare.replace(",", "").partition(".")
    fen = _fen(f"{whole or '0'}.{decimals.rstrip('0')}", text)
    if negative and fen and not allow_negative:
        raise Refusal("money.negative", given=quoted(text))
    return -fen if negative else fen


def format_yuan(fen: int) -> str:
    """Return fen as the plain text other programs read: ``"1234.50"``."""
    whole, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{whole}.{rest:02d}"


def _without_currency(text: str) -> str:
    # NFKC turns the full-width sign into the half-width one, so one spelling is enough.
    return text.removeprefix("RMB").removeprefix("CNY").removeprefix("\N{YEN SIGN}").removesuffix("元")


def _fen(number: str, as_given: str) -> int:
    whole, _, decimals = number.partition(".")
    if len(decimals) > _DECIMALS:
        raise Refusal("money.too_many_decimals", given=quoted(as_given))
    fen = int(whole.lstrip("-")) * 100 + int(decimals.ljust(_DECIMALS, "0"))
    if fen > MAX_FEN:
        raise Refusal("money.too_large", given=quoted(as_given))
    return -fen if whole.startswith("-") else fen
