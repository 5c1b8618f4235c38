"""The word lists of ``words.toml`` and ``headers.toml``, folded once for quick look-up."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import lru_cache
from importlib.resources import files
from typing import Any

_BLANK = re.compile(r"[\s\u200b-\u200f\ufeff\u2060]+")


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """Return the text as words are compared: NFKC, no blanks, capitals."""
    return _BLANK.sub("", unicodedata.normalize("NFKC", text)).upper()


def _load(name: str) -> dict[str, Any]:
    return tomllib.loads(files("app.sheets").joinpath(name).read_text(encoding="utf-8"))


def _set(name: str) -> frozenset[str]:
    return frozenset(fold(word) for word in WORDS[name])


def _by_word(name: str) -> dict[str, str]:
    return {fold(word): key for key, words in WORDS[name].items() for word in words}


WORDS = _load("words.toml")
HEADERS = _load("headers.toml")

DEFAULT_ITEM: str = WORDS["default_item"]
DEFAULT_COMMUNITY: str = WORDS["default_community"]
UNDO_REASON: str = WORDS["undo_reason"]
TOTALS = _set("totals")
SUBTOTALS = _set("subtotals")
EXAMPLES = _set("examples")
NOTES = _set("notes")
NOTHING_OWED = _set("nothing_owed")
NO_OWNER = _set("no_owner")
PLACEHOLDER_PHONES = _set("placeholder_phones")
PLACEHOLDER_IDS = _set("placeholder_ids")
AREA_MARKS = tuple(sorted(_set("area_marks"), key=len, reverse=True))
PRICE_MARKS = tuple(sorted(_set("price_marks"), key=len, reverse=True))
HOUSEHOLD_MARKS = tuple(_set("household_marks"))
YEAR_MARK: str = WORDS["year_mark"]
MONTH_MARKS = tuple(WORDS["month_marks"])
DAY_MARKS = tuple(WORDS["day_marks"])
YEAR_ONLY = tuple(WORDS["year_only"])
RANGE_MARKS = tuple(WORDS["range_marks"])
TEN_THOUSAND: str = WORDS["ten_thousand"]
RELATIONS = _by_word("relations")
METHODS = _by_word("methods")
FORMULAS = _by_word("formulas")
ONE_OFF = frozenset(fold(word) for word in WORDS["one_off"]["words"])
PAID_WORDS: tuple[str, ...] = tuple(WORDS["paid_words"])
DEBT_WORDS: tuple[str, ...] = tuple(WORDS["debt_words"])
DOCUMENT_WORDS: tuple[str, ...] = tuple(WORDS["document_words"])
NAME_SEPARATORS = re.compile("[" + re.escape(WORDS["name_separators"]) + "]+")
