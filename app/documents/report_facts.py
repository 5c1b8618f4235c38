"""The facts of a printed report: texts as they stand on the page, so that paper and screen say the same."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReportHead:
    """One column: its name, what it belongs to (empty: nothing), and whether figures stand in it."""

    title: str
    group: str = ""
    is_number: bool = True


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One row of texts."""

    cells: tuple[str, ...]
    is_total: bool = False


@dataclass(frozen=True, slots=True)
class ReportTable:
    """One table."""

    caption: str
    heads: tuple[ReportHead, ...]
    rows: tuple[ReportRow, ...]


@dataclass(frozen=True, slots=True)
class Definition:
    """What a figure means, in one sentence."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class ReportFigure:
    """One figure on top."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """A report on paper; ``charts`` are SVGs made by ``app.documents.charts``, ``subtitle`` what was asked for."""

    title: str
    subtitle: str
    community: str
    company: str
    as_of: dt.date
    printed_by: str
    printed_at: str
    figures: tuple[ReportFigure, ...]
    charts: tuple[str, ...]
    tables: tuple[ReportTable, ...]
    definitions: tuple[Definition, ...]
    template: str = "report-1"
