"""A report as page, workbook and paper share it: what was asked for, figures, tables, and what each figure means."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlencode

from pydantic import Field

from app.documents.report_facts import Definition, ReportFacts, ReportFigure, ReportHead, ReportRow, ReportTable
from app.domain.calendar import add_months
from app.domain.reporting import month_of
from app.i18n import zh_cn
from app.sheets import report_book
from app.sheets.report_book import Kind, Value
from app.store.report_reads import By, Scope
from app.web import forms, pages

LONGEST_DAYS = 3660
_WIDTHS = {Kind.TEXT: 16, Kind.DATE: 12, Kind.MONEY: 15, Kind.NUMBER: 9, Kind.SHARE: 10}


class ReportQuery(forms.FormModel):
    """What a report is asked for; every part stands in its address."""

    from_on: forms.Date | None = Field(default=None, title="期间起")
    to_on: forms.Date | None = Field(default=None, title="期间止")
    as_of: forms.Date | None = Field(default=None, title="截至日期")
    building: forms.Text = Field(default="", title="楼栋", max_length=30)
    item: int | None = Field(default=None, title="费用项目", ge=1, le=2**31 - 1)
    steward: int | None = Field(default=None, title="管家", ge=0, le=2**31 - 1)
    by: Literal["", "none", "building", "item", "steward"] = Field(default="", title="分组")
    days: int = Field(default=90, title="天数", ge=0, le=1100)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report is about, every blank filled in."""

    scope: Scope
    from_on: dt.date
    to_on: dt.date
    as_of: dt.date
    today: dt.date
    by: By
    days: int = 90

    @property
    def before(self) -> dt.date:
        """The day before the period began."""
        return self.from_on - dt.timedelta(days=1)

    def narrowed(self, key: str) -> dict[str, str]:
        """Return the parameters of an address that mean the scope and, within it, one group."""
        own = self.scope
        found = {"building": own.building, "item": str(own.item_id or ""), "steward": _number(own.steward_id)}
        if key and self.by is not By.NONE:
            found[self.by.value] = key
        elif self.by is By.STEWARD:
            found["steward"] = "0"
        return found

    def bills(self, key: str, *, on: dt.date | None = None, **params: object) -> str:
        """Return the address of the bills behind a figure of a group, as they stood on a day."""
        return address("/reports/bills", {**self.narrowed(key), "as_of": on or self.as_of, **params})


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def address(path: str, params: Mapping[str, object]) -> str:
    """Return an address; empty parameters are left out."""
    text = urlencode({key: str(value) for key, value in params.items() if value not in {"", None}})
    return f"{path}?{text}" if text else path


def asked(query: ReportQuery, *, community_id: int, today: dt.date, by: By) -> Asked:
    """Fill in the blanks: this month, up to today, in the group the report is mostly read in."""
    from_on = query.from_on or month_of(query.to_on or query.as_of or today)[0]
    to_on = max(query.to_on or month_of(from_on)[1], from_on)
    to_on = min(to_on, from_on + dt.timedelta(days=LONGEST_DAYS))
    return Asked(
        scope=Scope(community_id, query.building, query.item, query.steward),
        from_on=from_on,
        to_on=to_on,
        as_of=query.as_of or min(to_on, max(today, from_on)),
        today=today,
        by=By(query.by) if query.by else by,
        days=query.days,
    )


def presets(today: dt.date) -> list[tuple[str, dt.date, dt.date]]:
    """Return the periods one click away: this month, the last, this quarter, this year, last year."""
    first, last = month_of(today)
    quarter = first.replace(month=first.month - (first.month - 1) % 3)
    year = first.replace(month=1)
    return [
        ("this_month", first, last),
        ("last_month", *month_of(add_months(first, -1))),
        ("quarter", quarter, add_months(quarter, 3) - dt.timedelta(days=1)),
        ("year", year, add_months(year, 12) - dt.timedelta(days=1)),
        ("last_year", add_months(year, -12), year - dt.timedelta(days=1)),
    ]


# --- the parts --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure: its key names its words and its definition in the file of labels."""

    key: str
    kind: Kind = Kind.MONEY
    group: str = ""

    @property
    def name(self) -> str:
        """What the figure is called."""
        return zh_cn.LABELS[f"measure.{self.key}"]

    @property
    def how(self) -> str:
        """What the figure means: its one definition."""
        return zh_cn.LABELS.get(f"measure_how.{self.key}", "")

    @property
    def group_name(self) -> str:
        """What the figure belongs to."""
        return zh_cn.LABELS[f"measure_group.{self.group}"] if self.group else ""

    @property
    def full_name(self) -> str:
        """What the figure is called where its group does not stand over it."""
        is_plain = self.group != "current" or self.name.startswith(self.group_name)
        return self.name if is_plain else f"{self.group_name}{self.name}"


