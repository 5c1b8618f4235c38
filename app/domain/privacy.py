"""What may be shown of a person by default: enough to recognise, not enough to look up."""

from __future__ import annotations

_ORGANISATION = ("公司", "厂", "店", "局", "中心", "银行", "委员会", "学校", "医院", "合作社", "事务所")
_SHORT_NAME = 2
_TAIL = 4


def mask_name(name: str) -> str:
    """Return ``王*伟`` for a person; an organisation's name is public and stays whole."""
    plain = name.strip()
    if len(plain) > _TAIL and plain.endswith(_ORGANISATION):
        return plain
    if len(plain) <= 1:
        return plain
    if len(plain) == _SHORT_NAME:
        return plain[0] + "*"
    return plain[0] + "*" * (len(plain) - 2) + plain[-1]


def mask_phone(number: str) -> str:
    """Return ``138****8000``: the first three and last four digits."""
    digits = "".join(sign for sign in number if sign.isdigit())
    if digits.startswith("86") and len(digits) == 13:
        digits = digits[2:]
    if len(digits) <= _TAIL:
        return "*" * len(digits)
    kept = digits[:3] if len(digits) > 3 + _TAIL else ""
    return kept + "*" * (len(digits) - len(kept) - _TAIL) + digits[-_TAIL:]


def mask_id_number(number: str) -> str:
    """Return ``330***********1234``: the first three and last four characters."""
    if len(number) <= 3 + _TAIL:
        return "*" * len(number)
    return number[:3] + "*" * (len(number) - 3 - _TAIL) + number[-_TAIL:]
