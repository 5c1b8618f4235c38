"""Figures as Chinese documents write them: ￥1,234.50, 大写, 2026年3月1日, 九百四十四."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("", "拾", "佰", "仟")
MYRIADS = ("", "万", "亿")
_PLAIN = "零一二三四五六七八九"
_PLAIN_PLACES = ("", "十", "百", "千")
_SECTION = 10_000
_FIRST_TOO_LARGE_FEN = 10**14
_BELOW_TEN_THOUSAND = 10_000
_EXACT_DECIMALS = 10
_RATE_DECIMALS = 6


def amount(fen: int) -> str:
    """Return ``1,234.50``: an amount in a column headed 元."""
    sign, fen = ("-" if fen < 0 else ""), abs(fen)
    return f"{sign}{fen // 100:,}.{fen % 100:02d}"


def yuan(fen: int) -> str:
    """Return ``￥1,234.50``."""
    return f"-￥{amount(-fen)}" if fen < 0 else f"￥{amount(fen)}"


def capitals(fen: int) -> str:
    """Return the amount in capitals as the rules for bills and settlements write it (支付结算办法, annex 1).

    The words 人民币 before it are the template's. ``整`` follows 元 alone. Of the forms the annex allows, 零 stands where the ten-thousands end in 0 (壹拾万零柒仟元)
    and is left out between 元 and 角.

    Raises:
        ValueError: the amount is negative or too large to be money.

    """
    if not 0 <= fen < _FIRST_TOO_LARGE_FEN:
        message = f"{fen} cannot be written in capitals"
        raise ValueError(message)
    whole, jiao, last = fen // 100, fen // 10 % 10, fen % 10
    text = f"{_whole(whole)}元" if whole or not fen else ""
    if not jiao and not last:
        return f"{text}整"
    if jiao:
        text += f"{DIGITS[jiao]}角"
    elif whole:
        text += "零"
    if last:
        text += f"{DIGITS[last]}分"
    return text


def _whole(value: int) -> str:
    """Return a whole number in capitals, section by section of four digits."""
    if not value:
        return DIGITS[0]
    sections: list[int] = []
    while value:
        value, section = divmod(value, _SECTION)
        sections.append(section)
    text, gap = "", False
    for place in range(len(sections) - 1, -1, -1):
        section = sections[place]
        if not section:
            gap = True
            continue
        if text and (gap or section < _SECTION // 10):
            text += DIGITS[0]
        text += _section(section) + MYRIADS[place]
        gap = section % 10 == 0
    return text


def _section(section: int) -> str:
    text = ""
    for place in range(3, -1, -1):
        digit = section // 10**place % 10
        if digit:
            if text and section // 10 ** (place + 1) % 10 == 0:
                text += DIGITS[0]
            text += DIGITS[digit] + PLACES[place]
    return text


def day(on: date) -> str:
    """Return ``2026年3月1日``."""
    return f"{on.year}年{on.month}月{on.day}日"


def short_day(on: date) -> str:
    """Return ``2026-03-01``: a date in a column."""
    return on.isoformat()


def number(value: int) -> str:
    """Return a number below ten thousand as texts of law write it: 九百四十四."""
    if not 0 < value < _BELOW_TEN_THOUSAND:
        message = f"{value} is not the number of an article"
        raise ValueError(message)
    text = ""
    for place in range(3, -1, -1):
        digit = value // 10**place % 10
        if digit:
            if text and value // 10 ** (place + 1) % 10 == 0:
                text += _PLAIN[0]
            text += _PLAIN[digit] + _PLAIN_PLACES[place]
    return text.removeprefix(_PLAIN[1]) if 10 <= value < 20 else text


def thousandths(value_e3: int) -> str:
    """Return an area or a quantity without needless zeros: 143.28."""
    return _short(Decimal(value_e3).scaleb(-3))


def price(price_e4: int) -> str:
    """Return a unit price in yuan with at least two decimals: 2.35, 0.4833."""
    text = _short(Decimal(price_e4).scaleb(-4))
    whole, _, rest = text.partition(".")
    return f"{whole}.{rest:0<2}"


def _short(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def exact_yuan(fen: Fraction) -> str:
    """Return an exact amount of fen in yuan, two decimals or as many as it needs; "…" where ten do not do."""
    return _decimal(fen / 100, least=2)


def daily_rate(rate: Fraction) -> str:
    """Return a rate per day in per cent (``0.1%``), or a yearly one over its days where that is the round number."""
    for days, suffix in ((1, ""), (365, "÷365"), (360, "÷360"), (366, "÷366")):
        share = rate * days * 100
        if 10**_RATE_DECIMALS % share.denominator == 0:
            return f"{_decimal(share, least=0)}%{suffix}"
    return f"{rate.numerator}/{rate.denominator}"


def _decimal(value: Fraction, *, least: int) -> str:
    whole, rest = divmod(value.numerator * 10**_EXACT_DECIMALS, value.denominator)
    digits = f"{whole:0{_EXACT_DECIMALS + 1}d}"
    decimals = digits[-_EXACT_DECIMALS:].rstrip("0").ljust(least, "0")
    return digits[:-_EXACT_DECIMALS] + (f".{decimals}" if decimals else "") + ("…" if rest else "")
