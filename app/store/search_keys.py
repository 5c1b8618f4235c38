"""What a unit can be found by: its code, its owners' names, their pinyin in every reading, the end of a phone."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib.resources import files

from pypinyin import Style, pinyin

_TABLE = tomllib.loads(files("app.store").joinpath("surnames.toml").read_text(encoding="utf-8"))
_COMPOUND: dict[str, list[str]] = _TABLE["compound"]
_SINGLE: dict[str, list[str]] = _TABLE["single"]

MOST_READINGS = 12
"""A name of rare characters has dozens of combinations; the first ones are the likely ones."""

KEY_LIMIT = 2_000


def search_key(*, code: str, label: str, names: Iterable[str], phone_tails: Iterable[str] = ()) -> str:
    """Return the lower-case text that the search looks into; words are separated by blanks."""
    parts = [code, code.replace("-", ""), label]
    for name in names:
        parts += [name, *name_keys(name)]
    parts += [tail for tail in phone_tails if tail]
    return " ".join(dict.fromkeys(part.lower() for part in parts if part))[:KEY_LIMIT]


@lru_cache(maxsize=65536)
def name_keys(name: str) -> tuple[str, ...]:
    """Return the initials in every reading, then the full pinyin of the likely ones."""
    syllables = _syllables(name)
    if not syllables:
        return ()
    initials = dict.fromkeys(
        "".join(letters)
        for letters in itertools.islice(
            itertools.product(*(dict.fromkeys(word[0] for word in words) for words in syllables)), MOST_READINGS
        )
    )
    full = dict.fromkeys(
        "".join(words) for words in itertools.islice(itertools.product(*_likely(syllables)), MOST_READINGS)
    )
    return (*initials, *full)


def sort_pinyin(name: str) -> str:
    """Return the full pinyin names are sorted by."""
    return " ".join(words[0] for words in _syllables(name))


def _likely(syllables: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """Every reading of the surname, the first one of the rest."""
    return [words if place == 0 else words[:1] for place, words in enumerate(syllables)]


def _syllables(name: str) -> list[list[str]]:
    """The readings of each character, surnames as surnames are read."""
    han = "".join(mark for mark in name if "\u3400" <= mark <= "\u9fff" or mark >= "\U00020000")
    surname = han[:2]
    if surname in _COMPOUND:
        first = [list(words) for words in zip(*(text.split() for text in _COMPOUND[surname]), strict=True)]
        return first + [list(_readings(mark)) for mark in han[2:]]
    found = [list(_readings(mark)) for mark in han]
    if han and han[0] in _SINGLE:
        found[0] = list(dict.fromkeys([*_SINGLE[han[0]], *found[0]]))
    return found


@lru_cache(maxsize=16384)
def _readings(mark: str) -> tuple[str, ...]:
    words = pinyin(mark, style=Style.NORMAL, heteronym=True, errors="ignore")
    found = words[0] if words else []
    return tuple(dict.fromkeys(word for word in found if word and word.isascii() and word.isalpha())) or ("x",)
