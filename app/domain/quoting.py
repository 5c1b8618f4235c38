"""How a text that was refused is quoted back: short, and always printable as UTF-8."""

from __future__ import annotations

_LONGEST = 24


def quoted(text: str) -> str:
    """Return the start of ``text``; half characters (lone surrogates) become question marks."""
    short = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
    return short.encode("utf-8", "replace").decode("utf-8")


def is_printable(text: str) -> bool:
    """Tell whether the text can be written as UTF-8 at all."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
