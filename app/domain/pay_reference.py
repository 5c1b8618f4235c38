"""The short reference an owner writes beside a transfer, and how a statement line is searched for it."""

from __future__ import annotations

import re
import unicodedata

PREFIX = "JF"
MODULUS = 97
_WRITTEN = re.compile(r"JF[\s-]*((?:\d[\s-]?){8,14})(?![\d])", re.ASCII)


def pay_reference(unit_id: int) -> str:
    """Return ``JF00001237``: the unit and two check digits (ISO 7064 MOD 97-10), so that a slip names no neighbour."""
    return f"{PREFIX}{unit_id:06d}{_check_digits(unit_id):02d}"


def units_named(text: str) -> tuple[int, ...]:
    """Return the units whose reference stands in ``text`` as a bank prints it; a wrong check digit names nobody."""
    plain = unicodedata.normalize("NFKC", text).upper()
    found: list[int] = []
    for written in _WRITTEN.findall(plain):
        digits = re.sub(r"[\s-]", "", written)
        # Blanks let the next number run into ours; the shortest run of digits that checks out is the reference.
        for length in range(8, len(digits) + 1):
            unit_id, check = int(digits[: length - 2]), int(digits[length - 2 : length])
            if unit_id and check == _check_digits(unit_id) and pay_reference(unit_id)[2:] == digits[:length]:
                found.append(unit_id)
                break
    return tuple(dict.fromkeys(found))


def _check_digits(unit_id: int) -> int:
    return MODULUS + 1 - unit_id * 100 % MODULUS
