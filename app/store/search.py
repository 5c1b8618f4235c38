"""The one search box: rooms, people, phone tails, receipts and notices, in a fixed number of queries."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import Refusal
from app.domain.registry import parse_unit
from app.store.tables import community, unit
from app.store.tables_office import document
from app.store.unit_reads import owner_names

GROUPS = ("room", "owner", "phone", "receipt", "notice")
MOST_WORDS = 6
TAIL = 4
FEWEST_DIGITS = 3
_SEQUENCE = 6
_PREFIXES = {"receipt": "SJ", "notice": "CJ"}
_TABS = {"receipt": "payments", "notice": "notices"}


@dataclass(frozen=True, slots=True)
class Hit:
    """One line of the answer; the owners are masked."""

    group: str
    unit_id: int
    label: str
    community: str
    owners: str
    number: str

    @property
    def address(self) -> str:
        """Where the line leads: the unit, at the tab that holds what was looked for."""
        tab = _TABS.get(self.group)
        return f"/units/{self.unit_id}?tab={tab}" if tab else f"/units/{self.unit_id}"


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, by group in the order of the groups; ``has_more`` says that a group was cut off."""

    groups: tuple[tuple[str, tuple[Hit, ...]], ...]
    has_more: bool

    @property
    def first(self) -> Hit | None:
        """The line Enter opens."""
        return self.groups[0][1][0] if self.groups else None

    @property
    def count(self) -> int:
        """How many lines there are."""
        return sum(len(hits) for _, hits in self.groups)


NOTHING = Found((), has_more=False)


def everywhere(session: Session, *, text: str, community_ids: Collection[int], on: dt.date, limit: int = 50) -> Found:
    """Return what ``text`` finds in these communities: room, name, pinyin, phone tail, receipt or notice number."""
    text = unicodedata.normalize("NFKC", text).strip().lower()
    words = text.split()[:MOST_WORDS]
    if not words or not community_ids:
        return NOTHING
    reach = list(community_ids)
    units = _units(session, words, reach, limit + 1)
    papers = _papers(session, words[0], reach, on, limit + 1) if len(words) == 1 else []
    owners = owner_names(session, list(dict.fromkeys(row.id for row in [*units, *papers])), on=on)
    groups: dict[str, list[Hit]] = {name: [] for name in GROUPS}
    for group, row in [(_group(words[0], row), row) for row in units[:limit]] + [
        (row.kind, row) for row in papers[:limit]
    ]:
        names = "、".join(party.name for party in owners.get(row.id, []))
        number = row.number if group in _PREFIXES else ""
        groups[group].append(Hit(group, row.id, row.label, row.community, names, number))
    order = ("receipt", "notice", *GROUPS[:3]) if text[:2].upper() in _PREFIXES.values() else GROUPS
    return Found(
        tuple((name, tuple(groups[name])) for name in order if groups[name]),
        has_more=len(units) > limit or len(papers) > limit,
    )


def _units(session: Session, words: list[str], reach: list[int], limit: int) -> list[sa.Row[Any]]:
    """Find every word in the search key, or the room as it is spoken; an exact room comes first."""
    holds_all = sa.and_(*(unit.c.search_key.contains(word, autoescape=True) for word in words))
    code = _code(" ".join(words))
    condition = sa.or_(holds_all, unit.c.code == code) if code else holds_all
    place = sa.case(
        (unit.c.code == (code or words[0].upper()), 0),
        (unit.c.code.like(f"%-{_escaped(words[0])}", escape="\\"), 1),
        else_=2,
    )
    return list(
        session.execute(
            sa.select(unit.c.id, unit.c.label, unit.c.code, community.c.name.label("community"))
            .join(community, community.c.id == unit.c.community_id)
            .where(unit.c.community_id.in_(reach), condition)
            .order_by(place, unit.c.community_id, unit.c.sort_key)
            .limit(limit)
        )
    )


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _code(text: str) -> str:
    """Return the code of a room as people say it (3栋1单元502), or nothing where it is no whole room."""
    try:
        return parse_unit(text).code
    except Refusal:
        return ""


def _papers(session: Session, word: str, reach: list[int], on: dt.date, limit: int) -> list[sa.Row[Any]]:
    """Find receipts and notices by their number, its beginning, or its running part in this year or the last two."""
    number = word.upper()
    condition: sa.ColumnElement[bool]
    if number.isdecimal() and FEWEST_DIGITS <= len(number) <= _SEQUENCE:
        tail = number.zfill(_SEQUENCE)
        years = [(on.year - back) % 100 for back in range(3)]
        wanted = [
            f"{prefix}{place:02d}{year:02d}{tail}" for prefix in _PREFIXES.values() for place in reach for year in years
        ]
        condition = document.c.number.in_(wanted)
    elif number[:2] in _PREFIXES.values() and number.isascii():
        # a range, so that the unique index of the numbers answers it
        condition = sa.and_(document.c.number >= number, document.c.number < number + "~")
    else:
        return []
    return list(
        session.execute(
            sa.select(unit.c.id, unit.c.label, document.c.kind, document.c.number, community.c.name.label("community"))
            .join(unit, unit.c.id == document.c.unit_id)
            .join(community, community.c.id == document.c.community_id)
            .where(document.c.community_id.in_(reach), document.c.kind.in_(list(_PREFIXES)), condition)
            .order_by(document.c.number.desc())
            .limit(limit)
        )
    )


def _group(word: str, row: Any) -> str:  # noqa: ANN401 - a row
    """Tell which heading a unit belongs under: what the first word of the search hit in it."""
    code = row.code.lower()
    if word in code or word in code.replace("-", "") or word in row.label.lower() or _code(word):
        return "room"
    return "phone" if word.isdecimal() and len(word) == TAIL else "owner"
