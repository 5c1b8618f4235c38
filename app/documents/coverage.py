"""Which characters the shipped fonts can print: asked before a batch, since a missing glyph prints in another look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from fontTools.ttLib import TTFont

from app.documents import codec
from app.documents.contexts import Facts
from app.domain.errors import Refusal

FONTS = Path(__file__).with_name("fonts")
WEIGHTS = ("NotoSansSC-Regular.ttf", "NotoSansSC-Bold.ttf")
RARE = "NotoSansSC-Rare.ttf"
FONT_FILES = (*WEIGHTS, RARE)
_MOST_NAMED = 20


@lru_cache(maxsize=1)
def printable() -> frozenset[str]:
    """Return every character that both weights have, or the file of rare ones (which stands behind both)."""
    maps = {}
    for name in FONT_FILES:
        with TTFont(FONTS / name, lazy=True) as font:
            maps[name] = frozenset(map(chr, font.getBestCmap()))
    return frozenset.intersection(*(maps[name] for name in WEIGHTS)) | maps[RARE] | {"\n"}


def missing(facts: Facts) -> str:
    """Return the characters of ``facts`` that cannot be printed, in the order of their code points."""
    return missing_in(_texts(codec.to_json(facts)))


def missing_in(texts: Iterable[str]) -> str:
    """Return the characters of some texts that cannot be printed."""
    return "".join(sorted(set("".join(texts)) - printable()))


def require(batch: Mapping[str, Facts]) -> None:
    """Refuse a batch in which a character cannot be printed, naming who is concerned (unit, owners: characters).

    Raises:
        Refusal: ``document.glyph_missing``.

    """
    found = [f"{who}（{gone}）" for who, facts in batch.items() if (gone := missing(facts))]
    if found:
        raise Refusal("document.glyph_missing", where="；".join(found[:_MOST_NAMED]), count=len(found))


def _texts(value: object) -> Iterable[str]:
    match value:
        case str():
            yield value
        case dict():
            for part in value.values():
                yield from _texts(part)
        case list():
            for part in value:
                yield from _texts(part)
        case _:
            return
