"""What a unit can be found by: its code, its owners' names, their pinyin in every reading, the end of a phone."""

from __future__ import annotations

import itertools
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib.resources import files

import sqlalchemy as sa
from pypinyin import Style, pinyin
from sqlalchemy.orm import Session

from app.store.tables import contact, ownership, person, unit

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


def refresh(session: Session, unit_ids: Sequence[int]) -> None:
    """Write the keys of units anew from everybody who was ever tied to them, in a constant number of queries.

    A former owner stays findable: what fell due before a sale is still theirs.
    """
    for start in range(0, len(unit_ids), _CHUNK):
        part = list(unit_ids[start : start + _CHUNK])
        people: dict[int, list[tuple[str, str]]] = defaultdict(list)
        for table in (ownership, contact):
            query = (
                sa.select(table.c.unit_id, person.c.name, person.c.phone_tail)
                .join(person, person.c.id == table.c.person_id)
                .where(table.c.unit_id.in_(part))
                .order_by(table.c.id.desc())
            )
            for unit_id, name, tail in session.execute(query):
                people[unit_id].append((name, tail))
        rows = [
            {
                "b_id": row.id,
                "b_key": search_key(
                    code=row.code,
                    label=row.label,
                    names=[name for name, _ in people[row.id]],
                    phone_tails=[tail for _, tail in people[row.id]],
                ),
            }
            for row in session.execute(sa.select(unit.c.id, unit.c.code, unit.c.label).where(unit.c.id.in_(part)))
        ]
        if rows:
            session.connection().execute(
                sa.update(unit).where(unit.c.id == sa.bindparam("b_id")).values(search_key=sa.bindparam("b_key")), rows
            )


_CHUNK = 900


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