@dataclass(frozen=True, slots=True)
class Line:
    """One row; ``links`` lead from a column to the rows behind its figure."""

    cells: tuple[Value, ...]
    links: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a report; ``name`` is its caption's key."""

    name: str
    measures: tuple[Measure, ...]
    lines: tuple[Line, ...]
    foot: Line | None = None

    @property
    def caption(self) -> str:
        """What stands over it."""
        return zh_cn.LABELS[f"table.{self.name}"]

    @property
    def groups(self) -> list[tuple[str, int]]:
        """The upper row of heads: a name and how many columns it spans; empty where no column has one."""
        spans: list[tuple[str, int]] = []
        for measure in self.measures:
            if spans and spans[-1][0] == measure.group_name:
                spans[-1] = (measure.group_name, spans[-1][1] + 1)
            else:
                spans.append((measure.group_name, 1))
        return spans if any(name for name, _ in spans) else []


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure on top of a report."""

    measure: Measure
    value: Value
    link: str = ""

    @property
    def text(self) -> str:
        """The figure as it is read."""
        return shown(self.value, self.measure.kind, is_total=True)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a report says."""

    code: str
    asked: Asked
    figures: tuple[Figure, ...]
    tables: tuple[Table, ...]
    charts: tuple[str, ...] = ()
    period: bool = True

    @property
    def title(self) -> str:
        """What it is called."""
        return zh_cn.LABELS[f"report.{self.code}"]

    @property
    def note(self) -> str:
        """What holds for all of it."""
        return zh_cn.LABELS.get(f"report_note.{self.code}", "")

    @property
    def definitions(self) -> list[Measure]:
        """Each figure it shows that needs one, with its one definition, once."""
        found = {figure.measure.key: figure.measure for figure in self.figures}
        for table in self.tables:
            found |= {measure.key: measure for measure in table.measures}
        return [measure for measure in found.values() if measure.how]

    @property
    def subtitle(self) -> str:
        """What was asked for, in words."""
        own = self.asked
        span = f"{own.from_on.isoformat()} – {own.to_on.isoformat()}"
        said = [span] if self.period else []
        said += [f"{zh_cn.LABELS['report_by.building']} {own.scope.building}"] if own.scope.building else []
        return "　".join(said)


def shown(value: Value, kind: Kind, *, is_total: bool = False) -> str:
    """Write a value as pages and paper do; a share of nothing is a dash."""
    match value:
        case None:
            return "—" if kind is Kind.SHARE else ""
        case int() if kind is Kind.MONEY:
            return pages.total(value) if is_total else pages.yuan(value)
        case int() if kind is Kind.SHARE:
            return share(value)
        case int():
            return f"{value:,}"
        case dt.date():
            return value.isoformat()
        case _:
            return value


def share(value: int | None) -> str:
    """Write ten-thousandths as per cent with two decimals."""
    if value is None:
        return "—"
    sign = "-" if value < 0 else ""
    return f"{sign}{abs(value) // 100}.{abs(value) % 100:02d}%"


# --- to a workbook and to paper -----------------------------------------------------------------------


def workbook(report: Report, *, community: str, by: str) -> bytes:
    """Return the report as an xlsx."""
    as_of = report.asked.as_of.isoformat()
    top = f"{community} {report.title} {report.subtitle} {zh_cn.LABELS['report.as_of'].format(as_of=as_of)}"
    sheets = [
        report_book.Sheet(
            name=table.caption,
            title=top,
            heads=tuple(
                report_book.Head(" ".join(filter(None, (one.group_name, one.name))), one.kind, _WIDTHS[one.kind])
                for one in table.measures
            ),
            rows=tuple(line.cells for line in table.lines),
            foot=table.foot.cells if table.foot else (),
        )
        for table in report.tables
    ]
    notes = [(one.full_name, one.how) for one in report.definitions]
    if report.note:
        notes.insert(0, (report.title, report.note))
    return report_book.workbook(
        sheets=sheets, notes_name=zh_cn.LABELS["report.notes"], notes=notes, footer=f"{top} {by}"
    )


def paper(report: Report, *, community: str, company: str, by: str, at: dt.datetime) -> ReportFacts:
    """Return the report as the facts of a printed document."""
    notes = [Definition(one.full_name, one.how) for one in report.definitions]
    if report.note:
        notes.insert(0, Definition(report.title, report.note))
    return ReportFacts(
        title=report.title,
        subtitle=report.subtitle,
        community=community,
        company=company,
        as_of=report.asked.as_of,
        printed_by=by,
        printed_at=pages.moment(at),
        figures=tuple(ReportFigure(one.measure.full_name, one.text) for one in report.figures),
        charts=report.charts,
        tables=tuple(_printed(table) for table in report.tables),
        definitions=tuple(notes),
    )


def _printed(table: Table) -> ReportTable:
    kinds = [one.kind for one in table.measures]

    def row(line: Line, *, is_total: bool) -> ReportRow:
        return ReportRow(tuple(shown(cell, kind) for cell, kind in zip(line.cells, kinds, strict=True)), is_total)

    lines: Iterable[ReportRow] = [row(line, is_total=False) for line in table.lines]
    foot = [row(table.foot, is_total=True)] if table.foot else []
    heads = tuple(
        ReportHead(one.name, one.group_name, one.kind not in {Kind.TEXT, Kind.DATE}) for one in table.measures
    )
    return ReportTable(table.caption, heads, (*lines, *foot))
