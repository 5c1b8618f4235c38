"""What can be checked of a company's own data: its unified social credit code (GB 32100-2015)."""

from __future__ import annotations

import re

_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CODE = re.compile(f"[0-9A-HJ-NPQRTUWXY]{{2}}\\d{{6}}[{_SIGNS}]{{10}}", re.ASCII)


def is_credit_code(text: str) -> bool:
    """Say whether ``text`` is a unified social credit code whose check sign fits (GB 32100-2015, 3^i modulo 31)."""
    if not _CODE.fullmatch(text):
        return False
    total = sum(_SIGNS.index(sign) * pow(3, place, 31) for place, sign in enumerate(text[:17]))
    return _SIGNS[(31 - total % 31) % 31] == text[17]
