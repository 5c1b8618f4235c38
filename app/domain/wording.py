"""Sentences an office adds to its notices: plain text with a fixed set of blanks, never a program."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from app.domain.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

LONGEST = 300
_BLANK = re.compile(r"\{([^{}]*)\}")
_SPACES = re.compile(r"\s+")


def blanks(text: str) -> tuple[str, ...]:
    """Return the names of the blanks of a text, each once, in order."""
    return tuple(dict.fromkeys(name.strip() for name in _BLANK.findall(text)))


def check(text: str, *, field: str, known: Collection[str], forbidden: Collection[str]) -> None:
    """Refuse a text that could not be filled in, or that says what no notice may say.

    Raises:
        Refusal: ``wording.too_long``, ``wording.blank_unknown``, ``wording.brace_left``, ``wording.forbidden``.

    """
    if len(text) > LONGEST:
        raise Refusal("wording.too_long", field=field, most=LONGEST)
    for name in blanks(text):
        if name not in known:
            raise Refusal("wording.blank_unknown", field=field, name=name)
    if set("{}") & set(_BLANK.sub("", text)):
        raise Refusal("wording.brace_left", field=field)
    if found := threats(text, forbidden):
        raise Refusal("wording.forbidden", field=field, word=found[0])


def threats(text: str, forbidden: Collection[str]) -> tuple[str, ...]:
    """Return the forbidden words a text holds, also those that blanks between the signs would hide."""
    plain = _SPACES.sub("", text)
    return tuple(word for word in forbidden if word in plain)


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return the text with its blanks filled in; what a value says is never read again as a blank."""
    return _BLANK.sub(lambda found: values[found[1].strip()], text).strip()
