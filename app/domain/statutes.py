"""The one table of statutes: which article says what, under which number, from when to when."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from app.domain.errors import Refusal, not_found

_FILE = Path(__file__).with_name("statutes.toml")


@dataclass(frozen=True, slots=True)
class Article:
    """An article under the number it bears from ``from_on`` until the day before ``until_on``."""

    id: str
    instrument: str
    short: str
    number: int
    from_on: date
    until_on: date
    text: str

    def is_in_force(self, on: date) -> bool:
        """Tell whether the article bears this number on ``on``."""
        return self.from_on <= on < self.until_on


def article(article_id: str, *, on: date) -> Article:
    """Return the article ``instrument.name`` as it stands on ``on``.

    Raises:
        Refusal: ``statute.unknown``; ``statute.not_in_force`` when the number does not hold on that day.

    """
    found = table().get(article_id)
    if found is None:
        raise not_found("statute.unknown", article=article_id)
    if not found.is_in_force(on):
        raise Refusal("statute.not_in_force", article=article_id, on=on.isoformat())
    return found


def superseded_numbers(*, on: date) -> frozenset[tuple[str, int]]:
    """Return (short name of the instrument, number) of every number that no longer holds on ``on``."""
    valid = {(found.short, found.number) for found in table().values() if found.is_in_force(on)}
    return frozenset((found.short, found.number) for found in table().values() if found.until_on <= on) - valid


@lru_cache(maxsize=1)
def table() -> dict[str, Article]:
    """Return every article by its id."""
    found = {}
    for instrument, entry in tomllib.loads(_FILE.read_text("utf-8")).items():
        for name, row in entry["articles"].items():
            key = f"{instrument}.{name}"
            found[key] = Article(
                id=key,
                instrument=entry["name"],
                short=entry["short"],
                number=row["number"],
                from_on=row.get("from_on", entry["from_on"]),
                until_on=row.get("until_on", date.max),
                text=row["text"],
            )
    return found
