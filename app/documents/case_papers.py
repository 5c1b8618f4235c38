"""Papers of a case as facts a template prints, and the page they come from: one source for PDF and text document."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from app.domain.case_facts import CaseFacts, Exhibit, Paper


@dataclass(frozen=True, slots=True)
class CasePaperFacts:
    """One paper of one case, frozen on a day."""

    kind: Paper
    case: CaseFacts
    issued_on: dt.date
    template: str = ""


def facts_of(kind: Paper, case: CaseFacts, *, issued_on: dt.date) -> CasePaperFacts:
    """Return what the paper prints; the template is named with its version, so that old papers print as they were."""
    return CasePaperFacts(kind=kind, case=case, issued_on=issued_on, template=f"court/{kind.value}-1")


def numbered(exhibits: tuple[Exhibit, ...], *, pages: dict[int, int], first: int) -> tuple[Exhibit, ...]:
    """Return the exhibits with the pages they lie on, when the first of them begins on page ``first``."""
    placed = []
    for one in exhibits:
        count = pages.get(one.number, 0)
        placed.append(replace(one, from_page=first if count else 0, pages=count))
        first += count
    return tuple(placed)
