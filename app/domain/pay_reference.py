"""The short reference an owner writes beside a transfer, and how a statement line is searched for it."""

from __future__ import annotations

import re
import unicodedata

PREFIX = "JF"
MODULUS = 97
_WRITTEN = re.compile(r"JF[\s-]*((?:\d[\s-]*){8,24})", re.ASCII)


def pay_reference(unit_id: int) -> str:
    """Return ``JF00001237``: the unit and two check digits (ISO 7064 MOD 97-10), so that a slip names no neighbour."""
    return f"{PREFIX}{unit_id:06d}{_check_digits(unit_id):02d}"


def units_named(text: str) -> tuple[int, ...]:
    """Return the units whose reference stands in ``text`` as a bank prints it; a wrong check digit names nobody."""
    plain = unicodedata.normalize("NFKC", text).upper()
    found: list[int] = []
    for written in _WRITTEN.findall(plain):
        digits = ""
        # Blanks let the next number run into ours: whole groups are taken until what stands there checks out.
        for group in re.split(r"[\s-]+", written.strip(" -")):
            digits += group
            unit_id = int(digits[:-2] or 0)
            if len(digits) >= 8 and unit_id and pay_reference(unit_id)[2:] == digits:
                found.append(unit_id)
                break
    return tuple(dict.fromkeys(found))


def _check_digits(unit_id: int) -> int:
    return MODULUS + 1 - unit_id * 100 % MODULUS
