"""What the pages of deliveries share: their tabs, and the article each grade of proof rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app import clock
from app.domain import statutes
from app.domain.access import Permission
from app.domain.delivery import SOURCES
from app.i18n import print_words, zh_cn
from app.web.deps import Here

_TABS = (
    ("deliveries", "/deliveries", Permission.DELIVERY_SEE),
    ("results", "/deliveries/results", Permission.DELIVERY_RECORD),
    ("addresses", "/addresses", Permission.DELIVERY_SEE),
)


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab of the register."""

    name: str
    address: str
    is_current: bool


def tabs(here: Here, current: str) -> tuple[Tab, ...]:
    """Return the tabs this person may open."""
    return tuple(Tab(name, where, name == current) for name, where, needs in _TABS if here.actor.may(needs))


def sources() -> Mapping[str, str]:
    """Return the article behind every ground, as it is cited today."""
    on = clock.today()
    return {
        ground.value: print_words.citation(statutes.article(article, on=on)) + zh_cn.LABELS[f"delivery_clause.{clause}"]
        for ground, (article, clause) in SOURCES.items()
    }


def content_line(head: Mapping[str, Any]) -> str:
    """Return what the slip of the post names as its content."""
    return print_words.content_line(head)
