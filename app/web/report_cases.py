"""The report of cases: by way and result how many, what was claimed, awarded and collected, what it cost, how long."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import groupby

from sqlalchemy.orm import Session

from app.i18n import zh_cn
from app.sheets.report_book import Kind, Value
from app.store import case_reads
from app.store.cases import Row
from app.web.case_gate import stage_word
from app.web.pages import named
from app.web.reporting import Asked, Figure, Line, Measure, Report, Table

_PATH, _RESULT = Measure("case_path", Kind.TEXT), Measure("case_result", Kind.TEXT)
_NUMBERS = (
    Measure("case_count", Kind.NUMBER),
    Measure("case_claimed", Kind.MONEY),
    Measure("case_awarded", Kind.MONEY),
    Measure("case_collected", Kind.MONEY),
    Measure("case_cost", Kind.MONEY),
    Measure("case_days", Kind.NUMBER),
)


def cases(session: Session, asked: Asked) -> Report:
    """Return 案件费用与结果: cases opened in the period; what was collected counts up to today, by the ledger."""
    wanted = case_reads.Filter([asked.scope.community_id], asked.today, "all")
    rows = case_reads.report(session, wanted, from_on=asked.from_on, to_on=asked.to_on)
    ordered = sorted(rows, key=_kind)
    lines = tuple(
        Line((named(path, "case_path"), named(result, "case_result"), *_sums(list(mine), asked.today)))
        for (path, result), mine in groupby(ordered, key=_kind)
    )
    sums = _sums(rows, asked.today)
    main = Table("cases", (_PATH, _RESULT, *_NUMBERS), lines, Line((zh_cn.LABELS["report.sum"], "", *sums)))
    figures = tuple(Figure(measure, value) for measure, value in zip(_NUMBERS[:5], sums, strict=False))
    return Report("cases", asked, figures, (main, _each(rows, asked.today)))


def _kind(row: Row) -> tuple[str, str]:
    return row["path"], row["result"]


def _days(row: Row, today: dt.date) -> int:
    return int(((row["closed_on"] or row["ended_on"] or today) - row["opened_on"]).days)


def _claimed(row: Row) -> int:
    return int(row["principal_fen"] + row["late_charge_fen"] + row["costs_fen"])


def _sums(rows: Sequence[Row], today: dt.date) -> tuple[Value, ...]:
    money = [sum(int(row[name] or 0) for row in rows) for name in ("awarded_fen", "collected_fen", "cost_fen")]
    days = sum(_days(row, today) for row in rows) // len(rows) if rows else 0
    return (len(rows), sum(_claimed(row) for row in rows), *money, days)


def _each(rows: Sequence[Row], today: dt.date) -> Table:
    columns = (
        Measure("case_number", Kind.TEXT),
        Measure("case_room", Kind.TEXT),
        _PATH,
        Measure("case_stage", Kind.TEXT),
        *_NUMBERS[1:],
    )
    lines = tuple(
        Line(
            (
                row["number"],
                row["label"],
                named(row["path"], "case_path"),
                stage_word(row["path"], row["stage"]),
                *_sums([row], today)[1:],
            ),
            {"case_number": f"/cases/{row['id']}"},
        )
        for row in rows
    )
    return Table("cases_each", columns, lines)
