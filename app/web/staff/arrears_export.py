"""The list of arrears on paper and as a workbook: the rows, columns, filters and totals that are on screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import clock
from app.domain.access import Permission
from app.i18n import zh_cn
from app.sheets import exports
from app.store import arrears, arrears_columns, audit, db
from app.web import arrears_table, pages
from app.web.arrears_table import PHONE, ROOM, Column
from app.web.deps import Database, Here, require
from app.web.staff.arrears import XLSX, Asked, asked_of, lines_of, params_of, query_of

router = APIRouter()

CHUNK = 1000
MOST_PRINTED = 5000
MOST_SHOWN = 5

Exporter = Annotated[Here, require(Permission.ARREARS_EXPORT)]


def _say(key: str) -> str:
    return zh_cn.LABELS[key]


@router.get("/arrears/export")
def export(request: Request, here: Exporter, engine: Database) -> Response:
    """Send the whole filtered list as a workbook: the same query as the page, masked as the page is, and logged."""
    form = query_of(request)
    asked = asked_of(form, here)
    columns = _with_phone(asked.columns)
    with db.reading(engine) as session:
        totals = arrears.totals(session, as_of=asked.as_of, wanted=asked.wanted)
        title = _say("export.title").format(community=here.community, as_of=asked.as_of.isoformat())
        names = arrears_columns.stewards(session, here.community_id or 0)
        body = exports.workbook(
            name=_say("export.sheet"),
            columns=[exports.Column(column.title, column.kind, column.width) for column in columns],
            rows=_rows(session, asked, columns, totals),
            title=title,
            notes=_notes(asked, totals, list(arrears_table.in_words(params_of(form), names))),
            footer=here.actor.name,
        )
    _log(engine, here, asked, "arrears.exported", totals.units)
    return pages.download(body, name=f"{title}.xlsx", media_type=XLSX)


@router.get("/arrears/export/preview")
def preview(request: Request, here: Exporter, engine: Database) -> Response:
    """Show what the workbook will hold before it is made: how much, which columns, the first rows, and the log."""
    form = query_of(request)
    asked = asked_of(form, here)
    columns = _with_phone(asked.columns)
    with db.reading(engine) as session:
        totals = arrears.totals(session, as_of=asked.as_of, wanted=asked.wanted)
        rows = arrears.list_units(session, as_of=asked.as_of, wanted=asked.wanted, sort=asked.sort, limit=MOST_SHOWN)
        lines = lines_of(session, rows, as_of=asked.as_of, columns=columns)
        names = arrears_columns.stewards(session, here.community_id or 0)
    return pages.page(
        request,
        "arrears/export.html",
        here=here,
        columns=columns,
        rows=[[arrears_table.value(line, column.name, asked.as_of) for column in columns] for line in lines],
        totals=totals,
        as_of=asked.as_of,
        is_trial=asked.as_of != clock.today(),
        notes=list(arrears_table.in_words(params_of(form), names)),
        title=_say("export.title").format(community=here.community, as_of=asked.as_of.isoformat()),
        query=request.url.query,
    )


@router.get("/arrears/print")
def print_list(request: Request, here: Exporter, engine: Database) -> Response:
    """Show the whole filtered list for paper; a very long one is for the workbook."""
    form = query_of(request)
    asked = asked_of(form, here)
    with db.reading(engine) as session:
        totals = arrears.totals(session, as_of=asked.as_of, wanted=asked.wanted)
        rows = arrears.list_units(session, as_of=asked.as_of, wanted=asked.wanted, sort=asked.sort, limit=MOST_PRINTED)
        lines = [
            line for part in _parts(rows) for line in lines_of(session, part, as_of=asked.as_of, columns=asked.columns)
        ]
        names = arrears_columns.stewards(session, here.community_id or 0)
    _log(engine, here, asked, "arrears.printed", totals.units)
    return pages.page(
        request,
        "arrears/print.html",
        here=here,
        lines=lines,
        totals=totals,
        as_of=asked.as_of,
        is_trial=asked.as_of != clock.today(),
        columns=asked.columns,
        table=arrears_table,
        notes=list(arrears_table.in_words(params_of(form), names)),
        most=MOST_PRINTED,
    )


def _with_phone(columns: Sequence[Column]) -> list[Column]:
    """Put the room first, and the phone into a column of its own: on screen it stands beside the name."""
    found = [ROOM]
    for column in columns:
        found += [column, PHONE] if column.name == "owner" else [column]
    return found


def _rows(
    session: Session, asked: Asked, columns: Sequence[Column], totals: arrears.Totals
) -> Iterator[Sequence[exports.Value]]:
    """Yield the rows a thousand at a time, then the foot."""
    parts = arrears.streamed(session, as_of=asked.as_of, wanted=asked.wanted, sort=asked.sort, size=CHUNK)
    for part in parts:
        for line in lines_of(session, part, as_of=asked.as_of, columns=columns):
            yield [arrears_table.value(line, column.name, asked.as_of) for column in columns]
    yield [_say("export.sum"), *(foot(totals, column.name) for column in columns[1:])]


def foot(totals: arrears.Totals, name: str) -> exports.Value:
    """Return what stands under a column, or nothing where sums make no sense."""
    sums: dict[str, int] = {
        "bills": totals.bills,
        "principal": totals.principal_fen,
        "late_charge": totals.late_charge_fen,
        "costs": totals.costs_fen,
        "total": totals.total_fen,
    }
    return sums.get(name)


def _parts(rows: Sequence[arrears.UnitArrears]) -> Iterator[Sequence[arrears.UnitArrears]]:
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]


def _notes(asked: Asked, totals: arrears.Totals, filters: list[str]) -> list[str]:
    trial = _say("arrears_export.trial") if asked.as_of != clock.today() else ""
    sums = (totals.principal_fen, totals.late_charge_fen, totals.costs_fen, totals.total_fen)
    return [
        _say("arrears_export.as_of").format(asked.as_of.isoformat(), trial),
        _say("arrears_export.filters").format("；".join(filters) or _say("filter.none")),
        _say("arrears_export.totals").format(totals.units, totals.bills, *(pages.total(fen) for fen in sums)),
    ]


def _log(engine: Database, here: Here, asked: Asked, action: str, units: int) -> None:
    with db.transaction(engine) as session:
        audit.record(
            session,
            at=clock.now(),
            actor=here.actor.login,
            action=action,
            subject=f"as_of:{asked.as_of.isoformat()}",
            community_id=here.community_id,
            facts={"units": units},
        )
